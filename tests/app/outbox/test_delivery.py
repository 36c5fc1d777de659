from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
import time_machine
from sqlmodel import Session, select

from app import site
from app.clock import now
from app.config import Config
from app.db import Database
from app.outbox import delivery, post
from app.outbox.delivery import RETRY_MINUTES, Letters
from app.outbox.models import MailState, OutboxMail
from tests.factories.mails import PARAMS, make_mail
from tests.mailserver import CUT, Inbox, free_port, mail_server

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nSUMMARY:Zażółć gęślą jaźń\r\n ciąg dalszy\r\nEND:VCALENDAR\r\n"


@dataclass
class Office:
    """The outbox of one database, and the server that it hands mail to."""

    database: Database
    config: Config
    clock: time_machine.Traveller

    def deliver(self) -> int:
        return delivery.deliver(self.database, self.config, Letters(TEMPLATES))

    def put(self, **columns) -> int:
        with self.database.session(writes=True) as session:
            mail_id = make_mail(session, **columns).id
            session.commit()
        assert mail_id is not None
        return mail_id

    def mail(self, mail_id: int) -> OutboxMail:
        with self.database.session(writes=False) as session:
            return session.get_one(OutboxMail, mail_id)

    def wait(self, **span: int) -> None:
        self.clock.shift(timedelta(**span))


@pytest.fixture(name="inbox")
def _inbox() -> Iterator[Inbox]:
    with mail_server() as inbox:
        yield inbox


@pytest.fixture(name="office")
def _office(database: Database, config: Config, inbox: Inbox, clock: time_machine.Traveller) -> Office:
    return Office(database, replace(config, mail=inbox.address), clock)


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_mail_arrives_once_as_it_was_written(office, inbox):
    mail_id = office.put(to="piotr@mops-kladkowo.example", params={**PARAMS, "title": "Zażółć gęślą jaźń"})
    assert [office.deliver(), office.deliver()] == [1, 0]
    (message,) = inbox.messages
    assert inbox.recipients == ["piotr@mops-kladkowo.example"]
    assert message["To"] == "piotr@mops-kladkowo.example"
    assert message["From"] == "Kładka <kladka@kladka.example>"
    assert message["Subject"] == "Masz miejsce: Zażółć gęślą jaźń"
    assert message["Content-Language"] == "pl"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Anna Przykładowa ma miejsce na wydarzeniu „Zażółć gęślą jaźń”." in text_of(message)
    assert "wtorek, 15 grudnia 2026, 10.00–12.00" in text_of(message)
    row = office.mail(mail_id)
    assert (row.state, row.attempts, row.sent_at, row.error) == (MailState.SENT, 1, now(), "")
    assert row.subject == message["Subject"]
    assert row.perhaps_twice is False
    assert message["Message-ID"].startswith(f"<{row.message_id}@")


def test_the_language_is_the_recipients(office, inbox):
    office.put(language="en")
    office.deliver()
    (message,) = inbox.messages
    assert message["Content-Language"] == "en"
    assert "Tuesday, 15 December 2026, 10.00–12.00" in text_of(message)


def test_the_calendar_arrives_with_its_line_ends(office, inbox):
    office.put(calendar=CALENDAR)
    office.deliver()
    (part,) = list(inbox.messages[0].iter_attachments())
    assert part.get_content_type() == "text/calendar"
    assert part.get_filename() == "termin.ics"
    assert (part.get_param("method"), part.get_param("charset")) == ("PUBLISH", "UTF-8")
    assert part.get_payload(decode=True) == CALENDAR.encode()


