import json
import logging

import pytest

from app.web.log import JsonLines


@pytest.mark.parametrize(
    ("message", "written"),
    [
        ("mail to anna.przykladowa@ops.example refused", "mail to …@… refused"),
        ("GET /kanaly/o/AbC123_-x.ics 200", "GET /kanaly/o/….ics 200"),
        ("GET /haslo/tajny-token?x=1", "GET /haslo/…?x=1"),
        ("GET /wydarzenia/nowe", "GET /wydarzenia/nowe"),
    ],
)
def test_tokens_and_addresses_are_masked(message, written):
    assert json.loads(JsonLines().format(record(message)))["message"] == written


def test_a_line_is_one_json_object_with_declared_extras_only():
    line = record("fault", error_id="K-1", email="anna@ops.example")
    written = JsonLines().format(line)
    assert "\n" not in written
    fields = json.loads(written)
    assert fields.keys() == {"at", "level", "logger", "message", "error_id"}
    assert fields["error_id"] == "K-1"


def test_the_trace_of_a_fault_is_masked_too():
    line, error = record("fault"), ValueError("anna@ops.example")
    line.exc_info = (type(error), error, None)
    written = json.loads(JsonLines().format(line))
    assert "anna@" not in written["trace"]
    assert "ValueError" in written["trace"]


def record(message: str, **extra: str) -> logging.LogRecord:
    line = logging.LogRecord("kladka", logging.WARNING, __file__, 1, message, None, None)
    line.__dict__.update(extra)
    return line
