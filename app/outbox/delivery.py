"""Deliver the outbox: claim a row, render it in the recipient's language, hand it to the SMTP server, mark it."""

import logging
import smtplib
import ssl
from collections.abc import Callable
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from sqlmodel import Session, col, or_, select, update

from app import site, warsaw
from app.clock import now as clock_now
from app.config import Config, MailServer
from app.db import Database
from app.outbox.models import ERROR_MAX, MailState, OutboxMail

logger = logging.getLogger("kladka.outbox")
BATCH = 20
RETRY_MINUTES = (1, 5, 15, 60, 240, 720)
CLAIM_EXPIRES = timedelta(minutes=10)
BODY_KEPT = timedelta(days=30)
WAITS_FOR = timedelta(days=7)
_TIMEOUT_SECONDS = 20
_PERMANENT = 500


class Letters:
    """Renders mails from templates/mail/<template>.<language>.txt: first line the subject, then the body."""

    def __init__(self, templates: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(templates / "mail"),
            autoescape=False,  # noqa: S701 - plain text mails
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, template: str, language: str, params: dict[str, object], link: str) -> tuple[str, str]:
        """Return (subject, body). Values are one line each, so that none can begin a header or a paragraph."""
        values = {name: " ".join(v.split()) if isinstance(v, str) else v for name, v in params.items()}
        for name in ("starts_at", "ends_at", "until_at"):
            if isinstance(values.get(name), str):
                values[name] = datetime.fromisoformat(str(values[name]))
        words = _Words(language)
        page = self._environment.get_template(f"{template}.{language}.txt")
        text = page.render(**values, link=site.absolute(link) if link else site.base_url(), words=words)
        subject, _, body = text.strip().partition("\n")
        return " ".join(subject.split())[:300], body.strip() + "\n"


class _Words:
    """Dates for mail templates, in the language of the recipient."""

    def __init__(self, language: str) -> None:
        self._language = language

    def day(self, instant: datetime) -> str:
        return warsaw.day_words(warsaw.today(instant), self._language)

    def instant(self, at: datetime) -> str:
        """Give day and hour of a deadline."""
        return f"{self.day(at)}, {warsaw.hour_words(at)}"

    def when(self, starts_at: datetime, ends_at: datetime, *, all_day: bool) -> str:
        """Give day and hours; several days of an all-day event as from-to."""
        first, last = warsaw.today(starts_at), warsaw.today(ends_at - timedelta(minutes=1))
        if all_day:
            return self._days(first, last)
        span = warsaw.span_words(starts_at, ends_at, all_day=False, language=self._language)
        return f"{warsaw.day_words(first, self._language)}, {span}"

    def _days(self, first: date, last: date) -> str:
        words = warsaw.day_words(first, self._language)
        return words if last <= first else f"{words} – {warsaw.day_words(last, self._language)}"


def deliver(database: Database, config: Config, letters: Letters, stopped: Callable[[], bool] = lambda: False) -> int:
    """Send what is due, at most BATCH mails, and return how many went out; ends after the mail at hand when *stopped*.

    Without a mail server rows wait and are shown. Each mail is claimed right before it is sent, so that a slow server
    cannot outlast the claim of the mails behind it.
    """
    if config.mail is None:
        return 0
    sent = 0
    for _ in range(BATCH):
        if stopped():
            break
        with database.session(writes=True) as session:
            mail_id = _claim(session, clock_now())
            session.commit()
        if mail_id is None:
            break
        sent += _deliver_one(database, config, config.mail, letters, mail_id)
    return sent


def message_of(mail: OutboxMail, config: Config, letters: Letters, at: datetime) -> EmailMessage:
    """Build the message: plain text, and the calendar as an .ics attachment with CRLF kept (policy SMTP, base64)."""
    subject, body = letters.render(mail.template, mail.language, dict(mail.params), mail.link)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message["From"] = formataddr(("Kładka", config.mail_from))
    message["To"] = mail.to_address
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail.message_id}@{site.hostname()}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body, cte="quoted-printable")
    if mail.calendar:
        message.add_attachment(
            mail.calendar.encode(), maintype="text", subtype="calendar", filename="termin.ics", cte="base64"
        )
        part = list(message.iter_attachments())[-1]
        part.set_param("charset", "UTF-8")
        part.set_param("method", "PUBLISH")
    message["Content-Language"] = mail.language  # last, because set_content removes what begins with Content-
    return message


