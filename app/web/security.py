"""Headers, cookies, CSRF, the Host check and size limits: closed unless declared open."""

import gzip
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import CSRFProtect, generate_csrf
from itsdangerous import URLSafeTimedSerializer
from jinja2.utils import LRUCache
from werkzeug.exceptions import BadRequest

from app.config import LOOPBACK, Config
from app.web.session import SAFE

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_HSTS = "Strict-Transport-Security"
_BODY_MAX = 2 * 1024 * 1024
_PARTS_MAX = 500
_URL_MAX = 8000
_COMPRESS_FROM = 1000
_YEAR = 365 * 24 * 3600
_COOKIES_REMEMBERED = 2048

csrf = CSRFProtect()


class CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions in a signed cookie, with one signer for the life of the process instead of one per request.

    A cookie that was found good is remembered with what it says: a browser sends the same one with every request.
    """

    def __init__(self) -> None:
        self._signer: URLSafeTimedSerializer | None = None
        self._good = LRUCache(_COOKIES_REMEMBERED)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return the signer."""
        self._signer = self._signer or super().get_signing_serializer(app)
        return self._signer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie; one that is missing, forged or too old gives an empty session."""
        cookie = request.cookies.get(self.get_cookie_name(app)) if "HTTP_COOKIE" in request.environ else None
        if not cookie:
            return self.session_class()
        said = self._good.get(cookie)
        if said is not None:
            return self.session_class(said)
        opened = super().open_session(app, request)
        # Lists are not remembered: what is taken out of one here would be missing from the next request's.
        if opened and all(isinstance(value, str | bool) for value in opened.values()):
            self._good[cookie] = dict(opened)
        return opened

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie if something in it has changed."""
        if session.modified or session.permanent:
            super().save_session(app, session, response)
        elif session.accessed:
            said = response.headers.get("Vary")
            response.headers["Vary"] = f"{said}, Cookie" if said else "Cookie"


def init(app: Flask, config: Config) -> None:
    """Set cookies, limits, CSRF and headers. Public forms that change a cookie only are named in _BY_ORIGIN."""
    app.config.update(
        SECRET_KEY=config.secret_key,
        SESSION_COOKIE_NAME="__Host-kladka" if config.https else "kladka",
        SESSION_COOKIE_SECURE=config.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=_BODY_MAX,
        MAX_FORM_MEMORY_SIZE=_BODY_MAX,
        MAX_FORM_PARTS=_PARTS_MAX,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.session_interface = CookieSessions()
    csrf.init_app(app)
    signed = LRUCache(_COOKIES_REMEMBERED)

    def csrf_token() -> str:
        """Give the page its token: the one that this visitor's secret was signed as before, if it was."""
        token: str | None = g.get("csrf_token")
        if token is None:
            secret = session.get("csrf_token")
            token = signed.get(secret) if secret else None
            if token is None:
                token = generate_csrf()
                signed[session["csrf_token"]] = token
            g.csrf_token = token
        return token

    # Flask-WTF gives its own in both ways: macros see the one, pages the other.
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.context_processor(lambda: {"csrf_token": csrf_token})
    app.before_request(_check_host)
    app.before_request(_check_forgery)
    app.after_request(_headers)


def by_origin(endpoint: str) -> None:
    """Name a public form that changes a cookie only: it carries no token, the Origin of the post decides."""
    _BY_ORIGIN.add(endpoint)


def takes_files(endpoint: str, most: int) -> None:
    """Name an endpoint that takes files, and how many bytes its requests may have; all others take 2 MB."""
    _TAKES[endpoint] = most


def came_from_here() -> bool:
    """Whether the browser says that this post comes from a page of ours."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin") or request.headers.get("Referer")
    return origin is not None and urlsplit(origin).netloc == request.host


def inside(target: str | None, default: str) -> str:
    """Return *target* when it is a path of this portal, else *default*: redirects never leave the house."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if any(ord(character) < 0x20 or character in "\\\x7f" for character in target):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


_BY_ORIGIN: set[str] = set()
_TAKES: dict[str, int] = {}


def _check_host() -> None:
    config: Config = current_app.extensions["kladka.config"]
    # As gunicorn and waitress call what the client sent.
    address = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path
    if len(address) > _URL_MAX:
        abort(414)
    if request.environ.get("HTTP_HOST") == config.host:
        return
    host = request.host
    if host == config.host or config.testing:
        return
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    wanted, _, wanted_port = config.host.rpartition(":")
    if config.on_loopback and port == wanted_port and name in LOOPBACK and wanted in LOOPBACK:
        return
    abort(BadRequest.code)


def _check_forgery() -> None:
    if request.method in SAFE or request.endpoint is None:
        return
    if request.endpoint in _TAKES:
        request.max_content_length = _TAKES[request.endpoint]  # before the token is looked for in the body
    if request.endpoint in _BY_ORIGIN:
        if not came_from_here():
            abort(BadRequest.code)
        return
    csrf.protect()


def _headers(response: Response) -> Response:
    if response.status_code == HTTPStatus.NOT_MODIFIED:
        return response  # the client keeps the headers of the answer that it has (RFC 9110, 15.4.5)
    # One look over what is there: asking for each name in turn costs an exception for each that is missing.
    present = {name for name, _value in response.headers}
    for name, value in _HEADERS.items():
        if name not in present:
            response.headers.add(name, value)
    if current_app.extensions["kladka.config"].https and _HSTS not in present:
        response.headers.add(_HSTS, f"max-age={_YEAR}; includeSubDomains")
    if response.mimetype == "text/html":
        # Pages differ by who looks: only feeds and static files are kept by anybody but the visitor's own browser.
        personal = _is_personal()
        response.headers.setdefault("Cache-Control", "no-store" if personal else "private, no-cache")
        if not personal:
            _compress(response)
    return response


def _is_personal() -> bool:
    who = g.get("actor")
    return (who is not None and who.signed_in) or "csrf_token" in g


def _compress(response: Response) -> None:
    # Never a page that holds a secret beside what a visitor typed (BREACH): those are the personal ones.
    response.vary.add("Accept-Encoding")
    if response.direct_passthrough or not request.accept_encodings["gzip"] or response.content_encoding:
        return
    body = response.get_data()
    if len(body) >= _COMPRESS_FROM:
        response.set_data(gzip.compress(body, compresslevel=5, mtime=0))
        response.content_encoding = "gzip"
