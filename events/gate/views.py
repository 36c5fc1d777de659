"""Routes of entry lists: the list of a date with guests, equipment and decisions; the sheet of a day; rules."""

import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from app import tables, warsaw
from app.actors import Role
from app.clock import now
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, language, translated
from app.web.session import SAFE, actor, apart, close_early, session, tell
from events.gate import forms, queries, requests, rules, sheets
from events.gate.forms import AnswersForm, DecisionsForm, GuestForm, RulesForm, ThingForm
from events.gate.models import EntryState
from events.gate.queries import EntryList, Line, Thing
from events.gate.sheets import DaySheet

bp = Blueprint("gate", __name__)
PRISON = frozenset({"prison", "remand_prison", "external_unit"})


@bp.route("/partnerzy/<slug:slug>/zasady-wejscia", methods=["GET", "POST"])
@acting_for(Role.ADMIN, Role.OPERATOR)
def settings(slug: str) -> BaseResponse:
    """Let the unit's admin say on screen what the unit asks of those who enter."""
    unit = get_or_404(queries.unit(session(), slug))
    who = actor()
    if who.role is not Role.OPERATOR and not rules.may_set_rules(who, unit.id or 0):
        abort(403)
    saved = queries.rules_of(session(), unit.id or 0)
    ours = _(rules.STANDING_TEXT)
    before = {
        "preset": saved.preset.value,
        "fields": list(saved.fields),
        "equipment": saved.equipment,
        "freeze_days": saved.freeze_days,
        "standing_text": saved.standing_text or ours,
    }
    form = RulesForm(data=before if request.method in SAFE else None)
    form.offer()
    if request.method not in SAFE and form.validate() and forms.no_documents(form, [form.standing_text]):
        changed = requests.set_rules(session(), who, unit.id or 0, form.wanted(ours), now())
        tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
        return see_other("gate.settings", slug=slug)
    return respond("events/gate/settings.html", status=422 if form.errors else 200, form=form, i=unit)


@bp.get("/wydarzenia/<uuid:event_uuid>/lista-wejsc")
@acting_for(Role.MEMBER)
def show(event_uuid: UUID) -> BaseResponse:
    """Show the entry list of the next date."""
    return _read(_list(event_uuid))


@bp.get("/wydarzenia/<uuid:event_uuid>/<day:day>/lista-wejsc")
@acting_for(Role.MEMBER)
def show_date(event_uuid: UUID, day: date) -> BaseResponse:
    """Show the entry list of one date of a series."""
    return _read(_list(event_uuid, day))


@bp.post("/wydarzenia/<uuid:event_uuid>/<day:day>/lista-wejsc/decyzje")
@acting_for(Role.COORDINATOR)
def decide(event_uuid: UUID, day: date) -> BaseResponse:
    """Take the unit's decisions about people and equipment."""
    listed = _list(event_uuid, day)
    if not listed.decides:
        abort(403)
    lines, things = _open_to_decision(listed)
    form = forms.decisions_form(lines, things)
    decisions = forms.decisions(form, lines, things)
    if decisions is None:
        return _page(listed, deciding=form, status=422)
    try:
        allowed, refused = requests.decide(session(), actor(), decisions, now())
    except (rules.Stale, rules.Withdrawn) as refusal:
        close_early()  # what was decided so far is taken back
        return _page(_list(event_uuid, day), stale=translated(refusal), status=409)
    parts = []
    if allowed:
        parts.append(_("Allowed: %(number)d.", number=allowed))
    if refused:
        parts.append(_("Refused: %(number)d.", number=refused))
    tell(" ".join(parts) or _("Nothing was changed."), "ok" if parts else "info")
    return see_other("gate.show_date", event_uuid=event_uuid, day=day)


