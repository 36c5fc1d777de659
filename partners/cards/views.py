"""Routes of cards: edit, confirm, state, territory, rooms, the letter that invites an institution."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import site, warsaw
from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.web.errors import get_or_404
from app.web.guards import acting_for, open_to_all
from app.web.htmx import respond, see_other
from app.web.i18n import _, language, translated
from app.web.session import SAFE, actor, session, tell
from partners.cards import actions, queries, rules
from partners.cards.forms import CardForm, RoomForm, StateForm, TerritoryForm, values_of
from partners.cards.rules import CardDraft
from partners.institutions import queries as institutions
from partners.institutions import reach
from partners.institutions import rules as words
from partners.institutions.models import Institution, Kind, Room, Status
from partners.institutions.reach import Unit
from partners.institutions.rules import edition as edition_of
from partners.people import queries as people
from partners.territory import queries as territory

bp = Blueprint("cards", __name__)

NAMES_IN_ERROR = 3
_MAZOWIECKIE = "14"
_HAS_PARENT = (Kind.EXTERNAL_UNIT,)
# Where a refusal of an action stands in the form.
_FIELD_OF = {
    rules.NameMissing: "name",
    rules.AddressTaken: "slug",
    rules.AddressWrong: "slug",
    rules.WrongParent: "parent",
    rules.EndBeforeStart: "valid_to",
    rules.SuccessorAnnounced: "valid_to",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which what is saved now differs from what was typed."""

    field: str
    label: str
    saved: str
    typed: str


