"""The desk of each role: what waits for whom, until when, with what consequence; side list, week, dates by mail."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, select
from time_machine import Traveller

from app.actors import Role
from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar import parties
from events.calendar.models import Admission, Visibility
from events.signups import actions as signups
from events.signups.rules import Wanted
from events.visits import actions as visits
from events.visits.models import Path
from partners.agreements.models import AgreementState
from partners.institutions.models import InstitutionTerritory, Kind
from tests.browser import Browser, Element, Page
from tests.factories.agreements import make_agreement
from tests.factories.duty import dates, make_booking, make_duty
from tests.factories.events import date_of, local, make_draft, make_event, named
from tests.factories.institutions import make_institution
from tests.factories.minutes import met, submitted
from tests.factories.persons import People, make_person
from tests.factories.rows import add
from tests.factories.territory import make_gmina
from tests.factories.visits import OTHERS, date_on, make_visit, turn_of

pytestmark = pytest.mark.usefixtures("clock")


def section(page: Page, heading: str) -> Element | None:
    """Give the section of the page that its heading names."""
    found = [one for one in page.all("section") if words(one).startswith(heading)]
    return found[0] if found else None


def words(element: Element) -> str:
    return " ".join(" ".join(element.strings()).split())


def said(page: Page, heading: str) -> str:
    one = section(page, heading)
    return words(one) if one else ""


def count_of(page: Page, label: str) -> str:
    """Give what stands behind a place of the side list."""
    (link,) = [one for one in page.one("nav", id="menu").all("a") if words(one).startswith(label)]
    return words(link).removeprefix(label).strip()


def test_an_invitation_waits_for_the_centre_with_its_day_and_what_follows(
    client: Browser, session: Session, people: People
) -> None:
    visit = make_visit(session, people)
    mine = said(client.sign_in(people.marek).see("/biurko"), "Do zrobienia")
    assert "1 sprawa" in mine
    assert "Zakład Karny w Kładkowie: zaproszenie na spotkanie w jednostce" in mine
    assert "Świadczenia po wyjściu: wt. 8 grudnia 2026, 10.00–12.00 lub" in mine
    assert "do czwartku" in mine
    assert "Bez odpowiedzi do 26 listopada 2026 przypomnimy zastępcom." in mine
    assert count_of(client.page, "Wizyty") == "1 do zrobienia"
    other = said(client.sign_in(people.ewa).see("/biurko"), "Czeka na innych")
    assert "Świadczenia po wyjściu" in other
    assert "MOPS w Kładkowie: wt. 8 grudnia 2026" in other
    assert "Bez odpowiedzi do 1 grudnia 2026 prośba wygaśnie." in other
    mine = said(client.page, "Do zrobienia")
    assert "Nic na Ciebie nie czeka. Wybierz ośrodek i podaj do trzech terminów." in mine
    assert mine.endswith("Zaproś ośrodek na spotkanie")
    assert "do zrobienia" not in count_of(client.page, "Wizyty")
    assert count_of(client.page, "Wizyty").startswith("1")
    make_visit(session, people, Path.REQUEST, subject="Plany pomocy", options=(date_on(20),))
    assert "1 sprawa" in said(client.see("/biurko"), "Do zrobienia")
    assert "1 sprawa" in said(client.page, "Czeka na innych")
    visits.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn_of(visit))
    mine = said(client.see("/biurko"), "Do zrobienia")
    assert "MOPS w Kładkowie: propozycja innego terminu" in mine
    assert "wt. 15 grudnia 2026, 10.00–12.00 lub śr. 16 grudnia 2026" in mine
    assert section(client.page, "Czeka na innych") is None


def test_an_answer_from_the_desk_takes_three_pages_at_most(client: Browser, session: Session, people: People) -> None:
    visit = make_visit(session, people)
    loads = ["/biurko"]
    page = client.sign_in(people.marek).see(loads[0])
    (link,) = [one for one in page.all("a") if "zaproszenie na spotkanie" in one.text]
    loads.append(link["href"])
    page = client.see(link["href"])
    action = f"/wizyty/{visit.number}/przyjmij"
    answer = client.post(action, data=page.values(action))
    assert answer.status_code == 303
    loads.append(answer.headers["Location"])
    text = client.see(loads[-1]).text
    assert len(loads) <= 3
    assert "uzgodnion" in text
    mine = said(client.see("/biurko"), "Do zrobienia")
    assert "zaproszenie na spotkanie" not in mine
    assert "Uzupełnij dane do listy wejść" in mine


def test_a_message_of_the_other_side_stands_unread_until_somebody_reads_it(
    client: Browser, session: Session, people: People
) -> None:
    visit = make_visit(session, people)
    client.sign_in(people.marek).see(f"/wizyty/{visit.number}")
    assert section(client.see("/biurko"), "Nieprzeczytane") is None
    visits.say(session, people.ewa.actor, visit, "Prosimy o listę tematów.", now())
    assert "Świadczenia po wyjściu" in said(client.see("/biurko"), "Nieprzeczytane")
    client.see(f"/wizyty/{visit.number}")
    assert section(client.see("/biurko"), "Nieprzeczytane") is None


def test_a_member_and_a_stranger_have_nothing_to_answer(client: Browser, session: Session, people: People) -> None:
    make_visit(session, people)
    for other in (people.piotr, people.stefan, people.jola, people.zofia):
        page = client.sign_in(other).see("/biurko")
        assert "zaproszenie na spotkanie" not in page.text
        assert "1 sprawa" not in said(page, "Do zrobienia")
        assert section(page, "Czeka na innych") is None


def test_what_we_asked_of_others_waits_with_their_name(client: Browser, session: Session, people: People) -> None:
    both = (people.mops.id or 0, people.ngo.id or 0)
    draft = make_draft(session, people.ewa, title="Wspólne szkolenie", co_organisers=both)
    parties.ask(session, people.ewa.actor, draft, now())
    event = make_event(session, people.marek, title="Dzień otwarty", admission=Admission.APPROVAL, capacity=5)
    wanted = Wanted(people=(named(1), named(2)))
    signups.sign_up(session, people.ewa.actor, event, date_of(session, event).id or 0, wanted, "key of two", now())
    other = said(client.sign_in(people.ewa).see("/biurko"), "Czeka na innych")
    assert "2 sprawy" in other
    assert "Twój szkic czeka na potwierdzenie innych" in other
    assert "MOPS w Kładkowie i jeszcze 1" in other
    assert "Bez tej odpowiedzi nie można go opublikować." in other
    assert "Prośba o 2 miejsca: Dzień otwarty MOPS w Kładkowie" in other
    assert "Bez decyzji nie ma miejsca." in other
    assert "do 7 grudnia" in other


def test_a_note_waits_for_the_other_side_until_it_is_approved_by_itself(
    client: Browser, session: Session, people: People, clock: Traveller
) -> None:
    event = met(session, people, clock)
    submitted(session, event, people.ewa)
    other = said(client.sign_in(people.ewa).see("/biurko"), "Czeka na innych")
    assert "Notatka: Spotkanie o świadczeniach MOPS w Kładkowie, spotkanie z 24 listopada 2026" in other
    assert "Bez odpowiedzi do 4 grudnia 2026 notatka zatwierdzi się sama." in other
    mine = said(client.sign_in(people.marek).see("/biurko"), "Do zrobienia")
    assert "Bez odpowiedzi notatka zatwierdzi się sama." in mine
    assert count_of(client.page, "Obecność i notatki") == "1 do zrobienia"


def test_a_missing_note_has_three_working_days_then_it_is_late(
    client: Browser, session: Session, people: People, clock: Traveller
) -> None:
    met(session, people, clock)
    client.sign_in(people.ewa)
    mine = said(client.see("/biurko"), "Do zrobienia")
    assert "Czeka na notatkę: Spotkanie o świadczeniach" in mine
    assert "Po tym terminie przypomnimy e-mailem." in mine
    assert "do piątku" in mine
    clock.shift(timedelta(days=5))
    client.sign_in(people.ewa)
    assert "termin minął" in said(client.see("/biurko"), "Do zrobienia")


def test_the_week_says_what_is_expected_on_duty_hours_and_how_many_places_are_taken(
    client: Browser, session: Session, people: People, clock: Traveller
) -> None:
    event = make_duty(session, people)
    first = dates(session, event)[0]
    make_booking(session, people.ewa, first, slot=0, persons=2, topics=("benefits", "housing"))
    make_booking(session, people.ewa, first, slot=3, persons=1, topics=("housing",))
    clock.shift(timedelta(days=6))
    for person in (people.marek, people.ewa):
        week = said(client.sign_in(person).see("/biurko"), "Mój tydzień")
        assert "Dyżur pracownika socjalnego MOPS" in week
        assert "zajęte 2 godziny dyżuru, 3 osoby: mieszkanie (2), świadczenia" in week
    inside = said(client.sign_in(people.marek).see("/biurko"), "W jednostkach w tym miesiącu")
    assert "zajęte 2 godziny dyżuru, 3 osoby" in inside
    assert "na razie bez zapisów" in inside
    assert section(client.sign_in(people.ewa).see("/biurko"), "W jednostkach w tym miesiącu") is None
    assert "Dyżur" not in said(client.sign_in(people.stefan).see("/biurko"), "Mój tydzień")


def test_the_unit_begins_with_three_big_acts(client: Browser, people: People) -> None:
    page = client.sign_in(people.ewa).see("/biurko")
    links = {one.text: one["href"] for one in page.one("main").all("a")}
    assert links["Zaproś ośrodek na spotkanie"] == "/wizyty/nowa"
    assert links["Lista osób wchodzących na dziś"] == "/wejscia"
    assert links["Gdzie po pomoc: wydrukuj kartkę"] == "/kto-obsluguje"
    for link in ("/wizyty/nowa", "/wejscia", "/kto-obsluguje"):
        client.see(link)
    for other in (people.marek, people.jola, people.piotr):
        assert "Zaproś ośrodek" not in client.sign_in(other).see("/biurko").text
    assert "Poproś o wizytę" in client.sign_in(people.jola).see("/biurko").text
    assert "Poproś o wizytę" not in client.sign_in(people.piotr).see("/biurko").text


def test_the_side_list_leads_to_the_places_of_a_role(client: Browser, session: Session, people: People) -> None:
    def places(who: object) -> list[str]:
        menu = client.sign_in(who).see("/biurko").one("nav", id="menu")  # type: ignore[arg-type]
        return [one["href"] for one in menu.all("a")]

    assert {"/wizyty", "/dyzury", "/notatki", "/wejscia"} <= set(places(people.ewa))
    assert {"/wizyty", "/dyzury", "/notatki"} <= set(places(people.marek))
    assert "/dyzury" not in places(people.jola)
    assert "/wizyty" not in places(people.wanda)
    for path in ("/wizyty", "/dyzury", "/notatki", "/ustawienia"):
        page = client.sign_in(people.marek).see(path)
        assert page.one("nav", id="menu").one("a", href="/biurko").text == "Moje biurko"
    make_visit(session, people)
    assert count_of(client.see("/notatki"), "Wizyty") == "1 do zrobienia"


def test_all_matters_are_paged_and_filtered(client: Browser, session: Session, people: People) -> None:
    for number in range(31):
        event = make_event(session, people.ewa, title=f"Warsztat {number}", visibility=Visibility.PARTNERS)
        date_of(session, event).requested = 1
    make_visit(session, people, Path.REQUEST)
    session.flush()
    page = client.sign_in(people.ewa).see("/biurko")
    assert "32 sprawy · Wszystkie" in said(page, "Do zrobienia")
    assert len(page.one("section", **{"aria-labelledby": "zadania"}).all("li")) == 8
    page = client.see("/biurko/sprawy")
    assert "Wszystkie (32)" in page.text
    assert "Zapisy i miejsca (31)" in page.text
    assert len(page.one("section", **{"aria-label": "Do zrobienia"}).all("li")) == 30
    following = page.one("a", rel="next")["href"]
    page = client.see(following)
    assert len(page.one("section", **{"aria-label": "Do zrobienia"}).all("li")) == 2
    page = client.see("/biurko/sprawy?rodzaj=wizyty")
    assert len(page.one("section", **{"aria-label": "Do zrobienia"}).all("li")) == 1
    assert "Wizyty (1)" in page.text
    for nonsense in ("strona=0", "strona=x", "strona=99999999", "rodzaj=nic", "czyje=moje"):
        client.see(f"/biurko/sprawy?{nonsense}")
    assert "Nic nie czeka na innych" in client.see("/biurko/sprawy?czyje=inne").text
    for other in (people.wanda, people.olga):
        assert client.sign_in(other).get("/biurko/sprawy").status_code == 403


def test_the_nearest_sign_ups_stand_on_the_desk_and_all_on_a_page(
    client: Browser, session: Session, people: People
) -> None:
    for number in range(7):
        start = local(10, days=number)
        title = f"Szkolenie numer {number}"
        event = make_event(session, people.ewa, title=title, starts=start, ends=start + timedelta(hours=1))
        wanted = Wanted(people=(named(1), named(2)))
        key = f"form {number}"
        signups.sign_up(session, people.marek.actor, event, date_of(session, event).id or 0, wanted, key, now())
    own = said(client.sign_in(people.marek).see("/biurko"), "Nasze zapisy")
    assert [number for number in range(7) if f"Szkolenie numer {number}" in own] == [0, 1, 2, 3, 4]
    page = client.see(client.page.one("a", href="/biurko/zapisy")["href"])
    assert [number for number in range(7) if f"Szkolenie numer {number}" in page.text] == list(range(7))
    assert "Szkolenie numer" not in client.sign_in(people.piotr).see("/biurko/zapisy").text


def test_an_empty_desk_says_what_one_could_do_first(client: Browser, session: Session, people: People) -> None:
    text = said(client.sign_in(people.jola).see("/biurko"), "Do zrobienia")
    assert "Nic na Ciebie nie czeka. Możesz ogłosić spotkanie albo szkolenie" in text
    newcomer = make_person(session, "Zenon Próbny", people.ngo, Role.MEMBER)
    page = client.sign_in(newcomer).see("/biurko")
    assert "zapisać się na szkolenie albo spotkanie" in said(page, "Do zrobienia")
    assert page.h1 == "Moje biurko"


def test_the_dates_of_a_month_come_by_mail_and_only_a_few_times_a_day(
    client: Browser, session: Session, people: People, clock: Traveller
) -> None:
    own = make_event(session, people.marek, title="Narada w MOPS")
    foreign = make_event(session, people.jola, title="Cudze szkolenie")
    joined = make_event(session, people.ewa, title="Szkolenie w zakładzie", capacity=5)
    wanted = Wanted(people=(named(1),))
    signups.sign_up(session, people.marek.actor, joined, date_of(session, joined).id or 0, wanted, "one", now())
    make_event(session, people.marek, title="Za dwa miesiące", starts=own.local_start + timedelta(days=60),
               ends=own.local_start + timedelta(days=60, hours=1))  # fmt: skip
    make_draft(session, people.marek, title="Szkic narady")
    off = make_event(session, people.marek, title="Odwołane zebranie")
    calendar.cancel(session, people.marek.actor, off, "Choroba.", now())
    client.sign_in(people.marek)
    sent = "Wysłaliśmy Ci e-mailem 2 terminy."
    assert sent in client.post("/biurko/terminy", follow_redirects=True).get_data(as_text=True)
    session.expire_all()
    mail = session.exec(select(OutboxMail).where(OutboxMail.template == "app/portal/dates")).one()
    assert mail.to_address == people.marek.email
    assert [line.split(": ")[1].split(" (")[0] for line in mail.params["dates"]] == [
        "Narada w MOPS",
        "Szkolenie w zakładzie",
    ]
    attached = mail.calendar or ""
    assert "METHOD:PUBLISH" in attached
    assert attached.count("BEGIN:VEVENT") == 2
    assert f"UID:{own.uid}" in attached.replace("\r\n ", "")
    assert f"UID:{joined.uid}" in attached.replace("\r\n ", "")
    for word in (foreign.title, "Za dwa miesi", "Szkic narady", "Odwołane"):
        assert word not in attached
        assert word not in str(mail.params)
    line = session.exec(select(AuditLine).where(AuditLine.verb == "dates.mailed")).one()
    assert (line.user_id, line.details) == (people.marek.user_id, {"number": 2})
    for _ in range(2):
        client.post("/biurko/terminy")
    refused = client.post("/biurko/terminy", follow_redirects=True).get_data(as_text=True)
    assert "Dziś wysłaliśmy Ci terminy już 3 razy." in refused
    assert len(session.exec(select(OutboxMail).where(OutboxMail.template == "app/portal/dates")).all()) == 3
    clock.shift(timedelta(days=1))
    client.sign_in(people.marek)
    assert sent in client.post("/biurko/terminy", follow_redirects=True).get_data(as_text=True)


def test_nobody_is_mailed_an_empty_list(client: Browser, session: Session, people: People) -> None:
    text = client.sign_in(people.stefan).post("/biurko/terminy", follow_redirects=True).get_data(as_text=True)
    assert "Na najbliższe 30 dni nie masz terminów, więc nic nie wysłaliśmy." in text
    assert session.exec(select(OutboxMail)).all() == []


def test_the_inspector_reads_counts_out_of_the_data(client: Browser, session: Session, people: People) -> None:
    for code in ("080201", "080202", "080203", "080204"):
        make_gmina(session, code, f"Gmina {code}")
    served, seated = (make_institution(session, f"ops-{n}", Kind.OPS, f"OPS {n}") for n in (1, 2))
    add(session, InstitutionTerritory, institution_id=served.id or 0, code="080201")
    add(session, InstitutionTerritory, institution_id=served.id or 0, code="080202")
    seated.gmina_code = "080203"
    make_agreement(session, "P-08-901", people.prison, served)
    make_agreement(session, "P-08-902", people.prison, seated, state=AgreementState.DRAFT)
    session.flush()
    page = client.sign_in(people.wanda).see("/biurko")
    assert "1 porozumienie" in page.text
    assert "2 z 4" in page.text
    assert "stan na 23 listopada 2026" in page.text
    assert "1 w przygotowaniu" in page.text
    listed = client.see("/biurko/gminy")
    assert "Ośrodki z 2 z 4 gmin mają porozumienie." in listed.text
    rows = {words(row).split(" ")[1]: words(row) for row in listed.all("tr")[1:]}
    assert "P-08-901" in rows["080201"]
    assert "P-08-901" in rows["080202"]
    assert "brak w portalu" in rows["080203"]
    assert [words(row).split(" ")[1] for row in client.see("/biurko/gminy?ktore=bez").all("tr")[1:]] == [
        "080203",
        "080204",
    ]
    for other in (people.ewa, people.marek, people.olga):
        assert client.sign_in(other).get("/biurko/gminy").status_code == 403


def test_an_agreement_stands_on_the_desk_of_its_parties_60_days_before_its_end(
    client: Browser, session: Session, people: People
) -> None:
    for number, ends in (("P-08-905", date(2027, 1, 22)), ("P-08-906", date(2027, 1, 23)), ("P-08-907", None)):
        make_agreement(session, number, people.prison, people.mops, valid_to=ends)
    make_agreement(
        session, "P-08-908", people.prison, people.mops, valid_to=date(2026, 12, 1), state=AgreementState.TERMINATED
    )
    session.flush()
    for person in (people.ewa, people.marek):
        mine = said(client.sign_in(person).see("/biurko"), "Do zrobienia")
        assert "Porozumienie P-08-905 kończy się" in mine
        assert "do 22 stycznia 2027" in mine
        assert mine.count("kończy się") == 1
    for person in (people.piotr, people.jola):
        assert "kończy się" not in client.sign_in(person).see("/biurko").text


def test_the_side_list_says_the_same_on_the_desk_and_elsewhere(
    client: Browser, session: Session, people: People, clock: Traveller
) -> None:
    make_visit(session, people, options=(date_on(14), date_on(15)))
    submitted(session, met(session, people, clock), people.ewa)
    labels = {
        "ewa": ["Wizyty", "Obecność i notatki", "Lista osób wchodzących"],
        "piotr": ["Wizyty", "Obecność i notatki"],
    }
    for who in ("ewa", "marek", "piotr"):
        client.sign_in(getattr(people, who))
        for label in labels.get(who, ["Wizyty", "Obecność i notatki"]):
            counts = {
                count_of(client.see(path), label) for path in ("/biurko", "/notatki", "/wizyty", "/biurko/sprawy")
            }
            assert len(counts) == 1, (who, label, counts)


@pytest.mark.parametrize("who", ["ewa", "marek", "jola", "piotr", "wanda", "olga"])
def test_the_desk_speaks_english(client: Browser, session: Session, people: People, who: str) -> None:
    make_visit(session, people)
    page = client.sign_in(getattr(people, who)).see("/biurko?jezyk=en")
    assert "Do zrobienia" not in page.text
    if who == "marek":
        assert "invites you to a meeting" in page.text
        assert "Without an answer until 26 November 2026 we remind the substitutes." in page.text
        assert "until Thursday" in page.text
