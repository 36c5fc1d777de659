"""Verbs of visit requests: what each step writes, who may take it, and what is told of it."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlmodel import col, select

from app.actors import Actor, Role
from app.audit.models import AuditLine
from app.clock import now
from app.errors import Refusal
from events.calendar import actions as calendar
from events.calendar import queries as calendar_queries
from events.calendar.models import Answer, Consent, Event, EventKind, EventParty, Occurrence, Part, Visibility
from events.calendar.models import State as EventState
from events.changes import actions as changes
from events.gate.models import Entry
from events.signups.models import SignUp
from events.signups.rules import Person as Guest
from events.signups.rules import Wanted
from events.visits import actions, checks, links, meeting, rules
from events.visits.models import Act, OptionState, Path, State, Visit, VisitOption, VisitRules
from partners.institutions.models import Kind
from tests.factories.institutions import make_institution
from tests.factories.rows import add
from tests.factories.visits import (
    OTHERS,
    THREE,
    accept,
    agreed_visit,
    date_on,
    make_visit,
    on_offer,
    request_of,
    steps_of,
    turn_of,
)

pytestmark = pytest.mark.usefixtures("clock")


def acts(session, visit):
    return [one.act for one in steps_of(session, visit)]


# --- asking


def test_an_invitation_waits_for_the_centre_with_its_dates_on_hold(session, people):
    visit = make_visit(session, people, message="Prosimy o wystąpienie.")
    assert visit.number == "W-2026-001"
    assert (visit.state, visit.turn_of_id, visit.round, visit.turns) == (State.REQUESTED, people.mops.id, 1, 1)
    (step,) = steps_of(session, visit)
    assert (step.act, step.institution_id, step.to_id, step.user_id, step.by_link, step.message, step.waited_days) == (
        Act.ASK, people.prison.id, people.mops.id, people.ewa.user_id, False, "Prosimy o wystąpienie.", None,
    )  # fmt: skip
    assert visit.open_step_id == step.id
    assert [(one.position, one.step_id, one.unit_id) for one in on_offer(session, visit)] == [
        (number, step.id, people.prison.id) for number in range(3)
    ]
    # Three working days from Monday, 23 November; half of them, rounded up; twice as many.
    assert (visit.nudge_on, visit.answer_by, visit.expires_on) == (
        date(2026, 11, 25), date(2026, 11, 26), date(2026, 12, 1),
    )  # fmt: skip


def test_the_days_are_those_of_the_side_that_answers_and_end_with_the_last_date(session, people):
    add(session, VisitRules, institution_id=people.mops.id, answer_days=10, changed_at=now())
    visit = make_visit(session, people, options=(date_on(-5),))
    assert (visit.nudge_on, visit.answer_by, visit.expires_on) == (
        date(2026, 11, 30), date(2026, 12, 3), date(2026, 12, 3),
    )  # fmt: skip
    actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn_of(visit))
    assert (visit.turn_of_id, visit.answer_by, visit.expires_on) == (
        people.prison.id, date(2026, 11, 26), date(2026, 12, 1),
    )  # fmt: skip


def test_numbers_go_on_and_begin_anew_each_year(session, people, clock):
    assert [make_visit(session, people).number for _ in range(2)] == ["W-2026-001", "W-2026-002"]
    clock.shift(timedelta(days=60))
    assert make_visit(session, people, options=(date_on(70),)).number == "W-2027-001"


def test_a_form_posted_twice_asks_once(session, people):
    key = str(uuid4())
    first = actions.ask(session, people.ewa.actor, request_of(people), key, now())
    assert actions.ask(session, people.ewa.actor, request_of(people), key, now()) is first
    assert len(session.exec(select(Visit)).all()) == 1
    with pytest.raises(Refusal):
        actions.ask(session, people.marek.actor, request_of(people, Path.REQUEST), key, now())


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"options": ()}, rules.DatesMissing),
        ({"options": (*THREE, date_on(3))}, rules.DatesMissing),
        ({"options": (date_on(), date_on())}, rules.SameDates),
        ({"subject": "  "}, rules.SubjectMissing),
        ({"visitors": 0}, rules.WrongNumber),
        ({"visitors": 51}, rules.WrongNumber),
        ({"participants": 0}, rules.WrongNumber),
        ({"message": "x" * 2001}, rules.TooLong),
    ],
)
def test_what_nobody_could_answer_is_not_sent(session, people, changes, refusal):
    with pytest.raises(refusal):
        make_visit(session, people, **changes)
    assert session.exec(select(Visit)).all() == []


def test_only_coordinators_ask_and_only_where_a_path_leads(session, people):
    ask = lambda person, **changes: actions.ask(  # noqa: E731
        session, person.actor, request_of(people, **changes), str(uuid4()), now()
    )
    with pytest.raises(rules.NotYourVisit):
        ask(people.piotr, path=Path.REQUEST)
    with pytest.raises(rules.WrongSides):  # an invitation by somebody who is not the unit
        ask(people.marek, asked_id=people.ngo.id)
    with pytest.raises(rules.WrongSides):  # a request to somebody who is not the unit
        ask(people.marek, path=Path.REQUEST, asked_id=people.ngo.id)
    with pytest.raises(rules.WrongSides):  # help is asked of a welfare centre
        ask(people.marek, path=Path.ASSISTANCE, asked_id=people.ngo.id)
    with pytest.raises(rules.WrongSides):  # nobody invites himself
        ask(people.ewa, asked_id=people.prison.id)
    with pytest.raises(rules.WrongSides):  # where meetings take place is a prison unit
        ask(people.marek, unit_id=people.mops.id, asked_id=people.ngo.id)


def test_sample_data_and_facts_never_write_to_each_other(session, people):
    people.mops.synthetic = not people.prison.synthetic
    session.flush()
    with pytest.raises(rules.OtherLayer):
        make_visit(session, people)


def test_an_institution_that_nobody_can_reach_is_not_asked(session, people):
    centre = make_institution(session, "OPS Cicha", Kind.OPS, synthetic=people.prison.synthetic)
    with pytest.raises(rules.NobodyToAnswer):
        make_visit(session, people, asked_id=centre.id)
    visit = make_visit(session, people, asked_id=centre.id, reply_email="Ops@Cicha.example")
    assert visit.reply_email == "ops@cicha.example"


# --- accepting


def test_an_accepted_invitation_is_an_event_with_an_entry_list(session, people):
    visit = make_visit(session, people, slot_minutes=30, slot_persons=2)
    turn = turn_of(visit)
    event = accept(session, people.marek, visit, 1, message="Przyjedziemy we dwoje.")
    assert (visit.state, visit.event_id, visit.turn_of_id, visit.open_step_id, visit.expires_on) == (
        State.ACCEPTED, event.id, None, None, None,
    )  # fmt: skip
    assert (event.title, event.kind, event.state, event.visibility, event.organiser_id, event.place_institution_id) == (
        "Świadczenia po wyjściu", EventKind.GROUP_MEETING, EventState.PUBLISHED, Visibility.INVITED,
        people.prison.id, people.prison.id,
    )  # fmt: skip
    assert (event.local_start, event.minutes, event.consent) == (THREE[1].starts, 120, Consent.PENDING)
    assert (event.slot_minutes, event.slot_persons, event.topics) == (30, 2, ["świadczenia"])
    (party,) = session.exec(select(EventParty).where(EventParty.event_id == event.id)).all()
    assert (party.institution_id, party.part, party.answer) == (people.mops.id, Part.CO_ORGANISER, Answer.CONFIRMED)
    places = session.exec(select(SignUp)).all()
    assert [(one.institution_id, one.person) for one in places] == [(people.mops.id, "")] * 2
    assert len(session.exec(select(Entry)).all()) == 2
    states = [one.state for one in session.exec(select(VisitOption).order_by(col(VisitOption.position)))]
    assert states == [OptionState.LAPSED, OptionState.ACCEPTED, OptionState.LAPSED]
    last = steps_of(session, visit)[-1]
    assert (last.act, last.message, last.waited_days) == (Act.ACCEPT, "Przyjedziemy we dwoje.", 0)
    # The same form once more: nothing more happens.
    again = actions.accept(
        session, people.marek.actor, visit, on_step(session, turn)[1].id, now(), turn=turn,
        message="Przyjedziemy we dwoje.",
    )  # fmt: skip
    assert again is event
    assert acts(session, visit) == [Act.ASK, Act.ACCEPT]
    assert len(session.exec(select(Event)).all()) == 1


def on_step(session, step_id):
    statement = select(VisitOption).where(VisitOption.step_id == step_id).order_by(col(VisitOption.position))
    return list(session.exec(statement))


def test_the_prison_that_accepts_a_request_is_host_and_the_guests_are_on_its_list(session, people):
    visit = make_visit(session, people, Path.REQUEST)
    event = accept(session, people.ewa, visit)
    assert (event.organiser_id, event.place_institution_id, event.consent) == (
        people.mops.id, people.prison.id, Consent.PENDING,
    )  # fmt: skip
    (party,) = session.exec(select(EventParty).where(EventParty.event_id == event.id)).all()
    assert (party.institution_id, party.part, party.answer, party.answered_by) == (
        people.prison.id, Part.CO_ORGANISER, Answer.CONFIRMED, people.ewa.user_id,
    )  # fmt: skip
    assert [one.institution_id for one in session.exec(select(SignUp))] == [people.mops.id] * 2
    assert len(session.exec(select(Entry)).all()) == 2


def test_who_comes_can_be_named_at_once(session, people):
    visit = make_visit(session, people)
    guest = Guest("Anna Przykładowa", "anna@mops.example", "pracownik socjalny")
    accept(session, people.marek, visit, people=Wanted(people=(guest,)))
    assert [(one.person, one.email) for one in session.exec(select(SignUp).order_by(col(SignUp.queue_no)))] == [
        ("Anna Przykładowa", "anna@mops.example"),
        ("", ""),
    ]


def test_a_centre_asked_for_help_organises_and_the_unit_is_asked(session, people):
    visit = actions.ask(
        session, people.marek.actor, request_of(people, Path.ASSISTANCE, asked_id=people.stranger.id),
        str(uuid4()), now(),
    )  # fmt: skip
    event = accept(session, people.stefan, visit)
    assert (event.state, event.organiser_id, event.place_institution_id) == (
        EventState.DRAFT, people.stranger.id, people.prison.id,
    )  # fmt: skip
    parties = {
        one.institution_id: (one.part, one.answer)
        for one in session.exec(select(EventParty).where(EventParty.event_id == event.id))
    }
    assert parties == {
        people.mops.id: (Part.CO_ORGANISER, Answer.CONFIRMED),
        people.prison.id: (Part.HOST, Answer.ASKED),
    }
    assert session.exec(select(SignUp)).all() == []
    actions.cancel(session, people.marek.actor, visit, "settled", now())
    assert (visit.state, visit.event_id, visit.closed_at) == (State.ACCEPTED, None, now())
    assert session.exec(select(Event)).all() == []


def test_only_a_date_on_offer_can_be_accepted(session, people):
    visit, other = make_visit(session, people), make_visit(session, people, options=(date_on(3),))
    (foreign,) = on_offer(session, other)
    lapsed = on_offer(session, visit)[0]
    with pytest.raises(rules.NoSuchOption):
        actions.accept(session, people.marek.actor, visit, foreign.id or 0, now(), turn=turn_of(visit))
    actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn_of(visit))
    with pytest.raises(rules.NoSuchOption):
        actions.accept(session, people.ewa.actor, visit, lapsed.id or 0, now(), turn=turn_of(visit))


def test_dates_are_checked_whoever_offers_them_and_whenever(session, people):
    passed, soon = date_on(-20), date_on(-14)  # 18 November is over, 24 November is tomorrow
    for options, refusal in (((date_on(), passed), checks.Passed), ((soon,), checks.TooSoon)):
        with pytest.raises(refusal):
            make_visit(session, people, options=options)
        visit = make_visit(session, people)
        with pytest.raises(refusal):
            actions.counter(session, people.marek.actor, visit, options, now(), turn=turn_of(visit))
        accept(session, people.marek, visit)
        with pytest.raises(refusal):
            actions.move(session, people.ewa.actor, visit, options, "room", now())
        assert acts(session, visit) == [Act.ASK, Act.ACCEPT]


def test_what_has_passed_meanwhile_is_not_accepted(session, people, clock):
    visit = make_visit(session, people, options=(date_on(-1), date_on(2)))
    clock.move_to(now().replace(month=12, day=7, hour=12))
    with pytest.raises(Refusal):
        accept(session, people.marek, visit, 0)
    assert accept(session, people.marek, visit, 1).local_start == date_on(2).starts


# --- turns


def test_turns_alternate_and_after_six_offers_it_is_yes_or_no(session, people):
    visit = make_visit(session, people)
    sides = [people.marek, people.ewa]
    for number in range(5):
        days = 7 + number
        actions.counter(session, sides[number % 2].actor, visit, (date_on(days),), now(), turn=turn_of(visit))
        assert (visit.state, visit.turns) == (State.COUNTERED, number + 2)
    with pytest.raises(rules.NotYourTurn):
        actions.counter(session, people.marek.actor, visit, THREE, now(), turn=turn_of(visit))
    with pytest.raises(rules.NoMoreOffers):
        actions.counter(session, people.ewa.actor, visit, THREE, now(), turn=turn_of(visit))
    assert rules.choices(people.ewa.actor, visit, None) == {Act.ACCEPT, Act.WITHDRAW, Act.SAY}
    assert rules.choices(people.marek.actor, visit, None) == {Act.REFUSE, Act.SAY}
    accept(session, people.ewa, visit)
    assert acts(session, visit) == [Act.ASK, *[Act.COUNTER] * 5, Act.ACCEPT]


def test_a_counter_offer_replaces_the_dates(session, people):
    visit = make_visit(session, people)
    first = on_offer(session, visit)
    actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn_of(visit), message="Wtorki odpadają.")
    assert [one.state for one in first] == [OptionState.LAPSED] * 3
    assert [meeting.option_of(one) for one in on_offer(session, visit)] == list(OTHERS)
    assert (visit.turn_of_id, steps_of(session, visit)[-1].message) == (people.prison.id, "Wtorki odpadają.")


def test_the_proposer_takes_back_and_the_other_side_refuses_at_any_time(session, people):
    visit = make_visit(session, people)
    with pytest.raises(rules.NotYoursToRefuse):
        actions.refuse(session, people.ewa.actor, visit, "room", now(), turn=turn_of(visit))
    with pytest.raises(rules.NotYoursToWithdraw):
        actions.withdraw(session, people.marek.actor, visit, now(), turn=turn_of(visit))
    actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn_of(visit))
    # Not their turn any more, and yet they may end it.
    actions.refuse(session, people.marek.actor, visit, "staff", now(), turn=turn_of(visit))
    assert (visit.state, visit.closed_at, visit.turn_of_id) == (State.REFUSED, now(), None)
    assert on_offer(session, visit) == []
    other = make_visit(session, people)
    actions.withdraw(session, people.ewa.actor, other, now(), turn=turn_of(other))
    assert (other.state, steps_of(session, other)[-1].reason) == (State.WITHDRAWN, "")


@pytest.mark.parametrize(
    ("person", "act", "code", "note", "refusal"),
    [
        ("marek", Act.REFUSE, "", "", rules.UnknownReason),
        ("marek", Act.REFUSE, "room", "", rules.UnknownReason),  # the room is the unit's matter
        ("marek", Act.REFUSE, "illness", "", rules.UnknownReason),  # a reason for calling off
        ("marek", Act.REFUSE, "other", " ", rules.NoteNeeded),
        ("marek", Act.REFUSE, "staff", "", None),
        ("marek", Act.REFUSE, "other", "Remont.", None),
        ("ewa", Act.REFUSE, "room", "", None),
        ("ewa", Act.REFUSE, "staff", "", rules.UnknownReason),
    ],
)
def test_reasons_fit_the_act_and_the_side(session, people, person, act, code, note, refusal):
    path = Path.INVITATION if person == "marek" else Path.REQUEST
    visit = make_visit(session, people, path)
    actor = getattr(people, person).actor
    refuse = lambda: actions.refuse(session, actor, visit, code, now(), turn=turn_of(visit), message=note)  # noqa: E731
    if refusal is None:
        refuse()
        assert (visit.state, steps_of(session, visit)[-1].reason) == (State.REFUSED, code)
    else:
        with pytest.raises(refusal):
            refuse()
        assert visit.state is State.REQUESTED


def test_nobody_else_does_anything(session, people):
    visit = make_visit(session, people)
    strangers = [
        people.piotr.actor, people.stefan.actor, people.zofia.actor, people.wanda.actor, people.olga.actor,
        Actor.visitor(), replace(people.marek.actor, admitted=False),
    ]  # fmt: skip
    for actor in strangers:
        assert rules.choices(actor, visit, None) == frozenset()
        for act in (
            lambda actor=actor: accept(session, actor, visit),
            lambda actor=actor: actions.counter(session, actor, visit, OTHERS, now(), turn=turn_of(visit)),
            lambda actor=actor: actions.refuse(session, actor, visit, "other", now(), turn=turn_of(visit), message="x"),
            lambda actor=actor: actions.withdraw(session, actor, visit, now(), turn=turn_of(visit)),
            lambda actor=actor: actions.move(session, actor, visit, OTHERS, "other", now(), message="x"),
            lambda actor=actor: actions.cancel(session, actor, visit, "other", now(), message="x"),
            lambda actor=actor: actions.say(session, actor, visit, "Dzień dobry", now()),
        ):
            with pytest.raises(rules.NotYourVisit):
                act()
    assert acts(session, visit) == [Act.ASK]


def test_the_people_of_both_sides_read_and_nobody_else(session, people):
    visit = make_visit(session, people)
    assert [rules.may_read(getattr(people, name).actor, visit) for name in ("ewa", "marek", "piotr")] == [True] * 3
    assert not any(
        rules.may_read(getattr(people, name).actor, visit) for name in ("jola", "stefan", "zofia", "wanda", "olga")
    )


def test_an_answer_to_what_was_replaced_says_what_happened_meanwhile(session, people):
    visit = make_visit(session, people)
    stale, option = turn_of(visit), on_offer(session, visit)[0]
    actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=stale)
    with pytest.raises(rules.Meanwhile) as found:
        actions.accept(session, people.marek.actor, visit, option.id or 0, now(), turn=stale)
    assert found.value.message == rules.MEANWHILE[Act.COUNTER]
    assert found.value.params == {"who": people.mops.name}
    actions.withdraw(session, people.ewa.actor, visit, now(), turn=turn_of(visit))
    with pytest.raises(rules.Meanwhile) as found:
        actions.accept(session, people.marek.actor, visit, option.id or 0, now(), turn=stale)
    assert (found.value.message, found.value.params) == (rules.MEANWHILE[Act.WITHDRAW], {"who": people.prison.name})


@pytest.mark.parametrize("act", ["counter", "refuse", "withdraw"])
def test_the_same_answer_twice_counts_once(session, people, act):
    visit = make_visit(session, people)
    turn = turn_of(visit)
    for _ in range(2):
        if act == "counter":
            actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn, message="Inaczej.")
        elif act == "refuse":
            actions.refuse(session, people.marek.actor, visit, "staff", now(), turn=turn)
        else:
            actions.withdraw(session, people.ewa.actor, visit, now(), turn=turn, reason="settled")
    assert len(steps_of(session, visit)) == 2


def test_other_words_are_another_answer(session, people):
    visit = make_visit(session, people)
    turn = turn_of(visit)
    actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn)
    with pytest.raises(rules.Meanwhile):
        actions.counter(session, people.marek.actor, visit, (date_on(9),), now(), turn=turn)
    with pytest.raises(rules.Meanwhile):
        actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn, message="Jednak tak.")


# --- messages


def test_a_message_changes_nothing_but_the_thread(session, people):
    visit = make_visit(session, people)
    before = (visit.state, visit.open_step_id, visit.turn_of_id, visit.answer_by)
    for _ in range(2):
        actions.say(session, people.marek.actor, visit, " Czy jest rzutnik? ", now())
    assert (visit.state, visit.open_step_id, visit.turn_of_id, visit.answer_by) == before
    assert [(one.act, one.message) for one in steps_of(session, visit)[1:]] == [(Act.SAY, "Czy jest rzutnik?")]
    with pytest.raises(rules.MessageMissing):
        actions.say(session, people.marek.actor, visit, "  ", now())
    accept(session, people.marek, visit)
    actions.say(session, people.ewa.actor, visit, "Jest.", now())
    assert acts(session, visit) == [Act.ASK, Act.SAY, Act.ACCEPT, Act.SAY]


def test_a_thread_that_has_ended_takes_no_messages(session, people):
    visit = make_visit(session, people)
    actions.refuse(session, people.marek.actor, visit, "staff", now(), turn=turn_of(visit))
    with pytest.raises(rules.ClosedAlready):
        actions.say(session, people.ewa.actor, visit, "Szkoda.", now())


# --- moving and calling off


def test_a_move_leaves_the_agreed_date_until_another_one_is_accepted(session, people):
    visit = agreed_visit(session, people)
    event = session.get_one(Event, visit.event_id)
    uid, sequence = event.uid, event.sequence
    actions.move(session, people.marek.actor, visit, OTHERS, "illness", now(), message="Przepraszamy.")
    assert (visit.state, visit.round, visit.turns, visit.turn_of_id) == (State.MOVING, 2, 1, people.prison.id)
    assert event.local_start == THREE[0].starts
    actions.counter(session, people.ewa.actor, visit, (date_on(14),), now(), turn=turn_of(visit))
    assert (visit.state, visit.turns) == (State.MOVING, 2)
    assert accept(session, people.marek, visit) is event
    assert (visit.state, visit.event_id, visit.turn_of_id) == (State.ACCEPTED, event.id, None)
    assert (event.local_start, event.uid, event.sequence > sequence) == (date_on(14).starts, uid, True)
    (date_row,) = session.exec(select(Occurrence).where(Occurrence.event_id == event.id)).all()
    assert date_row.local_date == date_on(14).starts.date()
    assert {one.local_date for one in session.exec(select(Entry))} == {date_row.local_date}
    (party,) = session.exec(select(EventParty).where(EventParty.event_id == event.id)).all()
    assert party.answer is Answer.CONFIRMED
    assert len(session.exec(select(Event)).all()) == 1
    assert [(one.act, one.round) for one in steps_of(session, visit)] == [
        (Act.ASK, 1), (Act.ACCEPT, 1), (Act.MOVE, 2), (Act.COUNTER, 2), (Act.ACCEPT, 2),
    ]  # fmt: skip


def test_a_moved_date_needs_the_directors_word_anew(session, people):
    visit = agreed_visit(session, people)
    event = session.get_one(Event, visit.event_id)
    event.consent, event.consent_on = Consent.GRANTED, date(2026, 11, 23)
    session.flush()
    actions.move(session, people.ewa.actor, visit, OTHERS, "room", now())
    accept(session, people.marek, visit)
    assert (event.consent, event.consent_on) == (Consent.PENDING, None)


@pytest.mark.parametrize("end", ["refuse", "withdraw"])
def test_a_wish_to_move_that_comes_to_nothing_leaves_the_date(session, people, end):
    visit = agreed_visit(session, people)
    event = session.get_one(Event, visit.event_id)
    actions.move(session, people.ewa.actor, visit, OTHERS, "room", now())
    if end == "refuse":
        actions.refuse(session, people.marek.actor, visit, "staff", now(), turn=turn_of(visit))
    else:
        actions.withdraw(session, people.ewa.actor, visit, now(), turn=turn_of(visit))
    assert (visit.state, visit.closed_at, visit.turn_of_id) == (State.ACCEPTED, None, None)
    assert (event.local_start, event.state) == (THREE[0].starts, EventState.PUBLISHED)
    assert on_offer(session, visit) == []


def test_a_double_click_on_another_date_asks_once(session, people):
    visit = agreed_visit(session, people)
    for _ in range(2):
        actions.move(session, people.ewa.actor, visit, OTHERS, "room", now())
    assert acts(session, visit) == [Act.ASK, Act.ACCEPT, Act.MOVE]
    with pytest.raises(rules.Meanwhile):
        actions.move(session, people.marek.actor, visit, OTHERS, "illness", now())


@pytest.mark.parametrize(("person", "reason"), [("ewa", "order"), ("marek", "illness")])
def test_either_side_calls_the_meeting_off(session, people, person, reason):
    visit = agreed_visit(session, people)
    event = session.get_one(Event, visit.event_id)
    actor = getattr(people, person).actor
    for _ in range(2):
        actions.cancel(session, actor, visit, reason, now(), message="Bardzo nam przykro.")
    assert acts(session, visit) == [Act.ASK, Act.ACCEPT, Act.CANCEL]
    assert (visit.state, visit.closed_at) == (State.ACCEPTED, now())
    assert (event.state, event.cancel_reason) == (
        EventState.CANCELLED, f"{rules.REASONS[reason].polish}: Bardzo nam przykro.",
    )  # fmt: skip
    assert rules.choices(actor, visit, event) == {Act.SAY}
    with pytest.raises(rules.CalledOff):
        actions.move(session, actor, visit, OTHERS, reason, now())


def test_a_long_message_is_cut_where_calendars_have_no_room(session, people):
    visit = agreed_visit(session, people)
    actions.cancel(session, people.ewa.actor, visit, "order", now(), message="Ważne. " * 100)
    reason = session.get_one(Event, visit.event_id).cancel_reason
    assert len(reason) <= 300
    assert reason.endswith("…")
    assert len(steps_of(session, visit)[-1].message) == 699


def test_calling_off_ends_the_search_for_another_date(session, people):
    visit = agreed_visit(session, people)
    actions.move(session, people.marek.actor, visit, OTHERS, "illness", now())
    actions.cancel(session, people.ewa.actor, visit, "order", now())
    assert (visit.state, visit.turn_of_id, on_offer(session, visit)) == (State.ACCEPTED, None, [])


def test_no_date_is_found_for_a_meeting_that_was_called_off_elsewhere(session, people):
    visit = agreed_visit(session, people)
    event = session.get_one(Event, visit.event_id)
    actions.move(session, people.marek.actor, visit, OTHERS, "illness", now())
    changes.cancel(session, people.ewa.actor, event, "awaria", now())
    with pytest.raises(rules.CalledOff):
        accept(session, people.ewa, visit)
    assert rules.choices(people.ewa.actor, visit, event) == {Act.SAY}


def test_what_has_begun_is_neither_moved_nor_called_off(session, people, clock):
    visit = agreed_visit(session, people)
    clock.move_to(now().replace(month=12, day=8, hour=9, minute=30))
    for act in (
        lambda: actions.move(session, people.ewa.actor, visit, OTHERS, "room", now()),
        lambda: actions.cancel(session, people.ewa.actor, visit, "room", now()),
    ):
        with pytest.raises(rules.Begun):
            act()
    assert rules.choices(people.ewa.actor, visit, session.get(Event, visit.event_id), now()) == {Act.SAY}


def test_before_an_agreement_nothing_is_moved_or_called_off(session, people):
    visit = make_visit(session, people)
    with pytest.raises(rules.NotAgreedYet):
        actions.move(session, people.ewa.actor, visit, OTHERS, "room", now())
    with pytest.raises(rules.NotAgreedYet):
        actions.cancel(session, people.ewa.actor, visit, "room", now())


# --- links, trail, feeds


def test_an_answer_by_link_names_the_institution_and_nobody(session, people):
    centre = make_institution(session, "OPS Cicha", Kind.OPS, synthetic=people.prison.synthetic)
    visit = make_visit(session, people, asked_id=centre.id, reply_email="ops@cicha.example")
    accept(session, actions.replier(visit), visit, message="Tak.")
    last = steps_of(session, visit)[-1]
    assert (last.by_link, last.user_id, last.institution_id, last.message) == (True, None, centre.id, "Tak.")
    assert not links.needs_address(session, visit, now())


def test_the_trail_says_who_did_what_without_words_of_the_thread(session, people):
    visit = make_visit(session, people, message="Tajne słowo")
    accept(session, people.marek, visit, message="Tajne słowo")
    actions.move(session, people.ewa.actor, visit, OTHERS, "room", now(), message="Tajne słowo")
    lines = session.exec(select(AuditLine).where(AuditLine.subject_kind == "visit").order_by(col(AuditLine.id))).all()
    assert [(one.verb, one.user_id, one.details) for one in lines] == [
        ("visit.asked", people.ewa.user_id, {"state": "requested", "round": 1}),
        ("visit.accepted", people.marek.user_id, {"state": "accepted", "round": 1, "event_id": visit.event_id}),
        ("visit.move_asked", people.ewa.user_id, {"state": "moving", "round": 2, "reason": "room"}),
    ]
    assert all(one.digest is None for one in lines)


def test_the_meeting_stands_in_the_calendars_of_both_and_of_nobody_else(session, people):
    visit = agreed_visit(session, people)
    event = session.get_one(Event, visit.event_id)
    see = lambda person: calendar_queries.page(session, person.actor, event.uuid, now())  # noqa: E731
    assert see(people.ewa) is not None
    assert see(people.marek) is not None
    assert see(people.piotr) is not None
    assert see(people.stefan) is None
    assert see(people.jola) is None
    assert "SUMMARY:Świadczenia po wyjściu" in calendar.publication(session, event)


def test_a_member_without_an_institution_asks_nobody():
    assert not rules.may_ask(Actor(role=Role.COORDINATOR))
