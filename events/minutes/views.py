"""Routes of records: write, read, answer, check the seal, tell everybody, finish a task, list and export."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.tables import Cell
from app.text import clean
from app.web import downloads, kept
from app.web.errors import get_or_404
from app.web.guards import acting_for, signed_in
from app.web.htmx import respond, see_other
from app.web.i18n import _, language, translated
from app.web.session import SAFE, actor, close_early, session, tell
from events.calendar import queries as calendar
from events.calendar.models import Outcome
from events.duty import queries as duty
from events.duty.queries import Expected
from events.minutes import actions, history, queries, rules, versions
from events.minutes.forms import ROWS_MAX, PeriodForm, RecordForm, RemarkForm, StoryForm, values_of
from events.minutes.history import ASKED_WORD, Asked, Line, Wanted
from events.minutes.models import Record, RecordState
from events.minutes.queries import Date, RecordPage
from events.minutes.rules import Sight
from events.minutes.versions import Clash, Version
from partners.institutions import queries as institutions

bp = Blueprint("minutes", __name__)

PAGE_MAX = 10_000
TEXT_MAX = 100
_ASKED = {word: asked for asked, word in ASKED_WORD.items()}
_CHOSEN = "wybor-"
_STORY = "relacja"


@dataclass(frozen=True, slots=True)
class Differing:
    """A piece that two people have changed, in words: *saved* now and *typed* by the reader; *text* stands in a box."""

    key: str
    label: str
    saved: str
    typed: str
    text: bool


# --- writing


@bp.route("/wydarzenia/<uuid:event_uuid>/obecnosc", methods=["GET", "POST"])
@bp.route("/wydarzenia/<uuid:event_uuid>/<day:day>/obecnosc", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def write(event_uuid: UUID, day: date | None = None) -> Response | BaseResponse:
    """Write the record of a date: a draft that both sides keep until one of them approves it."""
    found = _found(event_uuid, day)
    if not rules.may_write(actor(), found.circle.sides):
        raise rules.NotASide
    occurrence = found.occurrence
    rules.check_time(occurrence.state, occurrence.starts_at, occurrence.ends_at, now())
    if found.record is not None and found.record.state is not RecordState.OPEN:
        if request.method == "POST":
            return _closed_page(found)
        return see_other(".read", **found.address)
    return _written(found) if request.method == "POST" else _begun(found)


def _begun(found: Date) -> Response:
    begin = _beginning(found)
    form = RecordForm(data=values_of(begin, _names(found, begin), found.event.topics))
    _offer(form, found)
    return _form_page(found, form, begin)


def _written(found: Date) -> Response | BaseResponse:
    begin, form = _beginning(found), RecordForm()
    known = {row.key: row for row in begin.rows}
    _offer(form, found)
    names = _resolved(form, found)
    if not form.check(names, known):
        return _form_page(found, form, begin, status=422)
    typed = _hidden_kept(found, begin, _chosen(form.version(names, known), versions.packed(begin)))
    approves = "zatwierdz" in request.form
    if "wszyscy" in request.form:
        typed = versions.all_present(typed)
    act = actions.submit if approves else actions.save
    number = (form.revision.data or "")[:9]
    revision = int(number) if number.isascii() and number.isdigit() else 0
    seen = versions.read_marks(form.seen.data or "")
    try:
        done = act(session(), actor(), found, typed, revision, seen, now())
    except actions.Clashing as clashing:
        return _clash_page(found, clashing)
    except rules.Closed:
        return _closed_page(found)
    except rules.Incomplete as refusal:
        for name, sentence in refusal.gaps:
            form.refuse(form[name], _(sentence))
        return _form_page(found, form, begin, status=422)
    _tell_saved(done, approves=approves)
    if approves and not done.joined:
        return see_other(".read", **found.address)
    return see_other(".write", **found.address, _anchor="obecnosc" if "wszyscy" in request.form else None)


def _tell_saved(done: actions.Saved, *, approves: bool) -> None:
    if done.joined:
        tell(_("Somebody else has saved this note in the meantime. Both versions are joined; look it through."), "info")
    if approves and done.joined:
        tell(_("It is not approved yet: approve it when you have seen the whole."), "wait")
    elif approves:
        sealed = done.record.state is RecordState.SEALED
        tell(
            _("The note is approved.") if sealed else _("The note is approved and the other side has been asked."), "ok"
        )
    elif done.changed:
        tell(_("The draft is saved. Nobody but those who write it sees it."), "ok")
    else:
        tell(_("Nothing was changed."), "info")


def _clash_page(found: Date, clashing: actions.Clashing) -> Response:
    # What the database gave is read before the unit of work ends.
    record, saved = clashing.record, clashing.saved
    by, at, revision = queries.author(session(), record.changed_by), record.changed_at, record.revision
    names = _names(found, saved, clashing.version)
    differences = [_differing(one, names) for one in clashing.clashes]
    form = RecordForm(formdata=None, data=values_of(clashing.version, names, found.event.topics))
    _offer(form, found)
    form.revision.data, form.seen.data = str(revision), _marks_of(saved)
    page = _form_page(found, form, saved, status=409, differences=differences, by=by, at=at)
    close_early()
    return page


def _closed_page(found: Date) -> Response:
    """Give back what was typed while somebody else approved the record: it can go into a remark."""
    form = RecordForm()
    typed = "\n\n".join(text for text in (form.note.data, form.body.data) if text)
    return respond("events/minutes/closed.html", status=409, found=found, typed=typed)


def _form_page(
    found: Date,
    form: RecordForm,
    begin: Version,
    status: int = 200,
    differences: list[Differing] | None = None,
    **context: Any,
) -> Response:
    if form.revision.data is None:
        form.revision.data = str(found.record.revision if found.record else 0)
        form.seen.data = _marks_of(begin)
    record = found.record
    return respond(
        "events/minutes/write.html",
        status=status,
        found=found,
        form=form,
        problems=form.problems(),
        differences=differences,
        hides_reason=_hides_reason(begin),
        hidden_side=_(rules.SIDE_LABEL[begin.side]) if begin.side else "",
        earlier=queries.open_tasks(session(), found),
        suggested=[one.name for one in found.circle.parties],
        known={row.key: row for row in begin.rows},
        saved_by=queries.author(session(), record.changed_by) if record else "",
        others=[one for one in found.circle.parties if one.side and one.id != actor().institution_id],
        may_approve=found.occurrence.ends_at <= now(),
        answer_in=rules.ANSWER_IN,
        now=now(),
        **context,
    )


def _beginning(found: Date) -> Version:
    """Give what the form is made from: what is saved, or the skeleton of a first draft; seats without a row join in."""
    expected = queries.expected(session(), found.event, found.occurrence)
    if found.record is None:
        booked = _booked(found)
        topics = (
            (*found.event.topics, *(_(msgid) for msgid, _number in booked.topics)) if booked else found.event.topics
        )
        number = booked.persons if booked and booked.persons else None
        rows = expected[:ROWS_MAX]
        return Version(topics=tuple(topics), body=_skeleton(found), people_inside=number, rows=rows)
    saved = queries.version_of(session(), found.record)
    return versions.with_rows(saved, [row for row in expected if row.signup_id is not None][:ROWS_MAX])


def _booked(found: Date) -> Expected | None:
    """Give what was booked on a date of duty hours: its number and topics are proposed, the author corrects them."""
    if found.event.slot_minutes is None:
        return None
    return duty.expected(session(), actor(), [found.occurrence.id or 0]).get(found.occurrence.id or 0)


def _skeleton(found: Date) -> str:
    """Write the skeleton of a note: who took part, what was to be talked about, what is open since earlier dates."""
    lines = ["## " + _("Who took part"), *(f"- {one.name}" for one in found.circle.parties), ""]
    if found.event.topics:
        lines += ["## " + _("Topics"), *(f"- {topic}" for topic in found.event.topics), ""]
    earlier = queries.open_tasks(session(), found)
    if earlier:
        lines.append("## " + _("Open tasks of earlier meetings"))
        lines += [f"- {one.text} ({one.institution}{_until(one.due_on)})" for one in earlier]
        lines.append("")
    return "\n".join([*lines, "## " + _("What was agreed on")])


def _until(due: date | None) -> str:
    return ", " + _("until %(day)s", day=warsaw.short_day_words(due, language())) if due else ""


def _offer(form: RecordForm, found: Date) -> None:
    taken = [(one.id, one.name) for one in found.circle.parties]
    code = found.record.reason if found.record else ""
    form.offer(found.event.topics, taken, actor().institution_kind, code)


def _names(found: Date, *seen: Version) -> dict[int, str]:
    ids = {row.institution_id for version in seen for row in version.rows}
    ids |= {task.institution_id for version in seen for task in version.tasks}
    known = found.circle.names
    missing = [one for one in ids if one not in known]
    return known | institutions.names(session(), missing)


def _resolved(form: RecordForm, found: Date) -> dict[str, int]:
    """Give the institution of each name on the list: one of those concerned, or a partner called exactly so."""
    around = {one.name: one.id for one in found.circle.parties}
    around |= {one.short_name: one.id for one in found.circle.parties if one.short_name}
    names = {name: around[name] for name in form.typed_institutions() if name in around}
    asked = [name for name in form.typed_institutions() if name not in around]
    hits = institutions.named(session(), asked) if asked else {}
    return names | {name: hit[0].id for name, hit in hits.items() if len(hit) == 1}


def _chosen(typed: Version, saved: Mapping[str, str]) -> Version:
    """Take the other one's piece wherever the author has chosen it on the page of differences."""
    for name, value in request.form.items():
        if name.startswith(_CHOSEN) and value == "zapisane":
            key = name.removeprefix(_CHOSEN)
            typed = versions.take(typed, key, saved.get(key, ""))
    return typed


