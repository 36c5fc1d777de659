"""Routes of contacts: the list that an institution keeps, one contact, its absences; reports on a card."""

from flask import Blueprint, Response
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, translated
from app.web.session import actor, session, tell
from partners.contacts import actions, queries, rules
from partners.contacts.forms import AbsenceForm, ContactForm, OutcomeForm, ReportForm, values_of
from partners.contacts.models import Contact, ReportKind
from partners.institutions import queries as institutions
from partners.institutions.models import Institution
from partners.institutions.rules import KIND_GROUP

bp = Blueprint("contacts", __name__)


@bp.get("/partnerzy/<slug:slug>/kontakty")
@acting_for(Role.ADMIN, Role.OPERATOR)
def index(slug: str) -> Response:
    card = _kept(slug)
    today = warsaw.today(now())
    rows = queries.kept(session(), card.id or 0, actor(), today)
    return respond(
        "partners/contacts/index.html",
        card=card,
        rows=rows,
        outdated=sum(row.outdated for row in rows),
    )


@bp.route("/partnerzy/<slug:slug>/kontakty/nowy", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def new(slug: str) -> BaseResponse:
    card = _kept(slug)
    form = ContactForm()
    form.offer(rules.roles_for(KIND_GROUP[card.kind]))
    if form.validate_on_submit():
        try:
            actions.add(session(), actor(), card.id or 0, form.draft(), now())
        except rules.TooManyContacts as refusal:
            form.refuse(form.role, translated(refusal))
        else:
            tell(_("The contact is on the card."), "ok")
            return see_other("contacts.index", slug=slug)
    return respond("partners/contacts/edit.html", status=422 if form.errors else 200, card=card, form=form)


@bp.route("/partnerzy/<slug:slug>/kontakty/<id:contact_id>", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def edit(slug: str, contact_id: int) -> BaseResponse:
    card = _kept(slug)
    contact = _contact(card, contact_id)
    form = ContactForm(data=values_of(contact))
    form.offer(rules.roles_for(KIND_GROUP[card.kind], contact.role))
    if form.validate_on_submit():
        actions.revise(session(), actor(), contact, form.draft(), now())
        tell(_("The contact is saved and confirmed."), "ok")
        return see_other("contacts.index", slug=slug)
    return respond(
        "partners/contacts/edit.html", status=422 if form.errors else 200, card=card, form=form, contact=contact
    )


@bp.post("/partnerzy/<slug:slug>/kontakty/<id:contact_id>/usun")
@acting_for(Role.ADMIN, Role.OPERATOR)
def remove(slug: str, contact_id: int) -> BaseResponse:
    card = _kept(slug)
    actions.remove(session(), actor(), _contact(card, contact_id), now())
    tell(_("The contact is no longer on the card."), "ok")
    return see_other("contacts.index", slug=slug)


@bp.post("/partnerzy/<slug:slug>/kontakty/<id:contact_id>/wyzej")
@acting_for(Role.ADMIN, Role.OPERATOR)
def up(slug: str, contact_id: int) -> BaseResponse:
    card = _kept(slug)
    actions.move(session(), actor(), _contact(card, contact_id), up=True, now=now())
    tell(_("The order is changed."), "ok")
    return see_other("contacts.index", slug=slug, _anchor=f"kontakt-{contact_id}")


@bp.post("/partnerzy/<slug:slug>/kontakty/<id:contact_id>/nizej")
@acting_for(Role.ADMIN, Role.OPERATOR)
def down(slug: str, contact_id: int) -> BaseResponse:
    card = _kept(slug)
    actions.move(session(), actor(), _contact(card, contact_id), up=False, now=now())
    tell(_("The order is changed."), "ok")
    return see_other("contacts.index", slug=slug, _anchor=f"kontakt-{contact_id}")


@bp.route("/partnerzy/<slug:slug>/kontakty/<id:contact_id>/nieobecnosc", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def absence(slug: str, contact_id: int) -> BaseResponse:
    card = _kept(slug)
    contact = _contact(card, contact_id)
    form = AbsenceForm()
    if form.validate_on_submit():
        try:
            actions.note_absence(session(), actor(), contact, form.first.data, form.last.data, now())
        except (rules.AbsenceBackwards, rules.AbsenceOver, rules.AbsenceTooLong, rules.AbsentAlready) as refusal:
            form.refuse(form.last, translated(refusal))
        else:
            tell(_("The absence is noted. Until it ends, the next person in line is shown."), "ok")
            return see_other("contacts.index", slug=slug)
    return respond(
        "partners/contacts/absence.html",
        status=422 if form.errors else 200,
        card=card,
        form=form,
        contact=contact,
        role_label=rules.CONTACT_ROLES.get(contact.role, contact.role),
    )


@bp.post("/partnerzy/<slug:slug>/kontakty/<id:contact_id>/nieobecnosc/<id:absence_id>/usun")
@acting_for(Role.ADMIN, Role.OPERATOR)
def back(slug: str, contact_id: int, absence_id: int) -> BaseResponse:
    card = _kept(slug)
    contact = _contact(card, contact_id)
    found = get_or_404(queries.absence(session(), contact, absence_id))
    actions.end_absence(session(), actor(), contact, found, now())
    tell(_("The absence is removed."), "ok")
    return see_other("contacts.index", slug=slug)


@bp.post("/partnerzy/<slug:slug>/kontakty/potwierdz")
@acting_for(Role.ADMIN, Role.OPERATOR)
def confirm(slug: str) -> BaseResponse:
    card = _kept(slug)
    number = actions.confirm(session(), actor(), card.id or 0, now())
    tell(_n("%(num)d contact is confirmed.", "%(num)d contacts are confirmed.", number), "ok")
    return see_other("contacts.index", slug=slug)


@bp.route("/partnerzy/<slug:slug>/zglos", methods=["GET", "POST"])
@acting_for(Role.MEMBER)
def report(slug: str) -> BaseResponse:
    card = _card(slug)
    form = ReportForm()
    contacts = queries.of_card(session(), card.id or 0, actor(), warsaw.today(now()))
    form.offer({row.id: _words(row) for row in contacts})
    if form.validate_on_submit():
        contact_id = int(form.contact.data) if form.contact.data else None
        kind = ReportKind(form.kind.data)
        try:
            made = actions.report(session(), actor(), card, kind, form.note.data or "", now(), contact_id=contact_id)
        except rules.OwnCard as refusal:
            form.refuse(form.kind, translated(refusal))
        else:
            if made is None:
                tell(_("Somebody has reported this already. The institution knows."), "info")
            else:
                tell(_("Thank you. The institution has been told."), "ok")
            return see_other("institutions.show", slug=slug)
    return respond("partners/contacts/report.html", status=422 if form.errors else 200, card=card, form=form)


@bp.get("/partnerzy/<slug:slug>/zgloszenia")
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def reports(slug: str) -> Response:
    return _reports(_settled_by(slug), None, 0)


@bp.post("/partnerzy/<slug:slug>/zgloszenia/<id:report_id>/zalatw")
@acting_for(Role.COORDINATOR, Role.OPERATOR)
def settle(slug: str, report_id: int) -> BaseResponse:
    card = _settled_by(slug)
    found = get_or_404(queries.report(session(), card.id or 0, report_id, actor()))
    form = OutcomeForm()
    form.offer()
    if not form.validate():
        return _reports(card, form, report_id)
    actions.settle(session(), actor(), found, rules.Outcome(form.outcome.data), now())
    tell(_("The report is settled. Partners do not see it on the card any more."), "ok")
    return see_other("contacts.reports", slug=slug)


def _reports(card: Institution, refused: OutcomeForm | None, report_id: int) -> Response:
    rows = queries.reports(session(), card.id or 0, actor())
    return respond(
        "partners/contacts/reports.html",
        status=422 if refused else 200,
        card=card,
        waiting=[row for row in rows if row.settled_at is None],
        settled=[row for row in rows if row.settled_at is not None],
        outcomes=rules.OUTCOME_LABEL,
        keeps=rules.may_keep(actor(), card.id or 0),
        form=refused,
        refused_id=report_id,
    )


def _card(slug: str) -> Institution:
    return get_or_404(institutions.institution(session(), slug, actor()))


def _kept(slug: str) -> Institution:
    card = _card(slug)
    if not rules.may_keep(actor(), card.id or 0):
        raise rules.NotYourContacts
    return card


def _settled_by(slug: str) -> Institution:
    card = _card(slug)
    if not rules.may_settle(actor(), card.id or 0):
        raise rules.NotYourReports
    return card


def _contact(card: Institution, contact_id: int) -> Contact:
    return get_or_404(queries.contact(session(), card.id or 0, contact_id, actor()))


def _words(row: queries.ContactRow) -> str:
    role = _(row.role_label)
    return ", ".join(part for part in (role[:1].upper() + role[1:], row.person or row.mailbox, row.phone) if part)
