"""What time does to visit requests: reminders, substitutes, expiry; what has lost its meeting ends; names go."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, update
from sqlmodel import Session, col, select

from app import warsaw
from app.audit import trail
from app.db import lock
from events.calendar.models import Event, Occurrence
from events.calendar.models import State as EventState
from events.visits import actions
from events.visits.models import Act, OptionState, State, Visit, VisitOption, VisitStep
from partners.availability import actions as availability

KEPT_FOR = timedelta(days=90)
"""How long after the end of a case its thread says which person wrote what; institution and day stay."""
_AT_ONCE = 500
_WAITS = col(Visit.turn_of_id).is_not(None)


def chase(session: Session, now: datetime) -> int:
    """Remind, write to the substitutes, or end what nobody has answered, as the days of each request say; how many.

    Out of how things stand now: a night that was missed is made good, one that comes twice changes nothing. A request
    takes the last of the steps that are due. Each is locked, in the order of the units.
    """
    today = warsaw.today(now)
    due = or_(
        col(Visit.expires_on) < today,
        and_(col(Visit.answer_by) < today, col(Visit.escalated_at).is_(None)),
        and_(col(Visit.nudge_on) <= today, col(Visit.nudged_at).is_(None), col(Visit.escalated_at).is_(None)),
    )
    number = settle(session, now)
    for visit in _found(session, and_(_WAITS, due)):
        _hold(session, visit, now)
        act = _due(visit, today)
        if act is not None:
            actions.by_portal(session, visit, act, now)
            number += 1
    return number


def settle(session: Session, now: datetime) -> int:
    """End what cannot be answered any more: no date on offer lies ahead, the agreed meeting was called off or begins.

    Whose meeting was called off on its own page reads so in the thread, and both sides are told. Returns how many
    ended. What cannot wait for the night: rooms are held meanwhile, and people would travel.
    """
    number = 0
    for condition, act in ((_lost(), Act.CANCEL), (_passed(now), Act.EXPIRE)):
        for visit in _found(session, condition):
            offer = visit.open_step_id
            _hold(session, visit, now)
            if visit.open_step_id == offer and visit.closed_at is None:
                actions.by_portal(session, visit, act, now)
                number += 1
    return number


def forget(session: Session, now: datetime) -> int:
    """Forget who wrote in threads that ended 90 days ago, and to which address links went; return how many threads.

    A thread with an agreed date ends with its meeting.
    """
    before = now - KEPT_FOR
    last = select(Occurrence.id).where(Occurrence.event_id == Visit.event_id, col(Occurrence.ends_at) > before)
    over = or_(
        col(Visit.closed_at) <= before,
        and_(
            col(Visit.state) == State.ACCEPTED,
            col(Visit.closed_at).is_(None),
            col(Visit.changed_at) <= before,
            ~exists(last),
        ),
    )
    named = exists().where(col(VisitStep.visit_id) == Visit.id, col(VisitStep.user_id).is_not(None))
    kept = or_(col(Visit.made_by).is_not(None), col(Visit.reply_email) != "", named)
    ids = [one for one in session.exec(select(Visit.id).where(over, kept).order_by(col(Visit.id))) if one is not None]
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        session.exec(update(VisitStep).where(col(VisitStep.visit_id).in_(part)).values(user_id=None))
        session.exec(update(Visit).where(col(Visit.id).in_(part)).values(made_by=None, reply_email=""))
    trail.forget_subjects(session, "visit", ids)
    return len(ids)


def _hold(session: Session, visit: Visit, now: datetime) -> None:
    """Lock a request as its acts do, and read it afresh: somebody may have answered since it was found."""
    availability.hold(session, visit.unit_id, now)
    lock(session, Visit, visit.id or 0)


def _due(visit: Visit, today: date) -> Act | None:
    """Give the step that a request is due for today; None where somebody was faster."""
    if visit.expires_on is None or visit.answer_by is None or visit.nudge_on is None:
        return None
    if visit.expires_on < today:
        return Act.EXPIRE
    if visit.answer_by < today:
        return Act.ESCALATE if visit.escalated_at is None else None
    return Act.NUDGE if visit.nudge_on <= today and visit.nudged_at is None else None


def _found(session: Session, condition: ColumnElement[bool]) -> Sequence[Visit]:
    statement = select(Visit).where(condition).order_by(col(Visit.unit_id), col(Visit.id))
    return session.exec(statement).all()


def _lost() -> ColumnElement[bool]:
    """Agreed requests whose meeting was called off, or whose draft was deleted, on a page that knows no visits."""
    stands = exists().where(col(Event.id) == Visit.event_id, col(Event.state) != EventState.CANCELLED)
    agreed = col(Visit.state).in_((State.ACCEPTED, State.MOVING))
    return and_(agreed, col(Visit.closed_at).is_(None), ~stands)


def _passed(now: datetime) -> ColumnElement[bool]:
    ahead = exists().where(
        col(VisitOption.visit_id) == Visit.id,
        col(VisitOption.state) == OptionState.OPEN,
        col(VisitOption.starts_at) > now,
    )
    begun = exists().where(
        col(Event.id) == Visit.event_id, col(Event.local_start) <= warsaw.to_local(now).replace(tzinfo=None)
    )
    return and_(_WAITS, or_(~ahead, begun))
