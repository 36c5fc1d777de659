"""What waits for us: the tasks of each room in words, with the last day and what happens then."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from flask import url_for

from app import warsaw
from app.actors import Actor, Role
from app.portal.tasks import Found, Gatherer, Kind, Task
from app.web.i18n import _, _n, language
from app.web.session import session
from events.calendar.rules import PRISON_KINDS
from events.consents import queries as consents
from events.consents.queries import Matter, Open
from events.duty import queries as duty
from events.duty.queries import Matter as DutyMatter
from events.gate import queries as gate
from events.minutes import queries as minutes
from events.minutes.queries import Waiting
from events.reports import queries as reports
from events.reports import wording
from events.reports.models import ReportKind
from events.sessions import waiting as sessions
from events.signups import queries as signups
from events.signups.queries import TaskKind
from events.visits import queries as visits
from events.visits.models import State as VisitState
from events.visits.queries import Line, Offer
from partners.agreements import queries as agreements
from partners.contacts import queries as contacts
from partners.institutions import queries as institutions
from partners.institutions import workdays
from partners.institutions.rules import Freshness
from partners.people import queries as people
from projects.programmes import waiting as programmes
from projects.programmes.waiting import Matter as ProjectMatter

COUNTED = 300
"""So many matters of duty hours are read and counted: they are few, one or two for each series."""


def of_visits(who: Actor, at: datetime, limit: int) -> Found:
    """Give the visit requests that our institution has to answer."""
    if not who.coordinates:
        return Found()
    lines = visits.waiting(session(), who, at, limit)
    return Found([_visit(one, warsaw.today(at)) for one in lines], visits.counts(session(), who)[0])


def _visit(one: Line, today: date) -> Task:
    if one.state is VisitState.COUNTERED:
        title = _("%(name)s proposes another date", name=one.other)
    elif one.state is VisitState.MOVING:
        title = _("%(name)s asks to move an agreed visit", name=one.other)
    elif one.unit == one.other:
        title = _("%(name)s invites you to a meeting", name=one.other)
    else:
        title = _("%(name)s asks for a visit", name=one.other)
    if one.answer_by is None:
        said = ""
    elif one.answer_by >= today:
        day = warsaw.short_day_words(one.answer_by, language())
        said = _("Without an answer until %(day)s we remind the substitutes.", day=day)
    else:
        said = expires(one)
    text = f"{one.subject}: {options(one.offers)}" if one.offers else one.subject
    url = url_for("visits.show", number=one.number)
    return Task(url, "swap", title, text, "spotkanie", one.answer_by, said, kind=Kind.VISITS)


def options(offers: tuple[Offer, ...]) -> str:
    """Write the dates on offer in one line: "Thu 10 December, 10.00–12.00 or Tue 15 December, 9.00–11.00"."""
    words = []
    for one in offers:
        day = warsaw.today(one.starts_at)
        short, date_words = warsaw.weekday_short(day, language()), warsaw.short_day_words(day, language())
        span = warsaw.span_words(one.starts_at, one.ends_at, all_day=False, language=language())
        words.append(f"{short} {date_words}, {span}")
    between = _("or")
    return f" {between} ".join(words)


def expires(one: Line) -> str:
    """Say when a request ends without an answer."""
    if one.expires_on is None:
        return ""
    day = warsaw.short_day_words(one.expires_on, language())
    if one.state is VisitState.MOVING:
        return _("Without an answer until %(day)s the agreed date stands.", day=day)
    return _("Without an answer until %(day)s the request expires.", day=day)


def of_duty(who: Actor, at: datetime, limit: int) -> Found:
    """Give what waits about duty hours: dates with nobody on duty, proposals, bookings outside of moved hours."""
    found = duty.waiting(session(), who, at, COUNTED)
    return Found([_duty(one, warsaw.today(at)) for one in found[:limit]], len(found))


def _duty(one: duty.Waiting, today: date) -> Task:
    month = one.day.replace(day=1)
    url = url_for("duty.board", slug=one.unit_slug, month=month, _anchor=f"d{one.occurrence_id}")
    text = f"{one.title}, {one.unit}, {warsaw.day_words(one.day, language())}"
    due = day_before(one.day, today)
    if one.matter is DutyMatter.NOBODY:
        words = _n("Nobody is on duty on %(num)d date", "Nobody is on duty on %(num)d dates", one.number)
        said = _("Without a name nobody enters the unit for these duty hours.")
        url = url_for("duty.person", occurrence_id=one.occurrence_id)
        return Task(url, "user", words, text, "dyzur", due, said, kind=Kind.DUTY)
    if one.matter is DutyMatter.OUTSIDE:
        words = _n(
            "%(num)d person is booked outside the hours", "%(num)d persons are booked outside the hours", one.number
        )
        said = _("Without another slot these persons do not come to the talk.")
        return Task(url, "warn", words, text, "dyzur", due, said, kind=Kind.DUTY)
    if one.matter is DutyMatter.MERGE:
        words = _n(
            "%(num)d date without bookings: join them?", "%(num)d dates without bookings: join them?", one.number
        )
        return Task(url, "clock", words, text, "dyzur", due, _("If you leave it, all dates stand."), kind=Kind.DUTY)
    said = _("If you leave it, everything stays as it is.")
    return Task(url, "plus", _("All places are taken: add a date?"), text, "dyzur", due, said, kind=Kind.DUTY)


def of_gate(who: Actor, at: datetime, limit: int) -> Found:
    """Give what waits about entry lists: the unit's decisions, and names and data of our own people."""
    decide = gate.to_decide(session(), who, at, limit) if who.institution_kind in PRISON_KINDS else []
    fill = gate.to_fill(session(), who, at, limit)
    return _counted([_to_decide(one, warsaw.today(at)) for one in decide], decide) + _counted(
        [_to_fill(one, warsaw.today(at)) for one in fill], fill
    )


