"""Which messages an act on the calendar causes: the invited hear of a new event, the asked of what they are asked."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import case
from sqlmodel import Session, col, select

from app.outbox import post
from events.calendar.models import Answer, Event, EventParty, Occurrence, Part, State
from partners.institutions.models import Institution
from partners.people import queries as people

_ANSWERS = "/uzgodnienia"


def published(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> None:
    """Tell the coordinators of every institution that the event names, besides the organiser: co-organisers, the
    invited, and whose house it takes place in.
    """
    named = select(EventParty.institution_id).where(EventParty.event_id == event.id)
    concerned = {*session.exec(named).all(), event.place_institution_id} - {event.organiser_id, None}
    _write(session, event, "invited", concerned, now, occurrence=occurrence)


def asked(session: Session, event: Event, institution_ids: Iterable[int], now: datetime) -> None:
    """Ask coordinators to look at a draft and to confirm or decline."""
    _write(session, event, "asked", institution_ids, now, anchor=_ANSWERS)


def asked_again(session: Session, event: Event, institution_ids: Iterable[int], now: datetime) -> None:
    """Tell who was asked before that time or place have changed, and that the answer is needed anew."""
    _write(session, event, "asked_again", institution_ids, now, anchor=_ANSWERS)


def answered(session: Session, event: Event, party: EventParty, now: datetime) -> None:
    """Tell the organiser what *party* said."""
    institution = session.get_one(Institution, party.institution_id).name
    template = "agreed" if party.answer is Answer.CONFIRMED else "declined"
    further = {"institution": institution, "reason": party.reason}
    _write(session, event, template, [event.organiser_id], now, anchor=_ANSWERS, further=further)


def moved_by_host(session: Session, event: Event, occurrence: Occurrence, host: Institution, now: datetime) -> None:
    """Tell the organiser that the house has changed hours or room."""
    further = {"institution": host.name}
    _write(session, event, "moved_by_host", [event.organiser_id], now, occurrence=occurrence, further=further)


def consented(session: Session, event: Event, now: datetime) -> None:
    """Tell who organises that the unit's director agrees, or need not be asked: guests may come."""
    co_organisers = select(EventParty.institution_id).where(
        EventParty.event_id == event.id,
        EventParty.part == Part.CO_ORGANISER,
        col(EventParty.answer).in_((Answer.CONFIRMED, Answer.OUTSIDE)),
    )
    others = session.exec(co_organisers).all() if event.state is State.PUBLISHED else ()
    concerned = {event.organiser_id, *others} - {event.place_institution_id}
    _write(session, event, "consented", concerned, now)


def _write(
    session: Session,
    event: Event,
    template: str,
    institution_ids: Iterable[int | None],
    now: datetime,
    *,
    occurrence: Occurrence | None = None,
    anchor: str = "",
    further: Mapping[str, str] | None = None,
) -> None:
    concerned = sorted(one for one in set(institution_ids) if one is not None)
    if not concerned:
        return
    organiser = session.get_one(Institution, event.organiser_id)
    date = occurrence or _next(session, event, now)
    for institution_id in concerned:
        for coordinator in people.coordinators(session, institution_id):
            post.write(
                session,
                now,
                to=coordinator.email,
                user_id=coordinator.user_id,
                language=coordinator.language,
                template=f"events/calendar/{template}",
                params={
                    "title": event.title,
                    "organiser": organiser.name,
                    "starts_at": date.starts_at.isoformat(),
                    "ends_at": date.ends_at.isoformat(),
                    "all_day": event.all_day,
                    "synthetic": event.synthetic,
                    **(further or {}),
                },
                link=f"/wydarzenia/{event.uuid}{anchor}",
            )


def _next(session: Session, event: Event, now: datetime) -> Occurrence:
    """Give the next date of an event that is to take place, else its first."""
    statement = (
        select(Occurrence)
        .where(Occurrence.event_id == event.id, Occurrence.state != State.REMOVED)
        .order_by(case((col(Occurrence.ends_at) > now, 0), else_=1), col(Occurrence.starts_at))
    )
    return session.exec(statement.limit(1)).one()
