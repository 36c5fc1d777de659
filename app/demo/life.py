"""The demo's life: everything invented, among invented institutions, dated around *today*."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import yaml
from sqlmodel import Session, col, delete, func, select, update

from app.audit.models import AuditLine, AuditValue
from app.demo import calendars, cards, duty, gates, meetings, people, programmes, projects, records, visits
from app.demo.dates import instant
from app.demo.seed import Entry
from app.demo.vocabulary import load_clause_types, load_services
from app.outbox.models import OutboxMail
from events.shelf.models import FeedState
from partners.territory import actions as territory

MAILS_KEPT = 14
"""How many mails stay waiting, so that the operator's page is not empty."""

_FOLDER = Path(__file__).parent / "data"
_ACCOUNTS_END = "@demo.example"


def load_life(session: Session, today: date, now: datetime) -> None:
    """Load the invented part around *today*; rows that are there already stay. Needs the territory.

    Everything is marked synthetic and touches invented institutions only. What is loaded depends on *today* alone;
    *now* stamps the trail and the waiting mails. Of the mails that the sign-ups cause a few to demo accounts stay.
    """
    territory.load_sample(session)
    services, types = load_services(session), load_clause_types(session)
    before = _Before.of(session)
    ids = cards.load_institutions(session, life()["institutions"], services, today)
    people.load_accounts(session, life()["accounts"], ids, instant(today, "7:00"))
    cards.load_agreements(session, life()["agreements"], ids, types, today)
    known = programmes.load_programmes(session, life()["programmes"], ids, today)
    staff = people.staff(session, life()["institutions"], ids)
    meetings.load_events(session, life_events(), staff, known, today)
    gates.load_gate(session, staff, today)
    records.load_records(session, life_events(), staff, today)
    duty.load_duty(session, staff, today)
    visits.load_visits(session, staff, today)
    projects.load_projects(session, staff, today)
    calendars.load_calendars(session, staff, today)
    before.settle(session, now)
    before = _Before.of(session)
    people.load_invitations(session, life()["invitations"], ids, now)
    people.load_applications(session, life()["applications"], now)
    before.drop_mails(session)


def refresh_life(session: Session, today: date, now: datetime) -> None:
    """Move the invented part to *today*: events, sign-ups, terms and confirmations; addresses stay.

    Events that people of the demo made themselves are left alone.
    """
    sequences = projects.clear_projects(session) | visits.clear_visits(session) | duty.clear_duty(session)
    records.clear_records(session, life_events(), today)
    sequences |= meetings.clear_events(session, life_events(), today) | gates.clear_gate(session)
    links = [f"/wydarzenia/{uuid}" for uuid in sequences]
    for mail in session.exec(select(OutboxMail)).all():
        if "/".join(mail.link.partition("#")[0].split("/")[:3]) in links:
            session.delete(mail)
    session.flush()
    before = _Before.of(session)
    ids = cards.invented(session)
    cards.date_cards(session, life()["institutions"], ids, today)
    cards.date_agreements(session, life()["agreements"], today)
    programmes.date_programmes(session, life()["programmes"], today)
    known = programmes.by_slug(session)
    staff = people.staff(session, life()["institutions"], ids)
    meetings.load_events(session, life_events(), staff, known, today, sequences=sequences)
    gates.load_gate(session, staff, today, sequences=sequences)
    records.load_records(session, life_events(), staff, today)
    duty.load_duty(session, staff, today, sequences=sequences)
    visits.load_visits(session, staff, today, sequences=sequences)
    projects.load_projects(session, staff, today, sequences=sequences)
    calendars.load_calendars(session, staff, today)
    before.settle(session, now)


@cache
def life() -> Entry:
    """Return the file of invented institutions, accounts, agreements and programmes."""
    with (_FOLDER / "life.yaml").open(encoding="utf-8") as lines:
        return dict(yaml.safe_load(lines))


@cache
def life_events() -> list[Entry]:
    """Return the entries of the file of invented events."""
    with (_FOLDER / "life_events.yaml").open(encoding="utf-8") as lines:
        return list(yaml.safe_load(lines)["events"])


@dataclass(frozen=True, slots=True)
class _Before:
    """How far the trail and the outbox reached before the invented acts."""

    line: int
    mail: int

    @classmethod
    def of(cls, session: Session) -> "_Before":
        line = session.exec(select(func.max(AuditLine.id))).one()
        mail = session.exec(select(func.max(OutboxMail.id))).one()
        return cls(line or 0, mail or 0)

    def settle(self, session: Session, now: datetime) -> None:
        """Stamp the new lines with the time of loading, since days before may be sealed; drop all mails but a few."""
        session.flush()
        session.exec(update(AuditLine).where(col(AuditLine.id) > self.line).values(at=now))
        session.exec(update(AuditValue).where(col(AuditValue.audit_id) > self.line).values(at=now))
        new = col(OutboxMail.id) > self.mail
        to_demo = col(OutboxMail.to_address).endswith(_ACCOUNTS_END)
        newest = select(OutboxMail.id, OutboxMail.template, OutboxMail.to_address).where(new, to_demo)
        kept = _varied(session.exec(newest.order_by(col(OutboxMail.id).desc())).all())
        session.exec(delete(OutboxMail).where(new, col(OutboxMail.id).not_in(kept)))
        session.exec(update(OutboxMail).where(new).values(created_at=now, next_try_at=now))
        session.exec(update(FeedState).values(modified=now))
        session.flush()
        session.expire_all()

    def drop_mails(self, session: Session) -> None:
        """Drop what would go to people who do not exist."""
        session.flush()
        session.exec(delete(OutboxMail).where(col(OutboxMail.id) > self.mail))


def _varied(mails: Sequence[tuple[int | None, str, str]]) -> list[int]:
    """Choose a few mails: one of each message first, then of other people."""
    seen: set[str] = set()
    order: list[tuple[int, int, int]] = []
    for number, template, address in mails:
        kind = 0 if template not in seen else 1 if address not in seen else 2
        seen |= {template, address}
        order.append((kind, len(order), number or 0))
    return [number for _kind, _at, number in sorted(order)[:MAILS_KEPT]]
