"""Drafts on the desk lead to the page where they are finished."""

import pytest
from sqlmodel import Session

from tests.browser import Browser
from tests.factories.events import make_draft
from tests.factories.persons import People


@pytest.mark.usefixtures("clock")
def test_a_draft_opens_from_the_desk(client: Browser, session: Session, people: People) -> None:
    event = make_draft(session, people.ewa, title="Szkic szkolenia")
    link = client.sign_in(people.ewa).see("/biurko").one("a", href=f"/wydarzenia/{event.uuid}/edycja")
    assert client.see(link["href"]).one("input", id="title")["value"] == "Szkic szkolenia"