def give_up_old(session: Session, at: datetime) -> int:
    """Give up what could not go out for a week: news of that age confuse, and names must not wait for ever."""
    statement = (
        update(OutboxMail)
        .where(col(OutboxMail.state) == MailState.WAITING, col(OutboxMail.created_at) < at - WAITS_FOR)
        .values(state=MailState.FAILED, error="too old")
    )
    return session.exec(statement).rowcount


def forget_bodies(session: Session, at: datetime) -> int:
    """Delete what mails said 30 days ago; the row stays as evidence that it went out."""
    statement = (
        update(OutboxMail)
        .where(
            col(OutboxMail.created_at) < at - BODY_KEPT,
            col(OutboxMail.state) != MailState.WAITING,
            col(OutboxMail.to_address) != "",  # forgotten already
        )
        .values(body="", params={}, calendar=None, to_address="", subject="", link="")
    )
    return session.exec(statement).rowcount


def retry(session: Session, mail_id: int, at: datetime) -> OutboxMail | None:
    """Put a failed mail back into the queue; returns it, or None when it is not a failed one."""
    mail = session.get(OutboxMail, mail_id)
    if mail is None or mail.state is not MailState.FAILED:
        return None
    mail.state, mail.attempts, mail.next_try_at, mail.error = MailState.WAITING, 0, at, ""
    session.flush()
    return mail


def _claim(session: Session, at: datetime) -> int | None:
    due = (
        select(OutboxMail)
        .where(
            or_(
                (col(OutboxMail.state) == MailState.WAITING) & (col(OutboxMail.next_try_at) <= at),
                (col(OutboxMail.state) == MailState.SENDING) & (col(OutboxMail.claimed_at) < at - CLAIM_EXPIRES),
            )
        )
        .order_by(col(OutboxMail.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    mail = session.exec(due).first()
    if mail is None:
        return None
    # A claim that has expired belonged to a worker that died: the mail may be out. Same Message-ID, marked.
    mail.perhaps_twice = mail.perhaps_twice or mail.state is MailState.SENDING
    mail.state, mail.claimed_at = MailState.SENDING, at
    session.flush()
    return mail.id


def _deliver_one(database: Database, config: Config, server: MailServer, letters: Letters, mail_id: int) -> int:
    with database.session(writes=False) as session:
        mail = session.get_one(OutboxMail, mail_id)
    try:
        message = message_of(mail, config, letters, clock_now())
    except (TemplateError, ValueError) as error:
        # A mail that cannot be written, or an address that is none: given up at once, visible, in nobody's way.
        _mark_failed(database, mail_id, error, for_good=True)
        return 0
    try:
        _hand_over(server, message)
    except (smtplib.SMTPException, OSError) as error:
        _mark_failed(database, mail_id, error)
        return 0
    text = message.get_body(("plain",))
    with database.session(writes=True) as session:
        mail = session.get_one(OutboxMail, mail_id)
        mail.state, mail.sent_at, mail.error = MailState.SENT, clock_now(), ""
        mail.attempts += 1
        mail.subject, mail.body = str(message["Subject"]), text.get_content() if text else ""
        session.commit()
    return 1


def _mark_failed(database: Database, mail_id: int, error: Exception, *, for_good: bool = False) -> None:
    code = _code(error)
    with database.session(writes=True) as session:
        mail = session.get_one(OutboxMail, mail_id)
        mail.attempts += 1
        mail.error = f"{type(error).__name__} {code or ''}".strip()[:ERROR_MAX]
        gives_up = for_good or code >= _PERMANENT or mail.attempts > len(RETRY_MINUTES)
        mail.state = MailState.FAILED if gives_up else MailState.WAITING
        if not gives_up:
            mail.next_try_at = clock_now() + timedelta(minutes=RETRY_MINUTES[mail.attempts - 1])
        session.commit()
    logger.warning("mail not delivered", extra={"mail_id": mail_id, "fault": type(error).__name__})


def _hand_over(server: MailServer, message: EmailMessage) -> None:
    context = ssl.create_default_context()
    if server.tls:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_SECONDS)
    with smtp:
        if server.starttls:
            smtp.starttls(context=context)
        if server.user:
            smtp.login(server.user, server.password)
        smtp.send_message(message)


def _code(error: Exception) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=0)
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code
    return 0
