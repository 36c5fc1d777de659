import gzip
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

import icalendar
import pytest
import time_machine
import vobject
from flask.testing import FlaskClient
from sqlmodel import Session

from app.clock import now
from events import ical
from events.calendar import actions as calendar
from events.calendar.models import Event, EventKind, Visibility
from events.feeds import views
from partners.institutions.models import Institution, Kind, Status
from projects.programmes.models import ProgrammeState
from tests.conftest import NOW
from tests.factories.events import draft_of, make_draft, make_event
from tests.factories.institutions import make_institution
from tests.factories.persons import People
from tests.factories.programmes import make_programme

PUBLIC = "/kanaly/publiczny.ics"
PRISON = "/kanaly/i/zk-kladkowo.ics"
CENTRE = "/kanaly/i/mops-kladkowo.ics"
PROGRAMME = "/kanaly/p/most.ics"
START = datetime(2026, 11, 24, 10, 0)  # noqa: DTZ001 - Warsaw wall time
END = datetime(2026, 11, 24, 12, 0)  # noqa: DTZ001
DRAFT = {
    "title": "Spotkanie grupowe",
    "kind": EventKind.GROUP_MEETING,
    "starts": START,
    "ends": END,
    "contact": "anna.przykladowa@kladka.example",
    "online_link": "https://spotkania.example/tajne",
}


class House:
    """A prison, a centre and a programme, and what the prison's coordinator does, each act committed."""

    def __init__(self, session: Session, people: People, clock: time_machine.Traveller) -> None:
        self.session = session
        self.clock = clock
        self.ewa = people.ewa
        self.prison = people.ewa.institution_id
        self.centre = people.marek.institution_id
        self.programme = make_programme(session, "Most; do domu, razem", slug="most").id
        session.commit()

    def later(self) -> None:
        self.clock.shift(timedelta(minutes=10))

    def publish(self, **changes) -> Event:
        event = make_event(self.session, self.ewa, **{**DRAFT, **changes})
        self.session.commit()
        return event

    def record(self, days_ago: int, **changes) -> Event:
        start = START - timedelta(days=1 + days_ago)
        event = make_draft(
            self.session, self.ewa, **{**DRAFT, **changes, "starts": start, "ends": start + timedelta(hours=2)}
        )
        calendar.record_past(self.session, self.ewa.actor, event, now())
        self.session.commit()
        return event

    def revise(self, event: Event, **changes) -> None:
        self.later()
        calendar.revise(self.session, self.ewa.actor, event, draft_of(**{**DRAFT, **changes}), now())
        self.session.commit()

    def cancel(self, event: Event) -> None:
        self.later()
        calendar.cancel(self.session, self.ewa.actor, event, "choroba prowadzącej", now())
        self.session.commit()


@pytest.fixture(name="house")
def _house(session: Session, people: People, clock: time_machine.Traveller) -> House:
    return House(session, people, clock)


def feed(client: FlaskClient, path: str, **headers: str) -> icalendar.Calendar:
    response = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert response.status_code == 200
    calendar = icalendar.Calendar.from_ical(response.data)
    assert isinstance(calendar, icalendar.Calendar)
    titles = [str(entry["summary"]) for entry in calendar.events]
    other = vobject.readOne(response.data.decode())
    assert [entry.summary.value for entry in other.contents.get("vevent", [])] == titles
    return calendar


def titles(client: FlaskClient, path: str) -> list[str]:
    return [str(entry["summary"]) for entry in feed(client, path).events]


def lines(data: bytes) -> list[str]:
    return data.replace(b"\r\n ", b"").decode().split("\r\n")


