"""Jinja filters: dates and hours in words, cleaned Markdown, Polish typography."""

import importlib
import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import nh3
from flask import Flask
from markupsafe import Markup, escape

from app import warsaw
from app.web.i18n import language

_ONE_LETTER = re.compile(r"(?<![^\s(„>])([aiouwzAIOUWZ]) (?=\S)")
_NUMBER_WORD = re.compile(r"(?<=\d) (?=[a-ząćęłńóśźż]{2,})")
_NO_BREAK = "\u00a0"
_REMEMBERED = 4096  # words and names of lists come again on every page
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "h3", "h4", "h5", "blockquote", "code", "pre", "a", "hr"}


def glue(text: object) -> Markup:
    """Bind one-letter words and numbers to the next word, so that no line ends with "i" or "w"."""
    return _glued(escape(text))


@lru_cache(maxsize=_REMEMBERED)
def _glued(safe: Markup) -> Markup:
    return Markup(_NUMBER_WORD.sub(_NO_BREAK, _ONE_LETTER.sub(rf"\1{_NO_BREAK}", str(safe))))  # noqa: S704 - escaped above


def polish(text: object) -> Markup:
    """Bind as *glue* does, and mark on English pages that institutions write in Polish (WCAG 3.1.2)."""
    bound = glue(text)
    return bound if language() == "pl" else Markup('<span lang="pl">%s</span>') % bound


@lru_cache(maxsize=512)
def markdown(text: str) -> Markup:
    """Render Markdown that institutions wrote: no HTML or images, headings from h3 on, links to web and mail only."""
    html = _markdown().render(text or "")
    html = html.replace("<h1>", "<h3>").replace("</h1>", "</h3>").replace("<h2>", "<h3>").replace("</h2>", "</h3>")
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(cleaned)  # noqa: S704 - cleaned by nh3


@lru_cache(maxsize=1)
def _markdown() -> Any:
    # Loaded at the first text: sixty modules are a fiftieth of the start.
    markdown_it = importlib.import_module("markdown_it")
    plain = markdown_it.MarkdownIt("commonmark", {"html": False, "linkify": False})
    return plain.disable(["image", "html_block", "html_inline"])


def day(value: date | datetime) -> str:
    """Give "wtorek, 24 listopada 2026" in the language of the page."""
    return warsaw.day_words(_date(value), language())


def short_day(value: date | datetime) -> str:
    """Give "24 listopada 2026"."""
    return warsaw.short_day_words(_date(value), language())


def month(value: date | datetime) -> str:
    """Give "listopad 2026"."""
    return warsaw.month_words(_date(value), language())


def weekday_short(value: date | datetime) -> str:
    """Give "wt."."""
    return warsaw.weekday_short(_date(value), language())


def month_short(value: date | datetime) -> str:
    """Give "lis"."""
    return warsaw.month_short(_date(value), language())


def local_day(value: datetime) -> date:
    """Give the Warsaw date of an instant."""
    return warsaw.today(value)


def hour(value: datetime) -> str:
    """Give "10.00" Warsaw time."""
    return warsaw.hour_words(value)


def iso(value: date | datetime) -> str:
    """Give the machine-readable form for <time datetime>."""
    return warsaw.to_local(value).isoformat() if isinstance(value, datetime) else value.isoformat()


def init(app: Flask) -> None:
    """Register the filters."""
    for function in (glue, polish, markdown, day, short_day, month, weekday_short, month_short, local_day, hour, iso):
        app.jinja_env.filters[function.__name__] = function


def _date(value: date | datetime) -> date:
    return warsaw.today(value) if isinstance(value, datetime) else value
