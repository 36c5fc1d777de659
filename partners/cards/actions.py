"""Verbs of cards: revise, confirm, remind, set the state, serve a territory, rooms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, delete, func, select

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.db import lock
from app.text import fold, slug
from partners.cards import mail, queries, rules
from partners.cards.rules import CardDraft
from partners.institutions import reach
from partners.institutions.actions import reindex
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionFeature,
    InstitutionSlug,
    InstitutionTerritory,
    Kind,
    Room,
    Status,
)
from partners.institutions.rules import edition as edition_of

_REMINDED = "institution.reminded"
_OPERATORS = ("kind", "valid_from", "valid_to")
_BESIDE = ("aliases", "acts_as", "features", "slug")


@dataclass(frozen=True, slots=True)
class RoomDraft:
    """What is known of a room."""

    name: str
    seats: int | None = None
    equipment: str = ""


def revise(
    session: Session, actor: Actor, institution: Institution, wanted: CardDraft, now: datetime, *, edition: str
) -> frozenset[str]:
    """Give a card the values of *wanted* and return the names of what changed.

    *edition* names the values that the form was opened with. Locks the institution. A new slug leaves the old one
    leading here for ever. Kind and validity change by the operator's hand only.
    Raises NotYourCard, NotTheOperator, Stale, SuccessorAnnounced, AddressTaken, AddressWrong and what rules.check
    raises.
    """
    owner = _id(institution)
    lock(session, Institution, owner)
    if not rules.may_edit(actor, owner):
        raise rules.NotYourCard
    before = queries.saved(session, institution)
    if edition_of(before) != edition:
        raise rules.Stale
    rules.check(wanted, owner)
    changed = {name for name in CardDraft.__slots__ if getattr(before, name) != getattr(wanted, name)}
    acting = set(wanted.acts_as) - set(before.acts_as)
    if changed.intersection(_OPERATORS) and not rules.may_operate(actor):
        raise rules.NotTheOperator
    if not acting <= {kind.value for kind in rules.may_act_as(actor, before.kind)}:
        raise rules.NotTheOperator
    if not changed:
        return frozenset()
    if "valid_to" in changed:
        _check_no_successor_announced(institution)
    if "parent_id" in changed:
        _check_parent(session, owner, wanted.parent_id)
    if "slug" in changed:
        _move(session, institution, wanted.slug)
    for name in changed.difference(_BESIDE):
        setattr(institution, name, getattr(wanted, name))
    _replace(session, owner, InstitutionAlias, [InstitutionAlias(institution_id=owner, name=n) for n in wanted.aliases])
    kinds = [InstitutionActsAs(institution_id=owner, kind=Kind(kind)) for kind in wanted.acts_as]
    _replace(session, owner, InstitutionActsAs, kinds)
    features = [InstitutionFeature(institution_id=owner, feature=feature) for feature in wanted.features]
    _replace(session, owner, InstitutionFeature, features)
    institution.changed_at = _later(institution, now)
    reindex(session, institution)
    values = {name: [_word(getattr(before, name)), _word(getattr(wanted, name))] for name in sorted(changed)}
    trail.record(
        session,
        actor,
        "institution.revised",
        "institution",
        owner,
        now,
        details={"changed": sorted(changed)},
        personal=values,
    )
    return frozenset(changed)


def confirm(session: Session, actor: Actor, institution: Institution, now: datetime) -> None:
    """Note that the institution's own people say its card is right. Locks the institution. Raises NotYourCard."""
    owner = _id(institution)
    lock(session, Institution, owner)
    if not rules.may_confirm(actor, owner):
        raise rules.NotYourCard
    institution.confirmed_on = warsaw.today(now)
    institution.confirmed_by = actor.user_id
    session.flush()
    trail.record(session, actor, "institution.confirmed", "institution", owner, now)


