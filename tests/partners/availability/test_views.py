"""The page of blocked days, and the discreet mark in the calendar of the institution's own people."""

from datetime import date

import pytest
from sqlmodel import Session, select

from partners.availability.models import Unavailability
from partners.availability.queries import PAGE_SIZE
from partners.institutions.models import Room
from tests.browser import Browser
from tests.factories.availability import make_period
from tests.factories.persons import People
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
PAGE = "/partnerzy/zk-kladkowo/niedostepne"


def test_admin_adds_days_and_ends_them(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.adam)
    assert "Nie ma dni niedostępnych" in client.see(PAGE).text
    typed = {"first_day": "7.12.2026", "last_day": "11.12.2026", "reason": "odbiór robót"}
    client.post(PAGE, data={**client.page.values(PAGE), **typed}, follow_redirects=True)
    assert "7 grudnia 2026 – 11 grudnia 2026" in client.page.text
    assert "odbiór robót" in client.page.text
    period = session.exec(select(Unavailability)).one()
    client.post(f"{PAGE}/{period.id}/zakoncz", follow_redirects=True)
    assert "Okres jest zakończony" in client.page.text
    assert "zakończono 23 listopada 2026" in client.page.text
    assert client.post(f"{PAGE}/{period.id}/zakoncz").status_code == 409


def test_one_day_of_one_room(client: Browser, session: Session, people: People) -> None:
    room = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    client.sign_in(people.adam).see(PAGE)
    typed = {"first_day": "7.12.2026", "room": str(room.id)}
    client.post(PAGE, data={**client.page.values(PAGE), **typed}, follow_redirects=True)
    period = session.exec(select(Unavailability)).one()
    assert (period.first_day, period.last_day, period.room_id) == (date(2026, 12, 7), date(2026, 12, 7), room.id)


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        ("", "", "Podaj pierwszy dzień"),
        ("12.01.2027", "", "Od 11.01.2027 do 15.01.2027 te dni są już niedostępne."),
        ("22.11.2026", "", "Pierwszy dzień nie może być w przeszłości."),
        ("8.12.2026", "7.12.2026", "Ostatni dzień nie może być wcześniejszy niż pierwszy."),
        ("8.12.2026", "24.11.2028", "najwyżej na dwa lata naprzód"),
    ],
)
def test_what_does_not_fit_comes_back_with_a_sentence(
    client: Browser, session: Session, people: People, first: str, last: str, sentence: str
) -> None:
    make_period(session, people.prison)
    client.sign_in(people.adam).see(PAGE)
    typed = {"first_day": first, "last_day": last, "reason": "co wpisano"}
    answer = client.post(PAGE, data={**client.page.values(PAGE), **typed})
    assert answer.status_code == 422
    assert sentence in client.page.text
    assert "co wpisano" in answer.get_data(as_text=True)


def test_coordinators_read_and_members_are_told_no(client: Browser, session: Session, people: People) -> None:
    make_period(session, people.prison)
    page = client.sign_in(people.ewa).see(PAGE)
    assert "remont dachu" in page.text
    assert "Zmienia to tylko administrator Twojej instytucji." in page.text
    assert client.post(PAGE, data={"first_day": "7.12.2026"}).status_code == 403


def test_old_periods_are_paged(client: Browser, session: Session, people: People) -> None:
    for _ in range(PAGE_SIZE + 1):
        make_period(session, people.prison, first_day=date(2026, 1, 5), last_day=date(2026, 1, 6))
    client.sign_in(people.ewa)
    page = client.see(PAGE)
    assert page.text.count("5 stycznia 2026 – 6 stycznia 2026") == PAGE_SIZE
    assert client.see(f"{PAGE}?strona=2").text.count("5 stycznia 2026 – 6 stycznia 2026") == 1
    for nonsense in ("x", "0", "-1", "9" * 30, "²"):
        assert client.get(f"{PAGE}?strona={nonsense}").status_code == 200


def test_the_calendar_marks_the_days_for_own_people_alone(client: Browser, session: Session, people: People) -> None:
    room = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    make_period(session, people.prison)
    make_period(session, people.prison, room_id=room.id, first_day=date(2027, 1, 20), last_day=date(2027, 1, 20))
    client.sign_in(people.ewa)
    month, week = client.see("/kalendarz/2027-01").text, client.see("/kalendarz/tydzien/2027-W02").text
    assert month.count("niedostępne") == 6
    assert "niedostępne: Sala widzeń" in month
    assert week.count("niedostępne") == 5
    for person in (people.marek, people.wanda, people.olga, people.zofia):
        client.sign_in(person)
        assert "niedostępne" not in client.see("/kalendarz/2027-01").text
        assert "niedostępne" not in client.see("/kalendarz/tydzien/2027-W02").text