def test_a_temporary_failure_is_tried_later_with_the_same_message_id(office, inbox):
    mail_id = office.put()
    inbox.to_data = ["451 busy", "451 busy"]
    assert office.deliver() == 0
    row = office.mail(mail_id)
    assert (row.state, row.attempts) == (MailState.WAITING, 1)
    assert row.error == "SMTPDataError 451"
    assert row.next_try_at == now() + timedelta(minutes=1)
    assert office.deliver() == 0
    assert inbox.to_data == ["451 busy"]  # not even asked before its time
    office.wait(minutes=1)
    assert office.deliver() == 0
    assert office.mail(mail_id).next_try_at == now() + timedelta(minutes=5)
    office.wait(minutes=5)
    assert office.deliver() == 1
    assert [identity.split("@")[0] for identity in inbox.message_ids] == [f"<{row.message_id}"]
    assert (office.mail(mail_id).error, office.mail(mail_id).attempts) == ("", 3)


@pytest.mark.parametrize("where", ["to_recipient", "to_data"])
def test_a_permanent_refusal_is_given_up_at_once_and_can_be_retried(office, inbox, session, where):
    mail_id = office.put()
    setattr(inbox, where, ["550 no such person"])
    assert office.deliver() == 0
    row = office.mail(mail_id)
    assert row.state is MailState.FAILED
    assert row.error.endswith(" 550")
    office.wait(days=2)
    assert office.deliver() == 0
    assert delivery.retry(session, mail_id, now()) is not None
    session.commit()
    assert office.deliver() == 1
    assert inbox.message_ids[0].startswith(f"<{row.message_id}@")


def test_only_a_failed_mail_can_be_retried(office, session):
    waiting, sent = office.put(), office.put(state=MailState.SENT)
    assert [delivery.retry(session, mail_id, now()) for mail_id in (waiting, sent, 4711)] == [None, None, None]


def test_after_the_last_try_a_mail_is_failed_and_seen(office, inbox):
    mail_id = office.put()
    for minutes in RETRY_MINUTES:
        inbox.to_data = ["451 busy"]
        office.deliver()
        assert office.mail(mail_id).state is MailState.WAITING
        office.wait(minutes=minutes)
    inbox.to_data = ["451 busy"]
    office.deliver()
    assert office.mail(mail_id).state is MailState.FAILED
    assert sum(RETRY_MINUTES) >= 4 * 60


def test_a_dead_server_loses_nothing(office, inbox):
    living = office.config
    ids = [office.put() for _ in range(3)]
    office.config = replace(living, mail=replace(inbox.address, port=free_port()))
    assert office.deliver() == 0
    assert {office.mail(mail_id).state for mail_id in ids} == {MailState.WAITING}
    assert {office.mail(mail_id).error for mail_id in ids} == {"ConnectionRefusedError"}
    office.config = living
    office.wait(minutes=1)
    assert office.deliver() == 3
    assert len(set(inbox.message_ids)) == 3


def test_a_line_cut_after_the_message_sends_one_copy_more_with_the_same_id(office, inbox):
    mail_id = office.put()
    inbox.to_data = [CUT]
    assert office.deliver() == 0
    assert office.mail(mail_id).state is MailState.WAITING
    office.wait(minutes=1)
    assert office.deliver() == 1
    assert len(inbox.messages) == 2
    assert len(set(inbox.message_ids)) == 1


def test_a_worker_that_died_between_sending_and_marking_may_send_twice(office, inbox, monkeypatch):
    mail_id = office.put()
    hand_over = delivery._hand_over

    class PowerCut(BaseException):
        """Nothing that the delivery could catch."""

    def hand_over_and_die(*arguments: object) -> None:
        hand_over(*arguments)  # type: ignore[arg-type]  # passed on as they came
        raise PowerCut

    monkeypatch.setattr(delivery, "_hand_over", hand_over_and_die)
    with pytest.raises(PowerCut):
        office.deliver()
    monkeypatch.setattr(delivery, "_hand_over", hand_over)
    assert office.mail(mail_id).state is MailState.SENDING
    assert office.deliver() == 0  # another worker may be at it
    office.wait(minutes=11)
    assert office.deliver() == 1
    assert office.mail(mail_id).perhaps_twice is True
    assert len(inbox.messages) == 2
    assert len(set(inbox.message_ids)) == 1


