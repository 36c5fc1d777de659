from dataclasses import replace
from pathlib import Path

import pytest

from app import config
from app.config import MailServer, WrongSetting

SECRET = "s" * 40


def read(tmp_path: Path, **values: str) -> config.Config:
    return config.read(
        {"KLADKA_DATA_DIR": str(tmp_path), **{f"KLADKA_{name}": value for name, value in values.items()}}
    )


def test_nothing_needs_to_be_set(tmp_path):
    settings = read(tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path}/kladka.sqlite"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.mail is None
    assert (settings.demo_allowed, settings.trusted_proxies, settings.log_level) == (True, 0, "INFO")
    assert (settings.testing, settings.skip_locks) == (False, False)


def test_the_secret_is_made_once_and_kept_for_the_owner_alone(tmp_path):
    first, second = read(tmp_path / "data"), read(tmp_path / "data")
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert (tmp_path / "data/secret_key").stat().st_mode & 0o777 == 0o600
    assert read(tmp_path / "other").secret_key != first.secret_key


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "DATABASE_URL",
            "mysql://localhost/kladka",
            (
                "KLADKA_DATABASE_URL must begin with sqlite:/// or postgresql://, "
                "for example sqlite:////srv/kladka/kladka.sqlite."
            ),
        ),
        ("SECRET_KEY", "short", "KLADKA_SECRET_KEY must have at least 32 characters."),
        (
            "BASE_URL",
            "kladka.example.org",
            "KLADKA_BASE_URL must be the bare address of the portal, for example https://kladka.example.org.",
        ),
        (
            "BASE_URL",
            "https://example.org/kladka",
            "KLADKA_BASE_URL must be the bare address of the portal, for example https://kladka.example.org.",
        ),
        (
            "BASE_URL",
            "ftp://example.org",
            "KLADKA_BASE_URL must be the bare address of the portal, for example https://kladka.example.org.",
        ),
        (
            "MAIL_URL",
            "mail.example.org:25",
            "KLADKA_MAIL_URL must look like smtp://user:password@host:587?starttls=1 (or smtps://…), or be left out.",
        ),
        ("MAIL_URL", "smtp://host:many", "KLADKA_MAIL_URL holds a port that is not a number."),
        ("TRUSTED_PROXIES", "yes", "KLADKA_TRUSTED_PROXIES must be a whole number from 0 to 5, not “yes”."),
        ("TRUSTED_PROXIES", "-1", "KLADKA_TRUSTED_PROXIES must be a whole number from 0 to 5, not “-1”."),
        ("TRUSTED_PROXIES", "٣", "KLADKA_TRUSTED_PROXIES must be a whole number from 0 to 5, not “٣”."),
        ("DEMO", "true", "KLADKA_DEMO must be 0 or 1, not “true”."),
        ("LOG_LEVEL", "loud", "KLADKA_LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, not “loud”."),
        ("ARGON_MEMORY_KIB", "8", "KLADKA_ARGON_MEMORY_KIB must be a whole number from 32 to 1048576, not “8”."),
    ],
)
def test_a_wrong_setting_is_refused_with_a_sentence(tmp_path, name, value, sentence):
    with pytest.raises(WrongSetting) as refused:
        read(tmp_path, **{name: value})
    assert str(refused.value) == sentence


def test_a_folder_that_cannot_be_made_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongSetting, match=r"^KLADKA_DATA_DIR .*/file/data cannot be written: Not a directory\.$"):
        read(tmp_path / "file" / "data")


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", MailServer("mail.example", 25)),
        ("smtps://mail.example", MailServer("mail.example", 465, tls=True)),
        (
            "smtp://u%40x:p%2Fw@mail.example:587?starttls=1",
            MailServer("mail.example", 587, "u@x", "p/w", starttls=True),
        ),
    ],
)
def test_mail_servers_are_read(tmp_path, url, server):
    assert read(tmp_path, MAIL_URL=url).mail == server


@pytest.mark.parametrize("given", ["postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_postgresql_gets_its_driver(tmp_path, given):
    assert read(tmp_path, DATABASE_URL=given).database_url == "postgresql+psycopg://u@h/d"


def test_an_empty_value_is_as_good_as_none(tmp_path):
    assert read(tmp_path, BASE_URL="", MAIL_URL="", LOG_LEVEL="").mail is None


@pytest.mark.parametrize(
    ("url", "host", "hostname", "https", "loopback"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.1", False, True),
        ("http://localhost", "localhost", "localhost", False, True),
        ("https://kladka.example.org/", "kladka.example.org", "kladka.example.org", True, False),
        ("http://[::1]:8000", "[::1]:8000", "::1", False, True),
    ],
)
def test_the_address_says_what_it_is(tmp_path, url, host, hostname, https, loopback):
    settings = read(tmp_path, BASE_URL=url)
    assert (settings.host, settings.hostname, settings.https, settings.on_loopback) == (host, hostname, https, loopback)


def test_the_file_gives_way_to_the_environment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f'# settings\nKLADKA_SECRET_KEY="{SECRET}"\nKLADKA_LOG_LEVEL=debug\n\n')
    monkeypatch.setenv("KLADKA_DATA_DIR", str(tmp_path))
    assert (config.read().secret_key, config.read().log_level) == (SECRET, "DEBUG")
    monkeypatch.setenv("KLADKA_LOG_LEVEL", "error")
    assert config.read().log_level == "ERROR"


def test_settings_never_change(tmp_path):
    settings = read(tmp_path)
    assert replace(settings, demo_allowed=False).demo_allowed is False
    with pytest.raises(AttributeError):
        settings.demo_allowed = False  # type: ignore[misc]  # frozen: that is the test
