"""Answers without an account: a link by mail, a look that changes nothing, one answer by a choice and a button."""

import json
import logging
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from hashlib import sha256

import pytest
from flask import Flask
from sqlmodel import Session, col, select

from app.audit.models import AuditLine, AuditValue
from app.clock import now
from app.db import Database
from app.errors import Conflict
from app.outbox.models import MailState, OutboxMail
from app.web.log import JsonLines
from events.calendar.models import Event, Occurrence
from events.calendar.models import State as EventState
from events.gate.models import Entry
from events.signups.models import SignUp
from events.visits import actions, links, upkeep
from events.visits.models import Act, State, Visit, VisitLink, VisitOption, VisitStep
from partners.institutions.models import Institution
from tests.browser import Browser
from tests.dump import dump
from tests.factories.contacts import make_contact
from tests.factories.persons import People, make_people, make_person
from tests.factories.replies import ask, in_days, links_in, make_silent

pytestmark = pytest.mark.usefixtures("clock")
MAILBOX = "sekretariat@ops-milczewo.example"


@pytest.fixture(name="silent")
def _silent(session: Session) -> Institution:
    return make_silent(session)


@pytest.fixture(name="visit")
def _visit(session: Session, people: People, silent: Institution) -> Visit:
    """The prison asks, and its question goes out by mail."""
    return ask(session, people.ewa, silent)


@pytest.fixture(name="link")
def _link(session: Session, visit: Visit) -> str:
    """Where the first link of the visit leads."""
    return links_in(session)[0]


def choice(client: Browser, number: int = 0) -> str:
    """The value of the first, second, … box of the answer on the last page."""
    return client.page.all("input", name="answer")[number]["value"]


def thread(session: Session, visit: Visit) -> list[tuple[Act, bool]]:
    statement = select(VisitStep).where(VisitStep.visit_id == visit.id).order_by(col(VisitStep.position))
    return [(step.act, step.by_link) for step in session.exec(statement)]


def stands(visit: Visit) -> State:
    return visit.state


def mails_to(session: Session, address: str) -> list[str]:
    return [mail.template for mail in session.exec(select(OutboxMail).where(OutboxMail.to_address == address)).all()]


# --- the mail


def test_the_mailbox_of_the_card_gets_one_link_and_only_its_hash_is_kept(
    session: Session, people: People, silent: Institution
) -> None:
    visit = ask(session, people.ewa, silent)
    (address,) = links_in(session)
    token = address.removeprefix("/odpowiedz/")
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    assert mails_to(session, MAILBOX) == ["events/visits/reply"]
    (link,) = session.exec(select(VisitLink)).all()
    assert link.token_hash == sha256(token.encode()).hexdigest()
    assert token not in repr(link)
    assert visit.expires_on is not None
    # The whole of the last day is left for an answer.
    assert (link.expires_at - timedelta(seconds=1)).date() == visit.expires_on


def test_the_contact_for_this_matter_goes_before_the_office(
    session: Session, people: People, silent: Institution
) -> None:
    make_contact(session, silent, "social_work_contact", mailbox="kontakt@ops-milczewo.example")
    ask(session, people.ewa, silent)
    assert mails_to(session, MAILBOX) == []
    assert mails_to(session, "kontakt@ops-milczewo.example") == ["events/visits/reply"]


def test_a_card_without_a_mailbox_takes_the_address_that_the_asker_knows(session: Session, people: People) -> None:
    silent = make_silent(session, email="")
    visit = ask(session, people.ewa, silent, reply_email=MAILBOX.upper())
    assert mails_to(session, MAILBOX) == ["events/visits/reply"]
    assert visit.reply_email == MAILBOX


def test_an_institution_with_people_gets_no_link(session: Session, people: People) -> None:
    ask(session, people.ewa, people.mops)
    assert links_in(session) == []


