"""The side list of the working pages: the places of a role, with what waits there; red means "you must act"."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from app.actors import Actor, Role
from app.clock import now
from app.portal import operator
from app.web.i18n import _
from app.web.session import actor, session
from events.calendar.rules import PRISON_KINDS
from events.duty.rules import is_centre
from events.gate import queries as gate
from events.minutes import queries as minutes
from events.visits import queries as visits

SideRow = tuple[str, str, str, int, bool]
SideList = list[tuple[str, list[SideRow]]]


@dataclass(frozen=True, slots=True)
class Tally:
    """The numbers of the side list: visits that wait for us and for anybody, entry lists, notes and their tasks."""

    visits: int = 0
    visits_open: int = 0
    entries: int = 0
    notes: int = 0


def of_working_page() -> SideList:
    """Give the side list to a template of any room: `{% set side = my_side() %}`; nothing to those not signed in."""
    who = actor()
    return side_list(who, tally(who, now())) if who.signed_in else []


def tally(who: Actor, at: datetime) -> Tally:
    """Count what the side list counts: three statements, for a prison unit four; none for those without institution."""
    if not who.works_for_institution:
        return Tally()
    ours, awaited = visits.counts(session(), who)
    lists = gate.to_fill(session(), who, at, 1)[:1]
    if who.institution_kind in PRISON_KINDS:
        lists += gate.to_decide(session(), who, at, 1)
    notes = sum(one.total for one in minutes.waiting(session(), who, at, 1))
    if not who.coordinates:
        return Tally(0, awaited - ours, 0, notes)
    return Tally(ours, awaited, sum(one.total for one in lists), notes)


def side_list(who: Actor, counted: Tally) -> SideList:
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
    together: list[SideRow] = [
        (url_for("agreements.index"), "doc", _("Agreements"), 0, False),
        (url_for("programmes.index"), "hands", _("Projects"), 0, False),
        (
            url_for("institutions.show", slug=who.institution_slug),
            "gate" if who.institution_kind in PRISON_KINDS else "house",
            _("Our card"),
            0,
            False,
        ),
        *_people_of(who),
    ]
    return [("", [desk, account]), (_("Meetings"), _meetings(who, counted)), (_("Working together"), together)]


def _meetings(who: Actor, counted: Tally) -> list[SideRow]:
    hot = counted.visits > 0
    number = counted.visits or counted.visits_open
    found: list[SideRow] = [(url_for("visits.index"), "swap", _("Visits"), number, hot)]
    if who.institution_kind in PRISON_KINDS or is_centre(who.institution_kind):
        found.append((url_for("duty.index"), "clock", _("Duty hours"), 0, False))
    found += [
        (url_for("calendar.listing", instytucja=who.institution_slug), "cal", _("Our events"), 0, False),
        (url_for("minutes.listing"), "check", _("Attendance and notes"), counted.notes, counted.notes > 0),
        (url_for("papers.mine"), "doc", _("Certificates"), 0, False),
    ]
    if who.coordinates and who.institution_kind in PRISON_KINDS:
        hot = counted.entries > 0
        found.append((url_for("gate.today"), "gate", _("People who enter"), counted.entries, hot))
    return found


def _people_of(who: Actor) -> list[SideRow]:
    if who.role is not Role.ADMIN:
        return []
    return [(url_for("people.index", slug=who.institution_slug), "users", _("Our people"), 0, False)]
