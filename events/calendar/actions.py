"""Verbs of the calendar: draft, revise, publish, cancel, discard. SEQUENCE moves here and nowhere else."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, delete, or_, select

from app import site, warsaw
from app.actors import Actor
from app.audit import trail
from app.db import lock
from app.errors import NotAdmitted
from events import ical
from events.calendar import mail, rules
from events.calendar.models import Event, EventParty, Occurrence, Part, State, Visibility
from events.calendar.rules import EventDraft
from events.ical import CalendarItem
from events.search import actions as search
from events.search.models import EventWord
from events.shelf import actions as shelf
from events.shelf import queries as shelf_queries
from events.shelf.models import FeedKind
from partners.institutions.models import Institution

# A change of one of these moves SEQUENCE: clients must show the new date or place (calendar clients skip equal ones).
_SCHEDULE = frozenset({"local_start", "minutes", "all_day", "place_institution_id", "place", "room", "online"})
_NOT_COPIED = frozenset({"starts", "ends", "invited"})
# Feeds reach back 90 days before the beginning of the month.
TOLD_FOR = timedelta(days=125)


def draft(session: Session, actor: Actor, wanted: EventDraft, now: datetime, *, uuid: UUID | None = None) -> Event:
    """Begin an event of the actor's institution as a draft with its one date.

    Raises NotYourEvent, EndBeforeStart, TooLong, UnsafeHour. *uuid* is given by the demo loader only.
    """
    if not rules.may_draft(actor) or actor.institution_id is None:
        raise rules.NotYourEvent
    rules.check_times(wanted.starts, wanted.ends, all_day=wanted.all_day)
    # What an invented institution does is invented too: the demo's life never looks like a fact.
    wanted = replace(wanted, synthetic=wanted.synthetic or session.get_one(Institution, actor.institution_id).synthetic)
    event = Event(
        uuid=uuid or uuid4(),
        organiser_id=actor.institution_id,
        created_by=actor.user_id,
        created_at=now,
        changed_at=now,
        **_columns(wanted),
    )
    session.add(event)
    session.flush()
    occurrence = Occurrence(
        event_id=_id(event),
        original_local=event.local_start,
        state=State.DRAFT,
        changed_at=now,
        **_followed(event),
        **_instants(wanted),
    )
    session.add(occurrence)
    _invite(session, event, wanted.invited)
    trail.record(session, actor, "event.drafted", "event", _id(event), now, details={"kind": event.kind.value})
    session.flush()
    return event


def revise(session: Session, actor: Actor, event: Event, wanted: EventDraft, now: datetime) -> frozenset[str]:
    """Give *event* the values of *wanted* and return the names of the columns that changed.

    A change of time or place moves SEQUENCE of a published event. The caller checks that the page was not stale and
    serves queue and mails afterwards (events/changes). Raises NotYourEvent, AlreadyCancelled, EndBeforeStart,
    TooLong, UnsafeHour.
    """
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.state is State.CANCELLED:
        raise rules.AlreadyCancelled
    rules.check_times(wanted.starts, wanted.ends, all_day=wanted.all_day)
    columns = _columns(wanted)
    for untouched in ("synthetic", "basis"):
        columns.pop(untouched)
    changed = {name for name, value in columns.items() if getattr(event, name) != value}
    if _invite(session, event, wanted.invited):
        changed.add("invited")
    if not changed:
        return frozenset()
    for name in changed - {"invited"}:
        setattr(event, name, columns[name])
    if event.state is State.PUBLISHED and changed & _SCHEDULE:
        event.sequence += 1
    _touch(event, now)
    for occurrence in _occurrences(session, event):
        _follow(occurrence, event, now)
        for name, value in _instants(wanted).items():
            setattr(occurrence, name, value)
    session.flush()
    trail.record(
        session,
        actor,
        "event.revised",
        "event",
        _id(event),
        now,
        details={"changed": sorted(changed), "sequence": event.sequence},
    )
    shelve(session, event, now)
    return frozenset(changed)


def publish(session: Session, actor: Actor, event: Event, now: datetime) -> None:
    """Make a draft visible as its visibility says, put it on the shelf of the feeds, tell the institutions it names.

    Locks the event. Raises NotYourEvent, NotAdmitted, NotADraft, Incomplete, InThePast.
    """
    lock(session, Event, _id(event))
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if not actor.admitted:
        raise NotAdmitted
    if event.state is not State.DRAFT:
        raise rules.NotADraft
    if rules.missing(has_place=has_place(event), audience=event.audience):
        raise rules.Incomplete
    rules.check_future(event.local_start, now, all_day=event.all_day)
    _announce(session, actor, event, now)
    mail.published(session, event, _occurrences(session, event)[0], now)


def record_past(session: Session, actor: Actor, event: Event, now: datetime) -> None:
    """Publish an event whose date has passed: facts of a source and the demo's own history."""
    _announce(session, actor, event, now)


