"""Verbs of sessions: plan an edition in one act, make up for a session, set topics and who leads, call all off."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlmodel import Session

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import insert_all, lock
from events import recurrence
from events.calendar import actions as calendar
from events.calendar import clashes, parties, series
from events.calendar import edition as row_of_edition
from events.calendar import queries as calendar_queries
from events.calendar import rules as calendar_rules
from events.calendar.clashes import Findings, Held, Span
from events.calendar.models import Consent, Event, EventKind, Occurrence, SignUpScope, State
from events.calendar.rules import EventDraft, Speaker
from events.changes import actions as changes
from events.changes import calendars
from events.changes import queries as change_queries
from events.changes.rules import Scope
from events.gate import actions as gate
from events.sessions import mail, queries, rules
from events.sessions.models import EditionSession
from events.sessions.rules import Layout, LeftOut, PlanDraft, PlanLine
from events.signups import series as signups
from partners.availability import actions as availability
from partners.availability import queries as availability_queries
from partners.availability.rules import Blocked
from partners.institutions import queries as institutions
from partners.institutions import workdays
from partners.people import queries as people
from projects.editions import actions as editions
from projects.editions import rules as edition_rules
from projects.editions.models import Edition
from projects.programmes import queries as programmes
from projects.programmes.models import Programme

# A form posted twice makes one plan: the address of its event is made of the key that only that form knows.
_KEYS = UUID("6f2c1f0e-6f5e-4c0f-9b55-3d1c8a5c7d21")
_SAME_NAMES = (
    "title", "place_institution_id", "place", "room", "room_id", "online", "online_link", "voivodeship_code",
    "audience", "visibility", "participants", "capacity", "split", "admission", "promotion", "offer_hours",
    "withdraw_until", "children", "minors_checked_on", "minors_standards", "contact",
)  # fmt: skip


OnHold = Callable[[Sequence[Span]], Sequence[Held]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan would make: its dates with what is left out, and what stands in their way.

    *asks* is the name of the house that has to agree first, "" where the sessions are published at once.
    """

    lines: tuple[PlanLine, ...]
    findings: Findings
    asks: str = ""

    @property
    def sessions(self) -> tuple[PlanLine, ...]:
        """The dates that take place."""
        return tuple(one for one in self.lines if one.number is not None)

    @property
    def left_out(self) -> tuple[PlanLine, ...]:
        """The dates that do not."""
        return tuple(one for one in self.lines if one.number is None)


def preview(
    session: Session, actor: Actor, edition: Edition, wanted: PlanDraft, now: datetime, *, held: OnHold | None = None
) -> Plan:
    """Lay the sessions out without saving anything, and check them as an event's dates are checked.

    *held* gives the rooms that wait for an answer, of which another room of the house knows. Raises PlannedAlready,
    and what rules.lay_out and recurrence.check raise.
    """
    if queries.has_plan(session, edition.id or 0):
        raise rules.PlannedAlready
    layout = _laid_out(session, wanted, now)
    event = Event(
        title=wanted.title,
        place_institution_id=wanted.place_institution_id,
        organiser_id=actor.institution_id or 0,
        local_start=layout.sessions[0].starts,
        kind=EventKind.OTHER,
        minutes=calendar_rules.minutes_between(wanted.starts, wanted.ends),
        created_at=now,
        changed_at=now,
    )
    spans = [_span(line, wanted) for line in layout.sessions]
    busy = change_queries.elsewhere(session, actor, event, spans, speakers=wanted.speakers)
    found = clashes.find(session, actor, event, spans, people=busy, held=held(spans) if held else ())
    host_id = wanted.place_institution_id
    asks = host_id is not None and host_id != actor.institution_id
    return Plan(layout.lines, found, institutions.names(session, [host_id or 0]).get(host_id or 0, "") if asks else "")


