"""Offers of a free place to the next in line: taken, declined, or left to expire."""

from datetime import datetime

from sqlmodel import Session

from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from events.calendar.models import Event, Occurrence, Split
from events.signups import line, mail, queries, rules
from events.signups.actions import give_up
from events.signups.models import SignUp, SignUpState


def take(session: Session, actor: Actor, event: Event, signup_id: int, now: datetime) -> list[SignUp]:
    """Take an offered place before its deadline, whether or not the expiry job has run; return who has a seat now.

    A group that is taken as a whole answers as a whole, if its coordinator does. Locks the date. Raises NoSuchSignUp,
    NotYourSignUp, NoOffer, OfferExpired, TooLate.
    """
    occurrence, rows = _offered(session, actor, event, signup_id, now)
    for row in rows:
        row.state, row.offer_until, row.changed_at = SignUpState.SEAT, None, now
    session.flush()
    _record(session, actor, "signup.taken", occurrence, rows, now)
    line.expect(session, actor, event, occurrence, rows, now)
    mail.taken(session, event, occurrence, rows, now)
    return rows


def decline(session: Session, actor: Actor, event: Event, signup_id: int, now: datetime) -> list[SignUp]:
    """Give an offered place to the next in line; return who moved up. Locks the date. Raises what take raises."""
    occurrence, rows = _offered(session, actor, event, signup_id, now)
    _record(session, actor, "signup.declined", occurrence, rows, now)
    for row in rows:
        give_up(session, actor, event, occurrence, row, now)
        mail.withdrawn(session, event, occurrence, row, now, freed=False)
    return line.serve(session, actor, event, occurrence, now)


def expire_offers(session: Session, now: datetime) -> int:
    """Let the offers expire whose deadline has passed, and offer the places to the next in line; return how many.

    Locks the dates in the order of their ids. Where a date was called off nobody is told twice.
    """
    number, system = 0, Actor.system()
    for occurrence_id in queries.with_expired_offers(session, now):
        occurrence = lock(session, Occurrence, occurrence_id)
        if occurrence is None:
            continue
        event = session.get_one(Event, occurrence.event_id, populate_existing=True)
        rows = queries.expired_offers(session, occurrence_id, now)
        for row in rows:
            row.state, row.offer_until, row.changed_at = SignUpState.EXPIRED, None, now
        session.flush()
        _record(session, system, "signup.expired", occurrence, rows, now)
        if rules.can_still_decide(occurrence.state, occurrence.starts_at, now):
            mail.expired(session, event, occurrence, rows, now)
        line.serve(session, system, event, occurrence, now)
        number += len(rows)
    return number


def _offered(
    session: Session, actor: Actor, event: Event, signup_id: int, now: datetime
) -> tuple[Occurrence, list[SignUp]]:
    occurrence, row = line.reach(session, actor, event, signup_id)
    line.check_own(actor, row)
    if row.state is SignUpState.EXPIRED:
        raise rules.OfferExpired
    if row.state is not SignUpState.OFFERED or row.offer_until is None:
        raise rules.NoOffer
    if now >= row.offer_until:
        raise rules.OfferExpired
    if not rules.can_still_decide(occurrence.state, occurrence.starts_at, now):
        raise rules.TooLate
    if event.split is not Split.ALL_OR_NOTHING or not actor.coordinates:
        return occurrence, [row]
    return occurrence, queries.offered_with(session, row)


def _record(
    session: Session, actor: Actor, verb: str, occurrence: Occurrence, rows: list[SignUp], now: datetime
) -> None:
    for row in rows:
        details: dict[str, Plain] = {"occurrence_id": occurrence.id or 0, "queue_no": row.queue_no}
        trail.record(session, actor, verb, "signup", row.id or 0, now, details=details)
