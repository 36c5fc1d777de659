"""Merging two cards: nothing may stay behind, whatever table points to a card."""

from typing import Any

import pytest
from sqlalchemy import Table, func
from sqlmodel import Session, col, select

from app.accounts.actions import begin_session
from app.accounts.models import UserAccount, UserSession
from app.actors import Role
from app.audit.models import AuditLine
from app.clock import now
from app.db import columns, metadata
from app.succession import actions, queries, rules
from events.calendar.models import Event, EventParty, Part, Visibility
from events.shelf.models import FeedEvent, FeedState
from partners.admission.models import Application, ApplicationState
from partners.contacts.models import Contact
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionSlug,
    InstitutionTerritory,
    Kind,
    ServiceOffer,
    Status,
)
from partners.people.models import Membership
from projects.programmes.models import Programme, ProgrammePartner
from tests.factories.contacts import make_contact
from tests.factories.events import make_event
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.persons import make_person
from tests.factories.programmes import make_programme
from tests.factories.rows import add
from tests.house.test_migrations import a_value

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(name="pair")
def _pair(session, people) -> tuple[Institution, Institution]:
    """A card and its duplicate."""
    duplicate = make_institution(session, "mops-lubsko-2", Kind.MOPS, "MOPS Lubsko", phone="68 000 00 01")
    return duplicate, make_institution(session, "mops-lubsko", Kind.MOPS, "MOPS w Lubsku")


_FITTING = {"application": {"state": ApplicationState.ACCEPTED}}


def merged(session, people, pair) -> queries.Plan:
    duplicate, survivor = pair
    plan = actions.merge(session, people.olga.actor, duplicate.id or 0, survivor.id or 0, now())
    session.expire_all()
    return plan


def pointing(session: Session, institution_id: int) -> dict[str, int]:
    """How many rows of each foreign key point to an institution."""
    return {
        f"{one.table.name}.{one.column.name}": session.execute(
            columns(func.count()).select_from(one.table).where(one.column == institution_id)
        ).scalar_one()
        for one in queries.references()
    }


def fill(session: Session, table: Table, institution_id: int, **fixed: Any) -> dict[str, Any]:
    """Put a row into *table* whose every foreign key to an institution is *institution_id*."""
    values: dict[str, Any] = {}
    for column in table.columns:
        to_institution = any(key.column.table.name == "institution" for key in column.foreign_keys)
        value = institution_id if to_institution else a_value(session, table, column)
        if column.name in fixed:
            value = fixed[column.name]
        if value is not None and not (column.primary_key and column.name == "id"):
            values[column.name] = value
    session.execute(table.insert().values(values))
    return values


def fill_all(session: Session, institution_id: int) -> None:
    """Put a row into every table that has none, and into every one that points to an institution."""
    pointing_tables = {one.table.name for one in queries.references()}
    for table in metadata.sorted_tables:
        if table.name == "institution":
            continue
        empty = not session.execute(columns(func.count()).select_from(table)).scalar_one()
        if empty or table.name in pointing_tables:
            fill(
                session, table, institution_id,
                slug="dawny-adres", key=f"k{institution_id}", **_FITTING.get(table.name, {}),
            )  # fmt: skip
    session.flush()


def test_what_points_to_a_card_is_known_also_where_no_foreign_key_says_so():
    """A new column of this kind must be thought of in the merge."""
    loose = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if not column.foreign_keys and column.name in ("institution_id", "owner_id", "acting_for", "organiser_id")
    }
    # The trail tells what was; sessions and feeds are seen to by name.
    assert loose == {"audit.institution_id", "user_session.acting_for", "feed_event.owner_id", "feed_state.owner_id"}


def test_every_table_has_a_name_on_the_page():
    assert {one.table.name for one in queries.references()} == set(rules.TABLE_LABEL)
    assert set(rules.FILLED_LABEL) == {*rules.FILLED, "street"}


