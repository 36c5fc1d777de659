"""Calendars of one's own: who reads what by a secret address, what a fetch costs, and when an address dies."""

import gzip
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import icalendar
import pytest
import time_machine
import vobject
from flask import Flask
from sqlmodel import Session, col, select
from werkzeug.test import TestResponse

from app.accounts.models import UserAccount
from app.actors import Actor, Role
from app.audit.models import AuditLine
from app.clock import now
from app.db import metadata
from app.secret import token_hash
from app.web.log import JsonLines
from events.calendar import actions as calendar
from events.calendar.models import Event, SignUpScope, Visibility
from events.changes import actions as changes
from events.changes.rules import Scope
from events.feeds import actions, queries, rules
from events.feeds.models import CalendarFeed
from events.recurrence import Rule
from events.shelf import actions as shelf
from events.shelf.models import FeedKind, FeedState
from events.signups import actions as signups
from events.signups import series as series_signups
from events.signups.models import SignUp
from events.signups.rules import Wanted
from partners.people import actions as people_actions
from partners.people.models import Membership
from tests.browser import Browser
from tests.conftest import browser_of
from tests.factories.events import START, date_of, make_draft, make_event, named
from tests.factories.persons import People, Person
from tests.factories.series import dates_of

INVITED, PARTNERS = Visibility.INVITED, Visibility.PARTNERS
HOUR = timedelta(hours=1)
OWN = "/ustawienia/kalendarze"
WHOLE_SERIES = Rule(days=(START.weekday(),), count=4)


class Reader:
    """A calendar program that knows one secret address, and asks as such programs do."""

    def __init__(self, browser: Browser, token: str) -> None:
        self.path = f"/kanaly/o/{token}.ics"
        self._browser = browser

    def ask(self, etag: str = "", **headers: str) -> TestResponse:
        words = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._browser.get(self.path, headers=words | ({"If-None-Match": etag} if etag else {}))

    def events(self) -> list[icalendar.Event]:
        response = self.ask()
        assert response.status_code == 200
        found = icalendar.Calendar.from_ical(response.data)
        assert isinstance(found, icalendar.Calendar)
        # A second engine reads the same.
        other = vobject.readOne(response.data.decode()).contents.get("vevent", [])
        assert [one.uid.value for one in other] == [str(one["UID"]) for one in found.events]
        return found.events

    def titles(self) -> list[str]:
        return sorted(str(one["SUMMARY"]) for one in self.events())


@pytest.fixture(name="read")
def _read(app: Flask, session: Session, clock: time_machine.Traveller) -> Callable[..., Reader]:
    def read(person: Person, *, busy: bool = False) -> Reader:
        feed, token = actions.make(session, person.actor, "Praca", now(), busy=busy)
        assert feed.token_hash == token_hash(token)
        return Reader(browser_of(app, session), token)

    return read


def sign_up(session: Session, by: Person, event: Event, occurrence_id: int | None = None, number: int = 1) -> SignUp:
    wanted = Wanted(people=(named(number),))
    key = f"form {event.id} {occurrence_id} {number}"
    return signups.sign_up(
        session, by.actor, event, occurrence_id or date_of(session, event).id or 0, wanted, key, now()
    )[0]


# --- what stands in it


def test_it_shows_what_the_institution_takes_part_in_and_no_more(
    session: Session, people: People, read: Callable[..., Reader]
) -> None:
    mops = people.mops.id or 0
    make_event(session, people.marek, title="własne", visibility=INVITED)
    make_event(session, people.ewa, title="zaproszenie", visibility=INVITED, invited=(mops,))
    make_event(session, people.ewa, title="razem", visibility=INVITED, co_organisers=(mops,))
    make_event(session, people.ewa, title="u nas", visibility=INVITED, place_institution_id=mops, place="")
    make_event(session, people.ewa, title="cudze dla zaproszonych", visibility=INVITED)
    make_event(session, people.ewa, title="cudze dla partnerów", visibility=PARTNERS)
    make_event(session, people.ewa, title="cudze publiczne", visibility=Visibility.PUBLIC)
    make_draft(session, people.marek, title="własny szkic")
    make_draft(session, people.ewa, title="cudzy szkic", invited=(mops,))
    expected = ["razem", "u nas", "własne", "zaproszenie"]
    assert read(people.marek).titles() == read(people.piotr).titles() == expected
    assert read(people.stefan).titles() == []


