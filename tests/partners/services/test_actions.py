"""Services, act by act: offering, changing, checking, withdrawing, and the catalogue."""

from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditLine
from app.clock import now
from partners.institutions import queries as institutions
from partners.institutions.models import Institution, InstitutionTerritory, Service, ServiceOffer, ServiceOfferTerritory
from partners.institutions.rules import edition
from partners.services import actions, queries, rules
from partners.services.rules import OfferDraft, ServiceDraft
from partners.territory.models import County, CountyKind
from tests.factories.institutions import make_offer, make_service
from tests.factories.persons import People
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
LEGAL = ServiceDraft("ops", "poradnictwo prawne", "legal advice")


def found(session: Session, text: str) -> set[str]:
    return set(session.exec(select(Institution.name).where(institutions.matches(text))).all())


def verbs(session: Session) -> list[str]:
    return [verb for verb in session.exec(select(AuditLine.verb)).all() if verb.startswith("service.")]


def test_coordinator_offers_what_stands_in_the_catalogue(session: Session, people: People) -> None:
    shelter, meals, off = (make_service(session, key) for key in ("shelter", "meals", "off"))
    off.active = False
    session.flush()
    ids = [one.id or 0 for one in (shelter, meals, off)]
    assert actions.add_offers(session, people.marek.actor, people.mops, [*ids, 999], now()) == 2
    assert actions.add_offers(session, people.marek.actor, people.mops, ids, now()) == 0
    rows = institutions.offers(session, people.mops.id or 0)
    assert {(row.key, row.checked_on, row.checked_by) for row in rows} == {
        ("shelter", date(2026, 11, 23), people.marek.name),
        ("meals", date(2026, 11, 23), people.marek.name),
    }
    assert " meals" in people.mops.search_text
    assert verbs(session) == ["service.offered"]


@pytest.mark.parametrize("who", ["piotr", "jola", "zofia", "wanda"])
def test_nobody_else_says_what_an_institution_offers(session: Session, people: People, who: str) -> None:
    offer = make_offer(session, people.mops, make_service(session, "shelter"))
    actor, card = getattr(people, who).actor, people.mops
    with pytest.raises(rules.NotYourOffers, match="Only coordinators of this institution"):
        actions.add_offers(session, actor, card, [1], now())
    with pytest.raises(rules.NotYourOffers):
        actions.revise_offer(session, actor, card, offer, OfferDraft(), now(), edition="")
    with pytest.raises(rules.NotYourOffers):
        actions.check_offers(session, actor, card, [offer.id or 0], now())
    with pytest.raises(rules.NotYourOffers):
        actions.withdraw_offer(session, actor, card, offer, now())


def test_changing_an_offer_notes_that_it_was_checked(session: Session, people: People) -> None:
    offer = make_offer(session, people.mops, make_service(session, "shelter"))
    before = queries.saved_offer(session, offer)
    wanted = replace(before, audience="rodziny", how_to_apply="telefonicznie")
    assert actions.revise_offer(session, people.marek.actor, people.mops, offer, wanted, now(), edition=edition(before))
    assert (offer.audience, offer.checked_on, offer.checked_by) == (
        "rodziny",
        date(2026, 11, 23),
        people.marek.user_id,
    )
    with pytest.raises(rules.Stale):
        actions.revise_offer(session, people.marek.actor, people.mops, offer, wanted, now(), edition=edition(before))


def test_an_offer_holds_only_where_its_institution_works(session: Session, people: People) -> None:
    for code in ("0802", "0804"):
        add(session, County, code=code, name=code, kind=CountyKind.COUNTY, voivodeship_code="08", sort_key=code)
    session.add(InstitutionTerritory(institution_id=people.mops.id or 0, code="0802"))
    offer = make_offer(session, people.mops, make_service(session, "shelter"))
    before = queries.saved_offer(session, offer)
    with pytest.raises(rules.OutOfReach):
        actions.revise_offer(
            session, people.marek.actor, people.mops, offer, OfferDraft(codes=("0804",)), now(), edition=edition(before)
        )
    inside = OfferDraft(codes=("080201",))
    actions.revise_offer(session, people.marek.actor, people.mops, offer, inside, now(), edition=edition(before))
    assert queries.saved_offer(session, offer) == inside
    actions.revise_offer(session, people.marek.actor, people.mops, offer, OfferDraft(), now(), edition=edition(inside))
    assert session.exec(select(ServiceOfferTerritory)).all() == []