# --- transport


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (PUBLIC, "Kładka – wydarzenia publiczne"),
        (PRISON, "Zakład Karny w Kładkowie"),
        (CENTRE, "MOPS w Kładkowie"),
        (PROGRAMME, "Most; do domu, razem"),
    ],
)
def test_feed_is_a_calendar_for_everybody(client, house, path, name):
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert response.headers["Content-Disposition"].startswith('inline; filename="kladka')
    assert "Set-Cookie" not in response.headers
    calendar = vobject.readOne(response.data.decode())
    assert calendar.x_wr_calname.value == name
    assert response.data.startswith(ical.header(name))
    assert response.data.endswith(b"END:VCALENDAR\r\n")


def test_a_cookie_of_a_session_changes_nothing(client, house):
    house.publish()
    plain = client.get(PUBLIC)
    client.set_cookie("kladka", "damaged")
    client.set_cookie("jezyk", "en")
    for query in ("", "?jezyk=en", "?visibility=invited", "?od=2020-01-01&od=x"):
        again = client.get(PUBLIC + query)
        assert again.data == plain.data
        assert "Cookie" not in again.headers["Vary"]
        assert "Set-Cookie" not in again.headers


def test_two_gets_and_a_head_agree(client, house, clock):
    house.publish()
    first = client.get(PUBLIC)
    clock.shift(timedelta(days=3))
    second, head = client.get(PUBLIC), client.head(PUBLIC)
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"] == head.headers["ETag"]
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(first.data))
    assert dict(head.headers) == dict(second.headers)


@pytest.mark.parametrize("path", [PUBLIC, PRISON, PROGRAMME])
def test_other_methods_are_refused(client, house, path):
    for method in ("POST", "PUT", "DELETE", "PROPFIND"):
        response = client.open(path, method=method)
        assert response.status_code == 405, method
    assert client.options(path).status_code == 200


@pytest.mark.parametrize("path", ["/kanaly/i/nie-ma.ics", "/kanaly/p/nie-ma.ics", "/kanaly/p/szkic.ics"])
def test_unknown_feed_is_a_plain_404_in_two_languages(client, house, session, path):
    make_programme(session, "szkic", state=ProgrammeState.DRAFT)
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.text.startswith("Nie ma takiego kalendarza.")
    assert "There is no such calendar." in response.text


@pytest.mark.parametrize("path", ["/kanaly/publiczny", "/kanaly/i/zk-kladkowo", "/kanaly/i/ZK.ics", "/kanaly/i/.ics"])
def test_other_addresses_are_404(client, house, path):
    assert client.get(path).status_code == 404


def test_archived_institution_keeps_its_feed(client, house, session):
    make_institution(session, "zk-dawny", Kind.PRISON, status=Status.ARCHIVED)
    assert titles(client, "/kanaly/i/zk-dawny.ics") == []


# --- conditional requests


def test_304_by_etag_costs_one_statement(client, house, query_count):
    house.publish()
    for path in (PUBLIC, PRISON, PROGRAMME):
        etag = client.get(path).headers["ETag"]
        with query_count() as statements:
            response = client.get(path, headers={"If-None-Match": etag})
        assert response.status_code == 304
        assert response.data == b""
        assert response.headers["ETag"] == etag
        assert response.headers["Cache-Control"] == "public, max-age=300"
        assert response.headers["Vary"] == "Accept-Encoding"
        assert "Content-Type" not in response.headers
        assert len(statements) == 1


def test_the_first_answer_after_a_change_costs_two_statements_whatever_it_holds(client, house, query_count):
    for number in range(3):
        house.publish(title=f"Spotkanie {number}")
        with query_count() as statements:
            assert len(titles(client, PUBLIC)) == number + 1
        assert len(statements) == 2
        with query_count() as statements:
            client.get(PUBLIC)
        assert len(statements) == 1


@pytest.mark.parametrize("form", ["{}", "W/{}", '"a", {}', '"a", W/{}, "b"', "*"])
def test_304_for_lists_and_weak_forms(client, house, form):
    etag = client.get(PUBLIC).headers["ETag"]
    assert etag.startswith('"')
    assert client.get(PUBLIC, headers={"If-None-Match": form.format(etag)}).status_code == 304


