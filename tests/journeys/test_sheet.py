"""The sheet "Gdzie po pomoc" out of a real printer: one A4, two in large type, however much is known."""

import re
from random import Random

import pytest
from playwright.sync_api import Browser
from sqlmodel import Session

from partners.institutions.models import Institution, InstitutionTerritory, Kind, Service, ServiceOffer
from tests.factories.institutions import make_institution
from tests.factories.rows import add
from tests.factories.territory import make_gmina
from tests.journeys.conftest import Portal

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.look]
# The first knows little, the last everything at the greatest length.
FULLNESS = (0.0, 0.25, 0.5, 0.75, 1.0)
KINDS = (
    *(Kind.OPS, Kind.CUS, Kind.PCPR, Kind.PUP, Kind.PUP, Kind.PROBATION_SERVICE, Kind.PROBATION_SERVICE),
    *(Kind.SHELTER, Kind.NIGHT_SHELTER, Kind.CRISIS_CENTRE) * 4,
    *(Kind.NGO, Kind.CHURCH, Kind.CIS, Kind.SOCIAL_COOPERATIVE) * 5,
)
WORDS = (  # noqa: SIM905 - a text, read as one
    "pomoc w znalezieniu mieszkania i pracy po opuszczeniu zakładu karnego poradnictwo specjalistyczne oraz "
    "psychologiczne dla rodzin interwencja kryzysowa schronienie wyżywienie odzież środki czystości dokumenty "
    "stowarzyszenie imienia świętego Brata Alberta w Międzyrzeczu województwo warmińsko-mazurskie"
).split()


@pytest.fixture(name="gminas")
def _gminas(session: Session, portal: Portal) -> list[str]:
    """Gminas about which more and more is known."""
    services = [
        add(
            session,
            Service,
            key=f"service_{number}",
            group="ops",
            name_pl=_words(Random(number), 60),
            name_en=_words(Random(number), 60),
            position=number,
        ).id
        for number in range(8)
    ]
    codes = []
    for number, fullness in enumerate(FULLNESS):
        code = f"0802{number + 10}"
        make_gmina(session, code, f"Kolonia Nowa Wieś Szlachecka {number}", "rural")
        random = Random(code)
        for at, kind in enumerate(KINDS[: max(1, round(len(KINDS) * fullness))]):
            card = _card(session, random, f"instytucja-{code}-{at}", kind, fullness)
            add(session, InstitutionTerritory, institution_id=card.id or 0, code=code)
            for service_id in services[: 1 + round(7 * fullness)]:
                add(
                    session,
                    ServiceOffer,
                    institution_id=card.id or 0,
                    service_id=service_id or 0,
                    what_to_bring=_words(random, round(280 * fullness)),
                )
        codes.append(code)
    session.commit()
    return codes


def _card(session: Session, random: Random, slug: str, kind: Kind, fullness: float) -> Institution:
    return make_institution(
        session,
        slug,
        kind,
        _words(random, 20 + round(175 * fullness)).capitalize(),
        street=_words(random, round(110 * fullness)),
        postal_code="66-600",
        post_town=_words(random, round(70 * fullness)),
        phone="+48 68 000 00 00 wew. 12",
        email=f"sekretariat.{slug}@{'bardzo-dluga-nazwa-' * round(4 * fullness)}.example"[:200],
        hours=_words(random, round(190 * fullness)),
    )


def _words(random: Random, length: int) -> str:
    text = ""
    while len(text) < length:
        text = f"{text} {random.choice(WORDS)}".strip()
    return text[:length].strip()


@pytest.mark.parametrize(("query", "most"), [("", 1), ("?druk=duzy", 2), ("?jezyk=en", 1), ("?druk=duzy&jezyk=en", 2)])
def test_a_sheet_takes_one_page_or_two_in_large_type(
    portal: Portal, chromium: Browser, gminas: list[str], query: str, most: int
):
    page = chromium.new_page()
    printed = {}
    for code in gminas:
        page.goto(portal.url(f"/pomoc-w-gminie/{code}{query}"))
        printed[code] = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    page.close()
    assert [code for code, pages in printed.items() if pages > most] == [], printed
