"""Working copies: what somebody types into a long form, saved while it is typed, offered when he comes back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast

from flask import Blueprint, Flask, Response, abort, current_app, request, url_for
from sqlmodel import Session
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.clock import now
from app.text import clean, holds_pesel
from app.web.guards import signed_in
from app.web.i18n import _
from app.web.security import inside
from app.web.session import SAFE, actor, session, tell

Body = dict[str, list[str]]
View = TypeVar("View", bound=Callable[..., object])
SIGNS_MAX = 100_000
_ASKED = "kopia"
_SECRETS = ("csrf_token", "password")  # how the names of such fields begin
_MADE = frozenset({"key", "revision", "opened"})  # what machines put into a form may look like anything
_NUMBER_DIGITS = 9

bp = Blueprint("copies", __name__)


class Copy(Protocol):
    """A working copy as it is stored."""

    @property
    def body(self) -> Body: ...

    @property
    def saved_at(self) -> datetime: ...


Keeper = Callable[..., object]
Finder = Callable[[Session, int, str, datetime], Any]
Forgetter = Callable[[Session, int, str], bool]


@dataclass(frozen=True, slots=True)
class Here:
    """What the page of a long form knows of its copy: where it is saved, and whether one waits for a decision.

    While one waits (*saved_at*) nothing is saved: it would take its place unseen.
    """

    save_url: str
    saved_at: datetime | None
    resume_url: str
    discard_url: str


def init(app: Flask, keep: Keeper, find: Finder, forget: Forgetter) -> None:
    """Plug in where working copies are stored."""
    app.extensions["kladka.keep_copy"] = keep
    app.extensions["kladka.find_copy"] = find
    app.extensions["kladka.forget_copy"] = forget


def copied(view: View) -> View:
    """Mark a view whose page holds one long form, saved as a working copy while it is typed."""
    view.copied = True  # type: ignore[attr-defined]
    return view


def here(*, put_back: bool = False) -> Here:
    """Say what the page that is being shown needs; *put_back*: its form holds something kept already."""
    path = request.path
    waits = None if put_back or request.method not in SAFE else _find(path)
    return Here(
        save_url=url_for("copies.save", strona=path),
        saved_at=waits.saved_at if waits else None,
        resume_url=f"{path}?{_ASKED}=1",
        discard_url=url_for("copies.discard", strona=path),
    )


def taken_up() -> MultiDict[str, str] | None:
    """Give the working copy of the page that is being shown, if the address asks to go on with it."""
    if request.method not in SAFE or _ASKED not in request.args or not _is_copied(request.endpoint):
        return None
    found = _find(request.path)
    if found is None:
        return None
    return MultiDict((name, value) for name, values in found.body.items() for value in values)


def forget(path: str) -> None:
    """Forget the working copy of the page *path*: what was typed there has been saved."""
    current_app.extensions["kladka.forget_copy"](session(), actor().user_id or 0, path)


@bp.post("/kopia")
@signed_in
def save() -> Response:
    path = _page_or_404()
    body = {
        name: [clean(value) for value in values]
        for name, values in request.form.lists()
        if not name.startswith(_SECRETS)
    }
    if sum(len(name) + sum(map(len, values)) for name, values in body.items()) > SIGNS_MAX:
        return _said(_("No working copy is saved: there is too much text. Shorten it or save the form."), 413)
    typed = [word for name, values in body.items() for word in (name, *(values if name not in _MADE else ()))]
    if any(map(holds_pesel, typed)):
        return _said(_("No working copy is saved: a field holds what looks like a PESEL number. Remove it."), 422)
    at, who = now(), actor().user_id or 0
    current_app.extensions["kladka.keep_copy"](session(), who, path, body, at, revision=_revision())
    return Response(status=204, headers={"X-Saved-At": warsaw.hour_words(at)})


@bp.post("/kopia/odrzuc")
@signed_in
def discard() -> BaseResponse:
    path = _page_or_404()
    forget(path)
    tell(_("Your unsaved changes have been discarded. The form shows what is saved."), "ok")
    return redirect(path, code=303)


def _find(path: str) -> Copy | None:
    if not actor().signed_in:
        return None
    return cast(Copy | None, current_app.extensions["kladka.find_copy"](session(), actor().user_id or 0, path, now()))


def _page_or_404() -> str:
    """Give the page that the address names, if a long form stands there; only such pages have copies."""
    path = inside(request.args.get("strona", ""), "")
    try:
        endpoint, _values = current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        abort(404)
    if not _is_copied(endpoint):
        abort(404)
    return path


def _is_copied(endpoint: str | None) -> bool:
    return bool(getattr(current_app.view_functions.get(endpoint or ""), "copied", False))


def _revision() -> int:
    typed = request.form.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _NUMBER_DIGITS else 0


def _said(sentence: str, status: int) -> Response:
    return Response(sentence, status, mimetype="text/plain")