def test_the_date_counts_only_without_an_etag(client, house):
    house.publish()
    response = client.get(PUBLIC)
    modified = response.headers["Last-Modified"]
    assert parsedate_to_datetime(modified) == NOW
    assert client.get(PUBLIC, headers={"If-Modified-Since": modified}).status_code == 304
    older = "Mon, 23 Nov 2026 07:59:59 GMT"
    assert client.get(PUBLIC, headers={"If-Modified-Since": older}).status_code == 200
    assert client.get(PUBLIC, headers={"If-Modified-Since": "jutro"}).status_code == 200
    both = {"If-Modified-Since": modified, "If-None-Match": '"other"'}
    assert client.get(PUBLIC, headers=both).status_code == 200


CHANGES: dict[str, dict[str, object]] = {
    "title": {"title": "Nowy tytuł"},
    "time": {"starts": START + timedelta(hours=1)},
    "place": {"place": "Świetlica"},
    "visibility": {"visibility": Visibility.PARTNERS},
    "kind": {"kind": EventKind.WORKSHOP},
    "topics": {"topics": ("zasiłek",)},
}


@pytest.mark.parametrize("change", CHANGES)
def test_200_after_each_kind_of_change(client, house, change):
    event = house.publish()
    before = client.get(PUBLIC)
    house.revise(event, **CHANGES[change])
    headers = {"If-None-Match": before.headers["ETag"], "If-Modified-Since": before.headers["Last-Modified"]}
    after = client.get(PUBLIC, headers=headers)
    assert after.status_code == 200
    assert after.data != before.data
    assert parsedate_to_datetime(after.headers["Last-Modified"]) == NOW + timedelta(minutes=10)
    by_date = client.get(PUBLIC, headers={"If-Modified-Since": before.headers["Last-Modified"]})
    assert by_date.status_code == 200


def test_a_change_elsewhere_leaves_a_feed_alone(client, house):
    house.publish()
    etag = client.get(CENTRE).headers["ETag"]
    house.later()
    house.publish(title="Drugie")
    assert client.get(CENTRE, headers={"If-None-Match": etag}).status_code == 304


def test_200_after_cancellation_new_event_name_and_month(client, house, session, clock):
    event = house.publish()
    etags = [client.get(PRISON).headers["ETag"]]

    def differs() -> None:
        response = client.get(PRISON, headers={"If-None-Match": ", ".join(etags)})
        assert response.status_code == 200
        etags.append(response.headers["ETag"])

    house.cancel(event)
    differs()
    house.publish(title="Drugie")
    differs()
    session.get_one(Institution, house.prison).name = "Zakład Karny"
    differs()
    clock.move_to(datetime(2026, 11, 30, 23, 0, 1, tzinfo=UTC))
    differs()


# --- content through an event's life


def test_uid_sequence_and_stamps_through_create_move_cancel(client, house):
    event = house.publish()
    seen = []

    def look() -> icalendar.Event:
        (entry,) = feed(client, PUBLIC).events
        seen.append((str(entry["uid"]), entry["sequence"], entry.last_modified, entry.stamp))
        return entry

    assert look()["status"] == "CONFIRMED"
    house.revise(event, title="Inny tytuł")
    assert look()["summary"] == "Inny tytuł"
    house.revise(event, title="Inny tytuł", starts=START + timedelta(days=1), ends=END + timedelta(days=1))
    assert look().start.isoformat() == "2026-11-25T10:00:00+01:00"
    house.cancel(event)
    last = look()
    assert (last["status"], last["summary"]) == ("CANCELLED", "ODWOŁANE: Inny tytuł")
    uids, sequences, modified, stamps = zip(*seen, strict=True)
    assert set(uids) == {event.uid} == {f"{event.uuid}@{event.uid.partition('@')[2]}"}
    assert list(sequences) == [0, 0, 1, 2]
    # Drafted and published in one second: the stamp of the second act is a second later, because it has to grow.
    grown = [timedelta(seconds=1), *(timedelta(minutes=minutes) for minutes in (10, 20, 30))]
    assert modified == stamps == tuple(NOW + step for step in grown)


