"""Entry lists in the browser: who sees what, without JavaScript, in both languages, never what is somebody else's."""

import pytest
import time_machine
from sqlmodel import Session, select

from app.clock import now
from events.calendar.models import Consent, Event
from events.gate import requests
from events.gate.models import EntryState, GatePrint, GateRules, Preset
from events.gate.rules import UnitRules
from tests.browser import Browser
from tests.factories.events import instant, local, make_event
from tests.factories.gate import entries, expect, make_visit, things
from tests.factories.persons import People

DAY = "2026-12-08"
FROZEN = local(9, days=-1)
CUSTOM = UnitRules(Preset.CUSTOM, 3, ("vehicle", "phone"), equipment=True)


@pytest.fixture(name="event")
def _event(session: Session, people: People, clock: time_machine.Traveller) -> Event:
    """A visit of the MOPS with people of two institutions; the unit asks for vehicle and telephone."""
    requests.set_rules(session, people.adam.actor, people.prison.id or 0, CUSTOM, now())
    event = make_visit(session, people, title="Spotkanie z doradcą")
    expect(session, event, people.marek, "Anna Przykładowa", "Maria Próbna")
    expect(session, event, people.jola, "Piotr Wzorcowy", first=10)
    session.commit()
    return event


def path(event: Event, rest: str = "") -> str:
    return f"/wydarzenia/{event.uuid}/lista-wejsc" if not rest else f"/wydarzenia/{event.uuid}/{DAY}/lista-wejsc/{rest}"


def test_the_unit_sees_everybody_and_each_institution_its_own(client: Browser, people: People, event: Event) -> None:
    text = client.sign_in(people.ewa).see(path(event)).text
    assert all(name in text for name in ("Anna Przykładowa", "Maria Próbna", "Piotr Wzorcowy"))
    text = client.sign_in(people.marek).see(path(event)).text
    assert "Anna Przykładowa" in text
    assert "Piotr Wzorcowy" not in text
    text = client.sign_in(people.jola).see(path(event)).text
    assert "Piotr Wzorcowy" in text
    assert "Anna Przykładowa" not in text


@pytest.mark.parametrize("who", ["stefan", "zofia", "wanda", "olga"])
def test_nobody_else_learns_that_there_is_a_list(client: Browser, people: People, event: Event, who: str) -> None:
    client.sign_in(getattr(people, who))
    assert client.get(path(event)).status_code in (403, 404)
    assert client.get(path(event, "dane")).status_code in (403, 404)
    assert client.get(f"/wejscia/{DAY}").status_code in (403, 404) or who == "zofia"


def test_another_prison_has_a_day_of_its_own(client: Browser, people: People, event: Event) -> None:
    client.sign_in(people.zofia)
    assert "Anna Przykładowa" not in client.see(f"/wejscia/{DAY}").text
    assert "Anna" not in client.get(f"/wejscia/{DAY}/lista.csv").get_data(as_text=True)


def test_an_institution_completes_the_data_of_its_own_people(
    client: Browser, session: Session, people: People, event: Event
) -> None:
    anna, maria, _piotr = entries(session, event)
    page = client.sign_in(people.marek).see(path(event))
    assert "2 osoby na Twojej liście nie mają" in page.text
    client.see(path(event, "dane"))
    wrong = {f"vehicle_{anna.id}": "ABC 123456", f"phone_{anna.id}": "600 000 000"}
    assert client.post(path(event, "dane"), data=wrong).status_code == 422
    assert "numer dokumentu tożsamości" in client.page.text
    assert client.page.by_id(f"phone_{anna.id}")["value"] == "600 000 000"
    right = {f"vehicle_{anna.id}": "FZ 12345", f"phone_{anna.id}": "600 000 000"}
    client.post(path(event, "dane"), data=right, follow_redirects=True)
    assert "FZ 12345" in client.page.text
    assert "1 osoba na Twojej liście nie ma" in client.page.text
    assert entries(session, event)[0].extras == {"vehicle": "FZ 12345", "phone": "600 000 000"}
    assert entries(session, event)[1].extras == {}
    assert maria.state is EntryState.LISTED


def test_a_guest_is_added_changed_and_withdrawn(
    client: Browser, session: Session, people: People, event: Event
) -> None:
    client.sign_in(people.marek).see(path(event))
    assert client.post(path(event, "goscie"), data={"person": ""}).status_code == 422
    assert "Podaj imię i nazwisko osoby." in client.page.text
    client.post(path(event, "goscie"), data={"person": "Jan Gościnny", "function": "psycholog"}, follow_redirects=True)
    assert "Jan Gościnny" in client.page.text
    guest = entries(session, event)[-1]
    client.see(path(event, f"goscie/{guest.id}"))
    client.post(path(event, f"goscie/{guest.id}"), data={"person": "Ola Gościnna"}, follow_redirects=True)
    assert "Ola Gościnna" in client.page.text
    client.post(path(event, f"goscie/{guest.id}/wycofaj"), follow_redirects=True)
    assert "Ola Gościnna" not in client.page.text
    client.sign_in(people.jola)
    assert client.post(path(event, "goscie"), data={"person": "Jan Obcy"}).status_code == 403


