"""The forms of a record: attendance, numbers, topics, note and tasks; an answer; the account for everybody."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from wtforms import FieldList, FormField, HiddenField

from app.web.fields import ChoiceField, ChoicesField, DayField, LongTextField, TextField, WholeNumberField
from app.web.forms import Form
from app.web.i18n import _, _l
from events.calendar.models import Outcome
from events.minutes import rules, versions
from events.minutes.models import BODY_MAX, LINK_MAX, PERSON_MAX, REMARK_MAX, STORY_MAX, TASK_MAX, Side
from events.minutes.rules import OUTCOME_LABEL, REASONS, SIDE_LABEL
from events.minutes.versions import Row, Task, Version

ROWS_MAX = 400
TASKS_MAX = 40
TOPICS_MAX = 30
TOPIC_MAX = 160
BLANK_ROWS = 3
COUNT_MAX = 9999
PRESENT, ABSENT = "tak", "nie"
KEY_MAX = 20
NUMBER_MAX = 4
Line = TypeVar("Line", Row, Task)


class LineList(FieldList):  # type: ignore[type-arg]  # it is not generic when it runs
    """Lines by their numbers; what else stands in a field's name is left out."""

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        for name in formdata:
            number = name.removeprefix(f"{prefix}-").partition("-")[0] if name.startswith(f"{prefix}-") else ""
            if number.isascii() and number.isdigit() and len(number) <= NUMBER_MAX:
                yield int(number)


class PeriodForm(Form):
    """The days of the list of meetings; both may stay empty."""

    od = DayField(_l("From day"))
    do = DayField(_l("To day"))


