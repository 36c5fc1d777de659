"""Routes of admission: the public form, and the operator's list of applications."""

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.actors import Role
from app.clock import now
from app.web.errors import get_or_404
from app.web.guards import acting_for, open_to_all
from app.web.htmx import respond, see_other
from app.web.i18n import _, language, translated
from app.web.session import actor, session, tell
from partners.admission import actions, queries, rules
from partners.admission.forms import ApplyForm, RefuseForm
from partners.admission.models import Application, ApplicationState
from partners.admission.queries import Alike
from partners.institutions.models import Institution, Kind
from partners.institutions.rules import KIND_GROUP, KIND_LABEL
from partners.people import queries as people
from partners.territory import queries as territory
from partners.territory.rules import Area

bp = Blueprint("admission", __name__)


@bp.route("/zglos-instytucje", methods=["GET", "POST"])
@open_to_all
def apply() -> BaseResponse:
    """Ask for an institution to be admitted: whoever finds his own in the list before sending need not."""
    form = ApplyForm()
    if request.method != "POST":
        return _form_page(form)
    area = _read(form)
    if area is None:
        return _form_page(form, status=422)
    applied = form.applied(area, language())
    alike = queries.alike(session(), applied.name, applied.kind, applied.gmina_code, applied.email)
    if alike and not form.different.data:
        form.refuse(
            form.different, _("See whether your institution is listed already. If it is none of these, tick it.")
        )
        return _form_page(form, alike, 422)
    try:
        actions.apply(session(), actor(), applied, now(), address=request.remote_addr or "")
    except rules.TooManyApplications as refusal:
        form.refuse(form.applicant_email, translated(refusal))
        return _form_page(form, alike, refusal.status)
    return see_other("admission.thanks")


@bp.get("/zglos-instytucje/dziekujemy")
@open_to_all
def thanks() -> Response:
    return respond("partners/admission/thanks.html", days=rules.DECIDED_WITHIN)


@bp.get("/operator/zgloszenia")
@acting_for(Role.OPERATOR)
def index() -> Response:
    return respond(
        "partners/admission/index.html",
        applications=queries.applications(session()),
        state_tag=rules.STATE_TAG,
        kind_label=KIND_LABEL,
        kind_group=KIND_GROUP,
    )


@bp.get("/operator/zgloszenia/<id:application_id>")
@acting_for(Role.OPERATOR)
def show(application_id: int) -> Response:
    application, institution = _known(application_id)
    return _show_page(application, institution, RefuseForm())


@bp.post("/operator/zgloszenia/<id:application_id>/przyjmij")
@acting_for(Role.OPERATOR)
def accept(application_id: int) -> BaseResponse:
    application, institution = _known(application_id)
    actions.accept(session(), actor(), application, now())
    tell(_("%(name)s is admitted. The applicant gets a mail.", name=institution.name), "ok")
    return see_other("admission.index")


@bp.post("/operator/zgloszenia/<id:application_id>/odmow")
@acting_for(Role.OPERATOR)
def refuse(application_id: int) -> BaseResponse:
    application, institution = _known(application_id)
    if application.state is not ApplicationState.WAITING:
        raise rules.DecidedAlready
    form = RefuseForm()
    if not form.validate():
        return _show_page(application, institution, form, 422)
    actions.refuse(session(), actor(), application, form.reason.data or "", now())
    tell(_("%(name)s is not admitted. The applicant gets a mail with the reason.", name=institution.name), "ok")
    return see_other("admission.index")


def _read(form: ApplyForm) -> Area | None:
    """Give the gmina that was meant, or None with the errors on the form's fields."""
    areas = [one for one in territory.search(session(), form.gmina.data or "") if not one.is_warsaw]
    chosen = [one for one in areas if one.code == form.gmina_code.data]
    # Somebody who types another name after having chosen means the name.
    exact = chosen or [one for one in areas if one.name.casefold() == (form.gmina.data or "").casefold()] or areas
    # A choice stays on the page: the next answer may be about something else.
    form.offer(exact if len(exact) == 1 and not chosen else areas, language())
    if not chosen:
        form.gmina_code.data = None
    valid = form.validate()
    if form.gmina.data and not areas:
        form.refuse(form.gmina, _("There is no gmina of this name. Check how it is written."))
        return None
    if len(exact) != 1:
        if form.gmina.data:
            form.refuse(form.gmina_code, _("Several gminas fit. Choose yours."))
        return None
    return exact[0] if valid else None


def _form_page(form: ApplyForm, alike: list[Alike] | None = None, status: int = 200) -> Response:
    return respond(
        "partners/admission/apply.html",
        status=status,
        form=form,
        alike=alike or [],
        kind_label=KIND_LABEL,
        kind_group=KIND_GROUP,
        kinds=[(kind.value, _(KIND_LABEL[kind])) for kind in Kind],
    )


def _known(application_id: int) -> tuple[Application, Institution]:
    return get_or_404(queries.application(session(), application_id))


def _show_page(application: Application, institution: Institution, form: RefuseForm, status: int = 200) -> Response:
    place = territory.area(session(), institution.district_code or institution.gmina_code or "")
    waits = application.state is ApplicationState.WAITING
    alike = (
        queries.alike(session(), institution.name, institution.kind, institution.gmina_code or "", institution.email)
        if waits
        else []
    )
    return respond(
        "partners/admission/show.html",
        status=status,
        application=application,
        institution=institution,
        place=f"{place.words(language())}, {place.around(language())}" if place else "",
        waits=waits,
        state_tag=rules.STATE_TAG[application.state],
        kind_label=KIND_LABEL,
        kind_group=KIND_GROUP,
        alike=alike,
        joined=bool(people.members(session(), institution.id or 0)),
        form=form,
    )
