"""Routes of programmes: list and page."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from math import ceil
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.datastructures import MultiDict

from app import site, tables, warsaw
from app.actors import Actor
from app.audit.kept import Kept
from app.clock import now
from app.text import clean
from app.web import downloads
from app.web.errors import get_or_404
from app.web.guards import open_to_all
from app.web.htmx import respond
from app.web.i18n import _
from app.web.session import actor, session
from events.calendar import queries as calendar
from events.minutes.queries import Story
from events.reports import queries as reports
from events.reports.queries import Result
from events.sessions import queries as sessions
from events.sessions.queries import EditionProgress, ProgrammeDate
from projects.programmes import catalogue, editing, pages, protocol, rules, timeline
from projects.programmes.catalogue import ListFilter, Order, Room, TableRow
from projects.programmes.models import PartnerAnswer, ProgrammeState
from projects.programmes.pages import Head, ProgrammePage

bp = Blueprint("programmes", __name__)
editing.attach(bp)

SESSIONS_SHOWN = 30
PAST_SHOWN = 10
TEXT_MAX = 100
PAGE_MAX = 10_000
_KINDS = {word: kind for kind, word in rules.KIND_WORD.items()}
_STATES = {word: state for state, word in rules.STATE_WORD.items()}
_AUDIENCES = {word: code for code, word in catalogue.AUDIENCE_WORD.items()}
_ORDERS = {order.value: order for order in Order}
FREE = "wolne"
# What the filter offers: kinds, groups of people, states and orders, each with the word of the address.
_CHOICES = catalogue.Choices(
    kinds=tuple((kind, rules.KIND_WORD[kind], label) for kind, label in rules.KIND_LABEL.items()),
    audiences=tuple((code, catalogue.AUDIENCE_WORD[code], label) for code, label in rules.AUDIENCE.items()),
    states=tuple((state, word, rules.STATE_TAG[state][2]) for state, word in rules.STATE_WORD.items()),
    orders=tuple((order.value, label) for order, label in catalogue.ORDER_LABEL.items()),
)
_VOIVODESHIPS = frozenset(f"{number:02d}" for number in range(2, 33, 2))


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of a project draws for all who may read the same: plain values, so that equal pages are equal."""

    page: ProgrammePage
    coming: tuple[ProgrammeDate, ...]
    past: tuple[ProgrammeDate, ...]
    editions: tuple[tuple[EditionProgress, str], ...]
    results: tuple[tuple[EditionProgress, tuple[Result, ...]], ...]
    stories: tuple[Story, ...]
    today: date

    def __hash__(self) -> int:
        """Return what finds equal pages among the drawn ones quickly; equality still looks at everything."""
        return hash((self.page, self.today, len(self.coming), len(self.past), len(self.editions)))

    @property
    def joins(self) -> list[EditionProgress]:
        """The editions for which one can sign up now."""
        return [edition for edition, stand in self.editions if stand == "open"]

    @property
    def welcome(self) -> bool:
        """Whether the page invites: the project recruits, or an edition is open."""
        return not self.page.is_draft and not self.page.over and (self.page.recruiting or bool(self.joins))

    @property
    def totals(self) -> dict[int, int]:
        """How many sessions each edition has."""
        return {edition.edition_id: edition.sessions for edition, _stand in self.editions}

    @property
    def steps(self) -> tuple[timeline.Step, ...]:
        """The course as a picture."""
        return timeline.steps(self.page, [edition for edition, _stand in self.editions], self.today)

    def structured(self) -> dict[str, Any]:
        """Give what programs read of it, the public dates alone."""
        return self.page.structured([one.card for one in self.coming if one.public])


_kept = Kept[Shown]()


@bp.get("/projekty")
@open_to_all
def index() -> Response:
    wanted, today = _wanted(request.args), warsaw.today(now())
    room = _room(wanted)
    counts = catalogue.counts(session(), wanted, today, room)
    last = max(ceil(counts.total / catalogue.PAGE_SIZE), 1)
    number = min(_page(request.args), last)
    return respond(
        "projects/programmes/index.html",
        "projects/programmes/_programmes.html",
        wanted=wanted,
        counts=counts,
        page=catalogue.page(session(), actor(), wanted, number, today, counts, room),
        may_draft=rules.may_draft(actor()),
        choices=_CHOICES,
        free_word=FREE,
        today=today,
        page_number=number,
        pages=last,
        previous_url=_address(wanted, number - 1) if number > 1 else "",
        next_url=_address(wanted, number + 1) if number < last else "",
        csv_url=_address(wanted, endpoint="programmes.as_csv"),
        xlsx_url=_address(wanted, endpoint="programmes.as_xlsx"),
    )


@bp.get("/projekty.csv")
@open_to_all
def as_csv() -> Response:
    return _export("projekty.csv")


@bp.get("/projekty.xlsx")
@open_to_all
def as_xlsx() -> Response:
    return _export("projekty.xlsx")


@bp.get("/projekty/<slug:slug>")
@open_to_all
def show(slug: str) -> Response:
    viewer = actor()
    shown = _shown(slug, viewer, now())
    page = shown.page
    return respond(
        "projects/programmes/show.html",
        shown=shown,
        page=page,
        p=page.programme,
        missing=rules.missing(page.programme) if page.may_edit and page.is_draft else (),
        offer=_offer(viewer, page),
    )


