"""Which messages an act on an entry list causes; they carry numbers and a link, never a name."""

from datetime import datetime

from sqlmodel import Session

from app.outbox import post
from app.outbox.post import Mail, Param
from events.calendar.models import Event, Occurrence
from partners.people import queries as people


def asked(session: Session, event: Event, occurrence: Occurrence, unit_id: int, number: int, now: datetime) -> None:
    """Tell the unit's coordinators that *number* changes after the freeze wait for their decision."""
    _send(session, event, occurrence, unit_id, "asked", {"number": number}, now)


def withdrawn(session: Session, event: Event, occurrence: Occurrence, unit_id: int, number: int, now: datetime) -> None:
    """Tell the unit's coordinators that after the freeze *number* people or things were withdrawn."""
    _send(session, event, occurrence, unit_id, "withdrawn", {"number": number}, now)


def decided(
    session: Session,
    event: Event,
    occurrence: Occurrence,
    institution_id: int,
    *,
    allowed: int,
    refused: int,
    now: datetime,
) -> None:
    """Tell the coordinators of an institution how many of its people and things the unit has allowed and refused."""
    _send(session, event, occurrence, institution_id, "decided", {"allowed": allowed, "refused": refused}, now)


def address(event: Event, occurrence: Occurrence) -> str:
    """Give the path of the entry list of a date."""
    day = f"/{occurrence.local_date.isoformat()}" if event.rule is not None else ""
    return f"/wydarzenia/{event.uuid}{day}/lista-wejsc"


def _send(
    session: Session,
    event: Event,
    occurrence: Occurrence,
    institution_id: int,
    message: str,
    numbers: dict[str, int],
    now: datetime,
) -> None:
    params: dict[str, Param] = {
        "title": event.title,
        "starts_at": occurrence.starts_at.isoformat(),
        "ends_at": occurrence.ends_at.isoformat(),
        "all_day": event.all_day,
        "synthetic": event.synthetic,
        **numbers,
    }
    told = people.coordinators(session, institution_id)
    link = address(event, occurrence)
    template = f"events/gate/{message}"
    mails = [Mail(one.email, template, params, one.language, one.user_id, link) for one in told]
    post.write_all(session, now, mails)
