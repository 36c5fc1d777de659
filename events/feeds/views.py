"""Routes of the calendar feeds and of single events as .ics. The feeds touch no cookie and no sign-in."""

import gzip
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from threading import Lock
from uuid import UUID

from flask import Blueprint, Response, current_app, request
from werkzeug.datastructures import Headers
from werkzeug.http import http_date, quote_etag
from werkzeug.wsgi import wrap_file

from app.actors import Actor
from app.clock import now
from app.web.errors import get_or_404
from app.web.guards import open_to_all
from app.web.session import actor, database, session
from events import ical
from events.calendar import actions as calendar
from events.calendar import queries as calendar_queries
from events.calendar.models import State, Visibility
from events.feeds import queries, rules
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
    feed = queries.public(database())
    return _serve(feed, "kladka.ics")


@bp.get("/kanaly/i/<slug:slug>.ics")
@open_to_all
def institution(slug: str) -> Response:
    feed = queries.of_institution(database(), slug)
    return _serve(feed, f"kladka-{slug}.ics") if feed else _unknown()


@bp.get("/kanaly/p/<slug:slug>.ics")
@open_to_all
def programme(slug: str) -> Response:
    feed = queries.of_programme(database(), slug)
    return _serve(feed, f"kladka-{slug}.ics") if feed else _unknown()


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


def _serve(feed: Feed, filename: str) -> Response:
    edition = rules.edition(feed, now())
    plain, packed = quote_etag(edition.etag), quote_etag(edition.etag + _GZIP_SUFFIX)
    headers = {
        "Last-Modified": http_date(edition.modified),
        "Cache-Control": f"public, {_FRESH}",
        "Vary": "Accept-Encoding",
        "X-Robots-Tag": "noindex",
    }
    known = _known(edition, plain, packed)
    if known:
        return Unchanged(status=304, headers=[("ETag", known), *headers.items()])
    body = _body(feed, edition)
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


def _body(feed: Feed, edition: Edition) -> Body:
    bodies: Bodies = current_app.extensions.setdefault("kladka.feed_bodies", Bodies())
    body = bodies.get(edition.etag)
    if body is None:
        plain = ical.calendar(feed.name, queries.texts(session(), feed, edition))
        body = Body(plain, gzip.compress(plain, compresslevel=6, mtime=0))
        bodies.put(edition.etag, body)
    return body


def _unknown() -> Response:
    response = Response(_UNKNOWN, status=404, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _size(body: Body) -> int:
    return len(body.plain) + len(body.packed)
