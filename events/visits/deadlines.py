"""How long a visit request waits: nudge, answer, expiry in the working days of the institution that must answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col

from app import warsaw
from app.db import columns
from events.visits.models import ANSWER_DAYS, NOTICE_DAYS, VisitRules
from partners.availability import queries as availability
from partners.availability import rules as availability_rules
from partners.institutions import workdays


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
