"""Routes of the documents of a programme: the page, the acts of the lead, and the files themselves."""

import io
from uuid import UUID

from flask import Blueprint, Response, abort, request, send_file
from werkzeug.wrappers import Response as BaseResponse
from wtforms import FileField

from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.files.rules import PDF_MAX, PDF_TYPE
from app.web.errors import get_or_404
from app.web.fields import CheckField, TextField
from app.web.forms import Form
from app.web.guards import acting_for, open_to_all
from app.web.htmx import respond, see_other
from app.web.i18n import _, _l, translated
from app.web.security import takes_files
from app.web.session import actor, session, tell
from projects.programmes import documents, queries, rules
from projects.programmes.models import TITLE_MAX, Programme, ProgrammeDocument

bp = Blueprint("programme_documents", __name__)

_AROUND_THE_FILE = 2**19
_SANDBOX = "default-src 'none'; sandbox"
takes_files("programme_documents.add", PDF_MAX + _AROUND_THE_FILE)


class DocumentForm(Form):
    """A PDF, what it is, and who reads it; the view reads the file, since forms take typed fields only."""

    title = TextField(_l("What document it is"), longest=TITLE_MAX, needed=_l("Say what document it is."))
    file = FileField(_l("PDF file, at most 5 MB"))
    public = CheckField(_l("Everybody can read it"))


@bp.get("/projekty/<slug:slug>/dokumenty")
@open_to_all
def index(slug: str) -> Response:
    return _page(_known(slug), DocumentForm())


@bp.post("/projekty/<slug:slug>/dokumenty")
@acting_for(Role.COORDINATOR)
def add(slug: str) -> Response | BaseResponse:
    programme = _to_edit(slug)
    form = DocumentForm()
    sent = request.files.get("file")
    data = sent.read(PDF_MAX + 1) if sent else b""
    if not form.validate():
        return _page(programme, form, status=422)
    title, name = form.title.data or "", (sent.filename if sent else "") or ""
    try:
        documents.add(session(), actor(), programme, title, name, data, now(), public=form.public.data)
    except rules.NotYourProgramme:
        raise
    except Refusal as refusal:
        form.refuse(form.file, translated(refusal))
        return _page(programme, form, status=refusal.status)
    tell(_("The document has been added."), "ok")
    return see_other(".index", slug=slug)


@bp.post("/projekty/<slug:slug>/dokumenty/<id:document_id>/widocznosc")
@acting_for(Role.COORDINATOR)
def show_to(slug: str, document_id: int) -> BaseResponse:
    programme = _to_edit(slug)
    public = request.form.get("public") == "1"
    changed = _document(programme, document_id)
    documents.show_to(session(), actor(), programme, changed, now(), public=public)
    tell(_("Everybody can read this document now.") if public else _("Only the partners read this document now."))
    return see_other(".index", slug=slug)


@bp.post("/projekty/<slug:slug>/dokumenty/<id:document_id>/usun")
@acting_for(Role.COORDINATOR)
def remove(slug: str, document_id: int) -> BaseResponse:
    programme = _to_edit(slug)
    documents.remove(session(), actor(), programme, _document(programme, document_id), now())
    tell(_("The document has been removed."), "ok")
    return see_other(".index", slug=slug)


@bp.get("/pliki/<uuid:file_uuid>")
@open_to_all
def download(file_uuid: UUID) -> Response:
    stored = get_or_404(documents.file(session(), actor(), file_uuid))
    response = send_file(
        io.BytesIO(stored.content), mimetype=PDF_TYPE, as_attachment=True, download_name=stored.name, max_age=0
    )
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _known(slug: str) -> Programme:
    return get_or_404(queries.programme(session(), slug, actor()))


def _to_edit(slug: str) -> Programme:
    programme = _known(slug)
    if not rules.may_edit(actor(), programme):
        abort(403)
    return programme


def _document(programme: Programme, document_id: int) -> ProgrammeDocument:
    return get_or_404(documents.document(session(), programme, document_id))


def _page(programme: Programme, form: DocumentForm, status: int = 200) -> Response:
    rows = documents.listed(session(), actor(), programme)
    return respond(
        "projects/programmes/documents.html",
        status=status,
        p=programme,
        form=form,
        rows=rows,
        may_edit=rules.may_edit(actor(), programme),
        full=len(rows) >= documents.DOCUMENTS_MAX,
        most=documents.DOCUMENTS_MAX,
    )
