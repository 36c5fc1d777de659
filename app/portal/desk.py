"""The desk: what waits for me, my week, drafts and our sign-ups, read afresh from the rooms."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Actor, Role
from app.clock import now
from app.portal import operator
from app.web.guards import signed_in
from app.web.htmx import respond
from app.web.i18n import _, _n, language
from app.web.session import actor, session
from events.calendar import queries as calendar
from events.consents import queries as consents
from events.consents.queries import Matter, Open
from events.gate import queries as gate
from events.minutes import queries as minutes
from events.minutes.queries import Waiting
from events.signups import queries as signups
from partners.admission import queries as admission
from partners.contacts import queries as contacts
from partners.institutions import queries as institutions
from partners.institutions.rules import Freshness
from partners.people import queries as people
from projects.programmes import queries as programmes

bp = Blueprint("desk", __name__)
PRISON = frozenset({"prison", "remand_prison", "external_unit"})
_CONSENTS = 3
"""How many events are named that wait for the director's consent; the others are counted."""
SideRow = tuple[str, str, str, int, bool]


@dataclass(frozen=True, slots=True)
class Act:
    """A big act of a role's first desk."""

    url: str
    icon: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for the actor, with the page where it is done."""

    url: str
    icon: str
    title: str
    text: str


@bp.get("/biurko")
@signed_in
def show() -> BaseResponse:
    """Show the desk of the actor: a constant number of statements, nothing stored twice."""
    who, instant = actor(), now()
    own = signups.own(session(), who, instant) if who.works_for_institution else []
    return respond(
        "app/portal/desk.html",
        side=side_list(who),
        today=warsaw.today(instant),
        acts=acts(who),
        tasks=[
            *_of_gate(who, instant),
            *_of_agreements(who, instant),
            *_of_places(who, instant),
            *after_meetings(who, instant),
            *tasks(who, warsaw.today(instant)),
        ],
        week=calendar.my_week(session(), who, instant, also=[row.occurrence_id for row in own]),
        drafts=calendar.drafts(session(), who, instant),
        programme_drafts=programmes.drafts(session(), who),
        own=own,
        application=None if who.admitted else admission.own(session(), who),
        applications=admission.waiting(session()) if who.role is Role.OPERATOR else 0,
    )


def tasks(who: Actor, today: date) -> list[Task]:
    """Give what waits for those who keep the institution's card."""
    waiting = contacts.tasks(session(), who, today)
    found = []
    if waiting.reports:
        words = _n("%(num)d report on your card", "%(num)d reports on your card", waiting.reports)
        url = url_for("contacts.reports", slug=who.institution_slug)
        found.append(Task(url, "flag", words, _("A partner says that something on it is wrong.")))
    if waiting.outdated:
        words = _n("%(num)d contact to confirm", "%(num)d contacts to confirm", waiting.outdated)
        url = url_for("contacts.index", slug=who.institution_slug)
        found.append(Task(url, "phone", words, _("Contacts are confirmed once a year, with one button.")))
    if who.coordinates:
        found += _of_card(who, today)
    if who.role is Role.ADMIN and who.admitted:
        confirm_by = people.confirm_by(session(), who.institution_id or 0)
        if confirm_by is not None and confirm_by <= today:
            url = url_for("people.index", slug=who.institution_slug)
            words = _("Do these people still work here?")
            found.append(Task(url, "users", words, _("The list of people is confirmed once a year, with one button.")))
    return found


def after_meetings(who: Actor, at: datetime) -> list[Task]:
    """Give the notes to write, the answers to give and the tasks that were taken at meetings."""
    return [_after_meeting(one) for one in minutes.waiting(session(), who, at)]


