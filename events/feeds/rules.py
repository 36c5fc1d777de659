"""Decisions about feeds on plain values: what a version is called, how far back a feed reaches, who gets gzip."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zlib import crc32

from app import warsaw
from app.actors import Actor
from app.errors import Conflict, Forbidden
from app.text import N_
from events import ical
from events.shelf.models import FeedKind

PAST = timedelta(days=90)
PAST_CANCELLED = timedelta(days=60)
PUBLIC_NAME = "Kładka – wydarzenia publiczne"
MOST = 10
NOTED_EVERY = timedelta(hours=1)
KEPT_REVOKED = timedelta(days=30)
# By the words that programs send of themselves; the first that fits.
_CLIENTS = (
    ("google-calendar", "Google"),
    ("outlook", "Outlook"),
    ("exchange", "Outlook"),
    ("ms-office", "Outlook"),
    ("microsoft office", "Outlook"),
    ("thunderbird", "Thunderbird"),
    ("dataaccessd", "iPhone, iPad"),
    ("calendaragent", "Mac"),
    ("icsx5", "ICSx5"),
    ("davx5", "DAVx5"),
    ("evolution", "GNOME"),
    ("gnome", "GNOME"),
    ("nextcloud", "Nextcloud"),
    ("yahoo", "Yahoo"),
    ("proton", "Proton"),
)
_PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,39}")
# A feed failed in Outlook until compression was switched off for it (markuspoerschke/iCal#541).
_WITHOUT_GZIP = re.compile(r"outlook|exchange|ms-?office|microsoft office", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as one statement finds it: its *version* and the instant *modified* of its last change.

    *mark* is what else its text depends on: of a personal feed, the right by which it is read.
    """

    kind: FeedKind
    owner_id: int
    name: str
    version: int
    modified: datetime | None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A personal feed as its secret address opens it: what it shows, and when a program was last seen to fetch it."""

    id: int
    institution_id: int
    busy: bool
    fetched_at: datetime | None
    feed: Feed


@dataclass(frozen=True, slots=True)
class Edition:
    """A feed at an instant: what its body is called and since when, and the instants at which its window begins."""

    etag: str
    modified: datetime
    since: datetime
    cancelled_since: datetime


class OnlyForInstitutions(Forbidden):
    """A calendar of one's own for somebody who works for no institution."""

    message = N_("A calendar of your own shows the meetings of your institution. You act for none at present.")


class TooMany(Conflict):
    """More addresses than one person can look after."""

    message = N_("You have %(most)d calendar addresses, and that is the most. Cancel one that you do not use any more.")

    def __init__(self) -> None:
        super().__init__(most=MOST)


def may_keep(actor: Actor) -> bool:
    """Whether *actor* may have a calendar of his own: who works for an institution that has been admitted."""
    return actor.works_for_institution and actor.user_id is not None


def is_due(fetched_at: datetime | None, now: datetime) -> bool:
    """Whether it is time to note that a feed is fetched: once an hour is enough to know which one is used."""
    return fetched_at is None or now - fetched_at >= NOTED_EVERY


def client_of(user_agent: str) -> str:
    """Name the calendar program behind a User-Agent; "" when it does not say.

    Never the whole line, which may tell more than the program: numbers of devices, addresses.
    """
    folded = user_agent.casefold()
    for sign, name in _CLIENTS:
        if sign in folded:
            return name
    product = _PRODUCT.match(user_agent.partition("/")[0].strip())
    return product[0].strip() if product else ""


def edition(feed: Feed, now: datetime) -> Edition:
    """Name the body that *feed* has at *now*.

    The window moves with the month in Warsaw and not with each request, so that the body stays the same, byte for
    byte, between two changes: what ended 90 days before the month is left out, what is cancelled, after 60 days. The
    name stands in the text too, and is changed where the shelf is unknown: hence its checksum.
    """
    return _edition(feed, warsaw.today(now).replace(day=1))


@lru_cache(maxsize=256)
def _edition(feed: Feed, month: date) -> Edition:
    turned, since, cancelled_since = _window(month)
    owner = f"{feed.kind.value}{feed.owner_id}.{crc32(feed.name.encode()):08x}{feed.mark}"
    return Edition(
        etag=f"{owner}-{feed.version}-{ical.RENDER}-{month:%Y%m}",
        modified=max(feed.modified or turned, turned).replace(microsecond=0),
        since=since,
        cancelled_since=cancelled_since,
    )


def takes_gzip(user_agent: str) -> bool:
    """Whether a program that asks for gzip can be trusted to read it: Outlook and Exchange cannot."""
    return _WITHOUT_GZIP.search(user_agent) is None


@lru_cache(maxsize=2)
def _window(month: date) -> tuple[datetime, datetime, datetime]:
    return warsaw.start_of(month), warsaw.start_of(month - PAST), warsaw.start_of(month - PAST_CANCELLED)
