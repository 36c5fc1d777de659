"""The directory: what a filter finds, what stands beside it, how it is ordered."""

import pytest

from app.actors import Actor
from app.audit import trail
from app.clock import now
from partners.institutions import directory, queries
from partners.institutions.filter import KIND_FACETS, DirectoryFilter
from partners.institutions.models import InstitutionActsAs, Kind, Status
from partners.territory.models import County, CountyKind, Gmina, GminaKind
from tests.factories.institutions import make_institution, make_offer, make_service, make_voivodeships


@pytest.fixture(name="town")
def _town(session):
    """Six cards: three in lubuskie, two in łódzkie, one of them unconfirmed, and an archived one."""
    shelter, work = make_service(session, "shelter"), make_service(session, "social_work")
    rows = {
        "ops": make_institution(session, "ops", Kind.OPS, "Ośrodek Pomocy Społecznej w Lubsku"),
        "gcpr": make_institution(session, "gcpr", Kind.GCPR, "Gorzowskie Centrum Pomocy Rodzinie"),
        "zk": make_institution(session, "zk", Kind.PRISON, "Zakład Karny w Ąkach"),
        "lodz": make_institution(session, "lodz", Kind.MOPS, "MOPS w Łodzi", voivodeship="10"),
        "nowy": make_institution(
            session, "nowy", Kind.OPS, "Pomoc społeczna – gmina Zgierz", voivodeship="10", status=Status.UNCONFIRMED
        ),
        "dawny": make_institution(session, "dawny", Kind.REMAND_PRISON, "Areszt dawny", status=Status.ARCHIVED),
    }
    session.add(InstitutionActsAs(institution_id=rows["gcpr"].id or 0, kind=Kind.OPS))
    session.add(InstitutionActsAs(institution_id=rows["gcpr"].id or 0, kind=Kind.PCPR))
    for card, service in (("ops", shelter), ("ops", work), ("gcpr", work), ("lodz", shelter), ("nowy", work)):
        make_offer(session, rows[card], service)
    session.flush()
    return rows


def found(session, **parts):
    wanted = DirectoryFilter(**parts)
    return [row.slug for row in directory.page(session, wanted, directory.facets(session, wanted), 1)]


@pytest.mark.parametrize(
    ("wanted", "slugs"),
    [
        ({}, ["gcpr", "lodz", "ops", "zk"]),
        ({"text": "lodz"}, ["lodz"]),
        ({"text": "ŁÓDZI"}, ["lodz"]),
        ({"text": "spol pom"}, ["ops"]),
        ({"text": "połecznej"}, []),
        ({"text": "pomocy lubsku"}, ["ops"]),
        ({"text": "???"}, []),
        ({"text": "100%"}, []),
        ({"voivodeship": "10"}, ["lodz"]),
        ({"kinds": ("ops",)}, ["gcpr", "lodz", "ops"]),
        ({"kinds": ("pcpr",)}, ["gcpr"]),
        ({"kinds": ("pcpr", "zaklad-karny")}, ["gcpr", "zk"]),
        ({"services": ("shelter",)}, ["lodz", "ops"]),
        ({"services": ("shelter", "social_work")}, ["gcpr", "lodz", "ops"]),
        ({"services": ("shelter",), "voivodeship": "08"}, ["ops"]),
        ({"unconfirmed": True}, ["gcpr", "lodz", "ops", "nowy", "zk"]),
        ({"services": ("no_such",)}, []),
    ],
)
def test_filter_finds(session, town, wanted, slugs):
    assert found(session, **wanted) == slugs


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"text": "pomocy"},
        {"voivodeship": "10"},
        {"kinds": ("ops",)},
        {"kinds": ("ops", "pcpr")},
        {"kinds": ("pcpr",), "unconfirmed": True},
        {"services": ("shelter",)},
        {"services": ("social_work",), "unconfirmed": True},
        {"text": "w", "kinds": ("ops",), "services": ("shelter",), "voivodeship": "10"},
    ],
)
def test_every_count_is_what_the_filter_would_show(session, town, wanted):
    counts = directory.facets(session, DirectoryFilter(**wanted))
    assert counts.total == len(found(session, **wanted))
    for facet in KIND_FACETS:
        assert counts.kinds.get(facet.key, 0) == len(found(session, **{**wanted, "kinds": (facet.key,)}))
    for option in counts.voivodeships:
        assert option.count == len(found(session, **{**wanted, "voivodeship": option.key}))
    for option in counts.services:
        assert option.count == len(found(session, **{**wanted, "services": (option.key,)}))
    with_unconfirmed = len(found(session, **{**wanted, "unconfirmed": True}))
    assert counts.unconfirmed == with_unconfirmed - len(found(session, **{**wanted, "unconfirmed": False}))


def test_voivodeships_stand_in_the_polish_order(session, town):
    names = [option.name_pl for option in directory.facets(session, DirectoryFilter()).voivodeships]
    assert names[4:6] == ["łódzkie", "małopolskie"]
    assert names[-3:] == ["warmińsko-mazurskie", "wielkopolskie", "zachodniopomorskie"]


