"""This one, this and the following, all: editing, moving and cancelling a series, in rows and in the feed's text."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, col, select

from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar import rules
from events.calendar.models import Event, State, Visibility
from events.changes import actions
from events.changes.rules import DateCancelled, DateOver, NoSuchDate, NotForOneDate, Scope
from events.recurrence import Freq, Rule
from events.shelf.models import EventText
from events.signups.models import SignUp
from tests.factories.events import START, draft_of, instant, make_draft
from tests.factories.persons import People
from tests.factories.series import (
    TUESDAYS,
    assert_calendars_agree,
    dates_of,
    end_of,
    make_series,
    part_of,
    seat_on,
    standing,
    text_of,
    week,
)

pytestmark = pytest.mark.usefixtures("clock")

SIX = ["08.12 10:00", "15.12 10:00", "22.12 10:00", "29.12 10:00", "05.01 10:00", "12.01 10:00"]
THIRD = 2


def wanted(start=START, rule: Rule | None = TUESDAYS, **changes):
    return draft_of(starts=start, ends=end_of(start), rule=rule, **changes)


def edit(session: Session, people: People, event: Event, draft, scope: Scope, number: int | None = None, **more):
    chosen = dates_of(session, event)[number].id if number is not None else None
    return actions.edit(
        session, people.ewa.actor, event, draft, event.revision, now(), occurrence_id=chosen, scope=scope, **more
    )


def cancel(session: Session, people: People, event: Event, scope: Scope, number: int | None = None, who="ewa") -> int:
    chosen = dates_of(session, event)[number].id if number is not None else None
    actor = getattr(people, who).actor
    return actions.cancel(session, actor, event, "Choroba", now(), occurrence_id=chosen, scope=scope)


def mails(session: Session) -> list[tuple[str, str]]:
    rows = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    return [(row.template.rpartition("/")[2], row.to_address) for row in rows]


def forget_mails(session: Session) -> None:
    for mail in session.exec(select(OutboxMail)).all():
        session.delete(mail)
    session.flush()


def test_a_published_series_has_its_dates(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    assert standing(session, event) == SIX
    assert "RRULE:FREQ=WEEKLY;COUNT=6;BYDAY=TU" in text_of(session, event)
    assert_calendars_agree(session, event)


# --- edit: a new title ---


def test_a_title_for_this_date(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    before = event.changed_at
    assert edit(session, people, event, wanted(week(2), title="Z gościem"), Scope.THIS, THIRD) == {"title"}
    rows = dates_of(session, event)
    assert [row.title for row in rows] == [None, None, "Z gościem", None, None, None]
    text = text_of(session, event)
    assert text.count("BEGIN:VEVENT") == 2
    assert "RECURRENCE-ID;TZID=Europe/Warsaw:20261222T100000" in text
    assert "SUMMARY:Z gościem" in text
    assert (event.sequence, event.changed_at > before, rows[2].moved) == (1, True, False)
    assert_calendars_agree(session, event)


def test_a_title_for_this_and_the_following(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    rows = [row.id for row in dates_of(session, event)]
    uid = event.uid
    draft = wanted(week(2), Rule(days=(1,), count=4), title="Druga część")
    edit(session, people, event, draft, Scope.FOLLOWING, THIRD)
    part = part_of(session, event)
    assert [row.id for row in (*dates_of(session, event), *dates_of(session, part))] == rows
    assert (standing(session, event), standing(session, part)) == (SIX[:2], SIX[2:])
    assert (event.title, part.title, part.rule) == (draft_of().title, "Druga część", "FREQ=WEEKLY;COUNT=4;BYDAY=TU")
    assert "UNTIL=20261215T225959Z" in (event.rule or "")
    assert (event.uid, part.uid != uid, part.continues_id) == (uid, True, event.id)
    assert f"RELATED-TO:{uid}" in text_of(session, part)
    assert session.get(EventText, part.id) is not None
    assert_calendars_agree(session, event, part)


def test_a_title_for_all(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    assert edit(session, people, event, wanted(title="Nowy tytuł"), Scope.ALL) == {"title"}
    assert (standing(session, event), event.sequence) == (SIX, 0)
    assert text_of(session, event).count("SUMMARY:Nowy tytuł") == 1
    assert_calendars_agree(session, event)


# --- move: other hours or days ---


def test_this_date_moves(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    seat_on(session, event, people, 1, 2)
    forget_mails(session)
    start = week(2, 14) + timedelta(days=1)
    assert edit(session, people, event, wanted(start), Scope.THIS, THIRD) == {"starts_at", "ends_at"}
    row = dates_of(session, event)[THIRD]
    assert (row.original_local, row.starts_at, row.local_date) == (week(2), instant(start), date(2026, 12, 23))
    assert (row.moved, row.sequence, event.sequence) == (True, 1, 1)
    assert standing(session, event) == [*SIX[:2], "23.12 14:00", *SIX[3:]]
    text = text_of(session, event)
    assert "RECURRENCE-ID;TZID=Europe/Warsaw:20261222T100000" in text
    assert "DTSTART;TZID=Europe/Warsaw:20261223T140000" in text
    assert mails(session) == [("moved", "osoba1@kladkowo.example")]
    assert_calendars_agree(session, event)


def test_this_and_the_following_move(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    [first, *_others] = seat_on(session, event, people, 1, 2, 3)
    forget_mails(session)
    four = Rule(Freq.WEEKLY, days=(2,), count=4)
    edit(session, people, event, wanted(week(2, 16) + timedelta(days=1), four), Scope.FOLLOWING, THIRD)
    part = part_of(session, event)
    assert standing(session, event) == SIX[:2]
    assert standing(session, part) == ["23.12 16:00", "30.12 16:00", "06.01 16:00", "13.01 16:00"]
    assert session.get_one(SignUp, first.id).occurrence_id in {row.id for row in dates_of(session, event)}
    assert [row.seats_taken for row in dates_of(session, part)] == [1, 1, 0, 0]
    assert mails(session) == [("dates_moved", "osoba1@kladkowo.example")]  # one for two dates
    assert "DTSTART;TZID=Europe/Warsaw:20261223T160000" in text_of(session, part)
    assert_calendars_agree(session, event, part)


def test_all_dates_move(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    ids = [row.id for row in dates_of(session, event)]
    seat_on(session, event, people, 0, 5)
    forget_mails(session)
    edit(session, people, event, wanted(week(0, 8) + timedelta(days=2), Rule(days=(3,), count=6)), Scope.ALL)
    assert [row.id for row in dates_of(session, event)] == ids
    moved = ["10.12 08:00", "17.12 08:00", "24.12 08:00", "31.12 08:00", "07.01 08:00", "14.01 08:00"]
    assert standing(session, event) == moved
    assert [row.moved for row in dates_of(session, event)] == [False] * 6
    assert event.sequence == 1
    assert mails(session) == [("dates_moved", "osoba1@kladkowo.example")]
    assert text_of(session, event).count("BEGIN:VEVENT") == 1
    assert_calendars_agree(session, event)


# --- cancel ---


def test_this_date_is_cancelled(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    seat_on(session, event, people, 2)
    seat_on(session, event, people, 3, who=2)
    forget_mails(session)
    assert cancel(session, people, event, Scope.THIS, THIRD) == 1
    assert standing(session, event) == [*SIX[:2], "22.12 10:00x", *SIX[3:]]
    assert (event.state, event.sequence, dates_of(session, event)[2].cancel_reason) == (State.PUBLISHED, 1, "Choroba")
    text = text_of(session, event)
    assert (text.count("STATUS:CANCELLED"), text.count("SUMMARY:ODWOŁANE: "), "EXDATE" in text) == (1, 1, False)
    assert "Odwołane: Choroba" in text
    assert mails(session) == [("dates_cancelled", "osoba1@kladkowo.example")]
    assert_calendars_agree(session, event)
    with pytest.raises(DateCancelled):
        cancel(session, people, event, Scope.THIS, THIRD)


def test_this_and_the_following_are_cancelled(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    seat_on(session, event, people, 1, 2, 3)
    forget_mails(session)
    assert cancel(session, people, event, Scope.FOLLOWING, THIRD) == 1
    part = part_of(session, event)
    assert (standing(session, event), event.state) == (SIX[:2], State.PUBLISHED)
    assert standing(session, part) == [one + "x" for one in SIX[2:]]
    assert (part.state, part.cancel_reason) == (State.CANCELLED, "Choroba")
    assert "STATUS:CANCELLED" not in text_of(session, event)
    assert text_of(session, part).count("STATUS:CANCELLED") == 1
    assert mails(session) == [("dates_cancelled", "osoba1@kladkowo.example")]
    assert_calendars_agree(session, event, part)


def test_all_dates_are_cancelled(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    seat_on(session, event, people, 0, 5)
    forget_mails(session)
    assert cancel(session, people, event, Scope.ALL) == 1
    assert standing(session, event) == [one + "x" for one in SIX]
    assert (event.state, event.sequence) == (State.CANCELLED, 1)
    assert text_of(session, event).count("BEGIN:VEVENT") == 1
    assert_calendars_agree(session, event)


# --- what has been stays ---


def test_all_of_a_running_series_means_what_is_to_come(session: Session, people: People, clock) -> None:
    event = make_series(session, people.ewa)
    clock.move_to(instant(week(1, 11)))  # the second date has begun
    edit(session, people, event, wanted(week(2, 15), Rule(days=(1,), count=4)), Scope.ALL)
    part = part_of(session, event)
    assert standing(session, event) == SIX[:2]
    assert standing(session, part) == ["22.12 15:00", "29.12 15:00", "05.01 15:00", "12.01 15:00"]
    assert_calendars_agree(session, event, part)


def test_a_text_of_a_running_series_changes_without_a_split(session: Session, people: People, clock) -> None:
    event = make_series(session, people.ewa)
    clock.move_to(instant(week(1, 11)))
    draft = wanted(week(2), Rule(days=(1,), count=4), description="Nowy opis")
    assert edit(session, people, event, draft, Scope.ALL) == {"description"}
    assert (standing(session, event), event.rule) == (SIX, "FREQ=WEEKLY;COUNT=6;BYDAY=TU")
    assert session.exec(select(Event).where(Event.continues_id == event.id)).first() is None


def test_cancelling_a_running_series_keeps_what_was_held(session: Session, people: People, clock) -> None:
    event = make_series(session, people.ewa)
    clock.move_to(instant(week(1, 13)))
    cancel(session, people, event, Scope.ALL)
    part = part_of(session, event)
    assert (standing(session, event), event.state) == (SIX[:2], State.PUBLISHED)
    assert standing(session, part) == [one + "x" for one in SIX[2:]]
    assert_calendars_agree(session, event, part)


def test_a_past_date_is_neither_moved_nor_cancelled(session: Session, people: People, clock) -> None:
    event = make_series(session, people.ewa)
    clock.move_to(instant(week(1, 13)))
    for scope in (Scope.THIS, Scope.FOLLOWING):
        with pytest.raises(DateOver):
            edit(session, people, event, wanted(week(0, 15)), scope, 0)
        with pytest.raises(DateOver):
            cancel(session, people, event, scope, 0)
    clock.move_to(instant(week(9)))
    with pytest.raises(rules.AlreadyOver):
        cancel(session, people, event, Scope.ALL)
    with pytest.raises(rules.AlreadyOver):
        edit(session, people, event, wanted(week(12)), Scope.ALL)


def test_a_date_of_another_event_is_refused(session: Session, people: People) -> None:
    event, other = make_series(session, people.ewa), make_series(session, people.ewa)
    foreign = dates_of(session, other)[0].id
    with pytest.raises(NoSuchDate):
        actions.cancel(session, people.ewa.actor, event, "x", now(), occurrence_id=foreign, scope=Scope.THIS)
    with pytest.raises(NoSuchDate):
        actions.cancel(session, people.ewa.actor, event, "x", now(), scope=Scope.THIS)


# --- single dates that stand elsewhere ---


def test_a_moved_date_keeps_its_hour_when_the_series_moves(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    edit(session, people, event, wanted(week(2, 14)), Scope.THIS, THIRD)
    edit(session, people, event, wanted(week(0, 8)), Scope.ALL)
    assert standing(session, event)[:4] == ["08.12 08:00", "15.12 08:00", "22.12 14:00", "29.12 08:00"]
    assert "RECURRENCE-ID;TZID=Europe/Warsaw:20261222T080000" in text_of(session, event)
    assert_calendars_agree(session, event)


def test_a_moved_date_follows_the_series_when_told_to(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    edit(session, people, event, wanted(week(2, 14)), Scope.THIS, THIRD)
    edit(session, people, event, wanted(week(0, 8)), Scope.ALL, moved_too=True)
    assert standing(session, event)[2] == "22.12 08:00"
    assert text_of(session, event).count("BEGIN:VEVENT") == 1
    assert_calendars_agree(session, event)


def test_a_date_moved_back_belongs_to_the_series_again(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    edit(session, people, event, wanted(week(2, 14)), Scope.THIS, THIRD)
    edit(session, people, event, wanted(week(2)), Scope.THIS, THIRD)
    assert (dates_of(session, event)[THIRD].moved, event.sequence) == (False, 2)
    assert text_of(session, event).count("BEGIN:VEVENT") == 1


def test_a_place_of_its_own_stays_when_the_series_moves_house(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    edit(session, people, event, wanted(week(2), place="Biblioteka"), Scope.THIS, THIRD)
    edit(session, people, event, wanted(place="Ratusz"), Scope.ALL)
    assert [row.place for row in dates_of(session, event)] == [None, None, "Biblioteka", None, None, None]
    text = text_of(session, event)
    assert (text.count("LOCATION:Ratusz"), text.count("LOCATION:Biblioteka")) == (1, 1)
    assert_calendars_agree(session, event)


def test_one_date_shares_capacity_and_audience_with_the_series(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    for changes in ({"capacity": 3}, {"audience": ("families",)}, {"visibility": Visibility.PARTNERS}):
        with pytest.raises(NotForOneDate):
            edit(session, people, event, wanted(week(2), **changes), Scope.THIS, THIRD)


# --- left out, taken out, another rule ---


def test_left_out_dates_are_exdates_and_keep_their_rows(session: Session, people: People) -> None:
    event = make_draft(session, people.ewa, rule=TUESDAYS)
    calendar.leave_out(session, people.ewa.actor, event, {date(2026, 12, 22), date(2026, 12, 29)}, now())
    calendar.publish(session, people.ewa.actor, event, now())
    assert standing(session, event) == [*SIX[:2], *SIX[4:]]
    assert len(dates_of(session, event)) == 6
    lines = [line for line in text_of(session, event).splitlines() if line.startswith("EXDATE")]
    assert lines == ["EXDATE;TZID=Europe/Warsaw:20261222T100000", "EXDATE;TZID=Europe/Warsaw:20261229T100000"]
    assert_calendars_agree(session, event)


def test_the_first_date_can_be_left_out(session: Session, people: People) -> None:
    event = make_draft(session, people.ewa, rule=TUESDAYS)
    calendar.leave_out(session, people.ewa.actor, event, {date(2026, 12, 8)}, now())
    calendar.publish(session, people.ewa.actor, event, now())
    assert standing(session, event) == SIX[1:]
    assert_calendars_agree(session, event)


def test_all_dates_cannot_be_left_out(session: Session, people: People) -> None:
    event = make_draft(session, people.ewa, rule=TUESDAYS)
    days = {row.local_date for row in dates_of(session, event)}
    with pytest.raises(rules.NoDatesLeft):
        calendar.leave_out(session, people.ewa.actor, event, days, now())


def test_left_out_dates_stay_out_when_the_series_moves(session: Session, people: People) -> None:
    event = make_draft(session, people.ewa, rule=TUESDAYS)
    calendar.leave_out(session, people.ewa.actor, event, {date(2026, 12, 22)}, now())
    calendar.publish(session, people.ewa.actor, event, now())
    edit(session, people, event, wanted(week(0, 12)), Scope.ALL)
    assert standing(session, event) == ["08.12 12:00", "15.12 12:00", "29.12 12:00", "05.01 12:00", "12.01 12:00"]
    assert "EXDATE;TZID=Europe/Warsaw:20261222T120000" in text_of(session, event)
    assert_calendars_agree(session, event)


def test_dates_that_the_new_rule_does_not_have_are_taken_out(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    seat_on(session, event, people, 1, 2)
    seat_on(session, event, people, 1, who=2)
    forget_mails(session)
    edit(session, people, event, wanted(rule=Rule(interval=2, days=(1,), count=4)), Scope.ALL)
    rows = dates_of(session, event)
    assert standing(session, event) == ["08.12 10:00", "15.12 10:00x", "22.12 10:00", "05.01 10:00", "19.01 10:00"]
    assert len(rows) == 7
    assert mails(session) == [("dates_cancelled", f"osoba{n}@kladkowo.example") for n in (1, 2)]
    assert "20261215" not in text_of(session, event)
    assert_calendars_agree(session, event)


def test_a_series_becomes_longer_and_shorter(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    edit(session, people, event, wanted(rule=Rule(days=(1,), count=8)), Scope.ALL)
    assert standing(session, event) == [*SIX, "19.01 10:00", "26.01 10:00"]
    edit(session, people, event, wanted(rule=Rule(days=(1,), until=date(2026, 12, 20))), Scope.ALL)
    assert standing(session, event) == SIX[:2]
    edit(session, people, event, wanted(rule=Rule(days=(1,), count=3)), Scope.ALL)
    assert standing(session, event) == SIX[:3]
    assert_calendars_agree(session, event)


def test_a_single_event_becomes_a_series_and_single_again(session: Session, people: People) -> None:
    event = make_series(session, people.ewa, rule=None)
    [only] = dates_of(session, event)
    edit(session, people, event, wanted(), Scope.ALL)
    assert (standing(session, event), dates_of(session, event)[0].id) == (SIX, only.id)
    assert_calendars_agree(session, event)
    edit(session, people, event, wanted(rule=None), Scope.ALL)
    assert standing(session, event) == SIX[:1]
    text = text_of(session, event)
    assert (text.count("BEGIN:VEVENT"), "RRULE:FREQ=WEEKLY" in text, "EXDATE" in text) == (1, False, False)


def test_a_split_part_is_split_again_and_the_chain_holds(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    edit(session, people, event, wanted(week(2, 15), Rule(days=(1,), count=4)), Scope.FOLLOWING, 2)
    part = part_of(session, event)
    edit(session, people, part, wanted(week(5, 17), Rule(days=(1,), until=date(2027, 1, 20))), Scope.FOLLOWING, 3)
    last = part_of(session, part)
    assert standing(session, part) == ["22.12 15:00", "29.12 15:00", "05.01 15:00"]
    assert standing(session, last) == ["12.01 17:00", "19.01 17:00"]
    assert_calendars_agree(session, event, part, last)


def test_the_last_date_alone_is_a_part_without_count_one(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    cancel(session, people, event, Scope.FOLLOWING, 5)
    part = part_of(session, event)
    assert standing(session, part) == ["12.01 10:00x"]
    assert part.rule == "FREQ=WEEKLY;UNTIL=20270112T225959Z;BYDAY=TU"
    assert_calendars_agree(session, event, part)


def test_a_date_that_the_rule_lost_is_no_beginning_of_a_part(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    seat_on(session, event, people, 1)
    edit(session, people, event, wanted(rule=Rule(interval=2, days=(1,), count=4)), Scope.ALL)
    [lost] = [row for row in dates_of(session, event) if row.state is State.CANCELLED]
    for scope in (Scope.THIS, Scope.FOLLOWING):
        with pytest.raises(NoSuchDate):
            actions.cancel(session, people.ewa.actor, event, "x", now(), occurrence_id=lost.id, scope=scope)


def test_following_from_the_first_date_is_all(session: Session, people: People) -> None:
    event = make_series(session, people.ewa)
    edit(session, people, event, wanted(week(0, 12)), Scope.FOLLOWING, 0)
    assert standing(session, event)[0] == "08.12 12:00"
    assert session.exec(select(Event).where(Event.continues_id == event.id)).first() is None


# --- who may, stale pages, hosts ---


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("who", ["marek", "jola", "stefan", "zofia", "wanda", "olga"])
def test_strangers_change_no_part_of_a_series(session: Session, people: People, who: str, scope: Scope) -> None:
    event = make_series(session, people.ewa)
    chosen = dates_of(session, event)[1].id
    stranger = getattr(people, who).actor
    with pytest.raises(rules.NotYourEvent):
        actions.cancel(session, stranger, event, "x", now(), occurrence_id=chosen, scope=scope)
    with pytest.raises(rules.NotYourEvent):
        actions.edit(session, stranger, event, wanted(), event.revision, now(), occurrence_id=chosen, scope=scope)
    assert standing(session, event) == SIX


@pytest.mark.parametrize("scope", list(Scope))
def test_a_stale_form_of_a_series_is_refused(session: Session, people: People, scope: Scope) -> None:
    event = make_series(session, people.ewa)
    old, chosen = event.revision, dates_of(session, event)[1].id
    edit(session, people, event, wanted(title="Pierwsza"), Scope.ALL)
    with pytest.raises(rules.StalePage):
        actions.edit(session, people.adam.actor, event, wanted(), old, now(), occurrence_id=chosen, scope=scope)


@pytest.mark.parametrize("scope", list(Scope))
def test_the_host_of_the_place_cancels_and_the_organiser_reads_why(
    session: Session, people: People, scope: Scope
) -> None:
    event = make_series(session, people.marek, place_institution_id=people.prison.id, place="")
    seat_on(session, event, people, 3)
    forget_mails(session)
    cancel(session, people, event, scope, 3, who="ewa")
    assert [one for one in mails(session) if one[0] == "stopped"] == [("stopped", people.marek.email)]
    row = session.exec(select(OutboxMail).where(OutboxMail.template == "events/changes/stopped")).one()
    assert row.params["reason"] == "Choroba"
    assert row.params["number"] == {Scope.THIS: 1, Scope.FOLLOWING: 3, Scope.ALL: 6}[scope]


def test_the_host_of_a_single_event_cancels_it(session: Session, people: People) -> None:
    event = make_series(session, people.marek, rule=None, place_institution_id=people.prison.id, place="")
    forget_mails(session)
    actions.cancel(session, people.ewa.actor, event, "Remont", now())
    assert (event.state, mails(session)) == (State.CANCELLED, [("stopped", people.marek.email)])


def test_a_long_series_is_changed_in_few_statements(session: Session, people: People, query_count) -> None:
    event = make_series(session, people.ewa, rule=Rule(days=(1,)))
    session.flush()
    with query_count() as statements:
        edit(session, people, event, wanted(week(0, 12), Rule(days=(1,))), Scope.ALL)
    assert len(dates_of(session, event)) > 75
    assert len(statements) < 40
