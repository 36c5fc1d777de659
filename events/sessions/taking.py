"""Route on which a partner takes the lead of a project over, with its sessions to come."""

from flask import Blueprint
from werkzeug.wrappers import Response as BaseResponse

from app.actors import Role
from app.clock import now
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import see_other
from app.web.i18n import _, _n
from app.web.session import actor, session, tell
from events.sessions import handover
from projects.programmes import queries

bp = Blueprint("programme_lead", __name__)


@bp.post("/projekty/<slug:slug>/prowadzenie/przejmij")
@acting_for(Role.COORDINATOR)
def take(slug: str) -> BaseResponse:
    programme = get_or_404(queries.programme(session(), slug, actor()))
    number = handover.take_over(session(), actor(), programme, now())
    words = _("Your institution leads the project from now on.")
    if number:
        words += " " + _n(
            "It organises %(num)d event that is still to come.",
            "It organises %(num)d events that are still to come.",
            number,
        )
    tell(words, "ok")
    return see_other("programmes.show", slug=slug)
