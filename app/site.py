"""The portal's own address, told once per process by whoever starts it: for links, UIDs and Message-IDs."""

from urllib.parse import urlsplit

_address = {"base_url": "http://127.0.0.1:8000"}


def configure(base_url: str) -> None:
    """Set the bare address of the portal, such as https://kladka.example.org."""
    _address["base_url"] = base_url.rstrip("/")


def base_url() -> str:
    """Return the bare address without a slash at its end."""
    return _address["base_url"]


def hostname() -> str:
    """Return the host name without the port: the right side of UIDs and Message-IDs."""
    return urlsplit(base_url()).hostname or "localhost"


def absolute(path: str) -> str:
    """Return the whole address of *path*."""
    return base_url() + path
