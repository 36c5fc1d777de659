"""What the sources must not hold, read as text."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMITTERS = {
    "app/web/session.py",
    "app/cli.py",
    "app/jobs/worker.py",
    "app/outbox/delivery.py",
    "migrations/env.py",
}
# Spelt in pieces, so that this file does not find itself.
REGISTRIES = (
    "pypi." + "org",
    "pythonhosted." + "org",
    "npmjs." + "org",
    "npmjs." + "com",
    "unpkg." + "com",
    "jsdelivr." + "net",
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|tmp|root|home)/(?!s?bin)")
NO_MACHINE_PATHS_IN = (
    ".py",
    ".md",
    ".toml",
    ".in",
    ".lock",
    ".sh",
    ".html",
    ".js",
    ".css",
    ".txt",
    ".po",
    ".yaml",
    ".csv",
)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
_STYLE = re.compile(r"<style|\sstyle=", re.IGNORECASE)
_HANDLER = re.compile(r"\s(?:on[a-z]+|hx-on[:a-z-]*)=", re.IGNORECASE)
_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/ld\+json)", re.IGNORECASE)


@cache
def tracked() -> tuple[str, ...]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return tuple(name for name in done.stdout.split("\0") if name and (ROOT / name).is_file())


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def sources() -> list[str]:
    rooms = ("app/", "partners/", "projects/", "events/", "migrations/", "tools/")
    return [name for name in tracked() if name.endswith(".py") and name.startswith(rooms)]


def test_only_a_few_places_commit():
    committing = {name for name in sources() if ".commit(" in text_of(name)}
    assert committing <= COMMITTERS


def test_no_tracked_file_names_a_registry():
    found = [(name, host) for name in tracked() for host in REGISTRIES if host in text_of(name)]
    assert found == []


def test_no_tracked_file_names_a_path_of_a_machine():
    found = []
    for name in tracked():
        if name.endswith(NO_MACHINE_PATHS_IN):
            found += [(name, match.group()) for match in MACHINE_PATHS.finditer(text_of(name))]
    assert found == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_templates_hold_no_style_and_no_script(template):
    source = template.read_text(encoding="utf-8")
    assert [found.group() for rule in (_STYLE, _HANDLER, _SCRIPT) for found in rule.finditer(source)] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_fragments_are_named_after_their_root(template):
    if not template.name.startswith("_"):
        return
    source = template.read_text(encoding="utf-8")
    for passed_over in (r"\{% macro .*?endmacro -?%\}", r"\{% set [^=%]*%\}.*?endset -?%\}", r"\{#.*?#\}|\{%.*?%\}"):
        source = re.sub(passed_over, "", source, flags=re.DOTALL).strip()
    opening = re.match(r"<[a-z]+[^>]*?\bid=\"([^\"]*)\"", source)
    assert opening is not None
    assert opening.group(1) == template.stem.removeprefix("_")


def test_modules_say_their_duty():
    silent = [name for name in sources() if text_of(name).strip() and not text_of(name).lstrip().startswith('"""')]
    assert silent == []


def test_no_room_is_a_junk_drawer():
    junk = {"utils", "helpers", "common", "manager", "data", "info", "misc"}
    assert [name for name in sources() if junk & {part.removesuffix(".py") for part in name.split("/")}] == []


def test_only_the_worker_catches_everything():
    catching = [name for name in sources() if re.search(r"except (Exception|BaseException)\b|except:", text_of(name))]
    assert catching == ["app/jobs/worker.py"]


def test_models_are_read_as_they_stand():
    """`from __future__ import annotations` breaks relationships when the mappers are set up."""
    lazy = [name for name in sources() if name.endswith("models.py") and "from __future__" in text_of(name)]
    assert lazy == []
