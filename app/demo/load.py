"""A deterministic load for measurements: many invented institutions and events, written in bulk."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlmodel import Session, SQLModel, col, func, insert, select, update

from app import marks, site, warsaw
from app.demo.dates import instant, wall
from app.text import search_text, sort_key
from events import ical
from events.calendar.models import Event, EventKind, Occurrence, State, Visibility
from events.calendar.rules import KIND_LABEL, KIND_LABEL_PL
from events.ical import CalendarItem
from events.search import actions as search
from events.search.models import EventWord
from events.shelf.models import EventText, FeedEvent, FeedKind, FeedState, InnerText
from partners.institutions.models import Institution, Kind, Service, ServiceOffer, Status
from partners.territory.models import Gmina

BATCH = 2000
SPREAD = 270
_CANCELLED_SHARE, _PUBLIC_SHARE, _PARTNERS_SHARE, _LIMITED_SHARE = 0.03, 0.7, 0.9, 0.6
_HOURS = (8, 15)
_LENGTHS = (60, 90, 120, 180, 240)
_REASON = "Choroba prowadzącego"

_NAMES: Mapping[Kind, str] = {
    Kind.OPS: "Ośrodek Pomocy Społecznej",
    Kind.GOPS: "Gminny Ośrodek Pomocy Społecznej",
    Kind.MOPS: "Miejski Ośrodek Pomocy Społecznej",
    Kind.PCPR: "Powiatowe Centrum Pomocy Rodzinie",
    Kind.PUP: "Powiatowy Urząd Pracy",
    Kind.NGO: "Stowarzyszenie Próba",
    Kind.CIS: "Centrum Integracji Społecznej",
    Kind.SHELTER: "Schronisko",
    Kind.SOCIAL_COOPERATIVE: "Spółdzielnia Socjalna",
    Kind.EXTERNAL_UNIT: "Oddział Zewnętrzny",
}
_TITLES: Mapping[EventKind, str] = {
    EventKind.GROUP_MEETING: "Spotkanie: świadczenia i schronienie",
    EventKind.DUTY_HOURS: "Dyżur pracownika socjalnego",
    EventKind.STAFF_TRAINING: "Szkolenie kadry: pierwsza rozmowa",
    EventKind.STUDY_VISIT: "Wizyta studyjna w ośrodku",
    EventKind.COORDINATION_MEETING: "Narada koordynatorów",
    EventKind.CONFERENCE: "Konferencja o powrocie do społeczeństwa",
    EventKind.WORKSHOP: "Warsztaty: budżet domowy",
    EventKind.FAMILY_THERAPY: "Spotkanie terapeutyczne dla rodzin",
    EventKind.GROUP_THERAPY: "Terapia grupowa",
    EventKind.VOCATIONAL_TRAINING: "Szkolenie zawodowe",
    EventKind.COUNSELLING: "Doradztwo zawodowe",
    EventKind.OTHER: "Dzień otwarty",
}
_TOPICS = ("dokumenty i urzędy", "mieszkanie po wyjściu", "praca i umowy", "zdrowie", "rozmowa z bliskimi")
_AUDIENCES = ("social_workers", "prison_staff", "ngo_staff", "families", "released")

Row = dict[str, Any]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Host:
    """An institution that the load's events take place in."""

    id: int
    name: str
    street: str
    post_town: str
    voivodeship_code: str | None


def add_load(
    session: Session,
    events: int,
    institutions: int,
    seed: int,
    today: date,
    progress: Progress = lambda _line: None,
) -> None:
    """Bring the load of *seed* to *institutions* institutions and *events* events within 270 days of *today*.

    All of it is synthetic. The same numbers and seed give the same rows; a second call adds only what is missing.
    Texts go to the shelf in bulk. The territory must be loaded.
    """
    _institutions(session, seed, institutions, today, progress)
    _events(session, seed, events, today, progress)
    session.flush()


def _institutions(session: Session, seed: int, number: int, today: date, progress: Progress) -> None:
    begin = done(session, f"load_institutions:{seed}")
    gminas = session.exec(select(Gmina.code, Gmina.name, Gmina.voivodeship_code).order_by(Gmina.code)).all()
    services = [
        service_id or 0 for service_id in session.exec(select(Service.id).order_by(col(Service.position))).all()
    ]
    for numbers in batches(range(begin, number)):
        last = session.exec(select(func.max(Institution.id))).one() or 0
        add(session, Institution, [_institution(seed, one, gminas, instant(today)) for one in numbers])
        new = session.exec(select(Institution.id).where(col(Institution.id) > last).order_by(col(Institution.id))).all()
        offers = [
            {"institution_id": owner, "service_id": service, "note": "", "basis": ""}
            for owner in new
            for service in Random(f"{seed}:offer:{owner}").sample(services, min(2, len(services)))  # noqa: S311 - seeded
        ]
        add(session, ServiceOffer, offers)
        progress(f"instytucje: {numbers[-1] + 1} z {number}")
    if begin < number:
        marks.set_mark(session, f"load_institutions:{seed}", str(number))


