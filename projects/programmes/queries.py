"""Reads of programmes: one for an act, drafts, those of an institution, who runs one and where institutions stand."""

from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, union_all
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from app.actors import Actor
from app.db import rows
from projects.programmes.catalogue import ROWS, Order, ProgrammeRow, in_order, public, row_of
from projects.programmes.models import PartnerAnswer, Programme, ProgrammeMilestone, ProgrammePartner, ProgrammeState
from projects.programmes.protocol import STANDING
from projects.programmes.rules import Milestone, PartnerPart, may_see

ON_CARD = 24


def drafts(session: Session, viewer: Actor) -> list[ProgrammeRow]:
    """Give the drafts of the institution that *viewer* coordinates; nobody else sees any."""
    if not viewer.prepares:
        return []
    statement = ROWS.where(
        col(Programme.state) == ProgrammeState.DRAFT,
        col(Programme.lead_id) == viewer.institution_id,
        col(Programme.archived_at).is_(None),
    ).order_by(col(Programme.sort_key), col(Programme.id))
    return [row_of(row, date.min) for row in rows(session, statement)]


def of_institution(session: Session, institution_id: int, today: date) -> list[tuple[ProgrammeRow, str | None]]:
    """Give the public programmes that an institution leads or takes part in, each with its part (None: it leads).

    The first ON_CARD of them. It takes part in what it has agreed to; its part is the one that it has agreed to.
    """
    own = and_(
        col(ProgrammePartner.programme_id) == col(Programme.id),
        col(ProgrammePartner.institution_id) == institution_id,
        col(ProgrammePartner.agreed_part).is_not(None),
    )
    statement = (
        ROWS.add_columns(func.coalesce(col(ProgrammePartner.agreed_part), ""))
        .outerjoin(ProgrammePartner, own)
        .where(public(), or_(col(Programme.lead_id) == institution_id, col(ProgrammePartner.programme_id).is_not(None)))
        .order_by(*in_order(Order.STATE, today))
        .limit(ON_CARD)
    )
    leads = col(Programme.lead_id) == institution_id
    found = rows(session, statement.add_columns(leads))
    return [(row_of(row, today), None if row[-1] else row[-2]) for row in found]


def programme(session: Session, slug: str, viewer: Actor) -> Programme | None:
    """Load the row of a programme that *viewer* may know of, for an act; None otherwise."""
    found = session.exec(select(Programme).where(Programme.slug == slug)).first()
    return found if found is not None and _is_known(session, viewer, found) else None


def parts(session: Session, programme_id: int) -> tuple[PartnerPart, ...]:
    """Give the partners in the lead's form with their parts, in their order: not yet asked, asked, agreed."""
    rows = session.execute(
        columns(col(ProgrammePartner.institution_id), col(ProgrammePartner.part))
        .where(col(ProgrammePartner.programme_id) == programme_id, _standing())
        .order_by(col(ProgrammePartner.position), col(ProgrammePartner.institution_id))
    )
    return tuple(PartnerPart(*row) for row in rows)


def milestones(session: Session, programme_id: int) -> tuple[Milestone, ...]:
    """Give the steps of a programme besides its sessions, in their order."""
    rows = session.execute(
        columns(col(ProgrammeMilestone.month), col(ProgrammeMilestone.text))
        .where(col(ProgrammeMilestone.programme_id) == programme_id)
        .order_by(col(ProgrammeMilestone.position))
    )
    return tuple(Milestone(*row) for row in rows)


def circle_ids(session: Session, programme_id: int) -> frozenset[int]:
    """Give the institutions of the circle: the lead, and the partners that have agreed to their part. One statement."""
    return frozenset(
        session.execute(
            union_all(
                columns(col(Programme.lead_id)).where(
                    col(Programme.id) == programme_id, col(Programme.lead_id).is_not(None)
                ),
                columns(col(ProgrammePartner.institution_id)).where(
                    col(ProgrammePartner.programme_id) == programme_id, _agreed()
                ),
            )
        ).scalars()
    )


def in_circle(session: Session, viewer: Actor, programme: Programme) -> bool:
    """Tell whether *viewer* works for the lead or a partner that has agreed: asks nothing for visitors and the lead."""
    if not viewer.works_for_institution or programme.id is None:
        return False
    if viewer.institution_id == programme.lead_id:
        return True
    statement = columns(col(ProgrammePartner.programme_id)).where(
        col(ProgrammePartner.programme_id) == programme.id,
        col(ProgrammePartner.institution_id) == viewer.institution_id,
        _agreed(),
    )
    return session.execute(statement).first() is not None


def own_answer(session: Session, viewer: Actor, programme_id: int) -> PartnerAnswer | None:
    """Give where the institution of *viewer* stands as a partner; None for those who do not coordinate one."""
    if not viewer.coordinates:
        return None
    statement = columns(col(ProgrammePartner.answer)).where(
        col(ProgrammePartner.programme_id) == programme_id,
        col(ProgrammePartner.institution_id) == viewer.institution_id,
    )
    return session.execute(statement).scalars().first()


def _is_known(session: Session, viewer: Actor, found: Programme) -> bool:
    return may_see(viewer, found) or may_see(viewer, found, own_answer(session, viewer, found.id or 0))


def _agreed() -> ColumnElement[bool]:
    return col(ProgrammePartner.agreed_part).is_not(None)


def _standing() -> ColumnElement[bool]:
    return or_(col(ProgrammePartner.answer).is_(None), col(ProgrammePartner.answer).in_(STANDING))
