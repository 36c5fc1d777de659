"""Verbs of sign-up: sign_up, withdraw, serve_queue, moved. Capacity is decided under the lock of the date alone."""

from datetime import datetime

from sqlmodel import Session

from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from app.errors import Conflict
from app.seats import share_out
from events.calendar.models import Admission, Event, Occurrence, Split
from events.signups import booking, line, mail, queries, requests, rules
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Wanted


def sign_up(
    session: Session, actor: Actor, event: Event, occurrence_id: int, wanted: Wanted, key: str, now: datetime
) -> list[SignUp]:
    """Give seats to the people and places of *wanted*, and put the rest on the waiting list, in one decision.

    Locks the date. *key* is the booking key of the form: a second post of the same form returns what the first made.
    Where the organiser decides about places, all of them ask for his word. Raises NotSignedUpHere, OnlyYourself,
    NobodyChosen, TooMany, ByCoordinator, NumbersOnly, SignUpClosed, NotOpenYet, WholeSeries, SignedUpAlready,
    NotEnoughSeats, and Conflict for the key of another booking.
    """
    rules.check_wanted(actor, wanted, participants=event.participants)
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
    if not stands.is_open(occurrence, now):
        raise rules.closed(stands.opens_at, now)
    if stands.whole:
        raise rules.WholeSeries
    # Whoever decides about places has decided about his own people by signing them up.
    asks = stands.asks and not _decides(actor, event)
    seats = _free_for(stands, occurrence, wanted)
    if stands.signed_up is not None:
        raise rules.SignedUpAlready(person=keys[stands.signed_up].name or keys[stands.signed_up].email)
    (rows,) = booking.write(session, actor, [(occurrence, None if asks else seats)], wanted, key, now)
    for row in rows:
        details: dict[str, Plain] = {
            "occurrence_id": occurrence_id,
            "state": row.state.value,
            "queue_no": row.queue_no,
        }
        trail.record(session, actor, "signup.made", "signup", row.id or 0, now, details=details, personal=line.who(row))
    line.expect(session, actor, event, occurrence, rows, now)
    mail.made(session, actor, event, occurrence, rows, now)
    if asks:
        mail.to_decide(session, event, occurrence, len(rows), now)
    return rows


def withdraw(session: Session, actor: Actor, event: Event, signup_id: int, now: datetime) -> list[SignUp]:
    """Give a place back and let the longest waiting move up, in the same transaction; return who moved up.

    Locks the date. Raises NoSuchSignUp, NotYourSignUp, WithdrawnAlready, NoLongerCounts, WithdrawalClosed.
    """
    occurrence, row = line.reach(session, actor, event, signup_id)
    line.check_own(actor, row)
    if row.state is SignUpState.WITHDRAWN:
        raise rules.WithdrawnAlready
    if row.state not in rules.ACTIVE:
        raise rules.NoLongerCounts
    first = rules.first_start(event.local_start, event.rule)
    if not rules.can_still_withdraw(occurrence.state, event.withdraw_until, occurrence.starts_at, now, first):
        raise rules.WithdrawalClosed
    freed = rules.is_taking(row.state, holds_seat=row.holds_seat)
    give_up(session, actor, event, occurrence, row, now)
    mail.withdrawn(session, event, occurrence, row, now, freed=freed)
    return line.serve(session, actor, event, occurrence, now)


def give_up(session: Session, actor: Actor, event: Event, occurrence: Occurrence, row: SignUp, now: datetime) -> None:
    """Strike a sign-up off. Call under the lock of the date; the caller tells people and serves the queue."""
    details: dict[str, Plain] = {"occurrence_id": occurrence.id or 0, "was": row.state.value}
    row.state, row.holds_seat, row.offer_until, row.changed_at = SignUpState.WITHDRAWN, False, None, now
    session.flush()
    trail.record(
        session, actor, "signup.withdrawn", "signup", row.id or 0, now, details=details, personal=line.who(row)
    )
    line.leave(session, actor, event, occurrence, [row], now)


def serve_queue(
    session: Session, actor: Actor, event: Event, occurrence: Occurrence, now: datetime, *, told: bool = True
) -> list[SignUp]:
    """Move up as many of the queue as there are free seats, in strict order. Call under the lock of the date.

    Every way in which a seat comes free ends here or in line.serve: withdrawal, refusal, expired offer, more seats.
    Without *told* the caller tells them.
    """
    return line.serve(session, actor, event, occurrence, now, told=told)


def moved(session: Session, actor: Actor, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """Tell everybody about a new time or place of a date; return how many rows. Call under the lock of the date.

    Where the organiser decides about places, whoever was accepted is asked about anew: he keeps his seat or his number
    until the decision, and both sides are told.
    """
    if event.admission is Admission.APPROVAL:
        return requests.ask_anew(session, actor, event, occurrence, now)
    return mail.moved(session, event, occurrence, now)


def forget_names(session: Session, now: datetime) -> int:
    """Forget who signed up, 30 days after the date: names, functions, addresses, here and in the trail.

    Who took part lives on in the attendance of the record. Until a record says whether the date took place, the bare
    name stays for it. Mails forget by themselves. Return how many rows have forgotten.
    """
    due = queries.to_forget(session, now)
    for signup_id, recorded in due:
        row = session.get_one(SignUp, signup_id)
        row.function, row.email, row.note, row.user_id = "", "", "", None
        row.person_key = f"erased:{signup_id}"
        if recorded:
            row.person, row.erased_at = "", now
    session.flush()
    trail.forget_subjects(session, "signup", [signup_id for signup_id, _ in due])
    return len(due)


def note_export(session: Session, actor: Actor, occurrence_id: int, number: int, now: datetime) -> None:
    """Leave a line that *actor* has saved the names and addresses of everybody on a date as a table."""
    trail.record(session, actor, "signup.exported", "occurrence", occurrence_id, now, details={"number": number})


def note_edition_export(session: Session, actor: Actor, edition_id: int, number: int, now: datetime) -> None:
    """Leave a line that *actor* has saved the names and addresses of everybody in an edition as a table."""
    trail.record(session, actor, "signup.exported", "edition", edition_id, now, details={"number": number})


def _decides(actor: Actor, event: Event) -> bool:
    host_id = rules.host_of(event.consent, event.place_institution_id)
    return rules.may_decide(actor, organiser_id=event.organiser_id, host_id=host_id)


def _free_for(stands: queries.Standing, occurrence: Occurrence, wanted: Wanted) -> int:
    """Give how many of *wanted* get a seat at once. Raises NotEnoughSeats."""
    seats, _waiting = share_out(stands.capacity, occurrence.seats_taken, wanted.number)
    if occurrence.waiting:
        seats = 0  # nobody overtakes the queue, even if a seat has just come free
    if stands.split is Split.ALL_OR_NOTHING:
        # A group larger than the hall would wait for ever, and everybody behind it.
        never = stands.capacity is not None and wanted.number > stands.capacity
        if never or 0 < seats < wanted.number:
            raise rules.NotEnoughSeats(free=max((stands.capacity or 0) - occurrence.seats_taken, 0))
    return seats
