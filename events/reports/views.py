"""Routes of reports: the list, the figures as they are now, frozen reports, PDF and XLSX, what is behind a figure."""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.errors import Conflict
from app.pdf import PDF_TYPE, pdf
from app.tables import XLSX_TYPE, write_book
from app.web.errors import get_or_404
from app.web.guards import acting_for, signed_in
from app.web.htmx import respond, see_other
from app.web.i18n import LANGUAGES, _, language, translated, words_of
from app.web.session import actor, session, tell
from events.reports import actions, counting, queries, rules, wording, workbook
from events.reports.counting import Line
from events.reports.models import Report, ReportKind
from events.reports.queries import Door, Frozen
from events.reports.rules import Period
from projects.programmes import queries as programmes
from projects.programmes.models import Programme

bp = Blueprint("reports", __name__)

_LIST = "/projekty/<slug:slug>/sprawozdania"
_QUARTER = f"{_LIST}/<quarter:begin>"
_FINAL = f"{_LIST}/{rules.FINAL_WORD}"
_FROZEN = f"{_LIST}/zamrozone/<uuid:report_uuid>"


@bp.get(_LIST)
@signed_in
def index(slug: str) -> Response:
    programme = _programme(slug)
    today = warsaw.today(now())
    frozen = queries.frozen(session(), programme.id or 0)
    whole = queries.term(session(), programme, today)
    periods = _periods(programme, whole, frozen)
    rows = [(one, [done for done in frozen if _same(done, one)]) for one in (whole, *periods)]
    return respond(
        "events/reports/index.html",
        p=programme,
        rows=[row for row in rows if periods or row[1]],
        today=today,
        words=_words,
        span=_span,
        may_freeze=rules.may_freeze(actor(), programme),
        over=lambda period: rules.is_over(period, today, programme),
    )


@bp.get(_QUARTER)
@bp.get(_FINAL)
@signed_in
def preview(slug: str, begin: date | None = None) -> Response:
    programme = _programme(slug)
    return _preview(programme, _period(programme, begin))


@bp.post(_QUARTER)
@bp.post(_FINAL)
@acting_for(Role.COORDINATOR)
def freeze(slug: str, begin: date | None = None) -> Response | BaseResponse:
    programme = _programme(slug)
    period = _period(programme, begin)
    seen = request.form.get("seen", "")
    try:
        report = actions.freeze(
            session(), actor(), programme, period.kind, period.starts_on, period.ends_on, seen, now()
        )
    except Conflict as refusal:
        return _preview(programme, period, status=refusal.status, refusal=translated(refusal))
    tell(_("The report is frozen. You can download it as PDF and XLSX."), "ok")
    return see_other("reports.show", slug=slug, report_uuid=report.uuid)


@bp.get(_FROZEN)
@signed_in
def show(slug: str, report_uuid: UUID) -> Response:
    programme, report = _report(slug, report_uuid)
    told = wording.tell(report.content, language(), _)
    frozen = queries.frozen(session(), programme.id or 0)
    period = rules.period_of(report.content)
    same = [one for one in frozen if _same(one, period)]
    return respond(
        "events/reports/show.html",
        p=programme,
        report=report,
        told=told,
        period=period,
        others=[one for one in same if one.number != report.number],
        newest=same[0] if same else None,
        holds=rules.seal(report.content) == report.seal,
        doors=_doors(report.content),
        may_freeze=rules.may_freeze(actor(), programme),
        behind=_ways(programme, {"report_uuid": report.uuid}),
    )


@bp.get(f"{_FROZEN}.pdf")
@signed_in
def paper(slug: str, report_uuid: UUID) -> Response:
    _programme_row, report = _report(slug, report_uuid)
    version = _version()
    told = wording.tell(report.content, version, words_of(version))
    made = rules.as_of(report.content)
    body = pdf(f"events/reports/report.{version}", wording.paper(told, report.seal), made)
    return _file(body, PDF_TYPE, _name(report, "pdf"), "inline")


@bp.get(f"{_FROZEN}.xlsx")
@signed_in
def table(slug: str, report_uuid: UUID) -> Response:
    _programme_row, report = _report(slug, report_uuid)
    version = _version()
    stream = io.BytesIO()
    sheets = workbook.sheets(report.content, report.seal, version, words_of(version))
    write_book(stream, sheets, rules.as_of(report.content))
    return _file(stream.getvalue(), XLSX_TYPE, _name(report, "xlsx"), "attachment")


@bp.get(f"{_FROZEN}/zrodla/<slug:figure>")
@signed_in
def frozen_sources(slug: str, report_uuid: UUID, figure: str) -> Response:
    programme, report = _report(slug, report_uuid)
    return _sources(programme, report.content, figure, report)


@bp.get(f"{_QUARTER}/zrodla/<slug:figure>")
@bp.get(f"{_FINAL}/zrodla/<slug:figure>")
@signed_in
def sources(slug: str, figure: str, begin: date | None = None) -> Response:
    programme = _programme(slug)
    period = _period(programme, begin)
    return _sources(programme, _now(programme, period), figure, None)


def _preview(programme: Programme, period: Period, status: int = 200, refusal: str = "") -> Response:
    content = _now(programme, period)
    today = warsaw.today(now())
    before = queries.last_of(session(), programme.id or 0, period)
    told = wording.tell(content, language(), _)
    return respond(
        "events/reports/preview.html",
        status=status,
        p=programme,
        period=period,
        told=told,
        refusal=refusal,
        before=before,
        over=rules.is_over(period, today, programme),
        mark=rules.mark(content),
        may_freeze=rules.may_freeze(actor(), programme),
        due_on=period.due_on(programme.report_days) if programme.reports_quarterly else None,
        today=today,
        doors=_doors(content),
        place=_place(period),
        behind=_ways(programme, _place(period)),
    )


