"""Routes of changes: edit a draft or a published event, cancel it with a reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Field

from app import warsaw
from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.web.errors import get_or_404
from app.web.fields import ChoiceField, ChoicesField, DayField, TimeField
from app.web.forms import Form
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, language, translated
from app.web.session import actor, close_early, session, tell
from events.calendar import actions as calendar
from events.calendar import clashes, queries, repeating, rules, series
from events.calendar.clashes import Findings
from events.calendar.forms import ONLINE, SPEAKERS, EventForm, saved
from events.calendar.models import Event, State
from events.calendar.queries import EventPage
from events.calendar.repeating import REPEATING
from events.calendar.rules import DateDraft, EventDraft
from events.changes import actions, parts, suspension
from events.changes import queries as reach
from events.changes.forms import CancelForm, CancelSeriesForm, DateForm, ScopeForm, SuspendForm
from events.changes.parts import Asked, Part
from events.changes.rules import DateCancelled, DateOver, Scope
from events.visits import queries as visits
from partners.availability import rules as availability
from partners.institutions import queries as institutions
from partners.institutions.models import Institution

bp = Blueprint("changes", __name__)

# Where a refusal of the action stands in the form.
_FIELD_OF: dict[type[Refusal], str] = {
    rules.InThePast: "day",
    availability.Suspended: "day",
    rules.EndBeforeStart: "ends",
    rules.TooLong: "end_day",
    rules.UnsafeHour: "starts",
    rules.RoomElsewhere: "room_id",
    actions.FewerSeatsThanTaken: "seats",
}
# The same of a suspension.
_DAY_OF: dict[type[Refusal], str] = {
    availability.Passed: "first_day",
    availability.Overlapping: "first_day",
    availability.EndBeforeStart: "last_day",
    availability.TooFar: "last_day",
}
_DATES_LISTED = 50
# After a change of one of these it is worth looking what else is there at the time.
_WORTH_CHECKING = frozenset({
    "local_start", "minutes", "all_day", "rule", "place_institution_id", "room", "room_id", "starts_at", "ends_at",
    "speakers",
})  # fmt: skip
_COMPARED_OF_DATE = ("title", "day", "starts", "ends", "end_day", "place", "place_other", "room")
_COMPARED = (
    "kind", "title", "day", "starts", "ends", "end_day", "all_day", *REPEATING, "place", "place_other", "seats",
    "audience", "description", "visibility", "co_organisers", "invited", "room_id", "room", "online_link", "programme",
    "clause", "topics", "agenda", "admission", "split", "promotion", "offer_hours", "signup_scope", "opens_day",
    "opens_time", "closes_day", "closes_time", "withdraw_day", "withdraw_time", "consent", "children",
    "minors_checked_on", "minors_standards",
    "contact", *(f"{of}_{n}" for n in range(SPEAKERS) for of in ("speaker", "speaker_function", "speaker_institution")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which what is saved now differs from what was typed."""

    field: str
    label: str
    saved: str
    typed: str


