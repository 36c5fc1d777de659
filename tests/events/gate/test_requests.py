"""What institutions and units do on the pages of entry lists, and each sentence that refuses it."""

import pytest
import time_machine
from sqlmodel import Session, col, select

from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar.models import Event
from events.changes import actions as changes
from events.gate import queries, requests, rules, sheets
from events.gate.models import Entry, EntryState, Equipment, Preset
from events.gate.queries import edition
from events.gate.requests import Decision
from events.gate.rules import UnitRules
from tests.factories.events import date_of, instant, local
from tests.factories.gate import entries, expect, make_visit, things
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")
CUSTOM = UnitRules(Preset.CUSTOM, 3, ("vehicle",), equipment=False)


def said(row: Entry | Equipment, *, allowed: bool = True, reason: str = "", note: str = "") -> Decision:
    return Decision((row.id or 0,), allowed, edition(row.changed_at), isinstance(row, Equipment), reason, note)


def guest(session: Session, people: People, event: Event, person: str = "Jan Gościnny") -> Entry:
    return requests.add_guest(session, people.marek.actor, date_of(session, event).id or 0, person, "", now())


def test_a_preset_brings_its_own_fields_and_says_whether_equipment_comes_in(session: Session, people: People) -> None:
    unit_id, adam = people.prison.id or 0, people.adam.actor
    assert requests.set_rules(session, adam, unit_id, CUSTOM, now())
    assert not requests.set_rules(session, adam, unit_id, CUSTOM, now())
    assert queries.rules_of(session, unit_id) == CUSTOM
    requests.set_rules(session, adam, unit_id, UnitRules(Preset.NAMES, 5, ("vehicle",), equipment=True), now())
    found = queries.rules_of(session, unit_id)
    assert (found.fields, found.equipment, found.freeze_days) == ((), False, 5)
    with pytest.raises(rules.NotYourGate, match="Only the unit"):
        requests.set_rules(session, people.marek.actor, unit_id, CUSTOM, now())
    with pytest.raises(rules.NotYourGate):
        requests.set_rules(session, people.ewa.actor, unit_id, CUSTOM, now())


def test_only_organisers_bring_guests_and_each_has_a_name(session: Session, people: People) -> None:
    event = make_visit(session, people)
    date_id = date_of(session, event).id or 0
    with pytest.raises(rules.NotTheOrganiser, match="Only the organiser"):
        requests.add_guest(session, people.jola.actor, date_id, "Jan Gościnny", "", now())
    with pytest.raises(rules.NotTheOrganiser):
        requests.add_guest(session, people.piotr.actor, date_id, "Jan Gościnny", "", now())
    with pytest.raises(rules.NobodyNamed, match="Give the name"):
        guest(session, people, event, "")
    with pytest.raises(rules.DocumentNumber):
        guest(session, people, event, "Jan Gościnny ABC123456")


