"""Kill the server at random while people sign up: what was confirmed on the screen is there after the restart."""

import http.client
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from datetime import time as wall
from pathlib import Path
from threading import Timer
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from app import warsaw
from app.audit.models import AuditLine
from app.clock import now
from app.db import Database
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.signups.models import Booking, SignUp
from tests.factories.events import draft_of
from tests.factories.persons import PASSWORD, People

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3


class Client:
    """One connection that keeps its cookies."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.cookies: dict[str, str] = {}
        self.token = ""

    def ask(self, path: str, data: dict[str, str] | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if data is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode({**data, "csrf_token": self.token})
        self.connection.request("GET" if data is None else "POST", path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if found := re.search(r'name="csrf_token" value="([^"]+)"', text):
            self.token = found[1]
        return answer.status, text

    def close(self) -> None:
        self.connection.close()

    def sign_in(self, email: str) -> None:
        self.ask("/logowanie")
        assert self.ask("/logowanie", {"email": email, "password": PASSWORD})[0] == 303
        self.ask("/biurko")


def wait_for(port: int) -> None:
    """Wait until somebody listens on *port*."""
    for _ in range(400):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(port)


@contextmanager
def served(url: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the real server in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"KLADKA_DATABASE_URL": url, "KLADKA_DATA_DIR": str(folder), "KLADKA_LOG_LEVEL": "ERROR"}
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--port", str(port)], cwd=ROOT, env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port)
        yield process, port
    finally:
        process.kill()
        process.wait()


def test_what_was_confirmed_survives_kill_9(
    session: Session, people: People, database: Database, database_url: str, tmp_path: Path
) -> None:
    start = datetime.combine(warsaw.today(now()) + timedelta(days=20), wall(10))
    draft = draft_of(starts=start, ends=start + timedelta(hours=2), capacity=4000)
    event = calendar.draft(session, people.ewa.actor, draft, now())
    calendar.publish(session, people.ewa.actor, event, now())
    address = f"/wydarzenia/{event.uuid}/zapisy"
    session.commit()
    confirmed: set[str] = set()
    chance = random.Random(7)
    for _ in range(ROUNDS):
        with served(database_url, tmp_path) as (process, port), closing(Client(port)) as client:
            client.sign_in(people.marek.email)
            Timer(chance.uniform(0.3, 1.2), os.kill, (process.pid, signal.SIGKILL)).start()
            with suppress(OSError, http.client.HTTPException):
                while True:
                    key = str(uuid4())
                    status, _ = client.ask(address, {"key": key, "places": "1"})
                    assert status == 303
                    confirmed.add(key)
    assert len(confirmed) > ROUNDS
    with database.session(writes=False) as fresh:
        kept = {booking.key: booking.id for booking in fresh.exec(select(Booking)).all()}
        signups = fresh.exec(select(SignUp)).all()
        lines = fresh.exec(select(AuditLine).where(AuditLine.verb == "signup.made")).all()
        mails = fresh.exec(select(OutboxMail).where(col(OutboxMail.template).startswith("events/signups/"))).all()
    assert confirmed <= kept.keys()
    assert {row.booking_id for row in signups} == set(kept.values())
    assert len(lines) == len(mails) == len(signups) == len(kept)
    if database.is_sqlite:
        with database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
