"""Routes of competence: who serves a gmina, and the public sheet "Gdzie po pomoc"."""

from flask import Blueprint, Response, request

from app import site, warsaw
from app.clock import now
from app.text import clean
from app.web.errors import get_or_404
from app.web.guards import open_to_all
from app.web.htmx import respond
from app.web.session import session
from partners.competence import paper, queries, rules, sheets
from partners.institutions.rules import KIND_LABEL
from partners.territory import queries as territory

bp = Blueprint("competence", __name__)

TEXT_MAX = 100
LARGE = "duzy"


@bp.get("/kto-obsluguje")
@open_to_all
def index() -> Response:
    text = " ".join(clean(request.args.get("q", "")).split())[:TEXT_MAX]
    areas = territory.search(session(), text)
    return respond(
        "partners/competence/index.html",
        text=text,
        areas=areas,
        capped=len(areas) == territory.FOUND_MAX,
    )


@bp.get("/kto-obsluguje/<slug:code>")
@open_to_all
def show(code: str) -> Response:
    today = warsaw.today(now())
    answer = get_or_404(queries.who_serves(session(), code, today))
    return respond(
        "partners/competence/show.html",
        answer=answer,
        area=answer.area,
        today=today,
        kind_labels=KIND_LABEL,
        sureness_words=rules.SURENESS_WORD,
    )


@bp.get("/pomoc-w-gminie/<slug:code>")
@open_to_all
def sheet(code: str) -> Response:
    large = request.args.get("druk") == LARGE
    today = warsaw.today(now())
    found = get_or_404(sheets.sheet(session(), code, today, paper.LARGE if large else paper.A4))
    return respond(
        "partners/competence/sheet.html",
        sheet=found,
        answer=found.answer,
        area=found.area,
        today=today,
        large=large,
        kind_labels=KIND_LABEL,
        address=site.absolute(f"/pomoc-w-gminie/{found.area.code}"),
    )
