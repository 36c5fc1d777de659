"""The line for the places of a date: its lock, its counts, and who moves up when a place comes free."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session

from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from app.seats import next_in_line
from events.calendar.models import Event, Occurrence, Split
from events.gate import actions as gate
from events.gate.rules import Expected
from events.signups import mail, queries, rules
from events.signups.models import SignUp, SignUpState


def reach(session: Session, actor: Actor, event: Event, signup_id: int) -> tuple[Occurrence, SignUp]:
    """Lock the date of a sign-up, then the sign-up, and read the event as it stands under that lock.

    Raises NoSuchSignUp, also for whoever may not know of it.
    """
    occurrence_id = queries.occurrence_of(session, signup_id, event.id or 0)
    occurrence = lock(session, Occurrence, occurrence_id) if occurrence_id is not None else None
    row = lock(session, SignUp, signup_id)
    if occurrence is None or row is None:
        raise rules.NoSuchSignUp
    session.refresh(event)
    host_id = rules.host_of(event.consent, event.place_institution_id)
    known = rules.may_know(actor, institution_id=row.institution_id, organiser_id=event.organiser_id, host_id=host_id)
    if not known:
        raise rules.NoSuchSignUp
    return occurrence, row


def check_decides(actor: Actor, event: Event) -> None:
    """Refuse who decides neither for the organiser nor for the unit. Raises NotYoursToDecide."""
    host_id = rules.host_of(event.consent, event.place_institution_id)
    if not rules.may_decide(actor, organiser_id=event.organiser_id, host_id=host_id):
        raise rules.NotYoursToDecide


def check_own(actor: Actor, row: SignUp) -> None:
    """Refuse who is neither the person nor a coordinator of his institution. Raises NotYourSignUp."""
    if not rules.may_withdraw(actor, user_id=row.user_id, institution_id=row.institution_id):
        raise rules.NotYourSignUp


def event_of(session: Session, event: Event, occurrence: Occurrence) -> Event:
    """Give the event of a locked date: *event*, or another one of the same edition, as it stands under the lock."""
    if occurrence.event_id == event.id:
        return event
    return session.get_one(Event, occurrence.event_id, populate_existing=True)


def serve(
    session: Session,
    actor: Actor,
    event: Event,
    occurrence: Occurrence,
    now: datetime,
    *,
    asked: Collection[int] = (),
    told: bool = True,
) -> list[SignUp]:
    """Let as many of the queue move up as places are free, in strict order. Call under the lock of the date.

    They get a seat or, where the event says so and there is time, an offer of one. Those *asked* for are told by the
    caller, and get a seat whatever the event says: they have just been accepted. Without *told* the caller tells all
    of them, by one mail for many dates. Nobody moves up once the date has begun or was called off.
    """
    counts = queries.counts(session, occurrence.id or 0)
    moving: list[SignUp] = []
    if counts.waiting and rules.can_still_decide(occurrence.state, occurrence.starts_at, now):
        terms = queries.terms(session, event.id or 0)
        free = counts.waiting if terms.capacity is None else terms.capacity - counts.taken
        if free > 0:
            waiting = queries.queue(session, occurrence.id or 0)
            moving = next_in_line(waiting, free, whole=terms.split is Split.ALL_OR_NOTHING)
        until = terms.offer_until(occurrence.starts_at, now)
        for row in moving:
            offered = until is not None and row.id not in asked
            row.state = SignUpState.OFFERED if offered else SignUpState.SEAT
            row.offer_until = until if offered else None
            row.reason, row.note, row.changed_at = "", "", now
    occurrence.seats_taken = counts.taken + len(moving)
    occurrence.waiting = counts.waiting - len(moving)
    occurrence.requested = counts.requested
    session.flush()
    if moving:
        _note(session, actor, event, occurrence, [row for row in moving if row.id not in asked], now, told=told)
        expect(session, actor, event, occurrence, moving, now)
    return moving


def expect(
    session: Session, actor: Actor, event: Event, occurrence: Occurrence, rows: Sequence[SignUp], now: datetime
) -> None:
    """Put those of *rows* who have a seat on the entry list of the unit, if the event takes place in one.

    Participants of a closed group are a number: they stand on no list.
    """
    if event.consent is None or event.participants:
        return
    people = [
        Expected(row.id or 0, row.institution_id, row.person, row.function)
        for row in rows
        if row.state is SignUpState.SEAT
    ]
    if people:
        gate.expect(session, actor, event, occurrence, people, now)


def leave(
    session: Session, actor: Actor, event: Event, occurrence: Occurrence, rows: Sequence[SignUp], now: datetime
) -> None:
    """Take *rows* off the entry list of the unit, if the event takes place in one."""
    if event.consent is not None and rows:
        gate.leave(session, actor, event, occurrence, [row.id or 0 for row in rows], now)


def who(row: SignUp) -> dict[str, Plain]:
    """Give what the trail keeps of a person, apart and only for a time."""
    return {"person": row.person, "email": row.email, "function": row.function}


def _note(
    session: Session,
    actor: Actor,
    event: Event,
    occurrence: Occurrence,
    rows: Sequence[SignUp],
    now: datetime,
    *,
    told: bool,
) -> None:
    seated = [row for row in rows if row.state is SignUpState.SEAT]
    offered = [row for row in rows if row.state is SignUpState.OFFERED]
    for verb, some in (("signup.promoted", seated), ("signup.offered", offered)):
        for row in some:
            details: dict[str, Plain] = {"occurrence_id": occurrence.id or 0, "queue_no": row.queue_no}
            trail.record(session, actor, verb, "signup", row.id or 0, now, details=details)
    if seated and told:
        mail.promoted(session, event, occurrence, seated, now)
    if offered:
        mail.offered(session, event, occurrence, offered, now)
