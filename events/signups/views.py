"""Routes of sign-ups: sign up, withdraw, answer, decide, hand over; all of them end on the page of the event."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar
from uuid import UUID, uuid4

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.actors import Role
from app.clock import now
from app.errors import Conflict, Forbidden, Refusal
from app.text import N_, slug
from app.web import downloads
from app.web.errors import get_or_404
from app.web.forms import Form
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, translated
from app.web.session import actor, apart, close_early, session, tell
from events.calendar import queries as calendar
from events.calendar.forms import read_day
from events.calendar.models import SignUpScope
from events.calendar.queries import EventPage
from events.signups import actions, names, offers, order, queries, requests, rules, series
from events.signups.forms import OrderForm, PersonForm, RefusalForm, SignUpForm, SwapForm
from events.signups.models import SignUp, SignUpState
from events.signups.queries import Row, SignUpPanel

bp = Blueprint("signups", __name__)
_DIGITS = 10
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Place:
    """One sign-up with the page of its date, as the viewer may see it."""

    page: EventPage
    panel: SignUpPanel
    row: Row


@bp.post("/wydarzenia/<uuid:event_uuid>/zapisy")
@acting_for(Role.MEMBER)
def create(event_uuid: UUID) -> Response | BaseResponse:
    page = get_or_404(calendar.seen(session(), actor(), event_uuid, now(), _day()))
    if page.event.edition_id is not None:  # the form of an edition stands on its own page
        tell(translated(rules.WholeSeries()), "info")
        return see_other("joining.of_event", event_uuid=event_uuid)
    form = SignUpForm()
    # Whom somebody has typed is not looked up among the colleagues, only whom he has ticked.
    occurrence_id = page.occurrence.id or 0
    colleagues = queries.to_sign_up(session(), occurrence_id, actor()) if form.who.data else ()
    form.offer(colleagues)
    if not form.validate():
        if made := _made_before(form):
            tell(_told(made), "ok")
            return _back(page)
        return _refused(event_uuid, form)
    wanted, key = form.wanted(colleagues), form.key.data or ""
    try:
        if page.event.signup_scope is SignUpScope.SERIES and page.event.rule:
            booked = series.sign_up(session(), actor(), page.event, wanted, key, now())
            tell(_told_series([rows for _occurrence, rows in booked]), "ok")
            return _back(page)
        rows = actions.sign_up(session(), actor(), page.event, occurrence_id, wanted, key, now())
    except Forbidden:
        raise
    except Refusal as refusal:
        close_early()  # the refused act may have left the unit of work unusable
        form.refuse(form.who, translated(refusal))
        return _refused(event_uuid, form)
    tell(_told(rows), "ok" if any(row.state is SignUpState.SEAT for row in rows) else "wait")
    return _back(page)


@bp.post("/wydarzenia/<uuid:event_uuid>/zapisy/<id:signup_id>/wycofaj")
@acting_for(Role.MEMBER)
def withdraw(event_uuid: UUID, signup_id: int) -> BaseResponse:
    page = _page_of(event_uuid, signup_id)
    if request.form.get("zakres") == "seria":
        left = _tried(lambda: series.withdraw(session(), actor(), page.event, signup_id, now()))
        if left is not None:
            words = _n(
                "The sign-up is withdrawn from %(num)d date.", "The sign-up is withdrawn from %(num)d dates.", len(left)
            )
            tell(words, "ok")
        return _back(page)
    if _tried(lambda: actions.withdraw(session(), actor(), page.event, signup_id, now())) is not None:
        tell(_("The sign-up is withdrawn."), "ok")
    return _back(page)


@bp.post("/wydarzenia/<uuid:event_uuid>/zapisy/<id:signup_id>/biore")
@acting_for(Role.MEMBER)
def take(event_uuid: UUID, signup_id: int) -> BaseResponse:
    page = _page_of(event_uuid, signup_id)
    rows = _tried(lambda: offers.take(session(), actor(), page.event, signup_id, now()))
    if rows is not None:
        tell(_n("%(num)d place is yours.", "%(num)d places are yours.", len(rows)), "ok")
    return _back(page)


@bp.post("/wydarzenia/<uuid:event_uuid>/zapisy/<id:signup_id>/rezygnuje")
@acting_for(Role.MEMBER)
def decline(event_uuid: UUID, signup_id: int) -> BaseResponse:
    page = _page_of(event_uuid, signup_id)
    if _tried(lambda: offers.decline(session(), actor(), page.event, signup_id, now())) is not None:
        tell(_("The place goes to the next person in the queue."), "ok")
    return _back(page)


@bp.post("/wydarzenia/<uuid:event_uuid>/zapisy/decyzje")
@acting_for(Role.COORDINATOR)
def decide(event_uuid: UUID) -> BaseResponse:
    """Accept one request by its own button, or those ticked; a refusal leads on to its reason."""
    page = get_or_404(calendar.page(session(), actor(), event_uuid, now(), _day()))
    chosen = _ids([one] if (one := request.form.get("przyjmij", "")) else request.form.getlist("kogo"))
    if "odmow" in request.form and chosen:
        return see_other(".refuse", event_uuid=event_uuid, kogo=chosen, **_date_of(page))
    rows = _tried(lambda: requests.accept(session(), actor(), page.event, chosen, now()))
    if rows is not None:
        tell(_decided(rows), "ok")
    return _back(page)


@bp.route("/wydarzenia/<uuid:event_uuid>/zapisy/odmowa", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def refuse(event_uuid: UUID) -> Response | BaseResponse:
    page = get_or_404(calendar.page(session(), actor(), event_uuid, now(), _day()))
    panel = _deciding(page)
    chosen = _ids(request.values.getlist("kogo"))
    rows = [row for row in panel.requests if row.id in chosen]
    form = RefusalForm()
    form.offer()
    if request.method == "POST" and form.validate():
        code, note = form.reason.data or "", " ".join((form.note.data or "").split())
        try:
            refused = requests.refuse(session(), actor(), page.event, chosen, code, note, now())
        except (rules.UnknownReason, rules.NoteNeeded) as refusal:
            form.refuse(form.note if isinstance(refusal, rules.NoteNeeded) else form.reason, translated(refusal))
        except (Conflict, rules.NothingChosen) as refusal:
            tell(translated(refusal), "info")
            return _back(page)
        else:
            tell(_n("%(num)d request refused.", "%(num)d requests refused.", len(refused)), "ok")
            return _back(page)
    if not rows:
        tell(translated(rules.DecidedAlready() if chosen else rules.NothingChosen()), "info")
        return _back(page)
    return _form("events/signups/refuse.html", form, page=page, rows=rows, back=_url(page))


@bp.route("/wydarzenia/<uuid:event_uuid>/zapisy/<id:signup_id>/osoba", methods=["GET", "POST"])
@acting_for(Role.MEMBER)
def person(event_uuid: UUID, signup_id: int) -> Response | BaseResponse:
    """Name a place, or hand it over to a colleague."""
    place = _place(event_uuid, signup_id)
    page, panel, row = place.page, place.panel, place.row
    _check_named(page)
    if not row.may_name:
        if row.may_act or rules.may_name(actor(), institution_id=row.institution_id):
            tell(translated(rules.WithdrawalClosed()), "info")
            return _back(page)
        raise rules.NotYourSignUp
    may_type = rules.may_name(actor(), institution_id=row.institution_id)
    colleagues = queries.to_hand_over(session(), panel.occurrence_id, actor())
    form = PersonForm()
    form.offer(colleagues, may_type=may_type)
    if request.method == "POST" and form.validate():
        try:
            named = names.name(session(), actor(), page.event, signup_id, form.person(colleagues), now())
        except Forbidden:
            raise
        except Refusal as refusal:
            close_early()
            form.refuse(form.who if form.who.choices else form.name, translated(refusal))
        else:
            tell(_("%(person)s comes. We have written to this person.", person=named.person), "ok")
            return _back(page)
    return _form("events/signups/person.html", form, page=page, row=row, panel=panel, back=_url(page))


@bp.route("/wydarzenia/<uuid:event_uuid>/zapisy/<id:signup_id>/zamiana", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def swap(event_uuid: UUID, signup_id: int) -> Response | BaseResponse:
    """Swap a person who has a place with one who waits, both of one's own institution."""
    place = _place(event_uuid, signup_id)
    page, row = place.page, place.row
    _check_named(page)
    if not rules.may_name(actor(), institution_id=row.institution_id):
        raise rules.NotYourSignUp
    wanted = SignUpState.WAITING if row.state is SignUpState.SEAT else SignUpState.SEAT
    others = [one for one in place.panel.mine if one.state is wanted]
    if not others or row.state not in (SignUpState.SEAT, SignUpState.WAITING):
        tell(translated(rules.NoSwap()), "info")
        return _back(page)
    form = SwapForm()
    form.other.choices = [(str(one.id), one.person or _("place without a name yet")) for one in others]
    if request.method == "POST" and form.validate():
        done = _tried(lambda: names.swap(session(), actor(), page.event, signup_id, int(form.other.data or 0), now()))
        if done is not None:
            tell(_("The two have swapped places. We have written to both."), "ok")
        return _back(page)
    return _form("events/signups/swap.html", form, page=page, row=row, back=_url(page))


