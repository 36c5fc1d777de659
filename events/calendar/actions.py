"""Verbs of the calendar: draft, revise, publish, cancel, discard. SEQUENCE moves here and nowhere else."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, col, delete, or_, select

from app import site, warsaw
from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from app.errors import NotAdmitted
from events import ical, recurrence
from events.calendar import edition, found, mail, queries, rules, series
from events.calendar.models import (
    Answer,
    Consent,
    Event,
    EventParty,
    EventSpeaker,
    Occurrence,
    OccurrenceSpeaker,
    Part,
    State,
    Visibility,
)
from events.calendar.rules import DateDraft, EventDraft, Speaker
from events.ical import CalendarItem
from events.search import actions as search
from events.shelf import actions as shelf
from events.shelf import queries as shelf_queries
from events.shelf.models import FeedKind
from partners.availability import actions as availability
from partners.availability import queries as availability_queries
from partners.availability import rules as availability_rules
from partners.institutions.models import Institution, Room

# A change of one of these moves SEQUENCE: clients must show the new date or place (calendar clients skip equal ones).
_SCHEDULE = frozenset({"local_start", "minutes", "all_day", "rule", "place_institution_id", "place", "room", "online"})
_RHYTHM = frozenset({"local_start", "minutes", "all_day", "rule"})
# What one date of a series may have of its own.
_OF_DATE = ("title", "starts_at", "ends_at", "place_institution_id", "place", "room", "room_id")
DEADLINES = ("signup_closes_at", "withdraw_until")
_NOT_COPIED = frozenset({"starts", "ends", "invited", "co_organisers", "speakers", "consent"})
# Said at the first saving; a form of a change knows nothing of them.
_LASTING = ("synthetic", "basis", "part_of_id", "slot_minutes", "slot_persons", "edition_id", "participants")
# Of an event that belongs to an edition these are said by its plan.
_OF_EDITION = ("programme_id", "signup_scope")
# The host follows from the place, whose change is told as "place_institution_id".
_NAMED_AS = {Part.INVITED: "invited", Part.CO_ORGANISER: "co_organisers", Part.HOST: ""}
# Feeds reach back 90 days before the beginning of the month.
TOLD_FOR = timedelta(days=125)
_FORGOTTEN_AFTER = 500


def draft(session: Session, actor: Actor, wanted: EventDraft, now: datetime, *, uuid: UUID | None = None) -> Event:
    """Begin an event of the actor's institution as a draft with its one date, or with those of its rule.

    Raises NotYourEvent, EndBeforeStart, TooLong, UnsafeHour, RoomElsewhere and what series.settled raises. *uuid* is
    given by the demo loader only.
    """
    if not rules.may_draft(actor) or actor.institution_id is None:
        raise rules.NotYourEvent
    rules.check_times(wanted.starts, wanted.ends, all_day=wanted.all_day)
    # What an invented institution does is invented too: the demo's life never looks like a fact.
    wanted = replace(wanted, synthetic=wanted.synthetic or session.get_one(Institution, actor.institution_id).synthetic)
    wanted = _settled(_with_room(session, wanted))
    event = Event(
        uuid=uuid or uuid4(),
        organiser_id=actor.institution_id,
        created_by=actor.user_id,
        created_at=now,
        changed_at=now,
        consent=_consent(session, actor.institution_id, wanted, None),
        **_columns(wanted),
    )
    session.add(event)
    session.flush()
    series.make(session, event, now)
    _name_parties(session, event, wanted)
    _name_speakers(session, event, wanted.speakers, now)
    trail.record(session, actor, "event.drafted", "event", _id(event), now, details={"kind": event.kind.value})
    session.flush()
    return event


def revise(
    session: Session,
    actor: Actor,
    event: Event,
    wanted: EventDraft,
    now: datetime,
    *,
    moved_too: bool = False,
    allowed: frozenset[str] | None = None,
) -> frozenset[str]:
    """Give *event* the values of *wanted* and return the names of the columns that changed.

    *allowed* names the columns that somebody beside the organiser may change; the caller has seen that he is one.

    A change of time or place moves SEQUENCE of a published event. The caller checks that the page was not stale and
    serves queue and mails afterwards (events/changes). The dates of a series follow as series.refit says; *moved_too*:
    those too that were moved one by one. Raises NotYourEvent, AlreadyCancelled, EndBeforeStart, TooLong, UnsafeHour,
    RoomElsewhere and what series.settled raises.
    """
    if allowed is None and not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.state is State.CANCELLED:
        raise rules.AlreadyCancelled
    rules.check_times(wanted.starts, wanted.ends, all_day=wanted.all_day)
    wanted = _settled(_with_room(session, wanted))
    before, title = series.Rhythm.of(event), event.title
    columns = _columns(wanted) | {"consent": _consent(session, event.organiser_id, wanted, event)}
    for untouched in lasting(event):
        columns.pop(untouched)
    changed = {name for name, value in columns.items() if getattr(event, name) != value}
    for name in changed:
        setattr(event, name, columns[name])
    changed |= _name_parties(session, event, wanted)
    if _name_speakers(session, event, wanted.speakers, now):
        changed.add("speakers")
    if allowed is not None and changed - allowed:
        raise rules.NotYourEvent
    if not changed:
        return frozenset()
    if event.state is State.PUBLISHED and changed & _SCHEDULE:
        event.sequence += 1
    _touch(event, now)
    if changed & _RHYTHM:
        series.refit(session, event, before, now, moved_too=moved_too)
    for occurrence in series.occurrences(session, event):
        # Records and certificates of what has begun go on saying what it was called.
        if "title" in changed and event.state is State.PUBLISHED and event.rule and occurrence.starts_at <= now:
            occurrence.title = occurrence.title or title
        elif "title" in changed and occurrence.title is not None:
            occurrence.title = rules.retitled(occurrence.title, title, event.title)
        series.follow(occurrence, event, event.changed_at)
    session.flush()
    edition.follow(session, event, now)
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


def would_change(session: Session, event: Event, wanted: EventDraft, rhythm: series.Rhythm) -> frozenset[str]:
    """Name what *wanted* says otherwise than *event*, of which *rhythm* is the part in question."""
    columns = _columns(_settled(_with_room(session, wanted)))
    rule = recurrence.to_text(rhythm.rule, all_day=rhythm.all_day) if rhythm.rule else None
    stands: dict[str, Any] = {name: getattr(event, name) for name in columns}
    stands |= {"local_start": rhythm.first, "minutes": rhythm.minutes, "all_day": rhythm.all_day, "rule": rule}
    return frozenset(name for name in columns if name not in lasting(event) and columns[name] != stands[name])


def lasting(event: Event) -> frozenset[str]:
    """Name what a change of *event* leaves alone, whatever a form says."""
    return frozenset(_LASTING if event.edition_id is None else (*_LASTING, *_OF_EDITION))


def publish(session: Session, actor: Actor, event: Event, now: datetime, *, tell: bool = True) -> None:
    """Make a draft visible as its visibility says, put it on the shelf of the feeds, tell the institutions it names.

    Without *tell* the caller writes to them himself.

    Locks the event, and its edition before. Raises NotYourEvent, NotAdmitted, NotADraft, Incomplete, MinorsUnprotected,
    NotAgreed, InThePast, StalePage when the place changes meanwhile, Suspended.
    """
    place_id = event.place_institution_id
    availability.hold(session, place_id, now)  # before the event, as a suspension does: else one slips past the other
    edition.hold(session, event)
    lock(session, Event, _id(event))
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.place_institution_id != place_id:
        raise rules.StalePage
    if not actor.admitted:
        raise NotAdmitted
    if event.state is not State.DRAFT:
        raise rules.NotADraft
    if rules.missing(has_place=has_place(event), audience=event.audience):
        raise rules.Incomplete
    if gaps(event):
        raise rules.MinorsUnprotected
    if silent := queries.not_agreed(session, _id(event)):
        raise rules.NotAgreed(names=", ".join(silent))
    series.make(session, event, now)
    first = _first(session, event)
    rules.check_future(_wall(first.starts_at), now, all_day=event.all_day)
    check_suspensions(session, event, now)
    _announce(session, actor, event, now)
    if tell:
        mail.published(session, event, first, now)


def check_suspensions(session: Session, event: Event, now: datetime) -> None:
    """Refuse dates of *event* in days for which the unit where they take place has suspended all meetings.

    Call under the lock of the unit (partners.availability.actions.hold). Raises Suspended.
    """
    days: dict[int, list[tuple[date, date]]] = {}
    for row in series.occurrences(session, event):
        if row.place_institution_id is not None and row.state in (State.DRAFT, State.PUBLISHED) and row.ends_at > now:
            last = rules.last_day(warsaw.to_local(row.starts_at), warsaw.to_local(row.ends_at))
            days.setdefault(row.place_institution_id, []).append((row.local_date, last))
    for place_id in sorted(days):
        suspended = availability_queries.suspensions(session, place_id, warsaw.today(now))
        availability_rules.check_open(suspended, days[place_id])


def record_past(session: Session, actor: Actor, event: Event, now: datetime) -> None:
    """Publish an event whose date has passed: facts of a source and the demo's own history."""
    _announce(session, actor, event, now)


