"""The usual time of an answer: of a pair of institutions, for these two alone; figures by name, without a ranking."""

import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from python_calamine import CalamineWorkbook
from sqlmodel import Session, select

from app.actors import Actor
from app.audit.models import AuditLine
from app.clock import now
from app.web.i18n import ngettext
from events.calendar.models import EventKind
from events.visits import silence
from events.visits.models import Act, Path, State, Visit, VisitStep
from partners.institutions.models import Institution
from tests.browser import Browser
from tests.factories.institutions import make_institution
from tests.factories.persons import People
from tests.factories.replies import ask
from tests.factories.rows import add

FIGURES = "/wizyty/czas-odpowiedzi"


def answered(
    session: Session,
    asker: Institution,
    answerer: Institution,
    waited: Sequence[int | None],
    at: datetime | None = None,
    act: Act = Act.ACCEPT,
) -> None:
    """Let *answerer* answer *asker* once for each number of working days; None is a request that ran out."""
    at = at or now()
    for days in waited:
        visit = add(
            session, Visit, number=f"W-2025-{session.exec(select(Visit)).all().__len__() + 1:03d}", key=str(uuid4()),
            path=Path.INVITATION, state=State.EXPIRED, asking_id=asker.id or 0, asked_id=answerer.id or 0,
            unit_id=asker.id or 0, kind=EventKind.GROUP_MEETING, subject="Spotkanie", made_at=at, changed_at=at,
        )  # fmt: skip
        asked: tuple[Act, int | None, int | None, int | None] = (Act.ASK, asker.id, answerer.id, None)
        ended = (act, answerer.id, asker.id, days) if days is not None else (Act.EXPIRE, None, None, None)
        steps = [asked, ended]
        for position, (kind, institution_id, to_id, number) in enumerate(steps, start=1):
            add(
                session, VisitStep, visit_id=visit.id or 0, position=position, round=1, act=kind,
                institution_id=institution_id, to_id=to_id, at=at, waited_days=number,
            )  # fmt: skip


@pytest.mark.usefixtures("clock")
def test_the_median_stands_from_five_answers_on(session: Session, people: People) -> None:
    answered(session, people.prison, people.mops, [1, 2, 9, 2])
    assert silence.usual(session, people.ewa.actor, people.prison.id or 0, people.mops.id or 0) is None
    answered(session, people.prison, people.mops, [3], act=Act.REFUSE)
    usual = silence.usual(session, people.ewa.actor, people.prison.id or 0, people.mops.id or 0)
    assert usual == silence.Usual(days=2, answers=5)


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("waited", "days"), [([0, 0, 0, 1, 4], 0), ([1, 1, 2, 2, 2, 1], 2), ([5, 5, 5, 5, 5], 5), ([0, 0, 0, 1, 1, 1], 1)]
)
def test_a_half_day_counts_as_a_whole_one(session: Session, people: People, waited: list[int], days: int) -> None:
    answered(session, people.prison, people.mops, waited)
    usual = silence.usual(session, people.marek.actor, people.prison.id or 0, people.mops.id or 0)
    assert usual is not None
    assert usual.days == days


@pytest.mark.usefixtures("clock")
def test_answers_of_more_than_24_months_ago_do_not_count(session: Session, people: People) -> None:
    answered(session, people.prison, people.mops, [9] * 5, at=now() - timedelta(days=740))
    answered(session, people.prison, people.mops, [1] * 4)
    ids = (people.prison.id or 0, people.mops.id or 0)
    assert silence.usual(session, people.ewa.actor, *ids) is None
    answered(session, people.prison, people.mops, [1], at=now() - timedelta(days=700))
    assert silence.usual(session, people.ewa.actor, *ids) == silence.Usual(1, 5)


@pytest.mark.usefixtures("clock")
def test_both_sides_know_it_and_nobody_else(session: Session, people: People) -> None:
    answered(session, people.prison, people.mops, [2] * 5)
    ids = (people.prison.id or 0, people.mops.id or 0)
    known = silence.Usual(2, 5)
    assert [silence.usual(session, one.actor, *ids) for one in (people.ewa, people.marek, people.piotr)] == [known] * 3
    others = (people.jola, people.stefan, people.zofia, people.wanda, people.olga)
    assert [silence.usual(session, one.actor, *ids) for one in others] == [None] * 5
    assert silence.usual(session, Actor.visitor(), *ids) is None
    # Each direction is its own: the unit has answered nothing.
    assert silence.usual(session, people.ewa.actor, ids[1], ids[0]) is None


