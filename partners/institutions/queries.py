"""Reads of institutions: the card, names for choosing; the directory stands in a file of its own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, and_, false, func, literal, or_, true, type_coerce, union_all
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.accounts.models import UserAccount
from app.actors import Actor
from app.text import fold, sort_key
from partners.institutions import reach
from partners.institutions.models import (
    SHOWN,
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionFeature,
    InstitutionHistory,
    InstitutionSlug,
    Kind,
    Room,
    Service,
    ServiceOffer,
    Status,
)
from partners.institutions.reach import Unit
from partners.institutions.rules import CHECKED_FOR, KIND_LABEL, Freshness, freshness, may_see
from partners.territory.models import County, CountyKind, Gmina, GminaKind, Voivodeship, WarsawDistrict
from partners.territory.rules import gmina_name

WORDS_MAX = 8
# As people write them in a search, after fold().
SHORT_FOR: Mapping[str, Kind] = {
    "zk": Kind.PRISON,
    "as": Kind.REMAND_PRISON,
    "oz": Kind.EXTERNAL_UNIT,
    **{kind.value: kind for kind in (Kind.OPS, Kind.MOPS, Kind.GOPS, Kind.MGOPS, Kind.CUS, Kind.PCPR, Kind.ROPS)},
}
SUGGESTIONS_MAX = 300

# Made once: an alias costs more than a statement.
_other = aliased(Gmina)
_parent, _successor, _confirmer = aliased(Institution), aliased(Institution), aliased(UserAccount)
PLACE_COLUMNS: tuple[Any, ...] = (
    col(Gmina.name).label("gmina"),
    col(Gmina.code).label("gmina_code"),
    col(Gmina.kind).label("gmina_kind"),
    col(County.name).label("county"),
    col(County.kind).label("county_kind"),
    col(WarsawDistrict.name).label("district"),
    col(Voivodeship.name).label("voivodeship"),
    col(Voivodeship.code).label("voivodeship_code"),
)
HOMONYMS = columns(col(_other.name)).group_by(col(_other.name)).having(func.count() > 1)


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
class Offer:
    """A service of one institution with what is known of it; the names are Polish and English."""

    id: int
    key: str
    name_pl: str
    name_en: str
    note: str
    audience: str
    how_to_apply: str
    what_to_bring: str
    hours: str
    phone: str
    checked_on: date | None
    checked_by: str
    basis: str

    @property
    def is_detailed(self) -> bool:
        """Whether more is known than the name of the service."""
        return bool(self.audience or self.how_to_apply or self.what_to_bring or self.hours or self.phone)


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room in which meetings take place."""

    id: int
    name: str
    seats: int | None
    equipment: str
    active: bool


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What has grown old on a card: *offers* is how many of its services nobody has checked for 12 months."""

    freshness: Freshness
    offers: int


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
    reach: dict[int, tuple[Unit, ...]]
    confirmed_by: str

    @property
    def territory(self) -> tuple[Unit, ...]:
        """What the institution serves, larger units first; empty where nobody has said it."""
        return self.reach.get(reach.OWN, ())


@dataclass(frozen=True, slots=True)
class Named:
    """An institution to choose: its id and the two names that a person may type."""

    id: int
    slug: str
    name: str
    short_name: str


def card(session: Session, slug: str, viewer: Actor) -> Card | None:
    """Load the card at *slug*, archived and unconfirmed ones too; a constant number of statements.

    None for what *viewer* may not know of.
    """
    statement = with_place(
        columns(
            Institution,
            *PLACE_COLUMNS,
            col(Gmina.name).in_(HOMONYMS).label("homonym"),
            *_link_columns(_parent, "parent"),
            *_link_columns(_successor, "successor"),
            func.coalesce(col(_confirmer.name), "").label("confirmed_by"),
        )
    )
    row = session.execute(
        statement.outerjoin(_parent, col(_parent.id) == col(Institution.parent_id))
        .outerjoin(_successor, col(_successor.id) == col(Institution.successor_id))
        .outerjoin(_confirmer, col(_confirmer.id) == col(Institution.confirmed_by))
        .where(col(Institution.slug) == slug)
    ).one_or_none()
    if row is None or not may_see(viewer, row[0].status, row[0].id):
        return None
    institution: Institution = row[0]
    key = institution.id
    words = _words_of(session, key)
    # The archived ones are few and stand together in an index: successor_id needs none of its own.
    related = session.execute(
        union_all(
            columns(*_link_columns(Institution, "link"), literal(1), col(Institution.sort_key)).where(
                col(Institution.parent_id) == key, col(Institution.status).in_(SHOWN)
            ),
            columns(*_link_columns(Institution, "link"), literal(0), col(Institution.sort_key)).where(
                col(Institution.successor_id) == key, col(Institution.status) == Status.ARCHIVED
            ),
        )
    ).all()
    related = sorted(related, key=lambda one: one[5])
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
        place=place_of(row, homonym=bool(row.homonym)),
        parent=_link(row, "parent"),
        successor=_link(row, "successor"),
        branches=tuple(NamedLink(*other[:4]) for other in related if other[4]),
        predecessors=tuple(NamedLink(*other[:4]) for other in related if not other[4]),
        aliases=tuple(words.get("alias", ())),
        acts_as=tuple(Kind(kind) for kind in words.get("acts_as", ())),
        features=tuple(words.get("feature", ())),
        offers=offers(session, key or 0),
        history=tuple(HistoryLine(*line) for line in history),
        reach=reach.of_card(session, key or 0),
        confirmed_by=row.confirmed_by,
    )


def institution(session: Session, slug: str, viewer: Actor) -> Institution | None:
    """Give the institution at *slug* for an act; None for what *viewer* may not know of."""
    found = session.exec(select(Institution).where(Institution.slug == slug)).first()
    return found if found is not None and may_see(viewer, found.status, found.id) else None


def moved_to(session: Session, slug: str, viewer: Actor) -> str | None:
    """Give the present address of the institution that once stood at *slug*, if *viewer* may know of it."""
    row = session.execute(
        columns(col(Institution.slug), col(Institution.status), col(Institution.id))
        .join(InstitutionSlug, col(InstitutionSlug.institution_id) == col(Institution.id))
        .where(col(InstitutionSlug.slug) == slug)
    ).first()
    return str(row[0]) if row is not None and may_see(viewer, row[1], row[2]) else None


def offers(session: Session, institution_id: int) -> tuple[Offer, ...]:
    """Give what an institution offers out of the catalogue, in its order; *checked_by* is the person's name."""
    statement = (
        columns(
            col(ServiceOffer.id),
            col(Service.key),
            col(Service.name_pl),
            col(Service.name_en),
            col(ServiceOffer.note),
            col(ServiceOffer.audience),
            col(ServiceOffer.how_to_apply),
            col(ServiceOffer.what_to_bring),
            col(ServiceOffer.hours),
            col(ServiceOffer.phone),
            col(ServiceOffer.checked_on),
            func.coalesce(col(UserAccount.name), ""),
            col(ServiceOffer.basis),
        )
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .outerjoin(UserAccount, col(UserAccount.id) == col(ServiceOffer.checked_by))
        .where(col(ServiceOffer.institution_id) == institution_id, col(Service.active).is_(True))
        .order_by(col(Service.position), col(Service.id))
    )
    return tuple(Offer(*row) for row in session.execute(statement))


