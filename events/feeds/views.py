"""Routes of the calendar feeds, of single events as .ics, and of a person's own calendars.

The feeds touch no cookie and no sign-in.
"""

import gzip
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from threading import Lock
from uuid import UUID

import flask
from flask import Blueprint, Response, current_app, g, request, url_for
from sqlalchemy.exc import DBAPIError
from werkzeug.datastructures import Headers
from werkzeug.http import http_date, quote_etag
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import wrap_file

from app import site
from app.actors import Actor
from app.clock import now
from app.secret import token_hash
from app.web.errors import get_or_404
from app.web.guards import by_token, open_to_all, signed_in
from app.web.htmx import respond, see_other
from app.web.i18n import _, translated
from app.web.session import actor, apart, database, session, tell
from events import ical
from events.calendar import actions as calendar
from events.calendar import queries as calendar_queries
from events.calendar.models import State, Visibility
from events.feeds import actions, queries, rules
from events.feeds.forms import FeedForm
from events.feeds.rules import Edition, Feed

bp = Blueprint("feeds", __name__)

CONTENT_TYPE = "text/calendar; charset=utf-8"
_FRESH = "max-age=300"
_GZIP_SUFFIX = "-gz"
_HOTTEST = 20
_HELD_BYTES = 24 * 1024 * 1024
_UNKNOWN = (
    "Nie ma takiego kalendarza. Sprawdź adres na stronie instytucji, projektu albo w zakładce Kalendarz.\n"
    "There is no such calendar. Check its address on the page of the institution or project, or under Calendar.\n"
)
_CLOSED = (
    "Ten adres kalendarza nie działa: został unieważniony albo nie należysz już do tej instytucji.\n"
    "Nowy utworzysz po zalogowaniu: Twoje konto, Kalendarze.\n"
    "This calendar address does not work: it was cancelled, or you have left the institution.\n"
    "Make a new one after signing in: Your account, Calendars.\n"
)
_ADDRESS = "kalendarz"


@dataclass(frozen=True, slots=True)
class Body:
    """The body of one edition of a feed, plain and compressed."""

    plain: bytes
    packed: bytes


class Unchanged(Response):
    """A 304: no body, and no header but its own, so werkzeug has nothing to work out."""

    default_mimetype = None

    def get_wsgi_headers(self, _environ: object) -> Headers:
        """Return the headers as they are."""
        return self.headers


