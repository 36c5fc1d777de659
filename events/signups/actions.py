"""Verbs of sign-up: sign_up, withdraw, serve_queue. Capacity is decided under the lock of the date, nowhere else."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import insert, lock
from app.errors import Conflict
from app.seats import next_in_line, share_out
from events.calendar.models import Event, Occurrence, Split
from events.signups import mail, queries, rules
from events.signups.models import Booking, SignUp, SignUpState
from events.signups.rules import Person, Wanted


def sign_up(
    session: Session, actor: Actor, event: Event, occurrence_id: int, wanted: Wanted, key: str, now: datetime
) -> list[SignUp]:
    """Give seats to the people and places of *wanted*, and put the rest on the waiting list, in one decision.

    Locks the date. *key* is the booking key of the form: a second post of the same form returns what the first made.
    Raises NotSignedUpHere, OnlyYourself, NobodyChosen, TooMany, SignUpClosed, SignedUpAlready, NotEnoughSeats, and
    Conflict for the key of another booking.
    """
    rules.check_wanted(actor, wanted)
    occurrence = lock(session, Occurrence, occurrence_id)
    if occurrence is None or occurrence.event_id != event.id:
        raise rules.SignUpClosed
    # As the event stands under the lock: an edit of it locks its dates too.
    keys = {person.key: person for person in wanted.people}
    stands = queries.standing(session, occurrence, key, list(keys))
    if stands.booked:
        made = queries.of_booking(session, key)
        if any((row.institution_id, row.occurrence_id) != (actor.institution_id, occurrence_id) for row in made):
            raise Conflict
        return made
    if not rules.is_open(occurrence.state, stands.closes_at, occurrence.starts_at, now):
        raise rules.SignUpClosed
    seats, _waiting = share_out(stands.capacity, occurrence.seats_taken, wanted.number)
    if occurrence.waiting:
        seats = 0  # nobody overtakes the queue, even if a seat has just come free
    if stands.split is Split.ALL_OR_NOTHING and 0 < seats < wanted.number:
        raise rules.NotEnoughSeats(free=seats)
    if stands.signed_up is not None:
        raise rules.SignedUpAlready(person=keys[stands.signed_up].name or keys[stands.signed_up].email)
    rows = _book(session, actor, occurrence, wanted, seats, key, now)
    for row in rows:
        details: dict[str, Plain] = {
            "occurrence_id": occurrence_id,
            "state": row.state.value,
            "queue_no": row.queue_no,
        }
        trail.record(session, actor, "signup.made", "signup", row.id or 0, now, details=details, personal=_who(row))
    mail.made(session, actor, event, occurrence, rows, now)
    return rows


def withdraw(session: Session, actor: Actor, event: Event, signup_id: int, now: datetime) -> list[SignUp]:
    """Give a place back and let the longest waiting move up, in the same transaction; return who moved up.

    Locks the date. Raises NoSuchSignUp, NotYourSignUp, WithdrawnAlready, WithdrawalClosed.
    """
    occurrence_id = queries.occurrence_of(session, signup_id, event.id or 0)
    occurrence = lock(session, Occurrence, occurrence_id) if occurrence_id is not None else None
    row = lock(session, SignUp, signup_id)
    if occurrence is None or row is None:
        raise rules.NoSuchSignUp
    if not rules.may_know(actor, institution_id=row.institution_id, organiser_id=event.organiser_id):
        raise rules.NoSuchSignUp
    if not rules.may_withdraw(actor, user_id=row.user_id, institution_id=row.institution_id):
        raise rules.NotYourSignUp
    if row.state is SignUpState.WITHDRAWN:
        raise rules.WithdrawnAlready
    if not rules.can_still_withdraw(occurrence.state, event.withdraw_until, occurrence.starts_at, now):
        raise rules.WithdrawalClosed
    was = row.state
    row.state = SignUpState.WITHDRAWN
    row.changed_at = now
    session.flush()
    details: dict[str, Plain] = {"occurrence_id": occurrence.id or 0, "was": was.value}
    trail.record(session, actor, "signup.withdrawn", "signup", signup_id, now, details=details, personal=_who(row))
    mail.withdrawn(session, event, occurrence, row, now)
    return serve_queue(session, actor, event, occurrence, now)


def serve_queue(session: Session, actor: Actor, event: Event, occurrence: Occurrence, now: datetime) -> list[SignUp]:
    """Move up as many of the queue as there are free seats, in strict order. Call under the lock of the date.

    Every way in which a seat comes free ends here: withdrawal, larger capacity.
    """
    taken = _taken(session, occurrence)
    waiting = queries.queue(session, occurrence.id or 0)
    free = len(waiting) if event.capacity is None else event.capacity - taken
    rows = next_in_line(waiting, free, whole=event.split is Split.ALL_OR_NOTHING)
    for row in rows:
        row.state = SignUpState.SEAT
        row.changed_at = now
    session.flush()
    _recount(session, occurrence)
    for row in rows:
        details = {"occurrence_id": occurrence.id or 0, "queue_no": row.queue_no}
        trail.record(session, actor, "signup.promoted", "signup", row.id or 0, now, details=details)
    mail.promoted(session, event, occurrence, rows, now)
    return rows


def _book(
    session: Session, actor: Actor, occurrence: Occurrence, wanted: Wanted, seats: int, key: str, now: datetime
) -> list[SignUp]:
    institution_id = actor.institution_id or 0
    try:
        booking_id = insert(
            session,
            Booking,
            key=key,
            occurrence_id=occurrence.id or 0,
            institution_id=institution_id,
            made_by=actor.user_id,
            made_at=now,
        )
    except IntegrityError as error:  # the same form for another date in this very moment
        raise Conflict from error
    nameless = (Person(name="", email="") for _ in range(wanted.places))
    rows = []
    for index, person in enumerate((*wanted.people, *nameless)):
        row = SignUp(
            booking_id=booking_id,
            occurrence_id=occurrence.id or 0,
            institution_id=institution_id,
            user_id=person.user_id,
            person=person.name,
            function=person.function,
            email=person.email,
            person_key=person.key or f"place:{uuid4()}",
            state=SignUpState.SEAT if index < seats else SignUpState.WAITING,
            queue_no=occurrence.next_queue_no + index,
            signed_up_at=now,
            changed_at=now,
        )
        session.add(row)
        rows.append(row)
    occurrence.next_queue_no += len(rows)
    occurrence.seats_taken += seats
    occurrence.waiting += len(rows) - seats
    try:
        session.flush()
    except IntegrityError as error:  # the same person twice on one form
        raise rules.SignedUpAlready(person=rows[0].person or rows[0].email) from error
    return rows


def _taken(session: Session, occurrence: Occurrence) -> int:
    statement = select(func.count(col(SignUp.id))).where(
        SignUp.occurrence_id == occurrence.id, SignUp.state == SignUpState.SEAT
    )
    return session.exec(statement).one()


def _recount(session: Session, occurrence: Occurrence) -> None:
    statement = (
        select(SignUp.state, func.count(col(SignUp.id)))
        .where(SignUp.occurrence_id == occurrence.id, SignUp.state != SignUpState.WITHDRAWN)
        .group_by(col(SignUp.state))
    )
    counts = dict(session.exec(statement).all())
    occurrence.seats_taken = counts.get(SignUpState.SEAT, 0)
    occurrence.waiting = counts.get(SignUpState.WAITING, 0)
    session.flush()


def _who(row: SignUp) -> dict[str, str]:
    return {"person": row.person, "email": row.email, "function": row.function}
