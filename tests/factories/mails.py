"""Rows of the outbox."""

import secrets
from typing import Any

from sqlmodel import Session

from app.clock import now
from app.outbox.models import MailState, OutboxMail
from app.outbox.post import Param
from tests.factories.rows import add

PARAMS: dict[str, Param] = {
    "title": "Szkolenie pokazowe",
    "person": "Anna Przykładowa",
    "organiser": "Zakład Karny w Kładkowie (pokazowy)",
    "starts_at": "2026-12-15T09:00:00+00:00",
    "ends_at": "2026-12-15T11:00:00+00:00",
    "all_day": False,
    "reason": "",
    "synthetic": False,
}

# What the mails of further rooms carry besides.
FURTHER: dict[str, Param] = {
    "institution": "Stowarzyszenie Pokazowe „Most”",
    "inviter": "Adam Pokazowy",
    "role": "coordinator",
    "report": "phone",
    "number": 3,
    "case": "W-2026-041",
    "allowed": 2,
    "refused": 1,
    "seats": 2,
    "waiting": 1,
    "asked": 0,
    "until_at": "2026-12-10T11:00:00+00:00",
    "code": "number",
    "note": "Sala mieści 12 osób.",
    "part": "sale i opieka wychowawcy",
    "stands": "seat",
    "host": "Zakład Karny w Kładkowie (pokazowy)",
    "more": 2,
    "quarter": "IV",
    "year": "2026",
    "slots": ["9.20|2|benefits shelter", "10.00|1|work"],
    "persons": 0,
    "edition": False,
    "lines": ["9 6 2 0", "1 8 0 0"],
    "on_dates": 10,
    "missed": "1 grudnia 2026",
    "date": "wtorek, 15 grudnia 2026, 10.00–12.00",
    "place": "Dom kultury, ul. Próbna 1",
    "dates": ["wtorek, 15 grudnia 2026, 10.00–12.00: Szkolenie pokazowe"],
}


def make_mail(session: Session, to: str = "anna@mops-kladkowo.example", **columns: Any) -> OutboxMail:
    """Put a mail into the outbox, due now."""
    values: dict[str, Any] = {
        "created_at": now(),
        "to_address": to,
        "language": "pl",
        "template": "events/signups/confirmed",
        "params": PARAMS,
        "link": "/wydarzenia/00000000-0000-4000-8000-000000000000#zapisy",
        "message_id": secrets.token_urlsafe(24),
        "state": MailState.WAITING,
        "next_try_at": now(),
        **columns,
    }
    return add(session, OutboxMail, **values)