@pytest.mark.usefixtures("clock")
def test_the_page_lists_partners_by_name_in_both_directions(session: Session, people: People, client: Browser) -> None:
    slow = make_institution(session, "aaa-powolny", name="Zespół Powolny")
    fast = make_institution(session, "zzz-szybki", name="Ćmielów: ośrodek szybki")
    answered(session, people.prison, slow, [1, 1, 1, 1, 1, None, None, None])
    answered(session, people.prison, fast, [9, 9, 9, 9, 9, 9])
    answered(session, people.prison, people.mops, [1, 2])
    answered(session, people.mops, people.prison, [1, 2, 1, 2, 1, 2])
    client.sign_in(people.ewa)
    page = client.see(FIGURES)
    rows = [row.text for row in page.one("table").all("tr")][1:]
    # By name, as a Polish dictionary has it; the fastest is neither first nor last.
    assert [row.split(" ")[0] for row in rows] == ["Ćmielów:", "MOPS", "Zespół"]
    assert "9 dni roboczych" in rows[0]
    assert "6 odpowiedzi" in rows[0]
    assert "za mało odpowiedzi" in rows[1]
    assert "1,5 dnia roboczego" in rows[1]
    assert "1 dzień roboczy" in rows[2]
    assert "bez odpowiedzi: 3 z 8 (37,5 %)" in rows[2]


@pytest.mark.usefixtures("clock")
def test_the_page_shows_nothing_of_others_and_no_person(session: Session, people: People, client: Browser) -> None:
    answered(session, people.mops, people.ngo, [7] * 6)
    client.sign_in(people.ewa)
    page = client.see(FIGURES)
    assert "Jeszcze bez odpowiedzi" in page.text
    assert "Most" not in page.text
    assert "MOPS" not in page.one("main").text
    client.sign_in(people.piotr)
    page = client.see(FIGURES)
    assert "7 dni roboczych" in page.text
    assert "Jola" not in page.text


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("ending", ["", ".csv", ".xlsx"])
@pytest.mark.parametrize("name", ["wanda", "olga"])
def test_who_acts_for_no_institution_is_refused(people: People, client: Browser, name: str, ending: str) -> None:
    client.sign_in(getattr(people, name))
    assert client.get(FIGURES + ending).status_code == 403


@pytest.mark.usefixtures("clock")
def test_a_saved_table_holds_all_of_it_and_leaves_a_line(session: Session, people: People, client: Browser) -> None:
    answered(session, people.prison, people.mops, [1, 2, 1, 2, 1, 2, None])
    answered(session, people.mops, people.ngo, [7] * 6)
    client.sign_in(people.ewa)
    text = client.get(f"{FIGURES}.csv").get_data().decode("utf-8-sig")
    assert text.splitlines()[1:] == ["MOPS w Kładkowie;6;1,5;1;0;;0"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{FIGURES}.xlsx").get_data()))
    assert book.get_sheet_by_index(0).to_python()[1] == ["MOPS w Kładkowie", 6, 1.5, 1, 0, "", 0]
    lines = session.exec(select(AuditLine).where(AuditLine.verb == "silence.exported")).all()
    assert [(line.user_id, line.details) for line in lines] == [(people.ewa.user_id, {"institutions": 1})] * 2


@pytest.mark.usefixtures("clock")
def test_long_lists_come_in_pages_and_the_statements_do_not_grow(
    session: Session, people: People, client: Browser, query_count
) -> None:
    answered(session, people.prison, people.mops, [1] * 5)
    client.sign_in(people.ewa)
    client.see(FIGURES)
    with query_count() as one:
        client.see(FIGURES)
    for number in range(silence.PAGE + 4):
        answered(session, people.prison, make_institution(session, f"ops-{number}", name=f"OPS {number:03d}"), [1])
    with query_count() as many:
        page = client.see(FIGURES)
    assert len(many) == len(one)
    assert len(page.one("table").all("tr")) == silence.PAGE + 1
    page = client.see(page.one("a", rel="next")["href"])
    assert len(page.one("table").all("tr")) == 6


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "zwykle odpowiada w 1 dzień roboczy"), (2, "zwykle odpowiada w 2 dni robocze"),
     (5, "zwykle odpowiada w 5 dni roboczych"), (22, "zwykle odpowiada w 22 dni robocze")],
)  # fmt: skip
def test_the_words_are_good_polish(app, days: int, words: str) -> None:
    with app.test_request_context("/?jezyk=pl"):
        said = ngettext("usually answers in %(num)d working day", "usually answers in %(num)d working days", days)
    assert said == words


@pytest.mark.usefixtures("clock")
def test_it_stands_on_the_case_for_both_sides_and_where_one_asks(
    session: Session, people: People, client: Browser
) -> None:
    answered(session, people.prison, people.mops, [2] * 5)
    visit = ask(session, people.ewa, people.mops)
    client.sign_in(people.ewa)
    assert "MOPS w Kładkowie zwykle odpowiada w 2 dni robocze." in client.see(f"/wizyty/{visit.number}").text
    assert client.page.one("a", href=FIGURES).text == "Skąd to wiadomo"
    assert "MOPS w Kładkowie zwykle odpowiada w 2 dni robocze." in client.see("/wizyty/nowa/mops-kladkowo").text
    assert "zwykle odpowiada" not in client.see("/wizyty/nowa/most").text
    client.sign_in(people.marek)
    assert "Twoja instytucja zwykle odpowiada w 2 dni robocze." in client.see(f"/wizyty/{visit.number}").text
