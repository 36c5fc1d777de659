"""Verbs of reports: freeze, remind."""

from datetime import date, datetime, timedelta

from sqlmodel import Session

from app import warsaw
from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import insert_all, lock
from events.reports import mail, queries, rules
from events.reports.models import Report, ReportKind, ReportRecord
from events.reports.rules import Period
from projects.programmes.models import Programme

_SOON, _LATE = "report.reminded", "report.missed"


def freeze(
    session: Session,
    actor: Actor,
    programme: Programme,
    kind: ReportKind,
    start: date,
    end: date,
    seen: str,
    now: datetime,
) -> Report:
    """Freeze the figures of a period as they are now; *seen* is the mark of what the page showed (rules.mark).

    A later report for the same period corrects those before it and leaves them alone. Locks the programme: of two
    people at once the second is told. Raises NotYourReport, StillADraft, NotOver, FrozenAlready, Changed, NothingNew.
    """
    locked = lock(session, Programme, programme.id or 0)
    if locked is None:
        raise rules.NotYourReport
    period = Period(kind, start, end)
    rules.check_freeze(actor, locked, period, warsaw.today(now))
    content = queries.figures(session, locked, start, end, now, kind)
    rules.check_seen(content, seen)
    if content["number"] > 1 and not content["differs"]:
        raise rules.NothingNew
    report = Report(
        programme_id=locked.id or 0,
        kind=kind,
        starts_on=start,
        ends_on=end,
        number=content["number"],
        as_of=rules.as_of(content),
        frozen_by=actor.user_id,
        content=content,
        seal=rules.seal(content),
    )
    session.add(report)
    session.flush()
    counted = rules.records_of(content)
    rows = [{"report_id": report.id, "record_id": record_id} for record_id in counted]
    insert_all(session, ReportRecord, rows)
    details: dict[str, Plain] = {
        "kind": kind.value,
        "starts_on": start.isoformat(),
        "ends_on": end.isoformat(),
        "number": report.number,
        "records": len(counted),
        "seal": report.seal,
    }
    trail.record(session, actor, "report.frozen", "report", report.id or 0, now, details=details)
    return report


def remind(session: Session, now: datetime) -> int:
    """Write to the coordinators of the lead some days before a report is due, and once more when it is late.

    Each report is called to mind once before its day and once after it: the trail remembers. Returns how many were.
    """
    today, written = warsaw.today(now), 0
    told = {
        (verb, subject_id, details["kind"], details["starts_on"])
        for verb in (_SOON, _LATE)
        for subject_id, details in trail.details_of(session, verb, now - 2 * rules.ASKED_FOR)
    }
    for one in queries.all_due(session, now):
        period, verb = one.period, _LATE if one.late else _SOON
        starts_on = period.starts_on.isoformat()
        too_early = today < one.due_on - timedelta(days=rules.REMIND_BEFORE)
        if too_early or (verb, one.programme_id, period.kind.value, starts_on) in told:
            continue
        programme = session.get_one(Programme, one.programme_id)
        missing = queries.unsealed(session, one.programme_id, period, now)
        number = mail.due(session, one, programme, missing, now)
        details: dict[str, Plain] = {"kind": period.kind.value, "starts_on": starts_on, "number": number}
        trail.record(session, Actor.system(), verb, "programme", one.programme_id, now, details=details)
        written += 1
    return written
