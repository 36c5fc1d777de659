"""Merging two cards of one institution, and handing the tasks of one over to its successor."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, tuple_, update
from sqlmodel import Session, col, select

from app import warsaw
from app.accounts.models import UserSession
from app.actors import Actor, Role
from app.audit import trail
from app.db import columns, lock, metadata
from app.errors import Refusal
from app.succession import queries, rules
from app.succession.queries import Reference
from app.succession.rules import Handover
from app.text import fold
from events.calendar import actions as calendar
from events.calendar.models import Event, EventParty, Occurrence, Part, State
from events.duty.models import DutyBooking
from events.shelf import actions as shelf
from events.shelf.models import FeedKind, FeedState
from events.signups.models import Booking, SignUp
from events.visits import actions as visits
from events.visits.models import OptionState, Visit, VisitOption, VisitRules
from partners.availability.models import Unavailability
from partners.competence.rules import KINDS_OF_TASK, PLACEHOLDER_SLUG
from partners.contacts.models import CardReport, Contact
from partners.contacts.rules import Outcome
from partners.institutions.actions import reindex
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionSlug,
    InstitutionTerritory,
    Kind,
    Room,
    ServiceOffer,
    Status,
)
from partners.people.models import Invitation, Membership
from projects.programmes import successors
from projects.programmes.listing import reindex as reindex_programme
from projects.programmes.models import Programme, ProgrammePartner, ProgrammeState

_STRENGTH = {Role.MEMBER: 0, Role.COORDINATOR: 1, Role.ADMIN: 2}


def merge(
    session: Session, actor: Actor, duplicate_id: int, survivor_id: int, now: datetime, *, seen: str = ""
) -> queries.Plan:
    """Let everything that points to the duplicate point to the survivor, and delete the duplicate; return what moved.

    Its address leads to the survivor for ever, its names become other names of it, and what the survivor does not know
    is filled in. A row that both have stays as the survivor has it; a person who belongs to both keeps the stronger
    role. *seen* is the mark of the plan that the operator has seen. Locks both cards. Raises OperatorOnly, SameCard,
    OtherLayer, NotDecided, OtherKind, SurvivorArchived, Stale.
    """
    duplicate, survivor = _locked(session, actor, duplicate_id, survivor_id)
    rules.check_merge(duplicate, survivor)
    if queries.undecided(session, duplicate_id, survivor_id):
        raise rules.NotDecided
    plan = queries.plan(session, duplicate_id, survivor_id)
    if seen and seen != plan.mark:
        raise rules.Stale
    events = {*queries.events_touching(session, duplicate_id), *queries.events_touching(session, survivor_id)}
    projects = queries.programmes_touching(session, duplicate_id)
    visits.end_between(session, duplicate_id, survivor_id, now)  # nobody answers his own requests
    _join_memberships(session, actor, duplicate_id, survivor_id, now)
    _join_parties(session, duplicate_id, survivor_id)
    successors.join(session, duplicate_id, survivor_id)
    _append_contacts(session, duplicate_id, survivor_id)
    for reference in queries.references():
        if reference.table.name != "institution":
            _point(session, reference, duplicate_id, survivor_id)
    session.expire_all()
    _move_kin(session, duplicate_id, survivor)
    _act_for(session, duplicate_id, survivor_id)
    for name, value in rules.fills(duplicate, survivor).items():
        setattr(survivor, name, value)
    _take_names(session, duplicate, survivor)
    _take_tasks(session, duplicate, survivor)
    survivor.changed_at = now
    slug = duplicate.slug
    _leave_nothing_behind(session, duplicate_id)
    session.delete(duplicate)
    session.flush()
    session.add(InstitutionSlug(slug=slug, institution_id=survivor_id))
    _tidy(session, survivor_id)
    reindex(session, survivor)
    _renew(session, events, projects, now)
    _forget_feed(session, duplicate_id)
    shelf.touch(session, {(FeedKind.INNER, survivor_id)}, now)  # sign-ups have come with it
    details: dict[str, trail.Plain] = {
        "duplicate_id": duplicate_id,
        "slug": slug,
        "moved": plan.moves,
        "doubled": plan.doubled,
    }
    trail.record(session, actor, "institution.merged", "institution", survivor_id, now, details=details)
    return plan


def succeed(
    session: Session, actor: Actor, old_id: int, successor_id: int, handover: Handover, now: datetime
) -> Institution:
    """Archive an institution from a day on and hand its territory, names and units over to its successor.

    Agreements, past events and finished projects stay with the old card, which leads to the successor; people,
    contacts, services with rooms, and what is still to come pass as *handover* says. A day that has not come is noted
    on the card, and the night of that day does the rest. Locks both cards. Raises OperatorOnly, SameCard, OtherLayer,
    NotDecided, Archived, SurvivorArchived, DayTooEarly, PartlyAhead.
    """
    old, successor = _locked(session, actor, old_id, successor_id)
    rules.check_succession(old, successor)
    if queries.undecided(session, old_id, successor_id):
        raise rules.NotDecided
    today = warsaw.today(now)
    rules.check_day(old, handover, today)
    old.successor_id, old.valid_to = successor_id, handover.day - timedelta(days=1)
    old.changed_at = now
    details: dict[str, trail.Plain] = {"successor_id": successor_id, "day": handover.day.isoformat()}
    if handover.day > today:
        session.flush()
        trail.record(session, actor, "institution.succession_announced", "institution", old_id, now, details=details)
        return successor
    old.status = Status.ARCHIVED
    successor.changed_at = now
    _hand_over(session, actor, old, successor, handover, now)
    details["handed"] = [name for name in ("people", "contacts", "services", "coming") if getattr(handover, name)]
    trail.record(session, actor, "institution.succeeded", "institution", old_id, now, details=details)
    return successor


def withdraw_succession(session: Session, actor: Actor, old_id: int, now: datetime) -> None:
    """Take an announced succession back. Locks the card. Raises OperatorOnly, NotAnnounced."""
    if not rules.may_rearrange(actor):
        raise rules.OperatorOnly
    old = lock(session, Institution, old_id)
    if old is None or old.successor_id is None or old.status is Status.ARCHIVED:
        raise rules.NotAnnounced
    details: dict[str, trail.Plain] = {"successor_id": old.successor_id}
    old.successor_id = old.valid_to = None
    old.changed_at = now
    session.flush()
    trail.record(session, actor, "institution.succession_withdrawn", "institution", old_id, now, details=details)


def carry_out(session: Session, now: datetime) -> int:
    """Hand over what was announced and whose day has come; return how many.

    What cannot be done any more, such as a successor that is archived itself, stays on the operator's list as overdue.
    """
    done = 0
    today = warsaw.today(now)
    for one in queries.announced(session):
        if one.day > today:
            continue
        try:
            with session.begin_nested():
                succeed(session, Actor.system(), one.old_id, one.successor_id, Handover(one.day), now)
        except Refusal:
            session.expire_all()
        else:
            done += 1
    return done


def _hand_over(
    session: Session, actor: Actor, old: Institution, successor: Institution, handover: Handover, now: datetime
) -> None:
    old_id, successor_id = old.id or 0, successor.id or 0
    session.flush()
    _move(session, InstitutionTerritory, old_id, successor_id)
    session.expire_all()
    _move_kin(session, old_id, successor)
    if handover.people:
        _move_people(session, actor, old_id, successor_id, now)
    if handover.contacts:
        _append_contacts(session, old_id, successor_id)
        _move(session, Contact, old_id, successor_id)
    if handover.services:
        _move(session, ServiceOffer, old_id, successor_id)
        _move(session, Room, old_id, successor_id)
        _move_blocked(session, old_id, successor_id)
    events: list[int] = []
    projects: list[int] = []
    if handover.coming:
        visits.end_between(session, old_id, successor_id, now)
        events, projects = _move_coming(session, old_id, successor_id, handover.day, now)
        shelf.touch(session, {(FeedKind.INNER, one) for one in (old_id, successor_id)}, now)
        _move_visits(session, old_id, successor_id, events)
    _close_reports(session, actor, old_id, now)
    session.expire_all()
    _take_names(session, old, successor)
    _take_tasks(session, old, successor)
    reindex(session, old)
    reindex(session, successor)
    _renew(session, events, projects, now)


def _locked(session: Session, actor: Actor, one_id: int, other_id: int) -> tuple[Institution, Institution]:
    if not rules.may_rearrange(actor):
        raise rules.OperatorOnly
    if one_id == other_id:
        raise rules.SameCard
    # In one order, so that two operators who merge the same cards both ways wait for each other.
    found = {card_id: lock(session, Institution, card_id) for card_id in sorted((one_id, other_id))}
    one, other = found[one_id], found[other_id]
    if one is None or other is None:
        raise rules.Stale
    return one, other


def _point(session: Session, reference: Reference, old_id: int, new_id: int) -> None:
    """Point the rows of one foreign key to another card; what that card has already goes."""
    doubled = queries.conflicts(session, reference, old_id, new_id)
    if doubled:
        keys = tuple_(*reference.table.primary_key.columns)
        session.execute(delete(reference.table).where(keys.in_(sorted(doubled))))
    session.execute(update(reference.table).where(reference.column == old_id).values({reference.column: new_id}))


def _move(session: Session, table: type[Any], old_id: int, new_id: int) -> None:
    """Point all rows of one table whose institution_id is *old_id* to another card."""
    session.flush()
    wanted = metadata.tables[table.__tablename__]
    for reference in queries.references():
        if reference.table is wanted and reference.column.name == "institution_id":
            _point(session, reference, old_id, new_id)


def _move_blocked(session: Session, old_id: int, new_id: int) -> None:
    """Let the blocked days of rooms go with them; those of the whole house end with it."""
    of_rooms = and_(col(Unavailability.institution_id) == old_id, col(Unavailability.room_id).is_not(None))
    session.execute(update(Unavailability).where(of_rooms).values(institution_id=new_id))


def _move_kin(session: Session, old_id: int, new: Institution) -> None:
    """Hand units and earlier successions over; nobody becomes his own parent or successor."""
    for name in ("parent_id", "successor_id"):
        column = getattr(Institution, name)
        if getattr(new, name) == old_id:
            setattr(new, name, None)
        session.flush()
        session.execute(update(Institution).where(column == old_id).values({name: new.id}))
    session.expire_all()


def _join_memberships(session: Session, actor: Actor, old_id: int, new_id: int, now: datetime) -> None:
    """End the memberships of persons who belong to both; they keep the stronger role on the card that stays."""
    staying = {one.user_id: one for one in _current(session, new_id)}
    for membership in _current(session, old_id):
        kept = staying.get(membership.user_id)
        if kept is None:
            continue
        if _STRENGTH[membership.role] > _STRENGTH[kept.role]:
            details = {"institution_id": new_id, "role": membership.role.value, "was": kept.role.value}
            trail.record(session, actor, "membership.changed", "account", kept.user_id, now, details=details)
            kept.role = membership.role
        _end(session, actor, membership, now)
    session.flush()


def _join_parties(session: Session, old_id: int, new_id: int) -> None:
    """Keep the stronger part where both are named with one event: a co-organiser stays one."""
    co_organised = columns(EventParty.event_id).where(
        col(EventParty.institution_id) == old_id, col(EventParty.part) == Part.CO_ORGANISER
    )
    session.execute(
        update(EventParty)
        .where(col(EventParty.institution_id) == new_id, col(EventParty.event_id).in_(co_organised))
        .values(part=Part.CO_ORGANISER)
    )


def _move_people(session: Session, actor: Actor, old_id: int, new_id: int, now: datetime) -> None:
    """Let the people of the old institution go on for the new one, in their roles; open invitations go with them."""
    staying = {one.user_id for one in _current(session, new_id)}
    for membership in _current(session, old_id):
        _end(session, actor, membership, now)
        if membership.user_id not in staying:
            details = {"institution_id": new_id, "role": membership.role.value}
            trail.record(session, actor, "membership.added", "account", membership.user_id, now, details=details)
            session.add(
                Membership(
                    user_id=membership.user_id,
                    institution_id=new_id,
                    role=membership.role,
                    function=membership.function,
                    since=now,
                    confirmed_on=membership.confirmed_on,
                )
            )
    session.flush()
    open_ones = and_(col(Invitation.accepted_at).is_(None), col(Invitation.withdrawn_at).is_(None))
    session.execute(
        update(Invitation).where(col(Invitation.institution_id) == old_id, open_ones).values(institution_id=new_id)
    )
    _act_for(session, old_id, new_id)


def _current(session: Session, institution_id: int) -> list[Membership]:
    statement = select(Membership).where(
        Membership.institution_id == institution_id, col(Membership.ended_at).is_(None)
    )
    return list(session.exec(statement.order_by(col(Membership.id))))


def _end(session: Session, actor: Actor, membership: Membership, now: datetime) -> None:
    membership.ended_at = now
    details = {"institution_id": membership.institution_id, "role": membership.role.value}
    trail.record(session, actor, "membership.ended", "account", membership.user_id, now, details=details)


def _act_for(session: Session, old_id: int, new_id: int) -> None:
    session.execute(update(UserSession).where(col(UserSession.acting_for) == old_id).values(acting_for=new_id))


def _append_contacts(session: Session, old_id: int, new_id: int) -> None:
    """Let the contacts that are about to come stand behind those that are there, role by role."""
    last = select(func.max(Contact.position)).where(Contact.institution_id == new_id).scalar_subquery()
    session.execute(
        update(Contact)
        .where(col(Contact.institution_id) == old_id)
        .values(position=col(Contact.position) + func.coalesce(last, -1) + 1)
    )


def _close_reports(session: Session, actor: Actor, old_id: int, now: datetime) -> None:
    """Settle what is reported on a card that nobody will correct any more."""
    session.execute(
        update(CardReport)
        .where(col(CardReport.institution_id) == old_id, col(CardReport.settled_at).is_(None))
        .values(settled_at=now, settled_by=actor.user_id, outcome=Outcome.CORRECTED.value, reported_by=None)
    )


def _move_coming(session: Session, old_id: int, new_id: int, day: date, now: datetime) -> tuple[list[int], list[int]]:
    """Hand over events that are not over, with bookings and invitations, and projects that are not finished.

    Return the ids of the events and projects that the old card was named in.
    """
    since = min(warsaw.start_of(day), now)
    coming = select(Occurrence.event_id).where(col(Occurrence.ends_at) >= since)
    events = list(
        session.execute(
            columns(Event.id).where(
                col(Event.id).in_(queries.events_touching(session, old_id)),
                or_(col(Event.id).in_(coming), col(Event.state) == State.DRAFT),
            )
        ).scalars()
    )
    projects = list(
        session.execute(
            columns(Programme.id).where(
                col(Programme.id).in_(queries.programmes_touching(session, old_id)),
                col(Programme.state).in_((ProgrammeState.DRAFT, ProgrammeState.RECRUITING, ProgrammeState.RUNNING)),
            )
        ).scalars()
    )
    dates = columns(Occurrence.id).where(col(Occurrence.event_id).in_(events))
    ahead = and_(col(Occurrence.event_id).in_(events), col(Occurrence.ends_at) >= since)
    moving: tuple[tuple[Any, ColumnElement[bool]], ...] = (
        (Event.organiser_id, col(Event.id).in_(events)),
        (Event.place_institution_id, col(Event.id).in_(events)),
        (Occurrence.organiser_id, ahead),
        (Occurrence.place_institution_id, ahead),
        (Booking.institution_id, col(Booking.occurrence_id).in_(dates)),
        (SignUp.institution_id, col(SignUp.occurrence_id).in_(dates)),
        (DutyBooking.institution_id, col(DutyBooking.occurrence_id).in_(columns(Occurrence.id).where(ahead))),
    )
    for column, among in moving:
        _set(session, column, among, old_id, new_id)
    owner, column = col(EventParty.event_id), col(EventParty.institution_id)
    twice = columns(owner).where(column == new_id)
    session.execute(delete(EventParty).where(column == old_id, owner.in_(events), owner.in_(twice)))
    _set(session, EventParty.institution_id, owner.in_(events), old_id, new_id)
    successors.pass_on(session, old_id, new_id, projects, now)
    _tidy(session, new_id)
    return events, projects


def _move_visits(session: Session, old_id: int, new_id: int, events: Iterable[int]) -> None:
    """Hand over requests that wait for an answer or whose meeting is still to come; their threads stay as they were.

    The successor that has set no rules for visits takes those of the old card over.
    """
    coming = columns(Visit.id).where(or_(col(Visit.open_step_id).is_not(None), col(Visit.event_id).in_(list(events))))
    going = list(session.execute(coming).scalars())
    for column in (Visit.asking_id, Visit.asked_id, Visit.unit_id, Visit.turn_of_id):
        _set(session, column, col(Visit.id).in_(going), old_id, new_id)
    held = (col(VisitOption.visit_id).in_(going), col(VisitOption.state) == OptionState.OPEN)
    _set(session, VisitOption.unit_id, and_(*held), old_id, new_id)
    _move(session, VisitRules, old_id, new_id)


def _set(session: Session, column: Any, among: ColumnElement[bool], old_id: int, new_id: int) -> None:
    session.execute(update(column.class_).where(column == old_id, among).values({column.key: new_id}))


def _take_names(session: Session, old: Institution, new: Institution) -> None:
    """Make the names of one card other names of the other, each once; what a placeholder is called is no name."""
    if old.slug.startswith(PLACEHOLDER_SLUG):
        return
    known = {fold(new.name), fold(new.short_name)}
    known |= {fold(name) for name in _aliases(session, new.id or 0)}
    for name in (old.name, old.short_name, *_aliases(session, old.id or 0)):
        if fold(name) and fold(name) not in known:
            known.add(fold(name))
            session.add(InstitutionAlias(institution_id=new.id or 0, name=name))
    session.flush()


def _take_tasks(session: Session, old: Institution, new: Institution) -> None:
    """Let a card serve what only the other one served: a town's OPS that takes its PCPR in acts as both."""
    own = _kinds(session, new)
    for kind in sorted(_kinds(session, old) - own):
        served = [kinds for kinds in KINDS_OF_TASK.values() if kind in kinds]
        if any(own.isdisjoint(kinds) for kinds in served):
            own.add(kind)
            session.add(InstitutionActsAs(institution_id=new.id or 0, kind=kind))
    session.flush()


