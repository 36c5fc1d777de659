"""Which messages reports cause: one that is due, one that is late."""

from datetime import datetime

from sqlmodel import Session

from app import warsaw
from app.outbox import post
from app.outbox.post import Mail, Param
from events.reports.models import ReportKind
from events.reports.queries import Due
from partners.people import queries as people
from projects.programmes.models import Programme


def due(session: Session, wanted: Due, programme: Programme, missing: int, now: datetime) -> int:
    """Call a report to the mind of the lead's coordinators; *missing* dates have no sealed record yet.

    Returns how many were written to.
    """
    told = people.coordinators(session, programme.lead_id or 0)
    quarterly = wanted.period.kind is ReportKind.QUARTERLY
    params: dict[str, Param] = {
        "title": programme.title,
        "quarter": wanted.period.roman if quarterly else "",
        "year": str(wanted.period.starts_on.year),
        "until_at": warsaw.start_of(wanted.due_on).isoformat(),
        "number": missing,
        "synthetic": programme.synthetic,
    }
    message = "events/reports/late" if wanted.late else "events/reports/due"
    link = f"/projekty/{programme.slug}/sprawozdania/{wanted.period.word}"
    post.write_all(session, now, [Mail(one.email, message, params, one.language, one.user_id, link) for one in told])
    return len(told)
