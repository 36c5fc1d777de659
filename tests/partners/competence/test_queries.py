"""Every gmina and every district of Warsaw has an answer, and a right one; in few statements and soon."""

import time
from datetime import date, timedelta

from sqlmodel import Session, col, func, select

from app.actors import Actor
from app.clock import now
from app.demo.reference import load_reference
from events.calendar import queries as calendar
from partners.competence import actions, queries
from partners.institutions import directory
from partners.institutions import queries as institutions
from partners.institutions.actions import NewCard, add_institution
from partners.institutions.filter import DirectoryFilter
from partners.institutions.models import Institution, InstitutionActsAs, InstitutionTerritory, Kind, Status
from partners.territory import queries as territory
from partners.territory import terc
from partners.territory.rules import WARSAW
from tests.conftest import NOW
from tests.factories.territory import terc as written
from tests.factories.territory import terc_2026

DAY = date(2026, 11, 23)


def add(session: Session, kind: Kind, name: str, gmina: str, **columns) -> Institution:
    return add_institution(session, Actor.system(), NewCard(name=name, kind=kind, gmina_code=gmina, **columns), now())


def placeholders(session: Session, *where) -> int:
    statement = select(func.count()).select_from(Institution).where(Institution.status == Status.UNCONFIRMED, *where)
    return session.exec(statement.where(col(Institution.slug).startswith("pomoc-spoleczna-"))).one()


def test_all_gminas_and_districts_have_an_answer(session, query_count):
    areas = territory.areas(session)
    assert len(areas) == 2479 + 18
    begun = time.perf_counter()
    with query_count() as asked:
        answers = queries.who_serve(session, areas, DAY)
    assert len(asked) <= 6
    assert time.perf_counter() - begun < 2
    assert set(answers) == {area.code for area in areas}
    assert [code for code, one in answers.items() if one.is_empty] == []
    assert [code for code, one in answers.items() if one.welfare is None] == [WARSAW]
    served = {code: one.welfare for code, one in answers.items() if one.welfare is not None}
    assert len({one.id for one in served.values()}) == 2478 + 18  # nobody gets the placeholder of another
    assert all(code == (one.district_code or one.gmina_code) for code, one in served.items())
    assert {one.status for one in served.values()} == {Status.UNCONFIRMED}
    cities = [one for one in answers.values() if one.one_for_both]
    assert len(cities) == 65  # the 66 without Warsaw
    assert [part.code for part, one in answers[WARSAW].districts if one is None] == []
    assert len(answers[WARSAW].districts) == 18


def test_one_answer_is_that_of_the_many(session, query_count):
    session.commit()
    for code in ("080205", "086101", WARSAW, "146505"):
        with query_count() as asked:
            one = queries.who_serves(session, code, DAY)
        assert len(asked) <= 9
        assert one is not None
        assert one == queries.who_serve(session, [one.area], DAY)[code]
    assert queries.who_serves(session, "999999", DAY) is None
    assert queries.who_serves(session, "gubin", DAY) is None


def test_both_gubins_are_told_apart(session):
    mops = add(session, Kind.MOPS, "MOPS w Gubinie", "080201")
    town, village = (queries.who_serves(session, code, DAY) for code in ("080201", "080205"))
    assert town is not None
    assert village is not None
    assert town.welfare is not None
    assert (town.welfare.id, town.beside) == (mops.id, ())
    assert village.welfare is not None
    assert village.welfare.name.startswith("Pomoc społeczna – gmina Gubin (wiejska, pow. krośnieński;")


def test_a_territory_moves_an_answer(session):
    cus = add(session, Kind.CUS, "CUS trzech gmin", "080202")
    session.add_all(
        InstitutionTerritory(institution_id=cus.id or 0, code=code) for code in ("080202", "080203", "080205")
    )
    session.flush()
    for code in ("080202", "080203", "080205"):
        found = queries.who_serves(session, code, DAY)
        assert found is not None
        assert found.welfare is not None
        assert found.welfare.id == cus.id
        assert queries.who_serve(session, [found.area], DAY)[code] == found
    neighbour = queries.who_serves(session, "080204", DAY)
    assert neighbour is not None
    assert neighbour.welfare is not None
    assert neighbour.welfare.is_placeholder


def test_what_a_centre_acts_as_counts(session):
    mops = add(session, Kind.MOPS, "MOPS w Krośnie", "080206")
    session.add(InstitutionActsAs(institution_id=mops.id or 0, kind=Kind.PCPR))
    session.flush()
    village = queries.who_serves(session, "080205", DAY)
    assert village is not None
    assert village.family is not None
    assert village.family.id == mops.id
    assert queries.who_serve(session, [village.area], DAY)["080205"] == village


def test_a_centre_that_has_ended_serves_no_more(session):
    add(session, Kind.GOPS, "Dawny GOPS", "080205", valid_to=DAY - timedelta(days=1))
    archived = add(session, Kind.GOPS, "GOPS w archiwum", "080205", status=Status.ARCHIVED)
    later = add(session, Kind.GOPS, "Przyszły GOPS", "080205", valid_from=DAY + timedelta(days=1))
    found = queries.who_serves(session, "080205", DAY)
    assert found is not None
    assert found.welfare is not None
    assert found.welfare.is_placeholder
    tomorrow = queries.who_serves(session, "080205", DAY + timedelta(days=1))
    assert tomorrow is not None
    assert tomorrow.welfare is not None
    assert tomorrow.welfare.id == later.id != archived.id


