"""Visit requests of an institution that is merged or succeeded: what is open goes on, what was said stays."""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from app.actors import Role
from app.clock import now
from app.succession import actions, queries
from app.succession.rules import Handover
from events.calendar.models import Event
from events.signups.models import SignUp
from events.visits import actions as visits
from events.visits import cases, links, rules
from events.visits.models import Act, Path, State, Visit, VisitOption, VisitRules
from partners.institutions.models import Kind
from tests.factories.institutions import make_institution
from tests.factories.persons import make_person
from tests.factories.rows import add
from tests.factories.visits import OTHERS, accept, make_visit, on_offer, request_of, steps_of, turn_of

pytestmark = pytest.mark.usefixtures("clock")
TODAY = date(2026, 11, 23)


@pytest.fixture(name="pair")
def _pair(session, people):
    """A centre and the one that takes its place, each with somebody who coordinates."""
    kind = {"synthetic": people.prison.synthetic}
    old = make_institution(session, "gops-lubsko", Kind.GOPS, "GOPS Lubsko", **kind)
    new = make_institution(session, "cus-lubsko", Kind.CUS, "CUS w Lubsku", **kind)
    return (
        make_person(session, "Iga Próbna", old, Role.COORDINATOR),
        make_person(session, "Ola Próbna", new, Role.COORDINATOR),
    )


def succeeded(session, people, pair):
    old, new = pair
    actions.succeed(session, people.olga.actor, old.institution_id, new.institution_id, Handover(TODAY), now())
    session.expire_all()


def test_the_successor_answers_what_the_old_institution_was_asked(session, people, pair):
    iga, ola = pair
    visit = make_visit(session, people, asked_id=iga.institution_id)
    visits.say(session, iga.actor, visit, "Sprawdzamy.", now())
    succeeded(session, people, pair)
    assert (visit.asked_id, visit.turn_of_id, visit.state) == (ola.institution_id, ola.institution_id, State.REQUESTED)
    visits.counter(session, ola.actor, visit, OTHERS, now(), turn=turn_of(visit))
    event = accept(session, people.ewa, visit)
    assert {one.institution_id for one in session.exec(select(SignUp))} == {ola.institution_id}
    assert event.organiser_id == people.prison.id
    assert [(one.act, one.institution_id) for one in steps_of(session, visit)] == [
        (Act.ASK, people.prison.id),
        (Act.SAY, iga.institution_id),
        (Act.COUNTER, ola.institution_id),
        (Act.ACCEPT, people.prison.id),
    ]


def test_what_the_old_institution_has_said_is_not_put_into_the_mouth_of_the_portal(session, people, pair):
    iga, _ola = pair
    visit = make_visit(session, people, asked_id=iga.institution_id)
    visits.say(session, iga.actor, visit, "Sprawdzamy.", now())
    succeeded(session, people, pair)
    case = cases.case(session, people.ewa.actor, visit.number, now())
    assert case is not None
    assert [one.institution for one in case.thread] == ["Zakład Karny w Kładkowie", "GOPS Lubsko"]
    assert case.asked.name == "CUS w Lubsku"
    facts = links.facts(session, visit)
    assert [facts.name(step.institution_id) for step in facts.steps] == ["Zakład Karny w Kładkowie", "GOPS Lubsko"]


def test_an_agreed_visit_that_is_to_come_passes_and_one_that_is_over_stays(session, people, pair, clock):
    iga, ola = pair
    coming = make_visit(session, people, asked_id=iga.institution_id)
    accept(session, iga, coming, 2)
    refused = make_visit(session, people, asked_id=iga.institution_id)
    visits.refuse(session, iga.actor, refused, "staff", now(), turn=turn_of(refused))
    succeeded(session, people, pair)
    assert (coming.asked_id, refused.asked_id) == (ola.institution_id, iga.institution_id)
    visits.move(session, ola.actor, coming, OTHERS, "staff", now())
    assert accept(session, people.ewa, coming) is session.get_one(Event, coming.event_id)
    assert not rules.may_read(ola.actor, refused)


def test_the_rooms_of_a_unit_that_is_succeeded_stay_on_hold_there(session, people):
    new = make_institution(session, "zk-nowe", people.prison.kind, "ZK Nowe", synthetic=people.prison.synthetic)
    visit = make_visit(session, people, Path.REQUEST)
    add(session, VisitRules, institution_id=people.prison.id, answer_days=9, changed_at=now())
    old_id = people.prison.id
    actions.succeed(session, people.olga.actor, old_id, new.id or 0, Handover(TODAY), now())
    session.expire_all()
    assert (visit.asked_id, visit.unit_id, visit.turn_of_id) == (new.id, new.id, new.id)
    assert {one.unit_id for one in on_offer(session, visit)} == {new.id}
    assert session.get_one(VisitRules, new.id).answer_days == 9


def test_nobody_answers_his_own_requests_after_a_merge(session, people, pair):
    iga, ola = pair
    wanted = request_of(people, Path.ASSISTANCE, asked_id=ola.institution_id)
    between = visits.ask(session, iga.actor, wanted, "1" * 36, now())
    other = make_visit(session, people, asked_id=iga.institution_id)
    seen = queries.plan(session, iga.institution_id, ola.institution_id).mark
    actions.merge(session, people.olga.actor, iga.institution_id, ola.institution_id, now(), seen=seen)
    session.expire_all()
    assert (between.state, between.turn_of_id, between.closed_at) == (State.WITHDRAWN, None, now())
    assert (between.asking_id, between.asked_id) == (ola.institution_id, ola.institution_id)
    last = steps_of(session, between)[-1]
    assert (last.act, last.institution_id, last.reason) == (Act.WITHDRAW, None, "settled")
    assert (other.asked_id, other.turn_of_id, other.state) == (
        ola.institution_id, ola.institution_id, State.REQUESTED,
    )  # fmt: skip
    accept(session, ola, other)


def test_a_merged_unit_takes_its_requests_along(session, people):
    copy = make_institution(session, "zk-kopia", people.prison.kind, "ZK Kopia", synthetic=people.prison.synthetic)
    person = make_person(session, "Iga Próbna", copy, Role.COORDINATOR)
    wanted = request_of(people, unit_id=copy.id, asked_id=people.mops.id)
    visit = visits.ask(session, person.actor, wanted, "2" * 36, now())
    actions.merge(session, people.olga.actor, copy.id or 0, people.prison.id or 0, now() + timedelta(hours=1))
    session.expire_all()
    found = session.exec(select(Visit)).one()
    assert (found.asking_id, found.unit_id, found.turn_of_id) == (people.prison.id, people.prison.id, people.mops.id)
    assert {one.unit_id for one in session.exec(select(VisitOption))} == {people.prison.id}
    assert [one.institution_id for one in steps_of(session, visit)] == [people.prison.id]
    visits.withdraw(session, people.ewa.actor, found, now(), turn=turn_of(found))
