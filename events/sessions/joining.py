"""Routes of joining an edition: sign up, give places back, and for its lead everybody who has joined, with requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Field

from app.actors import Role
from app.clock import now
from app.errors import Conflict, Forbidden, Refusal
from app.text import slug as slug_of
from app.web import downloads
from app.web.errors import get_or_404
from app.web.forms import Form
from app.web.guards import acting_for, open_to_all
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, translated
from app.web.session import actor, apart, close_early, session, tell
from events.calendar.models import Event, Occurrence
from events.sessions import joined
from events.sessions.joined import Everybody, Joining, Request
from events.sessions.joining_forms import FewerForm, ParticipantsForm
from events.signups import actions as signups
from events.signups import queries, requests, rules, series
from events.signups.forms import RefusalForm, SignUpForm
from events.signups.models import SignUp, SignUpState
from events.signups.series import Dates

bp = Blueprint("joining", __name__)
_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Led:
    """An edition for those who decide about its places, with everybody who has joined."""

    joining: Joining
    everybody: Everybody


@bp.get("/projekty/<slug:slug>/edycje/<id:number>/zapisy")
@open_to_all
def show(slug: str, number: int) -> Response | BaseResponse:
    """Show the sign-up of an edition as a page of its own."""
    return _page(_joining(slug, number), None)


@bp.post("/projekty/<slug:slug>/edycje/<id:number>/zapisy")
@acting_for(Role.MEMBER)
def create(slug: str, number: int) -> Response | BaseResponse:
    """Sign staff or a number of participants up for all coming dates of the edition."""
    joining = _joining(slug, number)
    if joining.participants and not joining.may_sign_up_others:
        raise rules.ByCoordinator
    form: ParticipantsForm | SignUpForm = ParticipantsForm() if joining.participants else SignUpForm()
    if isinstance(form, SignUpForm):
        form.offer(joining.colleagues)
    if not form.validate():
        # A second click: those whom the first one signed up are no longer among the choices of the form.
        if made := _made_before(form.key.data or ""):
            tell(_made(made, participants=joining.participants), "ok")
            return _back(joining)
        return _page(joining, form)
    field: Field = form.who if isinstance(form, SignUpForm) else form.number
    if isinstance(form, SignUpForm):
        wanted, waits = form.wanted(joining.colleagues), True
    else:
        wanted, waits = form.wanted(), bool(form.waits.data)
        if _names_somebody():
            form.refuse(field, translated(rules.NumbersOnly()))
            return _page(joining, form)
    try:
        event = session().get_one(Event, joining.event_id)
        booked = series.sign_up(session(), actor(), event, wanted, form.key.data or "", now(), waits=waits)
    except Forbidden:
        raise
    except Refusal as refusal:
        close_early()
        form.refuse(field, translated(refusal))
        return _page(_joining(slug, number), form)
    tell(_made(booked, participants=joining.participants), "ok" if _any(booked, SignUpState.SEAT) else "wait")
    return _back(joining)


@bp.post("/projekty/<slug:slug>/edycje/<id:number>/rezygnacja")
@acting_for(Role.MEMBER)
def give_back(slug: str, number: int) -> Response | BaseResponse:
    """Withdraw one person (*kto*), or keep a smaller number of places without a name; *wszystkie* keeps none."""
    joining = _joining(slug, number)
    who = request.form.get("kto", "")
    form = FewerForm()
    keep = 0 if "wszystkie" in request.form else None
    if keep is None and not who:
        if not form.validate():
            return _page(joining, None, fewer=form)
        keep = form.keep.data
    try:
        if who:
            signup_id = int(who) if who.isascii() and who.isdigit() and len(who) < _DIGITS else 0
            event = joined.place(session(), joining.edition_id, actor().institution_id or 0, signup_id)
            left = series.withdraw(session(), actor(), get_or_404(event), signup_id, now())
        else:
            event = session().get_one(Event, joining.event_id)
            left = series.give_back(session(), actor(), event, keep or 0, now())
    except Forbidden:
        raise
    except Refusal as refusal:
        close_early()
        if who or keep == 0:
            tell(translated(refusal), "info")
            return _back(joining)
        form.refuse(form.keep, translated(refusal))
        return _page(_joining(slug, number), None, fewer=form)
    tell(_given_back(left, participants=joining.participants), "ok")
    return _back(joining)


@bp.get("/projekty/<slug:slug>/edycje/<id:number>/osoby")
@acting_for(Role.COORDINATOR)
def people(slug: str, number: int) -> Response:
    """Show everybody who has joined to those who decide, with the requests that wait."""
    led = _led(slug, number)
    return respond("events/sessions/joined.html", j=led.joining, everybody=led.everybody, back=_url(led.joining))


@bp.get("/projekty/<slug:slug>/edycje/<id:number>/osoby.csv")
@acting_for(Role.COORDINATOR)
def people_csv(slug: str, number: int) -> Response:
    """Save everybody who has joined as CSV."""
    return _table(slug, number, "csv")


@bp.get("/projekty/<slug:slug>/edycje/<id:number>/osoby.xlsx")
@acting_for(Role.COORDINATOR)
def people_xlsx(slug: str, number: int) -> Response:
    """Save everybody who has joined as XLSX."""
    return _table(slug, number, "xlsx")


@bp.post("/projekty/<slug:slug>/edycje/<id:number>/osoby/decyzje")
@acting_for(Role.COORDINATOR)
def decide(slug: str, number: int) -> BaseResponse:
    """Accept one request by its own button, or those ticked; a refusal leads on to its reason."""
    led = _led(slug, number)
    chosen = _chosen(led, [one] if (one := request.form.get("przyjmij", "")) else request.form.getlist("kogo"))
    if "odmow" in request.form and chosen:
        return see_other(".refuse", slug=slug, number=number, kogo=[one.key for one in chosen])
    try:
        event = _event_of(led, chosen)
        rows = requests.accept(session(), actor(), event, _ids(chosen), now())
    except (Conflict, rules.NothingChosen) as refusal:
        close_early()
        tell(translated(refusal), "info")
    else:
        tell(_accepted(rows, participants=led.joining.participants), "ok")
    return see_other(".people", slug=slug, number=number, _anchor="prosby")


@bp.route("/projekty/<slug:slug>/edycje/<id:number>/osoby/odmowa", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def refuse(slug: str, number: int) -> Response | BaseResponse:
    """Refuse requests for the whole edition, with a coded reason and words beside it."""
    led = _led(slug, number)
    back = url_for(".people", slug=slug, number=number, _anchor="prosby")
    chosen = _chosen(led, request.values.getlist("kogo"))
    form = RefusalForm()
    form.offer(participants=led.joining.participants)
    if not chosen:
        asked = request.values.getlist("kogo")
        tell(translated(rules.DecidedAlready() if asked else rules.NothingChosen()), "info")
        return redirect(back, code=303)
    if request.method == "POST" and form.validate():
        code, note = form.reason.data or "", " ".join((form.note.data or "").split())
        try:
            requests.refuse(session(), actor(), _event_of(led, chosen), _ids(chosen), code, note, now())
        except (rules.UnknownReason, rules.NoteNeeded) as refusal:
            close_early()
            form.refuse(form.note if isinstance(refusal, rules.NoteNeeded) else form.reason, translated(refusal))
        except Conflict as refusal:
            close_early()
            tell(translated(refusal), "info")
            return redirect(back, code=303)
        else:
            tell(_n("%(num)d request refused.", "%(num)d requests refused.", len(chosen)), "ok")
            return redirect(back, code=303)
    return _form("events/sessions/joining_refuse.html", form, j=led.joining, chosen=chosen, back=back)


@bp.get("/wydarzenia/<uuid:event_uuid>/zapisy/edycja")
@open_to_all
def of_event(event_uuid: UUID) -> BaseResponse:
    """Lead from the page of a session to the sign-up of its edition."""
    slug, number = get_or_404(joined.of_event(session(), actor(), event_uuid))
    return redirect(_address(slug, number), code=302)


def _joining(slug: str, number: int) -> Joining:
    edition_id = get_or_404(joined.edition_id_of(session(), slug, number))
    return get_or_404(joined.panel(session(), actor(), edition_id, now()))


def _led(slug: str, number: int) -> Led:
    joining = _joining(slug, number)
    if not joining.may_decide:
        abort(403)
    return Led(joining, joined.everybody(session(), joining.edition_id, now()))


def _made_before(key: str) -> Dates:
    by_date: dict[int, list[SignUp]] = {}
    for row in queries.of_booking(session(), key) if key else ():
        if row.institution_id == actor().institution_id:
            by_date.setdefault(row.occurrence_id, []).append(row)
    return [(session().get_one(Occurrence, one), rows) for one, rows in by_date.items()]


def _page(joining: Joining, form: Form | None, fewer: FewerForm | None = None) -> Response | BaseResponse:
    """Show the page with what was typed; where its form is not there (any more), say why on the page of the edition."""
    if form is not None and not (joining.may_join and (joining.colleagues or joining.may_sign_up_others)):
        sentence = next((str(one) for errors in form.errors.values() for one in errors), "")
        tell(sentence if joining.open else translated(rules.closed(joining.opens_at, now())), "info")
        return _back(joining)
    if fewer is not None and not (joining.own and joining.own.may_withdraw and joining.own.unnamed > 1):
        tell(translated(rules.WithdrawnAlready()), "info")
        return _back(joining)
    wrong = any(one is not None and one.errors for one in (form, fewer))
    key = form["key"].data if form is not None and form["key"].data else joining.key
    return respond(
        "events/sessions/joining.html", status=422 if wrong else 200, j=joining, form=form, fewer=fewer, key=key
    )


def _form(template: str, form: Form, **context: Any) -> Response:
    return respond(template, status=422 if form.errors else 200, form=form, **context)


def _names_somebody() -> bool:
    """Whether a form about participants carries a person's field all the same: our pages never send one."""
    named = ("name", "function", "email", "who", "person")
    return any(key.rstrip("_0123456789") in named and value.strip() for key, value in request.form.items())


