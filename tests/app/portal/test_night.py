"""What the night does out of several rooms: texts that name an institution follow its card."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session
from time_machine import Traveller

from app.clock import now
from app.portal import nightly
from partners.cards import actions as cards
from partners.cards import queries
from partners.institutions.rules import edition
from tests.browser import Browser
from tests.factories.events import make_event
from tests.factories.persons import People
from tests.factories.programmes import make_programme

pytestmark = pytest.mark.usefixtures("clock")


def revise(session: Session, people: People, **changes: str) -> None:
    before = queries.saved(session, people.prison)
    wanted = replace(before, **changes)  # type: ignore[arg-type]
    cards.revise(session, people.adam.actor, people.prison, wanted, now(), edition=edition(before))


def test_calendar_texts_and_projects_follow_a_renamed_institution(
    client: Browser, session: Session, people: People, clock: Traveller
) -> None:
    make_event(session, people.ewa, place="", place_institution_id=people.prison.id)
    programme = make_programme(session, "Projekt", people.prison.id)
    before = client.get("/kanaly/publiczny.ics")
    assert "Zakład Karny w Kładkowie" in before.text
    assert nightly.follow_cards(session, now()) == 0
    clock.shift(timedelta(hours=1))
    revise(session, people, name="Zakład Karny w Łęgu", street="ul. Nowa 1")
    clock.shift(timedelta(hours=12))
    assert nightly.follow_cards(session, now()) == 2
    after = client.get("/kanaly/publiczny.ics", headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert "Zakład Karny w Łęgu" in after.text
    assert "ul. Nowa 1" in after.text.replace("\r\n ", "")
    assert "Kładkowie" not in after.text
    assert " legu" in programme.search_text
    etag = client.get("/kanaly/publiczny.ics").headers["ETag"]
    nightly.follow_cards(session, now())
    assert client.get("/kanaly/publiczny.ics").headers["ETag"] == etag


def test_what_no_text_names_moves_nothing(session: Session, people: People) -> None:
    revise(session, people, phone="68 000 00 99")
    assert queries.renamed(session, now() - nightly.CHANGED_SINCE) == []
