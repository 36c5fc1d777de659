"""Routes of editions: the page of one, its planned outcomes and results."""

from flask import Blueprint

bp = Blueprint("editions", __name__)
