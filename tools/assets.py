"""Build static/build/: htmx out of its wheel and the subset fonts.

Runs with the Python of the throw-away environment that tools/setup.py makes from setup.lock and assets.lock.
What it leaves:

    static/build/htmx.min.js                      htmx, as its wheel carries it
    static/build/kladka-sans-400.<hash>.woff2     named by their content, so they may be cached for ever
    static/build/kladka-sans-600.<hash>.woff2
    static/build/kladka-serif-600.<hash>.woff2
    static/build/fonts.css                        @font-face for "Kladka Sans" and "Kladka Serif"

Compression is the next step and stands in tools/setup.py.
"""

import hashlib
import sys
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

BUILD: Final = Path(__file__).resolve().parent.parent / "static" / "build"

HTMX_VERSION: Final = "2.0.10"
HTMX_FILE: Final = "htmx-2.min.js"

# Latin, Latin Extended-A, punctuation with „ ” – … and the narrow spaces, currency, arrows, mathematics, ticks.
RANGES: Final = (
    range(0x20, 0x7F),
    range(0xA0, 0x180),
    range(0x2010, 0x2050),
    range(0x2190, 0x219A),
)
SINGLES: Final = "\u02c6\u02da\u02dc\u2009\u200a\u202f€№™−≈≠≤≥√∞◆●○■□▲▶▼◀✓"
# Without these the pages would show two typefaces in one word.
REQUIRED: Final = "ĄĆĘŁŃÓŚŹŻąćęłńóśźż„”–—…·•×✓›→←↑↓\u00a0"


class Face(NamedTuple):
    """One font file to make: its new name, weight, what CSS may ask it for, and where it comes from."""

    family: str
    slug: str
    weight: int
    css_weight: str
    package: str
    source: str


# There is no 700: the semibold file answers for bold as well, which saves a download.
FACES: Final = (
    Face("Kladka Sans", "kladka-sans", 400, "400", "font_source_sans_pro", "SourceSansPro-Regular.ttf"),
    Face("Kladka Sans", "kladka-sans", 600, "600 700", "font_source_sans_pro", "SourceSansPro-Semibold.ttf"),
    Face("Kladka Serif", "kladka-serif", 600, "600 700", "font_source_serif_pro", "SourceSerifPro-Semibold.ttf"),
)


class AssetError(Exception):
    """The wheels do not hold what the portal needs."""


def htmx() -> bytes:
    """Return htmx's script, having checked that it is the version the templates were written for."""
    # The wheel is installed without Django, so its package is found as files and never imported.
    script = next(
        (found for entry in sys.path if (found := Path(entry, "django_htmx/static/django_htmx", HTMX_FILE)).is_file()),
        None,
    )
    if script is None:
        message = f"the django-htmx wheel has no {HTMX_FILE}"
        raise AssetError(message)
    content = script.read_bytes()
    if f'version:"{HTMX_VERSION}"'.encode() not in content:
        message = f"{HTMX_FILE} is not htmx {HTMX_VERSION}"
        raise AssetError(message)
    return content


def wanted() -> set[int]:
    """Return the code points kept in every font file."""
    return {code for run in RANGES for code in run} | {ord(character) for character in SINGLES}


def rename(font: TTFont, face: Face) -> None:
    """Give the subset its own name: the licence reserves "Source" for the unchanged fonts."""
    style = "Regular" if face.weight == 400 else "SemiBold"
    compact = face.family.replace(" ", "")
    names = {
        1: face.family if style == "Regular" else f"{face.family} {style}",
        2: "Regular",
        3: f"{compact}-{style}",
        4: f"{face.family} {style}",
        6: f"{compact}-{style}",
    }
    table = font["name"]
    # Copyright, trademark, licence and the licence's address stay as they were.
    table.names = [record for record in table.names if record.nameID in {0, 7, 13, 14}]
    for number, text in names.items():
        table.setName(text, number, 3, 1, 0x409)


def subset(face: Face) -> bytes:
    """Return the face as woff2 with the wanted characters, kerning and tabular figures, without hints."""
    source = files(face.package) / "files" / face.source
    font = TTFont(BytesIO(source.read_bytes()), recalcTimestamp=False)
    known = font.getBestCmap()
    if missing := [character for character in REQUIRED if ord(character) not in known]:
        message = f"{face.source} lacks {' '.join(missing)}"
        raise AssetError(message)
    options = Options(hinting=False, desubroutinize=True, name_IDs=["*"], notdef_outline=True)
    options.layout_features = [*options.layout_features, "tnum", "lnum"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=wanted())
    subsetter.subset(font)
    rename(font, face)
    font.flavor = "woff2"
    out = BytesIO()
    font.save(out)
    return out.getvalue()


def rule(face: Face, file_name: str) -> str:
    """Return the face's @font-face rule; the address is relative to fonts.css."""
    return (
        f'@font-face{{font-family:"{face.family}";font-style:normal;font-weight:{face.css_weight};'
        f'font-display:swap;src:url("{file_name}") format("woff2")}}\n'
    )


def build() -> None:
    """Write all files, then remove font files of an earlier build."""
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "htmx.min.js").write_bytes(htmx())
    print(f"  htmx {HTMX_VERSION}")
    rules = []
    kept = set()
    for face in FACES:
        content = subset(face)
        file_name = f"{face.slug}-{face.weight}.{hashlib.sha256(content).hexdigest()[:12]}.woff2"
        (BUILD / file_name).write_bytes(content)
        print(f"  {file_name}, {len(content) / 1000:.0f} kB")
        kept.add(file_name)
        rules.append(rule(face, file_name))
    (BUILD / "fonts.css").write_text("".join(rules), encoding="utf-8")
    for old in BUILD.glob("*.woff2"):
        if old.name not in kept:
            old.unlink()


if __name__ == "__main__":
    try:
        build()
    except (AssetError, OSError) as error:
        sys.exit(f"The page assets could not be built: {error}.")
