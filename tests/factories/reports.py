"""Sessions of projects with their records, written as rows: what reports count."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from app import warsaw
from app.clock import now
from events.calendar.models import Event, EventKind, Occurrence, Outcome, State, Visibility
from events.minutes.models import Attendance, Record, RecordState, Side
from events.sessions.models import EditionSession
from projects.editions.models import Edition, EditionOutcome, EditionState
from projects.programmes.models import PartnerAnswer, Programme, ProgrammePartner
from tests.factories.persons import People
from tests.factories.programmes import make_programme
from tests.factories.rows import add

TITLE = "Warsztaty kompetencji społecznych"


def make_project(session: Session, people: People, **columns: Any) -> Programme:
    """Let the NGO lead a project since March in which the prison takes part by its word; the MOPS was only asked."""
    start, end = datetime(2026, 3, 1).date(), datetime(2027, 2, 28).date()  # noqa: DTZ001 - days
    values: dict[str, Any] = {
        "starts_on": start,
        "ends_on": end,
        "funding": "Fundusz Pokazowy",
        "grant_number": "FP-12/2026",
        "funding_notice": "Sfinansowano ze środków Funduszu Pokazowego.",
        "grant_amount": 248_000,
        "reports_quarterly": True,
        "published_at": warsaw.start_of(start),
        **columns,
    }
    project = make_programme(session, TITLE, people.ngo.id, **values)
    partners = ((people.prison, "sala i uczestnicy", PartnerAnswer.CONFIRMED), (people.mops, None, PartnerAnswer.ASKED))
    for institution, part, answer in partners:
        add(
            session,
            ProgrammePartner,
            programme_id=project.id or 0,
            institution_id=institution.id or 0,
            part="sala i uczestnicy",
            agreed_part=part,
            answer=answer,
        )
    return project


def make_edition(session: Session, project: Programme, number: int = 1, **columns: Any) -> Edition:
    """Add an open edition for participants."""
    values = {"state": EditionState.OPEN, "participants": True, "changed_at": now(), **columns}
    return add(session, Edition, programme_id=project.id or 0, number=number, **values)


def make_outcome(session: Session, edition: Edition, text: str, *counts: int | None, position: int = 0) -> None:
    """Add an outcome with (target, achieved, partly, missed)."""
    named = dict(zip(("target", "achieved", "partly", "missed"), counts, strict=False))
    add(session, EditionOutcome, edition_id=edition.id or 0, position=position, text=text, **named)


def make_meeting(
    session: Session,
    project: Programme,
    day: str,
    *,
    edition: Edition | None = None,
    number: int | None = None,
    topic: str = "",
    makes_up_for: Occurrence | None = None,
    minutes: int = 120,
    state: State = State.PUBLISHED,
    title: str = TITLE,
    visibility: Visibility = Visibility.PARTNERS,
) -> Occurrence:
    """Add a date at 10.00 on *day* as an event of its own, organised by the lead."""
    local = datetime.fromisoformat(f"{day}T10:00")
    starts, at = warsaw.to_utc(local), now()
    shared = {"visibility": visibility, "kind": EventKind.WORKSHOP, "organiser_id": project.lead_id, "changed_at": at}
    event = add(
        session,
        Event,
        uid=f"{day}-{number}-{title}",
        title=title,
        state=state,
        programme_id=project.id,
        edition_id=edition.id if edition else None,
        local_start=local,
        minutes=minutes,
        created_at=at,
        **shared,
    )
    date = add(
        session,
        Occurrence,
        event_id=event.id or 0,
        original_local=local,
        starts_at=starts,
        ends_at=starts + timedelta(minutes=minutes),
        local_date=local.date(),
        state=state,
        **shared,
    )
    if edition is not None and number is not None:
        made_up = makes_up_for.id if makes_up_for else None
        add(
            session,
            EditionSession,
            occurrence_id=date.id or 0,
            edition_id=edition.id or 0,
            number=number,
            topic=topic,
            makes_up_for_id=made_up,
        )
    return date


def make_record(
    session: Session,
    date: Occurrence,
    inside: int | None = None,
    *,
    staff: dict[int | None, int] | None = None,
    why: tuple[str, Side] | None = None,
    state: RecordState = RecordState.SEALED,
    **columns: Any,
) -> Record:
    """Add the record of a date: held, or not held because of *why*; one more person was expected and did not come."""
    outcome, at = Outcome.NOT_HELD if why else Outcome.HELD, now()
    values: dict[str, Any] = {"people_inside": inside, "made_at": at, "changed_at": at, **columns}
    if why:
        values |= {"reason": why[0], "side": why[1]}
    record = add(session, Record, occurrence_id=date.id or 0, state=state, outcome=outcome, **values)
    who = [(key, present) for key, number in (staff or {}).items() for present in (True,) * number + (False,)]
    for place, (institution_id, present) in enumerate(who):
        add(
            session,
            Attendance,
            record_id=record.id or 0,
            institution_id=institution_id or 0,
            person=f"Osoba Próbna {place}",
            present=present,
        )
    return record


def make_quarter(session: Session, people: People, **columns: Any) -> Programme:
    """Fill the third quarter of 2026 with two editions and dates outside them; what is counted is said in the tests."""
    project = make_project(session, people, **columns)
    ngo, prison, mops = people.ngo.id, people.prison.id, people.mops.id
    first = make_edition(session, project, starts_on=datetime(2026, 6, 1).date(), ends_on=datetime(2026, 9, 1).date())  # noqa: DTZ001
    second = make_edition(session, project, 2, name="dla rodzin")
    make_outcome(session, first, "ukończenie cyklu", 10, 7, 2, 1)
    days = ("07-07", "07-14", "07-21", "07-28", "08-04", "08-11", "08-18", "08-25")
    dates = [
        make_meeting(
            session,
            project,
            f"2026-{day}",
            edition=first,
            number=number,
            topic=f"Temat {number}",
            state=State.CANCELLED if number == 4 else State.PUBLISHED,
        )
        for number, day in enumerate(days, start=1)
    ]
    make_record(session, dates[0], 8, others=1, staff={ngo: 2, prison: 1})
    make_record(session, dates[1], 7, staff={ngo: 1})
    make_record(session, dates[2], why=("unit_security", Side.PRISON), reason_note="Ćwiczenia ochrony")
    make_record(session, dates[4], 6, staff={ngo: 1, mops: 1})
    make_record(session, dates[5], 9, staff={ngo: 1}, state=RecordState.SUBMITTED)
    make_record(session, dates[7], why=("ngo_staff", Side.ORGANISATION))
    again = make_meeting(
        session, project, "2026-09-01", edition=first, number=4, topic="Temat 4", makes_up_for=dates[3], minutes=210
    )
    make_record(session, again, 5, family_members=2, staff={ngo: 1})
    family = make_meeting(session, project, "2026-09-10", edition=second, number=1, topic="Rozmowa")
    make_record(session, family, 1, staff={mops: 1})
    fair = make_meeting(session, project, "2026-09-15", title="Dzień otwarty", visibility=Visibility.PUBLIC)
    make_record(session, fair, others=30, staff={ngo: 3, prison: 2})
    inner = make_meeting(session, project, "2026-09-20", title="Narada tajna", visibility=Visibility.INVITED)
    make_record(session, inner, 0)
    early = make_meeting(session, project, "2026-06-23", edition=first, number=0, topic="Wstęp")
    make_record(session, early, 4, staff={ngo: 1})
    make_meeting(session, project, "2026-06-24", title="Bez notatki")
    make_meeting(session, project, "2026-09-21", state=State.DRAFT, title="Szkic")
    make_meeting(session, project, "2026-09-22", state=State.REMOVED, title="Święto")
    other = make_programme(session, "Inny projekt", people.ngo.id)
    make_record(session, make_meeting(session, other, "2026-08-05"), 50)
    return project
