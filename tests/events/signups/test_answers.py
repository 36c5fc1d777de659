"""Requests, offers, names and the order of the queue as people meet them on the page of an event."""

import io

import pytest
from sqlmodel import col, select

from app import tables
from app.clock import now
from events.calendar.models import Admission, Consent, Promotion, SignUpScope
from events.recurrence import Rule
from events.signups import actions
from events.signups import queries as signups
from events.signups.models import SignUp, SignUpState
from tests.factories.events import date_of
from tests.factories.guests import event_in, sign_up
from tests.factories.persons import make_person

WITHDRAWN = SignUpState.WITHDRAWN


@pytest.fixture(name="event")
def _event(session, people, clock):
    event = event_in(session, people.ewa, capacity=1)
    event.admission = Admission.APPROVAL
    return event


def page_of(event):
    return f"/wydarzenia/{event.uuid}"


def path(event, rest=""):
    return f"/wydarzenia/{event.uuid}/zapisy{rest}"


def roster(client):
    return client.page.main.one("section", id="roster")


def stands(session):
    rows = session.exec(select(SignUp).order_by(col(SignUp.id))).all()
    return [(row.person, row.state.value) for row in rows]


def offering(session, people):
    """An event of one place that Jola has given back, so that it is offered to Marek; Stefan waits behind him."""
    event = event_in(session, people.ewa, capacity=1)
    event.promotion = Promotion.OFFER
    (first,) = sign_up(session, event, people.jola)
    (second,) = sign_up(session, event, people.marek)
    sign_up(session, event, people.stefan)
    actions.withdraw(session, people.jola.actor, event, first.id or 0, now())
    return event, second


def test_one_asks_and_the_organiser_accepts_one_and_refuses_the_other(client, session, people, event):
    client.sign_in(people.marek).see(page_of(event))
    assert "decyduje organizator" in roster(client).text
    values = client.page.values(path(event))
    data = {**values, "who": [str(people.marek.user_id), str(people.piotr.user_id)]}
    client.post(path(event), data=data)
    assert stands(session) == [("Marek Przykładowy", "requested"), ("Piotr Wzorcowy", "requested")]
    page = client.see(page_of(event))
    assert "Wysłano 2 prośby." in page.text
    assert "czeka na decyzję" in roster(client).text
    client.sign_in(people.ewa)
    assert "2 prośby o miejsce czekają" in client.see("/biurko").text
    page = client.see(page_of(event))
    assert "2 prośby o miejsce" in roster(client).text
    ids = [box["value"] for box in roster(client).all("input") if box.attributes.get("name") == "kogo"]
    client.post(path(event, "/decyzje"), data={"przyjmij": ids[0]})
    assert "Przyjęta 1 prośba: z miejscem." in client.see(page_of(event)).text
    answer = client.post(path(event, "/decyzje"), data={"kogo": ids[1], "odmow": "1"})
    assert answer.location == path(event, f"/odmowa?kogo={ids[1]}")
    client.see(answer.location)
    assert client.post(path(event, "/odmowa"), data={"kogo": ids[1], "note": "x"}).status_code == 422
    assert "Wybierz powód odmowy." in client.page.text
    assert client.post(path(event, "/odmowa"), data={"kogo": ids[1], "reason": "other"}).status_code == 422
    assert "Napisz powód w kilku słowach" in client.page.text
    client.post(path(event, "/odmowa"), data={"kogo": ids[1], "reason": "number", "note": "Sala jest mała."})
    assert stands(session) == [("Marek Przykładowy", "seat"), ("Piotr Wzorcowy", "refused")]
    client.sign_in(people.marek).see(page_of(event))
    assert "odmowa, za dużo osób z jednej instytucji. Sala jest mała." in roster(client).text
    client.sign_in(people.ewa).see(page_of(event))
    client.post(path(event, "/decyzje"), data={"przyjmij": ids[0]})
    assert "są już rozpatrzone" in client.see(page_of(event)).text


def test_the_unit_decides_too_and_nobody_else(client, session, people, clock):
    event = event_in(session, people.marek, capacity=3)
    event.admission, event.consent = Admission.APPROVAL, Consent.PENDING
    event.place_institution_id = people.prison.id
    (row,) = sign_up(session, event, people.jola)
    for who in (people.jola, people.stefan, people.zofia):
        client.sign_in(who).see(page_of(event))
        assert client.post(path(event, "/decyzje"), data={"przyjmij": str(row.id)}).status_code == 403
        assert client.get(path(event, "/lista.csv")).status_code == 403
        assert client.get(path(event, f"/odmowa?kogo={row.id}")).status_code == 403
    assert stands(session) == [("Jola Próbna", "requested")]
    client.sign_in(people.ewa).see(page_of(event))
    client.post(path(event, "/decyzje"), data={"przyjmij": str(row.id)})
    assert stands(session) == [("Jola Próbna", "seat")]


