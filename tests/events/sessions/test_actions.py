"""Sessions act by act: planned at once, split, renamed, led by others, made up for, handed over, called off."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from sqlmodel import Session, col, select

from app import warsaw
from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar import queries as calendar_queries
from events.calendar.models import (
    Answer,
    Event,
    EventParty,
    EventSpeaker,
    Occurrence,
    OccurrenceSpeaker,
    Outcome,
    Part,
    SignUpScope,
    State,
)
from events.calendar.rules import Speaker
from events.changes import actions as changes
from events.changes.rules import Scope
from events.gate import actions as gate_actions
from events.gate import rules as gate
from events.gate.models import Entry, EntryState
from events.minutes import queries as minutes
from events.recurrence import Freq, Rule
from events.sessions import actions, handover, queries, rules, upkeep
from events.sessions.models import EditionSession
from events.signups import series as signups
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Wanted
from partners.availability.models import Unavailability
from projects.editions import rules as edition_rules
from projects.editions.models import Edition, EditionState
from projects.programmes import parties
from projects.programmes.models import Programme
from tests.factories.persons import People
from tests.factories.rows import add
from tests.factories.sessions import dates_of, make_edition, make_partner, make_plan, numbers, plan_of

pytestmark = pytest.mark.usefixtures("clock")

ANNA = Speaker("Anna Przykładowa", "trenerka")
JAN = Speaker("Jan Pokazowy", "psycholog")


@pytest.fixture
def edition(session: Session, people: People) -> Edition:
    return make_edition(session, people)[1]


def entries(session: Session, row: Occurrence) -> list[str]:
    wanted = select(Entry).where(Entry.occurrence_id == row.id).order_by(col(Entry.id))
    return [one.person for one in session.exec(wanted).all() if one.state in gate.ACTIVE]


def leads(session: Session, row: Occurrence) -> list[str]:
    return [one.person for one in calendar_queries.speakers_on(session, row.event_id, row.id or 0)]


def inside(people: People, **more: Any) -> rules.PlanDraft:
    """Give a plan in the prison, whose coordinators are asked."""
    wanted = plan_of(place="", place_institution_id=people.prison.id, room="Świetlica", **more)
    return replace(wanted, speakers=(replace(ANNA, institution_id=people.ngo.id),))


def agree(session: Session, people: People, event: Event) -> None:
    session.get_one(EventParty, (event.id, people.prison.id)).answer = Answer.CONFIRMED
    session.flush()
    calendar.publish(session, people.jola.actor, event, now())


def test_a_plan_is_published_with_numbers_topics_and_partners(
    session: Session, people: People, edition: Edition
) -> None:
    wanted = plan_of(date(2026, 12, 11), 4, topics=("Zaufanie", "Rozmowa"), participants=True)
    event = make_plan(session, people, edition, wanted)
    rows = dates_of(session, edition)
    assert [row.local_date for row in rows] == [
        date(2026, 12, 11), date(2026, 12, 18), date(2027, 1, 8), date(2027, 1, 15)
    ]  # fmt: skip
    assert {warsaw.to_local(row.starts_at).time() for row in rows} == {time(10)}
    assert numbers(session, edition) == [(1, "Zaufanie"), (2, "Rozmowa"), (3, ""), (4, "")]
    assert [row.title for row in rows] == ["Warsztaty próbne: Zaufanie", "Warsztaty próbne: Rozmowa", None, None]
    assert {row.state for row in rows} == {State.PUBLISHED}
    assert (event.signup_scope, event.participants, event.programme_id) == (
        SignUpScope.SERIES, True, edition.programme_id
    )  # fmt: skip
    party = session.exec(select(EventParty).where(EventParty.event_id == event.id)).one()
    assert (party.institution_id, party.part) == (people.mops.id, Part.INVITED)
    session.refresh(edition)
    assert (edition.state, edition.sessions, edition.participants, edition.capacity) == (EditionState.OPEN, 4, True, 12)
    assert (edition.starts_on, edition.ends_on) == (date(2026, 12, 11), date(2027, 1, 15))
    line = session.exec(select(AuditLine).where(AuditLine.verb == "edition.planned")).one()
    assert line.details == {"event_id": event.id, "sessions": 4}


def test_in_another_house_the_host_is_asked_first(session: Session, people: People, edition: Edition) -> None:
    event = make_plan(session, people, edition, inside(people))
    host = session.get_one(EventParty, (event.id, people.prison.id))
    session.refresh(edition)
    assert (event.state, host.answer, edition.state) == (State.DRAFT, Answer.ASKED, EditionState.PLANNED)
    agree(session, people, event)
    session.refresh(edition)
    assert edition.state is EditionState.OPEN
    assert [entries(session, row) for row in dates_of(session, edition)] == [[]] * 4  # the worker puts them there


def test_a_form_sent_twice_makes_one_plan_and_a_second_plan_is_refused(
    session: Session, people: People, edition: Edition
) -> None:
    key = "0f8fad5b-d9cb-469f-a165-70867728950e"
    first = actions.plan(session, people.jola.actor, edition, plan_of(), now(), key=key)
    assert actions.plan(session, people.jola.actor, edition, plan_of(), now(), key=key) is first
    with pytest.raises(rules.PlannedAlready):
        actions.plan(session, people.jola.actor, edition, plan_of(date(2027, 3, 1)), now(), key="other")
    with pytest.raises(rules.PlannedAlready):
        actions.preview(session, people.jola.actor, edition, plan_of(), now())
    assert len(session.exec(select(Event)).all()) == 1


def test_one_session_is_an_event_of_its_own_with_its_topic(session: Session, people: People, edition: Edition) -> None:
    event = make_plan(session, people, edition, plan_of(sessions=1, topics=("Zaufanie",), capacity=2))
    (row,) = dates_of(session, edition)
    assert (event.rule, event.title, row.title) == (None, "Warsztaty próbne", "Warsztaty próbne: Zaufanie")
    assert calendar.item(session, event).title == "Warsztaty próbne: Zaufanie"
    booked = signups.sign_up(session, people.zofia.actor, event, Wanted(places=3), "k" * 36, now())
    assert [one.state for _date, rows in booked for one in rows] == [
        SignUpState.SEAT, SignUpState.SEAT, SignUpState.WAITING
    ]  # fmt: skip
    saved = replace(calendar.as_saved(session, event), title="Nowe", capacity=5)
    changes.edit(session, people.jola.actor, event, saved, event.revision, now())
    session.refresh(edition)
    assert (row.title, edition.capacity, row.seats_taken) == ("Nowe: Zaufanie", 5, 3)


def test_a_draft_that_is_deleted_leaves_room_for_another_plan(
    session: Session, people: People, edition: Edition
) -> None:
    event = make_plan(session, people, edition, inside(people))
    calendar.discard(session, people.jola.actor, event, now())
    session.refresh(edition)
    assert (edition.sessions, edition.starts_on, edition.state) == (0, None, EditionState.PLANNED)
    assert session.exec(select(EditionSession)).all() == []
    assert make_plan(session, people, edition).state is State.PUBLISHED


def test_only_the_lead_of_a_running_project_plans(session: Session, people: People, edition: Edition) -> None:
    for person in (people.marek, people.olga, people.ewa):
        with pytest.raises(edition_rules.NotYourEdition):
            actions.plan(session, person.actor, edition, plan_of(), now())
    session.get_one(Programme, edition.programme_id).archived_at = now()
    session.flush()
    with pytest.raises((edition_rules.ProjectOver, edition_rules.NotYourEdition)):
        make_plan(session, people, edition)


def test_a_preview_says_what_is_left_out_and_who_is_needed_elsewhere(
    session: Session, people: People, edition: Edition
) -> None:
    other = make_edition(session, people, slug="inny")[1]
    leader = replace(ANNA, institution_id=people.ngo.id)
    make_plan(session, people, other, plan_of(date(2026, 12, 18), 1, speakers=(leader,)))
    shown = actions.preview(
        session, people.jola.actor, edition, plan_of(date(2026, 12, 18), 2, speakers=(leader,)), now()
    )
    assert [line.day for line in shown.left_out] == [date(2026, 12, 25), date(2027, 1, 1)]
    assert [line.day for line in shown.sessions] == [date(2026, 12, 18), date(2027, 1, 8)]
    assert {clash.person for clash in shown.findings.clashes if clash.person} == {"Anna Przykładowa"}
    assert shown.asks == ""
    assert session.exec(select(EditionSession).where(EditionSession.edition_id == edition.id)).all() == []


def test_blocked_days_of_the_place_are_left_out_if_asked(session: Session, people: People, edition: Edition) -> None:
    add(
        session,
        Unavailability,
        institution_id=people.ngo.id,
        first_day=date(2026, 12, 7),
        last_day=date(2026, 12, 9),
        made_at=now(),
    )
    own = plan_of(sessions=3, place="", place_institution_id=people.ngo.id)
    seen = actions.preview(session, people.jola.actor, edition, own, now())
    assert (seen.left_out, seen.findings.blocked_place) == ((), (date(2026, 12, 8),))
    make_plan(session, people, edition, replace(own, skip_blocked=True))
    assert [row.local_date.day for row in dates_of(session, edition)] == [1, 15, 22]


def test_a_split_keeps_numbers_and_topics_and_a_new_title_is_followed(
    session: Session, people: People, edition: Edition
) -> None:
    event = make_plan(session, people, edition, plan_of(topics=("Jeden", "Dwa", "Trzy", "Cztery"), participants=True))
    third = dates_of(session, edition)[2]
    starts = datetime.combine(third.local_date, time(16))
    wanted = replace(
        calendar.as_saved(session, event),
        title="Warsztaty nowe",
        starts=starts,
        ends=starts + timedelta(hours=2),
        rule=Rule(Freq.WEEKLY, 1, (starts.weekday(),), count=2),
        edition_id=None,
        programme_id=None,
        participants=False,
    )
    changes.edit(
        session, people.jola.actor, event, wanted, event.revision, now(), occurrence_id=third.id, scope=Scope.FOLLOWING
    )
    rows = dates_of(session, edition)
    assert numbers(session, edition) == [(1, "Jeden"), (2, "Dwa"), (3, "Trzy"), (4, "Cztery")]
    assert [row.title for row in rows] == [
        "Warsztaty próbne: Jeden", "Warsztaty próbne: Dwa", "Warsztaty nowe: Trzy", "Warsztaty nowe: Cztery"
    ]  # fmt: skip
    part = session.get_one(Event, rows[3].event_id)
    assert part.id != event.id
    assert (part.participants, part.programme_id, part.signup_scope) == (True, event.programme_id, SignUpScope.SERIES)
    assert warsaw.to_local(rows[3].starts_at).time() == time(16)


def test_dates_of_a_new_rhythm_take_over_numbers_and_topics(session: Session, people: People, edition: Edition) -> None:
    event = make_plan(session, people, edition, plan_of(topics=("Jeden", "Dwa", "Trzy", "Cztery")))
    first = dates_of(session, edition)[0]
    starts = datetime.combine(first.local_date, time(10))
    wanted = replace(
        calendar.as_saved(session, event), rule=Rule(Freq.WEEKLY, 2, (starts.weekday(),), count=5), starts=starts
    )
    changes.edit(session, people.jola.actor, event, wanted, event.revision, now())
    assert upkeep.number_new_dates(session, now()) == 3
    assert numbers(session, edition) == [(1, "Jeden"), (3, "Trzy"), (2, "Dwa"), (4, "Cztery"), (5, "")]
    session.refresh(edition)
    assert edition.sessions == 5
    assert dates_of(session, edition)[2].title == "Warsztaty próbne: Dwa"
    assert upkeep.number_new_dates(session, now()) == 0


def test_a_draft_from_which_a_date_is_left_out_is_numbered_anew(
    session: Session, people: People, edition: Edition
) -> None:
    event = make_plan(session, people, edition, inside(people, topics=("Jeden", "Dwa")))
    calendar.leave_out(session, people.jola.actor, event, {date(2026, 12, 1)}, now())
    assert upkeep.number_new_dates(session, now()) == 3
    assert numbers(session, edition) == [(1, "Jeden"), (2, "Dwa"), (3, "")]
    assert [row.title for row in dates_of(session, edition)][1:] == ["Warsztaty próbne: Dwa", None]
    session.refresh(edition)
    assert (edition.sessions, edition.starts_on) == (3, date(2026, 12, 8))
    assert upkeep.number_new_dates(session, now()) == 0


def test_topics_are_changed_of_what_has_not_begun(session: Session, people: People, edition: Edition) -> None:
    make_plan(session, people, edition, plan_of(topics=("Jeden", "Dwa")))
    with time_machine.travel(datetime(2026, 12, 2, 8, tzinfo=now().tzinfo), tick=False):
        assert actions.set_topics(session, people.jola.actor, edition, {1: "Nic", 2: "Złość", 3: "Praca"}, now()) == 2
    assert numbers(session, edition) == [(1, "Jeden"), (2, "Złość"), (3, "Praca"), (4, "")]
    assert [row.title for row in dates_of(session, edition)] == [
        "Warsztaty próbne: Jeden", "Warsztaty próbne: Złość", "Warsztaty próbne: Praca", None
    ]  # fmt: skip


def test_a_substitute_leads_one_date_alone(session: Session, people: People, edition: Edition) -> None:
    event = make_plan(session, people, edition, inside(people))
    agree(session, people, event)
    rows = dates_of(session, edition)
    jan = replace(JAN, institution_id=people.ngo.id)
    actions.set_speakers(session, people.jola.actor, edition, rows[1].id or 0, Scope.THIS, (jan,), now())
    assert [leads(session, row) for row in rows] == [[ANNA.person], [JAN.person], [ANNA.person], [ANNA.person]]
    assert entries(session, rows[1]) == [JAN.person]
    assert [row.person for row in minutes.expected(session, event, rows[1])] == [JAN.person]
    page = calendar_queries.page(session, people.ewa.actor, event.uuid, now(), rows[1].local_date)
    assert page is not None
    assert [one.person for one in page.speakers] == [JAN.person]
    with pytest.raises(rules.NobodyLeads):
        actions.set_speakers(session, people.jola.actor, edition, rows[1].id or 0, Scope.THIS, (), now())
    # Back to who leads the series: no row of its own is left.
    back = (replace(ANNA, institution_id=people.ngo.id),)
    actions.set_speakers(session, people.jola.actor, edition, rows[1].id or 0, Scope.THIS, back, now())
    assert session.exec(select(OccurrenceSpeaker)).all() == []
    assert entries(session, rows[1]) == [ANNA.person]


def test_after_the_list_is_closed_a_substitute_is_asked_about_by_name(
    session: Session, people: People, edition: Edition
) -> None:
    event = make_plan(session, people, edition, inside(people))
    agree(session, people, event)
    row = dates_of(session, edition)[0]
    gate_actions.speakers(session, people.jola.actor, event, [row], now())
    jan = replace(JAN, institution_id=people.ngo.id)
    with time_machine.travel(datetime(2026, 11, 30, 8, tzinfo=now().tzinfo), tick=False):
        actions.set_speakers(session, people.jola.actor, edition, row.id or 0, Scope.THIS, (jan,), now())
    (entry,) = session.exec(select(Entry).where(Entry.occurrence_id == row.id)).all()
    assert (entry.person, entry.instead_of, entry.state) == (JAN.person, ANNA.person, EntryState.REQUESTED)


def test_who_leads_from_a_date_on_or_always(session: Session, people: People, edition: Edition) -> None:
    event = make_plan(session, people, edition)
    rows = dates_of(session, edition)
    actor = people.jola.actor
    assert actions.set_speakers(session, actor, edition, rows[2].id or 0, Scope.FOLLOWING, (JAN,), now()) == 2
    assert [leads(session, row)[0] for row in rows] == [ANNA.person, ANNA.person, JAN.person, JAN.person]
    with time_machine.travel(datetime(2026, 12, 2, 8, tzinfo=now().tzinfo), tick=False):
        assert actions.set_speakers(session, actor, edition, rows[2].id or 0, Scope.ALL, (ANNA, JAN), now()) == 3
    assert [len(leads(session, row)) for row in rows] == [1, 2, 2, 2]
    assert len(session.exec(select(EventSpeaker).where(EventSpeaker.event_id == event.id)).all()) == 2


def test_a_cancelled_session_is_made_up_for_once(session: Session, people: People, edition: Edition) -> None:
    event = make_plan(session, people, edition, plan_of(topics=("Jeden", "Dwa"), participants=True))
    signups.sign_up(session, people.zofia.actor, event, Wanted(places=3), "k" * 36, now())
    second = dates_of(session, edition)[1]
    starts = datetime(2026, 12, 29, 10)  # noqa: DTZ001 - wall time
    with pytest.raises(rules.NothingToMakeUp):
        actions.make_up(session, people.jola.actor, edition, second.id or 0, starts, starts + timedelta(hours=2), now())
    changes.cancel(session, people.jola.actor, event, "Choroba.", now(), occurrence_id=second.id, scope=Scope.THIS)
    args = (session, people.jola.actor, edition, second.id or 0, starts, starts + timedelta(hours=2), now())
    made = actions.make_up(*args)
    assert actions.make_up(*args) is made
    with pytest.raises(rules.MadeUpAlready):
        actions.make_up(*args[:4], starts + timedelta(days=1), starts + timedelta(days=1, hours=2), now())
    assert (made.rule, made.state, made.edition_id, made.participants) == (None, State.PUBLISHED, edition.id, True)
    lines = {line.day: line for line in queries.of_edition(session, people.jola.actor, edition.id or 0, now())}
    new = lines[starts.date()]
    assert (new.number, new.topic, new.title, new.makes_up_for) == (
        2,
        "Dwa",
        "Warsztaty próbne: Dwa",
        second.local_date,
    )
    assert lines[second.local_date].made_up_on == starts.date()
    here = session.exec(select(SignUp).where(SignUp.occurrence_id == new.occurrence_id)).all()
    assert [row.state for row in here] == [SignUpState.SEAT] * 3
    (mail,) = session.exec(select(OutboxMail).where(OutboxMail.template == "events/sessions/made_up")).all()
    assert (mail.to_address, mail.params["missed"]) == (people.zofia.email, "8 grudnia 2026")
    session.refresh(edition)
    assert (edition.sessions, edition.ends_on) == (4, date(2026, 12, 29))


def test_people_follow_a_catch_up_session_when_its_host_has_agreed(
    session: Session, people: People, edition: Edition
) -> None:
    event = make_plan(session, people, edition, inside(people))
    agree(session, people, event)
    signups.sign_up(session, people.marek.actor, event, Wanted(places=2), "k" * 36, now())
    first = dates_of(session, edition)[0]
    changes.cancel(session, people.jola.actor, event, "Choroba.", now(), occurrence_id=first.id, scope=Scope.THIS)
    starts = datetime(2026, 12, 29, 10)  # noqa: DTZ001 - wall time
    made = actions.make_up(
        session, people.jola.actor, edition, first.id or 0, starts, starts + timedelta(hours=2), now()
    )
    assert made.state is State.DRAFT
    assert upkeep.bring_along(session, now()) == 0
    agree(session, people, made)
    assert upkeep.bring_along(session, now()) == 2
    assert upkeep.bring_along(session, now()) == 0


def test_a_partner_that_agrees_later_is_invited_to_what_is_to_come(
    session: Session, people: People, edition: Edition
) -> None:
    event = make_plan(session, people, edition, plan_of(visibility="invited"))
    assert upkeep.invite_new_partners(session, now()) == 0
    make_partner(session, session.get_one(Programme, edition.programme_id), people.stranger)
    sequence = event.sequence
    assert queries.of_edition(session, people.stefan.actor, edition.id or 0, now()) == []
    assert upkeep.invite_new_partners(session, now()) == 1
    assert upkeep.invite_new_partners(session, now()) == 0
    assert len(queries.of_edition(session, people.stefan.actor, edition.id or 0, now())) == 4
    assert event.sequence == sequence


def test_a_partner_that_has_left_finds_no_sessions_for_the_invited_any_more(
    session: Session, people: People, edition: Edition, clock: time_machine.Traveller
) -> None:
    programme = session.get_one(Programme, edition.programme_id)
    make_partner(session, programme, people.stranger)
    event = make_plan(session, people, edition, plan_of(visibility="invited"))
    signups.sign_up(session, people.marek.actor, event, Wanted(places=2), "k" * 36, now())
    assert upkeep.let_former_partners_go(session, now()) == 0
    clock.shift(timedelta(minutes=5))
    for who in (people.stefan, people.marek):
        parties.leave(session, who.actor, programme, "remont", now())
    assert upkeep.let_former_partners_go(session, now()) == 1
    assert queries.of_edition(session, people.stefan.actor, edition.id or 0, now()) == []
    # Whoever has places there goes on seeing them, to come or to withdraw.
    assert len(queries.of_edition(session, people.marek.actor, edition.id or 0, now())) == 4
    clock.shift(timedelta(minutes=5))
    saved = calendar.as_saved(session, event)
    again = replace(saved, invited=(*saved.invited, people.stefan.institution_id))
    calendar.revise(session, people.jola.actor, event, again, now())
    assert upkeep.let_former_partners_go(session, now()) == 0  # the organiser has invited it himself


def test_the_new_lead_organises_what_is_to_come(session: Session, people: People, edition: Edition) -> None:
    event = make_plan(session, people, edition, inside(people))
    agree(session, people, event)
    programme = session.get_one(Programme, edition.programme_id)
    programme.offered_to_id = people.mops.id
    session.flush()
    assert handover.take_over(session, people.marek.actor, programme, now()) == 1
    assert event.organiser_id == people.mops.id
    assert {row.organiser_id for row in dates_of(session, edition)} == {people.mops.id}
    parties = {
        one.institution_id: (one.part, one.answer)
        for one in session.exec(select(EventParty).where(EventParty.event_id == event.id)).all()
    }
    assert parties == {
        people.ngo.id: (Part.CO_ORGANISER, Answer.CONFIRMED),
        people.prison.id: (Part.HOST, Answer.CONFIRMED),
    }
    line = session.exec(select(AuditLine).where(AuditLine.verb == "event.handed_over")).one()
    assert line.details == {"organiser_id": people.mops.id, "former_id": people.ngo.id}
    row = dates_of(session, edition)[0]
    actions.set_speakers(session, people.marek.actor, edition, row.id or 0, Scope.THIS, (JAN,), now())
    with pytest.raises(edition_rules.NotYourEdition):
        actions.set_topics(session, people.jola.actor, edition, {1: "Nie"}, now())


def test_progress_counts_by_edition_and_only_what_one_may_know(
    session: Session, people: People, edition: Edition, query_count: object
) -> None:
    event = make_plan(session, people, edition, plan_of(opens_at=warsaw.to_utc(datetime(2026, 11, 25, 9))))  # noqa: DTZ001
    signups_open = now() + timedelta(days=3)
    signups.sign_up(session, people.stefan.actor, event, Wanted(places=5), "k" * 36, signups_open)
    rows = dates_of(session, edition)
    rows[0].outcome = Outcome.HELD
    changes.cancel(session, people.jola.actor, event, "Choroba.", now(), occurrence_id=rows[3].id, scope=Scope.THIS)
    with query_count() as asked:  # type: ignore[operator]
        (seen,) = queries.progress(session, people.stefan.actor, edition.programme_id, now())
    assert len(asked) == 1
    assert (seen.sessions, seen.held, seen.cancelled, seen.recorded, seen.coming) == (4, 1, 1, 1, 3)
    assert (seen.free, seen.capacity, seen.next_day) == (7, 12, rows[0].local_date)
    assert seen.opens_at == warsaw.to_utc(datetime(2026, 11, 25, 9))  # noqa: DTZ001
    assert (seen.closes_at, seen.next_url) == (rows[0].starts_at, f"/wydarzenia/{event.uuid}/{rows[0].local_date}")
    assert (seen.starts_on, seen.ends_on) == (rows[0].local_date, rows[2].local_date)


def test_what_is_hidden_is_in_no_line_and_no_number(session: Session, people: People, edition: Edition) -> None:
    event = make_plan(session, people, edition, inside(people, visibility="invited"))
    strangers = (people.stefan.actor, people.zofia.actor, people.olga.actor, people.wanda.actor)
    for viewer in strangers:
        assert queries.of_edition(session, viewer, edition.id or 0, now()) == []
        assert queries.progress(session, viewer, edition.programme_id, now()) == []
    # A partner that has agreed knows of the edition; the draft is for lead and asked host.
    (known,) = queries.progress(session, people.marek.actor, edition.programme_id, now())
    assert (known.sessions, known.coming, known.next_uuid) == (0, 0, None)
    assert len(queries.of_edition(session, people.ewa.actor, edition.id or 0, now())) == 4
    agree(session, people, event)
    for viewer in (people.stefan.actor, people.zofia.actor, people.wanda.actor):
        assert queries.of_edition(session, viewer, edition.id or 0, now()) == []
        assert queries.progress(session, viewer, edition.programme_id, now()) == []
    assert len(queries.of_edition(session, people.marek.actor, edition.id or 0, now())) == 4


def test_an_edition_is_called_off_as_a_whole(session: Session, people: People, edition: Edition) -> None:
    event = make_plan(session, people, edition)
    signups.sign_up(session, people.stefan.actor, event, Wanted(places=2), "k" * 36, now())
    with time_machine.travel(datetime(2026, 12, 2, 8, tzinfo=now().tzinfo), tick=False):
        assert actions.call_off(session, people.jola.actor, edition, "Brak środków.", now()) > 0
    session.refresh(edition)
    assert edition.state is EditionState.CANCELLED
    states = [row.state for row in dates_of(session, edition)]
    assert states == [State.PUBLISHED, State.CANCELLED, State.CANCELLED, State.CANCELLED]
    with pytest.raises(edition_rules.OverAlready):
        make_plan(session, people, edition)
