"""The directory: what a filter finds, and the counts beside it."""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    cast,
    func,
    literal,
    not_,
    or_,
    true,
    union_all,
)
from sqlalchemy import select as columns
from sqlmodel import Session, col

from app.audit.models import AuditLine
from app.db import rows
from app.text import N_, sort_key
from partners.institutions.models import (
    SHOWN,
    Institution,
    InstitutionActsAs,
    Kind,
    KindGroup,
    Service,
    ServiceOffer,
    Status,
)
from partners.institutions.queries import HOMONYMS, PLACE_COLUMNS, Place, matches, place_of, plain, with_place
from partners.institutions.rules import KIND_GROUP, KIND_LABEL
from partners.territory.models import Voivodeship

Written = tuple[int | None, int | None, int | None]

PAGE_SIZE = 25
COUNTS_KEPT = 64


@dataclass(frozen=True, slots=True)
class KindFacet:
    """One checkbox of the filter by kind: *key* stands in the address, *label* is a msgid."""

    key: str
    label: str
    group: KindGroup
    kinds: tuple[Kind, ...]


KIND_FACETS = (
    KindFacet("zaklad-karny", N_("Prison"), KindGroup.PRISON, (Kind.PRISON,)),
    KindFacet("areszt-sledczy", N_("Remand prison"), KindGroup.PRISON, (Kind.REMAND_PRISON,)),
    KindFacet("oddzial-zewnetrzny", N_("External unit of a prison"), KindGroup.PRISON, (Kind.EXTERNAL_UNIT,)),
    KindFacet("inspektorat", N_("District inspectorate"), KindGroup.PRISON, (Kind.DISTRICT_INSPECTORATE,)),
    KindFacet(
        "ops",
        N_("Welfare centre (OPS, MOPS, CUS)"),
        KindGroup.WELFARE,
        (Kind.OPS, Kind.MOPS, Kind.GOPS, Kind.MGOPS, Kind.MOPR, Kind.CUS),
    ),
    KindFacet("pcpr", N_("Family support centre (PCPR, GCPR)"), KindGroup.WELFARE, (Kind.PCPR, Kind.GCPR)),
    KindFacet("rops", N_("Regional centre (ROPS)"), KindGroup.WELFARE, (Kind.ROPS,)),
    KindFacet("schronisko", N_("Shelter or night shelter"), KindGroup.WELFARE, (Kind.SHELTER, Kind.NIGHT_SHELTER)),
    KindFacet("kryzys", N_("Crisis intervention centre"), KindGroup.WELFARE, (Kind.CRISIS_CENTRE,)),
    KindFacet("organizacja", N_("NGO or church organisation"), KindGroup.NGO, (Kind.NGO, Kind.CHURCH)),
    KindFacet("cis", N_("Social integration centre or club"), KindGroup.NGO, (Kind.CIS, Kind.KIS)),
    KindFacet("spoldzielnia", N_("Social cooperative"), KindGroup.NGO, (Kind.SOCIAL_COOPERATIVE,)),
    KindFacet("pracodawca", N_("Employer"), KindGroup.NGO, (Kind.EMPLOYER,)),
    KindFacet("pup", N_("Labour office"), KindGroup.OFFICE, (Kind.PUP,)),
    KindFacet("kuratorzy", N_("Probation service"), KindGroup.OFFICE, (Kind.PROBATION_SERVICE,)),
    KindFacet("urzad", N_("Voivode’s office"), KindGroup.OFFICE, (Kind.VOIVODESHIP_OFFICE,)),
    KindFacet("rada", N_("Territorial council"), KindGroup.OFFICE, (Kind.TERRITORIAL_COUNCIL,)),
    KindFacet("orzekanie", N_("Disability-certification board"), KindGroup.OFFICE, (Kind.DISABILITY_BOARD,)),
)
_FACET_OF_KIND = {kind: facet.key for facet in KIND_FACETS for kind in facet.kinds}
_KINDS_OF_FACET = {facet.key: facet.kinds for facet in KIND_FACETS}
_SERVICE_IDS = (
    columns(func.aggregate_strings(cast(col(ServiceOffer.service_id), String), ","))
    .where(col(ServiceOffer.institution_id) == col(Institution.id))
    .correlate(Institution)
    .scalar_subquery()
    .label("service_ids")
)


