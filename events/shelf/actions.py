"""What writes the shelf: the text of an event with its change, and the versions of the feeds it touches."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, case, delete, insert, or_, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from events import ical
from events.ical import CalendarItem
from events.shelf.models import EventText, FeedEvent, FeedKind, FeedState, InnerText
from events.shelf.queries import PUBLIC_OWNER

Feed = tuple[FeedKind, int]
Text = EventText | InnerText
PUBLIC: Feed = (FeedKind.PUBLIC, PUBLIC_OWNER)
# Versions follow the clock (seconds since this day) and never stand still, so that a database restored from a backup
# does not give out once more the ETags of what was lost.
_VERSIONS_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def put(
    session: Session,
    event_id: int,
    items: Sequence[CalendarItem],
    feeds: Collection[Feed],
    last_day: datetime,
    now: datetime,
) -> None:
    """Store the text of an event that everybody may see, or take it away if *items* or *feeds* are empty.

    *items* are the event, of a series its master and the dates that differ. *feeds* are all feeds the event stands in
    from now on; the public one is always among them. *last_day* is the instant at which the last date ends. Raises the
    version of every feed that the event stood in before or stands in now; does nothing if neither the text nor the
    feeds differ from what is stored.
    """
    old, old_feeds = _stored(session, event_id)
    new = EventText(event_id=event_id, render=ical.RENDER, last_day=last_day, modified=now, ics=b"")
    if items and feeds:
        new.cancelled, new.ics = items[0].cancelled, ical.vevents(items)
    new_feeds = {PUBLIC, *feeds} if new.ics else set()
    if old is not None and _same(old, new) and old_feeds == new_feeds:
        return
    if new.ics:
        _write(session, old, new)
    elif old is not None:
        session.exec(delete(EventText).where(col(EventText.event_id) == event_id))
    _place(session, event_id, old_feeds - {PUBLIC}, new_feeds - {PUBLIC})
    _raise(session, old_feeds | new_feeds, now)


def put_inner(
    session: Session,
    event_id: int,
    items: Sequence[CalendarItem],
    institutions: Collection[int],
    last_day: datetime,
    now: datetime,
) -> bool:
    """Store the text of an event as those concerned read it, and as mere busy time; take it away without *items*.

    *institutions* are those in whose people's calendars it stands from now on. Raises their versions, and those of
    the institutions in whose it stood; returns whether anything differed.
    """
    old, before = _stored_inner(session, event_id)
    after = {(FeedKind.INNER, institution_id) for institution_id in institutions} if items else set()
    new = inner_of(event_id, items, last_day, now) if items else None
    if (old is None and new is None) or (old and new and _same(old, new) and before == after):
        return False
    if new is not None:
        _write(session, old, new)
    else:
        session.exec(delete(InnerText).where(col(InnerText.event_id) == event_id))
    _place(session, event_id, before, after)
    _raise(session, before | after, now)
    return True


def rebuild_inner(session: Session, events: Iterable[tuple[int, Sequence[CalendarItem]]], now: datetime) -> int:
    """Write the inner text of *events* (id and items) anew, as `rebuild` does; return how many differ."""
    touched: set[Feed] = set()
    differing = 0
    for event_id, items in events:
        old, feeds = _stored_inner(session, event_id)
        if old is None:
            continue
        new = inner_of(event_id, items, old.last_day, old.modified)
        if not _same(old, new):
            differing += 1
            touched |= feeds
            new.modified = now
        _write(session, old, new)
    _raise(session, touched, now)
    return differing


def add_inner(session: Session, texts: Sequence[InnerText]) -> None:
    """Store the inner texts of events that have none; the caller places them and raises the feeds."""
    if texts:
        session.exec(insert(InnerText).values([one.model_dump() for one in texts]))


def inner_text(event_id: int, text: bytes, last_day: datetime, now: datetime, *, cancelled: bool) -> InnerText:
    """Give the row that holds *text* and its mere times."""
    return InnerText(
        event_id=event_id,
        render=ical.RENDER,
        cancelled=cancelled,
        last_day=last_day,
        modified=now,
        ics=text,
        busy=ical.busy(text),
    )


def inner_of(event_id: int, items: Sequence[CalendarItem], last_day: datetime, now: datetime) -> InnerText:
    """Give the row of an event whose *items* are as put takes them."""
    return inner_text(event_id, ical.vevents(items), last_day, now, cancelled=items[0].cancelled)


def takes_locks(session: Session) -> bool:
    """Whether versions have to be locked one by one: SQLite has one writer, who needs no locks."""
    return session.get_bind().dialect.name == "postgresql"


def hold(session: Session, event_ids: Collection[int], institution_ids: Collection[int] = ()) -> None:
    """Lock the versions that a change of these events will raise, and the inner ones of *institution_ids* besides.

    For acts that write several texts: each raises its feeds in order, but one after the other they would take them in
    any, and two such acts would lock each other out. One statement, and none on SQLite.
    """
    if not takes_locks(session):
        return
    kind, owner_id = col(FeedState.kind), col(FeedState.owner_id)
    standing = select(FeedEvent.kind, FeedEvent.owner_id).where(col(FeedEvent.event_id).in_(event_ids))
    open_to_all = select(EventText.event_id).where(col(EventText.event_id).in_(event_ids))
    session.exec(
        select(FeedState.id)
        .where(
            or_(
                tuple_(kind, owner_id).in_(standing),
                and_(kind == FeedKind.INNER, owner_id.in_(institution_ids)),
                and_(kind == FeedKind.PUBLIC, open_to_all.exists()),
            )
        )
        .order_by(kind, owner_id)
        .with_for_update(key_share=True)
    ).all()


def touch(session: Session, feeds: Collection[Feed], now: datetime) -> None:
    """Raise the versions of *feeds*: something they show has changed that the shelf does not hold itself."""
    _raise(session, feeds, now)


def remove(session: Session, event_id: int, now: datetime) -> None:
    """Take an event off the shelf: it is no longer for everybody, or it is about to be deleted."""
    put(session, event_id, (), (), now, now)
    put_inner(session, event_id, (), (), now, now)


def rebuild(session: Session, events: Iterable[tuple[int, Sequence[CalendarItem]]], now: datetime) -> int:
    """Write the text of *events* (id and items) anew and raise the feeds whose text differs; return how many did.

    For `kladka db upgrade` after a change of RENDER, given the events of `queries.outdated`. An event that has no
    text stays without: which feeds it belongs to is decided by `put` alone.
    """
    touched: set[Feed] = set()
    differing = 0
    for event_id, items in events:
        old, feeds = _stored(session, event_id)
        if old is None:
            continue
        new = EventText(
            event_id=event_id,
            render=ical.RENDER,
            cancelled=items[0].cancelled,
            last_day=old.last_day,
            modified=old.modified,
            ics=ical.vevents(items),
        )
        if not _same(old, new):
            differing += 1
            touched |= feeds
            new.modified = now
        _write(session, old, new)
    _raise(session, touched, now)
    return differing


def _stored(session: Session, event_id: int) -> tuple[EventText | None, set[Feed]]:
    # Columns, not objects: what this module writes goes past the session's identity map.
    row = session.exec(
        select(EventText.cancelled, EventText.last_day, EventText.modified, EventText.ics).where(
            EventText.event_id == event_id
        )
    ).first()
    if row is None:
        return None, set()
    cancelled, last_day, modified, ics = row
    old = EventText(event_id=event_id, render=0, cancelled=cancelled, last_day=last_day, modified=modified, ics=ics)
    return old, {PUBLIC, *_standing(session, event_id, col(FeedEvent.kind) != FeedKind.INNER)}


def _stored_inner(session: Session, event_id: int) -> tuple[InnerText | None, set[Feed]]:
    row = session.exec(
        select(InnerText.cancelled, InnerText.last_day, InnerText.modified, InnerText.ics).where(
            InnerText.event_id == event_id
        )
    ).first()
    feeds = _standing(session, event_id, col(FeedEvent.kind) == FeedKind.INNER)
    if row is None:
        return None, feeds
    cancelled, last_day, modified, ics = row
    # What is busy follows from the text, so it is not compared.
    old = InnerText(
        event_id=event_id, render=0, cancelled=cancelled, last_day=last_day, modified=modified, ics=ics, busy=b""
    )
    return old, feeds


def _standing(session: Session, event_id: int, kinds: ColumnElement[bool]) -> set[Feed]:
    statement = select(FeedEvent.kind, FeedEvent.owner_id).where(FeedEvent.event_id == event_id, kinds)
    return {(FeedKind(kind), owner_id) for kind, owner_id in session.exec(statement).all()}


def _same(old: Text, new: Text) -> bool:
    return (old.ics, old.cancelled, old.last_day) == (new.ics, new.cancelled, new.last_day)


def _write(session: Session, old: Text | None, new: Text) -> None:
    table, values = type(new), new.model_dump()
    if old is None:
        session.exec(insert(table).values(values))
    else:
        session.exec(update(table).where(col(table.event_id) == new.event_id).values(values))


def _place(session: Session, event_id: int, before: set[Feed], after: set[Feed]) -> None:
    for kind, owner_id in before - after:
        session.exec(
            delete(FeedEvent).where(
                col(FeedEvent.event_id) == event_id,
                col(FeedEvent.kind) == kind,
                col(FeedEvent.owner_id) == owner_id,
            )
        )
    added = [{"kind": kind, "owner_id": owner_id, "event_id": event_id} for kind, owner_id in sorted(after - before)]
    if added:
        session.exec(insert(FeedEvent).values(added))


def _raise(session: Session, feeds: Collection[Feed], now: datetime) -> None:
    seconds = int((now - _VERSIONS_BEGIN).total_seconds())
    upsert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # In one order everywhere, so that two changes at once wait for each other instead of locking each other out.
    for kind, owner_id in sorted(feeds):
        grown = col(FeedState.version) + 1
        statement = upsert(FeedState).values(kind=kind, owner_id=owner_id, version=max(seconds, 1), modified=now)
        session.exec(
            statement.on_conflict_do_update(
                index_elements=["kind", "owner_id"],
                set_={"version": case((grown > seconds, grown), else_=seconds), "modified": now},
            )
        )
