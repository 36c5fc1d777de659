"""The directory: what a filter finds, and the counts beside it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    String,
    Subquery,
    cast,
    func,
    literal,
    not_,
    union_all,
)
from sqlalchemy import select as columns
from sqlmodel import Session, col

from app.audit.kept import Kept, State, Written
from app.audit.models import AuditLine
from app.db import rows
from app.text import sort_key
from partners.institutions.filter import (
    FACET_OF_KIND,
    DirectoryFilter,
    conditions,
    has_any_of,
    is_confirmed,
    lies_closely,
    listed,
    offers_any_of,
    says,
)
from partners.institutions.models import (
    SHOWN,
    Institution,
    InstitutionActsAs,
    InstitutionFeature,
    Kind,
    KindGroup,
    Service,
    ServiceOffer,
    Status,
)
from partners.institutions.queries import (
    HOMONYMS,
    PLACE_COLUMNS,
    Place,
    place_of,
    plain,
    with_place,
)
from partners.institutions.rules import KIND_GROUP, KIND_LABEL, Freshness, freshness
from partners.territory.models import County, CountyKind, Gmina, GminaKind, Voivodeship
from partners.territory.rules import gmina_name

PAGE_SIZE = 25


_SERVICE_IDS = (
    columns(func.aggregate_strings(cast(col(ServiceOffer.service_id), String), ","))
    .where(col(ServiceOffer.institution_id) == col(Institution.id))
    .correlate(Institution)
    .scalar_subquery()
    .label("service_ids")
)


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter, its name in both languages, and the number of cards that it would show.

    *row_id* is the id of a service, *position* its place in the catalogue.
    """

    key: str
    name_pl: str
    name_en: str
    count: int
    row_id: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts beside the filters: each as if nothing were chosen in itself, but in all the others.

    *services* come most frequent first, places in the Polish order: *counties* of the chosen voivodeship, *gminas* of
    the chosen county, only those with cards; *unconfirmed* is what the switch adds, *confirmed* what the other leaves
    of the list when no day is asked for; *homonyms* are the names that several gminas have. *state* is that of the
    database when they were asked for.
    """

    total: int
    unconfirmed: int
    kinds: dict[str, int]
    voivodeships: tuple[Option, ...]
    services: tuple[Option, ...]
    homonyms: frozenset[str]
    counties: tuple[Option, ...] = ()
    gminas: tuple[Option, ...] = ()
    features: tuple[tuple[str, int], ...] = ()
    confirmed: int = 0
    state: State = ("", (None, None, None))

    def names_of_services(self, service_ids: Collection[int]) -> tuple[tuple[str, str], ...]:
        """Give the names (Polish, English) of services by id, in the order of the catalogue."""
        known = sorted((one.position, one.row_id, one) for one in self.services if one.row_id in service_ids)
        return tuple((one.name_pl, one.name_en) for _position, _id, one in known)


@dataclass(frozen=True, slots=True)
class InstitutionRow:
    """A card of the directory as columns."""

    id: int
    slug: str
    name: str
    kind: Kind
    status: Status
    synthetic: bool
    place: Place
    services: tuple[tuple[str, str], ...] = ()
    outdated: bool = False

    @property
    def kind_label(self) -> str:
        """Msgid of the kind."""
        return KIND_LABEL[self.kind]

    @property
    def group(self) -> KindGroup:
        """Shape of the badge."""
        return KIND_GROUP[self.kind]

    @property
    def confirmed(self) -> bool:
        """Whether the card's data have been confirmed."""
        return self.status is not Status.UNCONFIRMED


def facets(session: Session, wanted: DirectoryFilter, confirmed_since: date | None = None) -> Facets:
    """Count the cards beside every filter, in two statements whatever the number of institutions.

    *confirmed_since* is the day that the switch for confirmed cards would ask for.

    The first one asks whether anything has been written since the same filter was counted last; if not, there is no
    second one.
    """
    address = str(session.get_bind().engine.url)  # a process may serve several databases, as the tests do
    state = address, _last_written(session)
    known = _counted.get((wanted, confirmed_since), state)
    if known is None:
        known = replace(_count(session, wanted, confirmed_since), state=state)
        _counted.put((wanted, confirmed_since), state, known)
    return known


def page(
    session: Session, wanted: DirectoryFilter, counted: Facets, number: int, today: date | None = None
) -> list[InstitutionRow]:
    """Give one page (from 1) of the cards in the Polish order; *counted* are their facets, asked for in this request.

    One statement, or none when the same page was asked for and nothing has been written since. With *today* each says
    whether its institution has confirmed it, but more than 12 months ago.
    """
    known = _paged.get((wanted, number, today), counted.state)
    if known is None:
        known = _page(session, wanted, counted, number, today)
        _paged.put((wanted, number, today), counted.state, known)
    return known