def plan(session: Session, actor: Actor, edition: Edition, wanted: PlanDraft, now: datetime, *, key: str = "") -> Event:
    """Make all sessions of an edition in one act: one series, or a single event for one session.

    Confirmed partners stand on it as invited. In another house the host is asked and it stays a draft; elsewhere it is
    published. A second post of the same form (*key*) returns what the first made. Locks the place's institution, the
    programme and the edition. Raises NotYourEdition, NotPublished, ProjectOver, OverAlready, PlannedAlready, what
    rules.lay_out raises and what drafting, asking and publishing an event raise.
    """
    availability.hold(session, wanted.place_institution_id, now)
    programme = _begin(session, actor, edition)
    uuid = uuid5(_KEYS, f"{edition.id}:{key}") if key else None
    made = queries.event_by_key(session, uuid) if uuid else None
    if made is not None:
        return made
    edition_rules.check_running(programme)
    if queries.has_plan(session, edition.id or 0):
        raise rules.PlannedAlready
    layout = _laid_out(session, wanted, now)
    first = layout.sessions[0]
    calendar_rules.check_future(first.starts, now)
    event = calendar.draft(session, actor, _draft_of(session, programme, edition, wanted, layout), now, uuid=uuid)
    out = {line.day for line in layout.lines[layout.lines.index(first) :] if line.number is None}
    if out:
        calendar.leave_out(session, actor, event, out, now)
    _number(session, actor, edition, event, layout.sessions, now)
    _settle(session, edition, event, now)
    details: dict[str, Plain] = {"event_id": event.id, "sessions": wanted.sessions}
    trail.record(session, actor, "edition.planned", "edition", edition.id or 0, now, details=details)
    _publish_or_ask(session, actor, event, now)
    return event


def make_up(
    session: Session,
    actor: Actor,
    edition: Edition,
    occurrence_id: int,
    starts: datetime,
    ends: datetime,
    now: datetime,
    *,
    room: str | None = None,
    room_id: int | None = None,
) -> Event:
    """Plan a session instead of one that was cancelled or not held: an event of its own with its number and topic.

    It takes place where the other would have, in its room unless another is given; who is signed up for the edition
    comes to it, too. The same twice makes one. In another house the host is asked first. Locks as plan does. Raises
    NotYourEdition, NotASession, NothingToMakeUp, MadeUpAlready, OverAlready and what plan raises of its event.
    """
    missed = session.get(Occurrence, occurrence_id)
    availability.hold(session, missed.place_institution_id if missed else None, now)
    _begin(session, actor, edition)
    said = session.get(EditionSession, occurrence_id)
    missed = lock(session, Occurrence, occurrence_id)
    if missed is None or said is None or said.edition_id != edition.id:
        raise rules.NotASession
    there = queries.made_up(session, occurrence_id)
    if there is not None:
        if there.starts_at == warsaw.to_utc(starts):
            return session.get_one(Event, there.event_id)
        raise rules.MadeUpAlready
    if not rules.can_be_made_up(missed):
        raise rules.NothingToMakeUp
    whole = session.get_one(Event, missed.event_id)
    wanted = _instead(session, whole, missed, starts, ends)
    if room is not None or room_id is not None:
        wanted = replace(wanted, room=room or "", room_id=room_id)
    calendar_rules.check_future(starts, now)
    event = calendar.draft(session, actor, wanted, now)
    line = PlanLine(starts, ends, said.number, said.topic)
    _number(session, actor, edition, event, [line], now, makes_up_for_id=occurrence_id)
    _settle(session, edition, event, now)
    details: dict[str, Plain] = {"event_id": event.id, "occurrence_id": occurrence_id}
    trail.record(session, actor, "edition.made_up", "edition", edition.id or 0, now, details=details)
    _publish_or_ask(session, actor, event, now)
    bring_along(session, event, now)
    return event


def bring_along(session: Session, event: Event, now: datetime) -> int:
    """Put whoever is signed up for the edition on a published catch-up session, and tell them; return how many rows."""
    if event.state is not State.PUBLISHED:
        return 0
    number = 0
    for made in series.occurrences(session, event):
        said = session.get(EditionSession, made.id)
        joined = signups.join_new_dates(session, event, [made], now)
        if joined and said is not None:
            missed = session.get(Occurrence, said.makes_up_for_id) if said.makes_up_for_id else None
            mail.made_up(session, event, made, missed, now)
        number += joined
    return number


