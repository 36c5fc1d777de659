"""The demo's invented programmes as the form gives them: what they are, who takes part, when."""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlmodel import Session, col, delete, select

from app.demo.cards import VOIVODESHIP
from app.demo.dates import instant, weeks_after
from app.demo.seed import Entry
from app.demo.vocabulary import Ids, by_key
from app.text import search_text, sort_key
from partners.institutions.models import Institution
from partners.people.models import Membership
from projects.programmes.models import (
    Happening,
    PartnerAnswer,
    Programme,
    ProgrammeAudience,
    ProgrammeHappening,
    ProgrammeKind,
    ProgrammeMilestone,
    ProgrammePartner,
    ProgrammeState,
)

_KNOWN_BEFORE = timedelta(weeks=4)
_ANSWERED_AFTER = timedelta(days=2)


def load_programmes(session: Session, entries: list[Entry], ids: Ids, today: date) -> Ids:
    """Add the invented programmes with their partners, all of whom have agreed; return ids by slug."""
    known = set(session.exec(select(Programme.slug)).all())
    names = dict(session.exec(select(Institution.id, Institution.name).where(Institution.synthetic)).all())
    inside = set(session.exec(select(Membership.institution_id)).all())
    for entry in entries:
        if entry["slug"] in known:
            continue
        concerned = [ids[entry["lead"]], *(ids[key] for key, _part in entry["partners"])]
        programme = Programme(
            slug=entry["slug"],
            title=entry["title"],
            kind=ProgrammeKind(entry["kind"]),
            state=ProgrammeState(entry["state"]),
            lead_id=concerned[0],
            voivodeship_code=VOIVODESHIP,
            summary=entry["summary"],
            description=entry["description"],
            target_group=entry["target"],
            goals=entry["goals"],
            results=entry.get("results", ""),
            funding=entry["funding"],
            grant_number=entry.get("grant", ""),
            audience=entry.get("audience", []),
            contact_role="programme_coordinator",
            how_to_join=entry["how"],
            sort_key=sort_key(entry["title"]),
            search_text=search_text(entry["title"], entry["summary"], *(names[one] for one in concerned)),
            changed_at=instant(weeks_after(today, -4)),
            synthetic=True,
        )
        session.add(programme)
        session.flush()
        owner = programme.id or 0
        session.add_all(ProgrammeAudience(programme_id=owner, code=code) for code in programme.audience)
        session.add_all(
            ProgrammePartner(
                programme_id=owner,
                institution_id=ids[key],
                part=part,
                agreed_part=part,
                position=position,
                answer=PartnerAnswer.CONFIRMED if ids[key] in inside else PartnerAnswer.OUTSIDE,
            )
            for position, (key, part) in enumerate(entry["partners"])
        )
    session.flush()
    date_programmes(session, entries, today)
    return by_slug(session)


def by_slug(session: Session) -> Ids:
    """Give the ids of the invented programmes."""
    return by_key(session.exec(select(Programme.slug, Programme.id).where(col(Programme.synthetic))).all())


def date_programmes(session: Session, entries: list[Entry], today: date) -> None:
    """Set the terms of the invented programmes and what happened to them, counted from *today*."""
    rows = {row.slug: row for row in session.exec(select(Programme).where(Programme.synthetic)).all()}
    for entry in entries:
        row = rows[entry["slug"]]
        owner = row.id or 0
        row.starts_on = _weeks(today, entry.get("starts"))
        row.ends_on = _weeks(today, entry.get("ends"))
        row.recruiting_until = _weeks(today, entry.get("until"))
        session.exec(delete(ProgrammeHappening).where(col(ProgrammeHappening.programme_id) == owner))
        session.exec(delete(ProgrammeMilestone).where(col(ProgrammeMilestone.programme_id) == owner))
        session.add_all(_milestones(row, entry, today))
        if row.state is not ProgrammeState.DRAFT:
            session.add_all(_happened(session, row, today))
    session.flush()


def _happened(session: Session, row: Programme, today: date) -> Iterator[ProgrammeHappening]:
    """Let the partners confirm and then the programme be published, some weeks before it began."""
    begun = instant(min(row.starts_on or today, today - _KNOWN_BEFORE) - _KNOWN_BEFORE)
    owner = row.id or 0
    partners = select(ProgrammePartner).where(ProgrammePartner.programme_id == owner)
    for partner in session.exec(partners.order_by(col(ProgrammePartner.position))).all():
        partner.asked_at, partner.answered_at = begun, begun + _ANSWERED_AFTER
        yield ProgrammeHappening(
            programme_id=owner,
            happening=Happening.CONFIRMED,
            happened_at=partner.answered_at,
            institution_id=partner.institution_id,
        )
    row.published_at = begun + 2 * _ANSWERED_AFTER
    yield ProgrammeHappening(
        programme_id=owner, happening=Happening.PUBLISHED, happened_at=row.published_at, institution_id=row.lead_id
    )


def _milestones(row: Programme, entry: Entry, today: date) -> Iterator[ProgrammeMilestone]:
    for position, (weeks, text) in enumerate(entry.get("milestones", ())):
        month = weeks_after(today, weeks).replace(day=1)
        yield ProgrammeMilestone(programme_id=row.id or 0, position=position, month=month, text=text)


def _weeks(today: date, weeks: int | None) -> date | None:
    return None if weeks is None else weeks_after(today, weeks)
