"""Set up what is missing: the environment, the page assets, the compressed files, the translations, the bytecode.

Called by `make setup`, `make run` and `make test`. Each step has a stamp in .stamps/ with a hash of what it was made
from; a step whose stamp matches and whose result stands is passed over, so a second call takes a fraction of a second.

Compressed files: for every css, js and svg file `static/<path>` there is `static/build/gz/<path>.gz` (also for the
built ones: `static/build/gz/build/htmx.min.js.gz`). It carries its source's modification time, so that the portal can
pass over one that is older than the file it stands for.

Runs on the machine's own python3, which may be too old to read anything newer than this file.
"""

from __future__ import annotations

import argparse
import fcntl
import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Sequence

ROOT = Path(__file__).resolve().parent.parent
STAMPS = ROOT / ".stamps"
VENV = ROOT / ".venv"
SETUP_VENV = ROOT / ".setup-venv"
STATIC = ROOT / "static"
GZ = STATIC / "build" / "gz"
TRANSLATIONS = ROOT / "app" / "web" / "translations"
PACKAGES = ("app", "events", "partners", "projects")
COMPRESSED_TYPES = {".css", ".js", ".svg"}

OLDEST_PYTHON = (3, 11)
THIS_PYTHON = "%d.%d" % sys.version_info[:2]


class SetupError(Exception):
    """A step failed; the text is the sentence for the user."""


@dataclass(frozen=True)
class Step:
    """One thing to make, what it is made from, and what must stand afterwards."""

    name: str
    title: str
    made_from: Callable[[], str]
    results: Callable[[], Sequence[Path]]
    make: Callable[[], None]

    @property
    def stamp(self) -> Path:
        """The file that holds the hash of the last success."""
        return STAMPS / self.name

    def is_done(self, fingerprint: str) -> bool:
        """Say whether the step was made from the same things and nobody removed its results."""
        if not all(result.exists() for result in self.results()):
            return False
        return self.stamp.exists() and self.stamp.read_text(encoding="ascii") == fingerprint

    def run(self) -> None:
        """Make the step unless it is done."""
        fingerprint = self.made_from()
        if self.is_done(fingerprint):
            return
        print(f"{self.title} …", flush=True)
        started = time.monotonic()
        self.stamp.unlink(missing_ok=True)
        self.make()
        self.stamp.write_text(fingerprint, encoding="ascii")
        print(f"  done in {time.monotonic() - started:.1f} s", flush=True)


