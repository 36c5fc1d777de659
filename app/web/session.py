"""One unit of work per request, committed in one place; the actor of the request; sentences for the next page."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import cast

import flask
from flask import Flask, Response, current_app, g, request
from flask_login import LoginManager, UserMixin
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.actors import Actor
from app.clock import now
from app.db import Database
from app.secret import token_hash

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FAILED_FROM = 400
_SEEN_EVERY = 300.0
_LOADER = "kladka.load_user"
_SIGNED_IN = "_user_id"  # Flask-Login's word for it in the cookie
ActorLoader = Callable[[Session, str, datetime], Actor | None]
SeenNoter = Callable[[Session, int, datetime], None]


class SignedIn(UserMixin):  # type: ignore[misc]  # flask-login carries no types
    """Flask-Login's user: the actor behind a server-side session. Its id is the session's token, not the person's."""

    def __init__(self, token: str, actor: Actor) -> None:
        self.token = token
        self.actor = actor

    def get_id(self) -> str:
        """Return what Flask-Login keeps in the cookie."""
        return self.token


def database() -> Database:
    """Return the database of this process."""
    return cast(Database, current_app.extensions["kladka.database"])


def session() -> Session:
    """Return the session of this request, begun at the first call: for writing when the method is unsafe."""
    if "unit_of_work" not in g:
        g.unit_of_work = database().session(writes=request.method not in SAFE)
    return cast(Session, g.unit_of_work)


@contextmanager
def apart() -> Iterator[Session]:
    """Give a short unit of work of its own that commits whatever the answer of the request will be.

    For failed attempts at signing in and the traces of a GET only; never while the request's own unit of work writes,
    because SQLite has one writer.
    """
    with database().session(writes=True) as own:
        yield own
        own.commit()


def close_early() -> None:
    """End the unit of work without keeping anything: before slow work such as hashing a password."""
    unit = g.pop("unit_of_work", None)
    if unit is not None:
        unit.close()  # rolls back


def actor() -> Actor:
    """Return who acts in this request; the visitor when nobody has signed in."""
    who: Actor | None = g.get("actor")
    if who is None:
        # Flask-Login's loader, asked without the detour over current_user.
        user = current_app.extensions[_LOADER](flask.session[_SIGNED_IN]) if _SIGNED_IN in flask.session else None
        who = g.actor = user.actor if user else Actor.visitor()
    return who


def actor_or_visitor() -> Actor:
    """Return who acts; the visitor too when the database does not answer: an error page must not fail again."""
    try:
        return actor()
    except DBAPIError:
        g.actor = Actor.visitor()
        return Actor.visitor()


def tell(sentence: str, category: str = "ok") -> None:
    """Keep a translated *sentence* for the next page; category ok, info, wait or bad."""
    flask.flash(sentence, category)


def init(app: Flask, load_actor: ActorLoader, note_seen: SeenNoter, store: Database) -> None:
    """Plug the database and the identity into *app*; *load_actor* is the one plug that comes from upstairs."""
    app.extensions["kladka.database"] = store
    app.extensions["kladka.note_seen"] = note_seen
    logins = LoginManager()
    logins.session_protection = None  # the row in the database decides, not the address of the visitor
    logins.init_app(app, add_context_processor=False)
    # No "remember me" here: without this the cookie would be read, and feeds and files would say Vary: Cookie.
    app.after_request_funcs[None].remove(logins._update_remember_cookie)  # noqa: SLF001 - no switch for it

    @logins.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> SignedIn | None:
        found = load_actor(session(), token_hash(token), now())
        return SignedIn(token, found) if found else None

    app.extensions[_LOADER] = load
    app.after_request(_finish)
    app.teardown_request(_close)


def _finish(response: Response) -> Response:
    unit = g.get("unit_of_work")
    if unit is None:
        return response
    if request.method not in SAFE and response.status_code < _FAILED_FROM:
        try:
            unit.commit()
        except DBAPIError as error:
            # after_request functions lie outside Flask's error handling: a refused commit must never read "saved".
            unit.rollback()
            return current_app.make_response(current_app.handle_user_exception(error))
    else:
        close_early()
    return response


def _close(_error: BaseException | None) -> None:
    unit = g.pop("unit_of_work", None)
    if unit is not None:
        unit.close()
    who = g.get("actor")
    if who is not None and who.session_id and now().timestamp() - who.seen_at > _SEEN_EVERY:
        _note_seen(who.session_id)


def _note_seen(session_id: int) -> None:
    try:
        with apart() as own:
            current_app.extensions["kladka.note_seen"](own, session_id, now())
    except DBAPIError:
        # A full disk or a busy writer: the answer is out already, and the next request notes it.
        logging.getLogger("kladka").warning("last-seen not noted")
