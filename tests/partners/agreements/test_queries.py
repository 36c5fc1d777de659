"""The register: who finds which agreement, and how much of it."""

import pytest

from app.actors import Actor
from partners.agreements import queries, rules
from partners.agreements.models import AgreementState
from partners.agreements.queries import RegisterFilter
from tests.factories.agreements import make_agreement, make_clause


@pytest.fixture(name="register")
def _register(session, people):
    """Three agreements of lubuskie, one still being agreed upon, and one of another voivodeship."""
    made = {
        "P-08-001": make_agreement(session, "P-08-001", people.prison, people.mops),
        "P-08-002": make_agreement(session, "P-08-002", people.prison, people.ngo, state=AgreementState.SENT),
        "P-08-003": make_agreement(session, "P-08-003", people.prison, people.ngo, state=AgreementState.EXPIRED),
        "P-14-001": make_agreement(session, "P-14-001", people.prison, people.stranger),
    }
    make_clause(session, made["P-08-001"], "notice_release_date", months=2, detail="na piśmie")
    return made


def numbers(session, viewer, **wanted):
    return [row.number for row in queries.register(session, viewer, RegisterFilter(**wanted), 1)]


@pytest.mark.parametrize(
    ("who", "sees_preparation"),
    [("ewa", True), ("jola", True), ("marek", False), ("stefan", False), ("wanda", True), ("olga", True), ("", False)],
)
def test_an_agreement_in_preparation_is_hidden_from_others(session, people, register, who, sees_preparation):
    viewer = getattr(people, who).actor if who else Actor.visitor()
    assert ("P-08-002" in numbers(session, viewer)) is sees_preparation
    assert (queries.agreement(session, "P-08-002", viewer) is not None) is sees_preparation
    ngo = people.jola.institution_id
    assert ("P-08-002" in [a.number for a in queries.of_institution(session, ngo, viewer)]) is sees_preparation
    counted = queries.counts_of_institutions(session, viewer, [ngo])
    assert counted == {ngo: 2 if sees_preparation else 1}
    counts = queries.counts(session, viewer, RegisterFilter())
    assert counts.total == (4 if sees_preparation else 3)


def test_condition_and_rule_decide_alike(session, people, register):
    for person in (people.ewa, people.jola, people.marek, people.stefan, people.wanda, people.olga):
        for number, row in register.items():
            known = queries.agreement(session, number, people.olga.actor)
            assert known is not None
            parties = {party.institution_id for party in known.parties}
            by_rule = rules.may_see(person.actor, row.state, parties, row.voivodeship_code)
            assert (queries.agreement(session, number, person.actor) is not None) is by_rule


def test_visitors_read_clause_types_only(session, people, register):
    row = queries.agreement(session, "P-08-001", Actor.visitor())
    assert row is not None
    assert [(c.name_pl, c.period, c.detail) for c in row.clauses] == [("klauzula notice_release_date", None, "")]
    listed = queries.register(session, Actor.visitor(), RegisterFilter(), 1)[0]
    assert [(c.period, c.detail) for c in listed.clauses] == [(None, "")]


def test_partners_read_parameters(session, people, register):
    row = queries.agreement(session, "P-08-001", people.stefan.actor)
    assert row is not None
    clause = row.clauses[0]
    assert clause.period is not None
    assert (clause.period.months, clause.period.hint, clause.detail) == (2, True, "na piśmie")


def test_filters_narrow_and_count(session, people, register):
    visitor = Actor.visitor()
    assert numbers(session, visitor, voivodeship="14") == ["P-14-001"]
    assert numbers(session, visitor, state=AgreementState.EXPIRED) == ["P-08-003"]
    counts = queries.counts(session, visitor, RegisterFilter(voivodeship="08"))
    assert counts.total == 2
    assert counts.states == {AgreementState.IN_FORCE: 1, AgreementState.EXPIRED: 1}
    places = {code: number for code, _name, number in counts.voivodeships}
    assert (places["08"], places["14"], places["02"]) == (2, 1, 0)


def test_no_such_number_is_none(session, register):
    assert queries.agreement(session, "P-08-999", Actor.visitor()) is None
