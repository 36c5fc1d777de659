"""Who sees what of agreements, and what a clause says of months."""

import pytest

from app.actors import Actor, Role
from partners.agreements import rules
from partners.agreements.models import AgreementKind, AgreementState

VISITOR = Actor.visitor()
MEMBER = Actor(role=Role.MEMBER, user_id=1, institution_id=7)
COORDINATOR = Actor(role=Role.COORDINATOR, user_id=2, institution_id=8)
OPERATOR = Actor(role=Role.OPERATOR, user_id=3)
INSPECTOR = Actor(role=Role.INSPECTOR, user_id=4, voivodeship="08")
FAR_INSPECTOR = Actor(role=Role.INSPECTOR, user_id=5, voivodeship="14")


@pytest.mark.parametrize("state", list(AgreementState))
@pytest.mark.parametrize(
    ("actor", "knows_preparation"),
    [
        (VISITOR, False),
        (MEMBER, True),
        (COORDINATOR, False),
        (OPERATOR, True),
        (INSPECTOR, True),
        (FAR_INSPECTOR, False),
    ],
)
def test_one_in_preparation_is_known_to_its_sides_only(actor, state, knows_preparation):
    in_preparation = state in (AgreementState.DRAFT, AgreementState.SENT)
    assert rules.may_see(actor, state, {7, 9}, "08") is (knows_preparation or not in_preparation)


@pytest.mark.parametrize(
    ("actor", "allowed"),
    [
        (VISITOR, False),
        (MEMBER, True),
        (COORDINATOR, True),
        (OPERATOR, True),
        (INSPECTOR, True),
        (FAR_INSPECTOR, False),
    ],
)
def test_parameters_are_for_partners(actor, allowed):
    assert rules.may_see_parameters(actor, "08") is allowed


@pytest.mark.parametrize(
    ("key", "months", "uncertain", "hint", "zero"),
    [
        ("notice_release_date", None, False, False, False),
        ("notice_release_date", 0, False, True, False),
        ("notice_release_date", 0, True, True, True),
        ("notice_release_date", 1, False, True, False),
        ("notice_release_date", 2, False, True, False),
        ("notice_release_date", 2, True, True, False),
        ("notice_release_date", 3, False, False, False),
        ("notice_release_date", 12, False, False, False),
        ("notice_actions_taken", 2, False, False, False),
        ("notice_actions_taken", 0, True, False, True),
    ],
)
def test_hint_stands_beside_a_late_notice_of_release_only(key, months, uncertain, hint, zero):
    period = rules.period(key, "months_before", months, uncertain=uncertain)
    assert period is not None
    assert (period.hint, period.zero_of_source, period.not_regulated) == (hint, zero, months is None)


@pytest.mark.parametrize("parameter", ["none", "schedule", "contact"])
def test_types_without_months_have_no_period(parameter):
    assert rules.period("duty_hours", parameter, 2, uncertain=False) is None


@pytest.mark.parametrize(
    ("months", "uncertain", "counts"), [(0, True, False), (0, False, True), (2, True, True), (None, True, True)]
)
def test_an_uncertain_zero_counts_in_no_share(months, uncertain, counts):
    assert rules.counts_in_shares(months, uncertain=uncertain) is counts


@pytest.mark.parametrize(
    ("kind", "state", "code", "synthetic", "expected"),
    [
        (AgreementKind.AGREEMENT, AgreementState.SOURCE_ONLY, "08", False, True),
        (AgreementKind.AGREEMENT, AgreementState.SOURCE_ONLY, "06", False, False),
        (AgreementKind.AGREEMENT, AgreementState.IN_FORCE, "08", False, False),
        (AgreementKind.AGREEMENT, AgreementState.SOURCE_ONLY, "08", True, False),
        (AgreementKind.LETTER_OF_INTENT, AgreementState.SOURCE_ONLY, "08", False, False),
    ],
)
def test_footnote_belongs_to_the_agreements_of_the_slides(kind, state, code, synthetic, expected):
    assert rules.rests_on_slides(kind, state, code, synthetic=synthetic) is expected


def test_every_state_has_a_tag_and_a_word():
    assert set(rules.STATE_TAG) == set(rules.STATE_WORD) == set(AgreementState)
    assert len(set(rules.STATE_WORD.values())) == len(AgreementState)
