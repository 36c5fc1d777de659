"""Which messages a sign-up act causes: one mail to each person concerned, in his language.

Places without a name are told of together, to whoever booked them: participants of a closed group, of an edition all.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from app import warsaw
from app.actors import Actor
from app.outbox import post
from app.outbox.post import Mail, Param
from events.calendar import actions as calendar
from events.calendar.models import Event, Occurrence
from events.signups import queries, rules
from events.signups.models import SignUp, SignUpState
from partners.people import queries as people

# What each kind of sign-up is told of a new booking.
_MADE = {SignUpState.SEAT: "confirmed", SignUpState.WAITING: "waiting", SignUpState.REQUESTED: "requested"}
# Whoever holds or held a seat gets the date as a calendar file; a waiting person has no date to keep.
_WITH_CALENDAR = frozenset(
    {"confirmed", "promoted", "cancelled", "moved", "accepted", "handed_over", "series_made", "series_promoted"}
)


def made(
    session: Session, booker: Actor, event: Event, occurrence: Occurrence, rows: list[SignUp], now: datetime
) -> None:
    """Tell everybody on a new booking of *booker* whether he has a seat, waits or is asked about."""
    addresses = {row.id or 0: (address, booker.language) for row in rows if (address := row.email or booker.email)}
    messages = {row.id or 0: _MADE[row.state] for row in rows}
    _send(session, event, occurrence, rows, messages, now, addresses=addresses)


def series_made(
    session: Session, event: Event, booked: Sequence[tuple[Occurrence, list[SignUp]]], now: datetime
) -> None:
    """Tell everybody on a booking for a whole series, by one mail, on how many dates he has a seat or waits."""
    _series(session, event, booked, "series_made", now)


def series_promoted(
    session: Session, event: Event, moved: Sequence[tuple[Occurrence, list[SignUp]]], now: datetime
) -> None:
    """Tell those who have moved up on several dates of an edition, by one mail each."""
    if any(rows for _occurrence, rows in moved):
        _series(session, event, moved, "series_promoted", now)


def series_withdrawn(
    session: Session, event: Event, left: Sequence[tuple[Occurrence, list[SignUp]]], now: datetime
) -> None:
    """Confirm to a person that he comes to none of these dates any more, and tell the organiser, by one mail each."""
    _series(session, event, left, "series_withdrawn", now)
    occurrence, (row, *others) = left[0]
    params: dict[str, Param] = {**_params(event, occurrence, row), "persons": len(others) + 1 if _many(event) else 0}
    params |= {"on_dates": len(left), "title": _title(event, occurrence)}
    _to_organiser(session, event, "given_back", params, now, link=_edition_link(session, event, "/osoby"))


def to_decide(session: Session, event: Event, occurrence: Occurrence, number: int, now: datetime) -> None:
    """Tell those who decide about places, organiser and unit, that *number* people ask for one."""
    params = {**_params(event, occurrence, None), "number": number, "title": _title(event, occurrence)}
    link = _edition_link(session, event, "/osoby")
    deciding = {event.organiser_id, rules.host_of(event.consent, event.place_institution_id) or event.organiser_id}
    told = {one.email: one.language for who in sorted(deciding) for one in people.coordinators(session, who)}
    mails = [_mail(event, to, language, "to_decide", params, link=link) for to, language in told.items()]
    post.write_all(session, now, mails)


def accepted(session: Session, event: Event, decided: Sequence[tuple[Occurrence, list[SignUp]]], now: datetime) -> None:
    """Tell people that they were accepted, and on how many dates they have a seat or wait for one: one mail each."""
    _series(session, event, decided, "accepted", now, while_waiting="accepted_waiting")


def refused(session: Session, event: Event, decided: Sequence[tuple[Occurrence, list[SignUp]]], now: datetime) -> None:
    """Tell people why they were refused, by one mail each however many dates it concerns."""
    _series(session, event, decided, "refused", now)


def promoted(session: Session, event: Event, occurrence: Occurrence, rows: list[SignUp], now: datetime) -> None:
    """Tell those who have moved up from the waiting list."""
    _send_one(session, event, occurrence, rows, "promoted", now)


def offered(session: Session, event: Event, occurrence: Occurrence, rows: list[SignUp], now: datetime) -> None:
    """Tell the next in line that a place is theirs if they take it in time."""
    _send_one(session, event, occurrence, rows, "offered", now)


def expired(session: Session, event: Event, occurrence: Occurrence, rows: list[SignUp], now: datetime) -> None:
    """Tell those who did not answer in time that the place goes to the next one."""
    _send_one(session, event, occurrence, rows, "expired", now)


def taken(session: Session, event: Event, occurrence: Occurrence, rows: list[SignUp], now: datetime) -> None:
    """Confirm the seats of those who have taken an offer."""
    _send_one(session, event, occurrence, rows, "confirmed", now)


def withdrawn(
    session: Session, event: Event, occurrence: Occurrence, row: SignUp, now: datetime, *, freed: bool = True
) -> None:
    """Confirm a withdrawal to the person; where it *freed* a place, tell the organiser's coordinators."""
    _send_one(session, event, occurrence, [row], "withdrawn", now)
    if freed:
        _to_organiser(session, event, "given_back", _params(event, occurrence, row), now)


