"""Requests to an institution that has nobody here, and the links that its mailbox gets."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlmodel import Session, col, select

from app import warsaw
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar.models import EventKind
from events.visits import actions
from events.visits.models import Path, Visit
from events.visits.rules import Option, VisitDraft
from partners.institutions.models import Institution, Kind
from tests.factories.institutions import make_institution
from tests.factories.persons import Person


def make_silent(
    session: Session, slug: str = "ops-milczewo", email: str = "sekretariat@ops-milczewo.example", **columns: Any
) -> Institution:
    """Add a welfare centre in which nobody has an account."""
    return make_institution(session, slug, Kind.OPS, f"OPS {slug}", email=email, **columns)


def in_days(days: int, hour: int = 10, hours: int = 2) -> Option:
    """Give a date on offer so many days from now."""
    starts = datetime.combine(warsaw.today(now()) + timedelta(days=days), datetime.min.time()).replace(hour=hour)
    return Option(starts, starts + timedelta(hours=hours))


def ask(session: Session, asker: Person, asked: Institution, *options: Option, **further: object) -> Visit:
    """Let a prison's coordinator invite *asked*."""
    unit_id = asker.actor.institution_id or 0
    wanted = VisitDraft(
        path=Path.INVITATION,
        asked_id=asked.id or 0,
        unit_id=unit_id,
        kind=EventKind.GROUP_MEETING,
        subject="Świadczenia po wyjściu",
        options=options or (in_days(15), in_days(17)),
        topics=("mieszkanie", "zasiłki"),
        visitors=2,
        participants=12,
        message="Prosimy o spotkanie z grupą.",
        **further,  # type: ignore[arg-type]
    )
    return actions.ask(session, asker.actor, wanted, str(uuid4()), now())


def links_in(session: Session) -> list[str]:
    """Give the addresses under /odpowiedz/ that were mailed, the oldest first."""
    statement = (
        select(OutboxMail.link).where(col(OutboxMail.link).startswith("/odpowiedz/")).order_by(col(OutboxMail.id))
    )
    return list(session.exec(statement))
