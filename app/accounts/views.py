"""Sign in, sign out, extend a session."""

import flask
from flask import Blueprint, Response, redirect, request, url_for
from flask_login import login_user
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import actions, queries, rules
from app.accounts.forms import SignInForm
from app.actors import Actor
from app.clock import now
from app.web import kept
from app.web.guards import open_to_all, signed_in
from app.web.htmx import respond, see_other
from app.web.i18n import _, language
from app.web.security import inside
from app.web.session import SignedIn, actor, apart, close_early, session, tell

bp = Blueprint("accounts", __name__)
_PAGE = "app/accounts/sign_in.html"


@bp.route("/logowanie", methods=["GET", "POST"])
@open_to_all
def sign_in() -> BaseResponse:
    """Ask for e-mail and password; the same answer whether the address or the password is wrong."""
    target = inside(request.args.get("next"), "")
    form = SignInForm(formdata=request.form if request.method == "POST" else None)
    if request.method != "POST":
        if actor().signed_in:
            return redirect(target or url_for("desk.show"))
        return respond(_PAGE, form=form, target=target)
    if not form.validate():
        return respond(_PAGE, status=422, form=form, target=target)
    email, address = form.email.data or "", request.remote_addr or ""
    # Nothing slow inside a unit of work: count, close, hash, and only then open for writing. The attempt counts as
    # failed until it succeeds, so that many at once are not more than the limit.
    close_early()
    with apart() as own:
        account, near = actions.failures(own, email, address, now())
        closed = rules.too_many(for_account=account, from_address=near)
        attempt = None if closed else actions.note_failure(own, email, address, now())
        user = queries.by_email(own, email)
    if attempt is None:
        form.refuse(form.email, _(rules.TooManyAttempts.message))
        return respond(_PAGE, status=429, form=form, target=target)
    if (
        not actions.verify(form.password.data or "", user.password_hash if user else None)
        or user is None
        or user.locked_at
    ):
        form.refuse(form.email, _("The e-mail address or the password is wrong. Check both and try again."))
        return respond(_PAGE, status=422, form=form, target=target)
    actions.forget_failure(session(), attempt)
    kept_language = language()
    found = queries.form_not_shown_yet(session(), user.id or 0, now())
    actions.end_session(session(), actor(), now(), "replaced")
    token = actions.begin_session(session(), user, request.user_agent.string, now())
    flask.session.clear()
    login_user(SignedIn(token, Actor.visitor()))
    tell(_("Good to see you, %(name)s.", name=user.name), "ok")
    if found is not None:
        kept.remember(found.path)
    response = redirect(target or url_for("desk.show"), code=303)
    if kept_language != user.language and not request.cookies.get("jezyk"):
        response.set_cookie("jezyk", user.language, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


@bp.post("/wyloguj")
@open_to_all
def sign_out() -> BaseResponse:
    """End the session on the server; the old cookie opens nothing any more."""
    who = actor()
    if who.signed_in:
        actions.end_session(session(), who, now())
    flask.session.clear()
    tell(_("You have signed out."), "ok")
    return see_other("home.show")


@bp.post("/sesja/przedluz")
@signed_in
def extend() -> Response:
    """Move the idle end of the session; X-Session-Ends is the new end in seconds since 1970."""
    who = actor()
    instant = now()
    actions.seen(session(), who.session_id or 0, instant)
    ends = min(instant.timestamp() + rules.IDLE.total_seconds(), who.session_limit)
    return Response(status=204, headers={"X-Session-Ends": str(int(ends))})