def test_an_event_of_two_whole_days_ends_before_the_third(client, house):
    house.publish(all_day=True, starts=START.replace(hour=0), ends=START.replace(hour=0) + timedelta(days=2))
    (entry,) = feed(client, PUBLIC).events
    assert (entry.start, entry.end) == (date(2026, 11, 24), date(2026, 11, 26))
    assert entry["transp"] == "TRANSPARENT"


def test_public_made_partners_only_vanishes_and_comes_back(client, house):
    event = house.publish()
    for path in (PUBLIC, PRISON):
        assert titles(client, path) == ["Spotkanie grupowe"]
    house.revise(event, visibility=Visibility.PARTNERS)
    for path in (PUBLIC, PRISON):
        assert titles(client, path) == []
    house.revise(event, visibility=Visibility.PUBLIC)
    assert titles(client, PUBLIC) == ["Spotkanie grupowe"]


def test_nothing_but_public_events_stands_in_a_feed(client, house, session):
    secrets = [
        house.publish(title="dla partnerów", visibility=Visibility.PARTNERS, programme_id=house.programme),
        house.publish(title="dla zaproszonych", visibility=Visibility.INVITED, invited=(house.centre,)),
    ]
    make_draft(session, house.ewa, **{**DRAFT, "title": "szkic", "programme_id": house.programme})
    shown = house.publish(
        title="dla wszystkich", programme_id=house.programme, place_institution_id=house.centre, invited=(house.centre,)
    )
    for path in (PUBLIC, PRISON, CENTRE, PROGRAMME):
        assert titles(client, path) == ["dla wszystkich"]
        data = client.get(path).data
        assert shown.uid.encode() in data
        assert not [secret for secret in secrets if str(secret.uuid).encode() in data]


def test_institution_feed_holds_what_it_organises_coorganises_or_hosts(client, house, session):
    invited = house.publish(title="zaproszona", invited=(house.centre,))
    house.publish(title="razem", co_organisers=(house.centre,))
    house.publish(title="u nas", place_institution_id=house.centre)
    assert invited.id
    assert sorted(titles(client, CENTRE)) == ["razem", "u nas"]
    assert sorted(titles(client, PRISON)) == ["razem", "u nas", "zaproszona"]


def test_moved_to_another_programme_changes_both_feeds(client, house, session):
    other = make_programme(session, "inny").id
    event = house.publish(programme_id=house.programme)
    etag = client.get(PROGRAMME).headers["ETag"]
    house.revise(event, programme_id=other)
    assert titles(client, "/kanaly/p/inny.ics") == ["Spotkanie grupowe"]
    assert client.get(PROGRAMME, headers={"If-None-Match": etag}).status_code == 200
    assert titles(client, PROGRAMME) == []


def test_window_moves_with_the_month(client, house, clock):
    house.record(40, title="niedawne")
    house.record(100, title="dawne")
    house.record(150, title="bardzo dawne")
    house.cancel(house.publish(title="minie"))
    house.publish(title="przyszłe", starts=START + timedelta(days=300), ends=END + timedelta(days=300))
    assert titles(client, PUBLIC) == ["dawne", "niedawne", "ODWOŁANE: minie", "przyszłe"]
    clock.move_to(datetime(2026, 12, 31, 12, tzinfo=UTC))
    assert titles(client, PUBLIC) == ["niedawne", "ODWOŁANE: minie", "przyszłe"]
    clock.move_to(datetime(2027, 1, 31, 12, tzinfo=UTC))
    assert titles(client, PUBLIC) == ["niedawne", "ODWOŁANE: minie", "przyszłe"]
    clock.move_to(datetime(2027, 2, 1, 12, tzinfo=UTC))
    assert titles(client, PUBLIC) == ["przyszłe"]


