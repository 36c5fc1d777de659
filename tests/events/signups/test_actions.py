"""Sign-up, withdrawal and the waiting list, act by act."""

from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditLine
from app.clock import now
from app.errors import Conflict
from app.outbox.models import OutboxMail
from events.calendar.models import Event, Split
from events.changes import actions as changes
from events.signups import actions, rules
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Wanted
from tests.factories.events import date_of, draft_of, instant, local, make_draft, make_event, named
from tests.factories.persons import People, Person

pytestmark = pytest.mark.usefixtures("clock")
SEAT, WAITING, WITHDRAWN = SignUpState.SEAT, SignUpState.WAITING, SignUpState.WITHDRAWN


def sign_up(session: Session, who: Person, event: Event, *numbers: int, places: int = 0, key: str = "") -> list[SignUp]:
    wanted = Wanted(people=tuple(named(n) for n in numbers), places=places)
    return actions.sign_up(
        session, who.actor, event, date_of(session, event).id or 0, wanted, key or str(uuid4()), now()
    )


def mails(session: Session) -> list[tuple[str, str]]:
    rows = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    return [(row.template.removeprefix("events/signups/"), row.to_address) for row in rows]


def states(session: Session, event: Event) -> list[tuple[str, SignUpState]]:
    rows = session.exec(
        select(SignUp).where(SignUp.occurrence_id == date_of(session, event).id).order_by(col(SignUp.queue_no))
    )
    return [(row.person, row.state) for row in rows]


def test_nine_taken_two_wanted_gives_one_seat_and_one_waiting(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=10)
    sign_up(session, people.jola, event, *range(9))
    rows = sign_up(session, people.marek, event, 20, 21)
    assert [row.state for row in rows] == [SEAT, WAITING]
    date = date_of(session, event)
    assert (date.seats_taken, date.waiting) == (10, 1)
    assert mails(session)[-2:] == [("confirmed", "osoba20@kladkowo.example"), ("waiting", "osoba21@kladkowo.example")]


