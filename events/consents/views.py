"""Routes of what several institutions settle: ask, answer, consent; hours of the house, topics of co-organisers."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, translated
from app.web.session import actor, close_early, session, tell
from events.calendar import clashes, parties, queries, rules, series
from events.calendar.clashes import Findings
from events.calendar.models import Consent, Event, State
from events.calendar.queries import EventPage, PartyLine
from events.changes import queries as changes
from events.consents import actions
from events.consents.forms import YES, AnswerForm, ConsentForm, ContributionForm, MoveForm, OutsideForm
from events.visits import queries as visits
from partners.availability import rules as availability

bp = Blueprint("consents", __name__)

_FIELD_OF: dict[type[Refusal], str] = {
    rules.InThePast: "day",
    rules.EndBeforeStart: "ends",
    rules.TooLong: "ends",
    rules.UnsafeHour: "starts",
    rules.RoomElsewhere: "room_id",
    availability.Suspended: "day",
}
_REFUSED: tuple[type[Refusal], ...] = (rules.StalePage, *_FIELD_OF)


@bp.get("/wydarzenia/<uuid:event_uuid>/uzgodnienia")
@acting_for(Role.COORDINATOR)
def show(event_uuid: UUID) -> Response:
    return _page(_concerned(event_uuid))


@bp.post("/wydarzenia/<uuid:event_uuid>/uzgodnienia/popros")
@acting_for(Role.COORDINATOR)
def ask(event_uuid: UUID) -> Response | BaseResponse:
    page = _concerned(event_uuid)
    try:
        number = parties.ask(session(), actor(), page.event, now())
    except (rules.NobodyToAsk, rules.Incomplete, rules.InThePast) as refusal:
        return _page(page, refusal=translated(refusal), status=refusal.status)
    words = _n("%(num)d institution has been asked by mail.", "%(num)d institutions have been asked by mail.", number)
    tell(words, "ok")
    return see_other("consents.show", event_uuid=event_uuid)


@bp.post("/wydarzenia/<uuid:event_uuid>/uzgodnienia/odpowiedz")
@acting_for(Role.COORDINATOR)
def answer(event_uuid: UUID) -> Response | BaseResponse:
    page = _concerned(event_uuid)
    form = AnswerForm()
    form.offer(may_decline=_may_decline(page))
    if _own_line(page) is not None and not form.check():
        return _page(page, answer_form=form, status=422)
    agrees = form.answer.data == YES
    parties.answer(session(), actor(), page.event, now(), agrees=agrees, reason=form.reason.data or "")
    if agrees:
        tell(_("Confirmed. The organiser gets a mail."), "ok")
    else:
        tell(_("You have declined. The organiser gets a mail with the reason."), "info")
    return see_other("calendar.show", event_uuid=event_uuid)


@bp.post("/wydarzenia/<uuid:event_uuid>/uzgodnienia/<id:institution_id>/poza-kladka")
@acting_for(Role.COORDINATOR)
def outside(event_uuid: UUID, institution_id: int) -> Response | BaseResponse:
    page = _concerned(event_uuid)
    form = OutsideForm()
    if page.may_edit and not form.check():
        return _page(page, outside_form=form, outside_id=institution_id, status=422)
    parties.note_outside(session(), actor(), page.event, institution_id, now())
    tell(_("Noted: agreed outside Kładka."), "ok")
    return see_other("consents.show", event_uuid=event_uuid)


@bp.post("/wydarzenia/<uuid:event_uuid>/zgoda-dyrektora")
@acting_for(Role.COORDINATOR)
def consent(event_uuid: UUID) -> Response | BaseResponse:
    page = _concerned(event_uuid)
    form = ConsentForm()
    form.offer()
    may = page.event.consent is not None and rules.may_consent(actor(), page.event)
    if may and not form.check():
        return _page(page, consent_form=form, status=422)
    chosen = Consent(form.consent.data) if may else Consent.PENDING
    try:
        parties.note_consent(session(), actor(), page.event, chosen, form.granted_on.data, now())
    except rules.ConsentDayMissing as refusal:
        form.refuse(form.granted_on, translated(refusal))
        return _page(page, consent_form=form, status=422)
    tell(_("Saved."), "ok")
    return see_other("calendar.show", event_uuid=event_uuid)


@bp.route("/wydarzenia/<uuid:event_uuid>/gospodarz", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def move(event_uuid: UUID) -> Response | BaseResponse:
    return _moved(event_uuid)


@bp.route("/wydarzenia/<uuid:event_uuid>/<day:day>/gospodarz", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def move_day(event_uuid: UUID, day: date) -> Response | BaseResponse:
    return _moved(event_uuid, day)


@bp.route("/wydarzenia/<uuid:event_uuid>/tematy", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def contribute(event_uuid: UUID) -> Response | BaseResponse:
    page = _concerned(event_uuid)
    line = _own_line(page)
    if line is None or not line.stands:
        raise actions.NotACoOrganiser
    if page.event.state is State.CANCELLED:
        raise rules.AlreadyCancelled
    if request.method != "POST":
        return _contribution_page(page, ContributionForm(data=_contributed(page)))
    form = ContributionForm()
    if not form.check():
        return _contribution_page(page, form, status=422)
    try:
        changed = actions.contribute(
            session(), actor(), page.event, form.topics.lines(), form.speakers(), form.revision.data or 0, now()
        )
    except rules.StalePage as refusal:
        close_early()
        form.revision.data, form.revision.raw_data = _concerned(event_uuid).event.revision, None
        form.refuse(form.topics, translated(refusal))
        return _contribution_page(page, form, status=409)
    tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
    return see_other("calendar.show", event_uuid=event_uuid)


def _moved(event_uuid: UUID, day: date | None = None) -> Response | BaseResponse:
    page = _concerned(event_uuid, day)
    event, occurrence = page.event, page.occurrence
    if not rules.may_move(actor(), event):
        raise actions.NotTheHost
    if event.state is State.DRAFT:
        raise actions.NotPublished
    if occurrence.state is not State.PUBLISHED:
        raise rules.AlreadyCancelled
    if page.over:
        raise rules.AlreadyOver
    rooms = queries.rooms_of(session(), (event.place_institution_id or 0,))
    if request.method != "POST":
        form = MoveForm(data=_times(page))
        form.offer(rooms)
        return _move_page(page, form)
    form = MoveForm()
    form.offer(rooms)
    if not form.check():
        return _move_page(page, form, status=422)
    try:
        changed = actions.move(session(), actor(), event, occurrence, form.move(), form.revision.data or 0, now())
    except _REFUSED as refusal:
        close_early()
        fresh = _concerned(event_uuid, day)
        form.revision.data, form.revision.raw_data = fresh.event.revision, None
        form.refuse(form[_FIELD_OF.get(type(refusal), "day")], translated(refusal))
        return _move_page(fresh, form, status=refusal.status)
    if changed:
        tell(_("Saved. The organiser and everybody signed up get a mail."), "ok")
    else:
        tell(_("Nothing was changed."), "info")
    return see_other("calendar.show", event_uuid=event_uuid)


def _concerned(event_uuid: UUID, day: date | None = None) -> EventPage:
    """Give the page to the coordinators of the organiser, the host and the co-organisers; to others it is forbidden."""
    page = get_or_404(queries.page(session(), actor(), event_uuid, now(), day))
    if not (page.may_edit or _own_line(page) is not None or rules.may_move(actor(), page.event)):
        abort(403)
    return page


def _own_line(page: EventPage) -> PartyLine | None:
    own_id = actor().institution_id
    return next((one for one in page.answering if one.named.id == own_id and one.answer is not None), None)


def _may_decline(page: EventPage) -> bool:
    hosts = page.event.place_institution_id == actor().institution_id
    return not (hosts and page.event.state is State.PUBLISHED)


def _page(
    page: EventPage,
    *,
    answer_form: AnswerForm | None = None,
    outside_form: OutsideForm | None = None,
    outside_id: int = 0,
    consent_form: ConsentForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> Response:
    line = _own_line(page)
    if answer_form is None:
        answer_form = AnswerForm(formdata=None, data={"answer": YES if line and line.agrees else ""})
        answer_form.offer(may_decline=_may_decline(page))
    event = page.event
    if consent_form is None:
        data = {"consent": event.consent.value if event.consent else "", "granted_on": event.consent_on}
        consent_form = ConsentForm(formdata=None, data=data)
        consent_form.offer()
    return respond(
        "events/consents/show.html",
        status=status,
        page=page,
        line=line,
        found=_findings(event) if line and event.state is not State.CANCELLED else None,
        silent=_silent(page),
        may_decline=_may_decline(page),
        may_consent=event.consent is not None and rules.may_consent(actor(), event),
        answer_form=answer_form,
        outside_form=outside_form or OutsideForm(formdata=None),
        outside_id=outside_id,
        consent_form=consent_form,
        forms=[one for one in (answer_form, outside_form, consent_form) if one is not None],
        refusal=refusal,
    )


def _findings(event: Event) -> Findings:
    """Give what stands in the way as the institution sees it that is asked: it decides, also on its blocked days."""
    spans = clashes.spans_of(event, series.occurrences(session(), event), now())
    people = changes.elsewhere(session(), actor(), event, spans)
    held = visits.on_hold(session(), actor(), spans)
    return clashes.find(session(), actor(), event, spans, people=people, held=held)


def _silent(page: EventPage) -> frozenset[int]:
    """Those who cannot answer in Kładka, asked for the organiser only."""
    if not page.may_edit or not page.not_agreed:
        return frozenset()
    asked = [one.named.id for one in page.not_agreed]
    return frozenset(asked) - queries.answering(session(), asked)


def _contributed(page: EventPage) -> dict[str, Any]:
    own_id = actor().institution_id
    own = [one for one in page.speakers if one.institution and one.institution.id == own_id]
    values: dict[str, Any] = {"topics": "\n".join(page.event.topics), "revision": page.event.revision}
    for number, speaker in enumerate(own):
        values |= {f"speaker_{number}": speaker.person, f"speaker_function_{number}": speaker.function}
    return values


def _contribution_page(page: EventPage, form: ContributionForm, status: int = 200) -> Response:
    return respond("events/consents/contribute.html", status=status, page=page, form=form)


def _times(page: EventPage) -> dict[str, Any]:
    event, date_ = page.event, page.occurrence
    starts, ends = (warsaw.to_local(instant) for instant in (date_.starts_at, date_.ends_at))
    room_id = date_.room_id or None
    return {
        "day": starts.date(),
        "starts": starts.time(),
        "ends": ends.time(),
        "room_id": str(room_id or ""),
        "room": "" if room_id else (date_.room or event.room),
        "revision": event.revision,
    }


def _move_page(page: EventPage, form: MoveForm, status: int = 200) -> Response:
    return respond("events/consents/move.html", status=status, page=page, form=form)
