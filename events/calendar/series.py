"""The dates of a series as rows: made 18 months ahead, extended by night, kept when the rule changes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import inspect, update
from sqlmodel import Session, col, select

from app import warsaw
from app.db import columns, insert_all
from events import recurrence
from events.calendar.models import Event, EventParty, EventSpeaker, Occurrence, State
from events.recurrence import Rule

FAR = datetime(9000, 1, 1, tzinfo=UTC)
"""When a series without end ends, where an instant is needed."""
COPIED = ("visibility", "kind", "voivodeship_code", "organiser_id", "place_institution_id", "room_id")
_PLACE = ("place_institution_id", "room_id")
_MOST = 2000
_DAY_MINUTES = 24 * 60
_NIGHT = time(23, 59, 59)
_AT_ONCE = 500
_ONLY_ITS_OWN = frozenset(
    {"id", "uuid", "uid", "rule", "local_start", "horizon", "continues_id", "sequence", "revision"}
)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When the dates of an event are: what a change of its hours, length or rule changes."""

    first: datetime
    minutes: int
    all_day: bool
    rule: Rule | None

    @classmethod
    def of(cls, event: Event) -> "Rhythm":
        """Read it off an event."""
        return cls(event.local_start, event.minutes, event.all_day, rule_of(event.rule))

    def span(self, wall: datetime) -> tuple[datetime, datetime]:
        """Give the instants at which a date that stands at this wall time begins and ends."""
        starts = warsaw.to_utc(wall)
        if self.all_day:
            return starts, warsaw.to_utc(wall + timedelta(days=max(round(self.minutes / _DAY_MINUTES), 1)))
        return starts, starts + timedelta(minutes=self.minutes)

    def hits(self, until: date) -> list[datetime]:
        """Give the wall times of all dates up to the day *until*."""
        if self.rule is None:
            return [self.first]
        return recurrence.dates(self.rule, self.first, datetime.combine(until, _NIGHT), limit=_MOST)


@dataclass(frozen=True, slots=True)
class Refitted:
    """What a change of the rule did to the dates: those that stand elsewhere now, and those that are no more."""

    moved: tuple[Occurrence, ...] = ()
    dropped: tuple[Occurrence, ...] = ()
    added: int = 0


@lru_cache(maxsize=4096)
def _read(text: str) -> Rule:
    return recurrence.from_text(text)


def rule_of(text: str | None) -> Rule | None:
    """Give the rule that an event's column holds."""
    return _read(text) if text else None


def occurrences(session: Session, event: Event) -> list[Occurrence]:
    """Give all dates of an event in the order of its rule, those taken out too."""
    statement = select(Occurrence).where(Occurrence.event_id == event.id).order_by(col(Occurrence.original_local))
    return list(session.exec(statement).all())


def make(session: Session, event: Event, now: datetime) -> int:
    """Make the dates of *event* that are missing, up to its horizon; return how many. The event has been flushed."""
    rhythm = Rhythm.of(event)
    until = recurrence.horizon(warsaw.today(now), event.local_start.date())
    known = {row.original_local for row in occurrences(session, event)}
    hits = [wall for wall in rhythm.hits(until) if wall not in known]
    insert_all(session, Occurrence, [_row(event, rhythm, wall) for wall in hits])
    event.horizon = open_until(rhythm, until)
    session.flush()
    return len(hits)


def open_until(rhythm: Rhythm, until: date) -> date | None:
    """Give the horizon of a series whose dates are made up to the day *until*: None when all are."""
    if rhythm.rule is None:
        return None
    last = recurrence.last(rhythm.rule, rhythm.first)
    return until if last is None or last.date() > until else None


def last_end(event: Event, rows: Iterable[Occurrence], now: datetime) -> datetime:
    """Give the instant at which the last date ends, of a series its last one ever."""
    latest = max((row.ends_at for row in rows if row.state is not State.REMOVED), default=now)
    if event.horizon is None or event.state is State.CANCELLED:
        return latest
    rhythm = Rhythm.of(event)
    last = recurrence.last(rhythm.rule, rhythm.first) if rhythm.rule else None
    return rhythm.span(last)[1] if last else FAR