def test_only_so_many_a_day_go_to_one_institution(session: Session, people: People, silent: Institution, clock) -> None:
    for number in range(links.TO_ONE_A_DAY):
        ask(session, people.ewa, silent, in_days(15 + number))
    session.commit()
    with pytest.raises(links.TooManyLinks):
        ask(session, people.ewa, silent, in_days(40))
    session.rollback()
    assert len(links_in(session)) == links.TO_ONE_A_DAY
    clock.shift(timedelta(hours=25))
    # Another card with the same mailbox is the same reader.
    for number in range(links.TO_ONE_A_DAY):
        ask(session, people.ewa, make_silent(session, f"ops-{number}"), in_days(15 + number))
    with pytest.raises(links.TooManyLinks):
        ask(session, people.ewa, make_silent(session, "ops-ostatni"), in_days(40))


# --- the page


def test_the_page_says_what_is_asked_and_by_whom_without_a_persons_name(
    session: Session, people: People, silent: Institution, client: Browser
) -> None:
    make_contact(
        session, people.prison, "penitentiary_contact", person="Maria Próbna", phone="68 100 20 30", public=True
    )
    make_contact(session, people.prison, "penitentiary_contact", person="Tajny Wzorcowy", phone="1", position=1)
    make_contact(session, people.prison, "head", person="Dyrektor Pokazowy", public=True)
    ask(session, people.ewa, silent)
    page = client.see(links_in(session)[0])
    assert page.h1 == "Zakład Karny w Kładkowie: prośba o spotkanie"
    for words in (
        "Świadczenia po wyjściu", "mieszkanie, zasiłki", "Prosimy o spotkanie z grupą.", "wtorek, 8 grudnia 2026",
        "10.00–12.00", "Odpowiedz do 26 listopada 2026.", "2 osoby z Twojej instytucji", "W-2026-001", "Maria Próbna",
        "68 100 20 30",
    ):  # fmt: skip
        assert words in page.text
    for name in ("Ewa Pokazowa", "Tajny", "Dyrektor", people.ewa.email):
        assert name not in page.text


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(app: Flask, session: Session, link: str, client: Browser, method: str) -> None:
    session.commit()
    before = dump(app)
    for agent in ("curl/8", "Mozilla/5.0 SafeLinks", "BarracudaCentral"):
        response = getattr(client, method)(link, headers={"User-Agent": agent})
        assert response.status_code == 200
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Robots-Tag"] == "noindex"
    assert dump(app) == before


def test_a_form_sent_without_a_choice_is_no_answer(app: Flask, link: str, client: Browser) -> None:
    """Scanners that submit forms send them as they stand."""
    page = client.see(link)
    assert not [box for box in page.all("input", name="answer") if box.has("checked")]
    before = dump(app)
    values = page.values(link)
    assert client.post(link, data=values).status_code == 422
    assert "Wybierz odpowiedź." in client.page.text
    assert client.post(link, data={"answer": "t999999"}).status_code == 422
    assert client.post(link, data={"answer": "tak"}).status_code == 422
    assert dump(app) == before


def test_a_form_of_another_site_is_refused(visit: Visit, link: str, client: Browser) -> None:
    client.see(link)
    response = client.post(link, data={"answer": choice(client)}, csrf=False)
    assert response.status_code == 400
    assert stands(visit) is State.REQUESTED


@pytest.mark.parametrize("token", ["x" * 43, "x" * 42, "x" * 44, "../biurko"])
def test_an_unknown_link_is_not_there(session: Session, people: People, silent: Institution, client: Browser, token):
    ask(session, people.ewa, silent)
    client.see("/logowanie")
    assert client.get(f"/odpowiedz/{token}").status_code == 404
    assert client.get(f"/odpowiedz/{token}/termin.ics").status_code == 404
    assert client.post(f"/odpowiedz/{token}", data={"answer": "odmowa"}).status_code == 404


