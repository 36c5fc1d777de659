"""A free place offered to the next in line: taken, declined, expired; names, colleagues and the order of the queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar.models import Admission, Event, Promotion, Split, State
from events.signups import actions, names, offers, order, rules
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Wanted
from tests.factories.events import date_of, instant, local, make_event, named
from tests.factories.persons import People, Person

pytestmark = pytest.mark.usefixtures("clock")
SEAT, WAITING, OFFERED, EXPIRED, WITHDRAWN, REQUESTED = (
    SignUpState.SEAT,
    SignUpState.WAITING,
    SignUpState.OFFERED,
    SignUpState.EXPIRED,
    SignUpState.WITHDRAWN,
    SignUpState.REQUESTED,
)


def offering(session: Session, organiser: Person, **changes: object) -> Event:
    event = make_event(session, organiser, **{"capacity": 1, **changes})
    event.promotion = Promotion.OFFER
    session.flush()
    return event


def sign_up(session: Session, who: Person, event: Event, *numbers: int, places: int = 0) -> list[SignUp]:
    wanted = Wanted(people=tuple(named(n) for n in numbers), places=places)
    return actions.sign_up(session, who.actor, event, date_of(session, event).id or 0, wanted, str(uuid4()), now())


def leave(session: Session, who: Person, event: Event, row: SignUp) -> list[SignUp]:
    return actions.withdraw(session, who.actor, event, row.id or 0, now())


def letters(session: Session) -> list[tuple[str, str]]:
    rows = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    return [(row.template.removeprefix("events/signups/"), row.to_address.partition("@")[0]) for row in rows]


def states(rows: Sequence[SignUp]) -> list[SignUpState]:
    return [row.state for row in rows]


def counted(session: Session, event: Event) -> tuple[int, int]:
    date = date_of(session, event)
    return (date.seats_taken, date.waiting)


def test_a_free_place_is_offered_for_a_day(session: Session, people: People) -> None:
    event = offering(session, people.ewa)
    (seated,) = sign_up(session, people.jola, event, 1)
    second, third = sign_up(session, people.marek, event, 2, 3)
    assert leave(session, people.jola, event, seated) == [second]
    assert (second.state, second.offer_until) == (OFFERED, now() + timedelta(hours=24))
    assert counted(session, event) == (1, 1)
    assert letters(session)[-1] == ("offered", "osoba2")
    (late,) = sign_up(session, people.stefan, event, 9)
    assert late.state is WAITING  # an offered place is not free
    assert offers.take(session, people.marek.actor, event, second.id or 0, now()) == [second]
    assert (second.state, second.offer_until) == (SEAT, None)
    assert letters(session)[-1] == ("confirmed", "osoba2")
    assert counted(session, event) == (1, 2)
    assert third.state is WAITING


def test_an_offer_ends_with_the_sign_up_and_afterwards_places_are_given(
    session: Session, people: People, clock
) -> None:
    close = instant(local(9, days=-1))
    event = offering(session, people.ewa, signup_closes_at=close)
    (seated,) = sign_up(session, people.jola, event, 1)
    second, third = sign_up(session, people.marek, event, 2, 3)
    clock.move_to(close - timedelta(hours=3))
    leave(session, people.jola, event, seated)
    assert second.offer_until == close
    clock.move_to(close)
    assert offers.expire_offers(session, now()) == 1
    assert states([second, third]) == [EXPIRED, SEAT]


def test_nobody_takes_what_has_expired_even_before_the_job_ran(session: Session, people: People, clock) -> None:
    event = offering(session, people.ewa)
    (seated,) = sign_up(session, people.jola, event, 1)
    second, third = sign_up(session, people.marek, event, 2, 3)
    leave(session, people.jola, event, seated)
    clock.move_to(second.offer_until)
    for verb in (offers.take, offers.decline):
        with pytest.raises(rules.OfferExpired):
            verb(session, people.marek.actor, event, second.id or 0, now())
    before = len(letters(session))
    assert offers.expire_offers(session, now()) == 1
    assert states([second, third]) == [EXPIRED, OFFERED]
    assert letters(session)[before:] == [("expired", "osoba2"), ("offered", "osoba3")]
    assert offers.expire_offers(session, now()) == 0
    with pytest.raises(rules.OfferExpired):
        offers.take(session, people.marek.actor, event, second.id or 0, now())
    (again,) = sign_up(session, people.marek, event, 2)
    assert (again.state, again.queue_no) == (WAITING, 4)


def test_declining_passes_the_place_on(session: Session, people: People) -> None:
    event = offering(session, people.ewa)
    (seated,) = sign_up(session, people.jola, event, 1)
    second, third = sign_up(session, people.marek, event, 2, 3)
    leave(session, people.jola, event, seated)
    before = len(letters(session))
    assert offers.decline(session, people.marek.actor, event, second.id or 0, now()) == [third]
    assert states([second, third]) == [WITHDRAWN, OFFERED]
    assert letters(session)[before:] == [("withdrawn", "osoba2"), ("offered", "osoba3")]


def test_a_group_answers_as_a_whole(session: Session, people: People) -> None:
    event = offering(session, people.ewa, capacity=2, split=Split.ALL_OR_NOTHING)
    (one,) = sign_up(session, people.jola, event, 1)
    (other,) = sign_up(session, people.jola, event, 2)
    group = sign_up(session, people.marek, event, 3, 4)
    leave(session, people.jola, event, one)
    assert states(group) == [WAITING, WAITING]
    leave(session, people.jola, event, other)
    assert states(group) == [OFFERED, OFFERED]
    offers.take(session, people.marek.actor, event, group[1].id or 0, now())
    assert states(group) == [SEAT, SEAT]


def test_nobody_answers_for_others(session: Session, people: People) -> None:
    event = offering(session, people.ewa)
    (seated,) = sign_up(session, people.jola, event, 1)
    (second,) = sign_up(session, people.marek, event, 2)
    leave(session, people.jola, event, seated)
    for stranger, refusal in (
        (people.jola, rules.NoSuchSignUp),
        (people.ewa, rules.NotYourSignUp),
        (people.piotr, rules.NotYourSignUp),
    ):
        with pytest.raises(refusal):
            offers.take(session, stranger.actor, event, second.id or 0, now())
    second.state = SignUpState.REFUSED
    session.flush()
    with pytest.raises(rules.NoLongerCounts):
        actions.withdraw(session, people.marek.actor, event, second.id or 0, now())


def test_offers_of_a_date_that_was_called_off_end_silently(session: Session, people: People, clock) -> None:
    event = offering(session, people.ewa)
    (seated,) = sign_up(session, people.jola, event, 1)
    second, third = sign_up(session, people.marek, event, 2, 3)
    leave(session, people.jola, event, seated)
    date_of(session, event).state = State.CANCELLED
    session.flush()
    before = len(letters(session))
    clock.shift(timedelta(days=2))
    assert offers.expire_offers(session, now()) == 1
    assert states([second, third]) == [EXPIRED, WAITING]
    assert letters(session)[before:] == []


def rule_of(promotion: Promotion, hours: int, closes: datetime, at: datetime) -> datetime | None:
    return rules.offer_until(promotion, hours, closes, at)


def test_until_when_a_place_is_offered() -> None:
    at, closes = instant(local(10)), instant(local(12))
    assert rule_of(Promotion.AUTOMATIC, 24, closes, at) is None
    assert rule_of(Promotion.OFFER, 24, closes, at) == closes
    assert rule_of(Promotion.OFFER, 1, closes, at) == at + timedelta(hours=1)
    assert rule_of(Promotion.OFFER, 24, at, at) is None


def test_a_place_without_a_name_gets_one(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=2)
    (row,) = sign_up(session, people.marek, event, places=1)
    before = len(letters(session))
    names.name(session, people.marek.actor, event, row.id or 0, named(5), now())
    assert (row.person, row.state) == ("Osoba 5", SEAT)
    assert letters(session)[before:] == [("handed_over", "osoba5")]
    with pytest.raises(rules.NamedAlready):
        names.name(session, people.marek.actor, event, row.id or 0, named(5), now())
    with pytest.raises(rules.NotNamed):
        names.name(session, people.marek.actor, event, row.id or 0, rules.Person("Anna", ""), now())


def test_a_place_is_handed_over_and_both_are_told(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    (row,) = sign_up(session, people.marek, event, 1)
    before = len(letters(session))
    names.name(session, people.marek.actor, event, row.id or 0, named(2), now())
    assert (row.person, row.email, row.state) == ("Osoba 2", "osoba2@kladkowo.example", SEAT)
    assert letters(session)[before:] == [("handed_over", "osoba2"), ("handed_on", "osoba1")]
    with pytest.raises(rules.SignedUpAlready):
        sign_up(session, people.jola, event, 2)


def test_handing_over_where_the_organiser_decides_keeps_the_seat_and_asks(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    (row,) = sign_up(session, people.marek, event, 1)
    (waiting,) = sign_up(session, people.jola, event, 3)
    event.admission = Admission.APPROVAL
    session.flush()
    names.name(session, people.marek.actor, event, row.id or 0, named(2), now())
    assert (row.state, row.holds_seat, waiting.state) == (REQUESTED, True, WAITING)
    assert counted(session, event) == (1, 1)
    assert [one for one, _to in letters(session)[-4:]] == ["handed_over", "handed_on", "to_decide", "to_decide"]


def test_who_names_whom(session: Session, people: People, clock) -> None:
    event = make_event(session, people.ewa, withdraw_until=instant(local(9, days=-1)))
    own = rules.Person(people.piotr.name, people.piotr.email, user_id=people.piotr.user_id)
    date = date_of(session, event).id or 0
    (row,) = actions.sign_up(session, people.piotr.actor, event, date, Wanted(people=(own,)), str(uuid4()), now())
    colleague = rules.Person(people.marek.name, people.marek.email, user_id=people.marek.user_id)
    with pytest.raises(rules.OnlyYourself):
        names.name(session, people.piotr.actor, event, row.id or 0, named(1), now())
    with pytest.raises(rules.NoSuchSignUp):
        names.name(session, people.jola.actor, event, row.id or 0, named(1), now())
    with pytest.raises(rules.NotYourSignUp):
        names.name(session, people.ewa.actor, event, row.id or 0, named(1), now())
    names.name(session, people.piotr.actor, event, row.id or 0, colleague, now())
    assert row.user_id == people.marek.user_id
    (place,) = sign_up(session, people.marek, event, places=1)
    clock.move_to(instant(local(9, days=-1)))
    with pytest.raises(rules.WithdrawalClosed):
        names.name(session, people.marek.actor, event, row.id or 0, named(1), now())
    names.name(session, people.marek.actor, event, place.id or 0, named(7), now())  # late is better than never
    assert place.person == "Osoba 7"


def test_two_of_one_institution_swap_and_nobody_else_moves(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    (seated,) = sign_up(session, people.marek, event, 1)
    (between,) = sign_up(session, people.jola, event, 2)
    (waiting,) = sign_up(session, people.marek, event, 3)
    before = len(letters(session))
    names.swap(session, people.marek.actor, event, waiting.id or 0, seated.id or 0, now())
    assert [(row.person, row.state) for row in (seated, between, waiting)] == [
        ("Osoba 3", SEAT),
        ("Osoba 2", WAITING),
        ("Osoba 1", WAITING),
    ]
    assert letters(session)[before:] == [("handed_over", "osoba3"), ("swapped", "osoba1")]
    with pytest.raises(rules.NotYourSignUp):
        names.swap(session, people.marek.actor, event, seated.id or 0, between.id or 0, now())
    with pytest.raises(rules.NoSwap):
        names.swap(session, people.marek.actor, event, waiting.id or 0, waiting.id or 0, now())


def test_the_order_is_changed_only_with_a_reason_that_the_overtaken_read(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    sign_up(session, people.jola, event, 1)
    second, third, fourth = sign_up(session, people.marek, event, 2, 3, 4)
    before = len(letters(session))
    with pytest.raises(rules.ReasonNeeded):
        order.move_up(session, people.ewa.actor, event, fourth.id or 0, " ", now())
    for stranger in (people.marek, people.piotr):
        with pytest.raises(rules.NotYoursToDecide):
            order.move_up(session, stranger.actor, event, fourth.id or 0, "Tłumacz", now())
    passed = order.move_up(session, people.ewa.actor, event, fourth.id or 0, "Tłumaczka", now(), place=2)
    assert passed == [third]
    assert [row.queue_no for row in (second, fourth, third)] == [2, 3, 4]
    assert (third.reason, third.note, fourth.note) == (rules.ORDER_CHANGED, "Tłumaczka", "")
    assert letters(session)[before:] == [("moved_up", "osoba4"), ("overtaken", "osoba3")]
    line = session.exec(select(AuditLine).where(AuditLine.verb == "signup.moved_up")).one()
    assert (line.details["overtaken"], line.user_id) == ([third.id], people.ewa.user_id)


def test_a_group_moves_up_as_a_whole_and_splits_no_other(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=2, split=Split.ALL_OR_NOTHING)
    sign_up(session, people.jola, event, 1, 2)
    one, two = sign_up(session, people.marek, event, 3, 4)
    three, four = sign_up(session, people.stefan, event, 5, 6)
    order.move_up(session, people.ewa.actor, event, four.id or 0, "Powód", now(), place=2)
    assert [row.queue_no for row in (three, four, one, two)] == [3, 4, 5, 6]


def test_a_seat_out_of_turn_needs_a_free_one(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=2, split=Split.ALL_OR_NOTHING)
    first, second = sign_up(session, people.jola, event, 1, 2)
    group = sign_up(session, people.marek, event, 3, 4)
    (single,) = sign_up(session, people.stefan, event, 5)
    with pytest.raises(rules.NoFreeSeat):
        order.seat(session, people.ewa.actor, event, single.id or 0, "Powód", now())
    leave(session, people.jola, event, first)
    assert states([*group, single]) == [WAITING, WAITING, WAITING]
    assert order.seat(session, people.ewa.actor, event, single.id or 0, "Powód", now()) == group
    assert states([second, single]) == [SEAT, SEAT]
    assert {row.note for row in group} == {"Powód"}
    assert counted(session, event) == (2, 2)
    with pytest.raises(rules.NotWaiting):
        order.seat(session, people.ewa.actor, event, single.id or 0, "Powód", now())