def _kinds(session: Session, institution: Institution) -> set[Kind]:
    statement = select(InstitutionActsAs.kind).where(InstitutionActsAs.institution_id == institution.id)
    return {institution.kind, *session.exec(statement)}


def _aliases(session: Session, institution_id: int) -> list[str]:
    statement = select(InstitutionAlias.name).where(InstitutionAlias.institution_id == institution_id)
    return list(session.exec(statement.order_by(col(InstitutionAlias.id))))


def _tidy(session: Session, institution_id: int) -> None:
    """Take away that an institution is a guest of its own event or a partner of its own project."""
    own_events = select(Event.id).where(Event.organiser_id == institution_id)
    own_projects = select(Programme.id).where(Programme.lead_id == institution_id)
    session.execute(
        delete(EventParty).where(
            col(EventParty.institution_id) == institution_id, col(EventParty.event_id).in_(own_events)
        )
    )
    session.execute(
        delete(ProgrammePartner).where(
            col(ProgrammePartner.institution_id) == institution_id,
            col(ProgrammePartner.programme_id).in_(own_projects),
        )
    )
    successors.tidy(session, institution_id)


def _renew(session: Session, events: Iterable[int], projects: Iterable[int], now: datetime) -> None:
    """Write anew what was made out of names: calendar texts with their feeds, search texts of projects."""
    session.flush()
    session.expire_all()
    events = sorted(events)
    shelf.hold(session, events)
    for event_id in events:
        calendar.shelve(session, session.get_one(Event, event_id), now)
    for programme_id in sorted(projects):
        reindex_programme(session, session.get_one(Programme, programme_id))


def _forget_feed(session: Session, institution_id: int) -> None:
    session.execute(
        delete(FeedState).where(
            col(FeedState.kind).in_((FeedKind.INSTITUTION, FeedKind.INNER)), col(FeedState.owner_id) == institution_id
        )
    )


def _leave_nothing_behind(session: Session, institution_id: int) -> None:
    """Make sure that nothing points to a card that is about to be deleted: the database would delete it, too."""
    session.flush()
    left = [
        f"{one.table.name}.{one.column.name}"
        for one in queries.references()
        if session.execute(select(func.count()).select_from(one.table).where(one.column == institution_id)).scalar_one()
    ]
    if left:
        raise rules.LeftBehind(f"institution {institution_id}: {', '.join(left)}")
