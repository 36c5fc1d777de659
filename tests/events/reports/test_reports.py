"""Reports: figures as worked out by hand, frozen with their mark, the same twice, and nothing of them for strangers."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlmodel import Session, col, select
from time_machine import Traveller

from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar.models import Occurrence, Outcome
from events.changes import actions as changes
from events.changes.rules import Scope
from events.minutes import actions as minutes
from events.minutes import queries as minutes_queries
from events.minutes import versions
from events.minutes.models import Record, RecordState
from events.minutes.versions import Version
from events.reports import actions, counting, queries, rules
from events.reports.counting import EARLY, TOTAL
from events.reports.models import Report, ReportKind, ReportRecord
from events.sessions import actions as sessions
from projects.editions.models import EditionOutcome
from projects.programmes.models import Programme, ProgrammeState
from tests.at_once import at_once
from tests.browser import Browser
from tests.conftest import Statements, browser_of, opened
from tests.factories.events import date_of
from tests.factories.persons import People, Person, make_people
from tests.factories.reports import make_edition, make_meeting, make_project, make_quarter, make_record
from tests.factories.sessions import dates_of, make_plan, plan_of
from tests.factories.sessions import make_edition as begin_edition

pytestmark = pytest.mark.usefixtures("clock")
START, END = date(2026, 7, 1), date(2026, 9, 30)
PAGE = "/projekty/warsztaty-kompetencji-spolecznych/sprawozdania"
QUARTER = f"{PAGE}/2026-3"
NASTY = '=1+1 „Zażółć” #panic("x") *x* <b> $1 + 1$ @ref'
# Eight dates of edition 1 with one in place of a cancelled one, one of edition 2, two outside editions.
BY_HAND = {
    "planned": 11,
    "catch_ups": 1,
    "held": 7,
    "made_up": 1,
    "not_held": 2,
    "cancelled": 1,
    "waiting": 2,
    "ahead": 0,
    "minutes": 3 * 120 + 210 + 120 + 2 * 120,
    "people_inside": 8 + 7 + 6 + 5 + 1,
    "family_members": 2,
    "others": 1 + 30,
    "staff": 3 + 1 + 2 + 1 + 1 + 5,
    "institutions": 3,
}


@pytest.fixture(name="project")
def _project(session: Session, people: People) -> Programme:
    return make_quarter(session, people)


def figures(session: Session, project: Programme, start: date = START, end: date = END) -> dict[str, Any]:
    session.flush()
    return queries.figures(session, project, start, end, now())


def frozen(session: Session, project: Programme, by: Person, start: date = START, end: date = END) -> Report:
    seen = rules.mark(figures(session, project, start, end))
    return actions.freeze(session, by.actor, project, ReportKind.QUARTERLY, start, end, seen, now())


def seal(session: Session, day: str) -> Record:
    """Seal the record that waits on *day*."""
    statement = select(Record).join(Occurrence, col(Occurrence.id) == Record.occurrence_id)
    record = session.exec(statement.where(Occurrence.local_date == date.fromisoformat(day))).one()
    record.state = RecordState.SEALED
    session.flush()
    return record


def test_figures_are_those_worked_out_by_hand(session, project, people):
    found = figures(session, project)
    assert found["totals"] == BY_HAND
    first, second = found["editions"]
    assert {key: first["figures"][key] for key in ("planned", "held", "minutes", "people_inside", "staff")} == {
        "planned": 8, "held": 4, "minutes": 570, "people_inside": 26, "staff": 7,
    }  # fmt: skip
    assert (second["name"], second["figures"]["people_inside"], second["figures"]["institutions"]) == (
        "dla rodzin",
        1,
        1,
    )
    assert [first["outcomes"][0][key] for key in ("text", "target", "achieved", "partly", "missed")] == [
        "ukończenie cyklu", 10, 7, 2, 1,
    ]  # fmt: skip
    assert (found["outside"]["held"], found["outside"]["others"], found["outside"]["staff"]) == (2, 30, 5)
    assert [found["early"][key] for key in ("held", "minutes", "people_inside", "staff")] == [1, 120, 4, 1]
    lines = rules.lines_of(found)
    waiting = [line.topic for line in counting.behind(counting.within(lines, TOTAL), "waiting")]
    assert waiting == ["Temat 6", "Temat 7"]
    assert counting.why_not(lines) == [("organisation", "ngo_staff", 1), ("prison", "", 1)]
    assert found["programme"]["partners"] == [["Zakład Karny w Kładkowie", "sala i uczestnicy"]]


@pytest.mark.parametrize("scope", [TOTAL, "edycja-1", "edycja-2", "poza-edycjami", EARLY])
def test_each_figure_is_the_sum_of_what_is_behind_it(session, project, scope):
    found = figures(session, project)
    lines = counting.within(rules.lines_of(found), scope)
    told = counting.count(lines)
    for key, figure in counting.FIGURES.items():
        behind = counting.behind(lines, key)
        assert bool(behind) == bool(told[key]), key
        if key != "institutions":
            assert sum(figure.of(line) for line in behind) == told[key], key
    courses = ("held", "not_held", "cancelled", "waiting", "ahead")
    assert told["planned"] + told["catch_ups"] == sum(told[key] for key in courses)


def test_content_holds_no_person_no_inner_reason_and_no_title_of_the_invited(session, project):
    text = rules.canonical(figures(session, project)).decode()
    for secret in ("Osoba Próbna", "unit_security", "Ćwiczenia ochrony", "Narada tajna", "Szkic"):
        assert secret not in text
    assert "Dzień otwarty" in text


def test_final_report_counts_the_whole_project(session, project):
    whole = queries.term(session, project, date(2026, 11, 23))
    found = queries.figures(session, project, whole.starts_on, whole.ends_on, now(), ReportKind.FINAL)
    assert (found["totals"]["held"], found["totals"]["people_inside"], found["early"]) == (8, 31, None)


def test_freezing_keeps_the_figures_and_remembers_the_records(session, project, people):
    report = frozen(session, project, people.jola)
    assert (report.number, report.seal) == (1, rules.seal(report.content))
    counted = session.exec(select(ReportRecord).where(ReportRecord.report_id == report.id)).all()
    assert len(counted) == 10
    line = session.exec(select(AuditLine).where(AuditLine.verb == "report.frozen")).one()
    assert (line.details["records"], line.details["seal"]) == (10, report.seal)


def test_late_record_and_changed_outcomes_stand_in_the_next_report_alone(session, project, people, clock):
    first = frozen(session, project, people.jola)
    before = rules.canonical(first.content)
    seal(session, "2026-08-11")
    session.exec(select(EditionOutcome)).one().achieved = 9
    session.flush()
    session.expire_all()
    clock.move_to(now() + timedelta(days=60))
    kept = session.get_one(Report, first.id)
    assert rules.canonical(kept.content) == before
    assert rules.seal(kept.content) == kept.seal
    following = figures(session, project, date(2026, 10, 1), date(2026, 12, 31))
    assert (following["early"]["held"], following["early"]["people_inside"]) == (1, 9)
    assert following["totals"]["held"] == 0
    frozen(session, project, people.jola, date(2026, 10, 1), date(2026, 12, 31))
    assert figures(session, project, date(2027, 1, 1), date(2027, 3, 31))["early"] is None
    correction = frozen(session, project, people.jola)
    assert (correction.number, correction.content["totals"]["held"], correction.content["told_elsewhere"]) == (2, 8, 1)
    assert correction.content["early"]["people_inside"] == 4
    told = {
        (one["what"], one["scope"], one["key"]): (one["before"], one["after"]) for one in correction.content["differs"]
    }
    assert told["figure", TOTAL, "held"] == (7, 8)
    assert told["outcome", "edycja-1", "ukończenie cyklu"] == ([10, 7, 2, 1], [10, 9, 2, 1])
    assert told["date", "2026-08-11", "Temat 6"] == ("waiting", "held")


def test_an_edition_that_was_planned_recorded_and_made_up_is_counted(
    session: Session, people: People, clock: Traveller
) -> None:
    project, edition = begin_edition(session, people, starts_on=date(2026, 11, 1))
    event = make_plan(session, people, edition, plan_of(topics=("Jeden", "Dwa"), participants=True))
    first, second, third, _fourth = dates_of(session, edition)
    starts = datetime(2026, 12, 29, 10)  # noqa: DTZ001 - wall time
    changes.cancel(session, people.jola.actor, event, "Choroba.", now(), occurrence_id=second.id, scope=Scope.THIS)
    ends = starts + timedelta(hours=3)
    again = sessions.make_up(session, people.jola.actor, edition, second.id or 0, starts, ends, now())
    clock.move_to(datetime(2027, 1, 4, 9, tzinfo=UTC))
    for date_id, inside, outcome in (
        (first.id, 8, Outcome.HELD),
        (date_of(session, again).id, 7, Outcome.HELD),
        (third.id, None, Outcome.NOT_HELD),
    ):
        place = minutes_queries.date_by_id(session, date_id or 0)
        assert place is not None
        reason = "nobody_came" if outcome is Outcome.NOT_HELD else ""
        told = Version(outcome=outcome, reason=reason, body="Omówiono temat.", people_inside=inside)
        told_marks = versions.marks(Version())
        assert (
            minutes.submit(session, people.jola.actor, place, told, 0, told_marks, now()).record.state
            is RecordState.SEALED
        )
    found = frozen(session, project, people.jola, date(2026, 10, 1), date(2026, 12, 31)).content
    assert {key: number for key, number in found["totals"].items() if number} == {
        "planned": 4, "catch_ups": 1, "held": 2, "made_up": 1, "not_held": 1, "cancelled": 1, "waiting": 1,
        "minutes": 120 + 180, "people_inside": 15,
    }  # fmt: skip
    assert [(line["number"], line["topic"], line["course"]) for line in found["lines"]] == [
        (1, "Jeden", "held"), (2, "Dwa", "cancelled"), (3, "", "not_held"), (4, "", "waiting"), (2, "Dwa", "held"),
    ]  # fmt: skip


def test_change_after_the_preview_is_not_frozen_unseen(session, project, people):
    seen = rules.mark(figures(session, project))
    seal(session, "2026-08-11")
    with pytest.raises(rules.Changed):
        actions.freeze(session, people.jola.actor, project, ReportKind.QUARTERLY, START, END, seen, now())
    frozen(session, project, people.jola)
    with pytest.raises(rules.FrozenAlready):
        actions.freeze(session, people.jola.actor, project, ReportKind.QUARTERLY, START, END, seen, now())
    with pytest.raises(rules.NothingNew):
        frozen(session, project, people.jola)


def test_only_the_lead_freezes_and_only_what_is_over(session, project, people):
    with pytest.raises(rules.NotYourReport):
        frozen(session, project, people.ewa)
    with pytest.raises(rules.NotOver):
        frozen(session, project, people.jola, date(2026, 10, 1), date(2026, 12, 31))
    whole = queries.term(session, project, date(2026, 11, 23))
    wanted = (ReportKind.FINAL, whole.starts_on, whole.ends_on)
    seen = rules.mark(queries.figures(session, project, *wanted[1:], now(), ReportKind.FINAL))
    with pytest.raises(rules.NotOver):
        actions.freeze(session, people.jola.actor, project, *wanted, seen, now())
    project.state = ProgrammeState.DRAFT
    session.flush()
    with pytest.raises(rules.StillADraft):
        actions.freeze(session, people.jola.actor, project, *wanted, seen, now())
    project.state = ProgrammeState.COMPLETED
    session.flush()
    assert actions.freeze(session, people.jola.actor, project, *wanted, seen, now()).number == 1


def test_one_of_two_people_who_freeze_at_once_wins(address):
    database = opened(address)
    with database.session(writes=True) as session:
        people = make_people(session)
        project = make_quarter(session, people)
        seen, number = rules.mark(figures(session, project)), project.id or 0
        session.commit()

    def freeze() -> None:
        with database.session(writes=True) as session:
            project = session.get_one(Programme, number)
            actions.freeze(session, people.jola.actor, project, ReportKind.QUARTERLY, START, END, seen, now())
            session.commit()

    told = at_once([freeze, freeze])
    assert sorted(type(one).__name__ for one in told) == ["FrozenAlready", "NoneType"]
    database.dispose()


def test_report_is_due_and_called_to_mind_once_before_and_once_after(session, project, people, clock):
    def mails() -> list[str]:
        return [
            row.template.rpartition("/")[2] for row in session.exec(select(OutboxMail).order_by(col(OutboxMail.id)))
        ]

    # The second quarter's day has long passed, the third one's is 30 October: both are late.
    assert [(one.period.word, one.late, one.total) for one in queries.due(session, people.jola.actor, now())] == [
        ("2026-2", True, 2),
        ("2026-3", True, 2),
    ]
    assert queries.due(session, people.ewa.actor, now()) == []
    assert (actions.remind(session, now()), actions.remind(session, now())) == (2, 0)
    assert mails() == ["late", "late"]
    told = session.exec(select(OutboxMail.params).order_by(col(OutboxMail.id))).all()
    assert [(one["quarter"], one["year"], one["number"]) for one in told] == [("II", "2026", 1), ("III", "2026", 2)]
    frozen(session, project, people.jola, date(2026, 4, 1), date(2026, 6, 30))
    frozen(session, project, people.jola)
    assert queries.due(session, people.jola.actor, now()) == []
    clock.move_to(now().replace(year=2027, month=1, day=10))
    (waiting,) = queries.due(session, people.jola.actor, now())
    assert (waiting.period.word, waiting.due_on, waiting.late) == ("2026-4", date(2027, 1, 30), False)
    assert actions.remind(session, now()) == 0
    clock.move_to(now().replace(day=24))
    assert (actions.remind(session, now()), actions.remind(session, now())) == (1, 0)
    assert mails() == ["late", "late", "due"]


# --- in the browser


def test_coordinator_looks_freezes_and_follows_a_figure(
    client: Browser, session: Session, project: Programme, people: People
) -> None:
    page = client.sign_in(people.jola).see(QUARTER)
    assert "15 godz. 30 min" in page.text
    seen = page.values(QUARTER)["seen"]
    path = client.post(QUARTER, data={"seen": seen}).location
    page = client.see(path)
    assert "Stan na 23 listopada 2026, 9.00" in page.text
    (link,) = [one["href"] for one in page.all("a") if one.text.startswith("27")]
    page = client.see(link)
    assert "Temat 2" in page.text
    note = next(one["href"] for one in page.all("a") if one["href"].endswith("/notatka"))
    client.see(note)
    again = client.post(QUARTER, data={"seen": seen})
    assert again.status_code == 409
    assert "Ktoś w międzyczasie zamroził" in client.page.text
    assert "sprawozdanie nr 1" in client.see(PAGE).text.lower()


def test_preview_changed_meanwhile_is_shown_again(
    client: Browser, session: Session, project: Programme, people: People
) -> None:
    seen = client.sign_in(people.jola).see(QUARTER).values(QUARTER)["seen"]
    seal(session, "2026-08-11")
    assert client.post(QUARTER, data={"seen": seen}).status_code == 409
    assert session.exec(select(Report)).all() == []
    client.post(QUARTER, data={"seen": client.page.values(QUARTER)["seen"]})
    assert session.exec(select(Report)).one().content["totals"]["held"] == 8


def test_files_of_a_frozen_report_are_the_same_twice(
    client: Browser, session: Session, project: Programme, people: People, clock: Traveller
) -> None:
    project.title = NASTY
    report = frozen(session, project, people.jola)
    base = f"{PAGE}/zamrozone/{report.uuid}"
    client.sign_in(people.jola)
    paths = [f"{base}.{kind}?wersja={version}" for kind in ("pdf", "xlsx") for version in ("pl", "en")]
    first = [client.get(path).data for path in paths]
    seal(session, "2026-08-11")
    session.exec(select(EditionOutcome)).one().achieved = 9
    project.title = "Inny tytuł"
    clock.shift(timedelta(days=1, seconds=3))
    client.sign_in(people.ewa)
    assert [client.get(path).data for path in paths] == first
    assert all(body.startswith(b"%PDF-") for body in first[:2])
    assert len(set(first)) == 4
    book = CalamineWorkbook.from_filelike(io.BytesIO(first[2]))
    assert book.sheet_names == ["Podsumowanie", "Spotkania", "Efekty", "Źródła"]
    rows = {(row[0], row[1]): row[2] for row in book.get_sheet_by_name("Podsumowanie").to_python()}
    assert rows["Razem", "Godziny przeprowadzonych spotkań"] == 15.5
    assert rows["Sprawozdanie z projektu", "Numer umowy"] == "FP-12/2026"
    assert book.get_sheet_by_name("Efekty").to_python()[1:] == [[1, "ukończenie cyklu", 10, 7, 2, 1]]
    sources = [tuple(row) for row in book.get_sheet_by_name("Źródła").to_python()]
    inside = [row for row in sources if row[1] == "Obecności osób pozbawionych wolności"]
    assert sorted(row[2] for row in inside if not str(row[0]).startswith("Wcześniejsze")) == [1, 5, 6, 7, 8]
    meetings = book.get_sheet_by_name("Spotkania").to_python()
    in_time = [row for row in meetings[1:] if not str(row[0]).startswith("Wcześniejsze")]
    assert [sum(float(str(row[column] or 0)) for row in in_time) for column in (8, 12, 15)] == [15.5, 27, 13]
    assert meetings[1][5] == date(2026, 6, 23)


def test_nobody_outside_the_circle_knows_of_reports(
    client: Browser, app: Flask, session: Session, project: Programme, people: People
) -> None:
    report = frozen(session, project, people.jola)
    base = f"{PAGE}/zamrozone/{report.uuid}"
    pages = (
        PAGE,
        QUARTER,
        f"{PAGE}/koncowe",
        base,
        f"{base}.pdf",
        f"{base}.xlsx",
        f"{QUARTER}/zrodla/odbyte",
        f"{base}/zrodla/odbyte",
    )
    # The MOPS was asked and has not agreed; the inspector and the operator are no partners.
    for person in (people.marek, people.stefan, people.wanda, people.olga):
        browser = browser_of(app, session).sign_in(person)
        assert {browser.get(path).status_code for path in pages} == {404}, person.name
    assert {client.get(path).status_code for path in pages} == {302}
    client.sign_in(people.ewa)
    assert {client.get(path).status_code for path in pages} == {200}
    assert client.post(QUARTER, data={"seen": "1-x"}).status_code == 403
    client.sign_in(people.stefan)
    assert client.post(QUARTER, data={"seen": "1-x"}).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        f"{PAGE}/2026-1",
        f"{PAGE}/2025-4",
        f"{PAGE}/2027-1",
        f"{PAGE}/2026-5",
        f"{QUARTER}/zrodla/nic",
        f"{QUARTER}/zrodla/odbyte?czesc=edycja-9",
    ],
)
def test_what_is_no_report_is_not_found(
    client: Browser, session: Session, project: Programme, people: People, path: str
) -> None:
    project.starts_on = date(2026, 4, 1)
    session.flush()
    assert client.sign_in(people.jola).get(path).status_code == 404


def test_frozen_report_stays_where_the_term_is_moved(
    client: Browser, session: Session, project: Programme, people: People
) -> None:
    frozen(session, project, people.jola)
    project.starts_on = date(2026, 10, 1)
    session.flush()
    page = client.sign_in(people.jola).see(PAGE)
    assert "III kwartał 2026" in page.text
    assert "II kwartał 2026" not in page.text.replace("III", "")
    client.see(QUARTER)


def test_record_that_the_reader_may_not_know_of_has_no_link(
    client: Browser, session: Session, project: Programme, people: People
) -> None:
    page = client.sign_in(people.ewa).see(f"{QUARTER}/zrodla/odbyte?czesc=poza-edycjami")
    assert "Narada tajna" not in page.text
    assert "Czytają ją instytucje" in page.text
    assert len([one for one in page.all("a") if one["href"].endswith("/notatka")]) == 1


def test_number_of_statements_does_not_grow_with_sessions(
    client: Browser, session: Session, people: People, query_count: Callable[[], AbstractContextManager[Statements]]
) -> None:
    project = make_project(session, people)
    edition = make_edition(session, project)
    client.sign_in(people.jola)
    asked = []
    for first, last in ((1, 3), (4, 60)):
        for number in range(first, last + 1):
            day = START + timedelta(days=number)
            meeting = make_meeting(session, project, day.isoformat(), edition=edition, number=number)
            make_record(session, meeting, number, staff={people.ngo.id: 1, people.prison.id: 1})
        counts = []
        for path in (QUARTER, f"{QUARTER}/zrodla/odbyte", PAGE):
            with query_count() as statements:
                client.see(path)
            counts.append(len(statements))
        asked.append(counts)
    assert asked[0] == asked[1]
    assert max(asked[1]) <= 12
