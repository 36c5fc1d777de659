"""Routes of sessions: the plan of an edition, catch-up dates, who leads them, joining the whole edition."""

from flask import Blueprint

bp = Blueprint("sessions", __name__)