def _hides_reason(saved: Version) -> bool:
    return bool(saved.reason) and not rules.reads_reason(actor(), saved.reason, Sight.SIDE)


def _marks_of(saved: Version) -> str:
    return versions.write_marks(saved, hidden=versions.REASON if _hides_reason(saved) else ())


def _hidden_kept(found: Date, saved: Version, typed: Version) -> Version:
    """Keep a reason that the author may not read: his form did not show it."""
    if found.record is None or not _hides_reason(saved):
        return typed
    return versions.with_outcome(typed, saved)


def _differing(clash: Clash, names: Mapping[int, str]) -> Differing:
    kind = clash.key.partition(":")[0]
    labels = {
        "outcome": _("Held or not, and why"),
        "note": _("In a few words"),
        "people_inside": _("People in prison"),
        "family_members": _("Family members"),
        "others": _("Other people"),
        "body": _("Minutes"),
        "topic": _("Topics covered"),
        "row": _("Attendance"),
        "task": _("Task"),
    }
    shown = [_piece(clash.key, value, names) for value in (clash.saved, clash.typed)]
    return Differing(clash.key, labels[kind], shown[0], shown[1], clash.key in versions.TEXTS)


def _piece(key: str, value: str, names: Mapping[int, str]) -> str:
    if not value:
        return ""
    if key.startswith("row:"):
        row = versions.row_of(key, value)
        words = {None: _("not marked"), True: _("present"), False: _("absent")}[row.present]
        return f"{row.person}, {names.get(row.institution_id, '')}: {words}"
    if key.startswith("task:"):
        task = versions.task_of(key, value)
        return f"{task.text} ({names.get(task.institution_id, '')}{_until(task.due_on)})"
    if key == "outcome":
        version = versions.unpacked({key: value})
        held = _(rules.OUTCOME_LABEL[version.outcome]) if version.outcome else _("not said yet")
        reads = version.reason and rules.reads_reason(actor(), version.reason, Sight.SIDE)
        reason = _(rules.REASONS[version.reason].label) if reads else ""
        side = _(rules.SIDE_LABEL[version.side]) if version.side else ""
        return ", ".join(part for part in (held, reason, side) if part)
    return value


