"""How long a visit request waits: the rules of an institution, nudge, answer and expiry in its working days."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col

from app import warsaw
from app.actors import Actor, Role
from app.audit import trail
from app.audit.trail import Plain
from app.db import columns, lock
from app.errors import Forbidden
from app.text import N_
from events.visits.models import ANSWER_DAYS, NOTICE_DAYS, VisitRules
from partners.availability import queries as availability
from partners.availability import rules as availability_rules
from partners.institutions import workdays
from partners.institutions.models import Institution


class NotYourRules(Forbidden):
    """Rules of an institution that one does not administer."""

    message = N_("Only an administrator of this institution can change how it agrees on visits.")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The day of the reminder, the last day for an answer, and the last day of the request."""

    nudge_on: date
    answer_by: date
    expires_on: date


@dataclass(frozen=True, slots=True)
class Habits:
    """How an institution agrees on visits, in working days: time for an answer, and how far ahead a date must lie."""

    answer_days: int = ANSWER_DAYS
    notice_days: int = NOTICE_DAYS


def habits(session: Session, institution_ids: Collection[int]) -> Mapping[int, Habits]:
    """Give the rules of these institutions in one statement; those who have set none have the defaults."""
    statement = columns(VisitRules.institution_id, VisitRules.answer_days, VisitRules.notice_days).where(
        col(VisitRules.institution_id).in_(sorted(set(institution_ids)))
    )
    found = {row[0]: Habits(row[1], row[2]) for row in session.execute(statement)}
    return {institution_id: found.get(institution_id, Habits()) for institution_id in institution_ids}


def may_set(actor: Actor, institution_id: int | None) -> bool:
    """Whether *actor* says how an institution agrees on visits: its administrators, and the operator for it."""
    if actor.role in (Role.OPERATOR, Role.SYSTEM):
        return True
    return actor.role is Role.ADMIN and institution_id is not None and actor.institution_id == institution_id


def set_habits(session: Session, actor: Actor, institution_id: int, wanted: Habits, now: datetime) -> bool:
    """Set how an institution agrees on visits; return whether anything changed. Deadlines that run stay as they are.

    Locks the institution: two administrators at once make one row. Raises NotYourRules.
    """
    if not may_set(actor, institution_id):
        raise NotYourRules
    lock(session, Institution, institution_id)
    found = session.get(VisitRules, institution_id) or VisitRules(institution_id=institution_id, changed_at=now)
    if (found.answer_days, found.notice_days) == (wanted.answer_days, wanted.notice_days):
        return False
    found.answer_days, found.notice_days = wanted.answer_days, wanted.notice_days
    found.changed_at, found.changed_by = now, actor.user_id
    session.add(found)
    session.flush()
    details: dict[str, Plain] = {"answer_days": found.answer_days, "notice_days": found.notice_days}
    trail.record(session, actor, "visit.rules_set", "institution", institution_id, now, details=details)
    return True


def deadlines(session: Session, institution_id: int, today: date) -> Deadlines:
    """Give the days of an offer made *today* that this institution has to answer; two statements.

    With n days for an answer: reminder after half of them, rounded up, expiry after twice as many. Working days,
    without public holidays and without the institution's own blocked days.
    """
    number = habits(session, (institution_id,))[institution_id].answer_days
    closed = availability.closed_days(session, (institution_id,), today, availability_rules.latest(today))
    away = closed[institution_id].__contains__
    return Deadlines(
        nudge_on=workdays.after(today, (number + 1) // 2, away),
        answer_by=workdays.after(today, number, away),
        expires_on=workdays.after(today, 2 * number, away),
    )


def waited(session: Session, institution_id: int, since: date, until: date) -> int:
    """Count the working days for which an answer of this institution was awaited; 0 for one of the same day.

    Days, or instants, which count by their day in Warsaw. Days on which it was closed do not count. One statement.
    """
    first, last = _day(since), _day(until)
    closed = availability.closed_days(session, (institution_id,), first, last)
    return workdays.between(first, last, closed[institution_id].__contains__)


def _day(moment: date) -> date:
    return warsaw.today(moment) if isinstance(moment, datetime) else moment
