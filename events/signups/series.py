"""Sign-up for a whole series or edition: one booking, a row on each coming date, also on dates that are made later.

An edition may have several events: parts of a split series, catch-up sessions. Whoever signs up stands on all of them.
"""

from collections.abc import Mapping, Sequence
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
from projects.editions.models import Edition

Dates = list[tuple[Occurrence, list[SignUp]]]


def sign_up(
    session: Session, actor: Actor, event: Event, wanted: Wanted, key: str, now: datetime, *, waits: bool = True
) -> Dates:
    """Sign people and places up for all coming dates of a series in one booking; where a date is full they wait.

    A group that is taken as a whole waits as a whole on the dates that have too few seats left; unless it *waits* it is
    refused where some, but too few of them are free. Locks the edition, then the dates in the order of their ids. A
    second post of the same form returns what the first made. Raises what sign_up for one date raises, and
    GroupTooLarge.
    """
    rules.check_wanted(actor, wanted, participants=event.participants)
    dates = _locked(session, event, now)
    if not dates or queries.edition_is_over(session, event):
        raise rules.SignUpClosed
    keys = {person.key: person for person in wanted.people}
    stands: dict[int, queries.Standing] = {}
    for one in dates:
        if one.event_id not in stands:
            stands[one.event_id] = queries.standing(session, one, key, list(keys))
    if any(one.booked for one in stands.values()):
        return _made_before(session, actor, dates, key)
    if not all(one.whole for one in stands.values()):
        raise Conflict
    if event.edition_id is not None:
        _join_missing(session, event, now)  # nobody overtakes on a session that was published a moment ago
    dates = [one for one in dates if stands[one.event_id].is_open(one, now)]
    if not dates:
        raise rules.closed(min((one.opens_at for one in stands.values() if one.opens_at), default=None), now)
    twice = queries.signed_up_on(session, [one.id or 0 for one in dates], list(keys))
    if twice is not None:
        raise rules.SignedUpAlready(person=keys[twice].name or keys[twice].email)
    events = {one.event_id: line.event_of(session, event, one) for one in dates}
    decides = {event_id: _decides(actor, one) for event_id, one in events.items()}
    shares = []
    for one in dates:
        terms = stands[one.event_id]
        asks = terms.asks and not decides[one.event_id]
        whole = terms.split is Split.ALL_OR_NOTHING
        if whole and terms.capacity is not None and wanted.number > terms.capacity:
            raise rules.NotEnoughSeats(free=terms.capacity)
        shares.append((one, None if asks else _seats(one, terms.capacity, wanted.number, whole=whole)))
    if not waits:
        _check_fits(stands, dates, wanted.number)
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
        line.expect(session, actor, events[occurrence.event_id], occurrence, rows, now)
    mail.series_made(session, event, booked, now)
    asked = [one for one, seats in shares if seats is None]
    if asked:
        mail.to_decide(session, events[asked[0].event_id], asked[0], wanted.number, now)
    return booked


def withdraw(session: Session, actor: Actor, event: Event, signup_id: int, now: datetime) -> Dates:
    """Withdraw a person or place from all coming dates of a series that can still be left; the queues are served.

    Locks the dates in the order of their ids. Raises NoSuchSignUp, NotYourSignUp, WithdrawnAlready, WithdrawalClosed.
    """
    for occurrence_id in queries.dates_of_place(session, signup_id):
        lock(session, Occurrence, occurrence_id)
    _occurrence, row = line.reach(session, actor, event, signup_id)
    line.check_own(actor, row)
    same = queries.same_place(session, row, now)
    if not same:
        raise rules.WithdrawnAlready
    return _leave(session, actor, event, same, now)


def give_back(session: Session, actor: Actor, event: Event, keep: int, now: datetime) -> Dates:
    """Lower the number of unnamed places of the actor's institution in an edition to *keep*; the queues are served.

    Who came last goes first, so that those who wait go before those who have a seat. Locks the edition, then the dates
    in the order of their ids. Raises ByCoordinator, WithdrawnAlready, NotFewer, WithdrawalClosed.
    """
    if not rules.may_sign_up_others(actor):
        raise rules.ByCoordinator
    dates = _locked(session, event, now)
    places: dict[tuple[int, str], list[SignUp]] = {}
    for row in queries.unnamed_places(session, [one.id or 0 for one in dates], actor.institution_id or 0):
        places.setdefault((row.booking_id, row.person_key), []).append(row)
    if not places:
        raise rules.WithdrawnAlready
    if not 0 <= keep < len(places):
        raise rules.NotFewer(number=len(places))
    in_order = sorted(places.values(), key=_standing_of_place)
    left = {row.id for rows in in_order[keep:] for row in rows}
    starts = {one.id: one.starts_at for one in dates}
    rows = [row for of_place in places.values() for row in of_place if row.id in left]
    return _leave(session, actor, event, sorted(rows, key=lambda row: (starts[row.occurrence_id], row.queue_no)), now)


