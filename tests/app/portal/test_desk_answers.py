"""What an institution is asked to agree to stands on the desk of its coordinators until it has answered."""

import pytest
from sqlmodel import Session

from app.clock import now
from events.calendar import parties
from events.calendar.models import Visibility
from tests.browser import Browser
from tests.factories.events import make_draft
from tests.factories.persons import People

ASKED = "Prośba o potwierdzenie udziału Twojej instytucji"


@pytest.mark.usefixtures("clock")
def test_the_question_leads_to_the_answer_and_goes_with_it(client: Browser, session: Session, people: People) -> None:
    draft = make_draft(session, people.ewa, co_organisers=(people.mops.id or 0,), visibility=Visibility.INVITED)
    assert ASKED not in client.sign_in(people.marek).see("/biurko").text
    parties.ask(session, people.ewa.actor, draft, now())
    page = client.see("/biurko")
    assert ASKED in page.text
    assert "Zakład Karny w Kładkowie" in page.text
    link = page.one("a", href=f"/wydarzenia/{draft.uuid}/uzgodnienia")
    assert "Wyślij odpowiedź" in client.see(link["href"]).text
    for other in (people.piotr, people.jola, people.ewa):
        assert ASKED not in client.sign_in(other).see("/biurko").text
    parties.answer(session, people.marek.actor, draft, now(), agrees=True)
    assert ASKED not in client.sign_in(people.marek).see("/biurko").text
