"""What somebody sends who does not use our forms: odd numbers, crafted fields, answers after the fact."""

import pytest

from events.calendar.models import Outcome
from events.minutes import queries as minutes
from events.minutes import versions
from events.minutes.models import Side
from events.minutes.versions import Version
from tests.factories.events import date_of
from tests.factories.minutes import found, met, saved

pytestmark = pytest.mark.usefixtures("clock")
LONG = "9" * 5000


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
