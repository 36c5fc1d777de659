"""iCalendar text: one VEVENT from one CalendarItem, and the calendar around stored VEVENTs. Pure."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote
from uuid import UUID

from icalendar import Calendar, Component, Event, vRecur, vText, vUri

from app import warsaw
from app.text import clean

RENDER = 2
"""Raised whenever the code below writes other text than before: part of every ETag; `kladka db upgrade` rebuilds."""

CANCELLED_PREFIX = "ODWOŁANE: "
BUSY = "Zajęte"
REFRESH = "PT1H"
COLOR = "teal"
COLOR_HEX = "#1B5E56"
_PRODID = "-//Kladka//Kladka//PL"
_END = b"END:VCALENDAR\r\n"
_SPACES = re.compile(r"\s+")
_LINES = re.compile(r"\s*\n\s*")
# RFC 3986, 2.2 and 2.3, and the percent sign of what is encoded already.
_IN_ADDRESS = "%:/?#[]@!$&'()*+,;=-._~"
# A property with the lines it is folded into, in text that we wrote ourselves.
_PROPERTY = re.compile(rb"([A-Z-]+)[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")
_EVENT = re.compile(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", re.DOTALL)
_FOLD = b"\r\n "
_FOLDED_AT = 75
# What stays of an event of which nothing may be told but that somebody is busy: the list of what may, not of what not.
_OF_BUSY = frozenset(
    {
        b"BEGIN", b"DTSTART", b"DTEND", b"DTSTAMP", b"UID", b"RECURRENCE-ID", b"SEQUENCE", b"RRULE", b"EXDATE",
        b"CREATED", b"LAST-MODIFIED", b"STATUS", b"TRANSP", b"END",
    }
)  # fmt: skip
_OF_SERIES = frozenset({b"RRULE", b"EXDATE", b"RECURRENCE-ID", b"RELATED-TO"})
# Feeds hold no address of a person as a link; a typed address stays readable text.
_MAILTO = re.compile(r"mailto:", re.IGNORECASE)

# A constant, because what icalendar 7.3 generates puts summer onsets at the wrong local hour and ends in 2038, and
# Outlook takes one yearly rule per observance only. RFC 5545, 3.6.5: DTSTART in local time of TZOFFSETFROM.
VTIMEZONE = b"\r\n".join(
    (
        b"BEGIN:VTIMEZONE",
        b"TZID:Europe/Warsaw",
        b"BEGIN:DAYLIGHT",
        b"TZOFFSETFROM:+0100",
        b"TZOFFSETTO:+0200",
        b"TZNAME:CEST",
        b"DTSTART:19700329T020000",
        b"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        b"END:DAYLIGHT",
        b"BEGIN:STANDARD",
        b"TZOFFSETFROM:+0200",
        b"TZOFFSETTO:+0100",
        b"TZNAME:CET",
        b"DTSTART:19701025T030000",
        b"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
        b"END:STANDARD",
        b"END:VTIMEZONE",
        b"",
    )
)


@dataclass(frozen=True, slots=True)
class CalendarItem:
    """What a calendar may know of one date, or of a series: no persons, no sign-ups.

    *starts_at* and *ends_at* are aware UTC instants and are not read for *all_day*, which takes
    *local_date_start* and *local_date_end* instead (Warsaw dates, the last day included). *modified* is the time of
    the last change and becomes DTSTAMP too. *conference* is an online address: given only for those who take part.
    A series is a master with its *rule* (RRULE text, whose first date it is itself) and the Warsaw wall times of dates
    that were taken out (*left_out*), and one item for each date that differs, with the wall time at which the rule
    has it (*replaces*: RECURRENCE-ID). *continues* is the UID of the series of which it is a part.
    """

    uid: str
    sequence: int
    title: str
    description: str
    location: str
    url: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    local_date_start: date
    local_date_end: date
    created: datetime
    modified: datetime
    cancelled: bool = False
    categories: tuple[str, ...] = ()
    conference: str = ""
    rule: str = ""
    left_out: tuple[datetime, ...] = ()
    replaces: datetime | None = None
    continues: str = ""


class _Text(vText):
    r"""A TEXT value escaped after RFC 5545, 3.3.11 (icalendar 7.3 turns a typed \N, as in C:\Nowy, into a newline)."""

    def to_ical(self) -> bytes:
        escaped = self.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return escaped.encode()


def uid(event_uuid: UUID, hostname: str) -> str:
    """Give the UID of an event: the same in every feed, download and mail, for ever."""
    return f"{event_uuid}@{hostname}"


def vevent(item: CalendarItem) -> bytes:
    """Write *item* as one VEVENT: folded at 75 octets, CRLF ends, no empty property."""
    event = Event()
    event.add("uid", _Text(_one_line(item.uid)))
    event.add("sequence", item.sequence)
    event.add("dtstamp", item.modified)
    event.add("created", item.created)
    event.add("last-modified", item.modified)
    if item.all_day:
        event.add("dtstart", item.local_date_start)
        # RFC 5545, 3.6.1: DTEND of a date is the day after the last one.
        event.add("dtend", item.local_date_end + timedelta(days=1))
    else:
        event.add("dtstart", warsaw.to_local(item.starts_at))
        event.add("dtend", warsaw.to_local(item.ends_at))
    if item.replaces is not None:
        event.add("recurrence-id", _wall(item.replaces, all_day=item.all_day))
    if item.rule:
        event.add("rrule", vRecur.from_ical(item.rule))
    for wall in item.left_out:  # a line each: RFC 5545 allows lists, some programs read the first one only
        event.add("exdate", _wall(wall, all_day=item.all_day))
    if item.continues:
        event.add("related-to", _Text(_one_line(item.continues)))
    title = _one_line(item.title)
    _add_text(event, "summary", CANCELLED_PREFIX + title if item.cancelled else title)
    event.add("status", "CANCELLED" if item.cancelled else "CONFIRMED")
    if item.all_day or item.cancelled:
        event.add("transp", "TRANSPARENT")
    _add_text(event, "location", _one_line(_LINES.sub(", ", clean(item.location).strip())))
    for category in item.categories:
        _add_text(event, "categories", _one_line(category))
    conference, url = _address(item.conference), _address(item.url)
    if conference:
        event.add("conference", vUri(conference, params={"VALUE": "URI", "FEATURE": "VIDEO", "LABEL": "Online"}))
    if url:
        event.add("url", vUri(url))
    # Some programs show neither CONFERENCE nor URL, all show the description: the page's link stands last.
    _add_text(event, "description", "\n\n".join(part for part in (_plain(item.description), conference, url) if part))
    text: bytes = event.to_ical()
    return text


def vevents(items: Iterable[CalendarItem]) -> bytes:
    """Write a single event, or a series: its master and then the dates that differ, one VEVENT each."""
    return _written(tuple(items))


@lru_cache(maxsize=8)
def _written(items: tuple[CalendarItem, ...]) -> bytes:
    # One change writes the same text for everybody and for those concerned.
    return b"".join(vevent(item) for item in items)


def busy(text: bytes) -> bytes:
    """Take out of stored VEVENTs all but their times: whoever reads them learns that somebody is busy, and not why."""
    return b"".join(_busy(event) for event in _EVENT.findall(text))


def _busy(event: bytes) -> bytes:
    title = CANCELLED_PREFIX + BUSY if b"\r\nSTATUS:CANCELLED\r\n" in event else BUSY
    summary = f"SUMMARY:{title}\r\n".encode()
    kept = (summary if one[1] == b"SUMMARY" else one[0] for one in _PROPERTY.finditer(event) if _stays(one[1]))
    return b"".join(kept)


def _stays(name: bytes) -> bool:
    return name in _OF_BUSY or name == b"SUMMARY"


@dataclass(frozen=True, slots=True)
class SingleDate:
    """One date of a series: the wall time *replaces* that its rule gives it, and when it really begins and ends."""

    replaces: datetime
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False


def alone(text: bytes, dates: Collection[SingleDate]) -> bytes:
    """Take single *dates* out of the stored VEVENTs of a series, each as an event of its own.

    For those who come on some dates of a series: the series would fill their calendar with all the others. The UID of
    a date is that of the series with the wall time of its rule, which stays when the date is moved.
    """
    events = _EVENT.findall(text)
    master = next((event for event in events if b"\r\nRECURRENCE-ID" not in event), b"")
    return b"".join(_alone(master, events, one) for one in dates) if master else b""


def _alone(master: bytes, events: Iterable[bytes], date: SingleDate) -> bytes:
    stamp = _stamp(date.replaces, all_day=date.all_day)
    own = re.compile(rb"\r\nRECURRENCE-ID[^\r\n]*:" + stamp + rb"\r\n")
    event = next((one for one in events if own.search(one)), None)
    parts = []
    for found in _PROPERTY.finditer(event or master):
        name, line = found[1], found[0]
        if name in _OF_SERIES:
            continue
        if name == b"UID":
            uid, _at, host = line.replace(_FOLD, b"").rstrip().partition(b"@")
            line = _folded(uid + b"-" + stamp + b"@" + host)
        elif event is None and name in (b"DTSTART", b"DTEND"):
            instant = date.starts_at if name == b"DTSTART" else date.ends_at
            wall = _stamp(warsaw.to_local(instant), all_day=date.all_day)
            line = line.rstrip().rpartition(b":")[0] + b":" + wall + b"\r\n"
        parts.append(line)
    return b"".join(parts)


def _stamp(wall: datetime, *, all_day: bool) -> bytes:
    return wall.strftime("%Y%m%d" if all_day else "%Y%m%dT%H%M%S").encode()


def _folded(line: bytes) -> bytes:
    # For ASCII alone: a fold within a letter of two octets would break it.
    first, rest = line[:_FOLDED_AT], line[_FOLDED_AT:]
    lines = [first, *(rest[at : at + _FOLDED_AT - 1] for at in range(0, len(rest), _FOLDED_AT - 1))]
    return _FOLD.join(lines) + b"\r\n"


def header(name: str, description: str = "") -> bytes:
    """Write the head of a feed called *name*, VTIMEZONE included, up to where the first VEVENT begins."""
    calendar = _calendar("PUBLISH")
    for key in ("name", "x-wr-calname"):
        _add_text(calendar, key, _one_line(name))
    for key in ("description", "x-wr-caldesc"):
        _add_text(calendar, key, _plain(description))
    calendar.add("x-wr-timezone", warsaw.ZONE_NAME)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", REFRESH)
    calendar.add("color", COLOR)
    calendar.add("x-apple-calendar-color", COLOR_HEX)
    return _head(calendar)


def calendar(name: str, vevents: Iterable[bytes], *, method: str = "PUBLISH", description: str = "") -> bytes:
    """Join stored *vevents* into one VCALENDAR.

    With a *name* it is a feed; without one (one event to be imported) it names no calendar, because some programs
    would make a new calendar of that name.
    """
    head = header(name, description) if name else _nameless_head(method)
    return b"".join((head, *vevents, _END))


@lru_cache(maxsize=256)
def publication(*items: CalendarItem) -> str:
    """Write an event (*items* as vevents takes them) as a calendar of its own for a mail's attachment or a download.

    Everybody who signs up gets the same text until the event changes, so the last ones are remembered.

    METHOD:PUBLISH without ORGANIZER and ATTENDEE: the portal reads no answers by mail, so none is asked for
    (RFC 5546, 3.2.1). A cancelled item carries STATUS:CANCELLED and, from its row, a raised SEQUENCE.
    """
    return calendar("", [vevents(items)]).decode()


def _wall(wall: datetime, *, all_day: bool) -> date:
    # EXDATE and RECURRENCE-ID: same type and same TZID as DTSTART, or programs drop the event.
    return wall.date() if all_day else wall.replace(tzinfo=warsaw.ZONE)


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", _PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


@lru_cache(maxsize=8)
def _nameless_head(method: str) -> bytes:
    return _head(_calendar(method))


def _head(calendar: Calendar) -> bytes:
    text: bytes = calendar.to_ical()
    return text.removesuffix(_END) + VTIMEZONE


def _add_text(component: Component, key: str, text: str) -> None:
    # Empty properties are errors to libical.
    if text:
        component.add(key, _Text(text))


def _one_line(text: str) -> str:
    return _SPACES.sub(" ", _MAILTO.sub(" ", clean(text))).strip()


def _plain(text: str) -> str:
    return _MAILTO.sub(" ", clean(text)).strip()


def _address(text: str) -> str:
    return _MAILTO.sub("mailto%3A", quote(_SPACES.sub("", clean(text)), safe=_IN_ADDRESS))