def set_topics(session: Session, actor: Actor, edition: Edition, topics: Mapping[int, str], now: datetime) -> int:
    """Give sessions, by their numbers, other topics; return how many dates are called otherwise now.

    What has begun goes on being called as it was. Locks programme, edition and its events. Raises NotYourEdition,
    OverAlready.
    """
    _begin(session, actor, edition)
    rows = {row.id: row for row in queries.dates_of(session, edition.id or 0)}
    changed: dict[int, dict[int | None, str]] = {}
    for said in queries.sessions_of(session, edition.id or 0):
        row = rows.get(said.occurrence_id)
        ahead = row is not None and row.starts_at > now and row.state in (State.DRAFT, State.PUBLISHED)
        if row is not None and ahead and topics.get(said.number, said.topic) != said.topic:
            said.topic = topics[said.number]
            changed.setdefault(row.event_id, {})[row.id] = said.topic
    if not changed:
        return 0
    session.flush()
    events = _locked(session, changed)
    number = sum(_retitle(session, actor, event, changed[event.id or 0], now) for event in events)
    details: dict[str, Plain] = {"number": number}
    trail.record(session, actor, "edition.topics_set", "edition", edition.id or 0, now, details=details)
    return number


def set_speakers(
    session: Session,
    actor: Actor,
    edition: Edition,
    occurrence_id: int,
    scope: Scope,
    speakers: Sequence[Speaker],
    now: datetime,
) -> int:
    """Say who leads a date, it and the following ones, or all that are still to come; return how many dates change.

    THIS and FOLLOWING name them for those dates alone; ALL says it for the events of the edition, and dates that have
    begun keep who led them. Entry lists follow. Locks programme, edition and its events. Raises NotYourEdition,
    OverAlready, NotASession, NobodyLeads.
    """
    _begin(session, actor, edition)
    events = [
        one
        for one in _locked(session, [one.id or 0 for one in queries.events_of(session, edition.id or 0)])
        if one.state is not State.CANCELLED
    ]
    by_id = {one.id: one for one in events}
    stands = (State.DRAFT, State.PUBLISHED)
    dates = [
        row
        for row in queries.dates_of(session, edition.id or 0)
        if row.event_id in by_id and row.state in stands and row.starts_at > now
    ]
    chosen = next((row for row in dates if row.id == occurrence_id), None)
    if chosen is None:
        raise rules.NotASession
    if not speakers and scope is not Scope.ALL:
        raise rules.NobodyLeads
    if scope is Scope.THIS:
        dates = [chosen]
    elif scope is Scope.FOLLOWING:
        dates = [row for row in dates if row.starts_at >= chosen.starts_at]
    number = 0
    for event in events:
        own = [row for row in dates if row.event_id == event.id]
        number += _lead(session, actor, event, own, speakers, now, whole=scope is Scope.ALL) if own else 0
    if number:
        details: dict[str, Plain] = {"number": number}
        trail.record(session, actor, "edition.speakers_set", "edition", edition.id or 0, now, details=details)
    return number


def call_off(session: Session, actor: Actor, edition: Edition, reason: str, now: datetime) -> int:
    """Cancel all sessions that are still to come and close the edition as called off; return how many were told.

    Drafts are deleted. What took place stays. Locks the places' institutions, programme, edition, events and dates.
    Raises NotYourEdition, OverAlready and what changes.actions.cancel raises.
    """
    for place_id in sorted({one.place_institution_id or 0 for one in queries.events_of(session, edition.id or 0)}):
        availability.hold(session, place_id or None, now)
    _begin(session, actor, edition)
    told = 0
    for event in queries.events_of(session, edition.id or 0):
        if event.state is State.DRAFT:
            calendar.discard(session, actor, event, now)
        elif event.state is State.PUBLISHED and _has_coming(session, event, now):
            told += changes.cancel(session, actor, event, reason, now)
    editions.cancel(session, actor, edition, now)
    return told


