"""The operator's pages of accounts: find, lock, unlock, sign out, give another address, take a second factor away."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, request
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse

from app.accounts import actions, queries, rules, second_factor
from app.accounts.forms import ReasonForm
from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.clock import now
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _l, _n, translated
from app.web.session import actor, session, tell
from partners.institutions.models import Institution
from partners.people.forms import AddressField
from partners.people.models import Membership
from partners.people.rules import ROLE_LABEL

bp = Blueprint("operator_accounts", __name__, url_prefix="/operator/konta")
PAGE_SIZE = 50
_WORDS_MAX = 100
STATES = {
    "zablokowane": _l("locked"),
    "operatorzy": _l("operators"),
    "inspektorzy": _l("inspectors"),
    "drugi-krok": _l("with a second step"),
}


class AddressForm(ReasonForm):
    """Another address for signing in, and why."""

    email = AddressField(_l("New e-mail address"), needed=_l("Enter the new e-mail address."))


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """An institution that a person works for; *role_label* is a msgid."""

    name: str
    slug: str
    role_label: str


@bp.get("")
@acting_for(Role.OPERATOR)
def index() -> BaseResponse:
    """List the accounts, the newest first, by words and state."""
    words = request.args.get("q", "").strip()[:_WORDS_MAX]
    state = request.args.get("stan", "")
    state = state if state in STATES else ""
    before = request.args.get("przed", "")
    below = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    found = queries.accounts(session(), words, state, below, PAGE_SIZE + 1)
    shown = found[:PAGE_SIZE]
    return respond(
        "app/portal/accounts.html",
        "app/portal/_accounts.html",
        accounts=shown,
        places=_places(session(), [row.id for row in shown]),
        older=shown[-1].id if len(found) > PAGE_SIZE else None,
        words=words,
        state=state,
        states=STATES,
        later=below is not None,
    )


@bp.get("/<id:user_id>")
@acting_for(Role.OPERATOR)
def show(user_id: int) -> BaseResponse:
    """Show one account and what can be done with it."""
    return _page(user_id)


@bp.post("/<id:user_id>/zablokuj")
@acting_for(Role.OPERATOR)
def lock(user_id: int) -> BaseResponse:
    """Let a person in no more."""
    return _with_reason(user_id, "lock", actions.lock_account, _("The account is locked, and its sessions have ended."))


@bp.post("/<id:user_id>/odblokuj")
@acting_for(Role.OPERATOR)
def unlock(user_id: int) -> BaseResponse:
    """Let a person in again."""
    return _with_reason(user_id, "unlock", actions.unlock_account, _("The account is open again."))


@bp.post("/<id:user_id>/drugi-krok")
@acting_for(Role.OPERATOR)
def reset_second_factor(user_id: int) -> BaseResponse:
    """Take a lost second factor away."""
    return _with_reason(user_id, "second", second_factor.reset, _("The second step is switched off for this person."))


@bp.post("/<id:user_id>/wyloguj")
@acting_for(Role.OPERATOR)
def end_sessions(user_id: int) -> BaseResponse:
    """Sign a person out of all browsers; of the operator's own, this one stays."""
    get_or_404(session().get(UserAccount, user_id))
    who = actor()
    ended = actions.end_sessions(session(), who, user_id, now(), "by_operator", keep=who.session_id)
    tell(_n("%(num)d browser is signed out.", "%(num)d browsers are signed out.", ended), "ok")
    return see_other("operator_accounts.show", user_id=user_id)


@bp.post("/<id:user_id>/adres")
@acting_for(Role.OPERATOR)
def change_address(user_id: int) -> BaseResponse:
    """Let a person sign in with another address."""
    get_or_404(session().get(UserAccount, user_id))
    form = AddressForm(prefix="address")
    if not form.validate():
        return _page(user_id, address=form)
    try:
        actions.change_address(session(), actor(), user_id, form.email.data or "", form.reason.data or "", now())
    except (rules.AddressTaken, rules.SameAddress) as refusal:
        form.refuse(form.email, translated(refusal))
        return _page(user_id, address=form)
    tell(_("The address is changed. Both addresses have been told."), "ok")
    return see_other("operator_accounts.show", user_id=user_id)


def _with_reason(
    user_id: int, name: str, act: Callable[[Session, Actor, int, str, datetime], None], done: str
) -> BaseResponse:
    user = get_or_404(session().get(UserAccount, user_id))
    form = ReasonForm(prefix=name)
    on_page = {"lock": user.locked_at is None, "unlock": user.locked_at is not None, "second": bool(user.totp_since)}
    # What the page does not offer any more is refused by the act itself, whatever the reason says.
    if not form.validate() and on_page[name] and user_id != actor().user_id:
        return _page(user_id, **{name: form})
    act(session(), actor(), user_id, form.reason.data or "", now())
    tell(done, "ok")
    return see_other("operator_accounts.show", user_id=user_id)


def _page(user_id: int, **sent: ReasonForm) -> BaseResponse:
    """Show the account; of the forms in *sent*, one has come back with its faults."""
    user = get_or_404(session().get(UserAccount, user_id))
    forms = {name: sent.get(name) or ReasonForm(formdata=None, prefix=name) for name in ("lock", "unlock", "second")}
    return respond(
        "app/portal/account.html",
        status=422 if sent else 200,
        user=user,
        own=user.id == actor().user_id,
        places=_places(session(), [user_id]).get(user_id, []),
        sessions=[(row, rules.client_words(row.client)) for row in queries.open_sessions(session(), user_id, now())],
        codes_left=second_factor.codes_left(session(), user_id) if user.totp_since else 0,
        forms={**forms, "address": sent.get("address") or AddressForm(formdata=None, prefix="address")},
        faulty=next(iter(sent.values()), None),
    )


def _places(store: Session, user_ids: list[int]) -> dict[int, list[PlaceRow]]:
    statement = (
        select(Membership.user_id, Institution.name, Institution.slug, Membership.role)
        .join(Institution, col(Institution.id) == Membership.institution_id)
        .where(col(Membership.user_id).in_(user_ids), col(Membership.ended_at).is_(None))
        .order_by(col(Institution.sort_key), col(Institution.id))
    )
    found: dict[int, list[PlaceRow]] = {}
    for user_id, name, slug, role in store.exec(statement):
        found.setdefault(user_id, []).append(PlaceRow(name, slug, ROLE_LABEL[Role(role)]))
    return found
