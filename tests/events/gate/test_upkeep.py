"""What the night forgets: 30 days after a date nothing but attendance is left, in no table, trail, mail or file."""

from contextlib import closing
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import text
from sqlmodel import Session, select

from app.audit import trail
from app.audit.models import AuditLine
from app.clock import now
from app.db import Database, metadata
from events.calendar.models import Event, EventSpeaker
from events.gate import actions, requests, sheets, upkeep
from events.gate.models import Entry, EntryState, Equipment, Preset
from events.gate.requests import Decision
from events.gate.rules import UnitRules
from tests.browser import Browser
from tests.factories.events import date_of, instant, local
from tests.factories.gate import entries, expect, make_visit, things
from tests.factories.persons import People

ASKED = UnitRules(Preset.CUSTOM, 3, ("vehicle", "phone"), equipment=True)
# Words that nothing else in the database could hold.
SECRETS = (
    "FZ-ZNIKA-1",
    "600-ZNIKA-2",
    "SERIA-ZNIKA-3",
    "funkcja-znika-4",
    "gosc-funkcja-znika-5",
    "slowo-znika-6",
    "Wycofany Znikający",
    "Poprzednik Znikający",
    "Odmówiony Znikający",
)
STAYS = ("Anna Zostająca", "Gość Zostający", "laptop-zostaje")


@pytest.fixture(name="event")
def _event(session: Session, people: People, clock: time_machine.Traveller) -> Event:
    """A visit about which everything was said that a list can hold, before its freeze and after it."""
    requests.set_rules(session, people.adam.actor, people.prison.id or 0, ASKED, now())
    event = make_visit(session, people)
    date, marek, ewa = date_of(session, event), people.marek.actor, people.ewa.actor
    expect(session, event, people.marek, "Anna Zostająca", "Wycofany Znikający", "Odmówiony Znikający")
    anna, gone, refused = entries(session, event)
    anna.function = "funkcja-znika-4"
    session.flush()
    requests.complete(session, marek, {anna.id or 0: {"vehicle": "FZ-ZNIKA-1", "phone": "600-ZNIKA-2"}}, now())
    guest = requests.add_guest(session, marek, date.id or 0, "Poprzednik Znikający", "gosc-funkcja-znika-5", now())
    laptop = requests.report_thing(session, marek, date.id or 0, "laptop-zostaje", "SERIA-ZNIKA-3", now())
    clock.move_to(instant(local(9, days=-1)))
    requests.replace_guest(session, marek, guest.id or 0, "Gość Zostający", "gosc-funkcja-znika-5", now())
    actions.leave(session, marek, event, date, [gone.signup_id or 0], now())
    no = Decision((refused.id or 0,), False, _edition(refused), False, "other", "slowo-znika-6")
    requests.decide(session, ewa, [no, Decision((laptop.id or 0,), True, _edition(laptop), True)], now())
    requests.decide(session, ewa, [Decision((guest.id or 0,), True, _edition(guest))], now())
    sheets.note_print(session, ewa, people.prison.id or 0, date.local_date, now())
    session.commit()
    return event


def _edition(row: Entry | Equipment) -> str:
    return f"{row.changed_at.timestamp():.6f}"


def whole(session: Session) -> str:
    """Read every column of every table as text, as a dump of the database would."""
    rows = []
    for table in metadata.sorted_tables:
        rows += [repr(tuple(row)) for row in session.execute(text(f'SELECT * FROM "{table.name}"'))]  # noqa: S608
    return "\n".join(rows)


def test_a_day_too_early_everything_is_there(session: Session, event: Event, clock: time_machine.Traveller) -> None:
    clock.move_to(instant(local(3, days=30)))
    assert upkeep.erase(session, now()) == 0
    found = whole(session)
    assert [word for word in SECRETS if word not in found] == []
    assert event.id is not None


def test_after_thirty_days_only_attendance_is_left(
    session: Session, people: People, event: Event, clock: time_machine.Traveller
) -> None:
    clock.move_to(instant(local(3, days=31)))
    assert upkeep.erase(session, now()) == 5
    session.commit()
    found = whole(session)
    assert [word for word in SECRETS if word in found] == []
    assert [word for word in STAYS if word not in found] == []
    kept = [(row.person, row.institution_id, row.state) for row in entries(session, event)]
    assert kept == [
        ("Anna Zostająca", people.mops.id, EntryState.LISTED),
        ("", people.mops.id, EntryState.REFUSED),
        ("Gość Zostający", people.mops.id, EntryState.APPROVED),
    ]
    assert [(one.what, one.serial) for one in things(session, event)] == [("laptop-zostaje", "")]
    assert upkeep.erase(session, now()) == 0
    lines = session.exec(select(AuditLine).where(AuditLine.verb == "gate.erased")).all()
    assert [(line.details["people"], line.details["things"]) for line in lines] == [(4, 1)]


def test_the_seals_of_the_trail_outlast_the_erasure(
    session: Session, event: Event, clock: time_machine.Traveller
) -> None:
    clock.move_to(instant(local(3, days=31)))
    trail.seal_days(session, now())
    upkeep.erase(session, now())
    assert trail.broken_days(session) == []
    assert event.id is not None


def test_no_page_or_table_tells_of_it_any_more(
    client: Browser, session: Session, people: People, event: Event, clock: time_machine.Traveller
) -> None:
    clock.move_to(instant(local(3, days=31)))
    upkeep.erase(session, now())
    session.commit()
    client.sign_in(people.ewa)
    day = date_of(session, event).local_date
    told = [client.get(f"/wejscia/{day}{rest}").get_data(as_text=True) for rest in ("", "/lista.csv")]
    told.append(client.get(f"/wydarzenia/{event.uuid}/lista-wejsc").get_data(as_text=True))
    assert [word for word in SECRETS if any(word in page for page in told)] == []
    assert all("Anna Zostająca" in page for page in told)


def test_not_even_the_bytes_stay_in_the_file(
    session: Session, database: Database, event: Event, clock: time_machine.Traveller
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL keeps its pages to itself; its columns are read above")
    path = Path(database.url.database or "")
    _checkpoint(session)
    before = path.read_bytes()
    assert [word for word in SECRETS if word.encode() not in before and _escaped(word) not in before] == []
    clock.move_to(instant(local(3, days=31)))
    upkeep.erase(session, now())
    session.commit()
    _checkpoint(session)
    after = b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
    assert [word for word in SECRETS if word.encode() in after or _escaped(word) in after] == []
    assert "Anna Zostająca".encode() in after
    assert event.id is not None


def _checkpoint(session: Session) -> None:
    session.commit()
    with closing(session.get_bind().engine.raw_connection()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _escaped(word: str) -> bytes:
    # As JSON columns write letters beyond ASCII.
    return word.encode("unicode_escape").replace(b"\\x", b"\\u00")


@pytest.mark.usefixtures("clock")
def test_the_night_puts_speakers_on_lists_of_new_dates(session: Session, people: People) -> None:
    event = make_visit(session, people)
    session.add(EventSpeaker(event_id=event.id or 0, person="Anna Przykładowa", institution_id=people.ngo.id))
    session.flush()
    assert upkeep.list_speakers(session, now()) == 1
    assert [row.person for row in entries(session, event)] == ["Anna Przykładowa"]
    assert upkeep.list_speakers(session, now()) == 0
