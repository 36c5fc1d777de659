"""The Polish catalogue is complete, and its placeholders are those of the English text."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sd]")
_PLURALS_OF_POLISH = 3


@cache
def catalogue() -> Catalog:
    with (ROOT / "app/web/translations/pl/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="pl")


def messages() -> list[Message]:
    return [message for message in catalogue() if message.id]


def ids(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def strings(message: Message) -> list[str]:
    if message.string is None or isinstance(message.string, str):
        return [message.string or ""]
    return list(message.string)


def test_nothing_is_left_untranslated():
    assert [ids(message)[0] for message in messages() if not all(strings(message))] == []


def test_nothing_is_fuzzy():
    assert [ids(message)[0] for message in messages() if message.fuzzy] == []


def test_plurals_have_three_forms():
    assert [ids(m)[0] for m in messages() if m.pluralizable and len(strings(m)) != _PLURALS_OF_POLISH] == []


def test_placeholders_agree():
    wrong = []
    for message in messages():
        wanted = set(_PLACEHOLDER.findall(ids(message)[-1]))
        # A singular may be written without its number: "jedno miejsce".
        wrong += [
            (ids(message)[0], text)
            for index, text in enumerate(strings(message))
            if text
            and set(_PLACEHOLDER.findall(text)) != wanted
            and not (message.pluralizable and index == 0 and set(_PLACEHOLDER.findall(text)) < wanted)
        ]
    assert wrong == []


def test_polish_quotes_and_dashes():
    wrong = [text for message in messages() for text in strings(message) if re.search(r"\w\"|\"\w|“[^”]*“| - ", text)]
    assert wrong == []


def test_the_catalogue_knows_every_text_of_the_code(tmp_path):
    """Extraction again finds nothing new and misses nothing: `make messages` has been run."""
    template = tmp_path / "messages.pot"
    where = ["--no-location", "-o", str(template), "."]
    words = ["-k", "_", "-k", "_l", "-k", "N_", "-k", "_n:1,2"]
    subprocess.run(
        [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", "pyproject.toml", *words, *where],

        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    with template.open("rb") as file:
        in_code = {ids(message)[0] for message in read_po(file) if message.id}
    known = {ids(message)[0] for message in messages()}
    assert sorted(in_code - known) == []
    assert sorted(known - in_code) == []
