"""Programmes are drafted, revised and published, each act with its line in the trail."""

from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import col, select

from app.audit.models import AuditLine
from app.clock import now
from projects.programmes import actions, queries, rules
from projects.programmes.models import ProgrammeKind, ProgrammeState
from projects.programmes.rules import PartnerPart, ProgrammeDraft

FULL = ProgrammeDraft(
    title="Pierwszy miesiąc po wyjściu",
    kind=ProgrammeKind.COUNSELLING,
    summary="Jeden plan na pierwsze tygodnie.",
    target_group="osoby przed zwolnieniem",
    voivodeship_code="08",
    starts_on=date(2026, 12, 1),
)


def verbs(session):
    return [(line.verb, line.details) for line in session.exec(select(AuditLine).order_by(col(AuditLine.id)))]


def test_a_draft_needs_only_a_title(session, people, clock):
    draft = ProgrammeDraft(title="Most", kind=ProgrammeKind.WORKSHOP)
    programme = actions.draft(session, people.jola.actor, draft, now())
    assert (programme.slug, programme.state, programme.lead_id) == (
        "most",
        ProgrammeState.DRAFT,
        people.jola.institution_id,
    )
    assert verbs(session) == [("programme.drafted", {})]


def test_same_titles_get_numbered_addresses(session, people, clock):
    slugs = [actions.draft(session, people.jola.actor, FULL, now()).slug for _ in range(3)]
    assert slugs == ["pierwszy-miesiac-po-wyjsciu", "pierwszy-miesiac-po-wyjsciu-2", "pierwszy-miesiac-po-wyjsciu-3"]


@pytest.mark.parametrize(
    ("title", "slug"), [("Nowy", "nowy-2"), ("???", "projekt"), ("Ż" * 100, "z" * 60), ("Łąka – 2", "laka-2")]
)
def test_address_is_never_empty_long_or_taken_by_a_page(session, people, clock, title, slug):
    assert actions.draft(session, people.jola.actor, replace(FULL, title=title), now()).slug == slug


def test_long_titles_get_numbers_within_the_limit(session, people, clock):
    slugs = [actions.draft(session, people.jola.actor, replace(FULL, title="a" * 90), now()).slug for _ in range(2)]
    assert slugs == ["a" * 60, "a" * 58 + "-2"]


@pytest.mark.parametrize("who", ["piotr", "wanda", "olga"])
def test_only_coordinators_draft(session, people, who):
    with pytest.raises(rules.NotACoordinator):
        actions.draft(session, getattr(people, who).actor, FULL, now())


def test_revise_changes_what_differs(session, people, clock):
    jola = people.jola.actor
    programme = actions.draft(session, jola, FULL, now())
    parts = (PartnerPart(people.ewa.institution_id, "sale"), PartnerPart(people.marek.institution_id, "plan pomocy"))
    wanted = replace(FULL, title="Pierwszy tydzień", partners=parts)
    changed = actions.revise(session, jola, programme, wanted, now(), revision=1)
    assert changed == {"title", "partners"}
    assert queries.parts(session, programme.id or 0) == parts
    assert (programme.revision, programme.slug) == (2, "pierwszy-miesiac-po-wyjsciu")
    assert "pierwszy tydzien" in programme.search_text
    assert "zaklad karny w kladkowie" not in programme.search_text  # nobody has agreed to anything yet
    assert verbs(session)[-1] == ("programme.revised", {"changed": ["partners", "title"]})
    assert actions.revise(session, jola, programme, wanted, now(), revision=2) == frozenset()
    assert programme.revision == 2


def test_a_stale_form_is_refused(session, people, clock):
    programme = actions.draft(session, people.jola.actor, FULL, now())
    actions.revise(session, people.jola.actor, programme, replace(FULL, title="A"), now(), revision=1)
    with pytest.raises(rules.Stale):
        actions.revise(session, people.jola.actor, programme, replace(FULL, title="B"), now(), revision=1)
    assert programme.title == "A"


def test_strangers_change_and_publish_nothing(session, people, clock):
    programme = actions.draft(session, people.jola.actor, FULL, now())
    for who in (people.marek, people.olga, people.stefan):
        with pytest.raises(rules.NotYourProgramme):
            actions.revise(session, who.actor, programme, replace(FULL, title="Z"), now(), revision=1)
        with pytest.raises(rules.NotYourProgramme):
            actions.publish(session, who.actor, programme, now())
    assert (programme.title, programme.state) == (FULL.title, ProgrammeState.DRAFT)


def test_publish_opens_in_the_state_of_the_dates(session, people, clock):
    wanted = replace(FULL, recruiting_until=date(2026, 12, 11), how_to_join="Napisz do nas.")
    programme = actions.draft(session, people.jola.actor, wanted, now())
    assert actions.publish(session, people.jola.actor, programme, now()) is ProgrammeState.RECRUITING
    assert verbs(session)[-1] == ("programme.published", {"state": "recruiting"})
    with pytest.raises(rules.AlreadyPublished):
        actions.publish(session, people.jola.actor, programme, now())


def test_publish_refuses_an_incomplete_draft(session, people, clock):
    programme = actions.draft(session, people.jola.actor, replace(FULL, summary=""), now())
    with pytest.raises(rules.Incomplete):
        actions.publish(session, people.jola.actor, programme, now())
    assert programme.state is ProgrammeState.DRAFT


def test_a_published_programme_keeps_what_publication_needs(session, people, clock):
    jola = people.jola.actor
    programme = actions.draft(session, jola, FULL, now())
    actions.publish(session, jola, programme, now())
    with pytest.raises(rules.Incomplete):
        actions.revise(session, jola, programme, replace(FULL, target_group=""), now(), revision=2)
    done = replace(FULL, state=ProgrammeState.COMPLETED)
    assert actions.revise(session, jola, programme, done, now(), revision=2) == {"state"}
    assert programme.state is ProgrammeState.COMPLETED


def test_no_form_turns_a_programme_back_into_a_draft(session, people, clock):
    jola = people.jola.actor
    programme = actions.draft(session, jola, FULL, now())
    actions.publish(session, jola, programme, now())
    back = replace(FULL, state=ProgrammeState.DRAFT)
    assert actions.revise(session, jola, programme, back, now(), revision=2) == frozenset()
    assert programme.state is ProgrammeState.RUNNING