def test_an_offer_is_shown_and_taken(client, session, people, clock):
    event, second = offering(session, people)
    client.sign_in(people.marek)
    assert "Masz propozycję miejsca do 24 listopada 2026, 9.00" in client.see("/biurko").text
    client.see(page_of(event))
    assert "Przyjmij je do 24 listopada 2026, godz. 9.00." in roster(client).text
    client.post(path(event, f"/{second.id}/biore"))
    assert "1 osoba ma miejsce" in client.see(page_of(event)).text
    assert ("Marek Przykładowy", "seat") in stands(session)
    client.post(path(event, f"/{second.id}/biore"))
    assert "Nie ma już propozycji" in client.see(page_of(event)).text


def test_an_offer_is_declined_or_too_late(client, session, people, clock):
    event, second = offering(session, people)
    client.sign_in(people.marek).see(page_of(event))
    clock.move_to(second.offer_until)
    client.sign_in(people.marek)
    client.post(path(event, f"/{second.id}/biore"))
    assert "Czas na przyjęcie tego miejsca minął" in client.see(page_of(event)).text
    clock.move_to(second.offer_until.replace(hour=7))
    client.sign_in(people.marek)
    client.post(path(event, f"/{second.id}/rezygnuje"))
    assert "dostaje następna osoba" in client.see(page_of(event)).text
    assert ("Stefan Wzorcowy", "offered") in stands(session)


def test_nobody_answers_decides_or_names_for_others(client, session, people, clock):
    event, second = offering(session, people)
    before = stands(session)
    acts = ("/biore", "/rezygnuje", "/osoba", "/zamiana", "/kolejnosc")
    for who, status in ((people.jola, 404), (people.stefan, 404), (people.piotr, 403)):
        client.sign_in(who).see(page_of(event))
        for act in acts:
            answer = client.post(path(event, f"/{second.id}{act}"), data={"reason": "x", "who": "inna", "other": "1"})
            assert answer.status_code in (status, 403), (who.name, act)
    client.sign_in(people.ewa).see(page_of(event))
    for act in ("/biore", "/osoba", "/zamiana"):
        assert client.post(path(event, f"/{second.id}{act}")).status_code == 403
    assert stands(session) == before


def test_a_coordinator_names_a_place_and_a_member_hands_his_over(client, session, people, clock):
    event = event_in(session, people.ewa, capacity=3)
    _marek, place = sign_up(session, event, people.marek, places=1)
    client.sign_in(people.marek)
    client.see(page_of(event))
    client.see(path(event, f"/{place.id}/osoba"))
    assert client.post(path(event, f"/{place.id}/osoba"), data={}).status_code == 422
    assert "Wybierz, kto przyjdzie." in client.page.text
    typed = {"who": "inna", "name": "Anna Przykładowa", "email": "anna.mops"}
    assert client.post(path(event, f"/{place.id}/osoba"), data=typed).status_code == 422
    assert client.page.values(path(event, f"/{place.id}/osoba"))["name"] == "Anna Przykładowa"
    client.post(path(event, f"/{place.id}/osoba"), data={"who": str(people.piotr.user_id)})
    assert "Przyjdzie: Piotr Wzorcowy." in client.see(page_of(event)).text
    helper = make_person(session, "Zenon Pokazowy", people.mops)
    client.sign_in(people.piotr).see(path(event, f"/{place.id}/osoba"))
    assert "Imię i nazwisko" not in client.page.main.text
    client.post(path(event, f"/{place.id}/osoba"), data={"who": str(helper.user_id)})
    assert stands(session) == [("Marek Przykładowy", "seat"), ("Zenon Pokazowy", "seat")]


def test_missing_names_stand_on_the_desk_three_working_days_before(client, session, people, clock):
    event = event_in(session, people.ewa, days=7, capacity=3)  # Monday, 30 November
    sign_up(session, event, people.marek, places=2)
    client.sign_in(people.marek)
    assert "Brakuje" not in client.see("/biurko").text
    clock.move_to(date_of(session, event).starts_at.replace(day=25))  # Thursday, Friday and Monday remain
    client.sign_in(people.marek)
    assert "Brakuje 2 nazwisk" in client.see("/biurko").text
    client.sign_in(people.piotr)
    assert "Brakuje" not in client.see("/biurko").text


