"""Verbs of those who take part beside the organiser: the host moves, the co-organiser writes topics and its people."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from app import warsaw
from app.actors import Actor
from app.errors import Conflict, Forbidden
from app.text import N_
from events.calendar import actions as calendar
from events.calendar import mail, rules
from events.calendar.models import Event, EventParty, Occurrence, Part, State
from events.calendar.rules import DateDraft, Speaker
from events.changes import actions as changes
from partners.institutions.models import Institution


class NotTheHost(Forbidden):
    """Hours and room changed by somebody who is not in the house."""

    message = N_("Only a coordinator of the institution in which the event takes place can do this.")


class NotACoOrganiser(Forbidden):
    """Topics and people changed by an institution that does not take part."""

    message = N_("Only a coordinator of an institution that organises the event too can do this.")


class NotPublished(Conflict):
    """A change by the host of what its organiser still prepares."""

    message = N_("The event is not published. While it is a draft, decline and say what should be changed.")


@dataclass(frozen=True, slots=True)
class Move:
    """What the host of the place changes: hours (Warsaw wall times) and room."""

    starts: datetime
    ends: datetime
    room_id: int | None = None
    room: str = ""


def move(
    session: Session,
    actor: Actor,
    event: Event,
    occurrence: Occurrence,
    wanted: Move,
    revision: int,
    now: datetime,
) -> frozenset[str]:
    """Move one date within the house, for its coordinators: as a change by the organiser, who is told, does.

    Everybody signed up hears of it, the co-organisers answer anew. Raises NotTheHost, NotPublished and what
    changes.actions.edit raises.
    """
    if not rules.may_move(actor, event):
        raise NotTheHost
    if event.state is not State.PUBLISHED:
        raise NotPublished
    if event.rule is None:
        saved = calendar.as_saved(session, event)
        starts_at = warsaw.to_utc(wanted.starts)
        draft = replace(
            saved,
            starts=wanted.starts,
            ends=wanted.ends,
            room=wanted.room,
            room_id=wanted.room_id,
            signup_closes_at=_not_after(saved.signup_closes_at, starts_at),
            withdraw_until=_not_after(saved.withdraw_until, starts_at),
        )
        changed = changes.edit(session, actor, event, draft, revision, now, allowed=rules.HOST_MAY)
    else:
        date = DateDraft(
            occurrence.title or event.title,
            wanted.starts,
            wanted.ends,
            event.place_institution_id,
            event.place,
            wanted.room,
            wanted.room_id,
        )
        number, may = occurrence.id or 0, rules.HOST_MAY_OF_DATE
        changed = changes.edit_date(session, actor, event, number, date, revision, now, allowed=may)
    if changed and actor.institution_id != event.organiser_id:
        mail.moved_by_host(session, event, occurrence, session.get_one(Institution, actor.institution_id), now)
    return changed


def contribute(
    session: Session,
    actor: Actor,
    event: Event,
    topics: Sequence[str],
    speakers: Sequence[Speaker],
    revision: int,
    now: datetime,
) -> frozenset[str]:
    """Give an event topics, and the people of the actor's own institution who lead or speak; return what changed.

    People of other institutions stay as they are. Raises NotACoOrganiser and what changes.actions.edit raises.
    """
    party = session.get(EventParty, (event.id or 0, actor.institution_id or 0))
    if party is None or party.part is Part.INVITED or not actor.coordinates:
        raise NotACoOrganiser
    if not rules.stands(party.answer, answered=party.answered_at is not None):
        raise NotACoOrganiser
    saved = calendar.as_saved(session, event)
    others = [one for one in saved.speakers if one.institution_id != actor.institution_id]
    own = [replace(one, institution_id=actor.institution_id) for one in speakers]
    wanted = replace(saved, topics=tuple(topics), speakers=(*others, *own))
    return changes.edit(session, actor, event, wanted, revision, now, allowed=rules.CO_ORGANISER_MAY)


def _not_after(deadline: datetime | None, starts_at: datetime) -> datetime | None:
    return min(deadline, starts_at) if deadline is not None else None
