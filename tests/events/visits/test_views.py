"""The pages of visit requests in the browser: ask, answer, move, end; what was typed stays, strangers see nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select
from time_machine import Traveller

from app.clock import now
from events.calendar.models import Event
from events.calendar.models import State as EventState
from events.signups import actions as signups
from events.signups.rules import Person as Guest
from events.signups.rules import Wanted as Asked
from events.visits import actions
from events.visits.models import Act, Path, State, Visit
from partners.institutions.models import Kind, Room
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.agreements import make_agreement, make_clause
from tests.factories.events import date_of, local, make_event
from tests.factories.institutions import make_institution
from tests.factories.persons import PASSWORD, People
from tests.factories.rows import add
from tests.factories.territory import make_gmina
from tests.factories.visits import (
    OTHERS,
    accept,
    agreed_visit,
    date_on,
    make_visit,
    on_offer,
    steps_of,
    turn_of,
)

pytestmark = pytest.mark.usefixtures("clock")

ASK_MOPS = "/wizyty/nowa/mops-kladkowo"
ASK_PRISON = "/wizyty/nowa/zk-kladkowo"


def typed(**changes: str) -> dict[str, str]:
    """Give what somebody types into the form of a request."""
    return {
        "key": "0123456789abcdef0123",
        "subject": "Plany pomocy na styczeń",
        "kind": "group_meeting",
        "day_0": "10.12.2026",
        "starts_0": "9.00",
        "ends_0": "11.00",
        "visitors": "2",
        "message": "Sala na 12 osób.",
        **changes,
    }


def the_visit(session: Session) -> Visit:
    session.expire_all()
    return session.exec(select(Visit)).one()


def path_of(visit: Visit, *further: str) -> str:
    return "/".join(("/wizyty", visit.number, *further))


# --- asking


def test_prison_invites_and_the_centre_accepts_in_three_page_loads(
    client: Browser, session: Session, people: People
) -> None:
    client.sign_in(people.ewa).see(ASK_MOPS)
    client.post(ASK_MOPS, data=typed())
    assert "Sprawdź, zanim wyślesz" in client.page.text
    client.post(ASK_MOPS, data=typed(wyslij="1"), follow_redirects=True)
    visit = the_visit(session)
    assert client.page.h1 == "Wizyta: Plany pomocy na styczeń"
    assert "Czekasz na odpowiedź" in client.page.text
    client.sign_in(people.marek)
    page = client.see("/wizyty")  # one: the list or the desk
    assert "Czeka na nas" in page.text
    page = client.see(path_of(visit))  # two
    values = page.values(path_of(visit, "przyjmij"))
    client.post(path_of(visit, "przyjmij"), data=values, follow_redirects=True)  # three
    assert "Termin uzgodniony" in client.page.text
    assert the_visit(session).state is State.ACCEPTED
    assert (
        session.exec(select(Event.state).where(Event.id == the_visit(session).event_id)).one() is EventState.PUBLISHED
    )


def test_nothing_is_sent_before_it_was_checked(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.ewa)
    assert client.post(ASK_MOPS, data=typed()).status_code == 200
    assert session.exec(select(Visit)).all() == []
    hidden = client.page.values(ASK_MOPS)
    assert (hidden["subject"], hidden["day_0"], hidden["ends_0"]) == ("Plany pomocy na styczeń", "10.12.2026", "11.00")


def test_double_click_sends_one_request(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.ewa)
    for _again in range(2):
        assert client.post(ASK_MOPS, data=typed(wyslij="1")).status_code == 303
    assert len(session.exec(select(Visit)).all()) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"subject": ""}, "Napisz w kilku słowach"),
        ({"day_0": ""}, "Podaj datę."),
        ({"day_0": "31.02.2026"}, "Podaj datę, która istnieje"),
        ({"ends_0": "8.00"}, "Koniec musi być późniejszy niż początek."),
        ({"day_1": "11.12.2026"}, "Drugi termin: podaj godzinę rozpoczęcia."),
        ({"visitors": "0"}, "Podaj liczbę całkowitą od 1 do 200."),
        ({"message": "PESEL 44051401359"}, "To wygląda na numer PESEL."),
        ({"kind": "duty_hours", "slot_minutes": "30"}, "Podaj obie liczby dotyczące rozmów albo żadnej."),
        ({"topics": "x" * 200}, "najwyżej 10 tematów"),
    ],
)
def test_wrong_answers_come_back_with_a_sentence(
    client: Browser, session: Session, people: People, changes: dict[str, str], sentence: str
) -> None:
    client.sign_in(people.ewa)
    assert client.post(ASK_MOPS, data=typed(wyslij="1", **changes)).status_code == 422
    assert sentence in client.page.text
    assert client.page.one("textarea", id="message").text.strip() == changes.get("message", "Sala na 12 osób.")
    assert session.exec(select(Visit)).all() == []


def test_impossible_date_is_not_sent_and_a_free_one_is_taken_with_one_click(
    client: Browser, session: Session, people: People
) -> None:
    room = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    make_visit(session, people, options=(date_on(room_id=room.id),))
    wanted = {"day_0": "8.12.2026", "starts_0": "11.00", "ends_0": "12.00", "room_id_0": str(room.id)}
    client.sign_in(people.ewa)
    client.post(ASK_MOPS, data=typed(**wanted))
    assert "niemożliwe" in client.page.text
    assert not client.page.all("button", name="wyslij")
    button = client.page.all("button", name="zamiast")[0]
    client.post(ASK_MOPS, data={**client.page.values(ASK_MOPS), "zamiast": button["value"]})
    assert client.page.values(ASK_MOPS)["day_0"] == "09.12.2026"
    assert client.page.all("button", name="wyslij")


def test_short_name_finds_a_card_that_is_written_out(client: Browser, session: Session, people: People) -> None:
    make_institution(session, "mops-gubin", Kind.MOPS, "Miejski Ośrodek Pomocy Społecznej w Gubinie")
    make_institution(session, "ops-gubin", Kind.OPS, "Ośrodek Pomocy Społecznej gminy Gubin")
    page = client.sign_in(people.ewa).see("/wizyty/nowa?q=MOPS+Gubin")
    assert page.all("a", href="/wizyty/nowa/mops-gubin")
    assert not page.all("a", href="/wizyty/nowa/ops-gubin")


def test_day_on_which_the_asking_person_is_away_is_not_offered_first(
    client: Browser, session: Session, people: People
) -> None:
    wall = local(11)
    event = make_event(session, people.jola, starts=wall.replace(day=9), ends=wall.replace(day=9, hour=12))
    me = Guest(name=people.ewa.name, email=people.ewa.email, user_id=people.ewa.user_id)
    day = date_of(session, event).id or 0
    signups.sign_up(session, people.ewa.actor, event, day, Asked(people=(me,)), "away on the ninth", now())
    client.sign_in(people.ewa)
    client.post(ASK_MOPS, data=typed(day_0="6.12.2026", starts_0="11.00", ends_0="12.00"))
    days = [button["value"][2:12] for button in client.page.all("button", name="zamiast")]
    assert len(days) == 3
    assert "2026-12-09" not in days


def test_third_path_asks_the_centre_of_the_units_gmina(client: Browser, session: Session, people: People) -> None:
    gmina = make_gmina(session)
    people.prison.gmina_code = people.mops.gmina_code = gmina.code
    session.add_all([people.prison, people.mops])
    client.sign_in(people.stefan)
    page = client.see(f"{ASK_PRISON}/pomoc")
    assert "Dane osoby przekaż pismem albo telefonicznie, poza portalem." in page.text
    assert people.mops.name in page.text
    client.post(f"{ASK_PRISON}/pomoc", data=typed(wyslij="1"), follow_redirects=True)
    visit = the_visit(session)
    assert (visit.path, visit.asked_id, visit.unit_id) == (Path.ASSISTANCE, people.mops.id, people.prison.id)


def test_unknown_seat_of_a_unit_is_said(client: Browser, people: People) -> None:
    client.sign_in(people.stefan)
    page = client.see(f"{ASK_PRISON}/pomoc")
    assert "Nie wiemy, który ośrodek pomocy społecznej" in page.text
    assert page.all("a", href="/partnerzy")
    assert page.all("a", href=ASK_PRISON)
    assert client.post(f"{ASK_PRISON}/pomoc", data=typed()).status_code == 409


def test_centre_of_the_same_gmina_is_led_to_the_unit(client: Browser, session: Session, people: People) -> None:
    gmina = make_gmina(session)
    people.prison.gmina_code = people.mops.gmina_code = gmina.code
    session.add_all([people.prison, people.mops])
    page = client.sign_in(people.marek).see(f"{ASK_PRISON}/pomoc")
    assert "Poproś o wizytę samą jednostkę" in page.text
    assert page.all("a", href=ASK_PRISON)


def test_whom_one_can_ask_is_found_by_name(client: Browser, session: Session, people: People) -> None:
    make_agreement(session, "P-08-001", people.prison, people.mops)
    client.sign_in(people.ewa)
    page = client.see("/wizyty/nowa")
    assert people.mops.name in page.text
    assert people.ngo.name not in page.text
    found = client.htmx("/wizyty/nowa?q=" + people.ngo.name.split()[0], "partners")
    assert people.ngo.name in found.by_id("partners").text
    assert "Nic nie znaleźliśmy" in client.see("/wizyty/nowa?q=qqqq").text
    client.sign_in(people.marek)
    assert people.prison.name in client.see("/wizyty/nowa").text


def test_basis_is_a_clause_between_the_two(client: Browser, session: Session, people: People) -> None:
    clause = make_clause(session, make_agreement(session, "P-08-001", people.prison, people.mops), "meetings", None)
    other = make_clause(session, make_agreement(session, "P-08-002", people.prison, people.ngo), "work", None)
    client.sign_in(people.ewa)
    offered = {one["value"] for one in client.see(ASK_MOPS).one("select", id="clause").all("option")}
    assert offered == {"", str(clause.id)}
    assert client.post(ASK_MOPS, data=typed(clause=str(other.id), wyslij="1")).status_code == 422
    client.post(ASK_MOPS, data=typed(clause=str(clause.id), wyslij="1"), follow_redirects=True)
    assert "P-08-001" in client.page.text


def test_institution_without_people_gets_a_link(client: Browser, session: Session, people: People) -> None:
    make_institution(session, "ops-milczewo", Kind.OPS, "OPS w Milczewie")
    path = "/wizyty/nowa/ops-milczewo"
    client.sign_in(people.ewa)
    assert "odpowie bez logowania" in client.see(path).text
    assert client.post(path, data=typed(wyslij="1")).status_code == 422
    assert "Podaj adres, na który wyślemy prośbę." in client.page.text
    client.post(path, data=typed(reply_email="biuro@ops-milczewo.example"))
    assert "biuro@ops-milczewo.example" in client.page.text
    client.post(path, data=typed(reply_email="biuro@ops-milczewo.example", wyslij="1"))
    assert the_visit(session).reply_email == "biuro@ops-milczewo.example"


def test_what_another_page_says_fills_the_form(client: Browser, people: People) -> None:
    client.sign_in(people.marek)
    asked = "cel=Dodatkowy+dyżur&rodzaj=duty_hours&minuty=30&osoby=2&termin=2026-12-10T09:00/2026-12-10T12:00//"
    values = client.see(f"{ASK_PRISON}?{asked}").values(ASK_PRISON)
    wanted = ("subject", "kind", "slot_minutes", "slot_persons", "day_0", "starts_0", "ends_0")
    found = [str(values[name]) for name in wanted]
    assert found == ["Dodatkowy dyżur", "duty_hours", "30", "2", "10.12.2026", "9.00", "12.00"]
    client.post(ASK_PRISON, data=typed(wyslij="1", **dict(zip(wanted, found, strict=True))), follow_redirects=True)
    assert "jedna rozmowa trwa 30 minut" in client.page.text


def test_two_that_meet_in_no_unit_are_not_joined(client: Browser, people: People) -> None:
    client.sign_in(people.jola)
    assert client.get(ASK_MOPS).status_code == 409
    assert "łączy jednostkę penitencjarną" in client.page.text


@pytest.mark.parametrize("page", [ASK_MOPS, "inny-termin", ""])
def test_forms_outlive_their_session(
    client: Browser, session: Session, people: People, clock: Traveller, page: str
) -> None:
    visit = make_visit(session, people)
    path = page if page.startswith("/") else path_of(visit, *([page] if page else []))
    person = people.ewa if page.startswith("/") else people.marek
    client.sign_in(person).see(path)
    clock.shift(timedelta(hours=2))
    target = path if page else path_of(visit, "wiadomosc")
    headers = {"Referer": f"http://localhost{path}"}
    assert client.post(target, data=typed(message="Napisane przed końcem sesji."), headers=headers).status_code == 302
    client.see(f"/logowanie?next={path}")
    client.post(f"/logowanie?next={path}", data={"email": person.email, "password": PASSWORD})
    back = client.see(path)
    assert back.by_id("message").text.strip() == "Napisane przed końcem sesji."
    assert len(steps_of(session, visit)) == 1


# --- cards


def test_card_of_a_centre_leads_a_unit_to_its_invitation(client: Browser, people: People) -> None:
    client.sign_in(people.ewa)
    page = client.see("/partnerzy/mops-kladkowo")
    assert page.one("a", href=ASK_MOPS).text.strip() == "Zaproś na spotkanie w jednostce"
    client.sign_in(people.marek)
    page = client.see("/partnerzy/zk-kladkowo")
    assert page.one("a", href=ASK_PRISON).text.strip() == "Poproś o wizytę"
    assert page.all("a", href=f"{ASK_PRISON}/pomoc")
    client.sign_in(people.jola)
    page = client.see("/partnerzy/zk-kladkowo")
    assert page.all("a", href=ASK_PRISON)
    assert not page.all("a", href=f"{ASK_PRISON}/pomoc")


def test_card_asks_nobody_who_cannot_ask(client: Browser, people: People) -> None:
    assert "/wizyty/" not in client.get("/partnerzy/zk-kladkowo").text
    for person in (people.piotr, people.ewa, people.zofia, people.wanda, people.olga):
        client.sign_in(person)
        assert "/wizyty/nowa" not in client.get("/partnerzy/zk-kladkowo").text, person.name


# --- one case


def test_case_shows_dates_with_their_verdicts_and_what_happens_then(
    client: Browser, session: Session, people: People
) -> None:
    room = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń", seats=4)
    visit = make_visit(session, people, options=(date_on(room_id=room.id), date_on(4)), message="Prosimy o dwie osoby.")
    client.sign_in(people.marek)
    page = client.see(path_of(visit))
    assert "czeka na Twoją odpowiedź" in page.text
    assert "Sala widzeń, do 4 osób" in page.text
    assert "wolne w Twoim kalendarzu" in page.text
    assert "weekend" in page.text  # 12 December is a Saturday
    assert "Prosimy o dwie osoby." in page.text
    assert "Jeśli nie odpowiesz do 26 listopada 2026, przypomnimy Tobie i zastępcom." in page.text
    assert "Po 1 grudnia 2026 prośba wygasa" in page.text
    assert [one["value"] for one in page.all("input", type="radio")] == [str(o.id) for o in on_offer(session, visit)]
    assert page.one("li", **{"aria-current": "step"}).text.strip() == "Uzgadnianie terminu"


def test_own_event_at_the_time_is_named(client: Browser, session: Session, people: People) -> None:
    agreed_visit(session, people, subject="Narada o schronieniu")
    visit = make_visit(session, people, options=(date_on(), date_on(1)))
    client.sign_in(people.marek)
    page = client.see(path_of(visit))
    assert "„Narada o schronieniu”" in page.text
    assert "zwróć uwagę" in page.text


def test_members_read_and_only_coordinators_answer(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.piotr)
    page = client.see(path_of(visit))
    assert "Odpowiada koordynator Twojej instytucji" in page.text
    assert not page.all("form", action=path_of(visit, "przyjmij"))
    assert client.post(path_of(visit, "przyjmij"), data={}).status_code == 403


@pytest.mark.parametrize("who", ["jola", "stefan", "zofia", "wanda", "olga"])
def test_nobody_else_knows_of_a_case(client: Browser, session: Session, people: People, who: str) -> None:
    visit = make_visit(session, people, subject="Spotkanie, o którym nikt nie wie")
    client.sign_in(getattr(people, who))
    assert client.get(path_of(visit)).status_code == 404
    for further in ("inny-termin", "odmowa", "wycofaj", "odwolaj", "przeloz"):
        for answer in (client.get(path_of(visit, further)), client.post(path_of(visit, further), data={})):
            assert answer.status_code == (403 if who in ("wanda", "olga") else 404)
    if who not in ("wanda", "olga"):
        assert "nikt nie wie" not in client.see("/wizyty").text
        assert b"nikt nie wie" not in client.get("/wizyty.csv").data


def test_visitor_is_asked_to_sign_in(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    assert client.get(path_of(visit)).status_code == 302
    assert "/logowanie" in client.get("/wizyty").headers["Location"]


def test_reading_is_told_to_the_other_side_once(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    session.commit()
    client.sign_in(people.piotr).see("/wizyty")
    assert "nowa wiadomość" in client.page.text
    client.see(path_of(visit))
    assert "nowa wiadomość" not in client.see("/wizyty").text
    client.sign_in(people.ewa)
    assert "prośba odczytana" in client.see(path_of(visit)).text


def test_looking_at_a_case_changes_nothing_but_the_mark(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    before = len(steps_of(session, visit)), visit.state, visit.changed_at
    client.sign_in(people.marek)
    for further in ((), ("inny-termin",), ("odmowa",)):
        client.see(path_of(visit, *further))
    visit = the_visit(session)
    assert (len(steps_of(session, visit)), visit.state, visit.changed_at) == before


# --- answers


def offer(visit: Visit, **changes: str) -> dict[str, str]:
    return {"turn": str(turn_of(visit)), "day_0": "15.12.2026", "starts_0": "12.00", "ends_0": "14.00", **changes}


def test_other_dates_begin_in_the_room_that_stands(client: Browser, session: Session, people: People) -> None:
    room = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    visit = make_visit(session, people, options=(date_on(7, room_id=room.id),))
    client.sign_in(people.marek)
    client.see(path_of(visit, "inny-termin"))
    assert [client.page.values(path_of(visit, "inny-termin"))[f"room_id_{n}"] for n in range(3)] == [str(room.id)] * 3
    accept(session, people.marek, visit)
    client.see(path_of(visit, "przeloz"))
    assert client.page.values(path_of(visit, "przeloz"))["room_id_0"] == str(room.id)


def test_other_dates_go_back_and_are_accepted(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.marek)
    assert "Twoje terminy zastąpią te" in client.see(path_of(visit, "inny-termin")).text
    client.post(
        path_of(visit, "inny-termin"), data=offer(visit, message="10 grudnia mamy kontrolę."), follow_redirects=True
    )
    assert the_visit(session).state is State.COUNTERED
    client.sign_in(people.ewa)
    page = client.see(path_of(visit))
    assert "inny termin czeka na Twoją odpowiedź" in page.text
    assert "10 grudnia mamy kontrolę." in page.text
    client.post(path_of(visit, "przyjmij"), data=page.values(path_of(visit, "przyjmij")), follow_redirects=True)
    assert "Uzgodniony termin" in client.page.text
    assert "wtorek, 15 grudnia 2026, 12.00–14.00" in client.page.text.replace("\u00a0", " ")


def test_doubtful_date_is_shown_before_it_goes(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.marek)
    saturday = offer(visit, day_0="12.12.2026")
    assert client.post(path_of(visit, "inny-termin"), data=saturday).status_code == 200
    assert "Wyślij mimo to" in client.page.text
    assert the_visit(session).state is State.REQUESTED
    assert client.post(path_of(visit, "inny-termin"), data=saturday | {"popraw": "1"}).status_code == 200
    assert client.page.values(path_of(visit, "inny-termin"))["day_0"] == "12.12.2026"
    client.post(path_of(visit, "inny-termin"), data=saturday | {"wyslij": "1"})
    assert the_visit(session).state is State.COUNTERED


def test_too_early_date_does_not_go(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.marek)
    assert (
        client.post(path_of(visit, "inny-termin"), data=offer(visit, day_0="24.11.2026", wyslij="1")).status_code == 422
    )
    assert "Nie wysłaliśmy tego" in client.page.text
    assert the_visit(session).state is State.REQUESTED


def test_refusal_needs_its_reason_and_tells_it(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.marek)
    client.see(path_of(visit, "odmowa"))
    data = {"turn": str(turn_of(visit)), "message": "Cały zespół jest na szkoleniu."}
    assert client.post(path_of(visit, "odmowa"), data=data).status_code == 422
    assert "Cały zespół jest na szkoleniu." in client.page.text
    client.post(path_of(visit, "odmowa"), data=data | {"reason": "staff"}, follow_redirects=True)
    assert the_visit(session).state is State.REFUSED
    client.sign_in(people.ewa)
    page = client.see(path_of(visit))
    assert "Ta prośba jest zakończona" in page.text
    assert "Cały zespół jest na szkoleniu." in page.text
    assert page.all("a", href="/wizyty/nowa/mops-kladkowo?cel=%C5%9Awiadczenia+po+wyj%C5%9Bciu&rodzaj=group_meeting")


def test_other_reason_wants_words(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.marek)
    data = {"turn": str(turn_of(visit)), "reason": "other"}
    assert client.post(path_of(visit, "odmowa"), data=data).status_code == 422
    assert the_visit(session).state is State.REQUESTED


def test_who_asked_withdraws_without_a_reason(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.ewa).see(path_of(visit, "wycofaj"))
    client.post(path_of(visit, "wycofaj"), data={"turn": str(turn_of(visit))}, follow_redirects=True)
    assert the_visit(session).state is State.WITHDRAWN
    assert "wycofana" in client.page.text


def test_messages_go_to_and_fro(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.marek)
    client.post(path_of(visit, "wiadomosc"), data={"message": "Czy jest projektor?"}, follow_redirects=True)
    assert "Czy jest projektor?" in client.page.text
    assert [one.act for one in steps_of(session, the_visit(session))] == [Act.ASK, Act.SAY]
    assert client.post(path_of(visit, "wiadomosc"), data={"message": " "}).status_code == 422


def test_agreed_visit_is_moved_and_the_old_date_stands(client: Browser, session: Session, people: People) -> None:
    visit = agreed_visit(session, people)
    client.sign_in(people.marek)
    assert "8 grudnia 2026" in client.see(path_of(visit, "przeloz")).text.replace("\u00a0", " ")
    data = {"day_0": "15.12.2026", "starts_0": "12.00", "ends_0": "14.00", "message": "Mamy rozprawę."}
    assert client.post(path_of(visit, "przeloz"), data=data).status_code == 422  # without a reason
    client.post(path_of(visit, "przeloz"), data=data | {"reason": "other_duty"}, follow_redirects=True)
    assert the_visit(session).state is State.MOVING
    assert "zmiana terminu: czekasz na odpowiedź" in client.page.text
    client.sign_in(people.ewa)
    page = client.see(path_of(visit))
    assert "Uzgodniony termin obowiązuje, dopóki nie przyjmiesz innego" in page.text.replace("\u00a0", " ")
    client.post(path_of(visit, "przyjmij"), data=page.values(path_of(visit, "przyjmij")), follow_redirects=True)
    assert "15 grudnia 2026, 12.00–14.00" in client.page.text.replace("\u00a0", " ")
    assert len(session.exec(select(Event)).all()) == 1


def test_agreed_visit_is_called_off_with_a_reason(client: Browser, session: Session, people: People) -> None:
    visit = agreed_visit(session, people)
    client.sign_in(people.ewa).see(path_of(visit, "odwolaj"))
    assert client.post(path_of(visit, "odwolaj"), data={}).status_code == 422
    data = {"reason": "escort", "message": "Trzech funkcjonariuszy jest chorych."}
    client.post(path_of(visit, "odwolaj"), data=data, follow_redirects=True)
    assert "odwołana" in client.page.text
    assert session.exec(select(Event.state)).one() is EventState.CANCELLED


# --- somebody was faster


def test_slower_side_sees_what_happened_and_keeps_its_words(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.marek)
    page = client.see(path_of(visit))
    answer = page.values(path_of(visit, "przyjmij")) | {"message": "Przyjedziemy we dwoje."}
    actions.withdraw(session, people.ewa.actor, visit, now(), turn=turn_of(visit))
    response = client.post(path_of(visit, "przyjmij"), data=answer)
    assert response.status_code == 409
    assert "Twoja odpowiedź nie została wysłana" in client.page.text
    assert "Przyjedziemy we dwoje." in client.page.text
    assert "wycofana" in client.page.text


def test_stale_counter_keeps_its_dates(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    stale = offer(visit, message="Może tak?")
    actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn_of(visit))
    client.sign_in(people.marek)
    assert client.post(path_of(visit, "inny-termin"), data=stale).status_code == 409
    text = client.page.text.replace("\u00a0", " ")
    assert "Twoje wpisane terminy" in text
    assert "wtorek, 15 grudnia 2026, 12.00–14.00" in text
    assert "Może tak?" in text


def test_form_of_what_is_over_leads_back(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    actions.withdraw(session, people.ewa.actor, visit, now(), turn=turn_of(visit))
    client.sign_in(people.marek)
    for further in ("inny-termin", "odmowa", "przeloz", "odwolaj"):
        assert client.get(path_of(visit, further)).headers["Location"] == path_of(visit)
    client.get(path_of(visit, "inny-termin"), follow_redirects=True)
    assert client.page.h1.startswith("Wizyta:")


def test_two_browsers_accept_different_dates_and_one_wins(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    first, second = (str(one.id) for one in on_offer(session, visit)[:2])
    turn = str(turn_of(visit))
    session.commit()
    other = browser_of(client.application, session)
    client.sign_in(people.marek)
    other.sign_in(people.marek)
    assert client.post(path_of(visit, "przyjmij"), data={"turn": turn, "option": first}).status_code == 303
    assert other.post(path_of(visit, "przyjmij"), data={"turn": turn, "option": second}).status_code == 409
    assert "Uzgodniony termin" in other.page.text


# --- the list


def test_list_is_divided_filtered_and_saved(client: Browser, session: Session, people: People) -> None:
    agreed = agreed_visit(session, people, subject="Rozmowy o pracy")
    make_visit(session, people, subject="Budżet domowy", options=(date_on(14),))
    gone = make_visit(session, people, Path.REQUEST, subject="Zajęcia", options=(date_on(15),))
    actions.withdraw(session, people.marek.actor, gone, now(), turn=turn_of(gone))
    client.sign_in(people.marek)
    page = client.see("/wizyty")
    headings = [one.text for one in page.all("h2") if one.get("id", "").startswith("grupa-")]
    assert headings == ["Czeka na nas", "Uzgodnione, przed nami", "Zamknięte"]
    only = client.htmx("/wizyty?grupa=nasze", "cases").by_id("cases").text
    assert "Budżet domowy" in only
    assert "Rozmowy o pracy" not in only
    assert "Zajęcia" in client.see("/wizyty?stan=wycofana").text
    assert "Rozmowy o pracy" in client.see(f"/wizyty?q={agreed.number}").text
    assert "Budżet domowy" not in client.page.text
    assert "Nie ma partnera o takiej nazwie" in client.see("/wizyty?instytucja=qqqq").text
    assert "Żadna prośba nie pasuje" in client.page.text
    table = client.get("/wizyty.csv?grupa=nasze").data.decode("utf-8-sig").splitlines()
    assert len(table) == 2
    assert "Budżet domowy" in table[1]
    assert client.get("/wizyty.xlsx").status_code == 200


def test_empty_list_says_what_to_do(client: Browser, people: People) -> None:
    client.sign_in(people.ewa)
    assert "Nie ma jeszcze próśb o wizytę" in client.see("/wizyty").text
    assert client.page.all("a", href="/wizyty/nowa")
    client.sign_in(people.piotr)
    assert not client.see("/wizyty").all("a", href="/wizyty/nowa")


def test_pages_are_in_english_too(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.marek)
    for path in ("/wizyty", path_of(visit), path_of(visit, "inny-termin"), path_of(visit, "odmowa"), ASK_PRISON):
        client.see(f"{path}?jezyk=en")
    assert client.page.h1 == "Ask for a visit"


def test_help_tells_every_step(client: Browser) -> None:
    page = client.see("/pomoc/wizyty")
    rows = page.all("tr")
    assert len(rows) > 20
    assert "Dane osoby przekaż pismem albo telefonicznie, poza portalem." in page.text.replace("\u00a0", " ")


def test_note_follows_the_visit(client: Browser, session: Session, people: People, clock: Traveller) -> None:
    visit = agreed_visit(session, people)
    session.commit()
    clock.shift(timedelta(days=16))
    client.sign_in(people.ewa)
    page = client.see(path_of(visit))
    assert page.one("li", **{"aria-current": "step"}).text.strip() == "Notatka"
    assert "Napisz notatkę" in page.text


# --- how many statements


@pytest.mark.slow
def test_list_asks_the_same_for_any_number_of_cases(
    client: Browser, session: Session, people: People, query_count: Callable[[], Any]
) -> None:
    client.sign_in(people.marek)
    counted = []
    for number in (1, 3, 35):
        while len(session.exec(select(Visit.id)).all()) < number:
            days = len(session.exec(select(Visit.id)).all())
            make_visit(session, people, options=(date_on(days),))
        client.see("/wizyty")
        with query_count() as asked:
            client.see("/wizyty")
        counted.append(len(asked))
    assert len(set(counted)) == 1, counted
    assert counted[0] <= 8
    assert client.page.one("a", rel="next")["href"] == "/wizyty?strona=2"
    assert len(client.see("/wizyty?strona=2").all("h3")) == 5


@pytest.mark.slow
def test_case_asks_the_same_for_any_length(
    client: Browser, session: Session, people: People, query_count: Callable[[], Any]
) -> None:
    visit = make_visit(session, people, options=(date_on(),))
    client.sign_in(people.marek)
    counted = []
    for number in range(3):
        client.see(path_of(visit))  # the first look is noted
        with query_count() as asked:
            client.see(path_of(visit))
        counted.append(len(asked))
        for who in (people.ewa, people.marek):
            actions.say(session, who.actor, visit, f"Wiadomość {number}", now())
        if number == 1:
            for person, days in ((people.marek, 7), (people.ewa, 14)):
                options = tuple(date_on(days + n) for n in range(3))
                actions.counter(session, person.actor, visit, options, now(), turn=turn_of(visit))
    assert len(set(counted)) == 1, counted
    assert counted[0] <= 20
