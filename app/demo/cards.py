"""The demo's invented institutions, their contacts and agreements."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel import Session, col, delete, select

from app.actors import Actor
from app.demo.dates import instant, weeks_after
from app.demo.seed import Entry
from app.demo.vocabulary import Ids, by_key
from partners.agreements.models import Agreement, AgreementKind, AgreementParty, AgreementState, Clause, Side
from partners.availability.models import Unavailability
from partners.contacts.models import CardReport, Contact, ContactAbsence, ReportKind
from partners.institutions.actions import NewCard, add_institution
from partners.institutions.models import Institution, InstitutionTerritory, Kind, Room, ServiceOffer
from partners.territory.models import Gmina

VOIVODESHIP = "08"
BASIS = "dane przykładowe"
_MAILBOXES = {
    "duty_desk": "przepustki",
    "front_desk": "kontakt",
    "head": "sekretariat",
    "penitentiary_contact": "dzial.penitencjarny",
    "prison_social_worker": "pracownik.socjalny",
    "programme_coordinator": "programy",
    "records_contact": "ewidencja",
    "social_work_contact": "praca.socjalna",
}
_SIDES = (("prison", Side.PRISON), ("welfare", Side.WELFARE), ("ngo", Side.NGO), ("office", Side.OFFICE))


def load_institutions(session: Session, entries: list[Entry], services: Ids, today: date) -> Ids:
    """Add the invented institutions with their contacts; return ids by slug of these alone."""
    ids = invented(session)
    for entry in entries:
        if entry["key"] in ids:
            continue
        gmina = session.get_one(Gmina, entry["gmina"])
        card = NewCard(
            name=entry["name"],
            kind=Kind(entry["kind"]),
            slug=entry["key"],
            short_name=entry["short"],
            parent_id=ids[entry["parent"]] if "parent" in entry else None,
            gmina_code=gmina.code,
            street=entry["street"],
            post_town=gmina.name,
            locality=gmina.name,
            email=f"sekretariat@{entry['key']}.example",
            phone=entry["phone"],
            hours=entry["hours"],
            description=entry["description"],
            synthetic=True,
            aliases=tuple(entry.get("aliases", ())),
            features=tuple(entry.get("features", ())),
            offers={services[key]: "" for key in entry.get("offers", ())},
            offers_basis=BASIS,
        )
        owner = add_institution(session, Actor.system(), card, instant(weeks_after(today, -30))).id or 0
        ids[entry["key"]] = owner
        session.add_all(_contact(owner, entry["key"], row, at) for at, row in enumerate(entry["contacts"]))
        _furnish(session, owner, entry, services)
    session.flush()
    date_cards(session, entries, ids, today)
    return ids


def _furnish(session: Session, owner: int, entry: Entry, services: Ids) -> None:
    """Add the rooms, the territory and the details of services that the entry names."""
    session.add_all(InstitutionTerritory(institution_id=owner, code=code) for code in entry.get("serves", ()))
    session.add_all(Room(institution_id=owner, position=at, **room) for at, room in enumerate(entry.get("rooms", ())))
    for key, words in entry.get("details", {}).items():
        offer = session.exec(
            select(ServiceOffer).where(ServiceOffer.institution_id == owner, ServiceOffer.service_id == services[key])
        ).one()
        for name, text in words.items():
            setattr(offer, name, text)


def invented(session: Session) -> Ids:
    """Return the ids of the invented institutions by slug."""
    return by_key(session.exec(select(Institution.slug, Institution.id).where(Institution.synthetic)).all())


def date_cards(session: Session, entries: list[Entry], ids: Ids, today: date) -> None:
    """Set when contacts were confirmed and services checked, counted from *today*."""
    for entry in entries:
        owner = ids[entry["key"]]
        ago = entry.get("confirmed")
        session.get_one(Institution, owner).confirmed_on = today - timedelta(days=ago) if ago else None
        contacts = session.exec(select(Contact).where(Contact.institution_id == owner)).all()
        days = {row["role"]: row.get("confirmed") for row in entry["contacts"]}
        for contact in contacts:
            ago = days.get(contact.role)
            contact.confirmed_on = today - timedelta(days=ago) if ago else None
        _date_absences(session, entry, contacts, today)
        _date_reports(session, entry, ids, today)
        _date_blocked(session, entry, owner, today)
        offers = session.exec(select(ServiceOffer).where(ServiceOffer.institution_id == owner)).all()
        for number, offer in enumerate(offers):
            # One older than a year, so that the page shows what becomes of it.
            offer.checked_on = today - timedelta(days=400 if number == 6 else 30 + 20 * number)
    session.flush()


def _date_absences(session: Session, entry: Entry, contacts: Sequence[Contact], today: date) -> None:
    """Let contacts be away from-to, counted in days from *today*."""
    away = {(row["role"], row.get("person", "")): row["away"] for row in entry["contacts"] if "away" in row}
    present = [contact.id for contact in contacts]
    session.exec(delete(ContactAbsence).where(col(ContactAbsence.contact_id).in_(present)))
    for contact in contacts:
        if (contact.role, contact.person) in away:
            first, last = (today + timedelta(days=days) for days in away[contact.role, contact.person])
            noted = instant(first - timedelta(days=3))
            session.add(ContactAbsence(contact_id=contact.id or 0, starts_on=first, ends_on=last, noted_at=noted))


def _date_blocked(session: Session, entry: Entry, owner: int, today: date) -> None:
    """Block days of an institution or a room, counted in weeks from the one of *today*; others' periods stay."""
    rooms = {
        name: number for number, name in session.exec(select(Room.id, Room.name).where(Room.institution_id == owner))
    }
    monday = today - timedelta(days=today.weekday())
    for row in entry.get("blocked", ()):
        of_ours = (Unavailability.institution_id == owner, Unavailability.reason == row["reason"])
        session.exec(delete(Unavailability).where(*of_ours))  # type: ignore[arg-type]
        first, last = (monday + timedelta(weeks=row["week"], days=number) for number in row["days"])
        session.add(
            Unavailability(
                institution_id=owner,
                room_id=rooms[row["room"]] if "room" in row else None,
                first_day=first,
                last_day=last,
                reason=row["reason"],
                made_at=instant(today - timedelta(days=20)),
                synthetic=True,
            )
        )


