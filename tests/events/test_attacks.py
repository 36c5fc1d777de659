"""What somebody sends who does not use our forms: odd numbers, crafted fields, answers after the fact."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from app.audit.models import AuditLine
from app.clock import now
from app.db import lock
from events.calendar import actions as calendar
from events.calendar import parties, rules, series
from events.calendar.models import Answer, Event, EventParty, Occurrence, Outcome, Part, Visibility
from events.changes import actions as changes
from events.changes import suspension
from events.gate import requests
from events.gate.models import Entry, EntryState, Preset
from events.gate.rules import NotTheOrganiser, UnitRules, Withdrawn
from events.minutes import actions as records
from events.minutes import queries as minutes
from events.minutes import versions
from events.minutes.models import Record, RecordState, Reply, Side
from events.minutes.versions import Version
from events.recurrence import Freq, Rule
from partners.availability import actions as availability
from partners.availability.rules import PeriodDraft
from partners.institutions.models import Institution
from tests.factories.events import date_of, local, make_draft, make_event
from tests.factories.gate import entries, expect, make_visit
from tests.factories.guests import sign_up
from tests.factories.minutes import found, met, saved
from tests.factories.series import dates_of, make_series

pytestmark = pytest.mark.usefixtures("clock")
LONG = "9" * 5000
ASKS_PHONE = UnitRules(Preset.CUSTOM, 3, ("phone",))


@pytest.mark.parametrize("index", ["²", "٣", LONG, "-1", "1e3", ""])
@pytest.mark.parametrize("name", ["people", "tasks"])
def test_lines_of_a_record_with_a_number_that_is_none_are_left_out(client, session, people, clock, name, index):
    event = met(session, people, clock)
    client.sign_in(people.ewa)
    field = "person" if name == "people" else "text"
    answer = client.post(f"/wydarzenia/{event.uuid}/obecnosc", data={f"{name}-{index}-{field}": "Anna Przykładowa"})
    assert answer.status_code < 500


@pytest.mark.parametrize("seen", ["[" * 100_000, '{"a":' * 50_000, "null", "1" * 5000, "[1]", '{"outcome": [1]}'])
def test_marks_that_nobody_wrote_are_no_fault(client, session, people, clock, seen):
    event = met(session, people, clock)
    client.sign_in(people.ewa)
    answer = client.post(f"/wydarzenia/{event.uuid}/obecnosc", data={"seen": seen, "revision": "7"})
    assert answer.status_code < 500


@pytest.mark.parametrize("number", ["²", "٣", LONG, "-1", "0"])
def test_numbers_of_papers_that_are_none(client, session, people, clock, number):
    event = met(session, people, clock)
    client.sign_in(people.ewa)
    assert client.get("/zaswiadczenia", query_string={"przed": number}).status_code == 200
    path = f"/wydarzenia/{event.uuid}/{date_of(session, event).local_date}/zaswiadczenia"
    assert client.post(path, data={"osoba": number}).status_code in (403, 409, 422)


@pytest.mark.parametrize("number", ["1000" + "9" * 30, "0001" + LONG, "²", "-1"])
def test_pages_of_blocked_days_that_are_none(client, people, number):
    client.sign_in(people.ewa)
    path = f"/partnerzy/{people.prison.slug}/niedostepne"
    assert client.get(path, query_string={"strona": number}).status_code == 200


def test_the_form_carries_no_trace_of_a_reason_that_its_reader_may_not_know(client, session, people, clock):
    event = met(session, people, clock)
    secret = Version(outcome=Outcome.NOT_HELD, reason="unit_security", side=Side.PRISON, note="bunt")
    why = {"outcome": Outcome.NOT_HELD, "reason": "unit_security", "side": Side.PRISON, "note": "bunt"}
    saved(session, event, people.ewa, **why)
    session.commit()
    mark = versions.marks(secret)["outcome"]
    path = f"/wydarzenia/{event.uuid}/obecnosc"
    assert mark in client.sign_in(people.ewa).get(path).text
    own = client.sign_in(people.marek).get(path).text
    assert mark not in own
    assert versions.marks(secret)["note"] not in own
    values = client.see(path).values(path)
    client.post(path, data=values | {"outcome": "held", "body": "Dopisane."})
    kept = minutes.version_of(session, found(session, event).record)
    assert (kept.outcome, kept.reason, kept.note, kept.body) == (Outcome.NOT_HELD, "unit_security", "bunt", "Dopisane.")


def test_who_has_declined_brings_no_guests(session, people):
    event = make_visit(session, people, co_organisers=(people.ngo.id,))
    number = date_of(session, event).id or 0
    requests.add_guest(session, people.jola.actor, number, "Jan Gościnny", "", now())
    parties.answer(session, people.jola.actor, event, now(), agrees=False, reason="nie możemy")
    with pytest.raises(NotTheOrganiser):
        requests.add_guest(session, people.jola.actor, number, "Jan Drugi", "", now())


def test_who_has_not_answered_anew_writes_the_record_with_the_others(session, people, clock):
    event = make_event(session, people.ewa, co_organisers=(people.mops.id,))
    party = session.get_one(EventParty, (event.id, people.mops.id))
    parties.ask_again(session, people.ewa.actor, event, now())
    assert (party.answer, party.answered_at is not None) == (Answer.ASKED, True)
    assert people.mops.id in found(session, event).circle.sides


def test_nobody_answers_about_an_event_that_is_over(client, session, people, clock):
    event = make_event(session, people.ewa, co_organisers=(people.mops.id,))
    session.commit()
    page = f"/wydarzenia/{event.uuid}/uzgodnienia"
    clock.shift(timedelta(days=30))
    assert f"{page}/odpowiedz" not in client.sign_in(people.marek).get(page).text
    assert client.post(f"{page}/odpowiedz", data={"answer": "nie", "reason": "po fakcie"}).status_code == 409
    with pytest.raises(rules.AlreadyOver):
        parties.answer(session, people.marek.actor, event, now(), agrees=False, reason="po fakcie")
    assert people.mops.id in found(session, event).circle.sides


def test_a_series_takes_answers_until_its_last_date(session, people, clock):
    event = make_series(session, people.ewa, co_organisers=(people.mops.id,))
    clock.move_to(dates_of(session, event)[1].ends_at)
    parties.answer(session, people.marek.actor, event, now(), agrees=False, reason="dalej nie możemy")
    assert session.get_one(EventParty, (event.id, people.mops.id)).answer is Answer.DECLINED


def test_who_was_asked_about_a_record_keeps_the_word_though_the_series_goes_on_without(client, session, people, clock):
    event = make_series(session, people.ewa, co_organisers=(people.mops.id,), visibility=Visibility.INVITED)
    first, second = dates_of(session, event)[:2]
    clock.move_to(first.ends_at + timedelta(hours=1))
    held = Version(outcome=Outcome.HELD, body="Omówiono zasiłki.")
    date = minutes.date_by_id(session, first.id or 0)
    assert date is not None
    record = records.submit(session, people.ewa.actor, date, held, 0, {}, now()).record
    alone = replace(
        calendar.as_saved(session, event),
        co_organisers=(),
        starts=second.original_local,
        ends=second.original_local + timedelta(hours=2),
        rule=series.rest(event, second.original_local),
    )
    changes.edit(session, people.ewa.actor, event, alone, event.revision, now())
    session.commit()
    client.sign_in(people.marek)
    path = f"/wydarzenia/{event.uuid}/{first.local_date}/notatka"
    assert "Omówiono zasiłki." in client.see(path).text
    assert client.get(f"/wydarzenia/{event.uuid}/{second.local_date}/notatka").status_code == 404
    said = client.post(f"{path}/odpowiedz", data={"text": "Było nas więcej.", "uwaga": "1"})
    assert said.status_code == 303
    assert session.get_one(Record, record.id).state is RecordState.SEALED
    assert [one.reply for one in minutes.replies_of(session, record.id or 0)] == [Reply.REMARKED]


def test_an_answer_for_the_gate_is_not_put_on_a_name_that_was_taken_back_meanwhile(database, session, people):
    requests.set_rules(session, people.adam.actor, people.prison.id or 0, ASKS_PHONE, now())
    event = make_visit(session, people)
    expect(session, event, people.marek, "Anna Przykładowa")
    entry = entries(session, event)[0]
    session.commit()
    with closing(database.session(writes=True)) as other:
        other.get_one(Entry, entry.id).state = EntryState.REMOVED
        other.commit()
    assert entry.state is EntryState.LISTED  # as this page has read it
    with pytest.raises(Withdrawn):
        requests.complete(session, people.marek.actor, {entry.id or 0: {"phone": "600100200"}}, now())


def test_a_suspension_takes_the_dates_of_all_events_in_one_order(session, people, monkeypatch):
    inside = {"place": "", "place_institution_id": people.prison.id}
    first = make_event(session, people.ewa, starts=local(10), ends=local(11), **inside)
    make_event(session, people.ewa, starts=local(10), ends=local(11), **inside)
    # A single event that becomes a series has later numbers than those made meanwhile.
    daily = replace(calendar.as_saved(session, first), rule=Rule(Freq.WEEKLY, days=(1, 2, 3), count=3))
    changes.edit(session, people.ewa.actor, first, daily, first.revision, now())
    taken = []

    def note(unit, table, row_id):
        taken.append((table, row_id))
        return lock(unit, table, row_id)

    monkeypatch.setattr(suspension, "lock", note)
    week = PeriodDraft(local(10).date(), local(10, days=3).date(), reason="Kontrola.")
    assert suspension.suspend(session, people.ewa.actor, people.prison, week, now()).dates == 4
    dates = [row_id for table, row_id in taken if table is Occurrence]
    assert dates == sorted(dates)
    assert [table for table, _row_id in taken] == [Event, Event, *[Occurrence] * 4]


def test_whoever_reads_a_whole_entry_list_leaves_a_line(client, session, people):
    event = make_visit(session, people)
    expect(session, event, people.marek, "Anna Przykładowa")
    session.commit()
    path = f"/wydarzenia/{event.uuid}/lista-wejsc"
    for who in (people.marek, people.piotr, people.ewa):
        assert "Anna Przykładowa" in client.sign_in(who).see(path).text
    lines = session.exec(select(AuditLine).where(AuditLine.verb == "gate.read")).all()
    assert [(one.user_id, one.details) for one in lines] == [(people.ewa.user_id, {"day": "2026-12-08"})]


def test_dates_left_out_and_published_take_the_place_before_the_event(client, session, people, monkeypatch):
    inside = {"place": "", "place_institution_id": people.prison.id, "rule": Rule(Freq.WEEKLY, days=(1,), count=3)}
    event = make_draft(session, people.ewa, **inside)
    session.commit()
    taken = []

    def note(unit, table, row_id):
        taken.append(table)
        return lock(unit, table, row_id)

    monkeypatch.setattr(calendar, "lock", note)
    monkeypatch.setattr(availability, "lock", note)
    form = {"pokazane": "1", "bez": "2026-12-15"}
    assert client.sign_in(people.ewa).post(f"/wydarzenia/{event.uuid}/sprawdz", data=form).status_code == 303
    assert taken[:2] == [Institution, Event]


def test_who_is_only_named_as_co_organiser_has_no_part_in_it_yet(session, people):
    event = make_visit(session, people)
    session.add(EventParty(event_id=event.id or 0, institution_id=people.ngo.id or 0, part=Part.CO_ORGANISER))
    session.flush()
    assert people.ngo.id not in found(session, event).circle.sides
    with pytest.raises(NotTheOrganiser):
        requests.add_guest(session, people.jola.actor, date_of(session, event).id or 0, "Jan Gościnny", "", now())


def test_what_has_taken_place_keeps_its_title_when_the_series_is_renamed(session, people, clock):
    event = make_series(session, people.ewa)
    first, second = dates_of(session, event)[:2]
    clock.move_to(first.ends_at + timedelta(hours=1))
    renamed = replace(
        calendar.as_saved(session, event),
        title="Nowa nazwa",
        starts=second.original_local,
        ends=second.original_local + timedelta(hours=2),
        rule=series.rest(event, second.original_local),
    )
    assert changes.edit(session, people.ewa.actor, event, renamed, event.revision, now()) == {"title"}
    assert (first.event_id, first.title, second.title) == (event.id, "Szkolenie o świadczeniach", None)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_whoever_takes_names_and_addresses_along_leaves_a_line(client, session, people, ending):
    event = make_event(session, people.ewa)
    sign_up(session, event, people.jola)
    session.commit()
    path = f"/wydarzenia/{event.uuid}/zapisy/lista.{ending}"
    assert client.sign_in(people.jola).get(path).status_code == 403
    assert client.sign_in(people.ewa).get(path).status_code == 200
    (line,) = session.exec(select(AuditLine).where(AuditLine.verb == "signup.exported")).all()
    assert (line.user_id, line.subject_id) == (people.ewa.user_id, date_of(session, event).id)
    assert line.details == {"number": 1}