def _to_decide(one: gate.Waiting, today: date) -> Task:
    words = _n(
        "%(num)d change on the entry list waits for your decision",
        "%(num)d changes on the entry list wait for your decision",
        one.number,
    )
    day = warsaw.short_day_words(one.day, language())
    return Task(
        url_for("gate.show_date", event_uuid=one.uuid, day=one.day),
        "gate",
        words,
        _("“%(title)s”, decide before %(day)s.", title=one.title, day=day),
        due=day_before(one.day, today),
        consequence=_("Without a decision nobody of them enters without the consent of the duty officer."),
        kind=Kind.GATE,
    )


def _to_fill(one: gate.Waiting, today: date) -> Task:
    if one.until < today:
        words = _("Complete the entry list before %(day)s", day=warsaw.short_day_words(one.day, language()))
        said = _("Every further change waits for a decision of the unit.")
    else:
        words = _("Complete the entry list until %(day)s", day=warsaw.short_day_words(one.until, language()))
        said = _("Later changes wait for a decision of the unit.")
    text = _(
        "“%(title)s”: %(number)d without a name or data that the unit asks for.", title=one.title, number=one.number
    )
    url = url_for("gate.show_date", event_uuid=one.uuid, day=one.day)
    due = one.until if one.until >= today else day_before(one.day, today)
    return Task(url, "list", words, text, due=due, consequence=said, kind=Kind.GATE)


def of_places(who: Actor, at: datetime, limit: int) -> Found:
    """Give what waits about places: requests to decide, offers to answer, names that are still missing."""
    found = signups.tasks(session(), who, at, limit)
    today = warsaw.today(at)
    deciding = [one for one in found if one.kind is TaskKind.REQUESTS]
    others = [one for one in found if one.kind is not TaskKind.REQUESTS]
    decided = _counted([_place(one, today) for one in deciding], deciding)
    return decided + _counted([_place(one, today) for one in others], others)


def _place(one: signups.Task, today: date) -> Task:
    text = f"{one.title}, {warsaw.day_words(one.day, language())}"
    if one.kind is TaskKind.REQUESTS:
        words = _n("%(num)d request for a place is waiting", "%(num)d requests for places are waiting", one.number)
        said = _("Without a decision those who have asked have no place.")
        return Task(one.url, "users", words, text, due=day_before(one.day, today), consequence=said, kind=Kind.PLACES)
    if one.kind is TaskKind.OFFER and one.until is not None:
        due = warsaw.today(one.until)
        until = f"{warsaw.short_day_words(due, language())}, {warsaw.hour_words(one.until)}"
        words = _("You are offered a place until %(until)s", until=until)
        said = _("Without an answer the place goes to the next in the queue.")
        return Task(one.url, "clock", words, text, due=due, consequence=said, kind=Kind.PLACES)
    words = _n("%(num)d name is missing", "%(num)d names are missing", one.number)
    said = _("Nobody enters the unit on a place without a name.") if one.inside else ""
    return Task(one.url, "pen", words, text, due=day_before(one.day, today), consequence=said, kind=Kind.PLACES)


def of_events(who: Actor, at: datetime, limit: int) -> Found:
    """Give the events that wait for a word of our institution: questions of others, consents, our own drafts."""
    asked = consents.to_answer(session(), who, at, limit)
    settle = consents.to_settle(session(), who, at, limit)
    today = warsaw.today(at)
    questions = _counted([_question(one, today) for one in asked], asked)
    return questions + _counted([_open_matter(one, today) for one in settle], settle)


