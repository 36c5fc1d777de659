"""Routes of sign-ups: sign up and withdraw; both end on the page of the event."""

from datetime import date
from uuid import UUID, uuid4

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.actors import Role
from app.clock import now
from app.errors import Forbidden, Refusal
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, translated
from app.web.session import actor, close_early, session, tell
from events.calendar import queries as calendar
from events.calendar.forms import read_day
from events.signups import actions, queries, rules
from events.signups.forms import SignUpForm
from events.signups.models import SignUp, SignUpState

bp = Blueprint("signups", __name__)


@bp.post("/wydarzenia/<uuid:event_uuid>/zapisy")
@acting_for(Role.MEMBER)
def create(event_uuid: UUID) -> Response | BaseResponse:
    page = get_or_404(calendar.seen(session(), actor(), event_uuid, now(), _day()))
    occurrence_id = page.occurrence.id or 0
    form = SignUpForm()
    # Whom somebody has typed is not looked up among the colleagues, only whom he has ticked.
    colleagues = queries.to_sign_up(session(), occurrence_id, actor()) if form.who.data else ()
    form.offer(colleagues)
    if not form.validate():
        if made := _made_before(form):
            tell(_told(made), "ok")
            return _back(page)
        return _refused(event_uuid, form)
    try:
        wanted = form.wanted(colleagues)
        rows = actions.sign_up(session(), actor(), page.event, occurrence_id, wanted, form.key.data or "", now())
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
    page = get_or_404(calendar.page(session(), actor(), event_uuid, now()))
    try:
        actions.withdraw(session(), actor(), page.event, signup_id, now())
    except (rules.WithdrawnAlready, rules.WithdrawalClosed) as refusal:
        tell(translated(refusal), "info")
    else:
        tell(_("The sign-up is withdrawn."), "ok")
    return _back(page)


def _made_before(form: SignUpForm) -> list[SignUp]:
    # A second click: those whom the first one signed up are no longer among the choices of the form.
    made = queries.of_booking(session(), form.key.data or "")
    return [row for row in made if row.institution_id == actor().institution_id]


def _day() -> date | None:
    return read_day(request.form.get("termin", ""))


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


def _told(rows: list[SignUp]) -> str:
    seats = sum(row.state is SignUpState.SEAT for row in rows)
    waiting = len(rows) - seats
    parts = []
    if seats:
        parts.append(_n("%(num)d place is yours.", "%(num)d places are yours.", seats))
    if waiting:
        parts.append(_n("%(num)d person is on the waiting list.", "%(num)d persons are on the waiting list.", waiting))
    return " ".join(str(part) for part in parts)


def _back(page: calendar.EventPage) -> BaseResponse:
    if page.event.rule:
        day = page.occurrence.local_date
        return see_other("calendar.show_day", event_uuid=page.event.uuid, day=day, _anchor="zapisy")
    return see_other("calendar.show", event_uuid=page.event.uuid, _anchor="zapisy")
