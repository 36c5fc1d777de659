"""Random lives of visit requests, step by step beside a model of the rules, on both databases.

Both sides act at random, also out of turn, with pages that are out of date, twice, and two of them on the same page;
days pass with their nights; meetings are called off on their own page. After every act the database is compared with
the model, which knows nothing of the code.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, col, func, select
from time_machine import Traveller

from app import warsaw
from app.clock import now
from app.db import Database
from app.errors import Refusal
from app.outbox.models import OutboxMail
from events.calendar.models import Event, Occurrence
from events.calendar.models import State as EventState
from events.changes import actions as changes
from events.signups.models import SignUp
from events.visits import actions, meeting, rules, upkeep
from events.visits.models import Act, OptionState, Path, State, Visit, VisitOption, VisitStep
from events.visits.rules import Option
from tests.factories.persons import People, Person, make_people
from tests.factories.visits import request_of

WALKS = 30
WALKS_MAX = 150  # until every step of the table was taken
STEPS = 24
AFTER_THE_END = 3
OFFERS_MAX = 6
FREE_DAYS = {date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 26), date(2027, 1, 1), date(2027, 1, 6)}
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
ASKING, ASKED = "asking", "asked"
WITH_TURN = {Act.ACCEPT, Act.COUNTER, Act.REFUSE, Act.WITHDRAW}
BY_PEOPLE = (*WITH_TURN, Act.MOVE, Act.CANCEL, Act.SAY)
# Three kinds of lives: how often nothing happens but nights, and how often each act is chosen.
ENDING = {Act.CANCEL: 0.4, Act.WITHDRAW: 0.4, Act.REFUSE: 0.4}
KINDS = (
    (0.1, {Act.COUNTER: 8, Act.ACCEPT: 2, Act.MOVE: 6, **ENDING}),
    (0.3, {Act.COUNTER: 3, Act.ACCEPT: 8, Act.MOVE: 8, **ENDING, Act.CANCEL: 1}),
    (0.5, {Act.COUNTER: 3, Act.ACCEPT: 8, Act.MOVE: 12, **ENDING}),
)
REASON = {
    (Act.REFUSE, True): "room",
    (Act.REFUSE, False): "staff",
    (Act.MOVE, True): "escort",
    (Act.MOVE, False): "illness",
    (Act.CANCEL, True): "order",
    (Act.CANCEL, False): "journey",
}


@pytest.fixture(name="database")
def _database(address: str) -> Iterator[Database]:
    database = Database(address)
    yield database
    database.dispose()


def workday(day: date, number: int) -> date:
    """Give the *number*-th working day after *day*."""
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < 5 and day not in FREE_DAYS
    return day


@dataclass
class Model:
    """What a visit request must be by its rules alone; sides are words."""

    state: State = State.REQUESTED
    turn: str = ASKED
    proposer: str = ASKING
    turns: int = 1
    offer: tuple[Option, ...] = ()
    offered_on: date = date.min
    nudged: bool = False
    escalated: bool = False
    agreed: Option | None = None
    called_off: bool = False
    told: bool = True
    thread: list[tuple[Act, str, str]] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.state in (State.REQUESTED, State.COUNTERED, State.MOVING)

    def allowed(self, side: str, at: datetime) -> set[Act]:
        """Give what a side may do."""
        if self.state in (State.REFUSED, State.WITHDRAWN, State.EXPIRED):
            return set()
        can = {Act.SAY}
        if self.agreed is not None:
            if self.called_off or warsaw.to_utc(self.agreed.starts) <= at:
                return can
            can |= {Act.CANCEL} if self.open else {Act.CANCEL, Act.MOVE}
        if self.open:
            can.add(Act.WITHDRAW if side == self.proposer else Act.REFUSE)
            if side == self.turn:
                can |= {Act.ACCEPT} | ({Act.COUNTER} if self.turns < OFFERS_MAX else set())
        return can

    def take(self, act: Act, side: str, message: str, options: tuple[Option, ...], chosen: Option | None) -> None:
        """Let a step happen."""
        other = ASKED if side == ASKING else ASKING
        self.thread.append((act, side, message))
        if act in (Act.COUNTER, Act.MOVE):
            self.offer, self.turn, self.offered_on = options, other, warsaw.today(now())
            self.nudged = self.escalated = False
        if act is Act.COUNTER:
            self.turns += 1
            self.state = State.COUNTERED if self.agreed is None else State.MOVING
        elif act is Act.MOVE:
            self.state, self.proposer, self.turns = State.MOVING, side, 1
        elif act is Act.ACCEPT:
            self.state, self.agreed, self.offer = State.ACCEPTED, chosen, ()
        elif act in (Act.REFUSE, Act.WITHDRAW, Act.EXPIRE):
            ended = {Act.REFUSE: State.REFUSED, Act.WITHDRAW: State.WITHDRAWN, Act.EXPIRE: State.EXPIRED}[act]
            self.state, self.offer = ended if self.agreed is None else State.ACCEPTED, ()
        elif act is Act.CANCEL:
            self.state, self.offer, self.called_off, self.told = State.ACCEPTED, (), True, True
        elif act is Act.NUDGE:
            self.nudged = True
        elif act is Act.ESCALATE:
            self.escalated = True

    def night(self, at: datetime) -> Act | None:
        """Say what the night does."""
        if not self.told:
            return Act.CANCEL
        if not self.open:
            return None
        begun = self.agreed is not None and warsaw.to_utc(self.agreed.starts) <= at
        if begun or all(warsaw.to_utc(one.starts) <= at for one in self.offer):
            return Act.EXPIRE
        today, last = warsaw.today(at), max(one.starts for one in self.offer).date()
        last = last if self.agreed is None else min(last, self.agreed.starts.date())
        nudge, answer, expiry = (min(workday(self.offered_on, number), last) for number in (2, 3, 6))
        if today > expiry:
            return Act.EXPIRE
        if today > answer:
            return None if self.escalated else Act.ESCALATE
        return Act.NUDGE if today >= nudge and not self.nudged else None


@dataclass
class Life:
    """One visit request and its model. *met* collects which steps of the table were taken."""

    database: Database
    people: People
    dice: random.Random
    clock: Traveller
    met: set[tuple[State, Act]]
    quiet: float
    likely: dict[Act, float]
    silent_after: int
    model: Model = field(default_factory=Model)
    visit_id: int = 0
    asking_id: int | None = None
    event_id: int | None = None
    turns: list[int] = field(default_factory=list)
    words: int = 0

    def person(self, side: str) -> Person:
        unit = (side == ASKING) == (self.asking_id == self.people.prison.id)
        return self.dice.choice([self.people.ewa, self.people.adam]) if unit else self.people.marek

    def begin(self) -> None:
        """Send the request."""
        path = self.dice.choice([Path.INVITATION, Path.REQUEST])
        self.asking_id = (self.people.prison if path is Path.INVITATION else self.people.mops).id
        self.model.offer, self.model.offered_on = self.dates(), warsaw.today(now())
        self.model.thread.append((Act.ASK, ASKING, "Prosimy."))
        wanted = request_of(self.people, path, options=self.model.offer, message="Prosimy.")
        with closing(self.database.session(writes=True)) as session:
            visit = actions.ask(session, self.person(ASKING).actor, wanted, str(uuid4()), now())
            self.visit_id = visit.id or 0
            session.commit()
        self.compare()

    def dates(self) -> tuple[Option, ...]:
        """Give one to three dates far enough ahead."""
        day = warsaw.to_local(now()).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        days = self.dice.sample(range(9, 26), self.dice.randint(1, 3))
        starts = [day + timedelta(days=one, hours=self.dice.randint(8, 15)) for one in days]
        return tuple(Option(one, one + timedelta(hours=1)) for one in starts)

    def step(self) -> None:
        """Do something at random."""
        kind = self.dice.random()
        if kind < self.quiet or len(self.model.thread) >= self.silent_after:
            for _ in range(self.dice.choice([1, 2, 4, 6])):
                self.night()
        elif kind < self.quiet + 0.03:
            self.call_off_elsewhere()
        elif kind < self.quiet + 0.2:
            # Two people with the same page before them: whoever is second answers to what the first has left.
            turn = self.turns[-1] if self.turns else 0
            acts = [self.prepared(turn) for _ in range(2)]
            for act in acts:
                self.do(*act)
        else:
            stale = self.dice.random() < 0.1 and len(self.turns) > 1
            self.do(*self.prepared(self.dice.choice(self.turns) if stale else self.turns[-1] if self.turns else 0))

    def prepared(self, turn: int) -> tuple[Act, str, int]:
        """Choose an act and who takes it, more often one that he may take."""
        side = self.dice.choice([ASKING, ASKED])
        allowed = sorted(self.model.allowed(side, now()))
        if allowed and self.dice.random() < 0.85:
            weights = [self.likely.get(act, 1) for act in allowed]
            return self.dice.choices(allowed, weights)[0], side, turn
        return self.dice.choice(BY_PEOPLE), side, turn

    def do(self, act: Act, side: str, turn: int) -> None:
        """Take a step, or see it refused, and compare."""
        self.words += 1
        message = f"Słowo {self.words}"  # of each act its own: the same words twice are one form posted twice
        options = self.dates()
        chosen = self.chosen(act, turn)
        person = self.person(side)
        wanted = self.model.allowed(side, now())
        fresh = act not in WITH_TURN or bool(self.turns and turn == self.turns[-1] and self.model.open)
        on_offer = act is not Act.ACCEPT or (
            chosen is not None and chosen[1] in self.model.offer and warsaw.to_utc(chosen[1].starts) > now()
        )
        expected = act in wanted and fresh and on_offer
        before = self.model.state
        run = partial(self.run, act, side, person, turn, message, options, chosen[0] if chosen else 0)
        refusal = run()
        assert (refusal is None) == expected, (act, side, self.model, refusal)
        assert refusal is None or refusal.message != Refusal.message  # it says why
        if refusal is None:
            self.met.add((before, act))
            self.model.take(act, side, message, options, chosen[1] if chosen else None)
        self.compare()
        if refusal is None and self.dice.random() < 0.3:
            assert run() is None  # the same form once more: said already
            self.compare()

    def chosen(self, act: Act, turn: int) -> tuple[int, Option] | None:
        """Choose a date: most often one of the offer that the page has shown, else any other."""
        if act is not Act.ACCEPT:
            return None
        with self.database.session(writes=False) as session:
            every = session.exec(select(VisitOption).order_by(col(VisitOption.id).desc()).limit(20)).all()
            shown = [one for one in every if one.step_id == turn]
            found = self.dice.choice(shown if shown and self.dice.random() < 0.9 else every)
            return found.id or 0, meeting.option_of(found)

    def run(
        self, act: Act, side: str, person: Person, turn: int, message: str, options: tuple[Option, ...], option_id: int
    ) -> Refusal | None:
        unit = person.institution_id == self.people.prison.id
        reason = REASON.get((act, unit), "")
        acts: dict[Act, Callable[[Session, Visit], Any]] = {
            Act.ACCEPT: lambda session, visit: actions.accept(
                session, person.actor, visit, option_id, now(), turn=turn, message=message
            ),
            Act.COUNTER: lambda session, visit: actions.counter(
                session, person.actor, visit, options, now(), turn=turn, message=message
            ),
            Act.REFUSE: lambda session, visit: actions.refuse(
                session, person.actor, visit, reason, now(), turn=turn, message=message
            ),
            Act.WITHDRAW: lambda session, visit: actions.withdraw(
                session, person.actor, visit, now(), turn=turn, message=message
            ),
            Act.MOVE: lambda session, visit: actions.move(
                session, person.actor, visit, options, reason, now(), message=message
            ),
            Act.CANCEL: lambda session, visit: actions.cancel(
                session, person.actor, visit, reason, now(), message=message
            ),
            Act.SAY: lambda session, visit: actions.say(session, person.actor, visit, message, now()),
        }
        with closing(self.database.session(writes=True)) as session:
            visit = session.get_one(Visit, self.visit_id)
            event = session.get(Event, visit.event_id or 0)
            may = rules.choices(person.actor, visit, event, now())
            assert may == self.model.allowed(side, now())
            mails = self.mails(session)
            try:
                acts[act](session, visit)
            except Refusal as refusal:
                session.rollback()
                return refusal
            steps = session.exec(select(func.count(col(VisitStep.id))).where(VisitStep.visit_id == self.visit_id)).one()
            assert (self.mails(session) > mails) == (steps > len(self.model.thread))
            session.commit()
        return None

    def night(self) -> None:
        """Let a night pass, with its work, and wake at nine."""
        day = warsaw.today(now()) + timedelta(days=1)
        self.clock.move_to(datetime.combine(day, time(1, 5), warsaw.ZONE))
        act, before = self.model.night(now()), self.model.state
        with closing(self.database.session(writes=True)) as session:
            upkeep.chase(session, now())
            session.commit()
        if act is not None:
            self.met.add((before, act))
            self.model.take(act, "", "", (), None)
        self.compare()
        self.clock.move_to(datetime.combine(day, time(9), warsaw.ZONE))

    def call_off_elsewhere(self) -> None:
        """Let the organiser cancel the meeting on its own page."""
        model = self.model
        if model.agreed is None or model.called_off or warsaw.to_utc(model.agreed.starts) <= now():
            return
        with closing(self.database.session(writes=True)) as session:
            organiser = self.person(ASKING)
            changes.cancel(session, organiser.actor, session.get_one(Event, self.event_id), "awaria", now())
            session.commit()
        model.called_off, model.told = True, False
        self.compare()

    def mails(self, session: Session) -> int:
        written = col(OutboxMail.template).startswith("events/visits/")
        return session.exec(select(func.count(col(OutboxMail.id))).where(written)).one()

    def compare(self) -> None:
        """Hold the database against the model."""
        with self.database.session(writes=False) as session:
            visit = session.get_one(Visit, self.visit_id)
            ids = {ASKING: visit.asking_id, ASKED: visit.asked_id, "": None}
            model = self.model
            assert visit.state is model.state
            thread = session.exec(
                select(VisitStep).where(VisitStep.visit_id == visit.id).order_by(col(VisitStep.position))
            ).all()
            # Nothing is lost, nothing stands there twice, and all in its order.
            assert [(one.act, one.institution_id, one.message) for one in thread] == [
                (act, ids[side], message) for act, side, message in model.thread
            ]
            assert [one.position for one in thread] == list(range(1, len(thread) + 1))
            options = session.exec(select(VisitOption).where(VisitOption.visit_id == visit.id)).all()
            offers = {one.id for one in thread if one.act in (Act.ASK, Act.COUNTER, Act.MOVE)}
            assert {one.step_id for one in options} == offers
            standing = [one for one in options if one.state is OptionState.OPEN]
            # Never two open turns: the dates on offer are those of one step, and one side has the turn.
            assert {one.step_id for one in standing} == ({visit.open_step_id} if model.open else set())
            assert {meeting.option_of(one) for one in standing} == set(model.offer if model.open else ())
            assert visit.turn_of_id == (ids[model.turn] if model.open else None)
            assert (visit.open_step_id is not None) == (visit.expires_on is not None) == model.open
            if model.open:
                assert visit.turns == model.turns <= OFFERS_MAX
                assert rules.proposer_of(visit) == ids[model.proposer]
            # What was accepted stood on offer, one date for each acceptance.
            accepted = [one for one in options if one.state is OptionState.ACCEPTED]
            assert len(accepted) == sum(act is Act.ACCEPT for act, _side, _message in model.thread)
            self.compare_event(session, visit, accepted)
            if visit.open_step_id is not None and visit.open_step_id not in self.turns:
                self.turns.append(visit.open_step_id)

    def compare_event(self, session: Session, visit: Visit, accepted: list[VisitOption]) -> None:
        events = session.exec(select(Event).where(Event.id == visit.event_id)).all()
        assert len(events) == (self.model.agreed is not None)
        if not events or self.model.agreed is None:
            return
        (event,) = events
        self.event_id = self.event_id or event.id
        assert event.id == self.event_id  # one event for the whole life
        assert event.local_start == self.model.agreed.starts
        assert self.model.agreed in [meeting.option_of(one) for one in accepted]
        assert event.state is (EventState.CANCELLED if self.model.called_off else EventState.PUBLISHED)
        (occurrence,) = session.exec(select(Occurrence).where(Occurrence.event_id == event.id)).all()
        assert occurrence.starts_at == warsaw.to_utc(self.model.agreed.starts)
        places = session.exec(select(SignUp).where(SignUp.occurrence_id == occurrence.id)).all()
        assert [one.institution_id for one in places] == [self.people.mops.id] * visit.visitors


@pytest.mark.slow
def test_random_lives_keep_to_the_rules_and_meet_every_step(database, clock):
    with database.session(writes=True) as session:
        people = make_people(session)
        session.commit()
    met: set[tuple[State, Act]] = set()
    events = 0
    for number in range(WALKS_MAX):
        if number >= WALKS and met == set(rules.TRANSITIONS):
            break
        clock.move_to(MONDAY)
        dice = random.Random(number)
        # Every third life falls silent at some step, so that nights have the last word in every state.
        silent_after = dice.randint(1, 7) if number % len(KINDS) == 2 else STEPS
        life = Life(database, people, dice, clock, met, *KINDS[number % len(KINDS)], silent_after)
        life.begin()
        after = 0
        while len(life.model.thread) < STEPS and after < AFTER_THE_END:
            life.step()
            over = life.model.state in rules.CLOSED or life.model.called_off
            after += over or (len(life.model.thread) >= silent_after and not life.model.open)
        events += life.event_id is not None
    assert met == set(rules.TRANSITIONS), number
    assert {rules.TRANSITIONS[one].to for one in met} | {rules.BEGINNING.to} == set(State)
    with database.session(writes=False) as session:
        assert session.exec(select(func.count(col(Event.id)))).one() == events
