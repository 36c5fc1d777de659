"""Routes of the directory: the list with its filters, the page of one institution."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app import site, warsaw
from app.actors import Actor, Role
from app.clock import now
from app.text import clean
from app.web.errors import get_or_404
from app.web.guards import open_to_all
from app.web.htmx import respond
from app.web.i18n import _, _n, language
from app.web.session import actor, session
from events.calendar import queries as calendar
from partners.agreements import queries as agreements
from partners.contacts import queries as contacts
from partners.institutions import directory, queries, rules
from partners.institutions.directory import KIND_FACETS, DirectoryFilter, Facets, InstitutionRow, Option
from partners.institutions.models import Institution, Status
from partners.people import queries as people
from projects.programmes import queries as programmes

bp = Blueprint("institutions", __name__)

UNCONFIRMED = "niepotwierdzone"
SERVICES_SHOWN = 10
SERVICES_NAMED = 3
EVENTS_SHOWN = 5
TEXT_MAX = 100
PAGE_MAX = 10_000
_VOIVODESHIPS = frozenset(f"{number:02d}" for number in range(2, 33, 2))
_KIND_LABELS = {facet.key: facet.label for facet in KIND_FACETS}


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter, and the address of the list without it."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the reader of a card may change on it."""

    card: bool
    services: bool
    confirm: bool
    state: bool

    def __bool__(self) -> bool:
        return self.card or self.services


@dataclass(frozen=True, slots=True)
class Box:
    """One checkbox of a filter."""

    key: str
    label: str
    count: int
    checked: bool


@bp.get("/partnerzy")
@open_to_all
def index() -> Response:
    wanted = _wanted(request.args)
    facets = directory.facets(session(), wanted)
    pages = max(ceil(facets.total / directory.PAGE_SIZE), 1)
    page = min(_page(request.args), pages)
    rows = directory.page(session(), wanted, facets, page) if facets.total else []
    return respond(
        "partners/institutions/index.html",
        "partners/institutions/_results.html",
        wanted=wanted,
        facets=facets,
        rows=rows,
        services={row.id: _services_in_words(facets, row) for row in rows},
        agreement_counts=agreements.counts_of_institutions(session(), actor(), [row.id for row in rows]),
        kind_boxes=_kind_boxes(wanted, facets),
        service_boxes=_service_boxes(wanted, facets),
        services_shown=SERVICES_SHOWN,
        chips=_chips(wanted, facets),
        page_number=page,
        pages=pages,
        previous_url=_address(wanted, page - 1) if page > 1 else "",
        next_url=_address(wanted, page + 1) if page < pages else "",
        unconfirmed=UNCONFIRMED,
        with_unconfirmed_url=_address(replace(wanted, unconfirmed=True)),
    )


@bp.get("/partnerzy/<slug:slug>")
@open_to_all
def show(slug: str) -> BaseResponse:
    viewer, at = actor(), now()
    card = queries.card(session(), slug, viewer)
    if card is None:
        return redirect(url_for("institutions.show", slug=_moved(slug)), code=301)
    institution = card.institution
    owner = institution.id or 0
    today = warsaw.today(at)
    feed = f"/kanaly/i/{institution.slug}.ics"
    return respond(
        "partners/institutions/show.html",
        card=card,
        i=institution,
        group=rules.KIND_GROUP[institution.kind],
        kind_label=rules.KIND_LABEL[institution.kind],
        kind_labels=rules.KIND_LABEL,
        feature_labels=rules.FEATURE_LABEL,
        archived=institution.status is Status.ARCHIVED,
        is_unconfirmed=institution.status is Status.UNCONFIRMED,
        kept_by=_kept_by(viewer, institution),
        freshness=rules.freshness(institution.confirmed_on, today),
        status_labels=rules.STATUS_LABEL,
        territory=[unit.words(language()) for unit in card.territory],
        rooms=queries.rooms(session(), owner) if rules.may_see_rooms(viewer, owner) else [],
        outdated=[offer.key for offer in card.offers if rules.is_outdated(offer.checked_on, today)],
        offer_notes=_distinct(offer.note for offer in card.offers),
        offer_sources=_distinct(offer.basis for offer in card.offers),
        contacts=contacts.of_card(session(), owner, viewer, today),
        notes=contacts.open_notes(session(), owner, viewer),
        keeps=contacts.keeps(viewer, owner),
        settles=contacts.settles(viewer, owner),
        reports_here=contacts.reports_here(viewer, owner),
        is_outdated=rules.is_outdated,
        today=today,
        has_people=people.has_people(session(), owner),
        agreements=agreements.of_institution(session(), owner, viewer),
        events=calendar.upcoming(session(), viewer, at, EVENTS_SHOWN, institution_id=owner),
        programmes=programmes.of_institution(session(), owner),
        feed_url=site.absolute(feed),
        webcal_url="webcal://" + site.absolute(feed).partition("://")[2],
    )