def _institution(seed: int, number: int, gminas: Sequence[tuple[str, str, str]], now: datetime) -> Row:
    random = Random(f"{seed}:institution:{number}")  # noqa: S311 - the same load every time is wanted
    code, town, voivodeship = random.choice(gminas)
    kind = random.choice(tuple(_NAMES))
    name = f"{_NAMES[kind]} nr {number + 1} – {town} (pokazowe)"
    return {
        "slug": f"proba-{seed}-{number + 1}",
        "name": name,
        "short_name": "",
        "kind": kind,
        "gmina_code": code,
        "voivodeship_code": voivodeship,
        "street": f"ul. Próbna {random.randint(1, 90)}",
        "post_town": town,
        "locality": town,
        "email": f"sekretariat@proba-{seed}-{number + 1}.example",
        "status": Status.ACTIVE,
        "sort_key": sort_key(name),
        "search_text": search_text(name, town),
        "changed_at": now,
        "synthetic": True,
    }


def _events(session: Session, seed: int, number: int, today: date, progress: Progress) -> None:
    begin = done(session, f"load_events:{seed}")
    owners = hosts(session, seed)
    touched: set[int] = set()
    for numbers in batches(range(begin, number)):
        rows = [_event(seed, one, owners, today) for one in numbers]
        last = session.exec(select(func.max(Event.id))).one() or 0
        add(session, Event, rows)
        found = session.exec(select(Event.uuid, Event.id).where(col(Event.id) > last)).all()
        ids = {uuid: event_id or 0 for uuid, event_id in found}
        add(session, Occurrence, [_occurrence(row, ids[row["uuid"]]) for row in rows])
        by_id = {host.id: host for host in owners}
        texts = [_text(row, ids[row["uuid"]], by_id[row["organiser_id"]]) for row in rows]
        public = [row for row in rows if row["visibility"] is Visibility.PUBLIC]
        shown = {ids[row["uuid"]] for row in public}
        add(session, EventWord, [word for row in rows for word in _words(row, ids[row["uuid"]], by_id)])
        add(session, EventText, [text for text in texts if text["event_id"] in shown])
        add(session, InnerText, [{**text, "busy": ical.busy(text["ics"])} for text in texts])
        add(
            session,
            FeedEvent,
            [
                {"kind": FeedKind.INSTITUTION, "owner_id": row["organiser_id"], "event_id": ids[row["uuid"]]}
                for row in public
            ]
            + [{"kind": FeedKind.INNER, "owner_id": row["organiser_id"], "event_id": ids[row["uuid"]]} for row in rows],
        )
        touched |= {row["organiser_id"] for row in rows}
        progress(f"wydarzenia: {numbers[-1] + 1} z {number}")
    if begin < number:
        kinds = (FeedKind.INSTITUTION, FeedKind.INNER)
        raise_feeds(session, {(kind, owner) for kind in kinds for owner in touched}, instant(today))
        marks.set_mark(session, f"load_events:{seed}", str(number))


def hosts(session: Session, seed: int) -> list[Host]:
    """Give the institutions of this load, or of the demo where there is no load."""
    statement = select(Institution).where(Institution.synthetic).order_by(col(Institution.id))
    rows = session.exec(statement.where(col(Institution.slug).startswith(f"proba-{seed}-"))).all()
    rows = rows or session.exec(statement).all()
    found = [Host(row.id or 0, row.name, row.street, row.post_town, row.voivodeship_code) for row in rows]
    session.expunge_all()
    return found


def _event(seed: int, number: int, hosts: Sequence[Host], today: date) -> Row:
    random = Random(f"{seed}:event:{number}")  # noqa: S311 - the same load every time is wanted
    host = random.choice(hosts)
    kind = random.choice(tuple(_TITLES))
    day = today + timedelta(days=random.randint(-SPREAD, SPREAD))
    day -= timedelta(days=max(day.weekday() - 4, 0))
    starts = wall(day, f"{random.randint(*_HOURS)}:{random.choice((0, 30)):02d}")
    share, cancelled = random.random(), random.random() < _CANCELLED_SHARE
    uuid = uuid5(NAMESPACE_URL, f"kladka:load:{seed}:{number}")
    made = instant(min(day, today) - timedelta(days=random.randint(1, 40)), "8:00")
    return {
        "uuid": uuid,
        "uid": f"{uuid}@{site.hostname()}",
        "title": f"{_TITLES[kind]} ({number + 1})",
        "kind": kind,
        "state": State.CANCELLED if cancelled else State.PUBLISHED,
        "visibility": _visibility(share),
        "organiser_id": host.id,
        "place_institution_id": host.id,
        "room": f"sala {random.randint(1, 20)}",
        "voivodeship_code": host.voivodeship_code,
        "local_start": starts,
        "minutes": random.choice(_LENGTHS),
        "sequence": int(cancelled),
        "capacity": random.randint(8, 40) if random.random() < _LIMITED_SHARE else None,
        "audience": random.sample(_AUDIENCES, 2),
        "topics": random.sample(_TOPICS, 2),
        "description": "",
        "cancel_reason": _REASON if cancelled else "",
        "created_at": made,
        "changed_at": made,
        "published_at": made,
        "cancelled_at": made if cancelled else None,
        "synthetic": True,
    }