# --- reading


@bp.get("/wydarzenia/<uuid:event_uuid>/notatka")
@bp.get("/wydarzenia/<uuid:event_uuid>/<day:day>/notatka")
@signed_in
def read(event_uuid: UUID, day: date | None = None) -> Response:
    """Show the record as the reader may read it; prints as an official note."""
    return _read_page(_found(event_uuid, day))


@bp.get("/wydarzenia/<uuid:event_uuid>/notatka/sprawdz")
@bp.get("/wydarzenia/<uuid:event_uuid>/<day:day>/notatka/sprawdz")
@signed_in
def check(event_uuid: UUID, day: date | None = None) -> Response:
    """Count the seal anew from the database and say whether it fits."""
    found = _found(event_uuid, day)
    record = found.record
    if record is None or record.sealed_at is None:
        abort(404)
    return respond(
        "events/minutes/check.html",
        found=found,
        record=record,
        holds=queries.seal_holds(session(), record, found.occurrence.starts_at),
        at=now(),
    )


@bp.post("/wydarzenia/<uuid:event_uuid>/notatka/odpowiedz")
@bp.post("/wydarzenia/<uuid:event_uuid>/<day:day>/notatka/odpowiedz")
@acting_for(Role.COORDINATOR)
def answer(event_uuid: UUID, day: date | None = None) -> Response | BaseResponse:
    """Confirm the record of the other side, or add a remark."""
    found = _found(event_uuid, day)
    record = _concerned(found)
    form = RemarkForm()
    remarks = "uwaga" in request.form
    if form.validate():
        if remarks and not form.text.data:
            form.refuse(form.text, translated(rules.NoWords()))
        elif not remarks and form.text.data:
            form.refuse(form.text, _("You have typed a remark. Send it as a remark, or delete the text and confirm."))
    if form.errors:
        return _read_page(found, form=form, status=422)
    actions.answer(session(), actor(), record.id or 0, form.text.data or "" if remarks else "", now())
    tell(_("The remark is added.") if remarks else _("The note is confirmed. Thank you."), "ok")
    return see_other(".read", **found.address)


