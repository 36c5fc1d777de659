"""Papers: what stands in the PDF, who may have it, when it is issued, and that names are text and nothing else."""

import pytest
from sqlmodel import Session, col, select

from app import pdf as papers
from app.clock import now
from app.pdf import pdf
from events.calendar.models import Event, Outcome
from events.minutes.models import Attendance, Record, RecordState
from events.papers import actions, queries, rules
from events.papers.models import Certificate
from events.signups import actions as signups
from events.signups.rules import Wanted
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.events import date_of, make_event, named
from tests.factories.persons import People, Person

pytestmark = pytest.mark.usefixtures("clock")
TRAINING = "Szkolenie o świadczeniach: „Zażółć gęślą jaźń” #v(3cm) *x* <b> $1 + 1$ \\ @ref `kod`"


@pytest.fixture(name="event")
def _event(session: Session, people: People) -> Event:
    return make_event(session, people.ewa, title=TRAINING, topics=("zasiłki", '#panic("x")'))


def recorded(session: Session, event: Event, *whom: Person, state: RecordState = RecordState.SUBMITTED) -> Record:
    """Record that *whom* were present, and one person absent, as the room of minutes does."""
    at = now()
    occurrence = date_of(session, event)
    record = Record(
        occurrence_id=occurrence.id or 0, state=state, outcome=Outcome.HELD, topics=event.topics,
        made_at=at, changed_at=at,
    )  # fmt: skip
    session.add(record)
    session.flush()
    for person in whom:
        session.add(
            Attendance(
                record_id=record.id or 0,
                institution_id=person.actor.institution_id or 0,
                user_id=person.actor.user_id,
                person=person.actor.name,
                function="pracownik socjalny",
                present=True,
            )
        )
    session.add(
        Attendance(record_id=record.id or 0, institution_id=event.organiser_id, person="Nieobecny Pan", present=False)
    )
    session.flush()
    return record


def sheet_of(session: Session, people: People, event: Event) -> dict[str, object]:
    """Give the values of the sheet for the organiser."""
    page = queries.page(session, people.ewa.actor, event.uuid, event.local_start.date(), now())
    assert page is not None
    return queries.sheet(session, page, "pl")


def given(session: Session, event: Event, people: People, *whom: Person) -> list[int]:
    """Issue certificates to *whom* and return their keys."""
    record = recorded(session, event, *whom)
    ids = session.exec(select(Attendance.id).where(col(Attendance.present).is_(True))).all()
    actions.issue(session, people.ewa.actor, event, record.id or 0, [one or 0 for one in ids], now())
    return [one or 0 for one in session.exec(select(Certificate.id).order_by(col(Certificate.id))).all()]


@pytest.mark.parametrize("language", ["pl", "en"])
def test_a_certificate_is_a_tagged_pdf_and_the_same_each_time(session, people, event, language):
    [key] = given(session, event, people, people.piotr)
    values, issued_at = queries.certificate(session, people.piotr.actor, key, language) or ({}, now())
    once, again = (pdf(f"events/papers/certificate.{language}", values, issued_at) for _ in range(2))
    assert once.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in once
    assert b"/Lang" in once
    assert once == again
    assert values["number"] == f"Z-2026-{key:04d}"
    assert values["person"] == people.piotr.actor.name
    assert values["when"] == ("8 grudnia 2026 r., 10.00–12.00" if language == "pl" else "8 December 2026, 10:00–12:00")


def test_typed_text_is_never_code_of_the_paper(session, people, event):
    values = sheet_of(session, people, event)
    assert values["title"] == TRAINING
    assert len(pdf("events/papers/attendance_sheet.pl", values, now())) > 5000


def test_the_sheet_holds_those_with_a_seat_and_no_others(session, people, event):
    wanted = Wanted(people=(named(1), named(2)))
    rows = signups.sign_up(session, people.marek.actor, event, date_of(session, event).id or 0, wanted, "k", now())
    signups.withdraw(session, people.marek.actor, event, rows[0].id or 0, now())
    listed = sheet_of(session, people, event)["people"]
    assert listed == [["Osoba 2", "pracownik socjalny", people.mops.name]]


