"""How many statements a page asks: never more for more rows, and within the promises of docs/speed.md."""

from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from sqlmodel import Session

from app.clock import now
from app.outbox.models import MailState
from events.calendar.models import Event, Occurrence, SignUpScope, Visibility
from events.recurrence import Rule
from events.signups import actions as signups
from events.signups.models import Booking, SignUp, SignUpState
from events.signups.rules import Wanted
from partners.institutions.models import Institution, InstitutionTerritory, Kind, Room
from projects.editions.models import Edition
from projects.programmes.models import Happening, Programme, ProgrammeHappening, ProgrammeMilestone
from tests.conftest import browser_of
from tests.factories.agreements import make_agreement, make_clause
from tests.factories.events import date_of, draft_of, make_draft, make_event, named
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.mails import make_mail
from tests.factories.persons import People, make_person
from tests.factories.programmes import make_programme
from tests.factories.reports import make_edition, make_meeting, make_outcome, make_record
from tests.factories.rows import add
from tests.factories.series import make_series
from tests.factories.sessions import make_partner
from tests.factories.territory import make_gmina

pytestmark = pytest.mark.usefixtures("clock")
STEPS = (1, 3, 100)
TERM = {"starts_on": date(2026, 5, 1), "ends_on": date(2027, 8, 31), "reports_quarterly": True}


@dataclass
class Growing:
    """Adds one more row of everything that the lists show."""

    session: Session
    people: People
    made: int = 0
    project: Programme = field(init=False)
    edition: Edition = field(init=False)
    meeting: Event = field(init=False)

    def grow_to(self, number: int) -> None:
        while self.made < number:
            self._one_more(self.made)
            self.made += 1

    def _one_more(self, n: int) -> None:
        session, people = self.session, self.people
        centre = make_institution(session, f"ops-{n}", Kind.OPS, f"OPS w miejscowości {n}")
        service = make_service(session, f"service_{n}")
        make_offer(session, centre, service)
        make_offer(session, people.prison, service)
        add(session, Room, institution_id=people.prison.id or 0, name=f"Sala {n}")
        add(session, InstitutionTerritory, institution_id=people.prison.id or 0, code=f"09{n:02d}01"[:6])
        agreement = make_agreement(session, f"P-08-{n + 100:03d}", people.prison, centre)
        clause = make_clause(session, agreement, f"clause_{n}", n % 4 or None)
        programme = make_programme(session, f"Projekt numer {n}", people.prison.id, voivodeship_code="08", **TERM)
        start = draft_of().starts + timedelta(days=n % 14, hours=n % 3)
        event = make_event(
            session,
            people.ewa,
            title=f"Szkolenie numer {n}",
            starts=start,
            ends=start + timedelta(hours=1),
            place_institution_id=centre.id,
            programme_id=programme.id,
            clause_id=clause.id,
            invited=(people.mops.id or 0,),
            capacity=n % 5 + 1,
        )
        signups.sign_up(
            session,
            people.marek.actor,
            event,
            date_of(session, event).id or 0,
            Wanted(people=(named(n),), places=1),
            f"form number {n}",
            now(),
        )
        self._more_of_the_project(n, programme, centre)
        make_draft(session, people.ewa, title=f"Szkic numer {n}")
        make_mail(session, state=MailState.FAILED)
        make_person(session, f"Osoba{n} Próbna", people.mops)

    def _more_of_the_project(self, n: int, programme: Programme, centre: Institution) -> None:
        """Give the first project one more of everything that its pages show, and every project a partner."""
        session, people = self.session, self.people
        make_partner(session, programme, people.mops)
        if n == 0:
            self.project, self.edition = programme, make_edition(session, programme)
            event = make_event(session, people.ewa, title="Spotkanie grupy", capacity=1000, programme_id=programme.id)
            event.edition_id, event.participants, event.signup_scope = self.edition.id, True, SignUpScope.SERIES
            self.meeting = event
        else:
            make_partner(session, self.project, centre)
            make_edition(session, self.project, n + 1)
        project, edition = self.project, self.edition
        day = date(2026, 7, 1) + timedelta(days=n)
        held = make_meeting(session, project, day.isoformat(), edition=edition, number=2 * n + 1, topic=f"Temat {n}")
        make_record(session, held, 8, staff={people.prison.id: 1})
        coming = (day + timedelta(days=180)).isoformat()
        make_meeting(session, project, coming, edition=edition, number=2 * n + 2, visibility=Visibility.PUBLIC)
        make_outcome(session, edition, f"Rezultat {n}", 10, 7, 2, 1, position=n)
        add(session, ProgrammeMilestone, programme_id=project.id, position=n, month=day.replace(day=1), text="Krok")
        add(
            session,
            ProgrammeHappening,
            programme_id=project.id,
            happening=Happening.JOINED,
            happened_at=now(),
            institution_id=centre.id,
        )
        self._register(n, date_of(session, self.meeting))

    def _register(self, n: int, meeting: Occurrence) -> None:
        mops = self.people.mops.id or 0
        booking = add(self.session, Booking, key=f"group {n}", institution_id=mops, made_at=now())
        given = {"person_key": f"place {n}", "state": SignUpState.SEAT, "queue_no": n + 1}
        when = {"signed_up_at": now(), "changed_at": now()}
        of = {"booking_id": booking.id, "occurrence_id": meeting.id, "institution_id": mops}
        add(self.session, SignUp, **of, **given, **when)
        meeting.seats_taken += 1


