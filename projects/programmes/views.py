"""Routes of programmes: list, page, form, publication."""

from dataclasses import dataclass
from math import ceil

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app import site, warsaw
from app.actors import Role
from app.clock import now
from app.errors import Refusal
from app.text import clean
from app.web.errors import get_or_404
from app.web.guards import acting_for, open_to_all
from app.web.htmx import respond, see_other
from app.web.i18n import _, translated
from app.web.session import actor, session, tell
from events.calendar import queries as calendar
from events.minutes import queries as minutes
from partners.institutions import queries as institutions
from partners.territory import queries as territory
from projects.programmes import actions, queries, rules
from projects.programmes.forms import NAME_MAX, ProgrammeForm, values_of
from projects.programmes.models import TITLE_MAX, Programme, ProgrammeKind, ProgrammeState
from projects.programmes.queries import ListFilter

bp = Blueprint("programmes", __name__)

SESSIONS_SHOWN = 30
PAST_SHOWN = 10
TEXT_MAX = 100
PAGE_MAX = 10_000
NAMES_IN_ERROR = 3
PARTNERS_PROPOSED = 5
_KINDS = {word: kind for kind, word in rules.KIND_WORD.items()}
_STATES = {word: state for state, word in rules.STATE_WORD.items()}
_VOIVODESHIPS = frozenset(f"{number:02d}" for number in range(2, 33, 2))
# Where a refusal of an action stands in the form.
_FIELD_OF = {
    rules.TitleMissing: "title",
    rules.EndBeforeStart: "ends_on",
    rules.RecruitingAfterEnd: "recruiting_until",
    rules.OwnPartner: "partner_0",
    rules.TwicePartner: "partner_0",
    rules.TooManyPartners: "partner_0",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field in which what is saved now differs from what was typed."""

    field: str
    label: str
    saved: str
    typed: str


@bp.get("/projekty")
@open_to_all
def index() -> Response:
    wanted = _wanted(request.args)
    counts = queries.counts(session(), wanted)
    pages = max(ceil(counts.total / queries.PAGE_SIZE), 1)
    number = min(_page(request.args), pages)
    return respond(
        "projects/programmes/index.html",
        "projects/programmes/_programmes.html",
        wanted=wanted,
        counts=counts,
        rows=queries.listed(session(), wanted, number) if counts.total else [],
        drafts=queries.drafts(session(), actor()),
        may_draft=rules.may_draft(actor()),
        kind_labels=rules.KIND_LABEL,
        kind_words=rules.KIND_WORD,
        state_tags=rules.STATE_TAG,
        state_words=rules.STATE_WORD,
        today=warsaw.today(now()),
        page_number=number,
        pages=pages,
        previous_url=_address(wanted, number - 1) if number > 1 else "",
        next_url=_address(wanted, number + 1) if number < pages else "",
    )


@bp.get("/projekty/<slug:slug>")
@open_to_all
def show(slug: str) -> Response:
    return _shown(get_or_404(queries.page(session(), slug, actor())))


@bp.route("/projekty/nowy", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def new() -> Response | BaseResponse:
    form = _form(ProgrammeForm())
    if request.method != "POST":
        form.kind.data = ProgrammeKind.WORKSHOP.value
        form.voivodeship.data = _own_voivodeship()
        _propose(form)
        return _form_page(form, None)
    wanted = _read(form)
    if wanted is None:
        return _form_page(form, None, status=422)
    try:
        programme = actions.draft(session(), actor(), wanted, now())
    except Refusal as refusal:
        return _refused(form, None, refusal)
    tell(_("The draft has been saved. Only coordinators of your institution see it."), "ok")
    return see_other("programmes.show", slug=programme.slug)


@bp.route("/projekty/<slug:slug>/edycja", methods=["GET", "POST"])
@acting_for(Role.COORDINATOR)
def edit(slug: str) -> Response | BaseResponse:
    programme = get_or_404(queries.programme(session(), slug, actor()))
    if not rules.may_edit(actor(), programme):
        abort(403)
    if request.method != "POST":
        return _form_page(_form(ProgrammeForm(data=_saved(programme))), programme)
    form = _form(ProgrammeForm())
    wanted = _read(form)
    if wanted is None:
        return _form_page(form, programme, status=422)
    try:
        changed = actions.revise(session(), actor(), programme, wanted, now(), revision=form.revision.data or 0)
    except rules.Stale:
        return _stale(form, programme)
    except Refusal as refusal:
        return _refused(form, programme, refusal)
    tell(_("Saved.") if changed else _("Nothing was changed."), "ok" if changed else "info")
    return see_other("programmes.show", slug=slug)


@bp.post("/projekty/<slug:slug>/opublikuj")
@acting_for(Role.COORDINATOR)
def publish(slug: str) -> Response | BaseResponse:
    programme = get_or_404(queries.programme(session(), slug, actor()))
    try:
        actions.publish(session(), actor(), programme, now())
    except rules.Incomplete:
        return _shown(get_or_404(queries.page(session(), slug, actor())), status=422)
    tell(_("The project is published. Everybody can see it."), "ok")
    return see_other("programmes.show", slug=slug)


def _shown(page: queries.ProgrammePage, status: int = 200) -> Response:
    programme, viewer, at = page.programme, actor(), now()
    today = warsaw.today(at)
    owner = programme.id or 0
    feed = site.absolute(f"/kanaly/p/{programme.slug}.ics")
    return respond(
        "projects/programmes/show.html",
        status=status,
        p=programme,
        lead=page.lead,
        partners=page.partners,
        voivodeship=page.voivodeship,
        kind_label=rules.KIND_LABEL[programme.kind],
        face=rules.KIND_FACE[programme.kind],
        state_tag=rules.STATE_TAG[programme.state],
        is_draft=programme.state is ProgrammeState.DRAFT,
        recruiting=rules.is_recruiting(programme.state, programme.recruiting_until, today),
        over=programme.state is ProgrammeState.COMPLETED,
        may_edit=rules.may_edit(viewer, programme),
        missing=rules.missing(programme) if rules.may_publish(viewer, programme) else (),
        sessions=calendar.upcoming(session(), viewer, at, SESSIONS_SHOWN, programme_id=owner),
        past=calendar.upcoming(session(), viewer, at, PAST_SHOWN, programme_id=owner, past=True),
        stories=minutes.stories(session(), viewer, programme_id=owner),
        feed_url=feed,
        webcal_url="webcal://" + feed.partition("://")[2],
        printed_on=today,
    )


def _form(form: ProgrammeForm) -> ProgrammeForm:
    form.offer([(place.code, place.name) for place in territory.voivodeships(session())])
    return form


def _form_page(form: ProgrammeForm, programme: Programme | None, status: int = 200) -> Response:
    return respond(
        "projects/programmes/edit.html",
        status=status,
        form=form,
        programme=programme,
        is_draft=programme is None or programme.state is ProgrammeState.DRAFT,
        names=institutions.suggestions(session(), form.voivodeship.data or None),
        differences=None,
    )


def _propose(form: ProgrammeForm) -> None:
    """Begin with the name and the partners that the address gives, as after a meeting that went well."""
    if not form.title.data:
        form.title.data = " ".join(clean(request.args.get("nazwa", "")).split())[:TITLE_MAX]
    names = [" ".join(clean(name).split())[:NAME_MAX] for name in request.args.getlist("partner")[:PARTNERS_PROPOSED]]
    if not form.partner_names():
        for number, name in enumerate(names):
            form[f"partner_{number}"].data = name


def _read(form: ProgrammeForm) -> rules.ProgrammeDraft | None:
    """Give the clean values, or None with the errors on the form's fields."""
    valid = form.validate()
    ids = _partners_found(form)
    return form.draft(ids) if valid and ids is not None else None


def _partners_found(form: ProgrammeForm) -> dict[str, int] | None:
    found = institutions.named(session(), form.partner_names())
    ids: dict[str, int] = {}
    failed = False
    for name, part in form.lines():
        hits = found.get(name.data or "", ())
        if name.data and len(hits) == 1:
            ids[name.data] = hits[0].id
        elif name.data and hits:
            listed = "; ".join(f"{hit.name} ({hit.slug})" for hit in hits[:NAMES_IN_ERROR])
            form.refuse(
                name,
                _("Several partners fit: %(listed)s. Type the whole name, or the words in brackets.", listed=listed),
            )
            failed = True
        elif name.data:
            form.refuse(name, _("There is no partner of this name. Copy the name from the partner’s card."))
            failed = True
        elif part.data:
            form.refuse(name, _("Give the name of the partner whose part this is."))
            failed = True
    return None if failed else ids


def _refused(form: ProgrammeForm, programme: Programme | None, refusal: Refusal) -> Response:
    """Show the refusal where it belongs in the form; one that belongs nowhere becomes an error page."""
    if isinstance(refusal, rules.Incomplete):
        for gap in rules.missing(_typed(form)):
            form.refuse(form[gap.field], _(gap.sentence))
    elif type(refusal) in _FIELD_OF:
        form.refuse(form[_FIELD_OF[type(refusal)]], translated(refusal))
    else:
        raise refusal
    return _form_page(form, programme, status=422)


def _typed(form: ProgrammeForm) -> rules.ProgrammeDraft:
    return form.draft(_partners_found(form) or {})


def _saved(programme: Programme) -> dict[str, object]:
    parts = queries.parts(session(), programme.id or 0)
    names = institutions.names(session(), [part.institution_id for part in parts])
    return values_of(programme, [(names[part.institution_id], part.part) for part in parts])


def _stale(form: ProgrammeForm, programme: Programme) -> Response:
    """Show what is saved now beside what was typed; sending the form again saves what was typed."""
    now_saved = _form(ProgrammeForm(formdata=None, data=_saved(programme)))
    shown = [
        name
        for name in form._fields
        if name not in ("revision", "state") or programme.state is not ProgrammeState.DRAFT
    ]
    differences = [
        Difference(form[name].id, str(form[name].label.text), now_saved.words(name), form.words(name))
        for name in shown
        if name != "revision" and now_saved.words(name) != form.words(name)
    ]
    form.revision.raw_data = None
    form.revision.data = programme.revision
    return respond(
        "projects/programmes/edit.html",
        status=409,
        form=form,
        programme=programme,
        is_draft=programme.state is ProgrammeState.DRAFT,
        names=institutions.suggestions(session(), form.voivodeship.data or None),
        differences=differences,
    )


def _own_voivodeship() -> str:
    return institutions.voivodeship_of(session(), actor().institution_id or 0)


def _wanted(args: MultiDict[str, str]) -> ListFilter:
    """Read the filter out of the address; values that mean nothing are left out."""
    place = args.get("woj", "")
    return ListFilter(
        text=" ".join(clean(args.get("q", "")).split())[:TEXT_MAX],
        kind=_KINDS.get(args.get("rodzaj", "")),
        voivodeship=place if place in _VOIVODESHIPS else "",
        state=_STATES.get(args.get("stan", "")),
    )


def _page(args: MultiDict[str, str]) -> int:
    text = args.get("strona", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX))
    return max(int(text), 1) if is_number else 1


def _address(wanted: ListFilter, page: int) -> str:
    return url_for(
        "programmes.index",
        q=wanted.text or None,
        rodzaj=rules.KIND_WORD[wanted.kind] if wanted.kind else None,
        woj=wanted.voivodeship or None,
        stan=rules.STATE_WORD[wanted.state] if wanted.state else None,
        strona=page if page > 1 else None,
    )
