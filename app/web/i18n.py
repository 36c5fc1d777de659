"""Language of a request and its words: Polish first, a cookie or ?jezyk=en for English."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

from babel.support import NullTranslations, Translations
from flask import Flask, Response, has_request_context, request
from flask_babel import Babel, lazy_gettext  # type: ignore[import-untyped]
from markupsafe import Markup

from app.errors import Refusal

LANGUAGES = ("pl", "en")
COOKIE = "jezyk"
_YEAR = 365 * 24 * 3600

_CATALOGUES = Path(__file__).parent / "translations"
_REMEMBERED = 4096
# Kept while a request is answered ("": not asked for yet), because each of the 150 words of a page asks for it.
_LANGUAGE: ContextVar[str | None] = ContextVar("language", default=None)


def language() -> str:
    """Return the language of this request: parameter, cookie, else Polish whatever the browser says."""
    known = _LANGUAGE.get()
    if known:
        return known
    if not has_request_context():
        return "pl"
    asked = request.args.get("jezyk") or request.cookies.get(COOKIE)
    chosen = asked if asked in LANGUAGES else "pl"
    if known is not None:
        _LANGUAGE.set(chosen)
    return chosen


# A page has 150 words to translate. Flask-Babel finds its way to the catalogue anew for each, 10 µs a time.
def gettext(message: str, /, **values: object) -> str:
    """Give *message* in the language of the request; placeholders are filled only if there are *values*."""
    words = _catalogue(language()).gettext(message)
    return words % values if values else words


def ngettext(singular: str, plural: str, number: int, /, **values: object) -> str:
    """Give the form of the language for *number*, which fills %(num)d."""
    words = _catalogue(language()).ngettext(singular, plural, number)
    return words % ({"num": number} | values)


def words_of(code: str) -> Callable[[str], str]:
    """Give what translates into the language *code*, whatever the request speaks: for papers in two languages."""
    return _catalogue(code).gettext


def same_in(code: str) -> str:
    """Give the address, relative to this page, of the same page in another language."""
    if not request.query_string:
        return f"?jezyk={code}"
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "jezyk"]
    return f"?{urlencode([*kept, ('jezyk', code)])}"


_ = gettext
_l = lazy_gettext
_n = ngettext


def translated(refusal: Refusal) -> str:
    """Give the refusal's sentence in the language of the request."""
    return str(gettext(refusal.message, **refusal.params)) if refusal.params else str(gettext(refusal.message))


def init(app: Flask) -> None:
    """Choose the catalogue by request and keep a language that was asked for in a cookie."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(_CATALOGUES)
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/Warsaw"
    Babel(app, locale_selector=language, default_timezone="Europe/Warsaw")
    app.jinja_env.globals |= {"_": _in_page, "gettext": _in_page, "ngettext": _number_in_page}
    app.jinja_env.globals["same_in"] = same_in
    app.before_request(_begin)
    app.after_request(_keep)
    app.teardown_request(_forget)


def _begin() -> None:
    _LANGUAGE.set("")


def _forget(_error: BaseException | None) -> None:
    _LANGUAGE.set(None)


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(code: str) -> NullTranslations:
    return Translations.load(_CATALOGUES, [code])


@lru_cache(maxsize=_REMEMBERED)
def _marked(code: str, message: str) -> tuple[Markup, Markup]:
    # Jinja's rule: in templates a message is always a format, and what fills it is escaped.
    words = Markup(_catalogue(code).gettext(message))  # noqa: S704 - messages are written by us
    return words, words % {} if "%(" not in words else words


def _in_page(message: str, /, **values: object) -> Markup:
    words, filled = _marked(language(), message)
    return words % values if values else filled


def _number_in_page(singular: str, plural: str, number: int, /, **values: object) -> Markup:
    words = Markup(_catalogue(language()).ngettext(singular, plural, number))  # noqa: S704 - written by us
    return words % ({"num": number} | values)


def _keep(response: Response) -> Response:
    asked = request.args.get("jezyk") if request.query_string else None
    if asked in LANGUAGES and request.cookies.get(COOKIE) != asked and not request.path.startswith("/kanaly/"):
        response.set_cookie(COOKIE, asked, max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return response
