"""Routes of the calendar feeds and of single events as .ics. The feeds touch no cookie and no sign-in."""

import gzip
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from uuid import UUID

from flask import Blueprint, Response, current_app, request
from werkzeug.http import http_date, quote_etag

from app.actors import Actor
from app.clock import now
from app.web.errors import get_or_404
from app.web.guards import open_to_all
from app.web.session import actor, session
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
    return _serve(queries.public(session()), "kladka.ics")


@bp.get("/kanaly/i/<slug:slug>.ics")
@open_to_all
def institution(slug: str) -> Response:
    feed = queries.of_institution(session(), slug)
    return _serve(feed, f"kladka-{slug}.ics") if feed else _unknown()


@bp.get("/kanaly/p/<slug:slug>.ics")
@open_to_all
def programme(slug: str) -> Response:
    feed = queries.of_programme(session(), slug)
    return _serve(feed, f"kladka-{slug}.ics") if feed else _unknown()


@bp.get("/wydarzenia/<uuid:event_uuid>.ics")
@open_to_all
def event(event_uuid: UUID) -> Response:
    # What everybody may see is looked up first, so that its answer depends on no cookie and may be kept by anybody.
    page = calendar_queries.page(session(), Actor.visitor(), event_uuid, now())
    page = get_or_404(page or calendar_queries.page(session(), actor(), event_uuid, now()))
    known = get_or_404(page.event if page.event.state in (State.PUBLISHED, State.CANCELLED) else None)
    text = ical.publication(calendar.item(session(), known)).encode()
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
    packed = request.accept_encodings["gzip"] > 0 and rules.takes_gzip(request.user_agent.string)
    response = _unchanged(edition) or _body(feed, edition, packed=packed)
    # RFC 9110, 8.8.3.3: the compressed form has a strong validator of its own; either is recognised when it comes back.
    response.headers["ETag"] = quote_etag(edition.etag + (_GZIP_SUFFIX if packed else ""))
    response.headers["Last-Modified"] = http_date(edition.modified)
    response.headers["Cache-Control"] = f"public, {_FRESH}"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["X-Robots-Tag"] = "noindex"
    if response.status_code == 200:
        response.headers["Content-Disposition"] = f'inline; filename="{filename}"'
    return response


def _unchanged(edition: Edition) -> Response | None:
    # RFC 9110, 13.1.3: a list of ETags wins over the date.
    if "If-None-Match" in request.headers:
        known = request.if_none_match
        same = known.contains_weak(edition.etag) or known.contains_weak(edition.etag + _GZIP_SUFFIX)
    else:
        since = request.if_modified_since
        same = since is not None and since >= edition.modified
    if not same:
        return None
    response = Response(status=304)
    del response.headers["Content-Type"]
    return response


def _body(feed: Feed, edition: Edition, *, packed: bool) -> Response:
    bodies: Bodies = current_app.extensions.setdefault("kladka.feed_bodies", Bodies())
    body = bodies.get(edition.etag)
    if body is None:
        plain = ical.calendar(feed.name, queries.texts(session(), feed, edition))
        body = Body(plain, gzip.compress(plain, compresslevel=6, mtime=0))
        bodies.put(edition.etag, body)
    response = Response(body.packed if packed else body.plain, content_type=CONTENT_TYPE)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response


def _unknown() -> Response:
    response = Response(_UNKNOWN, status=404, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _size(body: Body) -> int:
    return len(body.plain) + len(body.packed)