def _chosen(led: Led, keys: Sequence[str]) -> list[Request]:
    return [one for one in led.everybody.requests if str(one.key) in keys]


def _ids(chosen: Sequence[Request]) -> list[int]:
    return [signup_id for one in chosen for signup_id in one.ids]


def _event_of(led: Led, chosen: Sequence[Request]) -> Event:
    if not chosen:
        raise rules.DecidedAlready
    return session().get_one(Event, led.joining.event_id)


def _table(slug: str, number: int, ending: str) -> Response:
    led = _led(slug, number)
    staff = not led.joining.participants
    header = [_("Institution"), _("Participants")]
    if staff:
        header = [_("Institution"), _("Person"), _("Function"), _("Work e-mail")]
    header += [_("Places"), _("Waiting list"), _("Requests"), _("Since")]
    lines: list[list[str | int | None]] = []
    for one in led.everybody.institutions:
        since = one.since.date().isoformat()
        spans = [one.span("seats"), one.span("waiting"), one.span("asked")]
        if not staff:
            lines.append([one.institution, one.number, *spans, since])
            continue
        for person in one.people:
            of_one = [joined.span(person.ways, what) for what in ("seats", "waiting", "asked")]
            lines.append([one.institution, person.person, person.function, person.email, *of_one, since])
        if one.unnamed:
            words = _n("%(num)d place without a name", "%(num)d places without a name", one.unnamed)
            lines.append([one.institution, str(words), "", "", *spans, since])
    if staff:
        who, edition_id = actor(), led.joining.edition_id
        with apart() as own:  # names and addresses leave the portal here, though a GET changes nothing else
            signups.note_edition_export(own, who, edition_id, len(lines), now())
    name = f"{_('participants')}-{slug_of(led.joining.title)[:40]}-{number}.{ending}"
    return downloads.table(name, _("Participants"), header, lines)


