"""Tables of agreements: entries of the register with their parties and clauses."""

import io
from datetime import date

import pytest
from sqlmodel import Session, col, select

from app import tables
from app.actors import Actor
from app.audit.models import AuditLine
from app.clock import now
from partners.agreements.models import Agreement, AgreementKind, AgreementParty, AgreementState, Clause, Side
from partners.exchange import actions, queries
from partners.exchange.rules import Outcome, Subject
from partners.institutions.models import Kind, Status
from tests.factories.agreements import make_agreement, make_clause
from tests.factories.institutions import make_institution

pytestmark = pytest.mark.usefixtures("clock")
HEAD = "numer;rodzaj;stan;strony;przedmiot;klauzule;podpisano dnia;obowiązuje od;uwagi"
ROW = "P-08-101;porozumienie;obowiązuje;zk-a | ops-a;współpraca;duty_hours | notice: 3;04.05.2026;2026-06-01;"


@pytest.fixture(autouse=True)
def _parties(session: Session) -> None:
    prison = make_institution(session, "zk-a", Kind.PRISON)
    centre = make_institution(session, "ops-a", Kind.OPS)
    make_institution(session, "ngo-a", Kind.NGO)
    other = make_agreement(session, "P-08-900", prison, centre, state=AgreementState.DRAFT)
    make_clause(session, other, "duty_hours")
    make_clause(session, other, "notice", 6)


def run(session: Session, *lines: str, act: bool = True) -> Outcome:
    body = "\n".join(lines).encode()
    if act:
        return actions.take_over(session, Actor.system(), Subject.AGREEMENTS, body, now())
    return actions.check(session, Subject.AGREEMENTS, body, now())


def clauses(session: Session, entry: Agreement) -> list[int | None]:
    months = session.exec(select(Clause.months).where(Clause.agreement_id == entry.id))
    return sorted(months, key=lambda number: number or 0)


def test_an_agreement_is_entered_changed_and_left(session):
    assert run(session, HEAD, ROW).created == 1
    entry = session.exec(select(Agreement).where(Agreement.number == "P-08-101")).one()
    assert (entry.kind, entry.state, entry.voivodeship_code) == (AgreementKind.AGREEMENT, AgreementState.IN_FORCE, "08")
    assert (entry.signed_on, entry.valid_from, entry.synthetic) == (date(2026, 5, 4), date(2026, 6, 1), False)
    parties = select(AgreementParty.side).where(AgreementParty.agreement_id == entry.id)
    assert session.exec(parties.order_by(col(AgreementParty.position))).all() == [Side.PRISON, Side.WELFARE]
    assert clauses(session, entry) == [None, 3]
    assert run(session, HEAD, ROW).unchanged == 1
    changed = run(session, "numer;strony;klauzule;stan", "P-08-101;zk-a|ngo-a|ops-a;notice: 2;wygasło")
    assert [(cell.column, cell.before, cell.after) for cell in changed.changes[0].cells] == [
        ("strony", "zk-a | ops-a", "zk-a | ngo-a | ops-a"),
        ("klauzule", "duty_hours | notice: 3", "notice: 2"),
        ("stan", "obowiązuje", "wygasło"),
    ]
    entry = session.exec(select(Agreement).where(Agreement.number == "P-08-101")).one()
    assert clauses(session, entry) == [2]
    assert session.exec(parties.order_by(col(AgreementParty.position))).all() == [Side.PRISON, Side.NGO, Side.WELFARE]
    verbs = session.exec(select(AuditLine.verb).order_by(col(AuditLine.id))).all()
    assert verbs == ["agreement.imported", "import.done"] * 2


def test_an_export_taken_over_again_changes_nothing_and_shows_nothing_hidden(session):
    run(session, HEAD, ROW)
    stream = io.BytesIO()
    tables.write_csv(stream, queries.header(Subject.AGREEMENTS), queries.agreements(session))
    assert "P-08-900" not in stream.getvalue().decode()
    assert "notice" not in stream.getvalue().decode()
    again = actions.check(session, Subject.AGREEMENTS, stream.getvalue(), now())
    assert (again.created, again.changed, again.unchanged, again.problems) == (0, 0, 1, [])
    entry = session.exec(select(Agreement).where(Agreement.number == "P-08-101")).one()
    assert clauses(session, entry) == [None, 3]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("P-8-1;porozumienie;obowiązuje;zk-a|ops-a;", "numer", "P-08-007"),
        ("P-99-001;porozumienie;obowiązuje;zk-a|ops-a;", "numer", "no voivodeship"),
        ("P-08-900;porozumienie;obowiązuje;zk-a|ops-a;", "numer", "being prepared"),
        ("P-08-101;umowa;obowiązuje;zk-a|ops-a;", "rodzaj", "list intencyjny"),
        ("P-08-101;porozumienie;draft;zk-a|ops-a;", "stan", "obowiązuje"),
        ("P-08-101;porozumienie;obowiązuje;zk-a;", "strony", "two parties"),
        ("P-08-101;porozumienie;obowiązuje;zk-a|nie-ma;", "strony", "nie-ma"),
        ("P-08-101;porozumienie;obowiązuje;zk-a|fundacja;", "strony", "fundacja"),
        ("P-08-101;porozumienie;obowiązuje;zk-a|ops-a;kawa", "klauzule", "no kind of clause"),
        ("P-08-100;porozumienie;obowiązuje;zk-a|ops-a;", "numer", "line 2 already"),
    ],
)
def test_line_column_and_reason_are_named(session, row, column, reason):
    make_institution(session, "fundacja", Kind.NGO, status=Status.APPLIED)
    head = "numer;rodzaj;stan;strony;klauzule"
    outcome = run(session, head, "P-08-100;porozumienie;obowiązuje;zk-a|ops-a;", row, act=False)
    assert [(problem.line, problem.column) for problem in outcome.problems] == [(3, column)]
    assert reason in str(outcome.problems[0])
