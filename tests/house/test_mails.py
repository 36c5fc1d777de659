"""Every mail exists in both languages, has a subject, and says nothing but what its row carries."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, meta

from app.outbox.delivery import Letters
from events.calendar.models import Event, EventKind, Occurrence, Visibility
from events.signups import mail
from events.signups.models import SignUp, SignUpState
from tests.factories.mails import FURTHER, PARAMS

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
FILES = sorted((TEMPLATES / "mail").rglob("*.txt"))
NAMES = sorted({str(path.relative_to(TEMPLATES / "mail"))[: -len(".pl.txt")] for path in FILES})
# What each mail may ask for: the parameters of its row, and what the delivery adds.
GIVEN = {*PARAMS, *FURTHER, "link", "words"}
LINK = "/wydarzenia/00000000-0000-4000-8000-000000000000#zapisy"
SUBJECT_MAX = 200
END = {"pl": "Na tę wiadomość nie trzeba odpowiadać.", "en": "You need not answer this message."}
VARIANTS: list[dict[str, Any]] = [
    {},
    {"person": ""},
    {"person": "", "persons": 8, "edition": True},
    {"all_day": True, "starts_at": "2026-12-14T23:00:00+00:00", "ends_at": "2026-12-16T23:00:00+00:00"},
    {"reason": "choroba prowadzącej", "synthetic": True},
    {"title": "<b>Szkolenie</b>\r\nBcc: obcy@zly.example; „cudzysłów” & {{ 7*7 }}"},
]


def test_there_are_mails():
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_exist(name):
    assert [(TEMPLATES / "mail" / f"{name}.{language}.txt").is_file() for language in ("pl", "en")] == [True, True]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TEMPLATES / "mail")))
def test_nothing_undeclared_is_asked_for(path):
    asked = meta.find_undeclared_variables(Environment(autoescape=False).parse(path.read_text(encoding="utf-8")))  # noqa: S701
    assert asked - GIVEN == set()


@pytest.mark.parametrize("variant", VARIANTS, ids=["plain", "place", "group", "all-day", "reason", "nasty"])
@pytest.mark.parametrize("language", ["pl", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_mail_renders(name, language, variant):
    subject, body = Letters(TEMPLATES).render(name, language, {**PARAMS, **FURTHER, **variant}, LINK)
    assert 0 < len(subject) <= SUBJECT_MAX
    assert "\n" not in subject
    assert f"{LINK}\n" in body
    assert body.rstrip().endswith(END[language])
    assert not re.search(r"%}|{%|\bNone\b|\n{3}", body)
    assert not [line for line in body.splitlines() if line.startswith("Bcc")]
    assert ("zmyślone" in body or "invented" in body) == bool(variant.get("synthetic"))


@pytest.mark.parametrize("language", ["pl", "en"])
def test_a_title_is_never_made_part_of_a_template(language):
    title = "{{ 7*7 }} {% raw %}"
    subject, body = Letters(TEMPLATES).render("events/signups/confirmed", language, {**PARAMS, "title": title}, LINK)
    assert title in subject
    assert title in body
    assert "49" not in body


def test_the_parameters_are_those_that_the_room_gives():
    at = datetime(2026, 12, 15, 9, tzinfo=UTC)
    event = Event(
        title="x", kind=EventKind.OTHER, organiser_id=1, local_start=at.replace(tzinfo=None), minutes=60,
        created_at=at, changed_at=at,
    )  # fmt: skip
    occurrence = Occurrence(
        event_id=1, original_local=event.local_start, starts_at=at, ends_at=at, local_date=at.date(),
        visibility=Visibility.PUBLIC, kind=EventKind.OTHER, organiser_id=1, changed_at=at,
    )  # fmt: skip
    row = SignUp(
        booking_id=1, occurrence_id=1, institution_id=1, person_key="x", state=SignUpState.SEAT, queue_no=1,
        signed_up_at=at, changed_at=at,
    )  # fmt: skip
    assert mail._params(event, occurrence, row).keys() == PARAMS.keys() - {"organiser"}
