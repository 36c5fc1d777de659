"""Settings: read once from the environment (and `.env`), checked, refused with a sentence when wrong."""

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_SECRET_MIN = 32
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
DEFAULT_PORT = 8000


class WrongSetting(Exception):
    """A setting that the portal cannot start with; the message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over: one SMTP server."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one process."""

    database_url: str
    data_dir: Path
    secret_key: str
    base_url: str
    mail: MailServer | None
    mail_from: str
    contact_email: str
    trusted_proxies: int
    log_level: str
    demo_allowed: bool
    argon_memory_kib: int
    testing: bool = False
    skip_locks: bool = False

    @property
    def host(self) -> str:
        """Host name (with port) that the portal answers to."""
        return urlsplit(self.base_url).netloc

    @property
    def hostname(self) -> str:
        """Host name without the port: the right side of every UID and Message-ID."""
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def https(self) -> bool:
        """Whether visitors reach the portal by https: Secure cookies, HSTS."""
        return self.base_url.startswith("https://")

    @property
    def on_loopback(self) -> bool:
        """Whether the base address names this machine only."""
        return is_loopback(self.hostname)


def is_loopback(hostname: str) -> bool:
    """Tell whether *hostname* means this machine."""
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname.strip("[]")).is_loopback
    except ValueError:
        return False


def read(environment: Mapping[str, str] | None = None, *, port: int = DEFAULT_PORT) -> Config:
    """Read the settings from *environment* (default: the process's own, over a `.env` file in the working folder).

    Raises WrongSetting with a sentence for the first wrong value.
    """
    values = {**_dotenv(Path(".env")), **os.environ} if environment is None else dict(environment)
    data_dir = Path(values.get("KLADKA_DATA_DIR") or "var").resolve()
    url = values.get("KLADKA_DATABASE_URL") or f"sqlite:///{data_dir / 'kladka.sqlite'}"
    base_url = (values.get("KLADKA_BASE_URL") or f"http://127.0.0.1:{port}").rstrip("/")
    return Config(
        database_url=_database(url),
        data_dir=data_dir,
        secret_key=_secret(values.get("KLADKA_SECRET_KEY"), data_dir),
        base_url=_base(base_url),
        mail=_mail(values.get("KLADKA_MAIL_URL")),
        mail_from=values.get("KLADKA_MAIL_FROM") or f"kladka@{urlsplit(base_url).hostname or 'localhost'}",
        contact_email=values.get("KLADKA_CONTACT_EMAIL") or "pomoc@kladka.example",
        trusted_proxies=_number("KLADKA_TRUSTED_PROXIES", values.get("KLADKA_TRUSTED_PROXIES", "0"), 0, 5),
        log_level=_log_level(values.get("KLADKA_LOG_LEVEL") or "INFO"),
        demo_allowed=_flag("KLADKA_DEMO", values.get("KLADKA_DEMO", "1")),
        argon_memory_kib=_number("KLADKA_ARGON_MEMORY_KIB", values.get("KLADKA_ARGON_MEMORY_KIB", "65536"), 32, 2**20),
    )


def _dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _database(url: str) -> str:
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    if url.startswith(("sqlite:///", "postgresql+psycopg://")):
        return url
    raise WrongSetting(
        "KLADKA_DATABASE_URL must begin with sqlite:/// or postgresql://, "
        "for example sqlite:////srv/kladka/kladka.sqlite."
    )


def _secret(value: str | None, data_dir: Path) -> str:
    if value:
        if len(value) < _SECRET_MIN:
            raise WrongSetting(f"KLADKA_SECRET_KEY must have at least {_SECRET_MIN} characters.")
        return value
    kept = data_dir / "secret_key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not kept.exists():
            descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
        return kept.read_text(encoding="utf-8").strip()
    except FileExistsError:  # another process made it in this moment
        return kept.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise WrongSetting(f"KLADKA_DATA_DIR {data_dir} cannot be written: {error.strerror}.") from error


def _base(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        raise WrongSetting(
            "KLADKA_BASE_URL must be the bare address of the portal, for example https://kladka.example.org."
        )
    return url


def _mail(url: str | None) -> MailServer | None:
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise WrongSetting(
            "KLADKA_MAIL_URL must look like smtp://user:password@host:587?starttls=1 (or smtps://…), or be left out."
        )
    try:
        port = parts.port or (465 if parts.scheme == "smtps" else 25)
    except ValueError as error:
        raise WrongSetting("KLADKA_MAIL_URL holds a port that is not a number.") from error
    return MailServer(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parse_qs(parts.query).get("starttls") == ["1"],
        tls=parts.scheme == "smtps",
    )


def _number(name: str, value: str, low: int, high: int) -> int:
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise WrongSetting(f"{name} must be a whole number from {low} to {high}, not “{value}”.")
    return int(value)


def _flag(name: str, value: str) -> bool:
    if value not in ("0", "1"):
        raise WrongSetting(f"{name} must be 0 or 1, not “{value}”.")
    return value == "1"


def _log_level(value: str) -> str:
    if value.upper() not in _LOG_LEVELS:
        raise WrongSetting(f"KLADKA_LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}, not “{value}”.")
    return value.upper()