def upkeep(session: Session, institution_id: int, today: date) -> Upkeep:
    """Tell how fresh a card is, and how many of its offers nobody has checked for 12 months. One statement."""
    old = (
        columns(func.count())
        .select_from(ServiceOffer)
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(
            col(ServiceOffer.institution_id) == institution_id,
            col(Service.active).is_(True),
            or_(col(ServiceOffer.checked_on).is_(None), col(ServiceOffer.checked_on) < today - CHECKED_FOR),
        )
        .scalar_subquery()
    )
    row = session.execute(columns(col(Institution.confirmed_on), old).where(col(Institution.id) == institution_id))
    confirmed_on, number = row.one()
    return Upkeep(freshness(confirmed_on, today), number)


def rooms(session: Session, institution_id: int, *, active: bool = True) -> list[RoomRow]:
    """Give the rooms of an institution in its own order; those switched off only if *active* is False."""
    statement = (
        columns(col(Room.id), col(Room.name), col(Room.seats), col(Room.equipment), col(Room.active))
        .where(col(Room.institution_id) == institution_id)
        .order_by(col(Room.active).desc(), col(Room.position), col(Room.id))
    )
    if active:
        statement = statement.where(col(Room.active).is_(True))
    return [RoomRow(*row) for row in session.execute(statement)]


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
    likely = or_(*(matches(name) for name in wanted))
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


def matches(text: str) -> ColumnElement[bool]:
    """Give the condition that every word of *text* begins a word of the card; no letter or digit finds nothing.

    What people shorten names to finds the kind as well: cards are written out ("MOPS Gubin", "ZK Nowogard").
    """
    words = fold(text).split()[:WORDS_MAX]
    if not words:
        return false() if text.strip() else true()
    return and_(*(_begins(word) for word in words))


def _begins(word: str) -> ColumnElement[bool]:
    begins = col(Institution.search_text).like(f"% {word}%")
    return or_(begins, col(Institution.kind) == SHORT_FOR[word]) if word in SHORT_FOR else begins


def plain(column: Any) -> ColumnElement[str]:
    """Read an enum's column as the word that is stored."""
    # In a UNION the first SELECT gives the column its type: an enum there would refuse the words of the others.
    return type_coerce(col(column), String)


def with_place(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join what PLACE_COLUMNS read."""
    return (
        statement.select_from(Institution)
        .outerjoin(Gmina, col(Gmina.code) == col(Institution.gmina_code))
        .outerjoin(County, col(County.code) == col(Gmina.county_code))
        .outerjoin(WarsawDistrict, col(WarsawDistrict.code) == col(Institution.district_code))
        .outerjoin(Voivodeship, col(Voivodeship.code) == col(Institution.voivodeship_code))
    )


def place_of(row: Row[Any], *, homonym: bool) -> Place:
    """Read the place out of a row with PLACE_COLUMNS."""
    return Place(
        gmina=row.gmina,
        gmina_code=row.gmina_code,
        gmina_kind=row.gmina_kind,
        county=row.county,
        county_kind=row.county_kind,
        district=row.district,
        voivodeship=row.voivodeship,
        voivodeship_code=row.voivodeship_code,
        homonym=homonym,
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
        columns(literal(part), plain(column)).where(col(table.institution_id) == institution_id)
        for part, table, column in parts
    )
    for part, word in session.execute(union_all(*statements)):
        words.setdefault(part, []).append(word)
    return {part: sorted(found, key=sort_key) for part, found in words.items()}