def number_dates(session: Session, edition_id: int, now: datetime) -> int:
    """Put numbers and topics right after dates were made, left out or dropped; return how many dates changed theirs.

    While nothing is published, the dates are numbered in the order of time. Later new dates take over from those that
    the rhythm has no more, and all others keep what they have. Locks programme, edition and events.
    """
    found = session.get(Edition, edition_id)
    if found is None:
        return 0
    lock(session, Programme, found.programme_id)
    edition = lock(session, Edition, edition_id)
    events = {one.id: one for one in queries.events_of(session, edition_id)}
    if edition is None or not events:
        return 0
    rows = queries.dates_of(session, edition_id)
    said = {one.occurrence_id: one for one in queries.sessions_of(session, edition_id)}
    stand = [row.id or 0 for row in rows if not _is_gone(row)]
    gone = [said[row.id or 0] for row in rows if _is_gone(row) and row.id in said]
    topics = {one.number: one.topic for one in said.values()}
    if all(one.state is State.DRAFT for one in events.values()):
        given = dict(zip(stand, range(1, len(stand) + 1), strict=True))
    else:
        known = [(one, said[one].number) for one in stand if one in said]
        given = rules.numbered(known, [one.number for one in gone], [one for one in stand if one not in said])
    for one in gone:
        session.delete(one)
    session.flush()
    changed: dict[int, dict[int | None, str]] = {}
    of_event = {row.id or 0: row.event_id for row in rows}
    for key, number in given.items():
        row = said.get(key) or EditionSession(occurrence_id=key, edition_id=edition_id, number=0)
        if row.number != number or key not in said:
            row.number, row.topic = number, topics.get(number, "")
            session.add(row)
            changed.setdefault(of_event[key], {})[key] = row.topic
    session.flush()
    for event in _locked(session, [one for one in changed if events[one].state is not State.CANCELLED]):
        _retitle(session, Actor.system(), event, changed[event.id or 0], now)
    _settle(session, edition, max(events.values(), key=lambda one: one.id or 0), now)
    return sum(len(one) for one in changed.values())


def invite(session: Session, event_id: int, institution_ids: Sequence[int], now: datetime) -> int:
    """Let partners who have agreed since stand on the sessions as invited; return how many.

    Locks programme, edition and event.
    """
    event = session.get(Event, event_id)
    if event is None:
        return 0
    row_of_edition.hold(session, event)
    _locked(session, [event_id])
    if event.state not in (State.DRAFT, State.PUBLISHED):
        return 0
    saved = calendar.as_saved(session, event)
    new = tuple(one for one in institution_ids if one not in (*saved.invited, *saved.co_organisers))
    calendar.revise(session, Actor.system(), event, replace(saved, invited=(*saved.invited, *new)), now)
    return len(new)


def let_go(session: Session, event_id: int, institution_ids: Sequence[int], now: datetime) -> int:
    """Take former partners off the invited of sessions; return how many. Locks programme, edition and event."""
    event = session.get(Event, event_id)
    if event is None:
        return 0
    row_of_edition.hold(session, event)
    _locked(session, [event_id])
    if event.state not in (State.DRAFT, State.PUBLISHED):
        return 0
    saved = calendar.as_saved(session, event)
    stay = tuple(one for one in saved.invited if one not in institution_ids)
    calendar.revise(session, Actor.system(), event, replace(saved, invited=stay), now)
    return len(saved.invited) - len(stay)


def _begin(session: Session, actor: Actor, edition: Edition) -> Programme:
    programme = lock(session, Programme, edition.programme_id)
    lock(session, Edition, edition.id or 0)
    if programme is None or not edition_rules.may_edit(actor, programme):
        raise edition_rules.NotYourEdition
    if edition_rules.is_over(edition.state):
        raise edition_rules.OverAlready
    return programme


def _locked(session: Session, event_ids: Collection[int]) -> list[Event]:
    found = [lock(session, Event, event_id) for event_id in sorted(event_ids)]
    events = [one for one in found if one is not None]
    calendars.hold(session, [one.id or 0 for one in events if one.state is not State.DRAFT])
    return events