def _question(one: consents.Question, today: date) -> Task:
    return Task(
        url_for("consents.show", event_uuid=one.uuid),
        "hands",
        _("Changed: confirm once more") if one.again else _("Your institution is asked to confirm"),
        f"{one.title}, {warsaw.day_words(one.day, language())}, {one.organiser}",
        due=day_before(one.day, today),
        consequence="" if one.again else _("Until you answer, the event cannot be published."),
    )


def _open_matter(one: Open, today: date) -> Task:
    text = f"{one.title}, {warsaw.day_words(one.day, language())}"
    agreed, due = url_for("consents.show", event_uuid=one.uuid), day_before(one.day, today)
    unpublished = _("Until it is published, nobody else sees it.")
    if one.matter is Matter.CONSENT:
        said = _("Without consent nobody enters without the consent of the duty officer.")
        return Task(f"{agreed}#zgoda", "key", _("Settle the director’s consent"), text, due=due, consequence=said)
    if one.matter is Matter.REFUSED:
        title = _("Declined: change your draft or ask anew")
        return Task(agreed, "warn", title, text, due=due, consequence=unpublished)
    check = url_for("calendar.check", event_uuid=one.uuid)
    return Task(check, "check", _("All have confirmed: publish it"), text, due=due, consequence=unpublished)


def of_projects(who: Actor, at: datetime, limit: int) -> Found:
    """Give the projects that wait for us: our part, who joins, places of editions, the reports that we owe."""
    asked = programmes.waiting(session(), who, at, limit)
    places = sessions.to_decide(session(), who, at, limit)
    owed = reports.due(session(), who, at, limit)
    found = _counted([_project(one) for one in asked], asked)
    found += _counted([_edition(one, warsaw.today(at)) for one in places], places)
    return found + _counted([_report(one) for one in owed], owed)


def _project(one: programmes.Waiting) -> Task:
    url = url_for("programme_parties.show", slug=one.slug)
    if one.matter is ProjectMatter.OFFER:
        title = _("Your institution is offered the lead of a project")
        said = _("Until you answer, the lead stays where it is.")
    elif one.matter is ProjectMatter.REQUEST:
        title = _("%(name)s asks to join a project", name=one.whose)
        said = _("Until you decide, it is no partner.")
    elif one.matter is ProjectMatter.PUBLICATION:
        url = url_for("programmes.show", slug=one.slug)
        title = _("All partners have answered: publish the project")
        said = _("Until it is published, nobody else sees it.")
    elif one.again:
        title = _("Your part in a project has new words: confirm it")
        said = _("Until you answer, everybody reads the words agreed before.")
    else:
        title = _("Your institution is asked to confirm its part in a project")
        said = _("Until you answer, your institution is not named as a partner.")
    text = f"{one.title}, {one.whose}" if one.whose and one.matter is not ProjectMatter.REQUEST else one.title
    return Task(url, "hands", title, text, "warsztat", consequence=said, kind=Kind.PROJECTS)


def _edition(one: sessions.Asked, today: date) -> Task:
    url = url_for("joining.people", slug=one.slug, number=one.edition)
    words = _n("%(num)d place in an edition is asked for", "%(num)d places in an edition are asked for", one.number)
    said = _("Without a decision those who have asked have no place.")
    due = day_before(one.day, today)
    return Task(url, "users", words, edition_words(one), "warsztat", due, said, kind=Kind.PROJECTS)


def edition_words(one: sessions.Asked) -> str:
    """Name an edition: "Krok po kroku, edycja 2: grupa jesienna"."""
    words = _("%(title)s, edition %(number)d", title=one.title, number=one.edition)
    return f"{words}: {one.name}" if one.name else words


def _report(one: reports.Due) -> Task:
    period = one.period
    url = url_for("reports.preview", slug=one.slug)
    if period.kind is ReportKind.QUARTERLY:
        url = url_for("reports.preview", slug=one.slug, begin=period.starts_on)
    title = _("Report to freeze: %(title)s", title=one.title)
    text = wording.period_words(period, language(), _)
    said = _("The funder waits for it; until it is frozen, its figures still change.")
    return Task(url, "print", title, text, "warsztat", one.due_on, said, kind=Kind.PROJECTS)


def of_notes(who: Actor, at: datetime, limit: int) -> Found:
    """Give the notes to write, the answers to give and the tasks that were taken at meetings."""
    found = minutes.waiting(session(), who, at, limit)
    totals = {one.what: one.total for one in found}
    return Found([_after_meeting(one) for one in found], sum(totals.values()))