def remind(session: Session, now: datetime) -> int:
    """Ask the administrators of each card that has grown old to look through it, once a year at most.

    The trail remembers who has been asked. Returns how many institutions were.
    """
    waiting = queries.to_remind(session, now)
    asked = trail.subjects_of(session, _REMINDED, now - rules.REMINDED_FOR)
    due = {institution_id: number for institution_id, number in waiting.items() if institution_id not in asked}
    for institution_id, number in due.items():
        mail.remind(session, session.get_one(Institution, institution_id), number, now)
        details = {"number": number}
        trail.record(session, Actor.system(), _REMINDED, "institution", institution_id, now, details=details)
    return len(due)


def set_status(
    session: Session, actor: Actor, institution: Institution, status: Status, valid_to: date | None, now: datetime
) -> bool:
    """Make a card active, unconfirmed or archived, and return whether that is a change.

    *valid_to* is the last day of an archived one; one that comes back has no successor any more. Locks the institution.
    Raises NotTheOperator, Undecided, EndBeforeStart, SuccessorAnnounced.
    """
    owner = _id(institution)
    lock(session, Institution, owner)
    if not rules.may_operate(actor):
        raise rules.NotTheOperator
    if institution.status not in rules.STATES:
        raise rules.Undecided
    until = valid_to if status is Status.ARCHIVED else None
    if until and institution.valid_from and until < institution.valid_from:
        raise rules.EndBeforeStart
    before = institution.status
    if (before, institution.valid_to) == (status, until):
        return False
    _check_no_successor_announced(institution)
    if before is Status.ARCHIVED and status is not Status.ARCHIVED:
        institution.successor_id = None
    institution.status = status
    institution.valid_to = until
    institution.changed_at = _later(institution, now)
    session.flush()
    details = {"before": before.value, "status": status.value}
    trail.record(session, actor, "institution.status_set", "institution", owner, now, details=details)
    return True


def serve(
    session: Session,
    actor: Actor,
    institution: Institution,
    chosen: frozenset[str],
    seen: frozenset[str],
    now: datetime,
) -> bool:
    """Add to the territory what is *chosen* but was not *seen* on the form, take away what was seen but is not chosen.

    So two people at once lose nothing of each other. What lies in something broader is left out. Locks the
    institution, and returns whether anything has changed. Raises NotYourCard.
    """
    owner = _id(institution)
    lock(session, Institution, owner)
    if not rules.may_edit(actor, owner):
        raise rules.NotYourCard
    before = queries.served(session, owner)
    known = reach.units(session, chosen - seen)
    after = reach.without_covered((before - (seen - chosen)) | known.keys())
    if after == before:
        return False
    session.exec(
        delete(InstitutionTerritory).where(
            col(InstitutionTerritory.institution_id) == owner, col(InstitutionTerritory.code).in_(before - after)
        )
    )
    session.add_all(InstitutionTerritory(institution_id=owner, code=code) for code in sorted(after - before))
    institution.changed_at = _later(institution, now)
    session.flush()
    details = {"added": sorted(after - before), "removed": sorted(before - after)}
    trail.record(session, actor, "institution.territory_set", "institution", owner, now, details=details)
    return True


def add_room(session: Session, actor: Actor, institution: Institution, wanted: RoomDraft, now: datetime) -> Room:
    """Add a room at the end. Locks the institution. Raises NotYourCard, RoomNamedTwice, TooManyRooms."""
    owner = _id(institution)
    lock(session, Institution, owner)
    if not rules.may_edit(actor, owner):
        raise rules.NotYourCard
    _check_room_name(session, owner, None, wanted.name)
    number, last = session.exec(select(func.count(), func.max(Room.position)).where(Room.institution_id == owner)).one()
    if number >= rules.ROOMS_MAX:
        raise rules.TooManyRooms(number=rules.ROOMS_MAX)
    room = Room(
        institution_id=owner,
        name=wanted.name,
        seats=wanted.seats,
        equipment=wanted.equipment,
        position=(last or 0) + 1,
    )
    session.add(room)
    session.flush()
    _record_room(session, actor, "room.added", room, now, {"name": ["", room.name]})
    return room


