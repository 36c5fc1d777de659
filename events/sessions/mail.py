"""Which messages sessions cause: a catch-up session is told to whoever is signed up for the edition."""

from datetime import datetime

from sqlmodel import Session

from app import warsaw
from app.outbox import post
from app.outbox.post import Mail, Param
from events.calendar import actions as calendar
from events.calendar.models import Event, Occurrence
from events.changes import queries as changes
from events.signups import queries as signups
from events.signups.models import SignUpState
from partners.institutions.models import Institution


def made_up(session: Session, event: Event, occurrence: Occurrence, missed: Occurrence | None, now: datetime) -> int:
    """Tell each person or booker once that *occurrence* makes up for *missed*; return how many were told."""
    rows = changes.signed_up(session, [occurrence.id or 0])
    if not rows:
        return 0
    addresses = signups.addresses(session, rows)
    host = session.get(Institution, event.place_institution_id) if event.place_institution_id else None
    first: dict[str, int] = {}
    seats: dict[str, bool] = {}
    for row in rows:
        if row.id in addresses:
            address = addresses[row.id][0].casefold()
            first.setdefault(address, row.id)
            seats[address] = seats.get(address, False) or row.state is SignUpState.SEAT
    by_id = {row.id: row for row in rows}
    text = calendar.publication(session, event)
    mails = []
    for key, row_id in first.items():
        address, language = addresses[row_id]
        hours = warsaw.span_words(occurrence.starts_at, occurrence.ends_at, all_day=False, language=language)
        params: dict[str, Param] = {
            "title": occurrence.title or event.title,
            "missed": warsaw.short_day_words(missed.local_date, language) if missed else "",
            "date": f"{warsaw.day_words(occurrence.local_date, language)}, {hours}",
            "place": calendar.place_line(event, host),
            "waiting": not seats[key],
            "synthetic": event.synthetic,
        }
        link, user_id = f"/wydarzenia/{event.uuid}", by_id[row_id].user_id
        enclosed = text if seats[key] else None
        mails.append(Mail(address, "events/sessions/made_up", params, language, user_id, link, enclosed))
    post.write_all(session, now, mails)
    return len(mails)
