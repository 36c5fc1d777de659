"""Routes of the directory: the list with its filters, the page of one institution."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from math import ceil
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app import site, warsaw
from app.actors import Actor, Role
from app.clock import now
from app.text import clean
from app.web import downloads
from app.web.errors import get_or_404
from app.web.guards import open_to_all
from app.web.htmx import respond
from app.web.i18n import _, _n, language
from app.web.session import actor, session
from events.calendar import queries as calendar
from events.minutes import queries as minutes
from events.visits import queries as visits
from partners.agreements import queries as agreements
from partners.contacts import queries as contacts
from partners.exchange import queries as exchange
from partners.institutions import directory, queries, rules
from partners.institutions.directory import Facets, Option
from partners.institutions.filter import KIND_FACETS, DirectoryFilter, narrowed
from partners.institutions.models import Institution, Status
from partners.people import queries as people
from projects.programmes import queries as programmes

bp = Blueprint("institutions", __name__)

UNCONFIRMED = "niepotwierdzone"
CONFIRMED = "potwierdzone"
MAP = "mapa"
FEATURE_KEYS = {
    "zamkniety": "closed",
    "polotwarty": "half_open",
    "otwarty": "open",
    "oddzial-terapeutyczny": "therapeutic_unit",
    "dom-przejsciowy": "halfway_house",
}
"""How the address names the features of prison units."""
SERVICES_SHOWN = 10
SERVICES_NAMED = 3
EVENTS_SHOWN = 5
TEXT_MAX = 100
REMEMBERED = 2048
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
    today, spoken = warsaw.today(now()), language()
    wanted, as_map = _wanted(request.args, today), request.args.get("widok") == MAP
    facets = directory.facets(session(), wanted, today - rules.CHECKED_FOR)
    pages = max(ceil(facets.total / directory.PAGE_SIZE), 1)
    page = min(_page(request.args), pages)
    rows = directory.page(session(), wanted, facets, page, today) if facets.total else []
    return respond(
        "partners/institutions/index.html",
        "partners/institutions/_results.html",
        wanted=wanted,
        facets=facets,
        rows=rows,
        services={row.id: _services_in_words(row.services, spoken) for row in rows},
        agreement_counts=agreements.counts_of_institutions(session(), actor(), [row.id for row in rows]),
        kind_boxes=_kind_boxes(wanted, facets),
        service_boxes=_service_boxes(wanted, facets),
        feature_boxes=_feature_boxes(wanted, facets),
        services_shown=SERVICES_SHOWN,
        chips=_chips(wanted, facets, as_map=as_map),
        page_number=page,
        pages=pages,
        previous_url=_address(wanted, page - 1, as_map=as_map) if page > 1 else "",
        next_url=_address(wanted, page + 1, as_map=as_map) if page < pages else "",
        unconfirmed=UNCONFIRMED,
        confirmed=CONFIRMED,
        with_unconfirmed_url=_address(replace(wanted, unconfirmed=True), as_map=as_map),
        as_map=as_map,
        map_word=MAP,
        list_url=_address(wanted),
        map_url=_address(wanted, as_map=True),
        place_counts={place.key: place.count for place in facets.voivodeships},
        url_for_place=lambda code: _address(replace(wanted, voivodeship=code, county="", gmina=""), as_map=True),
        url_for_county=lambda code: _address(replace(wanted, county=code, gmina="")),
        csv_url=_address(wanted, endpoint="as_csv"),
        xlsx_url=_address(wanted, endpoint="as_xlsx"),
    )


@bp.get("/partnerzy.csv")
@open_to_all
def as_csv() -> Response:
    return _export("partnerzy.csv")


@bp.get("/partnerzy.xlsx")
@open_to_all
def as_xlsx() -> Response:
    return _export("partnerzy.xlsx")


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
        visit_path=visits.way_to(viewer, owner, institution.kind),
        may_ask_for_help=visits.may_ask_for_help(viewer, owner, institution.kind),
        agreements=agreements.of_institution(session(), owner, viewer),
        events=calendar.upcoming(session(), viewer, at, EVENTS_SHOWN, institution_id=owner),
        programmes=programmes.of_institution(session(), owner, today),
        programmes_on_card=programmes.ON_CARD,
        stories=minutes.stories(session(), viewer, institution_id=owner),
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


def _export(name: str) -> Response:
    """Give exactly what the list with this address shows, on all its pages."""
    wanted = _wanted(request.args, warsaw.today(now()))
    cards = exchange.institutions(session(), lambda statement: narrowed(statement, wanted))
    return downloads.table(name, "partnerzy", exchange.institution_header(), cards)


def _wanted(args: MultiDict[str, str], today: date) -> DirectoryFilter:
    """Read the filter out of the address; values that mean nothing are left out.

    A gmina or county names the larger places around it, and one outside of what is chosen is what the form still held
    when another voivodeship or county was chosen.
    """
    gmina, county = _code(args.get("gmina", ""), 6), _code(args.get("pow", ""), 4)
    place = args.get("woj", county[:2] or gmina[:2])
    place = place if place in _VOIVODESHIPS else ""
    county = county or gmina[:4]
    county = county if county[:2] == place else ""
    return DirectoryFilter(
        text=" ".join(clean(args.get("q", "")).split())[:TEXT_MAX],
        voivodeship=place,
        county=county,
        gmina=gmina if county and gmina[:4] == county else "",
        kinds=tuple(key for key in dict.fromkeys(args.getlist("rodzaj")) if key in _KIND_LABELS),
        services=tuple(key for key in dict.fromkeys(args.getlist("usluga")) if _is_key(key)),
        features=tuple(FEATURE_KEYS[key] for key in dict.fromkeys(args.getlist("cecha")) if key in FEATURE_KEYS),
        unconfirmed=args.get("status") == UNCONFIRMED,
        confirmed_since=today - rules.CHECKED_FOR if args.get("stan") == CONFIRMED else None,
    )


def _code(text: str, digits: int) -> str:
    return text if len(text) == digits and text.isascii() and text.isdigit() else ""


def _is_key(text: str) -> bool:
    return 0 < len(text) <= 60 and text.isascii() and text.replace("_", "").isalnum()


def _page(args: MultiDict[str, str]) -> int:
    text = args.get("strona", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX))
    return max(int(text), 1) if is_number else 1


@lru_cache(maxsize=REMEMBERED)
def _query(wanted: DirectoryFilter) -> str:
    """Write the filter as the query of an address; what is not chosen does not stand in it."""
    words = {feature: word for word, feature in FEATURE_KEYS.items()}
    one = (
        ("q", wanted.text),
        ("woj", wanted.voivodeship),
        ("pow", wanted.county),
        ("gmina", wanted.gmina),
        *(("rodzaj", key) for key in wanted.kinds),
        *(("usluga", key) for key in wanted.services),
        *(("cecha", words[feature]) for feature in wanted.features),
        ("status", UNCONFIRMED if wanted.unconfirmed else ""),
        ("stan", CONFIRMED if wanted.confirmed_since else ""),
    )
    return urlencode([pair for pair in one if pair[1]])


def _address(wanted: DirectoryFilter, page: int = 1, *, as_map: bool = False, endpoint: str = "index") -> str:
    """Give the address of the list, the map or an export with this filter."""
    parts = (_query(wanted), f"widok={MAP}" if as_map else "", f"strona={page}" if page > 1 else "")
    query = "&".join(part for part in parts if part)
    return _bare(endpoint) + (f"?{query}" if query else "")


def _bare(endpoint: str) -> str:
    # A page has half a dozen addresses of its list: asking Flask for each takes longer than the list itself.
    bare: dict[str, str] = g.setdefault("addresses_of_directory", {})
    if endpoint not in bare:
        bare[endpoint] = url_for(f"institutions.{endpoint}")
    return bare[endpoint]


def _kind_boxes(wanted: DirectoryFilter, facets: Facets) -> list[Box]:
    boxes = [
        Box(facet.key, _(facet.label), facets.kinds.get(facet.key, 0), facet.key in wanted.kinds)
        for facet in KIND_FACETS
    ]
    return [box for box in boxes if box.count or box.checked]


def _service_boxes(wanted: DirectoryFilter, facets: Facets) -> list[Box]:
    boxes = [Box(one.key, _named(one), one.count, one.key in wanted.services) for one in facets.services]
    return [box for box in boxes if box.count or box.checked]


def _feature_boxes(wanted: DirectoryFilter, facets: Facets) -> list[Box]:
    counts = dict(facets.features)
    boxes = [
        Box(word, _(rules.FEATURE_LABEL[key]), counts.get(key, 0), key in wanted.features)
        for word, key in FEATURE_KEYS.items()
    ]
    return [box for box in boxes if box.count or box.checked]


def _chips(wanted: DirectoryFilter, facets: Facets, *, as_map: bool) -> list[Chip]:
    def without(label: str, **changes: Any) -> Chip:
        return Chip(label, _address(replace(wanted, **changes), as_map=as_map))

    chips = []
    if wanted.text:
        chips.append(without(_("“%(words)s”", words=wanted.text), text=""))
    places = (
        (wanted.voivodeship, facets.voivodeships, {"voivodeship": "", "county": "", "gmina": ""}),
        (wanted.county, facets.counties, {"county": "", "gmina": ""}),
        (wanted.gmina, facets.gminas, {"gmina": ""}),
    )
    for code, options, changes in places:
        if code:
            name = next((_place_name(one) for one in options if one.key == code), code)
            chips.append(without(_("county: %(name)s", name=name) if options is facets.counties else name, **changes))
    chips += [without(_(_KIND_LABELS[key]), kinds=_without(wanted.kinds, key)) for key in wanted.kinds]
    names = {one.key: _named(one) for one in facets.services}
    chips += [without(names.get(key, key), services=_without(wanted.services, key)) for key in wanted.services]
    chips += [without(_(rules.FEATURE_LABEL[key]), features=_without(wanted.features, key)) for key in wanted.features]
    if wanted.unconfirmed:
        chips.append(without(_("with unconfirmed entries"), unconfirmed=False))
    if wanted.confirmed_since:
        chips.append(without(_("confirmed in the last 12 months"), confirmed_since=None))
    return chips


def _place_name(option: Option) -> str:
    return option.name_pl if language() == "pl" else option.name_en


def _without(keys: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(one for one in keys if one != key)


def _named(option: Option) -> str:
    name = option.name_pl if language() == "pl" else option.name_en
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=REMEMBERED)
def _services_in_words(services: tuple[tuple[str, str], ...], spoken: str) -> str:
    """Give "Praca socjalna, schronienie, pomoc rzeczowa i jeszcze 5" in the language of the page, *spoken*."""
    names = [polish if spoken == "pl" else english for polish, english in services]
    words = ", ".join(names[:SERVICES_NAMED])
    if len(names) > SERVICES_NAMED:
        words += " " + _n("and %(num)d more", "and %(num)d more", len(names) - SERVICES_NAMED)
    return words[:1].upper() + words[1:]


def _distinct(words: Iterable[str]) -> list[str]:
    return [word for word in dict.fromkeys(words) if word]