def test_case_matters(session: Session, people: People, silent: Institution, client: Browser) -> None:
    ask(session, people.ewa, silent)
    assert client.get(f"/odpowiedz/{links_in(session)[0].rpartition('/')[2].swapcase()}").status_code == 404


def test_guessing_is_slowed_down_and_looking_is_not(link: str, client: Browser) -> None:
    client.see(link)
    for _number in range(20):
        assert client.post(link, data={}).status_code == 422
    assert client.post(link, data={"answer": "odmowa"}).status_code == 429
    assert client.get(link).status_code == 200


def test_the_log_masks_the_link(link: str) -> None:
    record = logging.LogRecord("kladka", logging.INFO, "", 0, f"GET {link}?jezyk=en {link}/termin.ics", (), None)
    assert json.loads(JsonLines().format(record))["message"] == "GET /odpowiedz/…?jezyk=en /odpowiedz/…/termin.ics"


# --- the answers


def test_accepting_makes_the_meeting_with_an_entry_list(
    session: Session, people: People, silent: Institution, client: Browser
) -> None:
    visit = ask(session, people.ewa, silent)
    address = links_in(session)[0]
    client.see(address)
    data = {"answer": choice(client, 1), "name_0": "Anna Przykładowa", "function_0": "pracownik socjalny"}
    response = client.post(address, data={**data, "message": "Będziemy z tłumaczem."})
    assert (response.status_code, response.headers["Location"]) == (303, address)
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert stands(visit) is State.ACCEPTED
    event = session.get_one(Event, visit.event_id)
    assert event.state is EventState.PUBLISHED
    assert event.local_start == in_days(17).starts
    signed = session.exec(select(SignUp)).all()
    assert sorted((one.person, one.function, one.institution_id) for one in signed) == [
        ("", "", silent.id), ("Anna Przykładowa", "pracownik socjalny", silent.id),
    ]  # fmt: skip
    assert "Anna Przykładowa" in [entry.person for entry in session.exec(select(Entry)).all()]
    assert thread(session, visit) == [(Act.ASK, False), (Act.ACCEPT, True)]
    assert "events/visits/accepted" in mails_to(session, people.ewa.email)
    (confirmed,) = [
        one for one in session.exec(select(OutboxMail).where(OutboxMail.to_address == MAILBOX)) if one.calendar
    ]
    assert "METHOD:PUBLISH" in (confirmed.calendar or "")

    page = client.see(address)
    assert page.h1 == "Termin uzgodniony"
    assert "czwartek, 10 grudnia 2026, 10.00–12.00" in page.text
    assert "1 nazwisko jest na liście wejść" in page.text
    assert "Anna Przykładowa" not in page.text
    assert page.one("a", href="/zglos-instytucje").text == "Zgłoś instytucję"
    calendar = client.get(f"{address}/termin.ics")
    assert calendar.headers["Cache-Control"] == "no-store"
    assert calendar.headers["X-Robots-Tag"] == "noindex"
    text = calendar.get_data(as_text=True)
    assert f"UID:{event.uid}" in text
    assert "DTSTART;TZID=Europe/Warsaw:20261210T100000" in text
    assert "Anna" not in text


def test_names_may_come_later_by_telephone(session: Session, link: str, client: Browser) -> None:
    client.see(link)
    assert client.post(link, data={"answer": choice(client)}).status_code == 303
    assert [one.person for one in session.exec(select(SignUp)).all()] == ["", ""]
    assert "Miejsca bez nazwisk są zarezerwowane." in client.see(link).text


def test_a_link_answers_once(session: Session, visit: Visit, link: str, client: Browser) -> None:
    client.see(link)
    first, second = choice(client), choice(client, 1)
    assert client.post(link, data={"answer": first}).status_code == 303
    response = client.post(link, data={"answer": second, "message": "Jednak ten drugi dzień"})
    assert response.status_code == 409
    assert "Ta odpowiedź nie została przyjęta" in client.page.text
    assert "Jednak ten drugi dzień" in client.page.text
    assert client.post(link, data={"answer": "odmowa", "reason": "dates"}).status_code == 409
    assert stands(visit) is State.ACCEPTED
    assert len(session.exec(select(Occurrence)).all()) == 1
    assert thread(session, visit) == [(Act.ASK, False), (Act.ACCEPT, True)]


