"""Verbs of programmes: draft, revise, copy, publish."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, or_, select

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.db import lock
from app.errors import Conflict, NotAdmitted
from app.text import slug
from partners.institutions.models import Institution
from projects.programmes import life, parties, protocol, queries, rules
from projects.programmes.listing import reindex
from projects.programmes.models import (
    Programme,
    ProgrammeAudience,
    ProgrammeDocument,
    ProgrammeMilestone,
    ProgrammePartner,
    ProgrammeState,
)
from projects.programmes.rules import ProgrammeDraft

SLUG_MAX = 60
# Addresses below /projekty that are no project.
RESERVED = frozenset({"nowy"})
_SAME_NAMES = (
    "title",
    "kind",
    "summary",
    "description",
    "target_group",
    "goals",
    "results",
    "voivodeship_code",
    "starts_on",
    "ends_on",
    "recruiting_until",
    "funding",
    "grant_number",
    "funding_notice",
    "total_amount",
    "grant_amount",
    "reports_quarterly",
    "report_days",
    "contact_role",
    "how_to_join",
)


def draft(session: Session, actor: Actor, wanted: ProgrammeDraft, now: datetime) -> Programme:
    """Begin a programme that the actor's institution leads; only its coordinators see it.

    The slug comes from the title and never changes; a taken one gets a number.
    Raises NotACoordinator and what rules.check raises; Conflict when two take one address at once.
    """
    if not rules.may_draft(actor) or actor.institution_id is None:
        raise rules.NotACoordinator
    rules.check(wanted, actor.institution_id)
    lead = session.get_one(Institution, actor.institution_id)
    programme = Programme(
        slug=_free_slug(session, wanted.title),
        title=wanted.title,
        kind=wanted.kind,
        lead_id=actor.institution_id,
        created_by=actor.user_id,
        changed_at=now,
        sort_key="",
        search_text="",
        synthetic=lead.synthetic,
    )
    _take_over(programme, wanted)
    session.add(programme)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        raise Conflict from error
    parties.set_parts(session, actor, programme, wanted.partners, now)
    _set_rows(session, programme, wanted)
    reindex(session, programme)
    trail.record(session, actor, "programme.drafted", "programme", _id(programme), now)
    return programme


def copy(session: Session, actor: Actor, source: Programme, now: datetime) -> Programme:
    """Begin a draft out of a programme of one's own: its texts, audience, milestones, and partners not yet asked.

    What belongs to the old one alone stays there: term, grant, amounts, results, documents, answers of partners.
    Milestones keep their distance from the first day, as months from the present one. Raises NotYourProgramme.
    """
    if not rules.may_edit(actor, source):
        raise rules.NotYourProgramme
    milestones = queries.milestones(session, _id(source))
    wanted = ProgrammeDraft(
        title=source.title,
        kind=source.kind,
        summary=source.summary,
        description=source.description,
        target_group=source.target_group,
        goals=source.goals,
        voivodeship_code=source.voivodeship_code,
        how_to_join=source.how_to_join,
        contact_role=source.contact_role,
        audience=tuple(source.audience),
        partners=queries.parts(session, _id(source)),
        milestones=rules.moved(milestones, source.starts_on, warsaw.today(now)),
    )
    made = draft(session, actor, wanted, now)
    made.copied_from_id = source.id
    session.flush()
    details = {"source_id": _id(source)}
    trail.record(session, actor, "programme.copied", "programme", _id(made), now, details=details)
    return made


def revise(
    session: Session, actor: Actor, programme: Programme, wanted: ProgrammeDraft, now: datetime, *, revision: int
) -> frozenset[str]:
    """Give *programme* the values of *wanted* and return the names of what changed.

    *revision* is the one that the form was opened with. Locks the programme. A published one keeps what publication
    needs; its state follows *wanted.state*. Raises NotYourProgramme, Stale, Incomplete and what rules.check raises.
    """
    lock(session, Programme, _id(programme))
    if not rules.may_edit(actor, programme) or programme.lead_id is None:
        raise rules.NotYourProgramme
    if programme.revision != revision:
        raise rules.Stale
    rules.check(wanted, programme.lead_id)
    if programme.state is not ProgrammeState.DRAFT and rules.missing(wanted):
        raise rules.Incomplete
    changed = {name for name in _SAME_NAMES if getattr(programme, name) != getattr(wanted, name)}
    if queries.parts(session, _id(programme)) != wanted.partners:
        changed.add("partners")
    if tuple(programme.audience) != wanted.audience:
        changed.add("audience")
    if queries.milestones(session, _id(programme)) != wanted.milestones:
        changed.add("milestones")
    state = _next_state(programme, wanted)
    if state is not programme.state:
        changed.add("state")
    if not changed:
        return frozenset()
    _take_over(programme, wanted)
    programme.state = state
    programme.revision += 1
    programme.changed_at = now
    parties.set_parts(session, actor, programme, wanted.partners, now)
    _set_rows(session, programme, wanted)
    reindex(session, programme)
    details = {"changed": sorted(changed)}
    trail.record(session, actor, "programme.revised", "programme", _id(programme), now, details=details)
    return frozenset(changed)


def publish(session: Session, actor: Actor, programme: Programme, now: datetime) -> ProgrammeState:
    """Make a draft public in the state that its dates give, and return that state.

    Locks the programme. Raises NotYourProgramme, NotAdmitted, AlreadyPublished, Over, Incomplete, PartnersAwaited.
    """
    lock(session, Programme, _id(programme))
    if not rules.may_edit(actor, programme):
        raise rules.NotYourProgramme
    if not actor.admitted:
        raise NotAdmitted
    if programme.state is not ProgrammeState.DRAFT:
        raise rules.AlreadyPublished
    if programme.archived_at is not None:
        raise protocol.Over
    if rules.missing(programme):
        raise rules.Incomplete
    parties.check_answered(session, programme)
    programme.state = rules.opening_state(programme, warsaw.today(now))
    programme.revision += 1
    programme.changed_at = now
    session.flush()
    details = {"state": programme.state.value}
    trail.record(session, actor, "programme.published", "programme", _id(programme), now, details=details)
    life.published(session, programme, now)
    return programme.state


def discard_drafts(session: Session, institution_id: int, now: datetime) -> int:
    """Delete all drafts of an institution that was not admitted; return how many there were."""
    statement = select(Programme).where(Programme.lead_id == institution_id, Programme.state == ProgrammeState.DRAFT)
    drafts = session.exec(statement).all()
    for programme in drafts:
        trail.record(session, Actor.system(), "programme.discarded", "programme", _id(programme), now)
        for of_it in (ProgrammePartner, ProgrammeAudience, ProgrammeMilestone, ProgrammeDocument):
            session.exec(delete(of_it).where(col(of_it.programme_id) == programme.id))
        session.delete(programme)
    session.flush()
    return len(drafts)


def follow_cards(session: Session, institution_ids: Collection[int]) -> int:
    """Make the search texts of all programmes anew that one of these institutions takes part in; return how many."""
    taking_part = select(ProgrammePartner.programme_id).where(col(ProgrammePartner.institution_id).in_(institution_ids))
    programmes = session.exec(
        select(Programme).where(or_(col(Programme.lead_id).in_(institution_ids), col(Programme.id).in_(taking_part)))
    ).all()
    for programme in programmes:
        reindex(session, programme)
    return len(programmes)


def _take_over(programme: Programme, wanted: ProgrammeDraft) -> None:
    for name in _SAME_NAMES:
        setattr(programme, name, getattr(wanted, name))
    programme.audience = list(wanted.audience)


def _next_state(programme: Programme, wanted: ProgrammeDraft) -> ProgrammeState:
    if programme.state is ProgrammeState.DRAFT or wanted.state in (None, ProgrammeState.DRAFT):
        return programme.state
    return wanted.state or programme.state


def _set_rows(session: Session, programme: Programme, wanted: ProgrammeDraft) -> None:
    session.exec(delete(ProgrammeAudience).where(col(ProgrammeAudience.programme_id) == programme.id))
    session.exec(delete(ProgrammeMilestone).where(col(ProgrammeMilestone.programme_id) == programme.id))
    session.add_all(ProgrammeAudience(programme_id=_id(programme), code=code) for code in wanted.audience)
    session.add_all(
        ProgrammeMilestone(programme_id=_id(programme), position=position, month=one.month, text=one.text)
        for position, one in enumerate(wanted.milestones)
    )
    session.flush()


def _free_slug(session: Session, title: str) -> str:
    base = slug(title) or "projekt"
    taken = set(session.exec(select(Programme.slug).where(col(Programme.slug).like(f"{base[: SLUG_MAX - 4]}%"))))
    taken |= RESERVED
    number, candidate = 1, base
    while candidate in taken:
        number += 1
        suffix = f"-{number}"
        candidate = base[: SLUG_MAX - len(suffix)].rstrip("-") + suffix
    return candidate


def _id(programme: Programme) -> int:
    if programme.id is None:
        raise ValueError("The programme has no row yet.")
    return programme.id
