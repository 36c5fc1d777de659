"""Read the demo's seed file, and say in words where a fact stands."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FILE = Path(__file__).parent / "data" / "seed_demo.yaml"

# What a reader sees instead of the file's keys.
_DOCUMENTS = {
    "luw-slajdy-2017": "slajdy Lubuskiego Urzędu Wojewódzkiego z 2017 r.",
    "chelm-porozumienie": "notatka prasowa o porozumieniu w Chełmie (bez daty)",
    "sosnowiec-mops-2024": "notatka prasowa Służby Więziennej z 2024 r.",
    "kozieglowy-wizyta-studyjna": "notatka prasowa o wizycie w Koziegłowach (bez daty)",
    "artykul-wspolpraca-ngo": "artykuł o współpracy z organizacjami (bez daty)",
    "sw.gov.pl": "strony Służby Więziennej (sw.gov.pl)",
    "PKW": "rejestr obwodów głosowania PKW z 2023 r.",
    "general knowledge": "pełna nazwa z wiedzy ogólnej",
}

Entry = dict[str, Any]


@cache
def seed() -> Entry:
    """Return the whole seed file."""
    with _FILE.open(encoding="utf-8") as lines:
        return dict(yaml.safe_load(lines))


def source(basis: str) -> str:
    """Name in Polish the documents whose keys stand in *basis*."""
    return "; ".join(words for key, words in _DOCUMENTS.items() if key in basis)
