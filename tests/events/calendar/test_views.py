"""The calendar as visitors see it, and an event from the form to its publication."""

import json
from datetime import datetime, timedelta
from io import BytesIO
from urllib.parse import urlencode

import pytest
from sqlmodel import select

from app.clock import now
from events.calendar.models import Event, EventParty, State, Visibility
from events.changes import actions as changes
from partners.agreements.models import AgreementState
from tests.factories.agreements import make_agreement, make_clause
from tests.factories.events import date_of
from tests.factories.guests import event_in, invite, sign_up
from tests.factories.institutions import make_institution

TYPED = {
    "kind": "staff_training",
    "title": "Szkolenie o zasiłkach",
    "day": "15.12.2026",
    "starts": "10:00",
    "ends": "12:00",
    "place": "",
    "seats": "15",
    "audience": "social_workers",
    "description": "Rozmawiamy o *świadczeniach*.",
}


def typed(people, **changes):
    return {**TYPED, "place": str(people.mops.id), **changes}


def structured(page):
    return json.loads("".join(page.one("script", type="application/ld+json").children))


# --- month, week, list


def test_month_is_a_table_with_holidays_today_and_events(client, session, people, clock):
    event_in(session, people.ewa, title="Warsztaty w świetlicy", days=1)
    page = client.see("/kalendarz")
    assert page.one("h1").text == "Listopad 2026"
    table = page.one("table", class_="cal")
    assert table.one("caption").text == "Wydarzenia: listopad 2026"
    assert [cell["scope"] for cell in table.all("th")] == ["col"] * 7
    assert table.one("td", class_="today").one("span", class_="d").text.endswith("23 (dziś)")
    assert "Narodowe Święto Niepodległości" in table.text
    (entry,) = table.all("a", class_="ev")
    assert entry.text == "10.00 Szkolenie kadry: Warsztaty w świetlicy"
    assert len(table.all("td")) == 42
    piece = page.one("div", id="month")
    assert (piece["data-announce"], page.title) == ("Listopad 2026: 1 wydarzenie", f"{piece['data-page']} – Kładka")


def test_month_in_english_has_english_words(client, session, people, clock):
    event_in(session, people.ewa, days=1)
    page = client.see("/kalendarz/2026-11?jezyk=en")
    assert page.one("h1").text == "November 2026"
    assert "National Independence Day" in page.text
    assert "Staff training:" in page.text
    assert page.one("a", class_="ev").one("span", lang="pl").text == "Szkolenie o świadczeniach"
    row = client.see("/kalendarz/lista?jezyk=en").main.one("li", class_="item")
    assert row.one("h2").one("span", lang="pl").text == "Szkolenie o świadczeniach"


def test_months_follow_each_other_with_their_filters(client, people, clock):
    page = client.see("/kalendarz/2026-12?woj=08&rodzaj=kadra")
    assert page.one("a", rel="prev")["href"] == "/kalendarz/2026-11?rodzaj=kadra&woj=08"
    assert page.one("a", rel="next")["href"] == "/kalendarz/2027-01?rodzaj=kadra&woj=08"
    assert page.one("a", id="dzis")["href"] == "/kalendarz?rodzaj=kadra&woj=08"
    assert page.one("option", selected="", value="08").text == "lubuskie"
    assert "W tym miesiącu nie ma wydarzeń pasujących do filtrów." in page.text


@pytest.mark.parametrize("path", ["/kalendarz/1990-01", "/kalendarz/2100-12", "/kalendarz/tydzien/2100-W52"])
def test_the_ends_of_the_calendar_have_one_neighbour(client, clock, path):
    page = client.see(path)
    assert len(page.all("a", rel="prev")) + len(page.all("a", rel="next")) == 1


@pytest.mark.parametrize(
    "path",
    ["/kalendarz/2026-13", "/kalendarz/26-11", "/kalendarz/tydzien/2026-W54", "/kalendarz/1850-01", "/kalendarz/x"],
)
def test_there_is_no_such_month_or_week(client, path):
    client.see(path, status=404)


