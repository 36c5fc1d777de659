"""Tables of institutions: what a row does, what it is refused for, and that a second time nothing happens."""

import io
import re
from datetime import date

import pytest
from sqlmodel import Session, col, select

from app import tables
from app.actors import Actor
from app.audit.models import AuditLine
from app.clock import now
from app.text import search_text, sort_key
from partners.exchange import actions, queries
from partners.exchange.rules import ChangedMeanwhile, FileRefused, OperatorsOnly, Outcome, Subject
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionFeature,
    InstitutionSlug,
    InstitutionTerritory,
    Kind,
    ServiceOffer,
    Status,
)
from partners.people.models import Membership
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.territory import make_gmina

pytestmark = pytest.mark.usefixtures("clock")
FULL = (
    "klucz;nazwa;nazwa skrócona;rodzaj;inne nazwy;działa też jako;teryt;województwo;ulica;kod pocztowy;poczta;telefon;"
    "e-mail;strona;godziny;opis;cechy;jednostka nadrzędna;obsługiwane obszary;usługi;działa od;status;źródło\n"
    "mops-gubin;Miejski Ośrodek Pomocy Społecznej w Gubinie;MOPS Gubin;MOPS;Ośrodek przy moście | MOPS;PCPR;0802011;"
    "lubuskie;ul. Piastowska 24;66620;Gubin;+48 68 000 00 40;mops@gubin.example;www.mops.gubin.example;pon. 7.30–15.30;"
    '"Pierwszy akapit.\n\nDrugi.";;;080201|0802052;shelter|usługa meals;2001-05-01;;strona ośrodka\n'
    "zk-x;Zakład Karny w X;;zakład karny;;;;lubuskie;;;;;;;;;oddział terapeutyczny|półotwarty;;;;;niepotwierdzona;\n"
    "oz-x;Oddział w X;;oddział zewnętrzny;;;;08;;;;;;;;;otwarty;zk-x;;;;;\n"
)


@pytest.fixture(autouse=True)
def _territory(session):
    make_gmina(session, "080201", "Gubin", "urban")
    make_gmina(session, "080205", "Gubin", "rural")
    make_gmina(session, "086201", "Zielona Góra", "urban")
    make_service(session, "shelter")
    make_service(session, "meals")