def _date_reports(session: Session, entry: Entry, ids: Ids, today: date) -> None:
    """Put the open reports on a card anew, made some days before *today*."""
    owner = ids[entry["key"]]
    session.exec(delete(CardReport).where(col(CardReport.institution_id) == owner))
    session.add_all(
        CardReport(
            institution_id=owner,
            kind=ReportKind(row["kind"]),
            note=row["note"],
            reporter_institution_id=ids.get(row["by"]),
            reported_at=instant(today - timedelta(days=row["ago"])),
        )
        for row in entry.get("reports", ())
    )


def load_agreements(session: Session, entries: list[Entry], ids: Ids, types: Ids, today: date) -> None:
    """Add the invented agreements, numbered from P-08-900."""
    known = set(session.exec(select(Agreement.number)).all())
    order = list(types)
    for entry in entries:
        if entry["number"] in known:
            continue
        agreement = Agreement(
            number=entry["number"],
            kind=AgreementKind(entry["kind"]),
            state=AgreementState(entry["state"]),
            voivodeship_code=VOIVODESHIP,
            subject=entry["subject"],
            note=entry.get("note", ""),
            changed_at=instant(today),
            synthetic=True,
        )
        session.add(agreement)
        session.flush()
        owner = agreement.id or 0
        sides = [(entry[part], side) for part, side in _SIDES if part in entry]
        functions = [*entry.get("functions", ()), *[""] * len(sides)]
        session.add_all(
            AgreementParty(
                agreement_id=owner, institution_id=ids[key], side=side, signatory_function=function, position=position
            )
            for position, ((key, side), function) in enumerate(zip(sides, functions, strict=False))
        )
        session.add_all(
            Clause(
                agreement_id=owner,
                clause_type_id=types[key],
                months=clause.get("months"),
                detail=clause.get("detail", ""),
                position=order.index(key),
            )
            for key, clause in entry["clauses"].items()
        )
    session.flush()
    date_agreements(session, entries, today)


def date_agreements(session: Session, entries: list[Entry], today: date) -> None:
    """Set the dates of the invented agreements, counted from *today*."""
    rows = {row.number: row for row in session.exec(select(Agreement).where(Agreement.synthetic)).all()}
    for entry in entries:
        row = rows[entry["number"]]
        row.signed_on = _weeks(today, entry.get("signed"))
        row.valid_from = _weeks(today, entry.get("from"))
        row.valid_to = _weeks(today, entry.get("to"))
        row.changed_at = instant(_weeks(today, entry.get("signed")) or weeks_after(today, -2))
    session.flush()


def _contact(owner: int, key: str, row: Entry, position: int) -> Contact:
    return Contact(
        institution_id=owner,
        role=row["role"],
        mailbox=f"{_MAILBOXES[row['role']]}@{key}.example",
        person=row.get("person", ""),
        phone=row.get("phone", ""),
        hours=row.get("hours", ""),
        public=row.get("public", False),
        position=position,
    )


def _weeks(today: date, weeks: int | None) -> date | None:
    return None if weeks is None else weeks_after(today, weeks)
