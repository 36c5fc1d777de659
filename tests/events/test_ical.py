import email
import email.policy
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
import vobject

from app import warsaw
from events import ical
from events.ical import CalendarItem

ITEM = CalendarItem(
    uid="0b6a0f3e-8a4e-4c52-9d0a-0d8b3d4e2c11@kladka.example",
    sequence=2,
    title="Spotkanie grupowe z pracownikiem socjalnym",
    description="Świadczenia po zwolnieniu.\nProsimy o punktualność.",
    location="Zakład Karny w Kładkowie (pokazowy)\nul. Mostowa 1, 66-600 Kładkowo",
    url="https://kladka.example/wydarzenia/0b6a0f3e-8a4e-4c52-9d0a-0d8b3d4e2c11",
    starts_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
    ends_at=datetime(2026, 11, 24, 11, tzinfo=UTC),
    all_day=False,
    local_date_start=date(2026, 11, 24),
    local_date_end=date(2026, 11, 24),
    created=datetime(2026, 10, 1, 8, 30, 15, 987654, tzinfo=UTC),
    modified=datetime(2026, 10, 5, 12, 0, 59, 1, tzinfo=UTC),
    categories=("Spotkanie grupowe", "dane przykładowe"),
)
NASTY = (
    "a;b,c\\d",
    "C:\\Nowy folder\\nic",
    'cudzysłów "prosty" i „polski”',
    "wiersz\nnowy",
    "wiersz\r\nATTENDEE:mailto:obcy@example.org",
    "wiersz\rORGANIZER:mailto:obcy@example.org",
    "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR",
    "NUL\x00 BEL\x07 ESC\x1b RS\x1e DEL\x7f",
    "VT\x0bFF\x0c",
    "NEL\u0085LS\u2028PS\u2029",
    "lone \ud800 surrogate",
    "\ufeffBOM",
    "zażółć gęślą jaźń 🌉",
    "a\u0301 combining",
    "\u202eodwrócone\u202c",
    "{{7*7}} <b>x</b> %s %(a)s",
    "=HYPERLINK(1)",
    "BEGIN:VALARM",
    "mailmailto:to:a@example.org",
    "\\",
    "\\;\\,\\n\\N",
    "x" * 300,
    "ł" * 300,
)


def parsed(text: bytes) -> icalendar.Event:
    whole = icalendar.Calendar.from_ical(ical.calendar("Próba", [text]))
    assert isinstance(whole, icalendar.Calendar)
    assert whole.errors == []
    (event,) = whole.events
    assert event.errors == []
    return event


def seen_by_vobject(text: bytes):
    whole = vobject.readOne(ical.calendar("Próba", [text]).decode())
    assert [child.name for child in whole.components()] == ["VTIMEZONE", "VEVENT"]
    return whole.vevent


def unfolded(text: bytes) -> list[str]:
    return text.replace(b"\r\n ", b"").decode().removesuffix("\r\n").split("\r\n")


def test_vevent_holds_what_a_calendar_needs():
    assert sorted(unfolded(ical.vevent(ITEM))) == sorted(
        [
            "BEGIN:VEVENT",
            "UID:0b6a0f3e-8a4e-4c52-9d0a-0d8b3d4e2c11@kladka.example",
            "SEQUENCE:2",
            "DTSTAMP:20261005T120059Z",
            "CREATED:20261001T083015Z",
            "LAST-MODIFIED:20261005T120059Z",
            "DTSTART;TZID=Europe/Warsaw:20261124T100000",
            "DTEND;TZID=Europe/Warsaw:20261124T120000",
            "SUMMARY:Spotkanie grupowe z pracownikiem socjalnym",
            "STATUS:CONFIRMED",
            "LOCATION:Zakład Karny w Kładkowie (pokazowy)\\, ul. Mostowa 1\\, 66-600 Kładkowo",
            "CATEGORIES:Spotkanie grupowe",
            "CATEGORIES:dane przykładowe",
            "URL:https://kladka.example/wydarzenia/0b6a0f3e-8a4e-4c52-9d0a-0d8b3d4e2c11",
            f"DESCRIPTION:Świadczenia po zwolnieniu.\\nProsimy o punktualność.\\n\\n{ITEM.url}",
            "END:VEVENT",
        ]
    )


def test_uid_is_uuid_at_host():
    assert ical.uid(UUID("0b6a0f3e-8a4e-4c52-9d0a-0d8b3d4e2c11"), "kladka.example") == ITEM.uid


def test_all_day_has_dates_an_exclusive_end_and_blocks_no_time():
    item = replace(ITEM, all_day=True, local_date_start=date(2026, 3, 28), local_date_end=date(2026, 3, 29))
    lines = unfolded(ical.vevent(item))
    assert "DTSTART;VALUE=DATE:20260328" in lines
    assert "DTEND;VALUE=DATE:20260330" in lines
    assert "TRANSP:TRANSPARENT" in lines
    assert parsed(ical.vevent(item)).start == date(2026, 3, 28)
    assert seen_by_vobject(ical.vevent(item)).dtend.value == date(2026, 3, 30)


