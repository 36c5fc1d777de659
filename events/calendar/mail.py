"""Which messages an act on the calendar causes: the invited hear of a new event."""

from datetime import datetime

from sqlmodel import Session, select

from app.outbox import post
from events.calendar.models import Event, EventParty, Occurrence
from partners.institutions.models import Institution
from partners.people import queries as people


def published(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> None:
    """Tell the coordinators of every institution that the event names, besides the organiser: co-organisers, the
    invited, and whose house it takes place in.
    """
    named = select(EventParty.institution_id).where(EventParty.event_id == event.id)
    concerned = {*session.exec(named).all(), event.place_institution_id} - {event.organiser_id, None}
    if not concerned:
        return
    organiser = session.get_one(Institution, event.organiser_id)
    for institution_id in sorted(one for one in concerned if one is not None):
        for coordinator in people.coordinators(session, institution_id):
            post.write(
                session,
                now,
                to=coordinator.email,
                user_id=coordinator.user_id,
                language=coordinator.language,
                template="events/calendar/invited",
                params={
                    "title": event.title,
                    "organiser": organiser.name,
                    "starts_at": occurrence.starts_at.isoformat(),
                    "ends_at": occurrence.ends_at.isoformat(),
                    "all_day": event.all_day,
                    "synthetic": event.synthetic,
                },
                link=f"/wydarzenia/{event.uuid}",
            )
