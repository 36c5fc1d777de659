"""The operator's view of the audit trail: by verb, person, institution, subject and days; reading it leaves a line."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select
from werkzeug.wrappers import Response as BaseResponse

from app import tables, warsaw
from app.accounts import queries as accounts
from app.accounts.models import UserAccount
from app.actors import Role
from app.audit import trail
from app.audit.models import AuditLine, AuditValue
from app.audit.verbs import VERBS
from app.audit.words import WORDS
from app.clock import now
from app.db import columns
from app.text import sort_key
from app.web.fields import DayField, TextField
from app.web.forms import Form
from app.web.guards import acting_for
from app.web.htmx import respond
from app.web.i18n import _, _l
from app.web.session import actor, apart, session
from partners.institutions.models import Institution

bp = Blueprint("trail", __name__)
PAGE_SIZE = 50
EXPORT_MAX = 10_000
_BEFORE = re.compile(r"[0-9]{1,9}")  # PostgreSQL refuses to compare with what its column cannot hold
_SUBJECT = re.compile(r"([a-z_]{2,40})[ -]([0-9]{1,9})")
_NOBODY = -1
# Pages of single things: kind of the subject -> endpoint and the name of its number.
_PAGES = {"account": ("operator_accounts.show", "user_id"), "mail": ("operator.mail", "mail_id")}


class TrailForm(Form):
    """What to look for; everything may stay empty."""

    co = TextField(_l("Act"), longest=60)
    kto = TextField(_l("Who"), longest=254)
    instytucja = TextField(_l("Institution"), longest=60)
    rzecz = TextField(_l("Subject"), longest=60)
    od = DayField(_l("From day"))
    do = DayField(_l("To day"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trail with the names that stand behind its numbers."""

    id: int
    at: datetime
    user_id: int | None
    user: str | None
    institution: str | None
    institution_slug: str | None
    role: str
    verb: str
    subject_kind: str
    subject_id: int
    details: Mapping[str, Any]
    digest: str | None
    personal: Mapping[str, Any] | None

    @property
    def url(self) -> str | None:
        """The page of the subject, if it has one that its number leads to."""
        if self.subject_kind not in _PAGES:
            return None
        endpoint, name = _PAGES[self.subject_kind]
        values: dict[str, Any] = {name: self.subject_id}
        return url_for(endpoint, **values)


@bp.get("/operator/dziennik")
@acting_for(Role.OPERATOR)
def index() -> BaseResponse:
    """Show the lines that fit, the newest first, with their personal values."""
    form = TrailForm(formdata=request.args)
    good = form.validate()
    before = request.args.get("przed", "")
    below = int(before) if _BEFORE.fullmatch(before) else None
    lines: list[Line] = []
    if good:
        lines = list(_lines(session(), _chosen(form), below, PAGE_SIZE + 1))
        _trace("audit.read", form)
    asked: dict[str, Any] = {name: value for name, value in request.args.items() if value and name in form.data}
    last = lines[PAGE_SIZE - 1].id if len(lines) > PAGE_SIZE else None
    return respond(
        "app/portal/trail.html",
        status=200 if good else 422,
        form=form,
        verbs=sorted(((verb, _(WORDS.get(verb, verb))) for verb in VERBS), key=lambda pair: sort_key(pair[1])),
        words=WORDS,
        lines=lines[:PAGE_SIZE],
        older=url_for("trail.index", **asked, przed=last) if last else None,
        newest=url_for("trail.index", **asked) if below is not None else None,
        export=url_for("trail.export", **asked) if good else None,
        asked=asked,
        export_max=EXPORT_MAX,
    )


