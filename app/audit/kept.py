"""Answers that cost much and change seldom, kept for as long as nobody has written anything."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

Written = tuple[int | None, ...]
State = tuple[str, Written]
"""The address of a database, and what had been written to it: the newest line of the trail and whatever else tells."""
Held = TypeVar("Held")

ANSWERS_KEPT = 64
KEPT_SECONDS = 60.0


class Kept(Generic[Held]):
    """The answers asked for most recently, each with the state of the database that it was read from.

    None is given after a minute: on PostgreSQL an act may commit after one that began later, and the newest line of
    the trail is then that of the other.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[Hashable, tuple[State, float, Held]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, state: State) -> Held | None:
        """Return the answer to what *key* asks if it was read in this *state*, and not long ago."""
        with self._lock:
            found = self._held.get((key, state[0]))
        if found is None or found[0] != state or monotonic() - found[1] > KEPT_SECONDS:
            return None
        return found[2]

    def put(self, key: Hashable, state: State, value: Held) -> None:
        """Keep an answer that was read in this *state*; the one asked for longest ago goes."""
        with self._lock:
            self._held[key, state[0]] = (state, monotonic(), value)
            self._held.move_to_end((key, state[0]))
            while len(self._held) > ANSWERS_KEPT:
                self._held.popitem(last=False)