def cancel(session: Session, actor: Actor, event: Event, reason: str, now: datetime, *, signed_up: int = 0) -> None:
    """Cancel a published event with a *reason*: it stays visible as cancelled, with a raised SEQUENCE.

    Dates of a series that have taken place stay as they are.

    Locks the event, and its edition before. *signed_up* is the number of persons concerned, for the trail. Raises
    NotYourEvent, AlreadyCancelled, AlreadyOver.
    """
    edition.hold(session, event)
    lock(session, Event, _id(event))
    if not rules.may_stop(actor, event):
        raise rules.NotYourEvent
    if event.state is not State.PUBLISHED:
        raise rules.AlreadyCancelled
    occurrences = series.occurrences(session, event)
    if all(occurrence.ends_at <= now for occurrence in occurrences):
        raise rules.AlreadyOver
    event.state = State.CANCELLED
    event.cancel_reason = reason
    event.cancelled_at = now
    event.horizon = None
    event.sequence += 1
    _touch(event, now)
    for occurrence in occurrences:
        series.follow(occurrence, event, event.changed_at)
    session.flush()
    edition.follow(session, event, now)
    details = {"sequence": event.sequence, "signed_up": signed_up}
    trail.record(session, actor, "event.cancelled", "event", _id(event), now, details=details)
    shelve(session, event, now)


