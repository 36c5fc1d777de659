"""Edit and cancel as users do them: one act that reaches the calendar, the queue and everybody's mail."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from app.actors import Actor
from app.db import lock
from app.errors import Conflict
from app.text import N_
from events.calendar import actions as calendar
from events.calendar import rules
from events.calendar.models import Event, Occurrence, State, Visibility
from events.calendar.rules import EventDraft
from events.changes.rules import Scope
from events.signups import actions as signups
from events.signups import mail
from events.signups import queries as signup_queries

# What a person who comes must know; a new text or a larger room number is on the page.
_WORTH_A_MAIL = frozenset({"local_start", "minutes", "all_day", "place_institution_id", "place", "room", "online"})


class FewerSeatsThanTaken(Conflict):
    """A capacity below the seats that are given."""

    message = N_("%(taken)d seats are taken. The number of places cannot be smaller.")


def edit(
    session: Session,
    actor: Actor,
    event: Event,
    wanted: EventDraft,
    revision: int,
    now: datetime,
    *,
    occurrence_id: int | None = None,  # noqa: ARG001
    scope: Scope = Scope.ALL,  # noqa: ARG001
) -> frozenset[str]:
    """Change a draft or published event; return the columns that changed.

    Locks the event and its dates. A larger capacity serves the queue, a new time or place mails those signed up;
    their institutions stay invited to an event for the invited.
    *revision* is what the form was made from. Raises StalePage, AlreadyOver, InThePast, FewerSeatsThanTaken and what
    calendar.actions.revise raises.
    """
    lock(session, Event, event.id or 0)
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.revision != revision:
        raise rules.StalePage
    occurrences = _locked(session, event)
    if event.state is State.PUBLISHED:
        _check_published(event, occurrences, wanted, now)
        wanted = _with_guests(session, occurrences, wanted)
    changed = calendar.revise(session, actor, event, wanted, now)
    if event.state is State.PUBLISHED:
        for occurrence in occurrences:
            if changed & _WORTH_A_MAIL:
                mail.moved(session, event, occurrence, now)
            if "capacity" in changed:
                signups.serve_queue(session, actor, event, occurrence, now)
    return changed


def cancel(
    session: Session,
    actor: Actor,
    event: Event,
    reason: str,
    now: datetime,
    *,
    occurrence_id: int | None = None,  # noqa: ARG001
    scope: Scope = Scope.ALL,  # noqa: ARG001
) -> int:
    """Cancel a published event and tell everybody who holds a seat or waits; return how many were told.

    Locks the event and its dates. Raises what calendar.actions.cancel raises.
    """
    lock(session, Event, event.id or 0)  # before its dates, as edit does: else the two lock each other out
    occurrences = _locked(session, event)
    concerned = sum(occurrence.seats_taken + occurrence.waiting for occurrence in occurrences)
    calendar.cancel(session, actor, event, reason, now, signed_up=concerned)
    return sum(mail.cancelled(session, event, occurrence, now) for occurrence in occurrences)


def _check_published(event: Event, occurrences: Sequence[Occurrence], wanted: EventDraft, now: datetime) -> None:
    if all(occurrence.ends_at <= now for occurrence in occurrences):
        raise rules.AlreadyOver
    if rules.missing(
        has_place=bool(wanted.place or wanted.online or wanted.place_institution_id), audience=wanted.audience
    ):
        raise rules.Incomplete
    if wanted.starts != event.local_start:
        rules.check_future(wanted.starts, now, all_day=wanted.all_day)
    taken = max((occurrence.seats_taken for occurrence in occurrences), default=0)
    if wanted.capacity is not None and wanted.capacity < taken:
        raise FewerSeatsThanTaken(taken=taken)


def _with_guests(session: Session, occurrences: Sequence[Occurrence], wanted: EventDraft) -> EventDraft:
    """Invite those who have a seat or wait: they must see the event, to come or to withdraw, whoever else may not."""
    if wanted.visibility is not Visibility.INVITED:
        return wanted
    guests = (guest for one in occurrences for guest in signup_queries.institutions(session, one.id or 0))
    return replace(wanted, invited=tuple(dict.fromkeys((*wanted.invited, *guests))))


def _locked(session: Session, event: Event) -> list[Occurrence]:
    statement = select(Occurrence.id).where(Occurrence.event_id == event.id).order_by(col(Occurrence.id))
    rows = (lock(session, Occurrence, occurrence_id or 0) for occurrence_id in session.exec(statement).all())
    return [row for row in rows if row is not None]
