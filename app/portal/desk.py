"""The desk: what waits for me and for others, my week, drafts and our sign-ups, read afresh from the rooms."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Actor, Role
from app.clock import now
from app.portal import dates, greeting, ours, oversight, side, tasks, theirs
from app.portal.side import Tally
from app.portal.tasks import Board, Kind, Task
from app.web.guards import acting_for, signed_in
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, translated
from app.web.session import actor, session, tell
from events.calendar import queries as calendar
from events.calendar.rules import PRISON_KINDS
from events.duty import queries as duty
from events.feeds import queries as feeds
from events.signups import queries as signups
from events.signups.queries import OwnSignUp
from events.visits import queries as visits
from partners.admission import queries as admission
from partners.agreements.rules import STATE_TAG, STATE_WORD
from projects.programmes import partnership
from projects.programmes import queries as programmes

bp = Blueprint("desk", __name__)
bp.add_app_template_global(side.of_working_page, "my_side")
UNREAD_SHOWN = 5
WEEK_SHOWN = 15
INSIDE_DAYS = 31
INSIDE_SHOWN = 8
OWN_SHOWN = 5
OWN_READ = 30
OWN_LISTED = 300
OTHERS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Act:
    """A big act of a role's first desk."""

    url: str
    icon: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A task with its tag, (class, icon, words), as a page draws it."""

    task: Task
    tag: tuple[str, str, str]


@bp.get("/biurko")
@signed_in
def show() -> BaseResponse:
    """Show the desk of the actor: a constant number of statements, nothing stored twice."""
    who, instant = actor(), now()
    today = warsaw.today(instant)
    if not who.works_for_institution:
        return _without_institution(who, today)
    mine = tasks.gather(ours.GATHERERS, who, instant)
    others = tasks.gather(theirs.GATHERERS, who, instant, size=OTHERS_SHOWN)
    counted = Tally(
        mine.counts.get(Kind.VISITS, 0),
        mine.counts.get(Kind.VISITS, 0) + others.counts.get(Kind.VISITS, 0),
        mine.counts.get(Kind.GATE, 0),
        mine.counts.get(Kind.NOTES, 0),
    )
    own, more = _nearest(signups.own(session(), who, instant, OWN_READ))
    week = dates.coming(session(), who, instant, days=7, limit=WEEK_SHOWN)
    inside = (
        []
        if who.institution_kind in PRISON_KINDS
        else calendar.in_units(session(), who, instant, days=INSIDE_DAYS, limit=INSIDE_SHOWN)
    )
    return respond(
        "app/portal/desk.html",
        heading=greeting.heading(who.name),
        side=side.side_list(who, counted),
        today=today,
        acts=acts(who),
        first_acts=first_acts(who),
        begin=_begin(who),
        mine=mine,
        mine_lines=_lines(mine, today),
        others=others,
        other_lines=_lines(others, today),
        unread=visits.unread(session(), who, instant, UNREAD_SHOWN),
        week=week,
        expected=duty.expected(session(), who, [card.occurrence_id for card in (*week, *inside)]),
        inside=inside,
        invited=mine.counts.get(Kind.VISITS, 0),
        topics=visits.topics_on(session(), who, [card.occurrence_id for card in inside]),
        feeds=feeds.own(session(), who.user_id or 0),
        drafts=calendar.drafts(session(), who, instant),
        programme_drafts=programmes.drafts(session(), who),
        own=own,
        own_more=more,
    )


def _nearest(own: list[OwnSignUp]) -> tuple[list[OwnSignUp], bool]:
    """Give the sign-ups for the next few dates, and whether there are more."""
    near = list(dict.fromkeys(one.occurrence_id for one in own))[:OWN_SHOWN]
    shown = [one for one in own if one.occurrence_id in near]
    return shown, len(shown) < len(own)


def _without_institution(who: Actor, today: date) -> BaseResponse:
    """Show the desk of those who look after the portal, inspect, wait for admission or belong nowhere."""
    return respond(
        "app/portal/desk_others.html",
        heading=greeting.heading(who.name),
        side=side.side_list(who, Tally()),
        today=today,
        acts=acts(who),
        drafts=calendar.drafts(session(), who, now()),
        programme_drafts=programmes.drafts(session(), who),
        application=None if who.admitted else admission.own(session(), who),
        applications=admission.waiting(session()) if who.role is Role.OPERATOR else 0,
        leaderless=len(partnership.leaderless(session(), who)),
        seen=oversight.oversight(session(), who) if who.role is Role.INSPECTOR else None,
        state_tags=STATE_TAG,
        state_words=STATE_WORD,
    )


@bp.get("/biurko/zapisy")
@acting_for(Role.MEMBER)
def own_signups() -> BaseResponse:
    """Show the sign-ups of our people for all coming dates; to a member his own."""
    return respond(
        "app/portal/own.html",
        side=side.of_working_page(),
        side_current=url_for("desk.show"),
        own=signups.own(session(), actor(), now(), OWN_LISTED),
    )


@bp.post("/biurko/terminy")
@acting_for(Role.MEMBER)
def send_dates() -> BaseResponse:
    """Mail the actor his dates of the next 30 days."""
    try:
        number = dates.send(session(), actor(), now())
    except (dates.SentOften, dates.NoDates) as refusal:
        tell(translated(refusal), "info")
    else:
        words = _n("We have sent you %(num)d date by mail.", "We have sent you %(num)d dates by mail.", number)
        tell(words)
    return see_other("desk.show")


@bp.get("/biurko/gminy")
@acting_for(Role.INSPECTOR)
def gminas() -> BaseResponse:
    """Show the gminas of the inspector's voivodeship, with the agreements of their centres."""
    places = oversight.gminas(session(), actor())
    chosen = request.args.get("ktore", "")
    shown = [one for one in places if chosen not in ("z", "bez") or bool(one.numbers) == (chosen == "z")]
    return respond(
        "app/portal/gminas.html",
        side=side.of_working_page(),
        side_current=url_for("desk.show"),
        places=shown,
        chosen=chosen,
        total=len(places),
        covered=sum(1 for one in places if one.numbers),
        today=warsaw.today(now()),
    )


