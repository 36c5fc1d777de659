"""Reads of who has joined an edition: the panel for one viewer, his institution's standing, everybody for the lead."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, case, func
from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.actors import Actor
from app.text import N_
from events.calendar import queries as calendar
from events.calendar.models import Admission, Event, Occurrence, Split, State
from events.signups import rules
from events.signups.models import Booking, SignUp, SignUpState
from partners.institutions.models import Institution, Status
from partners.people import queries as people
from partners.people.queries import Colleague
from projects.editions.models import Edition, EditionState
from projects.programmes.models import Programme, ProgrammeState

SEAT, OFFERED, WAITING, REQUESTED = (
    SignUpState.SEAT,
    SignUpState.OFFERED,
    SignUpState.WAITING,
    SignUpState.REQUESTED,
)
REFUSED_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Way:
    """How places stand alike on a number of *dates*: with a seat, waiting, waiting for the organiser's word."""

    dates: int
    seats: int
    waiting: int
    asked: int


def span(ways: Sequence[Way], what: str) -> str:
    """Give the number of *what* (seats, waiting, asked) on dates: one number, or "6–8" where they differ."""
    numbers = sorted({getattr(way, what) for way in ways})
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"


@dataclass(frozen=True, slots=True)
class OwnPerson:
    """Somebody of the viewer's institution; *signup_id* is his place on the next date of event *uuid*."""

    signup_id: int
    uuid: UUID
    person: str
    function: str
    own: bool
    ways: tuple[Way, ...]
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Places that were refused: how many, why (msgid), the words beside it."""

    number: int
    person: str
    because: str
    note: str


@dataclass(frozen=True, slots=True)
class Own:
    """What the viewer's institution has in an edition: places that count, how they stand, who was refused.

    *number* counts all places, *unnamed* those without a name. *queue* are the numbers in the queue of the next date,
    the first and the last. *name_next* leads to the first place that can be named: (uuid, sign-up).
    """

    number: int
    unnamed: int
    ways: tuple[Way, ...]
    people: tuple[OwnPerson, ...]
    refused: tuple[Refusal, ...]
    queue: tuple[int, int] | None
    may_withdraw: bool
    withdraw_until: datetime | None
    name_next: tuple[UUID, int] | None
    user_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Joining:
    """The sign-up of an edition for one viewer. *free* are the places free on every date that is open, None: no limit,
    or untold since it would tell of one or two participants.

    *even*: on all these dates alike. *opens_at* is there while it has yet to open; *because* (msgid) says why it is
    closed. *event_id* stands for the edition in what one does with it; *key* makes one booking of a double click.
    """

    slug: str
    number: int
    title: str
    name: str
    edition_id: int
    event_id: int
    participants: bool
    capacity: int | None
    free: int | None
    even: bool
    waiting: int
    requested: int
    dates: int
    starts_at: datetime | None
    whole: bool
    asks: bool
    open: bool
    opens_at: datetime | None
    closes_at: datetime | None
    because: str
    may_sign_up: bool
    may_sign_up_others: bool
    may_decide: bool
    own: Own | None
    colleagues: tuple[Colleague, ...]
    synthetic: bool
    key: str = field(default_factory=lambda: str(uuid4()), compare=False)

    @property
    def may_join(self) -> bool:
        """Whether the viewer can sign somebody up now."""
        return self.open and (self.may_sign_up_others if self.participants else self.may_sign_up)


def panel(session: Session, viewer: Actor, edition_id: int, now: datetime) -> Joining | None:
    """Give the sign-up of an edition, or None where *viewer* sees none of its published dates.

    One statement; one more for who acts for an institution, and one for the colleagues whom he can sign up.
    """
    found = session.execute(_dates_of(viewer, edition_id)).all()
    if not found:
        return None
    first: Any = found[0]
    coming = [row for row in found if row.starts_at > now]
    event: Any = (coming or found)[0]
    opens = {row.signup_opens_at for row in coming if rules.is_early(row.signup_opens_at, now)}
    open_dates = [row for row in coming if _is_open(row, now)] if not _over(first) else []
    free = [_free(row) for row in open_dates]
    limited = [one for one in free if one is not None]
    decides = any(_decides(viewer, row) for row in found)
    few = any(rules.tells_of_few(row.participants, row.seats_taken, row.waiting) for row in coming)
    untold = few and not (decides or rules.may_sign_up_others(viewer))
    least = min(limited, default=None) if open_dates else min(map(_room, coming), default=None, key=_last_none)
    takes = viewer.works_for_institution
    own = _own(session, viewer, found, now) if takes else None
    joins = bool(open_dates) and takes and not event.participants
    return Joining(
        slug=first.slug,
        number=first.number,
        title=first.title,
        name=first.name,
        edition_id=edition_id,
        event_id=event.event_id,
        participants=event.participants,
        capacity=event.capacity,
        free=None if untold else least,
        even=len(set(free)) < 2,
        waiting=0 if untold else max((row.waiting for row in coming), default=0),
        requested=max((row.requested for row in coming), default=0),
        dates=len(open_dates) or len(coming),
        starts_at=coming[0].starts_at if coming else None,
        whole=event.split is Split.ALL_OR_NOTHING,
        asks=any(row.admission is Admission.APPROVAL for row in open_dates) and not decides,
        open=bool(open_dates),
        opens_at=None if open_dates or _over(first) else min(opens, default=None),
        closes_at=max((_closes(row) for row in open_dates), default=None),
        because="" if open_dates else _over(first) or _why_closed(coming),
        may_sign_up=rules.may_sign_up(viewer),
        may_sign_up_others=rules.may_sign_up_others(viewer),
        may_decide=decides,
        own=own,
        colleagues=_colleagues(session, viewer, own) if joins else (),
        synthetic=event.synthetic,
    )


@dataclass(frozen=True, slots=True)
class Named:
    """A person with a place, for the lead."""

    person: str
    function: str
    email: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """An institution that has joined: places, how they stand, its people by name (of staff), since when."""

    institution: str
    slug: str
    number: int
    unnamed: int
    ways: tuple[Way, ...]
    people: tuple[Named, ...]
    since: datetime

    def span(self, what: str) -> str:
        """Give the number of *what* (seats, waiting, asked): one number, or "6–8" where dates differ."""
        return span(self.ways, what)


@dataclass(frozen=True, slots=True)
class InLine:
    """Neighbours in the queue of the next date that came in one booking: their numbers, whose they are."""

    first: int
    last: int
    institution: str
    person: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request for places: all of a booking without names, or one person. *key* names it, *ids* are its places."""

    key: int
    ids: tuple[int, ...]
    institution: str
    number: int
    person: str
    function: str
    asked_at: datetime
    dates: int
    keeps: bool


