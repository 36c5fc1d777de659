"""What an inspector sees first: agreements of the voivodeship, gminas whose centre has one, counted from the data."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.actors import Actor
from partners.agreements import queries as agreements
from partners.agreements.models import AgreementState
from partners.agreements.queries import RegisterFilter
from partners.agreements.rules import IN_PREPARATION
from partners.territory import queries as territory
from partners.territory.rules import GminaPlace


@dataclass(frozen=True, slots=True)
class Covered:
    """A gmina, and the numbers of the signed agreements of the centre that serves it."""

    gmina: GminaPlace
    numbers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Oversight:
    """The counts of a voivodeship: signed agreements in all and by state, those in preparation, gminas."""

    name: str
    signed: int
    states: Sequence[tuple[AgreementState, int]]
    in_preparation: int
    covered: int
    gminas: int


def gminas(session: Session, who: Actor) -> list[Covered]:
    """Give the gminas of the inspector's voivodeship with their agreements, the demo's left out. Two statements."""
    code = who.voivodeship or ""
    served = agreements.of_welfare(session, who, code)
    found = []
    for gmina in territory.gminas(session, voivodeship_code=code):
        if not gmina.synthetic:
            numbers = served.get(gmina.code, set()) | served.get(gmina.county_code, set())
            found.append(Covered(gmina, sorted(numbers)))
    return found


def oversight(session: Session, who: Actor) -> Oversight:
    """Count what the inspector's desk shows. Three statements."""
    counts = agreements.counts(session, who, RegisterFilter(voivodeship=who.voivodeship or ""))
    places = gminas(session, who)
    name = next((name for code, name, _number in counts.voivodeships if code == who.voivodeship), "")
    signed = [(state, number) for state, number in counts.states.items() if state not in IN_PREPARATION]
    return Oversight(
        name=name,
        signed=sum(number for _state, number in signed),
        states=signed,
        in_preparation=sum(number for state, number in counts.states.items() if state in IN_PREPARATION),
        covered=sum(1 for place in places if place.numbers),
        gminas=len(places),
    )
