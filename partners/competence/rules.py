"""Decisions about competence on plain values: which centre serves an area, and how sure that is."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.text import N_
from partners.institutions.models import Kind, Status
from partners.institutions.rules import is_outdated
from partners.territory.rules import Area

PLACEHOLDER_SLUG = "pomoc-spoleczna-"
"""Addresses of placeholders begin so; the code of the gmina or district follows."""

_KNOWN = "OPS lub CUS, dane niepotwierdzone"
PLACEHOLDER_ENDS = f"{_KNOWN})"
"""Names of placeholders end so: a card called otherwise is none, whatever its address."""

_OPS = (Kind.OPS, Kind.MOPS, Kind.GOPS, Kind.MGOPS, Kind.MOPR, Kind.GCPR, Kind.CUS)
_BOTH = (Kind.MOPR, Kind.GCPR)
_NOT_REACHED = 9


class Task(StrEnum):
    """What a centre is asked for: the gmina's, the county's, the region's task."""

    WELFARE = "ops"
    FAMILY = "pcpr"
    REGION = "rops"


KINDS_OF_TASK: Mapping[Task, tuple[Kind, ...]] = {
    Task.WELFARE: _OPS,
    Task.FAMILY: (Kind.PCPR, *_BOTH),
    Task.REGION: (Kind.ROPS,),
}
KINDS = frozenset(kind for kinds in KINDS_OF_TASK.values() for kind in kinds)


class Sureness(StrEnum):
    """How sure the data of a centre are."""

    CONFIRMED = "confirmed"
    LISTED = "listed"
    UNCONFIRMED = "unconfirmed"


SURENESS_WORD: Mapping[Sureness, str] = {
    Sureness.CONFIRMED: N_("confirmed by the institution"),
    Sureness.LISTED: N_("not confirmed in the last 12 months"),
    Sureness.UNCONFIRMED: N_("unconfirmed data"),
}


@dataclass(frozen=True, slots=True)
class Centre:
    """An institution as competence and the sheet see it; *territory* is empty where only its seat is known."""

    id: int
    slug: str
    name: str
    kind: Kind
    status: Status
    synthetic: bool
    street: str
    postal_code: str
    post_town: str
    phone: str
    email: str
    website: str
    hours: str
    confirmed_on: date | None
    gmina_code: str | None
    district_code: str | None
    county_code: str | None
    voivodeship_code: str | None
    sort_key: str
    latitude: float | None = None
    longitude: float | None = None
    acts_as: frozenset[Kind] = frozenset()
    territory: frozenset[str] = frozenset()

    @property
    def is_placeholder(self) -> bool:
        """Whether it only stands for a centre that nobody has listed yet."""
        return self.status is Status.UNCONFIRMED and self.name.endswith(PLACEHOLDER_ENDS)

    @property
    def address(self) -> str:
        """Street, postal code and town, as much as is known."""
        town = " ".join(part for part in (self.postal_code, self.post_town) if part)
        return ", ".join(part for part in (self.street, town) if part)

    @property
    def reachable(self) -> bool:
        """Whether the card says where to go, call or write."""
        return bool(self.street or self.phone or self.email)

    def sureness(self, day: date) -> Sureness:
        """Say how sure the card's data are on *day*."""
        if self.status is Status.UNCONFIRMED:
            return Sureness.UNCONFIRMED
        return Sureness.LISTED if is_outdated(self.confirmed_on, day) else Sureness.CONFIRMED


@dataclass(frozen=True, slots=True)
class Answer:
    """Who serves an area on a day.

    *welfare* is the gmina's centre (OPS or CUS), *beside* are further active ones; for Warsaw as a whole *districts*
    hold each district with its centre instead. *family* is the county's centre (PCPR), often the same as *welfare* in
    a city with county rights; *region* the ROPS. None means that nobody is listed.
    """

    area: Area
    day: date
    welfare: Centre | None = None
    beside: tuple[Centre, ...] = ()
    family: Centre | None = None
    region: Centre | None = None
    districts: tuple[tuple[Area, Centre | None], ...] = ()

    @property
    def one_for_both(self) -> bool:
        """Whether one centre is OPS and PCPR at once."""
        return self.welfare is not None and self.family is not None and self.welfare.id == self.family.id

    @property
    def ended(self) -> bool:
        """Whether the gmina does not exist any more."""
        ends = self.area.gmina.valid_to
        return ends is not None and ends <= self.day

    @property
    def is_empty(self) -> bool:
        """Whether nobody at all is known."""
        return not (self.welfare or self.family or self.region or self.districts)