def test_withdrawal_promotes_the_longest_waiting_in_the_same_act(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    (seated,) = sign_up(session, people.jola, event, 1)
    sign_up(session, people.marek, event, 2, 3)
    promoted = actions.withdraw(session, people.jola.actor, event, seated.id or 0, now())
    assert [row.person for row in promoted] == ["Osoba 2"]
    assert states(session, event) == [("Osoba 1", WITHDRAWN), ("Osoba 2", SEAT), ("Osoba 3", WAITING)]
    assert (date_of(session, event).seats_taken, date_of(session, event).waiting) == (1, 1)
    assert mails(session)[-4:] == [
        ("withdrawn", "osoba1@kladkowo.example"),
        ("given_back", people.adam.email),
        ("given_back", people.ewa.email),
        ("promoted", "osoba2@kladkowo.example"),
    ]


def test_the_same_form_twice_makes_one_signup(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=5)
    first = sign_up(session, people.marek, event, 1, key="11111111-1111-1111-1111-111111111111")
    second = sign_up(session, people.marek, event, 1, key="11111111-1111-1111-1111-111111111111")
    assert [row.id for row in first] == [row.id for row in second]
    assert len(mails(session)) == 1


def test_nobody_overtakes_the_queue(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    sign_up(session, people.jola, event, 1)
    sign_up(session, people.marek, event, 2)
    (late,) = sign_up(session, people.stefan, event, 3)
    assert late.state is WAITING
    assert late.queue_no == 3


def test_larger_capacity_serves_the_queue(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    sign_up(session, people.marek, event, 1, 2, 3)
    changes.edit(session, people.ewa.actor, event, draft_of(capacity=2), event.revision, now())
    assert [state for _, state in states(session, event)] == [SEAT, SEAT, WAITING]
    assert ("promoted", "osoba2@kladkowo.example") in mails(session)


def test_places_without_names_count_as_seats(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=3)
    rows = sign_up(session, people.marek, event, 1, places=3)
    assert [(row.person, row.state) for row in rows] == [("Osoba 1", SEAT), ("", SEAT), ("", SEAT), ("", WAITING)]
    assert mails(session)[-1] == ("waiting", people.marek.email)


def test_a_person_cannot_hold_two_seats(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=5)
    sign_up(session, people.marek, event, 1)
    with pytest.raises(rules.SignedUpAlready, match="Osoba 1 is already signed up"):
        sign_up(session, people.jola, event, 1)


def test_who_has_withdrawn_may_come_back_at_the_end(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    (seated,) = sign_up(session, people.marek, event, 1)
    sign_up(session, people.jola, event, 2)
    actions.withdraw(session, people.marek.actor, event, seated.id or 0, now())
    (again,) = sign_up(session, people.marek, event, 1)
    assert (again.state, again.queue_no) == (WAITING, 3)


def test_all_or_nothing_refuses_a_group_that_does_not_fit(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=2, split=Split.ALL_OR_NOTHING)
    with pytest.raises(rules.NotEnoughSeats, match="Only 2 seats are free"):
        sign_up(session, people.marek, event, 1, 2, 3)
    assert states(session, event) == []


def test_a_group_that_waits_moves_up_as_a_whole(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=2, split=Split.ALL_OR_NOTHING)
    first, second = sign_up(session, people.jola, event, 1, 2)
    sign_up(session, people.marek, event, 3, 4)
    sign_up(session, people.stefan, event, 5)
    actions.withdraw(session, people.jola.actor, event, first.id or 0, now())
    assert [state for _, state in states(session, event)[2:]] == [WAITING, WAITING, WAITING]
    actions.withdraw(session, people.jola.actor, event, second.id or 0, now())
    assert [state for _, state in states(session, event)[2:]] == [SEAT, SEAT, WAITING]


def test_a_member_signs_up_himself_only(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=2)
    with pytest.raises(rules.OnlyYourself):
        sign_up(session, people.piotr, event, 1)
    with pytest.raises(rules.OnlyYourself):
        sign_up(session, people.piotr, event, places=1)
    own = rules.Person(people.piotr.name, people.piotr.email, user_id=people.piotr.user_id)
    occurrence = date_of(session, event).id or 0
    rows = actions.sign_up(session, people.piotr.actor, event, occurrence, Wanted(people=(own,)), str(uuid4()), now())
    assert rows[0].state is SEAT


@pytest.mark.parametrize("who", ["wanda", "olga"])
def test_only_people_of_an_institution_sign_up(session: Session, people: People, who: str) -> None:
    event = make_event(session, people.ewa)
    with pytest.raises(rules.NotSignedUpHere):
        sign_up(session, getattr(people, who), event, 1)


def test_nothing_wanted_is_refused(session: Session, people: People) -> None:
    event = make_event(session, people.ewa)
    with pytest.raises(rules.NobodyChosen):
        sign_up(session, people.marek, event)


def test_too_many_at_once_is_refused(session: Session, people: People) -> None:
    event = make_event(session, people.ewa)
    with pytest.raises(rules.TooMany, match="at most 50"):
        sign_up(session, people.marek, event, places=51)


def test_a_draft_takes_no_signups(session: Session, people: People) -> None:
    event = make_draft(session, people.ewa)
    with pytest.raises(rules.SignUpClosed):
        sign_up(session, people.marek, event, 1)


def test_signup_closes_when_the_organiser_says(session: Session, people: People, clock) -> None:
    event = make_event(session, people.ewa, signup_closes_at=instant(local(9, days=-1)))
    clock.move_to(instant(local(9, days=-1)))
    with pytest.raises(rules.SignUpClosed):
        sign_up(session, people.marek, event, 1)


def test_withdrawal_after_the_deadline_is_refused(session: Session, people: People, clock) -> None:
    event = make_event(session, people.ewa, withdraw_until=instant(local(9, days=-1)))
    (row,) = sign_up(session, people.marek, event, 1)
    clock.move_to(instant(local(9, days=-1)))
    with pytest.raises(rules.WithdrawalClosed):
        actions.withdraw(session, people.marek.actor, event, row.id or 0, now())


def test_nobody_withdraws_another_institutions_person(session: Session, people: People) -> None:
    event = make_event(session, people.ewa)
    (row,) = sign_up(session, people.marek, event, 1)
    for stranger, refusal in (
        (people.jola, rules.NoSuchSignUp),
        (people.stefan, rules.NoSuchSignUp),
        (people.wanda, rules.NoSuchSignUp),
        (people.ewa, rules.NotYourSignUp),
        (people.piotr, rules.NotYourSignUp),
    ):
        with pytest.raises(refusal):
            actions.withdraw(session, stranger.actor, event, row.id or 0, now())
    assert states(session, event) == [("Osoba 1", SEAT)]


def test_withdrawing_twice_is_refused(session: Session, people: People) -> None:
    event = make_event(session, people.ewa)
    (row,) = sign_up(session, people.marek, event, 1)
    actions.withdraw(session, people.marek.actor, event, row.id or 0, now())
    with pytest.raises(rules.WithdrawnAlready):
        actions.withdraw(session, people.marek.actor, event, row.id or 0, now())


def test_nobody_moves_up_in_a_cancelled_event(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    (seated,) = sign_up(session, people.marek, event, 1)
    sign_up(session, people.jola, event, 2)
    changes.cancel(session, people.ewa.actor, event, "Awaria", now())
    with pytest.raises(rules.WithdrawalClosed):
        actions.withdraw(session, people.marek.actor, event, seated.id or 0, now())
    assert states(session, event) == [("Osoba 1", SEAT), ("Osoba 2", WAITING)]


def test_the_key_of_anothers_form_signs_nobody_up(session: Session, people: People) -> None:
    event, other = make_event(session, people.ewa), make_event(session, people.ewa)
    key = str(uuid4())
    sign_up(session, people.marek, event, 1, key=key)
    with pytest.raises(Conflict):
        sign_up(session, people.jola, event, 2, key=key)
    with pytest.raises(Conflict):
        sign_up(session, people.marek, other, 1, key=key)


def test_a_signup_of_another_event_is_not_reached(session: Session, people: People) -> None:
    mine, other = make_event(session, people.ewa), make_event(session, people.jola)
    (row,) = sign_up(session, people.marek, mine, 1)
    with pytest.raises(rules.NoSuchSignUp):
        actions.withdraw(session, people.marek.actor, other, row.id or 0, now())


def test_mails_of_a_seat_carry_the_date_and_those_of_the_queue_do_not(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    sign_up(session, people.marek, event, 1, 2)
    seat, waiting = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    assert seat.calendar is not None
    assert f"UID:{event.uid}" in seat.calendar
    assert "ATTENDEE" not in seat.calendar
    assert waiting.calendar is None


def test_whoever_books_places_gets_the_mails_of_those_without_a_name(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=2)
    sign_up(session, people.jola, event, 1, places=2)
    told = [("confirmed", "osoba1@kladkowo.example"), *((word, people.jola.email) for word in ("confirmed", "waiting"))]
    assert mails(session) == told


def test_a_signup_asks_as_few_statements_however_many_came_before(
    session: Session, people: People, query_count
) -> None:
    event = make_event(session, people.ewa, capacity=None)
    counts = []
    for number in (0, 1, 10):
        with query_count() as statements:
            sign_up(session, people.jola, event, number)
        counts.append(len(statements))
    assert counts == [10, 10, 10]


def test_every_act_has_its_audit_line_without_names(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=1)
    (row,) = sign_up(session, people.marek, event, 1)
    sign_up(session, people.jola, event, 2)
    actions.withdraw(session, people.marek.actor, event, row.id or 0, now())
    lines = session.exec(select(AuditLine).where(AuditLine.subject_kind == "signup").order_by(col(AuditLine.id))).all()
    assert [line.verb for line in lines] == ["signup.made", "signup.made", "signup.withdrawn", "signup.promoted"]
    assert not any("Osoba" in str(line.details) or "example" in str(line.details) for line in lines)
