"""Routes of editions: the page of one, what it plans to reach, its results, closing and deleting it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.web.errors import get_or_404
from app.web.guards import acting_for, open_to_all
from app.web.htmx import respond, see_other
from app.web.i18n import _, translated
from app.web.session import actor, session, tell
from events.sessions import queries as sessions
from projects.editions import actions, queries, rules
from projects.editions.forms import (
    PARTICIPANTS,
    STAFF,
    CompleteForm,
    EditionForm,
    ResultsForm,
    kept_beside,
    results_form,
    values_of,
)
from projects.editions.models import Edition, EditionState
from projects.editions.queries import OutcomeLine
from projects.programmes import queries as programmes
from projects.programmes.models import Programme
from projects.programmes.rules import KIND_FACE

bp = Blueprint("editions", __name__)

HELD = "held"
# Where a refusal of an action stands in the form.
_FIELD_OF = {
    rules.TwiceOutcome: "outcome_0",
    rules.TooManyOutcomes: "outcome_0",
    rules.HasResults: "outcome_0",
    rules.TermsStand: "capacity",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which what is saved now differs from what was typed."""

    field: str
    label: str
    saved: str
    typed: str


@bp.get("/projekty/<slug:slug>/edycje/<id:number>")
@open_to_all
def show(slug: str, number: int) -> Response:
    programme, edition = _known(slug, number)
    viewer, at = actor(), now()
    inside = programmes.in_circle(session(), viewer, programme)
    lines = sessions.of_edition(session(), viewer, edition.id or 0, at)
    if not (inside or lines):
        abort(404)
    outcomes = queries.outcomes(session(), edition.id or 0, inside=inside)
    planned = len({line.number for line in lines if line.number is not None})
    # Drafts and meetings of the invited alone are in what the edition says of itself: others count what they see.
    stand = [line.day for line in lines if line.stands] or [line.day for line in lines]
    return respond(
        "projects/editions/show.html",
        p=programme,
        e=edition,
        inside=inside,
        lines=lines,
        starts_on=edition.starts_on if inside else min(line.day for line in lines),
        ends_on=edition.ends_on if inside else max(stand),
        sessions=edition.sessions if inside else planned,
        held=len({line.number for line in lines if line.number is not None and line.outcome == HELD}),
        planned=planned,
        to_come=any(line.stands and not line.begun for line in lines),
        family=KIND_FACE[programme.kind][0],
        joining=sessions.joining(session(), viewer, edition.id or 0, at) if lines else None,
        outcomes=outcomes,
        scale=_scale(outcomes),
        counted=any(outcome.is_counted for outcome in outcomes),
        hides=not inside
        and any(count.words in (rules.FEW, rules.WITHHELD) for line in outcomes for count in line.counts),
        state_tag=rules.tag(edition.state, begun=any(line.begun for line in lines)),
        may_edit=rules.may_edit(viewer, programme),
        is_over=rules.is_over(edition.state),
        may_plan=rules.may_begin(viewer, programme) and not (edition.sessions or rules.is_over(edition.state)),
        ended=edition.ends_on is not None and edition.ends_on <= warsaw.today(at),
        today=warsaw.today(at),
    )


