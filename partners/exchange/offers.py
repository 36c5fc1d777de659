"""Rows of services that institutions offer: what they would change, and how it is written."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, select

from app.actors import Actor
from app.audit import trail
from app.db import columns
from app.text import N_
from partners.exchange.cells import Known, same, written
from partners.exchange.columns import SERVICE_COLUMNS, Parsed
from partners.exchange.rules import CellChange, Change, Problem
from partners.institutions.actions import reindex_all
from partners.institutions.models import Institution, ServiceOffer, ServiceOfferTerritory, Status
from partners.people.models import Membership

_PLAIN = ("audience", "how_to_apply", "what_to_bring", "hours", "phone", "note", "checked_on", "basis")
_COLUMN_OF = {column.field: column.name for column in SERVICE_COLUMNS}
_Key = tuple[int, int]


@dataclass(slots=True)
class Step:
    """What one row will do to the offer of *institution_id* and *service_id*; *offer_id* None makes one."""

    line: int
    institution_id: int
    service_id: int
    values: dict[str, Any]
    offer_id: int | None = None
    change: Change | None = None


@dataclass(slots=True)
class Offers:
    """Takes rows of offers in batches; *seen* are the pairs of institution and service of the file so far."""

    session: Session
    known: Known
    seen: dict[tuple[str, str], int] = field(default_factory=dict)

    def compare(self, batch: Sequence[Parsed]) -> tuple[list[Step], list[Problem]]:
        """Tell for each row what it would do; a row with a problem does nothing. Four statements a batch."""
        steps: list[Step] = []
        problems: list[Problem] = []
        owners = self._owners([row.values["slug"] for row in batch if "slug" in row.values])
        present = self._present([owner for owner, _name, _status in owners.values()])
        kept = set(
            self.session.exec(
                select(Membership.institution_id).where(
                    col(Membership.institution_id).in_([one for one, _name, _status in owners.values()]),
                    col(Membership.ended_at).is_(None),
                )
            )
        )
        for row in batch:
            slug, service = row.values.get("slug"), row.values.get("service")
            if slug is None or service is None:
                continue
            if (before := self.seen.setdefault((slug, service), row.line)) != row.line:
                message = N_("This service of this institution stands in line %(line)d already.")
                problems.append(Problem(row.line, "usługa", message, {"line": before}))
            elif slug not in owners:
                message = N_("There is no institution with the key %(key)s.")
                problems.append(Problem(row.line, "klucz instytucji", message, {"key": slug}))
            elif owners[slug][2] in (Status.APPLIED, Status.REFUSED):
                message = N_("This institution waits for its admission. Decide on that first.")
                problems.append(Problem(row.line, "klucz instytucji", message))
            else:
                owner, name, _status = owners[slug]
                there = present.get((owner, self.known.service_ids[service]))
                steps.append(self._step(row, owner, name, there, kept=owner in kept))
        return steps, problems

    def leftovers(self) -> list[Problem]:
        """No row of this table refers to another."""
        return []

    def write(self, steps: Sequence[Step], actor: Actor, now: datetime) -> None:
        """Write one batch: offers, where they hold, search words of the cards, a line of the trail for each card."""
        session = self.session
        acting = [step for step in steps if step.change]
        by_id = {step.offer_id: step for step in acting if step.offer_id is not None}
        offers: dict[_Key, ServiceOffer] = {}
        for offer in session.exec(
            select(ServiceOffer).where(col(ServiceOffer.id).in_(by_id)).with_for_update().order_by(col(ServiceOffer.id))
        ).all():
            for name, value in by_id[offer.id or 0].values.items():
                if name in _PLAIN:
                    setattr(offer, name, value)
            offers[offer.institution_id, offer.service_id] = offer
        for step in acting:
            if step.offer_id is None:
                cells = {name: value for name, value in step.values.items() if name in _PLAIN}
                offer = ServiceOffer(institution_id=step.institution_id, service_id=step.service_id, **cells)
                session.add(offer)
                offers[step.institution_id, step.service_id] = offer
        session.flush()
        for step in acting:
            if "territory" in step.values:
                offer_id = offers[step.institution_id, step.service_id].id or 0
                if step.offer_id is not None:
                    session.exec(delete(ServiceOfferTerritory).where(col(ServiceOfferTerritory.offer_id) == offer_id))
                session.add_all(
                    ServiceOfferTerritory(offer_id=offer_id, code=code) for code in step.values["territory"]
                )
        session.flush()
        touched: defaultdict[int, list[int]] = defaultdict(list)
        for step in acting:
            touched[step.institution_id].append(step.service_id)
        reindex_all(session, sorted({step.institution_id for step in acting if step.offer_id is None}))
        for owner, service_ids in touched.items():
            details = {"services": sorted(service_ids)}
            trail.record(session, actor, "offers.imported", "institution", owner, now, details=details)
        session.flush()
        session.expunge_all()

    def finish(self) -> None:
        """Nothing is left after the last batch."""

    def _owners(self, slugs: Collection[str]) -> dict[str, tuple[int, str, Status]]:
        statement = columns(Institution.slug, Institution.id, Institution.name, Institution.status)
        found = self.session.execute(statement.where(col(Institution.slug).in_(set(slugs))))
        return {slug: (own, name, status) for slug, own, name, status in found}

    def _present(self, owners: Collection[int]) -> dict[_Key, tuple[int, dict[str, Any]]]:
        plain = (getattr(ServiceOffer, name) for name in _PLAIN)
        statement = columns(ServiceOffer.id, ServiceOffer.institution_id, ServiceOffer.service_id, *plain)
        found: dict[_Key, tuple[int, dict[str, Any]]] = {}
        by_id: dict[int, dict[str, Any]] = {}
        for own, owner, service_id, *cells in self.session.execute(
            statement.where(col(ServiceOffer.institution_id).in_(owners))
        ):
            by_id[own] = dict(zip(_PLAIN, cells, strict=True)) | {"territory": ()}
            found[owner, service_id] = own, by_id[own]
        places = (
            columns(ServiceOfferTerritory.offer_id, ServiceOfferTerritory.code)
            .join(ServiceOffer, col(ServiceOffer.id) == col(ServiceOfferTerritory.offer_id))
            .where(col(ServiceOffer.institution_id).in_(owners))
        )
        for own, code in self.session.execute(places):
            by_id[own]["territory"] = tuple(sorted((*by_id[own]["territory"], code)))
        return found

    def _step(
        self, row: Parsed, owner: int, name: str, there: tuple[int, dict[str, Any]] | None, *, kept: bool
    ) -> Step:
        service = row.values["service"]
        values = {key: value for key, value in row.values.items() if key not in ("slug", "service")}
        service_id, title = self.known.service_ids[service], f"{name}: {self.known.service_names[service]}"
        shown = f"{row.values['slug']} · {service}"
        if there is None:
            return Step(row.line, owner, service_id, values, None, Change(row.line, shown, title, True, (), kept))
        offer_id, present = there
        values = {key: value for key, value in values.items() if not same(present[key], value)}
        changes = tuple(
            CellChange(_COLUMN_OF[key], written(present[key]), written(value)) for key, value in values.items()
        )
        change = Change(row.line, shown, title, False, changes, kept) if changes else None
        return Step(row.line, owner, service_id, values, offer_id, change)