def _sources(programme: Programme, content: Mapping[str, Any], word: str, report: Report | None) -> Response:
    scope = request.args.get("czesc", counting.TOTAL)
    heading = wording.scope_words(content, scope, language(), _)
    figure = counting.FIGURE_OF.get(word)
    if heading is None or figure is None:
        abort(404)
    inside = counting.within(rules.lines_of(content), scope)
    side = wording.SIDE_OF.get(request.args.get("strona", ""))
    if side is not None:
        reason = request.args.get("powod", "")
        inside = [line for line in inside if line.side == side and line.reason == reason]
    behind = counting.behind(inside, figure)
    number = counting.count(inside)[figure]
    period = rules.period_of(content)
    return respond(
        "events/reports/sources.html",
        p=programme,
        report=report,
        period=period,
        period_title=_words(period),
        as_of=rules.as_of(content),
        figure=figure,
        label=_(counting.FIGURES[figure].label),
        value=wording.value_words(figure, number, language(), _),
        section=heading if scope != counting.TOTAL else "",
        rows=[_behind(line, figure) for line in behind],
        doors=queries.doors(session(), actor(), [line.occurrence for line in behind]),
        institutions=_institutions(content, behind) if figure == "institutions" else [],
        place=_place(period),
    )


def _behind(line: Line, figure: str) -> tuple[wording.Meeting, str, bool]:
    """Give a date in words, what it adds to the figure, and whether a sealed record says so."""
    adds = wording.value_words(figure, counting.FIGURES[figure].of(line), language(), _)
    return wording.meetings([line], language(), _)[0], adds, line.record is not None


def _institutions(content: Mapping[str, Any], behind: list[Line]) -> list[tuple[str, int]]:
    found: dict[int, int] = {}
    for line in behind:
        for one in line.institutions:
            found[one] = found.get(one, 0) + 1
    return sorted((content["institutions"].get(str(key), ""), number) for key, number in found.items())


def _programme(slug: str) -> Programme:
    """Give a programme to whoever works for its lead or for a partner that has agreed; nobody else knows of reports."""
    programme = get_or_404(programmes.programme(session(), slug, actor()))
    if not programmes.in_circle(session(), actor(), programme):
        abort(404)
    return programme


def _report(slug: str, report_uuid: UUID) -> tuple[Programme, Report]:
    programme = _programme(slug)
    return programme, get_or_404(queries.report(session(), programme.id or 0, report_uuid))


def _period(programme: Programme, begin: date | None) -> Period:
    """Give the period of an address; 404 for a quarter in which the project did not run."""
    whole = queries.term(session(), programme, warsaw.today(now()))
    if begin is None:
        return whole
    wanted = rules.quarter_of(begin)
    if wanted not in _periods(programme, whole, queries.frozen(session(), programme.id or 0)):
        abort(404)
    return wanted


def _periods(programme: Programme, whole: Period, frozen: Sequence[Frozen]) -> list[Period]:
    """Give the quarters that can be looked at, the latest first: of the term, up to today, and one after its end.

    Those with a frozen report stay, wherever the term was moved.
    """
    today = warsaw.today(now())
    last = today if programme.ends_on is None else min(today, rules.after(programme.ends_on))
    running = rules.quarters(whole.starts_on, last) if whole.starts_on <= today else []
    told = (one.period for one in frozen if one.period.kind is ReportKind.QUARTERLY)
    return sorted({*running, *told}, key=lambda one: one.starts_on, reverse=True)


def _same(frozen: Frozen, period: Period) -> bool:
    return frozen.period.kind is period.kind and (
        period.kind is ReportKind.FINAL or frozen.period.starts_on == period.starts_on
    )


def _now(programme: Programme, period: Period) -> dict[str, Any]:
    return queries.figures(session(), programme, period.starts_on, period.ends_on, now(), period.kind)


def _doors(content: Mapping[str, Any]) -> dict[int, Door]:
    return queries.doors(session(), actor(), [line.occurrence for line in rules.lines_of(content)])


def _place(period: Period) -> dict[str, Any]:
    if period.kind is ReportKind.FINAL:
        return {}
    return {"begin": period.starts_on}


def _ways(programme: Programme, place: Mapping[str, Any]) -> Callable[..., str]:
    """Give what makes the address of the records behind a figure of a section."""
    endpoint = "reports.frozen_sources" if "report_uuid" in place else "reports.sources"

    def way(word: str, scope: str = counting.TOTAL, side: str = "", reason: str = "") -> str:
        asked: dict[str, Any] = {
            "czesc": scope if scope != counting.TOTAL else None,
            "strona": side or None,
            "powod": reason or None,
        }
        return url_for(endpoint, slug=programme.slug, figure=word, **place, **asked)

    return way


def _words(period: Period) -> str:
    return wording.period_words(period, language(), _)


def _span(period: Period) -> str:
    return wording.span_words(period, language())


def _version() -> str:
    """Give the language of the file: as asked for in the address, else as the reader's."""
    asked = request.args.get("wersja", "")
    return asked if asked in LANGUAGES else language()


def _name(report: Report, ending: str) -> str:
    period = rules.period_of(report.content)
    return f"sprawozdanie-{report.content['programme']['slug']}-{period.word}-nr-{report.number}.{ending}"


def _file(body: bytes, kind: str, name: str, disposition: str) -> Response:
    response = Response(body, mimetype=kind)
    response.headers["Content-Disposition"] = f'{disposition}; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
