"""The desk: what waits for me, my week, drafts and our sign-ups, read afresh from the rooms."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Actor, Role
from app.clock import now
from app.portal import operator
from app.web.guards import signed_in
from app.web.htmx import respond
from app.web.i18n import _, _n
from app.web.session import actor, session
from events.calendar import queries as calendar
from events.signups import queries as signups
from partners.admission import queries as admission
from partners.contacts import queries as contacts
from partners.institutions import queries as institutions
from partners.institutions.rules import Freshness
from partners.people import queries as people
from projects.programmes import queries as programmes

bp = Blueprint("desk", __name__)
PRISON = frozenset({"prison", "remand_prison", "external_unit"})
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
        tasks=tasks(who, warsaw.today(instant)),
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
        return [("", [desk, account, (url_for("agreements.index"), "doc", _("Agreements"), 0, False)])]
    card = url_for("institutions.show", slug=who.institution_slug)
    meetings: list[SideRow] = [
        (url_for("calendar.listing", instytucja=who.institution_slug), "cal", _("Our events"), 0, False)
    ]
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
    return [
        Act(url_for("calendar.new"), "plus", _("New event"), _("A meeting or a training: seven fields, two minutes.")),
        Act(url_for("programmes.new"), "hands", _("New project"), _("A programme that others can join.")),
    ]
