"""An institution applies, prepares, and is admitted or refused; until then nobody hears of it."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.audit.models import AuditLine
from app.clock import now
from app.errors import NotAdmitted
from app.outbox.models import OutboxMail
from app.portal import nightly
from events.calendar import actions as calendar
from events.calendar.models import Event, Visibility
from partners.admission import actions, queries, rules
from partners.admission.models import Application, ApplicationState
from partners.institutions.models import Institution, Kind, Status
from partners.people import queries as people_queries
from partners.people.actions import accept_as_new
from partners.people.models import Invitation, Membership
from projects.programmes.models import Programme
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.admission import APPLICANT, NAME, make_application, make_gmina
from tests.factories.events import make_draft, make_event
from tests.factories.institutions import make_institution
from tests.factories.persons import PASSWORD, People, Person, _hash, make_person

pytestmark = pytest.mark.usefixtures("clock")

FORM = "/zglos-instytucje"
LIST = "/operator/zgloszenia"
FILLED = {
    "kind": "ngo",
    "name": NAME,
    "gmina": "Kładkowo",
    "street": "ul. Próbna 2",
    "postal_code": "67-100",
    "post_town": "Kładkowo",
    "email": "biuro@druga-proba.example",
    "phone": "68 000 00 99",
    "applicant_name": "Jan Pokazowy",
    "applicant_function": "prezes",
    "applicant_email": APPLICANT,
    "message": "Prowadzimy klub dla osób po wyjściu.",
    "terms": "y",
}


def mails(session: Session) -> list[OutboxMail]:
    return list(session.exec(select(OutboxMail).order_by(col(OutboxMail.id))))


def applied(session: Session) -> Institution:
    return session.exec(select(Institution).where(Institution.name == NAME)).one()


def joined(session: Session, application: Application) -> Person:
    """The applicant with his account."""
    invitation = session.exec(select(Invitation).where(Invitation.institution_id == application.institution_id)).one()
    accept_as_new(session, invitation, "Jan Pokazowy", _hash(), "pl", now())
    user = session.exec(select(UserAccount).where(UserAccount.email == APPLICANT)).one()
    institution = session.get_one(Institution, application.institution_id)
    actor = Actor(
        role=Role.ADMIN,
        user_id=user.id,
        institution_id=institution.id,
        name=user.name,
        institution_slug=institution.slug,
        admitted=False,
    )
    return Person(user.id or 0, user.name, user.email, actor, institution)


def test_anybody_applies_and_the_applicant_and_operator_get_a_mail(client, session, people) -> None:
    make_gmina(session)
    client.see(FORM)
    answer = client.post(FORM, data=FILLED)
    assert answer.location == "/zglos-instytucje/dziekujemy"
    assert "do 3 dni roboczych" in client.see(answer.location).text.replace("w ciągu 3", "do 3")
    institution = applied(session)
    assert (institution.status, institution.gmina_code, institution.kind) == (Status.APPLIED, "080401", Kind.NGO)
    assert [(mail.template, mail.to_address) for mail in mails(session)] == [
        ("partners/people/invited", APPLICANT),
        ("partners/admission/applied", people.olga.email),
    ]
    invitation = session.exec(select(Invitation)).one()
    assert (invitation.role, invitation.invited_by) == (Role.ADMIN, None)


def test_a_second_click_applies_once(client: Browser, session: Session, people: People) -> None:
    make_gmina(session)
    client.see(FORM)
    for _click in range(2):
        assert client.post(FORM, data=FILLED).location == "/zglos-instytucje/dziekujemy"
    assert applied(session).status is Status.APPLIED
    assert [mail.to_address for mail in mails(session)] == [APPLICANT, people.olga.email]


def test_applicant_joins_at_once_and_sees_that_he_waits(client: Browser, session: Session, people: People) -> None:
    make_application(session)
    link = mails(session)[0].link
    page = client.see(link)
    assert page.h1 == "Zaproszenie do Kładki"
    assert "Zgłoszenie instytucji czeka na przyjęcie" in page.text
    data = {"name": "Jan Pokazowy", "password": PASSWORD, "again": PASSWORD, "terms": "y"}
    answer = client.post(f"{link}/konto", data=data)
    client.get(answer.location)
    client.post(answer.location, data={"email": APPLICANT, "password": PASSWORD})
    page = client.see("/biurko")
    assert "Zgłoszenie czeka na przyjęcie, zwykle do 3 dni roboczych" in page.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": ""}, "Wybierz rodzaj instytucji."),
        ({"kind": "operator"}, "Wybierz jedną z podanych wartości."),
        ({"name": ""}, "Podaj pełną nazwę instytucji."),
        ({"gmina": "Nigdzie"}, "Nie ma gminy o takiej nazwie."),
        ({"gmina": ""}, "Podaj gminę."),
        ({"postal_code": "67100"}, "kod pocztowy"),
        ({"phone": "12"}, "co najmniej dziewięć cyfr"),
        ({"applicant_email": "jan"}, "Podaj pełny adres e-mail"),
        ({"email": "biuro@"}, "Podaj pełny adres e-mail"),
        ({"terms": ""}, "Zaznacz, że znasz zasady korzystania."),
        ({"message": "PESEL 44051401359"}, "PESEL"),
    ],
)
def test_a_mistake_comes_back_with_its_sentence_and_all_that_was_typed(client, session, changes, sentence) -> None:
    make_gmina(session)
    client.see(FORM)
    assert client.post(FORM, data=FILLED | changes).status_code == 422
    assert sentence in client.page.text
    kept = client.page.values(FORM)
    assert kept["street"] == "ul. Próbna 2"
    assert kept["applicant_name"] == "Jan Pokazowy"
    assert session.exec(select(Institution)).all() == []


def test_gminas_of_one_name_are_told_apart(client: Browser, session: Session) -> None:
    make_gmina(session, "080202", "Gubin", "krośnieński")
    make_gmina(session, "140101", "Gubin", "białobrzeski")
    client.see(FORM)
    assert client.post(FORM, data=FILLED | {"gmina": "gubin"}).status_code == 422
    labels = [label.text for label in client.page.main.all("label") if "Gubin (" in label.text]
    assert len(labels) == 2
    assert any("pow. krośnieński" in label and "woj. lubuskie" in label for label in labels)
    client.post(FORM, data=FILLED | {"gmina": "gubin", "gmina_code": "140101"})
    assert applied(session).gmina_code == "140101"


def test_a_gmina_chosen_among_several_stays_chosen(client: Browser, session: Session) -> None:
    make_gmina(session, "080202", "Gubin", "krośnieński")
    make_gmina(session, "140101", "Gubin", "białobrzeski")
    client.see(FORM)
    chosen = {name: value for name, value in FILLED.items() if name != "terms"}
    chosen |= {"gmina": "gubin", "gmina_code": "140101"}
    assert client.post(FORM, data=chosen).status_code == 422
    assert client.page.values(FORM)["gmina_code"] == "140101"


def test_what_may_be_the_same_is_shown_before_sending(client: Browser, session: Session, people: People) -> None:
    make_gmina(session)
    make_institution(session, "fundacja-druga-proba-w-zarach", Kind.NGO, "Fundacja „Druga Próba” w Żarach")
    make_institution(session, "fundacja-inna", Kind.NGO, "Fundacja Inna Pomoc")
    client.see(FORM)
    assert client.post(FORM, data=FILLED).status_code == 422
    assert "Czy to nie ta instytucja?" in client.page.text
    assert "Fundacja „Druga Próba” w Żarach" in client.page.text
    assert "Nikt z niej nie ma jeszcze konta" in client.page.text
    assert "Fundacja Inna Pomoc" not in client.page.text
    assert client.post(FORM, data=FILLED | {"different": "y"}).status_code == 303


def test_two_organisations_of_one_gmina_are_not_alike_but_two_centres_are(session: Session, people: People) -> None:
    gmina = make_gmina(session)
    people.ngo.gmina_code = people.mops.gmina_code = gmina.code
    session.flush()
    assert queries.alike(session, "Fundacja Zupełnie Inna", Kind.NGO, gmina.code, "") == []
    found = queries.alike(session, "Ośrodek Pomocy Społecznej", Kind.MOPS, gmina.code, "")
    assert [one.slug for one in found] == [people.mops.slug]


def test_an_institution_with_people_says_whom_to_ask(client: Browser, session: Session, people: People) -> None:
    make_gmina(session)
    people.ngo.email = FILLED["email"]
    client.see(FORM)
    client.post(FORM, data=FILLED)
    assert "Poproś jej administratora o zaproszenie." in client.page.text


def test_nothing_but_the_fields_of_the_form_is_taken(client: Browser, session: Session) -> None:
    make_gmina(session)
    client.see(FORM)
    client.post(FORM, data=FILLED | {"status": "active", "role": "operator", "slug": "wybrany", "synthetic": "1"})
    institution = applied(session)
    assert (institution.status, institution.slug, institution.synthetic) == (
        Status.APPLIED, "fundacja-druga-proba", False,
    )  # fmt: skip


def test_applications_from_one_address_have_a_limit_in_the_database(client: Browser, session: Session) -> None:
    make_gmina(session)
    client.see(FORM)
    for number in range(rules.FROM_ONE_PLACE):
        data = FILLED | {"name": f"Fundacja numer {'abcdef'[number]}", "applicant_email": f"{number}@x.example"}
        assert client.post(FORM, data=data | {"email": "", "different": "y"}).status_code == 303
    again = FILLED | {"applicant_email": "inny@x.example", "email": "", "different": "y"}
    answer = client.post(FORM, data=again, headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.status_code == 429
    assert "Odczekaj 15 minut albo napisz do operatora." in client.page.text
    assert client.page.values(FORM)["name"] == NAME


def test_one_person_has_three_waiting_applications_at_most(session: Session) -> None:
    for number in range(rules.OF_ONE_PERSON):
        make_application(session, name=f"Fundacja {number}")
    with pytest.raises(rules.TooManyApplications, match="many applications"):
        make_application(session, name="Fundacja czwarta")


def test_nobody_hears_of_an_institution_that_waits(client: Browser, session: Session, people: People, app) -> None:
    application = make_application(session)
    person = joined(session, application)
    slug = applied(session).slug
    prepared = make_draft(session, person, title="Szkic fundacji")
    paths = ("/partnerzy", "/partnerzy?q=druga", "/partnerzy?status=niepotwierdzone", "/", "/kalendarz/lista")
    for who in ("visitor", "marek", "ewa", "stefan", "wanda"):
        browser = browser_of(app, session)
        if who != "visitor":
            browser.sign_in(getattr(people, who))
        for path in (*paths, f"/kalendarz/lista?instytucja={slug}"):
            assert NAME not in browser.see(path).text, (who, path)
        for path in (f"/partnerzy/{slug}", f"/kanaly/i/{slug}.ics", f"/wydarzenia/{prepared.uuid}"):
            assert browser.get(path).status_code == 404, (who, path)
    own = browser_of(app, session).sign_in(person)
    assert own.see(f"/partnerzy/{slug}").h1 == NAME
    assert "Szkic fundacji" in own.see("/biurko").text
    assert browser_of(app, session).sign_in(people.olga).see(f"/partnerzy/{slug}").h1 == NAME


def test_who_waits_sees_what_visitors_see(client: Browser, session: Session, people: People) -> None:
    person = joined(session, make_application(session))
    shared = make_event(session, people.ewa, title="Tylko dla partnerów", visibility=Visibility.PARTNERS)
    client.sign_in(person)
    assert client.get(f"/wydarzenia/{shared.uuid}").status_code == 404
    assert "Tylko dla partnerów" not in client.see("/kalendarz/lista").text


def test_drafts_are_prepared_and_not_published(client: Browser, session: Session, people: People) -> None:
    person = joined(session, make_application(session))
    event = make_draft(session, person, title="Szkic fundacji")
    programme = client.sign_in(person)
    programme.see("/projekty/nowy")
    answer = client.post("/projekty/nowy", data={"title": "Klub fundacji", "kind": "workshop"})
    client.see(answer.location)
    sentence = "Możesz przygotowywać szkice"
    assert client.post(f"{answer.location}/opublikuj").status_code == 403
    assert sentence in client.page.text
    client.see(f"/wydarzenia/{event.uuid}/edycja")
    assert client.post(f"/wydarzenia/{event.uuid}/sprawdz").status_code == 403
    assert sentence in client.page.text
    with pytest.raises(NotAdmitted):
        calendar.publish(session, person.actor, event, now())


def test_who_waits_prepares_card_and_services_and_reports_on_nobody(client, session, people) -> None:
    person = joined(session, make_application(session))
    own = f"/partnerzy/{applied(session).slug}"
    client.sign_in(person)
    for path in ("edycja", "sale", "uslugi", "kontakty", "osoby"):
        client.see(f"{own}/{path}")
    client.see("/partnerzy/zk-kladkowo/zglos")
    report = {"kind": "phone", "note": "Nikt nie odbiera."}
    assert client.post("/partnerzy/zk-kladkowo/zglos", data=report).status_code == 403
    assert "czeka na przyjęcie" in client.page.text
    assert client.get("/partnerzy/zk-kladkowo/edycja").status_code in (403, 404)


def test_who_waits_sends_no_mail_and_signs_up_for_nothing(client: Browser, session: Session, people: People) -> None:
    person = joined(session, make_application(session))
    public = make_event(session, people.ewa)
    page = f"/partnerzy/{applied(session).slug}/osoby"
    before = len(mails(session))
    client.sign_in(person).see(page)
    answer = client.post(f"{page}/zapros", data={"email": "x@y.example", "role": "member", "way": "mail"})
    assert answer.status_code == 403
    assert "gdy Twoja instytucja zostanie przyjęta" in client.see(f"/wydarzenia/{public.uuid}").text
    assert client.post(f"/wydarzenia/{public.uuid}/zapisy", data={"key": "a", "me": "y"}).status_code in (403, 422)
    assert len(mails(session)) == before


def test_operator_admits_and_the_applicant_may_publish(client: Browser, session: Session, people: People, app) -> None:
    application = make_application(session)
    person = joined(session, application)
    event = make_draft(session, person, title="Szkic fundacji")
    page = client.sign_in(people.olga).see("/biurko")
    assert "Czeka 1 zgłoszenie instytucji" in page.text
    path = f"{LIST}/{application.id}"
    assert "Jan Pokazowy" in client.see(path).text
    client.post(client.page.form(f"{path}/przyjmij")["action"], follow_redirects=True)
    assert "Przyjęto: Fundacja Druga Próba." in client.page.text
    assert [mail.template for mail in mails(session)][-1] == "partners/admission/accepted"
    session.refresh(application)
    kept = (application.applicant_name, application.applicant_email, application.applicant_function)
    assert (application.state, kept, application.message) == (ApplicationState.ACCEPTED, ("", "", ""), "")
    assert NAME in client.see("/partnerzy?q=druga").text
    own = browser_of(app, session).sign_in(person)
    own.see(f"/wydarzenia/{event.uuid}/sprawdz")
    assert own.post(f"/wydarzenia/{event.uuid}/sprawdz").status_code == 303


def test_admission_sends_the_invitation_again_to_who_has_not_joined(session: Session, people: People) -> None:
    application = make_application(session)
    old = mails(session)[0].link
    actions.accept(session, people.olga.actor, application, now())
    session.flush()
    fresh = [mail for mail in mails(session) if mail.template == "partners/people/invited"][-1]
    assert (fresh.to_address, fresh.link != old) == (APPLICANT, True)


def test_operator_refuses_with_a_reason(client: Browser, session: Session, people: People, app) -> None:
    application = make_application(session)
    person = joined(session, application)
    path = f"{LIST}/{application.id}"
    client.sign_in(people.olga).see(path)
    assert client.post(f"{path}/odmow", data={"reason": " "}).status_code == 422
    assert "Podaj powód" in client.page.text
    client.post(f"{path}/odmow", data={"reason": "Nie ma takiej fundacji w rejestrze."})
    assert mails(session)[-1].template == "partners/admission/refused"
    assert mails(session)[-1].params["reason"] == "Nie ma takiej fundacji w rejestrze."
    for act in ("przyjmij", "odmow"):
        for reason in ("jeszcze raz", ""):
            assert client.post(f"{path}/{act}", data={"reason": reason}).status_code == 409
            assert "w międzyczasie rozpatrzone" in client.page.text
    own = browser_of(app, session).sign_in(person)
    assert "Nie ma takiej fundacji w rejestrze." in own.see("/biurko").text
    assert client.get(f"/partnerzy/{applied(session).slug}").status_code == 200
    assert browser_of(app, session).get(f"/partnerzy/{applied(session).slug}").status_code == 404


def test_refusal_ends_the_open_invitation(client: Browser, session: Session, people: People) -> None:
    application = make_application(session)
    actions.refuse(session, people.olga.actor, application, "pomyłka", now())
    client.see(mails(session)[0].link, 404)


def test_after_thirty_days_nothing_of_a_refused_one_is_left(session: Session, people: People, clock) -> None:
    application = make_application(session)
    person = joined(session, application)
    make_draft(session, person, title="Szkic fundacji")
    boss = make_person(session, "Bogdan Wzorcowy", session.get(Institution, application.institution_id), Role.MEMBER)
    elsewhere = Membership(user_id=boss.user_id, institution_id=people.ngo.id or 0, role=Role.MEMBER, since=now())
    session.add(elsewhere)
    actions.refuse(session, people.olga.actor, application, "pomyłka", now())
    owner = application.institution_id
    clock.shift(timedelta(days=29))
    assert nightly.forget_refused(session, now()) == 0
    clock.shift(timedelta(days=2))
    assert nightly.forget_refused(session, now()) == 1
    session.flush()
    session.expire_all()
    assert session.get(Institution, owner) is None
    for table in (Application, Event, Programme, Invitation):
        assert session.exec(select(table)).all() == []
    assert session.get(UserAccount, person.user_id) is None
    assert session.get(UserAccount, boss.user_id) is not None
    assert nightly.forget_refused(session, now()) == 0


@pytest.mark.parametrize("who", ["visitor", "ewa", "adam", "wanda"])
def test_only_the_operator_reads_and_decides(client: Browser, session: Session, people: People, who: str) -> None:
    application = make_application(session)
    expected = 302
    if who != "visitor":
        client.sign_in(getattr(people, who))
        expected = 403
    client.see("/pomoc")
    client.get("/logowanie")
    for path in (LIST, f"{LIST}/{application.id}"):
        assert client.get(path).status_code == expected
    for act in ("przyjmij", "odmow"):
        assert client.post(f"{LIST}/{application.id}/{act}").status_code == expected
    with pytest.raises(rules.NotTheOperator):
        actions.accept(session, people.adam.actor, application, now())


def test_decisions_leave_traces_without_the_applicant(session: Session, people: People) -> None:
    application = make_application(session)
    actions.accept(session, people.olga.actor, application, now())
    session.flush()
    lines = session.exec(select(AuditLine).where(AuditLine.subject_kind == "application")).all()
    assert [line.verb for line in lines] == ["application.made", "application.accepted"]
    assert APPLICANT not in str([line.details for line in lines])


def test_the_list_asks_a_constant_number(client, session, people, query_count) -> None:
    client.sign_in(people.olga).see(LIST)
    counts = []
    for number in range(3):
        make_application(session, name=f"Fundacja {number}", applicant_email=f"{number}@x.example")
        session.commit()
        with query_count() as statements:
            client.see(LIST)
        counts.append(len(statements))
    assert set(counts) == {2}


def test_a_name_is_told_by_its_own_words() -> None:
    assert rules.telling_words("Stowarzyszenie Pomocy Osobom „Most” w Łodzi") == ["osobom", "lodzi", "most"]


def test_people_of_a_waiting_institution_are_not_admitted(session: Session, people: People) -> None:
    person = joined(session, make_application(session))
    assert not person.actor.works_for_institution
    assert not person.actor.coordinates
    assert person.actor.prepares
    assert people_queries.members(session, person.institution_id)[0].name == "Jan Pokazowy"
    assert queries.waiting(session) == 1