def test_certificates_are_for_people_who_were_there(session, people, event):
    record = recorded(session, event, people.piotr)
    absent = session.exec(select(Attendance.id).where(col(Attendance.present).is_(False))).one()
    with pytest.raises(rules.NotPresent):
        actions.issue(session, people.ewa.actor, event, record.id or 0, [absent or 0], now())
    with pytest.raises(rules.NobodyChosen):
        actions.issue(session, people.ewa.actor, event, record.id or 0, [], now())


@pytest.mark.parametrize("state", list(RecordState))
def test_only_a_record_that_was_sent_makes_a_certificate(session, people, event, state):
    record = recorded(session, event, people.piotr, state=state)
    present = session.exec(select(Attendance.id).where(col(Attendance.present).is_(True))).one() or 0
    if state is RecordState.OPEN:
        with pytest.raises(rules.NotRecordedYet):
            actions.issue(session, people.ewa.actor, event, record.id or 0, [present], now())
    else:
        assert actions.issue(session, people.ewa.actor, event, record.id or 0, [present], now()) == 1
        assert actions.issue(session, people.ewa.actor, event, record.id or 0, [present], now()) == 0


def test_only_the_organiser_issues(session, people, event):
    record = recorded(session, event, people.piotr)
    present = session.exec(select(Attendance.id).where(col(Attendance.present).is_(True))).one() or 0
    for other in (people.marek, people.piotr, people.zofia, people.wanda, people.olga):
        with pytest.raises(rules.NotYourPaper):
            actions.issue(session, other.actor, event, record.id or 0, [present], now())


@pytest.mark.parametrize(
    ("who", "status"),
    [("piotr", 200), ("marek", 200), ("ewa", 200), ("jola", 404), ("zofia", 404), ("wanda", 404), ("olga", 404)],
)
def test_who_may_have_a_certificate(app, session, people, event, who, status):
    [key] = given(session, event, people, people.piotr)
    browser = browser_of(app, session)
    browser.sign_in(getattr(people, who))
    answer = browser.get(f"/zaswiadczenia/{key}.pdf?wersja=en")
    assert answer.status_code == status
    if status == 200:
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert (f"Z-2026-{key:04d}" in browser.see("/zaswiadczenia").text) == (who in ("piotr", "marek"))


def test_the_organiser_issues_on_screen(client: Browser, session, people, event):
    client.sign_in(people.ewa)
    day = f"/wydarzenia/{event.uuid}/2026-12-08"
    page = client.see(f"{day}/zaswiadczenia")
    assert "Obecność nie jest jeszcze zapisana" in page.text
    recorded(session, event, people.piotr, people.marek)
    page = client.see(f"{day}/zaswiadczenia")
    chosen = [box["value"] for box in page.all("input", type="checkbox")]
    assert len(chosen) == 2
    assert client.post(f"{day}/zaswiadczenia", data={}).status_code == 422
    assert client.post(f"{day}/zaswiadczenia", data={"osoba": chosen[:1]}).status_code == 303
    page = client.see(f"{day}/zaswiadczenia")
    assert "Z-2026-0001" in page.text
    assert len(page.all("input", type="checkbox")) == 1
    assert client.get(f"{day}/lista-obecnosci.pdf").mimetype == "application/pdf"
    assert client.get(f"/wydarzenia/{event.uuid}/2026-12-09/zaswiadczenia").status_code == 404


@pytest.mark.parametrize("who", ["marek", "zofia"])
def test_the_sheet_with_everybodys_names_is_for_organiser_and_host(app, session, people, event, who):
    browser = browser_of(app, session)
    browser.sign_in(getattr(people, who))
    assert browser.get(f"/wydarzenia/{event.uuid}/2026-12-08/lista-obecnosci.pdf").status_code == 403


def test_without_the_package_a_sentence_says_what_to_do(client: Browser, monkeypatch, people, event):
    def missing(name: str) -> None:
        raise ImportError(name)

    papers._typst.cache_clear()
    monkeypatch.setattr("app.pdf.importlib.import_module", missing)
    client.sign_in(people.ewa)
    answer = client.get(f"/wydarzenia/{event.uuid}/2026-12-08/lista-obecnosci.pdf")
    assert answer.status_code == 503
    assert "bez wydruków PDF" in answer.text
