"""The demo's facts: what five published documents say of real institutions, and nothing else."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlmodel import Session, col, select

from app.actors import Actor, Role
from app.demo.seed import Entry, seed, source
from app.demo.vocabulary import Ids, by_key, load_clause_types, load_services
from app.text import search_text, slug, sort_key
from events.calendar import actions as calendar
from events.calendar.models import Event, EventKind, Visibility
from events.calendar.rules import EventDraft
from partners.agreements.models import (
    Agreement,
    AgreementHistory,
    AgreementKind,
    AgreementParty,
    AgreementState,
    Clause,
    Side,
)
from partners.institutions.actions import NewCard, add_institution, reindex
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionFeature,
    InstitutionHistory,
    Kind,
    Status,
)
from projects.programmes.models import PartnerAnswer, Programme, ProgrammeKind, ProgrammePartner, ProgrammeState

PLACEHOLDER = "gops-gubin"
_LUBUSKIE = "08"
_SITE = "miejsce realizacji"

_AUDIENCE = {
    "inmates": "convicts",
    "inmates_near_release": "convicts",
    "prison_educators": "prison_staff",
    "prison_psychologists": "prison_staff",
}
_KIND_OFFERS = {
    "ops": "Źródło z 2017 r. mówi o ośrodkach pomocy społecznej w woj. lubuskim ogółem, nie o tym ośrodku z osobna.",
    "pcpr": "Źródło z 2017 r. mówi o powiatowych centrach pomocy rodzinie w woj. lubuskim ogółem, nie o tej placówce.",
}
_SOSNOWIEC_OFFER = "Temat spotkania w areszcie śledczym w 2024 r.; zakresu i godzin źródło nie podaje."
_SUBJECT_2017 = "wzajemna współpraca jednostki penitencjarnej i właściwego miejscowo ośrodka pomocy społecznej"
_UNSIGNED_2017 = "data podpisania nieznana (źródło z 2017 r.)"
_UNSIGNED = "data podpisania nieznana (źródło bez daty)"
_UNCERTAIN = "odczyt z wykresu, niepewny"
_ZERO = "0 na wykresie źródła – może oznaczać brak zapisu"
_AIMS = """\
- zasady współpracy określone w porozumieniu zakładu karnego z ośrodkiem pomocy społecznej właściwym ze względu na
  siedzibę zakładu
- koordynacja świadczeń z pomocy społecznej i pomocy postpenitencjarnej dla osób opuszczających zakłady karne
  i ich rodzin