def test_a_placeholder_leads_on_to_the_listed_centre_and_comes_back(session):
    ops = add(session, Kind.GOPS, "GOPS w Gubinie", "080205")
    assert actions.keep_placeholders(session, Actor.system(), NOW) == actions.Kept(0, 1)
    held = session.exec(select(Institution).where(Institution.slug == "pomoc-spoleczna-080205")).one()
    assert (held.status, held.successor_id) == (Status.ARCHIVED, ops.id)
    assert actions.keep_placeholders(session, Actor.system(), NOW) == actions.Kept()
    ops.status = Status.ARCHIVED
    session.flush()
    assert actions.placeholders_by_night(session, NOW) == 1
    assert (held.status, held.successor_id, held.valid_to) == (Status.UNCONFIRMED, None, None)


def test_a_placeholder_that_people_have_taken_over_is_one_no_more(session):
    held = session.exec(select(Institution).where(Institution.slug == "pomoc-spoleczna-080205")).one()
    held.status, held.name = Status.ACTIVE, "GOPS w Gubinie"
    session.flush()
    assert actions.keep_placeholders(session, Actor.system(), NOW) == actions.Kept()
    assert held.name == "GOPS w Gubinie"


def test_a_card_that_is_called_like_a_placeholder_keeps_its_name_and_state(session):
    add(session, Kind.GOPS, "GOPS w Gubinie", "080205")
    actions.keep_placeholders(session, Actor.system(), NOW)
    other = add(session, Kind.NGO, "Pomoc społeczna – Caritas", "080205", status=Status.UNCONFIRMED)
    assert other.slug.startswith("pomoc-spoleczna-")
    assert actions.keep_placeholders(session, Actor.system(), NOW) == actions.Kept()
    assert (other.status, other.name) == (Status.UNCONFIRMED, "Pomoc społeczna – Caritas")


def test_nobody_can_take_the_address_of_a_placeholder_away(session):
    squatter = add(session, Kind.NGO, "Pomoc społeczna 080290", "080205", status=Status.APPLIED)
    assert squatter.slug == "pomoc-spoleczna-080290"
    lines = [*terc_2026(), "08;02;90;2;Nowa Wieś;gmina wiejska"]
    _update, kept = actions.update_territory(session, Actor.system(), terc.read(written(lines, "2026-11-01")), NOW)
    fresh = queries.who_serves(session, "080290", DAY)
    assert fresh is not None
    assert fresh.welfare is not None
    assert (kept.made, fresh.welfare.slug) == (1, "pomoc-spoleczna-080290-2")


def test_placeholders_are_hidden_from_the_directory_unless_asked_for(session):
    assert placeholders(session) == 2478 + 18
    shown = directory.facets(session, DirectoryFilter())
    assert shown.total == 166 - shown_unconfirmed(session)
    assert shown.kinds.get("ops", 0) == 0
    asked = directory.facets(session, DirectoryFilter(unconfirmed=True))
    assert asked.kinds["ops"] == 2478 + 18


def test_placeholders_are_in_no_statistics(session):
    counted = institutions.counts_by_voivodeship(session)
    assert sum(counted.values()) == 166 - shown_unconfirmed(session)
    assert institutions.named(session, ["gmina Gubin"]) == {"gmina Gubin": ()}
    assert calendar.look_up(session, "gmina gubin") == []


def shown_unconfirmed(session: Session) -> int:
    statement = select(func.count()).select_from(Institution).where(Institution.status == Status.UNCONFIRMED)
    return session.exec(statement.where(~col(Institution.slug).startswith("pomoc-spoleczna-"))).one()


def test_the_reference_data_are_loaded_soon_and_once(session):
    begun = time.perf_counter()
    load_reference(session, NOW)
    assert time.perf_counter() - begun < 3
    assert placeholders(session) == 2478 + 18


def test_new_gminas_get_a_placeholder_and_ended_ones_lose_it(session):
    lines = [line for line in terc_2026() if not line.startswith("08;02;07;")] + ["08;02;90;2;Nowa Wieś;gmina wiejska"]
    register = terc.read(written(lines, "2026-11-01"))
    _update, kept = actions.update_territory(session, Actor.system(), register, NOW)
    assert kept == actions.Kept(1, 1)
    fresh = queries.who_serves(session, "080290", DAY)
    assert fresh is not None
    assert fresh.welfare is not None
    assert fresh.welfare.slug == "pomoc-spoleczna-080290"
    ended = queries.who_serves(session, "080207", DAY)
    assert ended is not None
    assert (ended.ended, ended.welfare) == (True, None)


def test_institutions_follow_their_gmina_into_another_county(session):
    ops = add(session, Kind.GOPS, "GOPS w Bobrowicach", "080202")
    session.add(InstitutionTerritory(institution_id=ops.id or 0, code="080202"))
    session.flush()
    actions.keep_placeholders(session, Actor.system(), NOW)
    lines = [line.replace("08;02;02;2;Bobrowice", "08;03;98;2;Bobrowice") for line in terc_2026()]
    actions.update_territory(session, Actor.system(), terc.read(written(lines, "2026-11-01")), NOW)
    moved = queries.who_serves(session, "080398", DAY)
    assert moved is not None
    assert moved.welfare is not None
    assert (moved.welfare.id, moved.welfare.territory) == (ops.id, frozenset({"080398"}))


def test_a_renamed_gmina_renames_its_placeholder(session):
    lines = [line.replace("Bratian", "Bratian Nowy") for line in terc_2026()]
    actions.update_territory(session, Actor.system(), terc.read(written(lines, "2026-11-01")), NOW)
    found = queries.who_serves(session, "281205", DAY)
    assert found is not None
    assert found.welfare is not None
    assert found.welfare.name == "Pomoc społeczna – gmina Bratian Nowy (OPS lub CUS, dane niepotwierdzone)"
    assert found.area.former == ("Bratian", "Nowe Miasto Lubawskie")
