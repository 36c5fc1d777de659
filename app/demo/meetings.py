"""The demo's invented events and sign-ups, made by the same acts as on screen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlmodel import Session, col, delete, select

from app.actors import Actor
from app.demo.dates import day_in, instant, is_quiet, wall
from app.demo.people import Staff
from app.demo.seed import Entry
from app.demo.vocabulary import Ids
from events.calendar import actions as calendar
from events.calendar import parties
from events.calendar import series as dates
from events.calendar.models import (
    OFFER_HOURS,
    Admission,
    Consent,
    Event,
    EventKind,
    Occurrence,
    Promotion,
    SignUpScope,
    Visibility,
)
from events.calendar.rules import DateDraft, EventDraft, Speaker
from events.changes import actions as changes
from events.changes import rules as changes_rules
from events.recurrence import LAST, NTHS, Freq, Rule
from events.signups import actions as signups
from events.signups import requests, series
from events.signups.models import Booking, SignUp
from events.signups.rules import Person, Wanted
from partners.agreements.models import Agreement, Clause, ClauseType
from partners.contacts.models import Contact

SEED = 2026
_KNOWN_BEFORE = 21  # days between publication and the date, or today
_LAST_FILL = 2


@dataclass(frozen=True, slots=True)
class Meeting:
    """One date of an entry of the events file. *settled* is the day by which everything about it has happened."""

    entry: Entry
    week: int
    day: date
    settled: date

    @property
    def uuid(self) -> UUID:
        """The lasting address: it stays when the demo is moved to another day."""
        return life_uuid(self.entry["key"], self.week)

    def at(self, days: int, clock: str = "9:00") -> datetime:
        """Give an instant *days* days before the settled day."""
        return instant(self.settled - timedelta(days=days), clock)


def life_uuid(key: str, week: int) -> UUID:
    """Give the address of an invented event."""
    return uuid5(NAMESPACE_URL, f"kladka:life:{key}:{week}")


def load_events(
    session: Session,
    entries: list[Entry],
    staff: Staff,
    programmes: Ids,
    today: date,
    *,
    sequences: Mapping[UUID, int] | None = None,
) -> None:
    """Draft, publish, fill and cancel the invented events around *today*; those that are there stay.

    Each act happens at its own time before *today* or before its date, so that a past event was published while it
    was still to come. *sequences* gives the SEQUENCE from which an event that is moved goes on.
    """
    wanted = list(meetings(entries, today))
    known = set(session.exec(select(Event.uuid).where(col(Event.uuid).in_([one.uuid for one in wanted]))).all())
    clauses = _clauses(session)
    contacts = _contacts(session)
    for meeting in wanted:
        if meeting.uuid in known:
            continue
        entry = meeting.entry
        actor = staff.coordinator(entry["by"])
        draft = _draft(meeting, staff.ids, programmes, clauses, contacts)
        event = calendar.draft(session, actor, draft, meeting.at(_KNOWN_BEFORE + 1), uuid=meeting.uuid)
        event.sequence = (sequences or {}).get(meeting.uuid, 0)
        if entry.get("draft"):
            if entry.get("asked"):
                parties.ask(session, actor, event, meeting.at(2, "10:00"))
            continue
        if "left_out" in entry:
            calendar.leave_out(session, actor, event, _left_out(session, event, entry), meeting.at(_KNOWN_BEFORE + 1))
        _agree(session, meeting, event, staff, today)
        calendar.publish(session, actor, event, meeting.at(_KNOWN_BEFORE, "10:00"))
        _fill(session, meeting, event, staff)
        _differ(session, meeting, event, actor)
        if "cancelled" in entry:
            changes.cancel(session, actor, event, entry["cancelled"], meeting.at(1, "14:00"))


def clear_events(session: Session, entries: list[Entry], today: date) -> dict[UUID, int]:
    """Delete the invented events that the loader made, and return the SEQUENCE that each goes on from.

    Events that people of the demo added themselves have other addresses and stay.
    """
    ours = {meeting.uuid for meeting in meetings(entries, today)}
    found = dict(session.exec(select(Event.uuid, Event.sequence).where(col(Event.uuid).in_(ours))).all())
    # A booking for a whole series hangs on no date, so it would stay when its dates go.
    whole = (
        select(SignUp.booking_id)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .join(Event, col(Event.id) == Occurrence.event_id)
        .join(Booking, col(Booking.id) == SignUp.booking_id)
        .where(col(Event.uuid).in_(ours), col(Booking.occurrence_id).is_(None))
    )
    session.exec(delete(Booking).where(col(Booking.id).in_(whole)).execution_options(synchronize_session=False))
    session.exec(delete(Event).where(col(Event.uuid).in_(ours)).execution_options(synchronize_session=False))
    session.expunge_all()
    return {uuid: sequence + 1 for uuid, sequence in found.items()}


def meetings(entries: list[Entry], today: date) -> Iterator[Meeting]:
    """Give every date of the events file, counted from *today*."""
    for entry in entries:
        used: set[date] = set()
        for week in entry["weeks"]:
            day = day_in(today, week, entry["weekday"])
            while day in used:  # a holiday has moved the date before onto this one
                day = day_in(day, 1, entry["weekday"])
            used.add(day)
            yield Meeting(entry, week, day, min(today, day - timedelta(days=3)))


def _draft(
    meeting: Meeting, ids: Ids, programmes: Ids, clauses: Mapping[tuple[str, str], int], contacts: Mapping[int, str]
) -> EventDraft:
    entry = meeting.entry
    all_day = "all_day" in entry
    if all_day:
        starts = datetime.combine(meeting.day, time.min, tzinfo=UTC).replace(tzinfo=None)
        ends = starts + timedelta(days=entry["all_day"])
    else:
        starts = wall(meeting.day, entry["start"])
        ends = starts + timedelta(minutes=entry["minutes"])
    noon_before = instant(meeting.day - timedelta(days=1), "12:00") if "seats" in entry else None
    return EventDraft(
        title=entry["title"],
        kind=EventKind(entry["kind"]),
        starts=starts,
        ends=ends,
        all_day=all_day,
        place_institution_id=ids[entry["at"]] if "at" in entry else None,
        place=entry.get("place", ""),
        room=entry.get("room", ""),
        online="online" in entry,
        online_link=entry.get("online", ""),
        voivodeship_code="08",
        capacity=entry.get("seats"),
        audience=tuple(entry["audience"]),
        description=entry["description"],
        topics=tuple(entry["topics"]),
        visibility=Visibility(entry["visibility"]),
        programme_id=programmes[entry["programme"]] if "programme" in entry else None,
        clause_id=clauses[entry["clause"][0], entry["clause"][1]] if "clause" in entry else None,
        signup_closes_at=noon_before,
        withdraw_until=noon_before,
        contact=contacts.get(ids[entry["by"]], ""),
        speakers=tuple(Speaker(one["name"], one["function"], ids[one["of"]]) for one in entry.get("speakers", ())),
        agenda=entry.get("agenda", ""),
        co_organisers=tuple(ids[key] for key in entry.get("co", ()) if key != entry["by"]),
        invited=tuple(ids[key] for key in entry.get("invited", ())),
        admission=Admission(entry.get("admission", Admission.OPEN.value)),
        promotion=Promotion(entry.get("promotion", Promotion.AUTOMATIC.value)),
        offer_hours=entry.get("offer_hours", OFFER_HOURS),
        signup_scope=SignUpScope(entry.get("signup_scope", SignUpScope.DATE.value)),
        rule=_rule(meeting),
        synthetic=True,
    )


def _rule(meeting: Meeting) -> Rule | None:
    day, entry = meeting.day, meeting.entry
    if "weekly" in entry:
        return Rule(days=(day.weekday(),), count=entry["weekly"])
    if "monthly" in entry:
        nth = (day.day - 1) // 7 + 1
        return Rule(Freq.MONTHLY, days=(day.weekday(),), nth=nth if nth in NTHS else LAST, count=entry["monthly"])
    return None


def _differ(session: Session, meeting: Meeting, event: Event, actor: Actor) -> None:
    """Let single dates of a series stand elsewhere or not take place."""
    entry, rows = meeting.entry, dates.occurrences(session, event)
    if "moved" in entry:
        row = rows[entry["moved"]["date"]]
        starts = wall(row.local_date, entry["moved"]["start"])
        wanted = DateDraft(event.title, starts, starts + timedelta(minutes=event.minutes), place=event.place)
        changes.edit_date(session, actor, event, row.id or 0, wanted, event.revision, meeting.at(1, "11:00"))
    if "one_cancelled" in entry:
        row, reason = rows[entry["one_cancelled"]["date"]], entry["one_cancelled"]["reason"]
        now = meeting.at(1, "12:00")
        changes.cancel(session, actor, event, reason, now, occurrence_id=row.id, scope=changes_rules.Scope.THIS)


def _left_out(session: Session, event: Event, entry: Entry) -> set[date]:
    """Give the days of a series that do not take place: one by its number, or all on which nobody works."""
    rows = dates.occurrences(session, event)
    if entry["left_out"] == "holidays":
        return {row.local_date for row in rows if is_quiet(row.local_date)}
    return {rows[entry["left_out"]].local_date}


def _agree(session: Session, meeting: Meeting, event: Event, staff: Staff, today: date) -> None:
    """Let the host and the co-organisers confirm, in Kładka if they have people there; the director consents last.

    What is over took place, so its director has consented.
    """
    entry, asked = meeting.entry, meeting.at(_KNOWN_BEFORE + 1, "10:00")
    houses = dict.fromkeys([*entry.get("co", ()), *([entry["at"]] if "at" in entry else [])])
    others = [key for key in houses if key != entry["by"]]
    answering = [key for key in others if key in staff.coordinators]
    if answering:
        parties.ask(session, staff.coordinator(entry["by"]), event, asked)
    for key in others:
        if key in answering:
            parties.answer(session, staff.coordinator(key), event, asked + timedelta(hours=3), agrees=True)
        else:
            parties.note_outside(session, staff.coordinator(entry["by"]), event, staff.ids[key], asked)
    noted = entry.get("consent", Consent.GRANTED.value if meeting.day < today else None)
    if event.consent is not None and noted is not None:
        consent, day = Consent(noted), meeting.settled - timedelta(days=_KNOWN_BEFORE + 1)
        unit = staff.coordinator(entry["at"])
        parties.note_consent(session, unit, event, consent, day, asked + timedelta(hours=4))


def _fill(session: Session, meeting: Meeting, event: Event, staff: Staff) -> None:
    entry = meeting.entry
    dates = select(Occurrence.id).where(Occurrence.event_id == event.id).order_by(col(Occurrence.starts_at))
    occurrence_id = session.exec(dates).first() or 0
    bookings = entry["signups"] if "signups" in entry else _random_bookings(meeting, staff)
    taken: set[str] = set()
    firsts: dict[str, int] = {}
    for number, booking in enumerate(bookings):
        actor, wanted = _wanted(booking, staff, taken)
        taken |= {person.email for person in wanted.people}
        key = str(uuid5(meeting.uuid, f"booking:{number}"))
        clock = f"{8 + number % 7}:{10 + 7 * number % 50}"
        at = meeting.at(booking["days"], clock)
        if event.signup_scope is SignUpScope.SERIES:
            series.sign_up(session, actor, event, wanted, key, at)
            continue
        rows = signups.sign_up(session, actor, event, occurrence_id, wanted, key, at)
        firsts.setdefault(booking["by"], rows[0].id or 0)
        if booking.get("accepted"):
            ids = [row.id or 0 for row in rows]
            requests.accept(session, staff.coordinator(entry["by"]), event, ids, at + timedelta(hours=5))
    if "withdrawn" in entry:
        by, days = entry["withdrawn"]["by"], entry["withdrawn"]["days"]
        signups.withdraw(session, staff.coordinator(by), event, firsts[by], meeting.at(days, "12:00"))


def _random_bookings(meeting: Meeting, staff: Staff) -> list[Entry]:
    entry = meeting.entry
    random = Random(f"{SEED}:{entry['key']}:{meeting.week}")  # noqa: S311 - the same demo every time is wanted
    wanted = entry.get("fill", 0)
    others = [key for key in staff.people if key not in {entry["by"], entry.get("at")}]
    if entry["visibility"] == "invited":
        others = list(entry.get("invited", ()))
    random.shuffle(others)
    bookings: list[Entry] = []
    for key in others:
        if wanted <= 0:
            break
        number = min(wanted, random.randint(1, 3))
        bookings.append({"by": key, "people": number, "days": random.randint(_LAST_FILL, _KNOWN_BEFORE - 2)})
        wanted -= number
    return sorted(bookings, key=lambda booking: -int(booking["days"]))


def _wanted(booking: Entry, staff: Staff, taken: set[str]) -> tuple[Actor, Wanted]:
    if "own" in booking:
        actor = staff.members[booking["own"]]
        person = Person(name=actor.name, email=actor.email, function="pracownik socjalny", user_id=actor.user_id)
        return actor, Wanted(people=(person,))
    free = [person for person in staff.people[booking["by"]] if person.email not in taken]
    if isinstance(booking["people"], list):
        chosen = [person for person in free if person.name in booking["people"]]
        return staff.coordinator(booking["by"]), Wanted(people=tuple(chosen))
    # Who would have to be signed up twice becomes a place whose name comes later.
    chosen = free[: booking["people"]]
    return staff.coordinator(booking["by"]), Wanted(people=tuple(chosen), places=booking["people"] - len(chosen))


def _clauses(session: Session) -> dict[tuple[str, str], int]:
    statement = select(Agreement.number, ClauseType.key, Clause.id).where(
        Clause.agreement_id == Agreement.id, Clause.clause_type_id == ClauseType.id, Agreement.synthetic
    )
    return {(number, key): clause_id or 0 for number, key, clause_id in session.exec(statement).all()}


def _contacts(session: Session) -> dict[int, str]:
    statement = select(Contact).order_by(col(Contact.institution_id), col(Contact.position).desc())
    rows = session.exec(statement).all()
    return {row.institution_id: ", ".join(part for part in (row.phone, row.mailbox) if part) for row in rows}
