"""Places by the organiser's word: requests, decisions, and what a moved date asks anew."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditLine, AuditValue
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar.models import Admission, Consent, Event, Promotion, Split
from events.gate import queries as gate
from events.signups import actions, requests, rules
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Wanted
from tests.factories.events import date_of, instant, local, make_event, named
from tests.factories.persons import People, Person

pytestmark = pytest.mark.usefixtures("clock")
SEAT, WAITING, REQUESTED, REFUSED, OFFERED = (
    SignUpState.SEAT,
    SignUpState.WAITING,
    SignUpState.REQUESTED,
    SignUpState.REFUSED,
    SignUpState.OFFERED,
)


@pytest.fixture(name="event")
def _event(session: Session, people: People) -> Event:
    return by_word(session, people.ewa, capacity=2)


def by_word(session: Session, organiser: Person, **changes: object) -> Event:
    event = make_event(session, organiser, **{k: v for k, v in changes.items() if k in ("capacity", "split")})
    event.admission = Admission.APPROVAL
    for name in ("promotion", "consent", "place_institution_id"):
        if name in changes:
            setattr(event, name, changes[name])
    session.flush()
    return event


def ask(session: Session, who: Person, event: Event, *numbers: int, places: int = 0) -> list[SignUp]:
    wanted = Wanted(people=tuple(named(n) for n in numbers), places=places)
    return actions.sign_up(session, who.actor, event, date_of(session, event).id or 0, wanted, str(uuid4()), now())


def ids(rows: Sequence[SignUp]) -> list[int]:
    return [row.id or 0 for row in rows]


def letters(session: Session) -> list[tuple[str, str]]:
    rows = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    return [(row.template.removeprefix("events/signups/"), row.to_address.partition("@")[0]) for row in rows]


def counted(session: Session, event: Event) -> tuple[int, int, int]:
    date = date_of(session, event)
    return (date.seats_taken, date.waiting, date.requested)


def test_whoever_signs_up_asks_and_takes_no_seat(session: Session, people: People, event: Event) -> None:
    rows = ask(session, people.marek, event, 1, 2)
    assert [row.state for row in rows] == [REQUESTED, REQUESTED]
    assert counted(session, event) == (0, 0, 2)
    assert [one for one, _to in letters(session)] == ["requested", "requested", "to_decide", "to_decide"]


def test_the_organisers_own_people_need_no_word(session: Session, people: People, event: Event) -> None:
    (row,) = ask(session, people.ewa, event, 1)
    assert row.state is SEAT


def test_accepted_people_get_seats_and_then_their_place_by_number(
    session: Session, people: People, event: Event
) -> None:
    first, second = ask(session, people.marek, event, 1, 2)
    (third,) = ask(session, people.jola, event, 3)
    requests.accept(session, people.ewa.actor, event, ids([third, first]), now())
    assert (first.state, second.state, third.state) == (SEAT, REQUESTED, SEAT)
    (fourth,) = ask(session, people.jola, event, 4)
    before = len(letters(session))
    requests.accept(session, people.ewa.actor, event, ids([fourth]), now())
    requests.accept(session, people.ewa.actor, event, ids([second]), now())
    assert (second.state, fourth.state) == (WAITING, WAITING)
    assert letters(session)[before:] == [("accepted_waiting", "osoba4"), ("accepted_waiting", "osoba2")]
    # Asked earlier, so it stands before the one that was accepted earlier.
    moved = actions.withdraw(session, people.jola.actor, event, third.id or 0, now())
    assert moved == [second]
    assert counted(session, event) == (2, 1, 0)


def test_an_accepted_person_gets_a_seat_and_no_offer(session: Session, people: People) -> None:
    event = by_word(session, people.ewa, capacity=1, promotion=Promotion.OFFER)
    (row,) = ask(session, people.marek, event, 1)
    requests.accept(session, people.ewa.actor, event, ids([row]), now())
    assert row.state is SEAT
    assert letters(session)[-1] == ("accepted", "osoba1")


def test_a_refusal_has_a_code_and_is_told(session: Session, people: People, event: Event) -> None:
    (row,) = ask(session, people.marek, event, 1)
    requests.refuse(session, people.ewa.actor, event, ids([row]), "number", "Najwyżej jedna osoba.", now())
    assert (row.state, row.reason, row.note) == (REFUSED, "number", "Najwyżej jedna osoba.")
    assert counted(session, event) == (0, 0, 0)
    mail = session.exec(select(OutboxMail).order_by(col(OutboxMail.id).desc())).first()
    assert mail is not None
    assert (mail.template, mail.params["code"]) == ("events/signups/refused", "number")
    line = session.exec(select(AuditLine).where(AuditLine.verb == "signup.refused")).one()
    assert line.details["reason"] == "number"
    assert "Najwyżej" not in str(line.details)
    (again,) = ask(session, people.marek, event, 1)
    assert again.state is REQUESTED


@pytest.mark.parametrize(
    ("code", "note", "refusal"),
    [
        ("", "", rules.UnknownReason),
        ("made_up", "x", rules.UnknownReason),
        ("other", " ", rules.NoteNeeded),
        ("number", "", None),
        ("other", "Sala zajęta", None),
    ],
)
def test_a_reason_is_one_of_the_codes(code: str, note: str, refusal: type[Exception] | None) -> None:
    if refusal is None:
        rules.check_reason(code, note)
    else:
        with pytest.raises(refusal):
            rules.check_reason(code, note)


def test_a_group_that_is_taken_as_a_whole_is_decided_as_a_whole(session: Session, people: People) -> None:
    event = by_word(session, people.ewa, capacity=3, split=Split.ALL_OR_NOTHING)
    one, two = ask(session, people.marek, event, 1, 2)
    other, another = ask(session, people.jola, event, 3, 4)
    requests.accept(session, people.ewa.actor, event, ids([one]), now())
    requests.accept(session, people.ewa.actor, event, ids([another]), now())
    assert [row.state for row in (one, two, other, another)] == [SEAT, SEAT, WAITING, WAITING]
    requests.ask_anew(session, people.ewa.actor, event, date_of(session, event), now())
    requests.refuse(session, people.ewa.actor, event, ids([two]), "date", "", now())
    assert [row.state for row in (one, two)] == [REFUSED, REFUSED]


def test_deciding_twice_is_told(session: Session, people: People, event: Event) -> None:
    (row,) = ask(session, people.marek, event, 1)
    requests.accept(session, people.ewa.actor, event, ids([row]), now())
    with pytest.raises(rules.DecidedAlready):
        requests.refuse(session, people.ewa.actor, event, ids([row]), "number", "", now())
    with pytest.raises(rules.NothingChosen):
        requests.accept(session, people.ewa.actor, event, [], now())


def test_nothing_is_decided_after_the_beginning(session: Session, people: People, event: Event, clock) -> None:
    (row,) = ask(session, people.marek, event, 1)
    clock.move_to(instant(local(10)))
    with pytest.raises(rules.TooLate):
        requests.accept(session, people.ewa.actor, event, ids([row]), now())


def test_who_decides(session: Session, people: People) -> None:
    event = by_word(session, people.marek, capacity=3, consent=Consent.PENDING, place_institution_id=people.prison.id)
    (row,) = ask(session, people.jola, event, 1)
    for stranger in (people.jola, people.stefan, people.zofia, people.piotr, people.wanda, people.olga):
        with pytest.raises(rules.NotYoursToDecide):
            requests.accept(session, stranger.actor, event, ids([row]), now())
    requests.accept(session, people.ewa.actor, event, ids([row]), now())  # the unit into which they come
    assert row.state is SEAT
    event.consent = None
    (other,) = ask(session, people.jola, event, 2)
    with pytest.raises(rules.NotYoursToDecide):
        requests.accept(session, people.ewa.actor, event, ids([other]), now())


def test_a_request_of_another_event_is_not_reached(session: Session, people: People, event: Event) -> None:
    other = by_word(session, people.ewa, capacity=2)
    (row,) = ask(session, people.marek, other, 1)
    with pytest.raises(rules.NoSuchSignUp):
        requests.accept(session, people.ewa.actor, event, ids([row]), now())


def test_a_moved_date_asks_anew_and_keeps_seats_and_numbers(session: Session, people: People, event: Event) -> None:
    rows = ask(session, people.marek, event, 1, 2, 3)
    requests.accept(session, people.ewa.actor, event, ids(rows), now())
    before = len(letters(session))
    told = actions.moved(session, people.ewa.actor, event, date_of(session, event), now())
    assert told == 3
    assert [(row.state, row.holds_seat) for row in rows] == [(REQUESTED, True), (REQUESTED, True), (REQUESTED, False)]
    assert counted(session, event) == (2, 0, 3)
    sent = letters(session)[before:]
    assert [one for one, _to in sent] == ["moved_asked"] * 3 + ["to_decide"] * 2
    (late,) = ask(session, people.jola, event, 9)
    requests.accept(session, people.ewa.actor, event, ids([late]), now())
    assert late.state is WAITING  # the kept seats are not free
    requests.refuse(session, people.ewa.actor, event, ids(rows[:1]), "date", "", now())
    assert late.state is SEAT  # the third has not been accepted for the new date
    requests.accept(session, people.ewa.actor, event, ids(rows[1:]), now())
    assert [row.state for row in rows] == [REFUSED, SEAT, WAITING]


def test_a_moved_open_date_asks_nothing(session: Session, people: People) -> None:
    event = make_event(session, people.ewa, capacity=2)
    rows = ask(session, people.marek, event, 1)
    actions.moved(session, people.ewa.actor, event, date_of(session, event), now())
    assert rows[0].state is SEAT
    assert letters(session)[-1][0] == "moved"


def test_the_gate_expects_those_with_a_seat(session: Session, people: People) -> None:
    event = by_word(session, people.ewa, capacity=2, consent=Consent.GRANTED, place_institution_id=people.prison.id)
    date = date_of(session, event)
    date.place_institution_id = people.prison.id
    rows = ask(session, people.marek, event, 1, 2, 3)

    def expected() -> list[str]:
        known = gate.by_signup(session, date.id or 0, ids(rows))
        return sorted(entry.person for entry in known.values() if entry.state.value != "removed")

    assert expected() == []
    requests.accept(session, people.ewa.actor, event, ids(rows), now())
    assert expected() == ["Osoba 1", "Osoba 2"]
    actions.withdraw(session, people.marek.actor, event, rows[0].id or 0, now())
    assert expected() == ["Osoba 2", "Osoba 3"]


def test_names_in_the_trail_go_thirty_days_after(session: Session, people: People, event: Event, clock) -> None:
    (row,) = ask(session, people.marek, event, 1)
    requests.accept(session, people.ewa.actor, event, ids([row]), now())
    (refused,) = ask(session, people.jola, event, 2)
    requests.refuse(session, people.ewa.actor, event, ids([refused]), "other", "Słowo o osobie", now())
    clock.move_to(date_of(session, event).ends_at + timedelta(days=30))
    assert actions.forget_names(session, now()) == 0
    clock.shift(timedelta(seconds=1))
    assert actions.forget_names(session, now()) == 2
    assert (row.person, row.function, row.email, row.erased_at) == ("Osoba 1", "", "", None)
    assert (refused.person, refused.note, refused.erased_at) == ("", "", now())
    assert "osoba" not in row.person_key
    values = session.exec(select(AuditValue)).all()
    assert not [one for one in values if "osoba" in str(one.personal) or "Słowo" in str(one.personal)]
    assert actions.forget_names(session, now()) == 0
