"""What the sheet "Gdzie po pomoc" says of a gmina: all of Poland, in few statements, nothing of persons."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session

from app.actors import Actor
from app.clock import now
from partners.competence import paper, sheets
from partners.competence.paper import A4, LARGE, Entry, Topic
from partners.institutions.actions import NewCard, add_institution
from partners.institutions.models import (
    Institution,
    InstitutionTerritory,
    Kind,
    Service,
    ServiceOffer,
    ServiceOfferTerritory,
    Status,
)
from partners.territory import queries as territory
from partners.territory.rules import WARSAW
from tests.factories.rows import add as add_row

DAY = date(2026, 11, 23)
VILLAGE = "080205"


def add(session: Session, kind: Kind, name: str, gmina: str, **columns) -> Institution:
    return add_institution(session, Actor.system(), NewCard(name=name, kind=kind, gmina_code=gmina, **columns), now())


def serves(session: Session, one: Institution, *codes: str) -> None:
    for code in codes:
        add_row(session, InstitutionTerritory, institution_id=one.id or 0, code=code)


def offer(session: Session, one: Institution, key: str, **columns) -> ServiceOffer:
    service = add_row(session, Service, key=key, group="ngo", name_pl=f"usługa {key}", name_en=f"service {key}")
    return add_row(session, ServiceOffer, institution_id=one.id or 0, service_id=service.id or 0, **columns)


def entries(session: Session, topic: Topic, code: str = VILLAGE) -> list[Entry]:
    found = sheets.sheet(session, code, DAY, A4)
    assert found is not None
    return [one for group in found.groups if group.topic is topic for one in group.entries]


def names(session: Session, topic: Topic, code: str = VILLAGE) -> list[str]:
    return [one.name for one in entries(session, topic, code)]


@pytest.mark.slow
@pytest.mark.look
def test_every_gmina_and_district_has_a_sheet_that_fits(session):
    for area in territory.areas(session):
        found = sheets.sheet(session, area.code, DAY, A4)
        assert found is not None
        assert found.groups or found.answer.districts, area
        assert paper.lines(found.groups, A4.width) <= A4.lines
        if not area.is_warsaw:
            assert found.groups[0].topic is Topic.WELFARE
            assert found.groups[0].entries[0].unconfirmed
            assert not found.groups[0].entries[0].reachable


def test_the_fullest_gmina_fits_too(session):
    for number in range(12):
        for kind in (Kind.NGO, Kind.SHELTER, Kind.CIS, Kind.PUP, Kind.PROBATION_SERVICE, Kind.CUS):
            one = add(session, kind, f"Instytucja o bardzo długiej nazwie {kind.value} {number} " * 3, VILLAGE)
            one.street, one.hours = "ulica o długiej nazwie " * 5, "od poniedziałku do piątku " * 7
            offer(session, one, f"{kind.value}_{number}", what_to_bring="dokument tożsamości " * 14)
    for wanted in (A4, LARGE):
        found = sheets.sheet(session, VILLAGE, DAY, wanted)
        assert found is not None
        assert [group.topic for group in found.groups] == [
            topic for topic in Topic if topic not in (Topic.FAMILY, Topic.REGION)
        ]
        assert paper.lines(found.groups, wanted.width) <= wanted.lines
        assert sum(group.left_out for group in found.groups) > 40


def test_a_sheet_asks_a_constant_number_of_statements(session, query_count):
    session.commit()
    asked = []
    for number in (0, 1, 30):
        for at in range(number):
            one = add(session, Kind.NGO, f"Fundacja {number} {at}", VILLAGE)
            offer(session, one, f"service_{number}_{at}")
        session.commit()
        with query_count() as statements:
            sheets.sheet(session, VILLAGE, DAY, A4)
        asked.append(len(statements))
    assert len(set(asked)) == 1
    assert asked[0] <= 7


def test_shelters_are_the_nearest_first_and_none_from_far_away(session):
    add(session, Kind.SHELTER, "Schronisko w Gorzowie", "086101")
    add(session, Kind.SHELTER, "Schronisko w Krośnie", "080206")
    add(session, Kind.NIGHT_SHELTER, "Noclegownia w Zielonej Górze", "086201")
    add(session, Kind.SHELTER, "Schronisko w Gdańsku", "226101")
    assert names(session, Topic.SHELTER)[:2] == ["Schronisko w Krośnie", "Noclegownia w Zielonej Górze"]
    assert "Schronisko w Gdańsku" not in names(session, Topic.SHELTER)
    near, far = entries(session, Topic.SHELTER)[:2]
    assert near.distance is None
    assert far.distance is not None
    assert 30 < far.distance < 70


def test_who_names_the_gmina_goes_first_and_who_names_others_does_not_come(session):
    serving = add(session, Kind.NGO, "Z daleka", "086101")
    elsewhere = add(session, Kind.NGO, "Gdzie indziej", VILLAGE)
    local = add(session, Kind.NGO, "Miejscowa", "080201")
    for at, one in enumerate((serving, elsewhere, local)):
        offer(session, one, f"help_{at}")
    serves(session, serving, "08")
    serves(session, elsewhere, "0803")
    assert names(session, Topic.NGO) == ["Z daleka", "Miejscowa"]


def test_organisations_without_a_service_here_are_left_out(session):
    add(session, Kind.NGO, "Bez usług", VILLAGE)
    narrow = add(session, Kind.NGO, "Tylko dla Gorzowa", VILLAGE)
    only_there = offer(session, narrow, "help")
    add_row(session, ServiceOfferTerritory, offer_id=only_there.id or 0, code="0861")
    assert names(session, Topic.NGO) == []
    add_row(session, ServiceOfferTerritory, offer_id=only_there.id or 0, code="0802")
    assert names(session, Topic.NGO) == ["Tylko dla Gorzowa"]


def test_a_service_that_was_switched_off_is_not_shown(session):
    one = add(session, Kind.NGO, "Fundacja", VILLAGE)
    held = offer(session, one, "help")
    session.get_one(Service, held.service_id).active = False
    session.flush()
    assert names(session, Topic.NGO) == []


def test_what_is_said_of_the_check(session):
    one = add(session, Kind.GOPS, "GOPS w Gubinie", VILLAGE, phone="68 000 00 00")
    (entry,) = entries(session, Topic.WELFARE)
    assert (entry.checked_on, entry.outdated, entry.unconfirmed) == (None, False, False)
    first = offer(session, one, "a", checked_on=DAY - timedelta(days=10), what_to_bring="dowód", hours="8.00–15.00")
    second = offer(session, one, "b", checked_on=DAY - timedelta(days=400), what_to_bring="dowód")
    (entry,) = entries(session, Topic.WELFARE)
    assert (entry.checked_on, entry.outdated) == (second.checked_on, True)
    assert (entry.bring, entry.hours) == ("dowód", "8.00–15.00")
    second.checked_on = None
    session.flush()
    assert entries(session, Topic.WELFARE)[0].checked_on is None
    one.confirmed_on = first.checked_on
    session.flush()
    assert entries(session, Topic.WELFARE)[0].checked_on == first.checked_on


def test_archived_applied_and_refused_ones_are_never_on_it(session):
    for status in (Status.ARCHIVED, Status.APPLIED, Status.REFUSED):
        offer(session, add(session, Kind.NGO, status.value, VILLAGE, status=status), f"of_{status.value}")
        add(session, Kind.GOPS, f"ops {status.value}", VILLAGE, status=status)
    unconfirmed = add(session, Kind.NGO, "Niepotwierdzona", VILLAGE, status=Status.UNCONFIRMED)
    offer(session, unconfirmed, "help")
    assert names(session, Topic.NGO) == ["Niepotwierdzona"]
    assert entries(session, Topic.NGO)[0].unconfirmed
    assert len(entries(session, Topic.WELFARE)) == 1


def test_invented_institutions_stand_on_invented_sheets_alone(session):
    offer(session, add(session, Kind.NGO, "Zmyślona", VILLAGE, synthetic=True), "help")
    assert names(session, Topic.NGO) == []


def test_a_city_centre_that_is_both_stands_once(session):
    add(session, Kind.MOPR, "MOPR w Gorzowie", "086101")
    found = sheets.sheet(session, "086101", DAY, A4)
    assert found is not None
    assert [group.topic for group in found.groups] == [Topic.WELFARE]
    assert Topic.FAMILY not in found.missing


def test_warsaw_shows_its_districts(session):
    found = sheets.sheet(session, WARSAW, DAY, A4)
    assert found is not None
    assert len(found.answer.districts) == 18
    assert names(session, Topic.WELFARE, "146505") != []
    assert sheets.sheet(session, "999999", DAY, A4) is None


def test_the_region_is_named_where_neither_gmina_nor_county_can_be_reached(session):
    add(session, Kind.ROPS, "ROPS w Zielonej Górze", "086201", phone="68 000 00 00")
    assert names(session, Topic.REGION) == ["ROPS w Zielonej Górze"]
    add(session, Kind.PCPR, "PCPR w Krośnie", "080206", phone="68 000 00 01")
    assert names(session, Topic.REGION) == []
    assert names(session, Topic.FAMILY) == ["PCPR w Krośnie"]