def test_cancelled_events_are_struck_and_named(client, session, people, clock):
    event = event_in(session, people.ewa, title="Narada", days=1)
    changes.cancel(session, people.ewa.actor, event, "ćwiczenia ochronne", now())
    entry = client.see("/kalendarz").one("a", class_="off")
    assert entry.one("s").text == "Narada"
    assert entry.text.endswith("odwołane")
    row = client.see("/kalendarz/lista").main.one("li", class_="item")
    assert row.one("s").text == "Narada"
    assert row.one("span", class_="bad").text == "odwołane"


def test_a_full_day_links_to_its_list(client, session, people, clock):
    for _number in range(8):
        event_in(session, people.ewa, days=1)
    more = [link for link in client.see("/kalendarz?woj=08").all("a") if link.text.startswith("jeszcze")]
    assert [(link.text, link["href"]) for link in more] == [
        ("jeszcze 3: 24 listopada 2026", "/kalendarz/lista?woj=08&od=2026-11-24&do=2026-11-24")
    ]
    assert len(client.see(more[0]["href"]).main.all("li", class_="item")) == 8


def test_week_shows_seven_days(client, session, people, clock):
    event_in(session, people.ewa, title="Warsztaty", days=1, capacity=1)
    page = client.see("/kalendarz/tydzien/2026-W48")
    assert page.one("h1").text == "Tydzień 23–29 listopada 2026"
    days = [heading.text for heading in page.main.one("ol", class_="rows").all("h2")]
    assert (len(days), days[0], days[1]) == (7, "poniedziałek23 listopada – dziś", "wtorek24 listopada")
    row = page.main.one("li", class_="item")
    assert row.one("h3").text == "Warsztaty"
    assert row.one("div", class_="end").text == "1 wolne miejsce"


def test_list_begins_today_and_reads_periods(client, session, people, clock):
    event_in(session, people.ewa, title="jutro", days=1)
    event_in(session, people.ewa, title="za miesiąc", days=30)
    clock.shift(timedelta(days=2))
    assert [h.text for h in client.see("/kalendarz/lista").main.all("h2", class_="title")] == ["za miesiąc"]
    both = client.see("/kalendarz/lista?od=1.11.2026&do=2026-12-31")
    assert [heading.text for heading in both.main.all("h2", class_="title")] == ["jutro", "za miesiąc"]
    assert "1 listopada 2026 – 31 grudnia 2026" in both.main.text
    swapped = client.see("/kalendarz/lista?od=31.12.2026&do=1.11.2026")
    assert len(swapped.main.all("h2", class_="title")) == 2


def test_list_says_what_it_cannot_read(client, clock):
    page = client.see("/kalendarz/lista?od=30.02.2026&do=x&po=zzz&przed=1|1&rodzaj=x&woj=00&dla=x")
    assert page.one("span", id="od-error").text == "Podaj datę, na przykład 15.12.2026."
    assert page.one("input", id="od")["value"] == "30.02.2026"
    assert page.one("input", id="do")["aria-invalid"] == "true"


def test_pages_of_the_list_are_linked(client, session, people, clock):
    for _number in range(31):
        event_in(session, people.ewa, days=1)
    first = client.see("/kalendarz/lista?woj=08")
    assert len(first.main.all("li", class_="item")) == 30
    second = client.see(first.one("a", rel="next")["href"])
    assert len(second.main.all("li", class_="item")) == 1
    back = client.see(second.one("a", rel="prev")["href"])
    assert len(back.main.all("li", class_="item")) == 30
    assert not back.all("a", rel="prev")


@pytest.mark.parametrize("key", ["0001-01-01T00:00:00+14:00|1", "9999-12-31T23:59:59-14:00|1", "x|1", "2026-11-24|1"])
def test_a_key_that_means_nothing_is_left_out_of_account(client, session, people, clock, key):
    event = event_in(session, people.ewa)
    assert event.title in client.see("/kalendarz/lista?" + urlencode({"po": key})).text


@pytest.mark.parametrize("field", ["title", "kind", "day", "seats", "audience", "description", "all_day"])
def test_a_file_is_no_text(client, people, clock, field):
    client.sign_in(people.ewa)
    answer = client.post("/wydarzenia/nowe", data={field: (BytesIO(b"x"), "x.txt")}, content_type="multipart/form-data")
    assert answer.status_code == 422