def test_checking_is_one_act_for_one_or_all(session: Session, people: People) -> None:
    mine = [make_offer(session, people.mops, make_service(session, key)) for key in ("a", "b")]
    foreign = make_offer(session, people.ngo, make_service(session, "c"))
    ids = [one.id or 0 for one in (*mine, foreign)]
    assert actions.check_offers(session, people.marek.actor, people.mops, ids, now()) == 2
    assert [one.checked_on for one in (*mine, foreign)] == [date(2026, 11, 23), date(2026, 11, 23), None]


def test_a_withdrawn_offer_is_not_found_any_more(session: Session, people: People) -> None:
    service = make_service(session, "shelter")
    actions.add_offers(session, people.marek.actor, people.mops, [service.id or 0], now())
    offer = session.exec(select(ServiceOffer)).one()
    actions.withdraw_offer(session, people.marek.actor, people.mops, offer, now())
    assert session.exec(select(ServiceOffer)).all() == []
    assert " shelter" not in people.mops.search_text
    assert verbs(session) == ["service.offered", "service.withdrawn"]


def test_operator_keeps_the_catalogue(session: Session, people: People) -> None:
    operator = people.olga.actor
    first = actions.add_service(session, operator, LEGAL, now())
    second = actions.add_service(session, operator, replace(LEGAL, name_pl="mediacje"), now())
    assert (first.key, second.key) == ("legal_advice", "legal_advice_2")
    with pytest.raises(rules.NamedTwice):
        actions.add_service(session, operator, replace(LEGAL, name_pl="Poradnictwo  PRAWNE"), now())
    actions.move_service(session, operator, second, now(), up=True)
    assert [one.name_pl for one in queries.catalogue(session)[0].entries] == ["mediacje", "poradnictwo prawne"]
    actions.move_service(session, operator, second, now(), up=True)
    actions.move_service(session, operator, second, now(), up=False)
    assert [one.name_pl for one in queries.catalogue(session)[0].entries] == ["poradnictwo prawne", "mediacje"]
    with pytest.raises(rules.Stale):
        actions.revise_service(session, operator, first, LEGAL, now(), edition="old")
    assert not actions.revise_service(session, operator, first, LEGAL, now(), edition=edition(LEGAL))


def test_a_renamed_service_is_found_by_its_new_name_everywhere(session: Session, people: People) -> None:
    service = actions.add_service(session, people.olga.actor, LEGAL, now())
    for person, card in ((people.marek, people.mops), (people.jola, people.ngo)):
        actions.add_offers(session, person.actor, card, [service.id or 0], now())
    wanted = replace(LEGAL, name_pl="pomoc prawna")
    actions.revise_service(session, people.olga.actor, service, wanted, now(), edition=edition(LEGAL))
    for text, names in (("pomoc prawna", {"MOPS w Kładkowie", people.ngo.name}), ("poradnictwo", set())):
        assert found(session, text) == names


def test_a_service_switched_off_is_not_shown_and_comes_back(session: Session, people: People) -> None:
    service = actions.add_service(session, people.olga.actor, LEGAL, now())
    actions.add_offers(session, people.marek.actor, people.mops, [service.id or 0], now())
    actions.switch_service(session, people.olga.actor, service, now(), active=False)
    assert institutions.offers(session, people.mops.id or 0) == ()
    assert found(session, "prawne") == set()
    assert queries.not_offered(session, people.ngo.id or 0) == []
    actions.switch_service(session, people.olga.actor, service, now(), active=True)
    assert [row.key for row in institutions.offers(session, people.mops.id or 0)] == ["legal_advice"]
    assert found(session, "prawne") == {"MOPS w Kładkowie"}


@pytest.mark.parametrize("who", ["adam", "marek", "wanda"])
def test_nobody_else_keeps_the_catalogue(session: Session, people: People, who: str) -> None:
    service = make_service(session, "shelter")
    actor = getattr(people, who).actor
    with pytest.raises(rules.NotTheOperator, match="Only the operator of the portal"):
        actions.add_service(session, actor, LEGAL, now())
    with pytest.raises(rules.NotTheOperator):
        actions.revise_service(session, actor, service, LEGAL, now(), edition="")
    with pytest.raises(rules.NotTheOperator):
        actions.switch_service(session, actor, service, now(), active=False)
    with pytest.raises(rules.NotTheOperator):
        actions.move_service(session, actor, service, now(), up=True)
    assert session.exec(select(Service.active).order_by(col(Service.id))).all() == [True]
