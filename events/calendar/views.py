"""Routes of the calendar: month, week, list, the page of an event, a new event and its publication."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import site, tables, warsaw
from app.actors import Role
from app.clock import now
from app.web import copies, downloads
from app.web.addresses import monday_of
from app.web.errors import get_or_404
from app.web.guards import acting_for, open_to_all
from app.web.htmx import respond, see_other
from app.web.i18n import _, language, translated
from app.web.session import actor, close_early, session, tell
from events.calendar import actions, clashes, queries, repeating, rules, series, series_dates
from events.calendar.forms import Asked, EventForm, read_day, saved, second_part
from events.calendar.models import EventKind, State
from events.calendar.queries import EventPage, Filters, Named
from events.calendar.rules import EventDraft
from events.changes import queries as changes
from events.duty import queries as duty
from events.minutes import queries as minutes
from events.signups import queries as signups
from events.visits import queries as visits
from partners.availability import queries as days_off
from partners.availability import rules as availability
from partners.availability.queries import Mark
from partners.institutions import workdays
from partners.territory import queries as territory

bp = Blueprint("calendar", __name__)

_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_NOT_READY = (
    rules.Incomplete,
    rules.MinorsUnprotected,
    rules.NotAgreed,
    rules.InThePast,
    availability.Suspended,
)
_KEY_MAX = 60
_FAMILY_ICON = {
    "spotkanie": "users",
    "dyzur": "clock",
    "kadra": "cap",
    "studyjna": "eye",
    "rodzina": "heart",
    "warsztat": "chat",
    "inne": "cal",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of a month's grid; days of the neighbouring months hold no events."""

    day: date
    inside: bool
    today: bool
    free: bool
    holiday: str
    cards: tuple[queries.EventLine, ...] = ()
    more: int = 0
    mark: Mark | None = None

    @property
    def classes(self) -> str:
        """Names for the style sheet; *none* hides an empty day on a phone."""
        if not self.inside:
            return "out none"
        empty = not (self.cards or self.today or self.holiday or self.mark)
        named = (("today", self.today), ("free", self.free), ("none", empty))
        return " ".join(name for name, wanted in named if wanted)


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What the calendar's filters offer, in one language; made once for each, and itself wherever it is compared."""

    families: Mapping[str, str]
    kinds: Mapping[EventKind, str]
    audiences: Mapping[str, str]
    icons: Mapping[str, str]

    def kinds_of(self, family: str) -> list[EventKind]:
        """Give the kinds of a family."""
        return [kind for kind in self.kinds if rules.FAMILY[kind] == family]


@dataclass(frozen=True, slots=True)
class Sought:
    """The filters of an address, what they mean, and which institutions the typed name fits."""

    asked: Asked
    filters: Filters
    found: list[Named] | None

    @property
    def one(self) -> Named | None:
        """The institution, if exactly one is meant."""
        return self.found[0] if self.found and len(self.found) == 1 else None


@bp.get("/kalendarz")
@open_to_all
def this_month() -> Response:
    return _month_page(warsaw.today(now()).replace(day=1))


@bp.get("/kalendarz/<month:month>")
@open_to_all
def month(month: date) -> Response:
    return _month_page(month)


@bp.get("/kalendarz/tydzien/<week:monday>")
@open_to_all
def week(monday: date) -> Response:
    today, sought = warsaw.today(now()), _sought()
    rows = queries.week_of(session(), actor(), monday, sought.filters, now())
    return respond(
        "events/calendar/week.html",
        "events/calendar/_week.html",
        monday=monday,
        sunday=monday + timedelta(days=6),
        today=today,
        rows=[(row, workdays.holiday_name(row.day, language())) for row in rows],
        marks=days_off.marks(session(), actor(), monday, monday + timedelta(days=6)),
        previous=_within(monday - timedelta(days=7)),
        following=_within(monday + timedelta(days=7)),
        this_week=monday_of(today),
        **_frame(sought),
    )


