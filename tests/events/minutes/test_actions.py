"""Records, act by act: from the first draft to the seal, and what is refused on the way."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select, update
from time_machine import Traveller

from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar.models import Answer, Outcome, State
from events.minutes import actions, queries, rules, versions
from events.minutes.models import Attendance, Record, RecordReply, RecordState, RecordTask, Reply, Side
from events.minutes.queries import Date, RecordPage
from events.minutes.versions import Row, Task, Version
from partners.institutions.models import Institution, InstitutionSlug, Kind
from tests.factories.events import date_of
from tests.factories.minutes import found, join, met, record_at, saved, submitted, version_for
from tests.factories.persons import People, Person

REMARK = "Prosimy o listę osób tydzień wcześniej."


def verbs(session: Session) -> list[str]:
    statement = select(AuditLine.verb).where(col(AuditLine.subject_kind).in_(("record", "task", "occurrence")))
    return list(session.exec(statement.order_by(col(AuditLine.id))))


def mails(session: Session) -> list[tuple[str, str]]:
    statement = select(OutboxMail).where(col(OutboxMail.template).startswith("events/minutes/"))
    return sorted((row.template.rpartition("/")[2], row.to_address) for row in session.exec(statement))


def replies(session: Session) -> dict[int, Reply]:
    return {one.institution_id: one.reply for one in session.exec(select(RecordReply))}


def read(session: Session, person: Person, record: Record) -> RecordPage:
    page = queries.record_of(session, person.actor, record.occurrence_id)
    assert page is not None
    return page


def state(session: Session, record: Record) -> RecordState:
    return session.get_one(Record, record.id).state


def date_with(session: Session, record: Record) -> Date:
    place = queries.date_by_id(session, record.occurrence_id)
    assert place is not None
    return place


def test_the_whole_way_to_approval_by_both_sides(session, people, clock):
    event = met(session, people, clock, guests=[people.jola])
    saved(session, event, people.marek)
    record = submitted(session, event, people.ewa, tasks=(Task("k1", "lista osób", people.prison.id or 0),))
    assert (record.state, record.answer_by) == (RecordState.SUBMITTED, date(2026, 12, 4))
    assert date_of(session, event).outcome is Outcome.HELD
    assert replies(session) == {people.mops.id: Reply.ASKED}
    assert mails(session) == [("asked", people.marek.email)]
    actions.answer(session, people.marek.actor, record.id or 0, "", now())
    assert record.state is RecordState.SEALED
    page = read(session, people.ewa, record)
    assert page.sealing is rules.Sealing.BOTH
    assert queries.seal_holds(session, record, date_of(session, event).starts_at)
    assert verbs(session) == ["record.begun", "record.saved", "record.submitted", "record.confirmed", "record.sealed"]
    (line,) = session.exec(select(AuditLine).where(AuditLine.verb == "record.sealed")).all()
    assert line.details == {"how": "both", "seal": record.seal}


def test_a_remark_seals_as_well_and_is_told_to_the_other_side(session, people, clock):
    event = met(session, people, clock)
    record = submitted(session, event, people.ewa)
    actions.answer(session, people.marek.actor, record.id or 0, REMARK, now())
    page = read(session, people.ewa, record)
    assert (page.state, page.sealing) == (RecordState.SEALED, rules.Sealing.REMARKS)
    assert [word.text for word in page.words] == [REMARK]
    assert ("remarked", people.ewa.email) in mails(session)


def test_it_is_sealed_when_the_last_side_has_answered(session, people, clock):
    event = met(session, people, clock)
    join(session, event, people.ngo.id)
    record = submitted(session, event, people.marek)
    assert set(replies(session)) == {people.prison.id, people.ngo.id}
    actions.answer(session, people.ewa.actor, record.id or 0, "", now())
    assert state(session, record) is RecordState.SUBMITTED
    actions.answer(session, people.jola.actor, record.id or 0, "", now())
    assert state(session, record) is RecordState.SEALED


def test_without_another_institution_it_is_sealed_at_once(session, people, clock):
    event = met(session, people, clock, co=False, guests=[people.jola])
    record = submitted(session, event, people.ewa)
    assert (record.state, record.answer_by, replies(session)) == (RecordState.SEALED, None, {})
    assert read(session, people.ewa, record).sealing is rules.Sealing.ALONE
    assert mails(session) == []


@pytest.mark.parametrize("answer", [Answer.ASKED, Answer.DECLINED])
def test_who_has_not_confirmed_is_no_side(session, people, clock, answer):
    event = met(session, people, clock, co=False)
    join(session, event, people.mops.id, answer)
    assert found(session, event).circle.sides == (people.prison.id,)
    with pytest.raises(rules.NotASide):
        saved(session, event, people.marek)


def test_an_institution_without_coordinators_is_not_asked(session, people, clock):
    event = met(session, people, clock, co=False)
    lonely = Institution(
        slug="ops-bez-osob", name="OPS bez osób", kind=Kind.OPS, sort_key="1", search_text=" ops", changed_at=now()
    )
    session.add(lonely)
    session.flush()
    join(session, event, lonely.id or 0)
    assert submitted(session, event, people.ewa).state is RecordState.SEALED


def test_a_meeting_that_was_not_held(session, people, clock):
    event = met(session, people, clock)
    record = submitted(
        session,
        event,
        people.ewa,
        outcome=Outcome.NOT_HELD,
        reason="unit_security",
        side=Side.WELFARE,
        rows=(),
        body="",
    )
    assert (record.outcome, record.side) == (Outcome.NOT_HELD, Side.PRISON)  # the reason says whose side
    assert date_of(session, event).outcome is Outcome.NOT_HELD
    mops = read(session, people.marek, record)
    assert (mops.reason, mops.side) == ("", Side.PRISON)
    assert read(session, people.ewa, record).reason == "Security of the unit"


def test_held_keeps_no_reason(session, people, clock):
    event = met(session, people, clock)
    record = saved(session, event, people.ewa, outcome=Outcome.HELD, reason="other", side=Side.NOBODY, note="x")
    assert (record.reason, record.side, record.reason_note) == ("", None, "")


# --- what is refused


@pytest.mark.parametrize("who", ["piotr", "jola", "stefan", "zofia", "wanda", "olga"])
def test_others_do_not_write(session, people, clock, who):
    event = met(session, people, clock, guests=[people.jola, people.piotr])
    with pytest.raises(rules.NotASide):
        saved(session, event, getattr(people, who))


def test_nothing_is_written_before_it_begins_nor_approved_before_it_ends(session, people, clock):
    event = met(session, people, None)
    with pytest.raises(rules.NotBegun):
        saved(session, event, people.ewa)
    clock.move_to(datetime(2026, 11, 24, 9, 30, tzinfo=UTC))
    saved(session, event, people.ewa)
    with pytest.raises(rules.NotOver):
        submitted(session, event, people.ewa)


def test_a_cancelled_date_has_no_record(session, people, clock):
    event = met(session, people, clock)
    date_of(session, event).state = State.CANCELLED
    session.flush()
    with pytest.raises(rules.DidNotStand):
        saved(session, event, people.ewa)


def test_gaps_refuse_the_approval(session, people, clock):
    event = met(session, people, clock)
    with pytest.raises(rules.Incomplete) as refusal:
        submitted(session, event, people.ewa, body="")
    assert [field for field, _sentence in refusal.value.gaps] == ["body"]
    assert session.exec(select(Record)).all() == []


@pytest.mark.parametrize("sealed", [False, True])
def test_what_was_approved_no_longer_changes(session, people, clock, sealed):
    event = met(session, people, clock)
    record = submitted(session, event, people.ewa)
    if sealed:
        actions.answer(session, people.marek.actor, record.id or 0, "", now())
    before = (record.revision, record.body, record.seal)
    for act in (saved, submitted):
        with pytest.raises(rules.Closed):
            act(session, event, people.marek, body="Inaczej.")
    assert (record.revision, record.body, record.seal) == before


def test_who_wrote_does_not_answer_and_nobody_answers_twice(session, people, clock):
    event = met(session, people, clock)
    record = submitted(session, event, people.ewa)
    with pytest.raises(rules.NotAsked):
        actions.answer(session, people.ewa.actor, record.id or 0, "", now())
    for stranger in (people.stefan, people.piotr, people.wanda):
        with pytest.raises(rules.NotASide):
            actions.answer(session, stranger.actor, record.id or 0, "", now())
    actions.answer(session, people.marek.actor, record.id or 0, "", now())
    with pytest.raises(rules.NotAsked):
        actions.answer(session, people.marek.actor, record.id or 0, "jednak nie", now())


def test_a_draft_cannot_be_answered(session, people, clock):
    event = met(session, people, clock)
    record = saved(session, event, people.ewa)
    with pytest.raises(rules.NotAsked):
        actions.answer(session, people.marek.actor, record.id or 0, "", now())


# --- silence


@pytest.mark.parametrize(
    ("submitted_on", "waits_until"),
    [("2026-11-25", "2026-12-04"), ("2026-12-23", "2027-01-07"), ("2027-03-25", "2027-04-06")],
)
def test_silence_of_seven_working_days_seals(session, people, clock, submitted_on, waits_until):
    event = met(session, people, clock)
    clock.move_to(datetime.fromisoformat(f"{submitted_on}T12:00:00+00:00"))
    record = submitted(session, event, people.ewa)
    clock.move_to(datetime.fromisoformat(f"{waits_until}T21:00:00+00:00"))
    assert actions.seal_silent(session, now()) == 0
    assert state(session, record) is RecordState.SUBMITTED
    clock.shift(timedelta(hours=4))
    assert actions.seal_silent(session, now()) == 1
    assert state(session, record) is RecordState.SEALED
    page = read(session, people.ewa, record)
    assert page.sealing is rules.Sealing.SILENCE
    assert queries.seal_holds(session, record, date_of(session, event).starts_at)
    assert actions.seal_silent(session, now()) == 0


def test_an_answer_after_the_last_day_counts_until_the_night(session, people, clock):
    event = met(session, people, clock)
    record = submitted(session, event, people.ewa)
    clock.shift(timedelta(days=20))
    actions.answer(session, people.marek.actor, record.id or 0, "", now())
    assert actions.seal_silent(session, now()) == 0


# --- the seal


def sealed_record(session: Session, people: People, clock: Traveller) -> Record:
    event = met(session, people, clock, guests=[people.jola])
    record = submitted(session, event, people.ewa, tasks=(Task("k1", "lista osób", people.prison.id or 0),))
    actions.answer(session, people.marek.actor, record.id or 0, REMARK, now())
    return record


def holds(session: Session, record: Record) -> bool:
    session.flush()
    session.expire_all()
    fresh = session.get_one(Record, record.id)
    starts = date_with(session, fresh).occurrence.starts_at
    return queries.seal_holds(session, fresh, starts)


@pytest.mark.parametrize(
    "fault",
    [
        update(Record).values(body="Dopisane po cichu."),
        update(Record).values(outcome=Outcome.NOT_HELD),
        update(Record).values(people_inside=2),
        update(Record).values(sealed_at=datetime(2026, 11, 24, tzinfo=UTC)),
        update(Attendance).values(present=False),
        update(Attendance).values(person="Ktoś Inny"),
        update(RecordTask).values(text="inna lista"),
        update(RecordReply).values(remark=""),
        update(RecordReply).values(reply=Reply.CONFIRMED),
    ],
    ids=["body", "outcome", "number", "instant", "present", "person", "task", "remark", "reply"],
)
def test_a_change_past_the_portal_is_found(session, people, clock, fault):
    record = sealed_record(session, people, clock)
    assert holds(session, record)
    session.exec(fault)
    assert not holds(session, record)


def test_a_person_added_past_the_portal_is_found(session, people, clock):
    record = sealed_record(session, people, clock)
    session.add(Attendance(record_id=record.id or 0, institution_id=people.mops.id, person="Dopisana", present=True))
    assert not holds(session, record)


def test_done_tasks_accounts_and_new_addresses_touch_no_seal(session, people, clock):
    record = sealed_record(session, people, clock)
    place = date_with(session, record)
    (task,) = session.exec(select(RecordTask)).all()
    actions.finish(session, people.adam.actor, place, task.id or 0, now())
    actions.tell_story(session, people.ewa.actor, place, "Było dobrze.", "https://zk.example/wiesci", now())
    session.add(InstitutionSlug(slug=people.mops.slug, institution_id=people.mops.id))
    session.get_one(Institution, people.mops.id).slug = "mops-nowy"
    assert holds(session, record)


def test_later_remarks_have_their_own_date_and_leave_the_seal_alone(session, people, clock):
    record = sealed_record(session, people, clock)
    seal = record.seal
    clock.shift(timedelta(days=30))
    for who, text in ((people.marek, "Lista przyszła."), (people.ewa, "Dziękujemy."), (people.ewa, "I jeszcze jedno.")):
        actions.add_remark(session, who.actor, record.id or 0, text, now())
    assert holds(session, record)
    page = read(session, people.ewa, record)
    assert [(one.institution, one.text) for one in page.remarks] == [
        (people.mops.name, "Lista przyszła."),
        (people.prison.name, "Dziękujemy."),
        (people.prison.name, "I jeszcze jedno."),
    ]
    assert page.sealing is rules.Sealing.REMARKS
    assert session.get_one(Record, record.id).seal == seal
    assert {one.made_at.date().isoformat() for one in page.remarks} == {"2026-12-25"}


def test_later_remarks_are_refused_without_words_before_the_seal_and_to_others(session, people, clock):
    event = met(session, people, clock)
    record = submitted(session, event, people.ewa)
    with pytest.raises(rules.NotSealed):
        actions.add_remark(session, people.marek.actor, record.id or 0, "uwaga", now())
    actions.answer(session, people.marek.actor, record.id or 0, "", now())
    with pytest.raises(rules.NoWords):
        actions.add_remark(session, people.marek.actor, record.id or 0, "", now())
    with pytest.raises(rules.NotASide):
        actions.add_remark(session, people.jola.actor, record.id or 0, "uwaga", now())


# --- two people at once


def test_changes_of_different_things_are_joined(session, people, clock):
    event = met(session, people, clock, guests=[people.jola])
    place = found(session, event)
    begin = Version(rows=queries.expected(session, place.event, place.occurrence), body="Szkielet.")
    seen = versions.marks(begin)
    actions.save(session, people.ewa.actor, place, replace(begin, people_inside=12), 0, seen, now())
    mine = replace(begin, body="Ustalenia.", rows=(replace(begin.rows[0], present=True),))
    done = actions.save(session, people.marek.actor, place, mine, 0, seen, now())
    assert (done.joined, done.changed) == (True, True)
    record = record_at(session, event)
    assert (record.people_inside, record.body, record.revision) == (12, "Ustalenia.", 2)
    assert [row.present for row in session.exec(select(Attendance))] == [True]


def test_what_both_have_changed_is_given_back_and_nothing_is_written(session, people, clock):
    event = met(session, people, clock)
    place, begin = found(session, event), Version(body="Szkielet.")
    seen = versions.marks(begin)
    actions.save(session, people.ewa.actor, place, replace(begin, body="Ewa."), 0, seen, now())
    with pytest.raises(actions.Clashing) as clashing:
        actions.save(session, people.marek.actor, place, replace(begin, body="Marek.", others=2), 0, seen, now())
    assert [clash.key for clash in clashing.value.clashes] == ["body"]
    assert (clashing.value.version.body, clashing.value.version.others) == ("Ewa.\nMarek.", 2)
    assert record_at(session, event).body == "Ewa."


def test_what_was_joined_is_not_approved_unseen(session, people, clock):
    event = met(session, people, clock)
    place = found(session, event)
    whole = version_for(session, event)
    seen = versions.marks(whole)
    actions.save(session, people.marek.actor, place, replace(whole, others=7), 0, seen, now())
    done = actions.submit(session, people.ewa.actor, found(session, event), whole, 0, seen, now())
    assert (done.joined, done.record.state, done.record.others) == (True, RecordState.OPEN, 7)


def test_saving_the_same_changes_nothing(session, people, clock):
    event = met(session, people, clock)
    record = saved(session, event, people.ewa)
    lines = len(verbs(session))
    again = actions.save(
        session, people.ewa.actor, found(session, event), version_for(session, event), record.revision, {}, now()
    )
    assert (again.changed, record.revision, len(verbs(session))) == (False, 1, lines)


def test_rows_keep_their_identity_through_edits(session, people, clock):
    event = met(session, people, clock, guests=[people.jola])
    extra = Row(versions.row_key("Maria Próbna", people.mops.id or 0), "Maria Próbna", people.mops.id or 0, "", True)
    base = version_for(session, event)
    record = saved(session, event, people.ewa, rows=(*base.rows, extra))
    before = {row.person: row.id for row in session.exec(select(Attendance))}
    saved(session, event, people.ewa, rows=(*base.rows, replace(extra, person="Maria Nowa")))
    assert {row.person: row.id for row in session.exec(select(Attendance))} == {
        "Jola Próbna": before["Jola Próbna"],
        "Maria Nowa": before["Maria Próbna"],
    }
    saved(session, event, people.ewa, rows=base.rows)
    assert [row.person for row in session.exec(select(Attendance))] == ["Jola Próbna"]
    assert record.revision == 3


# --- tasks, reminders, accounts


def test_open_tasks_are_carried_to_the_next_date_until_they_are_done(session, people, clock):
    first = met(session, people, None, place_institution_id=people.prison.id, place="")
    second = met(session, people, None, place_institution_id=people.prison.id, place="", title="Drugie spotkanie")
    date_of(session, second).starts_at += timedelta(days=7)
    clock.shift(timedelta(days=2))
    submitted(session, first, people.ewa, tasks=(Task("k1", "lista osób", people.mops.id or 0),))
    (line,) = queries.open_tasks(session, found(session, second))
    assert (line.text, line.institution_id) == ("lista osób", people.mops.id)
    assert queries.open_tasks(session, found(session, first)) == []
    given = queries.task(session, people.piotr.actor, line.id)
    assert given is not None
    place, task = given
    actions.finish(session, people.piotr.actor, place, task.id or 0, now())
    assert queries.open_tasks(session, found(session, second)) == []
    with pytest.raises(rules.DoneAlready):
        actions.finish(session, people.ewa.actor, place, task.id or 0, now())


def test_a_third_side_reads_no_tasks_that_two_agreed_on_elsewhere(session, people, clock):
    first = met(session, people, None, place_institution_id=people.prison.id, place="", co=False)
    second = met(session, people, None, place_institution_id=people.prison.id, place="", title="Drugie", co=False)
    date_of(session, second).starts_at += timedelta(days=7)
    clock.shift(timedelta(days=2))
    submitted(session, first, people.ewa, tasks=(Task("k1", "sprawa wewnętrzna", people.prison.id or 0),))
    assert len(queries.open_tasks(session, found(session, second))) == 1
    join(session, second, people.ngo.id or 0)
    assert queries.open_tasks(session, found(session, second)) == []


@pytest.mark.parametrize(
    ("who", "may"), [("piotr", True), ("marek", True), ("ewa", True), ("jola", False), ("wanda", False)]
)
def test_who_marks_a_task_as_done(session, people, clock, who, may):
    event = met(session, people, clock)
    submitted(session, event, people.ewa, tasks=(Task("k1", "lista osób", people.mops.id or 0),))
    (task,) = session.exec(select(RecordTask)).all()
    person = getattr(people, who)
    assert (queries.task(session, person.actor, task.id or 0) is not None) is may
    if not may:
        with pytest.raises(rules.NotYourTask):
            actions.finish(session, person.actor, found(session, event), task.id or 0, now())


def test_a_late_note_is_called_to_mind_once(session, people, clock):
    met(session, people, clock)
    assert actions.remind(session, now()) == 0
    clock.move_to(datetime(2026, 11, 28, 1, tzinfo=UTC))
    assert actions.remind(session, now()) == 1
    assert mails(session) == [("reminder", people.adam.email), ("reminder", people.ewa.email)]
    for _night in range(3):
        clock.shift(timedelta(days=1))
        assert actions.remind(session, now()) == 0


def test_nobody_is_reminded_of_what_is_recorded_cancelled_or_old(session, people, clock):
    recorded, cancelled, old = (met(session, people, None, title=title) for title in ("A", "B", "C"))
    clock.shift(timedelta(days=2))
    submitted(session, recorded, people.ewa)
    date_of(session, cancelled).state = State.CANCELLED
    date_of(session, old).starts_at -= timedelta(days=70)
    date_of(session, old).ends_at -= timedelta(days=70)
    session.flush()
    clock.shift(timedelta(days=10))
    assert actions.remind(session, now()) == 0


def test_accounts_are_of_the_organiser_after_an_approved_note(session, people, clock):
    event = met(session, people, clock)
    saved(session, event, people.ewa)
    with pytest.raises(rules.NotHeld):
        actions.tell_story(session, people.ewa.actor, found(session, event), "Było dobrze.", "", now())
    submitted(session, event, people.ewa)
    place = found(session, event)
    with pytest.raises(rules.OrganiserOnly):
        actions.tell_story(session, people.marek.actor, place, "Było dobrze.", "", now())
    with pytest.raises(rules.BadLink):
        actions.tell_story(session, people.ewa.actor, place, "Było dobrze.", "http://zk.example", now())
    with pytest.raises(rules.NoWords):
        actions.tell_story(session, people.ewa.actor, place, "", "", now())
    actions.tell_story(session, people.ewa.actor, place, "Było dobrze.", "https://zk.example", now())
    assert record_at(session, event).story == "Było dobrze."
    actions.remove_story(session, people.ewa.actor, place, now())
    assert (record_at(session, event).story, record_at(session, event).story_at) == ("", None)
    assert verbs(session)[-2:] == ["story.published", "story.removed"]


def test_no_account_of_what_was_not_held(session, people, clock):
    event = met(session, people, clock)
    submitted(session, event, people.ewa, outcome=Outcome.NOT_HELD, reason="weather", rows=(), body="")
    with pytest.raises(rules.NotHeld):
        actions.tell_story(session, people.ewa.actor, found(session, event), "Było dobrze.", "", now())
