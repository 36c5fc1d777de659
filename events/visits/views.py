"""Routes of visit requests: the list, a new request, the case with its answers, its messages and its end."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request, url_for
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.errors import Conflict, Forbidden, Refusal
from app.tables import Cell
from app.web import downloads
from app.web.errors import get_or_404
from app.web.guards import acting_for, signed_in
from app.web.htmx import respond, see_other
from app.web.i18n import _, language, translated
from app.web.session import SAFE, actor, apart, close_early, session, tell
from events.calendar import queries as calendar
from events.calendar.rules import KIND_LABEL
from events.visits import actions, cases, checks, links, offers, queries, reading, requests, rules, silence
from events.visits.cases import Case
from events.visits.forms import (
    GROUP_WORD,
    STATE_WORD,
    AcceptForm,
    Asked,
    MoveForm,
    OfferForm,
    ReasonForm,
    SayForm,
    option_of,
)
from events.visits.models import OPTIONS_MAX, Act, Path
from events.visits.queries import Group, Line, Wanted
from events.visits.rules import Option
from events.visits.silence import Usual
from partners.institutions import queries as institutions
from partners.institutions.queries import RoomRow

bp = Blueprint("visits", __name__)

PAGE_MAX = 10_000
_FIELD_OF: dict[type[Refusal], str] = {
    rules.UnknownReason: "reason",
    rules.NoteNeeded: "message",
    rules.TooLong: "message",
    rules.SameDates: "day_0",
}


# --- the list


@bp.get("/wizyty")
@acting_for(Role.MEMBER)
def index() -> Response:
    asked, wanted = _wanted()
    number = _page_number()
    listing = queries.listing(session(), actor(), wanted, now(), number)
    address: dict[str, Any] = asked.address()
    ungrouped: dict[str, Any] = asked.address(grouped=False)
    further: dict[str, Any] = {"strona": number + 1}
    back: dict[str, Any] = {"strona": number - 1} if number > 2 else {}
    return respond(
        "events/visits/index.html",
        "events/visits/_cases.html",
        listing=listing,
        asked=asked,
        group_words=GROUP_WORD,
        group_urls={group: url_for(".index", **ungrouped, grupa=word) for group, word in GROUP_WORD.items()},
        all_url=url_for(".index", **ungrouped),
        state_words={word: _(rules.STATE_LABEL[state]) for state, word in STATE_WORD.items()},
        chosen_state=STATE_WORD[asked.state] if asked.state else "",
        nobody=wanted.partner_ids == (),
        previous_url=url_for(".index", **address, **back) if number > 1 else "",
        next_url=url_for(".index", **address, **further) if listing.more else "",
        csv_url=url_for(".as_csv", **address),
        xlsx_url=url_for(".as_xlsx", **address),
        today=warsaw.today(now()),
        may_ask=rules.may_ask(actor()),
    )


@bp.get("/wizyty.csv")
@acting_for(Role.MEMBER)
def as_csv() -> Response:
    return _export("wizyty.csv")


@bp.get("/wizyty.xlsx")
@acting_for(Role.MEMBER)
def as_xlsx() -> Response:
    return _export("wizyty.xlsx")


# --- a new request

bp.get("/wizyty/nowa")(requests.choose)
bp.route("/wizyty/nowa/<slug:slug>", methods=["GET", "POST"])(requests.ask)
bp.route("/wizyty/nowa/<slug:slug>/pomoc", methods=["GET", "POST"])(requests.assist)


# --- one case


@bp.get("/wizyty/<case:number>")
@signed_in
def show(number: str) -> Response:
    case = _case(number)
    page = _case_page(case)
    if request.method == "GET" and case.news:
        close_early()
        _note_reading(case)
    return page


@bp.post("/wizyty/<case:number>/przyjmij")
@acting_for(Role.COORDINATOR)
def accept(number: str) -> Response | BaseResponse:
    case, form = _case(number), AcceptForm()
    option_id, message = form.option_id(), form.message.data or ""
    valid = form.validate()
    if option_id is None and Act.ACCEPT in case.may:
        form.refuse(form.option, translated(rules.NoSuchOption()))
        valid = False
    if not valid:
        return _case_page(case, accept_form=form, status=422)
    try:
        actions.accept(session(), actor(), case.visit, option_id or 0, now(), turn=form.turn_id(), message=message)
    except Forbidden:
        raise
    except Refusal as refusal:
        return _refused(case, form, refusal)
    if case.visit.path is Path.ASSISTANCE:
        tell(_("The date is agreed. The unit has been asked to confirm it."), "ok")
    else:
        tell(_("The date is agreed. It stands in the calendars of both institutions, and both get a mail."), "ok")
    return see_other(".show", number=number)


@bp.route("/wizyty/<case:number>/inny-termin", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def counter(number: str) -> Response | BaseResponse:
    case = _case(number)
    form = OfferForm(data={"turn": str(case.visit.open_step_id or ""), **_present_room(case)})
    form.offer_rooms(_rooms(case))

    def send() -> None:
        turn, message = form.turn_id(), form.message.data or ""
        actions.counter(session(), actor(), case.visit, form.options(), now(), turn=turn, message=message)
        tell(_("Sent. Now the other side answers; until then the rooms are held."), "ok")

    return _offered(case, Act.COUNTER, form, send)


@bp.route("/wizyty/<case:number>/przeloz", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def move(number: str) -> Response | BaseResponse:
    case = _case(number)
    form = MoveForm(data=_present_room(case))
    form.offer(rules.by_of(case.own_id, case.visit), _rooms(case))

    def send() -> None:
        reason, message = form.reason.data or "", form.message.data or ""
        actions.move(session(), actor(), case.visit, form.options(), reason, now(), message=message)
        tell(_("Sent. The agreed date stands until the other side accepts another one."), "ok")

    return _offered(case, Act.MOVE, form, send)


@bp.route("/wizyty/<case:number>/odmowa", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def refuse(number: str) -> Response | BaseResponse:
    case, form = _case(number), ReasonForm()

    def send(reason: str, message: str) -> None:
        actions.refuse(session(), actor(), case.visit, reason, now(), turn=form.turn_id(), message=message)
        tell(_("Sent. The other side reads the reason, and the rooms on offer are free again."), "ok")

    return _ended(case, Act.REFUSE, form, send)


@bp.route("/wizyty/<case:number>/wycofaj", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def withdraw(number: str) -> Response | BaseResponse:
    case, form = _case(number), ReasonForm()

    def send(reason: str, message: str) -> None:
        turn = form.turn_id()
        actions.withdraw(session(), actor(), case.visit, now(), turn=turn, reason=reason, message=message)
        tell(_("Taken back. The other side has been told, and the rooms on offer are free again."), "ok")

    return _ended(case, Act.WITHDRAW, form, send)


@bp.route("/wizyty/<case:number>/odwolaj", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def cancel(number: str) -> Response | BaseResponse:
    case, form = _case(number), ReasonForm()

    def send(reason: str, message: str) -> None:
        actions.cancel(session(), actor(), case.visit, reason, now(), message=message)
        tell(_("The meeting is called off. Everybody concerned gets a mail with the reason."), "ok")

    return _ended(case, Act.CANCEL, form, send)


@bp.post("/wizyty/<case:number>/wiadomosc")
@acting_for(Role.COORDINATOR)
def say(number: str) -> Response | BaseResponse:
    case, form = _case(number), SayForm()
    if not form.validate():
        return _case_page(case, say_form=form, status=422)
    try:
        actions.say(session(), actor(), case.visit, form.message.data or "", now())
    except (rules.MessageMissing, rules.TooLong) as refusal:
        close_early()
        form.refuse(form.message, translated(refusal))
        return _case_page(_case(number), say_form=form, status=422)
    except Conflict as refusal:
        return _refused(case, form, refusal)
    tell(_("The message is sent."), "ok")
    return see_other(".show", number=number, _anchor="rozmowa")


# --- pieces of these pages


def _wanted() -> tuple[Asked, Wanted]:
    asked = Asked.read(request.args)
    ids = tuple(one.id for one in calendar.look_up(session(), asked.institution)) if asked.institution else None
    return asked, Wanted(asked.group, asked.state, ids, asked.text)


def _page_number() -> int:
    text = request.args.get("strona", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX))
    return max(int(text), 1) if is_number else 1


def _export(name: str) -> Response:
    header = [
        _("Number"), _("Purpose of the visit"), _("With whom"), _("Where"), _("State"), _("Answer until"), _("Day"),
        _("Hours"), _("Sent on"), _("Last change"), _("Address"),
    ]  # fmt: skip
    lines = queries.exported(session(), actor(), _wanted()[1], now())
    return downloads.table(name, _("Visits"), header, map(_cells, lines))


def _cells(line: Line) -> list[Cell]:
    hours = ""
    if line.starts_at is not None and line.ends_at is not None:
        hours = warsaw.span_words(line.starts_at, line.ends_at, all_day=False, language=language())
    return [
        line.number,
        line.subject,
        line.other,
        line.unit,
        _(line.state_label),
        line.answer_by if line.group in (Group.OURS, Group.THEIRS) else None,
        warsaw.today(line.starts_at) if line.starts_at else None,
        hours,
        warsaw.today(line.made_at),
        warsaw.today(line.changed_at),
        url_for(".show", number=line.number, _external=True),
    ]


def _offered(case: Case, act: Act, form: OfferForm, send: Callable[[], None]) -> Response | BaseResponse:
    """Show the form of other dates, the page on which they are checked if there is something to say, or send them."""
    if request.method in SAFE:
        return _offer_page(case, act, form) if act in case.may else _too_late(case, act)
    valid = form.check()
    if act in case.may:
        if not valid or "popraw" in request.form:
            return _offer_page(case, act, form, status=200 if valid else 422)
        if offers.swapped(form, request.form) or ("wyslij" not in request.form and _doubtful(case, form)):
            return _offer_check(case, act, form)
    try:
        send()
    except Forbidden:
        raise
    except (rules.UnknownReason, rules.NoteNeeded, rules.TooLong, rules.SameDates) as refusal:
        close_early()
        form.refuse(form[_FIELD_OF[type(refusal)]], translated(refusal))
        return _offer_page(_case(case.visit.number), act, form, status=422)
    except Refusal as refusal:
        close_early()
        fresh = _case(case.visit.number)
        if act in fresh.may and not isinstance(refusal, rules.Meanwhile):
            return _offer_check(fresh, act, form, refusal)
        return _refused(case, form, refusal)
    return see_other(".show", number=case.visit.number)


def _doubtful(case: Case, form: OfferForm) -> bool:
    visit = case.visit
    sides = (visit.asking_id, visit.asked_id)
    found = checks.check(session(), actor(), visit.unit_id, sides, form.options(), now(), visit_id=visit.id)
    return any(one.refusals or one.warnings for one in found)


def _offer_page(case: Case, act: Act, form: OfferForm, status: int = 200) -> Response:
    return respond("events/visits/offer.html", status=status, case=case, form=form, **_offer_words(case, act))


def _offer_check(case: Case, act: Act, form: OfferForm, refusal: Refusal | None = None) -> Response:
    visit = case.visit
    return respond(
        "events/visits/check.html",
        status=refusal.status if refusal else 200,
        case=case,
        form=form,
        findings=offers.findings(form.options(), visit.unit_id, (visit.asking_id, visit.asked_id), visit.id),
        refusal=translated(refusal) if refusal else "",
        room_names={one.id: one.name for one in _rooms(case)},
        **_offer_words(case, act),
    )


def _offer_words(case: Case, act: Act) -> dict[str, Any]:
    moving = act is Act.MOVE
    here = url_for(".move" if moving else ".counter", number=case.visit.number)
    return {"heading": _("Ask for another date") if moving else _("Offer other dates"), "here": here, "moving": moving}


def _ended(case: Case, act: Act, form: ReasonForm, send: Callable[[str, str], None]) -> Response | BaseResponse:
    """Show the form of a reason, or send it."""
    form.offer(act, rules.by_of(case.own_id, case.visit))
    if request.method in SAFE:
        if act not in case.may:
            return _too_late(case, act)
        if form.turn.data is None:
            form.turn.data = str(case.visit.open_step_id or "")
        return _reason_page(case, act, form)
    valid = form.validate()
    if not valid and act in case.may:
        return _reason_page(case, act, form, status=422)
    try:
        send(form.reason.data or "", form.message.data or "")
    except Forbidden:
        raise
    except (rules.UnknownReason, rules.NoteNeeded, rules.TooLong) as refusal:
        close_early()
        form.refuse(form[_FIELD_OF[type(refusal)]], translated(refusal))
        return _reason_page(_case(case.visit.number), act, form, status=422)
    except Refusal as refusal:
        return _refused(case, form, refusal)
    return see_other(".show", number=case.visit.number)


def _reason_page(case: Case, act: Act, form: ReasonForm, status: int = 200) -> Response:
    return respond("events/visits/reason.html", status=status, case=case, form=form, act=act)


def _too_late(case: Case, act: Act) -> BaseResponse:
    """Lead back to the case from a form that cannot be sent any more, and say why."""
    try:
        rules.check_act(actor(), case.visit, case.event, act, now())
    except Conflict as refusal:
        tell(translated(refusal), "info")
    return see_other(".show", number=case.visit.number)


def _refused(case: Case, form: OfferForm | ReasonForm | AcceptForm | SayForm, refusal: Refusal) -> Response:
    """Show how the case stands now, why the act was refused, and what was typed."""
    close_early()
    options = form.options() if isinstance(form, OfferForm) else ()
    typed = SayForm(formdata=None, data={"message": form.message.data or ""})
    return _case_page(
        _case(case.visit.number), say_form=typed, refusal=translated(refusal), typed=options, status=refusal.status
    )


def _case(number: str) -> Case:
    return get_or_404(cases.case(session(), actor(), number, now()))


def _case_page(
    case: Case,
    status: int = 200,
    accept_form: AcceptForm | None = None,
    say_form: SayForm | None = None,
    refusal: str = "",
    typed: tuple[Option, ...] = (),
) -> Response:
    visit = case.visit
    sides = (visit.asking_id, visit.asked_id)
    options = [option_of(one) for one in case.offers] if case.mine else []
    verdicts = checks.check(session(), actor(), visit.unit_id, sides, options, now(), visit_id=visit.id)
    return respond(
        "events/visits/show.html",
        status=status,
        case=case,
        verdicts=dict(zip((one.id for one in case.offers), verdicts, strict=False)),
        accept_form=accept_form or AcceptForm(formdata=None, data={"turn": str(visit.open_step_id or "")}),
        say_form=say_form or SayForm(),
        refusal=refusal,
        typed=typed,
        usual=_usual(case) if case.open else None,
        kind_label=KIND_LABEL[visit.kind],
        needs_address=case.asks and links.needs_address(session(), visit, now()),
        reasons={code: _(one.label) for code, one in rules.REASONS.items()},
        state_sentence=_(rules.STATE_SENTENCE[visit.state]),
        today=warsaw.today(now()),
    )


def _usual(case: Case) -> Usual | None:
    """Give how long the side that has its turn usually takes."""
    asker, answerer = (case.other.id, case.own_id) if case.mine else (case.own_id, case.other.id)
    return silence.usual(session(), actor(), asker, answerer)


def _present_room(case: Case) -> dict[str, str]:
    """Give each date of a new offer the room that is agreed, or on offer: another time need not be another place."""
    stands = case.event if case.event is not None else case.offers[0] if case.offers else None
    if stands is None:
        return {}
    room_id, room = str(stands.room_id or ""), "" if stands.room_id else stands.room
    return {f"room_id_{n}": room_id for n in range(OPTIONS_MAX)} | {f"room_{n}": room for n in range(OPTIONS_MAX)}


def _rooms(case: Case) -> list[RoomRow]:
    return institutions.rooms(session(), case.unit.id)


def _note_reading(case: Case) -> None:
    try:
        with apart() as own:
            reading.note(own, case.visit.id or 0, case.own_id, case.last, now())
    except DBAPIError:
        # A full disk or a busy writer: the page is there, and the next look notes it.
        logging.getLogger("kladka").warning("reading of a visit request not noted")
