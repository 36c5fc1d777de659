"""Which passwords are taken, and which are refused with which sentence."""

import pytest

from app.accounts import rules
from app.accounts.models import PASSWORD_MAX

KNOWN = ("ewa@zk-kladkowo.example", "Ewa Pokazowa", "Zakład Karny w Kładkowie (pokazowy)")


@pytest.mark.parametrize(
    "password",
    [
        "cztery zielone mosty",
        "zażółć gęślą jaźń " * 5,
        " z odstępem na końcu, długie ",
        "кот сидит на крыше",
        "gJ7$kfW!29xq",
        "correct horse battery staple",
        "kot wchodzi na dach",
        "x" + "ążść" * 12 + "!",
    ],
)
def test_26_a_long_password_of_any_script_is_taken(password):
    rules.check_password(password, known=KNOWN)


@pytest.mark.parametrize("password", ["", "haslo123", "12345678901", "Zaq12wsx"])
def test_26_a_short_password_is_refused(password):
    with pytest.raises(rules.PasswordTooShort, match="at least 12 characters"):
        rules.check_password(password, known=KNOWN)


def test_a_password_over_the_maximum_is_refused_as_that():
    with pytest.raises(rules.PasswordTooLong, match="at most 200 characters"):
        rules.check_password("ab cd ef gh" * 20 + "x" * PASSWORD_MAX)


@pytest.mark.parametrize(
    "password",
    [
        "haslo123haslo",
        "Haslo2026!Haslo",
        "P@ssw0rd2026!",
        "password1234",
        "passwordpassword",
        "iloveyou1234",
        "administrator1",
        "manchesterunited",
        "qwertyuiop12",
        "poiuytrewq00",
        "1qaz2wsx3edc",
        "zaq1@WSXzaq1",
        "1q2w3e4r5t6y",
        "123456789012",
        "202611232026",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "wężykwężykwężyk",
        "Warszawa2026!",
        "zakladkarny2026",
        "kladka-demo-2026",
    ],
)
def test_26_what_guessing_programs_try_first_is_refused(password):
    with pytest.raises(rules.PasswordTooCommon, match="easy to guess"):
        rules.check_password(password)


@pytest.mark.parametrize("password", ["Ewa.Pokazowa.2026", "zakladkarnywkladkowie", "ewa@zk-kladkowo.example"])
def test_26_what_the_account_itself_says_is_refused(password):
    rules.check_password(password)
    with pytest.raises(rules.PasswordTooCommon):
        rules.check_password(password, known=KNOWN)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9%eth0", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("", ""),
        ("nonsense", "nonsense"),
    ],
)
def test_22_a_connection_counts_once_however_many_addresses_it_has(address, network):
    assert rules.network(address) == network