@pytest.fixture(name="growing")
def _growing(session, people) -> Growing:
    make_gmina(session)
    return Growing(session, people)


PROJECT: list[tuple[str, str, int]] = [
    ("", "visitor", 6),
    ("", "marek", 6),
    ("", "ewa", 6),
    ("/partnerzy", "ewa", 4),
    ("/dokumenty", "visitor", 2),
    ("/edycja", "ewa", 9),
    ("/edycje/1", "visitor", 6),
    ("/edycje/1", "marek", 9),
    ("/edycje/1", "ewa", 8),
    ("/edycje/1/zapisy", "marek", 5),
    ("/edycje/1/osoby", "ewa", 6),
    ("/edycje/1/wyniki", "ewa", 5),
    ("/sprawozdania", "ewa", 4),
    ("/sprawozdania/2026-3", "ewa", 11),
    ("/sprawozdania/2026-3/zrodla/odbyte", "ewa", 11),
]
LISTS: list[tuple[str, str, int]] = [
    ("/", "visitor", 5),
    ("/partnerzy", "visitor", 4),
    ("/partnerzy?q=ops&woj=08&rodzaj=ops", "visitor", 4),
    ("/partnerzy?woj=08&pow=0802&gmina=080201&widok=mapa", "visitor", 4),
    ("/operator/import", "olga", 2),
    ("/projekty", "visitor", 4),
    ("/projekty?q=projekt&stan=trwa", "marek", 4),
    ("/porozumienia", "visitor", 5),
    ("/porozumienia?woj=08", "marek", 6),
    ("/kalendarz/2026-12", "visitor", 5),
    ("/kalendarz/2026-12", "marek", 6),
    ("/kalendarz/tydzien/2026-W50", "visitor", 5),
    ("/kalendarz/lista", "visitor", 4),
    ("/kalendarz/lista?instytucja=zk-kladkowo", "marek", 6),
    ("/biurko", "ewa", 31),
    ("/biurko", "marek", 32),
    ("/biurko", "adam", 32),
    ("/partnerzy/zk-kladkowo/osoby", "adam", 9),
    ("/zglos-instytucje", "visitor", 0),
    ("/operator/zgloszenia", "olga", 2),
    ("/operator/poczta", "olga", 3),
    ("/operator/konta", "olga", 3),
    ("/operator/konta?q=osoba", "olga", 4),
    ("/operator/dziennik", "olga", 4),
    ("/biurko/sprawy", "ewa", 21),
    ("/biurko/sprawy?czyje=inne", "marek", 11),
    ("/biurko", "wanda", 4),
    ("/biurko/gminy", "wanda", 3),
    ("/ustawienia", "ewa", 7),
    ("/partnerzy/zk-kladkowo", "visitor", 16),
    ("/partnerzy/zk-kladkowo", "marek", 17),
    ("/partnerzy/zk-kladkowo", "adam", 18),
    ("/partnerzy/zk-kladkowo/edycja", "adam", 8),
    ("/partnerzy/zk-kladkowo/teren?jednostka=0802", "adam", 9),
    ("/partnerzy/zk-kladkowo/sale", "adam", 3),
    ("/partnerzy/zk-kladkowo/niedostepne", "adam", 5),
    ("/partnerzy/zk-kladkowo/uslugi", "ewa", 5),
    ("/operator/uslugi", "olga", 2),
    *((f"/projekty/projekt-numer-0{page}", who, most) for page, who, most in PROJECT),
    ("/dyzury", "ewa", 8),
    ("/dyzury", "marek", 8),
    ("/wizyty/czas-odpowiedzi", "ewa", 8),
    ("/wizyty/czas-odpowiedzi", "marek", 8),
    ("/porozumienia/P-08-100", "visitor", 6),
    ("/szukaj?q=szkolenie", "visitor", 16),
    ("/szukaj?q=szkolenie", "marek", 17),
    ("/kto-obsluguje?q=gubin", "visitor", 5),
    ("/kto-obsluguje/080205", "visitor", 5),
    ("/pomoc-w-gminie/080205", "visitor", 6),
]