def test_a_row_in_every_table_points_to_the_survivor(session, people, pair):
    duplicate, survivor = pair
    child = make_institution(session, "filia", parent_id=duplicate.id, successor_id=duplicate.id)
    fill_all(session, duplicate.id)
    before = pointing(session, duplicate.id)
    assert all(before.values()), before
    rows = {table.name: _count(session, table) for table in metadata.sorted_tables}
    gone = duplicate.id
    plan = merged(session, people, pair)
    assert not any(pointing(session, gone).values())
    after = pointing(session, survivor.id)
    # A card that leads a project and is its partner too is a partner no more; so with events.
    own = {"programme_partner.institution_id", "event_party.institution_id", "programme.offered_to_id"}
    assert {name: after[name] for name in before if name not in own | {"institution_alias.institution_id"}} == {
        **{name: number for name, number in before.items() if name not in own | {"institution_alias.institution_id"}},
        "institution_slug.institution_id": 2,
    }
    kept = {table.name: _count(session, table) for table in metadata.sorted_tables}
    assert {name for name in rows if kept[name] < rows[name]} <= {
        "institution", "programme_partner", "event_party", "feed_state", "feed_event", "event_ics", "event_word",
    }  # fmt: skip
    assert session.get_one(Institution, child.id).parent_id == survivor.id
    assert plan.moves == sum(before.values())


def test_what_both_have_stays_as_the_survivor_has_it(session, people, pair):
    duplicate, survivor = pair
    fill_all(session, duplicate.id)
    doubled = {}
    for one in queries.references():
        if one.unique and one.table.name != "membership":
            row = session.execute(one.table.select().where(one.column == duplicate.id)).first()
            values = {name: value for name, value in row._mapping.items() if name != "id"}
            session.execute(one.table.insert().values({**values, one.column.name: survivor.id}))
            doubled[one.table.name] = row
    assert {"agreement_party", "event_party", "institution_territory", "service_offer", "application"} <= set(doubled)
    plan = queries.plan(session, duplicate.id, survivor.id)
    assert {row.table for row in plan.rows if row.doubled} == set(doubled)
    gone = duplicate.id
    merged(session, people, pair)
    assert not any(pointing(session, gone).values())


def test_the_old_address_leads_on_and_the_name_is_found(session, people, pair):
    duplicate, survivor = pair
    session.add(InstitutionSlug(slug="mops-dawniej", institution_id=duplicate.id))
    session.add(InstitutionAlias(institution_id=duplicate.id, name="Ośrodek w Lubsku"))
    session.add(InstitutionAlias(institution_id=duplicate.id, name="MOPS w Lubsku"))
    session.flush()
    merged(session, people, pair)
    assert set(session.exec(select(InstitutionSlug.slug).where(InstitutionSlug.institution_id == survivor.id))) == {
        "mops-lubsko-2",
        "mops-dawniej",
    }
    names = session.exec(select(InstitutionAlias.name).where(InstitutionAlias.institution_id == survivor.id)).all()
    assert sorted(names) == ["MOPS Lubsko", "MOPS w Lubsku", "Ośrodek w Lubsku"]
    assert " osrodek" in survivor.search_text
    assert survivor.phone == "68 000 00 01"


def test_the_survivor_is_filled_in_and_never_overwritten(session, people, pair):
    duplicate, survivor = pair
    survivor.phone, survivor.post_town = "68 999 99 99", "Lubsko"
    duplicate.email, duplicate.street, duplicate.parent_id = "mops@lubsko.example", "ul. Inna 1", survivor.id
    session.flush()
    assert set(rules.fills(duplicate, survivor)) == {"email"}
    merged(session, people, pair)
    assert (survivor.phone, survivor.email, survivor.street, survivor.parent_id) == (
        "68 999 99 99", "mops@lubsko.example", "", None,
    )  # fmt: skip


def test_a_person_of_both_keeps_the_stronger_role_and_one_membership(session, people, pair):
    duplicate, survivor = pair
    person = make_person(session, "Iga Próbna", duplicate, Role.ADMIN)
    session.add(Membership(user_id=person.user_id, institution_id=survivor.id, role=Role.MEMBER, since=now()))
    other = make_person(session, "Ola Próbna", duplicate, Role.COORDINATOR)
    begin_session(session, session.get_one(UserAccount, other.user_id), "tests", now())
    signed_in = session.exec(select(UserSession).where(UserSession.user_id == other.user_id)).one()
    signed_in.acting_for = duplicate.id
    session.flush()
    merged(session, people, pair)
    current = session.exec(
        select(Membership.user_id, Membership.role).where(
            Membership.institution_id == survivor.id, col(Membership.ended_at).is_(None)
        )
    ).all()
    assert set(current) == {(person.user_id, Role.ADMIN), (other.user_id, Role.COORDINATOR)}
    assert signed_in.acting_for == survivor.id
    verbs = session.exec(select(AuditLine.verb).order_by(col(AuditLine.id))).all()
    assert verbs[-3:] == ["membership.changed", "membership.ended", "institution.merged"]