@bp.route("/partnerzy/<slug:slug>/edycja", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def edit(slug: str) -> Response | BaseResponse:
    card = _own(slug)
    before = queries.saved(session(), card)
    if request.method in SAFE:
        return _card_page(_card_form(card, before, saved=True), card, before)
    form = _card_form(card, before)
    if "podglad" in request.form:
        return _card_page(form, card, before, preview=True)
    wanted = _read(form, before)
    if wanted is None:
        return _card_page(form, card, before, status=422)
    try:
        changed = actions.revise(session(), actor(), card, wanted, now(), edition=form.edition.data or "")
        if "confirmed" in form and form.confirmed.data:
            actions.confirm(session(), actor(), card, now())
    except rules.Stale:
        return _stale(form, card, before)
    except Refusal as refusal:
        if type(refusal) not in _FIELD_OF or _FIELD_OF[type(refusal)] not in form:
            raise
        form.refuse(form[_FIELD_OF[type(refusal)]], translated(refusal))
        return _card_page(form, card, before, status=422)
    tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
    return see_other("institutions.show", slug=card.slug)


@bp.post("/partnerzy/<slug:slug>/aktualne")
@acting_for(Role.ADMIN)
def confirm(slug: str) -> BaseResponse:
    card = get_or_404(institutions.institution(session(), slug, actor()))
    actions.confirm(session(), actor(), card, now())
    tell(_("Thank you. The card says that the data were confirmed today."), "ok")
    return see_other("institutions.show", slug=slug)


@bp.route("/partnerzy/<slug:slug>/stan", methods=["GET", "POST"])
@acting_for(Role.OPERATOR)
def state(slug: str) -> Response | BaseResponse:
    card = get_or_404(institutions.institution(session(), slug, actor()))
    before = {"status": card.status.value, "valid_to": card.valid_to}
    form = StateForm(data=before if request.method in SAFE else None)
    form.offer()
    if request.method not in SAFE and form.validate():
        try:
            status = Status(form.status.data)
            changed = actions.set_status(session(), actor(), card, status, form.valid_to.data, now())
        except (rules.EndBeforeStart, rules.SuccessorAnnounced) as refusal:
            form.refuse(form.valid_to, translated(refusal))
        else:
            tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
            return see_other("institutions.show", slug=slug)
    return respond(
        "partners/cards/state.html",
        status=422 if form.errors else 200,
        form=form,
        i=card,
        undecided=card.status not in rules.STATES,
    )


@bp.route("/partnerzy/<slug:slug>/teren", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def served(slug: str) -> Response | BaseResponse:
    card = _own(slug)
    code = request.args.get("jednostka", "")
    area = reach.area(session(), code) if code.isascii() and code.isdigit() else None
    if code and area is None:
        abort(404)
    codes = queries.served(session(), card.id or 0)
    form = TerritoryForm()
    if request.method not in SAFE:
        get_or_404(area)
    if area is not None:
        form.codes.choices = form.seen.choices = [(one, one) for one in sorted(area.codes)]
    if request.method not in SAFE and form.validate():
        chosen, seen = frozenset(form.codes.data or ()), frozenset(form.seen.data or ())
        changed = actions.serve(session(), actor(), card, chosen, seen, now())
        tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
        return see_other("cards.served", slug=slug, jednostka=code)
    return respond(
        "partners/cards/territory.html",
        "partners/cards/_area.html",
        status=422 if form.errors else 200,
        i=card,
        form=form,
        area=area,
        codes=codes,
        ticked=codes if form.codes.raw_data is None else frozenset(form.codes.data or ()),
        tally=queries.tally(codes, area.branches) if area else {},
        own=reach.of_card(session(), card.id or 0).get(reach.OWN, ()),
        others=queries.also_serving(session(), card, codes),
        home=(card.gmina_code or "")[:4],
        voivodeships=territory.voivodeships(session()),
        chosen_voivodeship=code[:2] or card.voivodeship_code or "",
    )


@bp.route("/partnerzy/<slug:slug>/sale", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def rooms(slug: str) -> Response | BaseResponse:
    card = _own(slug)
    form = RoomForm()
    if request.method not in SAFE and form.validate():
        try:
            room = actions.add_room(session(), actor(), card, form.draft(), now())
        except rules.RoomNamedTwice as refusal:
            form.refuse(form.name, translated(refusal))
        else:
            tell(_("The room “%(name)s” stands on the card.", name=room.name), "ok")
            return see_other("cards.rooms", slug=slug)
    return respond(
        "partners/cards/rooms.html",
        status=422 if form.errors else 200,
        i=card,
        form=form,
        rows=institutions.rooms(session(), card.id or 0, active=False),
    )


@bp.route("/partnerzy/<slug:slug>/sale/<id:room_id>", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def room(slug: str, room_id: int) -> Response | BaseResponse:
    card, found = _room(slug, room_id)
    before = {"name": found.name, "seats": found.seats, "equipment": found.equipment}
    form = RoomForm(data=before if request.method in SAFE else None)
    if request.method not in SAFE and form.validate():
        try:
            changed = actions.revise_room(session(), actor(), found, form.draft(), now())
        except rules.RoomNamedTwice as refusal:
            form.refuse(form.name, translated(refusal))
        else:
            tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
            return see_other("cards.rooms", slug=slug)
    return respond("partners/cards/room.html", status=422 if form.errors else 200, i=card, room=found, form=form)


@bp.post("/partnerzy/<slug:slug>/sale/<id:room_id>/wylacz")
@acting_for(Role.ADMIN, Role.OPERATOR)
def switch_off(slug: str, room_id: int) -> BaseResponse:
    _card, found = _room(slug, room_id)
    actions.switch_room(session(), actor(), found, now(), active=False)
    tell(_("The room “%(name)s” is not shown any more. You can switch it on again.", name=found.name), "ok")
    return see_other("cards.rooms", slug=slug)


@bp.post("/partnerzy/<slug:slug>/sale/<id:room_id>/wlacz")
@acting_for(Role.ADMIN, Role.OPERATOR)
def switch_on(slug: str, room_id: int) -> BaseResponse:
    _card, found = _room(slug, room_id)
    actions.switch_room(session(), actor(), found, now(), active=True)
    tell(_("The room “%(name)s” stands on the card.", name=found.name), "ok")
    return see_other("cards.rooms", slug=slug)


@bp.get("/partnerzy/<slug:slug>/pismo")
@open_to_all
def letter(slug: str) -> Response:
    """Show the letter that invites an institution without an account: to print, or to copy into one's own paper."""
    card = get_or_404(institutions.card(session(), slug, actor()))
    i = card.institution
    if i.status not in (Status.ACTIVE, Status.UNCONFIRMED) or people.has_people(session(), i.id or 0):
        abort(404)
    return respond(
        f"partners/cards/letter.{language()}.html",
        i=i,
        today=warsaw.today(now()),
        portal=site.absolute("/"),
        apply_url=site.absolute(url_for("admission.apply")),
        card_url=site.absolute(url_for("institutions.show", slug=slug)),
    )


def _own(slug: str) -> Institution:
    """Give the card that the actor may change; 404 where he may not know of it, 403 where he may only see it."""
    card = get_or_404(institutions.institution(session(), slug, actor()))
    if not rules.may_edit(actor(), card.id):
        abort(403)
    return card


def _room(slug: str, room_id: int) -> tuple[Institution, Room]:
    card = _own(slug)
    return card, get_or_404(queries.room(session(), card.id or 0, room_id))


def _card_form(card: Institution, before: CardDraft, *, saved: bool = False) -> CardForm:
    """Make the form for this person and kind: out of the request, or with what is *saved*."""
    values = _values(before) if saved else None
    form = CardForm(data=values)
    return _furnished(form, card, before)


def _furnished(form: CardForm, card: Institution, before: CardDraft) -> CardForm:
    who = actor()
    operates = rules.may_operate(who)
    in_warsaw = before.voivodeship_code == _MAZOWIECKIE
    form.narrow(
        operates=operates,
        confirms=rules.may_confirm(who, card.id),
        has_features=rules.has_features(before.kind),
        has_parent=operates or before.kind in _HAS_PARENT,
        in_warsaw=in_warsaw,
    )
    kinds = dict.fromkeys((*rules.may_act_as(who, before.kind), *(Kind(kind) for kind in before.acts_as)))
    districts = [(one.code, one.name) for one in territory.warsaw_districts(session())] if in_warsaw else []
    form.offer(list(kinds), districts)
    return form


def _values(before: CardDraft) -> dict[str, object]:
    seat = queries.gmina_unit(session(), before.gmina_code) if before.gmina_code else None
    parent = institutions.names(session(), [before.parent_id] if before.parent_id else [])
    return dict(
        values_of(
            before,
            seat=seat.words() if seat else "",
            parent=parent.get(before.parent_id or 0, ""),
            edition=edition_of(before),
        )
    )


def _card_page(
    form: CardForm,
    card: Institution,
    before: CardDraft,
    *,
    status: int = 200,
    preview: bool = False,
    differences: Sequence[Difference] | None = None,
) -> Response:
    return respond(
        "partners/cards/edit.html",
        status=status,
        form=form,
        i=card,
        preview=preview,
        differences=differences,
        seats=queries.gminas_near(session(), before.voivodeship_code),
        parents=institutions.suggestions(session(), before.voivodeship_code) if "parent" in form else [],
        kind_label=words.KIND_LABEL[before.kind],
    )


def _read(form: CardForm, before: CardDraft) -> CardDraft | None:
    """Give the clean values, or None with the errors on the form's fields."""
    hits = queries.gminas_called(session(), form.seat.data or "")
    if len(hits) > 1:
        form.offer_seats(hits, language())
    else:
        form.seat_choice.data = None
    valid = form.validate()
    seated, gmina_code = _seat(form, hits)
    placed, parent_id = _parent(form, before)
    return form.draft(before, gmina_code=gmina_code, parent_id=parent_id) if valid and seated and placed else None


def _seat(form: CardForm, hits: Sequence[Unit]) -> tuple[bool, str | None]:
    """Tell whether the gmina is clear, and give its code; say on the field what is missing."""
    codes = [unit.code for unit in hits]
    if not form.seat.data or len(codes) == 1:
        return True, codes[0] if codes else None
    if form.seat_choice.data in codes:
        return True, form.seat_choice.data
    if codes:
        form.refuse(form.seat_choice, _("Several gminas fit. Choose the one where the seat lies."))
    else:
        form.refuse(form.seat, _("There is no gmina of this name. Check the spelling, or give its TERYT code."))
    return False, None


def _parent(form: CardForm, before: CardDraft) -> tuple[bool, int | None]:
    """Tell whether the institution that this one belongs to is clear, and give its id."""
    if "parent" not in form:
        return True, before.parent_id
    typed = form.parent.data
    if not typed:
        return True, None
    if before.parent_id and typed == institutions.names(session(), [before.parent_id]).get(before.parent_id):
        return True, before.parent_id
    hits = institutions.named(session(), [typed]).get(typed, ())
    if len(hits) == 1:
        return True, hits[0].id
    if hits:
        listed = "; ".join(f"{hit.name} ({hit.slug})" for hit in hits[:NAMES_IN_ERROR])
        form.refuse(
            form.parent,
            _("Several partners fit: %(listed)s. Type the whole name, or the words in brackets.", listed=listed),
        )
    else:
        form.refuse(form.parent, _("There is no partner of this name. Copy the name from the partner’s card."))
    return False, None


def _stale(form: CardForm, card: Institution, before: CardDraft) -> Response:
    """Show what is saved now beside what was typed; sending the form again saves what was typed."""
    present = _furnished(CardForm(formdata=None, data=_values(before)), card, before)
    differences = [
        Difference(form[name].id, str(form[name].label.text), present.words(name), form.words(name))
        for name in form._fields
        if name not in ("edition", "seat_choice", "confirmed") and present.words(name) != form.words(name)
    ]
    form.edition.raw_data = None
    form.edition.data = edition_of(before)
    return _card_page(form, card, before, status=409, differences=differences)