@bp.get("/kalendarz/lista")
@open_to_all
def listing() -> Response:
    today, sought, args = warsaw.today(now()), _sought(), request.args
    first, last = _period(today)
    unread = [name for name in ("od", "do") if args.get(name, "").strip() and read_day(args[name]) is None]
    page = queries.listed(
        session(),
        actor(),
        sought.filters,
        now(),
        first=first,
        last=last,
        after=args.get("po", "")[:_KEY_MAX],
        before=args.get("przed", "")[:_KEY_MAX],
    )
    period = {name: day.isoformat() for name, day in (("od", first), ("do", last)) if day}
    address: dict[str, Any] = sought.asked.address() | period
    return respond(
        "events/calendar/listing.html",
        "events/calendar/_listing.html",
        page=page,
        first=first,
        last=last,
        today=today,
        unread=unread,
        typed={"od": args.get("od", "")[:20], "do": args.get("do", "")[:20]},
        previous_url=url_for(".listing", **address, przed=page.before) if page.before else "",
        next_url=url_for(".listing", **address, po=page.after) if page.after else "",
        csv_url=url_for(".list_csv", **address),
        xlsx_url=url_for(".list_xlsx", **address),
        month=(first or last or today).replace(day=1),
        monday=monday_of(first or last or today),
        **_frame(sought),
    )


@bp.get("/kalendarz/lista.csv")
@open_to_all
def list_csv() -> Response:
    return _export("wydarzenia.csv")


@bp.get("/kalendarz/lista.xlsx")
@open_to_all
def list_xlsx() -> Response:
    return _export("wydarzenia.xlsx")


@bp.get("/wydarzenia/<uuid:event_uuid>")
@open_to_all
def show(event_uuid: UUID) -> Response | BaseResponse:
    return _event_page(event_uuid)


@bp.get("/wydarzenia/<uuid:event_uuid>/<day:day>")
@open_to_all
def show_day(event_uuid: UUID, day: date) -> Response | BaseResponse:
    return _event_page(event_uuid, day)