@bp.route("/wydarzenia/<uuid:event_uuid>/edycja", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def edit(event_uuid: UUID) -> Response | BaseResponse:
    asked = Asked.read(request.args)
    page = _own_page(event_uuid, asked.day)
    if page.event.state is State.CANCELLED:
        raise rules.AlreadyCancelled
    part = None
    if page.event.state is State.PUBLISHED and page.event.rule:
        if asked.scope is None:
            return _scope_page(page)
        if asked.scope is Scope.THIS:
            return _date(page)
        part = parts.part_of(session(), page, asked.scope, now())
    elif page.event.state is State.PUBLISHED and page.over:
        raise rules.AlreadyOver
    if request.method != "POST":
        form = EventForm(data=_stored(page, part))
        _offer(form, page)
        return _form_page(page, form, part)
    return _edited(page, part)


@bp.route("/wydarzenia/<uuid:event_uuid>/odwolaj", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def cancel(event_uuid: UUID) -> Response | BaseResponse:
    page = _stoppable_page(event_uuid, Asked.read(request.args).day)
    if page.event.state is State.DRAFT:
        return see_other("calendar.check", event_uuid=event_uuid)
    if page.event.state is State.CANCELLED:
        raise rules.AlreadyCancelled
    if page.event.rule:
        return _cancelled_series(page)
    if page.over:
        raise rules.AlreadyOver
    form = CancelForm()
    concerned = page.occurrence.seats_taken + page.occurrence.waiting
    if request.method != "POST" or not form.validate():
        status = 200 if request.method != "POST" else 422
        return respond("events/changes/cancel.html", status=status, page=page, form=form, concerned=concerned)
    told = actions.cancel(session(), actor(), page.event, form.reason.data or "", now())
    tell(_("The event is cancelled."), "ok")
    _tell_mailed(told)
    return see_other("calendar.show", event_uuid=event_uuid)


@bp.route("/partnerzy/<slug:slug>/zawies", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def suspend(slug: str) -> Response | BaseResponse:
    unit = _own_unit(slug)
    form = SuspendForm()
    if request.method != "POST":
        return _suspension_page(unit, form)
    if not form.validate():
        return _suspension_page(unit, form, status=422)
    wanted = form.draft()
    try:
        availability.check_days(wanted.first_day, wanted.last_day, warsaw.today(now()))
        if "zawies" not in request.form or form.checked.data != form.days:
            return _suspension_page(unit, form, shown=True)
        done = suspension.suspend(session(), actor(), unit, wanted, now())
    except tuple(_DAY_OF) as refusal:
        close_early()
        form.refuse(form[_DAY_OF[type(refusal)]], translated(refusal))
        return _suspension_page(_own_unit(slug), form, status=422)
    tell(_("Meetings are suspended. Nobody can plan one at your unit in these days."), "ok")
    if done.dates:
        tell(_n("%(num)d date is cancelled.", "%(num)d dates are cancelled.", done.dates), "ok")
    if done.told:
        tell(_n("%(num)d person gets a mail about it.", "%(num)d persons get a mail about it.", done.told), "info")
    return see_other("availability.index", slug=slug)


def _own_unit(slug: str) -> Institution:
    unit = get_or_404(institutions.institution(session(), slug, actor()))
    if not availability.may_suspend(actor(), unit.id, unit.kind):
        abort(403)
    return unit


def _suspension_page(unit: Institution, form: SuspendForm, status: int = 200, *, shown: bool = False) -> Response:
    wanted = form.draft() if shown else None
    dates = reach.in_period(session(), unit.id or 0, wanted.first_day, wanted.last_day, now()) if wanted else []
    form.checked.data = form.days if shown else ""
    form.checked.raw_data = None
    return respond(
        "events/changes/suspend.html",
        status=status,
        i=unit,
        form=form,
        shown=shown,
        dates=dates[:_DATES_LISTED],
        more=max(len(dates) - _DATES_LISTED, 0),
        people=sum(one.people for one in dates),
        told=len(reach.concerned(session(), dates, besides=actor().user_id)),
    )


def _cancelled_series(page: EventPage) -> Response | BaseResponse:
    reach, form = parts.reach_of(session(), page, now()), CancelSeriesForm()
    form.zakres.choices = reach.choices
    if request.method != "POST" or not form.validate():
        status = 200 if request.method != "POST" else 422
        concerned = reach.concerned[Scope.ALL]
        return respond("events/changes/cancel.html", status=status, page=page, form=form, concerned=concerned)
    scope, row = Scope(form.zakres.data), page.occurrence
    told = actions.cancel(
        session(), actor(), page.event, form.reason.data or "", now(), occurrence_id=row.id, scope=scope
    )
    tell(_("The date is cancelled.") if scope is Scope.THIS else _("The dates are cancelled."), "ok")
    _tell_mailed(told)
    uuid = queries.uuid_of_date(session(), row.id or 0) or page.event.uuid
    return see_other("calendar.show_day", event_uuid=uuid, day=row.local_date)


def _tell_mailed(told: int) -> None:
    if told:
        tell(_n("%(num)d person gets a mail about it.", "%(num)d persons get a mail about it.", told), "info")


def _scope_page(page: EventPage) -> Response:
    reach, form = parts.reach_of(session(), page, now()), ScopeForm(formdata=None)
    form.zakres.choices = reach.choices
    asked = "dalej" in request.args
    if asked:
        form.refuse(form.zakres, _("Choose which dates you mean."))
    return respond("events/changes/scope.html", status=422 if asked else 200, page=page, form=form)


def _date(page: EventPage) -> Response | BaseResponse:
    event, row, uuid = page.event, page.occurrence, page.event.uuid
    if row.state is not State.PUBLISHED:
        raise DateCancelled
    if row.starts_at <= now():
        raise DateOver
    if request.method != "POST":
        form = DateForm(data=parts.date_values(page))
        _offer_places(form, page)
        return _date_page(page, form)
    form = DateForm()
    _offer_places(form, page)
    if not form.check(all_day=event.all_day):
        return _date_page(page, form, status=422)
    wanted = _date_draft(page, form)
    try:
        changed = actions.edit_date(session(), actor(), event, row.id or 0, wanted, form.revision.data or 0, now())
    except rules.StalePage:
        close_early()
        page = _own_page(uuid, row.local_date)
        stored = DateForm(formdata=None, data=parts.date_values(page))
        _offer_places(stored, page)
        form.revision.data, form.revision.raw_data = page.event.revision, None
        return _date_page(page, form, status=409, differences=_differences(stored, form, _COMPARED_OF_DATE))
    except tuple(_FIELD_OF) as refusal:
        close_early()
        form.refuse(form[_FIELD_OF[type(refusal)]], translated(refusal))
        return _date_page(_own_page(uuid, row.local_date), form, status=422)
    tell(_("The date is changed.") if changed else _("Nothing was changed."), "ok" if changed else "info")
    return see_other("calendar.show_day", event_uuid=uuid, day=wanted.starts.date())


def _date_draft(page: EventPage, form: DateForm) -> DateDraft:
    starts, ends = form.wall(all_day=page.event.all_day)
    place_id, room, row = form.place_id(), form.room.data or "", page.occurrence
    known_room = row.room if row.place is not None else page.event.room
    same_room = place_id == row.place_institution_id and room == known_room
    return DateDraft(
        title=form.title.data or "",
        starts=starts,
        ends=ends,
        place_institution_id=place_id,
        place=form.place_other.data or "",
        room=room,
        room_id=row.room_id if same_room else None,
    )


def _offer_places(form: DateForm, page: EventPage) -> None:
    whole = EventForm(formdata=None)
    _offer(whole, page)
    offered = ((value, label) for value, label, *_rest in whole.place.iter_choices())
    form.place.choices = [one for one in offered if one[0] != ONLINE or page.event.online]


def _date_page(
    page: EventPage, form: DateForm, status: int = 200, differences: list[Difference] | None = None
) -> Response:
    concerned = page.occurrence.seats_taken + page.occurrence.waiting + page.occurrence.requested
    return respond(
        "events/changes/date.html", status=status, page=page, form=form, differences=differences, concerned=concerned
    )


@bp.get("/wydarzenia/<uuid:event_uuid>/kolizje")
@acting_for(Role.COORDINATOR)
def clashing(event_uuid: UUID) -> Response:
    """Show what stands in the way of a published event: after a change, or whenever its organiser asks."""
    page = _own_page(event_uuid)
    return respond("events/changes/clashing.html", page=page, found=_findings(page.event))


def _findings(event: Event) -> Findings:
    spans = clashes.spans_of(event, series.occurrences(session(), event), now())
    people = reach.elsewhere(session(), actor(), event, spans)
    held = visits.on_hold(session(), actor(), spans)
    return clashes.find(session(), actor(), event, spans, people=people, held=held)


def _edited(page: EventPage, part: Part | None) -> Response | BaseResponse:
    form, uuid = EventForm(), page.event.uuid
    _offer(form, page)
    is_draft = page.event.state is State.DRAFT
    keeps_draft = is_draft and "szkic" in request.form
    started = None if is_draft else part.start if part else page.event.local_start
    if not form.check(now(), complete=not keeps_draft, started=started):
        return _form_page(page, form, part, status=422)
    wanted = _settled(form)
    if wanted is None:
        return _form_page(page, form, part, status=422)
    if "podglad" in request.form:
        if wanted.rule is None:
            tell(_("The event does not repeat: it has one date. Nothing is saved yet."), "info")
        return _form_page(page, form, part, preview=_preview(wanted))
    try:
        changed = actions.edit(
            session(),
            actor(),
            page.event,
            wanted,
            form.revision.data or 0,
            now(),
            occurrence_id=part.occurrence_id if part else None,
            scope=part.scope if part else Scope.ALL,
            moved_too="moved_too" in request.form,
        )
    except rules.StalePage:
        return _stale(uuid, form, part)
    except tuple(_FIELD_OF) as refusal:
        close_early()
        form.refuse(form[_FIELD_OF[type(refusal)]], translated(refusal))
        return _form_page(_own_page(uuid, part.day if part else None), form, part, status=422)
    if is_draft and not keeps_draft:
        return see_other("calendar.check", event_uuid=page.event.uuid)
    _tell_saved(page.event, changed, is_draft=is_draft)
    if is_draft:
        return see_other("changes.edit", event_uuid=uuid)
    # A change of a part of a series makes an event of that part.
    shown = queries.uuid_of_date(session(), part.occurrence_id) if part else None
    clash = changed & _WORTH_CHECKING and _findings(_own_page(shown or uuid).event)
    return see_other("changes.clashing" if clash else "calendar.show", event_uuid=shown or uuid)


def _preview(wanted: EventDraft) -> repeating.Preview | None:
    if wanted.rule is None:
        return None
    today = warsaw.today(now())
    return repeating.preview_of(wanted.rule, wanted.starts, wanted.ends, all_day=wanted.all_day, today=today)


def _tell_saved(event: Event, changed: frozenset[str], *, is_draft: bool) -> None:
    if not changed:
        tell(_("Nothing was changed."), "info")
        return
    tell(_("The draft is saved. Nobody but coordinators of your institution sees it.") if is_draft else _("Saved."))
    gaps = calendar.gaps(event)
    if gaps:
        tell(_("Before it can be published, give: %(gaps)s.", gaps=", ".join(_(gap) for gap in gaps)), "info")


def _stale(event_uuid: UUID, form: EventForm, part: Part | None) -> Response | BaseResponse:
    close_early()
    page = _own_page(event_uuid, part.day if part else None)
    if part is not None:
        part = parts.part_of(session(), page, part.scope, now())
    stored = EventForm(formdata=None, data=_stored(page, part))
    _offer(stored, page)
    differences = _differences(stored, form, [name for name in _COMPARED if form.shows(name)])
    form.revision.data, form.revision.raw_data = page.event.revision, None
    return _form_page(page, form, part, status=409, differences=differences)


def _differences(stored: Form, form: Form, names: Iterable[str]) -> list[Difference]:
    pairs = [(name, _words(stored[name]), _words(form[name])) for name in names]
    return [Difference(name, str(form[name].label.text), now_, typed) for name, now_, typed in pairs if now_ != typed]


def _stored(page: EventPage, part: Part | None) -> dict[str, Any]:
    return saved(page) | (dict(part.values) if part else {})


def _words(field: Field) -> str:
    chosen = field.data if isinstance(field.data, list) else [field.data]
    if isinstance(field, ChoiceField | ChoicesField):
        return ", ".join(str(label) for value, label, *_rest in field.iter_choices() if value and str(value) in chosen)
    if isinstance(field.data, bool):
        return _("yes") if field.data else ""
    if isinstance(field, DayField | TimeField) and field.data is not None:
        return field.show(field.data)
    return "" if field.data is None else str(field.data)


def _form_page(
    page: EventPage,
    form: EventForm,
    part: Part | None,
    status: int = 200,
    differences: list[Difference] | None = None,
    preview: repeating.Preview | None = None,
) -> Response:
    return respond(
        "events/changes/edit.html",
        preview=preview,
        status=status,
        page=page,
        form=form,
        differences=differences,
        is_draft=page.event.state is State.DRAFT,
        concerned=part.concerned if part else page.occurrence.seats_taken + page.occurrence.waiting,
        part=part,
        moved_too="moved_too" in request.form,
    )


def _own_page(event_uuid: UUID, day: date | None = None) -> EventPage:
    page = get_or_404(queries.page(session(), actor(), event_uuid, now(), day))
    if not page.may_edit:
        abort(403)
    return page


def _stoppable_page(event_uuid: UUID, day: date | None) -> EventPage:
    page = get_or_404(queries.page(session(), actor(), event_uuid, now(), day))
    if not (rules.may_stop(actor(), page.event) or rules.may_stop(actor(), page.occurrence)):
        abort(403)
    return page


def _offer(form: EventForm, page: EventPage) -> None:
    also = [one.id for one in page.named]
    choices, in_series = queries.choices(session(), page.organiser.id, also), page.event.rule is not None
    form.offer(choices, page.organiser, language(), page.named, in_series=in_series)
    form.in_edition = page.event.edition_id is not None


def _settled(form: EventForm) -> EventDraft | None:
    resolved = queries.resolve(
        session(),
        actor().institution_id or 0,
        place_id=form.place_id(),
        place=form.typed_place(),
        invited=form.invited_ids(),
        names=form.invited_names(),
    )
    return form.settle(resolved)
