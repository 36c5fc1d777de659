"""Tables of services that institutions offer."""

import io
from datetime import date

import pytest
from sqlmodel import Session, col, select

from app import tables
from app.actors import Actor
from app.audit.models import AuditLine
from app.clock import now
from partners.exchange import actions, queries
from partners.exchange.rules import Outcome, Subject
from partners.institutions.models import Institution, ServiceOffer, ServiceOfferTerritory, Status
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.territory import make_gmina

pytestmark = pytest.mark.usefixtures("clock")
HEAD = "klucz instytucji;usługa;dla kogo;jak się zgłosić;co zabrać;godziny;telefon;uwagi;obszar;sprawdzono dnia;źródło"
ROW = "ops-a;shelter;dla mieszkańców;osobiście;dokument;pon. 9–17;68 000 00 40;nocą też;0802;20.11.2026;strona"


@pytest.fixture(autouse=True)
def _things(session):
    make_gmina(session)
    make_institution(session, "ops-a", name="OPS A")
    make_service(session, "shelter")
    make_service(session, "meals")


def run(session: Session, *lines: str, act: bool = True) -> Outcome:
    body = "\n".join(lines).encode()
    if act:
        return actions.take_over(session, Actor.system(), Subject.SERVICES, body, now())
    return actions.check(session, Subject.SERVICES, body, now())


def test_an_offer_is_added_changed_and_left(session):
    assert run(session, HEAD, ROW).created == 1
    offer = session.exec(select(ServiceOffer)).one()
    assert (offer.audience, offer.how_to_apply, offer.checked_on) == (
        "dla mieszkańców",
        "osobiście",
        date(2026, 11, 20),
    )
    assert session.exec(select(ServiceOfferTerritory.code)).all() == ["0802"]
    assert "usluga shelter" in session.exec(select(Institution.search_text)).one()
    assert run(session, HEAD, ROW).unchanged == 1
    changed = run(session, "instytucja;usługa;godziny;obszar", "ops-a;usługa shelter;pon. 8–16;")
    assert [(cell.column, cell.after) for cell in changed.changes[0].cells] == [
        ("godziny", "pon. 8–16"),
        ("obszar", ""),
    ]
    offer = session.exec(select(ServiceOffer)).one()
    assert (offer.hours, offer.audience) == ("pon. 8–16", "dla mieszkańców")
    assert session.exec(select(ServiceOfferTerritory.code)).all() == []
    verbs = session.exec(select(AuditLine.verb).order_by(col(AuditLine.id))).all()
    assert verbs == ["offers.imported", "import.done"] * 2


def test_an_export_taken_over_again_changes_nothing(session):
    run(session, HEAD, ROW)
    make_offer(session, make_institution(session, "ukryta", status=Status.ARCHIVED), make_service(session, "x"))
    stream = io.BytesIO()
    tables.write_xlsx(stream, queries.header(Subject.SERVICES), queries.offers(session), "uslugi")
    again = actions.check(session, Subject.SERVICES, stream.getvalue(), now())
    assert (again.created, again.changed, again.unchanged, again.problems) == (0, 0, 1, [])


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("nie-ma;shelter;", "klucz instytucji", "no institution with the key nie-ma"),
        ("ops-a;masaż;", "usługa", "catalogue"),
        ("ops-a;meals;24.11.2026", "sprawdzono dnia", "not come yet"),
        ("ops-a;shelter;", "usługa", "line 2 already"),
        ("fundacja;shelter;", "klucz instytucji", "admission"),
    ],
)
def test_line_column_and_reason_are_named(session, row, column, reason):
    make_institution(session, "fundacja", status=Status.APPLIED)
    outcome = run(session, "klucz instytucji;usługa;sprawdzono dnia", "ops-a;shelter;", row, act=False)
    assert [(problem.line, problem.column) for problem in outcome.problems] == [(3, column)]
    assert reason in str(outcome.problems[0])
