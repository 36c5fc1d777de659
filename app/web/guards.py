"""Who may come in: every view says so with one decorator, and an endpoint that says nothing is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask, Response, abort, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.actors import Actor, Role
from app.web import kept
from app.web.session import SAFE, actor

View = TypeVar("View", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Guard:
    """What a view demands: *kind* open, signed_in, role or token."""

    kind: str
    roles: frozenset[Role] = frozenset()


_INSIDE = {
    Role.MEMBER: frozenset({Role.MEMBER, Role.COORDINATOR, Role.ADMIN}),
    Role.COORDINATOR: frozenset({Role.COORDINATOR, Role.ADMIN}),
    Role.ADMIN: frozenset({Role.ADMIN}),
}


def open_to_all(view: View) -> View:
    """Let everybody in."""
    return _mark(view, Guard("open"))


def signed_in(view: View) -> View:
    """Let in whoever has signed in."""
    return _mark(view, Guard("signed_in"))


def by_token(view: View) -> View:
    """Let everybody in: the view itself looks up the secret of its address and answers 404 without one."""
    return _mark(view, Guard("token"))


def acting_for(*roles: Role) -> Callable[[View], View]:
    """Let in who has one of *roles*; a higher role of an institution includes the lower ones."""
    admitted = frozenset().union(*(_INSIDE.get(role, frozenset({role})) for role in roles))

    def decorate(view: View) -> View:
        return _mark(view, Guard("role", admitted))

    return decorate


def admits(guard: Guard, who: Actor) -> bool:
    """Whether *guard* lets *who* in."""
    if guard.kind in ("open", "token"):
        return True
    if guard.kind == "signed_in":
        return who.signed_in
    return who.signed_in and who.role in guard.roles


def init(app: Flask) -> None:
    """Refuse, before every request, whoever the endpoint's guard does not admit."""
    app.before_request(_check)


def to_sign_in() -> BaseResponse:
    """Send a visitor to the sign-in page and back afterwards; htmx is told to change the whole page."""
    path = request.full_path.rstrip("?") if request.method in SAFE else kept.keep()
    address = url_for("accounts.sign_in", next=path or None)
    if request.headers.get("HX-Request") == "true":
        return Response(status=204, headers={"HX-Redirect": address})
    return redirect(address, code=302)


def _mark(view: View, guard: Guard) -> View:
    view.guard = guard  # type: ignore[attr-defined]
    return view


def _check() -> BaseResponse | None:
    if request.endpoint is None:
        return None  # no such address, or no such method: answered by the error pages
    view = current_app.view_functions[request.endpoint]
    guard: Guard | None = getattr(view, "guard", None)
    if guard is None:
        abort(403)
    if guard.kind in ("open", "token"):
        return None
    who = actor()
    if admits(guard, who):
        return None
    if not who.signed_in:
        return to_sign_in()
    return abort(403)
