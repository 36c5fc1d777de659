"""Routes of papers: the attendance sheet, certificates of a date, one's own certificates."""

from datetime import date
from uuid import UUID

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.pdf import PDF_TYPE, pdf
from app.text import slug
from app.web.errors import get_or_404
from app.web.guards import acting_for, signed_in
from app.web.htmx import respond, see_other
from app.web.i18n import _n, language, translated
from app.web.session import actor, session, tell
from events.calendar.queries import EventPage
from events.papers import actions, queries, rules

bp = Blueprint("papers", __name__)
_DIGITS = 9


@bp.get("/wydarzenia/<uuid:event_uuid>/<day:day>/lista-obecnosci.pdf")
@acting_for(Role.COORDINATOR)
def sheet(event_uuid: UUID, day: date) -> Response:
    page = _page(event_uuid, day)
    if not rules.may_print_sheet(actor(), page.event.organiser_id, page.event.place_institution_id):
        abort(403)
    version = _version()
    name = f"lista-obecnosci-{day.isoformat()}.pdf"
    return _file(pdf(f"events/papers/attendance_sheet.{version}", queries.sheet(session(), page, version), now()), name)


@bp.get("/wydarzenia/<uuid:event_uuid>/<day:day>/zaswiadczenia")
@acting_for(Role.COORDINATOR)
def certificates(event_uuid: UUID, day: date) -> Response:
    return _certificates_page(_issuer_page(event_uuid, day))


@bp.post("/wydarzenia/<uuid:event_uuid>/<day:day>/zaswiadczenia")
@acting_for(Role.COORDINATOR)
def issue(event_uuid: UUID, day: date) -> Response | BaseResponse:
    page = _issuer_page(event_uuid, day)
    kept = queries.record(session(), page.occurrence.id or 0)
    chosen = [key for value in request.form.getlist("osoba") if (key := _key(value))]
    try:
        number = actions.issue(session(), actor(), page.event, kept.id or 0 if kept else 0, chosen, now())
    except Refusal as refusal:
        return _certificates_page(page, status=refusal.status, refusal=translated(refusal))
    tell(_n("%(num)d certificate is issued.", "%(num)d certificates are issued.", number), "ok")
    return see_other("papers.certificates", event_uuid=event_uuid, day=day)


@bp.get("/zaswiadczenia")
@signed_in
def mine() -> Response:
    key = _key(request.args.get("przed", ""))
    rows = queries.mine(session(), actor(), before=key)
    more = len(rows) > queries.SHOWN
    rows = rows[: queries.SHOWN]
    return respond(
        "events/papers/mine.html",
        rows=rows,
        whole=actor().coordinates,
        next_url=url_for(".mine", przed=rows[-1].id) if more else "",
        first_url=url_for(".mine") if key else "",
    )


@bp.get("/zaswiadczenia/<id:certificate_id>.pdf")
@signed_in
def certificate(certificate_id: int) -> Response:
    version = _version()
    values, issued_at = get_or_404(queries.certificate(session(), actor(), certificate_id, version))
    name = f"zaswiadczenie-{slug(str(values['number']))}.pdf"
    return _file(pdf(f"events/papers/certificate.{version}", values, issued_at), name)


def _page(event_uuid: UUID, day: date) -> EventPage:
    return get_or_404(queries.page(session(), actor(), event_uuid, day, now()))


def _issuer_page(event_uuid: UUID, day: date) -> EventPage:
    page = _page(event_uuid, day)
    if not rules.may_issue(actor(), page.event.organiser_id):
        abort(403)
    return page


def _certificates_page(page: EventPage, status: int = 200, refusal: str = "") -> Response:
    kept = queries.record(session(), page.occurrence.id or 0)
    ready = kept is not None and rules.is_recorded(kept.state, kept.outcome)
    return respond(
        "events/papers/certificates.html",
        status=status,
        page=page,
        ready=ready,
        rows=queries.attended(session(), kept.id or 0) if kept and ready else [],
        refusal=refusal,
    )


def _key(typed: str) -> int:
    """Read a number that came with the address or a form; 0 for what is none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _DIGITS else 0


def _version() -> str:
    """Give the language of the paper: as asked for in the address, else as the reader's."""
    asked = request.args.get("wersja", "")
    return asked if asked in ("pl", "en") else language()


def _file(body: bytes, name: str) -> Response:
    response = Response(body, mimetype=PDF_TYPE)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
