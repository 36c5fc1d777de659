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
from events.ical import CalendarItem, SingleDate

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


# --- mere times, and single dates of a series


def walls(day: date, hours: tuple[float, float], number: int) -> list[tuple[datetime, datetime]]:
    """Give the hours of weekly dates as instants: the wall time stays, whatever the clocks do."""
    spans = []
    for week in range(number):
        start, end = (
            datetime(day.year, day.month, day.day) + timedelta(weeks=week, hours=hour)  # noqa: DTZ001 - wall time
            for hour in hours
        )
        spans.append((warsaw.to_utc(start), warsaw.to_utc(end)))
    return spans


def expanded(text: bytes) -> list[tuple[datetime, datetime]]:
    """Let a second engine say when the events of *text* are."""
    whole = icalendar.Calendar.from_ical(ical.calendar("x", [text]))
    found = recurring_ical_events.of(whole).between(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC))
    return sorted((one.start.astimezone(UTC), one.end.astimezone(UTC)) for one in found)


@pytest.mark.parametrize("first", [date(2026, 3, 15), date(2026, 3, 17), date(2026, 10, 11), date(2026, 10, 13)])
@pytest.mark.parametrize("hours", [(0.5, 1.5), (4, 6), (10, 12), (22, 23.5)])
def test_mere_times_and_single_dates_keep_their_hours_over_the_clock_changes(first, hours):
    spans = walls(first, hours, 4)
    whole = replace(ITEM, starts_at=spans[0][0], ends_at=spans[0][1], rule="FREQ=WEEKLY;COUNT=4")
    text = ical.vevents([whole])
    assert expanded(text) == expanded(ical.busy(text)) == spans
    for chosen in ([0], [1, 2], [3]):
        dates = [
            SingleDate(warsaw.to_local(spans[number][0]).replace(tzinfo=None), *spans[number]) for number in chosen
        ]
        single = ical.alone(text, dates)
        assert expanded(single) == expanded(ical.busy(single)) == [spans[number] for number in chosen]
        other = vobject.readOne(ical.calendar("x", [single]).decode()).vevent_list
        assert [one.dtstart.value.astimezone(UTC) for one in other] == [spans[number][0] for number in chosen]


def test_mere_times_keep_dates_that_were_taken_out_moved_or_cancelled():
    spans = walls(date(2026, 10, 13), (10, 12), 4)
    stands = [warsaw.to_local(start).replace(tzinfo=None) for start, _end in spans]
    whole = replace(
        ITEM,
        starts_at=spans[0][0],
        ends_at=spans[0][1],
        rule="FREQ=WEEKLY;COUNT=4",
        left_out=(stands[1],),
        continues="x@kladka.example",
        conference="https://spotkania.example/tajne",
    )
    later = timedelta(hours=3)
    moved = replace(whole, rule="", left_out=(), replaces=stands[2], starts_at=spans[2][0] + later)
    moved = replace(moved, ends_at=spans[2][1] + later, sequence=9)
    gone = replace(whole, rule="", left_out=(), replaces=stands[3], starts_at=spans[3][0], ends_at=spans[3][1])
    text = ical.vevents([whole, moved, replace(gone, cancelled=True)])
    assert expanded(ical.busy(text)) == expanded(text)
    lines = unfolded(ical.busy(text))
    assert lines.count("STATUS:CANCELLED") == lines.count("SUMMARY:ODWOŁANE: Zajęte") == 1
    assert lines.count("SUMMARY:Zajęte") == 2
    told = {line.partition(":")[0].partition(";")[0] for line in lines}
    assert not told & {"LOCATION", "DESCRIPTION", "CATEGORIES", "URL", "CONFERENCE", "RELATED-TO"}
    single = ical.alone(text, [SingleDate(stands[2], spans[2][0] + later, spans[2][1] + later)])
    (entry,) = icalendar.Calendar.from_ical(ical.calendar("x", [single])).walk("VEVENT")
    assert expanded(single) == [(spans[2][0] + later, spans[2][1] + later)]
    assert (entry["SEQUENCE"], entry["UID"]) == (9, ITEM.uid.replace("@", "-20261027T100000@"))
    assert not {"RRULE", "EXDATE", "RECURRENCE-ID", "RELATED-TO"} & set(entry)


@pytest.mark.parametrize("text", NASTY)
def test_mere_times_let_nothing_through_whatever_was_typed(text):
    item = replace(ITEM, title=f"{text} SUMMARY", description=f"{text}\nUID:x", location=f"STATUS:{text}")
    lines = unfolded(ical.busy(ical.vevent(item)))
    assert lines == [*unfolded(ical.busy(ical.vevent(ITEM)))]
    assert lines.count("SUMMARY:Zajęte") == 1


def test_single_dates_of_whole_days_and_long_uids_are_folded_rightly():
    item = replace(ITEM, uid=f"{ITEM.uid}.{'lang' * 12}.example", all_day=True, rule="FREQ=WEEKLY;COUNT=3")
    text = ical.vevents([item])
    day = datetime(2026, 12, 1)  # noqa: DTZ001 - wall time
    span = warsaw.to_utc(day), warsaw.to_utc(day + timedelta(days=1))
    single = ical.alone(text, [SingleDate(day, *span, all_day=True)])
    assert max(map(len, single.split(b"\r\n"))) <= 75
    entry = parsed(single)
    assert (entry.start, entry.end) == (date(2026, 12, 1), date(2026, 12, 2))
    assert entry["UID"] == item.uid.replace("@", "-20261201@")
    assert ical.alone(b"", [SingleDate(day, *span)]) == b""