def cancel(session: Session, actor: Actor, event: Event, reason: str, now: datetime, *, signed_up: int = 0) -> None:
    """Cancel a published event with a *reason*: it stays visible as cancelled, with a raised SEQUENCE.

    Locks the event. *signed_up* is the number of persons concerned, for the trail. Raises NotYourEvent,
    AlreadyCancelled, AlreadyOver.
    """
    lock(session, Event, _id(event))
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.state is not State.PUBLISHED:
        raise rules.AlreadyCancelled
    occurrences = _occurrences(session, event)
    if all(occurrence.ends_at <= now for occurrence in occurrences):
        raise rules.AlreadyOver
    event.state = State.CANCELLED
    event.cancel_reason = reason
    event.cancelled_at = now
    event.sequence += 1
    _touch(event, now)
    for occurrence in occurrences:
        _follow(occurrence, event, now)
    session.flush()
    details = {"sequence": event.sequence, "signed_up": signed_up}
    trail.record(session, actor, "event.cancelled", "event", _id(event), now, details=details)
    shelve(session, event, now)


def discard(session: Session, actor: Actor, event: Event, now: datetime) -> None:
    """Delete a draft that nobody but its authors has seen. Locks the event. Raises NotYourEvent, NotADraft."""
    lock(session, Event, _id(event))
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.state is not State.DRAFT:
        raise rules.NotADraft
    trail.record(session, actor, "event.discarded", "event", _id(event), now)
    session.exec(delete(EventParty).where(col(EventParty.event_id) == event.id))
    session.exec(delete(Occurrence).where(col(Occurrence.event_id) == event.id))
    session.delete(event)
    session.flush()


def discard_drafts(session: Session, institution_id: int, now: datetime) -> int:
    """Delete all drafts of an institution that was not admitted; return how many there were."""
    statement = select(Event).where(Event.organiser_id == institution_id, Event.state == State.DRAFT)
    drafts = session.exec(statement).all()
    for event in drafts:
        discard(session, Actor.system(), event, now)
    return len(drafts)


def add_co_organiser(session: Session, event: Event, institution_id: int) -> None:
    """Name *institution_id* as co-organiser of *event*; it sees the event whatever its visibility."""
    session.merge(EventParty(event_id=_id(event), institution_id=institution_id, part=Part.CO_ORGANISER))
    session.flush()


def has_place(event: Event) -> bool:
    """Whether the event says where it takes place."""
    return event.online or event.place_institution_id is not None or bool(event.place)


def shelve(session: Session, event: Event, now: datetime) -> None:
    """Write the event's words and its iCalendar text, and raise the feeds that it stands in, or stood in before."""
    shown = event.visibility is Visibility.PUBLIC and event.state in (State.PUBLISHED, State.CANCELLED)
    occurrences = _occurrences(session, event)
    last = max((occurrence.ends_at for occurrence in occurrences), default=now)
    feeds = _feeds(session, event) if shown else []
    shelf.put(session, _id(event), item(session, event) if shown else None, feeds, last, now)
    search.put(session, _id(event), _texts(session, event), warsaw.today(last))


