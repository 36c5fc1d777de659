"""Rows of institutions: what they would change on the cards that are there, and how it is written."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, delete, insert, literal, select, union_all, update

from app.actors import Actor
from app.audit import trail
from app.db import columns
from app.text import N_, fold
from partners.exchange.cells import Known, KnownGmina, same, written
from partners.exchange.columns import INSTITUTION_COLUMNS, Parsed
from partners.exchange.rules import CellChange, Change, Problem
from partners.institutions.actions import reindex_all
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionFeature,
    InstitutionSlug,
    InstitutionTerritory,
    Kind,
    Service,
    ServiceOffer,
    Status,
)
from partners.institutions.queries import plain
from partners.people.models import Membership

_PLAIN = (
    "name", "short_name", "kind", "street", "postal_code", "post_town", "locality", "phone", "email", "website",
    "hours", "description", "inspectorate", "valid_from", "valid_to", "status", "basis",
    "gmina_code", "district_code", "voivodeship_code",
)  # fmt: skip
_SETS: Mapping[str, tuple[type[SQLModel], str]] = {
    "aliases": (InstitutionAlias, "name"),
    "acts_as": (InstitutionActsAs, "kind"),
    "features": (InstitutionFeature, "feature"),
    "territory": (InstitutionTerritory, "code"),
}
_parent = aliased(Institution)
_SEAT = ("gmina_code", "district_code", "voivodeship_code")
_HIDDEN = (Status.APPLIED, Status.REFUSED)
_COLUMN_OF = {column.field: column.name for column in INSTITUTION_COLUMNS} | {
    "gmina_code": "teryt",
    "district_code": "teryt",
    "voivodeship_code": "województwo",
}


@dataclass(slots=True)
class Step:
    """What one row will do: *institution_id* None makes a card, no *values* leave it as it is."""

    line: int
    slug: str
    values: dict[str, Any]
    institution_id: int | None = None
    change: Change | None = None


@dataclass(slots=True)
class Institutions:
    """Takes rows of cards in batches; *seen* are the keys of the file so far, *parents* who belongs to whom."""

    session: Session
    known: Known
    seen: dict[str, int] = field(default_factory=dict)
    parents: dict[str, tuple[int, str]] = field(default_factory=dict)

    def compare(self, batch: Sequence[Parsed]) -> tuple[list[Step], list[Problem]]:
        """Tell for each row what it would do; a row with a problem does nothing. About eight statements a batch."""
        steps: list[Step] = []
        problems: list[Problem] = []
        slugs = [row.values["slug"] for row in batch if "slug" in row.values]
        present = _present(self.session, slugs)
        old = dict(
            self.session.execute(
                columns(InstitutionSlug.slug, Institution.slug)
                .join(Institution, col(Institution.id) == col(InstitutionSlug.institution_id))
                .where(col(InstitutionSlug.slug).in_(slugs))
            ).all()
        )
        for row in batch:
            found = list(self._faults(row, present, old))
            problems += found
            if not found and "slug" in row.values:
                steps.append(self._step(row, present.get(row.values["slug"])))
        return steps, problems

    def leftovers(self) -> list[Problem]:
        """Tell, after the last batch, which named parents stand neither in the file nor in the portal."""
        wanted = {parent for _line, parent in self.parents.values() if parent not in self.seen}
        there = _ids(self.session, wanted)
        missing = [
            Problem(line, "jednostka nadrzędna", N_("There is no institution with the key %(key)s."), {"key": parent})
            for line, parent in self.parents.values()
            if parent and parent in wanted and parent not in there
        ]
        return missing or list(self._circles())

    def _circles(self) -> Iterable[Problem]:
        """Nobody is a part of his own part: walk up from every new parent, through the file and the portal."""
        above = dict(
            self.session.execute(
                columns(Institution.slug, _parent.slug).join(_parent, col(_parent.id) == col(Institution.parent_id))
            ).all()
        )
        above |= {slug: parent for slug, (_line, parent) in self.parents.items()}
        for slug, (line, parent) in self.parents.items():
            passed, here = {slug}, parent
            while here and here not in passed:
                passed.add(here)
                here = above.get(here, "")
            if here:
                yield Problem(line, "jednostka nadrzędna", N_("An institution cannot be a part of itself."))

    def write(self, steps: Sequence[Step], actor: Actor, now: datetime) -> None:
        """Write one batch: cards, what hangs on them, order and search words, a line of the trail for each."""
        session = self.session
        new = {step.slug: _made(step, now) for step in steps if step.institution_id is None}
        session.add_all(new.values())
        changed = {step.institution_id: step for step in steps if step.institution_id is not None and step.change}
        there = session.exec(
            select(Institution).where(col(Institution.id).in_(changed)).with_for_update().order_by(col(Institution.id))
        ).all()
        for institution in there:
            for name, value in changed[institution.id or 0].values.items():
                if name in _PLAIN:
                    setattr(institution, name, value)
            institution.changed_at = now
        session.flush()
        cards = new | {institution.slug: institution for institution in there}
        acting = [step for step in steps if step.change]
        self._write_sets(acting, cards)
        reindex_all(session, [card.id or 0 for card in cards.values()])
        for step in acting:
            card = cards[step.slug]
            if step.institution_id is None:
                verb, details = "institution.added", {"kind": card.kind.value, "status": card.status.value}
                trail.record(session, actor, verb, "institution", card.id or 0, now, details=details)
            else:
                changed_fields = {"changed": sorted(step.values)}
                trail.record(
                    session, actor, "institution.imported", "institution", card.id or 0, now, details=changed_fields
                )
        session.flush()
        session.expunge_all()  # a batch is done with: memory must not grow with the file

    def finish(self) -> None:
        """Hang, after the last batch, the parts of institutions on what they are a part of."""
        ids = _ids(self.session, {*self.parents, *(parent for _line, parent in self.parents.values())})
        rows = [
            {"id": ids[slug], "parent_id": ids[parent] if parent else None}
            for slug, (_line, parent) in self.parents.items()
        ]
        if rows:
            self.session.execute(update(Institution), rows)

    def _faults(self, row: Parsed, present: Mapping[str, "_Present"], old: Mapping[str, str]) -> Iterable[Problem]:
        values, line = row.values, row.line
        slug = values.get("slug")
        if slug is None:
            return
        if (before := self.seen.setdefault(slug, line)) != line:
            yield Problem(line, "klucz", N_("This key stands in line %(line)d already."), {"line": before})
            return
        there = present.get(slug)
        if there is None and slug in old:
            yield Problem(
                line, "klucz", N_("This key is an old address. Write the present one: %(key)s."), {"key": old[slug]}
            )
        if there is not None and there.values["status"] in _HIDDEN:
            yield Problem(line, "klucz", N_("This institution waits for its admission. Decide on that first."))
        if there is None:
            for needed in ("name", "kind"):
                if needed not in values:
                    yield Problem(line, _COLUMN_OF[needed], N_("A new institution needs this column."))
        if values.get("parent") == slug:
            yield Problem(line, "jednostka nadrzędna", N_("An institution cannot be a part of itself."))
        first, last = values.get("valid_from"), values.get("valid_to")
        if first and last and last < first:
            yield Problem(line, "działa do", N_("The last day lies before the first."))
        yield from _seat(row, self.known, there.values if there else {})

    def _step(self, row: Parsed, there: "_Present | None") -> Step:
        values = {name: value for name, value in row.values.items() if name != "slug"}
        slug, parent = row.values["slug"], values.pop("parent", None)
        if values.get("status", ...) is None:
            del values["status"]
        if there is None:
            if parent:
                self.parents[slug] = (row.line, parent)
            return Step(row.line, slug, values, None, Change(row.line, slug, values["name"], new=True))
        missing = tuple(one for one in values.pop("services", ()) if one not in there.services)
        values = {name: value for name, value in values.items() if not same(there.values[name], value)}
        changes = [
            CellChange(_COLUMN_OF[name], written(there.values[name]), written(value)) for name, value in values.items()
        ]
        if missing:
            values["services"] = missing
            changes.append(CellChange("usługi", "", written(missing)))
        if parent is not None and parent != there.parent:
            self.parents[slug] = (row.line, parent)
            values["parent"] = parent
            changes.append(CellChange("jednostka nadrzędna", there.parent, parent))
        if not changes:
            return Step(row.line, slug, {}, there.id)
        name = values.get("name") or there.values["name"]
        return Step(row.line, slug, values, there.id, Change(row.line, slug, name, False, tuple(changes), there.kept))

    def _write_sets(self, steps: Sequence[Step], cards: Mapping[str, Institution]) -> None:
        """Write names, kinds, features, territory, services as plain rows: a third of the cost of objects."""
        for name, (table, column) in _SETS.items():
            touched = [step for step in steps if name in step.values]
            before = [step.institution_id for step in touched if step.institution_id is not None]
            if before:
                self.session.exec(delete(table).where(col(table.institution_id).in_(before)))  # type: ignore[attr-defined]
            self._insert(
                table,
                [{"institution_id": cards[step.slug].id, column: one} for step in touched for one in step.values[name]],
            )
        self._insert(
            ServiceOffer,
            [
                {
                    "institution_id": cards[step.slug].id,
                    "service_id": self.known.service_ids[one],
                    "basis": step.values.get("basis", ""),
                }
                for step in steps
                for one in step.values.get("services", ())
            ],
        )

    def _insert(self, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self.session.execute(insert(table), rows)


@dataclass(slots=True)
class _Present:
    """A card as it is: the same fields as a row has."""

    id: int
    values: dict[str, Any]
    parent: str = ""
    services: set[str] = field(default_factory=set)
    kept: bool = False


def _present(session: Session, slugs: Collection[str]) -> dict[str, _Present]:
    found: dict[str, _Present] = {}
    by_id: dict[int, _Present] = {}
    parent = select(Institution.id, Institution.slug).subquery()
    statement = (
        columns(Institution.id, Institution.slug, parent.c.slug, *(getattr(Institution, name) for name in _PLAIN))
        .outerjoin(parent, parent.c.id == col(Institution.parent_id))
        .where(col(Institution.slug).in_(slugs))
    )
    for own, slug, above, *cells in session.execute(statement):
        empty: dict[str, Any] = dict.fromkeys(_SETS, ())
        found[slug] = by_id[own] = _Present(own, dict(zip(_PLAIN, cells, strict=True)) | empty, above or "")
    ids = list(by_id)
    sets: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    parts = [
        columns(literal(name), col(table.institution_id), plain(getattr(table, column))).where(  # type: ignore[attr-defined]
            col(table.institution_id).in_(ids)  # type: ignore[attr-defined]
        )
        for name, (table, column) in _SETS.items()
    ]
    offers = (
        columns(literal("services"), col(ServiceOffer.institution_id), col(Service.key))
        .join(Service, col(Service.id) == col(ServiceOffer.service_id))
        .where(col(ServiceOffer.institution_id).in_(ids))
    )
    people = columns(literal("people"), col(Membership.institution_id), literal("")).where(
        col(Membership.institution_id).in_(ids), col(Membership.ended_at).is_(None)
    )
    for name, owner, word in session.execute(union_all(*parts, offers, people)):
        sets[owner, name].append(word)
    for (owner, name), words in sets.items():
        card = by_id[owner]
        if name == "services":
            card.services = set(words)
        elif name == "people":
            card.kept = True
        else:
            card.values[name] = tuple(sorted(Kind(word) if name == "acts_as" else word for word in words))
    return found


def _made(step: Step, now: datetime) -> Institution:
    cells = {name: value for name, value in step.values.items() if name in _PLAIN}
    return Institution(slug=step.slug, sort_key="", search_text="", changed_at=now, **cells)


def _ids(session: Session, slugs: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    wanted = sorted(slug for slug in slugs if slug)
    for start in range(0, len(wanted), 1000):
        part = columns(Institution.slug, Institution.id).where(col(Institution.slug).in_(wanted[start : start + 1000]))
        found.update(dict(session.execute(part).all()))
    return found


def _seat(row: Parsed, known: Known, present: Mapping[str, Any]) -> Iterable[Problem]:
    """Turn code, gmina, county and voivodeship into the three columns of a card, all of them or none."""
    values, line = row.values, row.line
    has_gmina = "teryt" in values or "gmina" in values
    code, name = values.pop("teryt", ""), values.pop("gmina", "")
    county, voivodeship = values.pop("county", ""), values.pop("voivodeship", None)
    if not has_gmina:
        if voivodeship is not None and not present.get("gmina_code"):
            values["voivodeship_code"] = voivodeship or None
        return
    district = code if code in known.districts else None
    gmina = known.gminas.get(known.districts[district] if district else code)
    if not code and name:
        fitting = _called(known, name, county, voivodeship)
        if len(fitting) != 1:
            yield _which(line, name, fitting)
            return
        gmina = fitting[0]
    elif gmina is not None and name and not district and not fold(name).startswith(fold(gmina.name)):
        yield Problem(line, "gmina", N_("The code %(code)s is that of %(gmina)s."), {"code": code, "gmina": gmina.name})
    if gmina is not None and voivodeship and voivodeship != gmina.voivodeship_code:
        params = {"gmina": gmina.name, "place": known.voivodeships[gmina.voivodeship_code]}
        yield Problem(line, "województwo", N_("The gmina %(gmina)s lies in %(place)s."), params)
    seat = (gmina.code, district, gmina.voivodeship_code) if gmina else (None, None, voivodeship or None)
    values.update(zip(_SEAT, seat, strict=True))


def _called(known: Known, name: str, county: str, voivodeship: str | None) -> list[KnownGmina]:
    wanted = fold(county).removeprefix("powiat ").removeprefix("pow ")
    return [
        one
        for one in known.gminas_called.get(fold(name.partition("(")[0]), ())
        if (not wanted or fold(one.county) == wanted) and voivodeship in (None, "", one.voivodeship_code)
    ]


def _which(line: int, name: str, fitting: Sequence[KnownGmina]) -> Problem:
    if not fitting:
        return Problem(line, "gmina", N_("There is no gmina called “%(name)s” there."), {"name": name})
    codes = ", ".join(f"{one.code} ({one.county})" for one in fitting[:6])
    message = N_("Several gminas are called “%(name)s”. Write the code in the column teryt: %(codes)s.")
    return Problem(line, "gmina", message, {"name": name, "codes": codes})
