"""Blocked days, as rows."""

from datetime import date
from typing import Any

from sqlmodel import Session

from app.clock import now
from partners.availability.models import Unavailability
from partners.institutions.models import Institution
from tests.factories.rows import add

FIRST = date(2027, 1, 11)
LAST = date(2027, 1, 15)


def make_period(session: Session, institution: Institution, **columns: Any) -> Unavailability:
    """Block a working week of January 2027, or other days by *columns*."""
    values: dict[str, Any] = {
        "institution_id": institution.id or 0,
        "first_day": FIRST,
        "last_day": LAST,
        "reason": "remont dachu",
        "made_at": now(),
        **columns,
    }
    return add(session, Unavailability, **values)