@bp.get("/operator/dziennik.csv")
@acting_for(Role.OPERATOR)
def export() -> BaseResponse:
    """Give the lines that fit as a table, at most 10,000 of them, the newest first."""
    form = TrailForm(formdata=request.args)
    if not form.validate():
        return index()
    lines = list(_lines(session(), _chosen(form), None, EXPORT_MAX))
    _trace("audit.exported", form, lines=len(lines))
    header = [
        _("Number"), _("When"), _("Who"), _("Role"), _("Institution"), _("Act"), _("Verb"), _("Subject"),
        _("Details of the act"), _("Personal values"),
    ]  # fmt: skip
    stream = io.BytesIO()
    tables.write_csv(stream, header, map(_cells, lines))
    name = f"dziennik-{warsaw.today(now()).isoformat()}.csv"
    return Response(
        stream.getvalue(),
        content_type=tables.CSV_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _cells(line: Line) -> list[tables.Cell]:
    at = warsaw.to_local(line.at)
    return [
        line.id,
        at.strftime("%Y-%m-%d %H:%M:%S"),
        line.user or (str(line.user_id) if line.user_id else ""),
        line.role,
        line.institution or "",
        _(WORDS[line.verb]) if line.verb in WORDS else "",
        line.verb,
        f"{line.subject_kind} {line.subject_id}",
        _json(line.details),
        _json(line.personal),
    ]


def _json(values: Mapping[str, Any] | None) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""


def _trace(verb: str, form: TrailForm, **more: int) -> None:
    """Leave a line of its own about this reading: what was asked for, an address typed only as the account's number."""
    found = _meant(session(), form)
    days = {"from": form.od.data, "to": form.do.data}
    asked = [f"verb={form.co.data}"] if form.co.data in VERBS else []
    asked += [f"{name}={number}" for name, number in found.items()]
    asked += [f"subject={form.rzecz.data}"] if _SUBJECT.fullmatch(form.rzecz.data or "") else []
    asked += [f"{name}={day.isoformat()}" for name, day in days.items() if day]
    who = actor()
    with apart() as own:
        trail.record(own, who, verb, "audit", 0, now(), details={"asked": asked, **more})


def _chosen(form: TrailForm) -> list[ColumnElement[bool]]:
    """Turn the form into conditions; what is not known by that name finds nothing."""
    chosen: list[ColumnElement[bool]] = []
    if form.co.data:
        verb = form.co.data
        chosen.append(col(AuditLine.verb) == verb if verb in VERBS else col(AuditLine.verb).startswith(f"{verb}."))
    found = _meant(session(), form)
    if "user" in found:
        chosen.append(col(AuditLine.user_id) == found["user"])
    if "institution" in found:
        chosen.append(col(AuditLine.institution_id) == found["institution"])
    if form.rzecz.data:
        subject = _SUBJECT.fullmatch(form.rzecz.data.casefold())
        kind, number = subject.groups() if subject else ("", "0")
        chosen += [col(AuditLine.subject_kind) == kind, col(AuditLine.subject_id) == int(number)]
    if isinstance(form.od.data, date):
        chosen.append(col(AuditLine.at) >= warsaw.start_of(form.od.data))
    if isinstance(form.do.data, date):
        chosen.append(col(AuditLine.at) < warsaw.start_of(form.do.data + timedelta(days=1)))
    return chosen


def _meant(store: Session, form: TrailForm) -> dict[str, int]:
    """Give the numbers of the person and the institution that were typed; -1 for one that is not there."""
    found: dict[str, int] = {}
    who, where = form.kto.data or "", form.instytucja.data or ""
    if who.isascii() and who.isdigit():
        found["user"] = int(who[:9])
    elif who:
        account = accounts.by_email(store, who)
        found["user"] = account.id or _NOBODY if account else _NOBODY
    if where:
        institution = store.exec(select(Institution.id).where(Institution.slug == where)).first()
        found["institution"] = institution or _NOBODY
    return found


def _lines(store: Session, chosen: list[ColumnElement[bool]], below: int | None, limit: int) -> Iterator[Line]:
    if below is not None:
        chosen = [*chosen, col(AuditLine.id) < below]
    statement = (
        columns(
            AuditLine.id,
            AuditLine.at,
            AuditLine.user_id,
            UserAccount.name,
            Institution.name,
            Institution.slug,
            AuditLine.role,
            AuditLine.verb,
            AuditLine.subject_kind,
            AuditLine.subject_id,
            AuditLine.details,
            AuditLine.digest,
            AuditValue.personal,
        )
        .select_from(AuditLine)
        .outerjoin(AuditValue, col(AuditValue.audit_id) == AuditLine.id)
        .outerjoin(UserAccount, col(UserAccount.id) == AuditLine.user_id)
        .outerjoin(Institution, col(Institution.id) == AuditLine.institution_id)
        .where(*chosen)
        .order_by(col(AuditLine.id).desc())
        .limit(limit)
    )
    for row in store.execute(statement):
        yield Line(*row)