def of_contents(*paths: Path) -> str:
    """Hash the contents of files, with the version of Python they were used by."""
    digest = hashlib.sha256(THIS_PYTHON.encode())
    for path in paths:
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def of_dates(paths: Iterable[Path]) -> str:
    """Hash names, sizes and modification times of files."""
    digest = hashlib.sha256()
    for path in paths:
        state = path.stat()
        digest.update(f"{path.relative_to(ROOT)}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def call(command: Sequence[object], failure: str) -> None:
    """Run a command quietly; if it fails, show the end of what it said and raise the sentence."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False
    )
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-15:]), file=sys.stderr)
        raise SetupError(failure)


def version_of(venv: Path) -> str:
    """Return the Python version ("3.11") an environment was made with, or nothing."""
    settings = venv / "pyvenv.cfg"
    if not (settings.exists() and (venv / "bin" / "python").exists()):
        return ""
    for line in settings.read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "version":
            return ".".join(value.strip().split(".")[:2])
    return ""


def create(venv: Path) -> None:
    """Make an empty environment unless one of this Python stands there."""
    if version_of(venv) != THIS_PYTHON:
        call(
            [sys.executable, "-m", "venv", "--clear", venv],
            f"Python could not make the environment {venv.name}; see the lines above.",
        )


def install(venv: Path, *words: object) -> None:
    """Install locked packages with pip, refusing any whose hash is not in the lock."""
    pip = [venv / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-q"]
    call(
        [*pip, "--require-hashes", *words],
        "The packages could not be installed: see the lines above, check the connection, and call it again.",
    )


def make_environment() -> None:
    """Fill .venv with the portal's packages."""
    create(VENV)
    install(VENV, "-r", "requirements.lock")


def make_tools() -> None:
    """Add the packages that only tests and checks need."""
    install(VENV, "-r", "requirements.lock", "-r", "dev.lock")


def make_assets() -> None:
    """Build the page assets in an environment that is thrown away afterwards."""
    create(SETUP_VENV)
    install(SETUP_VENV, "-r", "setup.lock")
    # The wheel of django-htmx asks for Django; we only take a file out of it.
    install(SETUP_VENV, "--no-deps", "-r", "assets.lock")
    built = subprocess.run([str(SETUP_VENV / "bin" / "python"), "tools/assets.py"], cwd=ROOT, check=False)
    if built.returncode:
        raise SetupError("The set-up stopped at the page assets.")
    shutil.rmtree(SETUP_VENV)


def texts() -> list[Path]:
    """List the static files that are worth compressing."""
    return sorted(
        path
        for path in STATIC.rglob("*")
        if path.suffix in COMPRESSED_TYPES and path.is_file() and GZ not in path.parents
    )


def compressed(path: Path) -> Path:
    """Return where the compressed twin of a static file stands."""
    return GZ / (str(path.relative_to(STATIC)) + ".gz")


def make_compressed() -> None:
    """Write the compressed twins and remove those whose source is gone."""
    sources = texts()
    for path in sources:
        state = path.stat()
        target = compressed(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Renamed into place, since a running portal may be reading the old one.
        fresh = target.with_name(target.name + ".new")
        fresh.write_bytes(gzip.compress(path.read_bytes(), compresslevel=9, mtime=0))
        os.utime(fresh, ns=(state.st_mtime_ns, state.st_mtime_ns))
        fresh.replace(target)
    kept = {compressed(path) for path in sources}
    for old in GZ.rglob("*"):
        if old.is_file() and old not in kept:
            old.unlink()


def catalogues() -> list[Path]:
    """List the translation catalogues."""
    return sorted(TRANSLATIONS.rglob("*.po"))


def make_translations() -> None:
    """Compile the catalogues."""
    if catalogues():
        call(
            [VENV / "bin" / "python", "-m", "babel.messages.frontend", "compile", "-d", TRANSLATIONS],
            "The translations could not be compiled; see the lines above.",
        )


def code() -> list[Path]:
    """List the portal's own modules."""
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def make_bytecode() -> None:
    """Compile the portal, so that no start does it: it may run where it cannot write, and then each would do it."""
    call(
        [VENV / "bin" / "python", "-m", "compileall", "-q", *PACKAGES],
        "The portal's code could not be compiled; see the lines above.",
    )


ENVIRONMENT = Step(
    "environment",
    "Installing the portal's packages into .venv (about half a minute)",
    lambda: of_contents(ROOT / "requirements.lock"),
    lambda: [VENV / "bin" / "python"],
    make_environment,
)
TOOLS = Step(
    "tools",
    "Installing the test tools into .venv",
    lambda: of_contents(ROOT / "requirements.lock", ROOT / "dev.lock"),
    lambda: [VENV / "bin" / "python"],
    make_tools,
)
ASSETS = Step(
    "assets",
    "Building the page assets (htmx and fonts)",
    lambda: of_contents(ROOT / "setup.lock", ROOT / "assets.lock", ROOT / "tools" / "assets.py"),
    lambda: [STATIC / "build" / "fonts.css", STATIC / "build" / "htmx.min.js"],
    make_assets,
)
COMPRESSED = Step(
    "compressed",
    "Compressing the static files",
    lambda: of_dates(texts()),
    lambda: [compressed(path) for path in texts()],
    make_compressed,
)
CATALOGUES = Step(
    "translations",
    "Compiling the translations",
    lambda: of_contents(*catalogues()),
    lambda: [path.with_suffix(".mo") for path in catalogues()],
    make_translations,
)

BYTECODE = Step(
    "bytecode",
    "Compiling the portal",
    lambda: of_dates(code()),
    lambda: [Path(importlib.util.cache_from_source(str(path))) for path in code()],
    make_bytecode,
)


def check_python() -> None:
    """Refuse a Python that is too old, or one that Debian delivered without the means to make an environment."""
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError(
            f"Kładka needs Python 3.11 or newer and this is {THIS_PYTHON}; name another: make PYTHON=python3.12 setup"
        )
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(
            "Python cannot make environments here. Run this line and call it again:\n"
            "    sudo apt-get install -y python3-venv"
        )


def main() -> None:
    """Do the steps in their order, one caller at a time."""
    parser = argparse.ArgumentParser(description="Set up what is missing.")
    parser.add_argument("--tools", action="store_true", help="also install what tests and checks need")
    arguments = parser.parse_args()
    check_python()
    STAMPS.mkdir(exist_ok=True)
    with (STAMPS / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for step in (ENVIRONMENT, *([TOOLS] if arguments.tools else []), ASSETS, COMPRESSED, CATALOGUES, BYTECODE):
            step.run()


if __name__ == "__main__":
    try:
        main()
    except (SetupError, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped; call it again to go on from here.")
