"""Decisions about feeds on plain values: what a version is called, how far back a feed reaches, who gets gzip."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zlib import crc32

from app import warsaw
from events import ical
from events.shelf.models import FeedKind

PAST = timedelta(days=90)
PAST_CANCELLED = timedelta(days=60)
PUBLIC_NAME = "Kładka – wydarzenia publiczne"
# A feed failed in Outlook until compression was switched off for it (markuspoerschke/iCal#541).
_WITHOUT_GZIP = re.compile(r"outlook|exchange|ms-?office|microsoft office", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as one statement finds it: its *version* and the instant *modified* of its last change."""

    kind: FeedKind
    owner_id: int
    name: str
    version: int
    modified: datetime | None


@dataclass(frozen=True, slots=True)
class Edition:
    """A feed at an instant: what its body is called and since when, and the instants at which its window begins."""

    etag: str
    modified: datetime
    since: datetime
    cancelled_since: datetime


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
    owner = f"{feed.kind.value}{feed.owner_id}.{crc32(feed.name.encode()):08x}"
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
