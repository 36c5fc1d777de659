"""A deterministic load of projects for measurements: each with partners, one edition and its sessions, in bulk."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlmodel import Session, col, select

from app import marks, site, warsaw
from app.demo.dates import instant, is_quiet, wall
from app.demo.load import Host, Progress, Row, add, batches, done, hosts, raise_feeds
from app.text import search_text, sort_key
from events import ical, recurrence
from events.calendar.models import (
    Event,
    EventKind,
    EventParty,
    EventSpeaker,
    Occurrence,
    Outcome,
    Part,
    SignUpScope,
    State,
    Visibility,
)
from events.calendar.rules import KIND_LABEL, KIND_LABEL_PL
from events.ical import CalendarItem
from events.minutes import rules as minutes
from events.minutes.models import Record, RecordState
from events.recurrence import Rule
from events.search import actions as search
from events.search.models import EventWord
from events.sessions.models import EditionSession
from events.shelf.models import EventText, FeedEvent, FeedKind, InnerText
from projects.editions.models import Edition, EditionOutcome, EditionState
from projects.programmes.models import (
    Happening,
    PartnerAnswer,
    Programme,
    ProgrammeAudience,
    ProgrammeHappening,
    ProgrammeKind,
    ProgrammeMilestone,
    ProgrammePartner,
    ProgrammeState,
)

SESSIONS = 10
BATCH = 250
EARLIEST, LATEST = -300, 200
_PARTNERS = (2, 3)
_OFF_SHARE, _LIMITED_SHARE, _CLOSED_SHARE = 0.03, 0.8, 0.6
_LENGTHS = (90, 120, 180)
_REASON = "Choroba prowadzącego"
_GRANT = (40, 400)
_HOURS = (8, 15)
_LEADS = (("Anna Przykładowa", "trenerka"), ("Jan Pokazowy", "psycholog"), ("Maria Próbna", "doradczyni"))
_KINDS: Mapping[ProgrammeKind, tuple[EventKind, str]] = {
    ProgrammeKind.WORKSHOP: (EventKind.WORKSHOP, "Warsztaty kompetencji społecznych"),
    ProgrammeKind.FAMILY_THERAPY: (EventKind.FAMILY_THERAPY, "Rodzina przed powrotem"),
    ProgrammeKind.GROUP_THERAPY: (EventKind.GROUP_THERAPY, "Grupa wsparcia"),
    ProgrammeKind.VOCATIONAL_TRAINING: (EventKind.VOCATIONAL_TRAINING, "Kurs zawodowy"),
    ProgrammeKind.COUNSELLING: (EventKind.COUNSELLING, "Doradca na start"),
    ProgrammeKind.HOMELESSNESS_SUPPORT: (EventKind.GROUP_MEETING, "Dach nad głową"),
    ProgrammeKind.STANDING_PROGRAMME: (EventKind.GROUP_MEETING, "Klub po wyjściu"),
}
_DESCRIPTION = "Spotykamy się raz w tygodniu. Spotkania prowadzą dwie osoby.\n\n- ćwiczenia w parach\n- rozmowa"
_AUDIENCES = ("social_workers", "prison_staff", "convicts", "released", "families")
_TOPICS = (
    "Poznajemy się",
    "Rozmowa, która nie rani",
    "Złość i co z nią zrobić",
    "Dokumenty i urzędy",
    "Budżet domowy",
    "Długi",
    "Praca i umowy",
    "Zdrowie",
    "Bliscy po latach",
    "Plan na pierwszy miesiąc",
)
_PARTS = ("sala i dobór grupy", "skierowania i plan pomocy", "praktyki i staże")
_OUTCOMES = ("ukończą cały cykl", "mają plan na pierwszy miesiąc")


@dataclass(frozen=True, slots=True)
class Planned:
    """One date of an edition: when the rule has it, its number and topic; without a number it is left out."""

    starts: datetime
    number: int = 0
    off: bool = False

    @property
    def topic(self) -> str:
        """What it is about."""
        return _TOPICS[(self.number - 1) % len(_TOPICS)]


@dataclass(frozen=True, slots=True)
class Project:
    """A project of the load: what all its rows are made of."""

    key: str
    title: str
    kind: ProgrammeKind
    lead: Host
    partners: tuple[Host, ...]
    minutes: int
    capacity: int | None
    closed: bool
    dates: tuple[Planned, ...]
    made: datetime
    today: date

    @property
    def uuid(self) -> UUID:
        """The address of its event."""
        return uuid5(NAMESPACE_URL, f"kladka:{self.key}")

    @property
    def sessions(self) -> tuple[Planned, ...]:
        """The dates that stand in the plan."""
        return tuple(one for one in self.dates if one.number)

    @property
    def state(self) -> ProgrammeState:
        """By its dates: before the first, between them, after the last."""
        if self.dates[-1].starts.date() < self.today:
            return ProgrammeState.COMPLETED
        return ProgrammeState.RECRUITING if self.dates[0].starts.date() > self.today else ProgrammeState.RUNNING

    def ends(self, one: Planned) -> datetime:
        """Give the wall time at which a date ends."""
        return one.starts + timedelta(minutes=self.minutes)


def add_projects(
    session: Session, number: int, seed: int, today: date, progress: Progress = lambda _line: None
) -> None:
    """Bring the load of *seed* to *number* public projects of ten weekly sessions each, within 300 days of *today*.

    All of it is synthetic and led by institutions of the load, or of the demo where there is no load. The same numbers
    and seed give the same rows; a second call adds only what is missing. Sessions that are over have sealed records.
    """
    key = f"load_projects:{seed}"
    begin, owners = done(session, key), hosts(session, seed)
    feeds: set[tuple[FeedKind, int]] = set()
    for numbers in batches(range(begin, number), BATCH):
        feeds |= _add(session, [_project(seed, one, owners, today) for one in numbers])
        progress(f"projekty: {numbers[-1] + 1} z {number}")
    if begin < number:
        raise_feeds(session, feeds, instant(today))
        marks.set_mark(session, key, str(number))
    session.flush()


def _project(seed: int, number: int, owners: Sequence[Host], today: date) -> Project:
    key = f"load:{seed}:project:{number}"
    random = Random(key)  # noqa: S311 - the same load every time is wanted
    lead, *partners = random.sample(owners, min(1 + random.choice(_PARTNERS), len(owners)))
    kind = random.choice(tuple(_KINDS))
    first = today + timedelta(days=random.randint(EARLIEST, LATEST))
    first -= timedelta(days=max(first.weekday() - 4, 0))
    while is_quiet(first):  # a series begins with a date that takes place
        first += timedelta(weeks=1)
    starts = wall(first, f"{random.randint(*_HOURS)}:{random.choice((0, 30)):02d}")
    dates: list[Planned] = []
    count = 0
    while count < SESSIONS:
        left_out = is_quiet(starts.date())
        count += not left_out
        off = not left_out and random.random() < _OFF_SHARE
        dates.append(Planned(starts, 0 if left_out else count, off))
        starts += timedelta(weeks=1)
    return Project(
        key=key,
        title=f"{_KINDS[kind][1]} ({number + 1})",
        kind=kind,
        lead=lead,
        partners=tuple(partners),
        minutes=random.choice(_LENGTHS),
        capacity=random.randint(8, 20) if random.random() < _LIMITED_SHARE else None,
        closed=random.random() < _CLOSED_SHARE,
        dates=tuple(dates),
        made=instant(min(first, today) - timedelta(days=random.randint(15, 60)), "8:00"),
        today=today,
    )


def _add(session: Session, projects: Sequence[Project]) -> set[tuple[FeedKind, int]]:
    """Write all rows of these projects; return the feeds that they stand in."""
    add(session, Programme, [_programme(one) for one in projects])
    slugs = select(Programme.slug, Programme.id).where(col(Programme.slug).in_([_slug(one) for one in projects]))
    ids = {slug: number or 0 for slug, number in session.exec(slugs).all()}
    programmes = [(one, ids[_slug(one)]) for one in projects]
    add(session, ProgrammePartner, [row for one, number in programmes for row in _partners(one, number)])
    add(session, ProgrammeHappening, [row for one, number in programmes for row in _happenings(one, number)])
    add(
        session,
        ProgrammeAudience,
        [{"programme_id": number, "code": code} for one, number in programmes for code in _audience(one)],
    )
    add(session, ProgrammeMilestone, [row for one, number in programmes for row in _milestones(one, number)])
    add(session, Edition, [_edition(one, number) for one, number in programmes])
    found = select(Edition.programme_id, Edition.id).where(col(Edition.programme_id).in_(list(ids.values())))
    editions = {owner: number or 0 for owner, number in session.exec(found).all()}
    outcomes = [row for one, number in programmes for row in _outcomes(one, editions[number])]
    add(session, EditionOutcome, outcomes)
    add(session, Event, [_event(one, number, editions[number]) for one, number in programmes])
    named = select(Event.uuid, Event.id).where(col(Event.uuid).in_([one.uuid for one in projects]))
    events = {uuid: number or 0 for uuid, number in session.exec(named).all()}
    add(session, Occurrence, [row for one in projects for row in _occurrences(one, events[one.uuid])])
    _add_sessions(session, programmes, editions, events)
    return _add_texts(session, programmes, events)


def _slug(one: Project) -> str:
    seed, number = one.key.split(":")[1::2]
    return f"proba-projekt-{seed}-{int(number) + 1}"


def _audience(one: Project) -> list[str]:
    return sorted(Random(f"{one.key}:audience").sample(_AUDIENCES, 2))  # noqa: S311 - as above


def _programme(one: Project) -> Row:
    summary = f"Cykl {SESSIONS} spotkań w grupie: {_TOPICS[1].lower()}, {_TOPICS[4].lower()}, {_TOPICS[6].lower()}."
    target = "osoby, które przygotowują się do wyjścia na wolność (grupa zamknięta)"
    names = [host.name for host in (one.lead, *one.partners)]
    amount = Random(f"{one.key}:grant").randint(*_GRANT) * 1000  # noqa: S311 - as above
    first, last = one.dates[0].starts.date(), one.dates[-1].starts.date()
    return {
        "slug": _slug(one),
        "title": one.title,
        "kind": one.kind,
        "state": one.state,
        "lead_id": one.lead.id,
        "voivodeship_code": one.lead.voivodeship_code,
        "summary": summary,
        "description": _DESCRIPTION,
        "target_group": target,
        "goals": "Każda osoba wychodzi z planem na pierwszy miesiąc.",
        "funding": "Fundusz próbny (przykład)",
        "grant_number": f"FP/{one.key.rpartition(':')[2]}/DEMO",
        "total_amount": amount + 20_000,
        "grant_amount": amount,
        "reports_quarterly": True,
        "audience": _audience(one),
        "how_to_join": "Zgłoś liczbę osób na stronie projektu.",
        "starts_on": first,
        "ends_on": last,
        "recruiting_until": first - timedelta(days=1) if one.state is ProgrammeState.RECRUITING else None,
        "sort_key": sort_key(one.title),
        "search_text": search_text(one.title, summary, target, *names),
        "changed_at": one.made,
        "published_at": one.made,
        "synthetic": True,
    }


def _partners(one: Project, programme_id: int) -> Iterator[Row]:
    for position, host in enumerate(one.partners):
        yield {
            "programme_id": programme_id,
            "institution_id": host.id,
            "part": _PARTS[position],
            "agreed_part": _PARTS[position],
            "position": position,
            "answer": PartnerAnswer.CONFIRMED,
            "asked_at": one.made - timedelta(days=5),
            "answered_at": one.made - timedelta(days=3),
        }


def _happenings(one: Project, programme_id: int) -> Iterator[Row]:
    for host in one.partners:
        yield _happening(programme_id, Happening.CONFIRMED, one.made - timedelta(days=3), host.id)
    yield _happening(programme_id, Happening.PUBLISHED, one.made, one.lead.id)


def _happening(programme_id: int, what: Happening, at: datetime, institution_id: int) -> Row:
    return {"programme_id": programme_id, "happening": what, "happened_at": at, "institution_id": institution_id}


def _milestones(one: Project, programme_id: int) -> Iterator[Row]:
    steps = ((one.dates[0].starts, "nabór do grupy"), (one.dates[-1].starts, "podsumowanie z partnerami"))
    for position, (at, text) in enumerate(steps):
        month = at.date().replace(day=1)
        yield {"programme_id": programme_id, "position": position, "month": month, "text": text}


def _edition(one: Project, programme_id: int) -> Row:
    over = one.state is ProgrammeState.COMPLETED
    return {
        "programme_id": programme_id,
        "number": 1,
        "name": "",
        "state": EditionState.COMPLETED if over else EditionState.OPEN,
        "starts_on": one.dates[0].starts.date(),
        "ends_on": one.dates[-1].starts.date(),
        "sessions": SESSIONS,
        "participants": one.closed,
        "capacity": one.capacity,
        "changed_at": one.made,
        "completed_at": warsaw.to_utc(one.ends(one.dates[-1])) if over else None,
        "synthetic": True,
    }


def _outcomes(one: Project, edition_id: int) -> Iterator[Row]:
    over = one.state is ProgrammeState.COMPLETED
    for position, text in enumerate(_OUTCOMES):
        yield {
            "edition_id": edition_id,
            "position": position,
            "text": text,
            "target": 10 - 2 * position,
            "achieved": 8 - position if over else None,
            "partly": 1 if over else None,
            "missed": 1 + position if over else None,
        }


def _event(one: Project, programme_id: int, edition_id: int) -> Row:
    first = one.dates[0].starts
    rule = Rule(days=(first.weekday(),), count=len(one.dates))
    return {
        "uuid": one.uuid,
        "uid": ical.uid(one.uuid, site.hostname()),
        "title": one.title,
        "kind": _KINDS[one.kind][0],
        "state": State.PUBLISHED,
        "visibility": Visibility.PUBLIC,
        "organiser_id": one.lead.id,
        "place_institution_id": one.lead.id,
        "room": "sala 1",
        "voivodeship_code": one.lead.voivodeship_code,
        "programme_id": programme_id,
        "edition_id": edition_id,
        "local_start": first,
        "minutes": one.minutes,
        "rule": recurrence.to_text(rule),
        "sequence": 0,
        "capacity": one.capacity,
        "signup_scope": SignUpScope.SERIES,
        "participants": one.closed,
        "audience": _audience(one),
        "topics": [],
        "description": "",
        "created_at": one.made,
        "changed_at": one.made,
        "published_at": one.made,
        "synthetic": True,
    }


def _occurrences(one: Project, event_id: int) -> Iterator[Row]:
    for date_ in one.dates:
        over = one.ends(date_).date() < one.today and date_.number and not date_.off
        yield {
            "event_id": event_id,
            "original_local": date_.starts,
            "starts_at": warsaw.to_utc(date_.starts),
            "ends_at": warsaw.to_utc(one.ends(date_)),
            "local_date": date_.starts.date(),
            "state": _state(date_),
            "visibility": Visibility.PUBLIC,
            "kind": _KINDS[one.kind][0],
            "voivodeship_code": one.lead.voivodeship_code,
            "organiser_id": one.lead.id,
            "place_institution_id": one.lead.id,
            "title": f"{one.title}: {date_.topic}" if date_.number else None,
            "cancel_reason": _REASON if date_.off else "",
            "sequence": int(date_.off),
            "changed_at": one.made,
            "outcome": Outcome.HELD if over else None,
        }


def _state(one: Planned) -> State:
    if not one.number:
        return State.REMOVED
    return State.CANCELLED if one.off else State.PUBLISHED


def _add_sessions(
    session: Session,
    programmes: Sequence[tuple[Project, int]],
    editions: Mapping[int, int],
    events: Mapping[UUID, int],
) -> None:
    """Write what hangs on the dates and on the events: numbers and topics, records, partners, who leads."""
    found = session.exec(
        select(Occurrence.event_id, Occurrence.original_local, Occurrence.id).where(
            col(Occurrence.event_id).in_(list(events.values()))
        )
    ).all()
    dates = {(event_id, original): number or 0 for event_id, original, number in found}
    numbered = [
        (one, date_, editions[programme_id], dates[events[one.uuid], date_.starts])
        for one, programme_id in programmes
        for date_ in one.sessions
    ]
    add(
        session,
        EditionSession,
        [
            {"occurrence_id": number, "edition_id": edition_id, "number": date_.number, "topic": date_.topic}
            for _one, date_, edition_id, number in numbered
        ],
    )
    add(
        session,
        Record,
        [
            _record(one, date_, number)
            for one, date_, _edition_id, number in numbered
            if not date_.off and one.ends(date_).date() < one.today
        ],
    )
    add(
        session,
        EventParty,
        [
            {"event_id": events[one.uuid], "institution_id": host.id, "part": Part.INVITED}
            for one, _programme_id in programmes
            for host in one.partners
        ],
    )
    add(
        session,
        EventSpeaker,
        [
            {"event_id": events[one.uuid], "position": at, "person": name, "function": function}
            | {"institution_id": one.lead.id}
            for one, _programme_id in programmes
            for at, (name, function) in enumerate(_LEADS[:2])
        ],
    )


def _record(one: Project, date_: Planned, occurrence_id: int) -> Row:
    starts_at, ends_at = warsaw.to_utc(date_.starts), warsaw.to_utc(one.ends(date_))
    written = ends_at + timedelta(hours=2)
    inside = 4 + (date_.starts.day + date_.number) % 8
    facts = minutes.Sealed(
        occurrence_id=occurrence_id,
        starts_at=starts_at,
        outcome=Outcome.HELD,
        reason="",
        side=None,
        note="",
        numbers=(inside, None, None),
        topics=(),
        body="",
        people=(),
        tasks=(),
        replies=(),
        submitted_at=written,
        sealed_at=written,
    )
    return {
        "occurrence_id": occurrence_id,
        "state": RecordState.SEALED,
        "outcome": Outcome.HELD,
        "people_inside": inside,
        "topics": [],
        "made_at": written,
        "changed_at": written,
        "submitted_at": written,
        "sealed_at": written,
        "seal": minutes.seal(facts, {}),
    }


def _add_texts(
    session: Session, programmes: Sequence[tuple[Project, int]], events: Mapping[UUID, int]
) -> set[tuple[FeedKind, int]]:
    """Write words and calendar texts and let them stand in their feeds; return these."""
    words: list[Row] = []
    texts: list[Row] = []
    stands: list[Row] = []
    for one, programme_id in programmes:
        event_id, host = events[one.uuid], one.lead
        kind = _KINDS[one.kind][0]
        said = (one.title, KIND_LABEL_PL[kind], KIND_LABEL[kind], host.name, host.post_town)
        words += search.rows(event_id, said, one.sessions[-1].starts.date())
        texts.append(
            {
                "event_id": event_id,
                "render": ical.RENDER,
                "cancelled": False,
                "last_day": warsaw.to_utc(one.ends(one.sessions[-1])),
                "modified": one.made,
                "ics": ical.vevents(_items(one)),
            }
        )
        feeds = [
            (FeedKind.INSTITUTION, host.id),
            (FeedKind.PROGRAMME, programme_id),
            *((FeedKind.INNER, owner.id) for owner in (host, *one.partners)),
        ]
        stands += [{"kind": feed, "owner_id": owner_id, "event_id": event_id} for feed, owner_id in feeds]
    add(session, EventWord, words)
    add(session, EventText, texts)
    add(session, InnerText, [{**text, "busy": ical.busy(text["ics"])} for text in texts])
    add(session, FeedEvent, stands)
    return {(row["kind"], row["owner_id"]) for row in stands}


def _items(one: Project) -> Iterator[CalendarItem]:
    """Say the same as events.calendar.actions.items, without a statement per event."""
    host = one.lead
    street = " ".join(part for part in (host.street, host.post_town) if part)
    lines = ["Dane przykładowe. To wydarzenie jest zmyślone.", f"Organizator: {host.name}"]
    first, url = one.dates[0].starts, site.absolute(f"/wydarzenia/{one.uuid}")
    master = CalendarItem(
        uid=ical.uid(one.uuid, site.hostname()),
        sequence=0,
        title=f"{one.title} (dane przykładowe)",
        description="\n".join(lines),
        location=", ".join(part for part in (host.name, "sala 1", street) if part),
        url=url,
        starts_at=warsaw.to_utc(first),
        ends_at=warsaw.to_utc(one.ends(one.dates[0])),
        all_day=False,
        local_date_start=first.date(),
        local_date_end=first.date(),
        created=one.made,
        modified=one.made,
        categories=(KIND_LABEL_PL[_KINDS[one.kind][0]],),
        rule=recurrence.to_text(Rule(days=(first.weekday(),), count=len(one.dates))),
        left_out=tuple(date_.starts for date_ in one.dates if not date_.number),
    )
    yield master
    for date_ in one.sessions:
        reason = (f"Odwołane: {_REASON}",) if date_.off else ()
        yield replace(
            master,
            sequence=int(date_.off),
            title=f"{one.title}: {date_.topic} (dane przykładowe)",
            description="\n".join((lines[0], *reason, *lines[1:])),
            url=f"{url}/{date_.starts.date()}",
            starts_at=warsaw.to_utc(date_.starts),
            ends_at=warsaw.to_utc(one.ends(date_)),
            local_date_start=date_.starts.date(),
            local_date_end=date_.starts.date(),
            cancelled=date_.off,
            rule="",
            left_out=(),
            replaces=date_.starts,
        )
