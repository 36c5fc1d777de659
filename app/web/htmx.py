"""One address, two carriers: the whole page, or the one piece of it that htmx asked for."""

from pathlib import PurePosixPath
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from flask_htmx import HTMX
from werkzeug.wrappers import Response as BaseResponse

htmx = HTMX()
_VARY = "HX-Request, HX-Target"


def respond(page: str, /, *fragments: str, status: int = 200, **context: Any) -> Response:
    """Render *page*, or the declared fragment whose name is the target of the htmx request.

    File name = element id = htmx target: `_roster.html` answers for `#roster`. Boosted and history-restore requests
    get the whole page.
    """
    response = make_response(render_template(_choose(page, fragments), **context), status)
    response.headers["Vary"] = _VARY
    return response


def see_other(endpoint: str, **values: Any) -> BaseResponse:
    """Answer a POST with 303 to *endpoint*: without JavaScript a page; htmx follows and gets the fragment."""
    return redirect(url_for(endpoint, **values), code=303)


def _choose(page: str, fragments: tuple[str, ...]) -> str:
    if "HTTP_HX_REQUEST" not in request.environ or not htmx or htmx.boosted or htmx.history_restore_request:
        return page
    wanted = request.headers.get("HX-Target", "")
    named = {PurePosixPath(fragment).stem.removeprefix("_"): fragment for fragment in fragments}
    return named.get(wanted, page)