@bp.get("/wydarzenia/<uuid:event_uuid>/terminy")
@open_to_all
def dates(event_uuid: UUID) -> Response:
    page = get_or_404(queries.seen(session(), actor(), event_uuid, now()))
    typed = request.args.get("strona", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 1
    listed = series_dates.listed(session(), actor(), page.event.id or 0, max(number, 1))
    return respond("events/calendar/series.html", page=page, listed=listed, today=now())


@bp.route("/wydarzenia/nowe", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
@copies.copied
def new() -> Response | BaseResponse:
    return _drafted() if request.method == "POST" else _begun()


@bp.get("/wydarzenia/<uuid:event_uuid>/sprawdz")
@acting_for(Role.COORDINATOR)
def check(event_uuid: UUID) -> Response | BaseResponse:
    page = _own_page(event_uuid)
    if page.event.state is not State.DRAFT:
        return see_other("calendar.show", event_uuid=event_uuid)
    return _check_page(page)


@bp.post("/wydarzenia/<uuid:event_uuid>/sprawdz")
@acting_for(Role.COORDINATOR)
def publish(event_uuid: UUID) -> Response | BaseResponse:
    page = _own_page(event_uuid)
    if page.event.rule and "pokazane" in request.form:
        days = {day for one in request.form.getlist("bez") if (day := read_day(one))}
        try:
            actions.leave_out(session(), actor(), page.event, days, now())
        except rules.NoDatesLeft as refusal:
            close_early()
            return _check_page(_own_page(event_uuid), status=422, refusal=translated(refusal))
        if "terminy" in request.form:
            tell(_("Saved."), "ok")
            return see_other("calendar.check", event_uuid=event_uuid, _anchor="terminy")
    try:
        actions.publish(session(), actor(), page.event, now())
    except _NOT_READY as refusal:
        return _check_page(page, status=refusal.status, refusal=translated(refusal))
    tell(_("The event is published."), "ok")
    return see_other("calendar.show", event_uuid=event_uuid)


@bp.post("/wydarzenia/<uuid:event_uuid>/usun-szkic")
@acting_for(Role.COORDINATOR)
def discard(event_uuid: UUID) -> BaseResponse:
    actions.discard(session(), actor(), _own_page(event_uuid).event, now())
    tell(_("The draft is deleted."), "ok")
    return see_other("desk.show")


def _period(today: date) -> tuple[date | None, date | None]:
    """Read the first and last day that the address asks for; without any, everything from today on."""
    first, last = read_day(request.args.get("od", "")), read_day(request.args.get("do", ""))
    if first and last and last < first:
        first, last = last, first
    if first is None and (last is None or last >= today):
        first = today
    return first, last


def _export(name: str) -> Response:
    first, last = _period(warsaw.today(now()))
    cards = queries.exported(session(), actor(), _sought().filters, now(), first=first, last=last)
    header = [
        _("Date"), _("From hour"), _("To hour"), _("Title"), _("Kind of event"), _("Where"), _("Organiser"),
        _("Number of places"), _("Taken"), _("Waiting list"), _("State"), _("Address"),
    ]  # fmt: skip
    return downloads.table(name, "wydarzenia", header, map(_table_row, cards))


def _table_row(card: queries.EventCard) -> list[tables.Cell]:
    starts, ends = (warsaw.to_local(instant) for instant in (card.starts_at, card.ends_at))
    hours = ["", ""] if card.all_day else [f"{starts:%H:%M}", f"{ends:%H:%M}"]
    state = _("cancelled") if card.cancelled else ""
    mark = _("sample data") if card.synthetic else ""
    return [
        card.day, *hours, card.title, _(card.kind_label), card.place, card.organiser, card.capacity, card.taken,
        card.waiting, ", ".join(word for word in (state, mark) if word), site.absolute(card.url),
    ]  # fmt: skip


def _begun() -> Response:
    model, first = _model(), _first_part()
    if first:
        values = second_part(first)
    else:
        values = saved(model, copied=True) if model else {"place": str(actor().institution_id or "")}
    form = EventForm(data=values)
    _offer(form, first or model)
    return _new_page(form, model, first)


def _drafted() -> Response | BaseResponse:
    form, model, first = EventForm(), _model(), _first_part()
    _offer(form, first or model)
    goes_on = "szkic" not in request.form
    wanted = _wanted(form, complete=goes_on)
    if first and form.day.data and form.day.data != first.occurrence.local_date:
        form.refuse(form.day, _("A second part takes place on the same day as the first. For another day copy it."))
        wanted = None
    if wanted is None:
        return _new_page(form, model, first, status=422)
    if first:
        wanted = replace(wanted, part_of_id=first.event.part_of_id or first.event.id)
    elif model and wanted.kind is model.event.kind:
        wanted = replace(wanted, slot_minutes=model.event.slot_minutes, slot_persons=model.event.slot_persons)
    event = actions.draft(session(), actor(), wanted, now())
    if not model and not first:
        copies.forget(request.path)
    if goes_on:
        return see_other("calendar.check", event_uuid=event.uuid)
    gaps = actions.gaps(event)
    tell(_("The draft is saved. Nobody but coordinators of your institution sees it."), "ok")
    if gaps:
        tell(_("Before it can be published, give: %(gaps)s.", gaps=", ".join(_(gap) for gap in gaps)), "info")
    return see_other("changes.edit", event_uuid=event.uuid)


def _new_page(form: EventForm, model: EventPage | None, first: EventPage | None, status: int = 200) -> Response:
    copy = None if model or first else copies.here(put_back=form.put_back)  # a copied event has another address
    return respond(
        "events/calendar/new.html", status=status, form=form, copied=model is not None, first=first, copy=copy
    )


def _month_page(month: date) -> Response:
    today, sought, words = warsaw.today(now()), _sought(), language()
    after = _next_month(month)
    inside = [month + timedelta(days=n) for n in range((after - month).days)]
    rows = {row.day: row for row in queries.days(session(), actor(), inside, sought.filters, now())}
    first, end = monday_of(month), monday_of(after - timedelta(days=1)) + timedelta(days=7)
    marks = days_off.marks(session(), actor(), month, after - timedelta(days=1))
    cells = [_cell(first + timedelta(days=n), rows, today, words, marks) for n in range((end - first).days)]
    return respond(
        "events/calendar/month.html",
        "events/calendar/_month.html",
        month=month,
        today=today,
        weeks=[cells[n : n + 7] for n in range(0, len(cells), 7)],
        no_events=not any(row.cards for row in rows.values()),
        previous=_within((month - timedelta(days=1)).replace(day=1)),
        following=_within(after),
        monday=monday_of(today if month == today.replace(day=1) else month),
        **_frame(sought),
    )


def _cell(
    day: date, rows: Mapping[date, queries.DayCards], today: date, words: str, marks: Mapping[date, Mark]
) -> Cell:
    row, holiday = rows.get(day), workdays.holiday_name(day, words)
    free = workdays.is_weekend(day) or bool(holiday)
    if row is None:
        return Cell(day, inside=False, today=False, free=free, holiday="")
    return Cell(
        day,
        inside=True,
        today=day == today,
        free=free,
        holiday=holiday,
        cards=tuple(row.cards),
        more=row.more,
        mark=marks.get(day),
    )


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _within(day: date) -> date | None:
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def _sought() -> Sought:
    asked = Asked.read(request.args)
    found = queries.look_up(session(), asked.institution) if asked.institution else None
    return Sought(asked, asked.filters(found), found)


@lru_cache(maxsize=2)
def _words(_language: str) -> Words:
    return Words(
        families={family: _(label) for family, label in rules.FAMILY_LABEL.items()},
        kinds={kind: _(label) for kind, label in rules.KIND_LABEL.items()},
        audiences={key: _(label) for key, label in rules.AUDIENCE.items()},
        icons=_FAMILY_ICON,
    )


def _frame(sought: Sought) -> dict[str, Any]:
    one = sought.one
    path = url_for("feeds.institution", slug=one.slug) if one else url_for("feeds.public")
    return {
        "sought": sought,
        "address": sought.asked.address(),
        "voivodeships": tuple(territory.voivodeships(session())),
        "words": _words(language()),
        "feed": site.absolute(path),
        "may_draft": rules.may_draft(actor()),
    }


def _event_page(event_uuid: UUID, day: date | None = None) -> Response | BaseResponse:
    page = queries.seen(session(), actor(), event_uuid, now(), day)
    if page is None and day is not None:
        # Its date may have been moved, or stand in the series that goes on with this one.
        uuid, stands = get_or_404(series_dates.led_on(session(), actor(), event_uuid, day))
        return redirect(url_for(".show_day", event_uuid=uuid, day=stands))
    page = get_or_404(page)
    return respond(
        "events/calendar/show.html",
        "events/signups/_roster.html",
        page=page,
        panel=signups.panel(session(), page.event, page.occurrence, actor(), now()),
        record=minutes.on_event(session(), page, actor(), now()),
        duty=duty.on_event(session(), page, actor()),
        key=str(uuid4()),
        form=None,
    )


def _own_page(event_uuid: UUID) -> EventPage:
    page = get_or_404(queries.page(session(), actor(), event_uuid, now()))
    if not page.may_edit:
        abort(403)
    return page


def _model() -> EventPage | None:
    return _own_of("wzor")


def _first_part() -> EventPage | None:
    page = _own_of("czesc")
    return page if page and page.event.rule is None else None


def _own_of(name: str) -> EventPage | None:
    try:
        uuid = UUID(request.args.get(name, ""))
    except ValueError:
        return None
    page = queries.page(session(), actor(), uuid, now())
    return page if page and page.may_edit else None


def _offer(form: EventForm, model: EventPage | None) -> None:
    own_id = actor().institution_id or 0
    own = get_or_404(queries.institution(session(), own_id))
    more = model.named if model else ()
    form.offer(queries.choices(session(), own_id, [one.id for one in more]), own, language(), more)


def _wanted(form: EventForm, *, complete: bool) -> EventDraft | None:
    if not form.check(now(), complete=complete):
        return None
    return form.settle(
        queries.resolve(
            session(),
            actor().institution_id or 0,
            place_id=form.place_id(),
            place=form.typed_place(),
            invited=form.invited_ids(),
            names=form.invited_names(),
        )
    )


def _check_page(page: EventPage, status: int = 200, refusal: str = "") -> Response:
    event, occurrence = page.event, page.occurrence
    rows = series.occurrences(session(), event) if event.rule else []
    spans = clashes.spans_of(event, rows or [occurrence], now())
    people = changes.elsewhere(session(), actor(), event, spans)
    held = visits.on_hold(session(), actor(), spans)
    return respond(
        "events/calendar/check.html",
        status=status,
        page=page,
        lines=repeating.lines_of(rows),
        sentence=repeating.sentence_of(event.rule, event.local_start.date(), rows),
        refusal=refusal,
        gaps=actions.gaps(event),
        past=occurrence.starts_at <= now() and not event.all_day,
        found=clashes.find(session(), actor(), event, spans, people=people, held=held),
        left_out=[row.original_local.date() for row in rows if row.state is State.REMOVED],
        audiences={key: _(label) for key, label in rules.AUDIENCE.items()},
        visibilities={value.value: _(label) for value, label in rules.VISIBILITY_LABEL.items()},
    )