@bp.post("/wydarzenia/<uuid:event_uuid>/notatka/uwaga")
@bp.post("/wydarzenia/<uuid:event_uuid>/<day:day>/notatka/uwaga")
@acting_for(Role.COORDINATOR)
def remark(event_uuid: UUID, day: date | None = None) -> Response | BaseResponse:
    """Add a remark to a sealed record; the seal stays as it is."""
    found = _found(event_uuid, day)
    record = _concerned(found)
    form = RemarkForm()
    if form.validate() and not form.text.data:
        form.refuse(form.text, translated(rules.NoWords()))
    if form.errors:
        return _read_page(found, form=form, status=422)
    actions.add_remark(session(), actor(), record.id or 0, form.text.data or "", now())
    tell(_("The remark is added, with today’s date. The sealed note stays as it was."), "ok")
    return see_other(".read", **found.address)


@bp.post("/wydarzenia/<uuid:event_uuid>/notatka/relacja")
@bp.post("/wydarzenia/<uuid:event_uuid>/<day:day>/notatka/relacja")
@acting_for(Role.COORDINATOR)
def story(event_uuid: UUID, day: date | None = None) -> Response | BaseResponse:
    """Publish the account for everybody."""
    found = _found(event_uuid, day)
    if not rules.may_tell(actor(), found.event.organiser_id):
        raise rules.OrganiserOnly
    form = StoryForm(prefix=_STORY)
    if form.validate():
        try:
            actions.tell_story(session(), actor(), found, form.text.data or "", form.link.data or "", now())
        except rules.BadLink as refusal:
            form.refuse(form.link, translated(refusal))
    if form.errors:
        return _read_page(found, story=form, status=422)
    tell(_("The account is published."), "ok")
    return see_other(".read", **found.address, _anchor="relacja")


