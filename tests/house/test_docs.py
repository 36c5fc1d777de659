"""What the documents name is there, and what is there is named."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from app.cli import kladka

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FOLDERS = ("app", "partners", "projects", "events", "templates", "static", "tests", "docs", "tools", "migrations")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_PATH = re.compile(r"`((?:" + "|".join(FOLDERS) + r")/[\w./-]*\w\.(?:py|md|html|txt|css|js|svg|toml|yaml|csv|sh|po))`")
_ANCHOR = re.compile(r"[^\w\- ]")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {_ANCHOR.sub("", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document):
    lost = []
    for target in _LINK.findall(document.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_files_that_are_named_exist(document):
    named = set(_PATH.findall(document.read_text(encoding="utf-8")))
    # The recipe of CONTRIBUTING builds a room that does not exist.
    invented = "remark" if document.name == "CONTRIBUTING.md" else "\0"
    built = ("static/build/",)
    missing = {path for path in named if not (ROOT / path).exists() and invented not in path}
    assert {path for path in missing if not path.startswith(built)} == set()


def commands(group: click.Group, prefix: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name


def test_every_command_is_documented():
    text = (ROOT / "docs/operating.md").read_text(encoding="utf-8")
    assert [name for name in commands(kladka) if not re.search(rf"(?:kladka|app) {re.escape(name)}\b", text)] == []


def test_every_room_is_on_the_plan():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = [path.parent for path in ROOT.glob("*/*/models.py") if path.parts[-3] in FOLDERS]
    assert [name_of(room) for room in rooms if room.name not in text] == []


def test_decisions_are_numbered_and_have_their_three_parts():
    files = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [int(path.name[:4]) for path in files if path.name[:4].isdigit()]
    assert numbers == list(range(1, len(numbers) + 1))
    for path in files:
        if path.name[:4].isdigit():
            text = path.read_text(encoding="utf-8")
            assert [part for part in ("Context", "Decision", "Consequences") if part not in text] == [], path.name
