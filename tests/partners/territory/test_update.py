"""The yearly update: 2024 to 2026 with its history, all or nothing, as often as one likes."""

from datetime import date

import pytest
from sqlmodel import Session, col, func, select

from app.actors import Actor
from app.clock import now
from partners.territory import actions, queries, terc
from partners.territory.models import Gmina, GminaKind, TerritoryChange, TerritoryChangeKind, WarsawDistrict
from tests.factories import territory

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.slow]
NEW_YEAR = date(2026, 1, 1)


def bring_up(session: Session, lines: list[str], day: str) -> terc.Update:
    return actions.bring_up(session, Actor.system(), terc.read(territory.terc(lines, day)), now())


@pytest.fixture(name="brought")
def _brought(session: Session) -> Session:
    bring_up(session, territory.terc_2024(), "2024-01-01")
    bring_up(session, territory.terc_2026(), "2026-01-01")
    return session


def gminas(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Gmina).where(col(Gmina.valid_to).is_(None))).one()


def test_the_first_load_is_no_history(session):
    assert bring_up(session, territory.terc_2024(), "2024-01-01").changes == ()
    assert gminas(session) == 2477
    assert session.exec(select(TerritoryChange)).all() == []
    assert len(session.exec(select(WarsawDistrict)).all()) == 18


def test_two_years_later_the_register_is_that_of_the_files(brought):
    assert gminas(brought) == 2479
    lines = brought.exec(select(TerritoryChange.kind, func.count()).group_by(col(TerritoryChange.kind))).all()
    assert dict(lines) == {
        TerritoryChangeKind.NEW: 2,
        TerritoryChangeKind.RENAMED: 1,
        TerritoryChangeKind.KIND: 13,
    }
    assert brought.get_one(Gmina, "240403").kind is GminaKind.URBAN_RURAL
    assert brought.get_one(Gmina, "120713").valid_from == NEW_YEAR
    assert brought.get_one(Gmina, "080205").valid_from is None


def test_the_old_name_is_found_and_told(brought):
    found = {one.code: one for one in queries.search(brought, "nowe miasto lubawskie")}
    assert found["281205"].words() == "Bratian"
    assert found["281205"].former == ("Nowe Miasto Lubawskie",)
    assert found["281201"].former == ()  # the town keeps the name, and has it for itself now
    assert found["281201"].words() == "Nowe Miasto Lubawskie"
    assert [one.code for one in queries.search(brought, "bratian")] == ["281205"]


def test_the_same_file_again_changes_nothing(brought):
    assert bring_up(brought, territory.terc_2026(), "2026-01-01").changes == ()
    assert brought.exec(select(func.count()).select_from(TerritoryChange)).one() == 16
    actions.load(brought)
    assert brought.exec(select(func.count()).select_from(TerritoryChange)).one() == 16


def test_an_older_file_is_refused(brought):
    with pytest.raises(terc.OlderState, match=r"2024-01-01.*2026-01-01"):
        bring_up(brought, territory.terc_2024(), "2024-01-01")
    assert gminas(brought) == 2479


def test_a_plan_changes_nothing(session):
    bring_up(session, territory.terc_2024(), "2024-01-01")
    update = actions.plan(session, terc.read(territory.terc(territory.terc_2026(), "2026-01-01")))
    assert len(update.changes) == 16
    assert gminas(session) == 2477


def test_an_ended_gmina_stays_with_its_last_day_and_may_come_back(brought):
    without = [line for line in territory.terc_2026() if not line.startswith("08;02;05;")]
    assert [one.kind for one in bring_up(brought, without, "2027-01-01").changes] == [TerritoryChangeKind.ENDED]
    assert brought.get_one(Gmina, "080205").valid_to == date(2027, 1, 1)
    assert [one.code for one in queries.search(brought, "gubin")] == ["080201"]
    assert queries.gmina(brought, "080205") is not None
    assert "080205" not in {one.code for one in queries.gminas(brought, county_code="0802")}
    bring_up(brought, territory.terc_2026(), "2028-01-01")
    again = brought.get_one(Gmina, "080205")
    assert (again.valid_from, again.valid_to) == (date(2028, 1, 1), None)


def test_a_gmina_that_moves_keeps_its_place_on_the_map(session):
    actions.load(session)
    lines = [line.replace("08;02;02;2;Bobrowice", "08;03;98;2;Bobrowice") for line in territory.terc_2026()]
    assert bring_up(session, lines, "2028-01-01").moved == {"080202": "080398"}
    old, new = session.get_one(Gmina, "080202"), session.get_one(Gmina, "080398")
    assert (new.latitude, new.county_code) == (old.latitude, "0803")
    assert (old.valid_to, new.valid_from) == (date(2028, 1, 1), date(2028, 1, 1))


def test_a_newer_state_is_not_undone_by_the_files(session):
    actions.load(session)
    lines = [line.replace("Bratian", "Bratian Nowy") for line in territory.terc_2026()]
    bring_up(session, lines, "2027-01-01")
    actions.load(session)
    assert session.get_one(Gmina, "281205").name == "Bratian Nowy"
    assert queries.areas(session, ["281205"])[0].former == ("Bratian", "Nowe Miasto Lubawskie")


def test_searching_asks_five_statements(brought, query_count):
    brought.commit()
    with query_count() as asked:
        assert len(queries.search(brought, "gmina wiejska lipno powiat leszczynski")) == 1
    assert len(asked) == 5
    assert queries.search(brought, "%") == []
    assert queries.search(brought, "mokotow")[0].words() == "Warszawa, dzielnica Mokotów"


def test_the_name_of_a_county_finds_its_gminas_where_none_is_called_so(brought):
    found = queries.search(brought, "powiat krośnieński lubuskie")
    assert [one.code for one in found[:2]] == ["080202", "080203"]
    assert {one.gmina.county_code for one in found} == {"0802"}
    assert queries.search(brought, "nigdzie") == []
