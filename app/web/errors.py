"""Error pages: a refusal becomes a sentence, a fault an id, and nothing tells paths, statements or versions."""

import logging
import secrets
from typing import Any, NoReturn, TypeVar

from flask import Flask, Response, abort, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException

from app.errors import Refusal
from app.web.i18n import _, translated
from app.web.session import close_early, database

logger = logging.getLogger("kladka")
T = TypeVar("T")
_PAGES = frozenset({400, 403, 404, 409, 413, 422, 429, 500, 503})
_SERVER_FAULT = 500


def get_or_404(value: T | None) -> T:
    """Return *value*, or answer 404: who may not know of a thing is told the same as when there is none."""
    if value is None:
        abort(404)
    return value


def refuse(status: int) -> NoReturn:
    """Answer with the error page of *status*."""
    abort(status)


def init(app: Flask) -> None:
    """Register the pages of refusals, HTTP errors, database faults and bugs."""
    app.register_error_handler(Refusal, _refusal)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(500, _fault)


def _refusal(error: Refusal) -> Response:
    return _page(error.status, reason=translated(error))


def _http(error: HTTPException) -> Response:
    status = error.code or _SERVER_FAULT
    if error.response is not None:
        return make_response(error.response)
    stale = _("This form is out of date. Load the page again and repeat the last step.")
    response = _page(status, reason=stale) if isinstance(error, CSRFError) else _page(status)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "location"):
            response.headers[name] = value
    return response


def _database(error: DBAPIError) -> Response:
    # A full disk or a lock that was not got within the timeout: reading goes on, this act was not saved.
    if isinstance(error, OperationalError):
        logger.warning("database refused a statement", extra={"fault": type(error.orig).__name__})
        return _page(503)
    return _fault(error)


def _fault(error: BaseException) -> Response:
    original = getattr(error, "original_exception", None) or error
    number = f"K-{secrets.token_hex(2).upper()}-{secrets.token_hex(2).upper()}"
    logger.error("fault %s", number, exc_info=original, extra={"error_id": number, "endpoint": request.endpoint})
    return _page(_SERVER_FAULT, error_id=number)


def _page(status: int, **context: Any) -> Response:
    close_early()
    template = f"errors/{status if status in _PAGES else (500 if status >= _SERVER_FAULT else 400)}.html"
    response = make_response(render_template(template, status=status, **context), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def is_reachable() -> bool:
    """Whether the database answers a read."""
    try:
        with database().engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    except DBAPIError:
        return False
    return True