def _visibility(share: float) -> Visibility:
    if share < _PUBLIC_SHARE:
        return Visibility.PUBLIC
    return Visibility.PARTNERS if share < _PARTNERS_SHARE else Visibility.INVITED


def _span(row: Row) -> tuple[datetime, datetime]:
    starts_at = warsaw.to_utc(row["local_start"])
    return starts_at, starts_at + timedelta(minutes=row["minutes"])


def _occurrence(row: Row, event_id: int) -> Row:
    starts_at, ends_at = _span(row)
    return {
        "event_id": event_id,
        "original_local": row["local_start"],
        "starts_at": starts_at,
        "ends_at": ends_at,
        "local_date": row["local_start"].date(),
        "state": row["state"],
        "visibility": row["visibility"],
        "kind": row["kind"],
        "voivodeship_code": row["voivodeship_code"],
        "organiser_id": row["organiser_id"],
        "place_institution_id": row["place_institution_id"],
        "sequence": row["sequence"],
        "changed_at": row["changed_at"],
    }


def _words(row: Row, event_id: int, hosts: Mapping[int, Host]) -> list[Row]:
    """Say the same as events.calendar.actions puts into the index."""
    host = hosts[row["organiser_id"]]
    texts = (
        row["title"],
        KIND_LABEL_PL[row["kind"]],
        KIND_LABEL[row["kind"]],
        host.name,
        host.post_town,
        *row["topics"],
    )
    return search.rows(event_id, texts, row["local_start"].date())


def _text(row: Row, event_id: int, host: Host) -> Row:
    starts_at, ends_at = _span(row)
    return {
        "event_id": event_id,
        "render": ical.RENDER,
        "cancelled": row["state"] is State.CANCELLED,
        "last_day": ends_at,
        "modified": row["changed_at"],
        "ics": ical.vevent(_item(row, host, starts_at, ends_at)),
    }


def _item(row: Row, host: Host, starts_at: datetime, ends_at: datetime) -> CalendarItem:
    """Say the same as events.calendar.actions.item, without a statement per event."""
    lines = ["Dane przykładowe. To wydarzenie jest zmyślone."]
    if row["cancel_reason"]:
        lines.append(f"Odwołane: {row['cancel_reason']}")
    lines.append(f"Organizator: {host.name}")
    lines += [f"• {topic}" for topic in row["topics"]]
    street = " ".join(part for part in (host.street, host.post_town) if part)
    return CalendarItem(
        uid=row["uid"],
        sequence=row["sequence"],
        title=f"{row['title']} (dane przykładowe)",
        description="\n".join(lines),
        location=", ".join(part for part in (host.name, row["room"], street) if part),
        url=site.absolute(f"/wydarzenia/{row['uuid']}"),
        starts_at=starts_at,
        ends_at=ends_at,
        all_day=False,
        local_date_start=row["local_start"].date(),
        local_date_end=row["local_start"].date(),
        created=row["created_at"],
        modified=row["changed_at"],
        cancelled=row["state"] is State.CANCELLED,
        categories=(KIND_LABEL_PL[row["kind"]],),
    )


def raise_feeds(session: Session, feeds: set[tuple[FeedKind, int]], now: datetime) -> None:
    """Raise all feeds and let those of *feeds* begin that are new; the public one is among them."""
    known = set(session.exec(select(FeedState.kind, FeedState.owner_id)).all())
    # All feeds grow by one: that costs a subscriber one reading more, once.
    session.exec(update(FeedState).values(version=FeedState.version + 1, modified=now))
    first = int(now.astimezone(UTC).timestamp()) - int(instant(date(2026, 1, 1), "1:00").timestamp())
    rows = [
        {"kind": kind, "owner_id": owner, "version": max(first, 1), "modified": now}
        for kind, owner in sorted({(FeedKind.PUBLIC, 0), *feeds} - known)
    ]
    add(session, FeedState, rows)


def add(session: Session, table: type[SQLModel], rows: Sequence[Row]) -> None:
    """Write many rows at once."""
    if rows:
        session.execute(insert(table), rows)


def batches(numbers: range, size: int = BATCH) -> Iterator[list[int]]:
    """Cut *numbers* into lists of *size*."""
    rest = iter(numbers)
    while batch := list(islice(rest, size)):
        yield batch


def done(session: Session, key: str) -> int:
    """Give how far an earlier call of this load has come."""
    return int(marks.mark(session, key) or 0)