def test_contacts_of_the_duplicate_stand_behind_those_of_the_survivor(session, people, pair):
    duplicate, survivor = pair
    for owner in (duplicate, survivor):
        for position in range(2):
            make_contact(session, owner, position=position, mailbox=f"{position}@{owner.slug}.example")
    merged(session, people, pair)
    line = session.exec(select(Contact.mailbox).order_by(col(Contact.position))).all()
    assert line == [f"{n}@{slug}.example" for slug in ("mops-lubsko", "mops-lubsko-2") for n in (0, 1)]


def test_feeds_of_both_addresses_hold_the_events_of_both(client, session, people, pair):
    duplicate, survivor = pair
    one, other = make_person(session, "Iga Próbna", duplicate), make_person(session, "Ola Próbna", survivor)
    make_event(session, one, title="Spotkanie dawnej karty")
    make_event(session, other, title="Spotkanie nowej karty")
    make_event(session, people.ewa, title="Gościnnie", place="", place_institution_id=duplicate.id)
    before = client.get("/kanaly/i/mops-lubsko-2.ics")
    assert "Spotkanie dawnej karty" in before.text
    gone = duplicate.id
    merged(session, people, pair)
    feeds = [client.get(f"/kanaly/i/{slug}.ics") for slug in ("mops-lubsko", "mops-lubsko-2")]
    assert feeds[0].text == feeds[1].text
    for title in ("Spotkanie dawnej karty", "Spotkanie nowej karty", "Gościnnie"):
        assert title in feeds[0].text
    assert "MOPS Lubsko" not in feeds[0].text
    assert feeds[0].headers["ETag"] != before.headers["ETag"]
    assert session.exec(select(FeedEvent).where(FeedEvent.owner_id == gone)).all() == []
    assert session.exec(select(FeedState).where(FeedState.owner_id == gone)).all() == []


def test_nobody_is_a_guest_of_his_own_event_or_partner_of_his_own_project(session, people, pair):
    duplicate, survivor = pair
    person = make_person(session, "Iga Próbna", survivor)
    event = make_event(session, person, visibility=Visibility.INVITED, invited=(duplicate.id,))
    programme = make_programme(session, "Most", survivor.id)
    session.add(ProgrammePartner(programme_id=programme.id or 0, institution_id=duplicate.id))
    session.flush()
    merged(session, people, pair)
    assert session.exec(select(EventParty).where(EventParty.event_id == event.id)).all() == []
    assert session.exec(select(ProgrammePartner)).all() == []


def test_a_co_organiser_stays_one(session, people, pair):
    duplicate, survivor = pair
    event = make_event(session, people.ewa)
    session.add(EventParty(event_id=event.id or 0, institution_id=duplicate.id, part=Part.CO_ORGANISER))
    session.add(EventParty(event_id=event.id or 0, institution_id=survivor.id, part=Part.INVITED))
    session.flush()
    merged(session, people, pair)
    assert session.exec(select(EventParty.institution_id, EventParty.part)).all() == [(survivor.id, Part.CO_ORGANISER)]


@pytest.mark.parametrize(
    ("kind", "acts_as"), [(Kind.PCPR, [Kind.PCPR]), (Kind.OPS, []), (Kind.MOPR, [Kind.MOPR]), (Kind.SHELTER, [])]
)
def test_a_centre_that_takes_another_in_serves_what_that_served(session, people, pair, kind, acts_as):
    pair[0].kind = kind
    session.flush()
    merged(session, people, pair)
    statement = select(InstitutionActsAs.kind).where(InstitutionActsAs.institution_id == pair[1].id)
    assert session.exec(statement).all() == acts_as