def index_all(session: Session) -> int:
    """Let published events be found that no word leads to yet, as those older than the index; return how many."""
    known = select(EventWord.event_id).distinct()
    shown = col(Event.state).in_((State.PUBLISHED, State.CANCELLED))
    events = session.exec(select(Event).where(shown, col(Event.id).not_in(known)).order_by(col(Event.id))).all()
    for event in events:
        last = max(occurrence.ends_at for occurrence in _occurrences(session, event))
        search.put(session, _id(event), _texts(session, event), warsaw.today(last))
    return len(events)


def rebuild_shelf(session: Session, now: datetime) -> int:
    """Write anew the texts that an older version of the program wrote; return how many differ."""
    outdated = list(shelf_queries.outdated(session))
    items = ((event_id, item(session, session.get_one(Event, event_id))) for event_id in outdated)
    return shelf.rebuild(session, items, now)


def follow_cards(session: Session, institution_ids: Collection[int], now: datetime) -> int:
    """Write anew the texts of events that name one of these institutions or its address; return how many differ.

    Only what feeds still tell of: nobody reads the older ones again.
    """
    recent = select(Occurrence.event_id).where(Occurrence.ends_at > now - TOLD_FOR)
    named = or_(col(Event.organiser_id).in_(institution_ids), col(Event.place_institution_id).in_(institution_ids))
    events = session.exec(select(Event).where(named, col(Event.id).in_(recent)).order_by(col(Event.id))).all()
    return shelf.rebuild(session, ((_id(event), item(session, event)) for event in events), now)


def publication(session: Session, event: Event) -> str:
    """Give the event as a calendar of its own, to be attached to a mail or downloaded: what its feeds say of it."""
    stored = shelf_queries.text(session, _id(event))
    return ical.calendar("", [stored]).decode() if stored else ical.publication(item(session, event))


def item(session: Session, event: Event) -> CalendarItem:
    """Give the event as feeds and mails write it: without names of persons, without the online link."""
    occurrence = _occurrences(session, event)[0]
    organiser = session.get_one(Institution, event.organiser_id)
    host = session.get(Institution, event.place_institution_id) if event.place_institution_id else None
    url = site.absolute(f"/wydarzenia/{event.uuid}")
    lines = ["Dane przykładowe. To wydarzenie jest zmyślone."] if event.synthetic else []
    if event.cancel_reason:
        lines.append(f"Odwołane: {event.cancel_reason}")
    lines.append(f"Organizator: {organiser.name}")
    lines += [f"• {topic}" for topic in event.topics]
    return CalendarItem(
        uid=event.uid or f"{event.uuid}@{site.hostname()}",
        sequence=event.sequence,
        title=event.title + (" (dane przykładowe)" if event.synthetic else ""),
        description="\n".join(lines),
        location=place_line(event, host),
        url=url,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        all_day=event.all_day,
        local_date_start=event.local_start.date(),
        # Inclusive: an all-day event ends at the midnight after its last day.
        local_date_end=warsaw.today(occurrence.ends_at - timedelta(minutes=1)),
        created=event.created_at,
        modified=event.changed_at,
        cancelled=event.state is State.CANCELLED,
        categories=(rules.KIND_LABEL_PL[event.kind],),
    )


def place_line(event: Event, host: Institution | None) -> str:
    """Give the place as one line: room, institution with its address, or the place in words, or "online"."""
    if host is not None:
        street = " ".join(part for part in (host.street, host.postal_code, host.post_town) if part)
        parts = [host.name, event.room, street]
    else:
        parts = [event.place, event.room]
    if event.online:
        parts.append("online")
    return ", ".join(part for part in parts if part)


def _announce(session: Session, actor: Actor, event: Event, now: datetime) -> None:
    event.state = State.PUBLISHED
    event.published_at = now
    event.uid = event.uid or f"{event.uuid}@{site.hostname()}"
    _touch(event, now)
    for occurrence in _occurrences(session, event):
        _follow(occurrence, event, now)
    session.flush()
    details = {"visibility": event.visibility.value, "kind": event.kind.value}
    trail.record(session, actor, "event.published", "event", _id(event), now, details=details)
    shelve(session, event, now)


