"""One search across the portal: gminas with who serves them, institutions, services, projects, coming events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app import warsaw
from app.actors import Actor
from app.clock import now
from app.text import clean, fold, search_text
from app.web.guards import open_to_all
from app.web.htmx import respond
from app.web.i18n import _
from app.web.session import actor, session
from events.calendar import queries as calendar
from events.calendar.queries import EventCard
from events.search import queries as index_of_events
from partners.competence import queries as competence
from partners.institutions import directory
from partners.institutions.directory import Facets, InstitutionRow, Option
from partners.institutions.filter import DirectoryFilter
from partners.territory import queries as territory
from partners.territory.queries import Place
from projects.programmes import catalogue
from projects.programmes.catalogue import ListFilter, ProgrammeRow

bp = Blueprint("search", __name__)

TEXT_MAX = 100
SHOWN = 5
PLACE_LETTERS = 5
"""A word begins the name of a voivodeship from so many letters on: "lubus" is lubuskie, "lubel" lubelskie."""
_BESIDE_A_PLACE = frozenset({"w", "we", "woj", "wojewodztwo", "wojewodztwie", "region"})


@dataclass(frozen=True, slots=True)
class Words:
    """What was typed, taken apart: *text* without the voivodeship that it names."""

    typed: str
    text: str
    place: Place | None = None

    @property
    def code(self) -> str:
        """Two digits of the voivodeship, or ""."""
        return self.place.code if self.place else ""


@bp.get("/szukaj")
@open_to_all
def index() -> BaseResponse:
    """Search by the beginnings of words in everything that the viewer may know of; a constant number of statements."""
    typed = " ".join(clean(request.args.get("q", "")).split())[:TEXT_MAX]
    if not fold(typed):
        return respond("app/portal/search.html", typed=typed, found=None)
    instant = now()
    words = take_apart(typed, territory.voivodeships(session()))
    areas = territory.search(session(), typed)
    shown = areas[:SHOWN]
    answers = competence.who_serve(session(), shown, warsaw.today(instant))
    facets, institutions = _institutions(words)
    projects, project_count = _projects(words)
    coming = _events(words, instant)
    return respond(
        "app/portal/search.html",
        typed=typed,
        words=words,
        found=True,
        areas=[(area, answers[area.code]) for area in shown],
        area_count=len(areas),
        areas_capped=len(areas) == territory.FOUND_MAX,
        institutions=institutions,
        institution_count=facets.total,
        institutions_url=url_for("institutions.index", q=words.text or None, woj=words.code or None),
        services=_services(words)[:SHOWN],
        projects=projects,
        project_count=project_count,
        projects_url=url_for("programmes.index", q=words.text or None, woj=words.code or None),
        events=coming,
        past_events=[] if coming else _events(words, instant, coming=False),
        nothing=_("Nothing found for “%(words)s”", words=typed),
    )


def take_apart(typed: str, places: Sequence[Place]) -> Words:
    """Find the voivodeship that *typed* names beside other words: "schronienie lubuskie" is a service and a place."""
    words = fold(typed).split()
    named = [place for place in places if any(_names(word, place) for word in words)]
    # Who types "pomorskie" does not mean kujawsko-pomorskie; who types both words means nothing else.
    whole = [place for place in named if set(fold(place.name).split()) <= set(words)]
    named = sorted(whole, key=lambda place: -len(place.name))[:1] if _one_place(whole) else whole or named
    if len(named) != 1:
        return Words(typed, typed)
    rest = [word for word in words if not _names(word, named[0]) and word not in _BESIDE_A_PLACE]
    return Words(typed, " ".join(rest), named[0])


def _one_place(places: Sequence[Place]) -> bool:
    """Tell whether one of these names holds all the others, as kujawsko-pomorskie holds pomorskie."""
    longest = max((search_text(place.name) for place in places), key=len, default="")
    return bool(places) and all(search_text(place.name) in longest for place in places)


def _names(word: str, place: Place) -> bool:
    """Tell whether *word* names a voivodeship, in any case: "lubuskim" is lubuskie."""
    return len(word) >= PLACE_LETTERS and f" {_stem(word)}" in search_text(place.name)


def _institutions(words: Words) -> tuple[Facets, list[InstitutionRow]]:
    wanted = DirectoryFilter(text=words.text, voivodeship=words.code)
    facets = directory.facets(session(), wanted)
    rows = directory.page(session(), wanted, facets, 1) if facets.total else []
    return facets, rows[:SHOWN]


def _services(words: Words) -> list[Option]:
    """Give the services of the catalogue that are called so, the most frequent first, counted in the voivodeship."""
    asked = fold(words.text).split()
    if not asked:
        return []
    counted = directory.facets(session(), DirectoryFilter(voivodeship=words.code))
    named = [(one, search_text(one.name_pl, one.name_en)) for one in counted.services]
    return [one for one, text in named if all(f" {_stem(word)}" in text for word in asked)]


def _stem(word: str) -> str:
    """Leave out the last letter of a long word: "schronienie" is "zapewnienie schronienia" as well."""
    return word[:-1] if len(word) > PLACE_LETTERS else word


def _projects(words: Words) -> tuple[tuple[ProgrammeRow, ...], int]:
    wanted, today = ListFilter(text=words.text, voivodeship=words.code), warsaw.today(now())
    counts = catalogue.counts(session(), wanted, today)
    return catalogue.page(session(), Actor.visitor(), wanted, 1, today, counts).cards[:SHOWN], counts.total


def _events(words: Words, instant: datetime, *, coming: bool = True) -> list[EventCard]:
    """Give the nearest events that the viewer may know of and that hold all the words: to come, or gone by."""
    found = index_of_events.event_ids(session(), words.text, warsaw.today(instant), coming=coming)
    return calendar.nearest(session(), actor(), found, instant, SHOWN, coming=coming)
