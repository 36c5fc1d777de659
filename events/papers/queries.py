"""Reads for papers: the sheet of a date, who attended, one certificate, the certificates of a person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from babel.dates import format_date
from sqlmodel import Session, and_, col, or_, select

from app import warsaw
from app.actors import Actor
from app.db import columns
from events.calendar import queries as calendar
from events.calendar.models import Event, Occurrence
from events.calendar.queries import EventPage
from events.calendar.rules import KIND_LABEL, KIND_LABEL_PL
from events.minutes.models import Attendance, Record
from events.papers import rules
from events.papers.models import Certificate
from events.signups.models import SignUp, SignUpState
from partners.institutions.models import Institution

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Attended:
    """Somebody who was present on a date, and his certificate if one was issued."""

    id: int
    person: str
    function: str
    institution: str
    certificate_id: int | None
    number: str


@dataclass(frozen=True, slots=True)
class OwnCertificate:
    """A certificate of the person who looks, or of a colleague."""

    id: int
    number: str
    person: str
    title: str
    day: date
    issued_on: date
    own: bool


def sheet(session: Session, page: EventPage, language: str) -> dict[str, object]:
    """Give the values of the attendance sheet of a date: whoever has a seat, in the order of institutions and names.

    Participants of a closed group have no lines: they are a number, and nobody asks for their signatures.
    """
    statement = (
        columns(SignUp.person, SignUp.function, Institution.name)
        .join(Institution, col(Institution.id) == SignUp.institution_id)
        .where(
            col(SignUp.occurrence_id) == page.occurrence.id,
            col(SignUp.state) == SignUpState.SEAT,
        )
        .order_by(col(Institution.sort_key), col(SignUp.person), col(SignUp.id))
    )
    speakers = calendar.speakers_on(session, page.event.id or 0, page.occurrence.id or 0)
    return _of_date(page.event, page.occurrence, page, language) | {
        "people": [] if page.event.participants else [list(row) for row in session.execute(statement)],
        "speakers": [", ".join(part for part in (one.person, one.function) if part) for one in speakers],
        "empty_lines": rules.EMPTY_LINES,
    }


def record(session: Session, occurrence_id: int) -> Record | None:
    """Give the record of a date, if one was begun."""
    return session.exec(select(Record).where(Record.occurrence_id == occurrence_id)).first()


def attended(session: Session, record_id: int) -> list[Attended]:
    """Give those who were present, with what they were given, in the order of the record."""
    statement = (
        columns(
            Attendance.id,
            Attendance.person,
            Attendance.function,
            Institution.name,
            Certificate.id,
            Certificate.issued_at,
        )
        .join(Institution, col(Institution.id) == Attendance.institution_id)
        .join(Certificate, col(Certificate.attendance_id) == Attendance.id, isouter=True)
        .where(col(Attendance.record_id) == record_id, col(Attendance.present).is_(True))
        .order_by(col(Attendance.position), col(Attendance.id))
    )
    return [
        Attended(key, person, function, institution, certificate_id, _number(certificate_id, issued_at))
        for key, person, function, institution, certificate_id, issued_at in session.execute(statement)
    ]


def certificate(
    session: Session, viewer: Actor, certificate_id: int, language: str
) -> tuple[dict[str, object], datetime] | None:
    """Give the values of a certificate and when it was issued; None for what *viewer* may not have."""
    row = session.execute(_CERTIFICATE.where(col(Certificate.id) == certificate_id)).first()
    if row is None:
        return None
    found, attendance, kept, occurrence, event, institution, organiser = row
    if not rules.may_have(
        viewer,
        user_id=attendance.user_id,
        institution_id=attendance.institution_id,
        organiser_id=event.organiser_id,
    ):
        return None
    host = session.get(Institution, occurrence.place_institution_id) if occurrence.place_institution_id else None
    place = host.name if host else occurrence.place or event.place
    values = _written(event, occurrence, place=place, organiser=organiser, language=language) | {
        "number": rules.number(found.id, found.issued_at),
        "person": attendance.person,
        "function": attendance.function,
        "institution": institution,
        "topics": list(kept.topics),
        "issued": _day(warsaw.today(found.issued_at), language),
    }
    return values, found.issued_at


def mine(session: Session, viewer: Actor, *, before: int = 0) -> list[OwnCertificate]:
    """Give the certificates that *viewer* may have as a person or as coordinator, the latest first, one too many.

    *before* is the key of the last one shown on the page before.
    """
    own = col(Attendance.user_id) == (viewer.user_id or 0)
    if viewer.coordinates:
        own = or_(own, col(Attendance.institution_id) == viewer.institution_id)
    statement = (
        columns(
            Certificate.id,
            Certificate.issued_at,
            Attendance.person,
            Event.title,
            Occurrence.local_date,
            Attendance.user_id,
        )
        .join(Attendance, col(Attendance.id) == Certificate.attendance_id)
        .join(Record, col(Record.id) == Attendance.record_id)
        .join(Occurrence, col(Occurrence.id) == Record.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(own, *([col(Certificate.id) < before] if before else []))
        .order_by(col(Certificate.id).desc())
        .limit(SHOWN + 1)
    )
    return [
        OwnCertificate(
            id=row[0],
            number=_number(row[0], row[1]),
            person=row[2],
            title=row[3],
            day=row[4],
            issued_on=warsaw.today(row[1]),
            own=row[5] == viewer.user_id,
        )
        for row in session.execute(statement)
    ]


def page(session: Session, viewer: Actor, uuid: UUID, day: date, now: datetime) -> EventPage | None:
    """Give the event and its date of that very day; None for another day, or what *viewer* may not know of."""
    found = calendar.page(session, viewer, uuid, now, day)
    return found if found and found.occurrence.local_date == day else None


_CERTIFICATE: Any = (
    columns(Certificate, Attendance, Record, Occurrence, Event, Institution.name)
    .join(Attendance, col(Attendance.id) == Certificate.attendance_id)
    .join(Record, col(Record.id) == Attendance.record_id)
    .join(Occurrence, col(Occurrence.id) == Record.occurrence_id)
    .join(Event, col(Event.id) == Occurrence.event_id)
    .join(Institution, col(Institution.id) == Attendance.institution_id)
)
_ORGANISER: Any = Institution.__table__.alias("organiser")  # type: ignore[attr-defined]  # every table has one
_CERTIFICATE = _CERTIFICATE.add_columns(_ORGANISER.c.name).join(
    _ORGANISER, and_(_ORGANISER.c.id == col(Event.organiser_id))
)


def _of_date(event: Event, occurrence: Occurrence, page: EventPage, language: str) -> dict[str, object]:
    place = page.host.name if page.host else page.place
    return _written(event, occurrence, place=place, organiser=page.organiser.name, language=language)


def _written(event: Event, occurrence: Occurrence, *, place: str, organiser: str, language: str) -> dict[str, object]:
    """Give what every paper says of a date, in words of *language*."""
    kinds = KIND_LABEL_PL if language == "pl" else KIND_LABEL
    room = occurrence.room or event.room
    return {
        "title": occurrence.title or event.title,
        "kind": kinds[event.kind],
        "when": _when(event, occurrence, language),
        "where": ", ".join(part for part in (place, room) if part) or "online",
        "organiser": organiser,
        "synthetic": event.synthetic,
    }


def _when(event: Event, occurrence: Occurrence, language: str) -> str:
    starts, ends = warsaw.to_local(occurrence.starts_at), warsaw.to_local(occurrence.ends_at)
    last = (ends - timedelta(minutes=1)).date()
    days = _day(starts.date(), language)
    if last != starts.date():
        days = f"{days} – {_day(last, language)}"
    if event.all_day:
        return days
    pattern = "%H.%M" if language == "pl" else "%H:%M"
    return f"{days}, {starts.strftime(pattern).lstrip('0')}–{ends.strftime(pattern).lstrip('0')}"


def _day(day: date, language: str) -> str:
    return format_date(day, "d MMMM y 'r.'" if language == "pl" else "d MMMM y", locale=language)


def _number(certificate_id: int | None, issued_at: datetime | None) -> str:
    return rules.number(certificate_id, issued_at) if certificate_id and issued_at else ""
