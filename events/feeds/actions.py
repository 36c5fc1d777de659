"""Verbs of personal feeds: make, give another address, revoke, note who fetches; by night what has ended."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, or_, update

from app.accounts.models import UserAccount
from app.actors import Actor
from app.audit import trail
from app.db import lock
from app.secret import new_token, token_hash
from events.feeds import queries, rules
from events.feeds.models import CalendarFeed
from events.shelf import actions as shelf
from events.shelf.models import FeedKind

_LOOKED_BACK = timedelta(days=3)


def make(session: Session, actor: Actor, name: str, now: datetime, *, busy: bool) -> tuple[CalendarFeed, str]:
    """Give the actor a secret address of his institution's calendar; return the feed and the secret, kept nowhere.

    Locks the account. Raises OnlyForInstitutions, TooMany.
    """
    if not rules.may_keep(actor) or actor.user_id is None or actor.institution_id is None:
        raise rules.OnlyForInstitutions
    lock(session, UserAccount, actor.user_id)
    if queries.number(session, actor.user_id) >= rules.MOST:
        raise rules.TooMany
    token = new_token()
    feed = CalendarFeed(
        user_id=actor.user_id,
        institution_id=actor.institution_id,
        token_hash=token_hash(token),
        name=name,
        busy=busy,
        made_at=now,
    )
    session.add(feed)
    session.flush()
    details: dict[str, trail.Plain] = {"institution_id": actor.institution_id, "busy": busy}
    trail.record(session, actor, "calendar_feed.made", "calendar_feed", _id(feed), now, details=details)
    return feed, token


def rotate(session: Session, actor: Actor, feed: CalendarFeed, now: datetime) -> str:
    """Give the feed another address; the old one opens nothing any more. Locks it."""
    lock(session, CalendarFeed, _id(feed))
    token = new_token()
    feed.token_hash, feed.made_at = token_hash(token), now
    feed.last_fetched_at, feed.last_client = None, ""
    session.flush()
    trail.record(session, actor, "calendar_feed.rotated", "calendar_feed", _id(feed), now)
    return token


def revoke(session: Session, actor: Actor, feed: CalendarFeed, now: datetime, reason: str = "by_person") -> None:
    """Let the address open nothing any more. Locks the feed."""
    lock(session, CalendarFeed, _id(feed))
    if feed.revoked_at is not None:
        return
    feed.revoked_at = now
    session.flush()
    trail.record(session, actor, "calendar_feed.revoked", "calendar_feed", _id(feed), now, details={"reason": reason})


def note_fetch(session: Session, feed_id: int, client: str, now: datetime) -> None:
    """Note that a program named *client* has fetched the feed, unless that was noted within the hour."""
    due = or_(col(CalendarFeed.last_fetched_at).is_(None), col(CalendarFeed.last_fetched_at) <= now - rules.NOTED_EVERY)
    session.exec(
        update(CalendarFeed).where(col(CalendarFeed.id) == feed_id, due).values(last_fetched_at=now, last_client=client)
    )


def close_ended(session: Session, now: datetime) -> int:
    """Revoke addresses whose person has left the institution, and forget those revoked 30 days ago."""
    ended = queries.without_right(session)
    for feed in ended:
        revoke(session, Actor.system(), feed, now, "membership_ended")
    old = delete(CalendarFeed).where(col(CalendarFeed.revoked_at) < now - rules.KEPT_REVOKED)
    return len(ended) + session.exec(old).rowcount


def catch_up(session: Session, now: datetime) -> int:
    """Raise the versions of personal feeds that are behind what they show; return how many."""
    late = queries.behind(session, now - _LOOKED_BACK)
    shelf.touch(session, {(FeedKind.INNER, institution_id) for institution_id in late}, now)
    return len(late)


def _id(feed: CalendarFeed) -> int:
    if feed.id is None:
        raise LookupError("the feed has not been stored yet")
    return feed.id
