"""Routes of reports: preview, freezing, PDF and XLSX, the records behind a figure."""

from flask import Blueprint

bp = Blueprint("reports", __name__)
