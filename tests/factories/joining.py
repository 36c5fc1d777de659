"""Editions that institutions join: a programme, its edition, a published series of sessions."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, select

from app.clock import now
from events.calendar.models import Event, Occurrence, SignUpScope, State
from events.recurrence import Freq, Rule
from events.signups import rules, series
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Wanted
from projects.editions.models import Edition, EditionState
from tests.factories.events import END, START, instant, make_event
from tests.factories.persons import Person
from tests.factories.programmes import make_programme
from tests.factories.rows import add

SLUG = "warsztaty-pokazowe"


def make_edition(session: Session, lead: Person, dates: int = 3, **columns: Any) -> Event:
    """Let *lead* run an edition of weekly sessions for participants, twelve places; return its series."""
    given = {"participants": True, "capacity": 12, "signup_scope": SignUpScope.SERIES, **columns}
    programme = make_programme(session, "Warsztaty pokazowe", lead_id=lead.institution_id, slug=SLUG)
    edition = add(
        session,
        Edition,
        programme_id=programme.id,
        number=1,
        state=EditionState.OPEN,
        sessions=dates,
        participants=given["participants"],
        capacity=given["capacity"],
        changed_at=now(),
    )
    rule = Rule(Freq.WEEKLY, days=(START.weekday(),), count=dates)
    event = make_event(session, lead, rule=rule, capacity=given["capacity"], title="Warsztaty pokazowe")
    for name, value in {**given, "edition_id": edition.id, "programme_id": programme.id}.items():
        setattr(event, name, value)
    session.flush()
    return event


def add_session(session: Session, lead: Person, event: Event, weeks: int) -> Event:
    """Let *lead* publish one further session of the edition of *event*, an event of its own."""
    made = make_event(session, lead, starts=START + timedelta(weeks=weeks), ends=END + timedelta(weeks=weeks))
    for name in ("edition_id", "programme_id", "participants", "capacity", "signup_scope", "split", "admission"):
        setattr(made, name, getattr(event, name))
    session.flush()
    return made


def sessions_of(session: Session, event: Event) -> list[Occurrence]:
    """Give the dates of the edition of *event*, in the order of time."""
    statement = (
        select(Occurrence)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(Event.edition_id == event.edition_id, Occurrence.state != State.REMOVED)
    )
    return list(session.exec(statement.order_by(col(Occurrence.starts_at))).all())


def join(
    session: Session, who: Person, event: Event, number: int, *, key: str = "", waits: bool = True
) -> list[SignUp]:
    """Let *who* register *number* participants; return their rows on the first of the dates."""
    wanted = Wanted(places=number)
    booked = series.sign_up(session, who.actor, event, wanted, key or str(uuid4()), now(), waits=waits)
    return min(booked, key=lambda pair: pair[0].starts_at)[1]


def standing(session: Session, event: Event) -> list[str]:
    """Give for each date how many of each institution have a seat and wait, by their numbers: "2:6 3:2w"."""
    found = []
    for date in sessions_of(session, event):
        rows = session.exec(select(SignUp).where(SignUp.occurrence_id == date.id).order_by(col(SignUp.queue_no))).all()
        groups: list[list[Any]] = []
        for row in rows:
            if row.state not in rules.ACTIVE:
                continue
            mark = {SignUpState.SEAT: "", SignUpState.WAITING: "w", SignUpState.REQUESTED: "?"}.get(row.state, "!")
            if groups and groups[-1][0] == (row.institution_id, mark):
                groups[-1][1] += 1
            else:
                groups.append([(row.institution_id, mark), 1])
        found.append(" ".join(f"{one[0][0]}:{one[1]}{one[0][1]}" for one in groups))
        taken = sum(rules.is_taking(row.state, holds_seat=row.holds_seat) for row in rows)
        states = [row.state for row in rows]
        counted = (taken, states.count(SignUpState.WAITING), states.count(SignUpState.REQUESTED))
        assert (date.seats_taken, date.waiting, date.requested) == counted
    return found


def opens(days: int) -> Any:
    """Give an instant *days* before the first session."""
    return instant(START - timedelta(days=days))