@dataclass(frozen=True, slots=True)
class DirectoryFilter:
    """What the address of the directory asks for. Several kinds or services mean: any of them.

    *kinds* are keys of KIND_FACETS, *services* keys of the catalogue, *voivodeship* a two-digit code;
    *unconfirmed* adds the unconfirmed cards to the active ones.
    """

    text: str = ""
    voivodeship: str = ""
    kinds: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    unconfirmed: bool = False

    @property
    def narrows(self) -> bool:
        """Whether anything but the default list is asked for."""
        return bool(self.text or self.voivodeship or self.kinds or self.services or self.unconfirmed)


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

    *services* come most frequent first, *voivodeships* in the Polish order; *unconfirmed* is what the switch adds;
    *homonyms* are the names that several gminas have.
    """

    total: int
    unconfirmed: int
    kinds: dict[str, int]
    voivodeships: tuple[Option, ...]
    services: tuple[Option, ...]
    homonyms: frozenset[str]

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
    service_ids: frozenset[int] = frozenset()

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


def facets(session: Session, wanted: DirectoryFilter) -> Facets:
    """Count the cards beside every filter, in two statements whatever the number of institutions.

    The first one asks whether anything has been written since the same filter was counted last; if not, there is no
    second one.
    """
    address = str(session.get_bind().engine.url)  # a process may serve several databases, as the tests do
    written = _last_written(session)
    key = (address, wanted)
    known = _counted.get(key, written)
    if known is None:
        known = _count(session, wanted)
        _counted.put(key, written, known)
    return known


def page(session: Session, wanted: DirectoryFilter, counted: Facets, number: int) -> list[InstitutionRow]:
    """Give one page (from 1) of the cards in the Polish order, in one statement; *counted* are their facets."""
    statement = (
        columns(
            col(Institution.id),
            col(Institution.slug),
            col(Institution.name),
            col(Institution.kind),
            col(Institution.status),
            col(Institution.synthetic),
            *PLACE_COLUMNS,
            _SERVICE_IDS,
        )
        .where(
            matches(wanted.text),
            _listed(wanted),
            _lies_in(wanted.voivodeship),
            _is_any_of(wanted.kinds),
            _offers_any_of(wanted.services),
        )
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
            service_ids=frozenset(int(number) for number in (row.service_ids or "").split(",") if number),
        )
        for row in rows(session, with_place(statement))
    ]


_NEWEST = columns(
    *(columns(func.max(col(one))).scalar_subquery() for one in (AuditLine.id, Institution.id, ServiceOffer.id))
)


def _last_written(session: Session) -> Written:
    """Every act leaves a line in the audit trail; new cards and offers are told by their own ids as well."""
    row = rows(session, _NEWEST)[0]
    return (row[0], row[1], row[2])


class _Counted:
    """The counts asked for most recently, each with what had been written by then."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, DirectoryFilter], tuple[Written, Facets]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, DirectoryFilter], written: Written) -> Facets | None:
        with self._lock:
            found = self._held.get(key)
            return found[1] if found is not None and found[0] == written else None

    def put(self, key: tuple[str, DirectoryFilter], written: Written, facets: Facets) -> None:
        with self._lock:
            self._held[key] = (written, facets)
            self._held.move_to_end(key)
            while len(self._held) > COUNTS_KEPT:
                self._held.popitem(last=False)


_counted = _Counted()


def _count(session: Session, wanted: DirectoryFilter) -> Facets:
    """Count in one statement.

    The cards are counted once by status, kind and voivodeship, and the filters added up from that: at most a few
    hundred numbers, read from an index when no words are asked for.
    """
    text, services, status = matches(wanted.text), _offers_any_of(wanted.services), plain(Institution.status)
    place, own = col(Institution.voivodeship_code), plain(Institution.kind)
    counted = func.count()
    by_card = (
        columns(literal("card"), status, own, place, literal(""), counted, literal(0), literal(0))
        .where(text, services, col(Institution.status).in_(SHOWN))
        .group_by(status, own, place)
    )
    further = plain(InstitutionActsAs.kind)
    by_further_kind = (
        columns(literal("acts_as"), status, own, place, further, counted, literal(0), literal(0))
        .select_from(InstitutionActsAs)
        .join(Institution, col(InstitutionActsAs.institution_id) == col(Institution.id))
        .where(text, services, col(Institution.status).in_(SHOWN))
        .group_by(status, own, place, further)
    )
    offered = _offers_counted(wanted)
    by_service = (
        columns(
            literal("service"),
            col(Service.key),
            col(Service.name_pl),
            col(Service.name_en),
            literal(""),
            func.coalesce(offered.c.number, 0),
            col(Service.id),
            col(Service.position),
        )
        .select_from(Service)
        .outerjoin(offered, offered.c.service_id == col(Service.id))
        .where(col(Service.active).is_(True))
    )
    empty, zero = literal(""), literal(0)
    by_name = columns(literal("place"), col(Voivodeship.code), col(Voivodeship.name), empty, empty, zero, zero, zero)
    shared = HOMONYMS.subquery()
    by_homonym = columns(literal("homonym"), shared.c.name, empty, empty, empty, zero, zero, zero)
    sums = _Sums(wanted)
    homonyms: set[str] = set()
    names: list[tuple[str, str]] = []
    offers: list[Option] = []
    for part, first, second, third, fourth, number, row_id, position in session.execute(
        union_all(by_card, by_further_kind, by_service, by_name, by_homonym)
    ):
        if part == "card":
            sums.add(first, Kind(second), third, number)
        elif part == "acts_as":
            sums.add_further(first, Kind(second), third, Kind(fourth), number)
        elif part == "service":
            offers.append(Option(first, second, third, number, row_id, position))
        elif part == "homonym":
            homonyms.add(first)
        else:
            names.append((first, second))
    return Facets(
        total=sums.total,
        unconfirmed=sums.unconfirmed,
        kinds=sums.kinds,
        voivodeships=tuple(
            Option(code, name, name, sums.places.get(code, 0))
            for code, name in sorted(names, key=lambda named: sort_key(named[1]))
        ),
        services=tuple(sorted(offers, key=lambda option: (-option.count, sort_key(option.name_pl)))),
        homonyms=frozenset(homonyms),
    )


