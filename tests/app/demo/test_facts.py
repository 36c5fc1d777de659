"""Facts stand as the documents give them; what they do not say stays empty."""

from datetime import date, datetime

import pytest
from sqlmodel import Session, col, func, select

from app.demo.facts import fact_uuid
from events.calendar.models import Event, EventParty, Occurrence, State, Visibility
from partners.agreements.models import (
    Agreement,
    AgreementHistory,
    AgreementParty,
    AgreementState,
    Clause,
    ClauseType,
)
from partners.contacts.models import Contact
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionFeature,
    InstitutionHistory,
    Kind,
    Service,
    ServiceOffer,
    Status,
)
from partners.people.models import Membership
from partners.territory.models import County, Gmina, GminaKind, Voivodeship, WarsawDistrict
from projects.programmes.models import Programme, ProgrammePartner

UNITS = (Kind.PRISON, Kind.REMAND_PRISON, Kind.EXTERNAL_UNIT)


def institution(session: Session, slug: str) -> Institution:
    return session.exec(select(Institution).where(Institution.slug == slug)).one()


def agreement(session: Session, number: str) -> Agreement:
    return session.exec(select(Agreement).where(Agreement.number == number)).one()


def months(session: Session, number: str) -> list[int | None]:
    statement = (
        select(Clause.months)
        .join(ClauseType, col(ClauseType.id) == Clause.clause_type_id)
        .where(Clause.agreement_id == agreement(session, number).id, ClauseType.key == "notice_release_date")
    )
    return list(session.exec(statement).all())


def count(session: Session, table, *where) -> int:
    return session.exec(select(func.count()).select_from(table).where(*where)).one()


def test_the_register_has_its_known_numbers(loaded):
    assert count(loaded, Voivodeship) == 16
    assert count(loaded, County, ~col(County.synthetic)) == 380
    assert count(loaded, Gmina, ~col(Gmina.synthetic)) == 2479
    assert count(loaded, WarsawDistrict) == 18
    kinds = select(Gmina.kind, func.count()).where(~col(Gmina.synthetic)).group_by(col(Gmina.kind))
    assert dict(loaded.exec(kinds).all()) == {GminaKind.URBAN: 302, GminaKind.RURAL: 1453, GminaKind.URBAN_RURAL: 724}
    assert count(loaded, Gmina, col(Gmina.latitude).is_(None)) == 2  # only those of the demo


def test_all_prison_units_are_there_and_two_of_them_are_history(loaded):
    kinds = (
        select(Institution.kind, func.count())
        .where(col(Institution.kind).in_(UNITS), ~col(Institution.synthetic), Institution.status != Status.ARCHIVED)
        .group_by(col(Institution.kind))
    )
    assert dict(loaded.exec(kinds).all()) == {Kind.PRISON: 64, Kind.REMAND_PRISON: 39, Kind.EXTERNAL_UNIT: 63}
    archived = select(Institution.slug).where(Institution.status == Status.ARCHIVED)
    assert sorted(loaded.exec(archived).all()) == ["as-lubsko", "as-nowa-sol"]


def test_a_guessed_inspectorate_stays_empty(loaded):
    named = select(Institution.slug).where(Institution.inspectorate != "")
    assert len(loaded.exec(named).all()) == 37
    assert institution(loaded, "zk-chelm").inspectorate == ""
    assert institution(loaded, "oz-kozieglowy").inspectorate == ""
    assert institution(loaded, "zk-krzywaniec").inspectorate == "Poznań"


def test_a_dissolved_unit_has_its_successor_and_dates(loaded):
    old, new = institution(loaded, "as-lubsko"), institution(loaded, "oz-lubsko")
    assert (old.successor_id, old.valid_to) == (new.id, date(2018, 11, 30))
    assert (new.valid_from, new.parent_id) == (date(2018, 12, 1), institution(loaded, "zk-krzywaniec").id)
    assert institution(loaded, "as-nowa-sol").valid_to is None


def test_the_unit_of_gorzow_bears_the_key_of_the_seed_and_parents_its_branch(loaded):
    assert institution(loaded, "oz-slonsk").parent_id == institution(loaded, "zk-gorzow").id
    assert count(loaded, Institution, Institution.slug == "zk-gorzow-wielkopolski") == 0


def test_names_features_and_further_tasks_are_kept(loaded):
    aliases = select(InstitutionAlias.name).join(Institution).where(Institution.slug == "ops-lubsko")
    assert loaded.exec(aliases).all() == ["MOPS w Lubsku"]
    acts = select(InstitutionActsAs.kind).join(Institution).where(Institution.slug == "gcpr-gorzow")
    assert set(loaded.exec(acts).all()) == {Kind.OPS, Kind.PCPR}
    features = select(InstitutionFeature.feature).join(Institution).where(Institution.slug == "oz-kozieglowy")
    assert set(loaded.exec(features).all()) == {"half_open", "open", "therapeutic_unit", "halfway_house"}
    assert " lubsko" in institution(loaded, "ops-lubsko").search_text
    assert " mops w lubsku" in institution(loaded, "ops-lubsko").search_text