def test_another_date_goes_to_and_fro_with_a_link_for_each_step(
    session: Session, people: People, silent: Institution, client: Browser
) -> None:
    visit = ask(session, people.ewa, silent)
    first = links_in(session)[0]
    client.see(first)
    data = {"answer": "inny", "day_0": "14.12.2026", "starts_0": "9.00", "ends_0": "11.00"}
    assert client.post(first, data=data).status_code == 303
    assert stands(visit) is State.COUNTERED
    assert visit.turn_of_id == people.prison.id
    page = client.see(first)
    assert page.h1 == "Odpowiedź wysłana"
    assert "poniedziałek, 14 grudnia 2026, 9.00–11.00" in page.text
    assert "Teraz odpowiada Zakład Karny w Kładkowie" in page.text
    assert client.get(f"{first}/termin.ics").status_code == 404

    actions.counter(
        session, people.ewa.actor, visit, (in_days(22),), now(), turn=visit.open_step_id or 0, message="Tylko wtedy."
    )
    assert len(links_in(session)) == 2
    second = links_in(session)[1]
    assert client.see(first).h1 == "Czeka na Ciebie nowsza propozycja"
    page = client.see(second)
    assert page.h1 == "Zakład Karny w Kładkowie: propozycja innych terminów"
    assert "Tylko wtedy." in page.text
    assert client.post(first, data={"answer": choice(client)}).status_code == 409
    client.see(second)
    assert client.post(second, data={"answer": choice(client)}).status_code == 303
    assert stands(visit) is State.ACCEPTED
    assert client.see(first).h1 == client.see(second).h1 == "Termin uzgodniony"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Podaj co najmniej jeden inny termin, z godzinami."),
        ({"day_0": "14.12.2026"}, "Podaj godzinę rozpoczęcia."),
        ({"day_0": "31.02.2027", "starts_0": "9", "ends_0": "10"}, "Podaj datę, która istnieje"),
        ({"day_1": "14.12.2026", "starts_1": "9.00"}, "Podaj godzinę zakończenia."),
        ({"day_0": "14.12.2026", "starts_0": "11.00", "ends_0": "9.00"}, "Koniec musi być późniejszy"),
        ({"day_0": "23.11.2026", "starts_0": "7.00", "ends_0": "8.00"}, "minął"),
    ],
)
def test_dates_that_cannot_be_are_refused_with_all_that_was_typed(
    visit: Visit, link: str, client: Browser, typed: dict[str, str], sentence: str
) -> None:
    client.see(link)
    response = client.post(link, data={"answer": "inny", "message": "Proszę o inny dzień", **typed})
    assert response.status_code == 422
    assert sentence in client.page.text
    assert "Proszę o inny dzień" in response.get_data(as_text=True)
    assert all(client.page.one("input", name=name)["value"] == value for name, value in typed.items())
    assert stands(visit) is State.REQUESTED


def test_refusing_needs_a_reason(visit: Visit, link: str, client: Browser) -> None:
    client.see(link)
    assert client.post(link, data={"answer": "odmowa"}).status_code == 422
    assert "Wybierz powód." in client.page.text
    assert client.post(link, data={"answer": "odmowa", "reason": "other"}).status_code == 422
    assert "Napisz powód w kilku słowach" in client.page.text
    # A reason of the prison's side is none of theirs.
    assert client.post(link, data={"answer": "odmowa", "reason": "escort"}).status_code == 422
    assert client.post(link, data={"answer": "odmowa", "reason": "staff"}).status_code == 303
    assert stands(visit) is State.REFUSED
    assert client.see(link).h1 == "Odmowa zapisana"


