"""Decisions of identity on plain values: how long a session lasts, which passwords are refused, when to slow down."""

from datetime import timedelta

from app.accounts.models import PASSWORD_MAX, PASSWORD_MIN
from app.errors import Refusal
from app.text import N_, fold

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 10
PER_ADDRESS = 30
KEPT_FORM_FOR = timedelta(hours=24)

# Words that people put into passwords of this length; the whole list of common ones comes with account management.
_COMMON = (
    "haslo",
    "password",
    "qwerty",
    "zaq12wsx",
    "123456",
    "wiezienie",
    "zakladkarny",
    "opieka",
    "kladka",
    "kladkademo",
)


class PasswordTooShort(Refusal):
    """A password under the minimum."""

    message = N_("The password must have at least %(least)d characters.")

    def __init__(self) -> None:
        super().__init__(least=PASSWORD_MIN)


class PasswordTooCommon(Refusal):
    """A password made of a common word and digits."""

    message = N_("This password is easy to guess. Choose three or four unrelated words.")


class TooManyAttempts(Refusal):
    """Too many wrong passwords for this account or from this address."""

    status = 429
    message = N_("Too many attempts. Wait 15 minutes and try again; who is signed in already is not affected.")


def check_password(password: str) -> None:
    """Refuse a password that is short or built on a common word. Raises PasswordTooShort, PasswordTooCommon."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise PasswordTooShort
    letters = fold(password).replace(" ", "").strip("0123456789")
    if not letters or letters in _COMMON or len(set(password)) < PASSWORD_MIN // 3:
        raise PasswordTooCommon


def too_many(*, for_account: int, from_address: int) -> bool:
    """Whether the failed attempts of the last 15 minutes close the door for a while."""
    return for_account >= PER_ACCOUNT or from_address >= PER_ADDRESS
