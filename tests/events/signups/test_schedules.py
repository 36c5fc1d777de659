"""Random schedules on few seats: sign-ups, withdrawals, offers, decisions and capacity at once. With a control.

Each schedule is an event of its own. Afterwards its books are checked, and the trail is replayed line by line: whoever
moves up must be the longest waiting at that moment, and every change has sent exactly one mail.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from app import warsaw
from app.actors import Actor, Role
from app.audit.models import AuditLine
from app.clock import now
from app.db import Database, lock
from app.errors import Refusal
from app.outbox.models import OutboxMail
from events.calendar.models import Admission, Event, EventKind, Occurrence, Promotion, Split, State, Visibility
from events.signups import actions, offers, order, requests, rules
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Wanted
from partners.institutions.models import Kind
from tests.factories.events import named
from tests.factories.institutions import make_institution
from tests.factories.persons import People, make_people

SEAT, WAITING, OFFERED = SignUpState.SEAT, SignUpState.WAITING, SignUpState.OFFERED
SCHEDULES = 500
CONTROLS = 60
SECONDS = 60
THREADS = 4
GUESTS = 5
# What each line of the trail tells the person concerned; a declined offer is told as withdrawn.
MAIL_OF = {
    ("signup.made", "seat"): "confirmed",
    ("signup.made", "waiting"): "waiting",
    ("signup.made", "requested"): "requested",
    ("signup.accepted", "seat"): "accepted",
    ("signup.accepted", "waiting"): "accepted_waiting",
    ("signup.promoted", ""): "promoted",
    ("signup.offered", ""): "offered",
    ("signup.taken", ""): "confirmed",
    ("signup.refused", ""): "refused",
    ("signup.expired", ""): "expired",
    ("signup.withdrawn", ""): "withdrawn",
}
BECOMES = {
    "signup.promoted": "seat",
    "signup.offered": "offered",
    "signup.taken": "seat",
    "signup.refused": "refused",
    "signup.expired": "expired",
    "signup.withdrawn": "withdrawn",
}

pytestmark = pytest.mark.slow


@dataclass
class House:
    """A database with an organiser and guests, each from an institution of his own."""

    database: Database
    people: People
    guests: list[Actor]
    pool: ThreadPoolExecutor
    locking: bool = True


@dataclass
class Schedule:
    """One event, and what is done to it at once. *wrong* collects what may not be."""

    house: House
    dice: random.Random
    event_id: int = 0
    occurrence_id: int = 0
    wrong: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Make the event and let the first guests sign up, so that there is a queue to fight for."""
        dice, at = self.dice, now()
        starts_at = at + timedelta(days=30)
        wall = warsaw.to_local(starts_at).replace(tzinfo=None)
        organiser = self.house.people.ewa.actor
        shared: dict[str, Any] = {
            "state": State.PUBLISHED,
            "kind": EventKind.STAFF_TRAINING,
            "visibility": Visibility.PARTNERS,
            "organiser_id": organiser.institution_id,
            "changed_at": at,
        }
        with self._unit() as session:
            event = Event(
                title="Szkolenie",
                local_start=wall,
                minutes=60,
                created_at=at,
                capacity=dice.randint(1, 3),
                split=dice.choice(list(Split)),
                admission=dice.choice(list(Admission)),
                promotion=dice.choice(list(Promotion)),
                **shared,
            )
            session.add(event)
            session.flush()
            self.event_id = event.id or 0
            ends_at, day = starts_at + timedelta(hours=1), wall.date()
            date = Occurrence(
                event_id=self.event_id,
                original_local=wall,
                starts_at=starts_at,
                ends_at=ends_at,
                local_date=day,
                **shared,
            )
            session.add(date)
            session.flush()
            self.occurrence_id = date.id or 0
            for guest in range(GUESTS // 2):
                with suppress(rules.NotEnoughSeats):
                    self._sign(session, event, guest)
            asking = session.exec(self._of_date().where(SignUp.state == SignUpState.REQUESTED)).all()
            if asking:
                requests.accept(session, organiser, event, [row.id or 0 for row in asking], now())
            session.commit()

    def works(self) -> list[Callable[[], None]]:
        """Give what happens at once, in a random order."""
        every: list[Callable[[], None]] = [
            *(partial(self._sign_up, guest) for guest in range(GUESTS // 2, GUESTS)),
            partial(self._sign_up, GUESTS // 2),
            self._withdraw,
            self._withdraw,
            self._answer,
            self._decide,
            self._expire,
            partial(self._set_capacity, self.dice.randint(1, 4)),
            self._move_up,
        ]
        self.dice.shuffle(every)
        return every[: self.dice.randint(4, 8)]

    def run(self) -> None:
        gate = threading.Barrier(THREADS)
        works = self.works()
        shares = [works[number::THREADS] for number in range(THREADS)]

        def share(some: list[Callable[[], None]]) -> None:
            gate.wait(timeout=30)
            for work in some:
                try:
                    work()
                except Refusal:
                    pass  # as people are refused who come too late
                except DBAPIError as error:
                    self.wrong.append(f"the database refused: {type(error.orig).__name__}")

        list(self.house.pool.map(share, shares))

    def check(self) -> None:
        """Look at the books, and replay the trail."""
        with closing(self.house.database.session(writes=False)) as session:
            rows = list(session.exec(self._of_date().order_by(col(SignUp.queue_no))).all())
            event, date = session.get_one(Event, self.event_id), session.get_one(Occurrence, self.occurrence_id)
            ids = [row.id or 0 for row in rows]
            of_these = (AuditLine.subject_kind == "signup", col(AuditLine.subject_id).in_(ids))
            trail = list(session.exec(select(AuditLine).where(*of_these).order_by(col(AuditLine.id))).all())
            link = f"/wydarzenia/{event.uuid}#zapisy"
            written = session.exec(select(OutboxMail).where(OutboxMail.link == link)).all()
            sent = Counter((mail.template.removeprefix("events/signups/"), mail.to_address) for mail in written)
        self._check_books(event, date, rows)
        self._check_trail(rows, trail, sent)

    def _check_books(self, event: Event, date: Occurrence, rows: list[SignUp]) -> None:
        taken = sum(rules.is_taking(row.state, holds_seat=row.holds_seat) for row in rows)
        states = Counter(row.state for row in rows)
        if taken > (event.capacity or 0):
            self.wrong.append(f"{taken} on {event.capacity} seats")
        if (date.seats_taken, date.waiting, date.requested) != (taken, states[WAITING], states[SignUpState.REQUESTED]):
            self.wrong.append("the counts of the date are not those of its rows")
        active = [row.person_key for row in rows if row.state in rules.ACTIVE]
        if len(set(active)) != len(active):
            self.wrong.append("somebody stands twice")
        if len({row.queue_no for row in rows}) != len(rows):
            self.wrong.append("a number was given twice")
        waiting = [row for row in rows if row.state is WAITING]
        first = [row for row in waiting if row.booking_id == waiting[0].booking_id or event.split is Split.SPLIT]
        fits = len(first) if event.split is Split.ALL_OR_NOTHING else min(len(first), 1)
        if waiting and taken + fits <= (event.capacity or 0):
            self.wrong.append("a free place and somebody who waits")

    def _check_trail(self, rows: list[SignUp], trail: list[AuditLine], sent: Counter[tuple[str, str]]) -> None:
        number = {row.id: row.queue_no for row in rows}
        address = {row.id: row.email for row in rows}
        stands: dict[int, str] = {}
        told: Counter[tuple[str, str]] = Counter()
        reordered = any(line.verb == "signup.moved_up" for line in trail)
        for line in trail:
            state = str(line.details.get("state", ""))
            waiting = [one for one, stand in stands.items() if stand == "waiting"]
            ahead = [one for one in waiting if number[one] < number[line.subject_id] and one != line.subject_id]
            rises = line.verb in ("signup.promoted", "signup.offered") or (
                line.verb == "signup.made" and state == "seat"
            )
            if rises and ahead and not reordered:
                self.wrong.append(f"{line.verb} overtakes somebody")
            if line.verb in ("signup.promoted", "signup.offered") and stands.get(line.subject_id) != "waiting":
                self.wrong.append(f"{line.verb} of somebody who does not wait")
            stands[line.subject_id] = BECOMES.get(line.verb) or state or stands.get(line.subject_id, "")
            message = MAIL_OF.get((line.verb, state)) or MAIL_OF.get((line.verb, ""))
            if message:
                told[message, address[line.subject_id]] += 1
        if stands != {row.id: row.state.value for row in rows}:
            self.wrong.append("the trail tells another story than the rows")
        extra = {"to_decide", "given_back", "moved_up", "overtaken"}
        if told != Counter({one: count for one, count in sent.items() if one[0] not in extra}):
            self.wrong.append("not one mail for each change")

    def _unit(self) -> closing[Session]:
        return closing(self.house.database.session(writes=True))

    def _of_date(self):
        return select(SignUp).where(SignUp.occurrence_id == self.occurrence_id)

    def _one(self, session: Session, *states: SignUpState) -> SignUp:
        found = session.exec(self._of_date().where(col(SignUp.state).in_(states)).order_by(col(SignUp.id))).all()
        if not found:
            raise rules.NothingChosen
        row: SignUp = self.dice.choice(list(found))
        return row

    def _guest(self, row: SignUp) -> Actor:
        return next(one for one in self.house.guests if one.institution_id == row.institution_id)

    def _sign(self, session: Session, event: Event, guest: int) -> None:
        wanted = Wanted(people=tuple(named(n) for n in (guest, guest + 100)[: 1 + guest % 2]))
        actions.sign_up(session, self.house.guests[guest], event, self.occurrence_id, wanted, str(uuid4()), now())

    def _sign_up(self, guest: int) -> None:
        with self._unit() as session:
            self._sign(session, session.get_one(Event, self.event_id), guest)
            session.commit()

    def _withdraw(self) -> None:
        with self._unit() as session:
            row = self._one(session, *rules.ACTIVE)
            actions.withdraw(session, self._guest(row), session.get_one(Event, self.event_id), row.id or 0, now())
            session.commit()

    def _answer(self) -> None:
        with self._unit() as session:
            row = self._one(session, OFFERED)
            verb = self.dice.choice([offers.take, offers.decline])
            verb(session, self._guest(row), session.get_one(Event, self.event_id), row.id or 0, now())
            session.commit()

    def _decide(self) -> None:
        with self._unit() as session:
            row, event = self._one(session, SignUpState.REQUESTED), session.get_one(Event, self.event_id)
            organiser = self.house.people.ewa.actor
            if self.dice.random() < 0.8:
                requests.accept(session, organiser, event, [row.id or 0], now())
            else:
                requests.refuse(session, organiser, event, [row.id or 0], "number", "", now())
            session.commit()

    def _expire(self) -> None:
        with self._unit() as session:
            offers.expire_offers(session, now() + timedelta(hours=25))
            session.commit()

    def _set_capacity(self, capacity: int) -> None:
        with self._unit() as session:
            event = lock(session, Event, self.event_id)
            date = lock(session, Occurrence, self.occurrence_id)
            if event is None or date is None or capacity < date.seats_taken:
                raise rules.NothingChosen
            event.capacity = capacity
            session.flush()
            actions.serve_queue(session, self.house.people.ewa.actor, event, date, now())
            session.commit()

    def _move_up(self) -> None:
        with self._unit() as session:
            row, event = self._one(session, WAITING), session.get_one(Event, self.event_id)
            order.move_up(session, self.house.people.ewa.actor, event, row.id or 0, "Tłumaczka", now())
            session.commit()


@pytest.fixture(name="house")
def _house(request, address: str) -> Iterator[House]:
    database = Database(address, skip_locks=getattr(request, "param", False))
    with closing(database.session(writes=True)) as session:
        people = make_people(session)
        institutions = [make_institution(session, f"ops-{n}", Kind.OPS) for n in range(GUESTS)]
        session.commit()
        actors = [Actor(role=Role.COORDINATOR, institution_id=one.id, name=one.name) for one in institutions]
    with ThreadPoolExecutor(THREADS) as pool:
        yield House(database, people, actors, pool)
    database.dispose()


def schedule(house: House, seed: int) -> Schedule:
    one = Schedule(house, random.Random(seed))
    one.prepare()
    one.run()
    one.check()
    return one


def test_random_schedules_keep_capacity_order_and_mails(house: House) -> None:
    begun = time.process_time()  # what others do on this machine meanwhile does not count
    wrong = {seed: one.wrong for seed in range(SCHEDULES) if (one := schedule(house, seed)).wrong}
    assert wrong == {}
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("house", [True], indirect=True)
def test_without_locks_the_same_schedules_go_wrong(house: House) -> None:
    """The negative control: on a database that locks nothing some of the schedules must break a rule."""
    assert any(schedule(house, seed).wrong for seed in range(CONTROLS))
