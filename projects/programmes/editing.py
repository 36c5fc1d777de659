"""Routes of those who write programmes: begin, change, copy, publish."""

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.text import clean
from app.web import copies
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, translated
from app.web.session import actor, session, tell
from partners.contacts import rules as contacts
from partners.institutions import queries as institutions
from partners.institutions.models import Institution
from partners.institutions.rules import KIND_GROUP
from partners.territory import queries as territory
from projects.programmes import actions, protocol, queries, rules
from projects.programmes.forms import NAME_MAX, Meeting, ProgrammeForm, values_of
from projects.programmes.models import REPORT_DAYS, TITLE_MAX, Programme, ProgrammeKind, ProgrammeState

NAMES_IN_ERROR = 3
PARTNERS_PROPOSED = 5
# Where a refusal of an action stands in the form.
_FIELD_OF = {
    rules.TitleMissing: "title",
    rules.EndBeforeStart: "ends_on",
    rules.RecruitingAfterEnd: "recruiting_until",
    rules.GrantAboveTotal: "grant_amount",
    rules.UnknownAudience: "audience",
    rules.TooManyMilestones: "month_0",
    rules.OwnPartner: "partner_0",
    rules.TwicePartner: "partner_0",
    rules.TooManyPartners: "partner_0",
}


@acting_for(Role.COORDINATOR)
@copies.copied
def new() -> Response | BaseResponse:
    form = _form(ProgrammeForm())
    if request.method != "POST":
        if not form.put_back:
            form.kind.data = ProgrammeKind.WORKSHOP.value
            form.voivodeship.data = institutions.voivodeship_of(session(), actor().institution_id or 0)
            form.report_days.data = REPORT_DAYS
            _propose(form)
        return _form_page(form, None)
    wanted = _read(form)
    if wanted is None:
        return _form_page(form, None, status=422)
    try:
        programme = actions.draft(session(), actor(), wanted, now())
    except Refusal as refusal:
        return _refused(form, None, refusal)
    copies.forget(request.path)
    tell(_("The draft has been saved. Only coordinators of your institution see it."), "ok")
    return see_other("programmes.show", slug=programme.slug)


@acting_for(Role.COORDINATOR)
@copies.copied
def edit(slug: str) -> Response | BaseResponse:
    programme = get_or_404(queries.programme(session(), slug, actor()))
    if not rules.may_edit(actor(), programme):
        abort(403)
    if request.method != "POST":
        form = _form(ProgrammeForm(data=_saved(programme)), programme)
        if form.put_back and form.revision.data != programme.revision:
            return _stale(form, programme, status=200)
        if not form.put_back:
            form.opened.data = form.marks()
        return _form_page(form, programme)
    form = _form(ProgrammeForm(), programme)
    wanted = _read(form)
    if wanted is None:
        return _form_page(form, programme, status=422)
    try:
        changed = actions.revise(session(), actor(), programme, wanted, now(), revision=form.revision.data or 0)
    except rules.Stale:
        return _stale(form, programme)
    except Refusal as refusal:
        return _refused(form, programme, refusal)
    copies.forget(request.path)
    tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
    return see_other("programmes.show", slug=slug)


@acting_for(Role.COORDINATOR)
def publish(slug: str) -> BaseResponse:
    programme = get_or_404(queries.programme(session(), slug, actor()))
    try:
        actions.publish(session(), actor(), programme, now())
    except (rules.Incomplete, protocol.PartnersAwaited) as refusal:
        tell(translated(refusal), "bad")  # the page lists what is missing, and each partner with its answer
        return see_other("programmes.show", slug=slug)
    copies.forget(url_for("programmes.edit", slug=slug))
    tell(_("The project is published. Everybody can see it."), "ok")
    return see_other("programmes.show", slug=slug)


@acting_for(Role.COORDINATOR)
def copy(slug: str) -> BaseResponse:
    programme = get_or_404(queries.programme(session(), slug, actor()))
    made = actions.copy(session(), actor(), programme, now())
    tell(
        _(
            "This is a copy, a draft that only coordinators of your institution see: texts, groups, milestones and "
            "partners, who have not been asked. Not copied: dates, funding, grant number and amounts, results, "
            "documents, editions and sessions."
        ),
        "ok",
    )
    return see_other("programmes.edit", slug=made.slug)


