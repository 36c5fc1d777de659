"""The demo's story of a project, by the same acts as on screen: partners, editions, sessions, results, a report."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from sqlmodel import Session, col, delete, select

from app import warsaw
from app.actors import Actor
from app.demo.dates import day_in, instant, is_quiet, wall, working_day
from app.demo.meetings import life_uuid
from app.demo.papers import add_documents
from app.demo.people import Staff
from app.files.models import StoredFile
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar import parties as houses
from events.calendar.models import Admission, Consent, Event, Occurrence, Outcome, State, Visibility
from events.calendar.rules import DateDraft, Speaker
from events.changes import actions as changes
from events.changes.rules import Scope
from events.gate import actions as gate
from events.minutes import actions as minutes
from events.minutes import queries as records
from events.minutes.models import Record, RecordState
from events.minutes.versions import Version
from events.recurrence import Rule
from events.reports import actions as reports
from events.reports import queries as figures
from events.reports import rules as report_rules
from events.reports.models import Report
from events.reports.rules import Period
from events.sessions import actions as sessions
from events.sessions.models import EditionSession
from events.sessions.rules import PlanDraft
from events.signups import series
from events.signups.models import Booking, SignUp
from events.signups.rules import Wanted
from projects.editions import actions as editions
from projects.editions import queries as edition_queries
from projects.editions.models import Edition
from projects.editions.rules import EditionDraft, OutcomeDraft, OutcomeResult
from projects.programmes import actions as programmes
from projects.programmes import parties
from projects.programmes.models import Programme, ProgrammeDocument, ProgrammeKind
from projects.programmes.rules import Milestone, PartnerPart, ProgrammeDraft

LEAD, UNIT, CENTRE, NEIGHBOUR, OTHER_UNIT, FAMILIES = (
    "dobra-proba",
    "zk-kladkowo",
    "mops-kladkowo",
    "ops-przeprawa",
    "as-przeprawa",
    "pcpr-kladkowo",
)
SLUG, DRAFT_SLUG = "warsztaty-kompetencji-spolecznych", "list-do-domu"
TITLE = "Warsztaty kompetencji społecznych"
_BEGAN, _RUNS, _COMES = -27, -5, 9
"""Weeks of the first session of the edition that is over, the one that runs, the one that is to come."""
_WEEKDAY, _CLOCK, _MINUTES = 1, "16:00", 120
_SEATS = 12
_REPORT_DAYS = 60
_CANCELLED, _MOVED, _SUBSTITUTED = 2, 7, 6
"""Which sessions of the running edition are cancelled, moved, led by somebody else (from 0)."""
_TOPICS = (
    "Poznajemy się",
    "Rozmowa, która nie rani",
    "Złość i co z nią zrobić",
    "Dokumenty i urzędy",
    "Budżet domowy",
    "Długi: od czego zacząć",
    "Praca i umowy",
    "Zdrowie",
    "Bliscy po latach",
    "Plan na pierwszy miesiąc",
)
_CAME = (10, 11, 10, 9, 11, 10, 10, 9, 10, 10)


def uuids() -> list[UUID]:
    """Give the addresses of the story's events: they stay when the demo is moved."""
    return [life_uuid(f"{SLUG}-{what}", 0) for what in ("1", "2", "2-za", "3")]


def load_projects(session: Session, staff: Staff, today: date, *, sequences: Mapping[UUID, int] | None = None) -> None:
    """Tell the story around *today*: each act at its own time before it; what is there stays."""
    if session.exec(select(Programme.id).where(Programme.slug == SLUG)).first() is not None:
        return
    story = _Story(session, staff, today, sequences or {})
    programme = story.begin()
    story.first_edition(programme)
    story.running_edition(programme)
    story.coming_edition(programme)
    story.others_join(programme)
    story.freeze(programme)
    story.draft()