def test_cancelled_says_so_in_status_and_title():
    event = parsed(ical.vevent(replace(ITEM, cancelled=True, sequence=3)))
    assert (event["status"], event["sequence"], event["transp"]) == ("CANCELLED", 3, "TRANSPARENT")
    assert event["summary"] == "ODWOŁANE: Spotkanie grupowe z pracownikiem socjalnym"


def test_no_empty_property_is_written():
    text = ical.vevent(replace(ITEM, description=" \n", location="\r\n", url="", categories=("", " "), title="T"))
    assert all(line.partition(":")[2] for line in unfolded(text))
    assert not {"LOCATION", "DESCRIPTION", "URL", "CATEGORIES", "CONFERENCE"} & set(parsed(text))


def test_online_address_stands_as_conference_and_in_the_description():
    item = replace(ITEM, conference="https://spotkania.example/abc?d=1,2;3")
    event = parsed(ical.vevent(item))
    assert event["conference"] == "https://spotkania.example/abc?d=1,2;3"
    assert event["conference"].params["VALUE"] == "URI"
    lines = str(event["description"]).split("\n")
    assert lines[-3:] == ["https://spotkania.example/abc?d=1,2;3", "", ITEM.url]


@pytest.mark.parametrize("text", NASTY)
def test_nasty_text_stays_in_its_property(text):
    item = replace(
        ITEM, title=text, description=text, location=text, categories=(text,), url=f"https://k.example/{text}"
    )
    item = replace(item, conference=item.url)
    written = ical.vevent(item)
    names = {line.partition(":")[0].partition(";")[0] for line in unfolded(written)}
    assert names == {
        *("BEGIN", "UID", "SEQUENCE", "DTSTAMP", "CREATED", "LAST-MODIFIED", "DTSTART", "DTEND", "SUMMARY", "STATUS"),
        *("LOCATION", "CATEGORIES", "URL", "CONFERENCE", "DESCRIPTION", "END"),
    }
    assert b"mailto:" not in written.lower()
    assert not set(written.replace(b"\r\n", b"")) & set(range(0x20)) - {0x09}
    event, other = parsed(written), seen_by_vobject(written)
    assert str(event["summary"]) == other.summary.value
    assert str(event["location"]) == other.location.value
    assert str(event["description"]) == other.description.value
    assert "\n" not in str(event["summary"]) + str(event["location"])
    assert "attendee" not in event
    assert "organizer" not in event


@pytest.mark.parametrize("text", ["a;b,c\\d", "C:\\Nowy folder\\nic", "\\;\\,\\n\\N", 'x "y" „z”', "zażółć 🌉"])
def test_harmless_text_comes_back_as_it_was(text):
    event, other = (
        parsed(ical.vevent(replace(ITEM, title=text))),
        seen_by_vobject(ical.vevent(replace(ITEM, title=text))),
    )
    assert str(event["summary"]) == text
    assert other.summary.value == text


@pytest.mark.parametrize("offset", range(60, 77))
def test_polish_letters_at_the_fold_edge(offset):
    for letters in ("ąęłńóśźż", "🌉🌉", "a\\b;c,d", "–„”…"):
        title = "x" * (offset - len("SUMMARY:")) + letters * 20
        written = ical.vevent(replace(ITEM, title=title, description=title, location=title))
        assert max(map(len, written.split(b"\r\n"))) <= 75
        for line in written.split(b"\r\n"):
            line.decode()
        assert b"\n" not in written.replace(b"\r\n", b"")
        assert str(parsed(written)["summary"]) == seen_by_vobject(written).summary.value == title


def test_random_polish_text_survives_both_readers():
    chance = random.Random(7)
    for _ in range(60):
        title = "".join(chance.choices("aąbcćeęlłnńoósśzźż  ;,\\N\"'–„”🌉", k=chance.randint(1, 160))).strip() or "x"
        title = " ".join(title.split())
        written = ical.vevent(replace(ITEM, title=title))
        assert str(parsed(written)["summary"]) == seen_by_vobject(written).summary.value == title


def test_the_same_item_gives_the_same_bytes():
    assert ical.vevent(ITEM) == ical.vevent(replace(ITEM, title=ITEM.title + " ")) == ical.vevent(ITEM)
    assert ical.header("Kładka") == ical.header("Kładka")


# --- the calendar around them


def test_feed_names_itself_its_zone_and_how_often_to_ask():
    lines = unfolded(ical.header("Kładka – wydarzenia publiczne", "Terminy; dla wszystkich"))
    assert lines[:5] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Kladka//Kladka//PL",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    assert set(lines) >= {
        "NAME:Kładka – wydarzenia publiczne",
        "X-WR-CALNAME:Kładka – wydarzenia publiczne",
        "DESCRIPTION:Terminy\\; dla wszystkich",
        "X-WR-CALDESC:Terminy\\; dla wszystkich",
        "X-WR-TIMEZONE:Europe/Warsaw",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        "COLOR:teal",
    }
    assert not [line for line in lines if line.endswith(":")]