def join_new_dates(session: Session, event: Event, occurrences: Sequence[Occurrence], now: datetime) -> int:
    """Put whoever has signed up for the whole series or edition onto dates that were made since; return how many rows.

    In the order in which people signed up for the series; who still waits for the organiser's word asks here, too.
    Bookings that stand on a date already are left alone. It is no news, so nobody gets a mail. Locks the dates in the
    order of their ids; they must have been flushed.
    """
    if event.signup_scope is not SignUpScope.SERIES or not occurrences:
        return 0
    fresh = sorted(occurrence.id or 0 for occurrence in occurrences)
    if event.edition_id is not None:
        lock(session, Edition, event.edition_id)
    people = queries.of_whole_series(session, event, fresh, now)
    if not people:
        return 0
    number, system = 0, Actor.system()
    for occurrence in _locked_dates(session, fresh):
        of_date = line.event_of(session, event, occurrence)
        known = queries.bookings_on(session, occurrence.id or 0)
        rows = _join(occurrence, of_date, [one for one in people if one.booking_id not in known], now)
        if not rows:
            continue
        session.add_all(rows)
        session.flush()
        details: dict[str, Plain] = {"event_id": of_date.id, "number": len(rows)}
        trail.record(session, system, "signup.joined", "occurrence", occurrence.id or 0, now, details=details)
        line.expect(session, system, of_date, occurrence, rows, now)
        number += len(rows)
    return number


def join_all(session: Session, now: datetime) -> int:
    """Let all sign-ups for whole series follow dates that were made since, whoever made them; return how many rows."""
    number = 0
    for event_id in queries.series_with_people(session, now):
        number += _join_missing(session, session.get_one(Event, event_id), now)
    return number


def _join_missing(session: Session, event: Event, now: datetime) -> int:
    missing = queries.dates_to_join(session, event, now)
    return join_new_dates(session, event, [session.get_one(Occurrence, one) for one in missing], now)


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


def _leave(session: Session, actor: Actor, event: Event, rows: Sequence[SignUp], now: datetime) -> Dates:
    """Strike *rows* off, tell by one mail each, and serve the queue of each date. Call under the locks of the dates."""
    left: dict[int, tuple[Event, Occurrence, list[SignUp]]] = {}
    for row in rows:
        occurrence = session.get_one(Occurrence, row.occurrence_id)
        of_date = left[row.occurrence_id][0] if row.occurrence_id in left else line.event_of(session, event, occurrence)
        first = rules.first_start(of_date.local_start, of_date.rule)
        if not rules.can_still_withdraw(occurrence.state, of_date.withdraw_until, occurrence.starts_at, now, first):
            continue
        give_up(session, actor, of_date, occurrence, row, now)
        left.setdefault(row.occurrence_id, (of_date, occurrence, []))[2].append(row)
    if not left:
        raise rules.WithdrawalClosed
    gone: Dates = [(occurrence, struck) for _event, occurrence, struck in left.values()]
    mail.series_withdrawn(session, event, gone, now)
    together = event.edition_id is not None
    moved: Dates = []
    for of_date, occurrence, _struck in left.values():
        up = line.serve(session, actor, of_date, occurrence, now, told=not together)
        moved.append((occurrence, up if together else []))
    mail.series_promoted(session, event, moved, now)
    return gone


def _standing_of_place(rows: Sequence[SignUp]) -> tuple[int, datetime, int, int]:
    """Give the key by which places of an institution stand in order: the more seats and the earlier, the further up."""
    seats = sum(rules.is_taking(row.state, holds_seat=row.holds_seat) for row in rows)
    return -seats, rows[0].signed_up_at, rows[0].booking_id, rows[0].queue_no


def _check_fits(stands: Mapping[int, queries.Standing], dates: Sequence[Occurrence], number: int) -> None:
    """Refuse a group that fits only in part on some date, where groups are taken as a whole. Raises GroupTooLarge."""
    for one in dates:
        terms = stands[one.event_id]
        if terms.split is Split.ALL_OR_NOTHING and terms.capacity is not None:
            free = 0 if one.waiting else max(terms.capacity - one.seats_taken, 0)
            if free < number:
                raise rules.GroupTooLarge(free=free)


def _decides(actor: Actor, event: Event) -> bool:
    host_id = rules.host_of(event.consent, event.place_institution_id)
    return rules.may_decide(actor, organiser_id=event.organiser_id, host_id=host_id)


def _locked(session: Session, event: Event, now: datetime) -> list[Occurrence]:
    """Lock the edition, if there is one, and the coming dates in the order of their ids."""
    if event.edition_id is not None:
        lock(session, Edition, event.edition_id)
    return _locked_dates(session, queries.coming_dates(session, event, now))


def _locked_dates(session: Session, occurrence_ids: Sequence[int]) -> list[Occurrence]:
    found = (lock(session, Occurrence, occurrence_id) for occurrence_id in occurrence_ids)
    return [one for one in found if one is not None]


def _made_before(session: Session, actor: Actor, dates: list[Occurrence], key: str) -> Dates:
    made = queries.of_booking(session, key)
    by_id = {one.id: one for one in dates}
    if any(row.institution_id != actor.institution_id or row.occurrence_id not in by_id for row in made):
        raise Conflict
    in_order = sorted(made, key=lambda row: (row.occurrence_id, row.queue_no))
    return [(by_id[one], list(rows)) for one, rows in groupby(in_order, key=lambda row: row.occurrence_id)]
