"""Several at once: one invitation makes one person a member, and somebody always administers."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlmodel import Session, col, select

from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.clock import now
from app.db import Database
from app.errors import Refusal
from partners.people import actions
from partners.people.models import Invitation, Membership
from partners.people.rules import Wanted
from tests.factories.persons import People, make_people, make_person

pytestmark = pytest.mark.slow
NEW = "nowa@przyklad.example"


@pytest.fixture(name="database")
def _database(address: str) -> Iterator[Database]:
    database = Database(address)
    yield database
    database.dispose()


def at_once(database: Database, acts: Sequence[Callable[[Session], object]]) -> Counter[str]:
    """Run each act in a thread and a unit of work of its own, as requests do; count how they ended."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[Session], object]) -> str:
        with closing(database.session(writes=True)) as session:
            start.wait()
            try:
                made = act(session)
            except Refusal as refusal:
                return type(refusal).__name__
            session.commit()
            return "nothing" if made is None else "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(run, acts))


def world(database: Database) -> People:
    with closing(database.session(writes=True)) as session:
        people = make_people(session)
        session.commit()
        return people


def invited(database: Database, people: People, place: int, email: str = NEW) -> int:
    with closing(database.session(writes=True)) as session:
        invitation, _secret = actions.invite(session, people.olga.actor, place, Wanted(email=email), now())
        session.commit()
        return invitation.id or 0


def joining(invitation_id: int) -> Callable[[Session], object]:
    return lambda session: actions.accept_as_new(
        session, session.get_one(Invitation, invitation_id), "Maria Próbna", "x", "pl", now()
    )


def test_one_invitation_makes_one_account(database):
    people = world(database)
    invitation = invited(database, people, people.prison.id or 0)
    assert at_once(database, [joining(invitation)] * 8) == {"done": 1, "InvitationOver": 7}


def test_two_institutions_that_invite_one_address_make_one_account(database):
    people = world(database)
    both = [invited(database, people, place.id or 0) for place in (people.prison, people.mops)]
    assert at_once(database, [joining(one) for one in both]) == {"done": 1, "nothing": 1}
    with database.session(writes=False) as session:
        assert len(session.exec(select(UserAccount).where(UserAccount.email == NEW)).all()) == 1


def test_two_invitations_of_one_institution_make_one_membership(database):
    people = world(database)
    prison = people.prison.id or 0
    both = [invited(database, people, prison, email) for email in (NEW, "inna@przyklad.example")]
    acts = [
        lambda session, one=one: actions.accept(session, people.marek.actor, session.get_one(Invitation, one), now())
        for one in both
    ]
    assert at_once(database, acts) == {"done": 1, "AlreadyYours": 1}


def test_two_administrators_who_end_each_other_leave_one(database):
    people = world(database)
    with closing(database.session(writes=True)) as session:
        other = make_person(session, "Bogdan Wzorcowy", people.prison, Role.ADMIN)
        session.commit()

    def ending(who: Actor, whom: int) -> Callable[[Session], object]:
        def act(session: Session) -> str:
            of_him = select(Membership).where(Membership.user_id == whom, col(Membership.ended_at).is_(None))
            actions.end(session, who, session.exec(of_him).one(), now())
            return "ended"

        return act

    acts = [ending(people.adam.actor, other.user_id), ending(other.actor, people.adam.user_id)]
    ended = at_once(database, acts)
    assert ended["done"] == 1
    assert ended["LastAdmin"] == 1