def test_a_seat_brings_the_event_and_its_loss_takes_it_away(
    session: Session, people: People, read: Callable[..., Reader], clock: time_machine.Traveller
) -> None:
    event = make_event(session, people.ewa, title="szkolenie", visibility=PARTNERS)
    reader, stranger = read(people.marek), read(people.stefan)
    empty = reader.ask().headers["ETag"]
    clock.shift(HOUR)
    row = sign_up(session, people.marek, event)
    first = reader.ask(empty)
    assert (first.status_code, reader.titles(), stranger.titles()) == (200, ["szkolenie"], [])
    clock.shift(HOUR)
    wanted = calendar.as_saved(session, event)
    wanted = replace(wanted, starts=wanted.starts + HOUR, ends=wanted.ends + HOUR)
    changes.edit(session, people.ewa.actor, event, wanted, event.revision, now())
    moved = reader.ask(first.headers["ETag"])
    assert moved.status_code == 200
    assert reader.events()[0]["SEQUENCE"] == 1
    clock.shift(HOUR)
    signups.withdraw(session, people.marek.actor, event, row.id or 0, now())
    assert reader.ask(moved.headers["ETag"]).status_code == 200
    assert reader.titles() == []


def test_a_cancelled_event_is_told_to_those_signed_up(
    session: Session, people: People, read: Callable[..., Reader], clock: time_machine.Traveller
) -> None:
    event = make_event(session, people.ewa, title="szkolenie", visibility=PARTNERS)
    sign_up(session, people.marek, event)
    reader = read(people.piotr)
    etag = reader.ask().headers["ETag"]
    clock.shift(HOUR)
    assert reader.ask(etag).status_code == 304
    changes.cancel(session, people.ewa.actor, event, "remont", now())
    assert reader.ask(etag).status_code == 200
    (entry,) = reader.events()
    assert (entry["SUMMARY"], entry["STATUS"]) == ("ODWOŁANE: szkolenie", "CANCELLED")


def test_who_waits_or_only_asks_has_no_seat(session: Session, people: People, read: Callable[..., Reader]) -> None:
    event = make_event(session, people.ewa, title="pełne", visibility=PARTNERS, capacity=1)
    sign_up(session, people.jola, event)
    sign_up(session, people.marek, event, number=2)
    assert read(people.jola).titles() == ["pełne"]
    assert read(people.marek).titles() == []


def test_an_event_closed_to_the_uninvited_leaves_their_calendars(
    session: Session, people: People, read: Callable[..., Reader]
) -> None:
    event = make_event(session, people.ewa, title="szkolenie", visibility=PARTNERS)
    sign_up(session, people.marek, event)
    reader = read(people.marek)
    assert reader.titles() == ["szkolenie"]
    # The act of a change invites those who are signed up; without that they may not know of it any more.
    calendar.revise(
        session, people.ewa.actor, event, replace(calendar.as_saved(session, event), visibility=INVITED), now()
    )
    shelf.touch(session, {(FeedKind.INNER, people.mops.id or 0)}, now())
    assert reader.titles() == []


def test_of_a_series_only_the_dates_with_a_seat_are_shown(
    session: Session, people: People, read: Callable[..., Reader], clock: time_machine.Traveller
) -> None:
    event = make_event(session, people.ewa, title="cykl", visibility=PARTNERS, rule=WHOLE_SERIES)
    rows = dates_of(session, event)
    for row in (rows[1], rows[3]):
        sign_up(session, people.marek, event, row.id)
    reader = read(people.marek)
    (whole,) = read(people.ewa).events()
    assert "RRULE" in whole
    entries = reader.events()
    assert [one.start for one in entries] == [rows[1].starts_at, rows[3].starts_at]
    assert [one.end for one in entries] == [rows[1].ends_at, rows[3].ends_at]
    assert not [one for one in entries if {"RRULE", "EXDATE", "RECURRENCE-ID"} & set(one)]
    uids = [str(one["UID"]) for one in entries]
    assert len({*uids, event.uid}) == 3
    # Moved: the same date at another hour. Cancelled: the same, and it says so.
    clock.shift(HOUR)
    wanted = replace(calendar.as_saved(session, event), starts=rows[1].original_local + HOUR)
    wanted = replace(wanted, ends=wanted.starts + timedelta(hours=2))
    who, this = people.ewa.actor, Scope.THIS
    changes.edit(session, who, event, wanted, event.revision, now(), occurrence_id=rows[1].id, scope=this)
    changes.cancel(session, people.ewa.actor, event, "choroba", now(), occurrence_id=rows[3].id, scope=Scope.THIS)
    again = reader.events()
    assert [str(one["UID"]) for one in again] == uids
    assert [one.start for one in again] == [rows[1].starts_at, rows[3].starts_at]
    assert [str(one["STATUS"]) for one in again] == ["CONFIRMED", "CANCELLED"]
    assert [str(one["SEQUENCE"]) for one in again] == ["1", "2"]


