"""Which events hold words with given beginnings, the soonest first: a bounded number of seeks at any size.

An inverted index is read by its own order instead of being sorted: of a word that nearly every event has, only the
soonest events are looked at. It works alike on both databases (decision 33).
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Date, Select, String, bindparam, exists, func, literal, select, union_all
from sqlmodel import Session, col

from app.db import rows
from events.search import rules
from events.search.models import EventWord

SPELLINGS = 12
"""How many different words a beginning may stand for: "szkol" is szkolenie, szkolenia, szkola and so on."""
CANDIDATES = 300
"""How many events of one word are looked at, the soonest first."""


def event_ids(session: Session, typed: str, today: date, *, coming: bool = True) -> list[int]:
    """Give the events that hold all words of *typed*, by their beginnings: those to come (last day today or later), the
    soonest first, or those gone by, the latest first.

    Of words that very many events have, the nearest CANDIDATES are looked at. One statement for each typed word and one
    for the events; no more events than CANDIDATES times SPELLINGS are touched.
    """
    spelled = [_spellings(session, word, today, coming=coming) for word in rules.asked(typed)]
    if not spelled or not all(spelled):
        return []
    # The rarest word leads: what it does not have need not be looked at.
    spelled.sort(key=lambda found: sum(number for _word, number in found))
    lead, others = [word for word, _number in spelled[0]], spelled[1:]
    statement = _events_of(len(lead), tuple(len(found) for found in others), coming=coming)
    parameters: dict[str, Any] = {"today": today}
    parameters |= {f"lead_{n}": word for n, word in enumerate(lead)}
    for k, found in enumerate(others):
        parameters |= {f"other_{k}_{n}": word for n, (word, _number) in enumerate(found)}
    return [row[0] for row in rows(session, statement, parameters)]


def _spellings(session: Session, beginning: str, today: date, *, coming: bool) -> Sequence[tuple[str, int]]:
    """Give the indexed words that begin so, and how many events each has in that direction, counted up to the cap."""
    parameters = {"beginning": beginning, "end": rules.end_of(beginning), "today": today}
    return [(row[0], row[1]) for row in rows(session, _spelling(coming=coming), parameters) if row[1]]


@lru_cache(maxsize=2)
def _spelling(*, coming: bool) -> Select[Any]:
    # A loose scan: each step seeks the next different word, however many events the last one has.
    beginning, end = bindparam("beginning", type_=String()), bindparam("end", type_=String())
    word = col(EventWord.word)
    first = select(func.min(word).label("word"), literal(1).label("step")).where(word >= beginning, word <= end)
    found = first.cte("found", recursive=True)
    following = select(func.min(word)).where(word > found.c.word, word <= end).scalar_subquery()
    found = found.union_all(
        select(following, found.c.step + 1).where(found.c.word.is_not(None), found.c.step < SPELLINGS)
    )
    some = select(literal(1)).where(word == found.c.word, _side(coming=coming)).limit(CANDIDATES).correlate(found)
    counted = select(func.count()).select_from(some.subquery()).scalar_subquery()
    return select(found.c.word, counted).where(found.c.word.is_not(None))


@lru_cache(maxsize=64)
def _events_of(leading: int, others: tuple[int, ...], *, coming: bool) -> Select[Any]:
    day = col(EventWord.last_day)
    order = day.asc() if coming else day.desc()
    parts = []
    for n in range(leading):
        nearest = (
            select(col(EventWord.event_id), day)
            .where(col(EventWord.word) == bindparam(f"lead_{n}", type_=String()), _side(coming=coming))
            .order_by(order)
            .limit(CANDIDATES)
            .subquery()
        )
        parts.append(select(nearest.c.event_id, nearest.c.last_day))
    near = union_all(*parts).subquery("near")
    last_day = func.min(near.c.last_day)
    statement = select(near.c.event_id).group_by(near.c.event_id)
    for k, number in enumerate(others):
        here = EventWord.__table__.alias(f"other_{k}")  # type: ignore[attr-defined]  # every table has one
        spelled = [bindparam(f"other_{k}_{n}", type_=String()) for n in range(number)]
        statement = statement.where(
            exists(select(literal(1)).where(here.c.event_id == near.c.event_id, here.c.word.in_(spelled)))
        )
    nearest_first = last_day.asc() if coming else last_day.desc()
    return statement.order_by(nearest_first, near.c.event_id).limit(CANDIDATES)


def _side(*, coming: bool) -> Any:
    today = bindparam("today", type_=Date())
    return col(EventWord.last_day) >= today if coming else col(EventWord.last_day) < today
