"""The base of every form: CSRF, cleaned text, no PESEL in any text, sentences of our own."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto as _AUTO
from wtforms import Field, HiddenField, StringField

from app.text import holds_pesel
from app.web import copies, kept
from app.web.fields import PESEL_SENTENCE, SecretField
from app.web.session import SAFE


class Form(FlaskForm):  # type: ignore[misc]  # flask-wtf carries no types
    """A form of the portal: one act, one form. Clean values come out of it; it never touches a session.

    *put_back*: it shows what was typed before and not sent, out of a kept form or a working copy.
    """

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """CSRF is checked once for the whole portal (app/web/security.py), so that htmx may send it as a header."""

        csrf = False
        locales = False

    def __init__(self, formdata: Any = _AUTO, **kwargs: Any) -> None:
        if formdata is _AUTO:
            # Typed fields only: Flask-WTF would take files and JSON too, and neither is text.
            formdata = (kept.waiting() or copies.taken_up()) if request.method in SAFE else request.form
        self.put_back = formdata is not None and request.method in SAFE
        super().__init__(formdata=formdata, **kwargs)

    def validate(self, extra_validators: Any = None) -> bool:
        """Run the fields' rules, then refuse a PESEL in any text."""
        valid = bool(super().validate(extra_validators))
        for field in self:
            if _is_text(field) and isinstance(field.data, str) and holds_pesel(field.data):
                field.errors = [*field.errors, str(PESEL_SENTENCE)]
                valid = False
        return valid

    def refuse(self, field: Field, sentence: str) -> None:
        """Put *sentence* on *field*: for rules that the action or another field decides."""
        field.errors = [*field.errors, sentence]


def _is_text(field: Field) -> bool:
    # A hidden field holds what a machine made: one in two thousand booking keys looks like a PESEL.
    return isinstance(field, StringField) and not isinstance(field, (SecretField, HiddenField))