@dataclass(frozen=True, slots=True)
class Everybody:
    """Who has joined an edition, for those who decide about its places; *over*: its last date has begun."""

    institutions: tuple[Joined, ...]
    queue: tuple[InLine, ...]
    requests: tuple[Request, ...]
    dates: int
    over: bool

    @property
    def number(self) -> int:
        """All places that count."""
        return sum(one.number for one in self.institutions)

    @property
    def differs(self) -> bool:
        """Whether places of some institution do not stand alike on all dates."""
        return any(len(one.ways) > 1 for one in self.institutions)


def everybody(session: Session, edition_id: int, now: datetime) -> Everybody:
    """Give who has joined an edition, whoever asks: call after rules.may_decide. On its coming dates, else on the last.

    One statement for the dates, one for the places.
    """
    dates = session.execute(
        columns(col(Occurrence.id), col(Occurrence.starts_at))
        .join(Event, col(Event.id) == Occurrence.event_id)
        .where(col(Event.edition_id) == edition_id, col(Occurrence.state) == State.PUBLISHED)
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
    ).all()
    coming = [row[0] for row in dates if row[1] > now]
    shown = coming or [row[0] for row in dates[-1:]]
    found = session.execute(_places(shown)).all()
    counting = [row for row in found if row.SignUp.state in rules.ACTIVE]
    by_institution: dict[int, list[Any]] = {}
    for row in counting:
        by_institution.setdefault(row.SignUp.institution_id, []).append(row)
    lines = tuple(_joined(of_one) for of_one in by_institution.values())
    next_date = [row for row in counting if shown and row.SignUp.occurrence_id == shown[0]]
    return Everybody(
        institutions=tuple(sorted(lines, key=lambda one: one.since)),
        queue=tuple(_in_line([row for row in next_date if row.SignUp.state is WAITING])),
        requests=tuple(_requests([row for row in counting if row.SignUp.state is REQUESTED])) if coming else (),
        dates=len(coming),
        over=not coming,
    )