def test_a_seat_in_a_whole_series_shows_the_series(
    session: Session, people: People, read: Callable[..., Reader]
) -> None:
    event = make_event(session, people.ewa, visibility=PARTNERS, rule=WHOLE_SERIES, signup_scope=SignUpScope.SERIES)
    series_signups.sign_up(session, people.marek.actor, event, Wanted(people=(named(1),)), "form", now())
    (entry,) = read(people.marek).events()
    assert (str(entry["UID"]), "RRULE" in entry) == (event.uid, True)


def test_what_one_is_invited_to_and_signed_up_for_stands_there_once(
    session: Session, people: People, read: Callable[..., Reader]
) -> None:
    mops = people.mops.id or 0
    single = make_event(session, people.ewa, visibility=PARTNERS, invited=(mops,))
    series = make_event(session, people.ewa, visibility=PARTNERS, invited=(mops,), rule=WHOLE_SERIES)
    sign_up(session, people.marek, single)
    sign_up(session, people.marek, series, dates_of(session, series)[1].id)
    assert sorted(str(one["UID"]) for one in read(people.marek).events()) == sorted([single.uid, series.uid])


def test_busy_tells_when_and_nothing_else(session: Session, people: People, read: Callable[..., Reader]) -> None:
    mops = people.mops.id or 0
    make_event(session, people.ewa, title="Poufne spotkanie", visibility=INVITED, invited=(mops,), topics=("zasiłek",))
    series = make_event(session, people.ewa, title="Poufny cykl", visibility=PARTNERS, rule=WHOLE_SERIES)
    sign_up(session, people.marek, series, dates_of(session, series)[2].id)
    full, busy = read(people.marek), read(people.marek, busy=True)
    assert [(one.start, one.end, str(one["UID"])) for one in busy.events()] == [
        (one.start, one.end, str(one["UID"])) for one in full.events()
    ]
    assert busy.titles() == ["Zajęte", "Zajęte"]
    told, text = unfolded(full), unfolded(busy)
    for word in ("Poufn", "zasiłek", people.prison.name, "/wydarzenia/"):
        assert word in told
        assert word not in text


def test_no_person_number_or_online_address_stands_in_it(
    session: Session, people: People, read: Callable[..., Reader]
) -> None:
    event = make_event(
        session,
        people.ewa,
        visibility=PARTNERS,
        online=True,
        online_link="https://spotkania.example/tajne",
        contact="Anna Przykładowa, anna@zk.example",
        capacity=17,
    )
    sign_up(session, people.marek, event)
    for person in (people.ewa, people.marek):
        data = read(person).ask().data
        names = {line.partition(b":")[0].partition(b";")[0] for line in data.replace(b"\r\n ", b"").split(b"\r\n")}
        assert not names & {b"ATTENDEE", b"ORGANIZER", b"CONTACT", b"VALARM", b"CONFERENCE"}
        for secret in ("mailto:", "Osoba 1", "Anna", "Ewa Pokazowa", "spotkania.example", "17", person.email):
            assert secret not in data.replace(b"\r\n ", b"").decode(), secret


def unfolded(reader: Reader) -> str:
    return reader.ask().text.replace("\r\n ", "")


# --- how it is asked