@bp.post("/wydarzenia/<uuid:event_uuid>/notatka/relacja/usun")
@bp.post("/wydarzenia/<uuid:event_uuid>/<day:day>/notatka/relacja/usun")
@acting_for(Role.COORDINATOR)
def remove_story(event_uuid: UUID, day: date | None = None) -> BaseResponse:
    """Take the account for everybody away."""
    found = _found(event_uuid, day)
    actions.remove_story(session(), actor(), found, now())
    tell(_("The account is removed."), "ok")
    return see_other(".read", **found.address)


@bp.post("/zadania/<id:task_id>/zrobione")
@acting_for(Role.MEMBER)
def finish(task_id: int) -> BaseResponse:
    """Mark a task as done."""
    found, task = get_or_404(queries.task(session(), actor(), task_id))
    try:
        actions.finish(session(), actor(), found, task_id, now())
    except rules.DoneAlready as refusal:
        tell(translated(refusal), "info")
    else:
        tell(_("Done: %(task)s", task=task.text), "ok")
    return see_other("desk.show") if "biurko" in request.form else see_other(".read", **found.address)


def _read_page(
    found: Date, status: int = 200, form: RemarkForm | None = None, story: StoryForm | None = None
) -> Response:
    page = queries.page_of(session(), actor(), found)
    record = found.record
    told = {"text": record.story, "link": record.story_link} if record else {}
    waiting = kept.waiting() if request.method in SAFE else None
    telling = waiting if waiting and any(name.startswith(_STORY) for name in waiting) else None
    return respond(
        "events/minutes/read.html",
        status=status,
        page=page,
        found=found,
        record=record,
        form=form or (RemarkForm(formdata=waiting) if page.may_answer or page.may_remark else None),
        story=story or (StoryForm(formdata=telling, data=told, prefix=_STORY) if page.may_tell else None),
        failed=form or story,
        badge=_badge_of(found),
        writes=page.may_write and found.occurrence.starts_at <= now(),
        side_label=_(rules.SIDE_LABEL[page.side]) if page.side else "",
        sealing_label=_(rules.SEALING_LABEL[page.sealing]) if page.sealing else "",
        proposal=_proposal(page),
        today=warsaw.today(now()),
        answers=_answers(page),
    )


def _concerned(found: Date) -> Record:
    """Give the record to somebody who may answer it, before what he typed is looked at."""
    if not rules.may_write(actor(), found.circle.sides):
        raise rules.NotASide
    return get_or_404(found.record)


def _answers(page: RecordPage) -> list[tuple[str, str, Any]]:
    words = {after: sentence for (_before, after), sentence in rules.ANSWERS.items()}
    return [
        (one.institution, _(words[one.reply]) if one.reply in words else _("no answer yet"), one.replied_at)
        for one in page.words
    ]


def _badge_of(found: Date) -> str:
    event, occurrence = found.event, found.occurrence
    if not rules.awaits_note(occurrence.outcome, occurrence.state, occurrence.ends_at, event.published_at, now()):
        return ""
    return "awaiting" if actor().institution_id == event.organiser_id else "without"


def _proposal(page: RecordPage) -> str:
    """Give the address of a new project with those who met, for those who may begin one."""
    if page.sees is not Sight.SIDE or not actor().prepares or page.outcome is not Outcome.HELD:
        return ""
    partners = [one.name for one in page.date.circle.parties if one.id != actor().institution_id]
    return url_for("programmes.new", nazwa=page.date.title, partner=partners)


# --- the list


