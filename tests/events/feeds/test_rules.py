from dataclasses import replace
from datetime import UTC, datetime

import pytest

from events import ical
from events.feeds import rules
from events.feeds.rules import Feed
from events.shelf.models import FeedKind

FEED = Feed(FeedKind.INSTITUTION, 12, "MOPS w Kładkowie", 407, datetime(2026, 11, 20, 8, 0, 15, 5, tzinfo=UTC))


def test_etag_names_feed_version_render_and_month():
    found = rules.edition(FEED, datetime(2026, 11, 22, 9, tzinfo=UTC))
    name = found.etag.split("-")
    assert name[0].startswith("institution12.")
    assert name[1:] == ["407", str(ical.RENDER), "202611"]
    assert found.modified == datetime(2026, 11, 20, 8, 0, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "changed", [{"version": 408}, {"owner_id": 13}, {"kind": FeedKind.PROGRAMME}, {"name": "OPS w Kładkowie"}]
)
def test_etag_differs_for_every_other_body(changed):
    instant = datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert rules.edition(replace(FEED, **changed), instant).etag != rules.edition(FEED, instant).etag


def test_edition_is_the_same_within_a_month_of_warsaw_and_turns_with_it():
    early = rules.edition(FEED, datetime(2026, 10, 31, 23, 0, 0, tzinfo=UTC))
    late = rules.edition(FEED, datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC))
    assert early == late
    turned = rules.edition(FEED, datetime(2026, 11, 30, 23, 0, 0, tzinfo=UTC))
    assert turned.etag.endswith("-202612")
    assert turned.modified == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert turned.since > late.since


def test_window_reaches_90_days_back_and_60_for_what_was_cancelled():
    found = rules.edition(FEED, datetime(2026, 11, 22, 9, tzinfo=UTC))
    assert found.since == datetime(2026, 8, 2, 22, tzinfo=UTC)
    assert found.cancelled_since == datetime(2026, 9, 1, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "user_agent",
    [
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)",
        "Microsoft.Exchange/15.20 (Calendar subscription)",
        "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
        "Outlook-iOS/725",
        "MSExchangeRPC",
    ],
)
def test_outlook_and_exchange_get_no_gzip(user_agent):
    assert not rules.takes_gzip(user_agent)


@pytest.mark.parametrize("user_agent", ["", "Google-Calendar-Importer", "ICSx5/2.2", "iOS/17.0 dataaccessd/1.0"])
def test_others_may_have_gzip(user_agent):
    assert rules.takes_gzip(user_agent)
