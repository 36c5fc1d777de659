"""The worker's rounds: mail goes out whatever becomes of the night, and the night is done once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlmodel import Session
from time_machine import Traveller

from app.clock import now
from app.config import Config
from app.db import Database
from app.factory import ROOT
from app.jobs.worker import Nightly, Worker, is_alive
from app.outbox.delivery import Letters
from app.outbox.models import MailState, OutboxMail
from tests.factories.mails import make_mail
from tests.mailserver import mail_server


def worker(database: Database, config: Config, nightly: Nightly) -> Worker:
    return Worker(database, config, Letters(ROOT / "templates"), nightly)


def put(database: Database) -> int:
    with database.session(writes=True) as session:
        mail_id = make_mail(session).id or 0
        session.commit()
    return mail_id


@pytest.mark.usefixtures("clock")
def test_a_night_that_fails_holds_up_neither_mail_nor_sign_of_life(database: Database, config: Config) -> None:
    def failing(_session: Session, _now: datetime) -> dict[str, int]:
        raise ValueError("a fault of one job")

    mail_id = put(database)
    with mail_server() as inbox:
        broken = worker(database, replace(config, mail=inbox.address), failing)
        with pytest.raises(ValueError, match="a fault of one job"):
            broken.once()
    with database.session(writes=False) as session:
        assert session.get_one(OutboxMail, mail_id).state is MailState.SENT
        assert is_alive(session, now())


def test_the_night_is_done_once_and_after_one_o_clock(database: Database, config: Config, clock: Traveller) -> None:
    nights: list[datetime] = []

    def nightly(_session: Session, instant: datetime) -> dict[str, int]:
        nights.append(instant)
        return {}

    one, other = worker(database, config, nightly), worker(database, config, nightly)
    for hour, minute in ((22, 0), (22, 30), (23, 30), (0, 30)):
        clock.move_to(datetime(2026, 11, 24 if hour else 25, hour, minute, tzinfo=UTC))
        one.once()
        other.once()
    # The first time at once; then not at 0.30 in Warsaw, when acts of the day before may still commit, but at 1.30.
    assert [instant.hour for instant in nights] == [22, 0]