- przeciwdziałanie izolacji i wykluczeniu społecznemu osób opuszczających zakłady karne i areszty śledcze"""
_OPS_KINDS = (Kind.OPS, Kind.MOPS, Kind.GOPS, Kind.MGOPS, Kind.MOPR, Kind.GCPR)


def load_facts(session: Session, now: datetime) -> None:
    """Load what the documents say; rows that are there already stay. Needs the reference data.

    Values that the seed file calls synthetic are left out: a real institution never gets an invented one.
    """
    services = load_services(session)
    types = load_clause_types(session)
    ids = _institutions(session, services, now)
    _agreements(session, ids, types, now)
    _histories(session, ids)
    _events(session, ids, now)
    _projects(session, ids, now)
    session.flush()


def fact_uuid(key: str) -> UUID:
    """Give the lasting address of an event of the seed file."""
    return uuid5(NAMESPACE_URL, f"kladka:facts:{key}")


def _institutions(session: Session, services: Ids, now: datetime) -> Ids:
    ids = by_key(session.exec(select(Institution.slug, Institution.id)).all())
    fresh = []
    for entry in seed()["institutions"]:
        key = entry["key"]
        if key == PLACEHOLDER:
            if key not in ids:
                ids[key] = add_institution(session, Actor.system(), _placeholder(entry), now).id or 0
        elif entry.get("synthetic"):
            continue
        elif key not in ids:
            ids[key] = add_institution(session, Actor.system(), _card(entry, services), now).id or 0
        else:
            fresh.append(entry)
    for entry in fresh:
        _enrich(session, session.get_one(Institution, ids[entry["key"]]), entry, ids)
    return ids


def _placeholder(entry: Entry) -> NewCard:
    return NewCard(
        name="Pomoc społeczna – gmina Gubin (OPS lub CUS, dane niepotwierdzone)",
        kind=Kind.OPS,
        slug=entry["key"],
        gmina_code=entry["gmina"],
        status=Status.UNCONFIRMED,
    )


def _card(entry: Entry, services: Ids) -> NewCard:
    acts_as = tuple(Kind(kind) for kind in entry.get("acts_as", ()))
    return NewCard(
        name=entry["name"].replace(" - ", " – "),
        kind=Kind(entry["kind"]),
        slug=entry["key"],
        short_name=entry.get("short", ""),
        gmina_code=entry.get("gmina"),
        voivodeship_code=entry.get("voivodeship"),
        aliases=tuple(entry.get("aliases", ())),
        acts_as=acts_as,
        basis=source(entry["basis"]),
        **_offers(entry, acts_as, services),
    )


def _offers(entry: Entry, acts_as: tuple[Kind, ...], services: Ids) -> Entry:
    catalogue = seed()["services_by_kind"]
    if entry["key"] == "mops-sosnowiec":
        named = [row["key"] for row in catalogue["ops"] if row.get("basis") == "sosnowiec-mops-2024"]
        offers = {services[key]: _SOSNOWIEC_OFFER for key in named}
        return {"offers": offers, "offers_basis": source("sosnowiec-mops-2024")}
    if not entry.get("gmina", "").startswith(_LUBUSKIE) or Kind(entry["kind"]) not in _OPS_KINDS:
        return {}
    groups = ["ops", *(["pcpr"] if Kind.PCPR in acts_as else [])]
    offers = {
        services[row["key"]]: _KIND_OFFERS[group] for group in groups for row in catalogue[group] if "basis" not in row
    }
    return {"offers": offers, "offers_basis": source("luw-slajdy-2017")}


def _enrich(session: Session, institution: Institution, entry: Entry, ids: Ids) -> None:
    """Add to a prison unit's card what only the documents say of it."""
    owner = institution.id or 0
    if entry.get("successor"):
        institution.successor_id = ids[entry["successor"]]
    for feature in entry.get("features", ()):
        session.merge(InstitutionFeature(institution_id=owner, feature=feature))
    for kind in entry.get("acts_as", ()):
        session.merge(InstitutionActsAs(institution_id=owner, kind=Kind(kind)))
    known = session.exec(select(InstitutionAlias.name).where(InstitutionAlias.institution_id == owner)).all()
    session.add_all(
        InstitutionAlias(institution_id=owner, name=name) for name in entry.get("aliases", ()) if name not in known
    )
    if "prison_unit" in entry:
        named = [*source(entry["basis"]).split("; "), *institution.basis.split("; ")]
        institution.basis = "; ".join(dict.fromkeys(words for words in named if words))
    reindex(session, institution)


def _agreements(session: Session, ids: Ids, types: Ids, now: datetime) -> None:
    known = set(session.exec(select(Agreement.number)).all())
    running: dict[str, int] = {}
    for entry in seed()["agreements"]:
        welfare = session.get_one(Institution, ids[entry["welfare"]])
        code = welfare.voivodeship_code or ""
        running[code] = running.get(code, 0) + 1
        number = f"P-{code}-{running[code]:03d}"
        if number not in known:
            _agreement(session, entry, number, ids, types, now)
    letter = seed()["documents"][0]
    number = f"LI-{letter['voivodeship']}-001"
    if number not in known:
        _letter(session, letter, number, ids, now)


