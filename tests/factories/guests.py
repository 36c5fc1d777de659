"""Who stands on an event: institutions invited, people signed up."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import Session

from app import warsaw
from app.clock import now
from events.calendar.models import Event, EventParty, Part
from events.signups import actions as signups
from events.signups.models import SignUp
from events.signups.rules import Person as Guest
from events.signups.rules import Wanted
from tests.factories.events import date_of, make_draft, make_event
from tests.factories.persons import Person


def event_in(session: Session, organiser: Person, days: int = 7, *, publish: bool = True, **changes: Any) -> Event:
    """Let *organiser* publish (or only draft) an event of two hours, so many *days* from today at 10.00."""
    day = warsaw.today(now()) + timedelta(days=days)
    starts = changes.pop("starts", datetime(day.year, day.month, day.day, 10))  # noqa: DTZ001 - Warsaw wall time
    changes = {"starts": starts, "ends": starts + timedelta(hours=2), **changes}
    return make_event(session, organiser, **changes) if publish else make_draft(session, organiser, **changes)


def invite(session: Session, event: Event, institution_id: int | None, part: Part = Part.INVITED) -> None:
    """Put an institution on the event."""
    session.add(EventParty(event_id=event.id or 0, institution_id=institution_id or 0, part=part))
    session.flush()


def sign_up(session: Session, event: Event, *persons: Person, places: int = 0) -> list[SignUp]:
    """Sign persons and places up, as the coordinator of the first one's institution would."""
    people = tuple(Guest(name=one.name, email=one.email, user_id=one.user_id) for one in persons)
    occurrence = date_of(session, event)
    wanted = Wanted(people=people, places=places)
    return signups.sign_up(session, persons[0].actor, event, occurrence.id or 0, wanted, str(uuid4()), now())
