"""Tables of institutions: cards, names, territory, rooms, features, services and offers, lines of history."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.db import choice

NAME_MAX = 200
SHORT_NAME_MAX = 80


class Kind(StrEnum):
    """Kinds of institutions, after docs/glossary.md."""

    PRISON = "prison"
    REMAND_PRISON = "remand_prison"
    EXTERNAL_UNIT = "external_unit"
    OPS = "ops"
    MOPS = "mops"
    GOPS = "gops"
    MGOPS = "mgops"
    MOPR = "mopr"
    GCPR = "gcpr"
    CUS = "cus"
    PCPR = "pcpr"
    ROPS = "rops"
    PUP = "pup"
    VOIVODESHIP_OFFICE = "voivodeship_office"
    DISTRICT_INSPECTORATE = "district_inspectorate"
    PROBATION_SERVICE = "probation_service"
    TERRITORIAL_COUNCIL = "territorial_council"
    NGO = "ngo"
    CHURCH = "church"
    CIS = "cis"
    KIS = "kis"
    SOCIAL_COOPERATIVE = "social_cooperative"
    SHELTER = "shelter"
    NIGHT_SHELTER = "night_shelter"
    CRISIS_CENTRE = "crisis_centre"
    DISABILITY_BOARD = "disability_board"
    EMPLOYER = "employer"


class KindGroup(StrEnum):
    """Four shapes of the badge: gate, house, hands, columns."""

    PRISON = "prison"
    WELFARE = "welfare"
    NGO = "ngo"
    OFFICE = "office"


class Status(StrEnum):
    """Whether a card is shown.

    Unconfirmed ones only when asked for, archived ones only by address; what is applied for or refused, to nobody but
    its own people and the operator.
    """

    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    ARCHIVED = "archived"
    APPLIED = "applied"
    REFUSED = "refused"


SHOWN = (Status.ACTIVE, Status.UNCONFIRMED)
"""What a list may hold at all."""

KNOWN = (*SHOWN, Status.ARCHIVED)
"""What strangers may know of: what is applied for or refused is not there for them."""


class Institution(SQLModel, table=True):
    """An institution and its card. *slug* is kept for ever; *search_text* and *sort_key* are made by actions."""

    __table_args__ = (
        Index("ix_institution_listed", "status", "sort_key"),
        Index("ix_institution_counted", "status", "kind", "voivodeship_code"),
    )

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=60, unique=True)
    name: str = Field(max_length=NAME_MAX)
    short_name: str = Field(default="", max_length=SHORT_NAME_MAX)
    kind: Kind = Field(sa_type=choice(Kind))
    parent_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="SET NULL", index=True)
    successor_id: int | None = Field(default=None, foreign_key="institution.id", ondelete="SET NULL")
    gmina_code: str | None = Field(
        default=None, foreign_key="gmina.code", ondelete="RESTRICT", max_length=6, index=True
    )
    district_code: str | None = Field(
        default=None, foreign_key="warsaw_district.code", ondelete="RESTRICT", max_length=6
    )
    voivodeship_code: str | None = Field(
        default=None, foreign_key="voivodeship.code", ondelete="RESTRICT", max_length=2, index=True
    )
    street: str = Field(default="", max_length=120)
    postal_code: str = Field(default="", max_length=6)
    post_town: str = Field(default="", max_length=80)
    locality: str = Field(default="", max_length=80)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=40)
    website: str = Field(default="", max_length=200)
    hours: str = Field(default="", max_length=200)
    description: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    inspectorate: str = Field(default="", max_length=60)
    valid_from: date | None = None
    valid_to: date | None = None
    status: Status = Field(default=Status.ACTIVE, sa_type=choice(Status))
    sort_key: str = Field(max_length=400)
    search_text: str = Field(sa_column=Column(Text, nullable=False))
    basis: str = Field(default="", max_length=300, description="public source of the card's facts")
    confirmed_on: date | None = Field(default=None, description="day on which its own people last confirmed the card")
    confirmed_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    changed_at: datetime
    synthetic: bool = False


class InstitutionSlug(SQLModel, table=True):
    """An address that an institution once had: it leads to the present one for ever."""

    __tablename__ = "institution_slug"

    slug: str = Field(primary_key=True, max_length=60)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", index=True)


class InstitutionTerritory(SQLModel, table=True):
    """A territory that an institution serves: a voivodeship (2 digits), county (4), gmina or Warsaw district (6)."""

    __tablename__ = "institution_territory"
    __table_args__ = (Index("ix_institution_territory_code", "code", "institution_id"),)

    institution_id: int = Field(primary_key=True, foreign_key="institution.id", ondelete="CASCADE")
    code: str = Field(primary_key=True, max_length=6)


class Room(SQLModel, table=True):
    """A room of an institution in which meetings take place; switched off rather than deleted."""

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=120)
    seats: int | None = None
    equipment: str = Field(default="", max_length=300)
    active: bool = True
    position: int = 0


class InstitutionAlias(SQLModel, table=True):
    """Another name under which an institution is known or was called."""

    __tablename__ = "institution_alias"

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", index=True)
    name: str = Field(max_length=NAME_MAX)


class InstitutionActsAs(SQLModel, table=True):
    """A further kind whose tasks an institution has: a city centre may be OPS and PCPR at once."""

    __tablename__ = "institution_acts_as"

    institution_id: int = Field(primary_key=True, foreign_key="institution.id", ondelete="CASCADE")
    kind: Kind = Field(primary_key=True, sa_type=choice(Kind))


class InstitutionFeature(SQLModel, table=True):
    """A feature of a prison unit: therapeutic_unit, half_open, open, closed, halfway_house."""

    __tablename__ = "institution_feature"

    institution_id: int = Field(primary_key=True, foreign_key="institution.id", ondelete="CASCADE")
    feature: str = Field(primary_key=True, max_length=40)


class InstitutionHistory(SQLModel, table=True):
    """Something that a source reports of an institution without a date: never a calendar entry."""

    __tablename__ = "institution_history"
    __table_args__ = (UniqueConstraint("institution_id", "key", name="uq_institution_history_key"),)

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE", index=True)
    key: str = Field(max_length=40)
    title: str = Field(max_length=200)
    note: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    year: int | None = None
    basis: str = Field(default="", max_length=300)


class Service(SQLModel, table=True):
    """An entry of the services catalogue (HSDS: service taxonomy); switched off rather than deleted."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=60, unique=True)
    group: str = Field(max_length=20)
    name_pl: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    position: int = 0
    active: bool = True
    basis: str = Field(default="", max_length=300)