def place(session: Session, edition_id: int, institution_id: int, signup_id: int) -> Event | None:
    """Give the event on which a sign-up of an institution in an edition stands; None for any other."""
    statement = (
        columns(Event)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .join(SignUp, col(SignUp.occurrence_id) == Occurrence.id)
        .where(
            col(SignUp.id) == signup_id,
            col(SignUp.institution_id) == institution_id,
            col(Event.edition_id) == edition_id,
        )
    )
    return session.execute(statement).scalars().first()


def of_event(session: Session, viewer: Actor, uuid: UUID) -> tuple[str, int] | None:
    """Give the address (slug, number) of the edition to which an event belongs, if *viewer* sees one of its dates."""
    statement = (
        columns(col(Programme.slug), col(Edition.number))
        .select_from(Event)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .join(Edition, col(Edition.id) == Event.edition_id)
        .join(Programme, col(Programme.id) == Edition.programme_id)
        .where(col(Event.uuid) == uuid, calendar.may_see(viewer))
        .limit(1)
    )
    found = session.execute(statement).first()
    return (found[0], found[1]) if found else None


def edition_id_of(session: Session, slug: str, number: int) -> int | None:
    """Give the edition with this address; whether the viewer may know of it is said by panel()."""
    statement = columns(col(Edition.id)).join(Programme, col(Programme.id) == Edition.programme_id)
    return session.execute(statement.where(col(Programme.slug) == slug, col(Edition.number) == number)).scalar()


_OF_EVENT = (
    col(Event.id).label("event_id"),
    *(
        getattr(Event, name)
        for name in (
            "uuid",
            "organiser_id",
            "place_institution_id",
            "consent",
            "edition_id",
            "participants",
            "local_start",
            "rule",
            "capacity",
            "split",
            "admission",
            "signup_opens_at",
            "signup_closes_at",
            "withdraw_until",
            "synthetic",
        )
    ),
)
_OF_DATE = (
    col(Occurrence.id).label("date_id"),
    *(getattr(Occurrence, name) for name in ("state", "starts_at", "seats_taken", "waiting", "requested")),
)


def _dates_of(viewer: Actor, edition_id: int) -> Any:
    return (
        columns(
            *_OF_EVENT,
            *_OF_DATE,
            col(Edition.number),
            col(Edition.name),
            col(Edition.state).label("edition_state"),
            col(Programme.slug),
            col(Programme.title),
            col(Programme.state).label("programme_state"),
            col(Programme.archived_at),
            col(Institution.status).label("lead_status"),
        )
        .select_from(Edition)
        .join(Event, col(Event.edition_id) == Edition.id)
        .join(Occurrence, col(Occurrence.event_id) == Event.id)
        .join(Programme, col(Programme.id) == Edition.programme_id)
        .outerjoin(Institution, col(Institution.id) == Programme.lead_id)
        .where(
            col(Edition.id) == edition_id,
            col(Occurrence.state) == State.PUBLISHED,
            col(Programme.state) != ProgrammeState.DRAFT,
            calendar.may_see(viewer),
        )
        .order_by(col(Occurrence.starts_at), col(Occurrence.id))
    )


def _over(row: Any) -> str:
    """Give the msgid of why nobody joins an edition any more whatever its dates say; "" where people do."""
    if row.edition_state is EditionState.CANCELLED:
        return N_("This edition was called off.")
    if row.edition_state is EditionState.COMPLETED or row.programme_state is ProgrammeState.COMPLETED:
        return N_("This edition is over.")
    if row.archived_at is not None:
        return N_("The project is archived: nobody can join any more.")
    if row.lead_status is Status.ARCHIVED:
        return N_("The institution that led the project is archived: nobody can join now.")
    return ""


def _why_closed(coming: Sequence[Any]) -> str:
    return N_("Sign-up has closed.") if coming else N_("All sessions have begun or are over.")


def _is_open(row: Any, now: datetime) -> bool:
    closing = rules.closing_first(row.local_start, row.rule, row.edition_id)
    return rules.is_open(row.state, row.signup_closes_at, row.starts_at, now, closing, row.signup_opens_at)


def _closes(row: Any) -> datetime:
    closing = rules.closing_first(row.local_start, row.rule, row.edition_id)
    return rules.closes_at(row.signup_closes_at, row.starts_at, closing)