class _Sums:
    """Adds the counted cards up to the filters: each filter leaves out what is chosen in itself."""

    def __init__(self, wanted: DirectoryFilter) -> None:
        self.wanted = wanted
        self.total = self.unconfirmed = 0
        self.kinds: dict[str, int] = {}
        self.places: dict[str, int] = {}

    def add(self, status: str, kind: Kind, place: str | None, number: int) -> None:
        facet = _FACET_OF_KIND[kind]
        self._count(status, facet, place, number, of_kind=not self.wanted.kinds or facet in self.wanted.kinds)

    def add_further(self, status: str, kind: Kind, place: str | None, further: Kind, number: int) -> None:
        """A card counts for its further kind too, but in the sums only where its own kind has not counted."""
        facet, own = _FACET_OF_KIND[further], _FACET_OF_KIND[kind]
        if facet == own:
            return
        chosen = self.wanted.kinds
        self._count(status, facet, place, number, of_kind=facet in chosen and own not in chosen)

    def _count(self, status: str, facet: str, place: str | None, number: int, *, of_kind: bool) -> None:
        here = not self.wanted.voivodeship or place == self.wanted.voivodeship
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


def _listed(wanted: DirectoryFilter) -> ColumnElement[bool]:
    return col(Institution.status).in_([Status.ACTIVE, Status.UNCONFIRMED] if wanted.unconfirmed else [Status.ACTIVE])


def _lies_in(voivodeship: str) -> ColumnElement[bool]:
    return col(Institution.voivodeship_code) == voivodeship if voivodeship else true()


def _is_any_of(facet_keys: Iterable[str]) -> ColumnElement[bool]:
    kinds = [kind for key in facet_keys for kind in _KINDS_OF_FACET.get(key, ())]
    if not kinds:
        return true()
    acting = columns(col(InstitutionActsAs.institution_id)).where(col(InstitutionActsAs.kind).in_(kinds))
    return or_(col(Institution.kind).in_(kinds), col(Institution.id).in_(acting))


def _offers_any_of(service_keys: Collection[str]) -> ColumnElement[bool]:
    if not service_keys:
        return true()
    offering = (
        columns(col(ServiceOffer.institution_id))
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(col(Service.key).in_(service_keys), col(Service.active).is_(True))
    )
    return col(Institution.id).in_(offering)


def _offers_counted(wanted: DirectoryFilter) -> Subquery:
    statement: Select[Any, int] = columns(
        col(ServiceOffer.service_id).label("service_id"), func.count().label("number")
    )
    if wanted.text or wanted.voivodeship or wanted.kinds:
        statement = statement.join(Institution, col(Institution.id) == col(ServiceOffer.institution_id)).where(
            matches(wanted.text), _listed(wanted), _lies_in(wanted.voivodeship), _is_any_of(wanted.kinds)
        )
    else:
        # Nearly all cards are listed: leaving out the others reads two indexes instead of every card.
        unlisted = columns(col(Institution.id)).where(not_(_listed(wanted)))
        statement = statement.where(col(ServiceOffer.institution_id).not_in(unlisted))
    return statement.group_by(col(ServiceOffer.service_id)).subquery()