def _agreement(session: Session, entry: Entry, number: str, ids: Ids, types: Ids, now: datetime) -> None:
    code = number.split("-")[1]
    outside = entry.get("scope") == "outside_lubuskie"
    agreement = Agreement(
        number=number,
        kind=AgreementKind.AGREEMENT,
        state=AgreementState.SOURCE_ONLY,
        voivodeship_code=code,
        subject=entry.get("subject", _SUBJECT_2017),
        planned=entry.get("planned", ""),
        signed_note=_UNSIGNED if outside else _UNSIGNED_2017,
        note=_note(entry, outside=outside),
        basis=source(entry.get("basis", "luw-slajdy-2017")),
        changed_at=now,
    )
    session.add(agreement)
    session.flush()
    owner = agreement.id or 0
    functions = ("dyrektor zakładu karnego", "dyrektor ośrodka") if outside else ("", "")
    session.add_all(
        AgreementParty(
            agreement_id=owner,
            institution_id=ids[entry[part]],
            side=side,
            signatory_function=function,
            position=position,
        )
        for position, (part, side, function) in enumerate(
            (("prison", Side.PRISON, functions[0]), ("welfare", Side.WELFARE, functions[1]))
        )
    )
    order = [row["key"] for row in seed()["clauses"]]
    for key in entry["clauses"]:
        session.add(Clause(agreement_id=owner, clause_type_id=types[key], position=order.index(key)))
    months = entry["notice_release_months"]
    if months is not None:
        key = "notice_release_date"
        session.add(
            Clause(
                agreement_id=owner,
                clause_type_id=types[key],
                months=months,
                uncertain=True,
                detail=_ZERO if months == 0 else _UNCERTAIN,
                position=order.index(key),
            )
        )
    session.flush()


def _note(entry: Entry, *, outside: bool) -> str:
    if outside:
        return "Źródło nie podaje daty podpisania ani poszczególnych postanowień."
    words = f"Na wykresie źródła: „{entry['chart_label']}”. Dzisiejszego stanu nie sprawdzano."
    if entry["prison"] == "oz-walowice":
        words += " Wałowice leżą w gminie wiejskiej Gubin; stroną porozumienia jest ośrodek miasta Gubin."
    return words


def _letter(session: Session, entry: Entry, number: str, ids: Ids, now: datetime) -> None:
    letter = Agreement(
        number=number,
        kind=AgreementKind.LETTER_OF_INTENT,
        state=AgreementState.SOURCE_ONLY,
        voivodeship_code=entry["voivodeship"],
        subject=entry["subject"],
        planned=_AIMS,
        signed_on=date.fromisoformat(entry["signed_on"]),
        note="List intencyjny o partnerskiej współpracy. Pozostałych stron źródło nie wymienia.",
        basis=source(entry["basis"]),
        changed_at=now,
    )
    session.add(letter)
    session.flush()
    session.add(AgreementParty(agreement_id=letter.id or 0, institution_id=ids["luw-wps"], side=Side.OFFICE))
    session.flush()


def _histories(session: Session, ids: Ids) -> None:
    for entry in seed()["events"]:
        if entry.get("record") != "history":
            continue
        concerned = [ids[entry["host"]], *(ids[key] for key in entry["visitors"])]
        if entry["kind"] == "agreement_signing":
            _agreement_line(session, entry, concerned)
            continue
        for owner in concerned:
            _line(session, owner, entry["key"], entry["title"], _what(entry), entry.get("year"), source(entry["basis"]))
    for owner in (ids["oz-walowice"], ids["as-lubsko"], ids["zk-krzywaniec"]):
        title = (
            "Oddział Zewnętrzny w Wałowicach: do 30 listopada 2018 r. przy Areszcie Śledczym w Lubsku, "
            "od 1 grudnia 2018 r. przy Zakładzie Karnym w Krzywańcu"
        )
        _line(session, owner, "walowice-2018", title, "", 2018, source("sw.gov.pl"))


def _agreement_line(session: Session, entry: Entry, concerned: list[int]) -> None:
    first, second = concerned
    statement = (
        select(AgreementParty.agreement_id)
        .where(AgreementParty.institution_id == first)
        .where(
            col(AgreementParty.agreement_id).in_(
                select(AgreementParty.agreement_id).where(AgreementParty.institution_id == second)
            )
        )
    )
    agreement_id = session.exec(statement).one()
    known = select(AgreementHistory.id).where(
        AgreementHistory.agreement_id == agreement_id, AgreementHistory.key == entry["key"]
    )
    if session.exec(known).first() is None:
        title = entry["title"].replace(" - ", " – ")
        basis = source(entry["basis"])
        session.add(AgreementHistory(agreement_id=agreement_id, key=entry["key"], title=title, basis=basis))


def _line(session: Session, owner: int, key: str, title: str, note: str, year: int | None, basis: str) -> None:
    known = select(InstitutionHistory.id).where(
        InstitutionHistory.institution_id == owner, InstitutionHistory.key == key
    )
    if session.exec(known).first() is None:
        session.add(InstitutionHistory(institution_id=owner, key=key, title=title, note=note, year=year, basis=basis))