def clear_projects(session: Session) -> dict[UUID, int]:
    """Delete the story, and return the SEQUENCE that each of its events goes on from.

    Reports that people of the demo froze for it go along; events of theirs stay, outside the project.
    """
    found = dict(session.exec(select(Event.uuid, Event.sequence).where(col(Event.uuid).in_(uuids()))).all())
    ours = select(Programme.id).where(col(Programme.slug).in_((SLUG, DRAFT_SLUG)), col(Programme.synthetic))
    dates = select(Occurrence.id).join(Event, col(Event.id) == Occurrence.event_id).where(col(Event.uuid).in_(uuids()))
    whole = select(SignUp.booking_id).where(col(SignUp.occurrence_id).in_(dates))
    for slug in (SLUG, DRAFT_SLUG):
        session.exec(delete(OutboxMail).where(col(OutboxMail.link).startswith(f"/projekty/{slug}")))
    papers = session.exec(select(ProgrammeDocument.file_id).where(col(ProgrammeDocument.programme_id).in_(ours))).all()
    quietly = {"synchronize_session": False}
    for statement in (
        delete(Report).where(col(Report.programme_id).in_(ours)),
        delete(Record).where(col(Record.occurrence_id).in_(dates)),
        delete(Booking).where(col(Booking.id).in_(whole)),
        delete(Event).where(col(Event.uuid).in_(uuids())),
        delete(Edition).where(col(Edition.programme_id).in_(ours)),
        delete(Programme).where(col(Programme.id).in_(ours)),
        delete(StoredFile).where(col(StoredFile.id).in_(papers)),
    ):
        session.exec(statement.execution_options(**quietly))
    session.expunge_all()
    return {uuid: sequence + 1 for uuid, sequence in found.items()}


