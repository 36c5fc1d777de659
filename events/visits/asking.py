"""What a request can be made of: whom one may ask, on which path, and what the form offers for the two institutions."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.actors import Actor
from app.db import columns
from app.errors import Conflict
from app.text import N_
from events.calendar.queries import Named
from events.visits import rules
from events.visits.models import Path, Visit
from partners.agreements.models import Agreement, AgreementParty, Clause, ClauseType
from partners.agreements.rules import IN_PREPARATION
from partners.competence import queries as competence
from partners.contacts import queries as contacts
from partners.institutions import queries as institutions
from partners.institutions.models import SHOWN, Institution, Kind, Status
from partners.institutions.queries import RoomRow
from partners.institutions.rules import KIND_GROUP
from partners.people import queries as people

NEIGHBOURS = 40
FOUND = 30


class NobodyInCharge(Conflict):
    """Asking for help where no centre is listed for the unit's seat."""

    message = N_(
        "We do not know which social welfare centre works in the gmina in which this unit lies. Find it in Partners "
        "and ask it by telephone or letter."
    )


class OwnGmina(Conflict):
    """Asking oneself for help."""

    message = N_("This unit lies in the gmina of your own centre. Ask the unit itself for a visit.")


class NotThere(Conflict):
    """Asking an institution that does not exist any more."""

    message = N_("This institution does not exist any more, so it cannot be asked.")


@dataclass(frozen=True, slots=True)
class ClauseOffer:
    """A clause of an agreement between the two; names in Polish and English."""

    id: int
    name_pl: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Joining:
    """Two institutions and the path that joins them, with what the form offers for them.

    *reachable*: somebody of the asked institution answers in Kładka; otherwise a link goes to *mailbox* or to an
    address that the form asks for.
    """

    path: Path
    asked: Named
    unit: Named
    rooms: tuple[RoomRow, ...]
    clauses: tuple[ClauseOffer, ...]
    reachable: bool
    mailbox: str

    @property
    def asked_id(self) -> int:
        """Key of the institution that is asked."""
        return self.asked.id


@dataclass(frozen=True, slots=True)
class Partner:
    """An institution that one may ask, as the page of choice shows it; *known*: with agreements or earlier requests."""

    slug: str
    name: str
    kind: Kind
    town: str
    known: bool
    synthetic: bool

    @property
    def group(self) -> str:
        """Shape of the badge."""
        return KIND_GROUP[self.kind].value


def joining(session: Session, viewer: Actor, slug: str, today: date, *, assistance: bool = False) -> Joining | None:
    """Say how the viewer's institution may ask the one at *slug*; None where there is none that he may know of.

    With *assistance* the one at *slug* is a prison unit, and asked is the centre of the gmina in which it lies
    (art. 13(5) of the act on social welfare). A constant number of statements. Raises WrongSides, NotThere, OwnGmina,
    NobodyInCharge.
    """
    meant = institutions.institution(session, slug, viewer)
    if meant is None:
        return None
    if meant.status not in SHOWN:
        raise NotThere
    own = session.get_one(Institution, viewer.institution_id)
    unit = own if own.kind.value in rules.UNIT_KINDS and not assistance else meant
    asked = _centre_of(session, meant, own, today) if assistance else meant
    path = Path.ASSISTANCE if assistance else Path.INVITATION if unit is own else Path.REQUEST
    sides = ((one.id or 0, one.kind.value) for one in (own, asked, unit))
    rules.check_sides(path, *sides)
    reachable = people.has_people(session, asked.id or 0)
    return Joining(
        path=path,
        asked=_named(asked),
        unit=_named(unit),
        rooms=tuple(institutions.rooms(session, unit.id or 0)),
        clauses=_clauses(session, own.id or 0, asked.id or 0),
        reachable=reachable,
        mailbox="" if reachable else _mailbox(session, asked, today),
    )


def partners(session: Session, viewer: Actor, text: str) -> list[Partner]:
    """Give whom the viewer's institution may ask: those whom *text* fits, without one those known from before.

    Prison units for a centre, everybody else for a prison unit. One statement.
    """
    own_id = viewer.institution_id or 0
    units = col(Institution.kind).in_([Kind(kind) for kind in rules.UNIT_KINDS])
    ours: Any = aliased(AgreementParty)
    theirs: Any = aliased(AgreementParty)
    agreed = (
        columns(theirs.institution_id)
        .join(ours, ours.agreement_id == theirs.agreement_id)
        .where(ours.institution_id == own_id)
    )
    asked = columns(Visit.asked_id).where(col(Visit.asking_id) == own_id)
    asking = columns(Visit.asking_id).where(col(Visit.asked_id) == own_id)
    known: ColumnElement[bool] = or_(*(col(Institution.id).in_(of) for of in (agreed, asked, asking)))
    statement = (
        columns(
            Institution.slug,
            Institution.name,
            Institution.kind,
            Institution.post_town,
            known,
            Institution.synthetic,
        )
        .where(
            col(Institution.id) != own_id,
            ~units if viewer.institution_kind in rules.UNIT_KINDS else units,
            and_(institutions.matches(text), col(Institution.status) == Status.ACTIVE) if text else known,
            col(Institution.status).in_(SHOWN),
        )
        .order_by(known.desc(), col(Institution.sort_key))
        .limit(FOUND if text else NEIGHBOURS)
    )
    return [Partner(*row) for row in session.execute(statement)]


def _centre_of(session: Session, unit: Institution, own: Institution, today: date) -> Institution:
    code = unit.district_code or unit.gmina_code
    found = competence.who_serves(session, code, today) if code else None
    centre = found.welfare if found else None
    if centre is None or centre.is_placeholder:
        raise NobodyInCharge
    if centre.id == own.id:
        raise OwnGmina
    return session.get_one(Institution, centre.id)


def _mailbox(session: Session, asked: Institution, today: date) -> str:
    role = "penitentiary_contact" if asked.kind.value in rules.UNIT_KINDS else "social_work_contact"
    found = contacts.whom_to_write(session, asked.id or 0, role, today)
    return found.mailbox if found else ""


def _clauses(session: Session, own_id: int, other_id: int) -> tuple[ClauseOffer, ...]:
    ours: Any = aliased(AgreementParty)
    theirs: Any = aliased(AgreementParty)
    statement = (
        columns(Clause.id, Agreement.number, ClauseType.name_pl, ClauseType.name_en)
        .join(Agreement, col(Agreement.id) == Clause.agreement_id)
        .join(ClauseType, col(ClauseType.id) == Clause.clause_type_id)
        .join(ours, ours.agreement_id == Agreement.id)
        .join(theirs, theirs.agreement_id == Agreement.id)
        .where(
            ours.institution_id == own_id,
            theirs.institution_id == other_id,
            col(Agreement.state).not_in(IN_PREPARATION),
        )
        .order_by(col(Agreement.number), col(Clause.position), col(Clause.id))
        .limit(NEIGHBOURS)
    )
    found = session.execute(statement)
    return tuple(ClauseOffer(key, f"{number} – {pl}", f"{number} – {en}") for key, number, pl, en in found)


def _named(one: Institution) -> Named:
    return Named(one.id or 0, one.slug, one.name, one.short_name, one.kind)
