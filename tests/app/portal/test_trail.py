"""The operator reads the audit trail and the mails; each reading leaves a line of its own."""

import csv
import io
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.accounts import actions
from app.actors import Actor
from app.audit import trail
from app.audit.models import AuditLine, AuditValue
from app.clock import now
from app.config import MailServer
from app.outbox.models import OutboxMail
from tests.browser import Browser
from tests.conftest import browser_of, settings_for
from tests.factories.mails import make_mail
from tests.factories.persons import Person
from tests.factories.replies import ask, make_silent

pytestmark = pytest.mark.usefixtures("clock")
PAGE = "/operator/dziennik"


def lock(session: Session, by: Person, whom: Person, reason: str = "odeszła z pracy") -> None:
    actions.lock_account(session, by.actor, whom.user_id, reason, now())
    session.flush()


def verbs(browser: Browser) -> list[str]:
    return [row.all("td")[2].one("span").text for row in browser.page.main.one("tbody").all("tr")]


def readings(session: Session, verb: str = "audit.read") -> list[list[str]]:
    lines = session.exec(select(AuditLine).where(AuditLine.verb == verb).order_by(col(AuditLine.id))).all()
    return [line.details["asked"] for line in lines]


@pytest.fixture(name="olga")
def _olga(client, session, people) -> Browser:
    lock(session, people.olga, people.ewa)
    trail.record(session, people.marek.actor, "signup.made", "signup", 5, now(), details={"occurrence_id": 9})
    trail.record(session, Actor.system(), "demo.loaded", "portal", 0, now())
    client.sign_in(people.olga)
    assert isinstance(client, Browser)
    return client


def test_the_newest_line_stands_first_with_names_and_personal_values(olga, people):
    text = olga.see(PAGE).text
    assert verbs(olga) == ["session.started", "demo.loaded", "signup.made", "account.locked"]
    assert "odeszła z pracy" in text
    assert "Marek Przykładowy" in text
    assert "MOPS w Kładkowie" in text
    assert "sam portal" in text
    assert "zablokowanie konta" in text
    assert olga.page.main.all("a", href=f"/operator/konta/{people.ewa.user_id}")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("co=account.locked", ["account.locked"]),
        ("co=account", ["account.locked"]),
        ("co=nic", []),
        ("kto=marek@mops-kladkowo.example", ["signup.made"]),
        ("kto=nikt@mops-kladkowo.example", []),
        ("instytucja=mops-kladkowo", ["signup.made"]),
        ("instytucja=nie-ma-takiej", []),
        ("rzecz=signup 5", ["signup.made"]),
        ("rzecz=signup-6", []),
        ("rzecz=bzdura", []),
        ("rzecz=signup 5&kto=olga@urzad.example", []),
        ("od=24.11.2026", []),
        ("do=22.11.2026", []),
        ("od=23.11.2026&do=23.11.2026&co=signup.made", ["signup.made"]),
    ],
)
def test_the_trail_narrows(olga, asked, found):
    olga.see(f"{PAGE}?{asked}")
    assert (verbs(olga) if olga.page.main.all("tbody") else []) == found


def test_a_person_is_found_by_number_too(olga, people):
    olga.see(f"{PAGE}?kto={people.marek.user_id}")
    assert verbs(olga) == ["signup.made"]


def test_each_reading_is_written_down_without_what_was_typed(olga, session, people):
    for asked in (
        "",
        "?kto=marek@mops-kladkowo.example&od=1.11.2026",
        "?kto=nikt@tajne.example&co=signup.made",
        "?instytucja=mops-kladkowo&rzecz=signup 5",
    ):
        olga.see(PAGE + asked)
    assert readings(session) == [
        [],
        [f"user={people.marek.user_id}", "from=2026-11-01"],
        ["verb=signup.made", "user=-1"],
        [f"institution={people.mops.id}", "subject=signup 5"],
    ]
    line = session.exec(select(AuditLine).where(AuditLine.verb == "audit.read")).first()
    assert line.user_id == people.olga.user_id


@pytest.mark.parametrize("asked", ["od=wczoraj", "do=31.02.2026", "co=" + "x" * 61])
def test_what_cannot_be_read_is_asked_for_again_and_shows_nothing(olga, session, asked):
    assert olga.get(f"{PAGE}?{asked}").status_code == 422
    assert olga.page.title.startswith("Błąd: Dziennik zdarzeń")
    assert "odeszła z pracy" not in olga.page.text
    assert readings(session) == []


def test_the_trail_has_pages(olga, session, people):
    for n in range(120):
        trail.record(session, people.marek.actor, "signup.made", "signup", n, now(), details={"occurrence_id": n})
    seen = []
    olga.see(f"{PAGE}?co=signup.made")
    while True:
        seen += [row["id"].removeprefix("w") for row in olga.page.main.one("tbody").all("tr")]
        further = olga.page.all("a", rel="next")
        if not further:
            break
        olga.see(further[0]["href"])
    assert len(seen) == len(set(seen)) == 121
    assert seen == sorted(seen, key=int, reverse=True)