def test_one_bad_mail_does_not_stop_the_others(office, inbox):
    ids = [office.put(to=f"osoba{n}@ops.example") for n in range(3)]
    inbox.to_recipient = ["250 OK", "550 no"]
    inbox.to_recipient.pop(0)
    assert office.deliver() == 2
    assert [office.mail(mail_id).state for mail_id in ids] == [MailState.FAILED, MailState.SENT, MailState.SENT]


def test_without_a_mail_server_mails_wait(office):
    office.config = replace(office.config, mail=None)
    mail_id = office.put()
    assert office.deliver() == 0
    assert office.mail(mail_id).state is MailState.WAITING


def test_a_mail_that_cannot_be_made_is_failed_and_does_not_block(office, inbox):
    broken = office.put(template="events/signups/there_is_no_such_mail")
    nameless = office.put(params={"title": "x"})
    fine = office.put()
    assert office.deliver() == 1
    assert [office.mail(mail_id).state for mail_id in (broken, nameless, fine)] == [
        MailState.FAILED,
        MailState.FAILED,
        MailState.SENT,
    ]


@pytest.mark.parametrize("address", ["ktoś@ośrodek.example", "obcy@zly.example\r\nBcc: x@y.example", "x", ""])
def test_a_strange_address_never_adds_a_header_or_stops_the_queue(office, inbox, address):
    strange, fine = office.put(to=address), office.put()
    office.deliver()
    assert office.mail(fine).state is MailState.SENT
    assert office.mail(strange).state in {MailState.SENT, MailState.FAILED, MailState.WAITING}
    assert all(message["Bcc"] is None for message in inbox.messages)
    assert "x@y.example" not in inbox.recipients


def test_a_title_cannot_begin_a_header(office, inbox):
    office.put(params={**PARAMS, "title": "Szkolenie\r\nBcc: obcy@zly.example\r\n\r\nKliknij"})
    office.deliver()
    (message,) = inbox.messages
    assert message["Bcc"] is None
    assert message["Subject"] == "Masz miejsce: Szkolenie Bcc: obcy@zly.example Kliknij"
    assert inbox.recipients == ["anna@mops-kladkowo.example"]


def test_links_and_message_ids_have_the_configured_address(office, inbox, monkeypatch):
    monkeypatch.setitem(site._address, "base_url", "https://kladka.example")
    office.put(link="/wydarzenia/abc")
    office.deliver()
    assert inbox.message_ids[0].endswith("@kladka.example>")
    assert "\nhttps://kladka.example/wydarzenia/abc\n" in text_of(inbox.messages[0])


def test_bodies_are_forgotten_after_thirty_days(office, inbox, session: Session):
    sent, waiting = (
        office.put(calendar=CALENDAR, link="/odpowiedz/tajne"),
        office.put(next_try_at=now() + timedelta(days=90)),
    )
    office.deliver()
    office.wait(days=29)
    assert delivery.forget_bodies(session, now()) == 0
    office.wait(days=2)
    assert delivery.forget_bodies(session, now()) == 1
    session.commit()
    row = office.mail(sent)
    assert (row.body, row.subject, row.params, row.calendar, row.to_address) == ("", "", {}, None, "")
    assert row.link == ""  # it may have been a secret
    assert row.state is MailState.SENT
    assert office.mail(waiting).params == PARAMS


def test_the_row_commits_with_the_act(database, session):
    post.write(session, now(), to="anna@ops.example", template="events/signups/confirmed", params=PARAMS)
    session.rollback()
    assert session.exec(select(OutboxMail)).all() == []


def test_message_ids_are_never_equal(session):
    for _ in range(3):
        post.write(session, now(), to="anna@ops.example", template="events/signups/confirmed", params=PARAMS)
    session.flush()
    assert len({mail.message_id for mail in session.exec(select(OutboxMail)).all()}) == 3