def _page(
    session: Session, wanted: DirectoryFilter, counted: Facets, number: int, today: date | None
) -> list[InstitutionRow]:
    statement = (
        columns(
            col(Institution.id),
            col(Institution.slug),
            col(Institution.name),
            col(Institution.kind),
            col(Institution.status),
            col(Institution.synthetic),
            col(Institution.confirmed_on),
            *PLACE_COLUMNS,
            _SERVICE_IDS,
        )
        .where(*conditions(wanted))
        .order_by(col(Institution.sort_key), col(Institution.id))
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    )
    return [
        InstitutionRow(
            id=row.id,
            slug=row.slug,
            name=row.name,
            kind=row.kind,
            status=row.status,
            synthetic=row.synthetic,
            place=place_of(row, homonym=row.gmina in counted.homonyms),
            services=counted.names_of_services({int(one) for one in (row.service_ids or "").split(",") if one}),
            outdated=today is not None and freshness(row.confirmed_on, today) is Freshness.OUTDATED,
        )
        for row in session.execute(with_place(statement))
    ]


_NEWEST = columns(
    *(columns(func.max(col(one))).scalar_subquery() for one in (AuditLine.id, Institution.id, ServiceOffer.id))
)


def _last_written(session: Session) -> Written:
    """Every act leaves a line in the audit trail; new cards and offers are told by their own ids as well."""
    row = rows(session, _NEWEST)[0]
    return (row[0], row[1], row[2])


_counted = Kept[Facets]()
_paged = Kept[list[InstitutionRow]]()


def _count(session: Session, wanted: DirectoryFilter, confirmed_since: date | None) -> Facets:
    """Count in one statement.

    The cards are counted once by status, kind and voivodeship, and the filters added up from that: at most a few
    hundred numbers, read from an index when no words are asked for. Counties, gminas and features are counted by
    themselves, where a page shows them.
    """
    shown = col(Institution.status).in_(SHOWN)
    narrowed_by = (says(wanted.text), offers_any_of(wanted.services), has_any_of(wanted), is_confirmed(wanted))
    status, place, own = plain(Institution.status), col(Institution.voivodeship_code), plain(Institution.kind)
    # Within the voivodeship, whether a card lies in the chosen county or gmina.
    inside = cast(lies_closely(wanted), Integer) if wanted.county else literal(1)
    counted, empty, zero = func.count(), literal(""), literal(0)
    by_card = (
        columns(literal("card"), status, own, place, empty, counted, inside.label("inside"), zero)
        .where(*narrowed_by, shown)
        .group_by(status, own, place, *([inside] if wanted.county else []))
    )
    further = plain(InstitutionActsAs.kind)
    by_further_kind = (
        columns(literal("acts_as"), status, own, place, further, counted, inside.label("inside"), zero)
        .select_from(InstitutionActsAs)
        .join(Institution, col(InstitutionActsAs.institution_id) == col(Institution.id))
        .where(*narrowed_by, shown)
        .group_by(status, own, place, further, *([inside] if wanted.county else []))
    )
    offered = _offers_counted(wanted)
    by_service = (
        columns(
            literal("service"),
            col(Service.key),
            col(Service.name_pl),
            col(Service.name_en),
            empty,
            func.coalesce(offered.c.number, 0),
            col(Service.id),
            col(Service.position),
        )
        .select_from(Service)
        .outerjoin(offered, offered.c.service_id == col(Service.id))
        .where(col(Service.active).is_(True))
    )
    by_name = columns(literal("place"), col(Voivodeship.code), col(Voivodeship.name), empty, empty, zero, zero, zero)
    shared = HOMONYMS.subquery()
    by_homonym = columns(literal("homonym"), shared.c.name, empty, empty, empty, zero, zero, zero)
    by_feature = (
        columns(literal("feature"), col(InstitutionFeature.feature), empty, empty, empty, counted, zero, zero)
        .join(Institution, col(Institution.id) == col(InstitutionFeature.institution_id))
        .where(*conditions(replace(wanted, features=())))
        .group_by(col(InstitutionFeature.feature))
    )
    parts = [by_card, by_further_kind, by_service, by_name, by_homonym, by_feature]
    if confirmed_since is not None:
        confirmed = conditions(replace(wanted, confirmed_since=confirmed_since))
        parts.append(
            columns(literal("confirmed"), empty, empty, empty, empty, counted, zero, zero)
            .select_from(Institution)
            .where(*confirmed)
        )
    if wanted.voivodeship:
        parts.append(
            columns(
                literal("county"), col(County.code), col(County.name), plain(County.kind), empty, counted, zero, zero
            )
            .select_from(Institution)
            .join(Gmina, col(Gmina.code) == col(Institution.gmina_code))
            .join(County, col(County.code) == col(Gmina.county_code))
            .where(*conditions(replace(wanted, county="", gmina="")))
            .group_by(col(County.code), col(County.name), plain(County.kind))
        )
    if wanted.county:
        kinds_of = (plain(Gmina.kind), col(County.name))
        parts.append(
            columns(literal("gmina"), col(Gmina.code), col(Gmina.name), *kinds_of, counted, zero, zero)
            .select_from(Institution)
            .join(Gmina, col(Gmina.code) == col(Institution.gmina_code))
            .join(County, col(County.code) == col(Gmina.county_code))
            .where(*conditions(replace(wanted, gmina="")))
            .group_by(col(Gmina.code), col(Gmina.name), *kinds_of)
        )
    sums = _Sums(wanted)
    found: dict[str, list[Any]] = {}
    for row in session.execute(union_all(*parts)):
        found.setdefault(row[0], []).append(row[1:])
    for first, second, third, _fourth, number, within, _position in found.get("card", ()):
        sums.add(first, Kind(second), third, number, inside=bool(within))
    for first, second, third, fourth, number, within, _position in found.get("acts_as", ()):
        sums.add_further(first, Kind(second), third, Kind(fourth), number, inside=bool(within))
    offers = [
        Option(key, name_pl, name_en, number, row_id, position)
        for key, name_pl, name_en, _empty, number, row_id, position in found.get("service", ())
    ]
    return Facets(
        total=sums.total,
        unconfirmed=sums.unconfirmed,
        kinds=sums.kinds,
        voivodeships=_in_order(
            Option(code, name, name, sums.places.get(code, 0)) for code, name, *_rest in found.get("place", ())
        ),
        services=tuple(sorted(offers, key=lambda option: (-option.count, sort_key(option.name_pl)))),
        homonyms=frozenset(name for name, *_rest in found.get("homonym", ())),
        counties=_in_order(_county(*row[:5]) for row in found.get("county", ())),
        gminas=_gminas([row[:5] for row in found.get("gmina", ())]),
        features=tuple(sorted((row[0], row[4]) for row in found.get("feature", ()))),
        confirmed=sum(row[4] for row in found.get("confirmed", ())),
    )


