"""Routes of an institution's rules of visits: how long it has for an answer, how far ahead a date must lie."""

from flask import Blueprint, abort, request
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.web.errors import get_or_404
from app.web.fields import WholeNumberField
from app.web.forms import Form
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _l
from app.web.session import SAFE, actor, session, tell
from events.visits import checks, deadlines
from events.visits.deadlines import Habits
from events.visits.models import ANSWER_DAYS_MAX, NOTICE_DAYS_MAX
from partners.institutions import queries as institutions

bp = Blueprint("visit_rules", __name__)


class HabitsForm(Form):
    """How an institution agrees on visits."""

    answer_days = WholeNumberField(
        _l("How many working days do you need for an answer?"),
        low=1,
        high=ANSWER_DAYS_MAX,
        needed=_l("Give the number of working days, for example 3."),
    )
    notice_days = WholeNumberField(
        _l("How many working days ahead must a date lie?"),
        low=0,
        high=NOTICE_DAYS_MAX,
        needed=_l("Give the number of working days, for example 3."),
    )

    def wanted(self) -> Habits:
        """Give the clean values."""
        return Habits(answer_days=self.answer_days.data or 0, notice_days=self.notice_days.data or 0)


@bp.route("/partnerzy/<slug:slug>/zasady-wizyt", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def edit(slug: str) -> BaseResponse:
    """Let the institution's admin say on screen how it agrees on visits."""
    card = get_or_404(institutions.institution(session(), slug, actor()))
    owner = card.id or 0
    if not deadlines.may_set(actor(), owner):
        abort(403)
    saved = deadlines.habits(session(), (owner,))[owner]
    before = {"answer_days": saved.answer_days, "notice_days": saved.notice_days}
    form = HabitsForm(data=before if request.method in SAFE else None)
    if request.method not in SAFE and form.validate():
        changed = deadlines.set_habits(session(), actor(), owner, form.wanted(), now())
        tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
        return see_other("visit_rules.edit", slug=slug)
    today = warsaw.today(now())
    return respond(
        "events/visits/settings.html",
        status=422 if form.errors else 200,
        form=form,
        i=card,
        example=deadlines.deadlines(session(), owner, today),
        first=checks.notice_day(session(), (owner,), today),
    )
