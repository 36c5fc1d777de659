"""How many statements the pages of entry lists ask: the same for two people and for sixty, for one event and six."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import pytest
from sqlmodel import Session

from app.clock import now
from events.calendar.models import Event
from events.gate import requests
from events.gate.models import Preset
from events.gate.rules import UnitRules
from tests.browser import Browser
from tests.factories.events import date_of, local
from tests.factories.gate import expect, make_visit
from tests.factories.persons import People, Person

pytestmark = pytest.mark.usefixtures("clock")
DAY = "2026-12-08"


class Asked(Protocol):
    """What the counter gives."""

    asked: list[str]

    def __len__(self) -> int: ...


def grow(session: Session, people: People, event: Event, first: int, number: int) -> None:
    expect(session, event, people.marek, *(f"Osoba {n}" for n in range(first, first + number)), first=first)
    expect(session, event, people.jola, *(f"Inna {n}" for n in range(first, first + number)), first=10_000 + first)
    for n in range(number // 5):
        occurrence_id = date_of(session, event).id or 0
        requests.report_thing(session, people.marek.actor, occurrence_id, f"laptop {n}", "", now())
    session.commit()


@pytest.mark.parametrize(
    ("who", "page", "most"),
    [
        ("ewa", "/wydarzenia/{uuid}/lista-wejsc", 9),
        ("marek", "/wydarzenia/{uuid}/lista-wejsc", 8),
        ("jola", "/wydarzenia/{uuid}/lista-wejsc", 9),
        ("marek", "/wydarzenia/{uuid}/2026-12-08/lista-wejsc/dane", 8),
        ("ewa", f"/wejscia/{DAY}", 13),
        ("ewa", f"/wejscia/{DAY}/lista.csv", 9),
    ],
)
def test_a_page_asks_the_same_for_more_people_and_events(
    client: Browser,
    session: Session,
    people: People,
    query_count: Callable[[], AbstractContextManager[Asked]],
    who: str,
    page: str,
    most: int,
) -> None:
    asked = UnitRules(Preset.CUSTOM, 3, ("vehicle",), equipment=True)
    requests.set_rules(session, people.adam.actor, people.prison.id or 0, asked, now())
    event = make_visit(session, people)
    person: Person = getattr(people, who)
    path = page.format(uuid=event.uuid)
    counts = []
    for first, number in ((1, 2), (100, 60)):
        grow(session, people, event, first, number)
        client.sign_in(person).get(path)
        with query_count() as statements:
            assert client.get(path).status_code == 200
        counts.append(len(statements))
        for hour in range(3):
            more = make_visit(session, people, starts=local(13 + hour), ends=local(14 + hour))
            expect(session, more, people.marek, "Anna Przykładowa", first=1000 * first + hour)
        session.commit()
    assert counts[0] == counts[1]
    assert counts[0] <= most
