"""What tests of people who act at the same moment share: threads that begin together, and what each was told."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.clock import now
from app.db import Database
from app.errors import Refusal
from events.calendar import actions as calendar
from events.calendar.models import Event
from tests.factories.persons import People

PATIENCE = 60
"""Seconds until a thread that does not get to its start is a fault."""


@dataclass
class Unit:
    """A prison unit whose people, and those who come to it, act in sessions of their own."""

    database: Database
    people: People

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that is committed at the end."""
        with closing(self.database.session(writes=True)) as session:
            yield session
            session.commit()

    def publish(self, event_id: int) -> None:
        """Let the unit publish a draft."""
        with self.writing() as session:
            calendar.publish(session, self.people.ewa.actor, session.get_one(Event, event_id), now())


def waits(work: Callable[[], object], why: str) -> threading.Thread:
    """Begin *work* in a thread, which must have to wait for who holds the lock, and give the thread."""
    after = threading.Thread(target=work)
    after.start()
    after.join(timeout=0.5)
    assert after.is_alive(), why
    return after


def at_once(works: Sequence[Callable[[], object]]) -> list[BaseException | None]:
    """Begin all *works* together, each in a thread of its own; give what each was told, None where it went well."""
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> BaseException | None:
        gate.wait(timeout=PATIENCE)
        try:
            work()
        except (Refusal, DBAPIError) as error:
            return error
        return None

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def faults(works: Sequence[Callable[[], object]]) -> list[BaseException]:
    """Begin all *works* together; give only what went wrong."""
    return [error for error in at_once(works) if error is not None]
