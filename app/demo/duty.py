"""The demo's duty hours: a series in the invented prison with bookings this month and the next, by the same acts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from uuid import UUID, uuid5

from sqlmodel import Session, col, delete, select

from app.demo.dates import day_in, instant, is_quiet, wall, working_day
from app.demo.meetings import life_uuid
from app.demo.people import Staff
from app.outbox.models import OutboxMail
from events.calendar import parties, series
from events.calendar.models import Consent, Event, Occurrence, Outcome, State
from events.duty import actions, queries, rules
from events.duty.rules import DutyDraft
from events.minutes import actions as minutes
from events.minutes import queries as records
from events.minutes.models import Record
from events.minutes.versions import Version
from events.recurrence import Freq, Rule
from events.signups.models import Booking, SignUp
from events.signups.rules import Person

SEED = 2026
UNIT, CENTRE, WORKER = "zk-kladkowo", "mops-kladkowo", "pracownik@demo.example"
MINUTES, PERSONS = 20, 2
_BEFORE = 2
_WEEKS = 40
_BUSY = (7, 5, 4, 3)
"""How many slots of the dates are booked: the past one, then those to come; later ones are empty."""
_TOPICS = tuple(code for code in rules.TOPICS if code != rules.OTHER)


def address() -> UUID:
    """Give the address of the series: it stays when the demo is moved."""
    return life_uuid("dyzury-oddzial", 0)


def load_duty(session: Session, staff: Staff, today: date, *, sequences: Mapping[UUID, int] | None = None) -> None:
    """Plan, agree on and fill the duty hours around *today*; what is there stays."""
    if session.exec(select(Event.id).where(Event.uuid == address())).first() is not None:
        return
    first = day_in(today, -_BEFORE, 3)
    event = _publish(session, staff, first, sequences or {})
    dates = [row for row in series.occurrences(session, event) if row.state is State.PUBLISHED]
    _book(session, staff, dates, today)
    _differ(session, staff, event, dates, today)
    _record(session, staff, dates, today)


def clear_duty(session: Session) -> dict[UUID, int]:
    """Delete the duty hours, and return the SEQUENCE that they go on from."""
    found = dict(session.exec(select(Event.uuid, Event.sequence).where(Event.uuid == address())).all())
    dates = select(Occurrence.id).join(Event, col(Event.id) == Occurrence.event_id).where(Event.uuid == address())
    whole = select(SignUp.booking_id).where(col(SignUp.occurrence_id).in_(dates))
    session.exec(delete(Record).where(col(Record.occurrence_id).in_(dates)))
    session.exec(delete(OutboxMail).where(col(OutboxMail.link).startswith(f"/dyzury/{UNIT}/")))
    session.exec(delete(Booking).where(col(Booking.id).in_(whole)).execution_options(synchronize_session=False))
    session.exec(delete(Event).where(col(Event.uuid) == address()).execution_options(synchronize_session=False))
    session.expunge_all()
    return {uuid: sequence + 1 for uuid, sequence in found.items()}


def _publish(session: Session, staff: Staff, first: date, sequences: Mapping[UUID, int]) -> Event:
    centre, worker = staff.coordinator(CENTRE), staff.members[WORKER]
    begun = first - timedelta(days=24)
    rule = Rule(Freq.WEEKLY, 2, (first.weekday(),), until=first + timedelta(weeks=_WEEKS))
    starts = wall(first, "9:00")
    wanted = DutyDraft(
        unit_id=staff.ids[UNIT],
        title="Dyżur pracownika socjalnego na oddziale",
        starts=starts,
        ends=starts + timedelta(hours=3),
        rule=rule,
        slot_minutes=MINUTES,
        slot_persons=PERSONS,
        room="Pokój rozmów",
        who=Person(worker.name, worker.email, "pracownik socjalny", worker.user_id),
        voivodeship_code="08",
        left_out=frozenset(one.date() for one in rules.planned(rule, starts) if is_quiet(one.date())),
    )
    event = actions.plan(session, centre, wanted, instant(begun), uuid=address())
    event.sequence = sequences.get(address(), 0)
    parties.answer(session, staff.coordinator(UNIT), event, instant(begun, "12:00"), agrees=True)
    parties.note_consent(session, staff.coordinator(UNIT), event, Consent.GRANTED, begun, instant(begun, "13:00"))
    actions.publish(session, centre, event, instant(begun, "14:00"))
    return event


def _book(session: Session, staff: Staff, dates: list[Occurrence], today: date) -> None:
    random = Random(f"{SEED}:duty")  # noqa: S311 - the same demo every time is wanted
    unit = staff.coordinator(UNIT)
    for row, busy in zip(dates, _BUSY, strict=False):
        settled = min(today, row.local_date - timedelta(days=4))
        for number, slot in enumerate(sorted(random.sample(range(9), busy))):
            key = str(uuid5(address(), f"{row.original_local:%Y-%m-%d}:{slot}"))
            persons, topics = random.randint(1, PERSONS), random.sample(_TOPICS, random.randint(1, 2))
            at = instant(settled, f"8:{10 + number:02d}")
            actions.book(session, unit, row.id or 0, slot, persons, topics, key, at)


def _differ(session: Session, staff: Staff, event: Event, dates: list[Occurrence], today: date) -> None:
    """Let a colleague come on the second date ahead, and cancel the fourth."""
    coming = [row for row in dates if row.local_date > today + timedelta(days=1)]
    centre, now = staff.coordinator(CENTRE), instant(today, "8:30")
    held = queries.on_duty(session, [coming[1].id or 0])[0]
    colleague = Person(centre.name, centre.email, "koordynatorka współpracy", centre.user_id)
    actions.substitute(session, centre, event, coming[1].id or 0, held.id or 0, colleague, now)
    actions.cancel_date(session, centre, event, coming[3].id or 0, "absence", "szkolenie całego zespołu", now)


def _record(session: Session, staff: Staff, dates: list[Occurrence], today: date) -> None:
    """Write the note of the first date, as both sides approve it in the days after."""
    approved = working_day(dates[0].local_date + timedelta(days=1))
    found = records.date_by_id(session, dates[0].id or 0)
    if found is None or approved >= today:
        return
    booked = queries.expected_on(session, [dates[0].id or 0])[dates[0].id or 0]
    rows = tuple(replace(row, present=True) for row in records.expected(session, found.event, found.occurrence))
    version = Version(
        outcome=Outcome.HELD,
        people_inside=booked.persons,
        topics=("plan pomocy", "świadczenia"),
        body="Rozmowy odbyły się według zapisów. Dwie sprawy wracają na następnym dyżurze.",
        rows=rows,
    )
    record = minutes.submit(session, staff.coordinator(CENTRE), found, version, 0, {}, instant(approved, "9:40")).record
    answered = working_day(approved + timedelta(days=1))
    if answered <= today:
        minutes.answer(session, staff.coordinator(UNIT), record.id or 0, "", instant(answered, "11:00"))
