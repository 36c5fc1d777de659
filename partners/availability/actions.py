"""Verbs of blocked days: block, suspend, end, and hold a place against a suspension of this very moment."""

from datetime import date, datetime

from sqlmodel import Session

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from partners.availability import queries, rules
from partners.availability.models import Unavailability
from partners.availability.rules import Blocked, PeriodDraft
from partners.institutions.models import Institution, Room


def block(
    session: Session, actor: Actor, institution: Institution, wanted: PeriodDraft, now: datetime
) -> Unavailability:
    """Block days of an institution or one of its rooms; meetings that stand there stay.

    Locks the institution. Raises NotYourDays, NoSuchRoom, TooManyPeriods, Overlapping and what rules.check_days raises.
    """
    owner = institution.id or 0
    lock(session, Institution, owner)
    if not rules.may_edit(actor, owner):
        raise rules.NotYourDays
    rules.check_days(wanted.first_day, wanted.last_day, warsaw.today(now))
    if wanted.room_id is not None:
        room = session.get(Room, wanted.room_id)
        if room is None or room.institution_id != owner:
            raise rules.NoSuchRoom
    standing = queries.standing(session, (owner,), warsaw.today(now), date.max)
    if len(standing) >= rules.PERIODS_MAX:
        raise rules.TooManyPeriods
    rules.check_free(wanted, standing)
    return _begin(session, actor, institution, wanted, now, suspends=False)


def suspend(
    session: Session, actor: Actor, institution: Institution, wanted: PeriodDraft, now: datetime
) -> Unavailability:
    """Block the days of a prison unit for which it stops all meetings; events/changes cancels what stands in them.

    Locks the institution, which whoever publishes there holds too. A plain period in these days may stand, another
    suspension not. Raises NotYourUnit, Overlapping and what rules.check_days raises.
    """
    owner = institution.id or 0
    lock(session, Institution, owner)
    if not rules.may_suspend(actor, owner, institution.kind):
        raise rules.NotYourUnit
    rules.check_days(wanted.first_day, wanted.last_day, warsaw.today(now))
    standing = queries.standing(session, (owner,), wanted.first_day, wanted.last_day)
    rules.check_free(wanted, [one for one in standing if one.suspends])
    return _begin(session, actor, institution, wanted, now, suspends=True)


def end(session: Session, actor: Actor, institution: Institution, period: Unavailability, now: datetime) -> None:
    """End a period early: from today on its days are free again. What a suspension has cancelled stays cancelled.

    Locks the institution, then the period. Raises NotYourDays, NotYourUnit, EndedAlready.
    """
    owner = institution.id or 0
    lock(session, Institution, owner)
    lock(session, Unavailability, period.id or 0)
    if period.suspends and not rules.may_suspend(actor, owner, institution.kind):
        raise rules.NotYourUnit
    if not period.suspends and not rules.may_edit(actor, owner):
        raise rules.NotYourDays
    if period.ended_at is not None or period.last_day < warsaw.today(now):
        raise rules.EndedAlready
    period.ended_at = now
    session.flush()
    details: dict[str, Plain] = {"institution_id": owner, "suspends": period.suspends}
    trail.record(session, actor, "days.ended", "unavailability", period.id or 0, now, details=details)


def hold(session: Session, institution_id: int | None, now: datetime) -> tuple[Blocked, ...]:
    """Lock the institution of a place and give its suspensions, for rules.check_open.

    Call it before the event is locked: a suspension locks its unit first and the events there afterwards, so whoever
    publishes or moves a meeting either sees the suspension or is seen by it.
    """
    if institution_id is None:
        return ()
    lock(session, Institution, institution_id)
    return queries.suspensions(session, institution_id, warsaw.today(now))


def _begin(
    session: Session, actor: Actor, institution: Institution, wanted: PeriodDraft, now: datetime, *, suspends: bool
) -> Unavailability:
    period = Unavailability(
        institution_id=institution.id or 0,
        room_id=wanted.room_id,
        first_day=wanted.first_day,
        last_day=wanted.last_day,
        reason=wanted.reason,
        suspends=suspends,
        made_at=now,
        made_by=actor.user_id,
        synthetic=institution.synthetic,
    )
    session.add(period)
    session.flush()
    details: dict[str, Plain] = {
        "institution_id": period.institution_id,
        "room_id": period.room_id,
        "first_day": period.first_day.isoformat(),
        "last_day": period.last_day.isoformat(),
        "suspends": suspends,
    }
    trail.record(session, actor, "days.blocked", "unavailability", period.id or 0, now, details=details)
    return period
