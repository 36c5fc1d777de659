"""Reads of applications: the operator's list, one of them, the actor's own, institutions that may be the same."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, func, or_, select

from app.accounts.models import UserAccount
from app.actors import Actor
from app.db import columns
from partners.admission import rules
from partners.admission.models import Application, ApplicationState
from partners.institutions.models import SHOWN, Institution, Kind
from partners.institutions.rules import KIND_GROUP
from partners.people.models import Membership

LISTED = 200
ALIKE_MAX = 6
_CANDIDATES = 60


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application in the operator's list."""

    id: int
    institution_id: int
    slug: str
    name: str
    kind: Kind
    state: ApplicationState
    applied_at: datetime
    decided_at: datetime | None
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """An institution in the directory that may be the one that somebody applies for."""

    slug: str
    name: str
    kind: Kind
    place: str
    has_people: bool


def applications(session: Session) -> list[ApplicationRow]:
    """Give the applications, those that wait first and of them the oldest first."""
    waits = col(Application.state) == ApplicationState.WAITING
    statement = (
        columns(
            Application.id,
            Institution.id,
            Institution.slug,
            Institution.name,
            Institution.kind,
            Application.state,
            Application.applied_at,
            Application.decided_at,
            Institution.synthetic,
        )
        .join(Institution, col(Institution.id) == Application.institution_id)
        .order_by(waits.desc(), func.coalesce(Application.decided_at, Application.applied_at), col(Application.id))
        .limit(LISTED)
    )
    found = [ApplicationRow(*row) for row in session.execute(statement)]
    waiting = [row for row in found if row.state is ApplicationState.WAITING]
    return waiting + [row for row in found if row.state is not ApplicationState.WAITING][::-1]


def waiting(session: Session) -> int:
    """Count the applications that wait for a decision."""
    return session.exec(
        select(func.count()).select_from(Application).where(Application.state == ApplicationState.WAITING)
    ).one()


def application(session: Session, application_id: int) -> tuple[Application, Institution] | None:
    """Give one application with its institution, or None."""
    row = session.execute(
        columns(Application, Institution)
        .join(Institution, col(Institution.id) == Application.institution_id)
        .where(col(Application.id) == application_id)
    ).first()
    return (row[0], row[1]) if row else None


def own(session: Session, actor: Actor) -> Application | None:
    """Give the application of the institution that *actor* acts for, if it came by one."""
    if actor.institution_id is None:
        return None
    return session.exec(select(Application).where(Application.institution_id == actor.institution_id)).first()


def of_person(session: Session, email: str) -> int:
    """Count the waiting applications of one mail address."""
    waits = (Application.state == ApplicationState.WAITING, Application.applicant_email == email)
    return session.exec(select(func.count()).select_from(Application).where(*waits)).one()


def waiting_same(session: Session, name: str, gmina_code: str, email: str) -> Application | None:
    """Give the application of this person for this institution that waits already: a second click sends none."""
    statement = (
        select(Application)
        .join(Institution, col(Institution.id) == Application.institution_id)
        .where(Application.state == ApplicationState.WAITING, Application.applicant_email == email)
        .where(Institution.name == name, Institution.gmina_code == gmina_code)
    )
    return session.exec(statement.limit(1)).first()


def alike(session: Session, name: str, kind: Kind, gmina_code: str, email: str) -> list[Alike]:
    """Give shown institutions that may be the same: by the words of the name nearby, by kind in the gmina, by mail.

    Three statements at most, whatever the directory holds.
    """
    words = rules.telling_words(name)
    same_kind = [other for other, group in KIND_GROUP.items() if group is KIND_GROUP[kind]]
    here = col(Institution.gmina_code) == gmina_code
    near = or_(here, col(Institution.voivodeship_code) == gmina_code[:2])
    conditions: list[ColumnElement[bool]] = [and_(here, col(Institution.kind) == kind)] if rules.is_sole(kind) else []
    conditions += [
        and_(near, col(Institution.kind).in_(same_kind), col(Institution.search_text).like(f"% {word}%"))
        for word in words[:3]
    ]
    if email:
        conditions.append(col(Institution.email) == email)
    if not conditions:
        return []
    has_people = (
        select(Membership.id)
        .join(UserAccount, col(UserAccount.id) == Membership.user_id)
        .where(Membership.institution_id == Institution.id, col(Membership.ended_at).is_(None))
        .where(col(UserAccount.locked_at).is_(None))
        .exists()
    )
    statement = (
        columns(
            Institution.slug,
            Institution.name,
            Institution.kind,
            Institution.post_town,
            has_people,
            Institution.search_text,
            Institution.email,
            here,
        )
        .where(col(Institution.status).in_(SHOWN), or_(*conditions))
        .order_by(here.desc(), col(Institution.sort_key))
        .limit(_CANDIDATES)
    )

    def likeness(row: tuple[object, ...]) -> int:
        text = str(row[5])
        found = sum(f" {word}" in text for word in words)
        return 10 * (bool(email) and row[6] == email) + 3 * found + 2 * (row[2] is kind) + bool(row[7])

    rows = sorted((tuple(row) for row in session.execute(statement)), key=likeness, reverse=True)
    return [Alike(*row[:5]) for row in rows[:ALIKE_MAX]]
