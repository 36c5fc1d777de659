"""Routes of those who run a project: partners ask, answer, join and leave; the lead and the archive change hands."""

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, translated
from app.web.session import actor, close_early, session, tell
from projects.programmes import life, parties, partnership, protocol, queries, rules
from projects.programmes.models import PartnerAnswer, Programme, ProgrammeState
from projects.programmes.partnership import Panel
from projects.programmes.party_forms import (
    YES,
    AnswerForm,
    DecisionForm,
    JoinForm,
    LeadForm,
    LeaveForm,
    OutsideForm,
)

bp = Blueprint("programme_parties", __name__)


@bp.get("/projekty/<slug:slug>/partnerzy")
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def show(slug: str) -> Response:
    programme, panel = _concerned(slug)
    return _page(programme, panel)


@bp.post("/projekty/<slug:slug>/partnerzy/zapytaj")
@acting_for(Role.COORDINATOR)
def ask(slug: str) -> BaseResponse:
    programme = _known(slug)
    try:
        number = parties.ask(session(), actor(), programme, now())
    except (protocol.NobodyToAsk, protocol.Over) as refusal:
        return _again(slug, refusal)
    tell(
        _n("%(num)d institution has been asked by mail.", "%(num)d institutions have been asked by mail.", number), "ok"
    )
    return see_other("programme_parties.show", slug=slug)


@bp.post("/projekty/<slug:slug>/partnerzy/<id:institution_id>/zapytaj")
@acting_for(Role.COORDINATOR)
def ask_one(slug: str, institution_id: int) -> BaseResponse:
    programme = _known(slug)
    try:
        parties.ask(session(), actor(), programme, now(), institution_id=institution_id)
    except (protocol.NobodyToAsk, protocol.Over) as refusal:
        return _again(slug, refusal)
    tell(_("The institution has been asked by mail."), "ok")
    return see_other("programme_parties.show", slug=slug)


@bp.post("/projekty/<slug:slug>/partnerzy/<id:institution_id>/przypomnij")
@acting_for(Role.COORDINATOR)
def remind(slug: str, institution_id: int) -> BaseResponse:
    programme = _known(slug)
    try:
        parties.remind(session(), actor(), programme, institution_id, now())
    except (protocol.NobodyToAsk, protocol.TooSoon, protocol.Over) as refusal:
        return _again(slug, refusal)
    tell(_("The question has been sent again."), "ok")
    return see_other("programme_parties.show", slug=slug)


@bp.post("/projekty/<slug:slug>/partnerzy/odpowiedz")
@acting_for(Role.COORDINATOR)
def answer(slug: str) -> Response | BaseResponse:
    programme, panel = _concerned(slug)
    form = AnswerForm()
    own = panel.own
    form.offer(anew=own is not None and own.agreed)
    if own is not None and not form.check():
        return _page(programme, panel, answer_form=form, status=422)
    agrees = form.answer.data == YES
    part = request.form.get("part")
    try:
        parties.answer(session(), actor(), programme, now(), agrees=agrees, note=form.note.data or "", part=part)
    except protocol.PartChanged as refusal:
        close_early()
        programme, panel = _concerned(slug)
        form.refuse(form.answer, translated(refusal))
        return _page(programme, panel, answer_form=form, status=409)
    if agrees:
        tell(_("Confirmed. The lead gets a mail."), "ok")
        return see_other("programmes.show", slug=slug)
    tell(_("You have declined. The lead gets a mail with the reason."), "info")
    drafted = programme.state is ProgrammeState.DRAFT
    return see_other("desk.show") if drafted else see_other("programmes.show", slug=slug)


@bp.post("/projekty/<slug:slug>/partnerzy/<id:institution_id>/poza-kladka")
@acting_for(Role.COORDINATOR)
def outside(slug: str, institution_id: int) -> Response | BaseResponse:
    programme, panel = _concerned(slug)
    form = OutsideForm()
    valid = form.validate()
    try:
        if valid or not panel.leads:
            parties.note_outside(session(), actor(), programme, institution_id, form.note.data or "", now())
    except protocol.WordsMissing as refusal:
        form.refuse(form.note, translated(refusal))
        valid = False
    if not valid and panel.leads:
        return _page(programme, panel, outside_form=form, outside_id=institution_id, status=422)
    tell(_("Noted: agreed outside Kładka."), "ok")
    return see_other("programme_parties.show", slug=slug)