def _laid_out(session: Session, wanted: PlanDraft, now: datetime) -> Layout:
    calendar_rules.check_times(wanted.starts, wanted.ends)
    until = recurrence.horizon(warsaw.today(now), wanted.starts.date())
    layout = rules.lay_out(wanted, until, reasons(session, wanted, until))
    if layout.rule is not None:
        first = layout.sessions[0]
        recurrence.check(layout.rule, first.starts, first.ends)
    return layout


def closed_days(session: Session, place_id: int | None, first: date) -> Callable[[date], LeftOut | None]:
    """Give what says of a day why a catch-up session is not suggested for it: holidays, blocked days of the place."""
    until = recurrence.horizon(first, first)
    periods = availability_queries.standing(session, {place_id}, first, until) if place_id is not None else []
    return _why([one for one in periods if one.room_id is None], holidays=True)


def reasons(session: Session, wanted: PlanDraft, until: date) -> Callable[[date], LeftOut | None]:
    """Give what says of a day whether a plan leaves it out, in at most one statement."""
    place_id, first = wanted.place_institution_id, wanted.starts.date()
    periods: list[Blocked] = []
    if wanted.skip_blocked and place_id is not None:
        periods = [
            one
            for one in availability_queries.standing(session, {place_id}, first, until)
            if one.room_id is None or one.room_id == wanted.room_id
        ]
    return _why(periods, holidays=wanted.skip_holidays)


def _why(periods: Sequence[Blocked], *, holidays: bool) -> Callable[[date], LeftOut | None]:
    def why(day: date) -> LeftOut | None:
        if holidays and workdays.holiday_name(day, "pl"):
            return LeftOut.HOLIDAY
        return LeftOut.BLOCKED if any(one.holds(day, day) for one in periods) else None

    return why


def _shared(wanted: PlanDraft) -> dict[str, Any]:
    """Give what an event copies from the plan as it stands."""
    return {name: getattr(wanted, name) for name in _SAME_NAMES}


def _draft_of(
    session: Session, programme: Programme, edition: Edition, wanted: PlanDraft, layout: Layout
) -> EventDraft:
    first, host_id = layout.sessions[0], wanted.place_institution_id
    circle = programmes.circle_ids(session, programme.id or 0) - {programme.lead_id, host_id}
    return EventDraft(
        **_shared(wanted),
        kind=rules.EVENT_KIND[programme.kind],
        starts=first.starts,
        ends=first.ends,
        rule=layout.rule,
        description=programme.summary,
        programme_id=programme.id,
        edition_id=edition.id,
        signup_scope=SignUpScope.SERIES,
        signup_opens_at=wanted.opens_at,
        signup_closes_at=wanted.closes_at,
        speakers=wanted.speakers,
        invited=tuple(one for one in sorted(circle) if people.has_people(session, one)),
    )


def _number(
    session: Session,
    actor: Actor,
    edition: Edition,
    event: Event,
    lines: Sequence[PlanLine],
    now: datetime,
    *,
    makes_up_for_id: int | None = None,
) -> None:
    """Write number and topic beside each date of a draft, and call the dates after their topics."""
    rows = {row.original_local: row.id or 0 for row in series.occurrences(session, event)}
    insert_all(
        session,
        EditionSession,
        [
            {
                "occurrence_id": rows[line.starts],
                "edition_id": edition.id or 0,
                "number": line.number or 0,
                "topic": line.topic,
                "makes_up_for_id": makes_up_for_id,
            }
            for line in lines
        ],
    )
    titles: dict[int | None, str | None] = {
        rows[line.starts]: calendar_rules.titled(event.title, line.topic) for line in lines
    }
    calendar.name_dates(session, actor, event, titles, now)


