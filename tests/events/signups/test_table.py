"""Every act on every state, and by everybody: what happens, or which refusal is told. Written by hand."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session

from app.actors import Role
from app.clock import now
from events.calendar.models import Event
from events.signups import actions, names, offers, order, requests, rules
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Wanted
from tests.factories.events import date_of, make_event, named
from tests.factories.persons import People, Person, make_person

pytestmark = pytest.mark.usefixtures("clock")
STATES = ("seat", "offered", "waiting", "requested", "withdrawn", "refused", "expired")
Act = Callable[[Session, Person, Event, SignUp, SignUp], object]

ACTS: dict[str, tuple[str, Act]] = {
    "withdraw": ("own", lambda s, who, event, row, _: actions.withdraw(s, who.actor, event, row.id or 0, now())),
    "take": ("own", lambda s, who, event, row, _: offers.take(s, who.actor, event, row.id or 0, now())),
    "decline": ("own", lambda s, who, event, row, _: offers.decline(s, who.actor, event, row.id or 0, now())),
    "name": ("own", lambda s, who, event, row, _: names.name(s, who.actor, event, row.id or 0, named(77), now())),
    "swap": (
        "own",
        lambda s, who, event, row, seated: names.swap(s, who.actor, event, row.id or 0, seated.id or 0, now()),
    ),
    "accept": ("decides", lambda s, who, event, row, _: requests.accept(s, who.actor, event, [row.id or 0], now())),
    "refuse": (
        "decides",
        lambda s, who, event, row, _: requests.refuse(s, who.actor, event, [row.id or 0], "number", "", now()),
    ),
    "move_up": ("decides", lambda s, who, event, row, _: order.move_up(s, who.actor, event, row.id or 0, "x", now())),
    "seat": ("decides", lambda s, who, event, row, _: order.seat(s, who.actor, event, row.id or 0, "x", now())),
}
# What becomes of a sign-up in the state above: its new state, or the refusal.
# The columns are those of STATES.
BY_STATE = """
withdraw withdrawn        withdrawn        withdrawn        withdrawn        WithdrawnAlready NoLongerCounts   NoLongerCounts
take     NoOffer          seat             NoOffer          NoOffer          NoOffer          NoOffer          OfferExpired
decline  NoOffer          withdrawn        NoOffer          NoOffer          NoOffer          NoOffer          OfferExpired
name     seat             offered          waiting          requested        NoLongerCounts   NoLongerCounts   NoLongerCounts
swap     NoSwap           NoSwap           waiting          NoSwap           NoSwap           NoSwap           NoSwap
accept   DecidedAlready   DecidedAlready   DecidedAlready   seat             DecidedAlready   DecidedAlready   DecidedAlready
refuse   DecidedAlready   DecidedAlready   DecidedAlready   refused          DecidedAlready   DecidedAlready   DecidedAlready
move_up  NotWaiting       NotWaiting       seat             NotWaiting       NotWaiting       NotWaiting       NotWaiting
seat     NotWaiting       NotWaiting       seat             NotWaiting       NotWaiting       NotWaiting       NotWaiting
"""  # noqa: E501
# Who may: the person himself, a colleague, their coordinator, the organiser's, another institution's, the operator.
# himself          colleague        coordinator      organiser        stranger         operator
BY_PERSON = """
withdraw yes              NotYourSignUp    yes              NotYourSignUp    NoSuchSignUp     NoSuchSignUp
take     yes              NotYourSignUp    yes              NotYourSignUp    NoSuchSignUp     NoSuchSignUp
decline  yes              NotYourSignUp    yes              NotYourSignUp    NoSuchSignUp     NoSuchSignUp
name     OnlyYourself     NotYourSignUp    yes              NotYourSignUp    NoSuchSignUp     NoSuchSignUp
swap     NotYourSignUp    NotYourSignUp    yes              NotYourSignUp    NoSuchSignUp     NoSuchSignUp
accept   NotYoursToDecide NotYoursToDecide NotYoursToDecide yes              NotYoursToDecide NotYoursToDecide
refuse   NotYoursToDecide NotYoursToDecide NotYoursToDecide yes              NotYoursToDecide NotYoursToDecide
move_up  NotYoursToDecide NotYoursToDecide NotYoursToDecide yes              NoSuchSignUp     NoSuchSignUp
seat     NotYoursToDecide NotYoursToDecide NotYoursToDecide yes              NoSuchSignUp     NoSuchSignUp
"""
PERSONS = ("himself", "colleague", "coordinator", "organiser", "stranger", "operator")
FITTING = {"withdraw": "seat", "take": "offered", "decline": "offered", "name": "seat", "accept": "requested"}


def read(table: str, heads: tuple[str, ...]) -> list[tuple[str, str, str]]:
    rows = [line.split() for line in table.strip().splitlines()]
    return [(act, head, cell) for act, *cells in rows for head, cell in zip(heads, cells, strict=True)]


def stand(session: Session, people: People, state: str) -> tuple[Event, SignUp, SignUp]:
    """Give an event with a free seat, Piotr's sign-up in that *state*, and a colleague of his who has a seat."""
    event = make_event(session, people.ewa, capacity=3)
    own = rules.Person(people.piotr.name, people.piotr.email, user_id=people.piotr.user_id)
    date = date_of(session, event)
    wanted = Wanted(people=(named(1), own))
    seated, row = actions.sign_up(session, people.marek.actor, event, date.id or 0, wanted, str(uuid4()), now())
    row.state = SignUpState(state)
    row.offer_until = now() + timedelta(hours=1) if state == "offered" else None
    session.flush()
    return event, row, seated


@pytest.mark.parametrize(("act", "state", "outcome"), read(BY_STATE, STATES))
def test_what_becomes_of_each_state(session: Session, people: People, act: str, state: str, outcome: str) -> None:
    event, row, seated = stand(session, people, state)
    side, run = ACTS[act]
    who = people.marek if side == "own" else people.ewa
    if outcome[0].isupper():
        with pytest.raises(getattr(rules, outcome)):
            run(session, who, event, row, seated)
        assert row.state == state
        return
    run(session, who, event, row, seated)
    assert row.state == outcome


@pytest.mark.parametrize(("act", "name", "outcome"), read(BY_PERSON, PERSONS))
def test_who_may(session: Session, people: People, act: str, name: str, outcome: str) -> None:
    state = FITTING.get(act, "requested" if act == "refuse" else "waiting")
    event, row, seated = stand(session, people, state)
    who = {
        "himself": people.piotr,
        "colleague": make_person(session, "Zenon Pokazowy", people.mops, Role.MEMBER),
        "coordinator": people.marek,
        "organiser": people.ewa,
        "stranger": people.jola,
        "operator": people.olga,
    }[name]
    if outcome == "yes":
        ACTS[act][1](session, who, event, row, seated)
        return
    with pytest.raises(getattr(rules, outcome)):
        ACTS[act][1](session, who, event, row, seated)
    assert row.state == state
