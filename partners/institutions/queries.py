"""Reads of institutions: the directory with its counts, the card, names for choosing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    Subquery,
    and_,
    false,
    func,
    literal,
    not_,
    or_,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.text import N_, fold, sort_key
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionFeature,
    InstitutionHistory,
    Kind,
    KindGroup,
    Service,
    ServiceOffer,
    Status,
)
from partners.institutions.rules import KIND_GROUP, KIND_LABEL
from partners.territory.models import County, CountyKind, Gmina, GminaKind, Voivodeship, WarsawDistrict
from partners.territory.rules import gmina_name

PAGE_SIZE = 25
WORDS_MAX = 8
SUGGESTIONS_MAX = 300


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
    """One value of a filter, its name in both languages, and the number of cards that it would show."""

    key: str
    name_pl: str
    name_en: str
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts beside the filters: each as if nothing were chosen in itself, but in all the others.

    *services* come most frequent first, *voivodeships* in the Polish order; *unconfirmed* is what the switch adds.
    """

    total: int
    unconfirmed: int
    kinds: dict[str, int]
    voivodeships: tuple[Option, ...]
    services: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a seat lies; a city with county rights is its own county."""

    gmina: str | None = None
    gmina_code: str | None = None
    gmina_kind: GminaKind | None = None
    county: str | None = None
    county_kind: CountyKind | None = None
    district: str | None = None
    voivodeship: str | None = None
    voivodeship_code: str | None = None
    homonym: bool = False

    def words(self, language: str = "pl") -> str:
        """Give the gmina (with kind and county where another is called the same), else the voivodeship."""
        if self.gmina is None or self.gmina_kind is None or self.county_kind is None:
            return self.voivodeship or ""
        gmina = gmina_name(
            self.gmina,
            self.gmina_kind,
            self.county or "",
            self.county_kind,
            homonym=self.homonym,
            language=language,
        )
        return f"{gmina}, {self.district}" if self.district else gmina


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


@dataclass(frozen=True, slots=True)
class Offer:
    """A service of one institution with what is known of it; the names are Polish and English."""

    key: str
    name_pl: str
    name_en: str
    note: str
    checked_on: date | None
    basis: str


@dataclass(frozen=True, slots=True)
class NamedLink:
    """Another institution, as much as a link needs."""

    slug: str
    name: str
    kind: Kind
    status: Status

    @property
    def kind_label(self) -> str:
        """Msgid of the kind."""
        return KIND_LABEL[self.kind]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """Something that a source reports without a date."""

    title: str
    note: str
    year: int | None
    basis: str


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that the page of one institution shows out of this room."""

    institution: Institution
    place: Place
    parent: NamedLink | None
    successor: NamedLink | None
    branches: tuple[NamedLink, ...]
    predecessors: tuple[NamedLink, ...]
    aliases: tuple[str, ...]
    acts_as: tuple[Kind, ...]
    features: tuple[str, ...]
    offers: tuple[Offer, ...]
    history: tuple[HistoryLine, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """An institution to choose: its id and the two names that a person may type."""

    id: int
    slug: str
    name: str
    short_name: str


_other = aliased(Gmina)
_PLACE_COLUMNS: tuple[Any, ...] = (
    col(Gmina.name).label("gmina"),
    col(Gmina.code).label("gmina_code"),
    col(Gmina.kind).label("gmina_kind"),
    col(County.name).label("county"),
    col(County.kind).label("county_kind"),
    col(WarsawDistrict.name).label("district"),
    col(Voivodeship.name).label("voivodeship"),
    col(Voivodeship.code).label("voivodeship_code"),
    col(Gmina.name).in_(columns(col(_other.name)).group_by(col(_other.name)).having(func.count() > 1)).label("homonym"),
)


def facets(session: Session, wanted: DirectoryFilter) -> Facets:
    """Count the cards beside every filter in one statement, whatever the number of institutions.

    The cards are counted once by status, kind and voivodeship, and the filters added up from that: at most a few
    hundred numbers, read from an index when no words are asked for.
    """
    text, services, status = _matches(wanted.text), _offers_any_of(wanted.services), _plain(Institution.status)
    place, own = col(Institution.voivodeship_code), _plain(Institution.kind)
    counted = func.count()
    by_card = (
        columns(literal("card"), status, own, place, literal(""), counted)
        .where(text, services, col(Institution.status) != Status.ARCHIVED)
        .group_by(status, own, place)
    )
    further = _plain(InstitutionActsAs.kind)
    by_further_kind = (
        columns(literal("acts_as"), status, own, place, further, counted)
        .select_from(InstitutionActsAs)
        .join(Institution, col(InstitutionActsAs.institution_id) == col(Institution.id))
        .where(text, services, col(Institution.status) != Status.ARCHIVED)
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
        )
        .select_from(Service)
        .outerjoin(offered, offered.c.service_id == col(Service.id))
        .where(col(Service.active).is_(True))
    )
    by_name = columns(
        literal("place"), col(Voivodeship.code), col(Voivodeship.name), literal(""), literal(""), literal(0)
    )
    sums = _Sums(wanted)
    names: list[tuple[str, str]] = []
    offers: list[Option] = []
    for part, first, second, third, fourth, number in session.execute(
        union_all(by_card, by_further_kind, by_service, by_name)
    ):
        if part == "card":
            sums.add(first, Kind(second), third, number)
        elif part == "acts_as":
            sums.add_further(first, Kind(second), third, Kind(fourth), number)
        elif part == "service":
            offers.append(Option(first, second, third, number))
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


