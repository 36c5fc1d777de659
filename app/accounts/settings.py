"""A person's own account: name, language, password, signed-in browsers, second factor."""

import re

import segno
from flask import Blueprint, request
from pyotp import TOTP
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Field

from app.accounts import actions, queries, rules, second_factor
from app.accounts.forms import CodeForm, PasswordChangeForm, ProfileForm, ProofForm
from app.accounts.models import UserAccount
from app.clock import now
from app.web.errors import refuse
from app.web.forms import Form
from app.web.guards import signed_in
from app.web.htmx import respond, see_other
from app.web.i18n import COOKIE, _, _n, language, translated
from app.web.session import actor, apart, close_early, session, tell

bp = Blueprint("settings", __name__, url_prefix="/ustawienia")
_LANGUAGES = {"pl": "polski", "en": "English"}
_ISSUER = "Kładka"
_GROUPS_OF_FOUR = re.compile(".{4}(?!$)")


@bp.route("", methods=["GET", "POST"])
@signed_in
def show() -> BaseResponse:
    """Show the account and change its name and language."""
    who = actor()
    user = _user()
    form = ProfileForm(name=user.name, language=user.language)
    form.language.choices = list(_LANGUAGES.items())
    if form.validate_on_submit():
        chosen = form.language.data
        actions.revise(session(), who, form.name.data or "", chosen, now())
        response = see_other("settings.show")
        if chosen == language():
            tell(_("Saved."), "ok")
        else:  # the page itself shows that it is saved
            response.set_cookie(COOKIE, chosen, samesite="Lax", httponly=True, secure=request.is_secure)
        return response
    return respond(
        "app/accounts/settings.html",
        status=422 if form.errors else 200,
        form=form,
        user=user,
        sessions=[
            (row, rules.client_words(row.client), row.id == who.session_id)
            for row in queries.open_sessions(session(), who.user_id or 0, now())
        ],
        codes_left=second_factor.codes_left(session(), who.user_id or 0) if user.totp_since else 0,
    )


@bp.route("/haslo", methods=["GET", "POST"])
@signed_in
def password() -> BaseResponse:
    """Change the password: the present one is asked for, other browsers are signed out."""
    who = actor()
    form = PasswordChangeForm(formdata=request.form if request.method == "POST" else None)
    known = (who.email, who.name, *(place.name for place in who.places))
    if form.validate_on_submit() and form.accepts(known) and (attempt := _proved(form, form.password_now)):
        hashed = actions.hash_password(form.password.data or "")
        actions.forget_failure(session(), attempt)
        actions.change_password(session(), who, hashed, now())
        tell(_("Your password is changed. Other browsers have been signed out."), "ok")
        return see_other("settings.show")
    return respond("app/accounts/password.html", status=422 if form.errors else 200, form=form)


@bp.post("/sesje/<id:session_id>/zakoncz")
@signed_in
def end_one(session_id: int) -> BaseResponse:
    """Sign one of the person's browsers out."""
    if not actions.end_one(session(), actor(), session_id, now()):
        refuse(404)
    tell(_("That browser is signed out."), "ok")
    return see_other("settings.show", _anchor="sesje")


@bp.post("/sesje/zakoncz-inne")
@signed_in
def end_others() -> BaseResponse:
    """Sign all other browsers of the person out."""
    who = actor()
    ended = actions.end_sessions(session(), who, who.user_id or 0, now(), "by_owner", keep=who.session_id)
    tell(_n("%(num)d other browser is signed out.", "%(num)d other browsers are signed out.", ended), "ok")
    return see_other("settings.show", _anchor="sesje")


@bp.route("/drugi-krok", methods=["GET", "POST"])
@signed_in
def second_step() -> BaseResponse:
    """Explain the second factor and begin it; or, where it is on, say what can be done with it."""
    user = _user()
    form = ProofForm(formdata=request.form if request.method == "POST" else None)
    if form.validate_on_submit() and (attempt := _proved(form, form.password_now)):
        actions.forget_failure(session(), attempt)
        second_factor.begin(session(), actor(), now())
        return see_other("settings.prove")
    left = second_factor.codes_left(session(), user.id or 0) if user.totp_since else 0
    return respond(
        "app/accounts/second_step.html",
        status=422 if form.errors else 200,
        form=form,
        since=user.totp_since,
        codes_left=left,
    )


@bp.route("/drugi-krok/wlacz", methods=["GET", "POST"])
@signed_in
def prove() -> BaseResponse:
    """Show the secret as a picture and in letters; a first code switches the second factor on."""
    user = _user()
    if user.totp_secret is None or user.totp_since is not None:
        return see_other("settings.second_step")
    form = CodeForm(formdata=request.form if request.method == "POST" else None)
    if form.validate_on_submit():
        try:
            return _paper_codes(second_factor.prove(session(), actor(), form.code.data or "", now()))
        except rules.WrongCode as refusal:
            form.refuse(form.code, translated(refusal))
    address = TOTP(user.totp_secret).provisioning_uri(name=user.email, issuer_name=_ISSUER)
    return respond(
        "app/accounts/prove.html",
        status=422 if form.errors else 200,
        form=form,
        address=address,
        picture=segno.make(address, error="m", micro=False).svg_inline(
            omitsize=True, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
        ),
        letters=_GROUPS_OF_FOUR.sub(r"\g<0> ", user.totp_secret),
    )


@bp.route("/drugi-krok/kody", methods=["GET", "POST"])
@signed_in
def renew_codes() -> BaseResponse:
    """Make new paper codes."""
    if _user().totp_since is None:
        return see_other("settings.second_step")
    form = ProofForm(formdata=request.form if request.method == "POST" else None)
    if form.validate_on_submit() and (attempt := _proved(form, form.password_now)):
        actions.forget_failure(session(), attempt)
        return _paper_codes(second_factor.renew_codes(session(), actor(), now()))
    return respond("app/accounts/renew_codes.html", status=422 if form.errors else 200, form=form)


@bp.route("/drugi-krok/wylacz", methods=["GET", "POST"])
@signed_in
def switch_off() -> BaseResponse:
    """Ask for no code any more."""
    if _user().totp_secret is None:
        return see_other("settings.second_step")
    form = ProofForm(formdata=request.form if request.method == "POST" else None)
    if form.validate_on_submit() and (attempt := _proved(form, form.password_now)):
        actions.forget_failure(session(), attempt)
        second_factor.switch_off(session(), actor(), now())
        tell(_("The second step is switched off. Signing in asks for your password alone."), "ok")
        return see_other("settings.show", _anchor="drugi-krok")
    return respond("app/accounts/switch_off.html", status=422 if form.errors else 200, form=form)


def _user() -> UserAccount:
    return session().get_one(UserAccount, actor().user_id or 0)


def _proved(form: Form, field: Field) -> int | None:
    """Check the present password, as slowly and as often as at sign-in; return the attempt, to be taken back.

    None, and a sentence on the field, when it is wrong. No unit of work is open afterwards.
    """
    who = actor()
    close_early()
    with apart() as own:
        attempt = actions.try_once(own, who.email, request.remote_addr or "", now())
        stored = own.get_one(UserAccount, who.user_id or 0).password_hash
    if attempt is None:
        form.refuse(field, _(rules.TooManyAttempts.message))
        return None
    if not actions.verify(str(field.data or ""), stored):
        form.refuse(field, _("This is not your present password. Try again."))
        return None
    return attempt


def _paper_codes(codes: list[str]) -> BaseResponse:
    # The one page that answers a POST by itself: the codes stand nowhere else, so no other request could show them.
    return respond("app/accounts/paper_codes.html", codes=codes, made_at=now())
