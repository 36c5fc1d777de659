"""The demo's visit requests, one in each state, made by the same acts as on screen, at their own times before today."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlmodel import Session, col, delete, select

from app import warsaw
from app.actors import Actor
from app.demo.dates import instant, wall, working_day
from app.demo.meetings import life_uuid
from app.demo.people import Staff
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar.models import Event, EventKind
from events.visits import actions, checks, upkeep
from events.visits.models import Path, Visit, VisitOption
from events.visits.rules import Option, VisitDraft
from partners.institutions import workdays
from partners.institutions.models import Room

UNIT, OTHER_UNIT, CENTRE, NEIGHBOUR, NGO = (
    "zk-kladkowo",
    "as-przeprawa",
    "mops-kladkowo",
    "ops-przeprawa",
    "dobra-proba",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A request: who asks whom, how many working days ago, and what about; *wished* is how many days later."""

    key: str
    path: Path
    asking: str
    asked: str
    unit: str
    days_ago: int
    subject: str
    message: str
    kind: EventKind = EventKind.GROUP_MEETING
    topics: tuple[str, ...] = ()
    clock: str = "9:00"
    minutes: int = 120
    visitors: int = 2
    participants: int | None = None
    offers: int = 2
    wished: int = 10
    room: str = ""

    @property
    def form_key(self) -> str:
        """The key of the form, by which the request is found again."""
        return str(uuid5(NAMESPACE_URL, f"kladka:visit:{self.key}"))


WAITING = Plan(
    "plany-pomocy",
    Path.INVITATION,
    UNIT,
    CENTRE,
    UNIT,
    1,
    "Plany pomocy na styczeń",
    "Zapraszamy na spotkanie z osobami, które wychodzą w styczniu. Sala na 12 osób, projektor na miejscu.",
    topics=("dowód osobisty i meldunek", "zasiłki na pierwsze dni", "schronienie"),
    participants=8,
    room="Świetlica oddziału terapeutycznego",
)
COUNTERED = Plan(
    "swiadczenia",
    Path.REQUEST,
    CENTRE,
    UNIT,
    UNIT,
    4,
    "Świadczenia rodzinne: szkolenie wychowawców",
    "Dzień dobry, chcemy w godzinę pokazać wychowawcom, kto dostaje świadczenia rodzinne i jak złożyć wniosek.",
    kind=EventKind.STAFF_TRAINING,
    clock="12:00",
    minutes=90,
    visitors=1,
)
FOR_UNIT = Plan(
    "budzet-domowy",
    Path.REQUEST,
    NGO,
    UNIT,
    UNIT,
    2,
    "Warsztat: budżet domowy po wyjściu",
    "Warsztat na dwie godziny dla grupy do 10 osób. Przyjadą dwie osoby, sprzętu nie potrzebujemy.",
    kind=EventKind.WORKSHOP,
    clock="10:00",
    participants=10,
    offers=3,
)
AGREED = Plan(
    "rozmowy-indywidualne",
    Path.INVITATION,
    UNIT,
    CENTRE,
    UNIT,
    8,
    "Rozmowy o schronieniu i pracy",
    "Prosimy o rozmowy indywidualne z osobami, które nie mają dokąd wrócić.",
    kind=EventKind.INDIVIDUAL_MEETING,
    clock="8:30",
    participants=6,
    wished=14,
)
MOVING = Plan(
    "narada-kwartalna",
    Path.REQUEST,
    CENTRE,
    UNIT,
    UNIT,
    9,
    "Narada: co działa w zawiadomieniach",
    "Proponujemy krótką naradę o tym, co się sprawdza w przekazywaniu zawiadomień.",
    kind=EventKind.COORDINATION_MEETING,
    clock="13:00",
    minutes=60,
    wished=16,
)
REFUSED = Plan(
    "zajecia-swietlica",
    Path.REQUEST,
    NEIGHBOUR,
    UNIT,
    UNIT,
    12,
    "Zajęcia o uzależnieniach w świetlicy",
    "Czy możemy poprowadzić zajęcia w świetlicy w sobotnie popołudnie lub w tygodniu?",
    kind=EventKind.WORKSHOP,
    clock="15:00",
    minutes=60,
)
EXPIRED = Plan(
    "poznajmy-sie",
    Path.INVITATION,
    UNIT,
    NEIGHBOUR,
    UNIT,
    15,
    "Poznajmy się: spotkanie koordynatorów",
    "Zapraszamy na spotkanie zapoznawcze, wystarczy godzina.",
    kind=EventKind.COORDINATION_MEETING,
    clock="11:00",
    minutes=60,
    visitors=1,
    wished=18,
)
HELP = Plan(
    "pomoc-wywiad",
    Path.ASSISTANCE,
    NEIGHBOUR,
    CENTRE,
    UNIT,
    1,
    "Wywiad przed wyjściem z jednostki",
    "Prosimy o wywiad w jednostce w naszym imieniu. Dane osoby przekażemy telefonicznie.",
    kind=EventKind.ADMINISTRATIVE_STEP,
    clock="10:00",
    minutes=60,
    visitors=1,
    participants=1,
    wished=8,
)
AUTUMN = Plan(
    "jesienne-spotkanie",
    Path.INVITATION,
    UNIT,
    CENTRE,
    UNIT,
    30,
    "Jesienne spotkanie z grupą",
    "Zapraszamy na jedno spotkanie jesienią, najlepiej przed południem.",
    participants=15,
    wished=20,
)
FAMILY = Plan(
    "kontakty-z-rodzina",
    Path.REQUEST,
    CENTRE,
    UNIT,
    UNIT,
    24,
    "Kontakty z rodziną przed wyjściem",
    "Chcemy omówić z wychowawcami, kiedy rodzina może zgłosić się do nas po pomoc.",
    kind=EventKind.COORDINATION_MEETING,
    clock="12:00",
    minutes=60,
    wished=20,
)
# Two requests of the past that went to and fro: on how many working days before today each side answered.
TALKS = {AUTUMN: (28, 27, 25, 24, 22), FAMILY: (22, 21, 19, 18, 16)}
PLANS = (*TALKS, EXPIRED, REFUSED, MOVING, AGREED, COUNTERED, FOR_UNIT, WAITING, HELP)


