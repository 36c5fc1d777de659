"""Routes of sessions: the plan of an edition, topics, who leads, catch-up dates, calling an edition off."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.web import copies
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, language, translated
from app.web.session import actor, close_early, session, tell
from events import recurrence
from events.calendar import queries as calendar
from events.calendar import rules as calendar_rules
from events.calendar.clashes import Held, Span
from events.calendar.models import State
from events.changes.rules import Scope
from events.sessions import actions, queries, rules
from events.sessions.actions import Plan
from events.sessions.forms import (
    PARTICIPANTS,
    STAFF,
    CallOffForm,
    MakeUpForm,
    PlanForm,
    SpeakersForm,
    TopicsForm,
    people_values,
    topics_form,
)
from events.sessions.queries import SessionLine
from events.sessions.rules import LeftOut, PlanDraft, PlanLine
from events.visits import queries as visits
from partners.availability import rules as availability
from partners.institutions import workdays
from projects.editions import queries as editions
from projects.editions import rules as edition_rules
from projects.editions.models import Edition
from projects.programmes import queries as programmes
from projects.programmes.models import TITLE_MAX as PROGRAMME_TITLE_MAX
from projects.programmes.models import Programme
from projects.programmes.rules import KIND_FACE

bp = Blueprint("sessions", __name__)


@dataclass(frozen=True, slots=True)
class PlannedDate:
    """A date of a plan before it is made, with what the page says of it."""

    line: PlanLine
    note: str


_EDITION = "/projekty/<slug:slug>/edycje/<id:number>"
# Where a refusal of an action stands in the form of the plan.
_FIELD_OF: dict[type[Refusal], str] = {
    rules.TooFewDates: "rhythm",
    rules.TooFar: "sessions",
    rules.TooManyTopics: "topics",
    calendar_rules.InThePast: "day",
    calendar_rules.EndBeforeStart: "ends",
    calendar_rules.UnsafeHour: "starts",
    calendar_rules.Incomplete: "audience",
    calendar_rules.MinorsUnprotected: "minors_checked_on",
    calendar_rules.RoomElsewhere: "room_id",
    recurrence.NeverHits: "rhythm",
    recurrence.Overlapping: "ends",
    recurrence.UnsafeSeries: "starts",
    availability.Suspended: "skip_blocked",
}


@bp.route(f"{_EDITION}/plan", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
@copies.copied
def plan(slug: str, number: int) -> Response | BaseResponse:
    """Plan the sessions: first every date is shown, then all of them are made in one act."""
    programme, edition = _own(slug, number)
    form = PlanForm() if request.method == "POST" else PlanForm(data=_first_values(programme, edition))
    _offer(form, programme)
    if request.method != "POST":
        edition_rules.check_running(programme)
        if queries.has_plan(session(), edition.id or 0):
            raise rules.PlannedAlready
        return _plan_page(form, programme, edition)
    wanted = _wanted(form)
    if wanted is None:
        return _plan_page(form, programme, edition, status=422)
    try:
        if form.shown.data == form.signature() and "zapisz" in request.form:
            return _planned(form, programme, edition, wanted)
        shown = actions.preview(session(), actor(), edition, wanted, now(), held=_on_hold)
    except tuple(_FIELD_OF) as refusal:
        close_early()
        form.refuse(form[_FIELD_OF[type(refusal)]], translated(refusal))
        return _plan_page(form, programme, edition, status=422)
    return _plan_page(form, programme, edition, shown=shown)


@bp.route(f"{_EDITION}/tematy", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def topics(slug: str, number: int) -> Response | BaseResponse:
    """Change the topics of the sessions that are still to come."""
    programme, edition = _own(slug, number)
    lines = [one for one in _lines(edition) if one.number is not None and one.makes_up_for_id is None]
    coming = [one for one in lines if not one.begun and one.stands]
    form = topics_form(coming, saved=request.method != "POST")
    if request.method != "POST" or not form.validate():
        status = 200 if request.method != "POST" else 422
        return _topics_page(form, programme, edition, lines, status=status)
    changed = actions.set_topics(session(), actor(), edition, form.topics(), now())
    if changed:
        tell(
            _n("The topic of %(num)d session is changed.", "The topics of %(num)d sessions are changed.", changed), "ok"
        )
    else:
        tell(_("Nothing was changed."), "info")
    return _back(programme, edition)


@bp.route(f"{_EDITION}/spotkania/<id:occurrence_id>/prowadzacy", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def speakers(slug: str, number: int, occurrence_id: int) -> Response | BaseResponse:
    """Say who leads a session: once, from then on, or always."""
    programme, edition = _own(slug, number)
    lines = _lines(edition)
    line = get_or_404(next((one for one in lines if one.occurrence_id == occurrence_id), None))
    if line.begun or not line.stands:
        raise rules.Begun
    speaking = calendar.speakers_on(session(), line.event_id, line.occurrence_id)
    values = {**people_values(speaking), "zakres": Scope.THIS.value}
    form = SpeakersForm() if request.method == "POST" else SpeakersForm(data=values)
    form.offer_people(queries.circle(session(), programme))
    form.zakres.choices = _reach(line, lines)
    valid = request.method == "POST" and form.validate()
    if not (form.check_people() and valid):
        status = 200 if request.method != "POST" else 422
        return _speakers_page(form, programme, edition, line, status=status)
    try:
        scope = Scope(form.zakres.data)
        changed = actions.set_speakers(session(), actor(), edition, occurrence_id, scope, form.speakers(), now())
    except rules.NobodyLeads as refusal:
        close_early()
        form.refuse(form.speaker_0, translated(refusal))
        return _speakers_page(form, programme, edition, line, status=422)
    if changed:
        sentence = _n(
            "Who leads %(num)d session is changed. The entry list of a prison unit follows by itself.",
            "Who leads %(num)d sessions is changed. The entry lists of a prison unit follow by themselves.",
            changed,
        )
        tell(sentence, "ok")
    else:
        tell(_("Nothing was changed."), "info")
    return _back(programme, edition)


@bp.route(f"{_EDITION}/spotkania/<id:occurrence_id>/odrobienie", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def make_up(slug: str, number: int, occurrence_id: int) -> Response | BaseResponse:
    """Plan a session instead of one that was cancelled or not held."""
    programme, edition = _own(slug, number)
    lines = _lines(edition)
    line = get_or_404(next((one for one in lines if one.occurrence_id == occurrence_id), None))
    if not line.can_be_made_up and request.method != "POST":
        raise rules.MadeUpAlready if line.made_up_on else rules.NothingToMakeUp
    form = MakeUpForm() if request.method == "POST" else MakeUpForm(data=_suggested(edition, line))
    if request.method != "POST" or not form.check(now()):
        status = 200 if request.method != "POST" else 422
        return _make_up_page(form, programme, edition, line, status=status)
    starts, ends = form.walls()
    try:
        event = actions.make_up(session(), actor(), edition, occurrence_id, starts, ends, now())
    except (availability.Suspended, calendar_rules.InThePast) as refusal:
        close_early()
        form.refuse(form.day, translated(refusal))
        return _make_up_page(form, programme, edition, line, status=422)
    if event.state is State.PUBLISHED:
        tell(_("The catch-up session is in the calendar. Whoever is signed up for the edition comes to it, too."), "ok")
        return _back(programme, edition)
    tell(_("The catch-up session is saved. Publish it when the host of the place has agreed."), "ok")
    return see_other("calendar.check", event_uuid=event.uuid)


@bp.route(f"{_EDITION}/odwolaj", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def call_off(slug: str, number: int) -> Response | BaseResponse:
    """Cancel all sessions that are still to come and close the edition."""
    programme, edition = _own(slug, number)
    if edition_rules.is_over(edition.state):
        raise edition_rules.OverAlready
    lines = [one for one in _lines(edition) if not one.over and one.state in (State.DRAFT, State.PUBLISHED)]
    form = CallOffForm()
    if request.method != "POST" or not form.validate():
        status = 200 if request.method != "POST" else 422
        return respond("events/sessions/call_off.html", status=status, form=form, p=programme, e=edition, lines=lines)
    told = actions.call_off(session(), actor(), edition, form.reason.data or "", now())
    tell(_("The edition is called off."), "ok")
    if told:
        tell(_n("%(num)d mail has been sent.", "%(num)d mails have been sent.", told), "info")
    return _back(programme, edition)


def _own(slug: str, number: int) -> tuple[Programme, Edition]:
    """Give an edition whose sessions the actor may plan: 404 where he may not know of it, 403 where it is not his."""
    programme, edition = get_or_404(editions.edition(session(), actor(), slug, number))
    if not edition_rules.may_edit(actor(), programme):
        inside = programmes.in_circle(session(), actor(), programme)
        get_or_404(inside or _lines(edition) or None)
        raise edition_rules.NotYourEdition
    return programme, edition


def _lines(edition: Edition) -> list[SessionLine]:
    return queries.of_edition(session(), actor(), edition.id or 0, now())


def _back(programme: Programme, edition: Edition) -> BaseResponse:
    return see_other("editions.show", slug=programme.slug, number=edition.number)


def _offer(form: PlanForm, programme: Programme) -> None:
    known = queries.circle(session(), programme)
    own, partners = known[0], known[1:]
    choices = calendar.choices(session(), own.id, [one.id for one in partners])
    form.offer(own, partners, choices.partners, choices.rooms)


def _first_values(programme: Programme, edition: Edition) -> dict[str, object]:
    starts_on = programme.starts_on
    return {
        "title": programme.title[:PROGRAMME_TITLE_MAX],
        "day": starts_on if starts_on is not None and starts_on > warsaw.today(now()) else None,
        "seats_for": PARTICIPANTS if edition.participants else STAFF,
        "capacity": edition.capacity,
        "audience": list(programme.audience),
    }


def _wanted(form: PlanForm) -> PlanDraft | None:
    if not form.check(now()):
        return None
    resolved = calendar.resolve(
        session(),
        actor().institution_id or 0,
        place_id=form.place_id(),
        place=form.typed_place(),
        invited=(),
        names=(),
    )
    return form.settle(resolved)


def _on_hold(spans: Sequence[Span]) -> Sequence[Held]:
    return visits.on_hold(session(), actor(), spans)


def _planned(form: PlanForm, programme: Programme, edition: Edition, wanted: PlanDraft) -> BaseResponse:
    event = actions.plan(session(), actor(), edition, wanted, now(), key=form.sending_key())
    copies.forget(request.path)
    number = wanted.sessions
    if event.state is State.PUBLISHED:
        tell(
            _n(
                "%(num)d session is planned and stands in the calendar.",
                "%(num)d sessions are planned and stand in the calendar.",
                number,
            ),
            "ok",
        )
        return _back(programme, edition)
    sentence = _n(
        "%(num)d session is planned. Publish it when the host of the place has agreed.",
        "%(num)d sessions are planned. Publish them when the host of the place has agreed.",
        number,
    )
    tell(sentence, "ok")
    return see_other("calendar.check", event_uuid=event.uuid)


def _plan_page(
    form: PlanForm, programme: Programme, edition: Edition, *, shown: Plan | None = None, status: int = 200
) -> Response:
    form.sending_key()
    form.shown.raw_data, form.shown.data = None, form.signature() if shown else ""
    return respond(
        "events/sessions/plan.html",
        status=status,
        form=form,
        p=programme,
        e=edition,
        plan=shown,
        lines=[_shown(line) for line in shown.lines] if shown else [],
        family=KIND_FACE[programme.kind][0],
        copy=copies.here(put_back=form.put_back),
    )


def _shown(line: PlanLine) -> PlannedDate:
    note = ""
    if line.left_out is LeftOut.HOLIDAY:
        note = _("public holiday: %(name)s", name=workdays.holiday_name(line.day, language()))
    elif line.left_out is LeftOut.BLOCKED:
        note = _("the place is not available")
    elif line.clocks_change:
        note = _("The clocks have changed since the last session: the hours on the clock stay the same.")
    return PlannedDate(line, note)


def _topics_page(
    form: TopicsForm, programme: Programme, edition: Edition, lines: Sequence[SessionLine], *, status: int
) -> Response:
    fields = {number: form[f"topic_{number}"] for number in form.numbers}
    return respond(
        "events/sessions/topics.html", status=status, form=form, p=programme, e=edition, lines=lines, fields=fields
    )


def _speakers_page(
    form: SpeakersForm, programme: Programme, edition: Edition, line: SessionLine, *, status: int
) -> Response:
    return respond("events/sessions/speakers.html", status=status, form=form, p=programme, e=edition, line=line)


def _reach(line: SessionLine, lines: Sequence[SessionLine]) -> list[tuple[str, str]]:
    coming = [one for one in lines if not one.begun and one.state in (State.DRAFT, State.PUBLISHED)]
    following = [one for one in coming if one.starts_at >= line.starts_at]
    day = warsaw.day_words(line.day, language())
    choices = [(Scope.THIS.value, _("only this session: %(day)s", day=day))]
    if 1 < len(following) < len(coming):
        words = _n(
            "this session and the following ones: %(num)d session",
            "this session and the following ones: %(num)d sessions",
            len(following),
        )
        choices.append((Scope.FOLLOWING.value, words))
    words = _n(
        "all that are still to come: %(num)d session", "all that are still to come: %(num)d sessions", len(coming)
    )
    return [*choices, (Scope.ALL.value, words)]


def _suggested(edition: Edition, line: SessionLine) -> dict[str, object]:
    starts, ends = (warsaw.to_local(one).replace(tzinfo=None) for one in (line.starts_at, line.ends_at))
    ends_on = max((one.day for one in _lines(edition) if one.stands), default=None)
    why = actions.closed_days(session(), line.place_institution_id, warsaw.today(now()))
    suggestion = rules.suggested(ends_on, starts, warsaw.today(now()), why)
    return {"day": suggestion.date(), "starts": starts.time(), "ends": ends.time()}


def _make_up_page(
    form: MakeUpForm, programme: Programme, edition: Edition, line: SessionLine, *, status: int
) -> Response:
    asks = line.place_institution_id not in (None, programme.lead_id)
    return respond(
        "events/sessions/make_up.html", status=status, form=form, p=programme, e=edition, line=line, asks=asks
    )