def cancel_date(
    session: Session, actor: Actor, event: Event, occurrence: Occurrence, reason: str, now: datetime
) -> None:
    """Cancel one date of a series: the others take place. Call under the lock of the event and the date.

    Raises NotYourEvent, AlreadyCancelled, AlreadyOver.
    """
    if not (rules.may_stop(actor, event) or rules.may_stop(actor, occurrence)):
        raise rules.NotYourEvent
    if event.state is not State.PUBLISHED or occurrence.state is not State.PUBLISHED:
        raise rules.AlreadyCancelled
    if occurrence.ends_at <= now:
        raise rules.AlreadyOver
    occurrence.state = State.CANCELLED
    occurrence.cancel_reason = reason
    concerned = occurrence.seats_taken + occurrence.waiting
    _changed_date(session, event, occurrence, now)
    details = {"occurrence_id": occurrence.id or 0, "sequence": event.sequence, "signed_up": concerned}
    trail.record(session, actor, "event.date_cancelled", "event", _id(event), now, details=details)


def change_date(
    session: Session,
    actor: Actor,
    event: Event,
    occurrence: Occurrence,
    wanted: DateDraft,
    now: datetime,
    *,
    allowed: frozenset[str] | None = None,
) -> frozenset[str]:
    """Give one date of a series a title, times or a place of its own; return what changed.

    *allowed* is as in revise.

    What is as in the series again becomes the series' again. Call under the lock of the event and the date. Raises
    NotYourEvent, EndBeforeStart, TooLong, UnsafeHour, RoomElsewhere.
    """
    if allowed is None and not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    rules.check_times(wanted.starts, wanted.ends, all_day=event.all_day)
    before = {name: getattr(occurrence, name) for name in _OF_DATE}
    place = (wanted.place_institution_id, wanted.place, wanted.room, wanted.room_id)
    own_place = place != (event.place_institution_id, event.place, event.room, event.room_id)
    times = (warsaw.to_utc(wanted.starts), warsaw.to_utc(wanted.ends))
    occurrence.starts_at, occurrence.ends_at = times
    occurrence.local_date = wanted.starts.date()
    occurrence.title = None if wanted.title == event.title else wanted.title
    occurrence.place_institution_id, occurrence.room_id = wanted.place_institution_id, wanted.room_id
    occurrence.place, occurrence.room = (wanted.place, wanted.room) if own_place else (None, None)
    occurrence.moved = own_place or times != series.Rhythm.of(event).span(occurrence.original_local)
    changed = frozenset(name for name in _OF_DATE if getattr(occurrence, name) != before[name])
    if allowed is not None and changed - allowed:
        raise rules.NotYourEvent
    if changed:
        _changed_date(session, event, occurrence, now)
        details: dict[str, Plain] = {
            "occurrence_id": occurrence.id or 0,
            "changed": sorted(changed),
            "sequence": event.sequence,
        }
        trail.record(session, actor, "event.date_changed", "event", _id(event), now, details=details)
    return changed


