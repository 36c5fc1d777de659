"""Editions with their sessions, made by the acts themselves."""

from datetime import date, datetime, time
from typing import Any

from sqlmodel import Session, select

from app.clock import now
from events.calendar.models import Event, Occurrence, State, Visibility
from events.calendar.rules import Speaker
from events.recurrence import Freq, Rule
from events.sessions import actions
from events.sessions.models import EditionSession
from events.sessions.rules import PlanDraft
from partners.institutions.models import Institution
from projects.editions import actions as editions
from projects.editions.models import Edition
from projects.editions.rules import EditionDraft
from projects.programmes.models import PartnerAnswer, Programme, ProgrammePartner
from tests.factories.persons import People
from tests.factories.programmes import make_programme
from tests.factories.rows import add


def make_partner(
    session: Session, programme: Programme, institution: Institution, part: str = "prowadzi grupę"
) -> None:
    """Let an institution have agreed to its part."""
    add(
        session,
        ProgrammePartner,
        programme_id=programme.id,
        institution_id=institution.id,
        part=part,
        agreed_part=part,
        answer=PartnerAnswer.CONFIRMED,
    )


def make_edition(session: Session, people: People, **columns: Any) -> tuple[Programme, Edition]:
    """Begin the first edition of a programme that the NGO leads and MOPS takes part in."""
    programme = make_programme(session, "Warsztaty próbne", people.ngo.id, audience=["families"], **columns)
    make_partner(session, programme, people.mops)
    return programme, editions.begin(session, people.jola.actor, programme, EditionDraft(), now())


def plan_of(first: date = date(2026, 12, 1), sessions: int = 4, **more: Any) -> PlanDraft:
    """Give a weekly plan in a place of words."""
    values: dict[str, Any] = {
        "title": "Warsztaty próbne",
        "sessions": sessions,
        "starts": datetime.combine(first, time(10)),
        "ends": datetime.combine(first, time(12)),
        "rhythm": Rule(Freq.WEEKLY, 1, (first.weekday(),)),
        "place": "Dom kultury, ul. Próbna 1",
        "audience": ("families",),
        "speakers": (Speaker("Anna Przykładowa", "trenerka"),),
        "visibility": Visibility.PARTNERS,
        "capacity": 12,
        **more,
    }
    return PlanDraft(**values)


def make_plan(session: Session, people: People, edition: Edition, wanted: PlanDraft | None = None) -> Event:
    """Plan the sessions of an edition."""
    return actions.plan(session, people.jola.actor, edition, wanted or plan_of(), now())


def dates_of(session: Session, edition: Edition) -> list[Occurrence]:
    """Give the dates of an edition that were not left out, in the order of time."""
    statement = (
        select(Occurrence)
        .join(Event)
        .where(Event.edition_id == edition.id, Occurrence.state != State.REMOVED)
        .order_by(Occurrence.starts_at)  # type: ignore[arg-type]  # a column of the table
    )
    return list(session.exec(statement).all())


def numbers(session: Session, edition: Edition) -> list[tuple[int | None, str]]:
    """Give number and topic of each date, in the order of time."""
    found = [session.get(EditionSession, row.id) for row in dates_of(session, edition)]
    return [(one.number, one.topic) if one else (None, "") for one in found]
