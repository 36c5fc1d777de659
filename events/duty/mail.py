"""Which messages duty hours cause: what is expected, a date that falls, a substitute; one to each person."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from app import warsaw
from app.outbox import post
from app.outbox.post import Mail, Param
from events.calendar.models import Event, Occurrence, State
from events.duty import queries, rules
from events.duty.models import DutyBooking
from events.signups import queries as signups
from partners.institutions.models import Institution

_MOVED_AWAY = "termin przeniesiono w inne miejsce"


def expected(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """Tell those on duty how many persons are booked in which slot, and about what; return how many were told."""
    addresses = signups.addresses(session, queries.on_duty(session, [occurrence.id or 0]))
    if not addresses:
        return 0
    bookings = queries.bookings_of(session, occurrence.id or 0)
    params = {
        **_params(session, event, occurrence),
        "number": sum(one.persons for one in bookings),
        "slots": [_slot(event, occurrence, one) for one in bookings],
    }
    to = dict(sorted(set(addresses.values())))
    link = _link(session, occurrence, occurrence.place_institution_id)
    mails = [Mail(address, "events/duty/expected", params, language, None, link) for address, language in to.items()]
    post.write_all(session, now, mails)
    return len(mails)


def fell(session: Session, event: Event, occurrence: Occurrence, bookings: Sequence[DutyBooking], now: datetime) -> int:
    """Tell who has made these bookings that their date is gone, and how many persons it concerns."""
    moved = occurrence.state is State.PUBLISHED
    reason = _MOVED_AWAY if moved else occurrence.cancel_reason or event.cancel_reason
    return _to_bookers(session, event, occurrence, bookings, "fell", {"reason": reason}, now)


def substituted(session: Session, event: Event, occurrence: Occurrence, person: str, now: datetime) -> int:
    """Tell those of the unit who have booked who comes instead."""
    bookings = queries.bookings_of(session, occurrence.id or 0)
    return _to_bookers(session, event, occurrence, bookings, "substituted", {"person": person}, now)


def _to_bookers(
    session: Session,
    event: Event,
    occurrence: Occurrence,
    bookings: Sequence[DutyBooking],
    message: str,
    more: Mapping[str, Param],
    now: datetime,
) -> int:
    if not bookings:
        return 0
    params = {**_params(session, event, occurrence), **more}
    link = _link(session, occurrence, bookings[0].institution_id)
    mails = [
        Mail(one.email, f"events/duty/{message}", {**params, "number": one.persons}, one.language, one.user_id, link)
        for one in queries.bookers(session, bookings)
    ]
    post.write_all(session, now, mails)
    return len(mails)


def _params(session: Session, event: Event, occurrence: Occurrence) -> dict[str, Param]:
    unit = session.get(Institution, occurrence.place_institution_id) if occurrence.place_institution_id else None
    return {
        "title": occurrence.title or event.title,
        "host": unit.name if unit else "",
        "starts_at": occurrence.starts_at.isoformat(),
        "ends_at": occurrence.ends_at.isoformat(),
        "all_day": False,
        "synthetic": event.synthetic,
    }


def _slot(event: Event, occurrence: Occurrence, one: DutyBooking) -> str:
    begins, _ends = rules.slot_span(occurrence.starts_at, one.slot, event.slot_minutes or 1)
    return f"{warsaw.hour_words(begins)}|{one.persons}|{' '.join(one.topics)}"


def _link(session: Session, occurrence: Occurrence, unit_id: int | None) -> str:
    unit = session.get(Institution, unit_id) if unit_id else None
    if unit is None:
        return "/dyzury"
    return f"/dyzury/{unit.slug}/{occurrence.local_date:%Y-%m}#d{occurrence.id}"