def _after_meeting(one: Waiting) -> Task:
    day = warsaw.short_day_words(one.day, language())
    if one.what == "note":
        text = _("Meeting of %(day)s: who came, what was agreed on, what comes next.", day=day)
        return Task(
            url_for("minutes.write", **one.address), "pen", _("Waits for a note: %(title)s", title=one.title), text
        )
    due = warsaw.short_day_words(one.due_on, language()) if one.due_on else ""
    url = url_for("minutes.read", **one.address)
    if one.what == "answer":
        text = _("Meeting of %(day)s. Confirm it or add a remark until %(due)s.", day=day, due=due)
        return Task(url, "check", _("A note to confirm: %(title)s", title=one.title), text)
    text = _("From the meeting “%(title)s” of %(day)s.", title=one.title, day=day)
    if one.due_on:
        text += " " + (_("It was due on %(due)s.", due=due) if one.late else _("Due until %(due)s.", due=due))
    return Task(url, "flag" if one.late else "list", _("Task: %(text)s", text=one.text), text)


def _of_agreements(who: Actor, instant: datetime) -> list[Task]:
    """Give the events of others that wait for a word of our institution."""
    found = []
    for one in consents.to_answer(session(), who, instant):
        title = _("Changed: confirm once more") if one.again else _("Your institution is asked to confirm")
        text = f"{one.title}, {warsaw.day_words(one.day, language())}, {one.organiser}"
        found.append(Task(url_for("consents.show", event_uuid=one.uuid), "hands", title, text))
    waiting = consents.to_settle(session(), who, instant)
    inside = [one for one in waiting if one.matter is Matter.CONSENT]
    found += [_open_matter(one) for one in (*inside[:_CONSENTS], *(one for one in waiting if one not in inside))]
    more = len(inside) - _CONSENTS
    if more > 0:
        words = _n("%(num)d further consent to settle", "%(num)d further consents to settle", more)
        url = url_for("calendar.listing", instytucja=who.institution_slug)
        found.append(Task(url, "key", words, _("You note them on the pages of the events.")))
    return found


def _open_matter(one: Open) -> Task:
    text = f"{one.title}, {warsaw.day_words(one.day, language())}"
    agreed = url_for("consents.show", event_uuid=one.uuid)
    if one.matter is Matter.CONSENT:
        return Task(f"{agreed}#zgoda", "key", _("Settle the director’s consent"), text)
    if one.matter is Matter.REFUSED:
        return Task(agreed, "warn", _("Declined: change your draft or ask anew"), text)
    if one.matter is Matter.ANSWERS:
        return Task(agreed, "clock", _("Your draft waits for confirmation by others"), text)
    return Task(url_for("calendar.check", event_uuid=one.uuid), "check", _("All have confirmed: publish it"), text)


def _of_places(who: Actor, instant: datetime) -> list[Task]:
    """Give what waits about places: requests to decide, offers to answer, names that are still missing."""
    found = []
    for one in signups.tasks(session(), who, instant):
        text = f"{one.title}, {warsaw.day_words(one.day, language())}"
        if one.kind is signups.TaskKind.REQUESTS:
            words = _n("%(num)d request for a place is waiting", "%(num)d requests for places are waiting", one.number)
            found.append(Task(one.url, "users", words, text))
        elif one.kind is signups.TaskKind.OFFER and one.until is not None:
            until = f"{warsaw.short_day_words(warsaw.today(one.until), language())}, {warsaw.hour_words(one.until)}"
            found.append(Task(one.url, "clock", _("You are offered a place until %(until)s", until=until), text))
        else:
            words = _n("%(num)d name is missing", "%(num)d names are missing", one.number)
            found.append(Task(one.url, "pen", words, text))
    return found


def _of_gate(who: Actor, instant: datetime) -> list[Task]:
    """Give what waits about entry lists: the unit's decisions, and names and data of our own people."""
    found = []
    for one in gate.to_decide(session(), who, instant) if who.institution_kind in PRISON else ():
        words = _n(
            "%(num)d change on the entry list waits for your decision",
            "%(num)d changes on the entry list wait for your decision",
            one.number,
        )
        day = warsaw.short_day_words(one.day, language())
        text = _("“%(title)s”, decide before %(day)s.", title=one.title, day=day)
        found.append(Task(url_for("gate.show_date", event_uuid=one.uuid, day=one.day), "gate", words, text))
    for one in gate.to_fill(session(), who, instant):
        if one.until < warsaw.today(instant):
            words = _("Complete the entry list before %(day)s", day=warsaw.short_day_words(one.day, language()))
        else:
            words = _("Complete the entry list until %(day)s", day=warsaw.short_day_words(one.until, language()))
        text = _(
            "“%(title)s”: %(number)d without a name or data that the unit asks for.",
            title=one.title,
            number=one.number,
        )
        found.append(Task(url_for("gate.show_date", event_uuid=one.uuid, day=one.day), "list", words, text))
    return found


