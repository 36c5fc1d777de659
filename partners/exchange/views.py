"""Routes of the exchange: the operator's imports with their dry run, templates to download, open data."""

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import site, tables
from app.actors import Role
from app.clock import now
from app.tables import Unreadable
from app.web import downloads
from app.web.errors import get_or_404
from app.web.guards import acting_for, open_to_all
from app.web.htmx import respond, see_other
from app.web.i18n import _, translated
from app.web.session import actor, session, tell
from partners.exchange import actions, hsds, queries
from partners.exchange.cells import KIND_WORD
from partners.exchange.columns import AGREEMENT_COLUMNS, INSTITUTION_COLUMNS, SERVICE_COLUMNS, Column
from partners.exchange.forms import UploadForm
from partners.exchange.rules import (
    SUBJECT_LABEL,
    SUBJECT_WORD,
    ChangedMeanwhile,
    FileRefused,
    Outcome,
    Subject,
)
from partners.institutions.rules import KIND_LABEL

bp = Blueprint("exchange", __name__)

ROWS_A_SECOND = 1000
COLUMNS: dict[Subject, tuple[Column, ...]] = {
    Subject.INSTITUTIONS: tuple(INSTITUTION_COLUMNS),
    Subject.SERVICES: tuple(SERVICE_COLUMNS),
    Subject.AGREEMENTS: tuple(AGREEMENT_COLUMNS),
}


@bp.route("/operator/import", methods=["GET", "POST"])
@acting_for(Role.OPERATOR)
def index() -> BaseResponse:
    """Take a file; look into it no further than its first row, since a POST keeps others from writing."""
    form = UploadForm()
    if request.method == "POST":
        sent = request.files.get("file")
        body = sent.read() if sent else b""
        valid = form.validate()
        if sent is None or not sent.filename or not body:
            form.refuse(form.file, _("Choose a file with the table."))
            valid = False
        else:
            try:
                next(tables.read(body), None)
            except Unreadable as refusal:
                form.refuse(form.file, translated(refusal))
                valid = False
        if valid and sent is not None:
            kept = actions.keep(session(), actor(), Subject(form.subject.data), sent.filename or "", body, now())
            return see_other("exchange.show", upload_id=kept.id)
    return respond(
        "partners/exchange/index.html",
        status=422 if form.errors else 200,
        form=form,
        templates=[(_(SUBJECT_LABEL[one]), _addresses(one), COLUMNS[one]) for one in COLUMNS],
        kinds=[(word, _(KIND_LABEL[kind])) for kind, word in KIND_WORD.items()],
        services=queries.catalogue(session()),
    )


@bp.get("/operator/import/<id:upload_id>")
@acting_for(Role.OPERATOR)
def show(upload_id: int) -> BaseResponse:
    """Say what the table would do, without a writing unit of work."""
    kept = get_or_404(queries.upload(session(), upload_id, actor(), now()))
    outcome = Outcome(Subject(kept.subject))
    unreadable = ""
    try:
        outcome = actions.check(session(), Subject(kept.subject), kept.body, now())
    except Unreadable as refusal:
        unreadable = translated(refusal)
    return respond(
        "partners/exchange/show.html",
        upload_id=upload_id,
        filename=kept.filename,
        subject=_(SUBJECT_LABEL[outcome.subject]),
        outcome=outcome,
        unreadable=unreadable,
        problems=[(one, _(one.message, **one.params)) for one in outcome.problems],
        any_kept=any(change.kept for change in outcome.changes),
        seconds=1 + (outcome.created + outcome.changed) // ROWS_A_SECOND,
    )


@bp.post("/operator/import/<id:upload_id>/wczytaj")
@acting_for(Role.OPERATOR)
def take_over(upload_id: int) -> BaseResponse:
    kept = get_or_404(queries.upload(session(), upload_id, actor(), now()))
    mark = request.form.get("mark", "")
    try:
        outcome = actions.take_over(session(), actor(), Subject(kept.subject), kept.body, now(), mark=mark or "none")
    except (FileRefused, ChangedMeanwhile, Unreadable) as refusal:
        tell(translated(refusal), "bad")
        return see_other("exchange.show", upload_id=upload_id)
    actions.forget(session(), actor(), upload_id)
    sentence = _("The table has been taken over: %(new)d new, %(changed)d changed, %(same)d unchanged.")
    tell(sentence % {"new": outcome.created, "changed": outcome.changed, "same": outcome.unchanged}, "ok")
    return see_other("exchange.index")


@bp.post("/operator/import/<id:upload_id>/odloz")
@acting_for(Role.OPERATOR)
def put_aside(upload_id: int) -> BaseResponse:
    get_or_404(queries.upload(session(), upload_id, actor(), now()))
    actions.forget(session(), actor(), upload_id)
    tell(_("The table has been put aside. Nothing was changed."), "ok")
    return see_other("exchange.index")


@bp.get("/operator/import/wzor-<slug:subject>.csv")
@acting_for(Role.OPERATOR)
def template_csv(subject: str) -> Response:
    return _template(subject, "csv")


@bp.get("/operator/import/wzor-<slug:subject>.xlsx")
@acting_for(Role.OPERATOR)
def template_xlsx(subject: str) -> Response:
    return _template(subject, "xlsx")


@bp.get("/otwarte-dane")
@open_to_all
def open_data() -> Response:
    return respond(
        "partners/exchange/open_data.html",
        tables=[(table, path) for table, (path, _fields, _required) in hsds.TABLES.items()],
        version=hsds.VERSION,
        licence_note=url_for("pages.terms"),
    )


@bp.get("/otwarte-dane/hsds.json")
@open_to_all
def hsds_json() -> Response:
    unit = session()
    return downloads.marked("hsds.json", "application/json", _state(), lambda stream: hsds.write_json(unit, stream))


@bp.get("/otwarte-dane/hsds.zip")
@open_to_all
def hsds_zip() -> Response:
    unit = session()
    return downloads.marked("hsds.zip", "application/zip", _state(), lambda stream: hsds.write_package(unit, stream))


def _state() -> str:
    return f"{hsds.VERSION} {site.base_url()} {hsds.mark(session())}"


def _template(word: str, ending: str) -> Response:
    subject = next((one for one in COLUMNS if SUBJECT_WORD[one] == word), None)
    if subject is None:
        abort(404)
    columns = [column for column in COLUMNS[subject] if column.read is not None]
    rows = [[column.example for column in columns]]
    return downloads.table(f"wzor-{word}.{ending}", word, [column.name for column in columns], rows)


def _addresses(subject: Subject) -> tuple[str, str]:
    word = SUBJECT_WORD[subject]
    return url_for("exchange.template_csv", subject=word), url_for("exchange.template_xlsx", subject=word)
