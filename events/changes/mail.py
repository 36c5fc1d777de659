"""Which messages a change of a series or a suspension causes: one to each person, with all his dates."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session

from app import warsaw
from app.actors import Actor
from app.outbox import post
from app.outbox.post import Mail, Param
from events.calendar import actions as calendar
from events.calendar.models import Event, Occurrence
from events.changes import queries
from events.changes.queries import Recipient, StoppedDate
from events.signups import mail as signups
from events.signups import queries as signup_queries
from events.signups.models import SignUp, SignUpState
from partners.institutions.models import Institution
from partners.people import queries as people

LINES_MAX = 20


def suspended(
    session: Session,
    unit: Institution,
    days: tuple[date, date],
    reason: str,
    dates: Mapping[int, StoppedDate],
    recipients: Sequence[Recipient],
    now: datetime,
) -> int:
    """Tell each of *recipients* which of *dates* do not take place; return how many mails that makes."""
    first, last = days
    params: dict[str, Param] = {
        "institution": unit.name,
        "starts_at": warsaw.start_of(first).isoformat(),
        "ends_at": warsaw.start_of(last + timedelta(days=1)).isoformat(),
        "all_day": True,
        "reason": reason,
        "synthetic": unit.synthetic,
    }
    mails = []
    for one in recipients:
        of_his = [dates[number] for number in one.occurrence_ids]
        lines = [_line(date_, one.language) for date_ in of_his]
        only = len({date_.event_id for date_ in of_his}) == 1
        period = f"?instytucja={unit.slug}&od={first}&do={last}"
        link = f"/wydarzenia/{of_his[0].uuid}" if only else f"/kalendarz/lista{period}"
        mails.append(
            Mail(
                one.address,
                "events/changes/suspended",
                {**params, "dates": lines},
                one.language,
                one.user_id,
                link,
            )
        )
    post.write_all(session, now, mails)
    return len(mails)


def _line(one: StoppedDate, language: str) -> str:
    title = " ".join(one.title.split())
    words = warsaw.day_words(warsaw.today(one.starts_at), language)
    hours = warsaw.span_words(one.starts_at, one.ends_at, all_day=one.all_day, language=language)
    return f"{words}{', ' if hours else ''}{hours}: {title}"


def moved(session: Session, event: Event, dates: Sequence[Occurrence], now: datetime, *, asked: bool) -> int:
    """Tell each person once which of *dates* of a series stand elsewhere now; return how many were told.

    *asked*: the organiser decides about the places anew, and is told so himself.
    """
    told = _tell(session, event, dates, "dates_moved", {"asked": asked}, now)
    if asked and told:
        first = min(dates, key=lambda one: one.starts_at)
        signups.to_decide(session, event, first, told, now)
    return told


def cancelled(session: Session, event: Event, dates: Sequence[Occurrence], reason: str, now: datetime) -> int:
    """Tell each person once which of *dates* of a series do not take place; return how many were told."""
    return _tell(session, event, dates, "dates_cancelled", {"reason": reason}, now)


def stopped(
    session: Session, actor: Actor, event: Event, dates: Sequence[Occurrence], reason: str, now: datetime
) -> None:
    """Tell the organiser's coordinators that the host of the place has cancelled these dates, and why."""
    host = session.get(Institution, actor.institution_id) if actor.institution_id else None
    params: dict[str, Param] = {
        "title": event.title,
        "host": host.name if host else "",
        "reason": reason,
        "synthetic": event.synthetic,
    }
    mails = []
    for one in people.coordinators(session, event.organiser_id):
        lines = _dates(event, dates, one.language)
        link = _link(event, dates)
        mails.append(Mail(one.email, "events/changes/stopped", params | lines, one.language, one.user_id, link))
    post.write_all(session, now, mails)


def _tell(
    session: Session,
    event: Event,
    dates: Sequence[Occurrence],
    message: str,
    more: Mapping[str, Param],
    now: datetime,
) -> int:
    by_id = {one.id: one for one in dates}
    rows = queries.signed_up(session, [one.id or 0 for one in dates if one.next_queue_no > 1])
    if not rows:
        return 0
    addresses = signup_queries.addresses(session, rows)
    of_person: dict[str, list[SignUp]] = {}
    for row in rows:
        if row.id in addresses:
            of_person.setdefault(addresses[row.id][0].casefold(), []).append(row)
    text = calendar.publication(session, event) if any(row.state is SignUpState.SEAT for row in rows) else None
    mails = []
    for of_his in of_person.values():
        address, language = addresses[of_his[0].id or 0]
        his = list({row.occurrence_id: by_id[row.occurrence_id] for row in of_his}.values())
        params: dict[str, Param] = {"title": event.title, "synthetic": event.synthetic, **more}
        params |= _dates(event, his, language)
        enclosed = text if any(row.state is SignUpState.SEAT for row in of_his) else None
        user_id = of_his[0].user_id
        mails.append(Mail(address, f"events/changes/{message}", params, language, user_id, _link(event, his), enclosed))
    post.write_all(session, now, mails)
    return len(mails)


def _dates(event: Event, dates: Sequence[Occurrence], language: str) -> dict[str, Param]:
    """Give the lines of dates, their number, and how many lines are left out for length."""
    lines = []
    for one in sorted(dates, key=lambda date_: date_.starts_at):
        words = warsaw.day_words(warsaw.today(one.starts_at), language)
        hours = warsaw.span_words(one.starts_at, one.ends_at, all_day=event.all_day, language=language)
        lines.append(f"{words}{', ' if hours else ''}{hours}")
    return {"dates": lines[:LINES_MAX], "more": max(len(lines) - LINES_MAX, 0), "number": len(lines)}


def _link(event: Event, dates: Sequence[Occurrence]) -> str:
    only = f"/{dates[0].local_date}" if event.rule and len(dates) == 1 else ""
    return f"/wydarzenia/{event.uuid}{only}"
