"""The demo's rich day at the gate: several events in one prison, equipment, and changes after the list was closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid5

from sqlmodel import Session, col, delete, select

from app import warsaw
from app.actors import Actor
from app.demo.dates import instant, wall, working_day
from app.demo.meetings import life_uuid
from app.demo.people import Staff
from events.calendar import actions as calendar
from events.calendar import parties
from events.calendar.models import Consent, Event, EventKind, Occurrence, Visibility
from events.calendar.rules import EventDraft
from events.gate import requests, sheets
from events.gate.models import Entry, Equipment, GatePrint, GateRules, Origin, Preset
from events.gate.queries import edition
from events.gate.requests import Decision
from events.gate.rules import UnitRules
from events.signups import actions as signups
from events.signups.rules import Person, Wanted
from partners.institutions import workdays

UNIT, OTHER_UNIT, CENTRE, NEIGHBOUR, NGO = (
    "zk-kladkowo",
    "as-przeprawa",
    "mops-kladkowo",
    "ops-przeprawa",
    "dobra-proba",
)
STANDING_TEXT = (
    "Wejście przez biuro przepustek, ul. Przykładowa 1. Weź dokument tożsamości. Telefon, zegarek z łącznością, "
    "nośniki danych, leki i jedzenie zostaw w aucie albo w depozycie. Przyjdź 15 minut wcześniej."
)


@dataclass(frozen=True, slots=True)
class Plan:
    """One event of the day."""

    key: str
    by: str
    title: str
    kind: EventKind
    start: str
    minutes: int
    room: str
    audience: str
    consent: Consent
    coming: Mapping[str, int]
    part_of: str = ""


PLANS = (
    Plan(
        key="brama-pierwsze-dni",
        by=CENTRE,
        title="Pierwsze dni po wyjściu: dokumenty i zasiłki",
        kind=EventKind.GROUP_MEETING,
        start="10:00",
        minutes=120,
        room="Świetlica",
        audience="convicts",
        consent=Consent.GRANTED,
        coming={CENTRE: 4, NEIGHBOUR: 2},
    ),
    Plan(
        key="brama-wychowawcy",
        by=CENTRE,
        title="Rozmowa z wychowawcami o schronieniu",
        kind=EventKind.STAFF_TRAINING,
        start="12:30",
        minutes=90,
        room="Sala odpraw",
        audience="prison_staff",
        consent=Consent.GRANTED,
        coming={CENTRE: 2},
        part_of="brama-pierwsze-dni",
    ),
    Plan(
        key="brama-praca",
        by=NGO,
        title="Warsztat: jak szukać pracy po wyjściu",
        kind=EventKind.WORKSHOP,
        start="14:30",
        minutes=90,
        room="Biblioteka",
        audience="convicts",
        consent=Consent.PENDING,
        coming={NGO: 3},
    ),
)


def uuids() -> list[UUID]:
    """Give the addresses of the day's events: they stay when the demo is moved."""
    return [life_uuid(plan.key, 0) for plan in PLANS]


def load_gate(session: Session, staff: Staff, today: date, *, sequences: Mapping[UUID, int] | None = None) -> None:
    """Make the day at the gate on *today*, or on the next day on which offices work; what is there stays."""
    if session.exec(select(Event.id).where(col(Event.uuid).in_(uuids()))).first() is not None:
        return
    day = working_day(today)
    _rules(session, staff, day)
    events: dict[str, Event] = {}
    for plan in PLANS:
        events[plan.key] = _publish(session, staff, plan, day, events, sequences or {})
        _sign_up(session, staff, plan, events[plan.key], day)
    _before_the_freeze(session, staff, events, day)
    _after_it(session, staff, events, day)


def clear_gate(session: Session) -> dict[UUID, int]:
    """Delete the day, and return the SEQUENCE that each of its events goes on from."""
    found = dict(session.exec(select(Event.uuid, Event.sequence).where(col(Event.uuid).in_(uuids()))).all())
    session.exec(delete(Event).where(col(Event.uuid).in_(uuids())).execution_options(synchronize_session=False))
    session.exec(delete(GatePrint))
    session.expunge_all()
    return {uuid: sequence + 1 for uuid, sequence in found.items()}


def _rules(session: Session, staff: Staff, day: date) -> None:
    now = instant(day - timedelta(days=40))
    wanted = {
        UNIT: UnitRules(Preset.NAMES_AND_EQUIPMENT, 3, (), equipment=True, standing_text=STANDING_TEXT),
        OTHER_UNIT: UnitRules(Preset.CUSTOM, 5, ("vehicle", "phone"), equipment=True),
    }
    for key, rules in wanted.items():
        if session.get(GateRules, staff.ids[key]) is None:
            requests.set_rules(session, Actor.system(), staff.ids[key], rules, now)