# Only when a day holds more than a month page shows is the rest counted, in one statement more.
WITH_A_CAP = "/kalendarz/2026-12"


@pytest.mark.slow
@pytest.mark.look  # how many statements a page asks is the same on both databases
def test_no_list_asks_more_for_more_rows(app, session, growing, query_count):
    browsers = {who: browser_of(app, session) for _, who, _ in LISTS}
    for who, browser in browsers.items():
        if who != "visitor":
            browser.sign_in(getattr(growing.people, who))
    counts: dict[tuple[str, str], list[int]] = {}
    for number in STEPS:
        growing.grow_to(number)
        for path, who, most in LISTS:
            browsers[who].see(path)  # once before counting, for what a process keeps for itself
            with query_count() as statements:
                browsers[who].see(path)
            counts.setdefault((path, who), []).append(len(statements))
            assert len(statements) <= most, (path, who, statements.asked)
    growing_pages = {page: row for page, row in counts.items() if len(set(row)) > 1 and page[0] != WITH_A_CAP}
    assert growing_pages == {}
    assert all(row[0] == row[1] >= row[2] - 1 for page, row in counts.items() if page[0] == WITH_A_CAP)


def event_of(growing: Growing, guests: int) -> Event:
    event = make_event(growing.session, growing.people.ewa, capacity=50, invited=(growing.people.mops.id or 0,))
    for n in range(guests):
        wanted = Wanted(people=(named(n),))
        occurrence_id = date_of(growing.session, event).id or 0
        key = f"guest {n} of {event.id}"
        signups.sign_up(growing.session, growing.people.marek.actor, event, occurrence_id, wanted, key, now())
    return event


@pytest.mark.slow
@pytest.mark.parametrize(("who", "most"), [("visitor", 6), ("marek", 7), ("ewa", 7)])
def test_an_event_page_asks_a_constant_number(client, growing, query_count, who, most):
    if who != "visitor":
        client.sign_in(getattr(growing.people, who))
    asked = []
    for guests in STEPS:
        path = f"/wydarzenia/{event_of(growing, guests).uuid}"
        client.see(path)
        with query_count() as statements:
            client.see(path)
        asked.append(statements.asked)
    assert len({len(one) for one in asked}) == 1, asked
    assert len(asked[0]) <= most, asked[0]


@pytest.mark.parametrize(("page", "most"), [("", 4), ("/2026-12-11", 4), ("/terminy", 4)])
def test_the_pages_of_a_series_ask_the_same_for_any_length(client, session, people, query_count, page, most):
    asked = []
    for count in (3, 60, 200):
        event = make_series(session, people.ewa, rule=Rule(days=(1, 4), count=count))
        path = f"/wydarzenia/{event.uuid}{page}"
        client.see(path)
        with query_count() as statements:
            client.see(path)
        asked.append(statements.asked)
    assert len({len(one) for one in asked}) == 1, asked
    assert len(asked[0]) <= most, asked[0]


@pytest.mark.parametrize("feed", ["publiczny", "i/zk-kladkowo", "p/projekt-numer-0"])
def test_an_unchanged_feed_asks_at_most_once(client, growing, query_count, feed):
    growing.grow_to(3)
    path = f"/kanaly/{feed}.ics"
    etag = client.get(path).headers["ETag"]
    with query_count() as statements:
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert len(statements) <= 1


@pytest.mark.parametrize("path", ["/healthz", "/robots.txt", "/pomoc", "/prywatnosc", "/static/favicon.svg"])
def test_standing_pages_ask_nothing(client, query_count, path):
    client.get(path)
    with query_count() as statements:
        assert client.get(path).status_code == 200
    assert statements.asked == []


def test_being_signed_in_costs_one_statement(client, people, query_count):
    client.see("/pomoc")
    client.sign_in(people.marek)
    with query_count() as statements:
        client.see("/pomoc")
    assert len(statements) == 1
