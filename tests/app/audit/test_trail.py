import hashlib
import hmac
import json
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.actors import Actor, Role
from app.audit import trail
from app.audit.models import AuditLine, AuditSeal, AuditValue
from app.audit.trail import UndeclaredVerb
from app.audit.verbs import VERBS
from app.audit.words import WORDS
from app.clock import now

pytestmark = pytest.mark.usefixtures("clock")
EWA = Actor(role=Role.COORDINATOR, user_id=7, institution_id=3, name="Ewa Pokazowa")


def record(session: Session, verb: str = "signup.made", **more) -> None:
    trail.record(session, EWA, verb, "signup", 5, now(), **more)


def days_of_acts(session: Session, clock, days: int = 3) -> None:
    for number in range(days):
        for _ in range(2):
            record(session, details={"occurrence_id": number}, personal={"person": "Anna Przykładowa"})
        clock.shift(timedelta(days=1))
    session.commit()


def test_a_line_says_who_did_what_for_whom(session):
    record(session, details={"occurrence_id": 9, "state": "seat"})
    session.flush()
    line = session.exec(select(AuditLine)).one()
    assert (line.user_id, line.institution_id, line.role, line.at) == (7, 3, "coordinator", now())
    assert (line.verb, line.subject_kind, line.subject_id) == ("signup.made", "signup", 5)
    assert line.details == {"occurrence_id": 9, "state": "seat"}
    assert line.digest is None


@pytest.mark.parametrize(
    ("verb", "details"),
    [("signup.invented", {}), ("signup.made", {"name": "Anna"}), ("session.started", {"x": 1})],
)
def test_an_undeclared_verb_or_detail_is_refused(session, verb, details):
    with pytest.raises(UndeclaredVerb):
        record(session, verb, details=details)


def test_personal_values_stand_apart_under_a_key(session):
    record(session, personal={"person": "Anna Przykładowa", "email": "anna@ops.example"})
    line, values = session.exec(select(AuditLine)).one(), session.exec(select(AuditValue)).one()
    assert "Anna" not in json.dumps(line.model_dump(mode="json"), ensure_ascii=False)
    written = json.dumps(values.personal, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    assert line.digest == hmac.new(bytes.fromhex(values.key), written, hashlib.sha256).hexdigest()
    record(session, personal={"person": "Anna Przykładowa", "email": "anna@ops.example"})
    digests = session.exec(select(AuditLine.digest)).all()
    assert len(set(digests)) == 2  # equal values do not show as equal


def test_whole_days_are_sealed_once(session, clock):
    days_of_acts(session, clock)
    assert trail.seal_days(session, now()) == 3
    assert trail.seal_days(session, now()) == 0
    seals = session.exec(select(AuditSeal).order_by(col(AuditSeal.day))).all()
    assert [(seal.day, seal.lines) for seal in seals] == [(date(2026, 11, day), 2) for day in (23, 24, 25)]
    assert [seal.previous for seal in seals] == ["0" * 64, seals[0].seal, seals[1].seal]
    assert trail.broken_days(session) == []


def test_today_is_not_sealed(session):
    record(session)
    session.flush()
    assert trail.seal_days(session, now()) == 0


def test_a_day_without_acts_is_sealed_too(session, clock):
    record(session)
    clock.shift(timedelta(days=3))
    assert trail.seal_days(session, now()) == 3
    assert [seal.lines for seal in session.exec(select(AuditSeal).order_by(col(AuditSeal.day))).all()] == [1, 0, 0]


@pytest.mark.parametrize(
    "crime",
    [
        "UPDATE audit SET user_id = 8 WHERE id = 3",
        "UPDATE audit SET details = '{\"occurrence_id\": 99}' WHERE id = 3",
        "UPDATE audit SET digest = NULL WHERE id = 3",
        "DELETE FROM audit WHERE id = 3",
        "UPDATE audit SET at = '2026-11-24 09:00:00' WHERE id = 3",
    ],
)
def test_a_changed_or_removed_line_breaks_its_day(session, clock, crime):
    days_of_acts(session, clock)
    trail.seal_days(session, now())
    session.commit()
    if crime.startswith("DELETE"):
        session.execute(text("DELETE FROM audit_values WHERE audit_id = 3"))
    session.execute(text(crime))
    session.expire_all()
    assert trail.broken_days(session) == [date(2026, 11, 24)]


def test_an_added_line_breaks_its_day(session, clock):
    days_of_acts(session, clock)
    trail.seal_days(session, now())
    trail.record(session, EWA, "signup.made", "signup", 5, now() - timedelta(days=2))
    session.flush()
    assert trail.broken_days(session) == [date(2026, 11, 24)]


def test_a_new_seal_over_a_changed_day_breaks_the_chain(session, clock):
    days_of_acts(session, clock)
    trail.seal_days(session, now())
    session.execute(text("UPDATE audit SET user_id = 8 WHERE id = 3"))
    session.expire_all()
    seals = session.exec(select(AuditSeal).order_by(col(AuditSeal.day))).all()
    forged = trail._seal_of(session, seals[1].day, seals[1].previous)
    seals[1].seal = forged.seal
    session.flush()
    assert trail.broken_days(session) == [date(2026, 11, 25)]


def test_forgetting_personal_values_keeps_the_seals(session, clock):
    days_of_acts(session, clock)
    trail.seal_days(session, now())
    session.execute(text("DELETE FROM audit_values"))
    assert trail.broken_days(session) == []


def test_every_verb_has_words_for_its_reader():
    assert sorted(VERBS.keys() - WORDS.keys()) == []
    assert len(set(WORDS.values())) == len(WORDS)
