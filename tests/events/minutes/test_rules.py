"""Decisions about records: reasons, who reads what, steps, days, the seal, later remarks."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product

import pytest

from app import warsaw
from app.actors import Actor, Role
from events.calendar.models import Outcome, State
from events.minutes import rules
from events.minutes.models import RecordState, Reply, Side
from events.minutes.rules import Sealed, Sealing, Sight
from events.minutes.versions import Row, Version

# code: side, needs words, read by (own side, the other side, guests of another kind, the inspector)
REASONS = {
    "unit_security": (Side.PRISON, False, (True, False, False, False)),
    "unit_staff": (Side.PRISON, False, (True, False, False, False)),
    "unit_illness": (Side.PRISON, False, (True, True, True, False)),
    "unit_consent": (Side.PRISON, False, (True, True, True, False)),
    "unit_room": (Side.PRISON, False, (True, True, True, False)),
    "unit_other": (Side.PRISON, False, (True, True, True, False)),
    "centre_staff": (Side.WELFARE, False, (True, True, True, True)),
    "centre_other": (Side.WELFARE, True, (True, True, True, True)),
    "ngo_staff": (Side.ORGANISATION, False, (True, True, True, True)),
    "ngo_other": (Side.ORGANISATION, True, (True, True, True, True)),
    "nobody_came": (Side.NOBODY, False, (True, True, True, True)),
    "weather": (Side.NOBODY, False, (True, True, True, True)),
    "misunderstanding": (None, True, (True, True, True, True)),
    "other": (None, True, (True, True, True, True)),
}
KIND_OF_SIDE = {Side.PRISON: "prison", Side.WELFARE: "mops", Side.ORGANISATION: "ngo"}


def actor(kind: str, role: Role = Role.COORDINATOR, institution_id: int | None = 1) -> Actor:
    return Actor(role=role, user_id=1, institution_id=institution_id, institution_kind=kind)


WANDA = Actor(role=Role.INSPECTOR, user_id=9, voivodeship="08")


@pytest.mark.parametrize("code", rules.REASONS)
def test_each_reason_has_its_side_words_and_readers(code):
    side, words, readers = REASONS[code]
    reason = rules.REASONS[code]
    own = KIND_OF_SIDE.get(side or Side.NOBODY, "prison")
    other = "mops" if own != "mops" else "prison"
    assert (reason.side, reason.needs_words) == (side, words)
    assert readers == (
        rules.reads_reason(actor(own), code, Sight.SIDE),
        rules.reads_reason(actor(other), code, Sight.SIDE),
        rules.reads_reason(actor("ngo" if own != "ngo" else "mops"), code, Sight.GUEST),
        rules.reads_reason(WANDA, code, Sight.FACT),
    )
    assert not rules.reads_words(WANDA, code, Sight.FACT)


def test_the_table_of_reasons_is_whole():
    assert set(rules.REASONS) == set(REASONS)
    assert set(rules.SIDE_LABEL) == set(Side)


def test_inner_reasons_are_offered_to_their_own_side_only():
    assert "unit_security" in rules.offered_reasons("prison")
    assert "unit_security" not in rules.offered_reasons("mops")
    assert "unit_other" in rules.offered_reasons("mops")


@pytest.mark.parametrize(
    ("number", "sees", "shown"),
    [
        (None, Sight.SIDE, ""),
        (0, Sight.SIDE, "0"),
        (2, Sight.SIDE, "2"),
        (0, Sight.GUEST, "<3"),
        (2, Sight.GUEST, "<3"),
        (2, Sight.FACT, "<3"),
        (3, Sight.FACT, "3"),
    ],
)
def test_small_counts_are_hidden_outside_the_two_sides(number, sees, shown):
    assert rules.shown_count(number, sees) == shown


@pytest.mark.parametrize(
    ("role", "institution", "writes", "sees"),
    [
        (Role.COORDINATOR, 1, True, Sight.SIDE),
        (Role.ADMIN, 2, True, Sight.SIDE),
        (Role.MEMBER, 1, False, Sight.SIDE),
        (Role.COORDINATOR, 3, False, Sight.GUEST),
        (Role.COORDINATOR, 4, False, Sight.FACT),
        (Role.INSPECTOR, None, False, Sight.FACT),
        (Role.OPERATOR, None, False, Sight.FACT),
        (Role.VISITOR, None, False, Sight.FACT),
    ],
)
def test_who_writes_and_who_reads(role, institution, writes, sees):
    who = actor("mops", role, institution)
    assert (rules.may_write(who, (1, 2)), rules.sight(who, (1, 2), (3,))) == (writes, sees)


def test_people_of_an_applicant_read_and_write_nothing():
    who = replace(actor("mops"), admitted=False)
    assert (rules.may_write(who, (1,)), rules.sight(who, (1,), ())) == (False, Sight.FACT)


# --- steps


@pytest.mark.parametrize(("before", "after"), list(product(RecordState, RecordState)))
def test_every_step_that_is_not_in_the_table_is_refused(before, after):
    allowed = {
        (RecordState.OPEN, RecordState.SUBMITTED),
        (RecordState.OPEN, RecordState.SEALED),
        (RecordState.SUBMITTED, RecordState.SEALED),
    }
    if (before, after) in allowed:
        rules.check_step(before, after)
    else:
        with pytest.raises(rules.Closed):
            rules.check_step(before, after)


@pytest.mark.parametrize(("state", "before", "after"), list(product(RecordState, [None, *Reply], Reply)))
def test_every_answer_that_is_not_in_the_table_is_refused(state, before, after):
    if state is RecordState.SUBMITTED and before is Reply.ASKED and after is not Reply.ASKED:
        rules.check_answer(state, before, after)
    else:
        with pytest.raises(rules.NotAsked):
            rules.check_answer(state, before, after)


@pytest.mark.parametrize(
    ("replies", "sealing"),
    [
        ((), Sealing.ALONE),
        ((Reply.CONFIRMED,), Sealing.BOTH),
        ((Reply.CONFIRMED, Reply.CONFIRMED), Sealing.BOTH),
        ((Reply.CONFIRMED, Reply.SILENT), Sealing.SILENCE),
        ((Reply.SILENT, Reply.REMARKED), Sealing.REMARKS),
    ],
)
def test_answers_say_how_a_record_is_sealed(replies, sealing):
    assert rules.sealing(replies) is sealing


# --- days


def at(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02d}:00:00+00:00")


@pytest.mark.parametrize(
    ("submitted", "last"),
    [
        ("2026-11-25", date(2026, 12, 4)),  # a weekend
        ("2026-12-18", date(2026, 12, 31)),  # 24, 25 and 26 December and a weekend
        ("2026-12-23", date(2027, 1, 7)),  # Christmas Eve, New Year and Epiphany
        ("2027-03-25", date(2027, 4, 6)),  # Easter Monday is 29 March
    ],
)
def test_seven_working_days_pass_over_holidays(submitted, last):
    assert rules.answer_by(at(submitted)) == last
    assert not rules.is_over_for(last, last)
    assert rules.is_over_for(last, last + timedelta(days=1))


@pytest.mark.parametrize(
    ("ended", "now", "waits"),
    [
        ("2026-11-24", "2026-11-27", False),
        ("2026-11-24", "2026-11-28", True),
        ("2026-12-22", "2026-12-29", False),  # 24 to 27 December are free: 23, 28 and 29 count
        ("2026-12-22", "2026-12-30", True),
        ("2026-11-24", "2027-01-20", True),
        ("2026-11-24", "2027-01-24", False),  # after 60 days nobody is asked any more
    ],
)
def test_a_note_is_late_after_three_working_days(ended, now, waits):
    assert rules.awaits_note(None, State.PUBLISHED, at(ended, 11), at("2026-11-01"), at(now)) is waits


def test_nothing_waits_that_is_recorded_cancelled_or_was_put_in_afterwards():
    ended, later = at("2026-11-24", 11), at("2026-12-10")
    assert rules.awaits_note(None, State.PUBLISHED, ended, at("2026-11-01"), later)
    assert not rules.awaits_note(Outcome.HELD, State.PUBLISHED, ended, at("2026-11-01"), later)
    assert not rules.awaits_note(None, State.CANCELLED, ended, at("2026-11-01"), later)
    assert not rules.awaits_note(None, State.PUBLISHED, ended, at("2026-11-25"), later)
    assert not rules.awaits_note(None, State.PUBLISHED, ended, None, later)


@pytest.mark.parametrize(
    ("state", "now", "refusal", "whole"),
    [
        (State.PUBLISHED, 8, rules.NotBegun, None),
        (State.PUBLISHED, 9, None, rules.NotOver),
        (State.PUBLISHED, 11, None, None),
        (State.CANCELLED, 11, rules.DidNotStand, rules.DidNotStand),
        (State.REMOVED, 11, rules.DidNotStand, rules.DidNotStand),
    ],
)
def test_when_a_record_may_be_written_and_approved(state, now, refusal, whole):
    times = (at("2026-11-24", 9), at("2026-11-24", 11), at("2026-11-24", now))
    for expected, strict in ((refusal, False), (whole or refusal, True)):
        if expected is None:
            rules.check_time(state, *times, whole=strict)
        else:
            with pytest.raises(expected):
                rules.check_time(state, *times, whole=strict)


# --- what is missing


@pytest.mark.parametrize(
    ("version", "missing"),
    [
        (Version(), ["outcome"]),
        (Version(outcome=Outcome.HELD), ["body"]),
        (Version(outcome=Outcome.HELD, body="Tak.", rows=(Row("s1", "Anna Przykładowa", 1),)), ["people"]),
        (Version(outcome=Outcome.HELD, body="Tak.", rows=(Row("s1", "Anna Przykładowa", 1, "", False),)), []),
        (Version(outcome=Outcome.NOT_HELD), ["reason", "side"]),
        (Version(outcome=Outcome.NOT_HELD, reason="weather"), []),
        (Version(outcome=Outcome.NOT_HELD, reason="centre_other"), ["note"]),
        (Version(outcome=Outcome.NOT_HELD, reason="other", note="Remont."), ["side"]),
        (Version(outcome=Outcome.NOT_HELD, reason="other", note="Remont.", side=Side.NOBODY), []),
        (Version(outcome=Outcome.NOT_HELD, reason="unknown", side=Side.NOBODY), ["reason"]),
    ],
)
def test_what_a_record_lacks_before_it_is_approved(version, missing):
    assert [field for field, _sentence in rules.gaps(version)] == missing


# --- the seal


SEALED = Sealed(
    occurrence_id=7,
    starts_at=at("2026-11-24", 9),
    outcome=Outcome.HELD,
    reason="",
    side=None,
    note="",
    numbers=(12, None, 0),
    topics=("zasiłki",),
    body="Omówiono zasiłki.",
    people=(("Anna Przykładowa", "", 2, True), ("por. Jan Pokazowy", "wychowawca", 1, False)),
    tasks=(("lista osób", 1, date(2026, 12, 4)),),
    replies=((2, Reply.CONFIRMED, "", at("2026-11-26")),),
    submitted_at=at("2026-11-25"),
    sealed_at=at("2026-11-26"),
)
CALLED = {1: ["zk"], 2: ["mops", "mops-dawny"]}


def test_the_content_is_canonical():
    written = rules.content(SEALED, {1: "zk", 2: "mops"}).decode()
    assert written.startswith('{"body":"Omówiono zasiłki.","note":"","numbers":[12,null,0],"occurrence":7,')
    assert '["Anna Przykładowa","","mops",true]' in written
    elsewhere = datetime(2026, 11, 26, 13, tzinfo=warsaw.ZONE)
    assert rules.content(replace(SEALED, sealed_at=elsewhere), {1: "zk", 2: "mops"}) == written.encode()


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": Outcome.NOT_HELD},
        {"numbers": (13, None, 0)},
        {"topics": ()},
        {"body": "Omówiono zasiłki. "},
        {"people": SEALED.people[:1]},
        {"people": (("Anna Przykładowa", "", 1, True), SEALED.people[1])},
        {"tasks": (("lista osób", 1, date(2026, 12, 5)),)},
        {"replies": ((2, Reply.SILENT, "", None),)},
        {"replies": ((2, Reply.CONFIRMED, "ale", at("2026-11-26")),)},
        {"sealed_at": at("2026-11-27")},
        {"starts_at": at("2026-11-24", 10)},
    ],
)
def test_any_change_breaks_the_seal(change):
    stored = rules.seal(SEALED, {1: "zk", 2: "mops"})
    assert rules.fits(stored, SEALED, CALLED)
    assert not rules.fits(stored, replace(SEALED, **change), CALLED)


def test_a_new_address_of_an_institution_breaks_no_seal():
    stored = rules.seal(SEALED, {1: "zk", 2: "mops-dawny"})
    assert rules.fits(stored, SEALED, CALLED)
    assert not rules.fits(stored, SEALED, {1: ["zk"], 2: ["mops"]})
