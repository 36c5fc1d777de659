"""Visit requests, sent and answered by the actions themselves."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, select

from app.actors import Actor
from app.clock import now
from events.calendar.models import Event, EventKind
from events.visits import actions
from events.visits.models import OptionState, Path, Visit, VisitOption, VisitStep
from events.visits.rules import Option, VisitDraft
from tests.factories.persons import People, Person

START = datetime(2026, 12, 8, 10, 0)  # noqa: DTZ001 - Warsaw wall time, a Tuesday


def date_on(days: int = 0, hour: int = 10, **room: Any) -> Option:
    """Give a date of two hours, *days* after Tuesday, 8 December 2026."""
    starts = START.replace(hour=hour) + timedelta(days=days)
    return Option(starts, starts + timedelta(hours=2), **room)


THREE = (date_on(), date_on(1), date_on(2))
OTHERS = (date_on(7), date_on(8))


def request_of(people: People, path: Path = Path.INVITATION, **changes: Any) -> VisitDraft:
    """Give the values of a form: the prison invites the MOPS, or the MOPS asks the prison, with three dates."""
    values: dict[str, Any] = {
        "path": path,
        "asked_id": (people.mops if path is Path.INVITATION else people.prison).id,
        "unit_id": people.prison.id,
        "kind": EventKind.GROUP_MEETING,
        "subject": "Świadczenia po wyjściu",
        "options": THREE,
        "topics": ("świadczenia",),
        "visitors": 2,
        "participants": 15,
        **changes,
    }
    return VisitDraft(**values)


def make_visit(session: Session, people: People, path: Path = Path.INVITATION, **changes: Any) -> Visit:
    """Let the prison invite the MOPS, or the MOPS ask the prison."""
    person = people.ewa if path is Path.INVITATION else people.marek
    return actions.ask(session, person.actor, request_of(people, path, **changes), str(uuid4()), now())


def turn_of(visit: Visit) -> int:
    """Give the offer that waits for its answer."""
    assert visit.open_step_id is not None
    return visit.open_step_id


def on_offer(session: Session, visit: Visit) -> list[VisitOption]:
    """Give the dates that can be accepted, in their order."""
    session.flush()
    statement = select(VisitOption).where(VisitOption.visit_id == visit.id, VisitOption.state == OptionState.OPEN)
    return list(session.exec(statement.order_by(col(VisitOption.position))))


def steps_of(session: Session, visit: Visit) -> list[VisitStep]:
    """Give the thread."""
    statement = select(VisitStep).where(VisitStep.visit_id == visit.id).order_by(col(VisitStep.position))
    return list(session.exec(statement))


def accept(session: Session, person: Person | Actor, visit: Visit, number: int = 0, **how: Any) -> Event:
    """Let *person* accept one of the dates on offer."""
    actor = person if isinstance(person, Actor) else person.actor
    option = on_offer(session, visit)[number]
    return actions.accept(session, actor, visit, option.id or 0, now(), turn=turn_of(visit), **how)


def agreed_visit(session: Session, people: People, path: Path = Path.INVITATION, **changes: Any) -> Visit:
    """Give a visit whose first date was accepted."""
    visit = make_visit(session, people, path, **changes)
    accept(session, people.marek if path is Path.INVITATION else people.ewa, visit)
    return visit
