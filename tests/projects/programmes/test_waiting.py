"""What the desks of lead and partners say of projects that wait for a word."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from app.actors import Actor
from app.clock import now
from projects.programmes import actions, life, parties
from projects.programmes.models import ProgrammeState
from projects.programmes.waiting import Matter, Waiting, awaiting_others, waiting
from tests.factories.persons import People
from tests.projects.programmes.test_parties import draft, published

pytestmark = pytest.mark.usefixtures("clock")


def on_desk(session: Session, actor: Actor) -> tuple[list[Matter], list[Matter]]:
    return (
        [one.matter for one in waiting(session, actor, now())],
        [one.matter for one in awaiting_others(session, actor, now())],
    )


def test_draft_waits_for_its_partners_and_then_for_its_publication(session: Session, people: People) -> None:
    jola, ewa, marek = people.jola.actor, people.ewa.actor, people.marek.actor
    programme = draft(session, people)
    assert on_desk(session, jola) == ([], [])
    parties.ask(session, jola, programme, now())
    assert on_desk(session, jola) == ([], [Matter.ANSWERS])
    (one,) = awaiting_others(session, jola, now())
    assert (one.slug, one.number, one.whose, one.total) == (programme.slug, 2, people.mops.name, 1)
    assert on_desk(session, ewa) == ([Matter.ANSWER], [])
    (asked,) = waiting(session, ewa, now())
    assert (asked.whose, asked.again) == (people.ngo.name, False)
    parties.answer(session, ewa, programme, now(), agrees=True)
    parties.answer(session, marek, programme, now(), agrees=False, note="nie")
    assert on_desk(session, ewa) == ([], [])
    assert on_desk(session, jola) == ([Matter.PUBLICATION], [])
    actions.publish(session, jola, programme, now())
    assert on_desk(session, jola) == ([], [])


def test_requests_and_offers_stand_on_both_desks(session: Session, people: People) -> None:
    programme = published(session, people)
    jola, ewa, stefan = people.jola.actor, people.ewa.actor, people.stefan.actor
    parties.request(session, stefan, programme, "mieszkania", now())
    parties.offer_lead(session, jola, programme, people.ewa.institution_id, now())
    assert on_desk(session, jola) == ([Matter.REQUEST], [Matter.OWN_OFFER])
    assert on_desk(session, stefan) == ([], [Matter.OWN_REQUEST])
    assert on_desk(session, ewa) == ([Matter.OFFER], [])
    assert waiting(session, jola, now())[0].whose == people.stranger.name
    for nobody in (people.piotr, people.wanda, people.olga, people.zofia):
        assert on_desk(session, nobody.actor) == ([], [])
    life.archive(session, jola, programme, now())
    for person in (people.jola, people.ewa, people.stefan):
        assert on_desk(session, person.actor) == ([], [])


def test_completed_projects_wait_for_no_answer(session: Session, people: People) -> None:
    programme = draft(session, people)
    parties.ask(session, people.jola.actor, programme, now())
    programme.state = ProgrammeState.COMPLETED
    session.flush()
    assert on_desk(session, people.ewa.actor) == ([], [])
    assert on_desk(session, people.jola.actor) == ([], [])


@pytest.mark.parametrize("read", [waiting, awaiting_others])
def test_desk_asks_one_statement_and_counts_beyond_its_end(
    session: Session, people: People, query_count: Callable[[], Any], read: Callable[..., list[Waiting]]
) -> None:
    for _ in range(4):
        parties.ask(session, people.jola.actor, draft(session, people), now())
    who = people.ewa.actor if read is waiting else people.jola.actor
    with query_count() as asked:
        found = read(session, who, now(), 3)
    assert len(asked) == 1
    assert [one.total for one in found] == [4, 4, 4]
