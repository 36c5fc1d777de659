"""What waits for others: what we have asked, whose turn it is, until when, and what happens then."""

from collections.abc import Mapping
from datetime import date, datetime

from flask import url_for

from app import warsaw
from app.actors import Actor
from app.portal.ours import day_before, edition_words, expires, options
from app.portal.tasks import Found, Gatherer, Kind, Task
from app.web.i18n import _, _n, language
from app.web.session import session
from events.consents import queries as consents
from events.consents.queries import Matter, Open
from events.minutes import queries as minutes
from events.minutes.queries import Waiting
from events.sessions import waiting as sessions
from events.signups import queries as signups
from events.visits import queries as visits
from events.visits.queries import Line
from projects.programmes import waiting as programmes
from projects.programmes.waiting import Matter as ProjectMatter


def of_visits(who: Actor, at: datetime, limit: int) -> Found:
    """Give the visit requests that the other side has to answer."""
    lines = visits.awaiting_others(session(), who, at, limit)
    ours, awaited = visits.counts(session(), who)
    return Found([_visit(one, warsaw.today(at)) for one in lines], awaited - ours)


def _visit(one: Line, today: date) -> Task:
    url = url_for("visits.show", number=one.number)
    text = f"{one.other}: {options(one.offers)}" if one.offers else one.other
    due = one.answer_by if one.answer_by and one.answer_by >= today else one.expires_on
    return Task(url, "swap", one.subject, text, "spotkanie", due, expires(one), mine=False, kind=Kind.VISITS)


def of_places(who: Actor, at: datetime, limit: int) -> Found:
    """Give the dates for which our people have asked for a place."""
    found = signups.awaiting(session(), who, at, limit)
    return Found([_place(one, warsaw.today(at)) for one in found], found[0].total if found else 0)


def _place(one: signups.Task, today: date) -> Task:
    title = _n("%(num)d place asked for: %(title)s", "%(num)d places asked for: %(title)s", one.number, title=one.title)
    text = f"{one.whose}, {warsaw.day_words(one.day, language())}"
    said = _("Without a decision there is no place.")
    return Task(one.url, "users", title, text, "kadra", day_before(one.day, today), said, mine=False, kind=Kind.PLACES)


def of_events(who: Actor, at: datetime, limit: int) -> Found:
    """Give our events that wait for the answers of others or for the consent of a unit's director."""
    found = consents.awaiting(session(), who, at, limit)
    return Found([_event(one, warsaw.today(at)) for one in found], found[0].total if found else 0)


def _event(one: Open, today: date) -> Task:
    url, due = url_for("consents.show", event_uuid=one.uuid), day_before(one.day, today)
    text = f"{one.title}, {warsaw.day_words(one.day, language())}"
    if one.matter is Matter.CONSENT:
        said = _("Without consent nobody enters without the consent of the duty officer.")
        title = _("Waits for the consent of the director")
        return Task(url, "key", title, f"{text}, {one.whose}", "", due, said, mine=False, kind=Kind.EVENTS)
    text = f"{text}, {one.whose}"
    if one.number > 1:
        text += " " + _n("and %(num)d more", "and %(num)d more ones", one.number - 1)
    said = _("Without their answer it cannot be published.")
    title = _("Your draft waits for confirmation by others")
    return Task(url, "clock", title, text, "", due, said, mine=False, kind=Kind.EVENTS)


def of_projects(who: Actor, at: datetime, limit: int) -> Found:
    """Give the projects for which we have asked others: for their part, for places, to let us join, to lead."""
    asked = programmes.awaiting_others(session(), who, at, limit)
    places = sessions.awaiting(session(), who, at, limit)
    found = Found([_project(one) for one in asked], asked[0].total if asked else 0)
    return found + Found([_edition(one, warsaw.today(at)) for one in places], places[0].total if places else 0)


def _project(one: programmes.Waiting) -> Task:
    url = url_for("programme_parties.show", slug=one.slug)
    text = one.whose
    if one.matter is ProjectMatter.OWN_REQUEST:
        title = _("You have asked to join: %(title)s", title=one.title)
        said = _("Until it is accepted, you are no partner.")
    elif one.matter is ProjectMatter.OWN_OFFER:
        title = _("You have offered the lead: %(title)s", title=one.title)
        said = _("Until it is taken over, you lead the project.")
    else:
        title = _("Partners have been asked: %(title)s", title=one.title)
        said = _("Who has not answered is not named as a partner; a draft cannot be published.")
        if one.number > 1:
            text += " " + _n("and %(num)d more institution", "and %(num)d more institutions", one.number - 1)
    return Task(url, "hands", title, text, "warsztat", None, said, mine=False, kind=Kind.PROJECTS)


def _edition(one: sessions.Asked, today: date) -> Task:
    url = url_for("editions.show", slug=one.slug, number=one.edition, _anchor="zapisy")
    title = edition_words(one)
    title = _n("%(num)d place asked for: %(title)s", "%(num)d places asked for: %(title)s", one.number, title=title)
    said = _("Without a decision there is no place.")
    due = day_before(one.day, today)
    return Task(url, "users", title, one.whose, "warsztat", due, said, mine=False, kind=Kind.PROJECTS)


def of_notes(who: Actor, at: datetime, limit: int) -> Found:
    """Give the notes of our meetings that wait for the word of the other side."""
    found = minutes.awaiting(session(), who, at, limit)
    return Found([_note(one) for one in found], found[0].total if found else 0)


def _note(one: Waiting) -> Task:
    title = _("Note: %(title)s", title=one.title)
    met = _("meeting of %(day)s", day=warsaw.short_day_words(one.day, language()))
    said = _("Without an answer until %(day)s the note is approved by itself.", day=_words(one.due_on))
    url = url_for("minutes.read", **one.address)
    return Task(url, "check", title, f"{one.text}, {met}", "dyzur", one.due_on, said, mine=False, kind=Kind.NOTES)


def _words(day: date | None) -> str:
    return warsaw.short_day_words(day, language()) if day else ""


GATHERERS: Mapping[Kind, Gatherer] = {
    Kind.VISITS: of_visits,
    Kind.PLACES: of_places,
    Kind.EVENTS: of_events,
    Kind.PROJECTS: of_projects,
    Kind.NOTES: of_notes,
}