def revise_room(session: Session, actor: Actor, room: Room, wanted: RoomDraft, now: datetime) -> bool:
    """Change a room, and return whether that changed anything. Locks it. Raises NotYourCard, RoomNamedTwice."""
    lock(session, Room, room.id or 0)
    if not rules.may_edit(actor, room.institution_id):
        raise rules.NotYourCard
    _check_room_name(session, room.institution_id, room.id, wanted.name)
    values = {
        name: [_word(getattr(room, name)), _word(getattr(wanted, name))]
        for name in RoomDraft.__slots__
        if getattr(room, name) != getattr(wanted, name)
    }
    if not values:
        return False
    room.name, room.seats, room.equipment = wanted.name, wanted.seats, wanted.equipment
    session.flush()
    _record_room(session, actor, "room.revised", room, now, values)
    return True


def switch_room(session: Session, actor: Actor, room: Room, now: datetime, *, active: bool) -> None:
    """Switch a room off or on again; meetings that name it keep their place. Locks it. Raises NotYourCard."""
    lock(session, Room, room.id or 0)
    if not rules.may_edit(actor, room.institution_id):
        raise rules.NotYourCard
    if room.active is active:
        return
    room.active = active
    session.flush()
    details = {"institution_id": room.institution_id, "active": active}
    trail.record(session, actor, "room.switched", "room", room.id or 0, now, details=details)


def _record_room(
    session: Session, actor: Actor, verb: str, room: Room, now: datetime, values: dict[str, list[str]]
) -> None:
    details = {"institution_id": room.institution_id}
    trail.record(session, actor, verb, "room", room.id or 0, now, details=details, personal=values)


def _check_room_name(session: Session, owner: int, room_id: int | None, name: str) -> None:
    others = session.exec(select(Room.id, Room.name).where(Room.institution_id == owner))
    if any(fold(other) == fold(name) and number != room_id for number, other in others):
        raise rules.RoomNamedTwice


def _check_no_successor_announced(institution: Institution) -> None:
    if institution.successor_id is not None and institution.valid_to and institution.status is not Status.ARCHIVED:
        raise rules.SuccessorAnnounced


def _check_parent(session: Session, owner: int, parent_id: int | None) -> None:
    """Walk up from the parent: nobody is a unit of his own unit."""
    seen = {owner}
    while parent_id is not None:
        if parent_id in seen:
            raise rules.WrongParent
        seen.add(parent_id)
        parent_id = session.exec(select(Institution.parent_id).where(Institution.id == parent_id)).first()


def _move(session: Session, institution: Institution, wanted: str) -> None:
    """Give the card a new address; the old one leads on. An address that it once had can be taken back."""
    if not wanted or slug(wanted) != wanted:
        raise rules.AddressWrong
    taken = session.exec(select(Institution.id).where(Institution.slug == wanted)).first()
    earlier = session.get(InstitutionSlug, wanted)
    if taken is not None or (earlier is not None and earlier.institution_id != institution.id):
        raise rules.AddressTaken
    if earlier is not None:
        session.delete(earlier)
    session.add(InstitutionSlug(slug=institution.slug, institution_id=_id(institution)))
    institution.slug = wanted
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError as error:
        raise rules.AddressTaken from error


def _replace(session: Session, owner: int, table: type[SQLModel], rows: Sequence[SQLModel]) -> None:
    session.exec(delete(table).where(col(table.institution_id) == owner))  # type: ignore[attr-defined]
    session.add_all(rows)
    session.flush()


def _later(institution: Institution, now: datetime) -> datetime:
    """A card never goes back in time: its feed would keep the old name from readers who ask "since when?"."""
    return max(now, institution.changed_at)


def _word(value: object) -> str:
    if value is None:
        return ""
    return "; ".join(str(one) for one in value) if isinstance(value, tuple) else str(value)


def _id(institution: Institution) -> int:
    if institution.id is None:
        raise LookupError("the institution has not been stored yet")
    return institution.id
