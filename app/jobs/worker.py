"""The worker's loop: deliver the outbox, do the nightly work once a day, show that it lives."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from app import warsaw
from app.clock import now
from app.config import Config
from app.db import Database, lock
from app.jobs.models import WorkerBeat
from app.outbox import delivery
from app.outbox.delivery import Letters

logger = logging.getLogger("kladka.worker")
PAUSE_SECONDS = 2.0
BEAT_EVERY = timedelta(seconds=60)
ALIVE_FOR = timedelta(minutes=5)
# After midnight: what began before it may still commit, and the trail of a day is sealed when nothing can join it.
NIGHT_BEGINS = timedelta(hours=1)
Job = Callable[[Session, datetime], int]
Timetable = Sequence[tuple[str, Job]]
"""What is done each night, in this order: the words for the log, and the job, which tells how much it did."""


class Worker:
    """Works through what is due until it is told to stop. Any number may run: rows are claimed by compare-and-set.

    Each job of *nightly* is done once a day, each of *minutely* about once a minute, in a unit of work of its own.
    """

    def __init__(
        self,
        database: Database,
        config: Config,
        letters: Letters,
        nightly: Timetable,
        minutely: Sequence[Job] = (),
    ) -> None:
        self._database, self._config, self._letters, self._nightly = database, config, letters, nightly
        self._minutely = tuple(minutely)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_beat: datetime | None = None

    def start(self) -> None:
        """Run in a thread beside the web server."""
        self._thread = threading.Thread(target=self.run, name="kladka-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the mail at hand and end."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=30)

    def run(self) -> None:
        """Loop until stopped. A fault of one round is logged and does not end the worker."""
        while not self._stop.is_set():
            try:
                busy = self.once()
            except DBAPIError:
                logger.warning("round failed: the database did not answer")
                busy = False
            except Exception:  # the one loop that must survive any fault of a job
                logger.exception("round failed")
                busy = False
            if not busy:
                self._stop.wait(PAUSE_SECONDS)

    def once(self) -> bool:
        """Do one round; return whether there was something to do."""
        beat = self._beat()
        sent = delivery.deliver(self._database, self._config, self._letters, self._stop.is_set)
        if beat:
            # Last, and in units of work of their own: a job that fails holds up neither mail nor the sign of life.
            self._minute()
            self._night()
        return sent > 0

    def _beat(self) -> bool:
        instant = now()
        if self._last_beat is not None and instant - self._last_beat < BEAT_EVERY:
            return False
        with self._database.session(writes=True) as session:
            row = session.get(WorkerBeat, 1) or WorkerBeat(seen_at=instant)
            row.seen_at = instant
            session.add(row)
            session.commit()
        self._last_beat = instant
        return True

    def _minute(self) -> None:
        for job in self._minutely:
            with _logged(job.__name__), self._database.session(writes=True) as session:
                if job(session, now()):
                    session.commit()

    def _night(self) -> None:
        instant = now()
        tonight = warsaw.today(instant - NIGHT_BEGINS)
        with self._database.session(writes=True) as session:
            row = lock(session, WorkerBeat, 1)
            if row is None or (row.nightly_done is not None and row.nightly_done >= tonight):
                return
            row.nightly_done = tonight
            session.commit()
        logger.info("nightly work done: %s", dict(work_through(self._database, self._nightly, instant)))


def work_through(database: Database, jobs: Timetable, at: datetime) -> Iterator[tuple[str, int | None]]:
    """Do *jobs* one after the other, each in a unit of work of its own; give the words of each and how much it did.

    A job that fails is logged, given as None, and undoes nothing of the others: it catches up in the next night. Raises
    OperationalError when the database does not answer.
    """
    for words, job in jobs:
        done: int | None = None
        with _logged(words), database.session(writes=True) as session:
            number = job(session, at)
            session.commit()
            done = number
        yield words, done


@contextmanager
def _logged(words: str) -> Iterator[None]:
    """Log the fault of one job, so that the others are done, and the night forgets what it must."""
    try:
        yield
    except OperationalError:  # the database itself does not answer: no other job would fare better
        raise
    except Exception:  # whatever the fault of one job is, the others are owed
        logger.exception("job failed: %s", words)


def is_alive(session: Session, at: datetime) -> bool:
    """Whether a worker has been seen in the last five minutes."""
    row = session.get(WorkerBeat, 1)
    return row is not None and at - row.seen_at < ALIVE_FOR
