"""Entry lists, act by act: free before the freeze, asked for after it, followed when the date moves."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import time_machine
from sqlmodel import Session, col, select

from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar.models import Event, EventSpeaker
from events.gate import actions
from events.gate.models import Entry, EntryState, Origin
from events.gate.rules import Expected
from tests.factories.events import date_of, instant, local, make_event
from tests.factories.gate import entries, expect, make_visit
from tests.factories.persons import People

LISTED, REQUESTED, APPROVED = EntryState.LISTED, EntryState.REQUESTED, EntryState.APPROVED
REMOVED = EntryState.REMOVED
# Three working days before Tuesday, 8 December is Thursday, 3 December: free until its end.
FREE, FROZEN = local(23, 50, days=-5), local(0, 10, days=-4)


def mails(session: Session) -> list[tuple[str, str]]:
    rows = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    return [
        (row.template.removeprefix("events/gate/"), row.to_address)
        for row in rows
        if row.template.startswith("events/gate/")
    ]


def stands(rows: list[Entry]) -> list[tuple[str, EntryState]]:
    return [(row.person, row.state) for row in rows]


def test_people_stand_on_the_list_until_its_freeze_without_being_asked(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    clock.move_to(instant(FREE))
    expect(session, event, people.marek, "Anna Przykładowa", "")
    assert stands(entries(session, event)) == [("Anna Przykładowa", LISTED), ("", LISTED)]
    assert mails(session) == []


def test_after_the_freeze_each_new_person_is_a_request_and_one_mail_tells_the_unit(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    clock.move_to(instant(FROZEN))
    expect(session, event, people.marek, "Anna Przykładowa", "Maria Próbna")
    assert stands(entries(session, event)) == [("Anna Przykładowa", REQUESTED), ("Maria Próbna", REQUESTED)]
    assert mails(session) == [("asked", people.adam.email), ("asked", people.ewa.email)]


def test_the_unit_adds_after_the_freeze_without_asking_itself(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    clock.move_to(instant(FROZEN))
    expect(session, event, people.marek, "Anna Przykładowa", by=people.ewa)
    (row,) = entries(session, event)
    assert (row.state, row.decided_by) == (APPROVED, people.ewa.user_id)
    assert mails(session) == []


@pytest.mark.usefixtures("clock")
def test_own_people_of_the_unit_stand_on_no_list(session: Session, people: People) -> None:
    event = make_visit(session, people)
    expect(session, event, people.ewa, "Ewa Pokazowa")
    assert entries(session, event) == []


@pytest.mark.usefixtures("clock")
def test_expecting_twice_makes_one_entry(session: Session, people: People) -> None:
    event = make_visit(session, people)
    expect(session, event, people.marek, "Anna Przykładowa")
    expect(session, event, people.marek, "Anna Przykładowa", "Maria Próbna")
    assert len(entries(session, event)) == 2


def test_withdrawn_are_marked_and_after_the_freeze_the_unit_is_told(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    expect(session, event, people.marek, "Anna Przykładowa", "Maria Próbna")
    actions.leave(session, people.marek.actor, event, date_of(session, event), [1], now())
    assert mails(session) == []
    clock.move_to(instant(FROZEN))
    actions.leave(session, people.marek.actor, event, date_of(session, event), [2], now())
    assert stands(entries(session, event)) == [("Anna Przykładowa", REMOVED), ("Maria Próbna", REMOVED)]
    assert mails(session) == [("withdrawn", people.adam.email), ("withdrawn", people.ewa.email)]
    expect(session, event, people.marek, "Anna Przykładowa")
    assert entries(session, event)[0].state is REQUESTED


def test_another_person_is_asked_for_after_the_freeze_as_a_instead_of_b(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    expect(session, event, people.marek, "Anna Przykładowa", "")
    date = date_of(session, event)
    entries(session, event)[0].extras = {"phone": "600 000 000"}
    actions.rename(session, people.marek.actor, event, date, 2, "Maria Próbna", "psycholog", now())
    assert stands(entries(session, event)) == [("Anna Przykładowa", LISTED), ("Maria Próbna", LISTED)]
    clock.move_to(instant(FROZEN))
    actions.rename(session, people.marek.actor, event, date, 1, "Piotr Wzorcowy", "kierownik", now())
    row = entries(session, event)[0]
    assert (row.person, row.function, row.state) == ("Piotr Wzorcowy", "kierownik", REQUESTED)
    assert (row.instead_of, row.extras) == ("Anna Przykładowa", {})
    assert [name for name, _to in mails(session)] == ["asked", "asked"]


def test_another_function_is_no_other_person(session: Session, people: People, clock: time_machine.Traveller) -> None:
    event = make_visit(session, people)
    expect(session, event, people.marek, "Anna Przykładowa")
    clock.move_to(instant(FROZEN))
    date = date_of(session, event)
    actions.rename(session, people.marek.actor, event, date, 1, "Anna Przykładowa", "kierownik", now())
    (row,) = entries(session, event)
    assert (row.function, row.state, row.instead_of) == ("kierownik", LISTED, "")


def test_a_moved_date_takes_its_list_along_and_asks_anew(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    expect(session, event, people.marek, "Anna Przykładowa", "Maria Próbna", "Piotr Wzorcowy")
    approved, refused, gone = entries(session, event)
    approved.state, refused.state, refused.reason, gone.state = APPROVED, EntryState.REFUSED, "late", REMOVED
    date = date_of(session, event)
    date.local_date = date.local_date + timedelta(days=1)
    actions.follow(session, people.marek.actor, event, date, now())
    assert [row.state for row in entries(session, event)] == [LISTED, LISTED, REMOVED]
    assert {row.local_date for row in entries(session, event)} == {date.local_date}
    assert entries(session, event)[1].reason == ""
    clock.move_to(instant(FROZEN) + timedelta(days=2))
    actions.follow(session, people.marek.actor, event, date, now())
    assert [row.state for row in entries(session, event)] == [REQUESTED, REQUESTED, REMOVED]
    assert [name for name, _to in mails(session)] == ["asked", "asked"]


@pytest.mark.usefixtures("clock")
def test_a_list_ends_when_its_date_leaves_the_unit_or_is_cancelled(session: Session, people: People) -> None:
    left, cancelled = make_visit(session, people), make_visit(session, people)
    for event in (left, cancelled):
        expect(session, event, people.marek, "Anna Przykładowa")
    left.consent = None
    actions.follow(session, people.marek.actor, left, date_of(session, left), now())
    actions.clear(session, people.marek.actor, cancelled, date_of(session, cancelled), now())
    assert [row.state for row in (*entries(session, left), *entries(session, cancelled))] == [REMOVED, REMOVED]


def _speaker(session: Session, event: Event, person: str, institution_id: int | None = None) -> EventSpeaker:
    speaker = EventSpeaker(event_id=event.id or 0, person=person, function="psycholog", institution_id=institution_id)
    session.add(speaker)
    session.flush()
    return speaker


@pytest.mark.usefixtures("clock")
def test_speakers_stand_on_the_list_as_the_event_names_them(session: Session, people: People) -> None:
    event = make_visit(session, people)
    dates = [date_of(session, event)]
    anna = _speaker(session, event, "Anna Przykładowa", people.ngo.id)
    maria = _speaker(session, event, "Maria Próbna")
    _speaker(session, event, "Ewa Pokazowa", people.prison.id)
    actions.speakers(session, people.marek.actor, event, dates, now())
    rows = entries(session, event)
    assert [(row.person, row.institution_id, row.origin) for row in rows] == [
        ("Anna Przykładowa", people.ngo.id, Origin.SPEAKER),
        ("Maria Próbna", people.mops.id, Origin.SPEAKER),
    ]
    session.delete(maria)
    anna.person = "Anna Nowa-Przykładowa"
    session.flush()
    actions.speakers(session, people.marek.actor, event, dates, now())
    assert stands(entries(session, event)) == [("Anna Nowa-Przykładowa", LISTED), ("Maria Próbna", REMOVED)]


def test_speakers_in_another_order_are_no_other_speakers(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    dates = [date_of(session, event)]
    for person in ("Anna Przykładowa", "Maria Próbna"):
        _speaker(session, event, person, people.ngo.id)
    actions.speakers(session, people.marek.actor, event, dates, now())
    clock.move_to(instant(FROZEN))
    for speaker in session.exec(select(EventSpeaker)).all():
        session.delete(speaker)
    session.flush()
    for person in ("Maria Próbna", "Anna Przykładowa", "Piotr Wzorcowy"):
        _speaker(session, event, person, people.ngo.id)
    actions.speakers(session, people.marek.actor, event, dates, now())
    rows = entries(session, event)
    assert stands(rows) == [("Anna Przykładowa", LISTED), ("Maria Próbna", LISTED), ("Piotr Wzorcowy", REQUESTED)]
    named = {one.person: one.id for one in session.exec(select(EventSpeaker)).all()}
    assert {row.person: row.speaker_id for row in rows} == named


@pytest.mark.usefixtures("clock")
def test_nothing_is_asked_of_the_database_outside_a_prison_unit(
    session: Session, people: People, query_count: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    event = make_event(session, people.ewa)
    date = date_of(session, event)
    who = people.ewa.actor
    with query_count() as statements:
        actions.expect(session, who, event, date, [Expected(1, people.mops.id or 0, "Anna", "")], now())
        actions.leave(session, who, event, date, [1], now())
        actions.rename(session, who, event, date, 1, "Anna", "", now())
        actions.clear(session, who, event, date, now())
        actions.speakers(session, who, event, [date], now())
    assert len(statements) == 0
