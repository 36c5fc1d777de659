"""Routes of duty hours."""

from flask import Blueprint

bp = Blueprint("duty", __name__)