def _texts(session: Session, event: Event) -> list[str]:
    """Give the texts by which an event is found, the most telling first; nobody finds a draft."""
    if event.state not in (State.PUBLISHED, State.CANCELLED):
        return []
    host = session.get(Institution, event.place_institution_id) if event.place_institution_id else None
    organiser = session.get_one(Institution, event.organiser_id)
    places = [event.place, host.name if host else "", host.post_town if host else ""]
    kinds = [rules.KIND_LABEL_PL[event.kind], rules.KIND_LABEL[event.kind]]
    return [event.title, *kinds, *places, organiser.name, organiser.short_name, *event.topics, event.description]


def _feeds(session: Session, event: Event) -> list[tuple[FeedKind, int]]:
    statement = select(EventParty.institution_id).where(
        EventParty.event_id == event.id, EventParty.part == Part.CO_ORGANISER
    )
    owners = {event.organiser_id, *session.exec(statement).all()}
    if event.place_institution_id is not None:
        owners.add(event.place_institution_id)
    feeds = [(FeedKind.PUBLIC, 0), *((FeedKind.INSTITUTION, owner) for owner in sorted(owners))]
    if event.programme_id is not None:
        feeds.append((FeedKind.PROGRAMME, event.programme_id))
    return feeds


def _columns(wanted: EventDraft) -> dict[str, Any]:
    columns = {name: getattr(wanted, name) for name in EventDraft.__slots__ if name not in _NOT_COPIED}
    columns["audience"] = list(wanted.audience)
    columns["topics"] = list(wanted.topics)
    columns["local_start"] = wanted.starts
    columns["minutes"] = rules.minutes_between(wanted.starts, wanted.ends)
    return columns


def _instants(wanted: EventDraft) -> dict[str, Any]:
    return {
        "starts_at": warsaw.to_utc(wanted.starts),
        "ends_at": warsaw.to_utc(wanted.ends),
        "local_date": wanted.starts.date(),
    }


def _followed(event: Event) -> dict[str, Any]:
    copied = ("visibility", "kind", "voivodeship_code", "organiser_id", "place_institution_id", "room_id")
    return {name: getattr(event, name) for name in copied}


def _follow(occurrence: Occurrence, event: Event, now: datetime) -> None:
    occurrence.state = event.state
    occurrence.changed_at = now
    occurrence.sequence = event.sequence
    for name, value in _followed(event).items():
        setattr(occurrence, name, value)


def _invite(session: Session, event: Event, wanted: tuple[int, ...]) -> bool:
    statement = select(EventParty).where(EventParty.event_id == event.id, EventParty.part == Part.INVITED)
    present = {party.institution_id: party for party in session.exec(statement).all()}
    for institution_id in present.keys() - set(wanted):
        session.delete(present[institution_id])
    for institution_id in set(wanted) - present.keys() - {event.organiser_id}:
        session.add(EventParty(event_id=_id(event), institution_id=institution_id, part=Part.INVITED))
    session.flush()
    return present.keys() != set(wanted) - {event.organiser_id}


def _occurrences(session: Session, event: Event) -> list[Occurrence]:
    statement = select(Occurrence).where(Occurrence.event_id == event.id).order_by(col(Occurrence.starts_at))
    return list(session.exec(statement).all())


def _touch(event: Event, now: datetime) -> None:
    # Whole seconds: iCalendar stamps have no fractions, and LAST-MODIFIED must grow with every change.
    stamp = now.astimezone(UTC).replace(microsecond=0)
    event.changed_at = stamp if stamp > event.changed_at else event.changed_at + timedelta(seconds=1)
    event.revision += 1


def _id(event: Event) -> int:
    if event.id is None:
        raise LookupError("the event has not been stored yet")
    return event.id
