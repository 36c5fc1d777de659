"""Invitations: by mail and on paper, once and for 14 days; accepting never tells whether an address has an account."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.accounts import actions as accounts
from app.accounts import queries as account_queries
from app.accounts.models import UserAccount
from app.actors import Role
from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from partners.people import actions, rules
from partners.people.models import Invitation, Membership
from partners.people.rules import Wanted
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.persons import People, make_account, make_person

pytestmark = pytest.mark.usefixtures("clock")

PAGE = "/partnerzy/zk-kladkowo/osoby"
NEW = "nowa@zk-kladkowo.example"
PASSWORD = "zielony parasol w tramwaju"


def invite(session: Session, people: People, **changes) -> tuple[Invitation, str]:
    wanted = Wanted(**{"email": NEW, **changes})
    return actions.invite(session, people.adam.actor, people.prison.id or 0, wanted, now())


def last_link(session: Session) -> str:
    mail = session.exec(select(OutboxMail).order_by(col(OutboxMail.id).desc())).first()
    assert mail is not None
    return mail.link


def test_admin_invites_by_mail_and_a_new_person_joins(client: Browser, session: Session, people: People, app) -> None:
    client.sign_in(people.adam).see(f"{PAGE}/zapros")
    client.post(f"{PAGE}/zapros", data={"email": " Nowa@ZK-Kladkowo.example ", "role": "coordinator", "way": "mail"})
    page = client.see(PAGE)
    assert NEW in page.text
    link = last_link(session)

    new = browser_of(app, session)
    page = new.see(link)
    assert page.h1 == "Adam Pokazowy zaprasza Cię do Kładki"
    assert "Zakład Karny w Kładkowie" in page.text
    assert "koordynator" in page.text
    data = {"name": "Maria Próbna", "password": PASSWORD, "again": PASSWORD, "terms": "y"}
    answer = new.post(f"{link}/konto", data=data)
    assert (answer.status_code, answer.location) == (303, f"/logowanie?next={link}")
    new.get(answer.location)
    answer = new.post(answer.location, data={"email": NEW, "password": PASSWORD})
    assert answer.location == link
    assert new.get(link).location == "/biurko"
    assert "Zakład Karny w Kładkowie" in new.see("/biurko").root.text
    joined = session.exec(select(Membership).where(Membership.institution_id == people.prison.id)).all()[-1]
    assert (joined.role, joined.ended_at) == (Role.COORDINATOR, None)


def test_only_hashes_are_kept(session: Session, people: People) -> None:
    invitation, secret = invite(session, people)
    assert secret not in str(invitation.model_dump())
    printed, code = invite(session, people, email="druga@zk-kladkowo.example", printed=True)
    assert code not in str(printed.model_dump())
    assert rules.token_of(code) not in str(printed.model_dump())


def test_a_look_accepts_nothing(client: Browser, session: Session, people: People) -> None:
    invitation, secret = invite(session, people)
    for _look in range(3):
        assert client.get(f"/zaproszenie/{secret}").status_code == 200
        client.head(f"/zaproszenie/{secret}")
    session.refresh(invitation)
    assert invitation.accepted_at is None


def test_the_address_of_an_invitation_is_told_to_nobody(client: Browser, session: Session, people: People) -> None:
    _invitation, secret = invite(session, people)
    answer = client.get(f"/zaproszenie/{secret}")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("spoil", ["wrong", "used", "withdrawn", "expired", "renewed"])
def test_whatever_is_wrong_the_page_is_the_same(
    client: Browser, session: Session, people: People, clock, spoil
) -> None:
    invitation, secret = invite(session, people)
    if spoil == "wrong":
        secret = "x" * 43
    elif spoil == "used":
        actions.accept(session, people.stefan.actor, invitation, now())
    elif spoil == "withdrawn":
        actions.withdraw(session, people.adam.actor, invitation, now())
    elif spoil == "expired":
        clock.shift(timedelta(days=14))
    else:
        actions.renew(session, people.adam.actor, invitation, now())
    client.see("/logowanie")  # for a token
    page = client.see(f"/zaproszenie/{secret}", 404)
    assert page.h1 == "To zaproszenie nie jest ważne"
    data = {"name": "Maria Próbna", "password": PASSWORD, "again": PASSWORD, "terms": "y"}
    for path in (f"/zaproszenie/{secret}", f"/zaproszenie/{secret}/konto"):
        assert client.post(path, data=data).status_code == 404
        assert client.page.text == page.text
    assert account_queries.by_email(session, NEW) is None


def test_invitation_works_until_its_last_moment(client: Browser, session: Session, people: People, clock) -> None:
    _invitation, secret = invite(session, people)
    clock.shift(timedelta(days=14) - timedelta(seconds=1))
    client.see(f"/zaproszenie/{secret}")


def test_existing_account_accepts_after_signing_in(client: Browser, session: Session, people: People) -> None:
    _invitation, secret = invite(session, people, email=people.stefan.email)
    link = f"/zaproszenie/{secret}"
    client.sign_in(people.stefan)
    page = client.see(link)
    assert "Jesteś na koncie: Stefan Wzorcowy" in page.text
    client.post(page.form(link)["action"], follow_redirects=True)
    assert "Od teraz działasz jako Zakład Karny w Kładkowie." in client.page.text
    client.post("/dzialasz-jako", data={"institution": str(people.stranger.id)})
    assert "OPS w Bródku" in client.see("/biurko").root.text


@pytest.mark.parametrize("email", [NEW, "adresat@zk-kladkowo.example"])
def test_new_account_gets_the_same_answer_whether_the_address_is_known(
    client: Browser, session: Session, people: People, email: str
) -> None:
    known = make_account(session, "Piotr Adresat", "adresat@zk-kladkowo.example")
    before = known.password_hash
    invitation, secret = invite(session, people, email=email)
    client.get(f"/zaproszenie/{secret}")
    data = {"name": "Maria Próbna", "password": PASSWORD, "again": PASSWORD, "terms": "y"}
    answer = client.post(f"/zaproszenie/{secret}/konto", data=data, follow_redirects=True)
    assert answer.status_code == 200
    assert f"Teraz zaloguj się: adres {email} i ustalone przed chwilą hasło." in client.page.text
    session.refresh(known)
    session.refresh(invitation)
    assert (known.name, known.password_hash) == ("Piotr Adresat", before)
    assert (invitation.accepted_at is None) == (email == known.email)


def test_inviting_says_the_same_whether_the_address_has_an_account(client: Browser, people: People) -> None:
    client.sign_in(people.adam).see(f"{PAGE}/zapros")
    texts = []
    for email in (people.stefan.email, NEW):
        client.post(f"{PAGE}/zapros", data={"email": email, "role": "member", "way": "mail"})
        texts.append(client.see(PAGE).one("div", id="flash").text.replace(email, "…"))
    assert texts[0] == texts[1] != ""


def test_printed_code_opens_the_invitation(client: Browser, session: Session, people: People, app) -> None:
    client.sign_in(people.adam).see(f"{PAGE}/zapros")
    sent = len(session.exec(select(OutboxMail)).all())
    answer = client.post(f"{PAGE}/zapros", data={"email": NEW, "role": "member", "way": "print"})
    page = client.see(answer.location)
    code = page.one("b", class_="code").text
    assert len(session.exec(select(OutboxMail)).all()) == sent
    assert client.see(answer.location).one("b", class_="code").text == code

    guest = browser_of(app, session)
    guest.see("/zaproszenie")
    answer = guest.post("/zaproszenie", data={"code": f" {code.lower().replace('-', ' ')} "})
    assert "pracownik" in guest.see(answer.location).text
    other = browser_of(app, session).sign_in(people.olga)
    sheet = other.see(f"{PAGE}/zaproszenia/1/wydruk")
    assert "Kodu tego zaproszenia nie można już pokazać" in sheet.text
    assert code not in sheet.source


def test_a_second_click_sends_no_second_mail(client: Browser, session: Session, people: People, clock) -> None:
    invitation, _secret = invite(session, people)
    link = last_link(session)
    client.sign_in(people.adam).see(PAGE)
    path = client.page.form(f"{PAGE}/zaproszenia/{invitation.id}/ponow")["action"]
    client.post(path, follow_redirects=True)
    assert "Odczekaj dwie minuty" in client.page.text
    assert last_link(session) == link
    clock.shift(timedelta(minutes=2))
    client.post(path, follow_redirects=True)
    assert "Zaproszenie jest w drodze" in client.page.text
    assert last_link(session) != link
    client.see(link, 404)


@pytest.mark.parametrize("code", ["", "ABCD-EFGH", "ABCD-EFGH-JKLM-NPQ0", "ABCD-EFGH-JKLM-NPQR"])
def test_a_wrong_code_is_refused_with_a_sentence(client: Browser, code: str) -> None:
    client.see("/zaproszenie")
    assert client.post("/zaproszenie", data={"code": code}).status_code == 422
    assert client.page.one("span", class_="msg").text


def test_new_code_replaces_the_old(client: Browser, session: Session, people: People) -> None:
    invitation, code = invite(session, people, printed=True)
    client.sign_in(people.adam).see(PAGE)
    answer = client.post(f"{PAGE}/zaproszenia/{invitation.id}/ponow")
    fresh = client.see(answer.location).one("b", class_="code").text
    assert rules.read_code(fresh) != code
    client.see(f"/zaproszenie/{rules.token_of(code)}", 404)
    client.see(f"/zaproszenie/{rules.token_of(rules.read_code(fresh))}")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "Podaj imię i nazwisko."),
        ({"password": "krótkie", "again": "krótkie"}, "Hasło musi mieć co najmniej 12 znaków."),
        ({"again": "cztery czerwone mosty"}, "Hasła się różnią."),
        ({"password": "Zakład Karny 2026", "again": "Zakład Karny 2026"}, "To hasło łatwo odgadnąć."),
        ({"terms": ""}, "Zaznacz, że znasz zasady korzystania."),
        ({"password": "x" * 500, "again": "x" * 500}, "Hasło może mieć najwyżej 200 znaków."),
    ],
)
def test_a_mistake_comes_back_with_its_sentence(client, session, people, changes, sentence) -> None:
    _invitation, secret = invite(session, people)
    client.see(f"/zaproszenie/{secret}")
    data = {"name": "Maria Próbna", "password": PASSWORD, "again": PASSWORD, "terms": "y", **changes}
    assert client.post(f"/zaproszenie/{secret}/konto", data=data).status_code == 422
    assert sentence in client.page.text
    assert account_queries.by_email(session, NEW) is None


def test_nothing_but_the_fields_of_the_form_is_taken(client: Browser, session: Session, people: People) -> None:
    _invitation, secret = invite(session, people, role=Role.MEMBER)
    client.see(f"/zaproszenie/{secret}")
    data = {"name": "Maria Próbna", "password": PASSWORD, "again": PASSWORD, "terms": "y"}
    forged = {"role": "admin", "is_operator": "1", "email": "inna@zly.example", "institution_id": "1", "verified": "1"}
    client.post(f"/zaproszenie/{secret}/konto", data=data | forged)
    user = session.exec(select(UserAccount).where(UserAccount.email == NEW)).one()
    membership = session.exec(select(Membership).where(Membership.user_id == user.id)).one()
    assert (user.is_operator, user.inspects) == (False, None)
    assert (membership.role, membership.institution_id) == (Role.MEMBER, people.prison.id)


def test_operator_and_inspector_join_nothing(client: Browser, session: Session, people: People) -> None:
    _invitation, secret = invite(session, people)
    for person in (people.olga, people.wanda):
        client.sign_in(person).see(f"/zaproszenie/{secret}")
        assert client.post(f"/zaproszenie/{secret}").status_code == 403
        assert "Takie konto nie działa w imieniu żadnej instytucji." in client.page.text


def test_second_membership_in_one_institution_is_refused(client: Browser, session: Session, people: People) -> None:
    _invitation, secret = invite(session, people)
    client.sign_in(people.ewa).see(f"/zaproszenie/{secret}")
    assert client.post(f"/zaproszenie/{secret}").status_code == 409


def test_no_second_invitation_for_one_address(client: Browser, session: Session, people: People) -> None:
    invite(session, people)
    client.sign_in(people.adam).see(f"{PAGE}/zapros")
    again = {"email": NEW, "role": "member", "way": "mail"}
    assert client.post(f"{PAGE}/zapros", data=again).status_code == 422
    assert "Zaproszenie na ten adres już czeka." in client.page.text
    assert client.post(f"{PAGE}/zapros", data=again | {"email": people.ewa.email}).status_code == 409
    assert "Ta osoba należy już do instytucji." in client.page.text


def test_open_invitations_have_an_end(session: Session, people: People, monkeypatch) -> None:
    monkeypatch.setattr(rules, "OPEN_MAX", 2)
    for number in range(2):
        invite(session, people, email=f"osoba{number}@zk-kladkowo.example")
    with pytest.raises(rules.TooManyOpen, match="At most 2 invitations"):
        invite(session, people)


@pytest.mark.parametrize(
    "email", ["", "anna", "anna@", "a b@c.pl", "anna@ops.example\r\nBcc: x@zly.example", "<a@b.pl>"]
)
def test_no_address_no_invitation(client: Browser, session: Session, people: People, email: str) -> None:
    client.sign_in(people.adam).see(f"{PAGE}/zapros")
    assert client.post(f"{PAGE}/zapros", data={"email": email, "role": "member", "way": "mail"}).status_code == 422
    assert session.exec(select(Invitation)).all() == []


@pytest.mark.parametrize("role", ["operator", "system", "visitor", "inspector", ""])
def test_no_role_beyond_the_institution_can_be_given(client: Browser, session: Session, people: People, role) -> None:
    client.sign_in(people.adam).see(f"{PAGE}/zapros")
    assert client.post(f"{PAGE}/zapros", data={"email": NEW, "role": role, "way": "mail"}).status_code == 422
    assert session.exec(select(Invitation)).all() == []


def test_strangers_admin_reaches_no_invitation(client: Browser, session: Session, people: People) -> None:
    invitation, _secret = invite(session, people)
    boss = make_person(session, "Bogdan Wzorcowy", people.stranger, Role.ADMIN)
    client.sign_in(boss).see(f"/partnerzy/{people.stranger.slug}/osoby")
    for path in (
        f"{PAGE}/zaproszenia/{invitation.id}",
        f"/partnerzy/{people.stranger.slug}/osoby/zaproszenia/{invitation.id}",
    ):
        assert client.get(f"{path}/wydruk").status_code == 404
        for act in ("ponow", "wycofaj"):
            assert client.post(f"{path}/{act}").status_code == 404
    assert client.get(PAGE).status_code == 404
    session.refresh(invitation)
    assert invitation.withdrawn_at is None


def test_acts_leave_traces_without_the_address(session: Session, people: People) -> None:
    invitation, _secret = invite(session, people)
    actions.renew(session, people.adam.actor, invitation, now())
    actions.withdraw(session, people.adam.actor, invitation, now())
    with pytest.raises(rules.InvitationOver):
        actions.renew(session, people.adam.actor, invitation, now())
    session.flush()
    lines = session.exec(select(AuditLine).where(AuditLine.subject_kind == "invitation")).all()
    assert [line.verb for line in lines] == ["invitation.made", "invitation.renewed", "invitation.withdrawn"]
    assert NEW not in str([line.details for line in lines])


def test_old_invitations_are_forgotten(session: Session, people: People, clock) -> None:
    invite(session, people)
    clock.shift(timedelta(days=14 + 29))
    assert actions.forget_invitations(session, now()) == 0
    clock.shift(timedelta(days=2))
    assert actions.forget_invitations(session, now()) == 1


def test_only_the_first_of_two_who_accept_at_once_joins(session: Session, people: People) -> None:
    invitation, _secret = invite(session, people)
    assert actions.accept_as_new(session, invitation, "Maria Próbna", accounts.hash_password(PASSWORD), "pl", now())
    with pytest.raises(rules.InvitationOver):
        actions.accept(session, people.stefan.actor, invitation, now())


@pytest.mark.parametrize("way", ["ended", "lowered"])
def test_who_administers_no_more_leaves_no_door_open(
    client: Browser, session: Session, people: People, app, way: str
) -> None:
    other = make_person(session, "Bogdan Wzorcowy", people.prison, Role.ADMIN)
    invitation, secret = invite(session, people, role=Role.ADMIN)
    of_adam = select(Membership).where(Membership.user_id == people.adam.user_id)
    membership = session.exec(of_adam).one()
    if way == "ended":
        actions.end(session, other.actor, membership, now())
    else:
        actions.change(session, other.actor, membership, Role.MEMBER, "", now())
    assert client.get(f"/zaproszenie/{secret}").status_code == 404
    page = client.sign_in(other).see(PAGE)
    assert "wygasło" in page.text
    client.post(f"{PAGE}/zaproszenia/{invitation.id}/ponow")
    fresh = last_link(session)
    assert fresh != f"/zaproszenie/{secret}"
    browser_of(app, session).see(fresh)
    session.refresh(invitation)
    assert invitation.invited_by == other.user_id


def test_what_a_locked_administrator_sent_opens_nothing(client: Browser, session: Session, people: People) -> None:
    _invitation, secret = invite(session, people)
    client.see(f"/zaproszenie/{secret}")
    accounts.lock_account(session, people.olga.actor, people.adam.user_id, "hasło w obcych rękach", now())
    assert client.get(f"/zaproszenie/{secret}").status_code == 404
    data = {"name": "Maria Próbna", "password": PASSWORD, "again": PASSWORD, "terms": "y"}
    assert client.post(f"/zaproszenie/{secret}/konto", data=data).status_code == 404
    accounts.unlock_account(session, people.olga.actor, people.adam.user_id, "wyjaśnione", now())
    assert client.get(f"/zaproszenie/{secret}").status_code == 200