def handed_over(session: Session, event: Event, occurrence: Occurrence, row: SignUp, now: datetime) -> None:
    """Tell a person that a place, a number in the queue or a request is now in his name."""
    _send_one(session, event, occurrence, [row], "handed_over", now)


def handed_on(
    session: Session, event: Event, occurrence: Occurrence, before: str, to: tuple[str, str], now: datetime
) -> None:
    """Tell whoever had the place *before* that a colleague comes instead; *to* is his address and language."""
    params = {**_params(event, occurrence, None), "person": before}
    post.write_all(session, now, [_mail(event, to[0], to[1], "handed_on", params)])


def swapped(session: Session, event: Event, occurrence: Occurrence, row: SignUp, now: datetime) -> None:
    """Tell a person that he now waits and a colleague has his place."""
    _send_one(session, event, occurrence, [row], "swapped", now)


def reordered(
    session: Session, event: Event, occurrence: Occurrence, raised: list[SignUp], overtaken: list[SignUp], now: datetime
) -> None:
    """Tell those whom the organiser has moved up, and those who are overtaken, why."""
    _send_one(session, event, occurrence, raised, "moved_up", now)
    _send_one(session, event, occurrence, overtaken, "overtaken", now)


def cancelled(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """Tell everybody with a seat, in the queue or asking that the event does not take place; return how many rows."""
    rows = queries.active(session, occurrence.id or 0)
    _send_one(session, event, occurrence, rows, "cancelled", now)
    return len(rows)


def moved(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """Tell everybody with a seat, in the queue or asking about a new time or place; return how many rows."""
    rows = queries.active(session, occurrence.id or 0)
    _send_one(session, event, occurrence, rows, "moved", now)
    return len(rows)


def moved_asked(session: Session, event: Event, occurrence: Occurrence, now: datetime) -> int:
    """Tell everybody about a new time or place, and that the organiser decides anew; return how many rows."""
    rows = queries.active(session, occurrence.id or 0)
    _send_one(session, event, occurrence, rows, "moved_asked", now)
    return len(rows)


def _send_one(
    session: Session, event: Event, occurrence: Occurrence, rows: list[SignUp], message: str, now: datetime
) -> None:
    _send(session, event, occurrence, rows, {row.id or 0: message for row in rows}, now)


def _send(
    session: Session,
    event: Event,
    occurrence: Occurrence,
    rows: list[SignUp],
    messages: Mapping[int, str],
    now: datetime,
    *,
    addresses: dict[int, tuple[str, str]] | None = None,
) -> None:
    # Addresses and calendar once for all: a full hall is told under the lock that everybody else waits for.
    if not rows:
        return
    addresses = queries.addresses(session, rows) if addresses is None else addresses
    seated = any(row.state is SignUpState.SEAT and messages[row.id or 0] in _WITH_CALENDAR for row in rows)
    text = calendar.publication(session, event) if seated else None
    mails = []
    persons = Counter((row.booking_id, messages[row.id or 0]) for row in rows)
    told = set()
    for row in rows:
        if row.id not in addresses:
            continue
        together = row.booking_id, messages[row.id]
        if event.participants and together in told:
            continue
        told.add(together)
        address, language = addresses[row.id]
        message, has_seat = messages[row.id], row.state is SignUpState.SEAT
        params = {**_params(event, occurrence, row), **_more(row, message)}
        if event.participants:
            params["persons"] = persons[together]
        enclosed = text if has_seat and message in _WITH_CALENDAR else None
        mails.append(_mail(event, address, language, message, params, enclosed, row.user_id))
    post.write_all(session, now, mails)


def _series(
    session: Session,
    event: Event,
    dates: Sequence[tuple[Occurrence, list[SignUp]]],
    message: str,
    now: datetime,
    *,
    while_waiting: str = "",
) -> None:
    """Send one mail for each person of each booking, whatever the number of dates: the first of them is named."""
    first: dict[tuple[int, str], tuple[Occurrence, SignUp]] = {}
    states: dict[tuple[int, str], dict[int, Counter[SignUpState]]] = {}
    for occurrence, rows in dates:
        for row in rows:
            key = row.booking_id, row.person_key if row.person or not _many(event) else ""
            first.setdefault(key, (occurrence, row))
            on_date = states.setdefault(key, {}).setdefault(occurrence.id or 0, Counter())
            on_date[row.state] += 1
    addresses = queries.addresses(session, [row for _occurrence, row in first.values()])
    text, link = None, _edition_link(session, event)
    mails = []
    for key, (occurrence, row) in first.items():
        if row.id not in addresses:
            continue
        address, language = addresses[row.id]
        of_dates = list(states[key].values())
        seats, waiting, asked = (
            sum(one[state] > 0 for one in of_dates) for state in (rules.SEAT, rules.WAITING, rules.REQUESTED)
        )
        told = message if seats or not while_waiting else while_waiting
        if seats and text is None and told in _WITH_CALENDAR:
            text = calendar.publication(session, event)
        numbers: dict[str, Param] = {"number": len(of_dates), "seats": seats, "waiting": waiting, "asked": asked}
        params = {**_params(event, occurrence, row), **_more(row, told), **numbers, **_of_many(event, key, of_dates)}
        params["title"] = _title(event, occurrence)
        mails.append(_mail(event, address, language, told, params, text if seats else None, row.user_id, link=link))
    post.write_all(session, now, mails)


def _many(event: Event) -> bool:
    """Whether places without a name are told of together."""
    return event.participants or event.edition_id is not None


def _of_many(event: Event, key: tuple[int, str], of_dates: Sequence[Counter[SignUpState]]) -> dict[str, Param]:
    """Give what a mail about an edition says: how many places, and as how many of them stand on how many dates."""
    if not _many(event):
        return {}
    if key[1]:
        return {"edition": True, "persons": 0, "lines": []}
    alike = Counter(tuple(one[state] for state in (rules.SEAT, rules.WAITING, rules.REQUESTED)) for one in of_dates)
    # A line for each way they stand: dates, seats, waiting, asked; words are the template's.
    lines = [" ".join(str(number) for number in (dates, *stand)) for stand, dates in alike.items()]
    return {"edition": True, "persons": max(sum(one.values()) for one in of_dates), "lines": lines}


def _title(event: Event, occurrence: Occurrence) -> str:
    """Give what a mail about many dates is called after: an edition, or the date that it names."""
    return event.title if event.edition_id is not None else occurrence.title or event.title


def _edition_link(session: Session, event: Event, page: str = "") -> str:
    """Give the address of the sign-up of an edition, or of a further *page* of it; "" for any other event."""
    known = queries.edition_address(session, event.edition_id) if event.edition_id is not None else None
    return f"/projekty/{known[0]}/edycje/{known[1]}{page or '#zapisy'}" if known else ""


def _to_organiser(
    session: Session, event: Event, message: str, params: dict[str, Param], now: datetime, *, link: str = ""
) -> None:
    told = people.coordinators(session, event.organiser_id)
    post.write_all(session, now, [_mail(event, one.email, one.language, message, params, link=link) for one in told])


def _mail(
    event: Event,
    address: str,
    language: str,
    message: str,
    params: dict[str, Param],
    text: str | None = None,
    user_id: int | None = None,
    *,
    link: str = "",
) -> Mail:
    # Of a series its own page: by the time of reading the page of the event shows another date.
    day = f"/{warsaw.today(datetime.fromisoformat(str(params['starts_at'])))}" if event.rule else ""
    link = link or f"/wydarzenia/{event.uuid}{day}#zapisy"
    return Mail(address, f"events/signups/{message}", params, language, user_id, link, text)


def _more(row: SignUp, message: str) -> dict[str, Param]:
    """Give what single messages say beyond title, person and date."""
    if message == "offered":
        return {"until_at": (row.offer_until or row.changed_at).isoformat()}
    if message == "refused":
        return {"code": row.reason, "note": row.note}
    if message in ("moved_up", "overtaken"):
        return {"note": row.note}
    if message == "handed_over":
        return {"stands": row.state.value}
    return {}


def _params(event: Event, occurrence: Occurrence, row: SignUp | None) -> dict[str, Param]:
    return {
        "title": occurrence.title or event.title,
        "person": row.person if row else "",
        "starts_at": occurrence.starts_at.isoformat(),
        "ends_at": occurrence.ends_at.isoformat(),
        "all_day": event.all_day,
        "reason": occurrence.cancel_reason or event.cancel_reason,
        "synthetic": event.synthetic,
    }