@bp.get("/notatki")
@signed_in
def listing() -> Response:
    """List what was held and where it is written."""
    if not history.may_list(actor()):
        abort(403)
    wanted, context, period = _wanted()
    number = _page()
    lines, more = history.listed(session(), actor(), wanted, now(), number)
    return respond(
        "events/minutes/listing.html",
        "events/minutes/_records.html",
        lines=lines,
        wanted=wanted,
        period=period,
        asked_labels={ASKED_WORD.get(asked, ""): _(label) for asked, label in history.ASKED_LABEL.items()},
        outcome_labels=rules.OUTCOME_LABEL,
        side_labels=rules.SIDE_LABEL,
        previous_url=_address(context, number - 1) if number > 1 else "",
        next_url=_address(context, number + 1) if more else "",
        csv_url=url_for(".as_csv", **context),
        xlsx_url=url_for(".as_xlsx", **context),
        today=warsaw.today(now()),
        typed=context,
    )


@bp.get("/notatki.csv")
@signed_in
def as_csv() -> Response:
    """Give the list as CSV."""
    return _export("notatki.csv")


@bp.get("/notatki.xlsx")
@signed_in
def as_xlsx() -> Response:
    """Give the list as XLSX."""
    return _export("notatki.xlsx")


def _export(name: str) -> Response:
    if not history.may_list(actor()):
        abort(403)
    wanted, _context, _period = _wanted()
    header = [
        _("Day"),
        _("Hours"),
        _("Event"),
        _("Kind"),
        _("Organiser"),
        _("Place"),
        _("Outcome"),
        _("Whose side"),
        _("Reason"),
        _("Staff present"),
        _("People in prison"),
        _("Family members"),
        _("Other people"),
        _("Note approved on"),
        _("Seal"),
        _("Address"),
    ]
    lines = [_cells(line) for line in history.exported(session(), actor(), wanted, now())]
    return downloads.table(name, _("Meetings"), header, lines)


def _cells(line: Line) -> list[Cell]:
    hours = warsaw.span_words(line.starts_at, line.ends_at, all_day=line.all_day, language=language())
    words = {"awaiting": _("waits for a note"), "without": _("without a note"), "fact": _("according to the source")}
    outcome = _(rules.OUTCOME_LABEL[line.outcome]) if line.outcome else words.get(line.badge, "")
    if line.state.value == "cancelled":
        outcome = _("cancelled")
    numbers: list[Cell] = [int(one) if one.isdigit() else one for one in line.numbers]
    return [
        line.day,
        hours,
        line.title,
        _(line.kind_label),
        line.organiser,
        line.place,
        outcome,
        _(rules.SIDE_LABEL[line.side]) if line.side else "",
        _(line.reason) if line.reason else "",
        line.present,
        *numbers,
        line.closed_on,
        line.seal,
        url_for(".read", **line.address, _external=True),
    ]


def _wanted() -> tuple[Wanted, dict[str, Any], PeriodForm]:
    """Read the filter out of the address, and give it back as an address without what means nothing."""
    args = request.args
    words = " ".join(clean(args.get("instytucja", "")).split())[:TEXT_MAX]
    asked = args.get("stan", "")
    period = PeriodForm(formdata=args)
    period.validate()
    first, last = period.od.data, period.do.data
    if first and last and last < first:
        first, last = last, first
    ids = tuple(one.id for one in calendar.look_up(session(), words)) if words else None
    context: dict[str, Any] = {
        "stan": asked if asked in _ASKED else "",
        "od": first.isoformat() if first else "",
        "do": last.isoformat() if last else "",
        "instytucja": words,
    }
    wanted = Wanted(_ASKED.get(asked, Asked.ALL), first, last, ids)
    return wanted, {name: value for name, value in context.items() if value}, period


def _address(context: Mapping[str, Any], number: int) -> str:
    page: dict[str, Any] = {"strona": number} if number > 1 else {}
    return url_for(".listing", **context, **page)


def _page() -> int:
    text = request.args.get("strona", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX))
    return max(int(text), 1) if is_number else 1


def _found(event_uuid: UUID, day: date | None) -> Date:
    return get_or_404(queries.date_of(session(), actor(), event_uuid, now(), day))
