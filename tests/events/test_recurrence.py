"""Rules, their dates, their text and their sentence: dates written by hand, and a second engine that must agree."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from app import warsaw
from events import ical, recurrence
from events.ical import CalendarItem
from events.recurrence import Freq, Rule

# Rule, first date, and its dates as a person reads them off a calendar.
TABLE = [
    ("FREQ=WEEKLY;COUNT=5;BYDAY=TU", "2026-12-01", "2026-12 1 8 15 22 29"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU", "2026-12-01", "2026-12 1 15 29, 2027-01 12"),
    ("FREQ=WEEKLY;INTERVAL=3;COUNT=4;BYDAY=TU", "2026-12-01", "2026-12 1 22, 2027-01 12, 2027-02 2"),
    ("FREQ=WEEKLY;INTERVAL=4;COUNT=4;BYDAY=TU", "2026-12-01", "2026-12 1 29, 2027-01 26, 2027-02 23"),
    ("FREQ=WEEKLY;INTERVAL=6;COUNT=3;BYDAY=TU", "2026-12-01", "2026-12 1, 2027-01 12, 2027-02 23"),
    ("FREQ=WEEKLY;INTERVAL=12;COUNT=3;BYDAY=TU", "2026-12-01", "2026-12 1, 2027-02 23, 2027-05 18"),
    ("FREQ=WEEKLY;COUNT=6;BYDAY=TU,TH", "2026-12-01", "2026-12 1 3 8 10 15 17"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=6;BYDAY=MO,WE", "2026-11-30", "2026-11 30, 2026-12 2 14 16 28 30"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=6;BYDAY=MO,WE", "2026-12-02", "2026-12 2 14 16 28 30, 2027-01 11"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=MO,SU", "2026-11-30", "2026-11 30, 2026-12 6 14 20"),
    ("FREQ=WEEKLY;COUNT=7;BYDAY=MO,TU,WE,TH,FR", "2026-12-01", "2026-12 1 2 3 4 7 8 9"),
    ("FREQ=WEEKLY;COUNT=4;BYDAY=SA,SU", "2026-12-05", "2026-12 5 6 12 13"),
    ("FREQ=WEEKLY;COUNT=8;BYDAY=MO,TU,WE,TH,FR,SA,SU", "2026-12-01", "2026-12 1 2 3 4 5 6 7 8"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=9;BYDAY=MO,TU,WE,TH,FR,SA,SU", "2026-12-01", "2026-12 1 2 3 4 5 6 14 15 16"),
    ("FREQ=WEEKLY;UNTIL=20261222T225959Z;BYDAY=TU", "2026-12-01", "2026-12 1 8 15 22"),
    ("FREQ=WEEKLY;UNTIL=20261221T225959Z;BYDAY=TU", "2026-12-01", "2026-12 1 8 15"),
    ("FREQ=WEEKLY;COUNT=5;BYDAY=TU,FR", "2026-12-04", "2026-12 4 8 11 15 18"),
    ("FREQ=WEEKLY;COUNT=3;BYDAY=FR", "2026-12-25", "2026-12 25, 2027-01 1 8"),
    ("FREQ=WEEKLY;COUNT=3;BYDAY=TU", "2028-02-22", "2028-02 22 29, 2028-03 7"),
    ("FREQ=WEEKLY;COUNT=3;BYDAY=SU", "2027-10-24", "2027-10 24 31, 2027-11 7"),
    ("FREQ=WEEKLY;COUNT=3;BYDAY=SU", "2027-03-21", "2027-03 21 28, 2027-04 4"),
    ("FREQ=WEEKLY;COUNT=4;BYDAY=SA,SU", "2027-03-27", "2027-03 27 28, 2027-04 3 4"),
    ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=15", "2026-12-15", "2026-12 15, 2027-01 15, 2027-02 15, 2027-03 15"),
    ("FREQ=MONTHLY;COUNT=5;BYMONTHDAY=31", "2026-12-31", "2026-12 31, 2027-01 31, 2027-03 31, 2027-05 31, 2027-07 31"),
    ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=30", "2026-12-30", "2026-12 30, 2027-01 30, 2027-03 30, 2027-04 30"),
    ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=29", "2026-12-29", "2026-12 29, 2027-01 29, 2027-03 29, 2027-04 29"),
    ("FREQ=MONTHLY;COUNT=3;BYMONTHDAY=29", "2027-12-29", "2027-12 29, 2028-01 29, 2028-02 29"),
    ("FREQ=MONTHLY;COUNT=3;BYMONTHDAY=28", "2026-12-28", "2026-12 28, 2027-01 28, 2027-02 28"),
    ("FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYMONTHDAY=1", "2026-12-01", "2026-12 1, 2027-02 1, 2027-04 1, 2027-06 1"),
    ("FREQ=MONTHLY;INTERVAL=3;COUNT=3;BYMONTHDAY=31", "2026-12-31", "2026-12 31, 2027-03 31, 2027-12 31"),
    ("FREQ=MONTHLY;INTERVAL=6;COUNT=3;BYMONTHDAY=15", "2026-12-15", "2026-12 15, 2027-06 15, 2027-12 15"),
    ("FREQ=MONTHLY;INTERVAL=12;COUNT=3;BYMONTHDAY=24", "2026-12-24", "2026-12 24, 2027-12 24, 2028-12 24"),
    ("FREQ=MONTHLY;UNTIL=20270301T225959Z;BYMONTHDAY=1", "2026-12-01", "2026-12 1, 2027-01 1, 2027-02 1, 2027-03 1"),
    ("FREQ=MONTHLY;UNTIL=20270228T225959Z;BYMONTHDAY=1", "2026-12-01", "2026-12 1, 2027-01 1, 2027-02 1"),
    ("FREQ=MONTHLY;COUNT=4;BYDAY=4TU", "2026-12-22", "2026-12 22, 2027-01 26, 2027-02 23, 2027-03 23"),
    ("FREQ=MONTHLY;COUNT=4;BYDAY=1MO", "2026-12-07", "2026-12 7, 2027-01 4, 2027-02 1, 2027-03 1"),
    ("FREQ=MONTHLY;COUNT=4;BYDAY=2WE", "2026-12-09", "2026-12 9, 2027-01 13, 2027-02 10, 2027-03 10"),
    ("FREQ=MONTHLY;COUNT=4;BYDAY=3TH", "2026-12-17", "2026-12 17, 2027-01 21, 2027-02 18, 2027-03 18"),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "2026-12-04", "2026-12 4, 2027-01 1, 2027-02 5"),
    ("FREQ=MONTHLY;COUNT=5;BYDAY=-1FR", "2026-12-25", "2026-12 25, 2027-01 29, 2027-02 26, 2027-03 26, 2027-04 30"),
    ("FREQ=MONTHLY;COUNT=4;BYDAY=-1SU", "2026-12-27", "2026-12 27, 2027-01 31, 2027-02 28, 2027-03 28"),
    ("FREQ=MONTHLY;COUNT=4;BYDAY=-1TU", "2026-12-29", "2026-12 29, 2027-01 26, 2027-02 23, 2027-03 30"),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=3SU", "2027-09-19", "2027-09 19, 2027-10 17, 2027-11 21"),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=-1SU", "2027-09-26", "2027-09 26, 2027-10 31, 2027-11 28"),
    ("FREQ=MONTHLY;INTERVAL=2;COUNT=3;BYDAY=1SA", "2026-12-05", "2026-12 5, 2027-02 6, 2027-04 3"),
    ("FREQ=MONTHLY;INTERVAL=3;COUNT=3;BYDAY=4TH", "2026-12-24", "2026-12 24, 2027-03 25, 2027-06 24"),
    ("FREQ=MONTHLY;INTERVAL=12;COUNT=2;BYDAY=-1MO", "2026-12-28", "2026-12 28, 2027-12 27"),
    ("FREQ=MONTHLY;UNTIL=20270308T225959Z;BYDAY=2MO", "2026-12-14", "2026-12 14, 2027-01 11, 2027-02 8, 2027-03 8"),
]
LIMIT = datetime(2029, 6, 1)  # noqa: DTZ001


def at(day: str, hour: int = 10) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour)


def written(text: str) -> list[date]:
    found = []
    for part in text.split(", "):
        month, *days = part.split()
        found += [date.fromisoformat(f"{month}-{int(day):02}") for day in days]
    return found


def days_of(rule: Rule, first: datetime, limit: int = 200) -> list[date]:
    return [wall.date() for wall in recurrence.dates(rule, first, LIMIT, limit=limit)]


def item(rule: Rule, first: datetime, **changes: object) -> CalendarItem:
    stamp = datetime(2026, 11, 1, tzinfo=UTC)
    starts = warsaw.to_utc(first)
    values: dict[str, object] = {
        "uid": "a@kladka.example", "sequence": 0, "title": "Dyżur", "description": "", "location": "", "url": "",
        "starts_at": starts, "ends_at": starts + timedelta(hours=1), "all_day": False,
        "local_date_start": first.date(), "local_date_end": first.date(), "created": stamp, "modified": stamp,
        "rule": recurrence.to_text(rule), **changes,
    }  # fmt: skip
    return CalendarItem(**values)  # type: ignore[arg-type]


def second_engine(*items: CalendarItem) -> list[date]:
    calendar = icalendar.Calendar.from_ical(ical.publication(*items))
    found = recurring_ical_events.of(calendar).between(datetime(2026, 11, 1, tzinfo=UTC), LIMIT.replace(tzinfo=UTC))
    return sorted(one.start.astimezone(warsaw.ZONE).date() for one in found)


@pytest.mark.parametrize(("text", "first", "expected"), TABLE)
def test_dates_are_those_of_the_calendar(text: str, first: str, expected: str) -> None:
    rule = recurrence.from_text(text)
    assert days_of(rule, at(first)) == written(expected)
    assert recurrence.to_text(rule) == text
    assert recurrence.first_hit(rule, at(first)) == at(first)
    last = recurrence.last(rule, at(first))
    assert last is not None
    assert last.date() == written(expected)[-1]


@pytest.mark.parametrize(("text", "first", "expected"), TABLE)
def test_the_second_engine_agrees_with_every_exception(text: str, first: str, expected: str) -> None:
    rule, days = recurrence.from_text(text), written(expected)
    assert second_engine(item(rule, at(first))) == days
    exceptions = [days[:1], days[-1:], days[1:2], days[::2], days[:1] + days[-1:]]
    for left_out in exceptions:
        walls = tuple(datetime.combine(day, at(first).time()) for day in left_out)
        expected_days = [day for day in days if day not in left_out]
        assert second_engine(item(rule, at(first), left_out=walls)) == expected_days
    moved = days[1]
    elsewhere = warsaw.to_utc(datetime.combine(moved, at(first, 17).time()))
    override = replace(
        item(rule, at(first)),
        rule="",
        replaces=datetime.combine(moved, at(first).time()),
        starts_at=elsewhere,
        ends_at=elsewhere + timedelta(hours=1),
    )
    assert second_engine(item(rule, at(first)), override) == days


@pytest.mark.parametrize(("text", "first", "expected"), TABLE)
def test_a_series_split_at_any_date_has_the_same_dates(text: str, first: str, expected: str) -> None:
    rule, days = recurrence.from_text(text), written(expected)
    for number in range(1, len(days)):
        start = datetime.combine(days[number], at(first).time())
        before, after = recurrence.head(rule, at(first), start), recurrence.tail(rule, at(first), start)
        assert days_of(before, at(first)) == days[:number]
        assert days_of(after, start) == days[number:]
        assert second_engine(item(before, at(first))) + second_engine(item(after, start)) == days
        assert after.count != 1


@pytest.mark.parametrize(("text", "first", "expected"), TABLE)
def test_dates_after_a_day_are_found_without_counting_through(text: str, first: str, expected: str) -> None:
    rule, days = recurrence.from_text(text), written(expected)
    for number, day in enumerate(days):
        after = recurrence.dates(rule, at(first), LIMIT, after=datetime.combine(day, at(first).time()), limit=200)
        assert [wall.date() for wall in after] == days[number + 1 :]


# --- properties ---

ENDS = st.one_of(
    st.builds(lambda count: {"count": count}, st.integers(2, 60)),
    st.builds(lambda days: {"until": date(2027, 1, 1) + timedelta(days=days)}, st.integers(0, 600)),
)
WEEKLY = st.builds(
    lambda days, interval, ends: Rule(Freq.WEEKLY, interval, tuple(sorted(days)), **ends),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(1, 12),
    ENDS,
)
MONTH_DAY = st.builds(
    lambda day, interval, ends: Rule(Freq.MONTHLY, interval, month_day=day, **ends),
    st.integers(1, 31),
    st.integers(1, 12),
    ENDS,
)
NTH = st.builds(
    lambda day, nth, interval, ends: Rule(Freq.MONTHLY, interval, (day,), nth=nth, **ends),
    st.integers(0, 6),
    st.sampled_from(recurrence.NTHS),
    st.integers(1, 12),
    ENDS,
)
STARTS = st.builds(
    lambda days, hour, minute: datetime(2026, 1, 1, hour, minute) + timedelta(days=days),  # noqa: DTZ001
    st.integers(0, 700),
    st.integers(3, 23),
    st.integers(0, 59),
)


@settings(max_examples=300, deadline=None)
@given(rule=st.one_of(WEEKLY, MONTH_DAY, NTH), start=STARTS)
def test_any_series_is_sorted_counted_and_keeps_its_hour(rule: Rule, start: datetime) -> None:
    if rule.month_day is not None:
        start = start.replace(day=1)
    try:
        first = recurrence.first_hit(rule, start)
    except recurrence.NeverHits:
        return
    found = recurrence.dates(rule, first, None, limit=500)
    assert found == sorted(set(found))
    assert {wall.time() for wall in found} <= {first.time()}
    if rule.count is not None:
        assert len(found) == rule.count
        assert found[0] == first
    if rule.until is not None:
        assert all(wall.date() <= rule.until for wall in found)
    assert {warsaw.to_local(warsaw.to_utc(wall)).time() for wall in found} <= {first.time()}
    assert recurrence.from_text(recurrence.to_text(rule)) == rule
    assert recurrence.from_text(recurrence.to_text(rule, all_day=True)) == rule


@settings(max_examples=60, deadline=None)
@given(rule=st.one_of(WEEKLY, MONTH_DAY, NTH), start=STARTS)
def test_any_series_is_the_same_to_the_second_engine(rule: Rule, start: datetime) -> None:
    try:
        first = recurrence.first_hit(rule, start)
    except recurrence.NeverHits:
        return
    found = [wall for wall in recurrence.dates(rule, first, LIMIT, limit=2000) if wall >= datetime(2026, 11, 2)]  # noqa: DTZ001
    seen = [day for day in second_engine(item(rule, first)) if day >= date(2026, 11, 2)]
    if found:
        assert seen == [wall.date() for wall in found]


# --- sentences ---

SENTENCES = [
    (Rule(Freq.MONTHLY, days=(1,), nth=4, count=10), ["2026-12-22"],
     "w czwarty wtorek miesiąca, 9 terminów, bez 22 grudnia",
     "on the fourth Tuesday of the month, 9 dates, without 22 December"),
    (Rule(interval=2, days=(0, 2), until=date(2027, 6, 30)), [],
     "co dwa tygodnie w poniedziałki i środy, do 30 czerwca 2027",
     "every 2 weeks on Mondays and Wednesdays, until 30 June 2027"),
    (Rule(days=(1,)), [], "co tydzień we wtorki, bez daty końcowej", "every week on Tuesdays, without an end date"),
    (Rule(days=(0, 1), count=2), [], "co tydzień w poniedziałki i wtorki, 2 terminy",
     "every week on Mondays and Tuesdays, 2 dates"),
    (Rule(days=(1, 2, 6), count=22), [], "co tydzień we wtorki, środy i niedziele, 22 terminy",
     "every week on Tuesdays, Wednesdays and Sundays, 22 dates"),
    (Rule(days=(0, 1, 2, 3, 4), count=12), [], "co tydzień od poniedziałku do piątku, 12 terminów",
     "every week from Monday to Friday, 12 dates"),
    (Rule(days=tuple(range(7)), count=113), [], "codziennie, 113 terminów", "every day, 113 dates"),
    (Rule(interval=5, days=(5,), count=3), [], "co pięć tygodni w soboty, 3 terminy",
     "every 5 weeks on Saturdays, 3 dates"),
    (Rule(interval=12, days=(3, 4), count=104), [], "co dwanaście tygodni w czwartki i piątki, 104 terminy",
     "every 12 weeks on Thursdays and Fridays, 104 dates"),
    (Rule(Freq.MONTHLY, days=(2,), nth=2, count=2), ["2027-01-06"],
     "w drugą środę miesiąca, 1 termin, bez 6 stycznia 2027",
     "on the second Wednesday of the month, 1 date, without 6 January 2027"),
    (Rule(Freq.MONTHLY, days=(5,), nth=-1, count=5), [], "w ostatnią sobotę miesiąca, 5 terminów",
     "on the last Saturday of the month, 5 dates"),
    (Rule(Freq.MONTHLY, days=(6,), nth=1, count=5), [], "w pierwszą niedzielę miesiąca, 5 terminów",
     "on the first Sunday of the month, 5 dates"),
    (Rule(Freq.MONTHLY, days=(0,), nth=3, count=5), [], "w trzeci poniedziałek miesiąca, 5 terminów",
     "on the third Monday of the month, 5 dates"),
    (Rule(Freq.MONTHLY, 3, days=(4,), nth=-1, count=5), [], "co trzy miesiące w ostatni piątek miesiąca, 5 terminów",
     "every 3 months on the last Friday of the month, 5 dates"),
    (Rule(Freq.MONTHLY, 6, month_day=15, count=4), [], "co sześć miesięcy 15. dnia miesiąca, 4 terminy",
     "every 6 months on the 15th of the month, 4 dates"),
    (Rule(Freq.MONTHLY, month_day=31, count=4), [],
     "31. dnia miesiąca, z pominięciem miesięcy, które nie mają 31 dni, 4 terminy",
     "on the 31st of the month, leaving out months without a 31st day, 4 dates"),
    (Rule(Freq.MONTHLY, month_day=30, count=4), [], "30. dnia miesiąca, z pominięciem lutego, 4 terminy",
     "on the 30th of the month, leaving out February, 4 dates"),
    (Rule(Freq.MONTHLY, month_day=22, count=4), ["2026-12-22", "2027-01-22"],
     "22. dnia miesiąca, 2 terminy, bez 22 grudnia i 22 stycznia 2027",
     "on the 22nd of the month, 2 dates, without 22 December and 22 January 2027"),
    (Rule(days=(1,), count=12), ["2026-12-01", "2026-12-08", "2026-12-15", "2026-12-22", "2026-12-29"],
     "co tydzień we wtorki, 7 terminów, bez 5 terminów", "every week on Tuesdays, 7 dates, without 5 dates"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "without", "polish", "english"), SENTENCES)
def test_a_rule_in_words(rule: Rule, without: list[str], polish: str, english: str) -> None:
    left_out = [date.fromisoformat(day) for day in without]
    first = date(2026, 11, 24)
    assert recurrence.sentence(rule, first, "pl", without=left_out) == polish
    assert recurrence.sentence(rule, first, "en", without=left_out) == english


# --- refusals ---

TUESDAY = at("2026-12-01")
REFUSED = [
    (Rule(), recurrence.NoDay),
    (Rule(Freq.MONTHLY), recurrence.NoDay),
    (Rule(Freq.MONTHLY, days=(1,), nth=1, month_day=1), recurrence.NoDay),
    (Rule(days=(1,), interval=13), recurrence.BadInterval),
    (Rule(days=(1,), interval=0), recurrence.BadInterval),
    (Rule(days=(1,), count=1), recurrence.BadCount),
    (Rule(days=(1,), count=201), recurrence.BadCount),
    (Rule(days=(1,), until=date(2026, 12, 7)), recurrence.EndsTooSoon),
    (Rule(days=(1,), until=date(2031, 12, 2)), recurrence.EndsTooLate),
    (Rule(Freq.MONTHLY, 12, month_day=31, count=3), recurrence.NeverHits),
]


@pytest.mark.parametrize(("rule", "refusal"), REFUSED)
def test_what_makes_no_series_is_refused(rule: Rule, refusal: type[Exception]) -> None:
    first = at("2026-02-01") if refusal is recurrence.NeverHits else TUESDAY
    with pytest.raises(refusal):
        recurrence.check(rule, first, first + timedelta(hours=2))


def test_dates_may_not_overlap() -> None:
    with pytest.raises(recurrence.Overlapping):
        recurrence.check(Rule(days=(1, 2), count=4), TUESDAY, TUESDAY + timedelta(days=2), all_day=True)
    recurrence.check(Rule(days=(1, 3), count=4), TUESDAY, TUESDAY + timedelta(days=2), all_day=True)


@pytest.mark.parametrize(
    "text",
    ["", "FREQ=DAILY;COUNT=3", "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;COUNT=x;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO;WKST=SU",
     "FREQ=MONTHLY;BYDAY=MO", "FREQ=WEEKLY;UNTIL=2027;BYDAY=MO"],
)  # fmt: skip
def test_other_rules_are_not_read(text: str) -> None:
    with pytest.raises(recurrence.NotARule):
        recurrence.from_text(text)


def test_the_horizon_is_eighteen_months_ahead_and_never_before_the_first_date() -> None:
    assert recurrence.horizon(date(2026, 11, 30), date(2026, 12, 1)) == date(2028, 5, 30)
    assert recurrence.horizon(date(2026, 8, 31), date(2026, 12, 1)) == date(2028, 2, 29)
    assert recurrence.horizon(date(2026, 11, 30), date(2030, 1, 1)) == date(2030, 1, 1)


def test_the_table_is_large_enough() -> None:
    combinations = len(TABLE) * 6 + sum(len(written(expected)) - 1 for _text, _first, expected in TABLE)
    assert combinations >= 60
