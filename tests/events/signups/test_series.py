"""One sign-up for a whole series: a row on each date, joined to new ones, left one by one or all at once."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from app import warsaw
from app.clock import now
from app.errors import Conflict
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar.models import Admission, Event, Occurrence, SignUpScope, Split, State
from events.changes import actions as changes
from events.changes.rules import Scope
from events.recurrence import Rule
from events.signups import actions, names, requests, rules, series
from events.signups.models import Booking, SignUp, SignUpState
from events.signups.rules import Wanted
from tests.factories.events import END, START, date_of, instant, make_event, named
from tests.factories.persons import People, Person

pytestmark = pytest.mark.usefixtures("clock")
SEAT, WAITING, REQUESTED, WITHDRAWN = (
    SignUpState.SEAT,
    SignUpState.WAITING,
    SignUpState.REQUESTED,
    SignUpState.WITHDRAWN,
)


def weekly(session: Session, organiser: Person, dates: int = 3, **changes: object) -> Event:
    event = make_event(session, organiser, **changes)
    event.rule, event.signup_scope = "FREQ=WEEKLY", SignUpScope.SERIES
    first = date_of(session, event)
    for week in range(1, dates):
        add_date(session, first, week)
    session.flush()
    return event


def add_date(session: Session, first: Occurrence, week: int) -> Occurrence:
    wall: datetime = START + timedelta(weeks=week)
    copied = first.model_dump(exclude={"id", "seats_taken", "waiting", "requested", "next_queue_no"})
    changed = {
        "original_local": wall,
        "starts_at": instant(wall),
        "ends_at": instant(END + timedelta(weeks=week)),
        "local_date": wall.date(),
    }
    occurrence = Occurrence(**{**copied, **changed})
    session.add(occurrence)
    session.flush()
    return occurrence


def dates_of(session: Session, event: Event) -> list[Occurrence]:
    statement = select(Occurrence).where(Occurrence.event_id == event.id).order_by(col(Occurrence.starts_at))
    return list(session.exec(statement).all())


def sign_up(
    session: Session, who: Person, event: Event, *numbers: int, places: int = 0, key: str = ""
) -> list[list[SignUp]]:
    wanted = Wanted(people=tuple(named(n) for n in numbers), places=places)
    return [rows for _date, rows in series.sign_up(session, who.actor, event, wanted, key or str(uuid4()), now())]


def states(session: Session, event: Event) -> list[list[str]]:
    """Give, date by date, the states in the order of the numbers."""
    found = []
    for date in dates_of(session, event):
        rows = session.exec(select(SignUp).where(SignUp.occurrence_id == date.id).order_by(col(SignUp.queue_no))).all()
        found.append([row.state.value for row in rows])
    return found


def letters(session: Session) -> list[tuple[str, str]]:
    rows = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    return [(row.template.removeprefix("events/signups/"), row.to_address.partition("@")[0]) for row in rows]


def check_counts(session: Session, event: Event) -> None:
    for date in dates_of(session, event):
        rows = session.exec(select(SignUp).where(SignUp.occurrence_id == date.id)).all()
        stand = [row.state for row in rows]
        taken = sum(rules.is_taking(row.state, holds_seat=row.holds_seat) for row in rows)
        assert (date.seats_taken, date.waiting, date.requested) == (
            taken,
            stand.count(WAITING),
            stand.count(REQUESTED),
        )


def test_one_booking_stands_on_every_coming_date(session: Session, people: People) -> None:
    event = weekly(session, people.ewa, capacity=2)
    sign_up(session, people.marek, event, 1, places=1)
    (booking,) = session.exec(select(Booking)).all()
    assert booking.occurrence_id is None
    assert states(session, event) == [["seat", "seat"]] * 3
    assert letters(session) == [("series_made", "osoba1"), ("series_made", people.marek.email.partition("@")[0])]
    check_counts(session, event)


def test_full_dates_put_people_on_their_waiting_lists(session: Session, people: People) -> None:
    event = weekly(session, people.ewa, capacity=2)
    (first, second, third) = sign_up(session, people.jola, event, 1)
    actions.withdraw(session, people.jola.actor, event, second[0].id or 0, now())
    sign_up(session, people.marek, event, 2, 3)
    assert states(session, event) == [
        ["seat", "seat", "waiting"],
        ["withdrawn", "seat", "seat"],
        ["seat", "seat", "waiting"],
    ]
    mail = session.exec(select(OutboxMail).order_by(col(OutboxMail.id).desc())).first()
    assert mail is not None
    assert (mail.params["seats"], mail.params["waiting"], mail.params["number"]) == (1, 2, 3)
    check_counts(session, event)
    assert (first[0].state, third[0].state) == (SEAT, SEAT)


def test_a_group_waits_as_a_whole_where_it_does_not_fit(session: Session, people: People) -> None:
    event = weekly(session, people.ewa, capacity=2, split=Split.ALL_OR_NOTHING)
    (_one, two, _three) = sign_up(session, people.jola, event, 1)
    actions.withdraw(session, people.jola.actor, event, two[0].id or 0, now())
    sign_up(session, people.marek, event, 2, 3)
    assert states(session, event) == [
        ["seat", "waiting", "waiting"],
        ["withdrawn", "seat", "seat"],
        ["seat", "waiting", "waiting"],
    ]
    with pytest.raises(rules.NotEnoughSeats):
        sign_up(session, people.marek, event, 4, 5, 6)


def test_the_same_form_twice_and_the_same_person_twice(session: Session, people: People) -> None:
    event = weekly(session, people.ewa)
    key = str(uuid4())
    first = sign_up(session, people.marek, event, 1, key=key)
    assert sign_up(session, people.marek, event, 1, key=key) == first
    with pytest.raises(rules.SignedUpAlready):
        sign_up(session, people.jola, event, 1)
    with pytest.raises(Conflict):
        sign_up(session, people.jola, event, 2, key=key)
    wanted, date_id = Wanted(people=(named(8),)), dates_of(session, event)[0].id or 0
    with pytest.raises(rules.WholeSeries):
        actions.sign_up(session, people.marek.actor, event, date_id, wanted, str(uuid4()), now())


def test_cancelled_and_past_dates_are_left_out(session: Session, people: People, clock) -> None:
    event = weekly(session, people.ewa, 4)
    first, second, *_others = dates_of(session, event)
    second.state = State.CANCELLED
    session.flush()
    clock.move_to(first.starts_at)
    sign_up(session, people.marek, event, 1)
    assert states(session, event) == [[], [], ["seat"], ["seat"]]


def test_one_leaves_one_date_or_all(session: Session, people: People) -> None:
    event = weekly(session, people.ewa, capacity=1)
    mine = sign_up(session, people.marek, event, 1)
    sign_up(session, people.jola, event, 2)
    actions.withdraw(session, people.marek.actor, event, mine[1][0].id or 0, now())
    assert states(session, event) == [["seat", "waiting"], ["withdrawn", "seat"], ["seat", "waiting"]]
    before = len(letters(session))
    left = series.withdraw(session, people.marek.actor, event, mine[0][0].id or 0, now())
    assert len(left) == 2
    assert states(session, event) == [["withdrawn", "seat"]] * 3
    sent = [one for one, _to in letters(session)[before:]]
    assert sent == ["series_withdrawn", "given_back", "given_back", "promoted", "promoted"]
    check_counts(session, event)
    with pytest.raises(rules.WithdrawnAlready):
        series.withdraw(session, people.marek.actor, event, mine[0][0].id or 0, now())
    with pytest.raises(rules.NoSuchSignUp):
        series.withdraw(session, people.stefan.actor, event, mine[0][0].id or 0, now())


def test_whoever_signed_up_for_the_series_joins_new_dates(session: Session, people: People) -> None:
    event = weekly(session, people.ewa, capacity=2)
    sign_up(session, people.marek, event, 1, places=1)
    gone = sign_up(session, people.jola, event, 2)
    sign_up(session, people.stefan, event, 3)
    series.withdraw(session, people.jola.actor, event, gone[0][0].id or 0, now())
    before = len(letters(session))
    fresh = [add_date(session, dates_of(session, event)[0], week) for week in (3, 4)]
    assert series.join_new_dates(session, event, fresh, now()) == 6
    assert states(session, event)[3:] == [["seat", "seat", "waiting"]] * 2
    assert len(letters(session)) == before
    check_counts(session, event)
    assert series.join_new_dates(session, event, [], now()) == 0
    assert series.join_all(session, now()) == 0
    last = add_date(session, dates_of(session, event)[0], 6)
    assert series.join_all(session, now()) == 3
    assert (last.seats_taken, last.waiting) == (2, 1)
    event.signup_scope = SignUpScope.DATE
    later = add_date(session, dates_of(session, event)[0], 5)
    assert series.join_new_dates(session, event, [later], now()) == 0


def test_the_organisers_word_is_for_all_dates(session: Session, people: People) -> None:
    event = weekly(session, people.ewa, capacity=1)
    event.admission = Admission.APPROVAL
    session.flush()
    rows = sign_up(session, people.marek, event, 1, 2)
    assert states(session, event) == [["requested", "requested"]] * 3
    fresh = add_date(session, dates_of(session, event)[0], 3)
    series.join_new_dates(session, event, [fresh], now())
    assert states(session, event)[3] == ["requested", "requested"]
    before = len(letters(session))
    requests.accept(session, people.ewa.actor, event, [rows[1][0].id or 0], now())
    assert states(session, event) == [["seat", "requested"]] * 4
    assert letters(session)[before:] == [("accepted", "osoba1")]
    requests.refuse(session, people.ewa.actor, event, [rows[0][1].id or 0], "number", "", now())
    assert states(session, event) == [["seat", "refused"]] * 4
    check_counts(session, event)


def test_a_name_goes_onto_this_and_the_later_dates(session: Session, people: People) -> None:
    event = weekly(session, people.ewa)
    rows = sign_up(session, people.marek, event, places=1)
    before = len(letters(session))
    names.name(session, people.marek.actor, event, rows[1][0].id or 0, named(5), now())
    assert [one[0].person for one in rows] == ["", "Osoba 5", "Osoba 5"]
    assert letters(session)[before:] == [("handed_over", "osoba5")]


def test_deadlines_of_a_series_are_as_long_before_each_date() -> None:
    first, later = instant(START), instant(START + timedelta(weeks=2))
    day_before = first - timedelta(days=1)
    assert rules.first_start(START, None) is None
    assert rules.first_start(START, "FREQ=WEEKLY") == warsaw.to_utc(START)
    assert rules.limit(day_before, later) == day_before
    assert rules.limit(day_before, later, first) == later - timedelta(days=1)
    assert rules.limit(None, later, first) == later
    assert rules.limit(first + timedelta(days=1), later, first) == later


def test_deadlines_move_on_with_a_series_that_is_split(session: Session, people: People) -> None:
    closes = instant(START - timedelta(days=1))
    rule = Rule(days=(START.weekday(),))
    event = make_event(session, people.ewa, rule=rule, signup_closes_at=closes, withdraw_until=closes)
    third = dates_of(session, event)[2]
    wall = warsaw.to_local(third.starts_at).replace(tzinfo=None)
    wanted = replace(calendar.as_saved(session, event), title="Nowa", starts=wall, ends=wall + (END - START), rule=rule)
    changes.edit(
        session, people.ewa.actor, event, wanted, event.revision, now(), occurrence_id=third.id, scope=Scope.FOLLOWING
    )
    part = session.get_one(Event, third.event_id)
    assert (part.id == event.id, part.title) == (False, "Nowa")
    assert (event.signup_closes_at, part.signup_closes_at) == (closes, closes + timedelta(weeks=2))
    assert part.withdraw_until == closes + timedelta(weeks=2)
