"""What every page may say about the site, and the accounts that a demonstration shows at its door."""

from dataclasses import dataclass
from functools import lru_cache

from flask import current_app

from app import site
from app.config import Config
from app.text import N_

DEMO_PASSWORD = "kladka-demo-2026"  # noqa: S105 - printed on the demonstration's own sign-in page
DEMO_ACCOUNTS = (
    ("areszt@demo.example", N_("prison unit")),
    ("mops@demo.example", N_("welfare centre, coordinator")),
    ("pracownik@demo.example", N_("welfare centre, social worker")),
    ("ops@demo.example", N_("another welfare centre")),
    ("ngo@demo.example", N_("organisation")),
    ("nadzor@demo.example", N_("voivode’s inspector")),
    ("operator@demo.example", N_("operator of the portal")),
)


@dataclass(frozen=True, slots=True)
class Site:
    """Facts of the site; the accounts are empty outside a demonstration."""

    demo: bool
    contact_email: str
    base_url: str
    demo_accounts: tuple[tuple[str, str], ...]
    demo_password: str


def of_site() -> Site:
    """Return the facts of this site."""
    config: Config = current_app.extensions["kladka.config"]
    return _site(bool(current_app.extensions["kladka.demo"]), config.contact_email, site.base_url())


@lru_cache(maxsize=8)
def _site(demo: bool, contact_email: str, base_url: str) -> Site:  # noqa: FBT001 - a key, not a switch
    return Site(demo, contact_email, base_url, DEMO_ACCOUNTS if demo else (), DEMO_PASSWORD if demo else "")
