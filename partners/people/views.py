"""Routes of people: who works for an institution, invitations, joining, and for whom one acts."""

import flask
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import site, warsaw
from app.accounts import actions as accounts
from app.accounts import rules as account_rules
from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.secret import token_hash
from app.web.errors import get_or_404
from app.web.guards import acting_for, by_token, open_to_all, signed_in
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, language, translated
from app.web.security import inside
from app.web.session import actor, close_early, session, tell
from partners.institutions.models import Institution
from partners.people import actions, queries, rules
from partners.people.forms import CodeForm, InviteForm, JoinForm, PlaceForm, RoleForm
from partners.people.models import Invitation
from partners.people.queries import Offered
from partners.people.rules import Wanted

bp = Blueprint("people", __name__)
_CODE = "kod"


@bp.get("/partnerzy/<slug:slug>/osoby")
@acting_for(Role.ADMIN, Role.OPERATOR)
def index(slug: str) -> Response:
    institution = _administered(slug)
    owner, today = institution.id or 0, warsaw.today(now())
    confirm_by = queries.confirm_by(session(), owner)
    return respond(
        "partners/people/index.html",
        institution=institution,
        members=queries.members(session(), owner),
        role_label=rules.ROLE_LABEL,
        invitations=queries.invitations(session(), owner),
        instant=now(),
        confirm_by=confirm_by,
        due=confirm_by is not None and confirm_by <= today,
    )


@bp.post("/partnerzy/<slug:slug>/osoby/potwierdz")
@acting_for(Role.ADMIN, Role.OPERATOR)
def confirm(slug: str) -> BaseResponse:
    number = actions.confirm(session(), actor(), _administered(slug).id or 0, now())
    tell(_n("Confirmed: %(num)d person works here.", "Confirmed: %(num)d persons work here.", number), "ok")
    return see_other("people.index", slug=slug)


