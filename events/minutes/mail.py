"""Which messages a record causes: asking the other side, telling of remarks, calling a late note to mind."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

from sqlmodel import Session

from app.outbox import post
from app.outbox.post import Mail, Param
from events.calendar.models import Event
from events.minutes import rules
from events.minutes.queries import Date
from partners.people import queries as people
from partners.people.queries import Colleague


def asked(session: Session, found: Date, told: Iterable[Colleague], now: datetime) -> None:
    """Ask the coordinators of the other institutions to confirm the note or to add a remark."""
    params = _params(found) | {"number": rules.ANSWER_IN}
    _send(session, now, told, "asked", params, _link(found, "notatka"))


def answered(session: Session, found: Date, institution: str, institution_ids: Iterable[int], now: datetime) -> None:
    """Tell the coordinators of *institution_ids* that *institution* has added a remark."""
    told = [one for number in institution_ids for one in people.coordinators(session, number)]
    params = _params(found) | {"institution": institution}
    _send(session, now, told, "remarked", params, _link(found, "notatka"))


def reminded(session: Session, found: Date, now: datetime) -> int:
    """Call a missing note to the mind of the organiser's coordinators; return how many were written to."""
    told = people.coordinators(session, found.event.organiser_id)
    _send(session, now, told, "reminder", _params(found), _link(found, "obecnosc"))
    return len(told)


def path_of(event: Event, found: Date, page: str) -> str:
    """Give the path of a page of this date."""
    day = f"/{found.occurrence.local_date.isoformat()}" if event.rule else ""
    return f"/wydarzenia/{quote(str(event.uuid))}{day}/{page}"


def _send(
    session: Session, now: datetime, told: Iterable[Colleague], message: str, params: dict[str, Param], link: str
) -> None:
    mails = [Mail(one.email, f"events/minutes/{message}", params, one.language, one.user_id, link) for one in told]
    post.write_all(session, now, mails)


def _link(found: Date, page: str) -> str:
    return path_of(found.event, found, page)


def _params(found: Date) -> dict[str, Param]:
    event, occurrence = found.event, found.occurrence
    return {
        "title": found.title,
        "starts_at": occurrence.starts_at.isoformat(),
        "ends_at": occurrence.ends_at.isoformat(),
        "all_day": event.all_day,
        "synthetic": event.synthetic,
    }
