"""Verbs of duty hours: plan, publish, put on duty, book, withdraw, substitute, cancel a date, set a proposal aside."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from app.errors import Conflict
from events.calendar import actions as calendar
from events.calendar import parties
from events.calendar import rules as calendar_rules
from events.calendar.models import Event, EventKind, EventSpeaker, Occurrence, SignUpScope, State, Visibility
from events.calendar.rules import EventDraft, Speaker
from events.changes import actions as changes
from events.changes.rules import Scope
from events.duty import mail, queries, rules
from events.duty.models import DutyBooking, DutyHintSetAside, Hint
from events.duty.rules import DutyDraft
from events.signups import actions as signups
from events.signups import names
from events.signups import series as series_signups
from events.signups.models import SignUp
from events.signups.rules import Person, Wanted
from partners.availability import actions as availability
from partners.people import queries as people


def plan(session: Session, actor: Actor, wanted: DutyDraft, now: datetime, *, uuid: UUID | None = None) -> Event:
    """Draft duty hours of the actor's centre in a unit, and ask the unit to confirm where somebody there can answer.

    Who is on duty stands on the draft as its speaker until it is published. *uuid* is given by the demo loader only.
    Raises NotACentre, NoSlots, NobodyOnDuty,
    NoDates and what calendar.actions.draft and leave_out raise.
    """
    if not rules.may_plan(actor):
        raise rules.NotACentre
    rules.check_slots(wanted.starts, wanted.ends, wanted.slot_minutes)
    if wanted.who is None or not wanted.who.name.strip():
        raise rules.NobodyOnDuty
    days = {one.date() for one in rules.planned(wanted.rule, wanted.starts)}
    if days <= wanted.left_out:
        raise rules.NoDates
    draft = EventDraft(
        title=wanted.title,
        kind=EventKind.DUTY_HOURS,
        starts=wanted.starts,
        ends=wanted.ends,
        rule=wanted.rule,
        place_institution_id=wanted.unit_id,
        room=wanted.room,
        room_id=wanted.room_id,
        voivodeship_code=wanted.voivodeship_code,
        audience=wanted.audience,
        visibility=Visibility.INVITED,
        clause_id=wanted.clause_id,
        signup_scope=SignUpScope.SERIES,
        speakers=(Speaker(wanted.who.name, wanted.who.function, actor.institution_id),),
        slot_minutes=wanted.slot_minutes,
        slot_persons=wanted.slot_persons,
    )
    event = calendar.draft(session, actor, draft, now, uuid=uuid)
    if wanted.left_out & days:
        calendar.leave_out(session, actor, event, wanted.left_out & days, now)
    if actor.admitted and people.coordinators(session, wanted.unit_id):
        parties.ask(session, actor, event, now)
    return event


def publish(session: Session, actor: Actor, event: Event, now: datetime) -> None:
    """Publish confirmed duty hours, and sign up for all dates who stands on the draft as the one on duty.

    From then on the gate, substitutions and reminders go by the sign-up. Locks the unit, then the event and its
    dates. Raises what calendar.actions.publish and signing up raise.
    """
    availability.hold(session, event.place_institution_id, now)
    lock(session, Event, event.id or 0)
    if not rules.may_run(actor, event.organiser_id):
        raise rules.NotYourDuty
    if event.state is not State.DRAFT:
        raise calendar_rules.NotADraft
    said = select(EventSpeaker).where(EventSpeaker.event_id == event.id).order_by(col(EventSpeaker.position))
    own = [one for one in session.exec(said).all() if one.institution_id == event.organiser_id]
    if own:
        as_saved = calendar.as_saved(session, event)
        others = tuple(one for one in as_saved.speakers if one.institution_id != event.organiser_id)
        calendar.revise(session, actor, event, replace(as_saved, speakers=others), now)
    known = {one.name: one for one in people.colleagues(session, event.organiser_id)}
    calendar.publish(session, actor, event, now)
    for number, one in enumerate(own):
        colleague = known.get(one.person)
        person = Person(
            one.person,
            colleague.email if colleague else "",
            one.function or (colleague.function if colleague else ""),
            colleague.user_id if colleague else None,
        )
        _sign_up(session, actor, event, None, person, f"duty-{event.id}-{number}", now)


def leave_out(session: Session, actor: Actor, event: Event, days: Collection[date], now: datetime) -> bool:
    """Let the dates of a plan on these *days* not take place, and all others take place.

    Raises what calendar.actions.leave_out raises.
    """
    return calendar.leave_out(session, actor, event, days, now)


def put_on_duty(
    session: Session, actor: Actor, event: Event, occurrence_id: int, person: Person, key: str, now: datetime
) -> list[SignUp]:
    """Sign a person of the centre up where nobody is on duty: for all coming dates of a series, else for the date.

    *key* is that of the form. Locks the dates. Raises NotYourDuty and what signing up raises.
    """
    if not rules.may_run(actor, event.organiser_id):
        raise rules.NotYourDuty
    return _sign_up(session, actor, event, occurrence_id, person, key, now)


def substitute(
    session: Session, actor: Actor, event: Event, occurrence_id: int, signup_id: int, person: Person, now: datetime
) -> SignUp:
    """Let another person of the centre come on this date alone; the entry list follows, bookers are told.

    A place without a name gets its first one in the same way, which is no news to them.

    Locks the date. Raises NotYourDuty and what names.name raises.
    """
    if not rules.may_run(actor, event.organiser_id):
        raise rules.NotYourDuty
    before = session.get(SignUp, signup_id)
    named = before is not None and bool(before.person)
    row = names.name(session, actor, event, signup_id, person, now, once=True)
    if row.occurrence_id != occurrence_id:
        raise Conflict
    if named:
        mail.substituted(session, event, session.get_one(Occurrence, occurrence_id), row.person, now)
    return row


def book(
    session: Session,
    actor: Actor,
    occurrence_id: int,
    slot: int,
    persons: int,
    topics: Collection[str],
    key: str,
    now: datetime,
) -> DutyBooking:
    """Book *persons* of the actor's unit into a slot (from 0) with the *topics* of their talks.

    Locks the date. *key* is that of the form: a second post gives what the first made. What is booked after the
    digest is told to those on duty, at most once a day. Raises NotYourUnit, NoPersons, NoTopic, NotASlot,
    TooLateToBook, SlotTaken, SlotFull, and Conflict for the key of another booking.
    """
    wanted = [code for code in rules.TOPICS if code in topics]
    rules.check_booking(persons, wanted if len(wanted) == len(set(topics)) else ())
    occurrence = lock(session, Occurrence, occurrence_id)
    if occurrence is None or not rules.may_book(actor, occurrence.place_institution_id):
        raise rules.NotYourUnit
    made = queries.by_key(session, key)
    if made is not None:
        if (made.occurrence_id, made.institution_id) != (occurrence_id, actor.institution_id):
            raise Conflict
        return made
    event = session.get_one(Event, occurrence.event_id)
    _check_slot(event, occurrence, slot, now)
    free = (event.slot_persons or 1) - queries.taken(session, occurrence_id, slot, actor.institution_id or 0)
    if free <= 0:
        raise rules.SlotTaken
    if persons > free:
        raise rules.SlotFull(free=free)
    booking = DutyBooking(
        key=key,
        occurrence_id=occurrence_id,
        institution_id=actor.institution_id or 0,
        slot=slot,
        persons=persons,
        topics=wanted,
        booked_by=actor.user_id,
        booked_at=now,
        synthetic=event.synthetic,
    )
    session.add(booking)
    try:
        session.flush()
    except IntegrityError as error:  # the same form for another date in this very moment
        raise Conflict from error
    # Numbers and topics are for the two sides alone; the trail has other readers, and keeps what it has for years.
    details: dict[str, Plain] = {"occurrence_id": occurrence_id, "slot": slot}
    trail.record(session, actor, "duty.booked", "duty_booking", booking.id or 0, now, details=details)
    _tell_late(session, event, occurrence, now)
    return booking


def withdraw(session: Session, actor: Actor, booking_id: int, now: datetime) -> DutyBooking:
    """Give a slot back, until it begins. Locks the date, then the booking.

    Raises NotYourUnit, WithdrawnAlready, TooLateToBook.
    """
    found = session.get(DutyBooking, booking_id)
    occurrence = lock(session, Occurrence, found.occurrence_id) if found else None
    booking = lock(session, DutyBooking, booking_id)
    if booking is None or occurrence is None or not rules.may_book(actor, occurrence.place_institution_id):
        raise rules.NotYourUnit
    if booking.withdrawn_at is not None:
        raise rules.WithdrawnAlready
    event = session.get_one(Event, occurrence.event_id)
    begins, _ends = rules.slot_span(occurrence.starts_at, booking.slot, event.slot_minutes or 1)
    outside = booking.slot >= rules.slot_count(occurrence.starts_at, occurrence.ends_at, event.slot_minutes or 1)
    if (begins <= now and not outside) or occurrence.ends_at <= now:
        raise rules.TooLateToBook
    booking.withdrawn_at = now
    session.flush()
    details: dict[str, Plain] = {"occurrence_id": booking.occurrence_id, "slot": booking.slot}
    trail.record(session, actor, "duty.withdrawn", "duty_booking", booking_id, now, details=details)
    _tell_late(session, event, occurrence, now)
    return booking


def cancel_date(
    session: Session, actor: Actor, event: Event, occurrence_id: int, code: str, words: str, now: datetime
) -> int:
    """Cancel one date with a coded reason, by either side; return how many persons were booked.

    Those signed up are told by events.changes, those who have booked here. Locks the event and its dates. Raises
    UnknownReason, WordsNeeded, NotYourDuty and what changes.actions.cancel raises.
    """
    reason = rules.reason_text(code, words)
    row = session.get(Occurrence, occurrence_id)
    if row is None or row.event_id != event.id:
        raise Conflict
    if not rules.may_cancel(actor, organiser_id=row.organiser_id, unit_id=row.place_institution_id):
        raise rules.NotYourDuty
    scope = Scope.THIS if event.rule else Scope.ALL
    changes.cancel(session, actor, event, reason, now, occurrence_id=occurrence_id if event.rule else None, scope=scope)
    details: dict[str, Plain] = {"reason": code}
    trail.record(session, actor, "duty.date_cancelled", "occurrence", occurrence_id, now, details=details)
    return let_fall(session, actor, event, session.get_one(Occurrence, occurrence_id), now)


def set_aside(session: Session, actor: Actor, event: Event, hint: Hint, months: int, now: datetime) -> date:
    """Hide a proposal about these duty hours for so many months; return the day until which. Raises NotYourDuty."""
    if not rules.may_run(actor, event.organiser_id):
        raise rules.NotYourDuty
    until = rules.until_of(warsaw.today(now), months)
    session.merge(DutyHintSetAside(event_id=event.id or 0, hint=hint, until=until))
    session.flush()
    details: dict[str, Plain] = {"hint": hint.value, "until": until.isoformat()}
    trail.record(session, actor, "duty.set_aside", "event", event.id or 0, now, details=details)
    return until


def let_fall(session: Session, actor: Actor, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """End the bookings that have lost their date, cancelled or moved away, and tell who made them.

    Returns how many persons it concerns. Call under the lock of the date.
    """
    bookings = queries.bookings_lost(session, occurrence)
    if not bookings:
        return 0
    mail.fell(session, event, occurrence, bookings, now)
    persons = sum(one.persons for one in bookings)
    for one in bookings:
        one.withdrawn_at = now
    session.flush()
    details: dict[str, Plain] = {"bookings": len(bookings)}
    trail.record(session, actor, "duty.fell", "occurrence", occurrence.id or 0, now, details=details)
    return persons


def announce(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """Tell those on duty what is booked on a date; return how many were told."""
    told = mail.expected(session, event, occurrence, now)
    if told:
        details: dict[str, Plain] = {"told": told}
        system = Actor.system()
        trail.record(session, system, queries.ANNOUNCED, "occurrence", occurrence.id or 0, now, details=details)
    return told


def _tell_late(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> None:
    """Announce a change after the day of the digest has come, unless those on duty have had a mail today."""
    today = warsaw.today(now)
    due = today >= rules.digest_day(occurrence.local_date) and occurrence.starts_at > now
    if due and occurrence.id not in queries.announced(session, warsaw.start_of(today)):
        announce(session, event, occurrence, now)


def _check_slot(event: Event, occurrence: Occurrence, slot: int, now: datetime) -> None:
    minutes = event.slot_minutes
    if event.kind is not EventKind.DUTY_HOURS or minutes is None:
        raise rules.NotASlot
    if not 0 <= slot < rules.slot_count(occurrence.starts_at, occurrence.ends_at, minutes):
        raise rules.NotASlot
    begins, _ends = rules.slot_span(occurrence.starts_at, slot, minutes)
    if occurrence.state is not State.PUBLISHED or begins <= now:
        raise rules.TooLateToBook


def _sign_up(
    session: Session, actor: Actor, event: Event, occurrence_id: int | None, person: Person, key: str, now: datetime
) -> list[SignUp]:
    wanted = Wanted(people=(person,))
    if event.signup_scope is SignUpScope.SERIES and event.rule:
        dates = series_signups.sign_up(session, actor, event, wanted, key, now)
        return [row for _date, rows in dates for row in rows]
    if occurrence_id is None:
        stands = select(Occurrence.id).where(Occurrence.event_id == event.id, Occurrence.state == State.PUBLISHED)
        occurrence_id = session.exec(stands.order_by(col(Occurrence.starts_at))).first()
    return signups.sign_up(session, actor, event, occurrence_id or 0, wanted, key, now)