def name_dates(
    session: Session, actor: Actor, event: Event, titles: Mapping[int | None, str | None], now: datetime
) -> frozenset[int]:
    """Give dates of a series, by their ids, titles of their own (None: that of the series); return which changed.

    Call under the lock of the event. Raises NotYourEvent, AlreadyCancelled.
    """
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.state is State.CANCELLED:
        raise rules.AlreadyCancelled
    found = [row for row in series.occurrences(session, event) if row.id in titles and row.title != titles[row.id]]
    if not found:
        return frozenset()
    if event.state is State.PUBLISHED:
        event.sequence += 1
    _touch(event, now)
    for row in found:
        row.title = titles[row.id]
        row.sequence, row.changed_at = event.sequence, event.changed_at
    session.flush()
    details: dict[str, Plain] = {"changed": ["titles"], "sequence": event.sequence}
    trail.record(session, actor, "event.revised", "event", _id(event), now, details=details)
    shelve(session, event, now)
    return frozenset(row.id or 0 for row in found)


def name_speakers(
    session: Session,
    actor: Actor,
    event: Event,
    occurrence_ids: Collection[int],
    wanted: Sequence[Speaker],
    now: datetime,
) -> None:
    """Let these persons lead the dates, instead of those that the event names; nobody: those of the event again.

    Call under the lock of the event; entry lists are the caller's (gate.actions.speakers). Raises NotYourEvent,
    AlreadyCancelled.
    """
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.state is State.CANCELLED:
        raise rules.AlreadyCancelled
    session.exec(delete(OccurrenceSpeaker).where(col(OccurrenceSpeaker.occurrence_id).in_(occurrence_ids)))
    for occurrence_id in sorted(occurrence_ids):
        for position, one in enumerate(wanted):
            session.add(
                OccurrenceSpeaker(
                    occurrence_id=occurrence_id,
                    position=position,
                    person=one.person,
                    function=one.function,
                    institution_id=one.institution_id,
                )
            )
    _touch(event, now)
    session.flush()
    details: dict[str, Plain] = {"changed": ["speakers"], "sequence": event.sequence}
    trail.record(session, actor, "event.revised", "event", _id(event), now, details=details)


def hand_over(session: Session, actor: Actor, event: Event, organiser_id: int, now: datetime) -> None:
    """Let another institution organise *event* from now on; the former one stays as a co-organiser that has agreed.

    Its records stay with both. Rights have been seen by the caller, who tells those concerned. Locks the event, and its
    edition before. Raises AlreadyCancelled.
    """
    edition.hold(session, event)
    lock(session, Event, _id(event))
    if event.state is State.CANCELLED:
        raise rules.AlreadyCancelled
    former = event.organiser_id
    if former == organiser_id:
        return
    joined = session.get(EventParty, (_id(event), organiser_id))
    if joined is not None:
        session.delete(joined)
    left = session.get(EventParty, (_id(event), former)) or EventParty(
        event_id=_id(event), institution_id=former, part=Part.CO_ORGANISER
    )
    left.part, left.answer = Part.CO_ORGANISER, Answer.CONFIRMED
    left.answered_at, left.answered_by = now, actor.user_id
    session.add(left)
    event.organiser_id = organiser_id
    _touch(event, now)
    for row in series.occurrences(session, event):
        series.follow(row, event, event.changed_at)
    session.flush()
    details: dict[str, Plain] = {"organiser_id": organiser_id, "former_id": former}
    trail.record(session, actor, "event.handed_over", "event", _id(event), now, details=details)
    shelve(session, event, now)


def leave_out(session: Session, actor: Actor, event: Event, days: Collection[date], now: datetime) -> bool:
    """Let the dates of a draft on these *days* not take place, and all others take place; return whether it differs.

    Locks the place's institution, as publishing in the same act does, then the event. Raises NotYourEvent, NotADraft,
    NoDatesLeft.
    """
    availability.hold(session, event.place_institution_id, now)
    edition.hold(session, event)
    lock(session, Event, _id(event))
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.state is not State.DRAFT:
        raise rules.NotADraft
    changed = series.leave_out(session, event, days, now)
    edition.follow(session, event, now)
    if all(row.state is State.REMOVED for row in series.occurrences(session, event)):
        raise rules.NoDatesLeft
    if changed:
        _touch(event, now)
        details: dict[str, Plain] = {"changed": ["dates"], "sequence": event.sequence}
        trail.record(session, actor, "event.revised", "event", _id(event), now, details=details)
    return changed


