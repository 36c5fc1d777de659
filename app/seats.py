"""Seats and queues as plain arithmetic: shared by events and, later, editions of programmes."""

from collections.abc import Sequence
from itertools import groupby
from typing import Protocol, TypeVar


class Queued(Protocol):
    """Anything that stands in a queue: *queue_no* is given under the lock, *booking_id* says who came together."""

    queue_no: int
    booking_id: int


Q = TypeVar("Q", bound=Queued)


def share_out(capacity: int | None, taken: int, wanted: int) -> tuple[int, int]:
    """Split *wanted* places into (seats, waiting) when *taken* seats are gone; no *capacity* means no limit."""
    if capacity is None:
        return wanted, 0
    seats = min(wanted, max(capacity - taken, 0))
    return seats, wanted - seats


def next_in_line(queue: Sequence[Q], free: int, *, whole: bool = False) -> list[Q]:
    """Pick who moves up: the longest waiting first, never more than *free*.

    With *whole*, those of one booking move up together; the first group that does not fit stops the queue, so that
    nobody overtakes it.
    """
    waiting = sorted(queue, key=lambda entry: entry.queue_no)
    if not whole:
        return waiting[: max(free, 0)]
    picked: list[Q] = []
    for _booking, group in groupby(waiting, key=lambda entry: entry.booking_id):
        members = list(group)
        if len(picked) + len(members) > free:
            break
        picked += members
    return picked