@pytest.mark.parametrize("before", ["99999999999", "9" * 18, "0", "-1", "x"])
def test_a_number_beyond_all_lines_is_no_fault(olga, before):
    # SQLite compares with it, PostgreSQL refuses.
    olga.see(f"/operator/dziennik?przed={before}")


def test_the_trail_asks_a_constant_number(olga, session, people, query_count):
    asked = []
    for number in (1, 60):
        for n in range(number):
            trail.record(session, people.marek.actor, "signup.made", "signup", n, now(), personal={"person": "Anna"})
        olga.see(PAGE)
        with query_count() as statements:
            olga.see(PAGE)
        asked.append(len(statements))
    assert asked[0] == asked[1] <= 4


def test_what_the_trail_has_forgotten_is_said(olga, session, clock):
    clock.shift(timedelta(days=731))
    trail.forget_personal(session, now())
    assert session.exec(select(AuditValue)).all() == []
    olga.sign_in(people_of(olga))
    assert "dane osobowe usunięte" in olga.see(f"{PAGE}?co=account.locked").text


def people_of(browser: Browser) -> Person:
    """Olga again: her session has run out in the meantime."""
    with browser.application.extensions["kladka.database"].session(writes=False) as session:
        olga = session.exec(select(AuditLine.user_id).where(AuditLine.verb == "account.locked")).one()
    return Person(olga or 0, "Olga Próbna", "olga@urzad.example", Actor.visitor())


def test_45_a_table_holds_the_same_lines_and_no_formulas(olga, session, people):
    lock(session, people.olga, people.marek, '=HYPERLINK("http://zly.example")')
    response = olga.get(f"{PAGE}.csv?co=account.locked")
    assert response.headers["Content-Disposition"] == 'attachment; filename="dziennik-2026-11-23.csv"'
    assert response.headers["Cache-Control"] == "no-store"
    text = response.data.decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert head[:4] == ["Numer", "Kiedy", "Kto", "Rola"]
    assert [(row[2], row[6], row[7]) for row in rows] == [
        ("Olga Próbna", "account.locked", f"account {people.marek.user_id}"),
        ("Olga Próbna", "account.locked", f"account {people.ewa.user_id}"),
    ]
    assert not [cell for row in rows for cell in row if cell.startswith("=")]
    assert rows[0][1] == "2026-11-23 09:00:00"
    assert readings(session, "audit.exported") == [["verb=account.locked"]]


def test_a_table_of_nonsense_is_a_page_that_asks_again(olga, session):
    assert olga.get(f"{PAGE}.csv?od=wczoraj").status_code == 422
    assert readings(session, "audit.exported") == []


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}.csv"])
def test_nobody_else_reads_it(client, people, path):
    for person in (people.adam, people.wanda):
        assert client.sign_in(person).get(path).status_code == 403


# --- mails


def test_reading_a_mail_leaves_a_line(olga, session, people):
    mail = make_mail(session)
    olga.see(f"/operator/poczta/{mail.id}")
    line = session.exec(select(AuditLine).where(AuditLine.verb == "mail.read")).one()
    assert (line.user_id, line.subject_id) == (people.olga.user_id, mail.id)
    assert line.details == {"template": "events/signups/confirmed"}


def test_the_operator_cannot_follow_a_link_that_opens_an_account(tmp_path, database, session, people, make_app):
    actions.ask_reset(session, Actor.visitor(), people.ewa.email, "198.51.100.7", now())
    session.flush()
    mail = session.exec(select(OutboxMail)).one()
    server = MailServer(host="localhost", port=25, user="", password="", starttls=False, tls=False)
    for config, shown in ((settings_for(tmp_path, mail=server), False), (settings_for(tmp_path), True)):
        olga = browser_of(make_app(config, database), session).sign_in(people.olga)
        text = olga.see(f"/operator/poczta/{mail.id}").text
        assert (mail.link in text) is shown
        assert "/haslo/" in text


def test_the_operator_cannot_answer_for_an_institution_by_its_link(tmp_path, database, session, people, make_app):
    ask(session, people.ewa, make_silent(session))
    session.flush()
    mail = session.exec(select(OutboxMail)).one()
    server = MailServer(host="localhost", port=25, user="", password="", starttls=False, tls=False)
    olga = browser_of(make_app(settings_for(tmp_path, mail=server), database), session).sign_in(people.olga)
    text = olga.see(f"/operator/poczta/{mail.id}").text
    assert mail.link.startswith("/odpowiedz/")
    assert mail.link not in text
    assert "/odpowiedz/…" in text


def test_the_operators_places_lead_somewhere(client, people):
    client.sign_in(people.olga).see("/operator")
    links = [item.one("a")["href"] for item in client.page.main.all("li", class_="item")]
    assert {"/operator/poczta", "/operator/konta", "/operator/dziennik"} <= set(links)
    for link in links:
        client.see(link)
