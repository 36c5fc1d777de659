"""The list of programmes: what a filter finds and what stands beside it."""

import pytest

from app.actors import Actor
from projects.programmes import queries
from projects.programmes.models import ProgrammeKind, ProgrammePartner, ProgrammeState
from projects.programmes.queries import ListFilter
from tests.factories.programmes import make_programme


@pytest.fixture(name="shelf")
def _shelf(session, people):
    """Four programmes: recruiting, running, completed, and a draft of the NGO."""
    ngo = people.jola.institution_id
    made = {
        "krok": make_programme(session, "Krok", ngo, voivodeship_code="08"),
        "azyl": make_programme(
            session, "Azyl", ngo, kind=ProgrammeKind.HOMELESSNESS_SUPPORT, state=ProgrammeState.COMPLETED
        ),
        "zebra": make_programme(session, "Żebra", None, state=ProgrammeState.RECRUITING, voivodeship_code="14"),
        "szkic": make_programme(session, "Szkic", ngo, state=ProgrammeState.DRAFT),
    }
    session.add(
        ProgrammePartner(programme_id=made["krok"].id or 0, institution_id=people.marek.institution_id, part="sale")
    )
    session.flush()
    return made


def found(session, **wanted):
    return [row.title for row in queries.listed(session, ListFilter(**wanted), 1)]


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        ({}, ["Żebra", "Krok", "Azyl"]),
        ({"text": "kro"}, ["Krok"]),
        ({"text": "zebra"}, ["Żebra"]),
        ({"text": "!!"}, []),
        ({"kind": ProgrammeKind.HOMELESSNESS_SUPPORT}, ["Azyl"]),
        ({"state": ProgrammeState.RUNNING}, ["Krok"]),
        ({"voivodeship": "14"}, ["Żebra"]),
        ({"voivodeship": "14", "state": ProgrammeState.RUNNING}, []),
    ],
)
def test_filter_finds(session, shelf, wanted, titles):
    assert found(session, **wanted) == titles
    counts = queries.counts(session, ListFilter(**wanted))
    assert counts.total == len(titles)
    for kind in ProgrammeKind:
        assert counts.kinds.get(kind, 0) == len(found(session, **{**wanted, "kind": kind}))
    for state in (ProgrammeState.RECRUITING, ProgrammeState.RUNNING, ProgrammeState.COMPLETED):
        assert counts.states.get(state, 0) == len(found(session, **{**wanted, "state": state}))
    for code, _name, number in counts.voivodeships:
        assert number == len(found(session, **{**wanted, "voivodeship": code}))


def test_partners_are_counted_with_the_lead(session, shelf):
    assert {row.title: row.partners for row in queries.listed(session, ListFilter(), 1)} == {
        "Żebra": 0,
        "Krok": 2,
        "Azyl": 1,
    }


@pytest.mark.parametrize(
    ("who", "sees"), [("jola", True), ("marek", False), ("olga", False), ("wanda", False), ("", False)]
)
def test_a_draft_is_for_the_leads_coordinators(session, people, shelf, who, sees):
    viewer = getattr(people, who).actor if who else Actor.visitor()
    assert (queries.page(session, "szkic", viewer) is not None) is sees
    assert (queries.programme(session, "szkic", viewer) is not None) is sees
    assert [row.title for row in queries.drafts(session, viewer)] == (["Szkic"] if sees else [])


def test_page_names_lead_and_partners(session, people, shelf):
    page = queries.page(session, "krok", Actor.visitor())
    assert page is not None
    assert page.lead is not None
    assert page.lead.slug == "most"
    assert [(one.slug, one.part) for one in page.partners] == [("mops-kladkowo", "sale")]
    alone = queries.page(session, "zebra", Actor.visitor())
    assert alone is not None
    assert (alone.lead, alone.partners) == (None, ())


def test_an_institution_leads_and_takes_part(session, people, shelf):
    lead = queries.of_institution(session, people.jola.institution_id)
    assert [(row.title, part) for row, part in lead] == [("Krok", ""), ("Azyl", "")]
    partner = queries.of_institution(session, people.marek.institution_id)
    assert [(row.title, part) for row, part in partner] == [("Krok", "sale")]


def test_recent_leaves_out_drafts_and_completed_ones(session, shelf):
    assert [row.title for row in queries.recent(session, 5)] == ["Żebra", "Krok"]