def test_institution_filter_takes_names_and_asks_when_several_fit(client, session, people, clock):
    event_in(session, people.ewa, title="w więzieniu", days=1)
    event_in(session, people.jola, title="w stowarzyszeniu", days=1)
    one = client.see("/kalendarz/lista?instytucja=most")
    assert [heading.text for heading in one.main.all("h2", class_="title")] == ["w stowarzyszeniu"]
    assert one.one("input", id="adres")["value"].endswith("/kanaly/i/most.ics")
    several = client.see("/kalendarz?instytucja=kladk")
    assert [a["href"] for a in several.main.all("a") if a["href"].endswith("-kladkowo")] == [
        "/kalendarz/2026-11?instytucja=mops-kladkowo",
        "/kalendarz/2026-11?instytucja=zk-kladkowo",
    ]
    none = client.see("/kalendarz/tydzien/2026-W48?instytucja=nikt")
    assert "Nie znaleźliśmy instytucji „nikt”." in none.text


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/kalendarz", "month"),
        ("/kalendarz/2026-12?woj=08", "month"),
        ("/kalendarz/tydzien/2026-W48", "week"),
        ("/kalendarz/lista", "listing"),
    ],
)
def test_htmx_gets_a_piece_of_the_page(client, session, people, clock, path, target):
    event_in(session, people.ewa, days=1)
    client.htmx(path, target)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "limit"), [("/kalendarz", 5), ("/kalendarz/lista", 4), ("/kalendarz/tydzien/2026-W48", 5)]
)
def test_pages_of_the_calendar_ask_few_statements(client, session, people, clock, query_count, path, limit):
    client.sign_in(people.marek)
    counts = []
    for number in (1, 2, 97):
        for _more in range(number):
            event_in(session, people.ewa, days=1)
        session.commit()
        with query_count() as statements:
            client.see(path)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert max(counts) <= limit


# --- the page of an event


def test_public_page_tells_people_and_machines(client, session, people, clock):
    event = event_in(
        session, people.ewa, title="Szkolenie </script> & spółka", place="", place_institution_id=people.mops.id,
        room="sala 1", capacity=15, description="O **zasiłkach**", topics=("schronienie",), contact="68 000 00 11",
    )  # fmt: skip
    page = client.see(f"/wydarzenia/{event.uuid}")
    assert page.one("h1").text == "Szkolenie </script> & spółka"
    assert "poniedziałek, 30 listopada 2026, 10.00–12.00" in page.text
    assert page.one("strong").text == "zasiłkach"
    assert "schronienie" in page.text
    data = structured(page)
    assert data["@type"] == "Event"
    assert data["name"] == "Szkolenie </script> & spółka"
    assert data["startDate"] == "2026-11-30T10:00:00+01:00"
    assert data["eventStatus"] == "https://schema.org/EventScheduled"
    assert data["location"]["name"] == "MOPS w Kładkowie"
    sign_in = page.main.one("section", id="roster").one("a", class_="btn")
    assert sign_in["href"] == f"/logowanie?next=/wydarzenia/{event.uuid}"
    assert page.one("a", href=f"/wydarzenia/{event.uuid}.ics").text == "Pobierz termin (.ics)"
    assert "Dla organizatora" not in page.text


def test_pages_that_are_not_public_carry_no_data_for_machines(client, session, people, clock):
    event = event_in(session, people.ewa, visibility=Visibility.PARTNERS)
    client.see(f"/wydarzenia/{event.uuid}", status=404)
    client.sign_in(people.marek)
    page = client.see(f"/wydarzenia/{event.uuid}")
    assert not page.all("script", type="application/ld+json")
    assert page.one("meta", name="robots")["content"] == "noindex"


def test_one_date_of_an_event_has_an_address(client, session, people, clock):
    event = event_in(session, people.ewa)
    day = date_of(session, event).local_date
    client.see(f"/wydarzenia/{event.uuid}/{day}")
    client.see(f"/wydarzenia/{event.uuid}/{day + timedelta(days=1)}", status=404)
    client.see(f"/wydarzenia/{event.uuid}/2026-02-30", status=404)


