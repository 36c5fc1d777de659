"""Decisions of identity on plain values: how long a session lasts, which passwords are refused, when to slow down."""

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from string import digits

from app.accounts.models import PASSWORD_MAX, PASSWORD_MIN
from app.errors import Conflict, Refusal
from app.text import N_, fold

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_ADDRESS = 30
KEPT_FORM_FOR = timedelta(hours=24)
COPY_FOR = timedelta(days=14)
COPIES_MAX = 20
RESET_LASTS = timedelta(hours=1)
RESETS_PER_ACCOUNT = 3
CODES_PER_ACCOUNT = 5
CODE_PATIENCE = timedelta(minutes=10)
STEP_SECONDS = 30
PAPER_CODES = 10
_LEAST_DIFFERENT = 4
_FEW_WORDS = 2
_LONGEST_WORD = 40
_LEET = str.maketrans("@4301$5!7+", "aaeoissitt")
_AT_THE_ENDS = digits + "!?.,*#-_+ "
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop")
_LONG = (
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1234567890qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "zaq12wsxcde34rfvbgt56yhnmju78ik",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qweasdzxc",
    "qwe123asd456zxc789",
    "123qweasdzxc",
    "abc123def456ghi789",
    "a1b2c3d4e5f6g7h8i9",
)
# Lines over which fingers walk, both ways: a password that is a piece of one is no secret.
_WALKS = tuple(walk for line in (*(row * 3 for row in _ROWS), *_LONG) for walk in (line, line[::-1]))
_LINES = Path(__file__).with_name("guessable.txt").read_text(encoding="ascii").splitlines()
_WORDS = frozenset(word for line in _LINES if not line.startswith("#") for word in line.split())


class PasswordTooShort(Refusal):
    """A password under the minimum."""

    message = N_("The password must have at least %(least)d characters.")

    def __init__(self) -> None:
        super().__init__(least=PASSWORD_MIN)


class PasswordTooLong(Refusal):
    """A password over the maximum."""

    message = N_("The password may have at most %(most)d characters.")

    def __init__(self) -> None:
        super().__init__(most=PASSWORD_MAX)


class PasswordTooCommon(Refusal):
    """A password made of common words, digits, walks over the keyboard, or of what the account itself says."""

    message = N_("This password is easy to guess. Choose three or four unrelated words.")


class AddressTaken(Conflict):
    """A second account for one mail address."""

    message = N_("There is an account with this address already. Sign in with it instead.")


class TooManyAttempts(Refusal):
    """Too many wrong passwords for this account or from this address."""

    status = 429
    message = N_("Too many attempts. Wait 15 minutes and try again; who is signed in already is not affected.")


class ResetGone(Refusal):
    """A link for a new password that was used, replaced by a newer one, or is too old."""

    status = 404
    message = N_("This link no longer works: it has been used, it is older than an hour, or a newer one was sent.")


class SameAddress(Refusal):
    """A new address that is the old one."""

    message = N_("This is the address that the account has already.")


class NoSuchAccount(Refusal):
    """An act on an account that is not there."""

    status = 404
    message = N_("There is no such account.")


class OwnAccount(Refusal):
    """An operator who would lock himself out."""

    message = N_("You cannot do this to your own account. Ask another operator.")


class LockedAlready(Conflict):
    """Locking twice."""

    message = N_("This account is locked already.")


class NotLocked(Conflict):
    """Unlocking what is open."""

    message = N_("This account is not locked.")


class SecondFactorOn(Conflict):
    """Beginning what runs already."""

    message = N_("The second step is switched on already. Switch it off first if you want to begin anew.")


class NotBegun(Conflict):
    """A code for an account that asks for none."""

    message = N_("The second step is not switched on for this account.")


class WrongCode(Refusal):
    """A code that is not the present one, was used already, or is none of the paper codes."""

    message = N_(
        "This code does not work. Codes change every 30 seconds and work once: wait for the next one and type it, "
        "or check the clock of the computer that shows it."
    )


def check_password(password: str, *, known: Iterable[str] = ()) -> None:
    """Refuse a password that is short or can be guessed; *known* are the person's address, name and institutions.

    Characters are taken as they are: any script, spaces, no rules about kinds of them. Raises PasswordTooShort,
    PasswordTooLong, PasswordTooCommon.
    """
    if len(password) < PASSWORD_MIN:
        raise PasswordTooShort
    if len(password) > PASSWORD_MAX:
        raise PasswordTooLong
    if is_guessable(password, known):
        raise PasswordTooCommon


def is_guessable(password: str, known: Iterable[str] = ()) -> bool:
    """Whether *password* is a repetition, a walk over the keyboard, or nothing but one or two common words and digits.

    Words of *known* do not count at all: an institution's name is public, however long it is.
    """
    if len(set(password.casefold())) < _LEAST_DIFFERENT or _repeats(password.casefold()):
        return True
    own = {word for text in known for word in fold(text).split()}
    for plain in {_letters(password), _letters(password.casefold().strip(_AT_THE_ENDS).translate(_LEET))}:
        core = plain.strip(digits)
        if plain and (not core or any(core in walk or plain in walk for walk in _WALKS) or _is_built_on(plain, own)):
            return True
    return False


def _letters(text: str) -> str:
    return fold(text).replace(" ", "")


def _repeats(text: str) -> bool:
    period = (text + text).find(text, 1)
    return period < min(len(text), PASSWORD_MIN)


def _is_built_on(plain: str, own: set[str]) -> bool:
    # least[n]: with how few common words the first n characters can be written; digits and own words cost nothing.
    never = len(plain) + 1
    least = [0] + [never] * len(plain)
    for end in range(1, len(plain) + 1):
        if plain[end - 1] in digits:
            least[end] = least[end - 1]
        for begin in range(max(0, end - _LONGEST_WORD), end):
            piece = plain[begin:end]
            price = 0 if piece in own else 1 if piece in _WORDS else never
            least[end] = min(least[end], least[begin] + price)
    return least[-1] <= _FEW_WORDS


_PROGRAMS = (  # the first that fits: most programs also name those that they resemble
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def client_words(client: str) -> str:
    """Name the program and the system behind a User-Agent, such as "Firefox, Windows"; "" when neither is known."""
    found = [next((name for sign, name in known if sign in client), "") for known in (_PROGRAMS, _SYSTEMS)]
    return ", ".join(name for name in found if name)


def too_many(*, for_account: int, from_address: int, most: int = PER_ACCOUNT) -> bool:
    """Whether the attempts of the last 15 minutes close the door for a while."""
    return for_account >= most or from_address >= PER_ADDRESS


def network(address: str) -> str:
    """Give the part of a network address that one connection has to itself: of IPv6 the first half, or all of IPv4.

    Whoever has an IPv6 connection has 2**64 addresses to try passwords from.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or IPv6Network((parsed, 64), strict=False))


def reset_key(email: str) -> str:
    """Name the attempts to have a link mailed to *email*: counted apart from wrong passwords.

    No one-line field can hold a line end, so nobody counts such an attempt by typing its name as his address.
    """
    return f"reset\n{email.strip()}"


def code_key(email: str) -> str:
    """Name the attempts at the second factor of the account of *email*."""
    return f"code\n{email.strip()}"