def _what(entry: Entry) -> str:
    parts = []
    if entry.get("topics"):
        parts.append("Tematy: " + "; ".join(topic.replace(" - ", " – ") for topic in entry["topics"]) + ".")
    if entry.get("follow_up"):
        parts.append("Wskazane dalsze kroki: " + "; ".join(entry["follow_up"]) + ".")
    return " ".join(parts)


def _events(session: Session, ids: Ids, now: datetime) -> None:
    for entry in seed()["events"]:
        uuid = fact_uuid(entry["key"])
        if entry.get("record") == "history" or session.exec(select(Event.id).where(Event.uuid == uuid)).first():
            continue
        host = session.get_one(Institution, ids[entry["host"]])
        actor = Actor(role=Role.SYSTEM, name="Kładka", institution_id=host.id)
        event = calendar.draft(session, actor, _draft(entry, host), now, uuid=uuid)
        for key in entry["visitors"]:
            calendar.add_co_organiser(session, event, ids[key])
        calendar.record_past(session, actor, event, now)


def _draft(entry: Entry, host: Institution) -> EventDraft:
    day = date.fromisoformat(entry["date"])
    begins = datetime.combine(day, time.min, tzinfo=UTC).replace(tzinfo=None)
    hidden = set(entry.get("synthetic_keys", ()))
    words = ["Godziny nieznane: źródło podaje tylko dzień."]
    if "recurrence" in entry and "recurrence" not in hidden:
        words.append("Źródło mówi o spotkaniach organizowanych cyklicznie; odstępu nie podaje.")
    if entry.get("outcome_claim"):
        words.append(f"Według źródła {entry['outcome_claim']}.")
    return EventDraft(
        title=entry["title"],
        kind=EventKind(entry["kind"]),
        starts=begins,
        ends=begins + timedelta(days=1),
        all_day=True,
        place_institution_id=host.id,
        voivodeship_code=host.voivodeship_code,
        audience=tuple(dict.fromkeys(_AUDIENCE[key] for key in entry["audience"])),
        description="\n\n".join(words),
        topics=tuple(entry["topics"]),
        visibility=Visibility(entry.get("visibility", Visibility.PARTNERS)),
        basis=source(entry["basis"]),
    )


def _projects(session: Session, ids: Ids, now: datetime) -> None:
    known = set(session.exec(select(Programme.slug)).all())
    for entry in seed()["projects"]:
        if slug(entry["title"]) in known:
            continue
        lead_id = ids[entry["owner"]] if "owner" in entry else None
        concerned = [session.get_one(Institution, ids[key]) for key in entry.get("sites", [entry.get("owner")])]
        undated = "Źródło z 2017 r.; dzisiejszego stanu nie sprawdzano." if lead_id else ""
        programme = Programme(
            slug=slug(entry["title"]),
            title=entry["title"],
            kind=ProgrammeKind(entry["kind"]),
            state=ProgrammeState(entry["status"]),
            lead_id=lead_id,
            voivodeship_code=concerned[0].voivodeship_code,
            summary=undated or "Zrealizowany projekt: pawilon mieszkalny z oddziałem terapeutycznym i dom przejściowy.",
            description=(
                "Program opracowany przez Radę Terenową ds. Społecznej Readaptacji i Pomocy Osobom Skazanym."
                if lead_id
                else ""
            ),
            goals=entry.get("aim", ""),
            results="\n".join(f"- {result}" for result in entry.get("results", ())),
            funding=entry.get("funding", ""),
            sort_key=sort_key(entry["title"]),
            search_text=search_text(entry["title"], *(one.name for one in concerned)),
            basis=source(entry["basis"]),
            changed_at=now,
        )
        session.add(programme)
        session.flush()
        session.add_all(
            ProgrammePartner(
                programme_id=programme.id or 0,
                institution_id=ids[key],
                part=_SITE,
                agreed_part=_SITE,
                position=position,
                answer=PartnerAnswer.OUTSIDE,
            )
            for position, key in enumerate(entry.get("sites", ()))
        )
    session.flush()
