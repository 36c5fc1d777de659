"""A series in the feeds: every act is told, the night is not, and stamps only grow."""

import re
from datetime import timedelta

import icalendar
import pytest

from app.clock import now
from events.calendar import series
from events.changes import actions
from events.changes.rules import Scope
from events.recurrence import Rule
from tests.factories.events import draft_of
from tests.factories.series import assert_calendars_agree, dates_of, end_of, make_series, part_of, week

FEED = "/kanaly/i/zk-kladkowo.ics"
ENDLESS = Rule(days=(1,))


@pytest.fixture(name="event")
def _event(session, people, clock):
    event = make_series(session, people.ewa, rule=ENDLESS)
    session.commit()
    return event


def masters(text):
    found = icalendar.Calendar.from_ical(text).walk("VEVENT")
    return {str(one["UID"]): one for one in found if "RECURRENCE-ID" not in one}


def stamps(text, uid):
    return masters(text)[uid]["SEQUENCE"], masters(text)[uid]["LAST-MODIFIED"].dt


def edit(session, people, event, scope, number, **changes):
    row = dates_of(session, event)[number]
    start = changes.pop("start")
    wanted = draft_of(starts=start, ends=end_of(start), rule=ENDLESS, **changes)
    actor = people.ewa.actor
    actions.edit(session, actor, event, wanted, event.revision, now(), occurrence_id=row.id, scope=scope)


def move_one(session, people, event):
    edit(session, people, event, Scope.THIS, 2, start=week(2, 14))


def cancel_one(session, people, event):
    row = dates_of(session, event)[3]
    actions.cancel(session, people.ewa.actor, event, "x", now(), occurrence_id=row.id, scope=Scope.THIS)


def move_back(session, people, event):
    edit(session, people, event, Scope.THIS, 2, start=week(2))


def rename_all(session, people, event):
    edit(session, people, event, Scope.ALL, 0, start=week(0), title="Inaczej")


def move_following(session, people, event):
    edit(session, people, event, Scope.FOLLOWING, 4, start=week(4, 16))


def cancel_all(session, people, event):
    actions.cancel(session, people.ewa.actor, event, "x", now())


def test_every_act_is_told_with_growing_stamps(client, session, people, event, clock):
    etag, text = client.get(FEED).headers["ETag"], client.get(FEED).text
    assert client.get(FEED, headers={"If-None-Match": etag}).status_code == 304
    uid, before = event.uid, stamps(text, event.uid)
    for act in (move_one, cancel_one, move_back, rename_all, move_following, cancel_all):
        clock.move_to(now() + timedelta(minutes=3))
        act(session, people, event)
        session.commit()
        answer = client.get(FEED, headers={"If-None-Match": etag})
        assert answer.status_code == 200, act.__name__
        assert client.get(FEED).data == answer.data
        after = stamps(answer.text, uid)
        assert after[1] > before[1], act.__name__
        assert after[0] == before[0] + (act is not rename_all), act.__name__
        etag, before = answer.headers["ETag"], after
        parts = [event] if len(masters(answer.text)) == 1 else [event, part_of(session, event)]
        assert_calendars_agree(session, *parts)


def test_a_night_without_an_act_changes_no_feed(client, session, people, event, clock):
    etag = client.get(FEED).headers["ETag"]
    clock.move_to(now() + timedelta(days=4))
    made = 0
    for _ in range(3):
        clock.move_to(now() + timedelta(days=1))
        made += series.extend(session, now())
        session.commit()
    assert made == 1
    assert client.get(FEED, headers={"If-None-Match": etag}).status_code == 304


def test_one_event_is_downloaded_as_its_feed_writes_it(client, session, people, event):
    move_one(session, people, event)
    cancel_one(session, people, event)
    session.commit()
    alone = client.get(f"/wydarzenia/{event.uuid}.ics").text
    blocks = re.compile("BEGIN:VEVENT.*END:VEVENT\r\n", re.DOTALL)
    assert blocks.findall(alone) == blocks.findall(client.get(FEED).text)
    assert alone.count("BEGIN:VEVENT") == 3
    assert "ATTENDEE" not in alone
    assert "mailto" not in alone.lower()


def test_a_series_for_partners_is_in_no_feed(client, session, people, clock):
    event = make_series(session, people.ewa, visibility="partners")
    session.commit()
    assert "BEGIN:VEVENT" not in client.get(FEED).text
    client.sign_in(people.marek)
    assert "RRULE:FREQ=WEEKLY;COUNT=6;BYDAY=TU" in client.get(f"/wydarzenia/{event.uuid}.ics").text
