"""Write the audit trail: one line per act in the act's own transaction, and the nightly seals over whole days."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, delete, func, select

from app import warsaw
from app.actors import Actor
from app.audit.models import AuditLine, AuditSeal, AuditValue
from app.audit.verbs import VERBS
from app.db import insert

PERSONAL_KEPT = timedelta(days=730)
_AT_ONCE = 500
Plain = str | int | bool | None | list[str] | list[int]


class UndeclaredVerb(Exception):
    """An act whose verb or detail key is not declared in app/audit/verbs.py."""


def record(
    session: Session,
    actor: Actor,
    verb: str,
    subject_kind: str,
    subject_id: int,
    now: datetime,
    *,
    details: Mapping[str, Plain] | None = None,
    personal: Mapping[str, Plain] | None = None,
) -> None:
    """Record that *actor* did *verb* to the subject at *now*, within the caller's transaction.

    *details* holds ids and codes only. *personal* (names, addresses, texts) is stored apart with a random key and can
    be deleted; the line keeps its HMAC-SHA256 under that key, which proves nothing once the key is gone.
    Raises UndeclaredVerb.
    """
    facts = dict(details or {})
    if verb not in VERBS or not VERBS[verb] >= facts.keys():
        raise UndeclaredVerb(f"{verb} {sorted(facts)}")
    key = secrets.token_hex(32) if personal else ""
    line_id = insert(
        session,
        AuditLine,
        at=now,
        user_id=actor.user_id,
        institution_id=actor.institution_id,
        role=actor.role.value,
        verb=verb,
        subject_kind=subject_kind,
        subject_id=subject_id,
        details=facts,
        digest=_digest(key, personal) if personal else None,
    )
    if personal:
        insert(session, AuditValue, audit_id=line_id, key=key, personal=dict(personal), at=now)


def subjects_of(session: Session, verb: str, since: datetime) -> set[int]:
    """Give the ids of what *verb* was done to after *since*: for acts that are due once in a while."""
    return set(session.exec(select(AuditLine.subject_id).where(AuditLine.verb == verb, AuditLine.at > since)))


def details_of(session: Session, verb: str, since: datetime) -> list[tuple[int, dict[str, Plain]]]:
    """Give (subject, details) of the lines of *verb* after *since*: for acts that are due once for each detail."""
    statement = select(AuditLine.subject_id, AuditLine.details).where(AuditLine.verb == verb, AuditLine.at > since)
    return [(subject_id, dict(details)) for subject_id, details in session.exec(statement)]


def forget_personal(session: Session, now: datetime) -> int:
    """Delete the personal values of lines older than 730 days, with the keys of their digests; return how many went."""
    statement = delete(AuditValue).where(col(AuditValue.at) < now - PERSONAL_KEPT)
    return session.exec(statement).rowcount


def forget_subjects(session: Session, subject_kind: str, subject_ids: Sequence[int]) -> int:
    """Delete the personal values of all lines about these subjects, whose persons are forgotten before their time."""
    gone = 0
    for start in range(0, len(subject_ids), _AT_ONCE):
        lines = select(AuditLine.id).where(
            AuditLine.subject_kind == subject_kind, col(AuditLine.subject_id).in_(subject_ids[start : start + _AT_ONCE])
        )
        gone += session.exec(delete(AuditValue).where(col(AuditValue.audit_id).in_(lines))).rowcount
    return gone


def seal_days(session: Session, now: datetime) -> int:
    """Seal every whole Warsaw day before today that has no seal yet; return how many days were sealed."""
    last = session.exec(select(AuditSeal).order_by(col(AuditSeal.day).desc()).limit(1)).first()
    first_at = session.exec(select(func.min(AuditLine.at))).one()
    if last is None and first_at is None:
        return 0
    day = last.day + timedelta(days=1) if last else warsaw.today(first_at)
    previous = last.seal if last else "0" * 64
    sealed = 0
    while day < warsaw.today(now):
        seal = _seal_of(session, day, previous)
        session.add(seal)
        previous, day, sealed = seal.seal, day + timedelta(days=1), sealed + 1
    session.flush()
    return sealed


def broken_days(session: Session) -> list[date]:
    """Return the sealed days whose lines no longer give the seal: changed, removed or added rows."""
    broken, previous = [], "0" * 64
    for seal in session.exec(select(AuditSeal).order_by(col(AuditSeal.day))).all():
        fresh = _seal_of(session, seal.day, previous)
        if (fresh.lines, fresh.seal, previous) != (seal.lines, seal.seal, seal.previous):
            broken.append(seal.day)
        previous = seal.seal
    return broken


def _seal_of(session: Session, day: date, previous: str) -> AuditSeal:
    begin, end = warsaw.start_of(day), warsaw.start_of(day + timedelta(days=1))
    statement = select(AuditLine).where(AuditLine.at >= begin, AuditLine.at < end).order_by(col(AuditLine.id))
    digest = hashlib.sha256(f"{day.isoformat()} {previous}\n".encode())
    count, last_id = 0, 0
    for line in session.exec(statement).all():
        digest.update(_canonical(line.model_dump(mode="json")) + b"\n")
        count, last_id = count + 1, line.id or 0
    return AuditSeal(day=day, lines=count, last_id=last_id, previous=previous, seal=digest.hexdigest())


def _digest(key: str, personal: Mapping[str, Plain]) -> str:
    return hmac.new(bytes.fromhex(key), _canonical(dict(personal)), hashlib.sha256).hexdigest()


def _canonical(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
