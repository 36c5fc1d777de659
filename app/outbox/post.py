"""Put a mail into the outbox: the row commits, or vanishes, with the act that causes it."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from app.db import insert
from app.outbox.models import OutboxMail

Param = str | int | bool | None | list[str]


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
    """Write one mail for one recipient into the caller's transaction.

    *template* names templates/mail/<template>.{pl,en}.txt; *params* are its plain values (times as ISO instants);
    *link* is a path inside the portal; *calendar* a whole VCALENDAR to attach. The Message-ID is fixed here, so that
    a mail that has to be sent again keeps it.
    """
    insert(
        session,
        OutboxMail,
        created_at=now,
        to_address=to,
        to_user_id=user_id,
        language=language,
        template=template,
        params=dict(params),
        link=link,
        calendar=calendar,
        message_id=secrets.token_urlsafe(24),
        next_try_at=now,
    )