def load_visits(session: Session, staff: Staff, today: date, *, sequences: Mapping[UUID, int] | None = None) -> None:
    """Make a request in each state around *today*; those that are there stay."""
    keys = [plan.form_key for plan in PLANS]
    if session.exec(select(Visit.id).where(col(Visit.key).in_(keys))).first() is not None:
        return
    unit, centre = staff.coordinator(UNIT), staff.coordinator(CENTRE)
    for plan, answers in TALKS.items():
        _talk(session, staff, plan, today, answers)
    expired = _ask(session, staff, EXPIRED, today)
    for day in _workdays(warsaw.today(expired.made_at), 8):
        upkeep.chase(session, instant(day + timedelta(days=1), "2:10"))
    refused = _ask(session, staff, REFUSED, today)
    words = "W świetlicy trwa remont, a w soboty nie mamy kto asystować. Wróćmy do tego na wiosnę."
    turn = refused.open_step_id or 0
    actions.refuse(session, unit, refused, "escort", _ago(today, 10, "11:05"), turn=turn, message=words)
    moving = _ask(session, staff, MOVING, today)
    _accept(session, unit, moving, MOVING, _ago(today, 7, "10:20"), "Zgoda, spotkamy się w sali odpraw.", sequences)
    at = _ago(today, 1, "8:15")
    later = _dates(session, moving, MOVING, warsaw.today(at), at, 2)
    words = "Nasza koordynatorka ma wtedy rozprawę. Czy pasuje jeden z tych dni?"
    actions.move(session, centre, moving, later, "other_duty", at, message=words)
    agreed = _ask(session, staff, AGREED, today)
    words = "Przyjedziemy we dwoje, nazwiska podamy wkrótce."
    _accept(session, centre, agreed, AGREED, _ago(today, 6, "14:40"), words, sequences)
    countered = _ask(session, staff, COUNTERED, today)
    at = _ago(today, 1, "14:05")
    other = _dates(session, countered, COUNTERED, warsaw.today(at) + timedelta(days=16), at, 2)
    words = "W tych dniach mamy kontrolę. Proponujemy inne terminy i prosimy o nazwisko 2 dni robocze wcześniej."
    actions.counter(session, unit, countered, other, at, turn=countered.open_step_id or 0, message=words)
    for plan in (FOR_UNIT, WAITING, HELP):
        _ask(session, staff, plan, today)


def clear_visits(session: Session) -> dict[UUID, int]:
    """Delete the requests that the loader made, their mails and their events; return the SEQUENCE each goes on from."""
    keys = [plan.form_key for plan in PLANS]
    numbers = session.exec(select(Visit.number).where(col(Visit.key).in_(keys))).all()
    made = select(Visit.event_id).where(col(Visit.key).in_(keys), col(Visit.event_id).is_not(None))
    found = dict(session.exec(select(Event.uuid, Event.sequence).where(col(Event.id).in_(made))).all())
    links = [f"/wizyty/{number}" for number in numbers] + [f"/wydarzenia/{uuid}" for uuid in found]
    for mail in session.exec(select(OutboxMail)).all():
        if mail.link.partition("#")[0] in links:
            session.delete(mail)
    session.flush()
    session.exec(delete(Event).where(col(Event.id).in_(made)).execution_options(synchronize_session=False))
    session.exec(delete(Visit).where(col(Visit.key).in_(keys)).execution_options(synchronize_session=False))
    session.expunge_all()
    return {uuid: sequence + 1 for uuid, sequence in found.items()}


