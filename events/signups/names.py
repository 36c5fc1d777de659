"""Who comes on a place: names for places booked without, a colleague in one's stead, two of one's people swapped."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from events.calendar.models import Admission, Event, Occurrence, SignUpScope
from events.gate import actions as gate
from events.signups import line, mail, queries, requests, rules
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Person


def name(
    session: Session,
    actor: Actor,
    event: Event,
    signup_id: int,
    person: Person,
    now: datetime,
    *,
    once: bool = False,
) -> SignUp:
    """Put a person on a place: on one without a name until the date begins, in another's stead until the deadline.

    Where the organiser decides about places, another person in somebody's stead is asked about anew and keeps the
    seat meanwhile; a first name asks nothing. On a series the name goes onto this and the later dates, *once* onto
    this one alone. Locks the dates. Raises NumbersOnly where nobody is named, NoSuchSignUp, NotYourSignUp,
    OnlyYourself, NoLongerCounts, NotNamed, NamedAlready, SignedUpAlready, TooLate, WithdrawalClosed.
    """
    if event.participants:
        raise rules.NumbersOnly
    if not person.name.strip() or not person.email.strip():
        raise rules.NotNamed
    onwards = event.signup_scope is SignUpScope.SERIES and not once
    if onwards:
        for occurrence_id in queries.dates_of_place(session, signup_id):
            lock(session, Occurrence, occurrence_id)
    occurrence, row = line.reach(session, actor, event, signup_id)
    _check(actor, event, occurrence, row, person, now)
    same = queries.same_place(session, row, now) if onwards else []
    _rename(session, actor, event, occurrence, row, person, now)
    for one in same:
        later = session.get_one(Occurrence, one.occurrence_id)
        if later.starts_at > occurrence.starts_at:
            _rename(session, actor, line.event_of(session, event, later), later, one, person, now, told=False)
    return row


def swap(session: Session, actor: Actor, event: Event, signup_id: int, other_id: int, now: datetime) -> list[SignUp]:
    """Let the waiting one of two people of one's institution have the seat, and the seated one wait; return both.

    The numbers stay where they are, so nobody else is touched. Locks the date. Raises NumbersOnly, NoSuchSignUp,
    NotYourSignUp, NoSwap, WithdrawalClosed.
    """
    if event.participants:
        raise rules.NumbersOnly
    occurrence, row = line.reach(session, actor, event, signup_id)
    other = lock(session, SignUp, other_id)
    if other is None or other.occurrence_id != occurrence.id:
        raise rules.NoSuchSignUp
    if not rules.may_name(actor, institution_id=row.institution_id) or other.institution_id != row.institution_id:
        raise rules.NotYourSignUp
    if {row.state, other.state} != {SignUpState.SEAT, SignUpState.WAITING}:
        raise rules.NoSwap
    _check_in_time(event, occurrence, now)
    seated, waiting = (row, other) if row.state is SignUpState.SEAT else (other, row)
    one, two = _person_of(seated), _person_of(waiting)
    keys = seated.person_key, waiting.person_key
    seated.person_key = f"swap:{uuid4()}"
    session.flush()
    _set(waiting, one, now, key=keys[0])
    session.flush()
    _set(seated, two, now, key=keys[1])
    session.flush()
    for changed in (seated, waiting):
        details: dict[str, Plain] = {"occurrence_id": occurrence.id or 0, "state": changed.state.value}
        personal = line.who(changed)
        trail.record(
            session, actor, "signup.swapped", "signup", changed.id or 0, now, details=details, personal=personal
        )
    gate.rename(session, actor, event, occurrence, seated.id or 0, seated.person, seated.function, now)
    mail.handed_over(session, event, occurrence, seated, now)
    mail.swapped(session, event, occurrence, waiting, now)
    return [seated, waiting]


def _check(actor: Actor, event: Event, occurrence: Occurrence, row: SignUp, person: Person, now: datetime) -> None:
    if not rules.may_name(actor, institution_id=row.institution_id):
        line.check_own(actor, row)
        if person.user_id is None:
            raise rules.OnlyYourself  # a member hands his place to a colleague with an account, and types nobody in
    if row.state not in rules.ACTIVE:
        raise rules.NoLongerCounts
    if row.person and row.person_key == person.key and row.person == person.name:
        raise rules.NamedAlready
    if row.person:
        _check_in_time(event, occurrence, now)
    elif not rules.can_still_decide(occurrence.state, occurrence.starts_at, now):
        raise rules.TooLate


def _check_in_time(event: Event, occurrence: Occurrence, now: datetime) -> None:
    first = rules.first_start(event.local_start, event.rule)
    if not rules.can_still_withdraw(occurrence.state, event.withdraw_until, occurrence.starts_at, now, first):
        raise rules.WithdrawalClosed


def _rename(
    session: Session,
    actor: Actor,
    event: Event,
    occurrence: Occurrence,
    row: SignUp,
    person: Person,
    now: datetime,
    *,
    told: bool = True,
) -> None:
    before, earlier = row.person, line.who(row)
    to = queries.addresses(session, [row]).get(row.id or 0)
    same_person = row.person_key == person.key
    host_id = rules.host_of(event.consent, event.place_institution_id)
    decides = rules.may_decide(actor, organiser_id=event.organiser_id, host_id=host_id)
    asks = bool(before) and not same_person and event.admission is Admission.APPROVAL and not decides
    taking = rules.is_taking(row.state, holds_seat=row.holds_seat)
    if asks and taking:
        line.leave(session, actor, event, occurrence, [row], now)
    if asks:
        requests.ask(row, now)
    _set(row, person, now, key=person.key)
    try:
        session.flush()
    except IntegrityError as error:
        raise rules.SignedUpAlready(person=person.name) from error
    verb = "signup.handed_over" if before else "signup.named"
    details: dict[str, Plain] = {"occurrence_id": occurrence.id or 0, "state": row.state.value}
    personal: dict[str, Plain] = {**line.who(row), **{f"{field}_before": value for field, value in earlier.items()}}
    trail.record(session, actor, verb, "signup", row.id or 0, now, details=details, personal=personal)
    if asks:
        line.serve(session, actor, event, occurrence, now)
    elif row.state is SignUpState.SEAT:
        gate.rename(session, actor, event, occurrence, row.id or 0, row.person, row.function, now)
    if not told or same_person:
        return
    mail.handed_over(session, event, occurrence, row, now)
    if before and to is not None:
        mail.handed_on(session, event, occurrence, before, to, now)
    if asks:
        mail.to_decide(session, event, occurrence, 1, now)


def _person_of(row: SignUp) -> Person:
    return Person(name=row.person, email=row.email, function=row.function, user_id=row.user_id)


def _set(row: SignUp, person: Person, now: datetime, *, key: str) -> None:
    row.person, row.email, row.function, row.user_id = person.name, person.email, person.function, person.user_id
    row.person_key, row.changed_at = key, now
