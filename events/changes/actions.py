"""Edit and cancel as users do them: one act that reaches the calendar, the queue and everybody's mail."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor
from app.db import SKIP_LOCKS, lock
from app.errors import Conflict
from app.text import N_
from events.calendar import actions as calendar
from events.calendar import edition, parties, rules, series
from events.calendar.models import Admission, Event, Occurrence, State, Visibility
from events.calendar.rules import DateDraft, EventDraft
from events.calendar.series import Rhythm
from events.changes import calendars, mail
from events.changes.rules import DateCancelled, DateOver, NoSuchDate, NotForOneDate, Scope, first_coming
from events.gate import actions as gate
from events.signups import actions as signups
from events.signups import line, requests
from events.signups import mail as signup_mail
from events.signups import queries as signup_queries
from partners.availability import actions as availability

# What a person who comes must know; a new text or a larger room number is on the page.
_PLACE = frozenset({"place_institution_id", "place", "room", "online"})
_WORTH_A_MAIL = frozenset({"local_start", "minutes", "all_day", "rule"}) | _PLACE
# What one date of a series may have of its own, as the form of a whole event names it.
_OF_ONE_DATE = frozenset({"title", "local_start", "minutes", "place_institution_id", "place", "room", "room_id"})
_DROPPED = "Po zmianie powtarzania seria nie ma już tego terminu."


class FewerSeatsThanTaken(Conflict):
    """A capacity below the seats that are given."""

    message = N_("%(taken)d seats are taken. The number of places cannot be smaller.")


@dataclass(frozen=True, slots=True)
class _Stood:
    """How a date stood before a change."""

    starts_at: datetime
    ends_at: datetime
    state: State


def edit(
    session: Session,
    actor: Actor,
    event: Event,
    wanted: EventDraft,
    revision: int,
    now: datetime,
    *,
    occurrence_id: int | None = None,
    scope: Scope = Scope.ALL,
    moved_too: bool = False,
    allowed: frozenset[str] | None = None,
) -> frozenset[str]:
    """Change a draft or published event, or the part of a series that *scope* means; return what changed.

    Of a published series *wanted* says when the part begins that is changed: THIS the date *occurrence_id*, FOLLOWING
    the series from that date on, ALL from the first date that has not begun. What has begun never changes its time or
    place: if it would, the series is split there, as it is for FOLLOWING. *moved_too*: dates that were moved one by one
    follow, too.

    Locks the place's institution, the edition, the event and its dates. A larger capacity serves the queue, a new time
    or place mails those signed up, by one mail each; their institutions stay invited to an event for the invited.
    *revision* is what the form was made from, *allowed* is as in calendar.actions.revise. Raises StalePage,
    AlreadyOver, InThePast, FewerSeatsThanTaken, NoSuchDate, DateOver, NotForOneDate and what revise raises.
    """
    availability.hold(session, wanted.place_institution_id, now)
    edition.hold(session, event)
    occurrences = _begin(session, actor, event, revision, allowed)
    if event.state is not State.PUBLISHED:
        changed = calendar.revise(session, actor, event, wanted, now, allowed=allowed)
        if changed & _WORTH_A_MAIL:
            parties.ask_again(session, actor, event, now)
        return changed
    if event.rule is None:
        _check_published(event, occurrences, wanted, event.local_start, now)
        return _revise(session, actor, event, occurrences, wanted, now, allowed=allowed)
    if scope is Scope.THIS:
        return _edit_as_date(session, actor, event, _chosen(occurrences, occurrence_id, now), wanted, now)
    start = _start(occurrences, occurrence_id, scope, now)
    _check_published(event, [row for row in occurrences if row.original_local >= start], wanted, start, now)
    rhythm = replace(Rhythm.of(event), first=start, rule=series.rest(event, start))
    stays_whole = scope is Scope.ALL and not calendar.would_change(session, event, wanted, rhythm) & _WORTH_A_MAIL
    if stays_whole:
        whole = Rhythm.of(event)
        length = wanted.ends - wanted.starts
        wanted = replace(wanted, starts=whole.first, ends=whole.first + length, rule=whole.rule)
    elif start > event.local_start:
        first_part = event
        event = calendar.split(session, actor, event, start, now)
        calendars.tell(session, [first_part.id or 0], now)
        # A deadline that the form has left alone moves on with the part, as far as its first date.
        kept = [name for name in calendar.DEADLINES if getattr(wanted, name) == getattr(first_part, name)]
        wanted = replace(wanted, **{name: getattr(event, name) for name in kept})
        occurrences = [row for row in occurrences if row.event_id == event.id]
    return _revise(session, actor, event, occurrences, wanted, now, moved_too=moved_too, allowed=allowed)


def edit_date(
    session: Session,
    actor: Actor,
    event: Event,
    occurrence_id: int,
    wanted: DateDraft,
    revision: int,
    now: datetime,
    *,
    allowed: frozenset[str] | None = None,
) -> frozenset[str]:
    """Give one date of a published series a title, times or a place of its own; return what changed.

    Locks the event and its dates, mails those signed up for this date. *allowed* is as in calendar.actions.revise.
    Raises as edit.
    """
    availability.hold(session, wanted.place_institution_id, now)
    edition.hold(session, event)
    occurrences = _begin(session, actor, event, revision, allowed)
    return _edit_date(session, actor, event, _chosen(occurrences, occurrence_id, now), wanted, now, allowed=allowed)


def cancel(
    session: Session,
    actor: Actor,
    event: Event,
    reason: str,
    now: datetime,
    *,
    occurrence_id: int | None = None,
    scope: Scope = Scope.ALL,
) -> int:
    """Cancel a published event, or what *scope* means of a series, and tell everybody who holds a seat, waits or asks.

    Returns how many were told. Dates that are over stay as they were: a series is split before the first one that is
    cancelled. The host of the place may cancel, too; then the organiser is told why. Locks the event and its dates.
    Raises NoSuchDate, DateOver, DateCancelled and what calendar.actions.cancel raises.
    """
    edition.hold(session, event)
    lock(session, Event, event.id or 0)  # before its dates, as edit does: else the two lock each other out
    occurrences = _locked(session, event)
    if event.rule is None:
        gone = _cancel_whole(session, actor, event, occurrences, reason, now)
        told = sum(signup_mail.cancelled(session, event, row, now) for row in gone)
    elif not _may_stop(actor, event, occurrences, occurrence_id, scope):
        raise rules.NotYourEvent
    elif event.state is not State.PUBLISHED:
        raise rules.AlreadyCancelled
    else:
        whole = event
        event, gone = _cancel_of_series(session, actor, event, occurrences, reason, now, occurrence_id, scope)
        calendars.tell(session, [whole.id or 0], now)
        told = mail.cancelled(session, event, gone, reason, now)
    calendars.tell(session, [event.id or 0], now)
    if not rules.may_edit(actor, event):
        mail.stopped(session, actor, event, gone, reason, now)
    return told


def _cancel_of_series(
    session: Session,
    actor: Actor,
    event: Event,
    occurrences: Sequence[Occurrence],
    reason: str,
    now: datetime,
    occurrence_id: int | None,
    scope: Scope,
) -> tuple[Event, list[Occurrence]]:
    if scope is Scope.THIS:
        row = _chosen(occurrences, occurrence_id, now)
        _cancel_date(session, actor, event, row, reason, now)
        return event, [row]
    start = _start(occurrences, occurrence_id, scope, now)
    before = [row for row in occurrences if row.original_local < start]
    part = calendar.split(session, actor, event, start, now) if start > event.local_start else event
    gone = _cancel_whole(session, actor, part, [row for row in occurrences if row.event_id == part.id], reason, now)
    if scope is Scope.ALL:
        # A date that was moved to a later day may lie ahead though its series has gone on.
        ahead = [row for row in before if row.state is State.PUBLISHED and row.ends_at > now]
        for row in ahead:
            _cancel_date(session, actor, event, row, reason, now)
        gone += ahead
    return part, gone


def _cancel_whole(
    session: Session, actor: Actor, event: Event, occurrences: Sequence[Occurrence], reason: str, now: datetime
) -> list[Occurrence]:
    gone = [row for row in occurrences if row.state is State.PUBLISHED and row.ends_at > now]
    concerned = sum(row.seats_taken + row.waiting for row in gone)
    calendar.cancel(session, actor, event, reason, now, signed_up=concerned)
    for row in gone:
        gate.clear(session, actor, event, row, now)
    return gone


def _cancel_date(session: Session, actor: Actor, event: Event, row: Occurrence, reason: str, now: datetime) -> None:
    if row.state is not State.PUBLISHED:
        raise DateCancelled
    calendar.cancel_date(session, actor, event, row, reason, now)
    gate.clear(session, actor, event, row, now)


def _edit_as_date(
    session: Session, actor: Actor, event: Event, row: Occurrence, wanted: EventDraft, now: datetime
) -> frozenset[str]:
    whole = Rhythm.of(event)
    as_series = replace(wanted, starts=whole.first, ends=whole.first + (wanted.ends - wanted.starts), rule=whole.rule)
    if calendar.would_change(session, event, as_series, whole) - _OF_ONE_DATE:
        raise NotForOneDate
    date = DateDraft(
        wanted.title,
        wanted.starts,
        wanted.ends,
        wanted.place_institution_id,
        wanted.place,
        wanted.room,
        wanted.room_id,
    )
    return _edit_date(session, actor, event, row, date, now)


def _edit_date(
    session: Session,
    actor: Actor,
    event: Event,
    row: Occurrence,
    wanted: DateDraft,
    now: datetime,
    *,
    allowed: frozenset[str] | None = None,
) -> frozenset[str]:
    if row.state is not State.PUBLISHED:
        raise DateCancelled
    if row.starts_at <= now:
        raise DateOver
    if warsaw.to_utc(wanted.starts) != row.starts_at:
        rules.check_future(wanted.starts, now, all_day=event.all_day)
    if not (wanted.place or wanted.place_institution_id or event.online):
        raise rules.Incomplete
    changed = calendar.change_date(session, actor, event, row, wanted, now, allowed=allowed)
    calendar.check_suspensions(session, event, now)
    if changed - {"title"}:
        signups.moved(session, actor, event, row, now)
        parties.ask_again(session, actor, event, now)
        if event.consent is not None:
            gate.follow(session, actor, event, row, now)
    if changed:
        calendars.tell(session, [event.id or 0], now)
    return changed


def _revise(
    session: Session,
    actor: Actor,
    event: Event,
    occurrences: Sequence[Occurrence],
    wanted: EventDraft,
    now: datetime,
    *,
    moved_too: bool = False,
    allowed: frozenset[str] | None = None,
) -> frozenset[str]:
    wanted = _with_guests(session, occurrences, wanted)
    inside = event.consent is not None
    stood = {row.id: _Stood(row.starts_at, row.ends_at, row.state) for row in occurrences}
    changed = calendar.revise(session, actor, event, wanted, now, moved_too=moved_too, allowed=allowed)
    if changed & _WORTH_A_MAIL:
        calendar.check_suspensions(session, event, now)
    coming = [row for row in occurrences if stood[row.id].state is State.PUBLISHED and stood[row.id].starts_at > now]
    if event.rule is None and len(occurrences) == 1:
        coming = list(occurrences)
    dropped = [row for row in coming if row.state is State.REMOVED]
    staying = [row for row in coming if row.state is State.PUBLISHED]
    moved = [row for row in staying if _is_elsewhere(row, stood[row.id], changed)]
    _tell_moved(session, actor, event, moved, now)
    if moved or dropped or changed & _PLACE or len(series.occurrences(session, event)) > len(occurrences):
        parties.ask_again(session, actor, event, now)
    if inside or event.consent is not None:
        for row in moved:
            gate.follow(session, actor, event, row, now)
    if not inside and event.consent is not None:
        for row in staying:
            line.expect(session, actor, event, row, signup_queries.active(session, row.id or 0), now)
    if "speakers" in changed or not inside:
        gate.speakers(session, actor, event, staying, now)
    _drop(session, actor, event, dropped, now)
    if "capacity" in changed:
        # Of an edition people move up on many dates alike: one mail tells of all.
        alone = event.edition_id is None
        moved_up = [(row, signups.serve_queue(session, actor, event, row, now, told=alone)) for row in staying]
        if not alone:
            signup_mail.series_promoted(session, event, moved_up, now)
    if changed:
        calendars.tell(session, [event.id or 0], now)
    return changed


def _is_elsewhere(row: Occurrence, stood: _Stood, changed: frozenset[str]) -> bool:
    if (row.starts_at, row.ends_at) != (stood.starts_at, stood.ends_at) or "all_day" in changed:
        return True
    return row.place is None and bool(changed & _PLACE)


def _tell_moved(session: Session, actor: Actor, event: Event, moved: Sequence[Occurrence], now: datetime) -> None:
    if event.rule is None:
        for row in moved:
            signups.moved(session, actor, event, row, now)
        return
    asked = event.admission is Admission.APPROVAL
    if asked:
        for row in moved:
            requests.ask_anew(session, actor, event, row, now, tell=False)
    mail.moved(session, event, moved, now, asked=asked)


def _drop(session: Session, actor: Actor, event: Event, dropped: Sequence[Occurrence], now: datetime) -> None:
    """Say of dates that the series has no more, and for which somebody is signed up, that they are cancelled."""
    for row in dropped:
        if row.seats_taken or row.waiting or row.requested:
            row.state, row.cancel_reason = State.CANCELLED, _DROPPED
        gate.clear(session, actor, event, row, now)
    session.flush()
    mail.cancelled(session, event, dropped, _DROPPED, now)


def _begin(
    session: Session, actor: Actor, event: Event, revision: int, allowed: frozenset[str] | None
) -> list[Occurrence]:
    lock(session, Event, event.id or 0)
    if allowed is None and not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.revision != revision:
        raise rules.StalePage
    return _locked(session, event)


def _may_stop(
    actor: Actor, event: Event, occurrences: Sequence[Occurrence], occurrence_id: int | None, scope: Scope
) -> bool:
    of_date = next((row for row in occurrences if row.id == occurrence_id), None) if scope is Scope.THIS else None
    return rules.may_stop(actor, event) or (of_date is not None and rules.may_stop(actor, of_date))


def _chosen(occurrences: Sequence[Occurrence], occurrence_id: int | None, now: datetime) -> Occurrence:
    row = next((row for row in occurrences if row.id == occurrence_id), None)
    if row is None or row.state is State.REMOVED or series.is_off(row):
        raise NoSuchDate
    if row.ends_at <= now:
        raise DateOver
    return row


def _start(occurrences: Sequence[Occurrence], occurrence_id: int | None, scope: Scope, now: datetime) -> datetime:
    """Give the wall time of the rule from which an act on a series reaches."""
    if scope is Scope.FOLLOWING:
        row = _chosen(occurrences, occurrence_id, now)
        if row.starts_at <= now:
            raise DateOver
        return row.original_local
    coming = first_coming(occurrences, now)
    if coming is None:
        raise rules.AlreadyOver
    return coming.original_local


def _check_published(
    event: Event, occurrences: Sequence[Occurrence], wanted: EventDraft, start: datetime, now: datetime
) -> None:
    if all(occurrence.ends_at <= now for occurrence in occurrences):
        raise rules.AlreadyOver
    if rules.missing(
        has_place=bool(wanted.place or wanted.online or wanted.place_institution_id), audience=wanted.audience
    ):
        raise rules.Incomplete
    if wanted.starts != start:
        rules.check_future(wanted.starts, now, all_day=wanted.all_day)
    live = (row for row in occurrences if row.state is State.PUBLISHED and (event.rule is None or row.ends_at > now))
    taken = max((row.seats_taken for row in live), default=0)
    if wanted.capacity is not None and wanted.capacity < taken:
        raise FewerSeatsThanTaken(taken=taken)


def _with_guests(session: Session, occurrences: Sequence[Occurrence], wanted: EventDraft) -> EventDraft:
    """Invite those who have a seat or wait: they must see the event, to come or to withdraw, whoever else may not."""
    if wanted.visibility is not Visibility.INVITED:
        return wanted
    occupied = (one for one in occurrences if one.next_queue_no > 1)
    guests = (guest for one in occupied for guest in signup_queries.institutions(session, one.id or 0))
    return replace(wanted, invited=tuple(dict.fromkeys((*wanted.invited, *guests))))


def _locked(session: Session, event: Event) -> list[Occurrence]:
    # A series has a hundred dates: locked as app.db.lock does, by one statement, in the order of their ids.
    statement: Any = select(Occurrence).where(Occurrence.event_id == event.id).order_by(col(Occurrence.id))
    if not session.info.get(SKIP_LOCKS, False):
        statement = statement.with_for_update(key_share=True)
    rows: list[Occurrence] = list(session.exec(statement.execution_options(populate_existing=True)).all())
    if event.state is not State.DRAFT:
        calendars.hold(session, [event.id or 0])
    return rows