def _any(dates: Dates, state: SignUpState) -> bool:
    return any(row.state is state for _date, rows in dates for row in rows)


def _made(booked: Dates, *, participants: bool) -> str:
    number = len(booked[0][1])
    if _any(booked, SignUpState.REQUESTED):
        if participants:
            return _n(
                "Asked for places for %(num)d participant. The lead of the project decides, and we write to you.",
                "Asked for places for %(num)d participants. The lead of the project decides, and we write to you.",
                number,
            )
        return _n(
            "Asked for %(num)d place. The lead of the project decides, and we write to you.",
            "Asked for %(num)d places. The lead of the project decides, and we write to you.",
            number,
        )
    words = (
        _n("Registered: %(num)d participant.", "Registered: %(num)d participants.", number)
        if participants
        else _n("Signed up: %(num)d person.", "Signed up: %(num)d persons.", number)
    )
    return " ".join([str(words), *_on_dates(booked)])


def _on_dates(dates: Dates) -> list[str]:
    """Say on how many dates how many have a place or wait, dates alike in one sentence."""
    alike: dict[tuple[int, int], int] = {}
    for _date, rows in dates:
        states = [row.state for row in rows]
        stand = states.count(SignUpState.SEAT), states.count(SignUpState.WAITING)
        alike[stand] = alike.get(stand, 0) + 1
    sentences = []
    for (seats, waiting), number in alike.items():
        on = (
            _n("On %(num)d date", "On each of %(num)d dates", number)
            if len(alike) == 1
            else _n("On %(num)d date of them", "On %(num)d dates of them", number)
        )
        how = []
        if seats:
            how.append(str(_n("%(num)d place", "%(num)d places", seats)))
        if waiting:
            how.append(str(_n("%(num)d on the waiting list", "%(num)d on the waiting list", waiting)))
        sentences.append(f"{on}: {', '.join(how)}.")
    return sentences


