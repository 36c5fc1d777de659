"""Decisions about reports on plain values: periods, the content, its mark and its seal, who freezes and when."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol

from app.actors import Actor
from app.errors import Conflict, Forbidden
from app.text import N_
from events.reports.counting import EARLY, LINE, OUTSIDE, TOTAL, Line, count, scope_of, within
from events.reports.models import ReportKind
from projects.programmes.models import ProgrammeState

VERSION = 1
"""How the content is written; a later way of writing gets the next number, and old reports keep theirs."""
REMIND_BEFORE = 7
"""Days before the last day of a report on which its lead is reminded."""
ASKED_FOR = timedelta(days=200)
"""How long a report that nobody froze is asked for after its period."""
FINAL_WORD = "koncowe"
_MONTHS = 3
_ROMAN = ("I", "II", "III", "IV")


class NotYourReport(Forbidden):
    """Freezing a report without coordinating the lead."""

    message = N_("Only a coordinator of the institution that leads this project can freeze its reports.")


class StillADraft(Conflict):
    """Freezing a report of a programme that is not public yet."""

    message = N_("The project is still a draft. Publish it first; then its reports can be frozen.")


class NotOver(Conflict):
    """Freezing a period that still runs."""

    message = N_("This period is not over yet. You can look at the figures now and freeze them after its last day.")


class FrozenAlready(Conflict):
    """Somebody has frozen the same period since the page was opened."""

    message = N_("Somebody has frozen this report in the meantime. It stands below; nothing was frozen twice.")


class Changed(Conflict):
    """The figures are not those that the page showed."""

    message = N_("Something has changed since you opened this page. See the figures as they are now, then freeze them.")


class NothingNew(Conflict):
    """A correction that would say the same."""

    message = N_("Nothing has changed since the last frozen report of this period, so there is nothing to correct.")


class Owned(Protocol):
    """What a decision needs to know of a programme."""

    lead_id: int | None
    state: ProgrammeState


# --- periods


@dataclass(frozen=True, slots=True)
class Period:
    """For which time a report speaks."""

    kind: ReportKind
    starts_on: date
    ends_on: date

    @property
    def word(self) -> str:
        """How it stands in an address."""
        return FINAL_WORD if self.kind is ReportKind.FINAL else f"{self.starts_on.year}-{self.quarter}"

    @property
    def quarter(self) -> int:
        """Number of the quarter, from 1."""
        return (self.starts_on.month - 1) // _MONTHS + 1

    @property
    def roman(self) -> str:
        """Number of the quarter as offices write it."""
        return _ROMAN[self.quarter - 1]

    def over(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.ends_on < today

    def due_on(self, days: int) -> date:
        """Give the last day for the report, *days* after the period."""
        return self.ends_on + timedelta(days=days)


def quarter(year: int, number: int) -> Period:
    """Give the quarter *number* (1 to 4) of a year."""
    begin = date(year, _MONTHS * number - 2, 1)
    after = date(year + 1, 1, 1) if number == len(_ROMAN) else date(year, _MONTHS * number + 1, 1)
    return Period(ReportKind.QUARTERLY, begin, after - timedelta(days=1))


def quarter_of(day: date) -> Period:
    """Give the quarter in which *day* lies."""
    return quarter(day.year, (day.month - 1) // _MONTHS + 1)


def quarters(first: date, last: date) -> list[Period]:
    """Give the quarters from that of *first* to that of *last*, the latest first."""
    found = []
    one = quarter_of(last)
    while one.ends_on >= first:
        found.append(one)
        one = quarter_of(one.starts_on - timedelta(days=1))
    return found


def last_over(today: date) -> Period:
    """Give the last quarter that is over."""
    return quarter_of(quarter_of(today).starts_on - timedelta(days=1))


def after(day: date) -> date:
    """Give the last day of the quarter after that of *day*: sessions made up for late stand in it."""
    return quarter_of(quarter_of(day).ends_on + timedelta(days=1)).ends_on


# --- the content


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """A planned outcome of an edition with its counts, None where nothing was entered."""

    position: int
    text: str
    target: int | None
    achieved: int | None
    partly: int | None
    missed: int | None


@dataclass(frozen=True, slots=True)
class EditionLine:
    """An edition as a report names it."""

    number: int
    name: str
    state: str
    participants: bool
    outcomes: tuple[OutcomeLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """What a report says of its programme: texts as they stood."""

    slug: str
    title: str
    lead: str
    partners: tuple[tuple[str, str], ...]
    funding: str
    grant_number: str
    notice: str
    total_amount: int | None
    grant_amount: int | None
    synthetic: bool


def build(
    period: Period,
    number: int,
    as_of: datetime,
    head: Head,
    editions: Sequence[EditionLine],
    lines: Sequence[Line],
    institutions: Mapping[int, str],
    *,
    told_elsewhere: int = 0,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the content of a report: plain values only, so that JSON gives back what it took.

    *lines* stand in the order of time. *told_elsewhere* counts records of the period that a report for another one
    has told already. *before* is the content that this one corrects.
    """
    content: dict[str, Any] = {
        "version": VERSION,
        "kind": period.kind.value,
        "starts_on": period.starts_on.isoformat(),
        "ends_on": period.ends_on.isoformat(),
        "number": number,
        "as_of": as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "programme": _plain(asdict(head)),
        "totals": count(within(lines, TOTAL)),
        "editions": [_plain(asdict(one)) | {"figures": count(within(lines, scope_of(one.number)))} for one in editions],
        "outside": _section(lines, OUTSIDE),
        "early": _section(lines, EARLY),
        "lines": [_plain(asdict(line)) for line in lines],
        "institutions": {str(key): name for key, name in sorted(institutions.items())},
        "told_elsewhere": told_elsewhere,
        "differs": [],
    }
    if before is not None:
        content["differs"] = differences(before, content)
    return content


