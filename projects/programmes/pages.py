"""The page of one programme: what it is, who runs it and what waits for a word, its money, documents and course."""

from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Date, Integer, String, and_, bindparam, cast, exists, func, inspect, literal, null, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app import site, warsaw
from app.actors import Actor
from app.audit.kept import State
from app.audit.models import AuditLine
from app.db import columns, rows, type_of
from app.files.models import StoredFile
from partners.contacts.models import Contact, ContactAbsence
from partners.contacts.rules import CONTACT_ROLES, sees_all
from partners.institutions.models import Institution, Kind, KindGroup, Status
from partners.institutions.rules import KIND_GROUP
from partners.institutions.rules import KIND_LABEL as INSTITUTION_LABEL
from partners.territory.models import Voivodeship
from projects.programmes import rules
from projects.programmes.catalogue import shown_state
from projects.programmes.models import (
    Happening,
    PartnerAnswer,
    Programme,
    ProgrammeDocument,
    ProgrammeHappening,
    ProgrammeMilestone,
    ProgrammePartner,
    ProgrammeState,
)
from projects.programmes.rules import Milestone

_as_values: Any = namedtuple  # noqa: PYI024 - the names are the columns of the table
_Values = _as_values("_Values", [attribute.key for attribute in inspect(Programme).column_attrs])
_WAITS = (PartnerAnswer.ASKED, PartnerAnswer.CONFIRMED, PartnerAnswer.OUTSIDE)
# What everybody may read of the course; the words beside a happening are for those who run the programme.
_FOR_ALL = frozenset(Happening) - {Happening.CONFIRMED, Happening.DECLINED}


@dataclass(frozen=True, slots=True)
class Partner:
    """An institution that leads or takes part, with the part that it has agreed to."""

    institution_id: int
    slug: str
    name: str
    kind: Kind
    part: str

    @property
    def kind_label(self) -> str:
        """Msgid of the institution's kind."""
        return INSTITUTION_LABEL[self.kind]

    @property
    def group(self) -> KindGroup:
        """Shape of the badge."""
        return KIND_GROUP[self.kind]


@dataclass(frozen=True, slots=True)
class Awaited:
    """An institution whose word is missing, and the part that it is asked about; *anew* when another one stands."""

    partner: Partner
    answer: PartnerAnswer | None
    anew: bool


@dataclass(frozen=True, slots=True)
class ContactLine:
    """Whom to ask about the programme; *role_label* is a msgid, "" for the institution itself."""

    role_label: str
    person: str
    mailbox: str
    phone: str
    hours: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF; *public* for everybody who sees the page."""

    file: UUID
    title: str
    size: int
    public: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to those who run the programme; *institution* whom it is about, *other* who came."""

    happening: Happening
    day: date
    institution: str
    other: str
    note: str