def test_two_colleagues_swap(client, session, people, clock):
    event = event_in(session, people.ewa, capacity=1)
    seated, waiting = sign_up(session, event, people.marek, people.piotr)
    client.sign_in(people.marek).see(page_of(event))
    client.see(path(event, f"/{waiting.id}/zamiana"))
    assert client.post(path(event, f"/{waiting.id}/zamiana"), data={}).status_code == 422
    client.post(path(event, f"/{waiting.id}/zamiana"), data={"other": str(seated.id)})
    assert stands(session) == [("Piotr Wzorcowy", "seat"), ("Marek Przykładowy", "waiting")]


def test_the_overtaken_read_why(client, session, people, clock):
    event = event_in(session, people.ewa, capacity=1)
    sign_up(session, event, people.jola)
    sign_up(session, event, people.marek)
    (last,) = sign_up(session, event, people.stefan)
    client.sign_in(people.marek).see(page_of(event))
    assert "jesteś 1. w kolejce" in roster(client).text
    client.sign_in(people.ewa).see(page_of(event))
    client.see(path(event, f"/{last.id}/kolejnosc"))
    assert client.post(path(event, f"/{last.id}/kolejnosc"), data={"reason": " "}).status_code == 422
    client.post(path(event, f"/{last.id}/kolejnosc"), data={"reason": "Prowadzi część spotkania"})
    assert "Kolejność zmieniona. Wyprzedzona została 1 osoba" in client.see(page_of(event)).text
    client.sign_in(people.marek).see(page_of(event))
    assert "jesteś 2. w kolejce" in roster(client).text
    assert "kolejność zmieniona przez organizatora: Prowadzi część spotkania" in roster(client).text
    client.sign_in(people.stefan).see(page_of(event))
    assert "zmieniona przez" not in roster(client).text


def test_the_list_of_participants_is_a_page_and_a_table(client, session, people, clock):
    event = event_in(session, people.ewa, capacity=2)
    sign_up(session, event, people.marek, places=2)
    client.sign_in(people.ewa)
    page = client.see(path(event, "/lista"))
    assert "Z miejscem (2)" in page.text
    assert "Lista rezerwowa (1)" in page.text
    answer = client.get(path(event, "/lista.csv"))
    lines = [row.cells for row in tables.read(answer.get_data())]
    assert lines[1][:1] + lines[1][3:5] == ("Marek Przykładowy", people.marek.email, "ma miejsce")
    assert lines[3][4:] == ("czeka", "1")
    book = list(tables.read(io.BytesIO(client.get(path(event, "/lista.xlsx")).get_data()).getvalue()))
    assert len(book) == 4
    empty = event_in(session, people.ewa, capacity=2)
    assert "Nikt się jeszcze nie zapisał." in client.see(path(empty, "/lista")).text


def test_a_whole_series_is_signed_up_for_and_left_on_one_page(client, session, people, clock):
    event = event_in(session, people.ewa, rule=Rule(days=(0,), count=2), signup_scope=SignUpScope.SERIES, capacity=3)
    here = f"{page_of(event)}/2026-12-07"
    client.sign_in(people.piotr).see(here)
    assert "na wszystkie terminy tej serii" in roster(client).text
    client.post(path(event), data=client.page.values(path(event)))
    assert "Zapis obejmuje 2 terminy." in client.see(here).text
    assert stands(session) == [("Piotr Wzorcowy", "seat")] * 2
    (mine,) = [one for one in client.see("/biurko").all("li") if "cała seria" in one.text]
    assert "Szkolenie" in mine.text
    _first, second = session.exec(select(SignUp).order_by(col(SignUp.id))).all()
    client.see(here)
    assert client.post(path(event, f"/{second.id}/wycofaj"), data={"zakres": "seria"}).location == f"{here}#zapisy"
    assert "Zapis wycofany z 2 terminów." in client.see(here).text
    assert stands(session) == [("Piotr Wzorcowy", "withdrawn")] * 2


def test_the_panel_costs_one_statement_however_much_it_shows(session, people, clock, query_count):
    event, _second = offering(session, people)
    date = date_of(session, event)
    for viewer in (people.ewa, people.marek, people.piotr):
        with query_count() as statements:
            signups.panel(session, event, date, viewer.actor, now())
        assert len(statements) == 1
    for viewer, most in ((people.ewa, 2), (people.piotr, 1)):
        with query_count() as statements:
            signups.tasks(session, viewer.actor, now())
        assert len(statements) == most
