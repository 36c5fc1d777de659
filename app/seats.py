"""Seats and queues as plain arithmetic: shared by events and, later, editions of programmes."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Queued(Protocol):
    """Anything that stands in a queue: *queue_no* is given under the lock and never reused."""

    queue_no: int


Q = TypeVar("Q", bound=Queued)


def share_out(capacity: int | None, taken: int, wanted: int) -> tuple[int, int]:
    """Split *wanted* places into (seats, waiting) when *taken* seats are gone; no *capacity* means no limit."""
    if capacity is None:
        return wanted, 0
    seats = min(wanted, max(capacity - taken, 0))
    return seats, wanted - seats


def next_in_line(queue: Sequence[Q], free: int) -> list[Q]:
    """Pick who moves up: the longest waiting first, never more than *free*."""
    return sorted(queue, key=lambda entry: entry.queue_no)[: max(free, 0)]
