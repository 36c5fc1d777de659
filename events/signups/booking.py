"""One posted form as rows: the booking, a sign-up for each person or place on each date, the counts of the dates."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.actors import Actor
from app.db import insert
from app.errors import Conflict
from events.calendar.models import Occurrence
from events.signups import rules
from events.signups.models import Booking, SignUp, SignUpState
from events.signups.rules import Person, Wanted


def write(
    session: Session,
    actor: Actor,
    dates: Sequence[tuple[Occurrence, int | None]],
    wanted: Wanted,
    key: str,
    now: datetime,
    *,
    series: bool = False,
) -> list[list[SignUp]]:
    """Write the booking and its rows on each date, and return them date by date. Call under the lock of the dates.

    With each date stands how many get a seat, the others wait; None: all of them ask for the organiser's word. A place
    without a name is the same place on every date. Raises SignedUpAlready, and Conflict for a key that is taken.
    """
    try:
        booking_id = insert(
            session,
            Booking,
            key=key,
            occurrence_id=None if series else dates[0][0].id,
            institution_id=actor.institution_id or 0,
            made_by=actor.user_id,
            made_at=now,
        )
    except IntegrityError as error:  # the same form for another date in this very moment
        raise Conflict from error
    nameless = (Person(name="", email="") for _ in range(wanted.places))
    people = [(person, person.key or f"place:{uuid4()}") for person in (*wanted.people, *nameless)]
    made = []
    for occurrence, seats in dates:
        rows = [
            SignUp(
                booking_id=booking_id,
                occurrence_id=occurrence.id or 0,
                institution_id=actor.institution_id or 0,
                user_id=person.user_id,
                person=person.name,
                function=person.function,
                email=person.email,
                person_key=person_key,
                state=_arrives(index, seats),
                queue_no=occurrence.next_queue_no + index,
                signed_up_at=now,
                changed_at=now,
            )
            for index, (person, person_key) in enumerate(people)
        ]
        session.add_all(rows)
        count(occurrence, rows)
        made.append(rows)
    try:
        session.flush()
    except IntegrityError as error:  # the same person twice on one form
        raise rules.SignedUpAlready(person=made[0][0].person or made[0][0].email) from error
    return made


def count(occurrence: Occurrence, rows: Sequence[SignUp]) -> None:
    """Count new *rows* on their date, and let its next number follow them."""
    states = [row.state for row in rows]
    occurrence.next_queue_no += len(rows)
    occurrence.seats_taken += states.count(SignUpState.SEAT)
    occurrence.waiting += states.count(SignUpState.WAITING)
    occurrence.requested += states.count(SignUpState.REQUESTED)


def _arrives(index: int, seats: int | None) -> SignUpState:
    if seats is None:
        return SignUpState.REQUESTED
    return SignUpState.SEAT if index < seats else SignUpState.WAITING
