"""Routes of services: what an institution offers, and the operator's catalogue."""

from collections.abc import Collection
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, language, translated
from app.web.session import SAFE, actor, session, tell
from partners.institutions import queries as institutions
from partners.institutions import reach
from partners.institutions.models import Institution, Service, ServiceOffer
from partners.institutions.reach import Unit
from partners.institutions.rules import edition as edition_of
from partners.institutions.rules import is_outdated
from partners.services import actions, queries, rules
from partners.services.forms import AddForm, OfferForm, ServiceForm, values_of

bp = Blueprint("services", __name__)


@dataclass(frozen=True, slots=True)
class Place:
    """A unit that an institution serves, with what lies right below it."""

    unit: Unit
    below: tuple[Unit, ...]


@bp.route("/partnerzy/<slug:slug>/uslugi", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def offers(slug: str) -> Response | BaseResponse:
    card = _own(slug)
    groups = queries.not_offered(session(), card.id or 0)
    form = AddForm()
    form.offer(one.id for group in groups for one in group.entries)
    if request.method not in SAFE and form.validate():
        number = actions.add_offers(session(), actor(), card, form.chosen(), now())
        tell(_n("%(num)d service was added.", "%(num)d services were added.", number), "ok")
        return see_other("services.offers", slug=slug)
    today = warsaw.today(now())
    rows = institutions.offers(session(), card.id or 0)
    return respond(
        "partners/services/offers.html",
        status=422 if form.errors else 200,
        i=card,
        form=form,
        groups=groups,
        rows=rows,
        reach=reach.of_card(session(), card.id or 0),
        outdated={row.id for row in rows if is_outdated(row.checked_on, today)},
    )


@bp.route("/partnerzy/<slug:slug>/uslugi/<id:offer_id>", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def offer(slug: str, offer_id: int) -> Response | BaseResponse:
    card, found, service = _offer(slug, offer_id)
    before = queries.saved_offer(session(), found)
    places = _places(card, before.codes)
    form = OfferForm(data=values_of(before, edition_of(before)) if request.method in SAFE else None)
    form.offer(sorted({unit.code for place in places for unit in (place.unit, *place.below)}))
    status, saved = 200, None
    if request.method not in SAFE:
        status = 422
        if form.validate():
            try:
                edition = form.edition.data or ""
                actions.revise_offer(session(), actor(), card, found, form.draft(), now(), edition=edition)
            except rules.Stale:
                status, saved = 409, before
                form.edition.raw_data = None
                form.edition.data = edition_of(before)
            except rules.OutOfReach as refusal:
                form.refuse(form.codes, translated(refusal))
            else:
                tell(_("Saved. The card says that this was checked today."), "ok")
                return see_other("services.offers", slug=slug)
    return respond(
        "partners/services/offer.html",
        status=status,
        i=card,
        offer=found,
        name=_name(service),
        form=form,
        places=places,
        saved=saved,
        saved_places=[unit.words(language()) for unit in reach.units(session(), saved.codes).values()] if saved else [],
    )


@bp.post("/partnerzy/<slug:slug>/uslugi/<id:offer_id>/sprawdzone")
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def check(slug: str, offer_id: int) -> BaseResponse:
    card, found, _service = _offer(slug, offer_id)
    actions.check_offers(session(), actor(), card, [found.id or 0], now())
    tell(_("Thank you. The card says that this was checked today."), "ok")
    return see_other("services.offers", slug=slug)


@bp.post("/partnerzy/<slug:slug>/uslugi/sprawdzone")
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def check_all(slug: str) -> BaseResponse:
    card = _own(slug)
    rows = institutions.offers(session(), card.id or 0)
    actions.check_offers(session(), actor(), card, [row.id for row in rows], now())
    tell(_("Thank you. The card says that all services were checked today."), "ok")
    return see_other("services.offers", slug=slug)


@bp.post("/partnerzy/<slug:slug>/uslugi/<id:offer_id>/usun")
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def withdraw(slug: str, offer_id: int) -> BaseResponse:
    card, found, service = _offer(slug, offer_id)
    name = _name(service)
    actions.withdraw_offer(session(), actor(), card, found, now())
    tell(_("“%(name)s” does not stand on the card any more.", name=name), "ok")
    return see_other("services.offers", slug=slug)


@bp.get("/operator/uslugi")
@acting_for(Role.OPERATOR)
def catalogue() -> Response:
    return respond("partners/services/catalogue.html", groups=queries.catalogue(session()))


@bp.route("/operator/uslugi/nowa", methods=["GET", "POST"])
@acting_for(Role.OPERATOR)
def new() -> Response | BaseResponse:
    form = ServiceForm()
    form.offer()
    if request.method not in SAFE and form.validate():
        try:
            service = actions.add_service(session(), actor(), form.draft(), now())
        except rules.NamedTwice as refusal:
            form.refuse(form.name_pl, translated(refusal))
        else:
            tell(_("“%(name)s” stands in the catalogue.", name=_name(service)), "ok")
            return see_other("services.catalogue")
    return respond(
        "partners/services/entry.html", status=422 if form.errors else 200, form=form, service=None, saved=None
    )


@bp.route("/operator/uslugi/<id:service_id>", methods=["GET", "POST"])
@acting_for(Role.OPERATOR)
def entry(service_id: int) -> Response | BaseResponse:
    service = get_or_404(queries.entry(session(), service_id))
    before = queries.saved_entry(service)
    values = {
        "name_pl": before.name_pl,
        "name_en": before.name_en,
        "group": queries.group_of(before.group),
        "edition": edition_of(before),
    }
    form = ServiceForm(data=values if request.method in SAFE else None)
    form.offer()
    status, saved = 200, None
    if request.method not in SAFE:
        status = 422
        if form.validate():
            try:
                changed = actions.revise_service(
                    session(), actor(), service, form.draft(), now(), edition=form.edition.data or ""
                )
            except rules.Stale:
                status, saved = 409, before
                form.edition.raw_data = None
                form.edition.data = edition_of(before)
            except rules.NamedTwice as refusal:
                form.refuse(form.name_pl, translated(refusal))
            else:
                tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
                return see_other("services.catalogue")
    return respond("partners/services/entry.html", status=status, form=form, service=service, saved=saved)


@bp.post("/operator/uslugi/<id:service_id>/wylacz")
@acting_for(Role.OPERATOR)
def switch_off(service_id: int) -> BaseResponse:
    service = get_or_404(queries.entry(session(), service_id))
    actions.switch_service(session(), actor(), service, now(), active=False)
    tell(_("“%(name)s” is not shown any more. Offers of it are kept.", name=_name(service)), "ok")
    return see_other("services.catalogue")


@bp.post("/operator/uslugi/<id:service_id>/wlacz")
@acting_for(Role.OPERATOR)
def switch_on(service_id: int) -> BaseResponse:
    service = get_or_404(queries.entry(session(), service_id))
    actions.switch_service(session(), actor(), service, now(), active=True)
    tell(_("“%(name)s” is shown again.", name=_name(service)), "ok")
    return see_other("services.catalogue")


@bp.post("/operator/uslugi/<id:service_id>/wyzej")
@acting_for(Role.OPERATOR)
def move_up(service_id: int) -> BaseResponse:
    service = get_or_404(queries.entry(session(), service_id))
    actions.move_service(session(), actor(), service, now(), up=True)
    return see_other("services.catalogue", _anchor=f"usluga-{service_id}")


@bp.post("/operator/uslugi/<id:service_id>/nizej")
@acting_for(Role.OPERATOR)
def move_down(service_id: int) -> BaseResponse:
    service = get_or_404(queries.entry(session(), service_id))
    actions.move_service(session(), actor(), service, now(), up=False)
    return see_other("services.catalogue", _anchor=f"usluga-{service_id}")


def _own(slug: str) -> Institution:
    """Give the card whose services the actor may change; 404 where he may not know of it, 403 where only see it."""
    card = get_or_404(institutions.institution(session(), slug, actor()))
    if not rules.may_offer(actor(), card.id):
        abort(403)
    return card


def _offer(slug: str, offer_id: int) -> tuple[Institution, ServiceOffer, Service]:
    card = _own(slug)
    found, service = get_or_404(queries.offer(session(), card.id or 0, offer_id))
    return card, found, service


def _places(card: Institution, chosen: Collection[str]) -> list[Place]:
    """Give what the institution serves, and what is chosen although it is served no longer."""
    units = reach.of_card(session(), card.id or 0).get(reach.OWN, ())
    below = reach.children(session(), [unit.code for unit in units])
    places = [Place(unit, below.get(unit.code, ())) for unit in units]
    shown = {unit.code for place in places for unit in (place.unit, *place.below)}
    left = reach.units(session(), [code for code in chosen if code not in shown])
    return places + [Place(unit, ()) for unit in left.values()]


def _name(service: Service) -> str:
    name = service.name_pl if language() == "pl" else service.name_en
    return name[:1].upper() + name[1:]
