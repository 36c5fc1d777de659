"""The pages of a record as both sides use them, without JavaScript."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app import tables
from app.clock import now
from events.calendar.models import Outcome, Visibility
from events.minutes import actions
from events.minutes.models import Attendance, Record, RecordState, RecordTask
from events.minutes.versions import Task
from tests.conftest import browser_of
from tests.factories.minutes import found, met, record_at, saved, submitted
from tests.factories.persons import PASSWORD
from tests.factories.series import dates_of, make_series

PESEL = "44051401359"


def base(event):
    return f"/wydarzenia/{event.uuid}"


def writing(client, event):
    path = f"{base(event)}/obecnosc"
    return path, client.see(path).values(path)


def test_from_the_empty_form_to_the_sealed_note(client, session, people, clock):
    event = met(session, people, clock, guests=[people.jola, people.piotr])
    client.sign_in(people.ewa)
    assert "Wpisz obecność i notatkę" in client.see(base(event)).text
    path, values = writing(client, event)
    assert [values[f"people-{n}-person"] for n in range(2)] == ["Piotr Wzorcowy", "Jola Próbna"]
    assert values["topics"] == ["schronienie", "świadczenia rodzinne"]
    assert values["body"].startswith("## Kto brał udział\n- Zakład Karny w Kładkowie\n- MOPS w Kładkowie\n")
    assert values["body"].endswith("## Ustalenia")
    typed = values | {
        "outcome": "held",
        "people-2-person": "Maria Próbna",
        "people-2-institution": "MOPS w Kładkowie",
        "people-2-present": "tak",
        "people-1-present": "nie",
        "people_inside": "12",
        "topics": "schronienie",
        "further": "praca\npraca",
        "tasks-0-text": "lista osób",
        "tasks-0-institution": str(people.prison.id),
        "tasks-0-due_on": "4.12.2026",
    }
    assert client.post(path, data=typed | {"wszyscy": "1"}).location == f"{path}#obecnosc"
    present = {row.person: row.present for row in session.exec(select(Attendance))}
    assert present == {"Piotr Wzorcowy": True, "Jola Próbna": False, "Maria Próbna": True}
    path, values = writing(client, event)
    assert (values["people_inside"], values["further"], values["tasks-0-text"]) == ("12", "praca", "lista osób")
    assert client.post(path, data=values | {"zatwierdz": "1"}).location == f"{base(event)}/notatka"
    page = client.see(f"{base(event)}/notatka")
    assert "Notatka jest zatwierdzona, a druga strona dostała prośbę o potwierdzenie." in page.text
    assert client.get(path).location == f"{base(event)}/notatka"
    client.sign_in(people.marek)
    assert "Notatka do potwierdzenia: Spotkanie o świadczeniach" in client.see("/biurko").text
    page = client.see(f"{base(event)}/notatka")
    for words in ("Maria Próbna", "12", "lista osób", "Możesz odpowiedzieć do 4 grudnia 2026"):
        assert words in page.text
    assert client.post(f"{base(event)}/notatka/odpowiedz", data={"potwierdzam": "1"}).status_code == 303
    page = client.see(f"{base(event)}/notatka")
    assert "Zatwierdzone przez obie strony" in page.text
    assert record_at(session, event).seal in page.text
    assert "Notatka jest niezmieniona." in client.see(f"{base(event)}/notatka/sprawdz").text
    assert "Zadanie: lista osób" in client.sign_in(people.adam).see("/biurko").text


def test_a_fault_of_the_seal_is_told(client, session, people, clock):
    event = met(session, people, clock, co=False)
    submitted(session, event, people.ewa)
    session.commit()
    record_at(session, event).body = "Dopisane po cichu."
    session.commit()
    assert "Pieczęć się nie zgadza." in client.sign_in(people.ewa).see(f"{base(event)}/notatka/sprawdz").text


def test_a_meeting_that_was_not_held(client, session, people, clock):
    event = met(session, people, clock)
    client.sign_in(people.ewa)
    path, values = writing(client, event)
    response = client.post(path, data=values | {"outcome": "not_held", "zatwierdz": "1"})
    assert response.status_code == 422
    assert "Wybierz, dlaczego spotkanie się nie odbyło." in client.page.text
    typed = values | {"outcome": "not_held", "reason": "unit_security", "zatwierdz": "1"}
    assert client.post(path, data=typed).status_code == 303
    assert "Względy bezpieczeństwa jednostki" in client.see(f"{base(event)}/notatka").text
    page = client.sign_in(people.marek).see(f"{base(event)}/notatka")
    assert "nie odbyło się (po stronie jednostki penitencjarnej)" in page.text
    assert "bezpieczeństwa" not in page.text


def test_the_other_side_edits_a_draft_without_reading_an_inner_reason(client, session, people, clock):
    event = met(session, people, clock)
    saved(session, event, people.ewa, outcome=Outcome.NOT_HELD, reason="unit_staff", note="Tajne.", rows=())
    client.sign_in(people.marek)
    path, values = writing(client, event)
    assert "Za mało funkcjonariuszy" not in client.page.text
    assert "Tajne" not in client.page.text
    assert client.post(path, data=values | {"body": "Umówimy nowy termin."}).status_code == 303
    record = record_at(session, event)
    assert (record.reason, record.reason_note, record.body) == ("unit_staff", "Tajne.", "Umówimy nowy termin.")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"body": f"Osoba {PESEL}"}, "PESEL"),
        ({"people-0-person": f"Jan {PESEL}", "people-0-institution": "MOPS w Kładkowie"}, "PESEL"),
        ({"tasks-0-text": PESEL, "tasks-0-institution": "1"}, "PESEL"),
        ({"further": PESEL}, "PESEL"),
        ({"people_inside": "dużo"}, "Podaj liczbę całkowitą"),
        ({"people-0-person": "Maria Próbna"}, "Podaj instytucję tej osoby."),
        (
            {"people-0-person": "Maria Próbna", "people-0-institution": "Nie ma takiej"},
            "Nie ma partnera o takiej",
        ),
        ({"people-0-present": "tak"}, "Podaj imię i nazwisko tej osoby."),
        ({"tasks-0-text": "lista"}, "Wskaż, kto przyjmuje to zadanie."),
        ({"tasks-0-due_on": "4.12.2026"}, "Napisz, co jest do zrobienia."),
        ({"outcome": "maybe"}, "Wybierz jedną z podanych wartości."),
        ({"outcome": "held", "body": "", "zatwierdz": "1"}, "Napisz notatkę"),
    ],
)
def test_wrong_input_comes_back_with_a_sentence_and_is_not_lost(client, session, people, clock, typed, sentence):
    event = met(session, people, clock)
    client.sign_in(people.ewa)
    path, values = writing(client, event)
    response = client.post(path, data=values | {"others": "5"} | typed)
    assert response.status_code == 422
    assert sentence in client.page.text
    assert client.page.title.startswith("Błąd: ")
    assert client.page.values(path)["others"] == "5"
    assert session.exec(select(Record)).all() == []


def test_a_sign_up_without_a_name_can_be_named(client, session, people, clock):
    event = met(session, people, None)
    from_form = {"who": str(people.jola.user_id), "places": "1"}
    client.sign_in(people.jola).see(base(event))
    client.post(f"{base(event)}/zapisy", data=client.page.values(f"{base(event)}/zapisy") | from_form)
    clock.shift(timedelta(days=2))
    client.sign_in(people.ewa)
    path, values = writing(client, event)
    assert (values["people-1-person"], values["people-1-institution"]) == ("", people.ngo.name)
    client.post(path, data=values | {"people-1-person": "Olga Nowa", "people-1-present": "tak"})
    rows = {row.person: (row.institution_id, row.signup_id is not None) for row in session.exec(select(Attendance))}
    assert rows["Olga Nowa"] == (people.ngo.id, True)


# --- two browsers


def test_two_people_lose_nothing(app, session, people, clock):
    event = met(session, people, clock, guests=[people.jola])
    ewa, marek = (browser_of(app, session).sign_in(person) for person in (people.ewa, people.marek))
    path, hers = writing(ewa, event)
    _path, his = writing(marek, event)
    assert (
        ewa.post(path, data=hers | {"people_inside": "12", "body": "Ewa pisze.", "outcome": "held"}).status_code == 303
    )
    typed = {"people_inside": "13", "others": "4", "body": "Marek pisze.", "people-0-present": "tak"}
    assert marek.post(path, data=his | typed).status_code == 409
    page = marek.page
    assert "W międzyczasie ktoś inny zapisał tę notatkę." in page.text
    assert "Ewa Pokazowa" in page.text
    values = page.values(path)
    assert values["body"] == "Ewa pisze.\nMarek pisze."
    assert (values["others"], values["outcome"], values["people-0-present"]) == ("4", "held", "tak")
    assert (values["people_inside"], values["wybor-people_inside"]) == ("13", "moje")
    assert record_at(session, event).body == "Ewa pisze."
    assert marek.post(path, data=values | {"wybor-people_inside": "zapisane"}).status_code == 303
    record = record_at(session, event)
    assert (record.people_inside, record.others, record.body) == (12, 4, "Ewa pisze.\nMarek pisze.")


def test_what_only_one_has_changed_is_joined_silently(app, session, people, clock):
    event = met(session, people, clock, guests=[people.jola])
    ewa, marek = (browser_of(app, session).sign_in(person) for person in (people.ewa, people.marek))
    path, hers = writing(ewa, event)
    _path, his = writing(marek, event)
    ewa.post(path, data=hers | {"people_inside": "12"})
    assert marek.post(path, data=his | {"body": "Marek pisze."}).status_code == 303
    assert "Obie wersje są połączone" in marek.see(path).text
    record = record_at(session, event)
    assert (record.people_inside, record.body) == (12, "Marek pisze.")


def test_an_approval_in_the_meantime_gives_the_typed_text_back(app, session, people, clock):
    event = met(session, people, clock)
    ewa, marek = (browser_of(app, session).sign_in(person) for person in (people.ewa, people.marek))
    path, hers = writing(ewa, event)
    _path, his = writing(marek, event)
    assert ewa.post(path, data=hers | {"outcome": "held", "zatwierdz": "1"}).status_code == 303
    assert marek.post(path, data=his | {"body": "Pół strony tekstu."}).status_code == 409
    assert "Pół strony tekstu." in marek.page.by_id("wpisane").text
    assert "Pół strony" not in record_at(session, event).body


def test_a_form_after_the_end_of_the_session_waits(client, session, people, clock):
    event = met(session, people, clock, guests=[people.jola])
    client.sign_in(people.ewa)
    path, values = writing(client, event)
    clock.shift(timedelta(hours=2))
    typed = {"body": "Pół strony tekstu.", "people-1-person": "Maria Próbna", "people-0-present": "tak"}
    assert client.post(path, data=values | typed).location == f"/logowanie?next={path}"
    client.see(f"/logowanie?next={path}")
    client.post(f"/logowanie?next={path}", data={"email": people.ewa.email, "password": PASSWORD})
    values = client.see(path).values(path)
    assert (values["body"], values["people-1-person"], values["people-0-present"]) == (
        "Pół strony tekstu.",
        "Maria Próbna",
        "tak",
    )
    assert session.exec(select(Record)).all() == []


# --- answers and remarks


def test_a_remark_needs_words_and_words_are_not_thrown_away(client, session, people, clock):
    event = met(session, people, clock)
    submitted(session, event, people.ewa)
    path = f"{base(event)}/notatka/odpowiedz"
    client.sign_in(people.marek).see(f"{base(event)}/notatka")
    assert client.post(path, data={"uwaga": "1", "text": " "}).status_code == 422
    assert client.post(path, data={"potwierdzam": "1", "text": "Ale."}).status_code == 422
    assert "Masz wpisaną uwagę." in client.page.text
    assert client.page.by_id("text").text == "Ale."
    assert client.post(path, data={"uwaga": "1", "text": PESEL}).status_code == 422
    assert client.post(path, data={"uwaga": "1", "text": "Ale."}).status_code == 303
    assert "Zamknięte z uwagą drugiej strony" in client.see(f"{base(event)}/notatka").text
    assert client.post(f"{base(event)}/notatka/uwaga", data={"text": ""}).status_code == 422
    assert client.post(f"{base(event)}/notatka/uwaga", data={"text": "Po miesiącu."}).status_code == 303
    page = client.see(f"{base(event)}/notatka")
    assert "Uwaga dodana po zamknięciu" in page.text
    assert "Po miesiącu." in page.text


def test_the_account_for_everybody(client, session, people, clock):
    event = met(session, people, clock)
    submitted(session, event, people.ewa)
    path = f"{base(event)}/notatka/relacja"
    client.sign_in(people.ewa).see(f"{base(event)}/notatka")
    assert client.post(path, data={"relacja-text": "a" * 601}).status_code == 422
    assert client.post(path, data={"relacja-text": "Było.", "relacja-link": "ftp://zly.example"}).status_code == 422
    assert (
        client.post(path, data={"relacja-text": "Było dobrze.", "relacja-link": "https://zk.example/w"}).status_code
        == 303
    )
    visitor = browser_of(client.application, session)
    for place in (base(event), "/partnerzy/zk-kladkowo", "/partnerzy/mops-kladkowo"):
        assert "Było dobrze." in visitor.see(place).text
    assert client.post(f"{path}/usun").status_code == 303
    assert "Było dobrze." not in visitor.see(base(event)).text


def test_an_account_of_an_invited_event_tells_no_title(client, session, people, clock):
    event = met(session, people, clock, visibility=Visibility.INVITED, title="Narada tajna")
    submitted(session, event, people.ewa)
    actions.tell_story(session, people.ewa.actor, found(session, event), "Było dobrze.", "", now())
    visitor = browser_of(client.application, session)
    assert "Było dobrze." not in visitor.see("/partnerzy/zk-kladkowo").text
    text = client.sign_in(people.stefan).see("/partnerzy/zk-kladkowo").text
    assert "Było dobrze." in text
    assert "Narada tajna" not in text
    assert "Narada tajna" in client.sign_in(people.marek).see("/partnerzy/zk-kladkowo").text


def test_a_joint_project_begins_with_those_who_met(client, session, people, clock):
    event = met(session, people, clock)
    submitted(session, event, people.ewa)
    page = client.sign_in(people.ewa).see(f"{base(event)}/notatka")
    (address,) = [link["href"] for link in page.all("a") if link.text == "Zaproponuj wspólny projekt"]
    values = client.see(address).values("/projekty/nowy")
    assert (values["title"], values["partner_0"]) == ("Spotkanie o świadczeniach", people.mops.name)


# --- who reads what


@pytest.mark.parametrize(
    ("who", "write", "read", "answer"),
    [
        ("ewa", 303, 200, 409),
        ("adam", 303, 200, 409),
        ("marek", 303, 200, 303),
        ("piotr", 403, 200, 403),
        ("jola", 403, 200, 403),
        ("stefan", 403, 200, 403),
        ("zofia", 403, 200, 403),
        ("wanda", 403, 200, 403),
        ("olga", 403, 200, 403),
    ],
)
def test_roles_and_routes(client, session, people, clock, who, write, read, answer):
    event = met(session, people, clock, guests=[people.jola], visibility=Visibility.PARTNERS)
    submitted(session, event, people.ewa)
    client.sign_in(getattr(people, who))
    assert client.get(f"{base(event)}/obecnosc").status_code == write
    assert client.get(f"{base(event)}/notatka").status_code == read
    assert client.post(f"{base(event)}/notatka/odpowiedz", data={"potwierdzam": "1"}).status_code == answer
    story = client.post(f"{base(event)}/notatka/relacja", data={"relacja-text": "Było."}).status_code
    assert story == (303 if who in ("ewa", "adam") else 403)
    assert client.get("/notatki").status_code == 200
    for page in ("obecnosc", "notatka"):
        assert browser_of(client.application, session).get(f"{base(event)}/{page}").status_code == 302
    assert browser_of(client.application, session).get("/notatki").status_code == 302


@pytest.mark.parametrize("who", ["stefan", "zofia", "wanda"])
def test_who_may_not_know_of_the_meeting_finds_nothing(client, session, people, clock, who):
    event = met(session, people, clock, visibility=Visibility.INVITED, title="Narada tajna")
    submitted(session, event, people.ewa)
    client.sign_in(getattr(people, who))
    for page in ("notatka", "notatka/sprawdz"):
        assert client.get(f"{base(event)}/{page}").status_code == 404
    assert "Narada tajna" not in client.see("/notatki").text


def test_guests_read_the_note_with_their_own_people(client, session, people, clock):
    event = met(session, people, clock, guests=[people.jola, people.piotr])
    submitted(session, event, people.ewa, people_inside=2)
    page = client.sign_in(people.jola).see(f"{base(event)}/notatka")
    assert "Omówiono zasiłki." in page.text
    assert "Jola Próbna" in page.main.text
    assert "Piotr Wzorcowy" not in page.text
    assert "mniej niż 3" in page.text


def test_the_inspector_reads_the_fact_alone(client, session, people, clock):
    event = met(session, people, clock, guests=[people.jola], visibility=Visibility.PARTNERS)
    submitted(session, event, people.ewa, people_inside=2, others=7)
    page = client.sign_in(people.wanda).see(f"{base(event)}/notatka")
    assert "odbyło się" in page.text
    assert "mniej niż 3" in page.text
    for secret in ("Omówiono", "Jola Próbna", "schronienie"):
        assert secret not in page.main.text
    missed = met(session, people, clock, visibility=Visibility.PARTNERS, title="Drugie")
    submitted(
        session, missed, people.ewa, outcome=Outcome.NOT_HELD, reason="unit_illness", note="grypa", rows=(), body=""
    )
    page = client.sign_in(people.wanda).see(f"{base(missed)}/notatka")
    assert "nie odbyło się (po stronie jednostki penitencjarnej)" in page.text
    text = client.see("/notatki").text + client.get("/notatki.csv").get_data(as_text=True)
    for secret in ("Zachorowania", "grypa"):
        assert secret not in page.text + text
    assert "po stronie jednostki penitencjarnej" in text


def test_a_draft_is_seen_by_those_who_write_it_alone(client, session, people, clock):
    event = met(session, people, clock, guests=[people.jola])
    saved(session, event, people.ewa, body="Jeszcze nie wiadomo.")
    for person in (people.jola, people.piotr, people.stefan, people.wanda):
        page = client.sign_in(person).see(f"{base(event)}/notatka")
        assert "Notatki jeszcze nie ma" in page.text
        assert "Jeszcze nie wiadomo" not in page.text


# --- badges, the list


def test_badges_after_three_working_days(client, session, people, clock):
    event = met(session, people, clock)
    assert "czeka na notatkę" not in client.sign_in(people.ewa).see(base(event)).text
    clock.shift(timedelta(days=3))
    assert "czeka na notatkę" in client.sign_in(people.ewa).see(base(event)).text
    for person in (people.marek, people.stefan, people.wanda):
        text = client.sign_in(person).see(base(event)).text
        assert "bez notatki" in text
        assert "czeka na notatkę" not in text


def test_the_desk_asks_the_organiser_from_the_day_after_on(client, session, people, clock):
    met(session, people, clock, after=timedelta(days=1, hours=6))
    words = "Czeka na notatkę: Spotkanie o świadczeniach"
    assert words not in client.sign_in(people.ewa).see("/biurko").text
    clock.shift(timedelta(hours=18))
    assert words in client.sign_in(people.ewa).see("/biurko").text
    assert words not in client.sign_in(people.marek).see("/biurko").text


def test_the_list_with_its_filters_and_tables(client, session, people, clock):
    held, missed, _waiting = (met(session, people, None, title=title) for title in ("Odbyte", "Nieodbyte", "Bez słowa"))
    met(session, people, None, title="Cudze", co=False)
    clock.shift(timedelta(days=2))
    submitted(session, held, people.ewa)
    submitted(session, missed, people.ewa, outcome=Outcome.NOT_HELD, reason="weather", rows=(), body="")
    clock.shift(timedelta(days=5))
    client.sign_in(people.marek)

    def shown(query: str) -> set[str]:
        page = client.see(f"/notatki{query}")
        return {link.text for link in page.main.all("a") if link["href"].endswith("/notatka")}

    assert shown("") == {"Odbyte", "Nieodbyte", "Bez słowa"}
    assert shown("?stan=odbyte") == {"Odbyte"}
    assert shown("?stan=nieodbyte") == {"Nieodbyte"}
    assert shown("?stan=bez-notatki") == {"Bez słowa"}
    assert shown("?stan=odwolane") == set()
    assert shown("?od=2026-11-24&do=2026-11-24") == {"Odbyte", "Nieodbyte", "Bez słowa"}
    assert shown("?od=2026-11-25") == set()
    assert shown("?instytucja=zk-kladkowo") == {"Odbyte", "Nieodbyte", "Bez słowa"}
    assert shown("?instytucja=most") == set()
    assert shown("?stan=zly&od=nonsens&strona=x") == {"Odbyte", "Nieodbyte", "Bez słowa"}
    client.htmx("/notatki?stan=odbyte", "records")
    for kind in ("csv", "xlsx"):
        body = client.get(f"/notatki.{kind}?stan=odbyte").data
        rows = [row.cells for row in tables.read(body)]
        assert len(rows) == 2
        assert rows[1][2] == "Odbyte"
        assert rows[1][6] == "odbyło się"
    assert record_at(session, held).state is RecordState.SUBMITTED


def test_tasks_are_done_by_post(client, session, people, clock):
    event = met(session, people, clock)
    submitted(session, event, people.ewa, tasks=(Task("k1", "lista osób", people.mops.id or 0),))
    page = client.sign_in(people.piotr).see(f"{base(event)}/notatka")
    (form,) = [one for one in page.all("form") if one["action"].startswith("/zadania/")]
    assert client.get(form["action"]).status_code == 405
    assert client.post(form["action"]).status_code == 303
    assert session.exec(select(RecordTask)).one().done_at is not None
    assert client.sign_in(people.stefan).post(form["action"]).status_code == 404


def test_in_english(client, session, people, clock):
    event = met(session, people, clock, guests=[people.jola])
    client.sign_in(people.ewa)
    path = f"{base(event)}/obecnosc"
    page = client.see(f"{path}?jezyk=en")
    assert page.h1 == "Attendance and note"
    values = page.values(path)
    assert values["body"].startswith("## Who took part")
    client.post(path, data=values | {"outcome": "held", "people-0-present": "tak", "zatwierdz": "1"})
    assert "waits for the other side" in client.see(f"{base(event)}/notatka").text
    client.see("/notatki")
    client.see("/biurko")


@pytest.mark.parametrize("page", ["obecnosc", "notatka", "notatka/sprawdz"])
def test_pages_ask_a_constant_number_of_statements(client, session, people, clock, query_count, page):
    counts = []
    for guests in ([people.jola], [people.jola, people.piotr, people.stefan, people.zofia]):
        event = met(session, people, None, guests=guests)
        clock.shift(timedelta(days=2))
        if page != "obecnosc":
            submitted(session, event, people.ewa)
            if page.endswith("sprawdz"):
                actions.answer(session, people.marek.actor, record_at(session, event).id or 0, "", now())
        client.sign_in(people.ewa).see(f"{base(event)}/{page}")
        with query_count() as asked:
            client.see(f"{base(event)}/{page}")
        counts.append(len(asked))
        clock.shift(timedelta(days=-2))
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize(
    ("path", "who", "most"), [("/notatki", "ewa", 6), ("/notatki", "wanda", 2), ("/biurko", "ewa", 31)]
)
def test_lists_ask_a_constant_number_of_statements(client, session, people, clock, query_count, path, who, most):
    client.sign_in(getattr(people, who))
    counts = []
    for number in (1, 4):
        for n in range(number):
            event = met(session, people, None, title=f"Spotkanie {number}.{n}", visibility=Visibility.PARTNERS)
            clock.shift(timedelta(days=2))
            submitted(session, event, people.marek, tasks=(Task("k1", f"lista {number}.{n}", people.prison.id or 0),))
            met(session, people, None, title=f"Bez słowa {number}.{n}")
            clock.shift(timedelta(days=-2))
        clock.shift(timedelta(days=4))
        client.sign_in(getattr(people, who)).see(path)
        with query_count() as asked:
            client.see(path)
        counts.append(len(asked))
        clock.shift(timedelta(days=-4))
    assert counts[0] == counts[1] <= most


def test_each_date_of_a_series_has_its_record(client, session, people, clock):
    event = make_series(session, people.ewa, title="Dyżur")
    first, second = (row.local_date for row in dates_of(session, event)[:2])
    clock.shift(timedelta(days=17))
    client.sign_in(people.ewa)
    assert f"{base(event)}/{first}/obecnosc" in {link["href"] for link in client.see("/biurko").all("a")}
    path = f"{base(event)}/{first}/obecnosc"
    values = client.see(path).values(path)
    location = client.post(path, data=values | {"outcome": "held", "zatwierdz": "1"}).location
    assert location == f"{base(event)}/{first}/notatka"
    assert "wtorek, 8 grudnia 2026" in client.see(location).text
    assert [row.outcome for row in dates_of(session, event)[:2]] == [Outcome.HELD, None]
    assert client.get(f"{base(event)}/{second}/obecnosc").status_code == 409
    assert client.get(f"{base(event)}/{first + timedelta(days=1)}/obecnosc").status_code == 404
    assert client.see(f"{base(event)}/notatka").h1 == "Notatka ze spotkania"