def _shown(slug: str, viewer: Actor, at: datetime) -> Shown:
    """Give what the page draws for *viewer*, kept for a minute as long as nobody writes anything."""
    head = get_or_404(pages.head(session(), slug, viewer))
    asked = slug, at.replace(second=0, microsecond=0), _reads_as(viewer)
    known = _kept.get(asked, head.written)
    if known is None:
        known = _drawn_before(_read(head, viewer, at))
        _kept.put(asked, head.written, known)
    return known


def _read(head: Head, viewer: Actor, at: datetime) -> Shown:
    today = warsaw.today(at)
    page = pages.whole(session(), head, viewer, today)
    owner = page.programme.id
    coming, past = sessions.of_programme(session(), viewer, owner, at, coming=SESSIONS_SHOWN, past=PAST_SHOWN)
    editions = sessions.progress(session(), viewer, owner, at)
    came_out = reports.came_out(session(), viewer, owner, inside=page.inside)
    return Shown(
        page=page,
        coming=coming,
        past=past,
        editions=tuple((one, _stand(page, one, at)) for one in editions),
        results=tuple(
            (one, came_out.results[one.edition_id]) for one in editions if one.edition_id in came_out.results
        ),
        stories=came_out.stories,
        today=today,
    )


def _reads_as(viewer: Actor) -> Hashable:
    """Give all of *viewer* that decides what he reads on a page of a project: nothing of the person."""
    powers = viewer.signed_in, viewer.admitted, viewer.prepares, viewer.coordinates, viewer.works_for_institution
    return viewer.role, viewer.institution_id, viewer.voivodeship, *powers


@lru_cache(maxsize=256)
def _drawn_before(shown: Shown) -> Shown:
    """Give what is equal to *shown* and was drawn before: what is the very same is found at once."""
    return shown


def _stand(page: ProgrammePage, edition: EditionProgress, at: datetime) -> str:
    """Say whether one can sign up for an edition: open, soon, closed; over where nothing of it is to come."""
    if page.is_draft or page.over or not edition.coming or edition.state.value != "open":
        return "over"
    if edition.opens_at is not None and edition.opens_at > at:
        return "soon"
    return "open" if edition.closes_at is None or at < edition.closes_at else "closed"


def _offer(viewer: Actor, page: ProgrammePage) -> str:
    """Say what the page offers the institution of *viewer*: to join, or where it stands; "" for nothing."""
    lead_works = page.lead is not None and not page.lead_archived
    if page.answer is PartnerAnswer.REQUESTED and viewer.works_for_institution:
        return "requested"
    if page.inside:
        return "leads" if page.programme.lead_id == viewer.institution_id else "partner"
    if not protocol.can_join(page.state, archived=page.archived, lead_works=lead_works):
        return ""
    beside = page.answer in (None, PartnerAnswer.DECLINED, PartnerAnswer.REFUSED, PartnerAnswer.LEFT)
    if not viewer.signed_in or (viewer.coordinates and viewer.admitted and beside):
        return "join"
    return ""


def _wanted(args: MultiDict[str, str]) -> ListFilter:
    """Read the filter out of the address; values that mean nothing are left out."""
    place, audience = args.get("woj", ""), args.get("dla", "")
    return ListFilter(
        text=" ".join(clean(args.get("q", "")).split())[:TEXT_MAX],
        kind=_KINDS.get(args.get("rodzaj", "")),
        voivodeship=place if place in _VOIVODESHIPS else "",
        state=_STATES.get(args.get("stan", "")),
        audience=_AUDIENCES.get(audience, ""),
        free=args.get("miejsca", "") == FREE,
        order=_ORDERS.get(args.get("porzadek", ""), Order.STATE),
    )


def _room(wanted: ListFilter) -> Room | None:
    if not wanted.free:
        return None
    viewer, at = actor(), now()
    return Room(lambda: calendar.programmes_with_room(viewer, at), calendar.sees_as(viewer))


def _export(name: str) -> Response:
    wanted = _wanted(request.args)
    found = catalogue.exported(session(), wanted, warsaw.today(now()), _room(wanted))
    header = [
        _("Project"), _("What it offers"), _("State"), _("Lead"), _("Partners"), _("Voivodeship"), _("For whom"),
        _("First day"), _("Last day"), _("Recruitment until"), _("Funds"), _("What it is about"), _("Remarks"),
        _("Address"),
    ]  # fmt: skip
    return downloads.table(name, "projekty", header, map(_table_row, found))


def _table_row(row: TableRow) -> list[tables.Cell]:
    card = row.card
    return [
        card.title, _(card.kind_label), _(card.state_tag[2]), card.lead, card.partners, row.voivodeship,
        row.target_group, card.starts_on, card.ends_on,
        card.recruiting_until if card.state is ProgrammeState.RECRUITING else None, row.funding, card.summary,
        _("sample data") if card.synthetic else "", site.absolute(url_for("programmes.show", slug=card.slug)),
    ]  # fmt: skip


def _page(args: MultiDict[str, str]) -> int:
    text = args.get("strona", "")
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(PAGE_MAX))
    return max(int(text), 1) if is_number else 1


def _address(wanted: ListFilter, page: int = 1, endpoint: str = "programmes.index") -> str:
    return url_for(
        endpoint,
        q=wanted.text or None,
        rodzaj=rules.KIND_WORD[wanted.kind] if wanted.kind else None,
        dla=catalogue.AUDIENCE_WORD.get(wanted.audience),
        woj=wanted.voivodeship or None,
        stan=rules.STATE_WORD[wanted.state] if wanted.state else None,
        miejsca=FREE if wanted.free else None,
        porzadek=wanted.order.value or None,
        strona=page if page > 1 else None,
    )
