"""Numbers of an edition, as different people may read them."""

from projects.editions.rules import FEW, Count, counts, shown


def test_outsider_reads_of_a_small_number_that_it_is_small() -> None:
    assert [shown(number, inside=False) for number in (None, 0, 1, 2, 3)] == ["", "0", FEW, FEW, "3"]
    assert [shown(number, inside=True) for number in (None, 0, 1, 2, 3)] == ["", "0", "1", "2", "3"]


def test_parts_of_one_whole_do_not_betray_a_small_one() -> None:
    # If the zero were read, 12 places less 10 would tell that one part is 2.
    assert counts((10, 2, 0), inside=False) == (Count("10", 10), Count(FEW), Count(FEW))
    assert counts((10, 3, 0), inside=False) == (Count("10", 10), Count("3", 3), Count("0", 0))
    assert counts((10, 1, None), inside=False) == (Count("10", 10), Count(FEW), Count(""))
    assert counts((10, 2, 0), inside=True) == (Count("10", 10), Count("2", 2), Count("0", 0))