def test_after_the_freeze_the_unit_adds_people_and_things_at_once(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    date_id, ewa = date_of(session, event).id or 0, people.ewa.actor
    clock.move_to(instant(local(9, days=-1)))
    one = requests.add_guest(session, ewa, date_id, "Jan Gościnny", "tłumacz", now())
    thing = requests.report_thing(session, ewa, date_id, "mikrofon", "", now())
    assert (one.state, thing.state) == (EntryState.APPROVED, EntryState.APPROVED)
    assert one.institution_id == people.prison.id
    asked = select(OutboxMail).where(OutboxMail.template == "events/gate/asked")
    assert session.exec(asked).all() == []


def test_a_guest_belongs_to_whoever_brings_him(session: Session, people: People) -> None:
    event = make_visit(session, people)
    expect(session, event, people.marek, "Anna Przykładowa")
    one = guest(session, people, event)
    with pytest.raises(rules.NotYourList, match="Only coordinators of the institution"):
        requests.withdraw_guest(session, people.jola.actor, one.id or 0, now())
    with pytest.raises(rules.NotAGuest, match="signed up or leads"):
        requests.withdraw_guest(session, people.marek.actor, entries(session, event)[0].id or 0, now())
    requests.withdraw_guest(session, people.marek.actor, one.id or 0, now())
    with pytest.raises(rules.Withdrawn, match="withdrawn in the meantime"):
        requests.replace_guest(session, people.marek.actor, one.id or 0, "Ktoś Inny", "", now())


def test_equipment_comes_item_by_item_and_not_everywhere(session: Session, people: People) -> None:
    event = make_visit(session, people)
    date_id, marek = date_of(session, event).id or 0, people.marek.actor
    with pytest.raises(rules.NotYourList):
        requests.report_thing(session, people.jola.actor, date_id, "laptop", "", now())
    with pytest.raises(rules.NothingNamed, match="Say what you want to bring"):
        requests.report_thing(session, marek, date_id, "", "", now())
    laptop = requests.report_thing(session, marek, date_id, "laptop", "SN 1", now())
    assert laptop.state is EntryState.REQUESTED
    with pytest.raises(rules.NotYourList):
        requests.withdraw_thing(session, people.ewa.actor, laptop.id or 0, now())
    requests.withdraw_thing(session, marek, laptop.id or 0, now())
    with pytest.raises(rules.Withdrawn):
        requests.withdraw_thing(session, marek, laptop.id or 0, now())
    requests.set_rules(session, people.adam.actor, people.prison.id or 0, CUSTOM, now())
    with pytest.raises(rules.EquipmentOff, match="does not let anybody bring"):
        requests.report_thing(session, marek, date_id, "projektor", "", now())


def test_answers_are_given_for_ones_own_people_and_to_what_is_asked(session: Session, people: People) -> None:
    event = make_visit(session, people)
    requests.set_rules(session, people.adam.actor, people.prison.id or 0, CUSTOM, now())
    expect(session, event, people.marek, "Anna Przykładowa")
    one = entries(session, event)[0].id or 0
    assert requests.complete(session, people.marek.actor, {one: {"vehicle": "FZ 1"}}, now()) == 1
    assert requests.complete(session, people.marek.actor, {one: {"vehicle": "FZ 1"}}, now()) == 0
    with pytest.raises(rules.NotYourList):
        requests.complete(session, people.jola.actor, {one: {"vehicle": "FZ 2"}}, now())
    with pytest.raises(rules.FieldNotAsked, match="does not ask for this"):
        requests.complete(session, people.marek.actor, {one: {"phone": "600 000 000"}}, now())
    with pytest.raises(rules.DocumentNumber):
        requests.complete(session, people.marek.actor, {one: {"vehicle": "ABC123456"}}, now())


def test_an_institution_gets_one_mail_for_all_decisions_of_an_act(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    date_id = date_of(session, event).id or 0
    clock.move_to(instant(local(9, days=-1)))
    first, second = guest(session, people, event), guest(session, people, event, "Ola Gościnna")
    laptop = requests.report_thing(session, people.marek.actor, date_id, "laptop", "", now())
    told = [said(first), said(second, allowed=False, reason="late"), said(laptop)]
    assert requests.decide(session, people.ewa.actor, told, now()) == (2, 1)
    statement = select(OutboxMail).where(OutboxMail.template == "events/gate/decided")
    mails = session.exec(statement.order_by(col(OutboxMail.id))).all()
    assert [mail.to_address for mail in mails] == [people.marek.email]
    assert (mails[0].params["allowed"], mails[0].params["refused"]) == (2, 1)
    assert "Gościnn" not in repr([mail.params for mail in session.exec(select(OutboxMail)).all()])
    lines = session.exec(select(AuditLine).where(col(AuditLine.verb).endswith(".decided"))).all()
    assert sorted((line.verb, line.details["reason"]) for line in lines) == [
        ("equipment.decided", ""),
        ("gate.decided", ""),
        ("gate.decided", "late"),
    ]


def test_only_the_unit_decides_about_what_it_has_seen(session: Session, people: People) -> None:
    event = make_visit(session, people)
    one = guest(session, people, event)
    with pytest.raises(rules.NotYourGate):
        requests.decide(session, people.marek.actor, [said(one)], now())
    with pytest.raises(rules.NotYourGate):
        requests.decide(session, people.zofia.actor, [said(one)], now())
    with pytest.raises(rules.Stale, match="Somebody has changed this entry"):
        requests.decide(session, people.ewa.actor, [Decision((one.id or 0,), True, "0.0")], now())
    with pytest.raises(rules.ReasonMissing):
        requests.decide(session, people.ewa.actor, [said(one, allowed=False)], now())
    assert entries(session, event)[0].state is EntryState.LISTED


def test_nothing_changes_on_the_list_of_a_cancelled_or_past_date(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    past, cancelled = make_visit(session, people), make_visit(session, people)
    one = guest(session, people, past)
    changes.cancel(session, people.marek.actor, cancelled, "choroba", now())
    with pytest.raises(rules.NoSuchList, match="no entry list for this date any more"):
        guest(session, people, cancelled)
    clock.move_to(instant(local(0, 10, days=1)))
    with pytest.raises(rules.DayIsOver, match="This day is over"):
        guest(session, people, past)
    with pytest.raises(rules.DayIsOver):
        requests.decide(session, people.ewa.actor, [said(one)], now())


def test_a_list_has_an_end(session: Session, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "PEOPLE_MAX", 1)
    event = make_visit(session, people)
    guest(session, people, event)
    with pytest.raises(rules.ListFull, match="This list is full"):
        guest(session, people, event, "Ola Gościnna")


def test_parts_of_one_day_share_their_list_and_a_person_stands_on_it_once(session: Session, people: People) -> None:
    first = make_visit(session, people, title="Rozmowa ze skazanymi")
    second = make_visit(session, people, title="Rozmowa z wychowawcami", starts=local(12, 30), ends=local(14))
    second.part_of_id = first.id
    expect(session, first, people.marek, "Anna Przykładowa", "Maria Próbna")
    expect(session, second, people.marek, "Anna Przykładowa", first=10)
    for event in (first, second):
        found = queries.list_of(session, people.ewa.actor, event.uuid, now())
        assert found is not None
        assert [(line.person, len(line.meetings)) for line in found.standing] == [
            ("Maria Próbna", 1),
            ("Anna Przykładowa", 2),
        ]
    shown = sheets.sheet(session, people.prison.id or 0, date_of(session, first).local_date, None)
    assert [row.line.person for row in shown.rows] == ["Maria Próbna", "Anna Przykładowa"]
    assert shown.people == 2


def test_the_same_person_at_two_events_of_a_day_stands_there_twice(session: Session, people: People) -> None:
    first, second = make_visit(session, people), make_visit(session, people, starts=local(15), ends=local(16))
    expect(session, first, people.marek, "Anna Przykładowa")
    expect(session, second, people.marek, "Anna Przykładowa", first=10)
    shown = sheets.sheet(session, people.prison.id or 0, date_of(session, first).local_date, None)
    assert [row.line.person for row in shown.rows] == ["Anna Przykładowa", "Anna Przykładowa"]


def test_a_cancelled_event_takes_its_people_off_the_next_print(
    session: Session, people: People, clock: time_machine.Traveller
) -> None:
    event = make_visit(session, people)
    expect(session, event, people.marek, "Anna Przykładowa")
    unit_id, day = people.prison.id or 0, date_of(session, event).local_date
    sheets.note_print(session, people.ewa.actor, unit_id, day, now())
    clock.shift(3600)
    changes.cancel(session, people.marek.actor, event, "choroba", now())
    before = sheets.last_print(session, unit_id, day)
    shown = sheets.sheet(session, unit_id, day, before)
    assert [(row.line.person, row.mark.value) for row in shown.rows] == [("Anna Przykładowa", "withdrawn")]
    assert (shown.people, shown.meetings) == (0, ())


def test_desks_say_what_waits(session: Session, people: People, clock: time_machine.Traveller) -> None:
    event = make_visit(session, people)
    requests.set_rules(session, people.adam.actor, people.prison.id or 0, CUSTOM, now())
    expect(session, event, people.marek, "Anna Przykładowa", "")
    (fill,) = queries.to_fill(session, people.marek.actor, now())
    assert (fill.number, fill.until.isoformat()) == (2, "2026-12-03")
    assert queries.to_fill(session, people.jola.actor, now()) == []
    assert queries.to_fill(session, people.piotr.actor, now()) == []
    clock.move_to(instant(local(9, days=-1)))
    guest(session, people, event)
    (decide,) = queries.to_decide(session, people.ewa.actor, now())
    assert (decide.number, decide.uuid) == (1, event.uuid)
    assert queries.to_decide(session, people.zofia.actor, now()) == []
    assert things(session, event) == []