def split(session: Session, actor: Actor, event: Event, start: datetime, now: datetime) -> Event:
    """End a published series before its date *start* (a wall time of its rule) and let a new event continue it.

    The dates from there on move to the new event with their ids. Call under the lock of the event and its dates.
    """
    part = series.begin_part(session, event, start, now)
    later = warsaw.to_utc(part.local_start) - warsaw.to_utc(event.local_start)
    for name in DEADLINES:  # they are said for the first date, and hold as long before every other
        if name == "signup_closes_at" and event.edition_id is not None:
            continue  # one day closes the sign-up for all sessions of an edition
        if (limit := getattr(event, name)) is not None:
            setattr(part, name, limit + later)
    part.uid = f"{part.uuid}@{site.hostname()}"
    event.sequence += 1
    _touch(event, now)
    part.changed_at = event.changed_at
    for row in (*series.occurrences(session, event), *series.occurrences(session, part)):
        row.changed_at = event.changed_at
    session.flush()
    details = {"part_id": _id(part), "sequence": event.sequence}
    trail.record(session, actor, "event.split", "event", _id(event), now, details=details)
    shelve(session, event, now)
    shelve(session, part, now)
    return part


def discard(session: Session, actor: Actor, event: Event, now: datetime) -> None:
    """Delete a draft that is not announced. Locks the place's institution, then the event, as publishing does.

    What leads to it lets go of it: whoever acts there holds the same institution. Raises NotYourEvent, NotADraft.
    """
    availability.hold(session, event.place_institution_id, now)
    edition.hold(session, event)
    if lock(session, Event, _id(event)) is None:
        raise rules.NotADraft
    if not rules.may_edit(actor, event):
        raise rules.NotYourEvent
    if event.state is not State.DRAFT:
        raise rules.NotADraft
    trail.record(session, actor, "event.discarded", "event", _id(event), now)
    session.exec(delete(EventParty).where(col(EventParty.event_id) == event.id))
    session.exec(delete(EventSpeaker).where(col(EventSpeaker.event_id) == event.id))
    session.exec(delete(Occurrence).where(col(Occurrence.event_id) == event.id))
    edition.follow(session, event, now)
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
    """Name *institution_id* as a co-organiser that a source knows of; it sees the event whatever its visibility."""
    party = EventParty(event_id=_id(event), institution_id=institution_id, part=Part.CO_ORGANISER)
    party.answer = Answer.OUTSIDE
    session.merge(party)
    session.flush()


def as_saved(session: Session, event: Event) -> EventDraft:
    """Give the values that *event* has, as a form would give them back unchanged."""
    copied = {one.name: getattr(event, one.name) for one in fields(EventDraft) if hasattr(event, one.name)}
    length = timedelta(minutes=event.minutes)
    ends = warsaw.to_local(warsaw.to_utc(event.local_start) + length).replace(tzinfo=None)
    named = session.exec(select(EventParty).where(EventParty.event_id == event.id)).all()
    said = select(EventSpeaker).where(EventSpeaker.event_id == event.id).order_by(col(EventSpeaker.position))
    return EventDraft(
        **copied
        | {
            "starts": event.local_start,
            "ends": ends,
            "rule": series.rule_of(event.rule),
            "audience": tuple(event.audience),
            "topics": tuple(event.topics),
            "co_organisers": tuple(one.institution_id for one in named if one.part is Part.CO_ORGANISER),
            "invited": tuple(one.institution_id for one in named if one.part is Part.INVITED),
            "speakers": tuple(
                Speaker(one.person, one.function, one.institution_id) for one in session.exec(said).all()
            ),
        }
    )


def has_place(event: Event) -> bool:
    """Whether the event says where it takes place."""
    return event.online or event.place_institution_id is not None or bool(event.place)


def gaps(event: Event) -> list[str]:
    """Name (as msgids) what *event* lacks before it can be published."""
    unprotected = rules.minors_open(
        children=event.children, checked_on=event.minors_checked_on, standards=event.minors_standards
    )
    return rules.missing(has_place=has_place(event), audience=event.audience, minors_open=unprotected)


def shelve(session: Session, event: Event, now: datetime) -> None:
    """Write the event's words and its iCalendar text, and raise the feeds that it stands in, or stood in before."""
    known = event.state in (State.PUBLISHED, State.CANCELLED)
    shown = known and event.visibility is Visibility.PUBLIC
    last = series.last_end(event, series.occurrences(session, event), now)
    named = _named(session, event) if known else ()
    written = items(session, event) if known else ()
    if event.state is not State.DRAFT:
        shelf.put_inner(session, _id(event), written, _concerned(event, named), last, now)
    shelf.put(session, _id(event), written if shown else (), _feeds(event, named) if shown else (), last, now)
    search.put(session, _id(event), found.texts(session, event), warsaw.today(last))


