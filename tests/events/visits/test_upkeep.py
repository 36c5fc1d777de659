"""What time does to visit requests, night by night, over weekends, holidays and blocked days."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlmodel import col, select

from app import warsaw
from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from app.portal import nightly
from events.calendar import actions as calendar
from events.calendar.models import Event
from events.calendar.models import State as EventState
from events.changes import actions as changes
from events.visits import actions, rules, upkeep
from events.visits.models import Act, Path, State, Visit, VisitLink, VisitRules
from partners.institutions.models import Kind
from tests.factories.availability import make_period
from tests.factories.contacts import make_absence, make_contact
from tests.factories.institutions import make_institution
from tests.factories.rows import add
from tests.factories.visits import (
    OTHERS,
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


def night_of(day: date) -> datetime:
    """Give the instant at which the work of the night begins on *day*."""
    return datetime.combine(day, time(1, 5), warsaw.ZONE).astimezone(UTC)


def nights(session, clock, until: date) -> dict[date, list[Act]]:
    """Let every night up to *until* come, each twice; give the steps that were taken in them."""
    taken: dict[date, list[Act]] = {}
    day = warsaw.today(now())
    before = len(session.exec(select(AuditLine)).all())
    while day < until:
        day += timedelta(days=1)
        clock.move_to(night_of(day))
        for _ in range(2):
            upkeep.chase(session, now())
        lines = session.exec(select(AuditLine).order_by(col(AuditLine.id))).all()
        for line in lines[before:]:
            taken.setdefault(day, []).append(Act(_ACTS[line.verb]))
        before = len(lines)
    return taken


_ACTS = {verb: act for act, verb in actions._VERB.items()}


def mails(session, template):
    return sorted(
        one.to_address for one in session.exec(select(OutboxMail)) if one.template == f"events/visits/{template}"
    )


def test_reminder_substitutes_and_end_come_in_their_nights(session, people, clock):
    visit = make_visit(session, people)  # on Monday, 23 November
    assert nights(session, clock, date(2026, 12, 6)) == {
        date(2026, 11, 25): [Act.NUDGE],  # the second working day
        date(2026, 11, 27): [Act.ESCALATE],  # the night after the third
        date(2026, 12, 2): [Act.EXPIRE],  # the night after the sixth, over a weekend
    }
    assert (visit.state, visit.turn_of_id, visit.open_step_id) == (State.EXPIRED, None, None)
    assert visit.closed_at == night_of(date(2026, 12, 2))
    assert on_offer(session, visit) == []
    assert [(one.act, one.institution_id, one.user_id, one.by_link) for one in steps_of(session, visit)[1:]] == [
        (Act.NUDGE, None, None, False), (Act.ESCALATE, None, None, False), (Act.EXPIRE, None, None, False),
    ]  # fmt: skip


def test_the_days_go_over_christmas_and_new_year(session, people, clock):
    clock.move_to(datetime(2026, 12, 22, 9, tzinfo=UTC))
    # Working days from then: 23, 28, 29, 30, 31 December and 4 January; 24 to 27 December, 1 to 3 January are none.
    make_visit(session, people, options=(date_on(60),))
    assert nights(session, clock, date(2027, 1, 20)) == {
        date(2026, 12, 28): [Act.NUDGE],
        date(2026, 12, 30): [Act.ESCALATE],
        date(2027, 1, 5): [Act.EXPIRE],
    }


def test_the_days_on_which_the_other_side_is_closed_do_not_count(session, people, clock):
    make_period(session, people.mops, first_day=date(2026, 11, 24), last_day=date(2026, 11, 26))
    make_visit(session, people)
    assert nights(session, clock, date(2026, 12, 7)) == {
        date(2026, 11, 30): [Act.NUDGE],
        date(2026, 12, 2): [Act.ESCALATE],
        date(2026, 12, 5): [Act.EXPIRE],
    }


def test_an_institution_with_ten_days_is_reminded_after_five(session, people, clock):
    add(session, VisitRules, institution_id=people.mops.id, answer_days=10, changed_at=now())
    make_visit(session, people, options=(date_on(60),))
    assert nights(session, clock, date(2026, 12, 31)) == {
        date(2026, 11, 30): [Act.NUDGE],
        date(2026, 12, 8): [Act.ESCALATE],
        date(2026, 12, 22): [Act.EXPIRE],
    }


def test_each_offer_begins_its_own_days(session, people, clock):
    visit = make_visit(session, people)
    nights(session, clock, date(2026, 11, 27))
    actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn_of(visit))
    assert (visit.nudged_at, visit.escalated_at) == (None, None)
    assert nights(session, clock, date(2026, 12, 8)) == {
        date(2026, 12, 1): [Act.NUDGE],  # of the prison now
        date(2026, 12, 3): [Act.ESCALATE],
        date(2026, 12, 8): [Act.EXPIRE],
    }


def test_an_answer_stops_the_clock(session, people, clock):
    visit = make_visit(session, people)
    accept(session, people.marek, visit)
    assert nights(session, clock, date(2026, 12, 5)) == {}


def test_missed_nights_are_made_good_by_the_last_step_that_is_due(session, people, clock):
    visit = make_visit(session, people)
    clock.move_to(night_of(date(2026, 11, 28)))
    assert upkeep.chase(session, now()) == 1
    assert [one.act for one in steps_of(session, visit)] == [Act.ASK, Act.ESCALATE]
    clock.move_to(night_of(date(2026, 12, 4)))
    assert upkeep.chase(session, now()) == 1
    assert [one.act for one in steps_of(session, visit)] == [Act.ASK, Act.ESCALATE, Act.EXPIRE]


def test_an_offer_ends_when_none_of_its_dates_lies_ahead(session, people, clock):
    visit = make_visit(session, people, options=(date_on(-5), date_on(-4)))  # 3 and 4 December, 10.00
    add(session, VisitRules, institution_id=people.mops.id, answer_days=15, changed_at=now())
    clock.move_to(datetime(2026, 12, 4, 8, 59, tzinfo=UTC))
    visit.expires_on = date(2026, 12, 10)
    session.flush()
    assert upkeep.settle(session, now()) == 0
    clock.move_to(datetime(2026, 12, 4, 9, 0, tzinfo=UTC))
    assert upkeep.settle(session, now()) == 1
    assert visit.state is State.EXPIRED
    assert upkeep.settle(session, now()) == 0


def test_a_wish_to_move_ends_and_leaves_the_agreed_date(session, people, clock):
    visit = agreed_visit(session, people, options=(date_on(30),))
    actions.move(session, people.ewa.actor, visit, (date_on(40),), "room", now())
    assert list(nights(session, clock, date(2026, 12, 5))) == [
        date(2026, 11, 25), date(2026, 11, 27), date(2026, 12, 2),
    ]  # fmt: skip
    assert (visit.state, visit.closed_at, visit.turn_of_id) == (State.ACCEPTED, None, None)
    event = session.get_one(Event, visit.event_id)
    assert (event.state, event.local_start) == (EventState.PUBLISHED, date_on(30).starts)


def test_a_meeting_called_off_on_its_own_page_ends_the_search_within_a_minute(session, people):
    visit = agreed_visit(session, people)
    actions.move(session, people.ewa.actor, visit, OTHERS, "room", now())
    changes.cancel(session, people.ewa.actor, session.get_one(Event, visit.event_id), "awaria", now())
    assert upkeep.settle in nightly.MINUTELY
    assert upkeep.settle(session, now()) == 1
    assert (visit.state, visit.closed_at, on_offer(session, visit)) == (State.ACCEPTED, now(), [])
    last = steps_of(session, visit)[-1]
    assert (last.act, last.institution_id) == (Act.CANCEL, None)
    assert upkeep.settle(session, now()) == 0


@pytest.mark.parametrize("draft", [False, True])
def test_a_meeting_called_off_on_its_own_page_is_told_to_both_sides(session, people, draft):
    if draft:
        wanted = request_of(people, Path.ASSISTANCE, asked_id=people.stranger.id)
        visit = actions.ask(session, people.marek.actor, wanted, "3" * 36, now())
        accept(session, people.stefan, visit)
        calendar.discard(session, people.stefan.actor, session.get_one(Event, visit.event_id), now())
        to = {people.marek.email, people.stefan.email, people.ewa.email, people.adam.email}
    else:
        visit = agreed_visit(session, people)
        changes.cancel(session, people.ewa.actor, session.get_one(Event, visit.event_id), "awaria", now())
        to = {people.marek.email, people.ewa.email, people.adam.email}
    session.expire_all()
    assert [upkeep.settle(session, now()) for _ in range(2)] == [1, 0]
    assert (visit.state, visit.closed_at) == (State.ACCEPTED, now())
    assert [one.act for one in steps_of(session, visit)] == [Act.ASK, Act.ACCEPT, Act.CANCEL]
    assert set(mails(session, "called_off")) == to


def test_many_requests_are_chased_each_once(session, people, clock):
    visits = [make_visit(session, people, options=(date_on(hour=8 + number % 3, days=number),)) for number in range(5)]
    clock.move_to(night_of(date(2026, 11, 27)))
    assert upkeep.chase(session, now()) == 5
    assert upkeep.chase(session, now()) == 0
    assert {one.escalated_at for one in visits} == {now()}


def test_the_night_knows_these_jobs():
    jobs = [job for _words, job in nightly.JOBS]
    assert jobs.index(upkeep.chase) < jobs.index(upkeep.forget)


# --- whom the clock tells


def test_the_substitutes_are_told_besides_the_coordinators(session, people, clock):
    role = "social_work_contact"
    first = make_contact(session, people.mops, role, mailbox="pierwszy@mops.example", position=0)
    make_absence(session, first, date(2026, 11, 26), days=5)
    make_contact(session, people.mops, role, mailbox="drugi@mops.example", position=1)
    make_contact(session, people.mops, role, mailbox="trzeci@mops.example", position=2)
    make_contact(session, people.mops, "head", mailbox="inny@mops.example", position=3)
    make_visit(session, people)
    assert mails(session, "asked") == sorted([people.marek.email, "pierwszy@mops.example"])
    nights(session, clock, date(2026, 12, 2))
    assert mails(session, "nudged") == sorted([people.marek.email, "pierwszy@mops.example"])
    assert mails(session, "escalated") == sorted([people.marek.email, "drugi@mops.example", "trzeci@mops.example"])
    assert set(mails(session, "expired")) >= {people.ewa.email, people.marek.email}


def test_who_has_nobody_here_is_reminded_by_a_link(session, people, clock):
    centre = make_institution(session, "OPS Cicha", Kind.OPS, synthetic=people.prison.synthetic)
    make_visit(session, people, asked_id=centre.id, reply_email="ops@cicha.example")
    nights(session, clock, date(2026, 12, 2))
    links = session.exec(select(VisitLink)).all()
    assert len(links) == 3  # asked, reminded, asked once more
    assert mails(session, "reply") == ["ops@cicha.example"]
    assert mails(session, "reply_reminder") == ["ops@cicha.example"] * 2
    assert mails(session, "expired")[-1] == "ops@cicha.example"


# --- forgetting


def test_who_wrote_is_forgotten_90_days_after_the_end(session, people, clock):
    visit = make_visit(session, people, message="Prosimy.")
    actions.say(session, people.marek.actor, visit, "Sprawdzamy.", now())
    actions.refuse(session, people.marek.actor, visit, "staff", now(), turn=turn_of(visit))
    clock.shift(timedelta(days=90) - timedelta(seconds=1))
    assert upkeep.forget(session, now()) == 0
    clock.shift(timedelta(seconds=1))
    assert upkeep.forget(session, now()) == 1
    assert upkeep.forget(session, now()) == 0
    session.expire_all()
    found = session.get_one(Visit, visit.id)
    assert found.made_by is None
    assert [(one.user_id, one.institution_id, one.message) for one in steps_of(session, found)] == [
        (None, people.prison.id, "Prosimy."), (None, people.mops.id, "Sprawdzamy."), (None, people.mops.id, ""),
    ]  # fmt: skip


def test_an_agreed_visit_ends_with_its_meeting(session, people, clock):
    visit = agreed_visit(session, people, options=(date_on(),), reply_email="kto@mops.example")
    clock.move_to(datetime(2026, 12, 8, 11, tzinfo=UTC) + timedelta(days=90) - timedelta(seconds=1))
    assert upkeep.forget(session, now()) == 0
    clock.shift(timedelta(seconds=1))
    assert upkeep.forget(session, now()) == 1
    session.expire_all()
    assert (visit.made_by, visit.reply_email) == (None, "")


def test_what_still_waits_is_not_forgotten(session, people, clock):
    visit = make_visit(session, people, Path.REQUEST, options=(date_on(200),))
    add(session, VisitRules, institution_id=people.prison.id, answer_days=15, changed_at=now())
    clock.shift(timedelta(days=100))
    assert upkeep.forget(session, now()) == 0
    assert visit.made_by == people.marek.user_id
    assert rules.next_state(visit.state, Act.EXPIRE) is State.EXPIRED


def test_a_wish_to_move_ends_when_the_agreed_meeting_begins(session, people, clock):
    visit = agreed_visit(session, people, options=(date_on(-5),))  # Thursday, 3 December, 10.00
    clock.move_to(datetime(2026, 12, 2, 9, tzinfo=UTC))
    actions.move(session, people.ewa.actor, visit, OTHERS, "room", now())
    assert (visit.nudge_on, visit.answer_by, visit.expires_on) == (date(2026, 12, 3),) * 3
    clock.move_to(datetime(2026, 12, 3, 8, 59, tzinfo=UTC))
    assert upkeep.settle(session, now()) == 0
    clock.move_to(datetime(2026, 12, 3, 9, 0, tzinfo=UTC))
    with pytest.raises(rules.Begun):
        accept(session, people.marek, visit)
    assert upkeep.settle(session, now()) == 1
    assert (visit.state, visit.closed_at, on_offer(session, visit)) == (State.ACCEPTED, None, [])


@pytest.mark.parametrize(
    ("day", "act"), [(26, Act.NUDGE), (27, Act.ESCALATE), (31, Act.ESCALATE), (32, Act.EXPIRE)], ids=str
)
def test_the_last_day_of_a_deadline_belongs_to_it(session, people, clock, day, act):
    visit = make_visit(session, people)  # answer by 26 November, ends with 1 December
    clock.move_to(night_of(date(2026, 11, 1) + timedelta(days=day - 1)))
    assert upkeep.chase(session, now()) == 1
    assert [one.act for one in steps_of(session, visit)] == [Act.ASK, act]
