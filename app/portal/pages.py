"""Pages that stand by themselves: accessibility, privacy, terms, help, and the files that machines ask for."""

from datetime import timedelta

from flask import Blueprint, Response, abort, render_template
from sqlalchemy.exc import DBAPIError
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from app import site
from app.clock import now
from app.jobs.worker import is_alive
from app.web.errors import is_reachable
from app.web.guards import open_to_all
from app.web.i18n import language
from app.web.session import session
from app.web.static import static_url
from events.visits import rules as visits
from events.visits.models import Act
from projects.programmes import protocol as partners

bp = Blueprint("pages", __name__)
# What a visit request can go through, as msgids: before, step, sentence, afterwards.
ARROWS = (
    ("", visits.STEP_LABEL[Act.ASK], visits.BEGINNING.sentence, visits.STATE_LABEL[visits.BEGINNING.to]),
    *(
        (visits.STATE_LABEL[state], visits.STEP_LABEL[act], arrow.sentence, visits.STATE_LABEL[arrow.to])
        for (state, act), arrow in visits.TRANSITIONS.items()
    ),
)
TOPICS = (
    "pierwsze-spotkanie",
    "biurko",
    "wizyty",
    "dyzury",
    "razem",
    "projekty",
    "zapisy",
    "po-spotkaniu",
    "lista-wejsc",
    "kalendarz",
    "karta",
    "niedostepne",
    "konto",
    "czego-kladka-nie-robi",
)


@bp.get("/deklaracja-dostepnosci")
@open_to_all
def accessibility() -> str:
    """Show the accessibility statement (a placeholder for the owner)."""
    return _in_language("accessibility")


@bp.get("/prywatnosc")
@open_to_all
def privacy() -> str:
    """Show the privacy page (a placeholder for the owner)."""
    return _in_language("privacy")


@bp.get("/regulamin")
@open_to_all
def terms() -> str:
    """Show the terms, licence and data sources."""
    return _in_language("terms")


@bp.get("/bip")
@open_to_all
def bip() -> str:
    """Show where the owner's Public Information Bulletin is."""
    return _in_language("bip")


@bp.get("/podstawy-prawne")
@open_to_all
def legal() -> str:
    """Show the provisions that the portal rests on, each with the day on which it was checked."""
    return _in_language("legal")


@bp.get("/pomoc")
@open_to_all
def help() -> str:  # noqa: A001 - the endpoint's name is pages.help
    """Show the list of help topics."""
    return _in_language("help")


@bp.get("/pomoc/<slug:topic>")
@open_to_all
def help_topic(topic: str) -> str:
    """Show one help topic."""
    if topic not in TOPICS:
        abort(404)
    if topic == "projekty":
        steps = tuple(partners.PROTOCOL.values())
        return _in_language(f"help_topics/{topic}", steps=steps, tags=partners.ANSWER_TAG)
    return _in_language(f"help_topics/{topic}", arrows=ARROWS if topic == "wizyty" else ())


@bp.get("/robots.txt")
@open_to_all
def robots() -> Response:
    """Let machines read the public pages; feeds stay reachable for Google Calendar."""
    text = "User-agent: *\nDisallow: /biurko\nDisallow: /operator\nDisallow: /logowanie\n"
    return Response(text, mimetype="text/plain")


@bp.get("/.well-known/security.txt")
@open_to_all
def security_txt() -> Response:
    """Say where a weakness can be reported (RFC 9116)."""
    expires = (now() + timedelta(days=180)).replace(minute=0, second=0, microsecond=0).isoformat()
    text = f"Contact: {site.absolute('/pomoc')}\nExpires: {expires}\nPreferred-Languages: pl, en\n"
    return Response(text, mimetype="text/plain")


@bp.get("/favicon.ico")
@open_to_all
def favicon() -> BaseResponse:
    """Send old browsers to the icon."""
    return redirect(static_url("favicon.svg"), code=302)


@bp.get("/healthz")
@open_to_all
def healthz() -> Response:
    """Say that the process answers."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@open_to_all
def readyz() -> Response:
    """Say whether the database answers and a worker has been seen in the last five minutes."""
    if not is_reachable():
        return Response("database does not answer\n", status=503, mimetype="text/plain")
    try:
        alive = is_alive(session(), now())
    except DBAPIError:
        return Response("database is not migrated\n", status=503, mimetype="text/plain")
    if not alive:
        return Response("no worker seen in the last 5 minutes\n", status=503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")


def _in_language(name: str, **context: object) -> str:
    return render_template(f"portal/{name}.{language()}.html", **context)