def table(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def check(session: Session, body: bytes) -> Outcome:
    return actions.check(session, Subject.INSTITUTIONS, body, now())


def take(session: Session, body: bytes) -> Outcome:
    return actions.take_over(session, Actor.system(), Subject.INSTITUTIONS, body, now())


def card(session: Session, slug: str) -> Institution:
    return session.exec(select(Institution).where(Institution.slug == slug)).one()


def told(outcome: Outcome) -> list[tuple[int, str]]:
    return [(problem.line, problem.column) for problem in outcome.problems]


def sentence(outcome: Outcome) -> str:
    return " / ".join(str(problem) for problem in outcome.problems)


def test_a_whole_row_becomes_a_card(session):
    outcome = take(session, FULL.encode())
    assert (outcome.created, outcome.changed, outcome.unchanged) == (3, 0, 0)
    mops = card(session, "mops-gubin")
    assert (mops.kind, mops.gmina_code, mops.voivodeship_code) == (Kind.MOPS, "080201", "08")
    assert (mops.postal_code, mops.website, mops.phone) == (
        "66-620",
        "https://www.mops.gubin.example",
        "+48 68 000 00 40",
    )
    assert (mops.valid_from, mops.status, mops.synthetic) == (date(2001, 5, 1), Status.ACTIVE, False)
    assert mops.description == "Pierwszy akapit.\n\nDrugi."
    assert mops.sort_key == sort_key("Miejski Ośrodek Pomocy Społecznej w Gubinie")
    for words in ("spolecznej", "gubin", "przy moscie", "service shelter", "usluga meals"):
        assert search_text(words) in mops.search_text
    aliases = session.exec(select(InstitutionAlias.name).where(InstitutionAlias.institution_id == mops.id))
    places = session.exec(select(InstitutionTerritory.code).where(InstitutionTerritory.institution_id == mops.id))
    kinds = session.exec(select(InstitutionActsAs.kind).where(InstitutionActsAs.institution_id == mops.id))
    assert (set(aliases), set(places)) == ({"Ośrodek przy moście", "MOPS"}, {"080201", "080205"})
    assert list(kinds) == [Kind.PCPR]
    assert len(session.exec(select(ServiceOffer).where(ServiceOffer.institution_id == mops.id)).all()) == 2
    prison, unit = card(session, "zk-x"), card(session, "oz-x")
    assert (prison.status, unit.parent_id) == (Status.UNCONFIRMED, prison.id)
    features = select(InstitutionFeature.feature).where(InstitutionFeature.institution_id == prison.id)
    assert set(session.exec(features)) == {"therapeutic_unit", "half_open"}


def test_a_second_time_nothing_changes(session):
    take(session, FULL.encode())
    lines = len(session.exec(select(AuditLine)).all())
    again = take(session, FULL.encode())
    assert (again.created, again.changed, again.unchanged) == (0, 0, 3)
    assert len(session.exec(select(AuditLine)).all()) == lines


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_an_export_taken_over_again_changes_nothing(session, ending):
    take(session, FULL.encode())
    make_institution(session, "stara", status=Status.UNCONFIRMED, description="Akapit.\n\nDrugi.  \n", synthetic=True)
    stream = io.BytesIO()
    head, rows = queries.header(Subject.INSTITUTIONS), queries.institutions(session)
    if ending == "csv":
        tables.write_csv(stream, head, rows)
    else:
        tables.write_xlsx(stream, head, rows, "instytucje")
    again = check(session, stream.getvalue())
    assert (again.changed, again.unchanged, again.problems) == (0, 4, [])


def test_the_trail_knows_who_took_what_over(session):
    take(session, table("klucz;nazwa;rodzaj", "ops-a;OPS A;OPS"))
    take(session, table("klucz;nazwa", "ops-a;OPS B"))
    verbs = [(line.verb, line.details) for line in session.exec(select(AuditLine).order_by(col(AuditLine.id)))]
    assert [verb for verb, _details in verbs] == [
        "institution.added", "import.done", "institution.imported", "import.done",
    ]  # fmt: skip
    assert verbs[2][1] == {"changed": ["name"]}
    assert verbs[3][1] == verbs[3][1] | {"subject": "institutions", "created": 0, "changed": 1, "unchanged": 0}


def test_only_columns_of_the_file_are_touched_and_an_empty_cell_empties(session):
    make_institution(session, "ops-a", name="OPS A", phone="68 1 2 3", email="a@a.example", hours="8–15")
    outcome = take(session, table("klucz;telefon;godziny", "ops-a;;8–16"))
    (change,) = outcome.changes
    assert [(cell.column, cell.before, cell.after) for cell in change.cells] == [
        ("telefon", "68 1 2 3", ""), ("godziny", "8–15", "8–16"),
    ]  # fmt: skip
    changed = card(session, "ops-a")
    assert (changed.phone, changed.email, changed.hours, changed.name) == ("", "a@a.example", "8–16", "OPS A")


def test_services_are_added_and_never_taken_away(session):
    offer = make_offer(session, make_institution(session, "ops-a"), make_service(session, "clothes"))
    offer.note = "zostaje"
    take(session, table("klucz;usługi", "ops-a;shelter"))
    notes = session.exec(select(ServiceOffer.note).order_by(col(ServiceOffer.id))).all()
    assert notes == ["zostaje", ""]
    assert "usluga shelter" in card(session, "ops-a").search_text


def test_the_mark_of_invented_entries_is_never_set_nor_taken_away(session):
    make_institution(session, "pokazowa", synthetic=True)
    take(session, table("klucz;nazwa;rodzaj;dane przykładowe", "ops-a;A;OPS;tak", "pokazowa;P;OPS;"))
    assert (card(session, "ops-a").synthetic, card(session, "pokazowa").synthetic) == (False, True)


def test_one_bad_line_refuses_the_whole_file(session):
    body = table("klucz;nazwa;rodzaj", "ops-a;OPS A;OPS", "ops-b;OPS B;sanatorium", "ops-c;OPS C;OPS")
    with pytest.raises(FileRefused) as refused:
        take(session, body)
    assert told(refused.value.outcome) == [(3, "rodzaj")]
    assert session.exec(select(Institution)).all() == []


@pytest.mark.parametrize(
    ("header", "row", "column", "reason"),
    [
        ("klucz;nazwa;rodzaj", "OPS A;A;OPS", "klucz", "small letters"),
        ("klucz;nazwa;rodzaj", ";A;OPS", "klucz", "must not be empty"),
        ("klucz;nazwa;rodzaj", "ops-a;;OPS", "nazwa", "must not be empty"),
        ("klucz;nazwa;rodzaj", f"ops-a;{'A' * 201};OPS", "nazwa", "Shorten this to 200"),
        ("klucz;nazwa;rodzaj", "ops-a;Jan 44051401359;OPS", "nazwa", "looks like a PESEL"),
        ("klucz;nazwa;rodzaj;teryt", "ops-a;A;OPS;999999", "teryt", "no TERYT code"),
        ("klucz;nazwa;rodzaj;gmina", "ops-a;A;OPS;Gubin", "gmina", "080201 .*080205"),
        ("klucz;nazwa;rodzaj;gmina", "ops-a;A;OPS;Nigdzie", "gmina", "no gmina called"),
        ("klucz;nazwa;rodzaj;teryt;gmina", "ops-a;A;OPS;080201;Zielona Góra", "gmina", "is that of Gubin"),
        ("klucz;nazwa;rodzaj;teryt;województwo", "ops-a;A;OPS;080201;mazowieckie", "województwo", "lies in lubuskie"),
        ("klucz;nazwa;rodzaj;województwo", "ops-a;A;OPS;Śląsk", "województwo", "no voivodeship"),
        ("klucz;nazwa;rodzaj;kod pocztowy", "ops-a;A;OPS;6-610", "kod pocztowy", "67-100"),
        ("klucz;nazwa;rodzaj;e-mail", "ops-a;A;OPS;a@b", "e-mail", "one e-mail address"),
        ("klucz;nazwa;rodzaj;telefon", "ops-a;A;OPS;brak", "telefon", "one telephone number"),
        ("klucz;nazwa;rodzaj;strona", "ops-a;A;OPS;javascript:alert(1)", "strona", "https://"),
        ("klucz;nazwa;rodzaj;cechy", "ops-a;A;OPS;wesoły", "cechy", "otwarty"),
        ("klucz;nazwa;rodzaj;status", "ops-a;A;OPS;applied", "status", "niepotwierdzona"),
        ("klucz;nazwa;rodzaj;usługi", "ops-a;A;OPS;masaż", "usługi", "catalogue"),
        ("klucz;nazwa;rodzaj;obsługiwane obszary", "ops-a;A;OPS;080201 9999", "obsługiwane obszary", "9999"),
        ("klucz;nazwa;rodzaj;działa od", "ops-a;A;OPS;31.02.2020", "działa od", "23.11.2026"),
        ("klucz;nazwa;rodzaj;działa od;działa do", "ops-a;A;OPS;2020-01-02;2020-01-01", "działa do", "before the"),
        ("klucz;nazwa;rodzaj;jednostka nadrzędna", "ops-a;A;OPS;ops-a", "jednostka nadrzędna", "part of itself"),
        ("klucz;nazwa;rodzaj;jednostka nadrzędna", "ops-a;A;OPS;nie-ma", "jednostka nadrzędna", "nie-ma"),
    ],
)  # fmt: skip
def test_line_column_and_reason_are_named(session, header, row, column, reason):
    outcome = check(session, table(header, "ops-z;Z;OPS" + ";" * (header.count(";") - 2), row))
    assert told(outcome) == [(3, column)]
    assert re.search(reason, sentence(outcome))


@pytest.mark.parametrize(
    ("header", "column", "reason"),
    [
        ("klucz;nazwa;rodzaj;nazwisko", "nazwisko", "no such column"),
        ("klucz;nazwa;rodzaj;nazwa", "nazwa", "twice"),
        ("nazwa;rodzaj", "klucz", "missing"),
    ],
)
def test_columns_of_the_header_are_known_once_and_complete(session, header, column, reason):
    outcome = check(session, table(header, "a;b;c;d"))
    assert told(outcome) == [(1, column)]
    assert reason in sentence(outcome)


def test_a_key_stands_once_in_a_file(session):
    outcome = check(session, table("klucz;nazwa;rodzaj", "ops-a;A;OPS", "ops-a;B;OPS"))
    assert told(outcome) == [(3, "klucz")]
    assert "line 2" in sentence(outcome)


def test_nobody_is_a_part_of_his_own_part(session):
    above = make_institution(session, "zk-a")
    make_institution(session, "oz-a", parent_id=above.id)
    assert told(check(session, table("klucz;jednostka nadrzędna", "zk-a;oz-a"))) == [(2, "jednostka nadrzędna")]
    body = table("klucz;nazwa;rodzaj;jednostka nadrzędna", "a;A;OPS;b", "b;B;OPS;c", "c;C;OPS;a")
    assert [line for line, _column in told(check(session, body))] == [2, 3, 4]
    assert told(check(session, table("klucz;jednostka nadrzędna", "oz-a;", "zk-a;oz-a"))) == []


def test_territory_is_kept_without_what_something_broader_covers(session):
    body = table("klucz;nazwa;rodzaj;obsługiwane obszary", "a;A;OPS;08 | 080201", "b;B;OPS;080201,0862")
    take(session, body)
    codes = session.exec(select(InstitutionTerritory.code).order_by(col(InstitutionTerritory.code))).all()
    assert codes == ["08", "080201", "0862"]
    assert take(session, body).unchanged == 2


def test_an_old_address_is_no_key(session):
    owner = make_institution(session, "mops-nowy")
    session.add(InstitutionSlug(slug="ops-stary", institution_id=owner.id or 0))
    outcome = check(session, table("klucz;nazwa;rodzaj", "ops-stary;A;OPS"))
    assert "mops-nowy" in sentence(outcome)


@pytest.mark.parametrize("status", [Status.APPLIED, Status.REFUSED])
def test_what_waits_for_admission_is_not_decided_by_a_table(session, status):
    make_institution(session, "fundacja", Kind.NGO, status=status)
    assert told(check(session, table("klucz;nazwa", "fundacja;B"))) == [(2, "klucz")]


def test_a_card_with_people_of_its_own_is_marked(session, people):
    outcome = check(session, table("klucz;telefon", f"{people.mops.slug};68 1", f"{people.prison.slug};68 2"))
    assert {change.key: change.kept for change in outcome.changes} == {"mops-kladkowo": True, "zk-kladkowo": True}
    for membership in session.exec(select(Membership).where(Membership.institution_id == people.mops.id)):
        membership.ended_at = now()
    outcome = check(session, table("klucz;telefon", f"{people.mops.slug};68 1"))
    assert [change.kept for change in outcome.changes] == [False]


def test_gmina_is_found_by_name_where_only_one_can_be_meant(session):
    take(session, table("klucz;nazwa;rodzaj;gmina;powiat", "a;A;OPS;zielona gora;", "b;B;OPS;Zielona Góra;"))
    assert {card(session, slug).gmina_code for slug in "ab"} == {"086201"}


def test_what_was_shown_is_what_is_confirmed(session):
    body = table("klucz;nazwa;rodzaj", "ops-a;OPS A;OPS")
    seen = check(session, body)
    make_institution(session, "ops-a", name="Inna")
    with pytest.raises(ChangedMeanwhile):
        actions.take_over(session, Actor.system(), Subject.INSTITUTIONS, body, now(), mark=seen.mark)


def test_only_the_operator_takes_tables_over(session, people):
    body = table("klucz;nazwa;rodzaj", "ops-a;OPS A;OPS")
    for person in (people.ewa, people.adam, people.wanda):
        with pytest.raises(OperatorsOnly):
            actions.take_over(session, person.actor, Subject.INSTITUTIONS, body, now())
    assert actions.take_over(session, people.olga.actor, Subject.INSTITUTIONS, body, now()).created == 1


def test_memory_does_not_grow_with_the_file(session, monkeypatch):
    monkeypatch.setattr(actions, "BATCH", 20)
    rows = (f"k-{number};Karta {number};OPS;Inna {number};shelter;080201" for number in range(50))
    body = table("klucz;nazwa;rodzaj;inne nazwy;usługi;teryt", *rows)
    assert (take(session, body).created, take(session, body).unchanged) == (50, 50)
    assert not [one for one in session.identity_map.values() if isinstance(one, Institution)]


def test_checking_asks_for_batches_and_not_for_rows(session, query_count):
    numbers = []
    for count in (5, 400):
        rows = (f"k-{number};Karta {number};OPS;Inna {number};shelter;080201" for number in range(count))
        body = table("klucz;nazwa;rodzaj;inne nazwy;usługi;teryt", *rows)
        with query_count() as asked:
            check(session, body)
        numbers.append(len(asked))
    assert numbers[0] == numbers[1]
