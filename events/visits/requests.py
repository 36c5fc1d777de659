"""Routes of a new request: whom to ask, what for and when, the page on which it is checked, sending it."""

from typing import Any
from uuid import uuid4

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Role
from app.clock import now
from app.errors import Forbidden, Refusal
from app.web.errors import get_or_404
from app.web.guards import acting_for
from app.web.htmx import respond, see_other
from app.web.i18n import _, language, translated
from app.web.session import SAFE, actor, close_early, session, tell
from events.calendar.rules import KIND_LABEL
from events.visits import actions, asking, deadlines, offers, rules, silence
from events.visits.asking import Joining
from events.visits.forms import Asked, AskForm, begun, path_sentence
from events.visits.models import Path


@acting_for(Role.COORDINATOR)
def choose() -> Response:
    text = Asked.read(request.args).text
    return respond(
        "events/visits/choose.html",
        "events/visits/_partners.html",
        text=text,
        found=asking.partners(session(), actor(), text),
        in_unit=actor().institution_kind in rules.UNIT_KINDS,
        may_help=actor().institution_kind in rules.CENTRE_KINDS,
    )


@acting_for(Role.COORDINATOR)
def ask(slug: str) -> Response | BaseResponse:
    return _asked(slug, assistance=False)


@acting_for(Role.COORDINATOR)
def assist(slug: str) -> Response | BaseResponse:
    try:
        return _asked(slug, assistance=True)
    except (asking.NobodyInCharge, asking.OwnGmina) as refusal:
        if request.method not in SAFE:
            raise
        # Links lead here before anybody has looked up who serves the gmina: the answer is a page, not an error.
        own = isinstance(refusal, asking.OwnGmina)
        return respond("events/visits/no_help.html", slug=slug, why=translated(refusal), own=own)


def _asked(slug: str, *, assistance: bool) -> Response | BaseResponse:
    """Show the form of a request, the page on which it is checked, or send it."""
    today = warsaw.today(now())
    joined = get_or_404(asking.joining(session(), actor(), slug, today, assistance=assistance))
    if request.method in SAFE:
        form = AskForm(data=begun(request.args) | {"key": str(uuid4()), "reply_email": joined.mailbox})
        form.offer(joined)
        return _ask_page(joined, form)
    form = AskForm()
    form.offer(joined)
    valid = form.check()
    if not form.key.data:
        form.key.data, form.key.raw_data = str(uuid4()), None
    if not valid or "popraw" in request.form:
        return _ask_page(joined, form, status=200 if valid else 422)
    if not offers.swapped(form, request.form) and "wyslij" in request.form:
        try:
            visit = actions.ask(session(), actor(), form.draft(joined), form.key.data or "", now())
        except Forbidden:
            raise
        except Refusal as refusal:
            close_early()
            return _ask_check(joined, form, refusal)
        tell(_("Sent. You will find the answer here and on your desk; a mail tells you, too."), "ok")
        return see_other(".show", number=visit.number)
    return _ask_check(joined, form)


def _ask_page(joined: Joining, form: AskForm, status: int = 200) -> Response:
    usual = silence.usual(session(), actor(), actor().institution_id or 0, joined.asked.id)
    return respond(
        "events/visits/ask.html", status=status, joined=joined, form=form, usual=usual, **_asking_words(joined)
    )


def _ask_check(joined: Joining, form: AskForm, refusal: Refusal | None = None) -> Response:
    sides = (actor().institution_id or 0, joined.asked.id)
    clauses = {str(one.id): one.name_pl if language() == "pl" else one.name_en for one in joined.clauses}
    draft = form.draft(joined)
    return respond(
        "events/visits/check.html",
        status=refusal.status if refusal else 200,
        joined=joined,
        form=form,
        findings=offers.findings(form.options(), joined.unit.id, sides),
        refusal=translated(refusal) if refusal else "",
        draft=draft,
        kind_label=_(KIND_LABEL[draft.kind]),
        clause_label=clauses.get(form.clause.data or "", ""),
        room_names={one.id: one.name for one in joined.rooms},
        answer_by=deadlines.deadlines(session(), joined.asked.id, warsaw.today(now())).answer_by,
        **_asking_words(joined),
    )


def _asking_words(joined: Joining) -> dict[str, Any]:
    here = ".assist" if joined.path is Path.ASSISTANCE else ".ask"
    meant = joined.unit if joined.path is Path.ASSISTANCE else joined.asked
    return {"heading": path_sentence(joined.path), "here": url_for(here, slug=meant.slug)}
