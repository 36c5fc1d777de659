"""Cards, act by act: revise, confirm, state, territory, rooms."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import Session, col, select
from time_machine import Traveller

from app import warsaw
from app.audit.models import AuditLine, AuditValue
from app.clock import now
from app.outbox.models import OutboxMail
from partners.cards import actions, queries, rules
from partners.cards.actions import RoomDraft
from partners.cards.rules import CardDraft
from partners.institutions import queries as institutions
from partners.institutions.models import Institution, Kind, Status
from partners.institutions.rules import edition
from partners.services import actions as services
from partners.territory.models import County, CountyKind, Gmina, GminaKind, WarsawDistrict
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.persons import People, Person, make_person
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(name="gubin")
def _gubin(session: Session, people: People) -> str:
    """The county of the two Gubins, a city county of one name with another gmina, and Warsaw."""
    add(session, County, code="0802", name="krośnieński", kind=CountyKind.COUNTY, voivodeship_code="08", sort_key="1")
    add(session, County, code="1465", name="Warszawa", kind=CountyKind.CITY_COUNTY, voivodeship_code="14", sort_key="1")
    for code, name, kind, county in (
        ("080201", "Gubin", GminaKind.URBAN, "0802"),
        ("080206", "Gubin", GminaKind.RURAL, "0802"),
        ("080203", "Bytnica", GminaKind.RURAL, "0802"),
        ("146501", "Warszawa", GminaKind.URBAN, "1465"),
    ):
        add(
            session,
            Gmina,
            code=code,
            name=name,
            kind=kind,
            county_code=county,
            voivodeship_code=county[:2],
            sort_key=name,
            search_text=f" {name.lower()}",
        )
    add(session, WarsawDistrict, code="146505", name="Bielany", gmina_code="146501", sort_key="1")
    return "0802"


def card(session: Session, institution: Institution) -> CardDraft:
    return queries.saved(session, institution)


def revise(session: Session, by: Person, institution: Institution, **changes: object) -> frozenset[str]:
    before = card(session, institution)
    wanted = replace(before, **changes)  # type: ignore[arg-type]
    return actions.revise(session, by.actor, institution, wanted, now(), edition=edition(before))


def test_admin_changes_his_card_and_the_trail_holds_old_and_new(session: Session, people: People) -> None:
    before = people.prison.name
    changed = revise(session, people.adam, people.prison, name="Zakład Karny w Łęgu", aliases=("ZK Łęg",))
    assert changed == {"name", "aliases"}
    line = session.exec(select(AuditLine).where(col(AuditLine.verb) == "institution.revised")).one()
    assert line.details == {"changed": ["aliases", "name"]}
    values = session.exec(select(AuditValue).where(AuditValue.audit_id == line.id)).one()
    assert values.personal["name"] == [before, "Zakład Karny w Łęgu"]
    assert " legu" in people.prison.search_text
    assert " leg" in people.prison.search_text
    assert people.prison.changed_at == now()


def test_saving_the_same_changes_nothing(session: Session, people: People) -> None:
    assert revise(session, people.adam, people.prison) == frozenset()
    assert session.exec(select(AuditLine).where(col(AuditLine.verb) == "institution.revised")).all() == []


@pytest.mark.parametrize("who", ["ewa", "zofia", "jola", "wanda", "piotr"])
def test_nobody_else_changes_a_card(session: Session, people: People, who: str) -> None:
    with pytest.raises(rules.NotYourCard, match="Only an administrator"):
        revise(session, getattr(people, who), people.prison, name="Inna")


def test_second_admin_sees_that_the_card_has_changed(session: Session, people: People) -> None:
    opened = card(session, people.prison)
    revise(session, people.adam, people.prison, phone="68 111 11 11")
    with pytest.raises(rules.Stale):
        actions.revise(
            session, people.olga.actor, people.prison, replace(opened, hours="8–16"), now(), edition=edition(opened)
        )


def test_rename_keeps_the_address_until_it_is_asked_for(session: Session, people: People) -> None:
    revise(session, people.adam, people.prison, name="Zakład Karny w Łęgu")
    assert people.prison.slug == "zk-kladkowo"
    revise(session, people.adam, people.prison, slug="zk-leg")
    viewer = people.jola.actor
    assert institutions.moved_to(session, "zk-kladkowo", viewer) == "zk-leg"
    revise(session, people.adam, people.prison, slug="zk-kladkowo")
    assert institutions.moved_to(session, "zk-kladkowo", viewer) is None
    assert institutions.moved_to(session, "zk-leg", viewer) == "zk-kladkowo"


def test_address_of_another_institution_is_refused_for_ever(session: Session, people: People) -> None:
    revise(session, people.adam, people.prison, slug="zk-leg")
    for taken in ("mops-kladkowo", "zk-kladkowo"):
        with pytest.raises(rules.AddressTaken):
            revise(session, people.olga, people.ngo, slug=taken)
    with pytest.raises(rules.AddressWrong):
        revise(session, people.olga, people.ngo, slug="Łęg 1")


def test_kind_and_dates_are_the_operators(session: Session, people: People) -> None:
    for changes in ({"kind": Kind.OPS}, {"valid_to": date(2026, 1, 1)}):
        with pytest.raises(rules.NotTheOperator):
            revise(session, people.adam, people.prison, **changes)
    assert revise(session, people.olga, people.prison, kind=Kind.REMAND_PRISON) == {"kind"}


def test_an_organisation_cannot_make_itself_a_public_centre(session: Session, people: People) -> None:
    admin = make_person(session, "Maria Próbna", people.ngo, people.adam.actor.role)
    with pytest.raises(rules.NotTheOperator):
        revise(session, admin, people.ngo, acts_as=("ops",))
    assert revise(session, admin, people.ngo, acts_as=("shelter",)) == {"acts_as"}
    assert revise(session, people.olga, people.ngo, acts_as=("ops", "shelter")) == {"acts_as"}
    assert Kind.PCPR in rules.may_act_as(people.marek.actor, Kind.MOPS)
    assert Kind.OPS not in rules.may_act_as(people.marek.actor, Kind.MOPS)


def test_nobody_is_a_unit_of_his_own_unit(session: Session, people: People) -> None:
    unit = make_institution(session, "oz", Kind.EXTERNAL_UNIT, "OZ", parent_id=people.prison.id)
    with pytest.raises(rules.WrongParent):
        revise(session, people.olga, people.prison, parent_id=unit.id)
    with pytest.raises(rules.WrongParent):
        revise(session, people.olga, people.prison, parent_id=people.prison.id)
    with pytest.raises(rules.EndBeforeStart):
        revise(session, people.olga, people.prison, valid_from=date(2026, 2, 1), valid_to=date(2026, 1, 1))
    with pytest.raises(rules.NameMissing):
        revise(session, people.olga, people.prison, name="")


def test_confirming_is_for_its_own_admin(session: Session, people: People) -> None:
    actions.confirm(session, people.adam.actor, people.prison, now())
    assert (people.prison.confirmed_on, people.prison.confirmed_by) == (date(2026, 11, 23), people.adam.user_id)
    for other in (people.ewa, people.olga, people.zofia):
        with pytest.raises(rules.NotYourCard):
            actions.confirm(session, other.actor, people.prison, now())


def test_operator_sets_the_state(session: Session, people: People) -> None:
    day = date(2026, 6, 30)
    assert actions.set_status(session, people.olga.actor, people.prison, Status.ARCHIVED, day, now())
    assert (people.prison.status, people.prison.valid_to) == (Status.ARCHIVED, day)
    assert not actions.set_status(session, people.olga.actor, people.prison, Status.ARCHIVED, day, now())
    assert actions.set_status(session, people.olga.actor, people.prison, Status.ACTIVE, day, now())
    assert people.prison.valid_to is None
    with pytest.raises(rules.NotTheOperator):
        actions.set_status(session, people.adam.actor, people.prison, Status.ARCHIVED, None, now())
    people.prison.status = Status.APPLIED
    session.flush()
    with pytest.raises(rules.Undecided, match="Decide on its application"):
        actions.set_status(session, people.olga.actor, people.prison, Status.ACTIVE, None, now())


def test_two_people_choose_territory_and_lose_nothing(session: Session, people: People, gubin: str) -> None:
    nothing: frozenset[str] = frozenset()
    one, other = frozenset({"080201"}), frozenset({"080206"})
    assert actions.serve(session, people.adam.actor, people.prison, one, nothing, now())
    assert actions.serve(session, people.olga.actor, people.prison, other, nothing, now())
    assert queries.served(session, people.prison.id or 0) == one | other
    assert actions.serve(session, people.adam.actor, people.prison, nothing, one, now())
    assert queries.served(session, people.prison.id or 0) == other
    line = session.exec(select(AuditLine).order_by(col(AuditLine.id).desc())).first()
    assert line is not None
    assert line.details == {"added": [], "removed": ["080201"]}


def test_the_whole_county_takes_the_place_of_its_gminas(session: Session, people: People, gubin: str) -> None:
    chosen = frozenset({gubin, "080201", "999999"})
    actions.serve(session, people.adam.actor, people.prison, chosen, frozenset(), now())
    assert queries.served(session, people.prison.id or 0) == {gubin}
    with pytest.raises(rules.NotYourCard):
        actions.serve(session, people.jola.actor, people.prison, chosen, frozenset(), now())


def test_warsaw_takes_the_place_of_its_districts(session: Session, people: People, gubin: str) -> None:
    chosen = frozenset({"146501", "146505"})
    actions.serve(session, people.adam.actor, people.prison, chosen, frozenset(), now())
    assert queries.served(session, people.prison.id or 0) == {"146501"}


def test_rooms_are_added_changed_and_switched_off(session: Session, people: People) -> None:
    owner = people.prison.id or 0
    room = actions.add_room(session, people.adam.actor, people.prison, RoomDraft("Sala A", 12), now())
    actions.add_room(session, people.adam.actor, people.prison, RoomDraft("Sala B"), now())
    with pytest.raises(rules.RoomNamedTwice):
        actions.add_room(session, people.adam.actor, people.prison, RoomDraft("sala a"), now())
    with pytest.raises(rules.RoomNamedTwice):
        actions.revise_room(session, people.adam.actor, room, RoomDraft("Sala B", 12), now())
    assert actions.revise_room(session, people.adam.actor, room, RoomDraft("Sala A", 14), now())
    assert not actions.revise_room(session, people.adam.actor, room, RoomDraft("Sala A", 14), now())
    actions.switch_room(session, people.adam.actor, room, now(), active=False)
    assert [one.name for one in institutions.rooms(session, owner)] == ["Sala B"]
    assert [one.name for one in institutions.rooms(session, owner, active=False)] == ["Sala B", "Sala A"]
    for refused in (people.ewa, people.zofia):
        with pytest.raises(rules.NotYourCard):
            actions.switch_room(session, refused.actor, room, now(), active=True)
        with pytest.raises(rules.NotYourCard):
            actions.revise_room(session, refused.actor, room, RoomDraft("Inna"), now())
        with pytest.raises(rules.NotYourCard):
            actions.add_room(session, refused.actor, people.prison, RoomDraft("Inna"), now())


def test_a_card_holds_so_many_rooms(session: Session, people: People) -> None:
    for number in range(rules.ROOMS_MAX):
        actions.add_room(session, people.adam.actor, people.prison, RoomDraft(f"Sala {number}"), now())
    with pytest.raises(rules.TooManyRooms, match="at most 40 rooms"):
        actions.add_room(session, people.adam.actor, people.prison, RoomDraft("Jeszcze jedna"), now())


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("gubin", ["080201", "080206"]),
        ("Gubin (gmina wiejska, pow. krośnieński)", ["080206"]),
        ("gubin wiejska", ["080206"]),
        ("080206", ["080206"]),
        ("0802062", ["080206"]),
        ("byt", ["080203"]),
        ("nie ma", []),
        ("(", []),
        ("%", []),
        ("١٢٣", []),
    ],
)
def test_gminas_are_found_by_what_people_type(session: Session, gubin: str, typed: str, codes: list[str]) -> None:
    assert sorted(unit.code for unit in queries.gminas_called(session, typed)) == codes


def test_old_cards_are_asked_about_once_a_year(session: Session, people: People, clock: Traveller) -> None:
    """The prison has an administrator; the others have coordinators only, whom no mail asks."""
    make_offer(session, people.prison, make_service(session, "shelter"))
    make_offer(session, people.ngo, make_service(session, "meals"))
    assert actions.remind(session, now()) == 0, "an administrator of today is left alone for a month"
    clock.shift(timedelta(days=31))
    assert actions.remind(session, now()) == 1
    assert actions.remind(session, now()) == 0
    mail = session.exec(select(OutboxMail)).one()
    assert (mail.to_address, mail.template, mail.params["number"]) == (people.adam.email, "partners/cards/remind", 1)
    clock.shift(timedelta(days=366))
    assert actions.remind(session, now()) == 1
    actions.confirm(session, people.adam.actor, people.prison, now())
    clock.shift(timedelta(days=200))
    offers = [one.id for one in institutions.offers(session, people.prison.id or 0)]
    services.check_offers(session, people.adam.actor, people.prison, offers, now())
    clock.shift(timedelta(days=160))
    assert actions.remind(session, now()) == 0


def test_two_centres_that_name_one_place_are_told(session: Session, people: People, gubin: str) -> None:
    serve, nothing = actions.serve, frozenset[str]()
    make_institution(session, "ops-gubin", Kind.OPS, "OPS w Gubinie", gmina_code="080201")
    make_institution(session, "stary", Kind.OPS, "Stary", gmina_code="080201", status=Status.ARCHIVED)
    serve(session, people.olga.actor, people.mops, frozenset({"080201", "080203"}), nothing, now())
    serve(session, people.olga.actor, people.stranger, frozenset({"080203"}), nothing, now())
    serve(session, people.olga.actor, people.ngo, frozenset({"080201"}), nothing, now())

    def told(institution: Institution) -> list[str]:
        codes = queries.served(session, institution.id or 0)
        return [one.name for one in queries.also_serving(session, institution, codes)]

    assert told(people.mops) == ["OPS w Bródku", "OPS w Gubinie"]
    assert told(people.stranger) == ["MOPS w Kładkowie"]
    assert told(people.ngo) == []


def test_an_announced_successor_is_not_forgotten_by_setting_the_state(session: Session, people: People) -> None:
    day = warsaw.today(now()) + timedelta(days=5)
    old, new = people.stranger, people.prison
    old.successor_id, old.valid_to = new.id, day
    session.flush()
    for status, until in ((Status.UNCONFIRMED, None), (Status.ARCHIVED, day)):
        with pytest.raises(rules.SuccessorAnnounced):
            actions.set_status(session, people.olga.actor, old, status, until, now())
    with pytest.raises(rules.SuccessorAnnounced):
        revise(session, people.olga, old, valid_to=None)
    assert (old.successor_id, old.valid_to) == (new.id, day)


def test_a_card_that_comes_back_has_no_successor(session: Session, people: People) -> None:
    old, day = people.stranger, warsaw.today(now())
    old.status, old.successor_id, old.valid_to = Status.ARCHIVED, people.prison.id, day
    session.flush()
    assert actions.set_status(session, people.olga.actor, old, Status.ARCHIVED, day - timedelta(days=1), now())
    assert old.successor_id == people.prison.id
    assert actions.set_status(session, people.olga.actor, old, Status.ACTIVE, None, now())
    back = session.get_one(Institution, old.id)
    assert (back.successor_id, back.valid_to) == (None, None)