@bp.get("/biurko/sprawy")
@acting_for(Role.MEMBER)
def all_tasks() -> BaseResponse:
    """Show all that waits for us, or for others, a page at a time and by kind if asked."""
    who, instant = actor(), now()
    today = warsaw.today(instant)
    theirs_asked = request.args.get("czyje") == "inne"
    gatherers = theirs.GATHERERS if theirs_asked else ours.GATHERERS
    asked = request.args.get("rodzaj", "")
    only = next((kind for kind in gatherers if kind.value == asked), None)
    board = tasks.gather(gatherers, who, instant, only=only, page=_page(), size=tasks.PAGE)
    return respond(
        "app/portal/tasks.html",
        side=side.of_working_page(),
        side_current=url_for("desk.show"),
        board=board,
        lines=_lines(board, today),
        theirs=theirs_asked,
        only=only,
        kinds=[(kind, _(tasks.KIND_LABEL[kind]), board.counts.get(kind, 0)) for kind in gatherers],
    )


def _page() -> int:
    asked = request.args.get("strona", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= len(str(tasks.PAGES)) else 1
    return min(max(number, 1), tasks.PAGES)


def _begin(who: Actor) -> Act:
    """Give what somebody for whom nothing waits could do first."""
    if who.coordinates and who.institution_kind in PRISON_KINDS:
        return first_acts(who)[0]
    if who.coordinates:
        text = _("You could publish a meeting or a training: others see it at once and sign up.")
        return Act(url_for("calendar.new"), "plus", _("New event"), text)
    text = _("You could look what is coming and sign up for a training or a meeting.")
    return Act(url_for("calendar.listing"), "cal", _("Choose an event"), text)


def _lines(board: Board, today: date) -> list[Line]:
    return [Line(task, tasks.tag(task, today)) for task in board.tasks]


def acts(who: Actor) -> list[Act]:
    """Give what the actor can begin from here."""
    if not who.prepares:
        return []
    found = [
        Act(url_for("calendar.new"), "plus", _("New event"), _("A meeting or a training: seven fields, two minutes.")),
        Act(url_for("programmes.new"), "hands", _("New project"), _("A programme that others can join.")),
    ]
    if who.coordinates and who.institution_kind not in PRISON_KINDS:
        text = _("Choose a prison unit and give up to three dates.")
        found.insert(1, Act(url_for("visits.choose"), "swap", _("Ask for a visit"), text))
    return found


def first_acts(who: Actor) -> list[Act]:
    """Give the three big acts of a prison unit's desk."""
    if not (who.coordinates and who.institution_kind in PRISON_KINDS):
        return []
    return [
        Act(
            url_for("visits.choose"),
            "swap",
            _("Invite a centre to a meeting"),
            _("Choose a centre and give up to three dates. It answers in two minutes."),
        ),
        Act(
            url_for("gate.today"),
            "gate",
            _("List of people who enter today"),
            _("Who comes, with what, and who must not enter: one sheet to print."),
        ),
        Act(
            url_for("competence.index"),
            "print",
            _("Where to get help: print the sheet"),
            _("Centres of the place to which somebody goes: addresses, telephones, hours."),
        ),
    ]
