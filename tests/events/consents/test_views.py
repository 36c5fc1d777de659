"""From a draft to agreement in the browser: ask, answer, note, consent; with wrong input and as people who may not."""

from datetime import date

import pytest
from sqlmodel import Session, select

from app.clock import now
from events.calendar import actions as calendar
from events.calendar import parties
from events.calendar.models import Admission, Event, EventParty, Promotion, Visibility
from events.calendar.rules import Speaker
from partners.institutions.models import Kind, Room
from tests.browser import Browser
from tests.factories.agreements import make_agreement
from tests.factories.events import agree, make_draft, make_event
from tests.factories.institutions import make_institution
from tests.factories.persons import People, Person
from tests.factories.rows import add


@pytest.fixture(name="draft")
def _draft(session: Session, people: People, clock: object) -> Event:
    """The MOPS prepares a training in the prison, together with the NGO."""
    return make_draft(
        session,
        people.marek,
        place_institution_id=people.prison.id,
        place="",
        co_organisers=(people.ngo.id or 0,),
        visibility=Visibility.INVITED,
    )


def at(event: Event, rest: str = "") -> str:
    return f"/wydarzenia/{event.uuid}{rest}"


def test_from_draft_to_publication(client: Browser, people: People, draft: Event) -> None:
    page = client.sign_in(people.marek).see(at(draft, "/sprawdz"))
    assert "Najpierw muszą potwierdzić inni" in page.text
    assert "Opublikuj wydarzenie" not in page.text
    assert client.post(at(draft, "/sprawdz")).status_code == 409
    assert "Brakuje potwierdzenia" in client.page.text
    client.post(at(draft, "/uzgodnienia/popros"), follow_redirects=True)
    assert "Wysłaliśmy prośbę e-mailem do 2 instytucji." in client.page.text
    assert client.post(at(draft, "/uzgodnienia/popros")).status_code == 409
    assert "Nie ma kogo zapytać" in client.page.text
    for who in (people.ewa, people.jola):
        page = client.sign_in(who).see(at(draft))
        assert "Prośba o potwierdzenie" in page.text
        assert "Sprawdź i opublikuj" not in page.text
        client.see(at(draft, "/uzgodnienia"))
        client.post(at(draft, "/uzgodnienia/odpowiedz"), data={"answer": "tak"}, follow_redirects=True)
        assert "Potwierdzono." in client.page.text
    client.sign_in(people.marek).see(at(draft, "/sprawdz"))
    client.post(at(draft, "/sprawdz"), follow_redirects=True)
    assert "Wydarzenie jest opublikowane" in client.page.text or "opublikowan" in client.page.text
    assert "Termin uzgodniony. Wejście po zgodzie dyrektora jednostki penitencjarnej." in client.page.text


def test_a_no_needs_its_reason_and_the_lead_reads_it(
    client: Browser, session: Session, people: People, draft: Event
) -> None:
    parties.ask(session, people.marek.actor, draft, now())
    client.sign_in(people.ewa).see(at(draft, "/uzgodnienia"))
    assert client.post(at(draft, "/uzgodnienia/odpowiedz"), data={}).status_code == 422
    assert client.post(at(draft, "/uzgodnienia/odpowiedz"), data={"answer": "nie"}).status_code == 422
    assert "Napisz, dlaczego" in client.page.text
    answer = {"answer": "nie", "reason": "W tym dniu są ćwiczenia."}
    client.post(at(draft, "/uzgodnienia/odpowiedz"), data=answer, follow_redirects=True)
    page = client.sign_in(people.marek).see(at(draft, "/uzgodnienia"))
    assert "W tym dniu są ćwiczenia." in page.text
    assert "Poproś o potwierdzenie" in page.text


def test_looking_at_the_link_of_a_mail_answers_nothing(
    client: Browser, session: Session, people: People, draft: Event
) -> None:
    parties.ask(session, people.marek.actor, draft, now())
    client.sign_in(people.ewa)
    for path in ("", "/uzgodnienia"):
        client.see(at(draft, path))
    assert client.get(at(draft, "/uzgodnienia/odpowiedz")).status_code == 405
    assert session.get_one(EventParty, (draft.id, people.prison.id)).answer == "asked"


def test_what_was_agreed_on_paper_needs_a_tick(
    client: Browser, session: Session, people: People, clock: object
) -> None:
    silent = make_institution(session, "schronisko", Kind.NGO, "Schronisko Pokazowe")
    event = make_draft(session, people.marek, co_organisers=(silent.id or 0,))
    page = client.sign_in(people.marek).see(at(event, "/uzgodnienia"))
    assert "nie ma jeszcze nikogo w Kładce" in page.text
    path = at(event, f"/uzgodnienia/{silent.id}/poza-kladka")
    assert client.post(path).status_code == 422
    assert "Zaznacz, że to uzgodniono" in client.page.text
    client.post(path, data={"agreed": "y"}, follow_redirects=True)
    assert "uzgodnione poza Kładką" in client.page.text


def test_the_unit_notes_the_consent(client: Browser, session: Session, people: People, draft: Event) -> None:
    agree(session, draft)
    calendar.publish(session, people.marek.actor, draft, now())
    page = client.sign_in(people.ewa).see(at(draft))
    assert "Zgoda dyrektora czeka" in page.text
    client.see(at(draft, "/uzgodnienia"))
    path = at(draft, "/zgoda-dyrektora")
    assert client.post(path, data={"consent": "granted"}).status_code == 422
    assert client.post(path, data={"consent": "granted", "granted_on": "24.12.2026"}).status_code == 422
    client.post(path, data={"consent": "granted", "granted_on": "20.11.2026"}, follow_redirects=True)
    assert "Zgoda dyrektora udzielona dnia" in client.page.text
    client.sign_in(people.marek).see(at(draft))
    assert client.post(path, data={"consent": "not_needed"}).status_code == 403


