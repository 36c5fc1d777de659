"""Routes of visit requests."""

from flask import Blueprint

bp = Blueprint("visits", __name__)
