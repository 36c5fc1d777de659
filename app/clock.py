"""The one clock of the portal."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present instant, aware, in UTC. Tests move it with time-machine."""
    return datetime.now(UTC)