@bp.route("/projekty/<slug:slug>/edycje/nowa", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def new(slug: str) -> Response | BaseResponse:
    programme = get_or_404(programmes.programme(session(), slug, actor()))
    if not rules.may_edit(actor(), programme):
        abort(403)
    rules.check_running(programme)
    form = _form(EditionForm())
    if request.method != "POST":
        form.seats_for.data = form.seats_for.data or STAFF
        return _form_page(form, programme, None)
    if not form.validate():
        return _form_page(form, programme, None, status=422)
    try:
        edition = actions.begin(session(), actor(), programme, form.draft(None), now())
    except Refusal as refusal:
        return _refused(form, programme, None, refusal)
    tell(_("The edition has been begun. Now plan its sessions: nobody else sees it before."), "ok")
    return see_other("sessions.plan", slug=slug, number=edition.number)


@bp.route("/projekty/<slug:slug>/edycje/<id:number>/zmien", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def edit(slug: str, number: int) -> Response | BaseResponse:
    programme, edition = _own(slug, number)
    if rules.is_over(edition.state):
        raise rules.OverAlready
    if request.method != "POST":
        return _form_page(_form(EditionForm(data=_saved(edition))), programme, edition)
    form = _form(EditionForm())
    if not form.validate():
        return _form_page(form, programme, edition, status=422)
    try:
        changed = actions.revise(
            session(), actor(), edition, form.draft(edition), now(), revision=form.revision.data or 0
        )
    except rules.Stale:
        return _stale(form, programme, edition)
    except Refusal as refusal:
        return _refused(form, programme, edition, refusal)
    tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
    return see_other("editions.show", slug=slug, number=number)


@bp.route("/projekty/<slug:slug>/edycje/<id:number>/wyniki", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def results(slug: str, number: int) -> Response | BaseResponse:
    programme, edition = _own(slug, number)
    lines = queries.outcomes(session(), edition.id or 0, inside=True)
    form = results_form(lines, edition.revision, saved=request.method != "POST")
    if request.method != "POST":
        return _results_page(form, programme, edition, lines)
    if not form.validate():
        return _results_page(form, programme, edition, lines, status=422)
    try:
        changed = actions.set_results(
            session(), actor(), edition, form.results(lines), now(), revision=form.revision.data or 0
        )
    except rules.Stale:
        return _stale_results(form, programme, edition, lines)
    tell(_("The results have been saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
    return see_other("editions.show", slug=slug, number=number, _anchor="wyniki")


@bp.route("/projekty/<slug:slug>/edycje/<id:number>/zamknij", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def complete(slug: str, number: int) -> Response | BaseResponse:
    programme, edition = _own(slug, number)
    form = CompleteForm()
    lines = queries.outcomes(session(), edition.id or 0, inside=True)
    missing = [line for line in lines if not line.is_counted]
    if request.method != "POST":
        rules.check_complete(edition, warsaw.today(now()), counted=True, without_results=False)
        return _complete_page(form, programme, edition, missing)
    try:
        actions.complete(
            session(),
            actor(),
            edition,
            now(),
            revision=form.revision.data or 0,
            without_results=bool(form.without_results.data),
        )
    except rules.ResultsMissing as refusal:
        form.refuse(form.without_results, translated(refusal))
        return _complete_page(form, programme, edition, missing, status=422)
    tell(_("The edition is completed."), "ok")
    return see_other("editions.show", slug=slug, number=number)


@bp.post("/projekty/<slug:slug>/edycje/<id:number>/usun")
@acting_for(Role.COORDINATOR)
def discard(slug: str, number: int) -> Response | BaseResponse:
    _programme, edition = _own(slug, number)
    actions.discard(session(), actor(), edition, now())
    tell(_("The edition has been deleted."), "ok")
    return see_other("programmes.show", slug=slug)


def _known(slug: str, number: int) -> tuple[Programme, Edition]:
    return get_or_404(queries.edition(session(), actor(), slug, number))


def _own(slug: str, number: int) -> tuple[Programme, Edition]:
    """Give an edition that the actor may change: 404 where he may not know of it, 403 where it is not his."""
    programme, edition = _known(slug, number)
    if not programmes.in_circle(session(), actor(), programme) and not sessions.of_edition(
        session(), actor(), edition.id or 0, now()
    ):
        abort(404)
    if not rules.may_edit(actor(), programme):
        abort(403)
    return programme, edition


def _scale(outcomes: Sequence[OutcomeLine]) -> int:
    """Give the number at which a bar is full: the largest that is shown, so that no bar tells a hidden one."""
    shown = [count.value or 0 for line in outcomes for count in line.counts]
    return max([1, *shown, *(line.target or 0 for line in outcomes)])


def _form(form: EditionForm) -> EditionForm:
    form.offer()
    return form


def _saved(edition: Edition) -> dict[str, object]:
    return values_of(edition, queries.planned(session(), edition.id or 0))


def _form_page(
    form: EditionForm,
    programme: Programme,
    edition: Edition | None,
    status: int = 200,
    differences: Sequence[Difference] | None = None,
) -> Response:
    return respond(
        "projects/editions/edit.html",
        status=status,
        form=form,
        p=programme,
        e=edition,
        planned=edition is not None and edition.sessions > 0,
        differences=differences,
        hints={PARTICIPANTS: _("An institution registers how many come. No name is asked for, and none can be given.")},
    )


def _refused(form: EditionForm, programme: Programme, edition: Edition | None, refusal: Refusal) -> Response:
    """Show the refusal where it belongs in the form; one that belongs nowhere becomes an error page."""
    if type(refusal) not in _FIELD_OF:
        raise refusal
    form.refuse(form[_FIELD_OF[type(refusal)]], translated(refusal))
    return _form_page(form, programme, edition, status=422)


def _stale(form: EditionForm, programme: Programme, edition: Edition) -> Response:
    """Show what is saved now beside what was typed; sending the form again saves what was typed."""
    saved = _form(EditionForm(formdata=None, data=_saved(edition)))
    planned = queries.planned(session(), edition.id or 0)
    form.keep_beside(planned)
    shown = ["name", *(() if edition.sessions else ("seats_for", "capacity"))]
    for text, target, _key in form.lines():
        shown += [text.name, target.name]
    differences = [
        Difference(form[name].id, str(form[name].label.text), saved.words(name), form.words(name))
        for name in shown
        if saved.words(name) != form.words(name)
    ]
    form.revision.raw_data, form.revision.data = None, edition.revision
    return _form_page(form, programme, edition, status=409, differences=differences)


def _results_page(
    form: ResultsForm,
    programme: Programme,
    edition: Edition,
    lines: Sequence[OutcomeLine],
    status: int = 200,
    differences: Sequence[Difference] | None = None,
) -> Response:
    return respond(
        "projects/editions/results.html",
        status=status,
        form=form,
        p=programme,
        e=edition,
        lines=lines,
        differences=differences,
        is_over=edition.state is EditionState.COMPLETED,
    )


def _stale_results(form: ResultsForm, programme: Programme, edition: Edition, lines: Sequence[OutcomeLine]) -> Response:
    """Keep what both have typed: where they differ, show both and let this person decide."""
    differences = []
    for line in lines:
        for field, count in zip(form.row(line), line.counts, strict=True):
            if None not in (field.data, count.value) and field.data != count.value:
                label = f"{line.text}: {field.label.text}"
                differences.append(Difference(field.id, label, count.words, str(field.data)))
    kept_beside(form, lines)
    form.revision.raw_data, form.revision.data = None, edition.revision
    return _results_page(form, programme, edition, lines, status=409, differences=differences)


def _complete_page(
    form: CompleteForm, programme: Programme, edition: Edition, missing: Sequence[OutcomeLine], status: int = 200
) -> Response:
    form.revision.raw_data, form.revision.data = None, form.revision.data or edition.revision
    return respond("projects/editions/complete.html", status=status, form=form, p=programme, e=edition, missing=missing)