@pytest.mark.parametrize(("who", "told"), [("ewa", True), ("marek", True), ("jola", False), ("", False)])
def test_an_agreement_in_preparation_is_named_to_its_parties_only(client, session, people, clock, who, told):
    agreement = make_agreement(session, "P-08-950", people.prison, people.mops, state=AgreementState.SENT)
    event = event_in(session, people.ewa, clause_id=make_clause(session, agreement, "notice").id)
    if who:
        client.sign_in(getattr(people, who))
    assert ("P-08-950" in client.see(f"/wydarzenia/{event.uuid}").text) is told


def test_the_online_link_is_for_participants_and_organisers(client, session, people, clock):
    event = event_in(
        session, people.ewa, place="", online=True, online_link="https://spotkanie.example/abc", capacity=1
    )
    sign_up(session, event, people.marek)
    sign_up(session, event, people.stefan)
    seen = {}
    for name in ("visitor", "marek", "stefan", "jola", "ewa"):
        if name != "visitor":
            client.sign_in(getattr(people, name))
        seen[name] = "spotkanie.example" in client.see(f"/wydarzenia/{event.uuid}").source
    assert seen == {"visitor": False, "marek": True, "stefan": False, "jola": False, "ewa": True}


def test_a_cancelled_event_says_why(client, session, people, clock):
    event = event_in(session, people.ewa)
    changes.cancel(session, people.ewa.actor, event, "ćwiczenia ochronne", now())
    page = client.see(f"/wydarzenia/{event.uuid}")
    assert page.one("div", class_="bad").text == "To wydarzenie zostało odwołane.Powód: ćwiczenia ochronne"
    data = structured(page)
    assert data["eventStatus"].endswith("EventCancelled")


def test_past_events_without_hours_say_so(client, session, people, clock):
    event = event_in(session, people.ewa, days=1, all_day=True, ends=datetime.fromisoformat("2026-11-25T00:00"))
    assert "cały dzień" in client.see(f"/wydarzenia/{event.uuid}").text
    clock.shift(timedelta(days=3))
    page = client.see(f"/wydarzenia/{event.uuid}")
    assert "godziny nieznane" in page.text
    assert "minione" in page.text


def test_an_event_asks_six_statements_at_most(client, session, people, clock, query_count):
    event = event_in(session, people.ewa, capacity=50)
    counts = []
    for person in (people.marek, people.stefan, people.jola):
        sign_up(session, event, person, places=10)
        session.commit()
        client.sign_in(people.ewa)
        with query_count() as statements:
            client.see(f"/wydarzenia/{event.uuid}")
        counts.append(len(statements))
    assert len(set(counts)) == 1
    assert counts[0] <= 6


# --- a new event


def test_only_coordinators_begin_events(client, people):
    assert client.get("/wydarzenia/nowe").status_code == 302
    client.sign_in(people.piotr)
    client.see("/wydarzenia/nowe", status=403)
    client.sign_in(people.wanda)
    client.see("/wydarzenia/nowe", status=403)


def test_the_form_shows_seven_things_and_folds_the_rest(client, session, people, clock):
    make_agreement(session, "P-08-901", people.prison, people.mops)
    client.sign_in(people.marek)
    page = client.see("/wydarzenia/nowe")
    assert page.one("h1").text == "Nowe wydarzenie"
    assert not page.one("details", id="wiecej").has("open")
    places = [option.text for option in page.one("select", id="place").all("option")]
    assert places == [
        "wybierz…",
        "MOPS w Kładkowie",
        "Zakład Karny w Kładkowie",
        "online",
        "inne miejsce, wpisane niżej",
    ]
    assert page.one("option", selected="", value=str(people.mops.id)).text == "MOPS w Kładkowie"


