"""Routes of the operator: merging two cards, naming a successor."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.succession import actions, queries, rules
from app.succession.forms import MergeForm, SuccessionForm
from app.text import clean
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, translated
from app.web.session import actor, close_early, session, tell
from partners.institutions.models import Institution
from partners.institutions.rules import KIND_LABEL, STATUS_LABEL

bp = Blueprint("succession", __name__, url_prefix="/operator")

OLD, NEW = "z", "do"


@dataclass(frozen=True, slots=True)
class Choice:
    """What was typed for one of the two cards, the card that is meant, or those that may be."""

    typed: str
    card: Institution | None
    options: tuple[Institution, ...]


@bp.get("/polaczenia")
@acting_for(Role.OPERATOR)
def merging() -> Response:
    old, new = _choice(OLD), _choice(NEW)
    refusal = _refusal(rules.check_merge, old, new)
    plan = fills = None
    if old.card is not None and new.card is not None and not refusal:
        plan = queries.plan(session(), old.card.id or 0, new.card.id or 0)
        fills = [label for name, label in rules.FILLED_LABEL.items() if name in rules.fills(old.card, new.card)]
    return respond(
        "app/succession/merging.html",
        old=old,
        new=new,
        refusal=refusal,
        plan=plan,
        fills=fills,
        table_labels=rules.TABLE_LABEL,
        kind_labels=KIND_LABEL,
        status_labels=STATUS_LABEL,
    )


@bp.post("/polaczenia/polacz")
@acting_for(Role.OPERATOR)
def merge() -> BaseResponse:
    form = MergeForm()
    old, new = _at(form.z.data), _at(form.do.data)
    slugs = {OLD: old.slug, NEW: new.slug}
    try:
        actions.merge(session(), actor(), old.id or 0, new.id or 0, now(), seen=form.mark.data or "")
    except rules.Stale as refusal:
        close_early()  # the locks of the refused act
        tell(translated(refusal), "wait")
        return see_other("succession.merging", **slugs)
    tell(_("The cards are merged. The old address leads here from now on."), "ok")
    return see_other("institutions.show", slug=new.slug)


@bp.route("/nastepstwo", methods=["GET", "POST"])
@acting_for(Role.OPERATOR)
def succession() -> BaseResponse:
    old, new = _choice(OLD), _choice(NEW)
    refusal = _refusal(rules.check_succession, old, new)
    form = SuccessionForm(
        data={"day": warsaw.today(now()), "people": True, "contacts": True, "services": True, "coming": True}
    )
    if old.card is not None and new.card is not None and not refusal and form.validate_on_submit():
        try:
            actions.succeed(session(), actor(), old.card.id or 0, new.card.id or 0, form.handover(), now())
        except (rules.PartlyAhead, rules.DayTooEarly) as too_soon:
            form.refuse(form.day, translated(too_soon))
        else:
            if form.day.data > warsaw.today(now()):
                tell(_("The succession is announced. On its day the cards change by themselves."), "ok")
            else:
                tell(_("The successor is named. The old card leads to it."), "ok")
            return see_other("institutions.show", slug=old.card.slug)
    both = old.card is not None and new.card is not None and not refusal
    return respond(
        "app/succession/succession.html",
        status=422 if form.errors or (request.method == "POST" and not both) else 200,
        old=old,
        new=new,
        refusal=refusal,
        form=form,
        announced=[] if both else queries.announced(session()),
        today=warsaw.today(now()),
        handed=queries.handed(session(), old.card.id or 0) if both and old.card is not None else None,
        kind_labels=KIND_LABEL,
        status_labels=STATUS_LABEL,
    )


@bp.post("/nastepstwo/<slug:slug>/odwolaj")
@acting_for(Role.OPERATOR)
def withdraw(slug: str) -> BaseResponse:
    actions.withdraw_succession(session(), actor(), _at(slug).id or 0, now())
    tell(_("The announced succession is withdrawn."), "ok")
    return see_other("succession.succession")


def _choice(name: str) -> Choice:
    typed = " ".join(clean(request.args.get(name, "")).split())[: queries.TYPED_MAX]
    found = queries.candidates(session(), typed) if typed else []
    return Choice(typed, found[0] if len(found) == 1 else None, tuple(found) if len(found) > 1 else ())


def _refusal(check: Callable[[Institution, Institution], None], old: Choice, new: Choice) -> str:
    if old.card is None or new.card is None:
        return ""
    try:
        check(old.card, new.card)
        if queries.undecided(session(), old.card.id or 0, new.card.id or 0):
            raise rules.NotDecided
    except Refusal as refusal:
        return translated(refusal)
    return ""


def _at(slug: str | None) -> Institution:
    found = queries.candidates(session(), clean(slug or "")) if slug else []
    return get_or_404(next((one for one in found if one.slug == slug), None))
