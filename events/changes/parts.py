"""Which dates of a series a change is meant for: what the pages ask, and what the form of a part begins with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from app import warsaw
from app.web.i18n import _, _n, language
from events.calendar import repeating, rules, series
from events.calendar.forms import read_day
from events.calendar.models import Event, Occurrence, State
from events.calendar.queries import EventPage
from events.calendar.series import Rhythm
from events.changes.rules import Scope, first_coming


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says: the date from which somebody comes, and how far the change reaches."""

    day: date | None
    scope: Scope | None

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Asked":
        """Read an address; what means nothing is left out."""
        scope = args.get("zakres", "")
        return cls(read_day(args.get("termin", "")), Scope(scope) if scope in set(Scope) else None)


@dataclass(frozen=True, slots=True)
class Reach:
    """What can be chosen at a date of a series: the scopes in words, and who is signed up for each."""

    choices: tuple[tuple[str, str], ...]
    concerned: Mapping[Scope, int]


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a series that is changed: what its form begins with, how many of its dates were moved one by one."""

    scope: Scope
    day: date
    occurrence_id: int
    start: datetime
    values: Mapping[str, Any]
    moved: int
    concerned: int

    @property
    def address(self) -> dict[str, str]:
        """Give the values for an address that means the same."""
        return {"termin": self.day.isoformat(), "zakres": self.scope.value}


def reach_of(session: Session, page: EventPage, now: datetime) -> Reach:
    """Give what can be chosen at the date of *page*. Raises AlreadyOver when the series has no date to come."""
    rows, chosen = _coming(series.occurrences(session, page.event), now), page.occurrence
    if not rows:
        raise rules.AlreadyOver
    following = [row for row in rows if row.original_local >= chosen.original_local]
    choices = []
    if any(row.id == chosen.id for row in rows):
        choices.append((Scope.THIS.value, _("only this date: %(day)s", day=_day(chosen.local_date))))
        if len(following) < len(rows):
            words = _n(
                "this date and the following ones: %(num)d date",
                "this date and the following ones: %(num)d dates",
                len(following),
            )
            choices.append((Scope.FOLLOWING.value, words))
    words = _n("all that are still to come: %(num)d date", "all that are still to come: %(num)d dates", len(rows))
    choices.append((Scope.ALL.value, words))
    concerned = {
        Scope.THIS: _people([chosen]),
        Scope.FOLLOWING: _people(following),
        Scope.ALL: _people(rows),
    }
    return Reach(tuple(choices), concerned)


def part_of(session: Session, page: EventPage, scope: Scope, now: datetime) -> Part:
    """Give the part of a series that *scope* means at the date of *page*. Raises AlreadyOver when it has none."""
    event, rows = page.event, series.occurrences(session, page.event)
    first = page.occurrence if scope is Scope.FOLLOWING else first_coming(rows, now)
    if first is None:
        raise rules.AlreadyOver
    start = first.original_local
    ahead = [row for row in _coming(rows, now) if row.original_local >= start]
    return Part(
        scope=scope,
        day=page.occurrence.local_date,
        occurrence_id=page.occurrence.id or 0,
        start=start,
        values=_values(event, start),
        moved=sum(row.moved for row in ahead),
        concerned=_people(ahead),
    )


def date_values(page: EventPage) -> dict[str, Any]:
    """Give what the form of one date begins with."""
    event, row = page.event, page.occurrence
    own = row.place is not None
    place = row.place if own else event.place
    chosen = str(row.place_institution_id or "") or ("other" if place else "online" if event.online else "")
    return {
        "title": row.title or event.title,
        **_times(row.starts_at, row.ends_at, all_day=event.all_day),
        "place": chosen,
        "place_other": place,
        "room": row.room if own else event.room,
        "revision": event.revision,
    }


def _values(event: Event, start: datetime) -> dict[str, Any]:
    rhythm = Rhythm.of(event)
    times = _times(*rhythm.span(start), all_day=event.all_day)
    return {**times, **repeating.values_of(series.rest(event, start))}


def _times(starts_at: datetime, ends_at: datetime, *, all_day: bool) -> dict[str, Any]:
    starts, ends = (warsaw.to_local(one).replace(tzinfo=None) for one in (starts_at, ends_at))
    last = (ends - timedelta(minutes=1)).date() if all_day else ends.date()
    return {
        "day": starts.date(),
        "starts": None if all_day else starts.time(),
        "ends": None if all_day else ends.time(),
        "end_day": last if last != starts.date() else None,
    }


def _coming(rows: Sequence[Occurrence], now: datetime) -> list[Occurrence]:
    return [row for row in rows if row.state is State.PUBLISHED and row.starts_at > now]


def _people(rows: Sequence[Occurrence]) -> int:
    return sum(row.seats_taken + row.waiting + row.requested for row in rows)


def _day(day: date) -> str:
    return warsaw.day_words(day, language())
