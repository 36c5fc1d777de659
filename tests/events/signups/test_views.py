"""Sign-up as people do it on the page of an event."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import col, select

from events.calendar.models import Split, Visibility
from events.signups.models import SignUp, SignUpState
from tests.factories.events import date_of
from tests.factories.guests import event_in, sign_up
from tests.factories.persons import make_person


@pytest.fixture(name="event")
def _event(session, people, clock):
    return event_in(session, people.ewa, capacity=3)


def path(event):
    return f"/wydarzenia/{event.uuid}/zapisy"


def roster(client):
    return client.page.main.one("section", id="roster")


def signed_up(session):
    rows = session.exec(
        select(SignUp).where(SignUp.state != SignUpState.WITHDRAWN).order_by(col(SignUp.queue_no))
    ).all()
    return [(row.person, row.state.value) for row in rows]


def test_a_member_signs_himself_up_and_withdraws(client, session, people, event):
    client.sign_in(people.piotr).see(f"/wydarzenia/{event.uuid}")
    values = client.page.values(path(event))
    assert values["who"] == str(people.piotr.user_id)
    assert "Ktoś inny" not in roster(client).text
    answer = client.post(path(event), data=values)
    assert (answer.status_code, answer.location) == (303, f"/wydarzenia/{event.uuid}#zapisy")
    assert signed_up(session) == [("Piotr Wzorcowy", "seat")]
    page = client.see(f"/wydarzenia/{event.uuid}")
    assert "Zapisano: 1 osoba ma miejsce." in page.text
    assert "Zajęte: 1 z 3 miejsc" in roster(client).text
    assert "Piotr Wzorcowy (to Ty)" in roster(client).text
    (form,) = [form for form in roster(client).all("form") if form["action"].endswith("/wycofaj")]
    assert form.one("button").text == "Wycofaj zapis: Piotr Wzorcowy"
    assert client.post(form["action"]).location == f"/wydarzenia/{event.uuid}#zapisy"
    assert signed_up(session) == []
    assert "Zapis wycofany." in client.see(f"/wydarzenia/{event.uuid}").text
    client.post(form["action"])
    assert "Ten zapis jest już wycofany." in client.see(f"/wydarzenia/{event.uuid}").text


def test_a_coordinator_signs_up_colleagues_others_and_places(client, session, people, event):
    client.sign_in(people.marek).see(f"/wydarzenia/{event.uuid}")
    values = client.page.values(path(event))
    assert "who" not in values
    data = {
        **values,
        "who": [str(people.marek.user_id), str(people.piotr.user_id)],
        "name_0": "Anna Przykładowa",
        "function_0": "pracownik socjalny",
        "email_0": "anna@mops.example",
        "places": "1",
    }
    assert client.post(path(event), data=data).status_code == 303
    assert signed_up(session) == [
        ("Marek Przykładowy", "seat"),
        ("Piotr Wzorcowy", "seat"),
        ("Anna Przykładowa", "seat"),
        ("", "waiting"),
    ]
    page = client.see(f"/wydarzenia/{event.uuid}")
    assert "Zapisano: 3 osoby mają miejsca. Na listę rezerwową trafiła 1 osoba." in page.text
    assert "miejsce jeszcze bez nazwiska" in roster(client).text
    assert "lista rezerwowa, numer 1" in roster(client).text
    assert "Wszystkie miejsca są zajęte." in roster(client).text


def test_a_double_click_makes_one_sign_up(client, session, people, event):
    client.sign_in(people.marek).see(f"/wydarzenia/{event.uuid}")
    data = {**client.page.values(path(event)), "who": str(people.marek.user_id), "places": "1"}
    for _click in range(2):
        assert client.post(path(event), data=data).status_code == 303
    assert signed_up(session) == [("Marek Przykładowy", "seat"), ("", "seat")]


WRONG = [
    ({}, "Wybierz co najmniej jedną osobę albo podaj liczbę miejsc."),
    ({"name_0": "Anna Przykładowa"}, "Podaj służbowy e-mail: wyślemy na niego potwierdzenie."),
    ({"email_1": "anna@mops.example"}, "Podaj imię i nazwisko do tego adresu e-mail."),
    ({"name_0": "Anna", "email_0": "anna.mops"}, "Podaj adres e-mail, na przykład anna@example.org."),
    ({"name_0": "Anna 90010112349", "email_0": "a@mops.example"}, "PESEL"),
    ({"places": "51"}, "Podaj liczbę całkowitą od 0 do 50."),
    ({"places": "dwa"}, "Podaj liczbę całkowitą od 0 do 50."),
    ({"who": "999"}, "Wybierz"),
]


@pytest.mark.parametrize(("typed", "sentence"), WRONG)
def test_a_refused_form_keeps_what_was_typed(client, session, people, event, typed, sentence):
    client.sign_in(people.marek).see(f"/wydarzenia/{event.uuid}")
    values = client.page.values(path(event))
    assert client.post(path(event), data={**values, **typed}).status_code == 422
    assert client.page.title.startswith("Błąd: ")
    assert sentence in client.page.main.one("div", id="errors").text
    kept = client.page.values(path(event))
    assert kept["key"] == values["key"]
    assert {name: kept[name] for name in typed if name != "who"} == {n: v for n, v in typed.items() if n != "who"}
    assert signed_up(session) == []


def test_a_group_that_does_not_fit_as_a_whole_is_refused(client, session, people, clock):
    event = event_in(session, people.ewa, capacity=2, split=Split.ALL_OR_NOTHING)
    client.sign_in(people.marek).see(f"/wydarzenia/{event.uuid}")
    data = {**client.page.values(path(event)), "places": "3"}
    assert client.post(path(event), data=data).status_code == 422
    assert "2" in client.page.main.one("div", id="errors").text
    assert client.page.values(path(event))["places"] == "3"


def test_nobody_is_signed_up_twice(client, session, people, event):
    sign_up(session, event, people.marek)
    client.sign_in(people.marek).see(f"/wydarzenia/{event.uuid}")
    data = {**client.page.values(path(event)), "name_0": "Marek", "email_0": people.marek.email.upper(), "places": "1"}
    assert client.post(path(event), data=data).status_code == 422
    assert "Marek" in client.page.main.one("div", id="errors").text
    assert signed_up(session) == [("Marek Przykładowy", "seat")]


def test_names_stay_inside_an_institution(client, session, people, event):
    sign_up(session, event, people.marek)
    sign_up(session, event, people.jola)
    seen = {}
    for name in ("visitor", "marek", "piotr", "jola", "stefan", "wanda", "olga", "ewa"):
        if name != "visitor":
            client.sign_in(getattr(people, name))
        source = client.see(f"/wydarzenia/{event.uuid}").main.text.replace("(ja)", "")
        masthead = {"marek": "Marek Przykładowy", "jola": "Jola Próbna"}.get(name)
        named = {one for one in ("Marek Przykładowy", "Jola Próbna") if one in source}
        seen[name] = named
        assert masthead is None or masthead in named
    assert seen == {
        "visitor": set(),
        "marek": {"Marek Przykładowy"},
        "piotr": {"Marek Przykładowy"},
        "jola": {"Jola Próbna"},
        "stefan": set(),
        "wanda": set(),
        "olga": set(),
        "ewa": {"Marek Przykładowy", "Jola Próbna"},
    }


def test_the_organiser_sees_everybody_with_his_institution(client, session, people, event):
    sign_up(session, event, people.marek, places=2)
    client.sign_in(people.ewa).see(f"/wydarzenia/{event.uuid}")
    rows = [row.text for row in roster(client).one("table").one("tbody").all("tr")]
    assert len(rows) == 3
    assert "MOPS w Kładkowie" in rows[0]
    client.sign_in(people.adam).see(f"/wydarzenia/{event.uuid}")
    assert roster(client).all("table")


@pytest.mark.parametrize(
    ("who", "status"), [("visitor", 400), ("wanda", 403), ("olga", 403), ("stefan", 404), ("jola", 404), ("piotr", 303)]
)
def test_who_may_sign_up_for_an_invited_event(client, session, people, clock, who, status):
    event = event_in(session, people.ewa, visibility=Visibility.INVITED, place_institution_id=people.mops.id)
    person = getattr(people, who, None)
    if person:
        client.sign_in(person)
    client.see("/kalendarz")
    data = {"key": str(uuid4()), "who": str(person.user_id) if person else ""}
    answer = client.post(path(event), data=data)
    assert answer.status_code == status
    assert signed_up(session) == ([("Piotr Wzorcowy", "seat")] if who == "piotr" else [])


def test_a_booking_key_that_looks_like_a_pesel_is_no_pesel(client, session, people, event):
    client.sign_in(people.piotr).see(f"/wydarzenia/{event.uuid}")
    data = {
        **client.page.values(path(event)),
        "key": "aaaaaaaa-aaaa-4aaa-aaaa-a44051401359",
        "who": str(people.piotr.user_id),
    }
    assert client.post(path(event), data=data).status_code == 303
    assert signed_up(session) == [("Piotr Wzorcowy", "seat")]


def test_a_member_signs_up_nobody_else(client, session, people, event):
    client.sign_in(people.piotr).see(f"/wydarzenia/{event.uuid}")
    data = {**client.page.values(path(event)), "name_0": "Anna", "email_0": "anna@mops.example"}
    assert client.post(path(event), data=data).status_code == 403
    assert signed_up(session) == []


def test_nobody_withdraws_for_another_institution(client, session, people, event):
    (row,) = sign_up(session, event, people.marek)
    client.sign_in(people.jola).see(f"/wydarzenia/{event.uuid}")
    assert client.post(f"{path(event)}/{row.id}/wycofaj").status_code == 404
    client.sign_in(people.piotr).see(f"/wydarzenia/{event.uuid}")
    assert client.post(f"{path(event)}/{row.id}/wycofaj").status_code == 403
    assert signed_up(session) == [("Marek Przykładowy", "seat")]


def test_after_the_close_the_panel_says_why(client, session, people, event):
    event.signup_closes_at = date_of(session, event).starts_at - timedelta(days=6, hours=23)
    client.sign_in(people.marek).see(f"/wydarzenia/{event.uuid}")
    data = {**client.page.values(path(event)), "places": "1"}
    event.signup_closes_at -= timedelta(hours=2)
    assert client.post(path(event), data=data).status_code == 422
    assert "zamknięte" in roster(client).text
    assert signed_up(session) == []


def test_the_summary_keeps_the_order_of_the_page(client, people, event):
    client.sign_in(people.marek).see(f"/wydarzenia/{event.uuid}")
    typed = {"who": "999", "email_0": "a@mops.example", "name_1": "Anna Przykładowa", "places": "dwa"}
    client.post(path(event), data={**client.page.values(path(event)), **typed})
    links = [link["href"] for link in client.page.main.one("div", id="errors").all("a")]
    assert links == ["#who", "#name_0", "#email_1", "#places"]


def test_the_tags_above_the_title_follow_a_sign_up_by_htmx(client, session, people, clock):
    last = event_in(session, people.ewa, capacity=1)
    client.sign_in(people.piotr).see(f"/wydarzenia/{last.uuid}")
    assert "zapisy otwarte" in client.page.one("p", id="state").text
    client.post(path(last), data=client.page.values(path(last)))
    answer = client.htmx(f"/wydarzenia/{last.uuid}", "roster")
    assert "lista rezerwowa" in answer.one("p", id="state").text


def test_htmx_gets_the_roster_alone(client, session, people, event):
    client.sign_in(people.marek)
    fragment = client.htmx(f"/wydarzenia/{event.uuid}", "roster")
    assert fragment.root.one("h2").text == "Zapisy"
    client.see(f"/wydarzenia/{event.uuid}")
    headers = {"HX-Request": "true", "HX-Target": "roster"}
    answer = client.post(path(event), data={**client.page.values(path(event)), "places": "x"}, headers=headers)
    assert answer.status_code == 422
    assert answer.get_data(as_text=True).lstrip().startswith('<section id="roster"')


def test_the_place_of_a_newcomer_without_account_is_withdrawn_by_his_coordinator(client, session, people, event):
    helper = make_person(session, "Zenon Pokazowy", people.mops)
    sign_up(session, event, people.marek, places=1)
    client.sign_in(helper).see(f"/wydarzenia/{event.uuid}")
    forms = [form["action"] for form in roster(client).all("form") if form["action"].endswith("/wycofaj")]
    assert len(forms) == 2
    client.post(forms[1])
    assert signed_up(session) == [("Marek Przykładowy", "seat")]