def extend(session: Session, now: datetime) -> int:
    """Make the dates that have come within 18 months since the last night; return how many.

    Past the unit of work and in few statements, for thousands of series. The calendar texts say the rule and stay.
    """
    target = recurrence.horizon(warsaw.today(now), date.min)
    wanted = (
        Event.id, Event.local_start, Event.minutes, Event.all_day, Event.rule, Event.horizon, Event.sequence,
        Event.changed_at, *(getattr(Event, name) for name in COPIED),
    )  # fmt: skip
    statement = columns(*wanted).where(
        col(Event.horizon) < target, col(Event.rule).is_not(None), col(Event.state) == State.PUBLISHED
    )
    rows: list[dict[str, Any]] = []
    ended: list[int] = []
    still: list[int] = []
    for found in session.execute(statement).all():
        rule = _read(found.rule)
        rhythm = Rhythm(found.local_start, found.minutes, found.all_day, rule)
        after, until = datetime.combine(found.horizon, _NIGHT), datetime.combine(target, _NIGHT)
        hits = recurrence.dates(rule, rhythm.first, until, after=after, limit=_MOST)
        # A date of PUBLISHED state, as its event is.
        copied = {name: getattr(found, name) for name in COPIED}
        rows += [
            _values(found.id, rhythm, wall, State.PUBLISHED, found.sequence, found.changed_at, copied) for wall in hits
        ]
        (still if open_until(rhythm, target) else ended).append(found.id)
    insert_all(session, Occurrence, rows)
    for ids, horizon in ((still, target), (ended, None)):
        for begin in range(0, len(ids), _AT_ONCE):
            some = ids[begin : begin + _AT_ONCE]
            session.execute(
                update(Event).where(col(Event.id).in_(some)).values(horizon=horizon),
                execution_options={"synchronize_session": False},
            )
    return len(rows)


def refit(session: Session, event: Event, before: Rhythm, now: datetime, *, moved_too: bool = False) -> Refitted:
    """Let the dates of *event* follow its new hours, length or rule; the rows keep their ids.

    Dates become those of the new rule in their order if the rule has the same shape, else by their day. What the new
    rule does not have is taken out, what it has besides is made. Single dates that were moved keep their times unless
    *moved_too*; what has begun keeps its times always.
    """
    rows, rhythm = occurrences(session, event), Rhythm.of(event)
    until = recurrence.horizon(warsaw.today(now), event.local_start.date())
    hits = rhythm.hits(until)
    places = _places(rows, before, rhythm, hits, until)
    moved, dropped = [], []
    _free_keys(session, rows)
    for number, row in enumerate(rows):
        wall = places.get(row.id or 0)
        if wall is None:
            # Off the rule: the microsecond tells that no calendar knows this date, and keeps its key free.
            row.original_local = _off(row.original_local, number)
            if row.state in (State.PUBLISHED, State.DRAFT):
                row.state = State.REMOVED
                row.changed_at = now
                dropped.append(row)
            if event.state is State.DRAFT:  # nobody has seen it, nothing hangs on it
                session.delete(row)
            continue
        own = row.moved and not moved_too and (row.starts_at, row.ends_at) != before.span(row.original_local)
        row.original_local = wall
        times = rhythm.span(wall)
        begun = before.rule is not None and event.state is State.PUBLISHED and row.starts_at <= now
        if begun or own:
            row.moved = row.moved or (row.starts_at, row.ends_at) != times
        elif (row.starts_at, row.ends_at) != times:
            _set_times(row, *times)
            row.moved = row.place is not None
            if row.state is State.PUBLISHED:
                moved.append(row)
    session.flush()
    taken = set(places.values())
    new = [wall for wall in hits if wall not in taken]
    insert_all(session, Occurrence, [_row(event, rhythm, wall) for wall in new])
    event.horizon = open_until(rhythm, until)
    session.flush()
    return Refitted(tuple(moved), tuple(dropped), len(new))


def follow(row: Occurrence, event: Event, now: datetime) -> None:
    """Give a date what it copies of its event; a place of its own, and what has begun, stays where it is."""
    if row.state in (State.DRAFT, State.PUBLISHED) and not (event.state is State.CANCELLED and row.ends_at <= now):
        row.state = event.state
    row.changed_at = now
    row.sequence = event.sequence
    stays = row.place is not None
    for name in COPIED:
        if not (stays and name in _PLACE):
            setattr(row, name, getattr(event, name))


def leave_out(session: Session, event: Event, days: Collection[date], now: datetime) -> bool:
    """Let the dates on these *days* not take place, and all others of a draft take place; return whether it differs."""
    changed = False
    for row in occurrences(session, event):
        state = State.REMOVED if row.original_local.date() in days else event.state
        if row.state is not state and not is_off(row):
            row.state, row.changed_at, changed = state, now, True
    session.flush()
    return changed


def is_off(row: Occurrence) -> bool:
    """Whether the rule of the series does not have this date any more."""
    return bool(row.original_local.microsecond)


