"""Rows of agreements: what they would change in the register, and how it is written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel, col, delete, insert, select

from app.actors import Actor
from app.audit import trail
from app.db import columns
from app.text import N_
from partners.agreements.models import Agreement, AgreementParty, Clause, ClauseType, Side
from partners.agreements.rules import IN_PREPARATION
from partners.exchange.cells import Known, same, written
from partners.exchange.columns import AGREEMENT_COLUMNS, Parsed
from partners.exchange.rules import CellChange, Change, Problem
from partners.institutions.models import Institution, Status
from partners.institutions.rules import KIND_GROUP

_PLAIN = (
    "kind", "state", "subject", "planned", "signed_on", "signed_note", "valid_from", "valid_to", "note", "basis",
)  # fmt: skip
_COLUMN_OF = {column.field: column.name for column in AGREEMENT_COLUMNS}
Clauses = tuple[tuple[str, int | None], ...]


@dataclass(slots=True)
class Step:
    """What one row will do; *agreement_id* None makes an entry of the register."""

    line: int
    number: str
    values: dict[str, Any]
    agreement_id: int | None = None
    change: Change | None = None


@dataclass(slots=True)
class Agreements:
    """Takes rows of agreements in batches; *seen* are the numbers of the file so far."""

    session: Session
    known: Known
    seen: dict[str, int] = field(default_factory=dict)

    def compare(self, batch: Sequence[Parsed]) -> tuple[list[Step], list[Problem]]:
        """Tell for each row what it would do; a row with a problem does nothing. Four statements a batch."""
        steps: list[Step] = []
        problems: list[Problem] = []
        present = self._present([row.values["number"] for row in batch if "number" in row.values])
        named = {key for row in batch for key in row.values.get("parties", ())}
        parties = self._institutions(named)
        for row in batch:
            found = self._faults(row, present, parties)
            problems += found
            if not found and "number" in row.values:
                steps.append(self._step(row, present.get(row.values["number"])))
        return steps, problems

    def leftovers(self) -> list[Problem]:
        """No row of this table refers to another."""
        return []

    def write(self, steps: Sequence[Step], actor: Actor, now: datetime) -> None:
        """Write one batch: entries, parties in the order of the file, clauses, a line of the trail for each."""
        session, acting = self.session, [step for step in steps if step.change]
        changed = {step.agreement_id: step for step in acting if step.agreement_id is not None}
        entries: dict[str, Agreement] = {}
        for entry in session.exec(
            select(Agreement).where(col(Agreement.id).in_(changed)).with_for_update().order_by(col(Agreement.id))
        ).all():
            for name, value in changed[entry.id or 0].values.items():
                if name in _PLAIN:
                    setattr(entry, name, value)
            entry.changed_at = now
            entries[entry.number] = entry
        for step in acting:
            if step.agreement_id is None:
                cells = {name: value for name, value in step.values.items() if name in _PLAIN}
                place = step.number[2:4]
                entries[step.number] = Agreement(number=step.number, voivodeship_code=place, changed_at=now, **cells)
                session.add(entries[step.number])
        session.flush()
        self._write_parties(acting, entries)
        self._write_clauses(acting, entries)
        for step in acting:
            details: dict[str, trail.Plain] = {"changed": sorted(step.values), "new": step.agreement_id is None}
            own = entries[step.number].id or 0
            trail.record(session, actor, "agreement.imported", "agreement", own, now, details=details)
        session.flush()
        session.expunge_all()

    def finish(self) -> None:
        """Nothing is left after the last batch."""

    def _faults(
        self, row: Parsed, present: Mapping[str, tuple[int, dict[str, Any]]], parties: Mapping[str, Institution]
    ) -> list[Problem]:
        values, line = row.values, row.line
        number = values.get("number")
        if number is None:
            return []
        if (before := self.seen.setdefault(number, line)) != line:
            return [Problem(line, "numer", N_("This number stands in line %(line)d already."), {"line": before})]
        found = []
        there = present.get(number)
        if there is None:
            found += [
                Problem(line, _COLUMN_OF[name], N_("A new agreement needs this column."))
                for name in ("kind", "state", "parties")
                if name not in values
            ]
        elif there[1]["state"] in IN_PREPARATION:
            message = N_("This agreement is being prepared by its parties. A table cannot change it.")
            found.append(Problem(line, "numer", message))
        if number[2:4] not in self.known.voivodeships:
            found.append(Problem(line, "numer", N_("The number names no voivodeship that there is.")))
        for key in values.get("parties", ()):
            if key not in parties:
                message = N_("There is no institution with the key %(key)s.")
                found.append(Problem(line, "strony", message, {"key": key}))
        if len(values.get("parties", ("", ""))) < 2:
            found.append(Problem(line, "strony", N_("An agreement has at least two parties.")))
        first, last = values.get("valid_from"), values.get("valid_to")
        if first and last and last < first:
            found.append(Problem(line, "obowiązuje do", N_("The last day lies before the first.")))
        return found

    def _step(self, row: Parsed, there: tuple[int, dict[str, Any]] | None) -> Step:
        number = row.values["number"]
        values = {name: value for name, value in row.values.items() if name != "number"}
        title = values.get("subject") or number
        if there is None:
            return Step(row.line, number, values, None, Change(row.line, number, title, new=True))
        own, present = there
        values = {name: value for name, value in values.items() if not same(present[name], value)}
        cells = tuple(
            CellChange(_COLUMN_OF[name], written(present[name]), written(value)) for name, value in values.items()
        )
        change = Change(row.line, number, title, False, cells) if cells else None
        return Step(row.line, number, values, own, change)

    def _present(self, numbers: Collection[str]) -> dict[str, tuple[int, dict[str, Any]]]:
        plain = (getattr(Agreement, name) for name in _PLAIN)
        found: dict[str, tuple[int, dict[str, Any]]] = {}
        by_id: dict[int, dict[str, Any]] = {}
        statement = columns(Agreement.id, Agreement.number, *plain).where(col(Agreement.number).in_(numbers))
        for own, number, *cells in self.session.execute(statement):
            by_id[own] = dict(zip(_PLAIN, cells, strict=True)) | {"parties": (), "clauses": ()}
            found[number] = own, by_id[own]
        parties = (
            columns(AgreementParty.agreement_id, Institution.slug)
            .join(Institution, col(Institution.id) == col(AgreementParty.institution_id))
            .where(col(AgreementParty.agreement_id).in_(by_id))
            .order_by(col(AgreementParty.agreement_id), col(AgreementParty.position), col(Institution.id))
        )
        for own, slug in self.session.execute(parties):
            by_id[own]["parties"] += (slug,)
        clauses = (
            columns(Clause.agreement_id, ClauseType.key, Clause.months)
            .join(ClauseType, col(ClauseType.id) == col(Clause.clause_type_id))
            .where(col(Clause.agreement_id).in_(by_id))
        )
        for own, key, months in self.session.execute(clauses):
            by_id[own]["clauses"] = tuple(sorted((*by_id[own]["clauses"], (key, months)), key=lambda one: one[0]))
        return found

    def _institutions(self, keys: Collection[str]) -> dict[str, Institution]:
        there = select(Institution).where(
            col(Institution.slug).in_(keys), col(Institution.status).not_in((Status.APPLIED, Status.REFUSED))
        )
        return {one.slug: one for one in self.session.exec(there)}

    def _write_parties(self, acting: Sequence[Step], entries: Mapping[str, Agreement]) -> None:
        touched = [step for step in acting if "parties" in step.values]
        kinds = self._institutions({key for step in touched for key in step.values["parties"]})
        owners = [entries[step.number].id for step in touched]
        functions = {
            (own, institution): function
            for own, institution, function in self.session.execute(
                columns(
                    AgreementParty.agreement_id, AgreementParty.institution_id, AgreementParty.signatory_function
                ).where(col(AgreementParty.agreement_id).in_(owners))
            )
        }
        self.session.exec(delete(AgreementParty).where(col(AgreementParty.agreement_id).in_(owners)))
        rows = []
        for step in touched:
            own = entries[step.number].id or 0
            for position, key in enumerate(step.values["parties"]):
                party = kinds[key]
                rows.append(
                    {
                        "agreement_id": own,
                        "institution_id": party.id,
                        "side": Side(KIND_GROUP[party.kind].value),
                        "signatory_function": functions.get((own, party.id), ""),
                        "position": position,
                    }
                )
        self._insert(AgreementParty, rows)

    def _write_clauses(self, acting: Sequence[Step], entries: Mapping[str, Agreement]) -> None:
        for step in acting:
            if "clauses" not in step.values:
                continue
            own = entries[step.number].id or 0
            wanted: Clauses = step.values["clauses"]
            keys = {self.known.clause_ids[key]: months for key, months in wanted}
            there = {
                one.clause_type_id: one for one in self.session.exec(select(Clause).where(Clause.agreement_id == own))
            }
            for type_id, clause in there.items():
                if type_id not in keys:
                    self.session.delete(clause)
                elif clause.months != keys[type_id]:
                    clause.months, clause.uncertain = keys[type_id], False
            self.session.add_all(
                Clause(agreement_id=own, clause_type_id=type_id, months=months, position=position)
                for position, (type_id, months) in enumerate(keys.items())
                if type_id not in there
            )

    def _insert(self, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self.session.execute(insert(table), rows)