def lines_of(content: Mapping[str, Any]) -> list[Line]:
    """Give the dates of a content."""
    known: list[dict[str, Any]] = [{name: row[name] for name in LINE if name in row} for row in content["lines"]]
    return [Line(**(row | {"institutions": tuple(row["institutions"])})) for row in known]


def period_of(content: Mapping[str, Any]) -> Period:
    """Give the period of a content."""
    return Period(
        ReportKind(content["kind"]),
        date.fromisoformat(content["starts_on"]),
        date.fromisoformat(content["ends_on"]),
    )


def as_of(content: Mapping[str, Any]) -> datetime:
    """Give the instant at which the figures stood."""
    return datetime.strptime(content["as_of"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def records_of(content: Mapping[str, Any]) -> list[int]:
    """Give the ids of the sealed records that a content counts."""
    return sorted(row["record"] for row in content["lines"] if row["record"] is not None)


def seal(content: Mapping[str, Any]) -> str:
    """Give the SHA-256 of the content as canonical JSON (sorted keys, no spaces, UTF-8)."""
    return hashlib.sha256(canonical(content)).hexdigest()


def canonical(content: Mapping[str, Any]) -> bytes:
    """Write a content in the one way that its seal is made of."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def mark(content: Mapping[str, Any]) -> str:
    """Give the mark of what a page showed, as "number-hash": all of the content but the instant."""
    return f"{content['number']}-{seal({**content, 'as_of': ''})}"


def check_seen(content: Mapping[str, Any], seen: str) -> None:
    """Refuse to freeze what the page did not show. Raises FrozenAlready, Changed."""
    if seen == mark(content):
        return
    number = seen.partition("-")[0]
    if number.isdigit() and number != str(content["number"]):
        raise FrozenAlready
    raise Changed


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say what a content tells otherwise than the one before: figures, outcomes, dates, texts of the programme."""
    found: list[dict[str, Any]] = []
    old, new = _figures(before), _figures(after)
    for place in sorted(old.keys() | new.keys()):
        was, now_is = old.get(place, 0), new.get(place, 0)
        if was != now_is:
            found.append({"what": "figure", "scope": place[0], "key": place[1], "before": was, "after": now_is})
    past, present = _outcomes(before), _outcomes(after)
    for place in sorted(past.keys() | present.keys()):
        earlier, later = past.get(place), present.get(place)
        if earlier != later:
            found.append({"what": "outcome", "scope": place[0], "key": place[1], "before": earlier, "after": later})
    had, has = ({row["occurrence"]: row for row in one["lines"]} for one in (before, after))
    for key in sorted(had.keys() | has.keys(), key=lambda one: ((has.get(one) or had[one])["day"], one)):
        if had.get(key) != has.get(key):
            row = has.get(key) or had[key]
            courses = [one[key]["course"] if key in one else "" for one in (had, has)]
            named = {"scope": row["day"], "key": name_of(row)}
            found.append({"what": "date", **named, "before": courses[0], "after": courses[1]})
    if [_named(one) for one in before["editions"]] != [_named(one) for one in after["editions"]]:
        found.append({"what": "editions", "scope": "", "key": "", "before": "", "after": ""})
    if before["programme"] != after["programme"]:
        found.append({"what": "programme", "scope": "", "key": "", "before": "", "after": ""})
    return found


def name_of(row: Mapping[str, Any]) -> str:
    """Name a date by its topic or title; "" where only invited institutions know its title."""
    return str(row["topic"] or row["title"])


def _named(edition: Mapping[str, Any]) -> list[Any]:
    return [edition[key] for key in ("number", "name", "state", "participants")]


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(value))
    return plain


def _section(lines: Sequence[Line], scope: str) -> dict[str, int] | None:
    inside = within(lines, scope)
    return count(inside) if inside else None


def figures_by_scope(content: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Give the figures of each section that a content has."""
    found = {TOTAL: content["totals"], OUTSIDE: content["outside"], EARLY: content["early"]}
    found |= {scope_of(one["number"]): one["figures"] for one in content["editions"]}
    return {scope: figures for scope, figures in found.items() if figures is not None}


def _figures(content: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    sections = figures_by_scope(content)
    return {(scope, key): number for scope, figures in sections.items() for key, number in figures.items()}


def _outcomes(content: Mapping[str, Any]) -> dict[tuple[str, str], list[int | None]]:
    return {
        (scope_of(edition["number"]), one["text"]): [one[key] for key in ("target", "achieved", "partly", "missed")]
        for edition in content["editions"]
        for one in edition["outcomes"]
    }


# --- who


def may_freeze(actor: Actor, programme: Owned) -> bool:
    """Whether *actor* freezes reports of a programme: coordinators of its lead."""
    return actor.coordinates and programme.lead_id is not None and actor.institution_id == programme.lead_id


def is_over(period: Period, today: date, programme: Owned) -> bool:
    """Whether a period can be frozen: its last day has passed; the final one also when the project is completed."""
    completed = programme.state is ProgrammeState.COMPLETED and period.kind is ReportKind.FINAL
    return completed or period.over(today)


def check_freeze(actor: Actor, programme: Owned, period: Period, today: date) -> None:
    """Refuse to freeze for another institution, a draft, a running period.

    Raises NotYourReport, StillADraft, NotOver.
    """
    if not may_freeze(actor, programme):
        raise NotYourReport
    if programme.state is ProgrammeState.DRAFT:
        raise StillADraft
    if not is_over(period, today, programme):
        raise NotOver
