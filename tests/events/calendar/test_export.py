"""The list of events as a table to take away."""

import pytest

from events.calendar.models import EventKind, Visibility
from tests.factories.events import make_event

pytestmark = pytest.mark.usefixtures("clock")


def test_the_list_is_taken_away_as_it_is_filtered(client, session, people):
    make_event(session, people.ewa, title="=Szkolenie", capacity=5)
    make_event(session, people.ewa, title="Tajna narada", visibility=Visibility.INVITED)
    make_event(session, people.ewa, title="Warsztaty", kind=EventKind.WORKSHOP)
    answer = client.get("/kalendarz/lista.csv?rodzaj=staff_training")
    lines = answer.data.decode("utf-8-sig").splitlines()
    assert answer.mimetype == "text/csv"
    assert len(lines) == 2
    assert lines[1].startswith("2026-12-08;10:00;12:00;'=Szkolenie;Szkolenie kadry;")
    assert client.get("/kalendarz/lista.xlsx").data[:2] == b"PK"
    assert len(client.get("/kalendarz/lista.csv?od=1.1.2027").data.decode().splitlines()) == 1
    client.sign_in(people.ewa)
    assert "Tajna narada" in client.get("/kalendarz/lista.csv").text