def _publish(
    session: Session,
    staff: Staff,
    plan: Plan,
    day: date,
    events: Mapping[str, Event],
    sequences: Mapping[UUID, int],
) -> Event:
    actor, began = staff.coordinator(plan.by), instant(day - timedelta(days=24))
    starts = wall(day, plan.start)
    draft = EventDraft(
        title=plan.title,
        kind=plan.kind,
        starts=starts,
        ends=starts + timedelta(minutes=plan.minutes),
        place_institution_id=staff.ids[UNIT],
        room=plan.room,
        voivodeship_code="08",
        capacity=20,
        audience=(plan.audience,),
        topics=("dokumenty i dowód osobisty", "zasiłki na pierwsze dni"),
        visibility=Visibility.INVITED,
        invited=tuple(staff.ids[key] for key in plan.coming if key != plan.by),
        part_of_id=events[plan.part_of].id if plan.part_of else None,
        synthetic=True,
    )
    uuid = life_uuid(plan.key, 0)
    event = calendar.draft(session, actor, draft, began, uuid=uuid)
    event.sequence = sequences.get(uuid, 0)
    parties.ask(session, actor, event, began + timedelta(hours=1))
    parties.answer(session, staff.coordinator(UNIT), event, began + timedelta(hours=3), agrees=True)
    if plan.consent is Consent.GRANTED:
        agreed = began + timedelta(hours=4)
        parties.note_consent(session, staff.coordinator(UNIT), event, plan.consent, warsaw.today(agreed), agreed)
    calendar.publish(session, actor, event, began + timedelta(hours=5))
    return event


def _sign_up(session: Session, staff: Staff, plan: Plan, event: Event, day: date) -> None:
    for number, (key, seats) in enumerate(plan.coming.items()):
        people: tuple[Person, ...] = tuple(staff.people[key][:seats])
        wanted = Wanted(people=people, places=seats - len(people))
        at = instant(day - timedelta(days=12 - number), "9:20")
        booking = str(uuid5(event.uuid, f"booking:{number}"))
        signups.sign_up(session, staff.coordinator(key), event, _date(session, event).id or 0, wanted, booking, at)


def _before_the_freeze(session: Session, staff: Staff, events: Mapping[str, Event], day: date) -> None:
    meeting = _date(session, events["brama-pierwsze-dni"]).id or 0
    centre, unit, at = staff.coordinator(CENTRE), staff.coordinator(UNIT), instant(day - timedelta(days=10), "11:15")
    requests.add_guest(session, centre, meeting, "Krystyna Przykładna", "prawniczka, punkt porad", at)
    laptop = requests.report_thing(session, centre, meeting, "laptop, 1 sztuka", "Pokaz 14, SN 0001-DEMO", at)
    projector = requests.report_thing(session, centre, meeting, "projektor, 1 sztuka", "", at)
    said = [_allow(laptop), _refuse(projector, "on_site")]
    requests.decide(session, unit, said, at + timedelta(days=1))


def _after_it(session: Session, staff: Staff, events: Mapping[str, Event], day: date) -> None:
    last = workdays.before(day, 1)
    unit, centre, ngo = (staff.coordinator(key) for key in (UNIT, CENTRE, NGO))
    sheets.note_print(session, unit, staff.ids[UNIT], day, instant(last, "9:05"))
    meeting, workshop = events["brama-pierwsze-dni"], events["brama-praca"]
    guest = next(one for one in _entries(session, meeting) if one.origin is Origin.GUEST)
    at = instant(last, "10:10")
    requests.replace_guest(session, centre, guest.id or 0, "Tomasz Modelowy", "prawnik, punkt porad", at)
    date_id = _date(session, workshop).id or 0
    late = requests.add_guest(session, ngo, date_id, "Halina Zmyślona", "doradczyni zawodowa", at)
    requests.report_thing(session, ngo, date_id, "głośnik przenośny, 1 sztuka", "", at + timedelta(minutes=5))
    requests.decide(session, unit, [_allow(late)], at + timedelta(hours=2))
    leaving = next(one for one in _entries(session, workshop) if one.signup_id is not None)
    signups.withdraw(session, ngo, workshop, leaving.signup_id or 0, at + timedelta(hours=3))


def _allow(row: Entry | Equipment) -> Decision:
    return Decision((row.id or 0,), True, edition(row.changed_at), isinstance(row, Equipment))


def _refuse(row: Entry | Equipment, reason: str) -> Decision:
    return Decision((row.id or 0,), False, edition(row.changed_at), isinstance(row, Equipment), reason)


def _entries(session: Session, event: Event) -> list[Entry]:
    found = select(Entry).where(Entry.occurrence_id == _date(session, event).id).order_by(col(Entry.id))
    return list(session.exec(found).all())


def _date(session: Session, event: Event) -> Occurrence:
    return session.exec(select(Occurrence).where(Occurrence.event_id == event.id)).one()