def test_no_person_and_no_online_address_stands_in_a_feed(client, house):
    nasty = "Zebranie\nATTENDEE:mailto:obcy@example.org; a, b"
    house.publish(title="x", topics=(nasty,), place=nasty, description="mailto:anna.przykladowa@kladka.example")
    for path in (PUBLIC, PRISON):
        data = client.get(path).data
        names = {line.partition(":")[0].partition(";")[0] for line in lines(data)}
        assert not names & {"ATTENDEE", "ORGANIZER", "CONTACT", "VALARM", "CONFERENCE"}
        for secret in (b"mailto:", b"Ewa Pokazowa", b"spotkania.example"):
            assert secret not in data.replace(b"\r\n ", b"")
        assert max(map(len, data.split(b"\r\n"))) <= 75


# --- compression and the bodies that are held


def test_gzip_only_when_asked_for_and_never_for_outlook(client, house):
    house.publish()
    plain = client.get(PUBLIC)
    assert "Content-Encoding" not in plain.headers
    packed = client.get(PUBLIC, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert packed.headers["Vary"] == "Accept-Encoding"
    for encoding in ("identity", "gzip;q=0", "br"):
        assert client.get(PUBLIC, headers={"Accept-Encoding": encoding}).data == plain.data
    outlook = {"Accept-Encoding": "gzip", "User-Agent": "Microsoft Office/16.0 (Microsoft Outlook 16.0; Pro)"}
    assert client.get(PUBLIC, headers=outlook).data == plain.data
    for known in (plain, packed):
        headers = {"If-None-Match": known.headers["ETag"], "Accept-Encoding": "gzip"}
        assert client.get(PUBLIC, headers=headers).status_code == 304


def test_only_the_hottest_bodies_are_held():
    bodies = views.Bodies()
    for number in range(30):
        bodies.put(str(number), views.Body(b"x", b"y"))
        bodies.get("0")
    assert len(bodies) == 20
    assert bodies.get("0") is not None
    assert bodies.get("1") is None
    assert bodies.get("29") is not None
    bodies.put("large", views.Body(b"x" * 30_000_000, b""))
    assert len(bodies) == 0


# --- one event


def test_one_event_is_an_attachment(client, house):
    event = house.publish()
    response = client.get(f"/wydarzenia/{event.uuid}.ics")
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="wydarzenie-2026-11-24.ics"'
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert "Cookie" not in response.headers.get("Vary", "")
    assert b"X-WR-CALNAME" not in response.data
    (alone,), (fed,) = feed(client, f"/wydarzenia/{event.uuid}.ics").events, feed(client, PUBLIC).events
    assert alone.to_ical() == fed.to_ical()
    again = client.get(f"/wydarzenia/{event.uuid}.ics", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    house.cancel(event)
    assert titles(client, f"/wydarzenia/{event.uuid}.ics") == ["ODWOŁANE: Spotkanie grupowe"]


def test_one_event_of_partners_is_for_those_who_may_see_it(client, house, session, people):
    partners = house.publish(visibility=Visibility.PARTNERS)
    invited = house.publish(visibility=Visibility.INVITED, invited=(house.centre,))
    draft = make_draft(session, house.ewa, **DRAFT)
    pages = [f"/wydarzenia/{event.uuid}.ics" for event in (partners, invited, draft)]
    assert [client.get(page).status_code for page in pages] == [404, 404, 404]
    client.sign_in(people.stefan)
    assert [client.get(page).status_code for page in pages] == [200, 404, 404]
    response = client.get(pages[0])
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in response.headers["Vary"]
    client.sign_in(people.marek)
    assert [client.get(page).status_code for page in pages] == [200, 200, 404]
    client.sign_in(people.ewa)
    assert [client.get(page).status_code for page in pages] == [200, 200, 404]