def test_from_the_form_to_publication(client, session, people, clock):
    client.sign_in(people.marek).see("/wydarzenia/nowe")
    answer = client.post("/wydarzenia/nowe", data=typed(people, invited_others="Stowarzyszenie Pokazowe „Most”"))
    event = session.exec(select(Event)).one()
    assert (answer.status_code, answer.location) == (303, f"/wydarzenia/{event.uuid}/sprawdz")
    assert (event.state, event.visibility, event.capacity) == (State.DRAFT, Visibility.PARTNERS, 15)
    assert session.exec(select(EventParty.institution_id)).all() == [people.ngo.id]
    page = client.see(answer.location)
    assert "wtorek, 15 grudnia 2026, 10.00–12.00" in page.text
    assert "15 i lista rezerwowa" in page.text
    assert [a["href"] for a in page.main.all("a") if a.text == "Zmień: Nazwa"] == [
        f"/wydarzenia/{event.uuid}/edycja#title"
    ]
    answer = client.post(f"/wydarzenia/{event.uuid}/sprawdz")
    assert (answer.status_code, answer.location) == (303, f"/wydarzenia/{event.uuid}")
    assert session.exec(select(Event)).one().state is State.PUBLISHED
    assert "Wydarzenie opublikowane." in client.see(answer.location).text


def test_in_a_prison_unit_the_invited_only_see_it(client, session, people, clock):
    make_agreement(session, "P-08-901", people.prison, people.mops)
    client.sign_in(people.marek).see("/wydarzenia/nowe")
    client.post("/wydarzenia/nowe", data=typed(people, place=str(people.prison.id)))
    event = session.exec(select(Event)).one()
    assert event.visibility is Visibility.INVITED
    page = client.see(f"/wydarzenia/{event.uuid}/sprawdz")
    assert "Oprócz Twojej instytucji zobaczą je i będą mogli się zapisać: Zakład Karny w Kładkowie." in page.text


def test_an_event_for_nobody_invited_warns_and_leads_to_the_invitations(client, session, people, clock):
    client.sign_in(people.ewa).see("/wydarzenia/nowe")
    client.post("/wydarzenia/nowe", data=typed(people, place=str(people.prison.id)))
    event = session.exec(select(Event)).one()
    page = client.see(f"/wydarzenia/{event.uuid}/sprawdz")
    assert "Nikt nie jest zaproszony" in page.text
    (link,) = [one["href"] for one in page.all("a") if one.text == "Zaproś instytucje"]
    assert link == f"/wydarzenia/{event.uuid}/edycja?wiecej=1#zaproszenia"
    folded = client.see(link.partition("#")[0]).one("details", id="wiecej")
    assert folded.has("open")
    assert folded.one("div", id="zaproszenia").one("textarea", id="invited_others")


def test_a_wrong_form_comes_back_filled_in(client, session, people, clock):
    client.sign_in(people.marek).see("/wydarzenia/nowe")
    answer = client.post("/wydarzenia/nowe", data=typed(people, day="30.02.2026", seats="dużo", invited_others="Nikt"))
    assert answer.status_code == 422
    page = client.page
    assert page.title.startswith("Błąd: Nowe wydarzenie")
    assert page.one("div", class_="errors").one("h2").text == "Popraw 2 błędy"
    links = [(link["href"], link.text) for link in page.one("div", class_="errors").all("a")]
    assert links[0] == ("#day", "Podaj datę, która istnieje, na przykład 15.12.2026.")
    assert links[1][0] == "#seats"
    values = page.values("/wydarzenia/nowe")
    assert (values["day"], values["seats"], values["title"]) == ("30.02.2026", "dużo", "Szkolenie o zasiłkach")
    assert values["audience"] == "social_workers"
    assert session.exec(select(Event)).all() == []


def test_an_unknown_institution_opens_more_settings(client, session, people, clock):
    client.sign_in(people.marek).see("/wydarzenia/nowe")
    assert client.post("/wydarzenia/nowe", data=typed(people, invited_others="Nikt taki, bródk")).status_code == 422
    assert client.page.one("details", id="wiecej").has("open")
    assert "Nie znamy instytucji „Nikt taki”." in client.page.text
    assert "pasuje kilka instytucji: Areszt Śledczy w Bródku (as-brodek), OPS w Bródku" in client.page.text
    assert client.page.one("textarea", id="invited_others").text == "Nikt taki, bródk"


