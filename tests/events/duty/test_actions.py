"""Duty hours act by act: planned, confirmed, booked, substituted, cancelled, announced."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlmodel import Session, col, select

from app import warsaw
from app.audit.models import AuditLine
from app.clock import now
from app.errors import Conflict
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar.models import Answer, EventParty, EventSpeaker, Occurrence, State, Visibility
from events.calendar.rules import DateDraft
from events.changes import actions as changes
from events.changes.rules import Scope
from events.duty import actions, queries, rules, upkeep
from events.duty.models import DutyBooking, Hint
from events.gate import rules as gate
from events.gate.models import Entry
from events.recurrence import Freq, Rule
from events.signups import actions as signups
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Person as Guest
from tests.factories.duty import dates, make_booking, make_duty, of, plan_of
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")


def mails(session: Session, template: str) -> list[OutboxMail]:
    statement = select(OutboxMail).where(OutboxMail.template == template).order_by(col(OutboxMail.id))
    return list(session.exec(statement).all())


def entries(session: Session, row: Occurrence) -> list[str]:
    wanted = select(Entry).where(Entry.occurrence_id == row.id).order_by(col(Entry.id))
    return [one.person for one in session.exec(wanted).all() if one.state in gate.ACTIVE]


def test_a_plan_asks_the_unit_and_leaves_days_out(session: Session, people: People) -> None:
    left_out = frozenset({date(2026, 12, 23), date(2026, 12, 30), date(2026, 12, 24)})
    event = actions.plan(session, people.marek.actor, plan_of(people, left_out=left_out), now())
    party = session.get_one(EventParty, (event.id, people.prison.id))
    assert (event.state, event.visibility, party.answer) == (State.DRAFT, Visibility.INVITED, Answer.ASKED)
    assert (event.slot_minutes, event.slot_persons) == (20, 3)
    removed = [row.local_date for row in dates(session, event) if row.state is State.REMOVED]
    assert removed == [date(2026, 12, 23), date(2026, 12, 30)]
    assert [one.to_address for one in mails(session, "events/calendar/asked")] == sorted(
        [people.ewa.actor.email, people.adam.actor.email]
    )


def test_publishing_puts_the_worker_on_every_date_and_on_the_gate_list_once(session: Session, people: People) -> None:
    event = make_duty(session, people)
    rows = dates(session, event)
    assert session.exec(select(EventSpeaker).where(EventSpeaker.event_id == event.id)).all() == []
    assert [entries(session, row) for row in rows] == [[people.piotr.actor.name]] * len(rows)
    assert {row.user_id for row in queries.on_duty(session, [row.id or 0 for row in rows])} == {
        people.piotr.actor.user_id
    }
    assert len(mails(session, "events/signups/series_made")) == 1


def test_somebody_without_an_account_can_keep_the_hours(session: Session, people: People) -> None:
    guest = Guest("Maria Próbna", "", "asystentka rodziny")
    event = make_duty(session, people, who=guest)
    row = dates(session, event)[0]
    assert entries(session, row) == ["Maria Próbna"]
    assert [(one.person, one.function) for one in queries.on_duty(session, [row.id or 0])] == [
        ("Maria Próbna", "asystentka rodziny")
    ]


@pytest.mark.parametrize(
    ("changes_", "refusal"),
    [
        ({"slot_minutes": 200}, rules.NoSlots),
        ({"who": None}, rules.NobodyOnDuty),
        ({"left_out": frozenset(date(2026, 12, 2) + timedelta(days=n) for n in range(90))}, rules.NoDates),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(session, people, changes_, refusal) -> None:
    with pytest.raises(refusal):
        actions.plan(session, people.marek.actor, plan_of(people, **changes_), now())


def test_only_welfare_centres_plan(session: Session, people: People) -> None:
    for somebody in (people.ewa, people.jola, people.piotr):
        with pytest.raises(rules.NotACentre):
            actions.plan(session, somebody.actor, plan_of(people), now())


def test_a_slot_holds_its_persons_and_no_more(session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people))[0]
    make_booking(session, people.ewa, row, slot=1, persons=2, topics=("shelter", "benefits"))
    with pytest.raises(rules.SlotFull, match="Only 1 places"):
        make_booking(session, people.ewa, row, slot=1, persons=2)
    booked = make_booking(session, people.adam, row, slot=1, persons=1)
    assert booked.institution_id == people.prison.id
    with pytest.raises(rules.SlotTaken):
        make_booking(session, people.ewa, row, slot=1)
    found = queries.expected(session, people.piotr.actor, [row.id or 0])[row.id or 0]
    assert (found.persons, found.slots, found.topics) == (3, 1, (("benefits", 2), ("finding a shelter", 1)))


def test_a_double_click_books_once(session: Session, people: People) -> None:
    rows = dates(session, make_duty(session, people))
    first = make_booking(session, people.ewa, rows[0], key="a" * 20)
    assert make_booking(session, people.ewa, rows[0], key="a" * 20).id == first.id
    with pytest.raises(Conflict):
        make_booking(session, people.ewa, rows[1], key="a" * 20)
    assert len(session.exec(select(DutyBooking)).all()) == 1


def test_who_books_and_what(session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people))[0]
    for somebody in (people.marek, people.piotr, people.zofia, people.stefan):
        with pytest.raises(rules.NotYourUnit):
            make_booking(session, somebody, row)
    for slot in (-1, 9):
        with pytest.raises(rules.NotASlot):
            make_booking(session, people.ewa, row, slot=slot)
    with pytest.raises(rules.NoPersons):
        make_booking(session, people.ewa, row, persons=0)
    for topics in ((), ("nonsense",), ("benefits", "Jan Kowalski")):
        with pytest.raises(rules.NoTopic):
            make_booking(session, people.ewa, row, topics=topics)
    assert session.exec(select(DutyBooking)).all() == []


def test_a_slot_that_has_begun_is_neither_booked_nor_given_back(session: Session, people: People, clock) -> None:
    row = dates(session, make_duty(session, people))[0]
    early = make_booking(session, people.ewa, row, slot=0)
    clock.move_to(row.starts_at + timedelta(minutes=10))
    with pytest.raises(rules.TooLateToBook):
        make_booking(session, people.ewa, row, slot=0)
    with pytest.raises(rules.TooLateToBook):
        actions.withdraw(session, people.ewa.actor, early.id or 0, now())
    assert make_booking(session, people.ewa, row, slot=1).slot == 1


def test_a_slot_is_given_back_once(session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people))[0]
    booked = make_booking(session, people.ewa, row, persons=3)
    for somebody in (people.marek, people.zofia, people.piotr):
        with pytest.raises(rules.NotYourUnit):
            actions.withdraw(session, somebody.actor, booked.id or 0, now())
    actions.withdraw(session, people.adam.actor, booked.id or 0, now())
    with pytest.raises(rules.WithdrawnAlready):
        actions.withdraw(session, people.ewa.actor, booked.id or 0, now())
    assert make_booking(session, people.ewa, row, persons=3).persons == 3
    verbs = session.exec(select(AuditLine.verb).where(col(AuditLine.verb).startswith("duty."))).all()
    assert verbs == ["duty.booked", "duty.withdrawn", "duty.booked"]


def test_a_substitute_comes_on_one_date_alone_and_the_gate_knows(session: Session, people: People) -> None:
    event = make_duty(session, people)
    rows = dates(session, event)
    make_booking(session, people.ewa, rows[1], persons=2)
    signup = queries.on_duty(session, [rows[1].id or 0])[0]
    actions.substitute(session, people.marek.actor, event, rows[1].id or 0, signup.id or 0, of(people.marek), now())
    names = [queries.on_duty(session, [row.id or 0])[0].person for row in rows[:3]]
    piotr, marek = people.piotr.actor.name, people.marek.actor.name
    assert names == [piotr, marek, piotr]
    assert [entries(session, row) for row in rows[:3]] == [[piotr], [marek], [piotr]]
    told = mails(session, "events/duty/substituted")
    assert [(one.to_address, one.params["person"], one.params["number"]) for one in told] == [
        (people.ewa.actor.email, marek, 2)
    ]
    assert [one.to_address for one in mails(session, "events/signups/handed_over")] == [people.marek.actor.email]
    assert [one.to_address for one in mails(session, "events/signups/handed_on")] == [people.piotr.actor.email]


def test_only_the_centre_substitutes(session: Session, people: People) -> None:
    event = make_duty(session, people)
    row = dates(session, event)[0]
    signup = queries.on_duty(session, [row.id or 0])[0]
    for somebody in (people.ewa, people.piotr, people.stefan):
        with pytest.raises(rules.NotYourDuty):
            actions.substitute(session, somebody.actor, event, row.id or 0, signup.id or 0, of(people.marek), now())


def test_a_cancelled_date_tells_those_who_booked(session: Session, people: People) -> None:
    event = make_duty(session, people)
    rows = dates(session, event)
    make_booking(session, people.ewa, rows[0], slot=0, persons=2)
    make_booking(session, people.ewa, rows[0], slot=3, persons=1)
    make_booking(session, people.adam, rows[0], slot=4, persons=3)
    make_booking(session, people.ewa, rows[1])
    gone = actions.cancel_date(session, people.marek.actor, event, rows[0].id or 0, "illness", "", now())
    assert gone == 6
    assert (rows[0].state, rows[0].cancel_reason) == (State.CANCELLED, "choroba pracownika na dyżurze")
    assert rows[1].state is State.PUBLISHED
    told = {one.to_address: one.params["number"] for one in mails(session, "events/duty/fell")}
    assert told == {people.ewa.actor.email: 3, people.adam.actor.email: 3}
    assert queries.bookings_of(session, rows[0].id or 0) == []
    assert len(queries.bookings_of(session, rows[1].id or 0)) == 1
    with pytest.raises(rules.TooLateToBook):
        make_booking(session, people.ewa, rows[0])


def test_the_unit_cancels_a_date_too_and_strangers_do_not(session: Session, people: People) -> None:
    event = make_duty(session, people)
    row = dates(session, event)[0]
    for somebody in (people.zofia, people.stefan, people.piotr):
        with pytest.raises(rules.NotYourDuty):
            actions.cancel_date(session, somebody.actor, event, row.id or 0, "unit", "", now())
    with pytest.raises(rules.UnknownReason):
        actions.cancel_date(session, people.ewa.actor, event, row.id or 0, "", "", now())
    with pytest.raises(rules.WordsNeeded):
        actions.cancel_date(session, people.ewa.actor, event, row.id or 0, "other", " ", now())
    actions.cancel_date(session, people.ewa.actor, event, row.id or 0, "other", "remont sali", now())
    assert row.cancel_reason == "remont sali"


def test_bookings_fall_with_a_date_cancelled_another_way(session: Session, people: People) -> None:
    event = make_duty(session, people)
    rows = dates(session, event)
    for row in rows[:3]:
        make_booking(session, people.ewa, row, persons=2)
    changes.cancel(session, people.marek.actor, event, "reorganizacja", now(), occurrence_id=rows[1].id,
                   scope=Scope.FOLLOWING)  # fmt: skip
    assert upkeep.let_fall(session, now()) == 2
    assert upkeep.let_fall(session, now()) == 0
    assert [one.params["reason"] for one in mails(session, "events/duty/fell")] == ["reorganizacja"] * 2
    assert [len(queries.bookings_of(session, row.id or 0)) for row in rows[:3]] == [1, 0, 0]


def test_another_house_learns_nothing_of_what_the_first_has_booked(session: Session, people: People) -> None:
    event = make_duty(session, people)
    row = dates(session, event)[2]
    make_booking(session, people.ewa, row, persons=2, topics=("disability",))
    wall = warsaw.to_local(row.starts_at).replace(tzinfo=None)
    there = people.zofia.actor.institution_id
    wanted = DateDraft(event.title, wall, wall + timedelta(hours=3), there, "", "")
    changes.edit_date(session, people.marek.actor, event, row.id or 0, wanted, event.revision, now())
    assert queries.date_card(session, people.ewa.actor, row.id or 0, now()) is None
    found = queries.date_card(session, people.zofia.actor, row.id or 0, now())
    assert found is not None
    assert (found[0].persons, found[0].topics, found[0].free) == (0, [], 27)
    for one in (people.zofia, people.marek):
        assert queries.expected(session, one.actor, [row.id or 0])[row.id or 0].persons == 0
    assert make_booking(session, people.zofia, row, persons=3).persons == 3
    assert upkeep.let_fall(session, now()) == 1
    (mail,) = mails(session, "events/duty/fell")
    assert (mail.to_address, mail.params["number"]) == (people.ewa.actor.email, 2)
    assert mail.params["reason"] == "termin przeniesiono w inne miejsce"
    assert mail.link.startswith(f"/dyzury/{people.prison.slug}/")
    assert upkeep.let_fall(session, now()) == 0
    assert [one.institution_id for one in queries.bookings_of(session, row.id or 0)] == [there]


def test_a_shorter_date_leaves_bookings_outside_its_hours(session: Session, people: People) -> None:
    event = make_duty(session, people)
    row = dates(session, event)[0]
    inside = make_booking(session, people.ewa, row, slot=1)
    late = make_booking(session, people.ewa, row, slot=8, persons=2)
    wall = warsaw.to_local(row.starts_at).replace(tzinfo=None)
    wanted = DateDraft(
        event.title,
        wall + timedelta(hours=1),
        wall + timedelta(hours=2),
        event.place_institution_id,
        "",
        "pokój rozmów",
    )
    changes.edit_date(session, people.marek.actor, event, row.id or 0, wanted, event.revision, now())
    found = queries.date_card(session, people.ewa.actor, row.id or 0, now())
    assert found is not None
    card = found[0]
    assert ([one.id for one in card.outside], len(card.slots)) == ([late.id], 3)
    assert warsaw.hour_words(card.slots[1].starts_at) == "10.20"
    assert [one.id for one in card.slots[1].booked] == [inside.id]
    waiting = queries.waiting(session, people.ewa.actor, now(), 10)
    assert [(one.matter, one.number, one.occurrence_id) for one in waiting] == [(queries.Matter.OUTSIDE, 2, row.id)]
    actions.withdraw(session, people.ewa.actor, late.id or 0, now())
    assert queries.waiting(session, people.ewa.actor, now(), 10) == []


def test_the_digest_goes_out_one_working_day_ahead_once(session: Session, people: People, clock) -> None:
    # Mondays: the working day before lies behind a weekend.
    monday = datetime(2026, 12, 7, 9, 0)  # noqa: DTZ001
    rule = Rule(days=(0,), until=date(2027, 1, 31))
    event = make_duty(session, people, starts=monday, ends=monday.replace(hour=12), rule=rule)
    row = dates(session, event)[0]
    make_booking(session, people.ewa, row, slot=1, persons=2, topics=("benefits", "shelter"))
    make_booking(session, people.adam, row, slot=3)
    clock.move_to(datetime(2026, 12, 3, 1, tzinfo=warsaw.ZONE))
    assert upkeep.announce(session, now()) == 0
    assert mails(session, "events/duty/expected") == []
    clock.move_to(datetime(2026, 12, 4, 1, tzinfo=warsaw.ZONE))
    assert upkeep.announce(session, now()) == 1
    assert upkeep.announce(session, now()) == 0
    (mail,) = mails(session, "events/duty/expected")
    assert (mail.to_address, mail.params["number"]) == (people.piotr.actor.email, 3)
    assert mail.params["slots"] == ["9.20|2|benefits shelter", "10.00|1|benefits"]
    for day in (5, 6, 7):
        clock.move_to(datetime(2026, 12, day, 1, tzinfo=warsaw.ZONE))
        assert upkeep.announce(session, now()) == 0


def test_late_bookings_are_told_at_most_once_a_day(session: Session, people: People, clock) -> None:
    row = dates(session, make_duty(session, people))[0]  # Wednesday, 2 December
    make_booking(session, people.ewa, row, slot=0)
    assert mails(session, "events/duty/expected") == []
    clock.move_to(datetime(2026, 12, 1, 1, tzinfo=warsaw.ZONE))
    assert upkeep.announce(session, now()) == 1
    clock.move_to(datetime(2026, 12, 1, 10, tzinfo=warsaw.ZONE))
    make_booking(session, people.ewa, row, slot=1)
    make_booking(session, people.ewa, row, slot=2)
    assert len(mails(session, "events/duty/expected")) == 1
    clock.move_to(datetime(2026, 12, 2, 1, tzinfo=warsaw.ZONE))
    assert upkeep.announce(session, now()) == 1
    clock.move_to(datetime(2026, 12, 2, 7, tzinfo=warsaw.ZONE))
    make_booking(session, people.ewa, row, slot=5)
    assert [one.params["number"] for one in mails(session, "events/duty/expected")] == [1, 3]


def test_three_empty_dates_in_a_row_propose_a_merge(session: Session, people: People, clock) -> None:
    event = make_duty(session, people)
    rows = dates(session, event)
    assert queries.proposals(session, people.marek.actor, now()) == []
    clock.move_to(rows[1].ends_at)
    (found,) = queries.proposals(session, people.marek.actor, now())
    assert (found.hint, [one.day for one in found.dates]) == (Hint.MERGE, [row.local_date for row in rows[:3]])
    assert queries.waiting(session, people.marek.actor, now(), 5)[0].day == rows[2].local_date
    assert queries.proposals(session, people.piotr.actor, now()) == []
    until = actions.set_aside(session, people.marek.actor, event, Hint.MERGE, 1, now())
    assert until == date(2027, 1, 9)
    assert queries.proposals(session, people.marek.actor, now()) == []
    clock.move_to(datetime(2027, 1, 10, 8, tzinfo=warsaw.ZONE))
    assert [one.hint for one in queries.proposals(session, people.marek.actor, now())] == [Hint.MERGE]
    with pytest.raises(rules.NotYourDuty):
        actions.set_aside(session, people.ewa.actor, event, Hint.MERGE, 1, now())


def test_a_booking_ends_the_run_of_empty_dates(session: Session, people: People, clock) -> None:
    rows = dates(session, make_duty(session, people))
    make_booking(session, people.ewa, rows[1])
    clock.move_to(rows[2].ends_at)
    assert queries.proposals(session, people.marek.actor, now()) == []
    clock.move_to(rows[3].ends_at)
    (found,) = queries.proposals(session, people.marek.actor, now())
    assert [one.day for one in found.dates] == [row.local_date for row in rows[2:5]]


def test_a_full_date_proposes_an_extra_one(session: Session, people: People) -> None:
    row = dates(session, make_duty(session, people, slot_minutes=90, slot_persons=2))[0]
    make_booking(session, people.ewa, row, slot=0, persons=2)
    make_booking(session, people.ewa, row, slot=1, persons=1)
    assert queries.proposals(session, people.marek.actor, now()) == []
    make_booking(session, people.ewa, row, slot=1, persons=1)
    (found,) = queries.proposals(session, people.marek.actor, now())
    assert (found.hint, found.next.occurrence_id, found.next.places) == (Hint.EXTRA, row.id, 4)


def test_a_date_with_nobody_on_duty_waits(session: Session, people: People) -> None:
    event = make_duty(session, people)
    rows = dates(session, event)
    signup = queries.on_duty(session, [rows[0].id or 0])[0]
    assert queries.waiting(session, people.marek.actor, now(), 5) == []
    row = session.get_one(SignUp, signup.id)
    signups.withdraw(session, people.marek.actor, event, row.id or 0, now())
    assert row.state is SignUpState.WITHDRAWN
    (found,) = queries.waiting(session, people.marek.actor, now(), 5)
    assert (found.matter, found.day, found.number) == (queries.Matter.NOBODY, rows[0].local_date, 1)


@pytest.mark.parametrize(
    ("first", "rule", "days"),
    [
        (date(2027, 3, 21), Rule(days=(6,), until=date(2027, 4, 11)), 4),
        (date(2027, 10, 24), Rule(days=(6,), until=date(2027, 11, 14)), 4),
        (date(2027, 2, 2), Rule(Freq.MONTHLY, days=(1,), nth=1, until=date(2027, 12, 31)), 11),
    ],
)
def test_dates_and_slots_keep_their_hour_over_clock_changes(session, people, first, rule, days) -> None:
    starts = datetime.combine(first, time(9))
    event = make_duty(session, people, starts=starts, ends=starts.replace(hour=11, minute=30), rule=rule)
    rows = dates(session, event)
    assert len(rows) == days
    assert len({row.starts_at.hour for row in rows}) == 2  # in UTC the hour changes, so the test can fail
    for row in rows:
        make_booking(session, people.ewa, row, slot=6)
        found = queries.date_card(session, people.marek.actor, row.id or 0, now())
        assert found is not None
        card = found[0]
        local = [warsaw.to_local(slot.starts_at) for slot in card.slots]
        assert [f"{one:%H:%M}" for one in local] == ["09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "11:00"]
        assert {one.date() for one in local} == {row.local_date}
        assert card.slots[6].persons == 1


def test_slots_through_the_night_of_the_change_are_real_minutes() -> None:
    starts = warsaw.to_utc(datetime(2027, 10, 31, 0, 0))  # noqa: DTZ001
    ends = warsaw.to_utc(datetime(2027, 10, 31, 4, 0))  # noqa: DTZ001
    assert rules.slot_count(starts, ends, 60) == 5
    walls = [f"{warsaw.to_local(rules.slot_span(starts, n, 60)[0]):%H:%M}" for n in range(5)]
    assert walls == ["00:00", "01:00", "02:00", "02:00", "03:00"]


def test_nobody_else_knows(session: Session, people: People) -> None:
    event = make_duty(session, people)
    row = dates(session, event)[0]
    make_booking(session, people.ewa, row, persons=2)
    slug = people.prison.slug
    insiders = (people.ewa, people.adam, people.marek, people.piotr)
    strangers = (people.jola, people.stefan, people.zofia, people.wanda, people.olga)
    for one in insiders:
        place = queries.unit(session, one.actor, slug)
        assert place is not None
        board = queries.board(session, one.actor, place, date(2026, 12, 1), now())
        assert board.cards[0].persons == 2
        assert queries.expected(session, one.actor, [row.id or 0])[row.id or 0].persons == 2
    for one in strangers:
        assert queries.unit(session, one.actor, slug) is None
        assert queries.date_card(session, one.actor, row.id or 0, now()) is None
        assert queries.expected(session, one.actor, [row.id or 0]) == {}
        assert queries.boards(session, one.actor, now()) == []
        assert queries.waiting(session, one.actor, now(), 5) == []
    calendar.shelve(session, event, now())


def test_the_trail_has_neither_numbers_nor_topics(session: Session, people: People) -> None:
    """Its readers are not the two sides: one person and one topic would say too much of somebody."""
    event = make_duty(session, people)
    row = dates(session, event)[1]
    actions.withdraw(
        session, people.ewa.actor, make_booking(session, people.ewa, row, topics=("therapy",)).id or 0, now()
    )
    make_booking(session, people.ewa, row, persons=2, topics=("debts",))
    actions.announce(session, event, row, now())
    actions.cancel_date(session, people.marek.actor, event, row.id or 0, "illness", "", now())
    lines = session.exec(select(AuditLine).where(col(AuditLine.verb).startswith("duty."))).all()
    verbs = {"duty.booked", "duty.withdrawn", "duty.announced", "duty.fell"}
    assert verbs <= {line.verb for line in lines}
    assert not [line.verb for line in lines if {"persons", "topics"} & set(line.details)]