class _Story:
    """The acts of the story, in the order in which they happened."""

    def __init__(self, session: Session, staff: Staff, today: date, sequences: Mapping[UUID, int]) -> None:
        self.session, self.staff, self.today, self.sequences = session, staff, today, sequences
        self.lead, self.unit, self.centre = (staff.coordinator(key) for key in (LEAD, UNIT, CENTRE))

    def begin(self) -> Programme:
        """Draft the project, let prison and centre confirm their parts, publish it."""
        session, first = self.session, self._first(_BEGAN)
        begun = first - timedelta(weeks=7)
        wanted = self._project(first)
        programme = programmes.draft(session, self.lead, wanted, instant(begun))
        parties.ask(session, self.lead, programme, instant(begun, "10:00"))
        parties.answer(session, self.unit, programme, instant(begun + timedelta(days=1)), agrees=True)
        parties.answer(session, self.centre, programme, instant(begun + timedelta(days=2)), agrees=True)
        programmes.publish(session, self.lead, programme, instant(begun + timedelta(days=3)))
        add_documents(session, self.lead, programme, instant(begun + timedelta(days=4)))
        return programme

    def first_edition(self, programme: Programme) -> None:
        """Tell the edition that is over: all sessions held and sealed, results entered, closed."""
        edition, event = self._edition(programme, 1, _BEGAN, "pierwsza grupa")
        self._join(event, UNIT, 10)
        rows = self._dates(event)
        self._record(rows, self.today)
        ended = working_day(rows[-1].local_date + timedelta(days=5))
        lines = edition_queries.outcomes(self.session, edition.id or 0, inside=True)
        counts = ((8, 1, 1), (7, 2, 1), (4, 3, 3))
        results = [OutcomeResult(line.id, *count) for line, count in zip(lines, counts, strict=True)]
        editions.set_results(self.session, self.lead, edition, results, instant(ended), revision=edition.revision)
        editions.complete(self.session, self.lead, edition, instant(ended, "9:30"), revision=edition.revision)

    def running_edition(self, programme: Programme) -> None:
        """Tell the edition that runs: a group with a waiting list, a session cancelled and made up for, one moved."""
        session, today = self.session, self.today
        edition, event = self._edition(programme, 2, _RUNS, "grupa jesienna")
        self._join(event, UNIT, 8)
        self._join(event, OTHER_UNIT, 6)
        rows = self._dates(event)
        missed, moved, led = rows[_CANCELLED], rows[_MOVED], rows[_SUBSTITUTED]
        reason, told = "Choroba prowadzącej", instant(missed.local_date - timedelta(days=1), "14:00")
        changes.cancel(session, self.lead, event, reason, told, occurrence_id=missed.id, scope=Scope.THIS)
        self._make_up(edition, missed, rows[-1].local_date + timedelta(weeks=1), instant(today, "7:40"))
        wanted = DateDraft(
            moved.title or event.title, *self._hours(moved.local_date + timedelta(days=1)), room=event.room
        )
        wanted = replace(wanted, place_institution_id=event.place_institution_id)
        changes.edit_date(session, self.lead, event, moved.id or 0, wanted, event.revision, instant(today, "8:00"))
        self._let_in(event, instant(today, "8:10"))
        speakers = (Speaker("Piotr Wzorcowy", "pracownik socjalny", self.staff.ids[CENTRE]),)
        sessions.set_speakers(session, self.lead, edition, led.id or 0, Scope.THIS, speakers, instant(today, "8:30"))
        self._record([row for row in rows if row.id != missed.id], today)

    def coming_edition(self, programme: Programme) -> None:
        """Tell the edition to come: institutions ask for places, and one request waits."""
        _edition, event = self._edition(programme, 3, _COMES, "grupa zimowa", admission=Admission.APPROVAL)
        self._join(event, OTHER_UNIT, 4, instant(working_day(self.today - timedelta(days=4)), "11:00"))

    def others_join(self, programme: Programme) -> None:
        """Ask a centre that has not answered yet, and let a unit ask to join."""
        session, asked = self.session, working_day(self.today - timedelta(days=6))
        wanted = self._project(self._first(_BEGAN))
        further = PartnerPart(self.staff.ids[NEIGHBOUR], "plan pomocy dla mieszkańców gminy Przeprawa")
        wanted = replace(wanted, partners=(*wanted.partners, further))
        now = instant(asked, "12:00")
        programmes.revise(session, self.lead, programme, wanted, now, revision=programme.revision)
        part = "kieruje uczestników i udostępnia salę na jedno spotkanie"
        unit = self.staff.coordinator(OTHER_UNIT)
        parties.request(session, unit, programme, part, instant(working_day(self.today - timedelta(days=3)), "13:00"))

    def freeze(self, programme: Programme) -> None:
        """Freeze the reports of the quarters for which the funder has waited long enough; the last one may be due."""
        for period in self._quarters_over():
            due = period.due_on(programme.report_days)
            if due < self.today:
                now = instant(working_day(due - timedelta(days=20)), "9:10")
                content = figures.figures(self.session, programme, period.starts_on, period.ends_on, now)
                mark = report_rules.mark(content)
                frozen = reports.freeze(
                    self.session, self.lead, programme, period.kind, period.starts_on, period.ends_on, mark, now
                )
                frozen.uuid = life_uuid(f"{SLUG}-{period.word}", 0)
        self.session.flush()

    def draft(self) -> None:
        """Begin another project: the unit has confirmed, the centre not yet, of a third house the yes is noted."""
        session, begun = self.session, working_day(self.today - timedelta(days=9))
        first = day_in(self.today, 10, 5)
        wanted = ProgrammeDraft(
            title="List do domu",
            kind=ProgrammeKind.FAMILY_THERAPY,
            summary="Rodzice nagrywają bajki dla swoich dzieci, a potem spotykają się z nimi w sali dla rodzin.",
            description="Nagrania przechodzą przez wychowawcę. Dzieci dostają książkę, z której czyta rodzic.",
            target_group="rodzice, którzy odbywają karę, i ich dzieci (8 rodzin)",
            voivodeship_code="08",
            starts_on=first,
            ends_on=first + timedelta(weeks=16),
            recruiting_until=first - timedelta(weeks=2),
            how_to_join="Rodzinę zgłasza wychowawca albo ośrodek, podając liczbę osób.",
            funding="środki własne (przykład)",
            contact_role="programme_coordinator",
            audience=("convicts", "families"),
            partners=(
                PartnerPart(self.staff.ids[UNIT], "sala dla rodzin, nagrania"),
                PartnerPart(self.staff.ids[CENTRE], "dojazd dzieci i opiekunów"),
                PartnerPart(self.staff.ids[FAMILIES], "psycholog dziecięcy"),
            ),
        )
        programme = programmes.draft(session, self.lead, wanted, instant(begun))
        parties.ask(session, self.lead, programme, instant(begun, "9:40"))
        owner = self.staff.ids[FAMILIES]
        parties.note_outside(
            session, self.lead, programme, owner, "Telefon 12.00, dyrektorka.", instant(begun, "12:10")
        )
        parties.answer(session, self.unit, programme, instant(begun + timedelta(days=1)), agrees=True)

    # --- pieces of it

    def _first(self, week: int) -> date:
        return day_in(self.today, week, _WEEKDAY)

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        starts = wall(day, _CLOCK)
        return starts, starts + timedelta(minutes=_MINUTES)

    def _project(self, first: date) -> ProgrammeDraft:
        last = self._first(_COMES) + timedelta(weeks=14)
        months = ((first, "nabór pierwszej grupy"), (self._first(_RUNS), "druga grupa"), (last, "sprawozdanie końcowe"))
        return ProgrammeDraft(
            title=TITLE,
            kind=ProgrammeKind.WORKSHOP,
            summary="Dziesięć spotkań w stałej grupie: rozmowa bez kłótni, złość, pieniądze, dokumenty, plan na start.",
            description=(
                "Spotykamy się raz w tygodniu w zakładzie karnym, zawsze w tej samej grupie do 12 osób.\n\n"
                "- ćwiczenia w parach zamiast wykładów\n- zeszyt, który zostaje u uczestnika\n"
                "- na koniec rozmowa z ośrodkiem z miejsca, do którego uczestnik wraca"
            ),
            target_group="osoby skazane na 6 miesięcy przed planowanym zwolnieniem (12 miejsc w grupie)",
            goals="Każdy uczestnik umie poprosić o pomoc i wychodzi z planem na pierwszy miesiąc.",
            voivodeship_code="08",
            starts_on=first - timedelta(weeks=4),
            ends_on=last,
            recruiting_until=self._first(_COMES) - timedelta(weeks=1),
            how_to_join="Jednostki zgłaszają liczbę osób na stronie edycji. Ośrodki zapraszamy na ostatnie spotkanie.",
            funding="Fundusz próbny (przykład)",
            grant_number="FP/01/DEMO",
            funding_notice="Projekt pokazowy: dofinansowanie jest zmyślone.",
            total_amount=290_000,
            grant_amount=248_000,
            reports_quarterly=True,
            report_days=_REPORT_DAYS,
            contact_role="programme_coordinator",
            audience=("convicts",),
            partners=(
                PartnerPart(self.staff.ids[UNIT], "sala, dobór grupy, lista wejść"),
                PartnerPart(self.staff.ids[CENTRE], "rozmowy o planie pomocy na ostatnim spotkaniu"),
            ),
            milestones=tuple(Milestone(day.replace(day=1), text) for day, text in months),
        )

    def _edition(
        self, programme: Programme, number: int, week: int, name: str, admission: Admission = Admission.OPEN
    ) -> tuple[Edition, Event]:
        """Begin an edition, plan its ten sessions inside the unit, let it agree, publish them."""
        session, first = self.session, self._first(week)
        begun = min(first, self.today) - timedelta(days=25)
        wished = (("ukończą cały cykl", 10), ("mają plan na pierwszy miesiąc", 9), ("porozmawiały z ośrodkiem", 6))
        outcomes = tuple(OutcomeDraft(text, target) for text, target in wished)
        edition = editions.begin(
            session, self.lead, programme, EditionDraft(name, True, _SEATS, outcomes), instant(begun)
        )
        starts, ends = self._hours(first)
        wanted = PlanDraft(
            title=TITLE,
            sessions=len(_TOPICS),
            starts=starts,
            ends=ends,
            rhythm=Rule(days=(first.weekday(),)),
            topics=_TOPICS,
            place_institution_id=self.staff.ids[UNIT],
            room="Sala warsztatowa",
            voivodeship_code="08",
            audience=("convicts",),
            speakers=(
                Speaker("Zofia Fikcyjna", "koordynatorka programów", self.staff.ids[LEAD]),
                Speaker("Michał Niby", "trener", self.staff.ids[LEAD]),
            ),
            visibility=Visibility.PUBLIC,
            participants=True,
            capacity=_SEATS,
            admission=admission,
            closes_at=instant(first - timedelta(days=4), "12:00"),
        )
        event = sessions.plan(session, self.lead, edition, wanted, instant(begun, "10:00"))
        self._agree(event, life_uuid(f"{SLUG}-{number}", 0), instant(begun + timedelta(days=1)))
        return edition, event

    def _agree(self, event: Event, uuid: UUID, now: datetime) -> None:
        """Let the unit and its director agree to a draft, and publish it under its lasting address."""
        session = self.session
        told = select(OutboxMail).where(col(OutboxMail.link).startswith(f"/wydarzenia/{event.uuid}"))
        for mail in session.exec(told).all():
            mail.link = mail.link.replace(str(event.uuid), str(uuid))
        event.uuid, event.sequence = uuid, self.sequences.get(uuid, 0)
        self._let_in(event, now)
        calendar.publish(session, self.lead, event, now + timedelta(hours=2))
        # What the worker does within a minute.
        gate.speakers(session, Actor.system(), event, self._dates(event), now + timedelta(hours=2))

    def _let_in(self, event: Event, now: datetime) -> None:
        """Let the unit agree, and its director consent."""
        houses.answer(self.session, self.unit, event, now, agrees=True)
        agreed = now + timedelta(minutes=10)
        houses.note_consent(self.session, self.unit, event, Consent.GRANTED, warsaw.today(now), agreed)

    def _make_up(self, edition: Edition, missed: Occurrence, day: date, now: datetime) -> None:
        while is_quiet(day):
            day += timedelta(weeks=1)
        starts, ends = self._hours(working_day(day))
        event = sessions.make_up(self.session, self.lead, edition, missed.id or 0, starts, ends, now)
        self._agree(event, life_uuid(f"{SLUG}-2-za", 0), now)
        # What the night does with whoever has signed up for the whole edition.
        series.join_new_dates(self.session, event, self._dates(event), now + timedelta(hours=3))

    def _join(self, event: Event, key: str, persons: int, now: datetime | None = None) -> None:
        opened = min(event.local_start.date(), self.today) - timedelta(days=20 if key == UNIT else 16)
        booking = str(uuid5(event.uuid, f"booking:{key}"))
        at = now or instant(opened, "10:30")
        series.sign_up(self.session, self.staff.coordinator(key), event, Wanted(places=persons), booking, at)

    def _dates(self, event: Event) -> list[Occurrence]:
        """Give the dates of the plan in their order."""
        statement = (
            select(Occurrence)
            .join(EditionSession, col(EditionSession.occurrence_id) == Occurrence.id)
            .where(Occurrence.event_id == event.id, Occurrence.state == State.PUBLISHED)
        )
        return list(self.session.exec(statement.order_by(col(Occurrence.starts_at))).all())

    def _record(self, rows: Iterable[Occurrence], today: date) -> None:
        """Record the dates that are over as the days after them allow; the unit answers the next working day."""
        for row, inside in zip(rows, _CAME, strict=False):
            approved = working_day(row.local_date + timedelta(days=2))
            answered = working_day(approved + timedelta(days=1))
            found = records.date_by_id(self.session, row.id or 0)
            if found is None or answered > today:
                continue
            expected = records.expected(self.session, found.event, found.occurrence)
            version = Version(
                outcome=Outcome.HELD,
                people_inside=inside,
                body="Grupa pracowała według planu. Zeszyty zostają u uczestników.",
                rows=tuple(replace(one, present=True) for one in expected if one.person),
            )
            at = instant(approved, "9:20")
            record = minutes.submit(self.session, self.lead, found, version, 0, {}, at).record
            keys = {number: key for key, number in self.staff.ids.items()}
            for reply in records.replies_of(self.session, record.id or 0):
                if record.state is RecordState.SUBMITTED:
                    who = self.staff.coordinator(keys[reply.institution_id])
                    minutes.answer(self.session, who, record.id or 0, "", instant(answered, "11:20"))

    def _quarters_over(self) -> list[Period]:
        """Give the quarters that are over since the first session, the earliest first."""
        last = report_rules.last_over(self.today)
        return list(reversed(report_rules.quarters(self._first(_BEGAN), last.ends_on)))
