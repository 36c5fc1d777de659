"""Routes of duty hours: boards, a plan, bookings, substitutes, cancelled dates, what is proposed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.errors import Conflict, Forbidden, Refusal
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, language, translated
from app.web.session import actor, close_early, session, tell
from events.calendar import queries as calendar
from events.calendar import rules as calendar_rules
from events.calendar.models import TITLE_MAX, Outcome
from events.calendar.series import Rhythm
from events.duty import actions, queries, rules
from events.duty.forms import BookForm, CancelForm, OnDutyForm, PlanForm, days_of, months_of
from events.duty.models import Hint
from events.duty.queries import DateCard, OnDuty, Place
from events.duty.rules import DutyDraft
from events.minutes import queries as minutes
from events.signups import queries as signups
from events.signups.rules import Person
from partners.availability import queries as days_off
from partners.availability import rules as availability
from partners.institutions import queries as institutions
from partners.institutions import workdays
from partners.people import queries as people

bp = Blueprint("duty", __name__)

_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_NOT_READY = (
    calendar_rules.Incomplete,
    calendar_rules.MinorsUnprotected,
    calendar_rules.NotAgreed,
    calendar_rules.InThePast,
    calendar_rules.NoDatesLeft,
    availability.Suspended,
)


@dataclass(frozen=True, slots=True)
class PlannedDate:
    """One date of a plan before it is saved, with what speaks against it."""

    day: date
    starts_at: datetime
    ends_at: datetime
    note: str
    left_out: bool


@bp.get("/dyzury")
@acting_for(Role.MEMBER)
def index() -> Response:
    """List the boards of the actor's institution, and what its centre prepares."""
    return respond(
        "events/duty/index.html",
        lines=queries.boards(session(), actor(), now()),
        drafts=queries.drafts(session(), actor()),
        may_plan=rules.may_plan(actor()),
        keeps=rules.is_centre(actor().institution_kind),
        today=warsaw.today(now()),
    )