def test_a_pesel_is_refused_here_too(visit: Visit, link: str, client: Browser) -> None:
    client.see(link)
    data = {"answer": choice(client), "message": "chodzi o 44051401359"}
    assert client.post(link, data=data).status_code == 422
    assert stands(visit) is State.REQUESTED


# --- what happens meanwhile


def test_a_request_taken_back_says_so_and_whom_to_call(
    session: Session, people: People, silent: Institution, client: Browser
) -> None:
    make_contact(session, people.prison, "penitentiary_contact", phone="68 100 20 30", public=True)
    visit = ask(session, people.ewa, silent)
    address = links_in(session)[0]
    client.see(address)
    chosen = choice(client)
    actions.withdraw(session, people.ewa.actor, visit, now(), turn=visit.open_step_id or 0, reason="mistake")
    assert client.post(address, data={"answer": chosen, "message": "Zapraszamy serdecznie"}).status_code == 409
    assert client.page.h1 == "Prośba wycofana"
    assert "Zapraszamy serdecznie" in client.page.text
    assert "68 100 20 30" in client.see(address).text
    assert stands(visit) is State.WITHDRAWN


def test_after_the_last_day_nothing_is_answered(
    session: Session, visit: Visit, link: str, client: Browser, clock
) -> None:
    client.see(link)
    chosen = choice(client)
    clock.shift(timedelta(days=8, hours=14, minutes=59))  # 1 December, 23.59
    assert client.see(link).h1 == "Zakład Karny w Kładkowie: prośba o spotkanie"
    clock.shift(timedelta(minutes=2))
    assert client.see(link).h1 == "Czas na odpowiedź minął"
    client.see("/logowanie")
    assert client.post(link, data={"answer": chosen}).status_code == 409
    assert stands(visit) is State.REQUESTED
    upkeep.chase(session, now())
    assert client.see(link).h1 == "Czas na odpowiedź minął"
    assert stands(visit) is State.EXPIRED


def test_a_reminder_brings_a_new_link_and_the_old_one_says_so(
    session: Session, people: People, silent: Institution, client: Browser, clock
) -> None:
    visit = ask(session, people.ewa, silent)
    clock.shift(timedelta(days=2))
    upkeep.chase(session, now())
    first, second = links_in(session)
    assert mails_to(session, MAILBOX) == ["events/visits/reply", "events/visits/reply_reminder"]
    assert client.see(first).h1 == "Nowszy link jest w Twojej skrzynce"
    client.see(second)
    assert client.post(first, data={"answer": choice(client)}).status_code == 409
    client.see(second)
    assert client.post(second, data={"answer": choice(client)}).status_code == 303
    assert stands(visit) is State.ACCEPTED


def test_the_night_is_never_stopped_by_the_bound(session: Session, people: People, silent: Institution, clock) -> None:
    for number in range(links.TO_ONE_A_DAY):
        ask(session, people.ewa, silent, in_days(15 + number))
    clock.shift(timedelta(days=2))
    assert upkeep.chase(session, now()) == links.TO_ONE_A_DAY


def test_a_meeting_called_off_is_shown_so(
    session: Session, people: People, visit: Visit, link: str, client: Browser
) -> None:
    client.see(link)
    client.post(link, data={"answer": choice(client)})
    actions.cancel(session, people.ewa.actor, visit, "room", now())
    page = client.see(link)
    assert page.h1 == "Spotkanie odwołane"
    assert "STATUS:CANCELLED" in client.get(f"{link}/termin.ics").get_data(as_text=True)


def test_link_of_a_move_says_that_the_agreed_date_stays(
    session: Session, people: People, silent: Institution, client: Browser
) -> None:
    visit = ask(session, people.ewa, silent)
    first = links_in(session)[0]
    assert "prośba wygasa" in client.see(first).text
    client.post(first, data={"answer": choice(client)})
    actions.move(session, people.ewa.actor, visit, (in_days(30),), "room", now())
    page = client.see(next(one for one in links_in(session) if one != first))
    assert "zostaje uzgodniony termin" in page.text
    assert "prośba wygasa" not in page.text