def test_the_centre_of_the_rural_gmina_is_a_placeholder(loaded):
    placeholder = institution(loaded, "gops-gubin")
    assert placeholder.name == "Pomoc społeczna – gmina Gubin (OPS lub CUS, dane niepotwierdzone)"
    assert (placeholder.status, placeholder.synthetic) == (Status.UNCONFIRMED, False)
    assert (placeholder.email, placeholder.phone, placeholder.street) == ("", "", "")


@pytest.mark.parametrize(
    ("number", "parties", "expected"),
    [
        ("P-08-001", ["zk-gorzow", "gcpr-gorzow"], [3]),
        ("P-08-002", ["oz-slonsk", "ops-slonsk"], [0]),
        ("P-08-003", ["zk-krzywaniec", "ops-nowogrod"], [0]),
        ("P-08-004", ["as-miedzyrzecz", "ops-miedzyrzecz"], [2]),
        ("P-08-005", ["as-lubsko", "ops-lubsko"], [2]),
        ("P-08-006", ["oz-walowice", "mops-gubin"], [6]),
        ("P-08-007", ["as-nowa-sol", "mops-nowa-sol"], [3]),
        ("P-08-008", ["as-zielona-gora", "mops-zielona-gora"], [3]),
        ("P-06-001", ["zk-chelm", "mopr-chelm"], []),
    ],
)
def test_agreements_keep_parties_and_months(loaded, number, parties, expected):
    named = (
        select(Institution.slug)
        .join(AgreementParty)
        .where(AgreementParty.agreement_id == agreement(loaded, number).id)
        .order_by(col(AgreementParty.position))
    )
    assert loaded.exec(named).all() == parties
    assert months(loaded, number) == expected


def test_nothing_zero_and_a_number_of_months_are_three_values(loaded):
    assert (months(loaded, "P-06-001"), months(loaded, "P-08-902")) == ([], [None])
    assert (months(loaded, "P-08-002"), months(loaded, "P-08-901")) == ([0], [0])
    assert months(loaded, "P-08-006") == [6]


def test_the_row_of_months_is_an_uncertain_reading(loaded):
    readings = (
        select(Agreement.number, Clause.uncertain, Clause.detail)
        .join(Clause, col(Clause.agreement_id) == Agreement.id)
        .where(col(Clause.months).is_not(None), ~col(Agreement.synthetic))
        .order_by(Agreement.number)
    )
    rows = loaded.exec(readings).all()
    assert [uncertain for _number, uncertain, _detail in rows] == [True] * 8
    zero = "0 na wykresie źródła – może oznaczać brak zapisu"
    assert [number for number, _uncertain, detail in rows if detail == zero] == ["P-08-002", "P-08-003"]
    assert {detail for _number, _uncertain, detail in rows} == {zero, "odczyt z wykresu, niepewny"}
    sure = select(Clause.uncertain).join(Agreement).where(~col(Agreement.synthetic), col(Clause.months).is_(None))
    assert set(loaded.exec(sure).all()) == {False}


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("meetings_with_inmates", 8),
        ("other_ops_by_residence", 2),
        ("duty_hours", 3),
        ("ops_contact_named", 3),
        ("prison_contact_named", 5),
        ("notice_release_date", 8),
        ("notice_actions_taken", 0),
        ("notice_of_imprisonment", 0),
        ("cyclical_meetings", 0),
    ],
)
def test_clauses_count_as_in_the_slides(loaded, key, number):
    statement = (
        select(func.count())
        .select_from(Clause)
        .join(ClauseType)
        .join(Agreement)
        .where(ClauseType.key == key, ~col(Agreement.synthetic))
    )
    assert loaded.exec(statement).one() == number


def test_the_day_of_signing_is_unknown_but_for_the_letter_of_intent(loaded):
    rows = loaded.exec(select(Agreement).where(~col(Agreement.synthetic)).order_by(Agreement.number)).all()
    assert {row.number: row.signed_on for row in rows if row.signed_on} == {"LI-08-001": date(2015, 11, 12)}
    assert {row.state for row in rows} == {AgreementState.SOURCE_ONLY}
    assert {row.signed_note for row in rows if row.number.startswith("P-08")} == {
        "data podpisania nieznana (źródło z 2017 r.)"
    }
    assert all(row.valid_from is None and row.valid_to is None for row in rows)


