"""What is read out of addresses and forms of visit requests: whole dates, nothing lost, nonsense left out."""

from collections.abc import Iterator
from datetime import date, datetime, time

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from events.calendar.models import EventKind
from events.visits.forms import Asked, OfferForm, begun, read, values_of, written
from events.visits.models import State
from events.visits.queries import Group
from events.visits.rules import Option

ONE = Option(datetime(2026, 12, 10, 9, 0), datetime(2026, 12, 10, 11, 0), 3)  # noqa: DTZ001 - Warsaw wall times
OTHER = Option(datetime(2026, 12, 15, 12, 30), datetime(2026, 12, 15, 14, 0), None, "świetlica / parter")  # noqa: DTZ001


@pytest.fixture(autouse=True)
def _request(app: Flask) -> Iterator[None]:
    with app.test_request_context(method="POST"):
        yield


def form_of(**typed: str) -> OfferForm:
    form = OfferForm(formdata=MultiDict(typed))
    form.offer_rooms([])
    return form


def test_address_means_what_it_says() -> None:
    asked = Asked.read({"grupa": "nasze", "stan": "odmowa", "instytucja": " MOPS  Kładkowo ", "q": "W-2026-041"})
    assert asked == Asked(Group.OURS, State.REFUSED, "MOPS Kładkowo", "W-2026-041")
    assert Asked.read(asked.address()) == asked
    assert "grupa" not in asked.address(grouped=False)


@pytest.mark.parametrize("args", [{"grupa": "x"}, {"stan": "1"}, {"q": "\x00 "}, {}])
def test_nonsense_in_an_address_means_nothing(args: dict[str, str]) -> None:
    assert Asked.read(args) == Asked()


@pytest.mark.parametrize("option", [ONE, OTHER])
def test_button_carries_a_date(option: Option) -> None:
    assert read(written(option)) == option


@pytest.mark.parametrize("text", ["", "/", "2026-12-10T09:00", "2026-12-10T09:00/x//", "wczoraj/dziś//"])
def test_button_of_somebody_else_is_not_read(text: str) -> None:
    assert read(text) is None


def test_another_page_may_begin_a_request() -> None:
    values = begun(
        {"cel": "Dodatkowy dyżur", "rodzaj": "duty_hours", "minuty": "30", "osoby": "x", "termin": written(ONE)}
    )
    assert (values["subject"], values["kind"], values["slot_minutes"], values["slot_persons"]) == (
        "Dodatkowy dyżur", EventKind.DUTY_HOURS, 30, None,
    )  # fmt: skip
    assert (values["day_0"], values["starts_0"], values["ends_0"]) == (date(2026, 12, 10), time(9), time(11))
    assert begun({"rodzaj": "nieznany"})["kind"] == "group_meeting"


def test_one_to_three_dates_are_given() -> None:
    form = form_of(
        day_0="10.12.2026", starts_0="9.00", ends_0="11.00", day_2="15.12.2026", starts_2="12:30", ends_2="14"
    )
    assert form.check()
    assert [one.starts.day for one in form.options()] == [10, 15]
    assert form.further


def test_begun_date_is_finished_or_cleared() -> None:
    form = form_of(day_0="10.12.2026", starts_0="9.00", ends_0="11.00", starts_1="9.00")
    assert not form.check()
    assert set(form.errors) == {"day_1", "ends_1"}
    assert form.further


def test_other_date_takes_the_place_of_a_typed_one_and_is_carried_along() -> None:
    form = form_of(day_0="10.12.2026", starts_0="9.00", ends_0="11.00", message="Słowa zostają.", turn="7")
    form.put(0, OTHER)
    assert form.options() == (OTHER,)
    carried = dict(form.typed())
    assert (carried["day_0"], carried["starts_0"], carried["message"], carried["turn"]) == (
        "15.12.2026", "12.30", "Słowa zostają.", "7",
    )  # fmt: skip
    again = form_of(**carried)
    assert again.check()
    assert again.options() == (OTHER,)


@pytest.mark.parametrize(("text", "turn"), [("7", 7), ("", 0), ("-1", 0), ("9" * 30, 0), ("٣", 0)])
def test_turn_is_a_number_or_nothing(text: str, turn: int) -> None:
    assert form_of(turn=text).turn_id() == turn


def test_saved_dates_fill_the_fields() -> None:
    values = values_of((ONE, OTHER))
    assert (values["day_1"], values["room_1"], values["room_id_0"]) == (date(2026, 12, 15), "świetlica / parter", "3")