def _moved(slug: str) -> str:
    """Give the present address of a card that once stood at *slug*, or answer 404."""
    return get_or_404(queries.moved_to(session(), slug, actor()))


def _kept_by(viewer: Actor, institution: Institution) -> Keeping:
    """Tell what *viewer* may change on this card."""
    own = institution.id is not None and viewer.institution_id == institution.id
    operates = viewer.role is Role.OPERATOR
    return Keeping(
        card=operates or (own and viewer.role is Role.ADMIN),
        services=operates or (own and viewer.prepares),
        confirm=own and viewer.role is Role.ADMIN,
        state=operates,
    )


def _wanted(args: MultiDict[str, str]) -> DirectoryFilter:
    """Read the filter out of the address; values that mean nothing are left out."""
    place = args.get("woj", "")
    return DirectoryFilter(
        text=" ".join(clean(args.get("q", "")).split())[:TEXT_MAX],
        voivodeship=place if place in _VOIVODESHIPS else "",
        kinds=tuple(key for key in dict.fromkeys(args.getlist("rodzaj")) if key in _KIND_LABELS),
        services=tuple(key for key in dict.fromkeys(args.getlist("usluga")) if _is_key(key)),
        unconfirmed=args.get("status") == UNCONFIRMED,
    )


def _is_key(text: str) -> bool:
    return 0 < len(text) <= 60 and text.isascii() and text.replace("_", "").isalnum()


def _page(args: MultiDict[str, str]) -> int:
    text = args.get("strona", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX))
    return max(int(text), 1) if is_number else 1


def _address(wanted: DirectoryFilter, page: int = 1) -> str:
    """Give the address of the list with this filter; what is not chosen does not stand in it."""
    return url_for(
        "institutions.index",
        q=wanted.text or None,
        woj=wanted.voivodeship or None,
        rodzaj=list(wanted.kinds),
        usluga=list(wanted.services),
        status=UNCONFIRMED if wanted.unconfirmed else None,
        strona=page if page > 1 else None,
    )


def _kind_boxes(wanted: DirectoryFilter, facets: Facets) -> list[Box]:
    boxes = [
        Box(facet.key, _(facet.label), facets.kinds.get(facet.key, 0), facet.key in wanted.kinds)
        for facet in KIND_FACETS
    ]
    return [box for box in boxes if box.count or box.checked]


def _service_boxes(wanted: DirectoryFilter, facets: Facets) -> list[Box]:
    boxes = [Box(one.key, _named(one), one.count, one.key in wanted.services) for one in facets.services]
    return [box for box in boxes if box.count or box.checked]


def _chips(wanted: DirectoryFilter, facets: Facets) -> list[Chip]:
    chips = []
    if wanted.text:
        chips.append(Chip(_("“%(words)s”", words=wanted.text), _address(replace(wanted, text=""))))
    chips += [
        Chip(place.name_pl, _address(replace(wanted, voivodeship="")))
        for place in facets.voivodeships
        if place.key == wanted.voivodeship
    ]
    chips += [
        Chip(_(_KIND_LABELS[key]), _address(replace(wanted, kinds=_without(wanted.kinds, key)))) for key in wanted.kinds
    ]
    names = {one.key: _named(one) for one in facets.services}
    chips += [
        Chip(names.get(key, key), _address(replace(wanted, services=_without(wanted.services, key))))
        for key in wanted.services
    ]
    if wanted.unconfirmed:
        chips.append(Chip(_("with unconfirmed entries"), _address(replace(wanted, unconfirmed=False))))
    return chips


def _without(keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(one for one in keys if one != key)


def _named(option: Option) -> str:
    name = option.name_pl if language() == "pl" else option.name_en
    return name[:1].upper() + name[1:]


def _services_in_words(facets: Facets, row: InstitutionRow) -> str:
    """Give "Praca socjalna, schronienie, pomoc rzeczowa i jeszcze 5"."""
    chosen = 0 if language() == "pl" else 1
    names = [pair[chosen] for pair in facets.names_of_services(row.service_ids)]
    words = ", ".join(names[:SERVICES_NAMED])
    if len(names) > SERVICES_NAMED:
        words += " " + _n("and %(num)d more", "and %(num)d more", len(names) - SERVICES_NAMED)
    return words[:1].upper() + words[1:]


def _distinct(words: Iterable[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word]