def answer(area: Area, centres: Collection[Centre], day: date, districts: Iterable[Area] = ()) -> Answer:
    """Choose among *centres*; the order of what they hold does not matter, the answer is always the same.

    *districts* are those of Warsaw, for Warsaw as a whole alone.
    """
    ranked = ranked_for(area, centres, Task.WELFARE)
    welfare = ranked[0] if ranked else None
    beside = tuple(one for one in ranked[1:] if one.status is Status.ACTIVE)
    parts: tuple[tuple[Area, Centre | None], ...] = ()
    if area.is_warsaw:
        # The district decides; a centre for the whole city stands beside those of the districts.
        parts = tuple((part, answer(part, centres, day).welfare) for part in districts)
        whole = [one for one in ranked if one.status is Status.ACTIVE]
        welfare, beside = None, tuple(whole)
    families = ranked_for(area, centres, Task.FAMILY)
    family = families[0] if families else None
    if family is None and area.is_city_county and not area.is_district and not area.is_warsaw:
        family = welfare  # in a city with county rights one centre is both
    regions = ranked_for(area, centres, Task.REGION)
    return Answer(area, day, welfare, beside, family, regions[0] if regions else None, parts)


def ranked_for(area: Area, centres: Iterable[Centre], task: Task) -> list[Centre]:
    """Give those that do *task* for *area*, the one to go to first.

    Listed ones before unconfirmed ones, an OPS before a CUS beside it, who names the area before who only has its seat
    there, that before who names something wider; names and ids break ties, so that no two are ever equal.
    """
    reached = [(one, reach(area, one, task)) for one in centres if does(one, task, area)]
    order = sorted(
        (one.status is not Status.ACTIVE, one.is_placeholder, one.kind is Kind.CUS, near, one.sort_key, one.id)
        for one, near in reached
        if near < _NOT_REACHED
    )
    by_id = {one.id: one for one, _near in reached}
    return [by_id[key[-1]] for key in order]


def does(centre: Centre, task: Task, area: Area) -> bool:
    """Tell whether *centre* has *task*, by its kind or by what it acts as."""
    if task in _tasks_of(centre.acts_as):
        return True
    if task is Task.FAMILY and centre.kind in _BOTH:
        # A town's MOPR is the county's centre only where the city is its own county.
        return area.is_city_county
    return centre.kind in KINDS_OF_TASK[task]


def reach(area: Area, centre: Centre, task: Task) -> int:
    """Say how near *centre* is to *area*: 0 names it, 1 sits in it, more names something wider, 9 does not serve it.

    Invented institutions serve invented gminas only, and the other way round.
    """
    if centre.synthetic is not area.gmina.synthetic:
        return _NOT_REACHED
    if centre.territory:
        at = next((at for at, code in enumerate(area.codes) if code in centre.territory), None)
        return _NOT_REACHED if at is None else at + (at > 0)
    return 1 if _sits_in(area, centre, task) else _NOT_REACHED


def placeholder_slug(area: Area) -> str:
    """Give the address of the placeholder of an area."""
    return f"{PLACEHOLDER_SLUG}{area.code}"


def placeholder_name(area: Area) -> str:
    """Give "Pomoc społeczna – gmina X (OPS lub CUS, dane niepotwierdzone)", telling gminas of one name apart."""
    if area.is_district:
        return f"Pomoc społeczna – Warszawa, dzielnica {area.name} ({_KNOWN})"
    words = area.words()
    apart = words.removeprefix(area.name).strip(" ()").removeprefix("gmina ")
    return f"Pomoc społeczna – gmina {area.name} ({f'{apart}; ' if apart else ''}{_KNOWN})"


def _tasks_of(kinds: Iterable[Kind]) -> set[Task]:
    simple = {Kind.PCPR: Task.FAMILY, Kind.ROPS: Task.REGION}
    return {simple.get(kind, Task.WELFARE) for kind in kinds if kind in KINDS}


def _sits_in(area: Area, centre: Centre, task: Task) -> bool:
    if task is Task.REGION:
        return centre.voivodeship_code == area.gmina.voivodeship_code
    if task is Task.FAMILY:
        return centre.county_code == area.gmina.county_code
    if area.is_district:
        return centre.district_code == area.code
    return centre.gmina_code == area.code and centre.district_code is None