def begin_part(session: Session, event: Event, start: datetime, now: datetime) -> Event:
    """Make the event that continues *event* from its date *start* (a wall time of the rule), and move the rows there.

    The rows keep their ids: what hangs on them goes along. Institutions and speakers are copied. The old rule ends
    with the date before.
    """
    rhythm = Rhythm.of(event)
    if rhythm.rule is None:
        raise LookupError("only a series has parts")
    copied = {
        attribute.key: getattr(event, attribute.key)
        for attribute in inspect(Event).column_attrs
        if attribute.key not in _ONLY_ITS_OWN
    }
    part = Event(
        **copied,
        local_start=start,
        rule=recurrence.to_text(recurrence.tail(rhythm.rule, rhythm.first, start), all_day=event.all_day),
        horizon=event.horizon,
        continues_id=event.id,
    )
    part.created_at = now
    session.add(part)
    event.rule = recurrence.to_text(recurrence.head(rhythm.rule, rhythm.first, start), all_day=event.all_day)
    event.horizon = None
    session.flush()
    for table in (EventParty, EventSpeaker):
        for row in session.exec(select(table).where(table.event_id == event.id)).all():
            session.add(table(**row.model_dump(exclude={"event_id", "id"}), event_id=part.id or 0))
    for row in occurrences(session, event):
        if row.original_local >= start:
            row.event_id = part.id or 0
    session.flush()
    return part


def rest(event: Event, start: datetime) -> Rule | None:
    """Give the rule of the part of a series that begins with its date *start*: a count is what is left of it.

    None for the last date alone.
    """
    rule = rule_of(event.rule)
    rest_of_it = recurrence.tail(rule, event.local_start, start) if rule else None
    return rest_of_it if rest_of_it and len(recurrence.dates(rest_of_it, start, None, limit=2)) > 1 else None


def settled(rule: Rule, starts: datetime, ends: datetime, *, all_day: bool) -> tuple[datetime, datetime]:
    """Check a rule for an event at these wall times, and give the times of its first date, on which it begins.

    Raises what recurrence.check raises.
    """
    if rule.until is not None and rule.until <= starts.date():
        raise recurrence.EndsTooSoon
    first = recurrence.first_hit(replace(rule, until=None, count=None), starts)
    ends += first - starts
    recurrence.check(rule, first, ends, all_day=all_day)
    return first, ends


def _places(
    rows: Sequence[Occurrence], before: Rhythm, rhythm: Rhythm, hits: Sequence[datetime], until: date
) -> dict[int, datetime]:
    known = [row for row in rows if not is_off(row)]
    same_shape = before.rule is not None and rhythm.rule is not None and before.rule.shape == rhythm.rule.shape
    if before.rule is None:
        # A single event becomes the first date of its series, wherever it stood.
        return {row.id or 0: hits[0] for row in known[:1]} if hits else {}
    if same_shape:
        order = {wall: number for number, wall in enumerate(before.hits(until + timedelta(days=370)))}
        numbered = ((row, order.get(row.original_local, len(hits))) for row in known)
        return {row.id or 0: hits[number] for row, number in numbered if number < len(hits)}
    by_day = {wall.date(): wall for wall in hits}
    days = ((row, by_day.get(row.original_local.date())) for row in known)
    return {row.id or 0: wall for row, wall in days if wall is not None}


def _free_keys(session: Session, rows: Sequence[Occurrence]) -> None:
    # Dates that change places in one flush would meet on the unique key: first they all step aside.
    there = [row.original_local for row in rows]
    for row in rows:
        row.original_local = row.original_local.replace(year=row.original_local.year + 1000)
    session.flush()
    for row, wall in zip(rows, there, strict=True):
        row.original_local = wall


def _off(wall: datetime, number: int) -> datetime:
    return wall if wall.microsecond else wall.replace(microsecond=number + 1)


def _set_times(row: Occurrence, starts_at: datetime, ends_at: datetime) -> None:
    row.starts_at, row.ends_at, row.local_date = starts_at, ends_at, warsaw.today(starts_at)


def _row(event: Event, rhythm: Rhythm, wall: datetime) -> dict[str, Any]:
    copied = {name: getattr(event, name) for name in COPIED}
    return _values(event.id or 0, rhythm, wall, event.state, event.sequence, event.changed_at, copied)


def _values(
    event_id: int,
    rhythm: Rhythm,
    wall: datetime,
    state: State,
    sequence: int,
    changed_at: datetime,
    copied: dict[str, Any],
) -> dict[str, Any]:
    starts_at, ends_at = rhythm.span(wall)
    return {
        "event_id": event_id,
        "original_local": wall,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "local_date": wall.date(),
        "state": state,
        "sequence": sequence,
        "changed_at": changed_at,
        "moved": False,
        "cancel_reason": "",
        "seats_taken": 0,
        "waiting": 0,
        "requested": 0,
        "next_queue_no": 1,
        **copied,
    }
