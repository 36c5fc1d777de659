"""The workbook of a report: summary, sessions, outcomes, sources, drawn from its content alone."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from app.tables import Cell, Sheet
from app.text import N_
from events.minutes.models import Side
from events.minutes.rules import REASONS, SIDE_LABEL
from events.reports import counting, rules
from events.reports.counting import COURSE_LABEL, EARLY, FIGURES, OUTSIDE, Course, Line
from events.reports.wording import HOUR, Say, Section, Told, Words, tell


def sheets(content: Mapping[str, Any], seal: str, language: str, say: Say) -> list[Sheet]:
    """Give the sheets of the workbook: summary, sessions, outcomes, sources. Numbers are numbers, days are days."""
    words = Words(language, say)
    told = tell(content, language, say)
    lines = rules.lines_of(content)
    return [
        Sheet(
            say(N_("Summary")),
            [say(N_("Section")), say(N_("What")), say(N_("Value"))],
            _summary(content, told, seal, say),
        ),
        Sheet(
            say(N_("Sessions")),
            [
                say(one)
                for one in (
                    N_("Section"),
                    N_("Edition"),
                    N_("No. in the plan"),
                    N_("Topic"),
                    N_("Event"),
                    N_("Day"),
                    N_("From"),
                    N_("To"),
                    N_("Hours held"),
                    N_("How it went"),
                    N_("Whose side"),
                    N_("Reason"),
                    N_("People in prison"),
                    N_("Family members"),
                    N_("Other people"),
                    N_("Staff present"),
                    N_("Institutions present"),
                    N_("Catch-up session"),
                )
            ],
            [_cells(line, words) for line in lines],
        ),
        Sheet(
            say(N_("Outcomes")),
            [
                say(one)
                for one in (
                    N_("Edition"),
                    N_("Planned outcome"),
                    N_("Target"),
                    N_("Achieved"),
                    N_("Partly"),
                    N_("Not achieved"),
                )
            ],
            [
                [edition["number"], *(one[key] for key in ("text", "target", "achieved", "partly", "missed"))]
                for edition in content["editions"]
                for one in edition["outcomes"]
            ],
        ),
        Sheet(
            say(N_("Sources")),
            [
                say(one)
                for one in (
                    N_("Section"),
                    N_("Figure"),
                    N_("Counts as"),
                    N_("Day"),
                    N_("Session"),
                    N_("How it went"),
                    N_("Record no."),
                    N_("Date no."),
                )
            ],
            _sources(told, lines, words),
        ),
    ]


def _summary(content: Mapping[str, Any], told: Told, seal: str, say: Say) -> list[list[Cell]]:
    report, head = say(N_("Report of a project")), content["programme"]
    rows: list[list[Cell]] = [
        [report, say(N_("Project")), head["title"]],
        [report, say(N_("Period")), f"{told.title} ({told.period})"],
        [report, say(N_("Number of the report")), content["number"]],
        [report, say(N_("State as of")), told.as_of],
        [report, say(N_("Lead")), head["lead"]],
        *([report, say(N_("Partner")), f"{name}: {part}" if part else name] for name, part in head["partners"]),
    ]
    named = (
        (N_("Funding"), head["funding"]),
        (N_("Grant number"), head["grant_number"]),
        (N_("Grant, zł"), head["grant_amount"]),
        (N_("Whole cost, zł"), head["total_amount"]),
        (N_("Notice of the funder"), head["notice"]),
    )
    rows += [[report, say(label), value] for label, value in named if value not in ("", None)]
    rows.append([report, say(N_("Seal (SHA-256)")), seal])
    for section, figures in _figures_of(content, told):
        for key, number in figures.items():
            if section["scope"] != EARLY or key in counting.EARLY_FIGURES:
                rows.append([section["heading"], say(FIGURES[key].label), _number(key, number)])
        rows += [[section["heading"], why["words"], why["number"]] for why in section["why"]]
    return rows


def _figures_of(content: Mapping[str, Any], told: Told) -> list[tuple[Section, dict[str, int]]]:
    of_scope = rules.figures_by_scope(content)
    return [(section, of_scope[section["scope"]]) for section in (told.total, *told.sections)]


def _sources(told: Told, lines: Sequence[Line], words: Words) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for section in told.sections:
        inside = counting.within(lines, section["scope"])
        rows += [
            [
                section["heading"],
                words.say(figure.label),
                _number(key, figure.of(line)),
                date.fromisoformat(line.day),
                words.name(line),
                words.say(COURSE_LABEL[Course(line.course)]),
                line.record,
                line.occurrence,
            ]
            for key, figure in FIGURES.items()
            if section["scope"] != EARLY or key in counting.EARLY_FIGURES
            for line in counting.behind(inside, key)
        ]
    return rows


def _number(figure: str, number: int) -> int | float:
    """Give a figure as a number: minutes become hours."""
    if figure != "minutes":
        return number
    return round(number / HOUR, 2)


def _cells(line: Line, words: Words) -> list[Cell]:
    held = line.course == Course.HELD
    scope = EARLY if line.early else OUTSIDE if line.edition is None else ""
    section = {EARLY: N_("Notes of earlier sessions, sealed since"), OUTSIDE: N_("Sessions outside editions")}
    return [
        words.say(section[scope]) if scope else words.say(N_("Edition %(number)s")) % {"number": line.edition},
        line.edition,
        line.number,
        line.topic,
        line.title or words.kind(line),
        date.fromisoformat(line.day),
        line.starts,
        line.ends,
        _number("minutes", line.minutes) if held else None,
        words.say(COURSE_LABEL[Course(line.course)]),
        words.say(SIDE_LABEL[Side(line.side)]) if line.side else "",
        words.say(REASONS[line.reason].label) if line.reason in REASONS else "",
        line.people_inside,
        line.family_members,
        line.others,
        line.staff if held else None,
        len(line.institutions) if held else None,
        words.say(N_("yes")) if line.catch_up else "",
    ]
