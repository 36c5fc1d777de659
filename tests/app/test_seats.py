from dataclasses import dataclass

import pytest

from app.seats import next_in_line, share_out


@pytest.mark.parametrize(
    ("capacity", "taken", "wanted", "seats", "waiting"),
    [
        (10, 0, 1, 1, 0),
        (10, 9, 2, 1, 1),
        (10, 10, 3, 0, 3),
        (10, 12, 1, 0, 1),  # the capacity was lowered beneath what is taken
        (0, 0, 1, 0, 1),
        (None, 5000, 50, 50, 0),
        (5, 0, 5, 5, 0),
    ],
)
def test_places_are_split_into_seats_and_waiting(capacity, taken, wanted, seats, waiting):
    assert share_out(capacity, taken, wanted) == (seats, waiting)


@dataclass
class Waiting:
    queue_no: int
    booking_id: int = 0


@pytest.mark.parametrize(("free", "moved"), [(-1, []), (0, []), (1, [2]), (2, [2, 5]), (9, [2, 5, 8])])
def test_the_longest_waiting_moves_up_first(free, moved):
    queue = [Waiting(8), Waiting(2), Waiting(5)]
    assert [entry.queue_no for entry in next_in_line(queue, free)] == moved


@pytest.mark.parametrize(
    ("free", "moved"), [(0, []), (2, []), (3, [1, 2, 3]), (4, [1, 2, 3, 4]), (5, [1, 2, 3, 4]), (6, [1, 2, 3, 4, 5, 6])]
)
def test_groups_move_up_as_a_whole_and_nobody_overtakes_them(free, moved):
    bookings = [7, 7, 7, 8, 9, 9]
    queue = [Waiting(number, booking) for number, booking in enumerate(bookings, start=1)]
    assert [one.queue_no for one in next_in_line(queue, free, whole=True)] == moved