class RowForm(Form):
    """One person on the list of attendance."""

    key = HiddenField()
    signup = HiddenField()
    person = TextField(_l("First and last name"), longest=PERSON_MAX)
    function = TextField(_l("Function"), longest=PERSON_MAX)
    institution = TextField(_l("Institution"), longest=200)
    present = ChoiceField(_l("Attendance"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.present.choices = [(PRESENT, _("yes")), (ABSENT, _("no"))]


class TaskForm(Form):
    """One task with the institution that takes it."""

    key = HiddenField()
    text = TextField(_l("Task"), longest=TASK_MAX)
    institution = ChoiceField(_l("Who"))
    due_on = DayField(_l("By when"))


class RecordForm(Form):
    """What took place. *seen* are the marks of what the form was made from, *revision* its number."""

    revision = HiddenField()
    seen = HiddenField()
    outcome = ChoiceField(_l("Was the meeting held?"))
    reason = ChoiceField(_l("Why it was not held"))
    side = ChoiceField(_l("On whose side"))
    note = LongTextField(_l("In a few words"), longest=REMARK_MAX)
    people = LineList(FormField(RowForm), max_entries=ROWS_MAX)
    people_inside = WholeNumberField(_l("People in prison"), high=COUNT_MAX)
    family_members = WholeNumberField(_l("Family members"), high=COUNT_MAX)
    others = WholeNumberField(_l("Other people"), high=COUNT_MAX)
    topics = ChoicesField(_l("Topics covered"))
    further = LongTextField(_l("Other topics"), longest=TOPICS_MAX * TOPIC_MAX)
    body = LongTextField(_l("Minutes"), longest=BODY_MAX)
    tasks = LineList(FormField(TaskForm), max_entries=TASKS_MAX)

    def offer(self, topics: Sequence[str], institutions: Sequence[tuple[int, str]], kind: str, code: str) -> None:
        """Give the fields their choices: *topics* of the event, institutions for tasks, reasons for an actor's *kind*.

        *code* is the saved reason, which stays a choice.
        """
        self.outcome.choices = [(one.value, _(OUTCOME_LABEL[one])) for one in Outcome]
        codes = rules.offered_reasons(kind)
        self.reason.choices = [(one, _(REASONS[one].label)) for one in REASONS if one in codes or one == code]
        self.side.choices = [(one.value, _(SIDE_LABEL[one])) for one in Side]
        self.topics.choices = [(topic, topic) for topic in topics]
        for line in self.tasks:
            line.form.institution.choices = [(str(one), name) for one, name in institutions]

    def check(self, names: Mapping[str, int], known: Mapping[str, Row]) -> bool:
        """Run the rules; *names* gives the institution of each name typed into the list, *known* who was expected."""
        valid = self.validate()
        if any(len(topic) > TOPIC_MAX for topic in self.further.lines()) or len(self.further.lines()) > TOPICS_MAX:
            sentence = _(
                "Give at most %(number)d topics, one in a line, each of at most %(limit)d characters.",
                number=TOPICS_MAX,
                limit=TOPIC_MAX,
            )
            self.refuse(self.further, sentence)
            valid = False
        for line in self.people:
            valid = self._check_row(line.form, names, known) and valid
        for line in self.tasks:
            valid = self._check_task(line.form) and valid
        return valid

    def typed_institutions(self) -> list[str]:
        """Give the names typed into the list of attendance."""
        return sorted({line.form.institution.data for line in self.people if line.form.institution.data})

    def version(self, names: Mapping[str, int], saved: Mapping[str, Row]) -> Version:
        """Give what was typed. *saved* holds the rows by key: a row that came from a sign-up stays that one's."""
        return Version(
            outcome=Outcome(self.outcome.data) if self.outcome.data else None,
            reason=self.reason.data or "",
            side=Side(self.side.data) if self.side.data else None,
            note=self.note.data or "",
            people_inside=self.people_inside.data,
            family_members=self.family_members.data,
            others=self.others.data,
            topics=tuple(dict.fromkeys([*(self.topics.data or []), *self.further.lines()])),
            body=self.body.data or "",
            rows=_once(_row(line.form, names, saved) for line in self.people if line.form.person.data),
            tasks=_once(_task(line.form) for line in self.tasks if line.form.text.data),
        )

    def problems(self) -> list[tuple[str, str]]:
        """Give (id of the field, sentence) for the summary above the form, rows included."""
        found = []
        for field in self:
            if isinstance(field, FieldList):
                rows = [inner for line in field for inner in line.form]
                found += [(field.id, error) for error in field.errors if isinstance(error, str)]
                found += [(inner.id, str(error)) for inner in rows for error in inner.errors]
            else:
                found += [(field.id, str(error)) for error in field.errors if isinstance(error, str)]
        return found

    def _check_row(self, row: Any, names: Mapping[str, int], known: Mapping[str, Row]) -> bool:
        person, institution = row.person.data, row.institution.data
        signed_up = _signed_up(row, known)
        if not person and (row.present.data == PRESENT or (row.function.data and not signed_up)):
            row.refuse(row.person, _("Give the first and last name of this person."))
            return False
        if person and not signed_up:
            if not institution:
                row.refuse(row.institution, _("Give the institution of this person."))
                return False
            if institution not in names:
                row.refuse(
                    row.institution,
                    _("There is no partner of this name. Copy the name from the partner’s card."),
                )
                return False
        return not row.errors

    def _check_task(self, task: Any) -> bool:
        if task.text.data and not task.institution.data:
            task.refuse(task.institution, _("Say who takes this task."))
            return False
        if task.due_on.data and not task.text.data:
            task.refuse(task.text, _("Write what the task is."))
            return False
        return not task.errors


class RemarkForm(Form):
    """An answer to a record: without words it confirms."""

    text = LongTextField(_l("Remark"), longest=REMARK_MAX)


class StoryForm(Form):
    """The account for everybody."""

    text = LongTextField(_l("What to tell everybody"), longest=STORY_MAX, needed=_l("Write what you want to tell."))
    link = TextField(_l("Link"), longest=LINK_MAX)


def values_of(version: Version, names: Mapping[int, str], own: Sequence[str]) -> dict[str, Any]:
    """Give what the form of *version* begins with; *own* are the topics of the event, a few lines stay blank."""
    rows = [
        {
            "key": row.key,
            "signup": str(row.signup_id or ""),
            "person": row.person,
            "function": row.function,
            "institution": names.get(row.institution_id, ""),
            "present": "" if row.present is None else (PRESENT if row.present else ABSENT),
        }
        for row in version.rows
    ]
    tasks = [
        {"key": task.key, "text": task.text, "institution": str(task.institution_id), "due_on": task.due_on}
        for task in version.tasks
    ]
    blank = min(BLANK_ROWS, ROWS_MAX - len(rows))
    return {
        "outcome": version.outcome.value if version.outcome else "",
        "reason": version.reason,
        "side": version.side.value if version.side else "",
        "note": version.note,
        "people": [*rows, *({} for _number in range(blank))],
        "people_inside": version.people_inside,
        "family_members": version.family_members,
        "others": version.others,
        "topics": [topic for topic in version.topics if topic in own],
        "further": "\n".join(topic for topic in version.topics if topic not in own),
        "body": version.body,
        "tasks": [*tasks, *({} for _number in range(min(BLANK_ROWS, TASKS_MAX - len(tasks))))],
    }


def _row(row: Any, names: Mapping[str, int], saved: Mapping[str, Row]) -> Row:
    key = (row.key.data or "")[:KEY_MAX]
    known = saved.get(key)
    present = {PRESENT: True, ABSENT: False}.get(row.present.data or "")
    person, function = row.person.data or "", row.function.data or ""
    if known is not None and known.signup_id is not None:
        return Row(key, person, known.institution_id, function, present, known.signup_id, known.user_id)
    institution_id = names[row.institution.data or ""]
    same = known is not None and known.person == person
    user_id = known.user_id if known is not None and same else None
    return Row(
        key or versions.row_key(person, institution_id), person, institution_id, function, present, None, user_id
    )


def _signed_up(row: Any, known: Mapping[str, Row]) -> bool:
    found = known.get((row.key.data or "")[:KEY_MAX])
    return found is not None and found.signup_id is not None


def _once(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Leave out what was typed twice; two lines that only share their key each get one of their own."""
    kept: dict[str, Line] = {}
    for line in lines:
        key = line.key
        while key in kept and _apart(kept[key], line):
            key += "+"
        kept.setdefault(key, replace(line, key=key))
    return tuple(kept.values())


def _apart(one: Row | Task, other: Row | Task) -> bool:
    return replace(one, key="") != replace(other, key="")


def _task(task: Any) -> Task:
    text = task.text.data or ""
    key = (task.key.data or "")[:KEY_MAX] or versions.task_key(text)
    return Task(key, text, int(task.institution.data or 0), task.due_on.data)
