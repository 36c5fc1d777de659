"""By which texts an event is found, and the index of all events that were published before there was one."""

from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Select, bindparam, exists, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app import warsaw
from app.db import columns, insert_all
from events.calendar import rules
from events.calendar.models import Event, EventKind, Occurrence, State
from events.search import actions as search
from events.search.models import EventWord
from partners.institutions.models import Institution

_BATCH = 1000
_FOUND = (State.PUBLISHED, State.CANCELLED)


def texts(session: Session, event: Event) -> list[str]:
    """Give the texts by which an event is found; nobody finds a draft."""
    if event.state not in _FOUND:
        return []
    host = session.get(Institution, event.place_institution_id) if event.place_institution_id else None
    organiser = session.get_one(Institution, event.organiser_id)
    where = (event.place, host.name, host.post_town) if host else (event.place, "", "")
    whose = (organiser.name, organiser.short_name)
    return _in_order(event.title, event.kind, *where, *whose, event.topics, event.description)


def index_all(session: Session) -> int:
    """Let published events be found that no word leads to yet, as those older than the index; return how many.

    A thousand at a time, without loading them: a portal may have a hundred thousand.
    """
    number = last_id = 0
    while batch := session.execute(_unfound(), {"after": last_id}).all():
        words = (search.rows(row[0], _in_order(*row[2:]), warsaw.today(row[1])) for row in batch)
        insert_all(session, EventWord, list(chain.from_iterable(words)))
        number, last_id = number + len(batch), batch[-1][0]
    return number


def _in_order(
    title: str,
    kind: EventKind,
    place: str,
    host: str | None,
    town: str | None,
    organiser: str,
    short_name: str,
    topics: list[str],
    description: str,
) -> list[str]:
    """Give first what tells most: of a very long text the end is not kept."""
    kinds = [rules.KIND_LABEL_PL[kind], rules.KIND_LABEL[kind]]
    return [title, *kinds, place, host or "", town or "", organiser, short_name, *topics, description]


@lru_cache(maxsize=1)
def _unfound() -> Select[Any]:
    host, organiser = (aliased(Institution, name=name) for name in ("host", "organiser"))
    return (
        columns(
            Event.id,
            func.max(col(Occurrence.ends_at)),
            Event.title,
            Event.kind,
            Event.place,
            host.name,
            host.post_town,
            organiser.name,
            organiser.short_name,
            Event.topics,
            Event.description,
        )
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .join(organiser, col(organiser.id) == Event.organiser_id)
        .join(host, col(host.id) == Event.place_institution_id, isouter=True)
        .where(
            col(Event.id) > bindparam("after"),
            col(Event.state).in_(_FOUND),
            ~exists().where(col(EventWord.event_id) == Event.id),
        )
        .group_by(col(Event.id), col(host.id), col(organiser.id))
        .order_by(col(Event.id))
        .limit(_BATCH)
    )