def test_the_unit_decides_item_by_item_with_a_reason(
    client: Browser, session: Session, people: People, event: Event, clock: time_machine.Traveller
) -> None:
    clock.move_to(instant(FROZEN))
    client.sign_in(people.marek).post(path(event, "goscie"), data={"person": "Jan Gościnny"}, follow_redirects=True)
    assert "czeka na decyzję jednostki" in client.page.text
    client.post(path(event, "sprzet"), data={"what": "laptop, 1 sztuka", "serial": "SN 77"}, follow_redirects=True)
    guest, laptop = entries(session, event)[-1], things(session, event)[0]
    clock.shift(60)
    client.sign_in(people.ewa).see(path(event))
    p, t = f"person_{guest.id}", f"thing_{laptop.id}"
    data = {**client.page.values(path(event, "decyzje")), f"{p}_decision": "nie", f"{t}_decision": "tak"}
    assert client.post(path(event, "decyzje"), data=data).status_code == 422
    assert "Wybierz powód odmowy" in client.page.text
    client.post(path(event, "decyzje"), data={**data, f"{p}_reason": "late"}, follow_redirects=True)
    assert "Zgoda: 1. Odmowa: 1." in client.page.text
    assert entries(session, event)[-1].state is EntryState.REFUSED
    assert things(session, event)[0].state is EntryState.APPROVED
    text = client.sign_in(people.marek).see(path(event)).text
    assert "sprawdzić osobę" in text
    assert "można wnieść" in text


def test_a_decision_about_somebody_who_has_changed_is_refused(
    client: Browser, session: Session, people: People, event: Event, clock: time_machine.Traveller
) -> None:
    clock.move_to(instant(FROZEN))
    client.sign_in(people.marek).post(path(event, "goscie"), data={"person": "Jan Gościnny"})
    guest = entries(session, event)[-1]
    client.sign_in(people.ewa).see(path(event))
    data = {**client.page.values(path(event, "decyzje")), f"person_{guest.id}_decision": "tak"}
    data.pop("csrf_token")
    clock.shift(60)
    client.sign_in(people.marek).post(path(event, f"goscie/{guest.id}"), data={"person": "Ktoś Inny"})
    client.sign_in(people.ewa)
    assert client.post(path(event, "decyzje"), data=data).status_code == 409
    assert "Ktoś w międzyczasie zmienił ten wpis" in client.page.text
    assert "Ktoś Inny" in client.page.text
    assert entries(session, event)[-1].state is EntryState.REQUESTED


def test_the_other_side_cannot_decide(client: Browser, people: People, event: Event) -> None:
    client.sign_in(people.marek)
    assert client.post(path(event, "decyzje"), data={}).status_code == 403


def test_the_admin_sets_the_rules_on_screen(client: Browser, session: Session, people: People) -> None:
    page = "/partnerzy/zk-kladkowo/zasady-wejscia"
    client.sign_in(people.adam).see(page)
    assert "Weź dokument tożsamości" in client.page.text
    data = {"preset": "custom", "fields": ["phone"], "freeze_days": "pięć", "standing_text": "Wejście od ulicy."}
    assert client.post(page, data=data).status_code == 422
    client.post(page, data={**data, "freeze_days": "5"}, follow_redirects=True)
    saved = session.exec(select(GateRules)).one()
    assert (saved.preset, saved.extra_fields, saved.freeze_days) == (Preset.CUSTOM, ["phone"], 5)
    assert (saved.equipment, saved.standing_text) == (False, "Wejście od ulicy.")
    client.sign_in(people.ewa)
    assert client.get(page).status_code == 403
    client.sign_in(people.adam)
    assert client.get("/partnerzy/mops-kladkowo/zasady-wejscia").status_code == 404


def test_a_look_is_no_print_and_a_print_marks_what_changes_later(
    client: Browser, session: Session, people: People, event: Event, clock: time_machine.Traveller
) -> None:
    client.sign_in(people.ewa).see(f"/wejscia/{DAY}")
    assert "Tej listy jeszcze nie drukowano." in client.page.text
    assert session.exec(select(GatePrint)).all() == []
    clock.move_to(instant(FROZEN))
    client.sign_in(people.ewa).post(f"/wejscia/{DAY}/druk", follow_redirects=True)
    assert "Strona 1 z 1" in client.page.text
    clock.shift(60)
    client.sign_in(people.marek).post(path(event, "goscie"), data={"person": "Jan Gościnny"})
    client.sign_in(people.ewa).see(f"/wejscia/{DAY}")
    assert "nowe 1, zmiany 0, wycofania 0" in client.page.text
    assert "bez decyzji – nie wpuszczać bez zgody dyżurnego" in client.page.text
    table = client.get(f"/wejscia/{DAY}/lista.csv").get_data(as_text=True)
    assert "Jan Gościnny" in table
    assert "bez decyzji" in table
    assert len(session.exec(select(GatePrint)).all()) == 1


def test_a_day_without_anybody_says_what_to_do(client: Browser, people: People) -> None:
    assert "W tym dniu nikt nie wchodzi" in client.sign_in(people.ewa).see("/wejscia").text
    client.sign_in(people.marek)
    assert client.get("/wejscia").status_code == 404


def test_pages_speak_english(client: Browser, people: People, event: Event) -> None:
    client.sign_in(people.ewa)
    assert "People who enter" in client.see(f"{path(event)}?jezyk=en").text
    assert "Nobody enters" not in client.see(f"/wejscia/{DAY}").text
    assert "Name and surname" in client.page.text


def test_an_event_elsewhere_has_no_list(client: Browser, session: Session, people: People) -> None:
    event = make_event(session, people.marek)
    session.commit()
    client.sign_in(people.marek)
    assert client.get(path(event)).status_code == 404


def test_formulas_stay_text_in_the_table(client: Browser, session: Session, people: People, event: Event) -> None:
    client.sign_in(people.marek).post(path(event, "goscie"), data={"person": "=2+5 Próba"})
    client.sign_in(people.ewa)
    assert "'=2+5 Próba" in client.get(f"/wejscia/{DAY}/lista.csv").get_data(as_text=True)
    assert event.consent is Consent.PENDING
