"""What people type, and what the fields make of it."""

from datetime import date, time

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from app.web.fields import (
    ChoiceField,
    ChoicesField,
    DayField,
    LongTextField,
    SecretField,
    TextField,
    TimeField,
    WholeNumberField,
)
from app.web.forms import Form


class Everything(Form):
    day = DayField("dzień")
    hour = TimeField("godzina")
    number = WholeNumberField("liczba", low=1, high=500)
    words = TextField("słowa", longest=20)
    text = LongTextField("tekst", longest=40)
    secret = SecretField("hasło")
    one = ChoiceField("jedno")
    several = ChoicesField("kilka")
    needed = TextField("potrzebne", needed="Podaj to.")


@pytest.fixture(name="fill")
def _fill(app: Flask):
    def fill(**typed: object) -> Everything:
        with app.test_request_context():
            form = Everything(formdata=MultiDict({"needed": "x", **typed}))
            form.one.choices = form.several.choices = [("a", "A"), ("b", "B")]
            form.validate()
            return form

    return fill


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("15.12.2026", date(2026, 12, 15)),
        ("2026-12-15", date(2026, 12, 15)),
        (" 5.1.2027 ", date(2027, 1, 5)),
        ("15-12-2026", date(2026, 12, 15)),
        ("15/12/2026", date(2026, 12, 15)),
        ("29.02.2028", date(2028, 2, 29)),
        ("", None),
    ],
)
def test_days(fill, typed, day):
    form = fill(day=typed)
    assert (form.day.data, list(form.day.errors)) == (day, [])


@pytest.mark.parametrize(
    "typed", ["30.02.2026", "2026-13-01", "jutro", "1.1.1989", "1.1.2101", "15.12.26", "٢٠٢٦-١٢-٠١", "\x00"]
)
def test_days_that_are_none(fill, typed):
    form = fill(day=typed)
    if typed != "\x00":
        assert list(form.day.errors) == ["Podaj datę, która istnieje, na przykład 15.12.2026."]
        assert form.day._value() == typed
    assert form.day.data is None


@pytest.mark.parametrize(
    ("typed", "hour"),
    [
        ("10:00", time(10)),
        ("10.30", time(10, 30)),
        ("8", time(8)),
        ("0:00", time(0)),
        ("23:59", time(23, 59)),
        ("", None),
    ],
)
def test_hours(fill, typed, hour):
    form = fill(hour=typed)
    assert (form.hour.data, list(form.hour.errors)) == (hour, [])


@pytest.mark.parametrize("typed", ["24:00", "25:61", "dziesiąta", "10:00:00", "-1"])
def test_hours_that_are_none(fill, typed):
    form = fill(hour=typed)
    assert form.hour.data is None
    assert list(form.hour.errors) == ["Podaj godzinę od 0.00 do 23.59, na przykład 10.00."]


@pytest.mark.parametrize(
    ("typed", "number"), [("1", 1), ("500", 500), (" 10 ", 10), ("1\u00a00", 10), ("007", 7), ("", None)]
)
def test_numbers(fill, typed, number):
    form = fill(number=typed)
    assert (form.number.data, list(form.number.errors)) == (number, [])


@pytest.mark.parametrize("typed", ["0", "501", "-1", "1.5", "1e2", "dziesięć", "٣", "9" * 30])
def test_numbers_that_are_none(fill, typed):
    form = fill(number=typed)
    assert form.number.data is None
    assert list(form.number.errors) == ["Podaj liczbę całkowitą od 1 do 500."]


def test_text_is_cleaned(fill):
    form = fill(words="  Anna\r\n \x00Próbna\u2028 ", text=" wiersz\r\ndrugi\x07 \n")
    assert form.words.data == "Anna Próbna"
    assert form.text.data == "wiersz\ndrugi"
    assert form.text.lines() == ("wiersz", "drugi")


def test_a_text_too_long_says_how_long_it_may_be(fill):
    form = fill(words="x" * 21, text="x" * 41)
    assert list(form.words.errors) == ["Skróć tekst do 20 znaków."]
    assert list(form.text.errors) == ["Skróć tekst do 40 znaków."]
    assert form.words.data == "x" * 21


def test_a_password_is_left_as_it_is(fill):
    assert fill(secret=" \u00a0zażółć ").secret.data == " \u00a0zażółć "


def test_a_needed_field_says_its_own_sentence(fill):
    assert list(fill(needed=" \n ").needed.errors) == ["Podaj to."]


def test_only_offered_choices_are_taken(fill):
    form = fill(one="c", several="z")
    assert list(form.one.errors) == ["Wybierz jedną z podanych wartości."]
    assert list(form.several.errors) == ["Wybierz tylko spośród podanych wartości."]
    assert fill(one="a").one.data == "a"


@pytest.mark.parametrize("field", ["words", "text", "needed"])
def test_a_pesel_is_refused_in_every_text(fill, field):
    form = fill(**{field: "44051401359"})
    assert any("PESEL" in str(error) for error in form[field].errors)
    assert not any("PESEL" in str(error) for error in fill(secret="44051401359").secret.errors)


def test_of_two_equal_fields_the_first_counts(app):
    with app.test_request_context():
        form = Everything(
            formdata=MultiDict([("needed", "pierwszy"), ("needed", "drugi"), ("number", "1"), ("number", "2")])
        )
        assert (form.needed.data, form.number.data) == ("pierwszy", 1)
