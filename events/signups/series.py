"""Sign-up for a whole series: one booking, a row on each coming date, also on dates that are made later."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlmodel import Session

from app.actors import Actor
from app.audit import trail
from app.audit.trail import Plain
from app.db import lock
from app.errors import Conflict
from app.seats import share_out
from events.calendar.models import Event, Occurrence, SignUpScope, Split
from events.signups import booking, line, mail, queries, rules
from events.signups.actions import give_up
from events.signups.models import SignUp, SignUpState
from events.signups.rules import Wanted

Dates = list[tuple[Occurrence, list[SignUp]]]


def sign_up(session: Session, actor: Actor, event: Event, wanted: Wanted, key: str, now: datetime) -> Dates:
    """Sign people and places up for all coming dates of a series in one booking; where a date is full they wait.

    A group that is taken as a whole waits as a whole on the dates that have too few seats left. Locks the dates in the
    order of their ids. A second post of the same form returns what the first made. Raises what sign_up for one date
    raises.
    """
    rules.check_wanted(actor, wanted)
    dates = _locked(session, queries.coming_dates(session, event.id or 0, now))
    if not dates:
        raise rules.SignUpClosed
    keys = {person.key: person for person in wanted.people}
    stands = queries.standing(session, dates[0], key, list(keys))
    if stands.booked:
        return _made_before(session, actor, dates, key)
    if stands.scope is not SignUpScope.SERIES:
        raise Conflict
    dates = [one for one in dates if rules.is_open(one.state, stands.closes_at, one.starts_at, now, stands.first)]
    if not dates:
        raise rules.SignUpClosed
    twice = queries.signed_up_on(session, [one.id or 0 for one in dates], list(keys))
    if twice is not None:
        raise rules.SignedUpAlready(person=keys[twice].name or keys[twice].email)
    host_id = rules.host_of(event.consent, event.place_institution_id)
    decides = rules.may_decide(actor, organiser_id=event.organiser_id, host_id=host_id)
    asks = stands.asks and not decides
    whole = stands.split is Split.ALL_OR_NOTHING
    if whole and stands.capacity is not None and wanted.number > stands.capacity:
        raise rules.NotEnoughSeats(free=stands.capacity)
    shares = [(one, None if asks else _seats(one, stands.capacity, wanted.number, whole=whole)) for one in dates]
    made = booking.write(session, actor, shares, wanted, key, now, series=True)
    booked = list(zip(dates, made, strict=True))
    for index, row in enumerate(made[0]):
        states = [rows[index].state for rows in made]
        details: dict[str, Plain] = {"event_id": event.id, "dates": len(dates)}
        details |= {"seats": states.count(SignUpState.SEAT), "waiting": states.count(SignUpState.WAITING)}
        personal = line.who(row)
        trail.record(
            session, actor, "signup.series_made", "signup", row.id or 0, now, details=details, personal=personal
        )
    for occurrence, rows in booked:
        line.expect(session, actor, event, occurrence, rows, now)
    mail.series_made(session, event, booked, now)
    if asks:
        mail.to_decide(session, event, dates[0], wanted.number, now)
    return booked


def withdraw(session: Session, actor: Actor, event: Event, signup_id: int, now: datetime) -> Dates:
    """Withdraw a person or place from all coming dates of a series that can still be left; the queues are served.

    Locks the dates in the order of their ids. Raises NoSuchSignUp, NotYourSignUp, WithdrawnAlready, WithdrawalClosed.
    """
    for occurrence_id in queries.dates_of_place(session, signup_id):
        lock(session, Occurrence, occurrence_id)
    _occurrence, row = line.reach(session, actor, event, signup_id)
    line.check_own(actor, row)
    first = rules.first_start(event.local_start, event.rule)
    left: Dates = []
    same = queries.same_place(session, row, now)
    if not same:
        raise rules.WithdrawnAlready
    for one in same:
        occurrence = session.get_one(Occurrence, one.occurrence_id)
        if not rules.can_still_withdraw(occurrence.state, event.withdraw_until, occurrence.starts_at, now, first):
            continue
        give_up(session, actor, event, occurrence, one, now)
        left.append((occurrence, [one]))
    if not left:
        raise rules.WithdrawalClosed
    mail.series_withdrawn(session, event, left, now)
    for occurrence, _rows in left:
        line.serve(session, actor, event, occurrence, now)
    return left


def join_new_dates(session: Session, event: Event, occurrences: Sequence[Occurrence], now: datetime) -> int:
    """Put whoever has signed up for the whole series onto dates that were made since; return how many rows.

    In the order in which people signed up for the series; who still waits for the organiser's word asks here, too.
    Bookings that stand on a date already are left alone. It is no news, so nobody gets a mail. Locks the dates in the
    order of their ids; they must have been flushed.
    """
    if event.signup_scope is not SignUpScope.SERIES or not occurrences:
        return 0
    fresh = sorted(occurrence.id or 0 for occurrence in occurrences)
    people = queries.of_whole_series(session, event.id or 0, fresh, now)
    if not people:
        return 0
    number, system = 0, Actor.system()
    for occurrence in _locked(session, fresh):
        known = queries.bookings_on(session, occurrence.id or 0)
        rows = _join(occurrence, event, [one for one in people if one.booking_id not in known], now)
        if not rows:
            continue
        session.add_all(rows)
        session.flush()
        details: dict[str, Plain] = {"event_id": event.id, "number": len(rows)}
        trail.record(session, system, "signup.joined", "occurrence", occurrence.id or 0, now, details=details)
        line.expect(session, system, event, occurrence, rows, now)
        number += len(rows)
    return number


def join_all(session: Session, now: datetime) -> int:
    """Let all sign-ups for whole series follow dates that were made since, whoever made them; return how many rows."""
    number = 0
    for event_id in queries.series_with_people(session, now):
        event = session.get_one(Event, event_id)
        missing = queries.dates_to_join(session, event_id, now)
        number += join_new_dates(session, event, [session.get_one(Occurrence, one) for one in missing], now)
    return number


def _join(occurrence: Occurrence, event: Event, people: Sequence[SignUp], now: datetime) -> list[SignUp]:
    rows: list[SignUp] = []
    whole = event.split is Split.ALL_OR_NOTHING
    for _booking_id, group in groupby(people, key=lambda one: one.booking_id):
        members = list(group)
        admitted = [one.state is not SignUpState.REQUESTED or one.holds_seat for one in members]
        seats = _seats(occurrence, event.capacity, sum(admitted), whole=whole)
        joined = [_joined(one, occurrence, index, now) for index, one in enumerate(members)]
        for index, row in enumerate(row for row, is_in in zip(joined, admitted, strict=True) if is_in):
            row.state = SignUpState.SEAT if index < seats else SignUpState.WAITING
        booking.count(occurrence, joined)
        rows += joined
    return rows


def _seats(occurrence: Occurrence, capacity: int | None, number: int, *, whole: bool) -> int:
    if occurrence.waiting:
        return 0
    seats, waiting = share_out(capacity, occurrence.seats_taken, number)
    return 0 if whole and waiting else seats


def _joined(one: SignUp, occurrence: Occurrence, index: int, now: datetime) -> SignUp:
    copied = ("booking_id", "institution_id", "user_id", "person", "function", "email", "person_key", "signed_up_at")
    return SignUp(
        **{name: getattr(one, name) for name in copied},
        occurrence_id=occurrence.id or 0,
        state=SignUpState.REQUESTED,
        queue_no=occurrence.next_queue_no + index,
        changed_at=now,
    )


def _locked(session: Session, occurrence_ids: Sequence[int]) -> list[Occurrence]:
    found = (lock(session, Occurrence, occurrence_id) for occurrence_id in occurrence_ids)
    return [one for one in found if one is not None]


def _made_before(session: Session, actor: Actor, dates: list[Occurrence], key: str) -> Dates:
    made = queries.of_booking(session, key)
    by_id = {one.id: one for one in dates}
    if any(row.institution_id != actor.institution_id or row.occurrence_id not in by_id for row in made):
        raise Conflict
    in_order = sorted(made, key=lambda row: (row.occurrence_id, row.queue_no))
    return [(by_id[one], list(rows)) for one, rows in groupby(in_order, key=lambda row: row.occurrence_id)]
