"""Who may do what with a programme, and what it lacks."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.actors import Actor, Role
from projects.programmes import rules
from projects.programmes.models import Programme, ProgrammeKind, ProgrammeState
from projects.programmes.rules import PartnerPart, ProgrammeDraft

LEAD = 7
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
FULL = ProgrammeDraft(
    title="Most",
    kind=ProgrammeKind.WORKSHOP,
    summary="Warsztaty.",
    target_group="osoby przed zwolnieniem",
    voivodeship_code="08",
    starts_on=date(2026, 12, 1),
)


def person(role, institution_id=LEAD):
    return Actor(role=role, user_id=1, institution_id=institution_id)


@pytest.mark.parametrize("state", list(ProgrammeState))
@pytest.mark.parametrize(
    ("actor", "edits"),
    [
        (Actor.visitor(), False),
        (person(Role.MEMBER), False),
        (person(Role.COORDINATOR), True),
        (person(Role.ADMIN), True),
        (person(Role.COORDINATOR, 8), False),
        (person(Role.OPERATOR, None), False),
        (person(Role.INSPECTOR, None), False),
    ],
)
def test_only_coordinators_of_the_lead_change_and_see_drafts(actor, state, edits):
    programme = Programme(
        slug="most",
        title="Most",
        kind=ProgrammeKind.WORKSHOP,
        state=state,
        lead_id=LEAD,
        sort_key="",
        search_text="",
        changed_at=NOW,
    )
    assert rules.may_edit(actor, programme) is edits
    assert rules.may_see(actor, programme) is (edits or state is not ProgrammeState.DRAFT)
    assert rules.may_publish(actor, programme) is (edits and state is ProgrammeState.DRAFT)


def test_a_programme_without_a_lead_is_changed_by_nobody():
    programme = Programme(
        slug="p", title="P", kind=ProgrammeKind.WORKSHOP, lead_id=None, sort_key="", search_text="", changed_at=NOW
    )
    assert not rules.may_edit(person(Role.COORDINATOR, None), programme)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, None),
        ({"title": ""}, rules.TitleMissing),
        ({"ends_on": date(2026, 12, 1)}, None),
        ({"ends_on": date(2026, 11, 30)}, rules.EndBeforeStart),
        ({"ends_on": date(2027, 1, 31), "recruiting_until": date(2027, 1, 31)}, None),
        ({"ends_on": date(2027, 1, 31), "recruiting_until": date(2027, 2, 1)}, rules.RecruitingAfterEnd),
        ({"partners": (PartnerPart(8), PartnerPart(9))}, None),
        ({"partners": (PartnerPart(8), PartnerPart(8))}, rules.TwicePartner),
        ({"partners": (PartnerPart(LEAD),)}, rules.OwnPartner),
        ({"partners": tuple(PartnerPart(100 + n) for n in range(13))}, rules.TooManyPartners),
    ],
)
def test_check_refuses_what_cannot_hold(changes, refusal):
    draft = replace(FULL, **changes)
    if refusal is None:
        rules.check(draft, LEAD)
    else:
        with pytest.raises(refusal):
            rules.check(draft, LEAD)


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"summary": ""}, ["summary"]),
        ({"target_group": "", "starts_on": None}, ["target_group", "starts_on"]),
        ({"voivodeship_code": None}, ["voivodeship"]),
        ({"recruiting_until": date(2026, 12, 11)}, ["how_to_join"]),
        ({"recruiting_until": date(2026, 12, 11), "how_to_join": "Napisz."}, []),
    ],
)
def test_missing_names_the_fields(changes, fields):
    assert [gap.field for gap in rules.missing(replace(FULL, **changes))] == fields


@pytest.mark.parametrize(
    ("until", "ends", "state"),
    [
        (None, None, ProgrammeState.RUNNING),
        (TODAY, None, ProgrammeState.RECRUITING),
        (date(2026, 11, 22), None, ProgrammeState.RUNNING),
        (None, TODAY, ProgrammeState.RUNNING),
        (None, date(2026, 11, 22), ProgrammeState.COMPLETED),
        (date(2026, 10, 1), date(2026, 11, 22), ProgrammeState.COMPLETED),
    ],
)
def test_opening_state_follows_the_dates(until, ends, state):
    assert rules.opening_state(replace(FULL, recruiting_until=until, ends_on=ends), TODAY) is state


def test_one_can_join_until_the_last_day():
    assert rules.is_recruiting(ProgrammeState.RECRUITING, TODAY, TODAY)
    assert not rules.is_recruiting(ProgrammeState.RECRUITING, date(2026, 11, 22), TODAY)
    assert rules.is_recruiting(ProgrammeState.RECRUITING, None, TODAY)
    assert not rules.is_recruiting(ProgrammeState.RUNNING, None, TODAY)
