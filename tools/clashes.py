"""Measure the check for clashes on a database of tools/bench.py: `python tools/clashes.py var/bench/….sqlite`.

It checks an event at the place that has most of them, with two people who lead and twelve who have signed up; what it
writes for that is rolled back.
"""

import sys
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

import app.factory  # noqa: F401 - every room, and with it every table
from app.actors import Actor, Role
from app.db import Database
from events.calendar import clashes
from events.calendar.models import Event, EventKind, EventSpeaker, Occurrence, State, Visibility
from events.changes import queries
from events.signups.models import Booking, SignUp, SignUpState

ROUNDS = 200
WEEKLY = 40
GUESTS = 12
START = datetime(2026, 11, 10, 9, tzinfo=UTC)


def main(path: str) -> None:
    """Check a single date and a weekly series; print the medians."""
    database = Database(f"sqlite:///{path}")
    for number in (1, WEEKLY):
        with database.session(writes=True) as session:
            event, dates = _event(session, number)
            viewer = Actor(Role.COORDINATOR, user_id=1, institution_id=event.organiser_id)
            times = [_once(session, viewer, event, dates) for _ in range(ROUNDS)]
            print(f"{number:3} dates: {median(times) * 1000:.2f} ms")
            session.rollback()
    database.dispose()


def _once(session: Session, viewer: Actor, event: Event, dates: list[Occurrence]) -> float:
    begun = perf_counter()
    spans = clashes.spans_of(event, dates, START)
    people = queries.elsewhere(session, viewer, event, spans)
    clashes.find(session, viewer, event, spans, people=people)
    return perf_counter() - begun


def _event(session: Session, number: int) -> tuple[Event, list[Occurrence]]:
    busiest = select(col(Occurrence.place_institution_id)).where(col(Occurrence.place_institution_id).is_not(None))
    by_place = busiest.group_by(col(Occurrence.place_institution_id)).order_by(func.count().desc())
    place = session.exec(by_place.limit(1)).one() or 0
    at: dict[str, Any] = {
        "state": State.PUBLISHED,
        "visibility": Visibility.PARTNERS,
        "kind": EventKind.OTHER,
        "changed_at": START,
    }
    there: dict[str, Any] = {"organiser_id": place, "place_institution_id": place, **at}
    local = START.replace(tzinfo=None)
    event = Event(title="x", room="sala 7", local_start=local, minutes=120, created_at=START, **there)
    session.add(event)
    session.flush()
    dates = []
    for week in range(number):
        starts = START + timedelta(weeks=week)
        row = Occurrence(
            event_id=event.id or 0, original_local=local + timedelta(weeks=week), starts_at=starts,
            ends_at=starts + timedelta(hours=2), local_date=starts.date(), **there,
        )  # fmt: skip
        dates.append(row)
    people = [EventSpeaker(event_id=event.id or 0, person=f"Prowadząca {n}", institution_id=place) for n in range(2)]
    booking = Booking(key="clashes", institution_id=place, made_at=START)
    session.add_all([*dates, *people, booking])
    session.flush()
    for guest in range(GUESTS):
        session.add(
            SignUp(
                booking_id=booking.id or 0, occurrence_id=dates[0].id or 0, institution_id=place,
                person=f"Osoba {guest}", person_key=f"osoba{guest}@x.example", state=SignUpState.SEAT,
                queue_no=guest + 1, signed_up_at=START, changed_at=START,
            )
        )  # fmt: skip
    session.flush()
    return event, dates


if __name__ == "__main__":
    main(*sys.argv[1:])