def test_a_draft_is_saved_with_title_and_date(client, session, people, clock):
    client.sign_in(people.marek).see("/wydarzenia/nowe")
    data = {"kind": "workshop", "title": "Pomysł", "day": "15.12.2026", "place": "", "szkic": "1"}
    answer = client.post("/wydarzenia/nowe", data=data)
    event = session.exec(select(Event)).one()
    assert (answer.status_code, answer.location) == (303, f"/wydarzenia/{event.uuid}/edycja")
    page = client.see(answer.location)
    assert "Przed publikacją uzupełnij:" in page.text
    page = client.see(f"/wydarzenia/{event.uuid}/sprawdz")
    assert "Jeszcze nie gotowe" in page.text
    assert "Opublikuj wydarzenie" not in page.text
    assert client.post(f"/wydarzenia/{event.uuid}/sprawdz").status_code == 422
    assert "Wydarzenie nie zostało opublikowane" in client.page.text


def test_the_check_page_warns_of_holidays_week_ends_and_clashes(client, session, people, clock):
    other = event_in(session, people.marek, title="Inne", days=32)  # 25 December
    event = event_in(session, people.marek, days=32, publish=False)
    saturday = event_in(session, people.marek, days=5, publish=False)
    client.sign_in(people.marek)
    page = client.see(f"/wydarzenia/{event.uuid}/sprawdz")
    assert "25 grudnia 2026 to święto: Boże Narodzenie (pierwszy dzień)." in page.text
    assert page.one("a", href=f"/wydarzenia/{other.uuid}").text == "Inne"
    assert "sobota, 28 listopada 2026 wypada w weekend." in client.see(f"/wydarzenia/{saturday.uuid}/sprawdz").text


def test_an_event_is_copied_without_its_date(client, session, people, clock):
    event = event_in(session, people.marek, title="Co miesiąc", capacity=7, topics=("jeden", "dwa"))
    invite(session, event, people.ngo.id)
    client.sign_in(people.marek)
    address = f"/wydarzenia/nowe?wzor={event.uuid}"
    values = client.see(address).values(address)
    assert (values["title"], values["day"], values["starts"], values["seats"]) == ("Co miesiąc", "", "10.00", "7")
    assert (values["topics"].strip(), values["invited"]) == ("jeden\ndwa", str(people.ngo.id))
    client.sign_in(people.stefan)
    assert client.see(f"/wydarzenia/nowe?wzor={event.uuid}").values("/wydarzenia/nowe")["title"] == ""


def test_a_copy_keeps_whoever_was_invited_by_name(client, session, people, clock):
    event = event_in(session, people.marek)
    stranger = make_institution(session, "ops-bez-porozumienia")
    invite(session, event, stranger.id)
    client.sign_in(people.marek)
    page = client.see(f"/wydarzenia/nowe?wzor={event.uuid}")
    address = f"/wydarzenia/nowe?wzor={event.uuid}"
    answer = client.post(address, data={**page.values(address), "day": "15.12.2026"})
    assert answer.status_code == 303
    copy = session.exec(select(Event).where(Event.id != event.id)).one()
    invited = session.exec(select(EventParty.institution_id).where(EventParty.event_id == copy.id)).all()
    assert invited == [stranger.id]


def test_others_drafts_are_unknown(client, session, people, clock):
    event = event_in(session, people.marek, publish=False)
    for person, status in ((people.stefan, 404), (people.piotr, 403), (people.marek, 200)):
        client.sign_in(person).see(f"/wydarzenia/{event.uuid}/sprawdz", status=status)
    client.sign_in(people.piotr).see(f"/wydarzenia/{event.uuid}", status=404)


def test_a_draft_can_be_deleted(client, session, people, clock):
    event = event_in(session, people.marek, publish=False)
    client.sign_in(people.marek).see(f"/wydarzenia/{event.uuid}/sprawdz")
    answer = client.post(f"/wydarzenia/{event.uuid}/usun-szkic")
    assert (answer.status_code, answer.location) == (303, "/biurko")
    assert session.exec(select(Event)).all() == []