@pytest.mark.parametrize("text", NASTY)
def test_nasty_name_stays_in_its_property(text):
    whole = ical.calendar(text, [], description=text)
    names = [line.partition(":")[0].partition(";")[0] for line in unfolded(whole)]
    assert names.count("NAME") == names.count("X-WR-CALNAME") == names.count("DESCRIPTION") == 1
    assert not {"ATTENDEE", "ORGANIZER", "BEGIN:VALARM"} & set(names)
    assert (names.count("BEGIN"), names.count("END")) == (4, 4)
    written = {name: value for name, _, value in (line.partition(":") for line in unfolded(whole))}
    assert written["NAME"] == written["X-WR-CALNAME"]
    assert vobject.readOne(whole.decode()).vtimezone.tzid.value == "Europe/Warsaw"
    assert icalendar.Calendar.from_ical(whole).errors == []


def test_calendar_is_what_the_library_would_write():
    other = replace(ITEM, uid="x@kladka.example", title="Drugie")
    whole = ical.calendar("Próba", [ical.vevent(ITEM), ical.vevent(other)])
    assert whole.endswith(b"END:VEVENT\r\nEND:VCALENDAR\r\n")
    assert whole.count(b"BEGIN:VCALENDAR") == 1
    assert not whole.startswith("\ufeff".encode())
    again = icalendar.Calendar.from_ical(whole)
    assert isinstance(again, icalendar.Calendar)
    assert [str(event["summary"]) for event in again.events] == [ITEM.title, "Drugie"]
    assert again.to_ical().count(b"\r\n") == whole.count(b"\r\n")


def test_publication_asks_nobody_for_an_answer():
    for item in (ITEM, replace(ITEM, cancelled=True, sequence=3)):
        text = ical.publication(item)
        calendar = icalendar.Calendar.from_ical(text)
        assert isinstance(calendar, icalendar.Calendar)
        assert calendar["method"] == "PUBLISH"
        assert {"x-wr-calname", "name", "refresh-interval"} & {key.lower() for key in calendar} == set()
        (event,) = calendar.events
        assert {"attendee", "organizer"} & {key.lower() for key in event} == set()
        assert event["status"] == ("CANCELLED" if item.cancelled else "CONFIRMED")
        assert event["uid"] == ITEM.uid
        assert "VALARM" not in text


def test_publication_keeps_its_line_ends_in_a_mail():
    text = ical.publication(ITEM)
    message = EmailMessage(policy=email.policy.SMTP)
    message.set_content("Termin w załączniku.")
    message.add_attachment(text.encode(), maintype="text", subtype="calendar", filename="wydarzenie.ics", cte="base64")
    back = email.message_from_bytes(message.as_bytes(), policy=email.policy.SMTP)
    (part,) = back.iter_attachments()
    assert part.get_payload(decode=True) == text.encode()


# --- time


def transitions(year: int) -> set[tuple[datetime, timedelta]]:
    zone, found = ZoneInfo("Europe/Warsaw"), set()
    instant = datetime(year, 1, 1, tzinfo=UTC)
    while instant.year == year:
        after = instant + timedelta(hours=1)
        if instant.astimezone(zone).utcoffset() != (offset := after.astimezone(zone).utcoffset()):
            assert offset is not None
            found.add((after, offset))
        instant = after
    return found


def test_vtimezone_agrees_with_zoneinfo():
    # If the EU gives up summer time, this fails and the constant has to follow.
    zone = vobject.readOne(ical.calendar("x", []).decode()).vtimezone.tzinfo
    component = icalendar.Timezone.from_ical(ical.VTIMEZONE)
    assert isinstance(component, icalendar.Timezone)
    second = component.to_tz()
    for year in range(2026, 2032):
        for instant, offset in transitions(year):
            for hours in (-3, -2, 2, 3):
                wall = warsaw.to_local(instant + timedelta(hours=hours)).replace(tzinfo=None)
                expected = offset if hours > 0 else warsaw.to_local(instant - timedelta(hours=1)).utcoffset()
                assert zone.utcoffset(wall) == expected
                assert second.utcoffset(wall) == expected
        assert len(transitions(year)) == 2


@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)])
@pytest.mark.parametrize("hours", [(0, 1), (1, 4), (3, 5), (4, 6), (10, 12), (17, 19), (22, 30)])
def test_events_around_the_clock_changes_keep_their_instants(day, hours):
    start, end = (
        warsaw.to_utc(datetime(day.year, day.month, day.day) + timedelta(hours=hour))  # noqa: DTZ001 - wall time
        for hour in hours
    )
    written = ical.vevent(replace(ITEM, starts_at=start, ends_at=end))
    event, other = parsed(written), seen_by_vobject(written)
    assert isinstance(event.start, datetime)
    assert isinstance(event.end, datetime)
    assert (event.start.astimezone(UTC), event.end.astimezone(UTC)) == (start, end)
    assert (other.dtstart.value.astimezone(UTC), other.dtend.value.astimezone(UTC)) == (start, end)
    whole = icalendar.Calendar.from_ical(ical.calendar("x", [written]))
    (third,) = recurring_ical_events.of(whole).between(start - timedelta(days=2), end + timedelta(days=2))
    assert (third.start.astimezone(UTC), third.end.astimezone(UTC)) == (start, end)
