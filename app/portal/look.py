"""Text size and contrast: two cookies, set by a public form."""

from dataclasses import dataclass

from flask import Blueprint, request
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as BaseResponse

from app.web.guards import open_to_all
from app.web.security import by_origin, inside

bp = Blueprint("look", __name__)
by_origin("look.save")
_SIZES = ("1", "2", "3")
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Look:
    """What the visitor has chosen."""

    text: str = "1"
    contrast: bool = False


def chosen() -> Look:
    """Read the look from the cookies of the request."""
    text = request.cookies.get("tekst", "1")
    return Look(text if text in _SIZES else "1", request.cookies.get("kontrast") == "1")


@bp.post("/wyglad")
@open_to_all
def save() -> BaseResponse:
    """Keep the size or the contrast that a button names, and go back to the page."""
    response = redirect(inside(request.form.get("next"), "/"), code=303)
    for name, cookie, values in (("text", "tekst", _SIZES), ("contrast", "kontrast", ("0", "1"))):
        value = request.form.get(name, "")
        if value in values:
            response.set_cookie(cookie, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return response