@bp.post("/projekty/<slug:slug>/partnerzy/<id:institution_id>/wykresl")
@acting_for(Role.COORDINATOR)
def drop(slug: str, institution_id: int) -> BaseResponse:
    programme = _known(slug)
    try:
        parties.drop(session(), actor(), programme, institution_id, now())
    except (protocol.DecideInstead, protocol.Over) as refusal:
        return _again(slug, refusal)
    tell(_("The institution is off the project."), "ok")
    return see_other("programme_parties.show", slug=slug)


@bp.route("/projekty/<slug:slug>/partnerzy/<id:institution_id>/prosba", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def decide(slug: str, institution_id: int) -> Response | BaseResponse:
    programme, panel = _concerned(slug)
    if not panel.leads:
        abort(403)
    asking = partnership.request(session(), programme, institution_id)
    if asking is None:
        tell(_("This request is settled or was taken back."), "info")
        return see_other("programme_parties.show", slug=slug)
    form = DecisionForm()
    form.offer()
    if request.method != "POST":
        return _decision_page(programme, panel, asking, form)
    if not form.check():
        return _decision_page(programme, panel, asking, form, status=422)
    accepts = form.answer.data == YES
    try:
        parties.decide(
            session(),
            actor(),
            programme,
            institution_id,
            now(),
            accepts=accepts,
            reason=form.reason.data or "",
            note=form.note.data or "",
            part=request.form.get("part"),
        )
    except protocol.RequestChanged as refusal:
        close_early()
        programme, panel = _concerned(slug)
        asking = partnership.request(session(), programme, institution_id) or asking
        form.refuse(form.answer, translated(refusal))
        return _decision_page(programme, panel, asking, form, status=refusal.status)
    except (protocol.Over, rules.TooManyPartners) as refusal:
        form.refuse(form.answer, translated(refusal))
        return _decision_page(programme, panel, asking, form, status=422)
    if accepts:
        tell(_("The institution is a partner of the project. Its coordinators get a mail."), "ok")
    else:
        tell(_("The request is refused. Its coordinators get a mail with the reason."), "info")
    return see_other("programme_parties.show", slug=slug)


@bp.route("/projekty/<slug:slug>/dolacz", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def join(slug: str) -> Response | BaseResponse:
    programme = _known(slug)
    form = JoinForm()
    own = queries.own_answer(session(), actor(), programme.id or 0)
    waiting = own is PartnerAnswer.REQUESTED
    if request.method != "POST":
        if waiting or own in protocol.STANDING:
            return see_other("programme_parties.show", slug=slug)
        return _join_page(programme, form)
    if not form.validate():
        return _join_page(programme, form, status=422)
    try:
        parties.request(session(), actor(), programme, form.part.data or "", now())
    except (protocol.AlreadyIn, protocol.AlreadyRequested, protocol.AnswerInstead) as refusal:
        return _again(slug, refusal)
    tell(_("The lead has got your request. You will get a mail with the answer."), "ok")
    return see_other("programme_parties.show", slug=slug)


@bp.post("/projekty/<slug:slug>/partnerzy/odejdz")
@acting_for(Role.COORDINATOR)
def leave(slug: str) -> Response | BaseResponse:
    programme, panel = _concerned(slug)
    form = LeaveForm()
    own = panel.own
    requested = own is not None and own.answer is PartnerAnswer.REQUESTED
    if own is not None and own.agreed and not form.validate():
        return _page(programme, panel, leave_form=form, status=422)
    try:
        parties.leave(session(), actor(), programme, form.note.data or "", now())
    except protocol.Over as refusal:
        return _again(slug, refusal)
    if requested:
        tell(_("The request is taken back."), "ok")
    else:
        tell(_("Your institution has left the project. The lead gets a mail."), "info")
    drafted = programme.state is ProgrammeState.DRAFT
    return see_other("desk.show") if drafted else see_other("programmes.show", slug=slug)


@bp.post("/projekty/<slug:slug>/prowadzenie")
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def offer_lead(slug: str) -> Response | BaseResponse:
    programme, panel = _concerned(slug)
    form = LeadForm()
    form.offer(panel.heirs)
    if panel.may_offer and not form.validate():
        return _page(programme, panel, lead_form=form, status=422)
    chosen = int(form.institution.data) if panel.may_offer else 0
    try:
        parties.offer_lead(session(), actor(), programme, chosen, now())
    except (protocol.AlreadyOffered, protocol.CannotLead, protocol.AlreadyArchived) as refusal:
        return _again(slug, refusal)
    tell(_("The lead is offered. The partner gets a mail; until it accepts, nothing changes."), "ok")
    return see_other("programme_parties.show", slug=slug)


@bp.post("/projekty/<slug:slug>/prowadzenie/cofnij")
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def take_back(slug: str) -> BaseResponse:
    programme = _known(slug)
    try:
        parties.take_back_offer(session(), actor(), programme, now())
    except protocol.NotOffered as refusal:
        return _again(slug, refusal)
    tell(_("The offer is taken back."), "ok")
    return see_other("programme_parties.show", slug=slug)


@bp.post("/projekty/<slug:slug>/prowadzenie/odmow")
@acting_for(Role.COORDINATOR)
def decline_lead(slug: str) -> BaseResponse:
    programme = _known(slug)
    parties.decline_lead(session(), actor(), programme, now())
    tell(_("You have declined to lead the project. Your part stays as it is."), "info")
    return see_other("programmes.show", slug=slug)


@bp.get("/operator/projekty")
@acting_for(Role.OPERATOR)
def leaderless() -> Response:
    found = partnership.leaderless(session(), actor())
    return respond("projects/programmes/part_leaderless.html", found=found)


@bp.route("/projekty/<slug:slug>/archiwum", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def archive(slug: str) -> Response | BaseResponse:
    programme, panel = _concerned(slug)
    if not (panel.leads or panel.may_offer or programme.archived_at):
        raise protocol.NotYourArchive
    if request.method != "POST":
        return respond("projects/programmes/part_archive.html", p=programme, panel=panel)
    life.archive(session(), actor(), programme, now())
    tell(_("The project is in the archive. Its page stays at its address."), "ok")
    return see_other("programmes.show", slug=slug)


@bp.post("/projekty/<slug:slug>/archiwum/przywroc")
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def reopen(slug: str) -> BaseResponse:
    programme = _known(slug)
    life.reopen(session(), actor(), programme, now())
    tell(_("The project is out of the archive and stands in the lists again."), "ok")
    return see_other("programmes.show", slug=slug)


def _known(slug: str) -> Programme:
    return get_or_404(queries.programme(session(), slug, actor()))


def _concerned(slug: str) -> tuple[Programme, Panel]:
    """Give a programme with what the actor settles there; who only reads it has nothing to settle."""
    programme = _known(slug)
    panel = partnership.panel(session(), actor(), programme)
    if panel is None:
        abort(403)
    return programme, panel


def _again(slug: str, refusal: Refusal) -> BaseResponse:
    """Say what stands in the way above the present state: the page that was shown is out of date."""
    close_early()
    tell(translated(refusal), "wait")
    return see_other("programme_parties.show", slug=slug)


def _page(
    programme: Programme,
    panel: Panel,
    *,
    answer_form: AnswerForm | None = None,
    outside_form: OutsideForm | None = None,
    outside_id: int = 0,
    leave_form: LeaveForm | None = None,
    lead_form: LeadForm | None = None,
    status: int = 200,
) -> Response:
    given = [form for form in (answer_form, outside_form, leave_form, lead_form) if form is not None]
    if answer_form is None:
        answer_form = AnswerForm(formdata=None)
        answer_form.offer(anew=panel.own is not None and panel.own.agreed)
    if lead_form is None:
        lead_form = LeadForm(formdata=None)
        lead_form.offer(panel.heirs)
    return respond(
        "projects/programmes/part_partners.html",
        status=status,
        p=programme,
        panel=panel,
        answer_form=answer_form,
        outside_form=outside_form,
        outside_id=outside_id,
        leave_form=leave_form or LeaveForm(formdata=None),
        lead_form=lead_form,
        forms=given,
        remind_before=now() - protocol.REMIND_AFTER,
    )


def _join_page(programme: Programme, form: JoinForm, status: int = 200) -> Response:
    open_now = protocol.can_join(
        programme.state,
        archived=programme.archived_at is not None,
        lead_works=parties.lead_works(session(), programme),
    )
    return respond("projects/programmes/part_join.html", status=status, p=programme, form=form, open=open_now)


def _decision_page(
    programme: Programme, panel: Panel, asking: partnership.Line, form: DecisionForm, status: int = 200
) -> Response:
    return respond(
        "projects/programmes/part_decide.html", status=status, p=programme, panel=panel, asking=asking, form=form
    )
