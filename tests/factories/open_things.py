"""Much that waits at once, written as plain rows: how long the acts take that make it is not in question."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app import warsaw
from app.clock import now
from events.calendar.models import Answer, Consent, Event, EventKind, EventParty, Occurrence, Part, State, Visibility
from events.gate.models import Entry, EntryState, Origin
from events.minutes.models import Record, RecordState, RecordTask
from events.signups.models import Booking, SignUp, SignUpState
from events.visits.models import Act, Path, Visit, VisitOption, VisitStep
from events.visits.models import State as VisitState
from projects.editions.models import Edition
from projects.programmes.models import PartnerAnswer, ProgrammePartner
from tests.factories.persons import People
from tests.factories.programmes import make_programme


class OpenThings:
    """Adds *number* open things of each sort about the prison of Ewa and the MOPS of Marek: fourteen sorts."""

    def __init__(self, session: Session, people: People) -> None:
        self._session = session
        self._prison = people.prison.id or 0
        self._mops = people.mops.id or 0
        self._made = 0

    def add(self, number: int) -> None:
        """Add *number* more of each sort."""
        for n in range(self._made, self._made + number):
            self._visit(n, self._prison)
            self._visit(n, self._mops)
            self._consent(n)
            self._question(n, organiser=self._mops, asked=self._prison)
            self._question(n, organiser=self._prison, asked=self._mops)
            self._requests(n)
            self._note(n)
            self._promise(n)
            self._entry(n)
            self._asked_place(n)
            self._draft(n)
            self._part(n, lead=self._mops, partner=self._prison)
            self._part(n, lead=self._prison, partner=self._mops)
            self._edition(n)
        self._made += number
        self._session.commit()

    def _visit(self, n: int, turn_of: int) -> None:
        at, day = now(), warsaw.today(now())
        side = "U" if turn_of == self._prison else "T"
        other = self._mops if turn_of == self._prison else self._prison
        visit = Visit(
            number=f"W-2026-{side}{n}", key=f"{side}{n}", path=Path.REQUEST, state=VisitState.REQUESTED,
            asking_id=other, asked_id=turn_of, unit_id=self._prison, kind=EventKind.GROUP_MEETING,
            subject=f"Wizyta {side}{n}", turn_of_id=turn_of, nudge_on=day, answer_by=day + timedelta(days=n % 9),
            expires_on=day + timedelta(days=12), made_at=at, changed_at=at,
        )  # fmt: skip
        self._session.add(visit)
        self._session.flush()
        step = VisitStep(
            visit_id=visit.id or 0, position=1, round=1, act=Act.ASK, institution_id=other, to_id=turn_of, at=at
        )
        self._session.add(step)
        self._session.flush()
        visit.open_step_id = step.id
        for position in range(2):
            starts = at + timedelta(days=20 + position, hours=n % 5)
            self._session.add(
                VisitOption(
                    visit_id=visit.id or 0,
                    step_id=step.id or 0,
                    unit_id=self._prison,
                    position=position,
                    starts_at=starts,
                    ends_at=starts + timedelta(hours=2),
                )
            )

    def _event(
        self, title: str, organiser: int, starts: datetime, state: State, place: int | None = None
    ) -> Occurrence:
        ends, published = starts + timedelta(hours=1), now() - timedelta(days=40)
        event = Event(
            title=title, kind=EventKind.GROUP_MEETING, state=state, visibility=Visibility.PARTNERS,
            organiser_id=organiser, place_institution_id=place, local_start=starts.replace(tzinfo=None), minutes=60,
            created_at=published, changed_at=published, published_at=None if state is State.DRAFT else published,
        )  # fmt: skip
        self._session.add(event)
        self._session.flush()
        occurrence = Occurrence(
            event_id=event.id or 0, original_local=event.local_start, starts_at=starts, ends_at=ends,
            local_date=warsaw.today(starts), state=state, visibility=event.visibility, kind=event.kind,
            organiser_id=organiser, place_institution_id=place, changed_at=published,
        )  # fmt: skip
        self._session.add(occurrence)
        self._session.flush()
        return occurrence

    def _consent(self, n: int) -> None:
        one = self._event(f"Zgoda {n}", self._mops, _ahead(n), State.PUBLISHED, self._prison)
        self._session.get_one(Event, one.event_id).consent = Consent.PENDING

    def _question(self, n: int, *, organiser: int, asked: int) -> None:
        one = self._event(f"Pytanie {n}", organiser, _ahead(n), State.DRAFT)
        party = EventParty(event_id=one.event_id, institution_id=asked, part=Part.CO_ORGANISER)
        party.answer, party.asked_at = Answer.ASKED, now()
        self._session.add(party)

    def _requests(self, n: int) -> None:
        self._event(f"Prośby {n}", self._prison, _ahead(n), State.PUBLISHED).requested = 2

    def _note(self, n: int) -> None:
        self._event(f"Bez notatki {n}", self._prison, now() - timedelta(days=2 + n % 30, hours=n % 5), State.PUBLISHED)

    def _promise(self, n: int) -> None:
        one = self._event(f"Spotkanie {n}", self._mops, now() - timedelta(days=50), State.PUBLISHED)
        record = Record(
            occurrence_id=one.id or 0, state=RecordState.SEALED, made_at=now(), changed_at=now(), sealed_at=now()
        )
        self._session.add(record)
        self._session.flush()
        due = warsaw.today(now()) + timedelta(days=n % 20)
        self._session.add(
            RecordTask(record_id=record.id or 0, text=f"Lista {n}", institution_id=self._prison, due_on=due)
        )

    def _entry(self, n: int) -> None:
        one = self._event(f"Wejście {n}", self._mops, _ahead(n), State.PUBLISHED, self._prison)
        self._session.get_one(Event, one.event_id).consent = Consent.GRANTED
        self._session.add(
            Entry(
                occurrence_id=one.id or 0,
                unit_id=self._prison,
                local_date=one.local_date,
                origin=Origin.GUEST,
                institution_id=self._mops,
                person="Anna Przykładowa",
                state=EntryState.REQUESTED,
                made_at=now(),
                changed_at=now(),
            )
        )

    def _asked_place(self, n: int) -> None:
        one = self._event(f"Szkolenie {n}", self._mops, _ahead(n), State.PUBLISHED)
        booking = Booking(key=f"miejsce {n}", occurrence_id=one.id, institution_id=self._prison, made_at=now())
        self._session.add(booking)
        self._session.flush()
        self._session.add(
            SignUp(
                booking_id=booking.id or 0,
                occurrence_id=one.id or 0,
                institution_id=self._prison,
                person="Adam Pokazowy",
                person_key=f"adam {n}",
                state=SignUpState.REQUESTED,
                queue_no=1,
                signed_up_at=now(),
                changed_at=now(),
            )
        )

    def _draft(self, n: int) -> None:
        self._event(f"Szkic {n}", self._prison, _ahead(n), State.DRAFT)

    def _part(self, n: int, lead: int, partner: int) -> None:
        project = make_programme(self._session, f"Projekt {n} instytucji {lead}", lead)
        asked = ProgrammePartner(
            programme_id=project.id or 0, institution_id=partner, answer=PartnerAnswer.ASKED, asked_at=now()
        )
        self._session.add(asked)

    def _edition(self, n: int) -> None:
        project = make_programme(self._session, f"Nabór {n}", self._prison, published_at=now(), reports_quarterly=True)
        edition = Edition(programme_id=project.id or 0, number=1, changed_at=now())
        self._session.add(edition)
        self._session.flush()
        one = self._event(f"Spotkanie grupy {n}", self._prison, _ahead(n), State.PUBLISHED)
        one.requested = 3
        self._session.get_one(Event, one.event_id).edition_id = edition.id


def _ahead(n: int) -> datetime:
    return now() + timedelta(days=1 + n % 60, hours=n % 7)
