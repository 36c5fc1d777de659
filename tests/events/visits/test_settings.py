"""How an institution agrees on visits: set on screen, used by deadlines and by the notice."""

from datetime import date

import pytest
from sqlmodel import Session, select

from app.audit.models import AuditLine
from app.clock import now
from events.visits import checks, deadlines
from events.visits.deadlines import Habits
from events.visits.models import VisitRules
from tests.browser import Browser
from tests.factories.availability import make_period
from tests.factories.persons import People
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
PAGE = "/partnerzy/zk-kladkowo/zasady-wizyt"
MONDAY = date(2026, 11, 23)


def test_the_admin_sets_the_rules_on_screen(client: Browser, session: Session, people: People) -> None:
    page = client.sign_in(people.adam).see("/partnerzy/zk-kladkowo")
    assert any(one["href"] == PAGE and one.text == "Zasady umawiania wizyt" for one in page.all("a"))
    page = client.see(PAGE)
    assert page.values(PAGE) | {"csrf_token": ""} == {"answer_days": "3", "notice_days": "3", "csrf_token": ""}
    assert "Odpowiedź do czwartek, 26 listopada 2026" in page.text
    client.post(PAGE, data={"answer_days": "5", "notice_days": "0"}, follow_redirects=True)
    assert "Zapisano." in client.page.text
    assert "Odpowiedź do poniedziałek, 30 listopada 2026" in client.page.text
    saved = session.exec(select(VisitRules)).one()
    assert (saved.institution_id, saved.answer_days, saved.notice_days) == (people.prison.id, 5, 0)
    assert saved.changed_by == people.adam.user_id
    lines = session.exec(select(AuditLine).where(AuditLine.verb == "visit.rules_set")).all()
    assert [(one.subject_id, one.details) for one in lines] == [
        (people.prison.id, {"answer_days": 5, "notice_days": 0}),
    ]
    client.post(PAGE, data={"answer_days": "5", "notice_days": "0"}, follow_redirects=True)
    assert "Nic się nie zmieniło." in client.page.text
    assert len(session.exec(select(AuditLine).where(AuditLine.verb == "visit.rules_set")).all()) == 1


@pytest.mark.parametrize(
    ("answer", "notice"), [("0", "3"), ("16", "3"), ("3", "31"), ("3", "-1"), ("", "3"), ("trzy", "3"), ("2.5", "3")]
)
def test_numbers_that_cannot_be_are_refused_and_kept(
    client: Browser, session: Session, people: People, answer: str, notice: str
) -> None:
    client.sign_in(people.adam)
    assert client.post(PAGE, data={"answer_days": answer, "notice_days": notice}).status_code == 422
    values = client.page.values(PAGE)
    assert (values["answer_days"], values["notice_days"]) == (answer, notice)
    assert session.exec(select(VisitRules)).all() == []


def test_nobody_else_sets_them(client: Browser, session: Session, people: People) -> None:
    typed = {"answer_days": "5", "notice_days": "0"}
    for person in (people.ewa, people.marek, people.piotr, people.wanda):
        client.sign_in(person)
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, data=typed).status_code == 403
    client.sign_in(people.adam)
    assert client.get("/partnerzy/mops-kladkowo/zasady-wizyt").status_code == 403
    assert client.post("/partnerzy/mops-kladkowo/zasady-wizyt", data=typed).status_code == 403
    assert client.get("/partnerzy/nikt/zasady-wizyt").status_code == 404
    with pytest.raises(deadlines.NotYourRules):
        deadlines.set_habits(session, people.ewa.actor, people.prison.id or 0, Habits(5, 0), now())
    assert session.exec(select(VisitRules)).all() == []


def test_the_operator_sets_them_for_an_institution(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.olga)
    client.post("/partnerzy/mops-kladkowo/zasady-wizyt", data={"answer_days": "2", "notice_days": "1"})
    assert deadlines.habits(session, (people.mops.id or 0,))[people.mops.id or 0] == Habits(2, 1)


@pytest.mark.parametrize(
    ("answer_days", "nudge_on", "answer_by", "expires_on"),
    [
        (1, "2026-12-22", "2026-12-22", "2026-12-23"),
        (2, "2026-12-22", "2026-12-23", "2026-12-29"),  # over Christmas: 22, 23, 28, 29
        (3, "2026-12-23", "2026-12-28", "2026-12-31"),
        (5, "2026-12-28", "2026-12-30", "2027-01-08"),  # over New Year and Epiphany: 31, 4, 5, 7, 8
    ],
)
def test_deadlines_over_christmas(
    session: Session, people: People, answer_days: int, nudge_on: str, answer_by: str, expires_on: str
) -> None:
    add(session, VisitRules, institution_id=people.mops.id or 0, answer_days=answer_days, changed_at=now())
    found = deadlines.deadlines(session, people.mops.id or 0, date(2026, 12, 21))
    assert (found.nudge_on, found.answer_by, found.expires_on) == tuple(
        date.fromisoformat(one) for one in (nudge_on, answer_by, expires_on)
    )


def test_own_blocked_days_give_more_time_and_nobody_elses(session: Session, people: People) -> None:
    def answer_by() -> date:
        return deadlines.deadlines(session, people.mops.id or 0, MONDAY).answer_by

    make_period(session, people.prison, first_day=date(2026, 11, 24), last_day=date(2026, 11, 27))
    assert answer_by() == date(2026, 11, 26)
    make_period(session, people.mops, suspends=True, first_day=date(2026, 11, 24), last_day=date(2026, 11, 27))
    assert answer_by() == date(2026, 11, 26)
    make_period(session, people.mops, first_day=date(2026, 11, 24), last_day=date(2026, 11, 25))
    assert answer_by() == date(2026, 11, 30)
    assert checks.notice_day(session, (people.mops.id or 0,), MONDAY) == date(2026, 11, 30)


def test_how_long_an_answer_was_awaited(session: Session, people: People) -> None:
    def waited(since: date, until: date) -> int:
        return deadlines.waited(session, people.mops.id or 0, since, until)

    assert waited(now(), now()) == 0
    assert waited(MONDAY, date(2026, 11, 30)) == 5
    make_period(session, people.mops, first_day=date(2026, 11, 24), last_day=date(2026, 11, 24))
    assert waited(MONDAY, date(2026, 11, 30)) == 4
    ended = make_period(session, people.mops, first_day=date(2026, 11, 26), last_day=date(2026, 12, 31))
    ended.ended_at = now().replace(day=27, hour=8)
    session.flush()
    assert waited(MONDAY, date(2026, 11, 30)) == 3  # 25, 27, 30: the period ended early counts until its end
    late = now().replace(hour=23, minute=30)  # half past midnight in Warsaw
    assert waited(late, date(2026, 11, 25)) == 1
