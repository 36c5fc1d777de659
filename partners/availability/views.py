"""Routes of blocked days: the list of an institution, add a period, end one early."""

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, translated
from app.web.session import SAFE, actor, close_early, session, tell
from partners.availability import actions, queries, rules
from partners.availability.forms import PeriodForm
from partners.institutions import queries as institutions
from partners.institutions.models import Institution

bp = Blueprint("availability", __name__)

_PAGES = 1000
# Where a refusal of an action stands in the form.
_FIELD_OF: dict[type[Refusal], str] = {
    rules.Passed: "first_day",
    rules.Overlapping: "first_day",
    rules.TooManyPeriods: "first_day",
    rules.EndBeforeStart: "last_day",
    rules.TooFar: "last_day",
    rules.NoSuchRoom: "room",
}


@bp.route("/partnerzy/<slug:slug>/niedostepne", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def index(slug: str) -> Response | BaseResponse:
    card = _own(slug)
    form = PeriodForm()
    form.offer(institutions.rooms(session(), card.id or 0))
    if request.method in SAFE:
        return _page(card, form)
    if not rules.may_edit(actor(), card.id):
        raise rules.NotYourDays
    if not form.validate():
        return _page(card, form, status=422)
    try:
        actions.block(session(), actor(), card, form.draft(), now())
    except tuple(_FIELD_OF) as refusal:
        close_early()
        form.refuse(form[_FIELD_OF[type(refusal)]], translated(refusal))
        return _page(_own(slug), form, status=422)
    tell(_("These days are blocked. Whoever plans a meeting on them reads “not available”, without the reason."), "ok")
    return see_other("availability.index", slug=slug)


@bp.post("/partnerzy/<slug:slug>/niedostepne/<id:period_id>/zakoncz")
@acting_for(Role.COORDINATOR)
def end(slug: str, period_id: int) -> BaseResponse:
    card = _own(slug)
    period = get_or_404(queries.period(session(), actor(), card.id or 0, period_id))
    actions.end(session(), actor(), card, period, now())
    tell(_("The period is over. Meetings can be planned again from today on."), "ok")
    if period.suspends:
        tell(_("Cancelled meetings do not come back by themselves: their organisers can copy them."), "info")
    return see_other("availability.index", slug=slug)


def _own(slug: str) -> Institution:
    """Give the institution whose blocked days the actor may read; 403 for a stranger."""
    card = get_or_404(institutions.institution(session(), slug, actor()))
    if not rules.may_read(actor(), card.id):
        abort(403)
    return card


def _page(card: Institution, form: PeriodForm, status: int = 200) -> Response:
    number = request.args.get("strona", "")
    is_number = number.isascii() and number.isdigit() and len(number) <= len(str(_PAGES))
    page = max(int(number), 1) if is_number else 1
    today = warsaw.today(now())
    return respond(
        "partners/availability/index.html",
        status=status,
        i=card,
        form=form,
        periods=queries.periods(session(), actor(), card.id or 0, today, page),
        page=page,
        today=today,
        may_edit=rules.may_edit(actor(), card.id),
        may_suspend=rules.may_suspend(actor(), card.id, card.kind),
    )
