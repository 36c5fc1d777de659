"""One programme, the drafts of an institution, the programmes that it leads or takes part in."""

from datetime import date

import pytest

from app.actors import Actor
from projects.programmes import pages, queries
from projects.programmes.models import PartnerAnswer, ProgrammeKind, ProgrammePartner, ProgrammeState
from tests.factories.programmes import make_programme

TODAY = date(2026, 11, 23)


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
        ProgrammePartner(
            programme_id=made["krok"].id or 0,
            institution_id=people.marek.institution_id,
            part="sale",
            agreed_part="sale",
            answer=PartnerAnswer.CONFIRMED,
        )
    )
    session.flush()
    return made


@pytest.mark.parametrize(
    ("who", "sees"), [("jola", True), ("marek", False), ("olga", False), ("wanda", False), ("", False)]
)
def test_a_draft_is_for_the_leads_coordinators(session, people, shelf, who, sees):
    viewer = getattr(people, who).actor if who else Actor.visitor()
    assert (pages.page(session, "szkic", viewer, TODAY) is not None) is sees
    assert (queries.programme(session, "szkic", viewer) is not None) is sees
    assert [row.title for row in queries.drafts(session, viewer)] == (["Szkic"] if sees else [])


def test_page_names_lead_and_partners(session, people, shelf):
    page = pages.page(session, "krok", Actor.visitor(), TODAY)
    assert page is not None
    assert page.lead is not None
    assert page.lead.slug == "most"
    assert [(one.slug, one.part) for one in page.partners] == [("mops-kladkowo", "sale")]
    alone = pages.page(session, "zebra", Actor.visitor(), TODAY)
    assert alone is not None
    assert (alone.lead, alone.partners) == (None, ())


def test_an_institution_leads_and_takes_part(session, people, shelf):
    lead = queries.of_institution(session, people.jola.institution_id, TODAY)
    assert [(row.title, part) for row, part in lead] == [("Krok", None), ("Azyl", None)]
    partner = queries.of_institution(session, people.marek.institution_id, TODAY)
    assert [(row.title, part) for row, part in partner] == [("Krok", "sale")]
