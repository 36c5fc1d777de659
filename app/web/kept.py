"""Forms that came after their session had ended: kept for the person, put back unsent after sign-in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

import flask
from flask import Flask, current_app, request
from sqlmodel import Session
from werkzeug.datastructures import MultiDict

from app.clock import now
from app.secret import token_hash
from app.web.i18n import _
from app.web.security import csrf, inside
from app.web.session import SAFE, actor, apart, close_early, session, tell

Body = dict[str, list[str]]
Keeper = Callable[[Session, str, str, Body, datetime], bool]
Finder = Callable[[Session, int, datetime], Mapping[str, list[str]] | None]
_FLAG = "kept"
_SECRETS = ("csrf_token", "password")  # how the names of such fields begin


def init(app: Flask, keep: Keeper, find: Finder) -> None:
    """Plug in where kept forms are stored."""
    app.extensions["kladka.keep_form"] = keep
    app.extensions["kladka.find_form"] = find


def keep() -> str:
    """Keep the posted form if a session of ours has just ended; return the page to go to after sign-in."""
    page = _page_of_form()
    token = flask.session.get("_user_id")
    if token and request.form:
        csrf.protect()
        close_early()  # the guard has looked for the session in the writing unit of work of this post
        body = {name: values for name, values in request.form.lists() if not name.startswith(_SECRETS)}
        with apart() as own:
            current_app.extensions["kladka.keep_form"](own, token_hash(token), page, body, now())
    return page


def remember(path: str) -> None:
    """Note in the cookie, at sign-in, that a form waits for the page *path*."""
    flask.session[_FLAG] = path


def waiting() -> MultiDict[str, str] | None:
    """Give the kept form for the page that is being shown, if one waits; tell the person so."""
    if request.method not in SAFE or _FLAG not in flask.session or flask.session[_FLAG] != request.path:
        return None
    body = current_app.extensions["kladka.find_form"](session(), actor().user_id or 0, now())
    flask.session.pop(_FLAG)
    if body is None:
        return None
    tell(_("Your session had ended, but we kept what you typed. Check it and send it again."), "info")
    return MultiDict((name, value) for name, values in body.items() for value in values)


def _page_of_form() -> str:
    """Give the page that shows the form: its own address if that answers a GET, else the page it came from."""
    methods = request.url_rule.methods if request.url_rule else None
    if methods and "GET" in methods:
        return request.path
    came_from = urlsplit(request.headers.get("Referer", ""))
    return inside(came_from.path if came_from.netloc == request.host else "", "/biurko")
