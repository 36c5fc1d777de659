"""What stands on one sheet of paper, however much is known; on plain values."""

from random import Random

import pytest

from partners.competence import paper
from partners.competence.paper import A4, LARGE, Entry, Group, Topic
from partners.institutions.models import Kind


def entry(random: Random, number: int, length: int) -> Entry:
    def words() -> str:
        return "słowo " * random.randint(0, max(length // 6, 1))

    return Entry(
        slug=f"i-{number}",
        name=f"Instytucja {number} {words()}"[:200],
        kind=Kind.NGO,
        address=words()[:200],
        phone="68 000 00 00",
        email=f"i{number}@przyklad.example",
        hours=words()[:200],
        services=tuple((f"usługa {n} {words()}"[:200], f"service {n}") for n in range(random.randint(0, 12))),
        bring=words()[:300],
    )


def groups(seed: int) -> list[Group]:
    random = Random(seed)
    length = random.choice((10, 40, 120, 300))
    most = random.choice((1, 3, 40))
    return [
        Group(topic, tuple(entry(random, number, length) for number in range(random.randint(0, most))))
        for topic in Topic
    ]


@pytest.mark.parametrize("wanted", [A4, LARGE])
def test_it_always_fits_and_nothing_is_lost_in_silence(wanted):
    for seed in range(300):
        given = groups(seed)
        fitted = paper.fit(given, wanted)
        assert paper.lines(fitted, wanted.width) <= wanted.lines, seed
        for before, after in zip(given, fitted, strict=True):
            assert len(after.entries) + after.left_out == len(before.entries)
            assert bool(after.entries) is bool(before.entries)
            assert [one.slug for one in after.entries] == [one.slug for one in before.entries[: len(after.entries)]]
            assert all(one.phone and one.email for one in after.entries)


def test_little_stays_as_it_is():
    one = Entry(
        "i", "MOPS w Gubinie", Kind.MOPS, "ul. Próbna 1", "68 000 00 00", services=(("schronienie", "shelter"),)
    )
    (group,) = paper.fit([Group(Topic.WELFARE, (one,))], A4)
    assert group == Group(Topic.WELFARE, (one,))


def test_services_that_do_not_fit_are_counted():
    many = tuple((f"bardzo długa nazwa usługi numer {n}", "service") for n in range(20))
    (group,) = paper.fit([Group(Topic.WELFARE, (Entry("i", "OPS", Kind.OPS, services=many),))], A4)
    (one,) = group.entries
    assert 0 < len(one.services) < 20
    assert len(one.services) + one.more_services == 20


@pytest.mark.parametrize(
    ("text", "longest", "short"),
    [
        ("krótkie", 10, "krótkie"),
        ("ulica Bardzo Długa 15", 15, "ulica Bardzo…"),
        ("Nieprzerwanieciągły", 8, "Nieprze…"),
        ("cokolwiek", 0, ""),
    ],
)
def test_texts_are_cut_between_words(text, longest, short):
    assert paper.cut(text, longest) == short