def _given_back(left: Dates, *, participants: bool) -> str:
    number = max(len(rows) for _date, rows in left)
    words = (
        _n("%(num)d participant is withdrawn", "%(num)d participants are withdrawn", number)
        if participants
        else _n("%(num)d place is given back", "%(num)d places are given back", number)
    )
    dates = _n("from %(num)d date.", "from %(num)d dates.", len(left))
    return f"{words} {dates}"


def _accepted(rows: Sequence[SignUp], *, participants: bool) -> str:
    by_date: dict[int, list[SignUp]] = {}
    for row in rows:
        by_date.setdefault(row.occurrence_id, []).append(row)
    number = max(len(of_date) for of_date in by_date.values())
    words = (
        _n("Accepted: %(num)d participant.", "Accepted: %(num)d participants.", number)
        if participants
        else _n("Accepted: %(num)d person.", "Accepted: %(num)d persons.", number)
    )
    seats = min(sum(row.state is SignUpState.SEAT for row in of_date) for of_date in by_date.values())
    waiting = number - seats
    if not waiting:
        return str(words)
    some = _n(
        "%(num)d of them waits for a place on some date.", "%(num)d of them wait for a place on some date.", waiting
    )
    return f"{words} {some}"


def _address(slug: str, number: int) -> str:
    return url_for("editions.show", slug=slug, number=number, _anchor="zapisy")


def _url(joining: Joining) -> str:
    return _address(joining.slug, joining.number)


def _back(joining: Joining) -> BaseResponse:
    return redirect(_url(joining), code=303)