def shelve_inner(session: Session, event: Event, now: datetime) -> None:
    """Write what those concerned read of a published event, after a change of who they are that nobody else reads."""
    last = series.last_end(event, series.occurrences(session, event), now)
    shelf.put_inner(session, _id(event), items(session, event), _concerned(event, _named(session, event)), last, now)


def rebuild_shelf(session: Session, now: datetime) -> int:
    """Write anew the texts that an older version of the program wrote; return how many differ."""
    return shelf.rebuild(session, _written_anew(session, list(shelf_queries.outdated(session))), now)


def _written_anew(session: Session, event_ids: Sequence[int]) -> Iterator[tuple[int, Sequence[CalendarItem]]]:
    for number, event_id in enumerate(event_ids, 1):
        if number % _FORGOTTEN_AFTER == 0:  # a portal has a hundred thousand, which need not all lie in memory
            session.flush()
            session.expunge_all()
        yield event_id, items(session, session.get_one(Event, event_id))


def follow_cards(session: Session, institution_ids: Collection[int], now: datetime) -> int:
    """Write anew the texts of events that name one of these institutions or its address; return how many differ.

    Only what feeds still tell of: nobody reads the older ones again.
    """
    recent = select(Occurrence.event_id).where(Occurrence.ends_at > now - TOLD_FOR)
    named = or_(col(Event.organiser_id).in_(institution_ids), col(Event.place_institution_id).in_(institution_ids))
    events = session.exec(select(Event).where(named, col(Event.id).in_(recent)).order_by(col(Event.id))).all()
    written = [(_id(event), items(session, event)) for event in events]
    # The inner ones first, as everywhere: versions are raised in one order.
    return max(shelf.rebuild_inner(session, written, now), shelf.rebuild(session, written, now))


def publication(session: Session, event: Event) -> str:
    """Give the event as a calendar of its own, to be attached to a mail or downloaded: what its feeds say of it."""
    stored = shelf_queries.text(session, _id(event))
    return ical.calendar("", [stored]).decode() if stored else ical.publication(*items(session, event))


def item(session: Session, event: Event) -> CalendarItem:
    """Give the event as feeds and mails write it: without names of persons, without the online link."""
    return items(session, event)[0]


def items(session: Session, event: Event) -> tuple[CalendarItem, ...]:
    """Give the event as feeds and mails write it, of a series its master and then the dates that differ from it."""
    organiser = session.get_one(Institution, event.organiser_id)
    host = session.get(Institution, event.place_institution_id) if event.place_institution_id else None
    continued = session.get(Event, event.continues_id) if event.continues_id else None
    rows = [row for row in series.occurrences(session, event) if not series.is_off(row)]
    rhythm = series.Rhythm.of(event)
    single = next((row for row in rows if row.state is not State.REMOVED), None) if rhythm.rule is None else None
    starts_at, ends_at = (single.starts_at, single.ends_at) if single else rhythm.span(event.local_start)
    master = CalendarItem(
        uid=event.uid or f"{event.uuid}@{site.hostname()}",
        sequence=event.sequence,
        title=_marked(event, (single.title if single else None) or event.title),
        description=_lines(event, organiser, event.cancel_reason),
        location=place_line(event, host),
        url=site.absolute(f"/wydarzenia/{event.uuid}"),
        starts_at=starts_at,
        ends_at=ends_at,
        all_day=event.all_day,
        local_date_start=event.local_start.date(),
        # Inclusive: an all-day event ends at the midnight after its last day.
        local_date_end=warsaw.today(ends_at - timedelta(minutes=1)),
        created=event.created_at,
        modified=event.changed_at,
        cancelled=event.state is State.CANCELLED,
        categories=(rules.KIND_LABEL_PL[event.kind],),
        rule=event.rule or "",
        left_out=tuple(row.original_local for row in rows if row.state is State.REMOVED) if event.rule else (),
        continues=(continued.uid if continued else "") or "",
    )
    if event.rule is None:
        return (master,)
    differ = (row for row in rows if row.state is not State.REMOVED and _differs(row, event))
    return (master, *(_override(session, master, event, organiser, row) for row in differ))


def _differs(row: Occurrence, event: Event) -> bool:
    cancelled = (row.state is State.CANCELLED, event.state is State.CANCELLED)
    return row.moved or row.title is not None or cancelled[0] != cancelled[1]


