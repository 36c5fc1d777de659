"""The pages of contacts and reports in the browser."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app import warsaw
from app.clock import now
from partners.contacts.models import CardReport, Contact, ReportKind
from partners.institutions.models import Status
from tests.factories.contacts import make_absence, make_contact, make_report
from tests.factories.institutions import make_institution

pytestmark = pytest.mark.usefixtures("clock")
CARD = "/partnerzy/zk-kladkowo"
PAGE = f"{CARD}/kontakty"


def test_an_administrator_adds_changes_and_removes_a_contact(client, session, people):
    client.sign_in(people.adam)
    page = client.see(PAGE)
    assert "Nie ma jeszcze kontaktów" in page.text
    form = client.see(f"{PAGE}/nowy")
    assert "pracownik socjalny zatrudniony w jednostce penitencjarnej" in form.text.lower()
    client.post(
        f"{PAGE}/nowy",
        data={"role": "prison_social_worker", "mailbox": "socjalny@zk.example", "hours": "pon.–pt. 8.00–14.00"},
        follow_redirects=True,
    )
    assert "Kontakt jest na karcie." in client.page.text
    assert "socjalny@zk.example" in client.page.text
    contact = session.exec(select(Contact)).one()
    edit = f"{PAGE}/{contact.id}"
    values = client.see(edit).values(edit)
    assert values["mailbox"] == "socjalny@zk.example"
    client.post(edit, data={**values, "phone": "68 123 45 67", "public": "y"}, follow_redirects=True)
    assert "68 123 45 67" in client.page.text
    assert "widoczny dla wszystkich" in client.page.text
    client.post(f"{edit}/usun", follow_redirects=True)
    assert "Kontaktu nie ma już na karcie." in client.page.text
    assert session.exec(select(Contact)).all() == []


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"role": "head"}, "Podaj adres e-mail albo numer telefonu."),
        ({"role": "", "mailbox": "a@b.example"}, "Wybierz sprawę."),
        ({"role": "social_work_contact", "mailbox": "a@b.example"}, "Wybierz jedną z podanych wartości."),
        ({"role": "head", "mailbox": "nie adres"}, "Podaj adres e-mail, na przykład anna@example.org."),
        ({"role": "head", "phone": "zadzwoń"}, "Podaj numer telefonu cyframi"),
        ({"role": "head", "phone": "68 123 45 67", "person": "Anna 44051401359"}, "To wygląda na numer PESEL."),
    ],
)
def test_a_contact_that_cannot_be_comes_back_with_what_was_typed(client, people, typed, sentence):
    client.sign_in(people.adam)
    client.see(f"{PAGE}/nowy")
    assert client.post(f"{PAGE}/nowy", data={**typed, "hours": "po 10.00"}).status_code == 422
    assert sentence in client.page.text
    assert client.page.values(f"{PAGE}/nowy")["hours"] == "po 10.00"


def test_absence_from_the_form_to_the_card(client, session, people):
    first = make_contact(session, people.prison, person="Anna Przykładowa")
    make_contact(session, people.prison, person="por. Jan Pokazowy", position=1)
    client.sign_in(people.adam)
    address = f"{PAGE}/{first.id}/nieobecnosc"
    client.see(address)
    assert client.post(address, data={"first": "1.12.2026", "last": "30.11.2026"}).status_code == 422
    assert "Ostatni dzień nieobecności nie może wypadać przed pierwszym." in client.page.text
    assert client.page.values(address)["first"] == "1.12.2026"
    client.post(address, data={"first": "23.11.2026", "last": "3.12.2026"}, follow_redirects=True)
    assert "nieobecność od 23 listopada 2026 do 3 grudnia 2026" in client.page.text
    page = client.sign_in(people.marek).see(CARD)
    assert "nieobecność do 3 grudnia 2026" in page.text
    assert "Zastępuje: por. Jan Pokazowy" in page.text


def test_a_substitute_for_partners_only_is_not_told_to_visitors(client, session, people):
    first = make_contact(session, people.prison, person="Anna Przykładowa", public=True)
    make_contact(session, people.prison, person="por. Jan Pokazowy", position=1)
    make_absence(session, first, warsaw.today(now()))
    page = client.see(CARD)
    assert "nieobecność do" in page.text
    assert "Pokazowy" not in page.source


def test_moving_and_confirming(client, session, people):
    old = warsaw.today(now()) - timedelta(days=400)
    ids = [make_contact(session, people.prison, person=name, confirmed_on=old).id for name in ("Anna", "Jan")]
    page = client.sign_in(people.adam).see(PAGE)
    assert "2 kontakty czekają na potwierdzenie" in page.text
    assert page.text.index("Anna") < page.text.index("Jan")
    client.post(f"{PAGE}/{ids[1]}/wyzej", follow_redirects=True)
    assert client.page.text.index("Jan") < client.page.text.index("Anna")
    client.post(f"{PAGE}/potwierdz", follow_redirects=True)
    assert "Potwierdzono 2 kontakty." in client.page.text
    assert "potwierdzono 23 listopada 2026" in client.page.text


@pytest.mark.parametrize("who", ["ewa", "marek", "wanda"])
def test_others_do_not_come_in(client, session, people, who):
    contact = make_contact(session, people.prison)
    client.sign_in(getattr(people, who))
    for path in (PAGE, f"{PAGE}/nowy", f"{PAGE}/{contact.id}", f"{PAGE}/{contact.id}/nieobecnosc"):
        assert client.get(path).status_code == 403
    for path in (f"{PAGE}/potwierdz", f"{PAGE}/{contact.id}/usun", f"{PAGE}/{contact.id}/wyzej"):
        assert client.post(path).status_code == 403


def test_an_administrator_of_another_institution_is_refused(client, session, people):
    contact = make_contact(session, people.mops)
    client.sign_in(people.adam)
    assert client.get("/partnerzy/mops-kladkowo/kontakty").status_code == 403
    assert "Kontakty tej instytucji zmienia tylko jej administrator." in client.page.text
    assert client.post(f"{PAGE}/{contact.id}/usun").status_code == 404


def test_a_card_that_waits_for_admission_is_not_known_to_others(client, session, people):
    make_institution(session, "nowa", status=Status.APPLIED)
    client.sign_in(people.piotr)
    assert client.get("/partnerzy/nowa/zglos").status_code == 404
    assert client.sign_in(people.olga).get("/partnerzy/nowa/kontakty").status_code == 200


def test_a_partner_reports_and_the_institution_settles(client, session, people):
    contact = make_contact(session, people.prison, "front_desk", phone="68 123 45 67")
    client.sign_in(people.piotr)
    assert client.see(CARD).main.all("a", href=f"{CARD}/zglos")
    client.see(f"{CARD}/zglos")
    data = {"kind": "phone", "contact": str(contact.id), "note": "Pod tym numerem jest sklep."}
    client.post(f"{CARD}/zglos", data=data, follow_redirects=True)
    assert "Dziękujemy. Instytucja dostała wiadomość." in client.page.text
    assert "Zgłoszono, że numer nie odpowiada (23 listopada 2026)." in client.page.text
    assert "sklep" not in client.page.text
    client.post(f"{CARD}/zglos", data=data, follow_redirects=True)
    assert "Ktoś już to zgłosił." in client.page.text

    page = client.sign_in(people.ewa).see("/biurko")
    assert page.main.one("a", href=f"{CARD}/zgloszenia").text == "1 zgłoszenie do Waszej karty"
    page = client.see(f"{CARD}/zgloszenia")
    assert "Pod tym numerem jest sklep." in page.text
    assert "zgłasza: MOPS w Kładkowie, 23 listopada 2026" in page.text
    assert people.piotr.name not in page.source
    row = session.exec(select(CardReport)).one()
    settle = f"{CARD}/zgloszenia/{row.id}/zalatw"
    assert client.post(settle, data={}).status_code == 422
    assert "Wybierz, co zrobiono ze zgłoszeniem." in client.page.text
    client.post(settle, data={"outcome": "corrected"}, follow_redirects=True)
    assert "Poprawiliśmy kartę" in client.page.text
    assert "Zgłoszono" not in client.sign_in(people.piotr).see(CARD).text


def test_a_report_without_a_kind_keeps_what_was_typed(client, people):
    client.sign_in(people.piotr).see(f"{CARD}/zglos")
    assert client.post(f"{CARD}/zglos", data={"note": "Nikt nie odbiera."}).status_code == 422
    assert "Wybierz, co na karcie się nie zgadza." in client.page.text
    assert client.page.values(f"{CARD}/zglos")["note"] == "Nikt nie odbiera."


def test_ones_own_card_is_corrected_not_reported(client, people):
    client.sign_in(people.ewa)
    assert not client.see(CARD).main.all("a", href=f"{CARD}/zglos")
    client.see(f"{CARD}/zglos")
    assert client.post(f"{CARD}/zglos", data={"kind": "phone"}).status_code == 422
    assert "To karta Twojej instytucji." in client.page.text


def test_visitors_see_no_reports(client, session, people):
    make_report(session, people.prison, people.piotr)
    assert "Zgłoszono" not in client.see(CARD).text
    assert client.get(f"{CARD}/zglos").status_code == 302
    assert client.get(f"{CARD}/zgloszenia").status_code == 302


def test_others_do_not_read_reports(client, session, people):
    row = make_report(session, people.prison, people.piotr)
    client.sign_in(people.marek)
    assert client.get(f"{CARD}/zgloszenia").status_code == 403
    assert client.post(f"{CARD}/zgloszenia/{row.id}/zalatw", data={"outcome": "right"}).status_code == 403
    assert client.sign_in(people.piotr).get(f"{CARD}/zgloszenia").status_code == 403


def test_contacts_to_confirm_stand_on_the_desk_of_the_administrator(client, session, people):
    make_contact(session, people.prison, confirmed_on=None)
    assert "1 kontakt do potwierdzenia" in client.sign_in(people.adam).see("/biurko").text
    assert "do potwierdzenia" not in client.sign_in(people.ewa).see("/biurko").text


@pytest.mark.slow
@pytest.mark.parametrize(("path", "most"), [(PAGE, 4), (f"{CARD}/zgloszenia", 4), (f"{CARD}/zglos", 3)])
def test_statements_do_not_grow(client, session, people, query_count, path, most):
    who = people.piotr if path.endswith("zglos") else people.adam
    client.sign_in(who)
    counts = []
    for number in (1, 3, 30):
        for one in range(number):
            contact = make_contact(session, people.prison, position=one)
            make_absence(session, contact, warsaw.today(now()))
            make_report(session, people.prison, people.piotr, list(ReportKind)[one % 6])
        client.see(path)
        with query_count() as asked:
            client.see(path)
        counts.append(len(asked))
    assert len(set(counts)) == 1
    assert counts[0] <= most