@bp.route("/wydarzenia/<uuid:event_uuid>/zapisy/<id:signup_id>/kolejnosc", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def reorder(event_uuid: UUID, signup_id: int) -> Response | BaseResponse:
    """Move somebody up in the queue, or give him a free seat out of turn, with a reason."""
    place = _place(event_uuid, signup_id)
    page, panel, row = place.page, place.panel, place.row
    if not panel.shows_roster:
        raise rules.NotYoursToDecide
    if not panel.may_decide or row.state is not SignUpState.WAITING:
        tell(translated(rules.NotWaiting() if panel.may_decide else rules.TooLate()), "info")
        return _back(page)
    form = OrderForm()
    if request.method == "POST" and form.validate():
        reason = " ".join((form.reason.data or "").split())
        if "miejsce" in request.form:
            passed = _tried(lambda: order.seat(session(), actor(), page.event, signup_id, reason, now()))
        else:
            number = form.place.data or 1
            passed = _tried(
                lambda: order.move_up(session(), actor(), page.event, signup_id, reason, now(), place=number)
            )
        if passed is not None:
            words = _n(
                "%(num)d person is overtaken and reads the reason.",
                "%(num)d persons are overtaken and read the reason.",
                len(passed),
            )
            tell(_("The order is changed.") + (f" {words}" if passed else ""), "ok")
        return _back(page)
    return _form("events/signups/reorder.html", form, page=page, row=row, panel=panel, back=_url(page))


@bp.get("/wydarzenia/<uuid:event_uuid>/zapisy/lista")
@acting_for(Role.COORDINATOR)
def participants(event_uuid: UUID) -> Response:
    """Show everybody of a date to those who decide, as a page to print; of participants there are numbers alone."""
    page = get_or_404(calendar.page(session(), actor(), event_uuid, now(), _day()))
    _check_named(page)
    return respond(
        "events/signups/participants.html", page=page, panel=_deciding(page), day=_date_of(page), back=_url(page)
    )


@bp.get("/wydarzenia/<uuid:event_uuid>/zapisy/lista.csv")
@acting_for(Role.COORDINATOR)
def participants_csv(event_uuid: UUID) -> Response:
    return _table(event_uuid, "csv")


@bp.get("/wydarzenia/<uuid:event_uuid>/zapisy/lista.xlsx")
@acting_for(Role.COORDINATOR)
def participants_xlsx(event_uuid: UUID) -> Response:
    return _table(event_uuid, "xlsx")


_STANDS = {
    SignUpState.SEAT: N_("has a place"),
    SignUpState.OFFERED: N_("a place is offered"),
    SignUpState.WAITING: N_("waits"),
    SignUpState.REQUESTED: N_("asks for a place"),
}


def _table(event_uuid: UUID, ending: str) -> Response:
    page = get_or_404(calendar.page(session(), actor(), event_uuid, now(), _day()))
    _check_named(page)
    panel = _deciding(page)
    header = [_("Person"), _("Function"), _("Institution"), _("Work e-mail"), _("Place"), _("Number in the queue")]
    lines = [
        [row.person, row.function, row.institution, row.email, _(_STANDS[row.state]), row.ahead or None]
        for row in (*panel.seated, *panel.line, *panel.requests)
    ]
    who = actor()
    with apart() as own:  # names and addresses leave the portal here, though a GET changes nothing else
        actions.note_export(own, who, panel.occurrence_id, len(lines), now())
    name = f"{_('participants')}-{slug(page.title)[:40]}-{page.occurrence.local_date}.{ending}"
    return downloads.table(name, _("Participants"), header, lines)


def _tried(act: Callable[[], Done]) -> Done | None:
    """Do *act*; tell in a sentence what has come between, and give None."""
    try:
        return act()
    except (Conflict, rules.NothingChosen, rules.NoSwap) as refusal:
        close_early()
        tell(translated(refusal), "info")
        return None


def _form(template: str, form: Form, **context: Any) -> Response:
    return respond(template, status=422 if form.errors else 200, form=form, **context)


def _page_of(event_uuid: UUID, signup_id: int) -> EventPage:
    """Give the page of the date on which a sign-up stands; whether one may act on it the action says."""
    page = get_or_404(calendar.page(session(), actor(), event_uuid, now()))
    if not page.event.rule:
        return page
    day = queries.day_of(session(), signup_id, page.event.id or 0)
    return get_or_404(calendar.page(session(), actor(), event_uuid, now(), day)) if day else page


def _place(event_uuid: UUID, signup_id: int) -> Place:
    page = _page_of(event_uuid, signup_id)
    panel = queries.panel(session(), page.event, page.occurrence, actor(), now())
    rows = [row for row in (*panel.mine, *panel.roster) if row.id == signup_id]
    if not rows:
        raise rules.NoSuchSignUp
    return Place(page, panel, rows[0])


def _check_named(page: EventPage) -> None:
    """Refuse a page about names where seats are participants of a closed group. Raises NumbersOnly."""
    if page.event.participants:
        raise rules.NumbersOnly


def _deciding(page: EventPage) -> SignUpPanel:
    panel = queries.panel(session(), page.event, page.occurrence, actor(), now())
    if not panel.shows_roster:
        abort(403)
    return panel


def _ids(typed: Sequence[str]) -> list[int]:
    return [int(one) for one in typed if one.isascii() and one.isdigit() and len(one) < _DIGITS]


def _decided(rows: Sequence[SignUp]) -> str:
    seats = sum(row.state is SignUpState.SEAT for row in rows)
    parts = []
    if seats:
        parts.append(_n("%(num)d request accepted: with a place.", "%(num)d requests accepted: with a place.", seats))
    if waiting := len(rows) - seats:
        parts.append(
            _n(
                "%(num)d request accepted: on the waiting list.",
                "%(num)d requests accepted: on the waiting list.",
                waiting,
            )
        )
    return " ".join(str(part) for part in parts)


def _made_before(form: SignUpForm) -> list[SignUp]:
    # A second click: those whom the first one signed up are no longer among the choices of the form.
    made = queries.of_booking(session(), form.key.data or "")
    return [row for row in made if row.institution_id == actor().institution_id]


def _day() -> date | None:
    return read_day(request.values.get("termin", ""))


def _refused(event_uuid: UUID, form: SignUpForm) -> Response:
    page = get_or_404(calendar.seen(session(), actor(), event_uuid, now(), _day()))
    panel = queries.panel(session(), page.event, page.occurrence, actor(), now())
    return respond(
        "events/calendar/show.html",
        "events/signups/_roster.html",
        status=422,
        page=page,
        panel=panel,
        form=form,
        key=form.key.data or str(uuid4()),
    )


def _told(rows: Sequence[SignUp]) -> str:
    states = [row.state for row in rows]
    seats, asked = states.count(SignUpState.SEAT), states.count(SignUpState.REQUESTED)
    waiting = len(rows) - seats - asked
    parts = []
    if seats:
        parts.append(_n("%(num)d place is yours.", "%(num)d places are yours.", seats))
    if waiting:
        parts.append(_n("%(num)d person is on the waiting list.", "%(num)d persons are on the waiting list.", waiting))
    if asked:
        parts.append(
            _n(
                "%(num)d request is sent. The organiser decides, and we write to you.",
                "%(num)d requests are sent. The organiser decides, and we write to you.",
                asked,
            )
        )
    return " ".join(str(part) for part in parts)


def _told_series(dates: Sequence[Sequence[SignUp]]) -> str:
    full = sum(any(row.state is SignUpState.WAITING for row in rows) for rows in dates)
    if any(row.state is SignUpState.REQUESTED for rows in dates for row in rows):
        return _n(
            "Asked for places on %(num)d date. The organiser decides, and we write to you.",
            "Asked for places on %(num)d dates. The organiser decides, and we write to you.",
            len(dates),
        )
    words = _n("Signed up for %(num)d date.", "Signed up for %(num)d dates.", len(dates))
    if not full:
        return words
    some = _n("On %(num)d of them somebody waits.", "On %(num)d of them somebody waits.", full)
    return f"{words} {some}"


def _date_of(page: EventPage) -> dict[str, str]:
    return {"termin": page.occurrence.local_date.isoformat()} if page.event.rule else {}


def _url(page: EventPage) -> str:
    if page.event.rule:
        return url_for(
            "calendar.show_day", event_uuid=page.event.uuid, day=page.occurrence.local_date, _anchor="zapisy"
        )
    return url_for("calendar.show", event_uuid=page.event.uuid, _anchor="zapisy")


def _back(page: EventPage) -> BaseResponse:
    if page.event.rule:
        day = page.occurrence.local_date
        return see_other("calendar.show_day", event_uuid=page.event.uuid, day=day, _anchor="zapisy")
    return see_other("calendar.show", event_uuid=page.event.uuid, _anchor="zapisy")