def test_who_registers_later_finds_the_case(
    session: Session, people: People, silent: Institution, client: Browser
) -> None:
    visit = ask(session, people.ewa, silent)
    address = links_in(session)[0]
    client.see(address)
    client.post(address, data={"answer": choice(client)})
    later = make_person(session, "Anna Przykładowa", silent)
    page = client.see(address)
    assert "Twoja instytucja jest już w Kładce" in page.text
    assert client.sign_in(later).get(f"/wizyty/{visit.number}").status_code == 200
    actions.move(session, people.ewa.actor, visit, (in_days(30),), "room", now())
    assert len(links_in(session)) == 1
    assert "events/visits/move_asked" in mails_to(session, later.email)
    assert client.sign_in(people.stefan).get(f"/wizyty/{visit.number}").status_code == 404


def test_a_link_is_not_for_a_later_offer(
    session: Session, people: People, silent: Institution, client: Browser
) -> None:
    """Its people have joined and answered on the desk, so that no newer link has replaced it."""
    visit = ask(session, people.ewa, silent)
    address = links_in(session)[0]
    later = make_person(session, "Anna Przykładowa", silent)
    actions.counter(session, later.actor, visit, (in_days(20),), now(), turn=visit.open_step_id or 0)
    actions.counter(session, people.ewa.actor, visit, (in_days(21),), now(), turn=visit.open_step_id or 0)
    page = client.see(address)
    assert page.h1 == "Czeka na Ciebie nowsza propozycja"
    assert "Twoja instytucja jest już w Kładce: odpowiadają jej osoby." in page.text
    client.see("/logowanie")
    assert client.post(address, data={"answer": "odmowa", "reason": "dates"}).status_code == 409
    assert stands(visit) is State.COUNTERED


# --- the wrong address


def test_the_wrong_address_is_told_and_written_to_no_more(
    session: Session, people: People, visit: Visit, link: str, client: Browser, clock
) -> None:
    client.see(link)
    assert client.post(link, data={"answer": "adres", "message": "To szkoła."}).status_code == 303
    page = client.see(link)
    assert page.h1 == "Dziękujemy. Nie napiszemy więcej pod ten adres w tej sprawie"
    assert "Świadczenia" not in page.text
    assert client.get(f"{link}/termin.ics").status_code == 404
    assert stands(visit) is State.REQUESTED
    (said,) = session.exec(select(VisitStep).where(VisitStep.act == Act.SAY)).all()
    assert "adres e-mail nie jest właściwy" in said.message
    assert "To szkoła." in said.message
    assert said.by_link
    assert "events/visits/said" in mails_to(session, people.ewa.email)
    clock.shift(timedelta(days=2))
    upkeep.chase(session, now())
    assert len(links_in(session)) == 1

    place = f"/wizyty/{visit.number}/adres"
    assert client.sign_in(people.marek).get(place).status_code == 404
    client.sign_in(people.ewa).see(place)
    assert client.post(place, data={"email": MAILBOX}).status_code == 422
    assert client.post(place, data={"email": "ops(at)milczewo"}).status_code == 422
    assert client.post(place, data={"email": "ops@milczewo.example"}).status_code == 303
    assert len(links_in(session)) == 2
    assert mails_to(session, "ops@milczewo.example") == ["events/visits/reply_reminder"]
    (line,) = session.exec(select(AuditLine).where(AuditLine.verb == "visit.readdressed")).all()
    (values,) = session.exec(select(AuditValue).where(AuditValue.audit_id == line.id)).all()
    assert values.personal == {"email": "ops@milczewo.example"}
    # Now it is in somebody's hands again.
    assert client.get(place).status_code == 409
    client.see(links_in(session)[1])
    assert client.post(links_in(session)[1], data={"answer": choice(client)}).status_code == 303