def test_services_come_most_frequent_first(session, town):
    services = directory.facets(session, DirectoryFilter(unconfirmed=True)).services
    assert [(one.key, one.count) for one in services] == [("social_work", 3), ("shelter", 2)]


def test_pages_hold_25_cards_in_the_polish_order(session):
    for number in range(27):
        make_institution(session, f"karta-{number}", Kind.OPS, f"Karta {chr(ord('a') + number % 26)} {number:02d}")
    counted = directory.facets(session, DirectoryFilter())
    first = directory.page(session, DirectoryFilter(), counted, 1)
    second = directory.page(session, DirectoryFilter(), counted, 2)
    assert (len(first), len(second)) == (25, 2)
    assert not {row.id for row in first} & {row.id for row in second}


def test_card_of_no_slug_is_none(session):
    assert queries.card(session, "nie-ma", Actor.visitor()) is None


def test_card_names_parent_branches_and_successor(session):
    parent = make_institution(session, "zk-duzy", Kind.PRISON)
    branch = make_institution(session, "oz-maly", Kind.EXTERNAL_UNIT, parent_id=parent.id)
    make_institution(session, "as-dawny", Kind.REMAND_PRISON, status=Status.ARCHIVED, successor_id=branch.id)
    card = queries.card(session, "oz-maly", Actor.visitor())
    assert card is not None
    assert card.parent is not None
    assert card.parent.slug == "zk-duzy"
    assert [one.slug for one in card.predecessors] == ["as-dawny"]
    upper = queries.card(session, "zk-duzy", Actor.visitor())
    assert upper is not None
    assert [one.slug for one in upper.branches] == ["oz-maly"]
    old = queries.card(session, "as-dawny", Actor.visitor())
    assert old is not None
    assert old.successor is not None
    assert old.successor.slug == "oz-maly"


def test_named_finds_by_name_short_name_and_slug(session):
    one = make_institution(session, "mops-lubsko", Kind.MOPS, "MOPS w Lubsku", short_name="MOPS Lubsko")
    make_institution(session, "ops-1", Kind.OPS, "OPS w Dąbrowie")
    make_institution(session, "ops-2", Kind.OPS, "OPS w Dąbrowie")
    hits = queries.named(session, ["mops W LUBSKU", "mops-lubsko", "OPS w Dąbrowie", "nie ma", "–"])
    assert [hit.id for hit in hits["mops W LUBSKU"]] == [one.id]
    assert [hit.id for hit in hits["mops-lubsko"]] == [one.id]
    assert [hit.slug for hit in hits["OPS w Dąbrowie"]] == ["ops-1", "ops-2"]
    assert hits["nie ma"] == ()
    assert "–" not in hits


def test_named_takes_the_beginnings_of_words_where_nobody_is_called_so(session):
    make_institution(session, "mops-lubsko", Kind.MOPS, "MOPS w Lubsku")
    make_institution(session, "mops-lubin", Kind.MOPS, "MOPS w Lubinie")
    hits = queries.named(session, ["mops lubs", "MOPS w Lub"])
    assert [hit.slug for hit in hits["mops lubs"]] == ["mops-lubsko"]
    assert [hit.slug for hit in hits["MOPS w Lub"]] == ["mops-lubin", "mops-lubsko"]


def test_counts_by_voivodeship_leave_out_what_is_not_listed(session, town):
    assert queries.counts_by_voivodeship(session) == {"08": 3, "10": 1}


def test_counts_are_kept_until_something_is_written(session, query_count):
    make_institution(session, "ops-1", Kind.OPS)
    with query_count() as asked:
        first = directory.facets(session, DirectoryFilter())
        again = directory.facets(session, DirectoryFilter())
    assert len(asked) == 3
    assert again is first
    make_institution(session, "ops-2", Kind.OPS)
    assert directory.facets(session, DirectoryFilter()).total == 2
    trail.record(session, Actor.system(), "institution.added", "institution", 1, now())
    session.flush()
    with query_count() as asked:
        directory.facets(session, DirectoryFilter())
    assert len(asked) == 2


def test_a_homonym_is_told_apart(session):
    make_voivodeships(session)
    session.add(County(code="0802", name="krośnieński", kind=CountyKind.COUNTY, voivodeship_code="08", sort_key="1"))
    session.flush()
    for code, kind in (("080201", GminaKind.URBAN), ("080205", GminaKind.RURAL)):
        session.add(
            Gmina(
                code=code,
                name="Gubin",
                kind=kind,
                county_code="0802",
                voivodeship_code="08",
                sort_key="1",
                search_text=" gubin",
            )
        )
    session.flush()
    make_institution(session, "mops-gubin", Kind.MOPS, "MOPS w Gubinie", gmina_code="080201")
    counted = directory.facets(session, DirectoryFilter())
    row = directory.page(session, DirectoryFilter(), counted, 1)[0]
    assert row.place.words() == "Gubin (gmina miejska, pow. krośnieński)"
    card = queries.card(session, "mops-gubin", Actor.visitor())
    assert card is not None
    assert card.place.words("en") == "Gubin (urban gmina, krośnieński county)"