def test_eight_gminas_of_lubuskie_have_an_agreement(loaded):
    seats = (
        select(Institution.gmina_code)
        .join(AgreementParty)
        .join(Agreement)
        .where(Agreement.voivodeship_code == "08", ~col(Agreement.synthetic), ~col(Institution.kind).in_(UNITS))
        .where(col(Institution.gmina_code).is_not(None))
    )
    assert len(set(loaded.exec(seats).all())) == 8
    assert count(loaded, Gmina, Gmina.voivodeship_code == "08", ~col(Gmina.synthetic)) == 82


def test_events_without_a_date_are_lines_of_history(loaded):
    lines = select(InstitutionHistory.key, Institution.slug, InstitutionHistory.year).join(Institution)
    found = {row for row in loaded.exec(lines).all() if row[0].startswith("E")}
    assert found == {
        ("E3", "oz-kozieglowy", None),
        ("E3", "rops-poznan", None),
        ("E3", "artzagroda", None),
        ("E5", "zk-gorzow", 2016),
        ("E5", "luw-wps", 2016),
        ("E6", "rada-terenowa-08", None),
        ("E6", "luw-wps", None),
    }
    signing = loaded.exec(select(AgreementHistory)).one()
    assert (signing.key, signing.agreement_id, signing.year) == ("E4", agreement(loaded, "P-06-001").id, None)


@pytest.mark.parametrize(("key", "visibility"), [("E1", Visibility.INVITED), ("E2", Visibility.PARTNERS)])
def test_the_two_dated_events_last_all_day_and_have_no_invented_values(loaded, key, visibility):
    event = loaded.exec(select(Event).where(Event.uuid == fact_uuid(key))).one()
    date_of = loaded.exec(select(Occurrence).where(Occurrence.event_id == event.id)).one()
    assert (event.all_day, event.local_start, event.minutes) == (True, datetime(2024, 9, 27), 1440)  # noqa: DTZ001 - a Warsaw wall time
    assert (event.state, event.visibility, event.capacity, event.synthetic) == (
        State.PUBLISHED,
        visibility,
        None,
        False,
    )
    assert date_of.local_date == date(2024, 9, 27)
    assert "Godziny nieznane" in event.description
    assert event.organiser_id == institution(loaded, "as-sosnowiec").id
    partner = select(EventParty.institution_id).where(EventParty.event_id == event.id)
    assert loaded.exec(partner).all() == [institution(loaded, "mops-sosnowiec").id]


def test_offers_of_real_institutions_name_their_source_and_no_day_of_checking(loaded):
    rows = loaded.exec(
        select(ServiceOffer, Institution.slug, Service.key)
        .join(Institution, col(Institution.id) == ServiceOffer.institution_id)
        .join(Service, col(Service.id) == ServiceOffer.service_id)
        .where(~col(Institution.synthetic))
    ).all()
    assert {offer.checked_on for offer, _slug, _key in rows} == {None}
    assert all(offer.basis and offer.note for offer, _slug, _key in rows)
    keys = {slug: {key for _offer, other, key in rows if other == slug} for _offer, slug, _key in rows}
    assert keys["mops-sosnowiec"] == {"housing_allowance", "family_benefits", "disability_certificate"}
    assert {slug: len(found) for slug, found in keys.items()} == {
        "mops-sosnowiec": 3,
        "gcpr-gorzow": 12,
        "mops-zielona-gora": 12,
        "ops-slonsk": 8,
        "ops-nowogrod": 8,
        "ops-miedzyrzecz": 8,
        "ops-lubsko": 8,
        "mops-gubin": 8,
        "mops-nowa-sol": 8,
    }


def test_vocabularies_are_whole_in_both_languages(loaded):
    services, types = loaded.exec(select(Service)).all(), loaded.exec(select(ClauseType)).all()
    assert (len(services), len(types)) == (31, 9)
    assert all(row.name_pl and row.name_en and row.name_pl != row.name_en for row in (*services, *types))


def test_the_two_real_projects_have_no_invented_term(loaded):
    rows = loaded.exec(select(Programme).where(~col(Programme.synthetic)).order_by(Programme.slug)).all()
    assert [row.slug for row in rows] == [
        "pilotazowe-kompleksy-penitencjarne",
        "staly-program-wspolpracy-rady-terenowej",
    ]
    assert {(row.starts_on, row.ends_on) for row in rows} == {(None, None)}
    place = select(Institution.slug).join(ProgrammePartner).where(ProgrammePartner.programme_id == rows[0].id)
    assert loaded.exec(place).all() == ["oz-kozieglowy"]


def test_real_institutions_have_neither_contacts_nor_people(loaded):
    real = select(Institution.id).where(~col(Institution.synthetic))
    assert count(loaded, Contact, col(Contact.institution_id).in_(real)) == 0
    assert count(loaded, Membership, col(Membership.institution_id).in_(real)) == 0
