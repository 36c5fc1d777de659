"""Rows of agreements."""

from typing import Any

from sqlmodel import Session

from app.clock import now
from partners.agreements.models import (
    Agreement,
    AgreementKind,
    AgreementParty,
    AgreementState,
    Clause,
    ClauseType,
    Side,
)
from partners.institutions.models import Institution
from tests.factories.rows import add


def make_agreement(
    session: Session, number: str, prison: Institution, welfare: Institution, **columns: Any
) -> Agreement:
    """Add an agreement in force between two institutions."""
    values: dict[str, Any] = {
        "number": number,
        "kind": AgreementKind.AGREEMENT,
        "state": AgreementState.IN_FORCE,
        "voivodeship_code": number[2:4],
        "subject": "Współpraca przy zwolnieniach",
        "changed_at": now(),
        **columns,
    }
    row = add(session, Agreement, **values)
    for position, (institution, side) in enumerate([(prison, Side.PRISON), (welfare, Side.WELFARE)]):
        session.add(
            AgreementParty(agreement_id=row.id or 0, institution_id=institution.id or 0, side=side, position=position)
        )
    session.flush()
    return row


def make_clause(session: Session, agreement: Agreement, key: str, months: int | None = None, **columns: Any) -> Clause:
    """Add a clause of a type of its own."""
    kind = add(
        session, ClauseType, key=key, name_pl=f"klauzula {key}", name_en=f"clause {key}", parameter="months_before"
    )
    return add(session, Clause, agreement_id=agreement.id, clause_type_id=kind.id, months=months, **columns)