def test_a_placeholder_leaves_no_name_behind(session, people, pair):
    pair[0].slug, pair[0].status = "pomoc-spoleczna-080401", Status.UNCONFIRMED
    session.flush()
    merged(session, people, pair)
    assert session.exec(select(InstitutionAlias)).all() == []
    assert session.exec(select(InstitutionSlug.slug)).all() == ["pomoc-spoleczna-080401"]


def test_projects_are_found_by_the_name_that_stays(session, people, pair):
    programme = make_programme(session, "Most", pair[0].id)
    merged(session, people, pair)
    assert " lubsku" in session.get_one(Programme, programme.id).search_text


@pytest.mark.parametrize(
    ("columns", "refusal"),
    [
        ({"kind": Kind.PRISON}, rules.OtherKind),
        ({"synthetic": True}, rules.OtherLayer),
        ({"status": Status.ARCHIVED}, rules.SurvivorArchived),
    ],
)
def test_cards_that_do_not_belong_together(session, people, pair, columns, refusal):
    survivor = pair[1]
    for name, value in columns.items():
        setattr(survivor, name, value)
    session.flush()
    with pytest.raises(refusal):
        merged(session, people, pair)


@pytest.mark.parametrize("state", [ApplicationState.WAITING, ApplicationState.REFUSED])
def test_an_application_is_decided_first(session, people, pair, state):
    """A refused one would take the surviving card with it after 30 days."""
    add(session, Application, institution_id=pair[0].id or 0, applied_at=now(), state=state)
    with pytest.raises(rules.NotDecided):
        merged(session, people, pair)


def test_a_card_is_not_merged_with_itself(session, people, pair):
    with pytest.raises(rules.SameCard):
        merged(session, people, (pair[0], pair[0]))


@pytest.mark.parametrize("who", ["adam", "ewa", "marek", "wanda"])
def test_only_the_operator_merges(session, people, pair, who):
    with pytest.raises(rules.OperatorOnly):
        actions.merge(session, getattr(people, who).actor, pair[0].id, pair[1].id, now())


def test_a_plan_that_was_not_seen_is_not_carried_out(session, people, pair):
    duplicate, survivor = pair
    seen = queries.plan(session, duplicate.id, survivor.id).mark
    make_offer(session, duplicate, make_service(session, "shelter"))
    with pytest.raises(rules.Stale):
        actions.merge(session, people.olga.actor, duplicate.id, survivor.id, now(), seen=seen)
    seen = queries.plan(session, duplicate.id, survivor.id).mark
    actions.merge(session, people.olga.actor, duplicate.id, survivor.id, now(), seen=seen)
    assert session.exec(select(ServiceOffer.institution_id)).all() == [survivor.id]


def test_territories_of_both_are_served_once(session, people, pair):
    for card, codes in zip(pair, (("0801", "0802"), ("0802", "0803")), strict=True):
        session.add_all(InstitutionTerritory(institution_id=card.id or 0, code=code) for code in codes)
    session.flush()
    survivor = pair[1].id
    merged(session, people, pair)
    rows = session.exec(select(InstitutionTerritory.institution_id, InstitutionTerritory.code)).all()
    assert sorted(rows) == [(survivor, "0801"), (survivor, "0802"), (survivor, "0803")]


def test_the_trail_tells_which_card_went(session, people, pair):
    duplicate = pair[0].id
    merged(session, people, pair)
    line = session.exec(select(AuditLine).order_by(col(AuditLine.id).desc())).first()
    assert line is not None
    assert (line.verb, line.subject_id) == ("institution.merged", pair[1].id)
    assert line.details == {"duplicate_id": duplicate, "slug": "mops-lubsko-2", "moved": 0, "doubled": 0}


def test_events_keep_their_address_and_organiser(session, people, pair):
    event = make_event(session, make_person(session, "Iga Próbna", pair[0]))
    uuid = event.uuid
    merged(session, people, pair)
    assert session.exec(select(Event.organiser_id).where(Event.uuid == uuid)).one() == pair[1].id


def _count(session: Session, table: Table) -> int:
    return int(session.execute(columns(func.count()).select_from(table)).scalar_one())
