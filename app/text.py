"""Words: marking for translation, folding for search, the Polish order, cleaning of input, slugs."""

import re
import unicodedata

_POLISH_ALPHABET = "aąbcćdeęfghijklłmnńoópqrsśtuvwxyzźż"
# Two digits a character: digits alone sort alike under every collation of SQLite and PostgreSQL.
_RANK = {letter: f"{20 + index}" for index, letter in enumerate(_POLISH_ALPHABET)}
_RANK |= {str(digit): f"{digit + 1:02d}" for digit in range(10)}
_SPACE, _OTHER = "00", "99"
_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029\u0085\x0b\x0c]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_ELEVEN_DIGITS = re.compile(r"(?<![\d+])\d(?:[ \u00a0-]?\d){10}(?!\d)")
_NOT_DIGIT = re.compile(r"\D")
_PESEL_WEIGHTS = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
SLUG_MAX = 60


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark *message* for the catalogue without translating it: rules and enums know no language."""
    return message


def fold(text: str) -> str:
    """Reduce *text* to lower-case ASCII letters, digits and single spaces: "Łódź-Bałuty" is "lodz baluty"."""
    plain = text.casefold().replace("ł", "l")
    decomposed = unicodedata.normalize("NFKD", plain).casefold()
    return _NOT_WORD.sub(" ", "".join(c for c in decomposed if not unicodedata.combining(c))).strip()


def search_text(*parts: str | None) -> str:
    """Join *parts* folded, each word preceded by a space, so that ``LIKE '% word%'`` finds prefixes of words."""
    return " " + " ".join(folded for part in parts if part and (folded := fold(part)))


def sort_key(text: str) -> str:
    """Give a string of digits whose plain order is the Polish alphabetical order (ą after a, ł after l)."""
    out: list[str] = []
    for character in unicodedata.normalize("NFC", text.casefold()):
        if character.isalnum():
            out.append(_RANK.get(character) or _RANK.get(fold(character)[:1], _OTHER))
        elif out and out[-1] != _SPACE:
            out.append(_SPACE)
    return "".join(out)


def slug(text: str) -> str:
    """Fold *text* into an address part of at most 60 characters: "MOPS w Łodzi" is "mops-w-lodzi"."""
    words = fold(text).replace(" ", "-")
    if len(words) > SLUG_MAX:
        words = words[: SLUG_MAX + 1].rpartition("-")[0] or words[:SLUG_MAX]
    return words


def clean(text: str) -> str:
    """Normalise line ends to LF and drop control characters that break calendars, mails and databases."""
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text))


def holds_pesel(text: str) -> bool:
    """Tell whether *text* holds a PESEL number: 11 digits, right check digit, a plausible birth date.

    Digits after "+" or "tel." are telephone numbers; the check digit alone would refuse a tenth of them.
    """
    for match in _ELEVEN_DIGITS.finditer(text):
        before = text[: match.start()].rstrip().casefold()
        if not before.endswith(("+", "tel.", "tel", "tel:")) and _is_pesel(_NOT_DIGIT.sub("", match.group())):
            return True
    return False


def _is_pesel(digits: str) -> bool:
    numbers = [int(d) for d in digits]
    check = -sum(w * n for w, n in zip(_PESEL_WEIGHTS, numbers, strict=False)) % 10
    month, day = int(digits[2:4]) % 20, int(digits[4:6])
    return check == numbers[10] and 1 <= month <= 12 and 1 <= day <= 31


def initials(name: str) -> str:
    """Give at most two capital letters of *name*; ranks such as "por." are left out."""
    words = [w for w in name.split() if not w.endswith(".")]
    return "".join(w[0] for w in words[:2]).upper()
