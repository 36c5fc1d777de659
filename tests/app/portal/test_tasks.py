"""The task engine on plain tasks: order, tags in words, pages and counts."""

from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from app.actors import Actor
from app.clock import now
from app.portal import greeting, tasks
from app.portal.tasks import Board, Found, Gatherer, Kind, Task
from app.text import N_

TODAY = date(2026, 11, 23)  # a Monday


def task_of(due: date | None = None, **changes: object) -> Task:
    values: dict[str, object] = {"url": "/", "icon": "swap", "title": "Sprawa", "text": "", "due": due, **changes}
    return Task(**values)  # type: ignore[arg-type]  # checked by the dataclass


@pytest.mark.parametrize(
    ("due", "mine", "words"),
    [
        (None, True, ("wait", "clock", "czeka na Ciebie")),
        (None, False, ("info", "mail", "wysłane")),
        (TODAY - timedelta(days=1), True, ("bad", "warn", "termin minął")),
        (TODAY - timedelta(days=1), False, ("wait", "clock", "bez odpowiedzi")),
        (TODAY, True, ("bad", "warn", "termin mija dziś")),
        (TODAY, False, ("plain", "cal", "do dziś")),
        (TODAY + timedelta(days=1), True, ("bad", "warn", "termin mija jutro")),
        (TODAY + timedelta(days=1), False, ("plain", "cal", "do wtorku")),
        (TODAY + timedelta(days=2), True, ("wait", "clock", "do środy")),
        (TODAY + timedelta(days=6), True, ("wait", "clock", "do niedzieli")),
        (TODAY + timedelta(days=7), True, ("plain", "cal", "do 30 listopada")),
        (date(2027, 1, 4), True, ("plain", "cal", "do 4 stycznia 2027")),
    ],
)
def test_a_deadline_is_said_as_people_say_it(
    app: Flask, due: date | None, mine: bool, words: tuple[str, str, str]
) -> None:
    with app.test_request_context("/"):
        assert tasks.tag(task_of(due, mine=mine), TODAY) == words


def test_the_nearest_deadline_comes_first_and_what_has_none_last() -> None:
    late, soon, none = task_of(TODAY - timedelta(days=3)), task_of(TODAY), task_of()
    assert tasks.in_order([none, soon, late]) == [late, soon, none]
    visit, note = task_of(TODAY, kind=Kind.VISITS), task_of(TODAY, kind=Kind.NOTES)
    assert tasks.in_order([note, visit]) == [visit, note]


def rooms(log: list[tuple[Kind, int]]) -> dict[Kind, Gatherer]:
    """Make two rooms of 45 and 30 tasks in the order of their days."""

    def of(kind: Kind, number: int) -> Gatherer:
        def read(_who: Actor, _at: datetime, limit: int) -> Found:
            log.append((kind, limit))
            days = (TODAY + timedelta(days=n) for n in range(number))
            return Found([task_of(day, kind=kind) for day in days][:limit], number)

        return read

    return {Kind.VISITS: of(Kind.VISITS, 45), Kind.NOTES: of(Kind.NOTES, 30)}


def asked(log: list[tuple[Kind, int]], **how: object) -> Board:
    return tasks.gather(rooms(log), Actor.visitor(), now(), **how)  # type: ignore[arg-type]


@pytest.mark.usefixtures("clock")
def test_every_room_is_asked_once_and_pages_follow_each_other() -> None:
    log: list[tuple[Kind, int]] = []
    pages = [asked(log, page=number, size=30) for number in (1, 2, 3)]
    assert log == [(kind, limit) for limit in (30, 60, 90) for kind in (Kind.VISITS, Kind.NOTES)]
    assert [len(page.tasks) for page in pages] == [30, 30, 15]
    assert [page.more for page in pages] == [True, True, False]
    assert {page.total for page in pages} == {75}
    together = [task for page in pages for task in page.tasks]
    assert together == tasks.in_order(together)
    assert len([task for task in together if task.kind is Kind.NOTES]) == 30


@pytest.mark.usefixtures("clock")
def test_of_other_kinds_only_the_number_is_asked_for() -> None:
    log: list[tuple[Kind, int]] = []
    page = asked(log, only=Kind.NOTES, size=30)
    assert log == [(Kind.VISITS, 1), (Kind.NOTES, 30)]
    assert {task.kind for task in page.tasks} == {Kind.NOTES}
    assert page.counts == {Kind.VISITS: 45, Kind.NOTES: 30}
    assert not page.more


@pytest.mark.parametrize(
    ("name", "polish", "english"),
    [
        ("Anna Przykładowa", "Dzień dobry, Anno", "Good morning, Anna"),
        ("Marek Przykładowy", "Dzień dobry, Marku", "Good morning, Marek"),
        ("por. Jan Pokazowy", "Moje biurko", "My desk"),
        ("Jola Próbna", "Moje biurko", "My desk"),
        ("Anna-Maria Wzorcowa", "Moje biurko", "My desk"),
        ("", "Moje biurko", "My desk"),
    ],
)
def test_a_greeting_is_grammatical_or_left_out(app: Flask, name: str, polish: str, english: str) -> None:
    with app.test_request_context("/"):
        assert greeting.heading(name) == polish
    with app.test_request_context("/?jezyk=en"):
        assert greeting.heading(name) == english


def test_every_kind_has_words() -> None:
    assert set(tasks.KIND_LABEL) == set(Kind)
    assert N_("Visits") == tasks.KIND_LABEL[Kind.VISITS]