def _of_card(who: Actor, today: date) -> list[Task]:
    """Give what has grown old on the card: services to look through, for its admin the card itself."""
    found = []
    upkeep = institutions.upkeep(session(), who.institution_id or 0, today)
    if upkeep.offers:
        words = _n("%(num)d service to look through", "%(num)d services to look through", upkeep.offers)
        url = url_for("services.offers", slug=who.institution_slug)
        found.append(Task(url, "heart", words, _("Nobody has said in the last 12 months that it is still so.")))
    if who.role is Role.ADMIN and upkeep.freshness is not Freshness.CONFIRMED:
        url = url_for("cards.edit", slug=who.institution_slug)
        text = _("Look through address, telephones and hours, and confirm them once a year.")
        found.append(Task(url, "house", _("Are the data on your card right?"), text))
    return found


def side_list(who: Actor) -> list[tuple[str, list[SideRow]]]:
    """Give the side list of a role: only places that exist."""
    desk: SideRow = (url_for("desk.show"), "desk", _("My desk"), 0, False)
    account: SideRow = (url_for("settings.show"), "user", _("Your account"), 0, False)
    if who.role is Role.OPERATOR:
        places = [(url_for(place.endpoint), place.icon, _(place.label), 0, False) for place in operator.PLACES]
        return [("", [desk, account]), (_("Looking after the portal"), places)]
    if not who.admitted:
        own = _people_of(who)
        own.append((url_for("institutions.show", slug=who.institution_slug), "house", _("Our card"), 0, False))
        return [("", [desk, account]), (_("Working together"), own)]
    if not who.works_for_institution:
        places = [(url_for("agreements.index"), "doc", _("Agreements"), 0, False)]
        if who.role is Role.INSPECTOR:
            places.append((url_for("minutes.listing"), "check", _("Attendance and notes"), 0, False))
        return [("", [desk, account, *places])]
    card = url_for("institutions.show", slug=who.institution_slug)
    meetings: list[SideRow] = [
        (url_for("calendar.listing", instytucja=who.institution_slug), "cal", _("Our events"), 0, False),
        (url_for("minutes.listing"), "check", _("Attendance and notes"), 0, False),
        (url_for("papers.mine"), "doc", _("Certificates"), 0, False),
    ]
    if who.coordinates and who.institution_kind in PRISON:
        meetings.append((url_for("gate.today"), "gate", _("People who enter"), 0, False))
    together: list[SideRow] = [
        (url_for("agreements.index"), "doc", _("Agreements"), 0, False),
        (url_for("programmes.index"), "hands", _("Projects"), 0, False),
        (card, "gate" if who.institution_kind in PRISON else "house", _("Our card"), 0, False),
        *_people_of(who),
    ]
    return [("", [desk, account]), (_("Meetings"), meetings), (_("Working together"), together)]


def _people_of(who: Actor) -> list[SideRow]:
    if who.role is not Role.ADMIN:
        return []
    return [(url_for("people.index", slug=who.institution_slug), "users", _("Our people"), 0, False)]


def acts(who: Actor) -> list[Act]:
    """Give what the actor can begin from here."""
    if not who.prepares:
        return []
    found = []
    if who.coordinates and who.institution_kind in PRISON:
        text = _("Who comes, with what, and who must not enter: one sheet to print.")
        found.append(Act(url_for("gate.today"), "gate", _("List of people who enter today"), text))
    return [
        *found,
        Act(url_for("calendar.new"), "plus", _("New event"), _("A meeting or a training: seven fields, two minutes.")),
        Act(url_for("programmes.new"), "hands", _("New project"), _("A programme that others can join.")),
    ]