def _after_meeting(one: Waiting) -> Task:
    day = warsaw.short_day_words(one.day, language())
    due = warsaw.short_day_words(one.due_on, language()) if one.due_on else ""
    if one.what == "note":
        url = url_for("minutes.write", **one.address)
        title = _("Waits for a note: %(title)s", title=one.title)
        text = _("Meeting of %(day)s: who came, what was agreed on, what comes next.", day=day)
        said = "" if one.late else _("Later we remind you by mail.")
        return Task(url, "list", title, text, "dyzur", one.due_on, said, kind=Kind.NOTES)
    url = url_for("minutes.read", **one.address)
    if one.what == "answer":
        title = _("A note to confirm: %(title)s", title=one.title)
        text = _("Meeting of %(day)s. Confirm it or add a remark until %(due)s.", day=day, due=due)
        said = _("Without an answer the note is approved by itself.")
        return Task(url, "check", title, text, due=one.due_on, consequence=said, kind=Kind.NOTES)
    text = _("From the meeting “%(title)s” of %(day)s.", title=one.title, day=day)
    if one.due_on:
        text += " " + (_("It was due on %(due)s.", due=due) if one.late else _("Due until %(due)s.", due=due))
    icon = "flag" if one.late else "list"
    return Task(url, icon, _("Task: %(text)s", text=one.text), text, due=one.due_on, kind=Kind.NOTES)


def of_agreements(who: Actor, at: datetime, limit: int) -> Found:
    """Give the agreements of our institution that end soon."""
    found = agreements.ending(session(), who, warsaw.today(at), limit)
    return _counted([_ending(one) for one in found], found)


def _ending(one: agreements.Ending) -> Task:
    url = url_for("agreements.show", number=one.number)
    title = _("The agreement %(number)s ends", number=one.number)
    said = _("After this day it is no longer in force, unless the parties prolong it.")
    return Task(url, "doc", title, one.subject, due=one.valid_to, consequence=said, kind=Kind.AGREEMENTS)


def of_card(who: Actor, at: datetime, _limit: int) -> Found:
    """Give what waits for those who keep the institution's card, its contacts and its people."""
    today = warsaw.today(at)
    waiting = contacts.tasks(session(), who, today)
    found = []
    if waiting.reports:
        words = _n("%(num)d report on your card", "%(num)d reports on your card", waiting.reports)
        url = url_for("contacts.reports", slug=who.institution_slug)
        found.append(_on_card(url, "flag", words, _("A partner says that something on it is wrong.")))
    if waiting.outdated:
        words = _n("%(num)d contact to confirm", "%(num)d contacts to confirm", waiting.outdated)
        url = url_for("contacts.index", slug=who.institution_slug)
        found.append(_on_card(url, "phone", words, _("Contacts are confirmed once a year, with one button.")))
    if who.coordinates:
        found += _grown_old(who, today)
    if who.role is Role.ADMIN and who.admitted:
        confirm_by = people.confirm_by(session(), who.institution_id or 0)
        if confirm_by is not None and confirm_by <= today:
            url = url_for("people.index", slug=who.institution_slug)
            words = _("Do these people still work here?")
            said = _("The list of people is confirmed once a year, with one button.")
            found.append(_on_card(url, "users", words, said))
    return Found(found, len(found))


def _grown_old(who: Actor, today: date) -> list[Task]:
    found = []
    upkeep = institutions.upkeep(session(), who.institution_id or 0, today)
    if upkeep.offers:
        words = _n("%(num)d service to look through", "%(num)d services to look through", upkeep.offers)
        url = url_for("services.offers", slug=who.institution_slug)
        found.append(_on_card(url, "heart", words, _("Nobody has said in the last 12 months that it is still so.")))
    if who.role is Role.ADMIN and upkeep.freshness is not Freshness.CONFIRMED:
        url = url_for("cards.edit", slug=who.institution_slug)
        text = _("Look through address, telephones and hours, and confirm them once a year.")
        found.append(_on_card(url, "house", _("Are the data on your card right?"), text))
    return found


def _on_card(url: str, icon: str, title: str, text: str) -> Task:
    return Task(url, icon, title, text, kind=Kind.CARD)


def day_before(day: date, today: date) -> date:
    """Give the last working day before *day*, by which what happens on it is settled; *today* if that is over."""
    return max(workdays.before(day, 1), min(today, day))


class _Numbered(Protocol):
    @property
    def total(self) -> int: ...


def _counted(tasks: Sequence[Task], rows: Sequence[_Numbered]) -> Found:
    return Found(tasks, rows[0].total if rows else 0)


GATHERERS: Mapping[Kind, Gatherer] = {
    Kind.VISITS: of_visits,
    Kind.DUTY: of_duty,
    Kind.GATE: of_gate,
    Kind.PLACES: of_places,
    Kind.EVENTS: of_events,
    Kind.PROJECTS: of_projects,
    Kind.NOTES: of_notes,
    Kind.AGREEMENTS: of_agreements,
    Kind.CARD: of_card,
}
