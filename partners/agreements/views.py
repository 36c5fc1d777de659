"""Routes of the register of agreements: the list and the page of one agreement."""

from math import ceil

from flask import Blueprint, Response, request, url_for
from werkzeug.datastructures import MultiDict

from app import warsaw
from app.clock import now
from app.web.errors import get_or_404
from app.web.guards import open_to_all
from app.web.htmx import respond
from app.web.session import actor, session
from events.calendar import queries as calendar
from partners.agreements import queries, rules
from partners.agreements.queries import RegisterFilter

bp = Blueprint("agreements", __name__)

UPCOMING_SHOWN = 6
PAST_SHOWN = 6
PAGE_MAX = 10_000
_STATES = {word: state for state, word in rules.STATE_WORD.items()}
_VOIVODESHIPS = frozenset(f"{number:02d}" for number in range(2, 33, 2))


@bp.get("/porozumienia")
@open_to_all
def index() -> Response:
    wanted = _wanted(request.args)
    counts = queries.counts(session(), actor(), wanted)
    pages = max(ceil(counts.total / queries.PAGE_SIZE), 1)
    number = min(_page(request.args), pages)
    rows = queries.register(session(), actor(), wanted, number) if counts.total else []
    return respond(
        "partners/agreements/index.html",
        "partners/agreements/_register.html",
        wanted=wanted,
        counts=counts,
        rows=rows,
        state_tags=rules.STATE_TAG,
        state_words=rules.STATE_WORD,
        parameters=[row.id for row in rows if rules.may_see_parameters(actor(), row.voivodeship_code)],
        slides=any(_on_slides(row) for row in rows),
        page_number=number,
        pages=pages,
        previous_url=_address(wanted, number - 1) if number > 1 else "",
        next_url=_address(wanted, number + 1) if number < pages else "",
    )


@bp.get("/porozumienia/<number:number>")
@open_to_all
def show(number: str) -> Response:
    agreement = get_or_404(queries.agreement(session(), number, actor()))
    at = now()
    clause_ids = [clause.id for clause in agreement.clauses]
    return respond(
        "partners/agreements/show.html",
        a=agreement,
        state_tag=rules.STATE_TAG[agreement.state],
        kind_label=rules.KIND_LABEL[agreement.kind],
        ended=rules.has_ended(agreement.valid_to, warsaw.today(at)),
        slides=_on_slides(agreement),
        upcoming=calendar.upcoming(session(), actor(), at, UPCOMING_SHOWN, clause_ids=clause_ids),
        past=calendar.upcoming(session(), actor(), at, PAST_SHOWN, clause_ids=clause_ids, past=True),
        printed_on=warsaw.today(at),
    )


def _on_slides(agreement: queries.AgreementRow | queries.AgreementPage) -> bool:
    return rules.rests_on_slides(
        agreement.kind, agreement.state, agreement.voivodeship_code, synthetic=agreement.synthetic
    )


def _wanted(args: MultiDict[str, str]) -> RegisterFilter:
    """Read the filter out of the address; values that mean nothing are left out."""
    place = args.get("woj", "")
    return RegisterFilter(voivodeship=place if place in _VOIVODESHIPS else "", state=_STATES.get(args.get("stan", "")))


def _page(args: MultiDict[str, str]) -> int:
    text = args.get("strona", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX))
    return max(int(text), 1) if is_number else 1


def _address(wanted: RegisterFilter, page: int) -> str:
    return url_for(
        "agreements.index",
        woj=wanted.voivodeship or None,
        stan=rules.STATE_WORD[wanted.state] if wanted.state else None,
        strona=page if page > 1 else None,
    )
