"""Which words of an event are kept, and where the words with a given beginning lie."""

from collections.abc import Iterable

from app.text import fold
from events.search.models import WORD_MAX

WORDS_MAX = 60
"""Words kept of one event: title, place, organiser, kind and topics come first, a long description is cut."""
SHORTEST = 2
ASKED_MAX = 6
_LAST = "z" * WORD_MAX


def words(texts: Iterable[str]) -> list[str]:
    """Give the different folded words of *texts* in their order, at most WORDS_MAX."""
    found = (word[:WORD_MAX] for text in texts for word in fold(text).split() if len(word) >= SHORTEST)
    return list(dict.fromkeys(found))[:WORDS_MAX]


def asked(typed: str) -> list[str]:
    """Give the folded words that were typed, at most ASKED_MAX."""
    return list(dict.fromkeys(word[:WORD_MAX] for word in fold(typed).split()))[:ASKED_MAX]


def end_of(beginning: str) -> str:
    """Give the last word that can begin so: folded words hold a to z and digits only, in every collation alike."""
    return beginning + _LAST
