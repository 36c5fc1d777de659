"""What stands in the way of the dates of a visit request, and who learns what of it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from time import process_time
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from app import warsaw
from app.actors import Actor, Role
from app.clock import now
from app.db import insert_all
from app.errors import Refusal
from app.web.i18n import translated
from events.calendar import actions as calendar
from events.calendar import rules as calendar_rules
from events.calendar.models import Answer, Event, EventKind, EventParty, Occurrence, Visibility
from events.signups import actions as signups
from events.signups.rules import Person as Guest
from events.signups.rules import Wanted
from events.visits import checks, holds
from events.visits.models import Act, OptionState, Path, Visit, VisitOption, VisitRules, VisitStep
from events.visits.rules import Option
from partners.availability import rules as availability
from partners.institutions.models import Institution, Room
from tests.conftest import Statements
from tests.factories.availability import make_period
from tests.factories.events import date_of, draft_of, local, make_event
from tests.factories.persons import People, Person
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
Counting = Callable[[], AbstractContextManager[Statements]]
SECRET = "Odbiór robót, o którym nikt nie wie"
TUESDAY = date(2026, 12, 8)


def option(hour: int = 10, *, days: int = 0, hours: int = 2, **changes: Any) -> Option:
    """Offer 8 December 2026, 10.00-12.00, or another date."""
    starts = local(hour, days=days)
    return Option(starts, starts + timedelta(hours=hours), **changes)


def check(session: Session, viewer: Person | Actor, people: People, *options: Option, **how: Any) -> checks.Verdict:
    """Check between the prison and the MOPS; give the first verdict."""
    actor = viewer if isinstance(viewer, Actor) else viewer.actor
    return checks.check(session, actor, people.prison.id or 0, sides(people), options or (option(),), now(), **how)[0]


def sides(people: People) -> tuple[int, int]:
    return people.prison.id or 0, people.mops.id or 0


def said(verdict: checks.Verdict) -> list[str]:
    """Give the sentences of the refusals as a Polish reader sees them."""
    return [translated(one) for one in verdict.refusals]


def codes(verdict: checks.Verdict) -> list[str]:
    return [one.code for one in verdict.warnings]


def offer(session: Session, people: People, *options: Option, number: str = "W-2026-001", **columns: Any) -> Visit:
    """Let the prison invite the MOPS with these dates, as rows; or others by *columns*."""
    unit_id = people.prison.id or 0
    values: dict[str, Any] = {
        "number": number,
        "key": str(uuid4()),
        "path": Path.INVITATION,
        "asking_id": unit_id,
        "asked_id": people.mops.id or 0,
        "unit_id": unit_id,
        "kind": EventKind.GROUP_MEETING,
        "subject": "Świadczenia po wyjściu",
        "made_at": now(),
        "changed_at": now(),
        **columns,
    }
    visit = add(session, Visit, **values)
    step = add(session, VisitStep, visit_id=visit.id or 0, position=1, round=1, act=Act.ASK, at=now())
    for position, one in enumerate(options, 1):
        add(
            session,
            VisitOption,
            visit_id=visit.id or 0,
            step_id=step.id or 0,
            unit_id=unit_id,
            position=position,
            starts_at=warsaw.to_utc(one.starts),
            ends_at=warsaw.to_utc(one.ends),
            room_id=one.room_id,
            room=one.room,
        )
    return visit


def room(session: Session, institution: Institution, name: str = "Świetlica") -> int:
    return add(session, Room, institution_id=institution.id or 0, name=name).id or 0


def inside(people: People, **changes: Any) -> dict[str, Any]:
    return {"place": "", "place_institution_id": people.prison.id, "visibility": Visibility.INVITED, **changes}


def test_a_free_date_has_nothing_in_its_way(session: Session, people: People) -> None:
    verdict = check(session, people.ewa, people)
    assert (verdict.possible, verdict.refusals, verdict.warnings) == (True, (), ())


# --- hours


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (Option(local(12), local(10)), calendar_rules.EndBeforeStart),
        (Option(local(12), local(12)), calendar_rules.EndBeforeStart),
        (Option(local(12), local(12, 1, days=14)), calendar_rules.TooLong),
        (Option(datetime(2027, 3, 28, 2, 0), datetime(2027, 3, 28, 5, 0)), calendar_rules.UnsafeHour),  # noqa: DTZ001
        (Option(datetime(2027, 10, 31, 1, 0), datetime(2027, 10, 31, 2, 59)), calendar_rules.UnsafeHour),  # noqa: DTZ001
        (option(days=-14, hours=1), checks.TooSoon),  # 24 November, tomorrow
        (option(days=-20), checks.Passed),
        (Option(local(9, days=-15), local(10, days=-15)), checks.Passed),  # begins this very minute
    ],
)
def test_hours_that_no_visit_can_have_are_refused(
    session: Session, people: People, wanted: Option, refusal: type[Refusal]
) -> None:
    assert [type(one) for one in check(session, people.ewa, people, wanted).refusals] == [refusal]


def test_the_hours_around_the_clock_change_are_allowed(session: Session, people: People) -> None:
    late = Option(datetime(2027, 10, 31, 3, 0), datetime(2027, 10, 31, 5, 0))  # noqa: DTZ001 - Warsaw wall time
    assert check(session, people.ewa, people, late).possible


# --- notice


@pytest.mark.parametrize(
    ("unit", "guest", "first"),
    [
        (0, 0, "2026-11-23"),
        (3, 3, "2026-11-26"),
        (0, 5, "2026-11-30"),  # the larger one counts, whosever it is
        (5, 0, "2026-11-30"),
        (30, 3, "2027-01-08"),  # over Christmas, New Year and Epiphany
    ],
)
def test_the_larger_notice_of_both_sides_counts(
    session: Session, people: People, unit: int, guest: int, first: str
) -> None:
    for institution_id, days in zip(sides(people), (unit, guest), strict=True):
        add(session, VisitRules, institution_id=institution_id, notice_days=days, changed_at=now())
    day = date.fromisoformat(first)
    assert checks.notice_day(session, sides(people), warsaw.today(now())) == day
    distance = (day - TUESDAY).days
    assert check(session, people.ewa, people, option(11, days=distance)).possible
    before = check(session, people.ewa, people, option(11, days=distance - 1))
    assert not before.possible
    if isinstance(before.refusals[0], checks.TooSoon):
        assert f"{day:%d.%m.%Y}" in said(before)[0]


def test_days_off_lengthen_the_notice(session: Session, people: People) -> None:
    make_period(session, people.mops, first_day=date(2026, 11, 24), last_day=date(2026, 11, 27))
    assert checks.notice_day(session, sides(people), warsaw.today(now())) == date(2026, 12, 2)


def test_a_date_that_is_on_offer_is_not_measured_again(session: Session, people: People) -> None:
    near = option(days=-13)  # the day after tomorrow
    visit = offer(session, people, near)
    assert said(check(session, people.marek, people, near)) == [
        (
            "25.11.2026 to za wcześnie: obie instytucje muszą mieć czas na przygotowanie. Pierwszy możliwy dzień to "
            "26.11.2026."
        )
    ]
    assert check(session, people.marek, people, near, visit_id=visit.id).possible


# --- blocked days


def test_own_people_read_the_reason_and_others_never(session: Session, people: People) -> None:
    make_period(session, people.prison, first_day=TUESDAY, last_day=TUESDAY, reason=SECRET)
    assert said(check(session, people.ewa, people)) == [
        (
            f"Twoja instytucja jest niedostępna 08.12.2026: {SECRET}. Wybierz inny dzień albo najpierw zakończ ten "
            "okres na karcie, w części „Niedostępne”."
        )
    ]
    assert said(check(session, people.marek, people)) == ["Jednostka jest niedostępna 08.12.2026. Wybierz inny dzień."]
    link = Actor(role=Role.COORDINATOR, institution_id=people.prison.id)
    assert SECRET not in said(check(session, link, people))[0]


def test_the_days_of_the_other_side_forbid_the_date_too(session: Session, people: People) -> None:
    make_period(session, people.mops, first_day=TUESDAY, last_day=TUESDAY, reason=SECRET)
    assert said(check(session, people.ewa, people)) == [
        "Druga instytucja jest niedostępna 08.12.2026. Wybierz inny dzień."
    ]
    assert SECRET in said(check(session, people.marek, people))[0]
    assert check(session, people.ewa, people, option(days=1)).possible


def test_the_unit_counts_where_two_centres_meet_there(session: Session, people: People) -> None:
    make_period(session, people.prison, first_day=TUESDAY, last_day=TUESDAY, reason=SECRET)
    both = (people.mops.id or 0, people.stranger.id or 0)
    (verdict,) = checks.check(session, people.marek.actor, people.prison.id or 0, both, [option()], now())
    assert [type(one) for one in verdict.refusals] == [checks.UnitAway]


def test_a_blocked_room_forbids_this_room_alone(session: Session, people: People) -> None:
    hall, other = room(session, people.prison), room(session, people.prison, "Sala widzeń")
    make_period(session, people.prison, room_id=hall, first_day=TUESDAY, last_day=TUESDAY, reason=SECRET)
    assert [type(one) for one in check(session, people.ewa, people, option(room_id=hall)).refusals] == [checks.OwnRoom]
    assert SECRET in said(check(session, people.ewa, people, option(room_id=hall)))[0]
    assert said(check(session, people.marek, people, option(room_id=hall))) == [
        "Sala jest niedostępna 08.12.2026. Wybierz inną salę albo inny dzień."
    ]
    assert check(session, people.ewa, people, option(room_id=other)).possible
    assert check(session, people.ewa, people).possible


def test_a_suspension_is_named_with_its_days(session: Session, people: People) -> None:
    week = {"first_day": date(2026, 12, 7), "last_day": date(2026, 12, 11)}
    make_period(session, people.prison, suspends=True, reason=SECRET, **week)
    make_period(session, people.prison, reason=SECRET, **week)
    verdict = check(session, people.marek, people)
    assert [type(one) for one in verdict.refusals] == [availability.Suspended]
    assert "07.12.2026" in said(verdict)[0]
    assert SECRET not in said(verdict)[0]


def test_a_room_of_another_house_is_refused(session: Session, people: People) -> None:
    elsewhere = room(session, people.mops)
    verdict = check(session, people.ewa, people, option(room_id=elsewhere))
    assert [type(one) for one in verdict.refusals] == [calendar_rules.RoomElsewhere]


# --- rooms


def test_a_taken_room_is_named_to_those_who_may_know(session: Session, people: People) -> None:
    hall = room(session, people.prison)
    make_event(session, people.ewa, **inside(people, title=SECRET, room_id=hall))
    wanted = option(11, room_id=hall)
    assert said(check(session, people.ewa, people, wanted)) == [
        (
            f"08.12.2026 sala jest zajęta w godzinach 10.00–12.00: „{SECRET}”. Wybierz inną godzinę, inną salę albo "
            "inny dzień."
        )
    ]
    assert said(check(session, people.marek, people, wanted)) == [
        "08.12.2026 sala jest zajęta w godzinach 10.00–12.00. Wybierz inną godzinę, inną salę albo inny dzień."
    ]
    assert check(session, people.marek, people, option(12, room_id=hall)).possible
    assert check(session, people.marek, people, option(8, room_id=hall)).possible


def test_rooms_in_words_are_compared_too(session: Session, people: People) -> None:
    make_event(session, people.ewa, **inside(people, room="Świetlica"))
    assert not check(session, people.ewa, people, option(room=" świetlica ")).possible
    assert check(session, people.ewa, people, option(room="Sala widzeń")).possible


def test_a_room_is_the_same_chosen_from_the_list_or_in_words(session: Session, people: People) -> None:
    hall = room(session, people.prison)
    make_event(session, people.ewa, **inside(people, room="świetlica"))
    make_event(session, people.ewa, **inside(people, room_id=hall, starts=local(10, days=1), ends=local(12, days=1)))
    offer(session, people, option(days=2, room_id=hall))
    offer(session, people, option(days=3, room="świetlica"), number="W-2026-002")
    for days, wanted in (
        (0, {"room_id": hall}),
        (1, {"room": "Świetlica"}),
        (2, {"room": "ŚWIETLICA"}),
        (3, {"room_id": hall}),
    ):
        assert not check(session, people.ewa, people, option(days=days, **wanted)).possible
        assert check(session, people.ewa, people, option(days=days, room="Kaplica")).possible


def test_a_held_room_is_refused_with_its_case(session: Session, people: People) -> None:
    hall = room(session, people.prison)
    visit = offer(session, people, option(room_id=hall), asked_id=people.ngo.id or 0)
    wanted = option(11, room_id=hall)
    assert said(check(session, people.ewa, people, wanted)) == [
        (
            "08.12.2026 sala czeka w godzinach 10.00–12.00 na odpowiedź w sprawie W-2026-001. Wybierz inną godzinę "
            "albo inną salę, albo najpierw zamknij tamtą sprawę."
        )
    ]
    assert said(check(session, people.marek, people, wanted)) == [
        "08.12.2026 sala jest zajęta w godzinach 10.00–12.00. Wybierz inną godzinę, inną salę albo inny dzień."
    ]
    assert check(session, people.marek, people, option(11)).possible
    assert check(session, people.ewa, people, wanted, visit_id=visit.id).possible
    for one in session.exec(select(VisitOption)).all():
        one.state = OptionState.LAPSED
    session.flush()
    assert check(session, people.ewa, people, wanted).possible


def test_a_mailed_link_learns_no_title_and_no_number(session: Session, people: People) -> None:
    hall = room(session, people.prison)
    link = Actor(role=Role.COORDINATOR, institution_id=people.mops.id)
    offer(session, people, option(room_id=hall))
    make_event(session, people.ewa, **inside(people, title=SECRET, room_id=hall, invited=(people.mops.id,)))
    make_event(session, people.marek, title=SECRET, visibility=Visibility.PARTNERS, starts=local(14), ends=local(15))
    wanted = option(room_id=hall)
    (own,) = check(session, link, people, option(14)).warnings
    assert (own.code, own.title, own.uuid) == ("own", "", None)
    assert [SECRET in one for one in said(check(session, people.marek, people, wanted))] == [True, False]
    assert "W-2026-001" in said(check(session, people.marek, people, wanted))[1]
    for sentence in said(check(session, link, people, wanted)):
        assert SECRET not in sentence
        assert "W-2026" not in sentence


def test_the_event_that_moves_is_not_in_its_own_way(session: Session, people: People) -> None:
    hall = room(session, people.prison)
    event = make_event(session, people.ewa, **inside(people, room_id=hall, co_organisers=(people.mops.id,)))
    visit = offer(session, people, event_id=event.id)
    wanted = option(11, room_id=hall)
    assert not check(session, people.marek, people, wanted).possible
    verdict = check(session, people.marek, people, wanted, visit_id=visit.id)
    assert (verdict.possible, codes(verdict)) == (True, [])


# --- warnings


def test_own_events_are_named_and_those_of_the_other_side_are_not(session: Session, people: People) -> None:
    make_event(session, people.marek, title=SECRET, visibility=Visibility.INVITED)
    own = check(session, people.marek, people)
    assert (own.possible, codes(own), own.warnings[0].title) == (True, ["own"], SECRET)
    assert own.warnings[0].uuid is not None
    other = check(session, people.ewa, people)
    assert (other.possible, codes(other)) == (True, ["side"])
    assert (other.warnings[0].title, other.warnings[0].uuid) == ("", None)
    assert "hours" not in other.warnings[0].words("pl")


def test_what_a_side_has_agreed_to_binds_it_as_well(session: Session, people: People) -> None:
    event = make_event(session, people.jola, co_organisers=(people.mops.id,))
    assert codes(check(session, people.marek, people)) == ["own"]
    assert codes(check(session, people.ewa, people)) == ["side"]
    for party in session.exec(select(EventParty).where(EventParty.event_id == event.id)).all():
        party.answer = Answer.DECLINED
    session.flush()
    assert codes(check(session, people.marek, people)) == []


def test_the_house_is_a_warning_until_the_rooms_are_told_apart(session: Session, people: People) -> None:
    hall, other = room(session, people.prison), room(session, people.prison, "Sala widzeń")
    make_event(session, people.jola, **inside(people, title=SECRET, room_id=hall))
    for viewer, title in ((people.ewa, SECRET), (people.marek, "")):
        verdict = check(session, viewer, people)
        assert (codes(verdict), verdict.warnings[0].title) == (["house"], title)
        assert codes(check(session, viewer, people, option(room_id=other))) == []


def test_an_own_event_in_the_house_is_told_once(session: Session, people: People) -> None:
    make_event(session, people.ewa, **inside(people, title="Apel"))
    assert codes(check(session, people.ewa, people)) == ["own"]
    assert codes(check(session, people.marek, people)) == ["house"]


def test_the_same_person_is_told_and_nobody_else(session: Session, people: People) -> None:
    event = make_event(session, people.jola)
    me = Guest(name=people.marek.name, email=people.marek.email, user_id=people.marek.user_id)
    signed = Wanted(people=(me,))
    signups.sign_up(session, people.marek.actor, event, date_of(session, event).id or 0, signed, str(uuid4()), now())
    assert codes(check(session, people.marek, people)) == ["person"]
    assert codes(check(session, people.piotr, people)) == []


@pytest.mark.parametrize(
    ("wanted", "warnings"),
    [
        (option(days=4), ["weekend"]),  # Saturday
        (option(days=5), ["weekend"]),
        (option(days=16), ["holiday"]),  # 24 December
        (option(days=18), ["holiday"]),  # the second day of Christmas is a Saturday, said once
        (option(20, days=15, hours=8), ["holiday"]),  # into the morning of the 24th
        (option(days=3), []),
    ],
)
def test_days_off_are_a_warning(session: Session, people: People, wanted: Option, warnings: list[str]) -> None:
    verdict = check(session, people.ewa, people, wanted)
    assert (verdict.possible, codes(verdict)) == (True, warnings)


def test_a_holiday_has_its_name_in_the_language_of_the_reader(session: Session, people: People) -> None:
    (holiday,) = check(session, people.ewa, people, option(days=16)).warnings
    assert holiday.words("pl")["name"] == "Wigilia Bożego Narodzenia"
    assert holiday.words("en")["name"] == "Christmas Eve"


def test_what_is_forbidden_is_not_warned_of_besides(session: Session, people: People) -> None:
    make_event(session, people.marek)
    assert codes(check(session, people.marek, people)) == ["own"]
    make_period(session, people.prison, first_day=TUESDAY, last_day=TUESDAY)
    verdict = check(session, people.marek, people)
    assert (verdict.possible, verdict.warnings) == (False, ())


# --- several dates, few statements


def test_each_date_has_its_own_verdict(session: Session, people: People) -> None:
    make_period(session, people.prison, first_day=TUESDAY, last_day=TUESDAY)
    wanted = (option(), option(days=1), Option(local(12, days=2), local(10, days=2)))
    found = checks.check(session, people.marek.actor, people.prison.id or 0, sides(people), wanted, now())
    assert [one.option for one in found] == list(wanted)
    assert [[type(refusal) for refusal in one.refusals] for one in found] == [
        [checks.UnitAway],
        [],
        [calendar_rules.EndBeforeStart],
    ]
    with pytest.raises(checks.UnitAway):
        checks.require(session, people.marek.actor, people.prison.id or 0, sides(people), wanted, now())
    checks.require(session, people.marek.actor, people.prison.id or 0, sides(people), wanted[1:2], now())


def test_the_number_of_statements_does_not_grow(session: Session, people: People, query_count: Counting) -> None:
    hall = room(session, people.prison)
    numbers = []
    for events in (1, 3):
        for n in range(events):
            make_event(session, people.jola, **inside(people, room_id=hall, starts=local(10 + n), ends=local(11 + n)))
        make_period(session, people.prison, first_day=TUESDAY, last_day=TUESDAY)
        offer(session, people, option(room_id=hall), number=f"W-2026-00{events}")
        wanted = [option(days=n, room_id=hall) for n in range(events)]
        session.flush()
        with query_count() as asked:
            checks.check(session, people.ewa.actor, people.prison.id or 0, sides(people), wanted, now())
        numbers.append(len(asked))
    assert numbers[0] == numbers[1] <= 11


# --- free alternatives


def test_the_next_free_working_days_are_suggested(session: Session, people: People) -> None:
    hall = room(session, people.prison)
    make_event(session, people.ewa, **inside(people, room_id=hall, starts=local(9, days=1), ends=local(11, days=1)))
    make_event(session, people.marek, starts=local(11, days=2), ends=local(13, days=2))
    offer(session, people, option(days=3, room_id=hall), asked_id=people.ngo.id or 0)
    make_period(session, people.mops, first_day=date(2026, 12, 14), last_day=date(2026, 12, 15))
    wanted = option(room_id=hall)
    found = checks.suggest(session, people.prison.id or 0, sides(people), wanted, now())
    # 9 room taken, 10 the MOPS is busy, 11 room held, 12-13 weekend, 14-15 blocked
    assert found == [option(days=8 + n, room_id=hall) for n in range(3)]


def test_suggestions_go_on_where_the_first_days_are_full(session: Session, people: People) -> None:
    for days in (1, 2, 3, 6, 7, 8, 9):
        make_event(session, people.marek, starts=local(9, days=days), ends=local(11, days=days))
    found = checks.suggest(session, people.prison.id or 0, sides(people), option(), now())
    assert [one.starts.date().day for one in found] == [18, 21, 22]


def test_suggestions_step_over_holidays_and_keep_their_hours(session: Session, people: People) -> None:
    found = checks.suggest(session, people.prison.id or 0, sides(people), option(days=15), now(), number=5)
    days = ["2026-12-28", "2026-12-29", "2026-12-30", "2026-12-31", "2027-01-04"]
    assert [one.starts.date().isoformat() for one in found] == days
    assert {(one.starts.hour, one.ends.hour) for one in found} == {(10, 12)}


def test_no_suggestion_comes_before_the_notice_has_passed(session: Session, people: People) -> None:
    for wanted in (option(days=-15), option(days=-40)):
        found = checks.suggest(session, people.prison.id or 0, sides(people), wanted, now())
        assert [one.starts.date().day for one in found] == [26, 27, 30]


def test_nothing_is_suggested_where_nothing_is_free(session: Session, people: People) -> None:
    make_period(session, people.prison, first_day=date(2026, 12, 1), last_day=date(2027, 2, 1))
    assert checks.suggest(session, people.prison.id or 0, sides(people), option(), now()) == []
    assert checks.suggest(session, people.prison.id or 0, sides(people), Option(local(12), local(10)), now()) == []


def test_every_suggestion_passes_the_check(session: Session, people: People, query_count: Counting) -> None:
    hall = room(session, people.prison)
    for n in range(12):
        there = inside(people, room_id=hall, starts=local(9, days=2 * n), ends=local(11, days=2 * n))
        calendar.record_past(session, people.ewa.actor, draft(session, people, there), now())
    with query_count() as asked:
        found = checks.suggest(session, people.prison.id or 0, sides(people), option(room_id=hall), now())
    assert len(asked) <= 7
    assert len(found) == 3
    for one in found:
        assert check(session, people.ewa, people, one).warnings == ()
        assert check(session, people.ewa, people, one).possible


def draft(session: Session, people: People, there: dict[str, Any]) -> Event:
    event = calendar.draft(session, people.ewa.actor, draft_of(**there), now())
    session.flush()
    return event


# --- holds


def test_holds_are_found_by_time_and_unit(session: Session, people: People) -> None:
    visit = offer(session, people, option(), option(days=3))
    unit_id = people.prison.id or 0

    def days(first: datetime, last: datetime, **how: Any) -> list[int]:
        found = holds.held(session, (unit_id,), warsaw.to_utc(first), warsaw.to_utc(last), **how)
        return [warsaw.today(one.starts_at).day for one in found]

    assert days(local(0), local(0, days=10)) == [8, 11]
    assert days(local(12), local(0, days=3)) == []
    assert days(local(11, 59), local(12)) == [8]
    assert days(local(0), local(0, days=10), besides=visit.id) == []
    assert holds.held(session, (people.mops.id or 0,), warsaw.to_utc(local(0)), warsaw.to_utc(local(0, days=10))) == []


def test_only_the_two_sides_learn_the_number(session: Session, people: People) -> None:
    offer(session, people, option())
    found = holds.held(session, (people.prison.id or 0,), warsaw.to_utc(local(0)), warsaw.to_utc(local(23)))
    for viewer, number in ((people.ewa, "W-2026-001"), (people.marek, "W-2026-001"), (people.jola, "")):
        assert [one.number for one in holds.named(session, viewer.actor, found)] == [number]


@pytest.mark.slow
def test_suggestions_stay_quick_with_ten_thousand_events(session: Session, people: People) -> None:
    """All in one unit within a year, every fourth in the room; what others do on this machine does not count."""
    hall, other = room(session, people.prison), room(session, people.prison, "Sala widzeń")
    model = make_event(session, people.ewa, **inside(people, room_id=other))
    pattern = date_of(session, model)
    events, dates = [], []
    for n in range(10_000):
        starts = local(7) + timedelta(minutes=45 * n % (60 * 10), days=n % 365)
        ids = {"id": 1000 + n, "uuid": uuid4()}
        events.append({**model.model_dump(), **ids, "uid": f"{n}@zk-kladkowo.example", "local_start": starts})
        times = {"starts_at": warsaw.to_utc(starts), "ends_at": warsaw.to_utc(starts + timedelta(minutes=45))}
        own = {"id": 1000 + n, "event_id": 1000 + n, "original_local": starts, "local_date": starts.date()}
        dates.append({**pattern.model_dump(), **own, **times, "room_id": hall if n % 4 == 0 else other})
    insert_all(session, Event, events)
    insert_all(session, Occurrence, dates)
    spent = []
    for _ in range(6):
        begun = process_time()
        found = checks.suggest(session, people.prison.id or 0, sides(people), option(room_id=hall), now())
        spent.append(process_time() - begun)
        assert len(found) == 3
    assert sorted(spent)[2] < 0.05