def test_an_unchanged_feed_costs_one_statement_and_one_write_an_hour(
    session: Session, people: People, read: Callable[..., Reader], clock: time_machine.Traveller, query_count
) -> None:
    for number in range(3):
        make_event(session, people.marek, title=f"Nr {number}", visibility=INVITED)
    sign_up(session, people.marek, make_event(session, people.ewa, visibility=PARTNERS))
    reader = read(people.marek)
    etag = reader.ask().headers["ETag"]
    for pause, statements in ((0, 1), (59, 1), (1, 2), (1, 1)):
        clock.shift(timedelta(minutes=pause))
        with query_count() as asked:
            response = reader.ask(etag)
        assert (response.status_code, response.data) == (304, b"")
        assert len(asked) == statements, asked.asked


def test_the_first_answer_after_a_change_costs_three_statements(
    session: Session, people: People, read: Callable[..., Reader], query_count
) -> None:
    reader = read(people.marek)
    reader.ask()
    for number in range(3):
        make_event(session, people.marek, title=f"Nr {number}", visibility=INVITED)
        sign_up(session, people.marek, make_event(session, people.ewa, visibility=PARTNERS, title=f"S {number}"))
        with query_count() as asked:
            assert reader.ask().data.count(b"BEGIN:VEVENT") == 2 * number + 2
        assert len(asked) == 3, asked.asked


def test_transport_is_private_and_touches_no_cookie(
    session: Session, people: People, read: Callable[..., Reader]
) -> None:
    make_event(session, people.marek, visibility=INVITED)
    reader = read(people.marek)
    plain = reader.ask()
    assert plain.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert plain.headers["Cache-Control"] == "private, max-age=300, must-revalidate"
    assert plain.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["X-Robots-Tag"] == "noindex"
    assert plain.headers["Referrer-Policy"] == "same-origin"
    assert "Set-Cookie" not in plain.headers
    assert reader.ask(plain.headers["ETag"]).headers["Cache-Control"] == plain.headers["Cache-Control"]
    packed = reader.ask(Accept_Encoding="gzip")
    assert gzip.decompress(packed.data) == plain.data
    outlook = "Microsoft Office/16.0 (Microsoft Outlook 16.0; Pro)"
    assert reader.ask(Accept_Encoding="gzip", User_Agent=outlook).data == plain.data
    head = reader._browser.head(reader.path)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", plain.headers["ETag"])
    assert b"\r\nX-WR-CALNAME:Praca\r\n" in plain.data


def test_two_readings_are_the_same_and_each_right_has_its_own_name(
    session: Session, people: People, read: Callable[..., Reader], clock: time_machine.Traveller
) -> None:
    make_event(session, people.marek, visibility=INVITED)
    reader = read(people.piotr)
    first = reader.ask()
    clock.shift(timedelta(days=2))
    assert reader.ask().data == first.data
    membership = session.exec(select(Membership).where(Membership.user_id == people.piotr.user_id)).one()
    membership.role = Role.COORDINATOR
    session.flush()
    assert reader.ask(first.headers["ETag"]).status_code == 200


# --- when an address dies


def lose_membership(session: Session, people: People, _feed: CalendarFeed) -> None:
    row = session.exec(select(Membership).where(Membership.user_id == people.piotr.user_id)).one()
    row.ended_at = now()


def leave_and_return(session: Session, people: People, feed: CalendarFeed) -> None:
    lose_membership(session, people, feed)
    session.flush()
    later = now() + HOUR
    actor = Actor.system()
    people_actions.add_member(session, actor, people.piotr.user_id, people.mops.id or 0, Role.MEMBER, "", later)


def lock_account(session: Session, people: People, _feed: CalendarFeed) -> None:
    session.get_one(UserAccount, people.piotr.user_id).locked_at = now()


def revoke(session: Session, people: People, feed: CalendarFeed) -> None:
    actions.revoke(session, people.piotr.actor, feed, now())


def rotate(session: Session, people: People, feed: CalendarFeed) -> None:
    actions.rotate(session, people.piotr.actor, feed, now())


@pytest.mark.parametrize("end", [lose_membership, leave_and_return, lock_account, revoke, rotate])
def test_an_address_is_dead_at_once(
    session: Session,
    people: People,
    read: Callable[..., Reader],
    end: Callable[[Session, People, CalendarFeed], None],
) -> None:
    make_event(session, people.marek, visibility=INVITED)
    reader, other = read(people.piotr), read(people.marek)
    etag = reader.ask().headers["ETag"]
    feed = session.exec(select(CalendarFeed).where(CalendarFeed.user_id == people.piotr.user_id)).one()
    end(session, people, feed)
    session.flush()
    gone = reader.ask(etag)
    assert gone.status_code == 404
    assert gone.headers["Cache-Control"] == "no-store"
    unknown = Reader(reader._browser, "x" * 43).ask()
    assert (unknown.status_code, unknown.data) == (404, gone.data)
    assert other.ask().status_code == 200