@bp.route("/dyzury/nowy", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def new() -> Response | BaseResponse:
    """Plan duty hours: first the dates are shown, then they are saved and the unit is asked."""
    if not rules.may_plan(actor()):
        raise rules.NotACentre
    choices = calendar.choices(session(), actor().institution_id or 0)
    colleagues = people.colleagues(session(), actor().institution_id or 0)
    form = PlanForm() if request.method == "POST" else PlanForm(data=_first_values(choices.partners))
    form.offer(choices, colleagues, language())
    if request.method != "POST":
        return _plan_page(form)
    if not form.check(now()):
        return _plan_page(form, status=422)
    if form.shown.data != form.signature():
        return _plan_page(form, lines=_planned(form, None))
    left_out = days_of(request.form.getlist("bez"))
    lines = _planned(form, left_out)
    if "zapisz" not in request.form:
        return _plan_page(form, lines=lines)
    try:
        event = actions.plan(session(), actor(), _draft_of(form, form.person(colleagues), left_out), now())
    except (rules.NoDates, calendar_rules.NoDatesLeft) as refusal:
        close_early()
        form.refuse(form.last_day, translated(refusal))
        return _plan_page(form, lines=lines, status=422)
    if people.coordinators(session(), form.unit_id()):
        tell(_("The duty hours are planned and the unit is asked to confirm them."), "ok")
    else:
        tell(_("The duty hours are planned. The unit has nobody in Kładka: agree by letter and note it below."), "info")
    return see_other("calendar.check", event_uuid=event.uuid)


@bp.post("/dyzury/plan/<uuid:event_uuid>/oglos")
@acting_for(Role.COORDINATOR)
def publish(event_uuid: UUID) -> BaseResponse:
    """Publish confirmed duty hours; whoever is named on the draft comes onto every date."""
    event = get_or_404(queries.event_of(session(), actor(), event_uuid))
    place_id = event.place_institution_id
    try:
        if "pokazane" in request.form:
            actions.leave_out(session(), actor(), event, days_of(request.form.getlist("bez")), now())
            if "terminy" in request.form:
                tell(_("Saved."), "ok")
                return see_other("calendar.check", event_uuid=event_uuid, _anchor="terminy")
        actions.publish(session(), actor(), event, now())
    except _NOT_READY as refusal:
        close_early()
        tell(translated(refusal), "bad")
        return see_other("calendar.check", event_uuid=event_uuid)
    tell(_("The duty hours are published. The unit can book slots."), "ok")
    slug = next(iter(queries.slugs(session(), [place_id or 0])), "")
    return see_other(".show", slug=slug)


@bp.get("/dyzury/<slug:slug>")
@acting_for(Role.MEMBER)
def show(slug: str) -> BaseResponse:
    """Lead to the month with the next date."""
    unit = get_or_404(queries.unit(session(), actor(), slug))
    coming = [
        one.next_day for one in queries.boards(session(), actor(), now()) if one.unit.id == unit.id and one.next_day
    ]
    month = min(coming, default=warsaw.today(now()))
    return see_other(".board", slug=slug, month=month)


@bp.get("/dyzury/<slug:slug>/<month:month>")
@acting_for(Role.MEMBER)
def board(slug: str, month: date) -> Response:
    """Show the dates of a month with their slots."""
    return _board_page("events/duty/board.html", slug, month)


@bp.get("/dyzury/<slug:slug>/<month:month>/plan")
@acting_for(Role.MEMBER)
def plan(slug: str, month: date) -> Response:
    """Show the same for printing."""
    return _board_page("events/duty/plan.html", slug, month)


@bp.route("/dyzury/termin/<id:occurrence_id>/zapis", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def book(occurrence_id: int) -> Response | BaseResponse:
    """Book persons of the unit into a slot."""
    card, unit = get_or_404(queries.date_card(session(), actor(), occurrence_id, now()))
    if not rules.may_book(actor(), unit.id):
        raise rules.NotYourUnit
    form = BookForm()
    form.offer(card)
    if request.method != "POST":
        form.slot.data = request.args.get("okno", "")[:4]
        return _book_page(form, card, unit)
    # A second post of one form is answered before its hour is looked for: the first may have filled it.
    made = queries.by_key(session(), form.key.data) if form.key.data else None
    if made is None and not form.validate():
        return _book_page(form, card, unit, status=422)
    if made is None:
        try:
            made = actions.book(
                session(),
                actor(),
                occurrence_id,
                int(form.slot.data or 0),
                form.persons.data or 0,
                form.topics.data or (),
                form.key.data or "",
                now(),
            )
        except Forbidden:
            raise
        except Refusal as refusal:
            close_early()
            fresh, unit = get_or_404(queries.date_card(session(), actor(), occurrence_id, now()))
            form.offer(fresh)
            about = form.persons if isinstance(refusal, rules.SlotFull) else form.slot
            form.refuse(about, translated(refusal))
            return _book_page(form, fresh, unit, status=refusal.status)
    tell(_n("%(num)d person is booked.", "%(num)d persons are booked.", made.persons), "ok")
    return _back(card, unit)


@bp.post("/dyzury/zapis/<id:booking_id>/wycofaj")
@acting_for(Role.COORDINATOR)
def withdraw(booking_id: int) -> BaseResponse:
    """Give a slot back."""
    booking = get_or_404(queries.booking(session(), actor(), booking_id))
    card, unit = get_or_404(queries.date_card(session(), actor(), booking.occurrence_id, now()))
    try:
        actions.withdraw(session(), actor(), booking_id, now())
    except Conflict as refusal:
        close_early()
        tell(translated(refusal), "info")
    else:
        tell(_("The booking is withdrawn. The slot is free again."), "ok")
    return _back(card, unit)


@bp.route("/dyzury/termin/<id:occurrence_id>/zastepstwo", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def person(occurrence_id: int) -> Response | BaseResponse:
    """Say who comes: in somebody's stead on this date, or where nobody is on duty."""
    card, unit = _run(occurrence_id)
    if not card.may_run or card.begun:
        tell(_("This date has begun or does not take place. Nobody can be named any more."), "info")
        return _back(card, unit)
    before = _before(card.who)
    colleagues = signups.to_hand_over(session(), occurrence_id, actor())
    form = OnDutyForm()
    form.offer(colleagues, may_type=True)
    if request.method == "POST" and form.validate():
        event = get_or_404(queries.event_of(session(), actor(), card.uuid))
        wanted = form.person(colleagues)
        try:
            if before is None:
                actions.put_on_duty(session(), actor(), event, occurrence_id, wanted, form.booking_key(), now())
            else:
                actions.substitute(session(), actor(), event, occurrence_id, before.signup_id, wanted, now())
        except Forbidden:
            raise
        except Refusal as refusal:
            close_early()
            form.refuse(form.who if form.who.choices else form.name, translated(refusal))
        else:
            tell(_("%(person)s comes. We have written to this person.", person=wanted.name), "ok")
            return _back(card, unit)
    form.key.data = form.key.data or str(uuid4())
    status = 422 if form.errors else 200
    return respond("events/duty/person.html", status=status, form=form, card=card, unit=unit, before=before)


@bp.route("/dyzury/termin/<id:occurrence_id>/odwolaj", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def cancel(occurrence_id: int) -> Response | BaseResponse:
    """Cancel one date with a coded reason."""
    card, unit = get_or_404(queries.date_card(session(), actor(), occurrence_id, now()))
    if not card.may_cancel or card.over:
        tell(_("This date is over or does not take place any more."), "info")
        return _back(card, unit)
    form = CancelForm()
    form.offer()
    if request.method != "POST":
        form.reason.data = request.args.get("powod", "")
        return respond("events/duty/cancel.html", form=form, card=card, unit=unit)
    if not form.validate():
        return respond("events/duty/cancel.html", status=422, form=form, card=card, unit=unit)
    event = get_or_404(queries.event_on(session(), actor(), occurrence_id))
    try:
        persons = actions.cancel_date(
            session(), actor(), event, occurrence_id, form.reason.data or "", form.words.data or "", now()
        )
    except rules.WordsNeeded as refusal:
        close_early()
        form.refuse(form.words, translated(refusal))
        return respond("events/duty/cancel.html", status=422, form=form, card=card, unit=unit)
    tell(_("The date is cancelled."), "ok")
    if persons:
        words = _n("%(num)d person was booked; those who booked get a mail.",
                   "%(num)d persons were booked; those who booked get a mail.", persons)  # fmt: skip
        tell(words, "info")
    return _back(card, unit)


@bp.post("/dyzury/plan/<uuid:event_uuid>/odloz")
@acting_for(Role.COORDINATOR)
def set_aside(event_uuid: UUID) -> BaseResponse:
    """Hide a proposal for some months."""
    event = get_or_404(queries.event_of(session(), actor(), event_uuid))
    hint = get_or_404(next((one for one in Hint if one.value == request.form.get("propozycja")), None))
    until = actions.set_aside(session(), actor(), event, hint, months_of(request.form.get("miesiace", "")), now())
    tell(_("You will not see this proposal until %(day)s.", day=warsaw.short_day_words(until, language())), "ok")
    slug = next(iter(queries.slugs(session(), [event.place_institution_id or 0])), "")
    return see_other(".show", slug=slug)


def _board_page(template: str, slug: str, month: date) -> Response:
    unit = get_or_404(queries.unit(session(), actor(), slug))
    shown = queries.board(session(), actor(), unit, month, now())
    after = (month + timedelta(days=31)).replace(day=1)
    previous = (month - timedelta(days=1)).replace(day=1)
    not_held = [one.occurrence_id for one in shown.cards if one.outcome is Outcome.NOT_HELD]
    return respond(
        template,
        board=shown,
        unit=unit,
        month=month,
        today=warsaw.today(now()),
        previous=previous if previous.year >= _FIRST_YEAR else None,
        following=after if after.year <= _LAST_YEAR else None,
        why_not=minutes.why_not(session(), actor(), not_held),
        months=rules.SET_ASIDE_MONTHS,
        no_bookings=rules.NO_BOOKINGS,
        now=now(),
    )


def _run(occurrence_id: int) -> tuple[DateCard, Place]:
    card, unit = get_or_404(queries.date_card(session(), actor(), occurrence_id, now()))
    if not rules.may_run(actor(), card.organiser.id):
        raise rules.NotYourDuty
    return card, unit


def _before(who: Sequence[OnDuty]) -> OnDuty | None:
    asked = request.args.get("za", "")
    return next((one for one in who if str(one.signup_id) == asked), who[0] if who else None)


def _back(card: DateCard, unit: Place) -> BaseResponse:
    return see_other(".board", slug=unit.slug, month=card.day, _anchor=f"d{card.occurrence_id}")


def _book_page(form: BookForm, card: DateCard, unit: Place, status: int = 200) -> Response:
    form.key.data = form.key.data or str(uuid4())
    return respond("events/duty/book.html", status=status, form=form, card=card, unit=unit)


def _first_values(partners: Sequence[calendar.Named]) -> dict[str, str]:
    asked = request.args.get("jednostka", "")
    units = [one for one in partners if one.kind.value in calendar_rules.PRISON_KINDS]
    chosen = next((one for one in units if one.slug == asked), units[0] if len(units) == 1 else None)
    return {"unit": str(chosen.id)} if chosen else {}


def _plan_page(form: PlanForm, status: int = 200, lines: Sequence[PlannedDate] = ()) -> Response:
    form.shown.data = form.signature() if lines else ""
    form.shown.raw_data = None
    return respond("events/duty/new.html", status=status, form=form, lines=lines, units=form.units)


def _planned(form: PlanForm, left_out: frozenset[date] | None) -> list[PlannedDate]:
    """Give the dates of a plan; what is left out by itself are public holidays and blocked days of either side."""
    first, ends = form.span()
    rhythm = Rhythm(first, calendar_rules.minutes_between(first, ends), all_day=False, rule=form.rule())
    walls = rules.planned(form.rule(), first)
    room_id = int(form.room_id.data) if form.room_id.data else None
    own_id = actor().institution_id or 0
    blocked = days_off.blocked(session(), [form.unit_id(), own_id], room_id, walls[0].date(), walls[-1].date())
    lines = []
    for wall in walls:
        day = wall.date()
        holiday = workdays.holiday_name(day, language())
        note = _("public holiday: %(name)s", name=holiday) if holiday else ""
        for one in blocked:
            if not note and one.first_day <= day <= one.last_day:
                note = (
                    _("your centre is not available")
                    if one.institution_id == own_id
                    else _("the unit is not available")
                )
        lines.append(PlannedDate(day, *rhythm.span(wall), note, bool(note) if left_out is None else day in left_out))
    return lines


def _draft_of(form: PlanForm, who: Person, left_out: frozenset[date]) -> DutyDraft:
    starts, ends = form.span()
    unit = form.units[form.unit_id()]
    own = get_or_404(calendar.institution(session(), actor().institution_id or 0))
    return DutyDraft(
        unit_id=unit.id,
        title=f"Dyżur pracownika socjalnego, {own.label}"[:TITLE_MAX],
        starts=starts,
        ends=ends,
        rule=form.rule(),
        slot_minutes=form.slot_minutes.data or 1,
        slot_persons=form.slot_persons.data or 1,
        room=form.room.data or "",
        room_id=int(form.room_id.data) if form.room_id.data else None,
        who=who,
        clause_id=int(form.clause.data) if form.clause.data else None,
        audience=("convicts", "remand") if unit.kind.value == "remand_prison" else ("convicts",),
        voivodeship_code=institutions.voivodeship_of(session(), unit.id),
        left_out=left_out,
    )