def _free(row: Any) -> int | None:
    """Give how many seats one who comes now gets at once: none where others wait."""
    return 0 if row.capacity is not None and row.waiting else _room(row)


def _room(row: Any) -> int | None:
    return None if row.capacity is None else max(row.capacity - row.seats_taken, 0)


def _last_none(number: int | None) -> float:
    return float("inf") if number is None else number


def _decides(viewer: Actor, event: Any) -> bool:
    host_id = rules.host_of(event.consent, event.place_institution_id)
    return rules.may_decide(viewer, organiser_id=event.organiser_id, host_id=host_id)


def _colleagues(session: Session, viewer: Actor, own: Own | None) -> tuple[Colleague, ...]:
    signed_up = own.user_ids if own else frozenset()
    known = people.colleagues(session, viewer.institution_id or 0)
    others = rules.may_sign_up_others(viewer)
    return tuple(one for one in known if one.user_id not in signed_up and (others or one.user_id == viewer.user_id))


def _own(session: Session, viewer: Actor, found: Sequence[Any], now: datetime) -> Own | None:
    dates = {row.date_id: row for row in found if row.starts_at > now}
    before = aliased(SignUp)
    ahead = (
        columns(func.count(col(before.id)))
        .where(
            col(before.occurrence_id) == SignUp.occurrence_id,
            col(before.state) == WAITING,
            col(before.queue_no) <= SignUp.queue_no,
        )
        .scalar_subquery()
    )
    statement = (
        columns(SignUp, case((col(SignUp.state) == WAITING, ahead), else_=0).label("ahead"))
        .where(col(SignUp.institution_id) == viewer.institution_id, col(SignUp.occurrence_id).in_(list(dates)))
        .order_by(col(SignUp.booking_id), col(SignUp.queue_no))
    )
    rows = sorted(session.execute(statement).all(), key=lambda row: dates[row[0].occurrence_id].starts_at)
    counting = [row for row in rows if row.SignUp.state in rules.ACTIVE]
    refused = [row.SignUp for row in rows if row.SignUp.state is SignUpState.REFUSED]
    if not counting and not refused:
        return None
    names = [row for row in counting if row.SignUp.person]
    next_date = next((one for one in dates if any(row.SignUp.occurrence_id == one for row in counting)), None)
    numbers = [row.ahead for row in counting if row.SignUp.occurrence_id == next_date and row.SignUp.state is WAITING]
    unnamed = [row for row in counting if not row.SignUp.person]
    in_time = {one: _in_time(dates[one], now) for one in dates}
    limits = [_withdraw_until(dates[one]) for one in dates if in_time[one]]
    nameable = next(iter(unnamed), None) if not found[0].participants else None
    return Own(
        number=len({_place_of(row) for row in counting}),
        unnamed=len({_place_of(row) for row in unnamed}),
        ways=_ways(counting),
        people=tuple(_person(of_one, viewer, dates, in_time) for of_one in _by_place(names)),
        refused=tuple(_refused(refused)),
        queue=(min(numbers), max(numbers)) if numbers else None,
        may_withdraw=rules.may_sign_up_others(viewer) and any(in_time[row.SignUp.occurrence_id] for row in counting),
        withdraw_until=min(limits, default=None),
        name_next=(dates[nameable.SignUp.occurrence_id].uuid, nameable.SignUp.id) if nameable else None,
        user_ids=frozenset(row.SignUp.user_id for row in counting if row.SignUp.user_id is not None),
    )


def _person(rows: Sequence[Any], viewer: Actor, dates: dict[Any, Any], in_time: dict[Any, bool]) -> OwnPerson:
    first: SignUp = rows[0].SignUp
    may = rules.may_withdraw(viewer, user_id=first.user_id, institution_id=first.institution_id)
    return OwnPerson(
        signup_id=first.id or 0,
        uuid=dates[first.occurrence_id].uuid,
        person=first.person,
        function=first.function,
        own=first.user_id is not None and first.user_id == viewer.user_id,
        ways=_ways(rows),
        may_withdraw=may and any(in_time[row.SignUp.occurrence_id] for row in rows),
    )


def _withdraw_until(row: Any) -> datetime:
    return rules.limit(row.withdraw_until, row.starts_at, rules.first_start(row.local_start, row.rule))