@bp.post("/wydarzenia/<uuid:event_uuid>/<day:day>/lista-wejsc/goscie")
@acting_for(Role.COORDINATOR)
def add_guest(event_uuid: UUID, day: date) -> BaseResponse:
    """Put a guest on the list."""
    listed = _list(event_uuid, day)
    if not listed.brings:
        raise rules.NotTheOrganiser
    form = GuestForm()
    if not form.validate():
        return _page(listed, guest=form, status=422)
    occurrence_id = listed.meeting.occurrence_id
    requests.add_guest(session(), actor(), occurrence_id, form.person.data or "", form.function.data or "", now())
    asked = listed.frozen and not listed.decides
    tell(_("The unit will decide about this guest.") if asked else _("The guest stands on the list."), "ok")
    return see_other("gate.show_date", event_uuid=event_uuid, day=day, _anchor="osoby")


@bp.route("/wydarzenia/<uuid:event_uuid>/<day:day>/lista-wejsc/goscie/<id:entry_id>", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def guest(event_uuid: UUID, day: date, entry_id: int) -> BaseResponse:
    """Correct a guest, or let another one come instead."""
    listed, line = _own_guest(event_uuid, day, entry_id)
    before = {"person": line.person, "function": line.function}
    form = GuestForm(data=before if request.method in SAFE else None)
    if request.method not in SAFE and form.validate():
        for one in line.guest_ids:
            requests.replace_guest(session(), actor(), one, form.person.data or "", form.function.data or "", now())
        tell(_("Saved."), "ok")
        return see_other("gate.show_date", event_uuid=event_uuid, day=day, _anchor="osoby")
    return respond("events/gate/guest.html", status=422 if form.errors else 200, form=form, page=listed, line=line)


@bp.post("/wydarzenia/<uuid:event_uuid>/<day:day>/lista-wejsc/goscie/<id:entry_id>/wycofaj")
@acting_for(Role.COORDINATOR)
def withdraw_guest(event_uuid: UUID, day: date, entry_id: int) -> BaseResponse:
    """Take a guest off the list."""
    _listed, line = _own_guest(event_uuid, day, entry_id)
    for one in line.guest_ids:
        requests.withdraw_guest(session(), actor(), one, now())
    tell(_("The guest does not stand on the list any more."), "ok")
    return see_other("gate.show_date", event_uuid=event_uuid, day=day, _anchor="osoby")


@bp.route("/wydarzenia/<uuid:event_uuid>/<day:day>/lista-wejsc/dane", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def answers(event_uuid: UUID, day: date) -> BaseResponse:
    """Complete what the unit asks for about one's own people."""
    listed = _list(event_uuid, day)
    own = [line for line in listed.standing if line.institution_id == actor().institution_id and line.person]
    if not listed.rules.fields or not own:
        abort(404)
    form = forms.answers_form(own, listed.rules, saved=request.method in SAFE)
    if request.method not in SAFE and form.validate() and forms.no_documents(form, list(form)):
        given = forms.answers(form, own, listed.rules)
        changed = requests.complete(session(), actor(), given, now())
        tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
        return see_other("gate.show_date", event_uuid=event_uuid, day=day, _anchor="osoby")
    return _answers_page(listed, own, form)


@bp.post("/wydarzenia/<uuid:event_uuid>/<day:day>/lista-wejsc/sprzet")
@acting_for(Role.COORDINATOR)
def add_thing(event_uuid: UUID, day: date) -> BaseResponse:
    """Ask the unit to let a thing in."""
    listed = _list(event_uuid, day)
    form = ThingForm()
    if not form.validate():
        return _page(listed, thing=form, status=422)
    occurrence_id = listed.meeting.occurrence_id
    requests.report_thing(session(), actor(), occurrence_id, form.what.data or "", form.serial.data or "", now())
    tell(_("It stands on the list of equipment.") if listed.decides else _("The unit will decide about it."), "ok")
    return see_other("gate.show_date", event_uuid=event_uuid, day=day, _anchor="sprzet")


@bp.post("/wydarzenia/<uuid:event_uuid>/<day:day>/lista-wejsc/sprzet/<id:thing_id>/wycofaj")
@acting_for(Role.COORDINATOR)
def withdraw_thing(event_uuid: UUID, day: date, thing_id: int) -> BaseResponse:
    """Leave a thing at home."""
    listed = _list(event_uuid, day)
    get_or_404(next((one for one in listed.brought if one.id == thing_id), None))
    requests.withdraw_thing(session(), actor(), thing_id, now())
    tell(_("It is taken off the list of equipment."), "ok")
    return see_other("gate.show_date", event_uuid=event_uuid, day=day, _anchor="sprzet")


@bp.get("/wejscia")
@acting_for(Role.COORDINATOR)
def today() -> BaseResponse:
    """Show who enters today."""
    return _day(warsaw.today(now()))


@bp.get("/wejscia/<day:day>")
@acting_for(Role.COORDINATOR)
def sheet(day: date) -> BaseResponse:
    """Show who enters on a day."""
    return _day(day)


@bp.post("/wejscia/<day:day>/druk")
@acting_for(Role.COORDINATOR)
def print_sheet(day: date) -> BaseResponse:
    """Note a print and lead to it: what changes from now on is marked on the next one."""
    print_id = sheets.note_print(session(), actor(), _unit(), day, now())
    return see_other("gate.printed", day=day, print_id=print_id)


@bp.get("/wejscia/<day:day>/druk/<id:print_id>")
@acting_for(Role.COORDINATOR)
def printed(day: date, print_id: int) -> BaseResponse:
    """Show the sheet of a day as it goes to the printer."""
    unit_id, instant = _unit(), now()
    this = get_or_404(sheets.print_of(session(), unit_id, day, print_id))
    before = sheets.last_print(session(), unit_id, day, before_id=print_id)
    shown = sheets.sheet(session(), unit_id, day, before)
    later = sheets.sheet(session(), unit_id, day, this)
    _trace("gate.read", unit_id, day, instant)
    outdated = any(row.mark for row in later.rows) or any(item.mark for item in later.items)
    return respond("events/gate/print.html", **_around(day, instant), sheet=shown, this=this, outdated=outdated)


@bp.get("/wejscia/<day:day>/lista.csv")
@acting_for(Role.COORDINATOR)
def table(day: date) -> BaseResponse:
    """Give the sheet of a day as a table."""
    unit_id, instant = _unit(), now()
    shown = sheets.sheet(session(), unit_id, day, sheets.last_print(session(), unit_id, day))
    _trace("gate.exported", unit_id, day, instant, people=shown.people)
    fields = shown.rules.fields
    header = [
        _("No."), _("Change"), _("Hours"), _("Event"), _("Name and surname"), _("Function"), _("Institution"),
        *(_(rules.EXTRA_FIELDS[key]) for key in fields), _("Equipment to bring in"), _("Model or serial number"),
        _("May enter?"), _("Sample data"),
    ]  # fmt: skip
    stream = io.BytesIO()
    tables.write_csv(stream, header, [*_people_cells(shown), *_thing_cells(shown)])
    name = f"wejscia-{day.isoformat()}.csv"
    return Response(
        stream.getvalue(),
        content_type=tables.CSV_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _people_cells(shown: DaySheet) -> list[Sequence[tables.Cell]]:
    return [
        [
            row.number,
            _(sheets.MARK_LABEL[row.mark]) if row.mark else "",
            _hours(row.line),
            "; ".join(one.title for one in row.line.meetings),
            row.line.person or _("place without a name"),
            row.line.function,
            row.line.institution,
            *(row.line.extras.get(key, "") for key in shown.rules.fields),
            "",
            "",
            _(row.words),
            _("yes") if any(one.synthetic for one in row.line.meetings) else _("no"),
        ]
        for row in shown.rows
    ]


def _thing_cells(shown: DaySheet) -> list[Sequence[tables.Cell]]:
    return [
        [
            "",
            _(sheets.MARK_LABEL[item.mark]) if item.mark else "",
            _span(item.thing),
            item.thing.meeting.title,
            "",
            "",
            item.thing.institution,
            *("" for _key in shown.rules.fields),
            item.thing.what,
            item.thing.serial,
            _(rules.GATE_THING_WORDS[item.thing.state]),
            _("yes") if item.thing.meeting.synthetic else _("no"),
        ]
        for item in shown.items
    ]


def _span(thing: Thing) -> str:
    one = thing.meeting
    return warsaw.span_words(one.starts_at, one.ends_at, all_day=one.all_day, language=language())


def _hours(line: Line) -> str:
    spans = (
        warsaw.span_words(one.starts_at, one.ends_at, all_day=one.all_day, language=language()) for one in line.meetings
    )
    return "; ".join(span for span in spans if span)


def _day(day: date) -> BaseResponse:
    unit_id, instant = _unit(), now()
    before = sheets.last_print(session(), unit_id, day)
    shown = sheets.sheet(session(), unit_id, day, before)
    _trace("gate.read", unit_id, day, instant)
    return respond("events/gate/day.html", **_around(day, instant), sheet=shown, this=None)


def _around(day: date, instant: datetime) -> dict[str, Any]:
    return {
        "unit": actor().institution_name,
        "day": day,
        "today": warsaw.today(instant),
        "instant": instant,
        "previous": day - timedelta(days=1),
        "following": day + timedelta(days=1),
        "hours": _hours,
        "marks": sheets.MARK_LABEL,
        "thing_words": rules.GATE_THING_WORDS,
        "standing": rules.STANDING_TEXT,
    }


def _unit() -> int:
    # Other institutions have no gate: for them there is nothing here.
    who = actor()
    if who.institution_kind not in PRISON or not rules.may_decide(who, who.institution_id or 0):
        abort(404)
    return who.institution_id or 0


def _trace(verb: str, unit_id: int, day: date, instant: datetime, *, people: int | None = None) -> None:
    # Whoever reads names leaves a line, though a GET changes nothing else.
    who = actor()
    with apart() as own:
        sheets.trace(own, who, verb, unit_id, day, instant, people=people)


def _list(event_uuid: UUID, day: date | None = None) -> EntryList:
    return get_or_404(queries.list_of(session(), actor(), event_uuid, now(), day))


def _own_guest(event_uuid: UUID, day: date, entry_id: int) -> tuple[EntryList, Line]:
    listed = _list(event_uuid, day)
    own = (
        line for line in listed.standing if entry_id in line.guest_ids and line.institution_id == actor().institution_id
    )
    return listed, get_or_404(next(own, None))


def _open_to_decision(listed: EntryList) -> tuple[list[Line], list[Thing]]:
    """Give what the unit can decide about: what waits, or everything where it asks for it."""
    if not listed.decides or listed.over or listed.cancelled:
        return [], []
    everything = "wszystko" in request.args
    waiting = EntryState.REQUESTED
    lines = [one for one in listed.standing if everything or one.state is waiting]
    things = [one for one in listed.brought if everything or one.state is waiting]
    return lines, things


def _read(listed: EntryList) -> BaseResponse:
    if listed.decides:  # the unit reads everybody's data here, as on the sheet of the day
        _trace("gate.read", listed.unit_id, listed.day, now())
    return _page(listed)


def _page(
    listed: EntryList,
    *,
    deciding: DecisionsForm | None = None,
    guest: GuestForm | None = None,
    thing: ThingForm | None = None,
    stale: str = "",
    status: int = 200,
) -> BaseResponse:
    lines, things = _open_to_decision(listed)
    mine = actor().institution_id
    return respond(
        "events/gate/show.html",
        status=status,
        page=listed,
        mine=mine,
        form=deciding or guest or thing,
        deciding=deciding or forms.decisions_form(lines, things),
        stale=stale,
        guest=guest or GuestForm(formdata=None),
        thing=thing or ThingForm(formdata=None),
        open_lines=lines,
        open_things=things,
        everything="wszystko" in request.args,
        completing=any(line.institution_id == mine and line.person for line in listed.standing),
        fields=rules.EXTRA_FIELDS,
        state_label=rules.STATE_LABEL,
        thing_label=rules.THING_LABEL,
        origin_label=rules.ORIGIN_LABEL,
        reason_label=rules.PERSON_REASONS,
        thing_reason=rules.THING_REASONS,
        standing=rules.STANDING_TEXT,
        erased_on=listed.day + rules.KEPT_FOR,
        is_incomplete=queries.is_incomplete,
    )


def _answers_page(listed: EntryList, own: Sequence[Line], form: AnswersForm) -> BaseResponse:
    return respond("events/gate/answers.html", status=422 if form.errors else 200, page=listed, lines=own, form=form)