class ServiceOffer(SQLModel, table=True):
    """A service that one institution offers; *checked_on* empty means: said by a source, not checked."""

    __tablename__ = "service_offer"
    __table_args__ = (
        UniqueConstraint("institution_id", "service_id", name="uq_service_offer_once"),
        Index("ix_service_offer_counted", "service_id", "institution_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    institution_id: int = Field(foreign_key="institution.id", ondelete="CASCADE")
    service_id: int = Field(foreign_key="service.id", ondelete="RESTRICT")
    note: str = Field(default="", max_length=300)
    audience: str = Field(default="", max_length=300, description="for whom (HSDS: eligibility_description)")
    how_to_apply: str = Field(default="", max_length=500, description="HSDS: application_process")
    what_to_bring: str = Field(default="", max_length=300, description="HSDS: required_document")
    hours: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=40)
    checked_on: date | None = None
    checked_by: int | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    basis: str = Field(default="", max_length=300)


class ServiceOfferTerritory(SQLModel, table=True):
    """Where an offer holds, as codes of InstitutionTerritory; without a row: wherever its institution serves."""

    __tablename__ = "service_offer_territory"

    offer_id: int = Field(primary_key=True, foreign_key="service_offer.id", ondelete="CASCADE")
    code: str = Field(primary_key=True, max_length=6)
