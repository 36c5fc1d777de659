"""What tests of people who act at the same moment share: threads that begin together, and what each was told."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import DBAPIError

from app.errors import Refusal

PATIENCE = 60
"""Seconds until a thread that does not get to its start is a fault."""


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