def test_the_house_moves_and_the_co_organiser_writes(
    client: Browser, session: Session, people: People, draft: Event
) -> None:
    agree(session, draft)
    room = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    calendar.publish(session, people.marek.actor, draft, now())
    client.sign_in(people.ewa).see(at(draft, "/gospodarz"))
    typed = {**client.page.values(at(draft, "/gospodarz")), "starts": "9.00", "ends": "8.00"}
    assert client.post(at(draft, "/gospodarz"), data=typed).status_code == 422
    typed |= {"ends": "11.00", "room_id": str(room.id), "room": ""}
    client.post(at(draft, "/gospodarz"), data=typed, follow_redirects=True)
    assert "Sala widzeń" in client.page.text
    assert "Po zmianie czeka na potwierdzenie: " in client.page.text
    assert client.post(at(draft, "/gospodarz"), data=typed).status_code == 409
    client.sign_in(people.jola).see(at(draft, "/tematy"))
    typed = {**client.page.values(at(draft, "/tematy")), "topics": "schronienie", "speaker_0": "Maria Próbna"}
    client.post(at(draft, "/tematy"), data=typed, follow_redirects=True)
    assert "schronienie" in client.page.text
    assert "Maria Próbna" in client.page.text
    assert client.get(at(draft, "/gospodarz")).status_code == 403
    assert client.get(at(draft, "/edycja")).status_code == 403


@pytest.mark.parametrize("rest", ["/uzgodnienia", "/gospodarz", "/tematy"])
def test_strangers_settle_nothing(client: Browser, session: Session, people: People, rest: str, clock: object) -> None:
    event = make_event(session, people.marek, place_institution_id=people.prison.id, place="")
    assert client.sign_in(people.stefan).get(at(event, rest)).status_code == 403


def test_second_part_of_the_day(client: Browser, session: Session, people: People, clock: object) -> None:
    first = make_event(session, people.marek, title="Rano", place_institution_id=people.mops.id, place="")
    page = client.sign_in(people.marek).see(f"/wydarzenia/nowe?czesc={first.uuid}")
    action = f"/wydarzenia/nowe?czesc={first.uuid}"
    typed = {**page.values(action), "kind": "workshop", "starts": "12.30", "ends": "14.00", "audience": "prison_staff"}
    assert typed["day"] == "08.12.2026"
    assert typed["place"] == str(people.mops.id)
    assert client.post(action, data={**typed, "day": "09.12.2026"}).status_code == 422
    assert "tego samego dnia" in client.page.text
    client.post(action, data={**typed, "title": "Po południu"}, follow_redirects=True)
    second = session.exec(select(Event).where(Event.title == "Po południu")).one()
    assert second.part_of_id == first.id
    client.post(at(second, "/sprawdz"), follow_redirects=True)
    assert "Rano" in client.see(at(second)).text
    assert "Po południu" in client.see(at(first)).text


def test_the_desk_names_what_waits_for_whom(client: Browser, session: Session, people: People, draft: Event) -> None:
    def desk(who: Person) -> str:
        return client.sign_in(who).see("/biurko").text

    assert "Twój szkic czeka na potwierdzenie innych" not in desk(people.marek)
    parties.ask(session, people.marek.actor, draft, now())
    assert "Twój szkic czeka na potwierdzenie innych" in desk(people.marek)
    assert "Prośba o potwierdzenie" in desk(people.ewa)
    assert "Prośba o potwierdzenie" not in desk(people.stefan)
    parties.answer(session, people.ewa.actor, draft, now(), agrees=False, reason="Ćwiczenia.")
    assert "Odmowa: zmień szkic albo zapytaj ponownie" in desk(people.marek)
    agree(session, draft)
    assert "Wszyscy potwierdzili: możesz opublikować" in desk(people.marek)
    calendar.publish(session, people.marek.actor, draft, now())
    assert "Ustal zgodę dyrektora" in desk(people.ewa)
    assert "Ustal zgodę dyrektora" not in desk(people.marek)


def test_saving_everything_unchanged_changes_nothing(
    client: Browser, session: Session, people: People, clock: object
) -> None:
    make_agreement(session, "P-08-777", people.prison, people.mops)
    room = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    event = make_draft(
        session,
        people.marek,
        place_institution_id=people.prison.id,
        place="",
        room_id=room.id,
        co_organisers=(people.ngo.id or 0,),
        speakers=(Speaker("Maria Próbna", "kierowniczka", people.ngo.id), Speaker("Piotr Wzorcowy", "trener", None)),
        admission=Admission.APPROVAL,
        promotion=Promotion.OFFER,
        offer_hours=48,
        agenda="10.00 powitanie",
        children=True,
        minors_checked_on=date(2026, 11, 20),
        minors_standards=True,
        visibility=Visibility.INVITED,
    )
    agree(session, event)
    calendar.publish(session, people.marek.actor, event, now())
    before = calendar.as_saved(session, event)
    client.sign_in(people.marek).see(at(event, "/edycja"))
    client.post(at(event, "/edycja"), data=client.page.values(at(event, "/edycja")), follow_redirects=True)
    assert "Nic się nie zmieniło." in client.page.text
    session.expire_all()
    assert calendar.as_saved(session, event) == before
    assert session.get_one(EventParty, (event.id, people.ngo.id)).answer == "confirmed"
