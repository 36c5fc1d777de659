from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from app import warsaw
from app.accounts.models import KeptForm, SignInAttempt, UserSession
from app.audit import trail
from app.audit.models import AuditSeal
from app.clock import now
from app.config import Config
from app.db import Database
from app.jobs.models import WorkerBeat
from app.jobs.worker import Worker, is_alive, work_through
from app.outbox.delivery import Letters
from app.outbox.models import MailState, OutboxMail
from app.portal import nightly
from tests.factories.mails import make_mail
from tests.factories.rows import add
from tests.mailserver import Inbox, mail_server

LETTERS = Letters(Path(__file__).resolve().parents[3] / "templates")


@pytest.fixture(name="inbox")
def _inbox() -> Iterator[Inbox]:
    with mail_server() as inbox:
        yield inbox


@pytest.fixture(name="nights")
def _nights() -> list[datetime]:
    return []


@pytest.fixture(name="worker")
def _worker(database: Database, config: Config, inbox: Inbox, clock, nights: list[datetime]) -> Worker:
    def note(_session: Session, at: datetime) -> int:
        nights.append(at)
        return 1

    return Worker(database, replace(config, mail=inbox.address), LETTERS, [("nights noted", note)])


def test_a_round_delivers_and_says_whether_it_did(worker, session, inbox):
    make_mail(session)
    session.commit()
    assert [worker.once(), worker.once()] == [True, False]
    assert len(inbox.messages) == 1


@pytest.mark.slow
def test_two_workers_send_each_mail_once(database, config, session, inbox, clock):
    for number in range(30):
        make_mail(session, to=f"osoba{number}@ops.example")
    session.commit()
    workers = [Worker(database, replace(config, mail=inbox.address), LETTERS, ()) for _ in range(2)]
    for _ in range(3):
        for worker in workers:
            worker.once()
    assert sorted(inbox.recipients) == sorted(f"osoba{number}@ops.example" for number in range(30))


def test_the_night_is_worked_once_a_warsaw_day(worker, nights, clock):
    for hours in range(48):
        clock.move_to(datetime.fromisoformat("2026-10-24T12:00+02:00") + timedelta(hours=hours))
        worker.once()
    assert [warsaw.today(at) for at in nights] == [date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26)]


def test_a_clock_set_back_does_nothing_twice(worker, nights, clock):
    worker.once()
    clock.shift(timedelta(hours=-1))
    worker.once()
    clock.shift(timedelta(hours=2))
    worker.once()
    assert len(nights) == 1


def test_the_worker_shows_that_it_lives(worker, session, clock):
    assert not is_alive(session, now())
    session.rollback()
    worker.once()
    assert is_alive(session, now())
    clock.shift(timedelta(minutes=4, seconds=59))
    assert is_alive(session, now())
    clock.shift(timedelta(seconds=1))
    assert not is_alive(session, now())
    session.rollback()
    worker.once()
    assert session.exec(select(WorkerBeat)).one().seen_at == now()


def test_the_site_is_ready_only_with_a_worker(worker, client):
    assert client.get("/readyz").status_code == 503
    worker.once()
    assert (client.get("/readyz").status_code, client.get("/healthz").status_code) == (200, 200)


def test_a_started_worker_stops_when_told(database, config, session, inbox):
    make_mail(session)
    session.commit()
    worker = Worker(database, replace(config, mail=inbox.address), LETTERS, ())
    worker.start()
    for _ in range(100):
        if inbox.messages:
            break
        worker._stop.wait(0.05)
    worker.stop()
    assert len(inbox.messages) == 1
    session.expire_all()
    assert session.exec(select(OutboxMail.state)).one() is MailState.SENT


def test_the_night_forgets_and_seals(session, database, people, clock):
    old = now() - timedelta(days=40)
    add(session, SignInAttempt, at=now() - timedelta(days=2), email_hash="x", address="198.51.100.7")
    add(session, SignInAttempt, at=now() - timedelta(hours=2), email_hash="y", address="198.51.100.7")
    add(session, KeptForm, user_id=people.ewa.user_id, path="/", body={}, kept_at=now() - timedelta(hours=25))
    for started in (old, now()):
        token = started.isoformat()
        add(
            session, UserSession, token_hash=token, user_id=people.ewa.user_id, started_at=started, last_seen_at=started
        )
    make_mail(session, state=MailState.SENT, created_at=old, body="treść", subject="temat")
    make_mail(session, state=MailState.WAITING, created_at=now() - timedelta(days=8))
    trail.record(session, people.ewa.actor, "session.started", "session", 1, now() - timedelta(days=1))
    session.flush()
    session.commit()
    done = dict(work_through(database, nightly.JOBS, now()))
    assert sorted(number for number in done.values() if number) == [1, 1, 1, 3]
    session.expire_all()
    assert [row.email_hash for row in session.exec(select(SignInAttempt)).all()] == ["y"]
    assert session.exec(select(KeptForm)).all() == []
    assert len(session.exec(select(UserSession)).all()) == 1
    assert len(session.exec(select(AuditSeal)).all()) == 1
    session.commit()
    assert dict(work_through(database, nightly.JOBS, now())) == dict.fromkeys(done, 0)


def test_a_job_that_fails_undoes_nothing_of_the_others(session, database, clock, caplog):
    def fails(unit: Session, _at: datetime) -> int:
        make_mail(unit)
        raise LookupError("a fault of one job")

    def works(unit: Session, _at: datetime) -> int:
        make_mail(unit)
        return 1

    done = dict(work_through(database, [("first", works), ("second", fails), ("third", works)], now()))
    assert done == {"first": 1, "second": None, "third": 1}
    assert len(session.exec(select(OutboxMail)).all()) == 2
    assert "second" in caplog.text


def test_what_cannot_wait_for_the_night_is_done_about_once_a_minute(database, config, inbox, session, clock):
    done: list[datetime] = []

    def note(unit: Session, at: datetime) -> int:
        make_mail(unit, template="app/portal/none")
        done.append(at)
        return len(done) % 2

    worker = Worker(database, replace(config, mail=None), LETTERS, (), [note])
    worker.once()
    worker.once()
    assert len(done) == 1
    clock.shift(timedelta(seconds=61))
    worker.once()
    assert len(done) == 2
    # What did nothing is not kept.
    assert len(session.exec(select(OutboxMail)).all()) == 1


def test_a_job_of_each_minute_that_fails_keeps_nothing_from_the_night(database, config, inbox, nights, clock, caplog):
    def fails(_unit: Session, _at: datetime) -> int:
        raise LookupError("a fault of one job")

    def note(_unit: Session, at: datetime) -> int:
        nights.append(at)
        return 1

    Worker(database, replace(config, mail=None), LETTERS, [("nights noted", note)], [fails]).once()
    assert len(nights) == 1
    assert "job failed: fails" in caplog.text