class Bodies:
    """The bodies asked for most recently, by ETag: which names one text and no other, so nothing here grows stale."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Body] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, etag: str) -> Body | None:
        """Return the body called *etag*, if it is held."""
        with self._lock:
            body = self._held.get(etag)
            if body is not None:
                self._held.move_to_end(etag)
            return body

    def put(self, etag: str, body: Body) -> None:
        """Hold *body* and let go of what was asked for longest ago."""
        with self._lock:
            if etag not in self._held:
                self._held[etag] = body
                self._bytes += _size(body)
            while len(self._held) > _HOTTEST or self._bytes > _HELD_BYTES:
                self._bytes -= _size(self._held.popitem(last=False)[1])

    def __len__(self) -> int:
        return len(self._held)


@bp.get("/kanaly/publiczny.ics")
@open_to_all
def public() -> Response:
    return _serve_shared(queries.public(database()), "kladka.ics")


@bp.get("/kanaly/i/<slug:slug>.ics")
@open_to_all
def institution(slug: str) -> Response:
    feed = queries.of_institution(database(), slug)
    return _serve_shared(feed, f"kladka-{slug}.ics") if feed else _unknown()


@bp.get("/kanaly/p/<slug:slug>.ics")
@open_to_all
def programme(slug: str) -> Response:
    feed = queries.of_programme(database(), slug)
    return _serve_shared(feed, f"kladka-{slug}.ics") if feed else _unknown()


@bp.get("/kanaly/o/<token:secret>.ics")
@by_token
def personal(secret: str) -> Response:
    """Serve a personal feed. Its secret alone opens it; nothing but its last fetch is noted, once an hour and apart."""
    found = queries.kept(database(), token_hash(secret))
    if found is None:
        return _unknown(_CLOSED)
    if rules.is_due(found.fetched_at, now()):
        g.fetched_feed = found.id, rules.client_of(request.user_agent.string)
    return _serve(
        found.feed,
        "kladka-terminy.ics",
        lambda edition: queries.kept_texts(session(), found, edition),
        shared=False,
    )


@bp.teardown_request
def note_fetch(_error: BaseException | None) -> None:
    """Note, when the answer is made, which program has fetched a personal feed."""
    fetched = g.pop("fetched_feed", None)
    if fetched is None:
        return
    try:
        with apart() as store:
            feed_id, client = fetched
            actions.note_fetch(store, feed_id, client, now())
    except DBAPIError:
        # A full disk or a busy writer: the answer is out already, and the next fetch notes it.
        logging.getLogger("kladka").warning("fetch of a feed not noted")


@bp.route("/ustawienia/kalendarze", methods=["GET", "POST"])
@signed_in
def own() -> BaseResponse:
    """List the calendars of one's own and make another; right after that, show its address this once."""
    form = FeedForm()
    if form.validate_on_submit():
        try:
            feed, token = actions.make(session(), actor(), form.name.data or "", now(), busy=bool(form.busy.data))
        except rules.TooMany as refusal:
            form.refuse(form.name, translated(refusal))
        else:
            return _hand_over(feed.id or 0, token)
    shown_id, token = flask.session.pop(_ADDRESS, None) or (0, "")
    feeds = queries.own(session(), actor().user_id or 0)
    response = respond(
        "events/feeds/own.html",
        status=422 if form.errors else 200,
        form=form,
        feeds=feeds,
        fresh=next((one for one in feeds if one.id == shown_id), None),
        address=site.absolute(url_for("feeds.personal", secret=token)) if token else "",
        may_keep=rules.may_keep(actor()),
        most=rules.MOST,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/ustawienia/kalendarze/<id:feed_id>/nowy-adres")
@signed_in
def rotate(feed_id: int) -> BaseResponse:
    """Give a calendar another address."""
    feed = get_or_404(queries.of_person(session(), actor().user_id or 0, feed_id))
    return _hand_over(feed_id, actions.rotate(session(), actor(), feed, now()))


@bp.post("/ustawienia/kalendarze/<id:feed_id>/uniewaznij")
@signed_in
def revoke(feed_id: int) -> BaseResponse:
    """Let an address open nothing any more."""
    feed = get_or_404(queries.of_person(session(), actor().user_id or 0, feed_id))
    actions.revoke(session(), actor(), feed, now())
    tell(_("The address of “%(name)s” does not work any more.", name=feed.name), "ok")
    return see_other("feeds.own")


def _hand_over(feed_id: int, token: str) -> BaseResponse:
    flask.session[_ADDRESS] = [feed_id, token]
    return see_other("feeds.own", _anchor="adres")


@bp.get("/wydarzenia/<uuid:event_uuid>.ics")
@open_to_all
def event(event_uuid: UUID) -> Response:
    # What everybody may see is looked up first, so that its answer depends on no cookie and may be kept by anybody.
    page = calendar_queries.page(session(), Actor.visitor(), event_uuid, now())
    page = get_or_404(page or calendar_queries.page(session(), actor(), event_uuid, now()))
    known = get_or_404(page.event if page.event.state in (State.PUBLISHED, State.CANCELLED) else None)
    text = calendar.publication(session(), known).encode()
    response = Response(text, content_type=CONTENT_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="wydarzenie-{known.local_start:%Y-%m-%d}.ics"'
    response.headers["Last-Modified"] = http_date(known.changed_at)
    response.headers["X-Robots-Tag"] = "noindex"
    shared = known.visibility is Visibility.PUBLIC
    response.headers["Cache-Control"] = f"public, {_FRESH}" if shared else "private, no-cache"
    response.set_etag(sha256(text).hexdigest()[:32])
    response.make_conditional(request)
    return response


def _serve_shared(feed: Feed, filename: str) -> Response:
    return _serve(feed, filename, lambda edition: queries.texts(session(), feed, edition))


def _serve(feed: Feed, filename: str, texts: Callable[[Edition], Sequence[bytes]], *, shared: bool = True) -> Response:
    edition = rules.edition(feed, now())
    plain, packed = quote_etag(edition.etag), quote_etag(edition.etag + _GZIP_SUFFIX)
    headers = {
        "Last-Modified": http_date(edition.modified),
        "Cache-Control": f"public, {_FRESH}" if shared else f"private, {_FRESH}, must-revalidate",
        "Vary": "Accept-Encoding",
        "X-Robots-Tag": "noindex",
    }
    known = _known(edition, plain, packed)
    if known:
        return Unchanged(status=304, headers=[("ETag", known), *headers.items()])
    body = _body(feed, edition, texts)
    headers["Content-Disposition"] = f'inline; filename="{filename}"'
    content, headers["ETag"] = body.plain, plain
    if request.accept_encodings["gzip"] > 0 and rules.takes_gzip(request.user_agent.string):
        content, headers["ETag"], headers["Content-Encoding"] = body.packed, packed, "gzip"
    headers["Content-Length"] = str(len(content))
    # As a file, because the server sends from one where it lies; bytes it would copy into a buffer of its own first.
    file = wrap_file(request.environ, BytesIO(content))
    return Response(file, headers=headers, content_type=CONTENT_TYPE, direct_passthrough=True)


def _known(edition: Edition, plain: str, packed: str) -> str:
    """Give the ETag that the program holds already, or ""."""
    # RFC 9110, 13.1.2 and 13.1.3: a list of ETags, weak or strong, wins over the date; a quoted ETag is never part of
    # another. 8.8.3.3: the compressed form has a strong ETag of its own; either is recognised.
    listed = request.headers.get("If-None-Match")
    if listed is None:
        since = request.if_modified_since
        return plain if since is not None and since >= edition.modified else ""
    if packed in listed:
        return packed
    return plain if plain in listed or listed.strip() == "*" else ""


def _body(feed: Feed, edition: Edition, texts: Callable[[Edition], Sequence[bytes]]) -> Body:
    bodies: Bodies = current_app.extensions.setdefault("kladka.feed_bodies", Bodies())
    body = bodies.get(edition.etag)
    if body is None:
        plain = ical.calendar(feed.name, texts(edition))
        body = Body(plain, gzip.compress(plain, compresslevel=6, mtime=0))
        bodies.put(edition.etag, body)
    return body


def _unknown(sentence: str = _UNKNOWN) -> Response:
    response = Response(sentence, status=404, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _size(body: Body) -> int:
    return len(body.plain) + len(body.packed)