def _ask(session: Session, staff: Staff, plan: Plan, today: date) -> Visit:
    at = _ago(today, plan.days_ago, "9:12")
    sides = (staff.ids[plan.asking], staff.ids[plan.asked])
    options = _free(session, staff.ids[plan.unit], sides, plan, warsaw.today(at), at, plan.offers)
    wanted = VisitDraft(
        path=plan.path,
        asked_id=staff.ids[plan.asked],
        unit_id=staff.ids[plan.unit],
        kind=plan.kind,
        subject=plan.subject,
        options=options,
        topics=plan.topics,
        visitors=plan.visitors,
        participants=plan.participants,
        message=plan.message,
        synthetic=True,
    )
    return actions.ask(session, staff.coordinator(plan.asking), wanted, plan.form_key, at)


def _talk(session: Session, staff: Staff, plan: Plan, today: date, answers: Iterable[int]) -> None:
    """Let both sides offer other dates in turn, and the one that has asked settle it by telephone."""
    visit = _ask(session, staff, plan, today)
    last = plan.days_ago
    for number, last in enumerate(answers):
        side, at = plan.asking if number % 2 else plan.asked, _ago(today, last, "10:30")
        other = _dates(session, visit, plan, warsaw.today(at), at, 1)
        actions.counter(session, staff.coordinator(side), visit, other, at, turn=visit.open_step_id or 0)
    at, turn, words = _ago(today, last - 1, "9:40"), visit.open_step_id or 0, "Ustaliliśmy to przez telefon."
    actions.withdraw(session, staff.coordinator(plan.asking), visit, at, turn=turn, reason="settled", message=words)


def _accept(
    session: Session,
    actor: Actor,
    visit: Visit,
    plan: Plan,
    at: datetime,
    message: str,
    sequences: Mapping[UUID, int] | None,
) -> None:
    """Accept the first date; the event gets the address by which it is known each time the demo is loaded."""
    turn, first = visit.open_step_id or 0, _offered(session, visit)[0]
    event = actions.accept(session, actor, visit, first, at, turn=turn, message=message)
    given, lasting = str(event.uuid), life_uuid(f"wizyta-{plan.key}", 0)
    event.uuid, event.uid = lasting, event.uid.replace(given, str(lasting))
    event.sequence += (sequences or {}).get(lasting, 0)
    for mail in session.exec(select(OutboxMail).where(col(OutboxMail.link).contains(given))).all():
        mail.link = mail.link.replace(given, str(lasting))
    session.flush()
    calendar.shelve(session, event, at)


def _offered(session: Session, visit: Visit) -> list[int]:
    statement = select(VisitOption.id).where(VisitOption.step_id == visit.open_step_id)
    return [one or 0 for one in session.exec(statement.order_by(col(VisitOption.position)))]


def _dates(session: Session, visit: Visit, plan: Plan, day: date, at: datetime, number: int) -> tuple[Option, ...]:
    sides = (visit.asking_id, visit.asked_id)
    return _free(session, visit.unit_id, sides, plan, day, at, number, visit_id=visit.id)


def _free(
    session: Session,
    unit_id: int,
    sides: tuple[int, int],
    plan: Plan,
    day: date,
    at: datetime,
    number: int,
    visit_id: int | None = None,
) -> tuple[Option, ...]:
    """Give dates at which both sides are free, some days apart, as people offer them."""
    first = working_day(day + timedelta(days=plan.wished))
    starts = wall(first, plan.clock)
    room_of = select(Room.id).where(Room.institution_id == unit_id, Room.name == plan.room)
    room_id = session.exec(room_of).first() if plan.room else None
    wish = Option(starts, starts + timedelta(minutes=plan.minutes), room_id)
    found = checks.suggest(session, unit_id, sides, wish, at, visit_id=visit_id, number=2 * number)
    return tuple(found[::2][:number])


def _ago(today: date, days: int, clock: str) -> datetime:
    return instant(workdays.before(today, days), clock)


def _workdays(day: date, number: int) -> Iterable[date]:
    return [workdays.after(day, n) for n in range(1, number + 1)]
