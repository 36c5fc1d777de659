"""Sign in, its second step, sign out, extend a session, choose a new password by a mailed link."""

import flask
from flask import Blueprint, Response, current_app, redirect, request, url_for
from flask_login import login_user
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import actions, queries, rules, second_factor
from app.accounts.forms import ChosenPasswordForm, CodeForm, ForgottenForm, SignInForm
from app.accounts.models import UserAccount
from app.actors import Actor
from app.clock import now
from app.config import Config
from app.web import kept
from app.web.guards import by_token, open_to_all, signed_in
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, language, translated
from app.web.security import inside
from app.web.session import SignedIn, actor, apart, close_early, session, tell
from partners.people import queries as people

bp = Blueprint("accounts", __name__)
_PAGE = "app/accounts/sign_in.html"
_CODE_PAGE = "app/accounts/code.html"
# What the cookie of a visitor may carry: the sign-in that waits for its code, the mailed link that he has followed.
_WAITING = "waiting"
_LINK = "link"


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
        attempt = actions.try_once(own, email, address, now())
        user = queries.by_email(own, email)
    if attempt is None:
        form.refuse(form.email, _(rules.TooManyAttempts.message))
        return respond(_PAGE, status=429, form=form, target=target)
    right = actions.verify(form.password.data or "", user.password_hash if user else None)
    user = actions.still_right(session(), user) if right and user is not None else None
    if user is None:
        form.refuse(form.email, _("The e-mail address or the password is wrong. Check both and try again."))
        return respond(_PAGE, status=422, form=form, target=target)
    actions.forget_failure(session(), attempt)
    actions.end_session(session(), actor(), now(), "replaced")
    if user.totp_since is None:
        return _enter(user, target)
    waiting = actions.await_code(session(), user, request.user_agent.string, now())
    flask.session.clear()
    flask.session[_WAITING] = waiting
    return _in_words_of(user, redirect(url_for("accounts.code", next=target or None), code=303))


@bp.route("/logowanie/kod", methods=["GET", "POST"])
@by_token
def code() -> BaseResponse:
    """Ask for the second factor; until it is right, nobody is signed in."""
    target = inside(request.args.get("next"), "")
    token = str(flask.session.get(_WAITING, ""))
    found = queries.waiting_for_code(session(), token, now()) if token else None
    if found is None:
        flask.session.pop(_WAITING, None)
        if actor().signed_in:
            return see_other("desk.show")
        tell(_("Sign in with your e-mail address and password first; then you have ten minutes for the code."), "info")
        return redirect(url_for("accounts.sign_in", next=target or None), code=303)
    waiting_id, user_id, email = found[0].id or 0, found[1].id or 0, found[1].email
    form = CodeForm(formdata=request.form if request.method == "POST" else None)
    if not form.validate_on_submit():
        return respond(_CODE_PAGE, status=422 if form.errors else 200, form=form, target=target)
    close_early()
    with apart() as own:
        attempt = actions.try_once(
            own, rules.code_key(email), request.remote_addr or "", now(), rules.CODES_PER_ACCOUNT
        )
    if attempt is None:
        form.refuse(form.code, _(rules.TooManyAttempts.message))
        return respond(_CODE_PAGE, status=429, form=form, target=target)
    try:
        left = second_factor.take(session(), user_id, form.code.data or "", now())
    except rules.WrongCode as refusal:
        form.refuse(form.code, translated(refusal))
        return respond(_CODE_PAGE, status=422, form=form, target=target)
    if not actions.end_waiting(session(), waiting_id, now()):
        close_early()
        return see_other("accounts.code")
    actions.forget_failure(session(), attempt)
    response = _enter(session().get_one(UserAccount, user_id), target)
    if left is not None:
        tell(_n("You have %(num)d paper code left.", "You have %(num)d paper codes left.", left), "info")
    return response


def _enter(user: UserAccount, target: str) -> BaseResponse:
    """Begin a session under a token that nobody has seen before, and lead to where the person wanted to go."""
    found = queries.form_not_shown_yet(session(), user.id or 0, now())
    token = actions.begin_session(session(), user, request.user_agent.string, now())
    flask.session.clear()
    login_user(SignedIn(token, Actor.visitor()))
    tell(_("You are signed in."), "ok")
    if found is not None:
        kept.remember(found.path)
    return _in_words_of(user, redirect(target or url_for("desk.show"), code=303))


def _in_words_of(user: UserAccount, response: BaseResponse) -> BaseResponse:
    if language() != user.language and not request.cookies.get("jezyk"):
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


@bp.route("/haslo", methods=["GET", "POST"])
@open_to_all
def forgotten() -> BaseResponse:
    """Mail a link for a new password; the same answer, in the same time, whether there is such an account."""
    form = ForgottenForm(formdata=request.form if request.method == "POST" else None)
    status = 200
    if form.validate_on_submit():
        try:
            # One unit of work either way: the mail goes out later, in the background.
            actions.ask_reset(session(), actor(), form.email.data or "", request.remote_addr or "", now())
        except rules.TooManyAttempts as refusal:
            form.refuse(form.email, translated(refusal))
            status = refusal.status
        else:
            return see_other("accounts.link_sent")
    elif form.errors:
        status = 422
    return respond("app/accounts/forgotten.html", status=status, form=form)


@bp.get("/haslo/wyslano")
@open_to_all
def link_sent() -> BaseResponse:
    """Say what happens next, and what to do when nothing comes."""
    config: Config = current_app.extensions["kladka.config"]
    return respond("app/accounts/link_sent.html", has_server=config.mail is not None)


@bp.get("/haslo/<token:token>")
@by_token
def follow_link(token: str) -> BaseResponse:
    """Take the token into the cookie and go on to an address without it; looking at it uses nothing up."""
    if queries.open_reset(session(), token, now()) is None:
        return _link_gone()
    flask.session[_LINK] = token
    return _without_referrer(redirect(url_for("accounts.choose"), code=303))


@bp.route("/haslo/nowe", methods=["GET", "POST"])
@by_token
def choose() -> BaseResponse:
    """Let whoever followed a mailed link choose a new password."""
    token = str(flask.session.get(_LINK, ""))
    found = queries.open_reset(session(), token, now()) if token else None
    if found is None:
        return _link_gone()
    _reset, user = found
    form = ChosenPasswordForm(formdata=request.form if request.method == "POST" else None)
    if form.validate_on_submit():
        known = (user.email, user.name, *people.names_of_places(session(), user.id or 0))
        if form.accepts(known):
            close_early()
            hashed = actions.hash_password(form.password.data or "")
            actions.reset_password(session(), token, hashed, now())
            flask.session.pop(_LINK)
            tell(_("Your password is changed. Sign in with the new one."), "ok")
            return see_other("accounts.sign_in")
    status = 422 if form.errors else 200
    return _without_referrer(respond("app/accounts/choose.html", status=status, form=form, email=user.email))


def _link_gone() -> BaseResponse:
    flask.session.pop(_LINK, None)
    return _without_referrer(respond("app/accounts/link_gone.html", status=rules.ResetGone.status))


def _without_referrer(response: BaseResponse) -> BaseResponse:
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