class PublicDate(Protocol):
    """What schema.org is told of a date; read only."""

    @property
    def title(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def starts_at(self) -> datetime: ...

    @property
    def ends_at(self) -> datetime: ...

    @property
    def all_day(self) -> bool: ...

    @property
    def cancelled(self) -> bool: ...

    @property
    def place(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ProgrammePage:
    """Everything that the page of one programme shows out of this room, as its viewer may read it: plain values.

    *inside* tells whether the viewer belongs to the circle, *answer* where his institution stands, *prepares* whether
    he leads the programme. *state* is the one that is shown.
    """

    programme: Any
    state: ProgrammeState
    lead: Partner | None
    lead_archived: bool
    voivodeship: str
    contact: ContactLine | None
    inside: bool
    may_edit: bool
    answer: PartnerAnswer | None
    partners: tuple[Partner, ...] = ()
    awaited: tuple[Awaited, ...] = ()
    requests: int = 0
    milestones: tuple[Milestone, ...] = ()
    documents: tuple[Document, ...] = ()
    happenings: tuple[Happened, ...] = field(default=())

    def __hash__(self) -> int:
        """Return what finds equal pages among the drawn ones quickly; equality still looks at everything."""
        return hash((self.programme.id, self.programme.revision, self.state, self.may_edit, self.inside))

    @property
    def is_draft(self) -> bool:
        """Whether only those who prepare it see it."""
        return self.state is ProgrammeState.DRAFT

    @property
    def archived(self) -> bool:
        """Whether it has left the lists."""
        return self.programme.archived_at is not None

    @property
    def over(self) -> bool:
        """Whether nothing more is planned: completed, archived, or without anybody who leads it."""
        return self.state is ProgrammeState.COMPLETED or self.archived or self.lead_archived

    @property
    def recruiting(self) -> bool:
        """Whether one can join today."""
        return self.state is ProgrammeState.RECRUITING and not self.over

    @property
    def unanswered(self) -> tuple[Awaited, ...]:
        """The partners without whose word the programme cannot be published."""
        return tuple(one for one in self.awaited if not one.anew)

    @property
    def card(self) -> tuple[str, str, str]:
        """Hue, icon and msgid of the kind."""
        return (*rules.KIND_FACE[self.programme.kind], rules.KIND_LABEL[self.programme.kind])

    @property
    def state_tag(self) -> tuple[str, str, str]:
        """Class, icon and msgid of the state."""
        return rules.STATE_TAG[self.state]

    @property
    def recruiting_until(self) -> date | None:
        """Last day of recruitment, as long as it goes on."""
        until: date | None = self.programme.recruiting_until
        return until if self.recruiting else None

    @property
    def audience(self) -> list[str]:
        """Msgids of whom it is for."""
        return [rules.AUDIENCE[code] for code in self.programme.audience if code in rules.AUDIENCE]

    @property
    def share(self) -> int | None:
        """The grant in per cent of the whole cost."""
        total, grant = self.programme.total_amount, self.programme.grant_amount
        return round(100 * grant / total) if total and grant is not None else None

    @property
    def feed(self) -> str:
        """Whole address of the programme's feed."""
        return site.absolute(f"/kanaly/p/{self.programme.slug}.ics")

    def structured(self, sessions: Sequence[PublicDate]) -> dict[str, Any]:
        """Give the programme as schema.org knows it: what everybody may read, for published programmes only.

        *sessions* are its public dates to come.
        """
        found: dict[str, Any] = {
            "@context": "https://schema.org",
            "@type": "Project",
            "name": self.programme.title,
            "url": site.absolute(f"/projekty/{self.programme.slug}"),
        }
        if self.programme.summary:
            found["description"] = self.programme.summary
        if self.programme.starts_on:
            found["foundingDate"] = self.programme.starts_on.isoformat()
        if self.programme.ends_on:
            found["dissolutionDate"] = self.programme.ends_on.isoformat()
        if self.voivodeship:
            found["areaServed"] = {"@type": "AdministrativeArea", "name": f"województwo {self.voivodeship}"}
        if self.lead:
            found["parentOrganization"] = _organisation(self.lead)
        if self.partners:
            found["member"] = [_organisation(partner) for partner in self.partners]
        if self.programme.funding:
            grant = {"@type": "Grant", "funder": {"@type": "Organization", "name": self.programme.funding}}
            number = self.programme.grant_number
            found["funding"] = grant | ({"identifier": number} if number else {})
        if sessions:
            found["event"] = [_event(one) for one in sessions]
        return found


@dataclass(frozen=True, slots=True)
class Head:
    """The row of a programme with its lead and the viewer's own part, and what had been written when it was read."""

    programme: Any
    around: tuple[Any, ...]
    written: State


def head(session: Session, slug: str, viewer: Actor) -> Head | None:
    """Load the row of a programme, or None where there is none that *viewer* may know of. One statement."""
    found = rows(session, _PROGRAMME, {"slug": slug, "own": viewer.institution_id or 0})
    if not found:
        return None
    width = len(_Values._fields)
    programme = _Values._make(found[0][:width])
    programme = programme._replace(audience=tuple(programme.audience or ()))
    *around, newest_line, newest_programme = found[0][width:]
    if not rules.may_see(viewer, programme, around[9]):
        return None
    address = str(session.get_bind().engine.url)  # a process may serve several databases, as the tests do
    return Head(programme, tuple(around), (address, (newest_line, newest_programme)))


def page(session: Session, slug: str, viewer: Actor, today: date) -> ProgrammePage | None:
    """Load a programme with all that stands around it, or None where there is none that *viewer* may know of.

    Two statements. Who is outside the circle gets neither partners' documents nor parts that wait for a word.
    """
    found = head(session, slug, viewer)
    return whole(session, found, viewer, today) if found else None


def whole(session: Session, found: Head, viewer: Actor, today: date) -> ProgrammePage:
    """Load what stands around a programme that *viewer* may know of. One statement."""
    programme = found.programme
    voivodeship, *lead_values, answer, agreed = found.around
    lead_row = Partner(*(*lead_values[:4], "")) if lead_values[0] is not None else None
    email, phone, status, place = lead_values[4:]
    inside = viewer.works_for_institution and (programme.lead_id == viewer.institution_id or agreed is not None)
    may_edit = rules.may_edit(viewer, programme)
    around = _around(session, programme, today)
    all_contacts = sees_all(viewer, programme.lead_id or 0, place or "")
    contacts = [one for one, public in around.contacts if public or all_contacts]
    itself = ContactLine("", "", email, phone) if lead_row and (email or phone) else None
    reads_waiting = may_edit or (viewer.coordinates and answer in _WAITS)
    agreed_ids = {programme.lead_id, *(one.institution_id for one in around.agreed)}
    return ProgrammePage(
        programme=programme,
        state=shown_state(programme.state, programme.recruiting_until, status, today),
        lead=lead_row,
        lead_archived=status is Status.ARCHIVED,
        voivodeship=voivodeship or "",
        contact=contacts[0] if contacts else itself,
        inside=inside,
        may_edit=may_edit,
        answer=answer,
        partners=tuple(around.agreed),
        awaited=tuple(
            one for one in around.awaited if reads_waiting and (may_edit or one.answer is PartnerAnswer.ASKED)
        ),
        requests=around.requests if may_edit else 0,
        milestones=tuple(around.milestones),
        documents=tuple(one for one in around.documents if one.public or inside),
        happenings=tuple(
            _for_all(one) if not inside else one
            for one, ids in around.happenings
            if inside or _is_for_all(one, ids, agreed_ids, programme)
        ),
    )


@dataclass(slots=True)
class _Around:
    """What one statement says of a programme, before anybody asks who reads it."""

    agreed: list[Partner] = field(default_factory=list)
    awaited: list[Awaited] = field(default_factory=list)
    requests: int = 0
    contacts: list[tuple[ContactLine, bool]] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    happenings: list[tuple[Happened, frozenset[int]]] = field(default_factory=list)


def _around(session: Session, programme: Any, today: date) -> _Around:
    found = _Around()
    values = {
        "programme_id": programme.id,
        "lead_id": programme.lead_id or 0,
        "role": programme.contact_role,
        "day": today,
    }
    for what, _place, *row in rows(session, _AROUND, values):
        if what == "partner":
            _take_partner(found, row)
        elif what == "contact":
            line = ContactLine(CONTACT_ROLES.get(row[3], row[3]), *row[4:8])
            found.contacts.append((line, bool(row[2])))
        elif what == "milestone":
            found.milestones.append(Milestone(row[10], row[3]))
        elif what == "document":
            found.documents.append(Document(UUID(row[4]), row[3], row[0], bool(row[2])))
        else:
            happened = Happened(Happening(row[3]), warsaw.today(row[9]), row[4], row[5], row[6])
            found.happenings.append((happened, frozenset(one for one in row[:2] if one)))
    return found


def _take_partner(found: _Around, row: Sequence[Any]) -> None:
    institution_id, _none, is_agreed, slug, name, kind, part, agreed, answered = row[:9]
    answer = PartnerAnswer(answered) if answered else None
    if is_agreed:
        found.agreed.append(Partner(institution_id, slug, name, Kind(kind), agreed))
    if answer is PartnerAnswer.ASKED or answer is None:
        asked = Partner(institution_id, slug, name, Kind(kind), part)
        found.awaited.append(Awaited(asked, answer, anew=bool(is_agreed)))
    if answer is PartnerAnswer.REQUESTED:
        found.requests += 1


def _is_for_all(one: Happened, ids: frozenset[int], agreed: set[int | None], programme: Any) -> bool:
    """Tell whether everybody may read of a happening: since the publication, and about nobody who was only asked."""
    if one.happening not in _FOR_ALL or programme.published_at is None:
        return False
    if one.day < warsaw.today(programme.published_at):
        return False
    about_all = {Happening.PUBLISHED, Happening.ARCHIVED, Happening.REOPENED, Happening.LEAD_CHANGED, Happening.LEFT}
    return one.happening in about_all or bool(ids & agreed)


def _for_all(one: Happened) -> Happened:
    return Happened(one.happening, one.day, one.institution, one.other, "")


def _event(date: PublicDate) -> dict[str, Any]:
    starts, ends = (warsaw.to_local(instant) for instant in (date.starts_at, date.ends_at))
    found: dict[str, Any] = {
        "@type": "Event",
        "name": date.title,
        "startDate": starts.date().isoformat() if date.all_day else starts.isoformat(),
        "endDate": ends.date().isoformat() if date.all_day else ends.isoformat(),
        "eventStatus": f"https://schema.org/{'EventCancelled' if date.cancelled else 'EventScheduled'}",
        "url": site.absolute(date.url),
    }
    if date.place == "online":
        found["location"] = {"@type": "VirtualLocation", "url": found["url"]}
    elif date.place:
        found["location"] = {"@type": "Place", "name": date.place, "address": date.place}
    return found


def _organisation(partner: Partner) -> dict[str, str]:
    url = site.absolute(f"/partnerzy/{partner.slug}")
    return {"@type": "Organization", "name": partner.name, "url": url}


_EVERY = aliased(Programme)
_PROGRAMME = (
    columns(
        *(getattr(Programme, name) for name in _Values._fields),
        col(Voivodeship.name),
        col(Institution.id),
        col(Institution.slug),
        col(Institution.name),
        col(Institution.kind),
        col(Institution.email),
        col(Institution.phone),
        col(Institution.status),
        col(Institution.voivodeship_code),
        col(ProgrammePartner.answer),
        col(ProgrammePartner.agreed_part),
        columns(func.max(col(AuditLine.id))).scalar_subquery(),
        columns(func.max(col(_EVERY.id))).scalar_subquery(),
    )
    .select_from(Programme)
    .outerjoin(Voivodeship, col(Voivodeship.code) == col(Programme.voivodeship_code))
    .outerjoin(Institution, col(Institution.id) == col(Programme.lead_id))
    .outerjoin(
        ProgrammePartner,
        and_(
            col(ProgrammePartner.programme_id) == col(Programme.id),
            col(ProgrammePartner.institution_id) == bindparam("own", type_=Integer()),
        ),
    )
    .where(col(Programme.slug) == bindparam("slug", type_=String()))
)
_THIS = bindparam("programme_id", type_=Integer())
_NOTHING = literal("")
_NOBODY = literal(0)
_NEVER = cast(null(), type_of(ProgrammeHappening, "happened_at"))
_NO_DAY = cast(null(), Date())
_OTHER = Institution.__table__.alias("other")  # type: ignore[attr-defined]  # SQLModel's tables have one
# Of one shape: what, place; an institution, another, a mark; six texts; an instant, a day.
_PARTNERS_OF = (
    columns(
        literal("partner").label("what"),
        col(ProgrammePartner.position).label("place"),
        col(ProgrammePartner.institution_id),
        _NOBODY,
        cast(col(ProgrammePartner.agreed_part).is_not(None), Integer()),
        col(Institution.slug),
        col(Institution.name),
        cast(col(Institution.kind), String()),
        col(ProgrammePartner.part),
        col(ProgrammePartner.agreed_part),
        cast(col(ProgrammePartner.answer), String()),
        _NEVER,
        _NO_DAY,
    )
    .join(Institution, col(Institution.id) == col(ProgrammePartner.institution_id))
    .where(col(ProgrammePartner.programme_id) == _THIS)
)
_AWAY = exists(
    columns(literal(1))
    .select_from(ContactAbsence)
    .where(
        col(ContactAbsence.contact_id) == col(Contact.id),
        col(ContactAbsence.starts_on) <= bindparam("day", type_=Date()),
        col(ContactAbsence.ends_on) >= bindparam("day", type_=Date()),
    )
    .correlate(Contact)
)
_CONTACTS = columns(
    literal("contact"),
    # Whoever is away stands behind all who are there.
    cast(_AWAY, Integer()) * 1000 + col(Contact.position),
    _NOBODY,
    _NOBODY,
    cast(col(Contact.public), Integer()),
    col(Contact.role),
    col(Contact.person),
    col(Contact.mailbox),
    col(Contact.phone),
    col(Contact.hours),
    _NOTHING,
    _NEVER,
    _NO_DAY,
).where(
    col(Contact.institution_id) == bindparam("lead_id", type_=Integer()),
    col(Contact.role) == bindparam("role", type_=String()),
)
_MILESTONES = columns(
    literal("milestone"),
    col(ProgrammeMilestone.position),
    *(_NOBODY,) * 3,
    col(ProgrammeMilestone.text),
    *(_NOTHING,) * 5,
    _NEVER,
    col(ProgrammeMilestone.month),
).where(col(ProgrammeMilestone.programme_id) == _THIS)
_DOCUMENTS = (
    columns(
        literal("document"),
        col(ProgrammeDocument.id),
        col(StoredFile.size),
        _NOBODY,
        cast(col(ProgrammeDocument.public), Integer()),
        col(ProgrammeDocument.title),
        cast(col(StoredFile.uuid), String()),
        *(_NOTHING,) * 4,
        _NEVER,
        _NO_DAY,
    )
    .join(StoredFile, col(StoredFile.id) == col(ProgrammeDocument.file_id))
    .where(col(ProgrammeDocument.programme_id) == _THIS)
)
_HAPPENINGS = (
    columns(
        literal("happening"),
        col(ProgrammeHappening.id),
        col(ProgrammeHappening.institution_id),
        col(ProgrammeHappening.other_id),
        _NOBODY,
        cast(col(ProgrammeHappening.happening), String()),
        col(Institution.name),
        _OTHER.c.name,
        col(ProgrammeHappening.note),
        *(_NOTHING,) * 2,
        col(ProgrammeHappening.happened_at),
        _NO_DAY,
    )
    .outerjoin(Institution, col(Institution.id) == col(ProgrammeHappening.institution_id))
    .outerjoin(_OTHER, _OTHER.c.id == col(ProgrammeHappening.other_id))
    .where(col(ProgrammeHappening.programme_id) == _THIS)
)
_AROUND = union_all(_PARTNERS_OF, _CONTACTS, _MILESTONES, _DOCUMENTS, _HAPPENINGS).order_by("what", "place")
