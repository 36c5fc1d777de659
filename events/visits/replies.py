"""Routes of answers: by a mailed link without an account, another address for it, and how long answers take."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_decimal, format_percent
from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.accounts import actions as accounts
from app.accounts import rules as account_rules
from app.actors import Actor, Role
from app.clock import now
from app.errors import Refusal
from app.secret import token_hash
from app.tables import Cell
from app.web import downloads
from app.web.errors import get_or_404, refuse
from app.web.guards import acting_for, by_token
from app.web.htmx import respond, see_other
from app.web.i18n import _, _n, language, translated
from app.web.session import actor, apart, close_early, session, tell
from events.calendar import actions as calendar
from events.calendar import rules as calendar_rules
from events.calendar.models import State as EventState
from events.visits import actions, checks, links, rules, silence
from events.visits.links import Answerable, Facts, Spent, Why
from events.visits.models import TURNS_MAX, OptionState, State, Visit, VisitOption
from events.visits.reply_forms import DATE, OTHER, REFUSE, WRONG, AddressForm, ReplyForm
from events.visits.rules import Option
from events.visits.silence import Way
from partners.people import queries as people

bp = Blueprint("replies", __name__)
CONTENT_TYPE = "text/calendar; charset=utf-8"
TRIES = 20
# What may be said of a date to whoever holds a link: nothing about what else is in anybody's calendar.
_PLAIN = frozenset({"holiday", "weekend"})


@bp.get("/odpowiedz/<token:token>")
@by_token
def show(token: str) -> BaseResponse:
    """Show the request, or what has become of it. Nothing is answered by a look."""
    found = _opened(token)
    return _request_page(token, found) if isinstance(found, Answerable) else _state_page(token, found)


@bp.post("/odpowiedz/<token:token>")
@by_token
def answer(token: str) -> BaseResponse:
    """Take the one answer of this link."""
    with apart() as own:  # counted whatever becomes of the answer
        attempt = accounts.try_once(own, f"odpowiedz {token_hash(token)}", request.remote_addr or "", now(), TRIES)
    if attempt is None:
        raise account_rules.TooManyAttempts
    found = _opened(token)
    if isinstance(found, Spent):
        return _state_page(token, found, late=ReplyForm())
    facts = links.facts(session(), found.visit)
    form = _form(found, facts)
    if not form.validate():
        return _request_page(token, found, form, 422)
    try:
        _act(found, form)
    except Refusal as refusal:
        close_early()  # what was written before the refusal is told to nobody
        fresh = _opened(token)
        if isinstance(fresh, Spent):
            return _state_page(token, fresh, late=form)
        form.refuse(form["day_0"] if form.answer.data == OTHER else form.answer, translated(refusal))
        return _request_page(token, fresh, form, refusal.status)
    accounts.forget_failure(session(), attempt)
    return _secret(see_other("replies.show", token=token))


@bp.get("/odpowiedz/<token:token>/termin.ics")
@by_token
def calendar_file(token: str) -> BaseResponse:
    """Give the agreed date as a calendar file."""
    found = links.open_link(session(), token, now())
    spent = get_or_404(found if isinstance(found, Spent) and found.why is not Why.WRONG_ADDRESS else None)
    event = get_or_404(links.facts(session(), spent.visit).event)
    get_or_404(event.uid if event.state in (EventState.PUBLISHED, EventState.CANCELLED) else None)
    response = Response(calendar.publication(session(), event).encode(), content_type=CONTENT_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="termin.ics"'
    return _secret(response)


@bp.route("/wizyty/<case:number>/adres", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def address(number: str) -> BaseResponse:
    """Send a request that reached nobody to another address."""
    visit = get_or_404(_own(number))
    form = AddressForm(data={"email": visit.reply_email})
    if not links.needs_address(session(), visit, now()):
        raise links.NoAddressNeeded
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                links.readdress(session(), actor(), visit, form.email.data or "", now())
            except (links.NoAddress, links.TooManyLinks) as refusal:
                form.refuse(form.email, translated(refusal))
                status = refusal.status
            else:
                tell(_("The request is on its way to %(email)s.", email=visit.reply_email), "ok")
                return see_other("visits.show", number=visit.number)
    facts = links.facts(session(), visit)
    return respond("events/visits/reply_address.html", status=status, visit=visit, facts=facts, form=form)


@bp.get("/wizyty/czas-odpowiedzi")
@acting_for(Role.MEMBER)
def times() -> Response:
    """Show how long one's own institution and its partners take to answer each other, by name."""
    page = max(request.args.get("strona", 1, type=int), 1)
    pairs, number = silence.pairs(session(), actor(), now(), page)
    return respond(
        "events/visits/silence.html",
        pairs=pairs,
        number=number,
        page=page,
        pages=-(-number // silence.PAGE),
        least=silence.LEAST,
        since=warsaw.today(silence.since(now())),
        days=_days,
        share=_share,
    )


@bp.get("/wizyty/czas-odpowiedzi.csv")
@acting_for(Role.MEMBER)
def times_csv() -> Response:
    """Save these figures as a table."""
    return _table("csv")


@bp.get("/wizyty/czas-odpowiedzi.xlsx")
@acting_for(Role.MEMBER)
def times_xlsx() -> Response:
    """Save these figures as a workbook."""
    return _table("xlsx")


def _opened(token: str) -> Answerable | Spent:
    found: Answerable | Spent | None = links.open_link(session(), token, now())
    return found if found is not None else refuse(404)


def _act(found: Answerable, form: ReplyForm) -> None:
    visit, turn, said = found.visit, found.step.id or 0, form.message.data or ""
    who = actions.replier(visit)
    if form.answer.data == WRONG:
        actions.say(session(), who, visit, f"{links.WRONG_ADDRESS}\n\n{said}".strip(), now())
        links.wrong_address(session(), who, found.link, now())
        return
    if form.answer.data == OTHER:
        actions.counter(session(), who, visit, form.options(), now(), turn=turn, message=said)
    elif form.answer.data == REFUSE:
        actions.refuse(session(), who, visit, form.reason.data, now(), turn=turn, message=said)
    else:
        comes = form.wanted() if rules.guest_of(visit) == visit.asked_id else None
        actions.accept(session(), who, visit, form.accepted or 0, now(), turn=turn, message=said, people=comes)
    links.use_up(session(), found.link, now())


def _form(found: Answerable, facts: Facts) -> ReplyForm:
    form = ReplyForm()
    open_dates = [one for one in facts.offers.get(found.step.id or 0, ()) if one.starts_at > now()]
    form.offer(
        [(one.id or 0, _words(one)) for one in open_dates],
        rules.by_of(found.visit.asked_id, found.visit),
        may_counter=found.visit.turns < TURNS_MAX,
        visitors=found.visit.visitors,
    )
    return form


def _words(option: VisitOption) -> str:
    span = warsaw.span_words(option.starts_at, option.ends_at, all_day=False, language=language())
    return f"{warsaw.day_words(warsaw.today(option.starts_at), language())}, {span}"


def _request_page(token: str, found: Answerable, form: ReplyForm | None = None, status: int = 200) -> BaseResponse:
    visit, today = found.visit, warsaw.today(now())
    facts = links.facts(session(), visit)
    contacts, mailbox = links.caller(session(), visit, today)
    offered = facts.offers.get(found.step.id or 0, ())
    return _secret(
        respond(
            "events/visits/reply.html",
            status=status,
            token=token,
            visit=visit,
            step=found.step,
            facts=facts,
            form=form or _form(found, facts),
            dates={f"{DATE}{one.id}": one for one in offered},
            notes=_notes(visit, offered),
            kind=calendar_rules.KIND_LABEL[visit.kind],
            family=calendar_rules.FAMILY[visit.kind],
            icon_name=calendar_rules.ICON[visit.kind],
            we_come=rules.guest_of(visit) == visit.asked_id,
            contacts=contacts,
            mailbox=mailbox,
            step_label=rules.STEP_LABEL,
            words=_words,
        )
    )


def _state_page(token: str, found: Spent, late: ReplyForm | None = None) -> BaseResponse:
    """Show how the request stands; *late* is what somebody has typed for nothing."""
    visit = found.visit
    facts = links.facts(session(), visit)
    contacts, mailbox = links.caller(session(), visit, warsaw.today(now()))
    return _secret(
        respond(
            "events/visits/reply_state.html",
            status=200 if late is None else 409,
            token=token,
            visit=visit,
            why=found.why,
            facts=facts,
            ours=visit.turn_of_id == visit.asked_id,
            open=visit.state in rules.OPEN,
            agreed=facts.agreed and visit.state in (State.ACCEPTED, State.MOVING),
            chosen=_chosen(facts),
            sentence=rules.STATE_SENTENCE[visit.state],
            reasons=rules.REASONS,
            step_label=rules.STEP_LABEL,
            we_come=rules.guest_of(visit) == visit.asked_id,
            has_people=people.has_people(session(), visit.asked_id),
            contacts=contacts,
            mailbox=mailbox,
            typed=late.message.data if late else "",
            late=late is not None,
            words=_words,
        )
    )


def _chosen(facts: Facts) -> VisitOption | None:
    """Give the date that was accepted last."""
    taken = [one for offers in facts.offers.values() for one in offers if one.state is OptionState.ACCEPTED]
    return max(taken, key=lambda one: one.id or 0, default=None)


def _notes(visit: Visit, offered: Sequence[VisitOption]) -> dict[int, list[str]]:
    """Say of each date what everybody may know: that it cannot be had any more, or that it is a day off."""
    options = [
        Option(
            warsaw.to_local(one.starts_at).replace(tzinfo=None),
            warsaw.to_local(one.ends_at).replace(tzinfo=None),
            one.room_id,
            one.room,
        )
        for one in offered
    ]
    sides = (visit.asking_id, visit.asked_id)
    verdicts = checks.check(session(), Actor.visitor(), visit.unit_id, sides, options, now(), visit_id=visit.id)
    found: dict[int, list[str]] = {}
    for option, verdict in zip(offered, verdicts, strict=True):
        told = [] if verdict.possible else [_("This date is no longer free. Choose another one or propose one.")]
        told += [_(one.message, **one.words(language())) for one in verdict.warnings if one.code in _PLAIN]
        found[option.id or 0] = told
    return found


def _own(number: str) -> Visit | None:
    visit = links.by_number(session(), number)
    return visit if visit is not None and rules.may_read(actor(), visit) else None


def _table(ending: str) -> Response:
    pairs, number = silence.pairs(session(), actor(), now(), None)
    who = actor()
    with apart() as own:
        silence.note_export(own, who, number, now())
    header = [
        _("Institution"),
        _("Answers to us"),
        _("Median of their answers (working days)"),
        _("Our requests without an answer"),
        _("Our answers"),
        _("Median of our answers (working days)"),
        _("Their requests without an answer"),
    ]
    lines = [[one.name, *_cells(one.theirs), *_cells(one.ours)] for one in pairs]
    return downloads.table(f"czas-odpowiedzi.{ending}", _("Time to answer"), header, lines)


def _days(median: float) -> str:
    """Give "2 dni robocze", "1,5 dnia roboczego" or "tego samego dnia"."""
    if not median:
        return _("on the same day")
    if median.is_integer():
        return _n("%(num)d working day", "%(num)d working days", int(median))
    return _("%(number)s of a working day", number=format_decimal(median, format="0.#", locale=language()))


def _share(way: Way) -> str:
    """Give "3 z 8 (37,5%)": a share never stands without its counts."""
    total = way.answers + way.unanswered
    exact = (Decimal(way.unanswered) / total).quantize(Decimal("0.001"), ROUND_HALF_UP)
    pattern = "0.#\u00a0%" if language() == "pl" else "0.#%"
    share = format_percent(exact, format=pattern, locale=language(), decimal_quantization=False)
    return _("%(count)d of %(total)d (%(share)s)", count=way.unanswered, total=total, share=share)


def _cells(way: Way) -> list[Cell]:
    return [way.answers, way.median, way.unanswered]


def _secret(response: BaseResponse) -> BaseResponse:
    # The address is the secret.
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