@bp.route("/partnerzy/<slug:slug>/osoby/<id:membership_id>", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def change(slug: str, membership_id: int) -> BaseResponse:
    institution = _administered(slug)
    membership = get_or_404(queries.membership(session(), institution.id or 0, membership_id))
    form = RoleForm(data={"role": membership.role.value, "function": membership.function})
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            role = Role(form.role.data)
            try:
                changed = actions.change(session(), actor(), membership, role, form.function.data or "", now())
            except rules.LastAdmin as refusal:
                form.refuse(form.role, translated(refusal))
            else:
                tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
                return see_other("people.index", slug=slug)
    return _person_page(institution, membership_id, form, status)


@bp.post("/partnerzy/<slug:slug>/osoby/<id:membership_id>/zakoncz")
@acting_for(Role.ADMIN, Role.OPERATOR)
def end(slug: str, membership_id: int) -> BaseResponse:
    institution = _administered(slug)
    membership = get_or_404(queries.membership(session(), institution.id or 0, membership_id))
    form = RoleForm(formdata=None, data={"role": membership.role.value, "function": membership.function})
    try:
        actions.end(session(), actor(), membership, now())
    except rules.LastAdmin as refusal:
        form.refuse(form.role, translated(refusal))
        return _person_page(institution, membership_id, form, 422)
    tell(_("This person no longer acts for the institution and has been signed out everywhere."), "ok")
    return see_other("people.index", slug=slug) if actor().user_id != membership.user_id else see_other("desk.show")


@bp.route("/partnerzy/<slug:slug>/osoby/zapros", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def invite(slug: str) -> BaseResponse:
    institution = _administered(slug)
    form = InviteForm(data={"role": Role.COORDINATOR.value, "way": "mail"})
    if request.method != "POST":
        return _invite_page(institution, form)
    if not form.validate():
        return _invite_page(institution, form, 422)
    wanted = Wanted(
        email=form.email.data or "",
        role=Role(form.role.data),
        name=form.name.data or "",
        function=form.function.data or "",
        language=language(),
        printed=form.way.data == "print",
    )
    try:
        invitation, secret = actions.invite(session(), actor(), institution.id or 0, wanted, now())
    except (rules.AddressInvited, rules.AlreadyAmong, rules.TooManyOpen) as refusal:
        form.refuse(form.email, translated(refusal))
        return _invite_page(institution, form, refusal.status)
    return _handed_over(slug, invitation, secret)


@bp.post("/partnerzy/<slug:slug>/osoby/zaproszenia/<id:invitation_id>/ponow")
@acting_for(Role.ADMIN, Role.OPERATOR)
def renew(slug: str, invitation_id: int) -> BaseResponse:
    invitation = get_or_404(queries.invitation(session(), _administered(slug).id or 0, invitation_id))
    if not invitation.printed and rules.was_just_sent(invitation, now()):
        tell(_("The invitation was sent a moment ago. Wait two minutes before you send it again."), "info")
        return see_other("people.index", slug=slug)
    return _handed_over(slug, invitation, actions.renew(session(), actor(), invitation, now()))


@bp.post("/partnerzy/<slug:slug>/osoby/zaproszenia/<id:invitation_id>/wycofaj")
@acting_for(Role.ADMIN, Role.OPERATOR)
def withdraw(slug: str, invitation_id: int) -> BaseResponse:
    invitation = get_or_404(queries.invitation(session(), _administered(slug).id or 0, invitation_id))
    actions.withdraw(session(), actor(), invitation, now())
    tell(_("The invitation is withdrawn. Its link or code opens nothing any more."), "ok")
    return see_other("people.index", slug=slug)


@bp.get("/partnerzy/<slug:slug>/osoby/zaproszenia/<id:invitation_id>/wydruk")
@acting_for(Role.ADMIN, Role.OPERATOR)
def sheet(slug: str, invitation_id: int) -> Response:
    """Show the sheet to print. The code is known to the browser that made it only, until its session ends."""
    institution = _administered(slug)
    invitation = get_or_404(queries.invitation(session(), institution.id or 0, invitation_id))
    kept_id, code = flask.session.get(_CODE) or (0, "")
    fresh = kept_id == invitation_id and token_hash(rules.token_of(code)) == invitation.token_hash
    return respond(
        "partners/people/sheet.html",
        institution=institution,
        invitation=invitation,
        role_label=rules.ROLE_LABEL,
        code=rules.shown_code(code) if fresh and rules.is_open(invitation, now()) else "",
        address=site.absolute(url_for("people.enter_code")),
    )


@bp.route("/zaproszenie", methods=["GET", "POST"])
@open_to_all
def enter_code() -> BaseResponse:
    """Ask for the code of a printed invitation."""
    form = CodeForm()
    if form.validate_on_submit():
        token = rules.token_of(rules.read_code(form.code.data or ""))
        found = queries.offered(session(), token_hash(token))
        if found is not None and rules.is_open(found.invitation, now()):
            return _no_referrer(see_other("people.join", token=token))
        form.refuse(
            form.code,
            _("This code opens no invitation. It works once and for 14 days: check it, or ask for a new one."),
        )
    return respond("partners/people/code.html", status=422 if form.errors else 200, form=form)


@bp.get("/zaproszenie/<token:token>")
@by_token
def join(token: str) -> BaseResponse:
    """Show what the invitation is for, and the ways to accept it. Nothing is accepted by a look."""
    found = _offered(token)
    if found is None:
        # Whoever has made his account here comes back after signing in.
        used = queries.offered(session(), token_hash(token))
        places = [place.institution_id for place in actor().places]
        return see_other("desk.show") if used and used.invitation.institution_id in places else _over()
    return _join_page(token, found, JoinForm(data={"name": found.invitation.name}))


@bp.post("/zaproszenie/<token:token>")
@by_token
def accept(token: str) -> BaseResponse:
    """Accept as the person who is signed in."""
    found = _offered(token)
    if found is None:
        return _over()
    if not actor().signed_in:
        return _no_referrer(redirect(_sign_in_address(token), code=303))
    actions.accept(session(), actor(), found.invitation, now())
    tell(_("Welcome. From now on you act for %(name)s.", name=found.institution.name), "ok")
    return see_other("desk.show")


@bp.post("/zaproszenie/<token:token>/konto")
@by_token
def create(token: str) -> BaseResponse:
    """Make a new account. The answer is the same when the address has one already: sign in."""
    found = _offered(token)
    if found is None:
        return _over()
    form = JoinForm()
    address, password = found.invitation.email, form.password.data or ""
    if form.validate():
        known = (address, form.name.data or "", found.institution.name, found.institution.short_name)
        try:
            account_rules.check_password(password, known=known)
        except Refusal as refusal:
            form.refuse(form.password, translated(refusal))
    if form.errors:
        return _join_page(token, found, form, 422)
    close_early()  # nothing slow inside a unit of work
    hashed = accounts.hash_password(password)
    fresh = _offered(token)
    if fresh is None:
        return _over()
    actions.accept_as_new(session(), fresh.invitation, form.name.data or "", hashed, language(), now())
    tell(
        _(
            "Now sign in as %(email)s with the password you have chosen. If you had an account with this address "
            "before, use its password.",
            email=address,
        ),
        "info",
    )
    return _no_referrer(redirect(_sign_in_address(token), code=303))


@bp.route("/dzialasz-jako", methods=["GET", "POST"])
@signed_in
def act_for() -> BaseResponse:
    """Choose for which of one's institutions one acts."""
    who, target = actor(), inside(request.values.get("next"), "")
    form = PlaceForm(data={"institution": str(who.institution_id or "")})
    form.institution.choices = [(str(place.institution_id), place.name) for place in who.places]
    if form.validate_on_submit():
        actions.act_for(session(), who, int(form.institution.data))
        names = {str(place.institution_id): place.name for place in who.places}
        tell(_("You act for %(name)s now.", name=names[form.institution.data]), "ok")
        return redirect(target or url_for("desk.show"), code=303)
    return respond(
        "partners/people/act_for.html",
        status=422 if form.errors else 200,
        form=form,
        target=target,
        roles={str(place.institution_id): _(rules.ROLE_LABEL[place.role]) for place in who.places},
    )


def _administered(slug: str) -> Institution:
    return get_or_404(queries.administered(session(), slug, actor()))


def _person_page(institution: Institution, membership_id: int, form: RoleForm, status: int) -> Response:
    people = queries.members(session(), institution.id or 0)
    member = get_or_404(next((one for one in people if one.membership_id == membership_id), None))
    return respond(
        "partners/people/change.html",
        status=status,
        institution=institution,
        member=member,
        form=form,
        role_hints={role.value: _(hint) for role, hint in rules.ROLE_HINT.items()},
    )


def _invite_page(institution: Institution, form: InviteForm, status: int = 200) -> Response:
    return respond(
        "partners/people/invite.html",
        status=status,
        institution=institution,
        form=form,
        role_hints={role.value: _(hint) for role, hint in rules.ROLE_HINT.items()},
    )


def _handed_over(slug: str, invitation: Invitation, secret: str) -> BaseResponse:
    if invitation.printed:
        flask.session[_CODE] = [invitation.id, secret]
        return see_other("people.sheet", slug=slug, invitation_id=invitation.id)
    tell(_("The invitation is on its way to %(email)s. It is valid for 14 days.", email=invitation.email), "ok")
    return see_other("people.index", slug=slug)


def _offered(token: str) -> Offered | None:
    found = queries.offered(session(), token_hash(token))
    return found if found is not None and rules.is_open(found.invitation, now()) else None


def _over() -> BaseResponse:
    """Answer for an invitation that is wrong, used, withdrawn or too old: one page, which does not say which."""
    return _no_referrer(respond("partners/people/over.html", status=404))


def _join_page(token: str, found: Offered, form: JoinForm, status: int = 200) -> BaseResponse:
    return _no_referrer(
        respond(
            "partners/people/join.html",
            status=status,
            token=token,
            invitation=found.invitation,
            institution=found.institution,
            inviter=found.inviter,
            role_label=rules.ROLE_LABEL,
            role_offered=rules.ROLE_OFFERED,
            form=form,
            sign_in_url=_sign_in_address(token),
        )
    )


def _sign_in_address(token: str) -> str:
    return url_for("accounts.sign_in", next=url_for("people.join", token=token))


def _no_referrer(response: BaseResponse) -> BaseResponse:
    # The address is the secret.
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
