"""Duty hours in the browser: planned by the centre, confirmed and booked by the unit, seen by the two sides alone."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlmodel import Session, select

from app.clock import now
from events.calendar import actions as calendar
from events.calendar.models import Answer, Event, EventKind, EventParty, State, Visibility
from events.duty import queries
from events.duty.models import DutyBooking
from events.recurrence import Rule
from events.signups import actions as signups
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.agreements import make_agreement, make_clause
from tests.factories.availability import make_period
from tests.factories.duty import FIRST, LAST, dates, make_booking, make_duty
from tests.factories.events import draft_of
from tests.factories.persons import People, Person

pytestmark = pytest.mark.usefixtures("clock")

BOARD = "/dyzury/zk-kladkowo/2026-12"
PLAN = {
    "how": "1",
    "weekday": "1",
    "first_day": "1.12.2026",
    "last_day": "31.05.2027",
    "starts": "9.00",
    "ends": "12.00",
    "slot_minutes": "20",
    "slot_persons": "2",
    "room": "pokój rozmów",
}


def plan_values(people: People, **changes: str) -> dict[str, str]:
    return {**PLAN, "unit": str(people.prison.id), "who": str(people.piotr.actor.user_id), **changes}


@pytest.fixture(name="agreed")
def _agreed(session: Session, people: People) -> None:
    agreement = make_agreement(session, "P-08-001", people.prison, people.mops)
    make_clause(session, agreement, "duty_hours", None)


@pytest.mark.usefixtures("agreed")
def test_a_centre_plans_the_unit_confirms_and_books(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.marek).see("/dyzury")
    assert "Nowy dyżur" in client.page.text
    client.see("/dyzury/nowy?jednostka=zk-kladkowo")
    client.post("/dyzury/nowy", data=plan_values(people))
    assert "6 terminów" in client.page.text
    assert session.exec(select(Event)).all() == []
    shown = client.page.one("input", name="shown")["value"]
    client.post(
        "/dyzury/nowy", data=plan_values(people, shown=shown, bez="2027-01-05", zapisz="1"), follow_redirects=True
    )
    assert "jednostka dostała prośbę o potwierdzenie" in client.page.text
    assert "w każdym 2 osoby" in client.page.text
    event = session.exec(select(Event)).one()
    assert (event.slot_minutes, event.slot_persons) == (20, 2)
    assert [row.local_date.isoformat() for row in dates(session, event) if row.state is State.REMOVED] == ["2027-01-05"]
    assert client.sign_in(people.ewa).get("/dyzury/zk-kladkowo").status_code == 303
    client.see(f"/wydarzenia/{event.uuid}/uzgodnienia")
    client.post(f"/wydarzenia/{event.uuid}/uzgodnienia/odpowiedz", data={"answer": "tak"}, follow_redirects=True)
    assert session.get_one(EventParty, (event.id, people.prison.id)).answer is Answer.CONFIRMED
    client.sign_in(people.marek).see(f"/wydarzenia/{event.uuid}/sprawdz")
    form = client.page.form(f"/dyzury/plan/{event.uuid}/oglos")
    client.post(form["action"], follow_redirects=True)
    assert "Dyżury są ogłoszone" in client.page.text
    assert people.piotr.actor.name in client.page.text
    assert "18 z 18 miejsc wolnych" in client.page.text
    client.sign_in(people.ewa).see(BOARD)
    link = client.page.all("a", class_="slot")[1]["href"]
    client.see(link)
    act = link.partition("?")[0]
    data = {**client.page.values(act), "persons": "2", "topics": ["shelter", "benefits"]}
    client.post(act, data=data, follow_redirects=True)
    assert "Zapisane 2 osoby." in client.page.text
    client.post(act, data=data, follow_redirects=True)
    assert len(session.exec(select(DutyBooking)).all()) == 1
    assert "świadczenia, schronienie" in client.page.text
    assert "16 z 18 miejsc wolnych" in client.page.text


@pytest.mark.usefixtures("agreed")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"weekday": ""}, "Wybierz dzień tygodnia."),
        ({"first_day": "23.11.2026"}, "Dyżury mogą się zacząć najwcześniej jutro."),
        ({"last_day": "1.12.2026"}, "Ostatni dzień musi być późniejszy niż pierwszy."),
        ({"last_day": "15.12.2026"}, "W tym czasie nie ma dwóch takich terminów."),
        ({"last_day": "31.12.2029"}, "Zaplanuj najwyżej 18 miesięcy naprzód."),
        ({"ends": "8.00"}, "Koniec musi być późniejszy niż początek."),
        ({"ends": "9.10"}, "W tych godzinach nie mieści się ani jedna rozmowa."),
        ({"starts": "2.30"}, "Seria nie może obejmować godzin od 2.00 do 3.00"),
        ({"slot_persons": "0"}, "Ile osób w jednym okienku"),
        ({"who": ""}, "Podaj, kto dyżuruje"),
        ({"who": "inna", "name": "Maria Próbna"}, "Podaj funkcję: będzie na liście wejść."),
        ({"name": "44051401359", "who": "inna", "function": "x"}, "PESEL"),
    ],
)
def test_a_plan_that_is_wrong_comes_back_as_typed(client, session, people, changes, sentence) -> None:
    client.sign_in(people.marek).see("/dyzury/nowy")
    assert client.post("/dyzury/nowy", data=plan_values(people, **changes)).status_code == 422
    assert sentence in client.page.text
    assert client.page.one("input", name="room")["value"] == "pokój rozmów"
    assert session.exec(select(Event)).all() == []


@pytest.mark.usefixtures("agreed")
def test_holidays_and_blocked_days_are_left_out_by_themselves(
    client: Browser, session: Session, people: People
) -> None:
    make_period(session, people.prison, first_day=date(2027, 2, 1), last_day=date(2027, 2, 3))
    client.sign_in(people.marek).see("/dyzury/nowy")
    client.post(
        "/dyzury/nowy", data=plan_values(people, weekday="3", how="1w", first_day="24.12.2026", last_day="1.04.2027")
    )
    client.post(
        "/dyzury/nowy", data=plan_values(people, weekday="2", how="1w", first_day="2.12.2026", last_day="28.02.2027")
    )
    ticked = [one["value"] for one in client.page.all("input", name="bez") if one.has("checked")]
    assert ticked == ["2027-01-06", "2027-02-03"]
    assert "jednostka niedostępna" in client.page.text


def test_who_changes_the_rhythm_sees_the_new_dates_first(client, session, people, agreed) -> None:
    client.sign_in(people.marek).see("/dyzury/nowy")
    client.post("/dyzury/nowy", data=plan_values(people))
    shown = client.page.one("input", name="shown")["value"]
    client.post("/dyzury/nowy", data=plan_values(people, shown=shown, starts="8.00", zapisz="1"))
    assert session.exec(select(Event)).all() == []
    assert "8.00–12.00" in client.page.text
    everything = [one["value"] for one in client.page.all("input", name="bez")]
    fresh = client.page.one("input", name="shown")["value"]
    values = {**plan_values(people, shown=fresh, starts="8.00", zapisz="1"), "bez": everything}
    assert client.post("/dyzury/nowy", data=values).status_code == 422
    assert "Wszystkie terminy są pominięte." in client.page.text
    assert session.exec(select(Event)).all() == []


def test_only_centres_come_to_the_form(client: Browser, people: People) -> None:
    assert client.sign_in(people.ewa).get("/dyzury/nowy").status_code == 403
    assert client.sign_in(people.jola).get("/dyzury/nowy").status_code == 403
    assert client.sign_in(people.piotr).get("/dyzury/nowy").status_code == 403
    assert "Nie ma jednostki do wyboru" in client.sign_in(people.stefan).see("/dyzury/nowy").text


def test_nobody_but_the_two_sides_sees_anything(client: Browser, session: Session, people: People) -> None:
    event = make_duty(session, people)
    row = dates(session, event)[0]
    booking = make_booking(session, people.ewa, row, persons=2)
    pages = (
        "/dyzury/zk-kladkowo",
        BOARD,
        f"{BOARD}/plan",
        f"/dyzury/termin/{row.id}/zapis",
        f"/dyzury/termin/{row.id}/zastepstwo",
        f"/dyzury/termin/{row.id}/odwolaj",
        f"/wydarzenia/{event.uuid}",
    )
    for stranger in (people.stefan, people.zofia):
        client.sign_in(stranger)
        assert [client.get(page).status_code for page in pages] == [404] * len(pages)
        assert client.post(f"/dyzury/zapis/{booking.id}/wycofaj").status_code == 404
        assert client.post(f"/dyzury/plan/{event.uuid}/oglos").status_code == 404
        assert client.post(f"/dyzury/plan/{event.uuid}/odloz", data={"propozycja": "merge"}).status_code == 404
    for outsider in (people.wanda, people.olga):
        assert client.sign_in(outsider).get(BOARD).status_code == 403
    assert client.sign_in(people.piotr).get(BOARD).status_code == 200
    assert client.sign_in(people.piotr).get(f"/dyzury/termin/{row.id}/odwolaj").status_code == 403
    assert client.sign_in(people.marek).get(f"/dyzury/termin/{row.id}/zapis").status_code == 403
    assert client.sign_in(people.ewa).get(f"/dyzury/termin/{row.id}/zastepstwo").status_code == 403


def test_counts_stand_on_no_page_of_others(app: Flask, client: Browser, session: Session, people: People) -> None:
    event = make_duty(session, people)
    event.visibility = Visibility.PUBLIC
    for row in dates(session, event):
        row.visibility = Visibility.PUBLIC
    session.flush()
    row = dates(session, event)[0]
    make_booking(session, people.ewa, row, persons=2, topics=("disability",))
    address = f"/wydarzenia/{event.uuid}/{row.local_date}"
    for insider in (people.ewa, people.piotr):
        text = client.sign_in(insider).see(address).text
        assert "Czekają 2 osoby" in text
        assert "orzeczenie o niepełnosprawności" in text
    for stranger in (people.stefan, people.zofia, people.wanda):
        text = client.sign_in(stranger).see(address).text
        assert "Czekają" not in text
        assert "orzeczenie" not in text
        assert "Tablica dyżurów" not in text
        assert "Okienka" not in text
    client = browser_of(app, session)
    text = client.see(address).text
    assert "Czekają" not in text
    assert "orzeczenie" not in text
    feed = client.get(f"/wydarzenia/{event.uuid}.ics")
    assert b"orzeczenie" not in feed.data


def test_members_read_and_cannot_act(client: Browser, session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people))[0]
    make_booking(session, people.ewa, row, persons=2)
    page = client.sign_in(people.piotr).see(BOARD)
    assert "2 osoby" in page.text
    assert not [one for one in page.all("form") if "/dyzury/" in one.get("action")]
    assert not [one for one in page.all("a") if "/dyzury/termin/" in one.get("href")]


def test_the_board_tells_mine_from_others_and_full(client: Browser, session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people))[0]
    make_booking(session, people.ewa, row, slot=0, persons=1)
    make_booking(session, people.adam, row, slot=1, persons=3)
    page = client.sign_in(people.ewa).see(BOARD)
    section = page.one("section", id=f"d{row.id}")
    assert "23 z 27 miejsc wolnych" in section.text
    assert "Czekają 4 osoby: świadczenia (2)" in section.text
    mine, others = section.one("div", class_="mine"), section.one("div", class_="taken")
    assert "zostały 2 miejsca, zapisz" in mine.text
    assert "komplet" in others.text
    client.post(mine.one("form")["action"], follow_redirects=True)
    assert "Zapis jest wycofany." in client.page.text
    assert not client.page.one("section", id=f"d{row.id}").all("div", class_="mine")
    assert "zapisane przez jednostkę" in client.sign_in(people.marek).see(BOARD).text


def test_a_slot_that_was_taken_meanwhile_is_refused_with_what_is_left(client, session, people) -> None:
    row = dates(session, make_duty(session, people, slot_persons=2))[0]
    act = f"/dyzury/termin/{row.id}/zapis"
    client.sign_in(people.ewa).see(f"{act}?okno=0")
    data = {**client.page.values(act), "persons": "2", "topics": ["benefits"]}
    make_booking(session, people.adam, row, slot=0, persons=1)
    assert client.post(act, data=data).status_code == 409
    assert "W tym okienku zostało miejsc: 1." in client.page.text
    make_booking(session, people.adam, row, slot=0, persons=1)
    assert client.post(act, data=data).status_code == 422
    assert len(queries.bookings_of(session, row.id or 0)) == 2


def test_a_booking_says_number_and_topic(client: Browser, session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people))[0]
    act = f"/dyzury/termin/{row.id}/zapis"
    client.sign_in(people.ewa).see(f"{act}?okno=2")
    values = client.page.values(act)
    assert values["slot"] == "2"
    assert client.post(act, data={**values, "persons": "0"}).status_code == 422
    assert "Wybierz z listy co najmniej jeden temat." in client.page.text
    assert client.post(act, data={**values, "persons": "1", "topics": ["benefits"], "key": "x"}).status_code == 422
    assert "Ten formularz jest nieaktualny" in client.page.text


def test_a_substitute_is_named_and_a_date_cancelled(client: Browser, session: Session, people: People) -> None:
    event = make_duty(session, people)
    row = dates(session, event)[0]
    make_booking(session, people.ewa, row, persons=2)
    client.sign_in(people.marek).see(BOARD)
    link = next(one["href"] for one in client.page.all("a") if f"{row.id}/zastepstwo" in one.get("href"))
    client.see(link)
    client.post(link, data={**client.page.values(link), "who": str(people.marek.actor.user_id)}, follow_redirects=True)
    section = client.page.one("section", id=f"d{row.id}")
    assert people.marek.actor.name in section.text
    assert people.piotr.actor.name not in section.text
    act = f"/dyzury/termin/{row.id}/odwolaj"
    client.see(act)
    assert "Zapisane są 2 osoby." in client.page.text
    assert client.post(act, data={}).status_code == 422
    assert client.post(act, data={"reason": "other"}).status_code == 422
    assert "Podaj powód w kilku słowach" in client.page.text
    client.post(act, data={"reason": "illness"}, follow_redirects=True)
    section = client.page.one("section", id=f"d{row.id}")
    assert "dyżur odwołany" in section.text
    assert "choroba pracownika na dyżurze" in section.text
    assert "Zapisane były 2 osoby" in client.page.text
    assert client.see(act, follow_redirects=True).h1 == "Dyżury pracowników socjalnych"


def test_where_nobody_is_on_duty_somebody_is_put_there(client: Browser, session: Session, people: People) -> None:
    event = make_duty(session, people)
    rows = dates(session, event)
    for row in rows[:2]:
        signup = queries.on_duty(session, [row.id or 0])[0]
        signups.withdraw(session, people.marek.actor, event, signup.id or 0, now())
    page = client.sign_in(people.marek).see(BOARD)
    assert "Na ten termin nie ma jeszcze osoby dyżurującej." in page.text
    act = f"/dyzury/termin/{rows[0].id}/zastepstwo"
    client.see(act)
    client.post(act, data={**client.page.values(act), "who": str(people.marek.actor.user_id)}, follow_redirects=True)
    names = [one.person for one in queries.on_duty(session, [row.id or 0 for row in rows[:3]])]
    assert names.count(people.marek.actor.name) == 3


def test_proposals_stand_on_the_board_of_the_centre_alone(
    client: Browser, session: Session, people: People, clock
) -> None:
    event = make_duty(session, people)
    rows = dates(session, event)
    clock.move_to(rows[1].ends_at)
    page = client.sign_in(people.marek).see(BOARD)
    assert "3 terminy z rzędu bez zapisów" in page.text
    link = next(one["href"] for one in page.all("a") if "powod=no_bookings" in one.get("href"))
    client.see(link)
    assert client.page.values(f"/dyzury/termin/{rows[2].id}/odwolaj")["reason"] == "no_bookings"
    assert "z rzędu" not in client.sign_in(people.ewa).see(BOARD).text
    assert "z rzędu" not in client.sign_in(people.piotr).see(BOARD).text
    act = f"/dyzury/plan/{event.uuid}/odloz"
    client.sign_in(people.marek).see(BOARD)
    client.post(act, data={**client.page.values(act), "miesiace": "3"}, follow_redirects=True)
    assert "Nie zobaczysz tej propozycji do 9 marca 2027." in client.page.text
    assert "z rzędu" not in client.see(BOARD).text
    assert client.post(act, data={"propozycja": "nonsense"}).status_code == 404


def test_a_full_date_leads_to_a_request_for_an_extra_one(client: Browser, session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people, slot_minutes=180, slot_persons=1))[0]
    make_booking(session, people.ewa, row)
    page = client.sign_in(people.marek).see(BOARD)
    assert "wszystkie miejsca zajęte" in page.text
    link = next(one for one in page.all("a") if "/wizyty/nowa" in one.get("href"))
    assert link.text.strip() == "Poproś o dodatkowy termin"
    form = client.see(link["href"])
    assert form.one("input", name="slot_minutes")["value"] == "180"
    assert form.one("input", name="slot_persons")["value"] == "1"
    assert form.one("input", name="subject")["value"] == "Dyżur pracownika socjalnego MOPS"
    assert next(one["value"] for one in form.all("option") if one.has("selected")) == "duty_hours"


def test_an_extra_date_stands_on_the_same_board(client: Browser, session: Session, people: People) -> None:
    make_duty(session, people)
    extra = draft_of(
        title="Dodatkowy dyżur", kind=EventKind.DUTY_HOURS, place="", place_institution_id=people.prison.id,
        starts=FIRST.replace(day=4), ends=LAST.replace(day=4), slot_minutes=30, slot_persons=1,
        visibility=Visibility.INVITED,
    )  # fmt: skip
    event = calendar.draft(session, people.marek.actor, extra, now())
    session.get_one(EventParty, (event.id, people.prison.id)).answer = Answer.CONFIRMED
    calendar.publish(session, people.marek.actor, event, now())
    page = client.sign_in(people.ewa).see(BOARD)
    assert [one.text.strip() for one in page.all("h2", class_="") if "grudnia" in one.text][:2] == [
        "środa, 2 grudnia 2026",
        "piątek, 4 grudnia 2026",
    ]
    row = dates(session, event)[0]
    assert make_booking(session, people.ewa, row, slot=3).slot == 3
    act = f"/dyzury/termin/{row.id}/zastepstwo"
    client.sign_in(people.marek).see(act)
    client.post(act, data={**client.page.values(act), "who": str(people.piotr.actor.user_id)}, follow_redirects=True)
    assert [one.person for one in queries.on_duty(session, [row.id or 0])] == [people.piotr.actor.name]


def test_the_outcome_comes_from_the_note_and_bookings_are_proposed_in_it(client, session, people, clock) -> None:
    event = make_duty(session, people)
    row = dates(session, event)[0]
    make_booking(session, people.ewa, row, slot=0, persons=2, topics=("shelter",))
    make_booking(session, people.ewa, row, slot=1, persons=1, topics=("work",))
    clock.move_to(row.ends_at + timedelta(hours=1))
    page = client.sign_in(people.marek).see(BOARD)
    assert "brak wpisu" in page.one("section", id=f"d{row.id}").text
    write = f"/wydarzenia/{event.uuid}/{row.local_date}/obecnosc"
    client.see(write)
    values = client.page.values(write)
    assert values["people_inside"] == "3"
    assert values["further"].splitlines() == ["schronienie", "praca"]
    act = {**values, "outcome": "not_held", "reason": "nobody_came", "zatwierdz": "1"}
    client.post(write, data=act, follow_redirects=True)
    section = client.see(BOARD).one("section", id=f"d{row.id}")
    assert "nie odbył się" in section.text
    assert "Nikt się nie zapisał" in section.text


def test_the_plan_for_printing_has_numbers_and_topics(client: Browser, session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people))[0]
    make_booking(session, people.ewa, row, slot=1, persons=2, topics=("shelter", "work"))
    page = client.sign_in(people.piotr).see(f"{BOARD}/plan")
    line = page.all("tr")[2].text
    assert "9.20–9.40" in line
    assert "2" in line
    assert "schronienie, praca" in line


def test_the_list_names_the_other_side(client: Browser, session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people))[0]
    make_booking(session, people.ewa, row, persons=2)
    assert people.prison.name in client.sign_in(people.piotr).see("/dyzury").text
    text = client.sign_in(people.ewa).see("/dyzury").text
    assert people.mops.name in text
    assert "2 osoby zapisane" in text
    assert client.get("/dyzury/zk-kladkowo").headers["Location"] == BOARD
    assert "Dyżury planują ośrodki" in client.sign_in(people.jola).see("/dyzury").text
    assert "Zaplanuj pierwszy" in client.sign_in(people.stefan).see("/dyzury").text


def test_statements_do_not_grow_with_dates_and_bookings(
    client: Browser, session: Session, people: People, query_count
) -> None:
    def asked(person: Person, path: str) -> int:
        client.sign_in(person).see(path)
        with query_count() as statements:
            client.see(path)
        return len(statements)

    few = Rule(days=(2,), until=date(2026, 12, 9))
    event = make_duty(session, people, rule=few)
    make_booking(session, people.ewa, dates(session, event)[0])
    paths = ("/dyzury", BOARD, f"{BOARD}/plan")
    before = [asked(one, path) for one in (people.ewa, people.marek) for path in paths]
    week = Rule(days=(0, 1, 2, 3, 4), until=date(2027, 2, 28))
    many = make_duty(session, people, starts=FIRST.replace(day=3), ends=LAST.replace(day=3), rule=week)
    for row in dates(session, many)[:12]:
        for slot in range(5):
            make_booking(session, people.ewa, row, slot=slot)
            make_booking(session, people.adam, row, slot=slot)
    assert [asked(one, path) for one in (people.ewa, people.marek) for path in paths] == before
    assert max(before) <= 12
    for one in (people.ewa, people.marek):
        with query_count() as statements:
            queries.waiting(session, one.actor, now(), 10)
        assert len(statements) <= 4


def test_both_calendars_carry_the_dates_and_nobody_elses(client: Browser, session: Session, people: People) -> None:
    make_duty(session, people)
    for one in (people.ewa, people.piotr):
        assert "Dyżur pracownika socjalnego MOPS" in client.sign_in(one).see("/kalendarz/2026-12").text
    for one in (people.stefan, people.zofia):
        assert "Dyżur pracownika socjalnego MOPS" not in client.sign_in(one).see("/kalendarz/2026-12").text


def test_a_copy_keeps_the_slots(client: Browser, session: Session, people: People) -> None:
    event = make_duty(session, people)
    address = f"/wydarzenia/nowe?wzor={event.uuid}"
    client.sign_in(people.marek).see(address)
    action = next(one["action"] for one in client.page.all("form") if "/wydarzenia/nowe" in one.get("action"))
    values = {
        **client.page.values(action),
        "day": "3.02.2027",
        "repeats": "weekly",
        "repeat_until": "30.06.2027",
        "szkic": "1",
    }
    client.post(action, data=values, follow_redirects=True)
    copy = session.exec(select(Event).where(Event.id != event.id)).one()
    assert (copy.state, copy.slot_minutes, copy.slot_persons) == (State.DRAFT, 20, 3)