def _override(
    session: Session,
    master: CalendarItem,
    event: Event,
    organiser: Institution,
    row: Occurrence,
) -> CalendarItem:
    reason = row.cancel_reason or event.cancel_reason if row.state is State.CANCELLED else ""
    location = master.location
    if row.place is not None:
        own = session.get(Institution, row.place_institution_id) if row.place_institution_id else None
        location = _place_line(own, row.place, row.room or "", online=event.online)
    return replace(
        master,
        sequence=max(row.sequence, 0),
        title=_marked(event, row.title or event.title),
        description=_lines(event, organiser, reason),
        location=location,
        url=site.absolute(f"/wydarzenia/{event.uuid}/{row.local_date}"),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        local_date_start=row.local_date,
        local_date_end=warsaw.today(row.ends_at - timedelta(minutes=1)),
        modified=row.changed_at,
        cancelled=row.state is State.CANCELLED,
        rule="",
        left_out=(),
        replaces=row.original_local,
        continues="",
    )


def _marked(event: Event, title: str) -> str:
    return title + (" (dane przykładowe)" if event.synthetic else "")


def _lines(event: Event, organiser: Institution, reason: str) -> str:
    lines = ["Dane przykładowe. To wydarzenie jest zmyślone."] if event.synthetic else []
    if reason:
        lines.append(f"Odwołane: {reason}")
    lines.append(f"Organizator: {organiser.name}")
    lines += [f"• {topic}" for topic in event.topics]
    return "\n".join(lines)


def place_line(event: Event, host: Institution | None) -> str:
    """Give the place as one line: room, institution with its address, or the place in words, or "online"."""
    return _place_line(host, event.place, event.room, online=event.online)


def _place_line(host: Institution | None, place: str, room: str, *, online: bool) -> str:
    if host is not None:
        street = " ".join(part for part in (host.street, host.postal_code, host.post_town) if part)
        parts = [host.name, room, street]
    else:
        parts = [place, room]
    if online:
        parts.append("online")
    return ", ".join(part for part in parts if part)


def _announce(session: Session, actor: Actor, event: Event, now: datetime) -> None:
    event.state = State.PUBLISHED
    event.published_at = now
    event.uid = event.uid or f"{event.uuid}@{site.hostname()}"
    _touch(event, now)
    for occurrence in series.occurrences(session, event):
        series.follow(occurrence, event, event.changed_at)
    session.flush()
    edition.follow(session, event, now)
    details = {"visibility": event.visibility.value, "kind": event.kind.value}
    trail.record(session, actor, "event.published", "event", _id(event), now, details=details)
    shelve(session, event, now)


@dataclass(frozen=True, slots=True)
class _Party:
    """An institution beside the organiser, and what it said; *stands*: it is named as one that takes part."""

    institution_id: int
    part: Part
    answer: Answer | None
    stands: bool


def _named(session: Session, event: Event) -> Sequence[_Party]:
    named = session.exec(select(EventParty).where(EventParty.event_id == event.id)).all()
    return [
        _Party(one.institution_id, one.part, one.answer, rules.stands(one.answer, answered=one.answered_at is not None))
        for one in named
    ]


def _feeds(event: Event, named: Sequence[_Party]) -> list[tuple[FeedKind, int]]:
    owners = {
        event.organiser_id,
        *(one.institution_id for one in named if one.part is Part.CO_ORGANISER and one.stands),
    }
    if event.place_institution_id is not None:
        owners.add(event.place_institution_id)
    feeds = [(FeedKind.PUBLIC, 0), *((FeedKind.INSTITUTION, owner) for owner in sorted(owners))]
    if event.programme_id is not None:
        feeds.append((FeedKind.PROGRAMME, event.programme_id))
    return feeds


def _concerned(event: Event, named: Sequence[_Party]) -> set[int]:
    """Name the institutions in whose people's calendars the event stands: inner.agree says the same for all events."""
    owners = {event.organiser_id, *(one.institution_id for one in named if one.answer is not Answer.DECLINED)}
    return owners | ({event.place_institution_id} if event.place_institution_id is not None else set())


def _columns(wanted: EventDraft) -> dict[str, Any]:
    columns = {name: getattr(wanted, name) for name in EventDraft.__slots__ if name not in _NOT_COPIED}
    columns["audience"] = list(wanted.audience)
    columns["topics"] = list(wanted.topics)
    columns["rule"] = recurrence.to_text(wanted.rule, all_day=wanted.all_day) if wanted.rule else None
    columns["local_start"] = wanted.starts
    columns["minutes"] = rules.minutes_between(wanted.starts, wanted.ends)
    return columns


def _settled(wanted: EventDraft) -> EventDraft:
    if wanted.rule is None:
        return wanted
    starts, ends = series.settled(wanted.rule, wanted.starts, wanted.ends, all_day=wanted.all_day)
    return replace(wanted, starts=starts, ends=ends)