def test_nothing_but_the_very_token_opens(session: Session, people: People, read: Callable[..., Reader]) -> None:
    reader = read(people.marek)
    token = reader.path.removeprefix("/kanaly/o/").removesuffix(".ics")
    for wrong in (token[:-1], token.swapcase(), token + "x", token_hash(token), "-", "%00", "ą"):
        assert Reader(reader._browser, wrong).ask().status_code == 404, wrong
    assert len(token) >= 43


def test_by_night_addresses_of_those_who_left_are_closed_and_then_forgotten(
    session: Session, people: People, read: Callable[..., Reader]
) -> None:
    read(people.piotr)
    read(people.marek)
    assert actions.close_ended(session, now()) == 0
    lose_membership(session, people, CalendarFeed.model_construct())
    session.flush()
    assert actions.close_ended(session, now()) == 1
    line = session.exec(select(AuditLine).where(AuditLine.verb == "calendar_feed.revoked")).one()
    assert line.details == {"reason": "membership_ended"}
    assert actions.close_ended(session, now() + timedelta(days=29)) == 0
    assert actions.close_ended(session, now() + timedelta(days=31)) == 1
    assert [feed.user_id for feed in session.exec(select(CalendarFeed)).all()] == [people.marek.user_id]


def test_by_night_feeds_that_fell_behind_are_raised(
    session: Session, people: People, read: Callable[..., Reader], clock: time_machine.Traveller
) -> None:
    event = make_event(session, people.ewa, title="szkolenie", visibility=PARTNERS)
    sign_up(session, people.marek, event)
    assert actions.catch_up(session, now()) == 1  # nothing of the centre's own has been written yet
    assert actions.catch_up(session, now()) == 0
    reader = read(people.marek)
    etag = reader.ask().headers["ETag"]
    clock.shift(HOUR)
    people.prison.name = "ZK Nowy"
    session.flush()
    assert calendar.follow_cards(session, [people.prison.id or 0], now()) == 1
    assert reader.ask(etag).status_code == 304
    assert actions.catch_up(session, now()) == 1
    assert "ZK Nowy" in reader.ask(etag).text.replace("\r\n ", "")
    assert actions.catch_up(session, now()) == 0


# --- the page


def address_on(client: Browser) -> str:
    page = client.see(OWN)
    found = page.by_id("kanal")
    assert page.main.all("a", href=found["value"].replace("http://", "webcal://"))
    return str(found["value"])


def test_an_address_is_made_shown_once_and_kept_as_a_hash(client: Browser, session: Session, people: People) -> None:
    make_event(session, people.marek, title="narada", visibility=INVITED)
    client.sign_in(people.marek)
    assert "Nie masz jeszcze żadnego kalendarza" in client.see(OWN).text
    assert client.post(OWN, data={"name": "Outlook w pracy"}).status_code == 303
    address = address_on(client)
    token = address.rpartition("/")[2].removesuffix(".ics")
    page = client.see(OWN)
    assert token not in page.text
    assert page.main.all("input", id="kanal") == []
    assert "Outlook w pracy" in page.text
    assert "jeszcze niepobrany" in page.text
    for table in metadata.sorted_tables:
        assert token not in repr(session.execute(table.select()).all()), table.name
    fetched = client.get(
        address.removeprefix("http://localhost"), headers={"User-Agent": "Mozilla/5.0 Thunderbird/140"}
    )
    assert "narada" in fetched.text
    assert "program: Thunderbird" in client.see(OWN).text