def directory(session: Session, wanted: DirectoryFilter, page: int) -> list[InstitutionRow]:
    """Give one page (from 1) of the cards in the Polish order, in two statements."""
    statement = (
        columns(
            col(Institution.id),
            col(Institution.slug),
            col(Institution.name),
            col(Institution.kind),
            col(Institution.status),
            col(Institution.synthetic),
            *_PLACE_COLUMNS,
        )
        .where(
            _matches(wanted.text),
            _listed(wanted),
            _lies_in(wanted.voivodeship),
            _is_any_of(wanted.kinds),
            _offers_any_of(wanted.services),
        )
        .order_by(col(Institution.sort_key), col(Institution.id))
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    found = session.execute(_with_place(statement)).all()
    offered = _service_names(session, [row.id for row in found])
    return [
        InstitutionRow(
            id=row.id,
            slug=row.slug,
            name=row.name,
            kind=row.kind,
            status=row.status,
            synthetic=row.synthetic,
            place=_place(row),
            services=offered.get(row.id, ()),
        )
        for row in found
    ]


def card(session: Session, slug: str) -> Card | None:
    """Load the card at *slug*, archived and unconfirmed ones too; a constant number of statements."""
    parent, successor = aliased(Institution), aliased(Institution)
    statement = _with_place(
        columns(
            Institution,
            *_PLACE_COLUMNS,
            *_link_columns(parent, "parent"),
            *_link_columns(successor, "successor"),
        )
    )
    row = session.execute(
        statement.outerjoin(parent, col(parent.id) == col(Institution.parent_id))
        .outerjoin(successor, col(successor.id) == col(Institution.successor_id))
        .where(col(Institution.slug) == slug)
    ).one_or_none()
    if row is None:
        return None
    institution: Institution = row[0]
    key = institution.id
    words = _words_of(session, key)
    related = session.execute(
        columns(*_link_columns(Institution, "link"), col(Institution.parent_id) == key)
        .where(or_(col(Institution.parent_id) == key, col(Institution.successor_id) == key))
        .order_by(col(Institution.sort_key))
    ).all()
    offers = session.execute(
        columns(
            col(Service.key),
            col(Service.name_pl),
            col(Service.name_en),
            col(ServiceOffer.note),
            col(ServiceOffer.checked_on),
            col(ServiceOffer.basis),
        )
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(col(ServiceOffer.institution_id) == key, col(Service.active).is_(True))
        .order_by(col(Service.position), col(Service.id))
    ).all()
    history = session.execute(
        columns(
            col(InstitutionHistory.title),
            col(InstitutionHistory.note),
            col(InstitutionHistory.year),
            col(InstitutionHistory.basis),
        )
        .where(col(InstitutionHistory.institution_id) == key)
        .order_by(col(InstitutionHistory.year), col(InstitutionHistory.id))
    ).all()
    return Card(
        institution=institution,
        place=_place(row),
        parent=_link(row, "parent"),
        successor=_link(row, "successor"),
        branches=tuple(NamedLink(*other[:4]) for other in related if other[4] and other[3] is not Status.ARCHIVED),
        predecessors=tuple(NamedLink(*other[:4]) for other in related if not other[4]),
        aliases=tuple(words.get("alias", ())),
        acts_as=tuple(Kind(kind) for kind in words.get("acts_as", ())),
        features=tuple(words.get("feature", ())),
        offers=tuple(Offer(*offer) for offer in offers),
        history=tuple(HistoryLine(*line) for line in history),
    )


def counts_by_voivodeship(session: Session) -> dict[str, int]:
    """Count the active cards of each voivodeship, for the map of the home page."""
    rows = session.execute(
        columns(col(Institution.voivodeship_code), func.count())
        .where(col(Institution.status) == Status.ACTIVE, col(Institution.voivodeship_code).is_not(None))
        .group_by(col(Institution.voivodeship_code))
    )
    return {code: number for code, number in rows if code is not None}


def named(session: Session, names: Collection[str]) -> dict[str, tuple[Named, ...]]:
    """Find active institutions by what a person typed: the name, the short name or the slug, letters folded.

    The keys are the given *names*. Where none is called so exactly, all whose words begin like the typed ones are
    given; one hit is the institution meant, several are for the person to choose from.
    """
    wanted = {name: fold(name) for name in names if fold(name)}
    if not wanted:
        return {}
    likely = or_(*(_matches(name) for name in wanted))
    rows = session.execute(
        columns(
            col(Institution.id),
            col(Institution.slug),
            col(Institution.name),
            col(Institution.short_name),
            col(Institution.search_text),
        )
        .where(col(Institution.status) == Status.ACTIVE, or_(likely, col(Institution.slug).in_(list(wanted))))
        .order_by(col(Institution.sort_key), col(Institution.id))
        .limit(SUGGESTIONS_MAX)
    ).all()
    found = [(Named(*row[:4]), str(row[4])) for row in rows]
    return {name: _called(folded, found) for name, folded in wanted.items()}


def _called(folded: str, found: list[tuple[Named, str]]) -> tuple[Named, ...]:
    exact = tuple(one for one, _text in found if folded in (fold(one.name), fold(one.short_name), fold(one.slug)))
    words = [f" {word}" for word in folded.split()[:WORDS_MAX]]
    return exact or tuple(one for one, text in found if all(word in text for word in words))


def suggestions(session: Session, voivodeship: str | None) -> list[str]:
    """Give the names of active institutions of one voivodeship (all, if None) for a list of suggestions."""
    statement = columns(col(Institution.name)).where(col(Institution.status) == Status.ACTIVE)
    if voivodeship:
        statement = statement.where(col(Institution.voivodeship_code) == voivodeship)
    return list(session.scalars(statement.order_by(col(Institution.sort_key)).limit(SUGGESTIONS_MAX)))


def names(session: Session, institution_ids: Collection[int]) -> dict[int, str]:
    """Give the names of institutions by id."""
    if not institution_ids:
        return {}
    rows = session.execute(
        columns(col(Institution.id), col(Institution.name)).where(col(Institution.id).in_(institution_ids))
    )
    return dict(rows.all())


def voivodeship_of(session: Session, institution_id: int) -> str:
    """Give the code of an institution's voivodeship, "" where it has none."""
    found = session.scalars(columns(col(Institution.voivodeship_code)).where(col(Institution.id) == institution_id))
    return found.first() or ""


def _matches(text: str) -> ColumnElement[bool]:
    """Every word of *text* begins a word of the card; a text without a letter or digit finds nothing."""
    words = fold(text).split()[:WORDS_MAX]
    if not words:
        return false() if text.strip() else true()
    return and_(*(col(Institution.search_text).like(f"% {word}%") for word in words))


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


def _plain(column: Any) -> ColumnElement[str]:
    # In a UNION the first SELECT gives the column its type: an enum there would refuse the words of the others.
    return type_coerce(col(column), String)


def _offers_counted(wanted: DirectoryFilter) -> Subquery:
    statement: Select[Any, int] = columns(
        col(ServiceOffer.service_id).label("service_id"), func.count().label("number")
    )
    if wanted.text or wanted.voivodeship or wanted.kinds:
        statement = statement.join(Institution, col(Institution.id) == col(ServiceOffer.institution_id)).where(
            _matches(wanted.text), _listed(wanted), _lies_in(wanted.voivodeship), _is_any_of(wanted.kinds)
        )
    else:
        # Nearly all cards are listed: leaving out the others reads two indexes instead of every card.
        unlisted = columns(col(Institution.id)).where(not_(_listed(wanted)))
        statement = statement.where(col(ServiceOffer.institution_id).not_in(unlisted))
    return statement.group_by(col(ServiceOffer.service_id)).subquery()


def _with_place(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.select_from(Institution)
        .outerjoin(Gmina, col(Gmina.code) == col(Institution.gmina_code))
        .outerjoin(County, col(County.code) == col(Gmina.county_code))
        .outerjoin(WarsawDistrict, col(WarsawDistrict.code) == col(Institution.district_code))
        .outerjoin(Voivodeship, col(Voivodeship.code) == col(Institution.voivodeship_code))
    )


def _place(row: Row[Any]) -> Place:
    return Place(
        gmina=row.gmina,
        gmina_code=row.gmina_code,
        gmina_kind=row.gmina_kind,
        county=row.county,
        county_kind=row.county_kind,
        district=row.district,
        voivodeship=row.voivodeship,
        voivodeship_code=row.voivodeship_code,
        homonym=bool(row.homonym),
    )


def _link_columns(table: Any, prefix: str) -> tuple[Any, ...]:
    return tuple(getattr(table, name).label(f"{prefix}_{name}") for name in ("slug", "name", "kind", "status"))


def _link(row: Row[Any], prefix: str) -> NamedLink | None:
    slug, name, kind, status = (getattr(row, f"{prefix}_{part}") for part in ("slug", "name", "kind", "status"))
    return NamedLink(slug, name, kind, status) if slug else None


def _words_of(session: Session, institution_id: int | None) -> dict[str, list[str]]:
    """Give aliases, further kinds and features of one card, in one statement."""
    parts = (
        ("alias", InstitutionAlias, InstitutionAlias.name),
        ("acts_as", InstitutionActsAs, InstitutionActsAs.kind),
        ("feature", InstitutionFeature, InstitutionFeature.feature),
    )
    words: dict[str, list[str]] = {}
    statements = (
        columns(literal(part), _plain(column)).where(col(table.institution_id) == institution_id)
        for part, table, column in parts
    )
    for part, word in session.execute(union_all(*statements)):
        words.setdefault(part, []).append(word)
    return {part: sorted(found, key=sort_key) for part, found in words.items()}


def _service_names(session: Session, institution_ids: list[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    if not institution_ids:
        return {}
    rows = session.execute(
        columns(col(ServiceOffer.institution_id), col(Service.name_pl), col(Service.name_en))
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(col(ServiceOffer.institution_id).in_(institution_ids), col(Service.active).is_(True))
        .order_by(col(Service.position), col(Service.id))
    )
    names: dict[int, list[tuple[str, str]]] = {}
    for institution_id, name_pl, name_en in rows:
        names.setdefault(institution_id, []).append((name_pl, name_en))
    return {institution_id: tuple(found) for institution_id, found in names.items()}
