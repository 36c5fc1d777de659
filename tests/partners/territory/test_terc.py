"""The file of GUS: what is read, what is refused with line and column, what a newer state changes."""

import pytest

from partners.territory import terc
from partners.territory.models import CountyKind, GminaKind, TerritoryChangeKind
from tests.factories import territory

SMALL = [
    "08;;;;LUBUSKIE;województwo",
    "08;02;;;krośnieński;powiat",
    "08;02;01;1;Gubin;gmina miejska",
    "08;02;05;2;Gubin;gmina wiejska",
    "08;02;06;3;Krosno Odrzańskie;gmina miejsko-wiejska",
    "08;02;06;4;Krosno Odrzańskie;miasto",
    "08;02;06;5;Krosno Odrzańskie;obszar wiejski",
    "08;61;;;Gorzów Wielkopolski;miasto na prawach powiatu",
    "08;61;01;1;Gorzów Wielkopolski;gmina miejska",
]


def known(lines: list[str]) -> dict[str, terc.Unit]:
    return dict(terc.read(territory.terc(lines, "2024-01-01")).gminas)


def changed(before: list[str], after: list[str]) -> list[tuple[str, TerritoryChangeKind, str, str]]:
    update = terc.compare(known(before), [], terc.read(territory.terc(after, "2026-01-01")))
    return [(one.code, one.kind, one.before, one.after) for one in update.changes]


def test_parts_of_gminas_are_no_gminas():
    register = terc.read(territory.terc(SMALL, "2026-01-01"))
    assert list(register.gminas) == ["080201", "080205", "080206", "086101"]
    assert register.gminas["080206"].kind is GminaKind.URBAN_RURAL
    assert register.voivodeships == {"08": "lubuskie"}
    assert register.counties["0861"] == ("Gorzów Wielkopolski", CountyKind.CITY_COUNTY)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("08;02;7;2;Maszewo;gmina wiejska;2026-01-01", "Line 11, column GMI: “7”"),
        ("08;02;07;7;Maszewo;gmina wiejska;2026-01-01", "Line 11, column RODZ: “7”"),
        ("08;02;07;;Maszewo;gmina wiejska;2026-01-01", "Line 11, column RODZ: “”"),
        ("08;;07;2;Maszewo;gmina wiejska;2026-01-01", "Line 11, column WOJ: “0807”"),
        ("08;02;05;2;Gubin;gmina wiejska;2026-01-01", "Line 11, column GMI: “080205”"),
        ("08;02;07;2;;gmina wiejska;2026-01-01", "Line 11, column NAZWA: “”"),
        ("08;02;07;2;Maszewo;gmina wiejska;01.01.2026", "Line 11, column STAN_NA: “01.01.2026”"),
        ("08;02;07;2;Maszewo;gmina wiejska;2025-01-01", "Line 11, column STAN_NA: “2025-01-01”"),
        ("08;02;07;2;Maszewo", "Line 11, column WOJ: “08;02;07;2;Maszewo”"),
        ("08;02;09;4;Maszewo;miasto;2026-01-01", "Line 11, column GMI: “09”"),
    ],
)
def test_a_bad_line_is_named(line, named):
    with pytest.raises(terc.BadLine, match="does not fit") as refused:
        terc.read(territory.terc(SMALL, "2026-01-01").rstrip() + f"\r\n{line}\r\n")
    assert named in str(refused.value)


@pytest.mark.parametrize("text", ["", "code,name\n1,2\n", territory.HEAD + "\r\n", "%PDF-1.7\n\x00"])
def test_another_file_is_no_register(text):
    with pytest.raises(terc.NotTheRegister):
        terc.read(text)


def test_a_gmina_without_its_county_tells_that_the_file_is_cut():
    with pytest.raises(terc.NotTheRegister, match="holds 080201 but not the county"):
        terc.read(territory.terc(["08;;;;LUBUSKIE;województwo", "08;02;01;1;Gubin;gmina miejska"], "2026-01-01"))


def test_the_whole_register_of_2024_becomes_that_of_2026():
    changes = changed(territory.terc_2024(), territory.terc_2026())
    kinds = [kind for _code, kind, _before, _after in changes]
    assert kinds.count(TerritoryChangeKind.NEW) == 2
    assert kinds.count(TerritoryChangeKind.KIND) == 13
    assert len(kinds) == 16
    assert ("281205", TerritoryChangeKind.RENAMED, "Nowe Miasto Lubawskie", "Bratian") in changes
    assert {before for _c, kind, before, _a in changes if kind is TerritoryChangeKind.KIND} == {"rural"}


def test_an_ended_gmina_and_a_new_one_are_two():
    after = [line for line in SMALL if ";05;" not in line] + ["08;02;08;2;Maszewo;gmina wiejska"]
    assert changed(SMALL, after) == [
        ("080205", TerritoryChangeKind.ENDED, "Gubin", ""),
        ("080208", TerritoryChangeKind.NEW, "", "Maszewo"),
    ]


def test_a_gmina_in_another_county_is_the_same_under_a_new_code():
    after = [line for line in SMALL if ";06;" not in line] + [
        "08;03;;;międzyrzecki;powiat",
        "08;03;09;3;Krosno Odrzańskie;gmina miejsko-wiejska",
    ]
    assert changed(SMALL, after) == [
        ("080206", TerritoryChangeKind.ENDED, "Krosno Odrzańskie", "080309"),
        ("080309", TerritoryChangeKind.COUNTY, "080206", "080309"),
    ]


def test_a_file_that_lacks_many_gminas_changes_nothing():
    with pytest.raises(terc.Incomplete, match="lacks 2 of 4 known gminas"):
        changed(SMALL, [line for line in SMALL if ";0201" not in line and ";01;1;" not in line])
