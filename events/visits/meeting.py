"""The event behind an agreed visit: made when a date is accepted, moved when another one is, called off."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, select

from app import warsaw
from app.actors import Actor, Role
from app.db import lock
from events.calendar import actions as calendar
from events.calendar import parties
from events.calendar.models import REASON_MAX, Event, Occurrence, State, Visibility
from events.calendar.rules import EventDraft, NobodyToAsk
from events.changes import actions as changes
from events.signups import actions as signups
from events.signups.rules import Wanted
from events.visits import rules
from events.visits.models import Path, Visit, VisitOption
from events.visits.rules import Option


def option_of(row: VisitOption) -> Option:
    """Give a stored date as Warsaw wall times."""
    starts, ends = (warsaw.to_local(one).replace(tzinfo=None) for one in (row.starts_at, row.ends_at))
    return Option(starts, ends, row.room_id, row.room)


def make(
    session: Session, visit: Visit, option: Option, by: Actor, now: datetime, *, people: Wanted | None = None
) -> Event:
    """Make the event of an accepted date, publish it and open the entry list for the guests; the visit is locked.

    The asking side organises and the other one has agreed by this very act. Of two welfare centres the asked one
    organises, and the unit is asked: until it agrees the event stays a draft. *people* are names of the guests; whoever
    comes besides is a place without a name.
    """
    assists = visit.path is Path.ASSISTANCE
    organiser_id, agreed_id = (visit.asked_id, visit.asking_id) if assists else (visit.asking_id, visit.asked_id)
    lead = _for(organiser_id)
    wanted = EventDraft(
        title=visit.subject,
        kind=visit.kind,
        starts=option.starts,
        ends=option.ends,
        place_institution_id=visit.unit_id,
        room=option.room,
        room_id=option.room_id,
        audience=rules.AUDIENCE.get(visit.kind, ("convicts",)),
        topics=tuple(visit.topics),
        visibility=Visibility.INVITED,
        clause_id=visit.clause_id,
        co_organisers=(agreed_id,),
        slot_minutes=visit.slot_minutes,
        slot_persons=visit.slot_persons,
        synthetic=visit.synthetic,
    )
    event = calendar.draft(session, lead, wanted, now)
    parties.has_agreed(session, event, agreed_id, by.user_id, now)
    if assists:
        with suppress(NobodyToAsk):  # a unit without people here agrees by letter, which the organiser notes
            parties.ask(session, lead, event, now)
        return event
    calendar.publish(session, lead, event, now, tell=False)
    _expect_guests(session, visit, event, by, people, now)
    return event


def shift(session: Session, visit: Visit, event: Event, option: Option, now: datetime) -> None:
    """Move the agreed event to another date; host, entry list and those signed up follow as for any moved event."""
    party_id = visit.asking_id if event.organiser_id == visit.asked_id else visit.asked_id
    starts, ends = option.starts, option.ends
    wanted = replace(
        calendar.as_saved(session, event),
        starts=starts,
        ends=ends,
        place_institution_id=visit.unit_id,
        room=option.room,
        room_id=option.room_id,
    )
    # In the name of the side that is asked about changes: its yes to the new date is what brings us here.
    changes.edit(session, _for(party_id), event, wanted, event.revision, now)


def call_off(session: Session, visit: Visit, event: Event, reason: str, message: str, now: datetime) -> None:
    """Cancel the event for either side; one that the unit has not agreed to yet is only a draft, and goes."""
    lead = _for(event.organiser_id)
    if event.state is State.DRAFT:
        visit.event_id = None
        session.flush()
        calendar.discard(session, lead, event, now)
        return
    changes.cancel(session, lead, event, in_polish(reason, message), now)


def in_polish(reason: str, message: str) -> str:
    """Give what calendars say of a cancellation: the reason in words, and the message as far as there is room."""
    words = rules.REASONS[reason].polish
    told = f"{words}: {message.strip()}" if message.strip() else words
    return told if len(told) <= REASON_MAX else f"{told[: REASON_MAX - 1].rstrip()}…"


def _expect_guests(
    session: Session, visit: Visit, event: Event, by: Actor, people: Wanted | None, now: datetime
) -> None:
    guest_id = rules.guest_of(visit)
    named = people.people if people is not None and by.institution_id == guest_id else ()
    wanted = Wanted(people=tuple(named), places=max(visit.visitors - len(named), 0))
    dates = select(Occurrence.id).where(Occurrence.event_id == event.id)
    guest = Actor(role=Role.COORDINATOR, institution_id=guest_id)
    signups.sign_up(session, guest, event, session.exec(dates).one() or 0, wanted, visit.key, now)


def lock_event(session: Session, visit: Visit) -> Event | None:
    """Lock the event of a visit and give it as it stands; None where there is none."""
    return lock(session, Event, visit.event_id) if visit.event_id is not None else None


def _for(institution_id: int) -> Actor:
    """Give the portal acting for an institution, whose person the trail of the visit names."""
    return replace(Actor.system(), institution_id=institution_id)