def _in_order(options: Iterable[Option]) -> tuple[Option, ...]:
    return tuple(sorted(options, key=lambda option: (sort_key(option.name_pl), option.key)))


def _county(code: str, name: str, kind: str, _empty: str, number: int) -> Option:
    if kind == CountyKind.CITY_COUNTY:
        return Option(code, f"{name} (miasto)", f"{name} (city)", number)
    return Option(code, name, name, number)


def _gminas(found: Collection[Any]) -> tuple[Option, ...]:
    """Name the gminas of one county: a town and the rural gmina around it are told apart by their kinds."""
    names = [name for _code, name, *_rest in found]
    options = []
    for code, name, kind, county, number in found:
        alike = names.count(name) > 1
        polish, english = (
            gmina_name(name, GminaKind(kind), county, homonym=alike, language=language) for language in ("pl", "en")
        )
        options.append(Option(code, polish, english, number))
    return _in_order(options)


class _Sums:
    """Adds the counted cards up to the filters: each filter leaves out what is chosen in itself."""

    def __init__(self, wanted: DirectoryFilter) -> None:
        self.wanted = wanted
        self.total = self.unconfirmed = 0
        self.kinds: dict[str, int] = {}
        self.places: dict[str, int] = {}

    def add(self, status: str, kind: Kind, place: str | None, number: int, *, inside: bool) -> None:
        facet = FACET_OF_KIND[kind]
        of_kind = not self.wanted.kinds or facet in self.wanted.kinds
        self._count(status, facet, place, number, of_kind=of_kind, inside=inside)

    def add_further(
        self, status: str, kind: Kind, place: str | None, further: Kind, number: int, *, inside: bool
    ) -> None:
        """A card counts for its further kind too, but in the sums only where its own kind has not counted."""
        facet, own = FACET_OF_KIND[further], FACET_OF_KIND[kind]
        if facet == own:
            return
        chosen = self.wanted.kinds
        self._count(status, facet, place, number, of_kind=facet in chosen and own not in chosen, inside=inside)

    def _count(self, status: str, facet: str, place: str | None, number: int, *, of_kind: bool, inside: bool) -> None:
        here = inside and (not self.wanted.voivodeship or place == self.wanted.voivodeship)
        if status == Status.UNCONFIRMED:
            if here and of_kind:
                self.unconfirmed += number
            if not self.wanted.unconfirmed:
                return
        if here:
            self.kinds[facet] = self.kinds.get(facet, 0) + number
        if of_kind:
            if place:
                self.places[place] = self.places.get(place, 0) + number
            if here:
                self.total += number


def _offers_counted(wanted: DirectoryFilter) -> Subquery:
    statement: Select[Any, int] = columns(
        col(ServiceOffer.service_id).label("service_id"), func.count().label("number")
    )
    others = replace(wanted, services=())
    if replace(others, unconfirmed=False).narrows:
        statement = statement.join(Institution, col(Institution.id) == col(ServiceOffer.institution_id)).where(
            *conditions(others)
        )
    else:
        # Nearly all cards are listed: leaving out the others reads two indexes instead of every card.
        unlisted = columns(col(Institution.id)).where(not_(listed(wanted)))
        statement = statement.where(col(ServiceOffer.institution_id).not_in(unlisted))
    return statement.group_by(col(ServiceOffer.service_id)).subquery()