def _changed_date(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> None:
    # The master's stamps rise with every change of a date: programs skip an event whose own did not grow.
    event.sequence += 1
    _touch(event, now)
    occurrence.sequence = event.sequence
    occurrence.changed_at = event.changed_at
    session.flush()
    edition.follow(session, event, now)
    shelve(session, event, now)


def _name_parties(session: Session, event: Event, wanted: EventDraft) -> set[str]:
    """Let the parties be those that the form names and the host of the place; return what differs from before.

    Who stays in the same part keeps the answer that was given.
    """
    host_id, organiser_id = event.place_institution_id, event.organiser_id
    named = {*wanted.invited, *wanted.co_organisers, *([host_id] if host_id else [])} - {organiser_id}
    parts = {one: rules.part_of(one, place_id=host_id, co_organisers=wanted.co_organisers) for one in named}
    present = {
        party.institution_id: party
        for party in session.exec(select(EventParty).where(EventParty.event_id == event.id)).all()
    }
    changed: set[str] = set()
    for institution_id, party in present.items():
        if institution_id not in parts:
            changed.add(_NAMED_AS[party.part])
            session.delete(party)
        elif party.part is not parts[institution_id]:
            changed |= {_NAMED_AS[party.part], _NAMED_AS[parts[institution_id]]}
            party.part = parts[institution_id]
    for institution_id in sorted(parts.keys() - present.keys()):
        changed.add(_NAMED_AS[parts[institution_id]])
        session.add(EventParty(event_id=_id(event), institution_id=institution_id, part=parts[institution_id]))
    session.flush()
    return changed - {""}


def _name_speakers(session: Session, event: Event, wanted: Sequence[Speaker], now: datetime) -> bool:
    statement = select(EventSpeaker).where(EventSpeaker.event_id == event.id).order_by(col(EventSpeaker.position))
    present = session.exec(statement).all()
    if [Speaker(one.person, one.function, one.institution_id) for one in present] == list(wanted):
        return False
    if event.rule is not None and event.state is State.PUBLISHED:
        _keep_speakers(session, event, present, now)
    for gone in present:
        session.delete(gone)
    for position, one in enumerate(wanted):
        session.add(
            EventSpeaker(
                event_id=_id(event),
                position=position,
                person=one.person,
                function=one.function,
                institution_id=one.institution_id,
            )
        )
    session.flush()
    return True


def _keep_speakers(session: Session, event: Event, present: Sequence[EventSpeaker], now: datetime) -> None:
    """Let the dates of a series that have begun go on saying who led them."""
    own = select(OccurrenceSpeaker.occurrence_id).join(Occurrence).where(Occurrence.event_id == event.id)
    known = set(session.exec(own).all())
    for row in series.occurrences(session, event):
        if row.starts_at <= now and row.id not in known and row.state is not State.REMOVED:
            named = (one.model_dump(exclude={"id", "event_id"}) for one in present)
            session.add_all(OccurrenceSpeaker(occurrence_id=row.id or 0, **one) for one in named)


def _with_room(session: Session, wanted: EventDraft) -> EventDraft:
    """Give the values with the room's name, which feeds and mails write. Raises RoomElsewhere."""
    if wanted.room_id is None:
        return wanted
    room = session.get(Room, wanted.room_id)
    if room is None or room.institution_id != wanted.place_institution_id:
        raise rules.RoomElsewhere
    return replace(wanted, room=room.name)


def _consent(session: Session, organiser_id: int, wanted: EventDraft, event: Event | None) -> Consent | None:
    place_id = wanted.place_institution_id
    place = session.get_one(Institution, place_id) if place_id is not None else None
    return rules.consent_of(
        place.kind.value if place else "",
        own_place=place_id == organiser_id,
        wanted=wanted.consent,
        present=event.consent if event else None,
        moved=event is not None and event.place_institution_id != place_id,
    )


def _first(session: Session, event: Event) -> Occurrence:
    """Give the first date that takes place."""
    rows = [row for row in series.occurrences(session, event) if row.state is not State.REMOVED]
    return min(rows, key=lambda row: row.starts_at)


def _wall(instant: datetime) -> datetime:
    return warsaw.to_local(instant).replace(tzinfo=None)


def _touch(event: Event, now: datetime) -> None:
    # Whole seconds: iCalendar stamps have no fractions, and LAST-MODIFIED must grow with every change.
    stamp = now.astimezone(UTC).replace(microsecond=0)
    event.changed_at = stamp if stamp > event.changed_at else event.changed_at + timedelta(seconds=1)
    event.revision += 1


def _id(event: Event) -> int:
    if event.id is None:
        raise LookupError("the event has not been stored yet")
    return event.id