def attach(bp: Blueprint) -> None:
    """Give *bp* the routes of this file: list, page and form are one blueprint in two files."""
    bp.add_url_rule("/projekty/nowy", "new", new, methods=["GET", "POST"])
    bp.add_url_rule("/projekty/<slug:slug>/edycja", "edit", edit, methods=["GET", "POST"])
    bp.add_url_rule("/projekty/<slug:slug>/opublikuj", "publish", publish, methods=["POST"])
    bp.add_url_rule("/projekty/<slug:slug>/skopiuj", "copy", copy, methods=["POST"])


def _form(form: ProgrammeForm, programme: Programme | None = None) -> ProgrammeForm:
    roles = _roles(programme.contact_role if programme else "")
    form.offer([(place.code, place.name) for place in territory.voivodeships(session())], roles)
    return form


def _roles(present: str) -> list[tuple[str, str]]:
    """Give the roles that a contact of the lead can have, and the *present* one; the lead is whom the actor serves."""
    lead = session().get_one(Institution, actor().institution_id)
    return [(role, _(label)) for role, label in contacts.roles_for(KIND_GROUP[lead.kind], present).items()]


def _form_page(
    form: ProgrammeForm, programme: Programme | None, status: int = 200, meeting: Meeting | None = None
) -> Response:
    return respond(
        "projects/programmes/edit.html",
        status=status,
        form=form,
        programme=programme,
        is_draft=programme is None or programme.state is ProgrammeState.DRAFT,
        names=institutions.suggestions(session(), form.voivodeship.data or None),
        meeting=meeting,
        copy=copies.here(put_back=form.put_back),
    )


def _propose(form: ProgrammeForm) -> None:
    """Begin with the name and the partners that the address gives, as after a meeting that went well."""
    form.title.data = " ".join(clean(request.args.get("nazwa", "")).split())[:TITLE_MAX]
    names = [" ".join(clean(name).split())[:NAME_MAX] for name in request.args.getlist("partner")[:PARTNERS_PROPOSED]]
    for number, name in enumerate(names):
        form[f"partner_{number}"].data = name


def _read(form: ProgrammeForm) -> rules.ProgrammeDraft | None:
    """Give the clean values, or None with the errors on the form's fields."""
    valid = form.validate()
    whole = form.check_steps()
    ids = _partners_found(form)
    return form.draft(ids) if valid and whole and ids is not None else None


def _partners_found(form: ProgrammeForm) -> dict[str, int] | None:
    found = institutions.named(session(), form.partner_names())
    ids: dict[str, int] = {}
    failed = False
    for name, part in form.lines():
        hits = found.get(name.data or "", ())
        if name.data and len(hits) == 1:
            ids[name.data] = hits[0].id
        elif name.data and hits:
            listed = "; ".join(f"{hit.name} ({hit.slug})" for hit in hits[:NAMES_IN_ERROR])
            form.refuse(
                name,
                _("Several partners fit: %(listed)s. Type the whole name, or the words in brackets.", listed=listed),
            )
            failed = True
        elif name.data:
            form.refuse(name, _("There is no partner of this name. Copy the name from the partner’s card."))
            failed = True
        elif part.data:
            form.refuse(name, _("Give the name of the partner whose part this is."))
            failed = True
    return None if failed else ids


def _refused(form: ProgrammeForm, programme: Programme | None, refusal: Refusal) -> Response:
    """Show the refusal where it belongs in the form; one that belongs nowhere becomes an error page."""
    if isinstance(refusal, rules.Incomplete):
        for gap in rules.missing(form.draft(_partners_found(form) or {})):
            form.refuse(form[gap.field], _(gap.sentence))
    elif type(refusal) in _FIELD_OF:
        form.refuse(form[_FIELD_OF[type(refusal)]], translated(refusal))
    else:
        raise refusal
    return _form_page(form, programme, status=422)


def _saved(programme: Programme) -> dict[str, object]:
    owner = programme.id or 0
    parts = queries.parts(session(), owner)
    names = institutions.names(session(), [part.institution_id for part in parts])
    partners = [(names[part.institution_id], part.part) for part in parts]
    return values_of(programme, partners, queries.milestones(session(), owner))


def _stale(form: ProgrammeForm, programme: Programme, status: int = 409) -> Response:
    """Show what is saved now beside what was typed; sending the form again saves what it shows."""
    now_saved = _form(ProgrammeForm(formdata=None, data=_saved(programme)), programme)
    if not form.state.data:  # a draft's form does not ask for it
        form.state.data = now_saved.state.data
    meeting = form.meet(now_saved)
    form.opened.data = now_saved.marks()
    form.revision.raw_data = None
    form.revision.data = programme.revision
    return _form_page(form, programme, status=status, meeting=meeting)
