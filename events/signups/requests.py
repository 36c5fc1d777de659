"""Requests for a place: accepted or refused with a coded reason, and asked anew when the date has moved."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from events.calendar.models import Event, Occurrence
from events.signups import line, mail, queries, rules
from events.signups.models import SignUp, SignUpState

Decided = list[tuple[Occurrence, list[SignUp]]]


def accept(session: Session, actor: Actor, event: Event, signup_ids: Sequence[int], now: datetime) -> list[SignUp]:
    """Give the people of these requests their seat, or their place in the queue by their number; return them.

    Groups that are taken as a whole, and people who asked for a whole series, are decided as a whole. Locks the dates
    in the order of their ids. Raises NothingChosen, NoSuchSignUp, NotYoursToDecide, TooLate, DecidedAlready.
    """
    decided: Decided = []
    others: Decided = []
    for occurrence, rows in _locked(session, actor, event, signup_ids, now):
        kept = [row for row in rows if row.holds_seat]
        for row in rows:
            row.state = SignUpState.SEAT if row.holds_seat else SignUpState.WAITING
            row.holds_seat, row.decided_by, row.decided_at, row.changed_at = False, actor.user_id, now, now
        session.flush()
        of_date = line.event_of(session, event, occurrence)
        ids, alone = frozenset(row.id or 0 for row in rows), event.edition_id is None
        moved = line.serve(session, actor, of_date, occurrence, now, asked=ids, told=alone)
        others.append((occurrence, [] if alone else [row for row in moved if row.id not in ids]))
        line.expect(session, actor, of_date, occurrence, kept, now)
        for row in rows:
            details = _details(occurrence, row) | {"state": row.state.value}
            trail.record(session, actor, "signup.accepted", "signup", row.id or 0, now, details=details)
        decided.append((occurrence, rows))
    mail.accepted(session, event, decided, now)
    mail.series_promoted(session, event, others, now)
    return [row for _occurrence, rows in decided for row in rows]


def refuse(
    session: Session, actor: Actor, event: Event, signup_ids: Sequence[int], code: str, note: str, now: datetime
) -> list[SignUp]:
    """Refuse these requests with a coded reason and the words beside it; the seats they kept go to the next in line.

    Reaches as far as accept. Raises what accept raises, UnknownReason and NoteNeeded.
    """
    rules.check_reason(code, note)
    decided: Decided = []
    others: Decided = []
    for occurrence, rows in _locked(session, actor, event, signup_ids, now):
        for row in rows:
            details = _details(occurrence, row) | {"reason": code}
            personal = {"note": note} if note else None
            trail.record(
                session, actor, "signup.refused", "signup", row.id or 0, now, details=details, personal=personal
            )
            row.state, row.reason, row.note = SignUpState.REFUSED, code, note
            row.holds_seat, row.decided_by, row.decided_at, row.changed_at = False, actor.user_id, now, now
        session.flush()
        of_date, alone = line.event_of(session, event, occurrence), event.edition_id is None
        moved = line.serve(session, actor, of_date, occurrence, now, told=alone)
        others.append((occurrence, [] if alone else moved))
        decided.append((occurrence, rows))
    mail.refused(session, event, decided, now)
    mail.series_promoted(session, event, others, now)
    return [row for _occurrence, rows in decided for row in rows]


def ask_anew(
    session: Session, actor: Actor, event: Event, occurrence: Occurrence, now: datetime, *, tell: bool = True
) -> int:
    """Turn everybody accepted for a date into a request: seats are kept meanwhile, others keep their number.

    Tells both sides, unless the caller does (*tell*: people by one mail for many dates); returns how many people are
    concerned. Call under the lock of the date.
    """
    rows = [row for row in queries.active(session, occurrence.id or 0) if row.state is not SignUpState.REQUESTED]
    line.leave(session, actor, event, occurrence, rows, now)
    for row in rows:
        ask(row, now)
    session.flush()
    told = mail.moved_asked(session, event, occurrence, now) if tell else len(rows)
    line.serve(session, actor, event, occurrence, now)
    if rows:
        details: dict[str, Plain] = {"number": len(rows)}
        trail.record(session, actor, "signup.asked_anew", "occurrence", occurrence.id or 0, now, details=details)
        if tell:
            mail.to_decide(session, event, occurrence, len(rows), now)
    return told


def ask(row: SignUp, now: datetime) -> None:
    """Make a request out of a sign-up; whoever has a seat or an offer keeps it until the decision."""
    row.holds_seat = rules.is_taking(row.state, holds_seat=row.holds_seat)
    row.state, row.offer_until, row.changed_at = SignUpState.REQUESTED, None, now
    row.reason, row.note, row.decided_by, row.decided_at = "", "", None, None


def _locked(
    session: Session, actor: Actor, event: Event, signup_ids: Sequence[int], now: datetime
) -> Iterator[tuple[Occurrence, list[SignUp]]]:
    line.check_decides(actor, event)
    if not signup_ids:
        raise rules.NothingChosen
    reached = queries.requests_of(session, event, signup_ids)
    if not set(signup_ids) <= {signup_id for signup_id, _occurrence_id in reached.named}:
        raise rules.NoSuchSignUp
    locked = []
    for occurrence_id, group in groupby(reached.all, key=lambda pair: pair[1]):
        occurrence = lock(session, Occurrence, occurrence_id)
        found = [lock(session, SignUp, signup_id) for signup_id, _occurrence_id in group]
        rows = [row for row in found if row is not None and row.state is SignUpState.REQUESTED]
        if occurrence is not None and rows:
            locked.append((occurrence, rows))
    session.refresh(event)
    for occurrence, _rows in locked:
        line.check_decides(actor, line.event_of(session, event, occurrence))
    line.check_decides(actor, event)
    if not locked:
        raise rules.DecidedAlready
    in_time = [pair for pair in locked if rules.can_still_decide(pair[0].state, pair[0].starts_at, now)]
    if not in_time:
        raise rules.TooLate
    return iter(in_time)


def _details(occurrence: Occurrence, row: SignUp) -> dict[str, Plain]:
    return {"occurrence_id": occurrence.id or 0, "queue_no": row.queue_no}
