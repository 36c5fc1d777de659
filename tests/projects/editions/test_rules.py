"""Numbers of an edition, as different people may read them."""

from itertools import product

from projects.editions.models import EditionState
from projects.editions.rules import FEW, STATE_TAG, WITHHELD, Count, counts, shown, tag


def test_outsider_reads_of_a_small_number_that_it_is_small() -> None:
    assert [shown(number, inside=False) for number in (None, 0, 1, 2, 3)] == ["", "0", FEW, FEW, "3"]
    assert [shown(number, inside=True) for number in (None, 0, 1, 2, 3)] == ["", "0", "1", "2", "3"]


def test_parts_of_one_whole_are_told_apart_by_who_reads() -> None:
    assert counts((10, 2, 0), inside=False) == (Count("10", 10), Count(FEW), Count(FEW))
    assert counts((10, 3, 0), inside=False) == (Count("10", 10), Count("3", 3), Count("0", 0))
    assert counts((4, 5, 1), inside=False) == (Count(WITHHELD), Count("5", 5), Count(FEW))
    assert counts((10, 1, None), inside=False) == (Count("10", 10), Count(FEW), Count(""))
    assert counts((10, 2, 0), inside=True) == (Count("10", 10), Count("2", 2), Count("0", 0))


def test_no_small_number_follows_from_the_whole() -> None:
    """Whoever reads the three parts and knows how many there were in all still has two answers at least."""
    for numbers in product(range(8), repeat=3):
        told = counts(numbers, inside=False)
        read = [
            {count.value} if count.value is not None else set(range(3 if count.words == FEW else 22)) for count in told
        ]
        fitting = [one for one in product(*read) if sum(one) == sum(numbers)]
        for place, number in enumerate(numbers):
            if 0 < number < 3:
                assert told[place].value is None
                assert len({one[place] for one in fitting}) > 1, numbers


def test_an_edition_is_under_way_from_its_first_session_on() -> None:
    assert tag(EditionState.OPEN, begun=False) != STATE_TAG[EditionState.OPEN] == tag(EditionState.OPEN, begun=True)
    assert tag(EditionState.CANCELLED, begun=False) == STATE_TAG[EditionState.CANCELLED]
