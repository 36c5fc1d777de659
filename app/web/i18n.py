"""Language of a request and its words: Polish first, a cookie or ?jezyk=en for English."""

from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, gettext, lazy_gettext, ngettext  # type: ignore[import-untyped]

from app.errors import Refusal

LANGUAGES = ("pl", "en")
COOKIE = "jezyk"
_YEAR = 365 * 24 * 3600

_ = gettext
_l = lazy_gettext
_n = ngettext


def language() -> str:
    """Return the language of this request: parameter, cookie, else Polish whatever the browser says."""
    if not has_request_context():
        return "pl"
    if "language" not in g:
        asked = request.args.get("jezyk") or request.cookies.get(COOKIE)
        g.language = asked if asked in LANGUAGES else "pl"
    return str(g.language)


def translated(refusal: Refusal) -> str:
    """Give the refusal's sentence in the language of the request."""
    return str(gettext(refusal.message, **refusal.params)) if refusal.params else str(gettext(refusal.message))


def init(app: Flask) -> None:
    """Choose the catalogue by request and keep a language that was asked for in a cookie."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(app.extensions["kladka.root"] / "app/web/translations")
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Warsaw"
    Babel(app, locale_selector=language, default_timezone="Europe/Warsaw")
    app.after_request(_keep)


def _keep(response: Response) -> Response:
    asked = request.args.get("jezyk")
    if asked in LANGUAGES and request.cookies.get(COOKIE) != asked and not request.path.startswith("/kanaly/"):
        response.set_cookie(COOKIE, asked, max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return response