def test_links_go_90_days_after_their_time(session: Session, link: str, client: Browser, clock) -> None:
    clock.shift(timedelta(days=98))
    assert links.forget(session, now()) == 0
    clock.shift(timedelta(days=2))
    assert links.forget(session, now()) == 1
    assert client.get(link).status_code == 404


def test_an_english_reader_reads_english(link: str, client: Browser) -> None:
    page = client.see(f"{link}?jezyk=en")
    assert page.h1 == "Zakład Karny w Kładkowie asks for a meeting"
    assert "Tuesday, 8 December 2026" in page.text
    client.post(link, data={"answer": choice(client)})
    assert client.see(link).h1 == "The date is agreed"


def test_a_mailbox_that_takes_no_mail_leads_to_another_address(
    session: Session, people: People, silent: Institution, client: Browser
) -> None:
    silent.email = "Sekretariat@OPS-milczewo.example"
    visit = ask(session, people.ewa, silent)
    client.sign_in(people.ewa)
    assert "Podaj inny adres" not in client.see(f"/wizyty/{visit.number}").text
    (mail,) = session.exec(select(OutboxMail).where(OutboxMail.template == "events/visits/reply")).all()
    mail.state = MailState.FAILED
    assert "Podaj inny adres" in client.see(f"/wizyty/{visit.number}").text
    place = f"/wizyty/{visit.number}/adres"
    client.see(place)
    assert client.post(place, data={"email": "ops@milczewo.example"}).status_code == 303
    assert mails_to(session, "ops@milczewo.example") == ["events/visits/reply_reminder"]


def test_whoever_is_signed_in_elsewhere_answers_for_the_institution_of_the_link(
    session: Session, people: People, silent: Institution, client: Browser
) -> None:
    visit = ask(session, people.ewa, silent)
    address = links_in(session)[0]
    client.sign_in(people.jola).see(address)
    assert client.post(address, data={"answer": choice(client)}).status_code == 303
    (step,) = session.exec(select(VisitStep).where(VisitStep.act == Act.ACCEPT)).all()
    assert (step.institution_id, step.user_id, step.by_link) == (silent.id, None, True)
    assert {one.institution_id for one in session.exec(select(SignUp)).all()} == {silent.id}
    assert stands(visit) is State.ACCEPTED


@pytest.mark.slow
def test_two_readers_of_one_mail_give_one_answer(address: str) -> None:
    """Both press the button at once, with different dates: one wins, the other is told."""
    database = Database(address)
    with closing(database.session(writes=True)) as session:
        people = make_people(session)
        visit = ask(session, people.ewa, make_silent(session))
        visit_id, turn = visit.id or 0, visit.open_step_id or 0
        statement = select(VisitOption.id).where(VisitOption.visit_id == visit_id).order_by(col(VisitOption.id))
        chosen = [one or 0 for one in session.exec(statement)]
        session.commit()
    barrier = threading.Barrier(len(chosen))

    def answer(option_id: int) -> str:
        barrier.wait()
        with closing(database.session(writes=True)) as own:
            visit = own.get_one(Visit, visit_id)
            link = own.exec(select(VisitLink)).one()
            try:
                actions.accept(own, actions.replier(visit), visit, option_id, now(), turn=turn)
                links.use_up(own, link, now())
                own.commit()
            except Conflict as refusal:
                return str(refusal)
            return ""

    with ThreadPoolExecutor(len(chosen)) as pool:
        answers = sorted(pool.map(answer, chosen))
    with closing(database.session(writes=False)) as session:
        assert session.get_one(Visit, visit_id).state is State.ACCEPTED
        assert len(session.exec(select(Event)).all()) == 1
        assert len(session.exec(select(VisitStep).where(VisitStep.act == Act.ACCEPT)).all()) == 1
    database.dispose()
    assert answers[0] == ""
    assert answers[1].startswith("Meanwhile a date was accepted")
