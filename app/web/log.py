"""Logs as JSON lines without tokens, addresses of persons or bodies."""

import json
import logging
import re
from datetime import UTC, datetime

_TOKEN = re.compile(r"(/(?:kanaly/o|zaproszenie|haslo|odpowiedz)/)[^/?\s.]+")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_EXTRA = ("error_id", "endpoint", "fault", "mail_id", "state", "job")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, a few declared extras, the fault's trace."""

    def format(self, record: logging.LogRecord) -> str:
        """Write *record* with tokens and mail addresses masked."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _mask(record.getMessage()),
        }
        line |= {name: getattr(record, name) for name in _EXTRA if hasattr(record, name)}
        if record.exc_info:
            line["trace"] = _mask(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def init(level: str) -> None:
    """Send the portal's log to standard error as JSON lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _mask(text: str) -> str:
    return _EMAIL.sub("…@…", _TOKEN.sub(r"\1…", text))
