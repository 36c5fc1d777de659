"""The organiser changes the order: up in the queue, or a seat out of turn. Only with a reason that everybody reads."""

from datetime import datetime

from sqlmodel import Session

from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from events.calendar.models import Event, Occurrence, Split
from events.signups import line, mail, queries, rules
from events.signups.models import SignUp, SignUpState


def move_up(
    session: Session, actor: Actor, event: Event, signup_id: int, reason: str, now: datetime, *, place: int = 1
) -> list[SignUp]:
    """Move a waiting person up to *place* in the queue, from 1, and return those who are overtaken.

    The *reason* goes to the trail, and stands beside the number of whoever is overtaken. A group that is taken as a
    whole moves as a whole. Locks the date. Raises NoSuchSignUp, NotYoursToDecide, ReasonNeeded, TooLate, NotWaiting.
    """
    occurrence, row = _reached(session, actor, event, signup_id, reason, now)
    queue = queries.queue(session, occurrence.id or 0)
    raised = _with_group(event, queue, row)
    others = [one for one in queue if one not in raised]
    ahead = queue[: queue.index(raised[0])]
    # Before the one who stands at that place now; a group that waits as a whole is not split in two.
    before = min(place - 1, len(ahead))
    while (
        event.split is Split.ALL_OR_NOTHING and 0 < before < len(ahead) and _together(ahead[before - 1], ahead[before])
    ):
        before -= 1
    overtaken = ahead[before:]
    _renumber(session, [*others[:before], *raised, *others[before:]])
    _note(session, actor, "signup.moved_up", occurrence, raised, overtaken, reason, now)
    mail.reordered(session, event, occurrence, raised, overtaken, now)
    for one in raised:
        one.note = ""
    line.serve(session, actor, event, occurrence, now)
    return overtaken


def seat(session: Session, actor: Actor, event: Event, signup_id: int, reason: str, now: datetime) -> list[SignUp]:
    """Give a waiting person a free seat out of turn, and return those who are overtaken. As move_up; NoFreeSeat."""
    occurrence, row = _reached(session, actor, event, signup_id, reason, now)
    counts, terms = queries.counts(session, occurrence.id or 0), queries.terms(session, event.id or 0)
    if terms.capacity is not None and counts.taken >= terms.capacity:
        raise rules.NoFreeSeat
    overtaken = [one for one in queries.queue(session, occurrence.id or 0) if one.queue_no < row.queue_no]
    row.state, row.changed_at = SignUpState.SEAT, now
    _note(session, actor, "signup.seated", occurrence, [row], overtaken, reason, now)
    line.expect(session, actor, event, occurrence, [row], now)
    mail.promoted(session, event, occurrence, [row], now)
    mail.reordered(session, event, occurrence, [], overtaken, now)
    row.note = ""
    line.serve(session, actor, event, occurrence, now)
    return overtaken


def _reached(
    session: Session, actor: Actor, event: Event, signup_id: int, reason: str, now: datetime
) -> tuple[Occurrence, SignUp]:
    occurrence, row = line.reach(session, actor, event, signup_id)
    line.check_decides(actor, event)
    if not reason.strip():
        raise rules.ReasonNeeded
    if not rules.can_still_decide(occurrence.state, occurrence.starts_at, now):
        raise rules.TooLate
    if row.state is not SignUpState.WAITING:
        raise rules.NotWaiting
    return occurrence, row


def _with_group(event: Event, queue: list[SignUp], row: SignUp) -> list[SignUp]:
    if event.split is not Split.ALL_OR_NOTHING:
        return [row]
    return [one for one in queue if _together(one, row)]


def _together(one: SignUp, other: SignUp) -> bool:
    return one.booking_id == other.booking_id


def _renumber(session: Session, ordered: list[SignUp]) -> None:
    numbers = sorted(row.queue_no for row in ordered)
    changing = [(row, number) for row, number in zip(ordered, numbers, strict=True) if row.queue_no != number]
    for row, _number in changing:  # out of the way first: a number is unique at every moment
        row.queue_no = -row.queue_no
    session.flush()
    for row, number in changing:
        row.queue_no = number
    session.flush()


def _note(
    session: Session,
    actor: Actor,
    verb: str,
    occurrence: Occurrence,
    raised: list[SignUp],
    overtaken: list[SignUp],
    reason: str,
    now: datetime,
) -> None:
    for row in raised:
        row.reason, row.note, row.changed_at = "", reason, now
        details: dict[str, Plain] = {
            "occurrence_id": occurrence.id or 0,
            "queue_no": row.queue_no,
            "overtaken": [one.id or 0 for one in overtaken],
        }
        personal: dict[str, Plain] = {"reason": reason}
        trail.record(session, actor, verb, "signup", row.id or 0, now, details=details, personal=personal)
    for row in overtaken:
        row.reason, row.note, row.changed_at = rules.ORDER_CHANGED, reason, now
    session.flush()