def test_another_address_replaces_the_first_and_revoking_ends_it(
    client: Browser, session: Session, people: People
) -> None:
    client.sign_in(people.piotr)
    client.post(OWN, data={"name": "Telefon", "busy": "y"})
    first = address_on(client).removeprefix("http://localhost")
    page = client.see(OWN)
    assert "tylko zajęte" in page.text
    feed_id = session.exec(select(CalendarFeed.id)).one()
    assert client.post(f"{OWN}/{feed_id}/nowy-adres", data={}).status_code == 303
    second = address_on(client).removeprefix("http://localhost")
    assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)
    assert client.post(f"{OWN}/{feed_id}/uniewaznij", data={}).status_code == 303
    assert "już nie działa" in client.see(OWN).text
    assert client.get(second).status_code == 404
    lines = select(AuditLine.verb).where(col(AuditLine.verb).startswith("calendar_feed")).order_by(col(AuditLine.id))
    verbs = session.exec(lines).all()
    assert list(verbs) == ["calendar_feed.made", "calendar_feed.rotated", "calendar_feed.revoked"]


def test_another_persons_calendar_is_not_there(client: Browser, session: Session, people: People) -> None:
    feed, _token = actions.make(session, people.marek.actor, "Moje", now(), busy=False)
    client.sign_in(people.piotr)
    assert "Moje" not in client.see(OWN).text
    for act in ("nowy-adres", "uniewaznij"):
        assert client.post(f"{OWN}/{feed.id}/{act}", data={}).status_code == 404
    session.refresh(feed)
    assert feed.revoked_at is None


def test_ten_addresses_are_the_most(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.marek)
    for number in range(rules.MOST):
        assert client.post(OWN, data={"name": f"Nr {number}"}).status_code == 303
    assert not client.see(OWN).main.all("input", id="name")
    refused = client.post(OWN, data={"name": "jedenasty"})
    assert refused.status_code == 422
    assert "Masz już 10 adresów" in refused.text
    assert len(session.exec(select(CalendarFeed)).all()) == rules.MOST


def test_a_name_is_needed_and_offices_have_none(client: Browser, session: Session, people: People) -> None:
    client.sign_in(people.marek)
    refused = client.post(OWN, data={"name": "", "busy": "y"})
    assert refused.status_code == 422
    assert "Nazwij kalendarz" in refused.text
    client.sign_in(people.wanda)
    assert "Teraz nie działasz w imieniu żadnej" in client.see(OWN).text
    assert client.post(OWN, data={"name": "x"}).status_code == 403
    assert session.exec(select(CalendarFeed)).all() == []


def test_a_fault_writes_no_token_into_the_log(
    app: Flask, session: Session, people: People, read: Callable[..., Reader], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = read(people.marek)
    token = reader.path.removeprefix("/kanaly/o/").removesuffix(".ics")

    def fail(*_args: object) -> None:
        raise RuntimeError(reader.path)

    monkeypatch.setattr(queries, "kept", fail)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    try:
        answer = reader.ask()
    finally:
        logging.getLogger().removeHandler(handler)
    assert answer.status_code == 500
    assert "/kanaly/o/…" in json.loads(written.getvalue().splitlines()[0])["trace"]
    assert token not in written.getvalue()


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Google-Calendar-Importer", "Google"),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)", "Outlook"),
        ("iOS/18.1 (22B83) dataaccessd/1.0", "iPhone, iPad"),
        ("macOS/15.1 (24B83) CalendarAgent/1089", "Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.5", "Thunderbird"),
        ("ICSx5/2.3 (org.example; okhttp)", "ICSx5"),
        ("NextBestCalendar/7 (device 4711; anna@example.org)", "NextBestCalendar"),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
def test_programs_are_named_and_nothing_more_is_kept(agent: str, name: str) -> None:
    assert rules.client_of(agent) == name


def test_public_feeds_know_nothing_of_it(
    client: Browser, session: Session, people: People, read: Callable[..., Reader]
) -> None:
    make_event(session, people.marek, title="wewnętrzne", visibility=INVITED)
    make_event(session, people.marek, title="otwarte", visibility=Visibility.PUBLIC)
    assert read(people.marek).titles() == ["otwarte", "wewnętrzne"]
    for path in ("/kanaly/publiczny.ics", f"/kanaly/i/{people.mops.slug}.ics"):
        data = client.get(path).data
        assert (b"otwarte" in data, "wewnętrzne".encode() in data) == (True, False)
    kinds = set(session.exec(select(FeedState.kind)).all())
    assert kinds == {FeedKind.PUBLIC, FeedKind.INSTITUTION, FeedKind.INNER}