def _in_time(row: Any, now: datetime) -> bool:
    return now < _withdraw_until(row)


def _refused(found: Sequence[SignUp]) -> Iterable[Refusal]:
    """Give the latest refusals: those of a booking together, or of one person."""
    groups: dict[tuple[int, str, str], set[str]] = {}
    first: dict[tuple[int, str, str], SignUp] = {}
    for row in found:
        key = row.booking_id, row.person, row.reason
        groups.setdefault(key, set()).add(row.person_key)
        first.setdefault(key, row)
    for key in sorted(groups, reverse=True)[:REFUSED_SHOWN]:
        reason = rules.REFUSAL_REASONS.get(key[2])
        yield Refusal(len(groups[key]), key[1], reason.label if reason else "", first[key].note)


def _place_of(row: Any) -> tuple[int, str]:
    return row.SignUp.booking_id, row.SignUp.person_key


def _by_place(rows: Sequence[Any]) -> list[list[Any]]:
    places: dict[tuple[int, str], list[Any]] = {}
    for row in rows:
        places.setdefault(_place_of(row), []).append(row)
    return list(places.values())


def _ways(rows: Sequence[Any]) -> tuple[Way, ...]:
    """Add up how rows stand, dates alike together, those of most dates first."""
    dates: dict[int, Counter[SignUpState]] = {}
    for row in rows:
        dates.setdefault(row.SignUp.occurrence_id, Counter())[row.SignUp.state] += 1
    alike = Counter((one[SEAT] + one[OFFERED], one[WAITING], one[REQUESTED]) for one in dates.values())
    return tuple(Way(number, *stand) for stand, number in alike.most_common())


def _places(occurrence_ids: Sequence[int]) -> Any:
    return (
        columns(SignUp, col(Institution.name), col(Institution.slug), col(Booking.made_at))
        .join(Institution, col(Institution.id) == SignUp.institution_id)
        .join(Booking, col(Booking.id) == SignUp.booking_id)
        .join(Occurrence, col(Occurrence.id) == SignUp.occurrence_id)
        .where(col(SignUp.occurrence_id).in_(occurrence_ids), col(SignUp.state).in_(rules.ACTIVE))
        .order_by(col(Occurrence.starts_at), col(Occurrence.id), col(SignUp.queue_no))
    )


def _joined(rows: Sequence[Any]) -> Joined:
    people_rows = [row for row in rows if row.SignUp.person]
    return Joined(
        institution=rows[0].name,
        slug=rows[0].slug,
        number=len({_place_of(row) for row in rows}),
        unnamed=len({_place_of(row) for row in rows if not row.SignUp.person}),
        ways=_ways(rows),
        people=tuple(
            Named(of_one[0].SignUp.person, of_one[0].SignUp.function, of_one[0].SignUp.email, _ways(of_one))
            for of_one in _by_place(people_rows)
        ),
        since=min(row.SignUp.signed_up_at for row in rows),
    )


def _in_line(rows: Sequence[Any]) -> Iterable[InLine]:
    """Give the queue of a date in its order, neighbours of one booking without names together."""
    begun: list[Row[Any]] = []
    for number, row in enumerate(rows, start=1):
        after = rows[number] if number < len(rows) else None
        begun.append(row)
        together = after is not None and not (row.SignUp.person or after.SignUp.person)
        if together and after is not None and after.SignUp.booking_id == row.SignUp.booking_id:
            continue
        yield InLine(number - len(begun) + 1, number, row.name, row.SignUp.person)
        begun = []


def _requests(rows: Sequence[Any]) -> Iterable[Request]:
    groups: dict[tuple[int, str], list[Any]] = {}
    for row in rows:
        groups.setdefault((row.SignUp.booking_id, row.SignUp.person_key if row.SignUp.person else ""), []).append(row)
    for of_one in sorted(groups.values(), key=lambda one: (one[0].made_at, one[0].SignUp.booking_id)):
        first: SignUp = of_one[0].SignUp
        yield Request(
            key=first.id or 0,
            ids=tuple(row.SignUp.id for row in of_one),
            institution=of_one[0].name,
            number=len({_place_of(row) for row in of_one}),
            person=first.person,
            function=first.function,
            asked_at=of_one[0].made_at,
            dates=len({row.SignUp.occurrence_id for row in of_one}),
            keeps=any(row.SignUp.holds_seat for row in of_one),
        )
