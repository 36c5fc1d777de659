"""Several people act on the partners of one programme at once: one wins, the others read why, all stays right."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import pytest
from sqlmodel import Session, col, select

from app.actors import Role
from app.clock import now
from app.db import Database
from app.errors import Refusal
from app.outbox.models import OutboxMail
from projects.programmes import actions, parties, protocol, queries, rules
from projects.programmes.models import PartnerAnswer, Programme, ProgrammeKind, ProgrammePartner, ProgrammeState
from projects.programmes.rules import PartnerPart, ProgrammeDraft
from tests.at_once import at_once
from tests.factories.persons import People, Person, make_people, make_person

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("clock")]
ROUNDS = 4
Work = Callable[[Session, Programme], object]


@dataclass
class House:
    """An NGO with two coordinators, the prison with two, and a programme for each round."""

    database: Database
    people: People
    julia: Person

    def begin(self, *, published: bool = True) -> int:
        """Make a programme of the NGO with the prison; give its key."""
        people = self.people
        with closing(self.database.session(writes=True)) as session:
            wanted = ProgrammeDraft(
                title="Warsztaty",
                kind=ProgrammeKind.WORKSHOP,
                summary="Spotkania.",
                target_group="osoby przed zwolnieniem",
                voivodeship_code="08",
                starts_on=date(2026, 12, 1),
                partners=(PartnerPart(people.ewa.institution_id, "sale"),),
            )
            programme = actions.draft(session, people.jola.actor, wanted, now())
            parties.ask(session, people.jola.actor, programme, now())
            if published:
                parties.answer(session, people.ewa.actor, programme, now(), agrees=True)
                actions.publish(session, people.jola.actor, programme, now())
            session.commit()
            return programme.id or 0

    def act(self, programme_id: int, work: Work) -> Callable[[], None]:
        """Give something to do to a programme in a unit of work of its own."""

        def do() -> None:
            with closing(self.database.session(writes=True)) as session:
                work(session, session.get_one(Programme, programme_id))
                session.commit()

        return do

    def rows(self, programme_id: int) -> dict[int, ProgrammePartner]:
        with self.database.session(writes=False) as session:
            statement = select(ProgrammePartner).where(ProgrammePartner.programme_id == programme_id)
            found = {row.institution_id: row for row in session.exec(statement)}
        for row in found.values():  # who takes part has agreed, and nobody else stands with agreed words
            agrees = row.answer in (PartnerAnswer.CONFIRMED, PartnerAnswer.OUTSIDE)
            assert agrees <= (row.agreed_part is not None)
            assert (row.answer in (PartnerAnswer.DECLINED, PartnerAnswer.LEFT)) <= (row.agreed_part is None)
        return found

    def programme(self, programme_id: int) -> Programme:
        with self.database.session(writes=False) as session:
            return session.get_one(Programme, programme_id)

    def mails(self, template: str) -> int:
        with self.database.session(writes=False) as session:
            statement = select(OutboxMail).where(col(OutboxMail.template) == f"projects/programmes/{template}")
            return len(session.exec(statement).all())


@pytest.fixture(name="house")
def _house(address: str) -> Iterator[House]:
    database = Database(address)
    with database.session(writes=True) as session:
        people = make_people(session)
        julia = make_person(session, "Julia Próbna", people.ngo, Role.COORDINATOR)
        session.commit()
    yield House(database, people, julia)
    database.dispose()


def refusals(told: list[BaseException | None]) -> list[type[BaseException]]:
    assert all(one is None or isinstance(one, Refusal) for one in told), told
    return [type(one) for one in told if one is not None]


def test_publication_and_a_decline_never_leave_an_unasked_partner(house: House) -> None:
    people = house.people
    for _ in range(ROUNDS):
        key = house.begin(published=False)
        told = at_once([
            house.act(key, lambda s, p: actions.publish(s, people.jola.actor, p, now())),
            house.act(key, lambda s, p: parties.answer(s, people.ewa.actor, p, now(), agrees=False, note="nie")),
            house.act(key, lambda s, p: parties.answer(s, people.adam.actor, p, now(), agrees=True)),
        ])  # fmt: skip
        refusals(told)
        row = house.rows(key)[people.ewa.institution_id]
        if house.programme(key).state is not ProgrammeState.DRAFT:
            assert row.answer in (PartnerAnswer.CONFIRMED, PartnerAnswer.DECLINED)


def test_a_request_made_twice_is_one_and_is_decided_once(house: House) -> None:
    people = house.people
    there = people.marek.institution_id
    accept = partial(parties.decide, institution_id=there, now=now(), accepts=True)
    refuse = partial(parties.decide, institution_id=there, now=now(), accepts=False, reason="area")
    for number in range(ROUNDS):
        key = house.begin()
        ask = house.act(key, lambda s, p: parties.request(s, people.marek.actor, p, "praca socjalna", now()))
        assert refusals(at_once([ask] * 3)) == [protocol.AlreadyRequested] * 2
        assert house.mails("requested") == 2 * (number + 1)  # both coordinators of the lead, once
        told = at_once([
            house.act(key, lambda s, p: accept(s, people.jola.actor, p)),
            house.act(key, lambda s, p: refuse(s, house.julia.actor, p)),
            house.act(key, lambda s, p: parties.leave(s, people.marek.actor, p, "jednak nie", now())),
        ])  # fmt: skip
        refusals(told)
        row = house.rows(key).get(there)
        assert row is None or row.answer in (PartnerAnswer.CONFIRMED, PartnerAnswer.REFUSED, PartnerAnswer.LEFT)


def test_the_lead_is_taken_once_and_nobody_leads_and_partners(house: House) -> None:
    people = house.people
    prison, ngo = people.ewa.institution_id, people.jola.institution_id
    for _ in range(ROUNDS):
        key = house.begin()
        house.act(key, lambda s, p: parties.offer_lead(s, people.jola.actor, p, prison, now()))()
        told = at_once([
            house.act(key, lambda s, p: parties.take_lead(s, people.ewa.actor, p, now())),
            house.act(key, lambda s, p: parties.take_lead(s, people.adam.actor, p, now())),
            house.act(key, lambda s, p: parties.take_back_offer(s, people.jola.actor, p, now())),
            house.act(key, lambda s, p: parties.leave(s, people.adam.actor, p, "remont", now())),
        ])  # fmt: skip
        refusals(told)
        assert sum(one is None for one in told[:2]) <= 1
        programme, rows = house.programme(key), house.rows(key)
        assert programme.offered_to_id is None
        assert programme.lead_id not in rows
        assert programme.lead_id == (prison if None in told[:2] else ngo)


def test_a_form_saved_beside_an_acceptance_loses_no_partner(house: House) -> None:
    people = house.people
    there = people.marek.institution_id
    for _ in range(ROUNDS):
        key = house.begin()
        house.act(key, lambda s, p: parties.request(s, people.marek.actor, p, "praca socjalna", now()))()
        with house.database.session(writes=False) as session:
            opened = session.get_one(Programme, key)
            revision, parts = opened.revision, queries.parts(session, key)
        wanted = ProgrammeDraft(
            title="Warsztaty dla dwudziestu osób",
            kind=ProgrammeKind.WORKSHOP,
            summary="Spotkania.",
            target_group="osoby przed zwolnieniem",
            voivodeship_code="08",
            starts_on=date(2026, 12, 1),
            partners=tuple(replace(one, part="sale i opieka") for one in parts),
        )

        def save(session: Session, programme: Programme, wanted: ProgrammeDraft = wanted, old: int = revision) -> None:
            actions.revise(session, people.jola.actor, programme, wanted, now(), revision=old)

        told = at_once([
            house.act(key, save),
            house.act(key, lambda s, p: parties.decide(s, house.julia.actor, p, there, now(), accepts=True)),
        ])  # fmt: skip
        assert refusals(told) in ([], [rules.Stale])
        row = house.rows(key)[there]
        assert (row.answer, row.agreed_part) == (PartnerAnswer.CONFIRMED, "praca socjalna")


def test_an_answer_is_never_given_to_words_that_were_not_read(house: House) -> None:
    people = house.people
    prison = people.ewa.institution_id
    for _ in range(ROUNDS):
        key = house.begin(published=False)
        with house.database.session(writes=False) as session:
            revision = session.get_one(Programme, key).revision
        wanted = ProgrammeDraft(
            title="Warsztaty", kind=ProgrammeKind.WORKSHOP, partners=(PartnerPart(prison, "sale i 5 osób"),)
        )

        def save(session: Session, programme: Programme, wanted: ProgrammeDraft = wanted, old: int = revision) -> None:
            actions.revise(session, people.jola.actor, programme, wanted, now(), revision=old)

        told = at_once([
            house.act(key, save),
            house.act(key, lambda s, p: parties.answer(s, people.ewa.actor, p, now(), agrees=True, part="sale")),
        ])  # fmt: skip
        assert refusals(told) in ([], [protocol.PartChanged])
        row = house.rows(key)[prison]
        assert row.part == "sale i 5 osób"
        assert row.answer is PartnerAnswer.ASKED
        assert row.agreed_part in (None, "sale")
