"""The home page: what is coming, who takes part, what runs together."""

from datetime import timedelta

from flask import Blueprint
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.clock import now
from app.web.guards import open_to_all
from app.web.htmx import respond
from app.web.session import actor, session
from events.calendar import queries as calendar
from partners.institutions import queries as institutions
from projects.programmes import catalogue

bp = Blueprint("home", __name__)
EVENTS_SHOWN = 5
PROGRAMMES_SHOWN = 3
SESSIONS_SHOWN = 4


@bp.get("/")
@open_to_all
def show() -> BaseResponse:
    """Show the next public events, the map of partners, the projects that recruit or run and their public week."""
    at = now()
    today = warsaw.today(at)
    monday = today + timedelta(days=7 - today.weekday())
    return respond(
        "portal/home.html",
        upcoming=calendar.upcoming(session(), actor(), at, EVENTS_SHOWN),
        projects=catalogue.recent(session(), PROGRAMMES_SHOWN, today),
        week=calendar.of_projects(session(), at, warsaw.start_of(monday), SESSIONS_SHOWN),
        partner_counts=institutions.counts_by_voivodeship(session()),
    )
