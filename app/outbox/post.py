"""Put mails into the outbox: the row commits, or vanishes, with the act that causes it."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.db import insert_all
from app.outbox.models import OutboxMail

Param = str | int | bool | None | list[str]


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one recipient.

    *template* names templates/mail/<template>.{pl,en}.txt; *params* are its plain values (times as ISO instants);
    *link* is a path inside the portal; *calendar* a whole VCALENDAR to attach.
    """

    to: str
    template: str
    params: Mapping[str, Param]
    language: str = "pl"
    user_id: int | None = None
    link: str = ""
    calendar: str | None = None


def write(
    session: Session,
    now: datetime,
    *,
    to: str,
    template: str,
    params: Mapping[str, Param],
    language: str = "pl",
    user_id: int | None = None,
    link: str = "",
    calendar: str | None = None,
) -> None:
    """Write one mail, described as in Mail, into the caller's transaction."""
    write_all(session, now, [Mail(to, template, params, language, user_id, link, calendar)])


def write_all(session: Session, now: datetime, mails: Iterable[Mail]) -> None:
    """Write *mails* into the caller's transaction, in one statement.

    The Message-ID is fixed here, so that a mail that has to be sent again keeps it.
    """
    rows = [
        {
            "created_at": now,
            "to_address": mail.to,
            "to_user_id": mail.user_id,
            "language": mail.language,
            "template": mail.template,
            "params": dict(mail.params),
            "link": mail.link,
            "calendar": mail.calendar,
            "message_id": secrets.token_urlsafe(24),
            "next_try_at": now,
        }
        for mail in mails
    ]
    insert_all(session, OutboxMail, rows)
