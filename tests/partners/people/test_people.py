"""The people of an institution: roles, the end of a membership, the yearly confirmation, acting for one of several."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, col, select

from app.accounts.models import UserAccount, UserSession
from app.actors import Role
from app.clock import now
from partners.people import actions, queries, rules
from partners.people.models import Membership
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.persons import People, Person, make_person

pytestmark = pytest.mark.usefixtures("clock")

PAGE = "/partnerzy/zk-kladkowo/osoby"


def membership_of(session: Session, person: Person) -> Membership:
    statement = select(Membership).where(Membership.user_id == person.user_id, col(Membership.ended_at).is_(None))
    return session.exec(statement).one()


def test_admin_sees_his_people_with_role_and_dates(client: Browser, people: People) -> None:
    page = client.sign_in(people.adam).see(PAGE)
    assert "2 osoby" in page.text
    assert "Ewa Pokazowa" in page.text
    assert "koordynator" in page.text
    assert "23 listopada 2026" in page.text
    assert people.piotr.name not in page.text


@pytest.mark.parametrize(
    ("who", "status"), [("ewa", 403), ("piotr", 403), ("marek", 403), ("wanda", 403), ("olga", 200)]
)
def test_who_sees_the_people(client: Browser, people: People, who: str, status: int) -> None:
    client.sign_in(getattr(people, who))
    assert client.get(PAGE).status_code == status


def test_admin_of_another_institution_is_told_that_there_is_nothing(client, session, people) -> None:
    boss = make_person(session, "Bogdan Wzorcowy", people.stranger, Role.ADMIN)
    own, others = f"/partnerzy/{people.stranger.slug}/osoby", membership_of(session, people.ewa).id
    client.sign_in(boss).see(own)
    assert client.get(PAGE).status_code == 404
    for path in (f"{PAGE}/{others}", f"{own}/{others}"):
        assert client.get(path).status_code == 404
        assert client.post(path, data={"role": "member"}).status_code == 404
        assert client.post(f"{path}/zakoncz").status_code == 404
    assert client.post(f"{PAGE}/potwierdz").status_code == 404
    assert membership_of(session, people.ewa).role is Role.COORDINATOR


def test_removed_person_finds_his_open_session_closed(client: Browser, session: Session, people: People, app) -> None:
    elsewhere = browser_of(app, session).sign_in(people.ewa)
    elsewhere.see("/wydarzenia/nowe")
    path = f"{PAGE}/{membership_of(session, people.ewa).id}"
    page = client.sign_in(people.adam).see(path)
    client.post(page.form(f"{path}/zakoncz")["action"], follow_redirects=True)
    assert "została wszędzie wylogowana" in client.page.text
    assert "Ewa Pokazowa" not in client.page.main.one("table").text

    assert elsewhere.get("/wydarzenia/nowe").location == "/logowanie?next=/wydarzenia/nowe"
    assert elsewhere.get(PAGE).status_code == 302
    elsewhere.sign_in(people.ewa)
    assert elsewhere.get("/wydarzenia/nowe").status_code == 403
    assert "Twoje konto nie należy do żadnej instytucji" in elsewhere.see("/biurko").text


def test_a_new_role_holds_at_once_and_ends_other_sessions(client, session, people, app) -> None:
    elsewhere = browser_of(app, session).sign_in(people.ewa)
    elsewhere.see("/wydarzenia/nowe")
    path = f"{PAGE}/{membership_of(session, people.ewa).id}"
    client.sign_in(people.adam).see(path)
    client.post(path, data={"role": "member", "function": "wychowawca"}, follow_redirects=True)
    assert "wychowawca" in client.page.text
    assert elsewhere.get("/biurko").status_code == 302
    assert elsewhere.sign_in(people.ewa).get("/wydarzenia/nowe").status_code == 403


def test_another_function_ends_no_session(client, session, people, app) -> None:
    elsewhere = browser_of(app, session).sign_in(people.ewa)
    path = f"{PAGE}/{membership_of(session, people.ewa).id}"
    client.sign_in(people.adam).see(path)
    client.post(path, data={"role": "coordinator", "function": "kierownik działu"})
    elsewhere.see("/biurko")
    client.post(path, data={"role": "coordinator", "function": "kierownik działu"}, follow_redirects=True)
    assert "Nic nie zostało zmienione" in client.page.text or "Nic się nie zmieniło" in client.page.text


def test_the_last_admin_stays_and_is_told_what_to_do(client: Browser, session: Session, people: People) -> None:
    path = f"{PAGE}/{membership_of(session, people.adam).id}"
    sentence = "Najpierw nadaj rolę administratora komuś innemu"
    for who in (people.adam, people.olga):
        client.sign_in(who).see(path)
        assert client.post(path, data={"role": "member", "function": ""}).status_code == 422
        assert sentence in client.page.text
        assert client.post(f"{path}/zakoncz").status_code == 422
        assert sentence in client.page.text
    assert membership_of(session, people.adam).role is Role.ADMIN

    actions.change(session, people.adam.actor, membership_of(session, people.ewa), Role.ADMIN, "", now())
    client.sign_in(people.adam).see(path)
    assert client.post(f"{path}/zakoncz").location == "/biurko"
    assert client.get(PAGE).status_code == 403


def test_a_locked_admin_does_not_count(session: Session, people: People) -> None:
    actions.change(session, people.adam.actor, membership_of(session, people.ewa), Role.ADMIN, "", now())
    session.get_one(UserAccount, people.ewa.user_id).locked_at = now()
    session.flush()
    with pytest.raises(rules.LastAdmin, match="First make somebody else"):
        actions.end(session, people.adam.actor, membership_of(session, people.adam), now())


def test_own_session_goes_on_after_lowering_oneself(client: Browser, session: Session, people: People) -> None:
    actions.change(session, people.adam.actor, membership_of(session, people.ewa), Role.ADMIN, "", now())
    path = f"{PAGE}/{membership_of(session, people.adam).id}"
    client.sign_in(people.adam).see(path)
    client.post(path, data={"role": "member", "function": ""})
    assert client.get(PAGE).status_code == 403
    client.see("/biurko")


def test_an_ended_membership_cannot_be_changed(session: Session, people: People) -> None:
    membership = membership_of(session, people.ewa)
    actions.end(session, people.adam.actor, membership, now())
    with pytest.raises(rules.MembershipOver):
        actions.change(session, people.adam.actor, membership, Role.ADMIN, "", now())
    with pytest.raises(rules.MembershipOver):
        actions.end(session, people.adam.actor, membership, now())
    assert queries.membership(session, people.prison.id or 0, membership.id or 0) is None


def test_coordinator_administers_nobody(session: Session, people: People) -> None:
    membership = membership_of(session, people.adam)
    for act in (
        lambda: actions.end(session, people.ewa.actor, membership, now()),
        lambda: actions.change(session, people.ewa.actor, membership, Role.MEMBER, "", now()),
        lambda: actions.confirm(session, people.ewa.actor, people.prison.id or 0, now()),
        lambda: actions.invite(session, people.ewa.actor, people.prison.id or 0, rules.Wanted("x@y.example"), now()),
    ):
        with pytest.raises(rules.NotYourPeople):
            act()


def test_yearly_confirmation_asks_after_a_year_and_not_before(client, session, people, clock) -> None:
    client.sign_in(people.adam)
    assert "Czy te osoby nadal tu pracują?" not in client.see(PAGE).text
    clock.shift(timedelta(days=365))
    page = client.sign_in(people.adam).see(PAGE)
    assert "Czy te osoby nadal tu pracują?" in page.text
    client.post(page.form(f"{PAGE}/potwierdz")["action"], follow_redirects=True)
    assert "Potwierdzono: pracują tu 2 osoby." in client.page.text
    assert "Czy te osoby nadal tu pracują?" not in client.page.text
    assert membership_of(session, people.ewa).confirmed_on == date(2027, 11, 23)
    assert membership_of(session, people.marek).confirmed_on is None


def test_desk_of_an_admin_asks_for_the_yearly_confirmation(client, session, people, clock) -> None:
    question = "Czy te osoby nadal tu pracują?"
    assert question not in client.sign_in(people.adam).see("/biurko").text
    clock.shift(timedelta(days=365))
    assert question in client.sign_in(people.adam).see("/biurko").text
    assert question not in client.sign_in(people.ewa).see("/biurko").text


def in_two_places(session: Session, people: People) -> None:
    actions.add_member(session, people.olga.actor, people.ewa.user_id, people.stranger.id or 0, Role.MEMBER, "", now())


def test_person_of_two_institutions_chooses_for_whom_to_act(client, session, people) -> None:
    in_two_places(session, people)
    client.sign_in(people.ewa)
    assert "Zakład Karny w Kładkowie" in client.see("/biurko").root.text
    client.see("/wydarzenia/nowe")
    page = client.see("/dzialasz-jako?next=/partnerzy")
    assert [label.text for label in page.main.all("label")] == [
        "OPS w Bródkupracownik",
        "Zakład Karny w Kładkowiekoordynator",
    ]
    answer = client.post("/dzialasz-jako?next=/partnerzy", data={"institution": str(people.stranger.id)})
    assert answer.location == "/partnerzy"
    assert "OPS w Bródku" in client.see("/partnerzy").root.text
    assert client.get("/wydarzenia/nowe").status_code == 403


def test_masthead_says_for_whom_one_acts_and_leads_to_the_choice(client, session, people) -> None:
    assert client.sign_in(people.ewa).see("/biurko").all("a", href="/dzialasz-jako") == []
    in_two_places(session, people)
    page = client.see("/pomoc")
    assert page.one("a", href="/dzialasz-jako").text == "Działasz jako: Zakład Karny w Kładkowie (zmień)"


def test_the_choice_outlives_the_session(client: Browser, session: Session, people: People, app) -> None:
    in_two_places(session, people)
    client.sign_in(people.ewa).see("/dzialasz-jako")
    client.post("/dzialasz-jako", data={"institution": str(people.stranger.id)})
    client.post("/wyloguj")
    assert "OPS w Bródku" in browser_of(app, session).sign_in(people.ewa).see("/biurko").root.text


def test_the_choice_is_no_way_into_a_strange_institution(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.ewa).see("/dzialasz-jako")
    for wrong in (str(people.mops.id), "0", "x", "", "99999999999999999999"):
        assert client.post("/dzialasz-jako", data={"institution": wrong}).status_code == 422
    with pytest.raises(rules.NotYourPlace):
        actions.act_for(session, people.ewa.actor, people.mops.id or 0)
    row = session.exec(select(UserSession).where(UserSession.user_id == people.ewa.user_id)).one()
    assert row.acting_for is None


def test_losing_the_chosen_place_leaves_the_other(client: Browser, session: Session, people: People) -> None:
    in_two_places(session, people)
    client.sign_in(people.ewa).see("/dzialasz-jako")
    client.post("/dzialasz-jako", data={"institution": str(people.stranger.id)})
    ended = session.exec(
        select(Membership).where(
            Membership.user_id == people.ewa.user_id, Membership.institution_id == people.stranger.id
        )
    ).one()
    actions.end(session, people.olga.actor, ended, now())
    assert client.get("/biurko").status_code == 302
    assert "Zakład Karny w Kładkowie" in client.sign_in(people.ewa).see("/biurko").root.text


def test_who_belongs_nowhere_has_nothing_to_choose(client: Browser, people: People) -> None:
    assert "nie należy do żadnej instytucji" in client.sign_in(people.olga).see("/dzialasz-jako").text


def test_the_page_asks_a_constant_number(client, session, people, query_count) -> None:
    client.sign_in(people.adam).see(PAGE)
    counts = []
    for number in range(3):
        make_person(session, f"Osoba{number} Pokazowa", people.prison, Role.MEMBER)
        session.commit()
        with query_count() as statements:
            client.see(PAGE)
        counts.append(len(statements))
    assert set(counts) == {9}