def _publish_or_ask(session: Session, actor: Actor, event: Event, now: datetime) -> None:
    """Publish what nobody else has to agree to; else ask those who can answer in Kładka."""
    if calendar_queries.not_agreed(session, event.id or 0):
        with suppress(calendar_rules.NobodyToAsk):  # agreed by letter: the lead notes it and publishes
            parties.ask(session, actor, event, now)
    else:
        calendar.publish(session, actor, event, now)


def _instead(session: Session, whole: Event, missed: Occurrence, starts: datetime, ends: datetime) -> EventDraft:
    saved = calendar.as_saved(session, whole)
    later = warsaw.to_utc(starts) - warsaw.to_utc(whole.local_start)
    # One day closes the sign-up for all sessions of an edition; one may withdraw as long before each of them.
    withdraw = saved.withdraw_until + later if saved.withdraw_until is not None else None
    own = missed.place is not None
    place: dict[str, Any] = {
        "place_institution_id": missed.place_institution_id,
        "place": missed.place or "",
        "room": missed.room or "",
        "room_id": missed.room_id,
    }
    said = calendar_queries.speakers_on(session, whole.id or 0, missed.id or 0)
    return replace(
        saved,
        starts=starts,
        ends=ends,
        rule=None,
        part_of_id=None,
        consent=Consent.NOT_NEEDED if saved.consent is Consent.NOT_NEEDED else None,
        speakers=tuple(Speaker(one.person, one.function, one.institution_id) for one in said),
        withdraw_until=withdraw,
        **(place if own else {}),
    )


def _retitle(session: Session, actor: Actor, event: Event, topics: Mapping[int | None, str], now: datetime) -> int:
    titles = {key: calendar_rules.titled(event.title, topic) for key, topic in topics.items()}
    number = len(calendar.name_dates(session, actor, event, titles, now))
    if event.state is State.PUBLISHED:
        calendars.tell(session, [event.id or 0], now)
    return number


def _lead(
    session: Session,
    actor: Actor,
    event: Event,
    dates: Sequence[Occurrence],
    speakers: Sequence[Speaker],
    now: datetime,
    *,
    whole: bool,
) -> int:
    saved = calendar.as_saved(session, event)
    before = calendar_queries.speakers_of(session, event.id or 0, [row.id or 0 for row in dates])
    others = [row for row in dates if _said(before[row.id or 0]) != tuple(speakers)]
    own = [row.id or 0 for row in dates if any(one.key < 0 for one in before[row.id or 0])]
    if whole:
        if saved.speakers != tuple(speakers):
            calendar.revise(session, actor, event, replace(saved, speakers=tuple(speakers)), now)
        elif not others:
            return 0
        if own:
            calendar.name_speakers(session, actor, event, own, (), now)
    elif others:
        as_event = saved.speakers == tuple(speakers)
        ids = [row.id or 0 for row in others]
        calendar.name_speakers(session, actor, event, ids, () if as_event else speakers, now)
    gate.speakers(session, actor, event, others, now)
    return len(others)


def _said(speaking: Sequence[calendar_queries.DateSpeaker]) -> tuple[Speaker, ...]:
    return tuple(Speaker(one.person, one.function, one.institution_id) for one in speaking)


def _settle(session: Session, edition: Edition, event: Event, now: datetime) -> None:
    """Let the edition say how many sessions it has, and follow its dates otherwise."""
    rows = {row.id: row for row in queries.dates_of(session, edition.id or 0)}
    said = queries.sessions_of(session, edition.id or 0)
    numbers = {one.number for one in said if not _is_gone(rows[one.occurrence_id])}
    row_of_edition.follow(session, event, now, sessions=len(numbers))


def _is_gone(row: Occurrence) -> bool:
    return row.state is State.REMOVED or series.is_off(row)


def _has_coming(session: Session, event: Event, now: datetime) -> bool:
    return any(row.state is State.PUBLISHED and row.ends_at > now for row in series.occurrences(session, event))


def _span(line: PlanLine, wanted: PlanDraft) -> Span:
    return Span(
        line.starts_at,
        line.ends_at,
        line.day,
        calendar_rules.last_day(line.starts, line.ends),
        wanted.place_institution_id,
        wanted.room_id,
        wanted.room,
    )
