"""Succession: the old card leads to the new one, and what lives goes on there."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from app import warsaw
from app.actors import Role
from app.audit.models import AuditLine
from app.clock import now
from app.succession import actions, queries, rules
from app.succession.rules import Handover
from events.calendar.models import Event, EventParty
from events.signups import actions as signups
from events.signups.models import Booking, SignUp
from events.signups.rules import Wanted
from partners.agreements.models import AgreementParty
from partners.contacts.models import CardReport, Contact
from partners.institutions.models import (
    Institution,
    InstitutionActsAs,
    InstitutionAlias,
    InstitutionTerritory,
    Kind,
    Room,
    ServiceOffer,
    Status,
)
from partners.people.models import Invitation, Membership
from projects.programmes.models import Programme, ProgrammePartner, ProgrammeState
from tests.factories.agreements import make_agreement
from tests.factories.availability import make_period
from tests.factories.contacts import make_contact, make_report
from tests.factories.events import date_of, local, make_draft, make_event, named
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.persons import make_person
from tests.factories.programmes import make_programme
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
TODAY = date(2026, 11, 23)


@pytest.fixture(name="pair")
def _pair(session, people) -> tuple[Institution, Institution]:
    """An institution that has ended, and its successor."""
    old = make_institution(session, "gops-lubsko", Kind.GOPS, "GOPS Lubsko", short_name="GOPS")
    return old, make_institution(session, "cus-lubsko", Kind.CUS, "CUS w Lubsku")


def succeeded(session, people, pair, day=TODAY, **handover) -> None:
    old, successor = pair
    wanted = replace(Handover(day), **handover)
    actions.succeed(session, people.olga.actor, old.id or 0, successor.id or 0, wanted, now())
    session.expire_all()


def test_the_old_card_is_archived_and_leads_on(client, session, people, pair):
    old, successor = pair
    succeeded(session, people, pair, day=date(2026, 11, 1))
    assert (old.status, old.successor_id, old.valid_to) == (Status.ARCHIVED, successor.id, date(2026, 10, 31))
    page = client.see("/partnerzy/gops-lubsko")
    assert "31 października 2026" in page.text
    assert page.main.one("a", href="/partnerzy/cus-lubsko")
    assert "GOPS Lubsko" in client.see("/partnerzy/cus-lubsko").text
    assert client.get("/kanaly/i/gops-lubsko.ics").status_code == 200


def test_names_territory_and_units_pass(session, people, pair):
    old, successor = pair
    session.add(InstitutionAlias(institution_id=old.id, name="Opieka w Lubsku"))
    session.add_all(InstitutionTerritory(institution_id=old.id, code=code) for code in ("080401", "080402"))
    session.add(InstitutionTerritory(institution_id=successor.id, code="080402"))
    unit = make_institution(session, "filia", parent_id=old.id)
    before = make_institution(session, "dawniej", status=Status.ARCHIVED, successor_id=old.id)
    session.flush()
    succeeded(session, people, pair)
    names = session.exec(select(InstitutionAlias.name).where(InstitutionAlias.institution_id == successor.id)).all()
    assert set(names) == {"GOPS Lubsko", "GOPS", "Opieka w Lubsku"}
    assert " opieka" in successor.search_text
    rows = session.exec(select(InstitutionTerritory.institution_id, InstitutionTerritory.code)).all()
    assert sorted(rows) == [(successor.id, "080401"), (successor.id, "080402")]
    assert (unit.parent_id, before.successor_id) == (successor.id, successor.id)


def test_a_successor_of_another_kind_acts_as_the_old_one(session, people, pair):
    old, successor = pair
    old.kind = Kind.PCPR
    session.flush()
    succeeded(session, people, pair)
    assert session.exec(select(InstitutionActsAs.institution_id, InstitutionActsAs.kind)).all() == [
        (successor.id, Kind.PCPR)
    ]


def test_people_go_on_in_their_roles(client, session, people, pair):
    old, successor = pair
    person = make_person(session, "Iga Próbna", old, Role.ADMIN)
    both = make_person(session, "Ola Próbna", old, Role.COORDINATOR)
    session.add(Membership(user_id=both.user_id, institution_id=successor.id, role=Role.MEMBER, since=now()))
    add(
        session, Invitation, institution_id=old.id or 0, token_hash="x" * 64, email="a@b.example",
        role=Role.MEMBER, invited_at=now(), expires_at=now() + timedelta(days=14),
    )  # fmt: skip
    client.sign_in(person)
    succeeded(session, people, pair)
    current = session.exec(
        select(Membership.institution_id, Membership.user_id, Membership.role).where(
            col(Membership.ended_at).is_(None), col(Membership.user_id).in_((person.user_id, both.user_id))
        )
    ).all()
    assert set(current) == {
        (successor.id, person.user_id, Role.ADMIN),
        (successor.id, both.user_id, Role.MEMBER),
    }
    assert session.exec(select(Invitation.institution_id)).all() == [successor.id]
    assert client.see("/partnerzy/cus-lubsko/kontakty").h1 == "Kontakty instytucji"


def test_contacts_services_and_rooms_pass_and_reports_are_closed(session, people, pair):
    old, successor = pair
    kept, moved = make_contact(session, successor), make_contact(session, old)
    service = make_service(session, "shelter")
    for card in pair:
        make_offer(session, card, service)
    make_offer(session, old, make_service(session, "meal"))
    room = add(session, Room, institution_id=old.id, name="Sala")
    whole, of_room = make_period(session, old), make_period(session, old, room_id=room.id)
    make_report(session, old, people.piotr)
    succeeded(session, people, pair)
    line = session.exec(
        select(Contact.id).where(Contact.institution_id == successor.id).order_by(col(Contact.position))
    ).all()
    assert line == [kept.id, moved.id]
    assert set(session.exec(select(ServiceOffer.institution_id))) == {successor.id}
    assert session.exec(select(Room.institution_id)).all() == [successor.id]
    session.expire_all()
    assert (whole.institution_id, of_room.institution_id) == (old.id, successor.id)
    report = session.exec(select(CardReport)).one()
    assert report.institution_id == old.id
    assert report.settled_at is not None
    assert report.reported_by is None


def test_only_what_is_wanted_passes(session, people, pair):
    old, _successor = pair
    make_person(session, "Iga Próbna", old, Role.ADMIN)
    make_contact(session, old)
    make_offer(session, old, make_service(session, "shelter"))
    event = make_event(session, make_person(session, "Ola Próbna", old))
    wanted = Handover(TODAY, people=False, contacts=False, services=False, coming=False)
    actions.succeed(session, people.olga.actor, old.id or 0, pair[1].id or 0, wanted, now())
    session.expire_all()
    assert set(session.exec(select(Membership.institution_id).where(Membership.institution_id == old.id))) == {old.id}
    assert session.exec(select(Contact.institution_id)).all() == [old.id]
    assert session.exec(select(ServiceOffer.institution_id)).all() == [old.id]
    assert session.get_one(Event, event.id).organiser_id == old.id


def test_agreements_and_past_events_stay_coming_ones_go_on(client, session, people, pair, clock):
    old, successor = pair
    person = make_person(session, "Iga Próbna", old)
    agreement = make_agreement(session, "P-08-777", people.prison, old)
    past = make_event(session, person, title="Dawne spotkanie", starts=local(10), ends=local(12))
    hosted = make_event(session, people.ewa, title="U nas", starts=local(10, days=20), ends=local(12, days=20),
                        place="", place_institution_id=old.id, invited=(old.id or 0, successor.id or 0))  # fmt: skip
    coming = make_event(session, person, title="Przyszłe", starts=local(10, days=30), ends=local(12, days=30))
    draft = make_draft(session, person, title="Szkic")
    clock.move_to(now() + timedelta(days=17))
    wanted = Wanted(people=(named(1),))
    signups.sign_up(session, person.actor, hosted, date_of(session, hosted).id or 0, wanted, "a" * 36, now())
    running = make_programme(session, "Most", old.id)
    finished = make_programme(session, "Dawny most", old.id, state=ProgrammeState.COMPLETED)
    guest = make_programme(session, "Obcy most", people.prison.id)
    session.add(ProgrammePartner(programme_id=guest.id or 0, institution_id=old.id))
    session.flush()
    succeeded(session, people, pair, day=warsaw.today(now()))
    parties = select(AgreementParty.institution_id).where(AgreementParty.agreement_id == agreement.id)
    assert old.id in session.exec(parties).all()
    organisers = {event.title: session.get_one(Event, event.id).organiser_id for event in (past, hosted, coming, draft)}
    assert organisers == {
        "Dawne spotkanie": old.id,
        "U nas": people.prison.id,
        "Przyszłe": successor.id,
        "Szkic": successor.id,
    }
    assert session.get_one(Event, hosted.id).place_institution_id == successor.id
    assert session.exec(select(EventParty.institution_id).where(EventParty.event_id == hosted.id)).all() == [
        successor.id
    ]
    assert session.exec(select(Booking.institution_id)).all() == [successor.id]
    assert session.exec(select(SignUp.institution_id)).all() == [successor.id]
    leads = {one.slug: session.get_one(Programme, one.id).lead_id for one in (running, finished, guest)}
    assert leads == {"most": successor.id, "dawny-most": old.id, "obcy-most": people.prison.id}
    assert session.exec(select(ProgrammePartner.institution_id)).all() == [successor.id]
    feed = client.get("/kanaly/i/cus-lubsko.ics").text
    assert "Przyszłe" in feed
    assert "Organizator: CUS w Lubsku" in feed.replace("\r\n ", "")
    assert "Dawne spotkanie" in client.get("/kanaly/i/gops-lubsko.ics").text
    assert client.see("/porozumienia/P-08-777").main.all("a", href="/partnerzy/gops-lubsko")
    assert "Dawne spotkanie" in client.see(f"/wydarzenia/{past.uuid}").text


@pytest.mark.parametrize(
    ("changed", "day", "refusal"),
    [
        ({"valid_from": TODAY}, TODAY, rules.DayTooEarly),
        ({"status": Status.ARCHIVED}, TODAY, rules.Archived),
        ({"status": Status.REFUSED}, TODAY, rules.NotDecided),
        ({"synthetic": True}, TODAY, rules.OtherLayer),
    ],
)
def test_successions_that_cannot_be(session, people, pair, changed, day, refusal):
    for name, value in changed.items():
        setattr(pair[0], name, value)
    session.flush()
    with pytest.raises(refusal):
        succeeded(session, people, pair, day=day)


def test_an_archived_card_succeeds_nobody(session, people, pair):
    pair[1].status = Status.ARCHIVED
    session.flush()
    with pytest.raises(rules.SurvivorArchived):
        succeeded(session, people, pair)


def test_a_child_that_takes_over_is_its_own_master(session, people, pair):
    old, successor = pair
    successor.parent_id = old.id
    session.flush()
    succeeded(session, people, pair)
    assert successor.parent_id is None


@pytest.mark.parametrize("who", ["adam", "ewa", "marek", "wanda"])
def test_only_the_operator_names_successors(session, people, pair, who):
    with pytest.raises(rules.OperatorOnly):
        actions.succeed(session, getattr(people, who).actor, pair[0].id, pair[1].id, Handover(day=TODAY), now())


def test_the_trail_tells_what_was_handed_over(session, people, pair):
    succeeded(session, people, pair, services=False)
    line = session.exec(select(AuditLine).order_by(col(AuditLine.id).desc())).first()
    assert line is not None
    assert (line.verb, line.subject_id) == ("institution.succeeded", pair[0].id)
    assert line.details == {
        "successor_id": pair[1].id,
        "day": "2026-11-23",
        "handed": ["people", "contacts", "coming"],
    }


def test_a_day_ahead_is_announced_and_the_night_does_the_rest(client, session, people, pair, clock):
    old, successor = pair
    person = make_person(session, "Iga Próbna", old, Role.ADMIN)
    contact = make_contact(session, old)
    succeeded(session, people, pair, day=date(2027, 1, 1))
    assert (old.status, old.successor_id, old.valid_to) == (Status.ACTIVE, successor.id, date(2026, 12, 31))
    page = client.see("/partnerzy/gops-lubsko")
    assert "Ta instytucja działa do 31 grudnia 2026." in page.text
    assert page.main.one("a", href="/partnerzy/cus-lubsko")
    assert session.exec(select(AuditLine.verb).order_by(col(AuditLine.id).desc())).first() == (
        "institution.succession_announced"
    )
    assert actions.carry_out(session, now()) == 0
    clock.move_to(warsaw.start_of(date(2027, 1, 1)) + timedelta(hours=3))
    assert actions.carry_out(session, now()) == 1
    session.expire_all()
    assert (old.status, old.valid_to, contact.institution_id) == (Status.ARCHIVED, date(2026, 12, 31), successor.id)
    current = select(Membership.institution_id).where(
        Membership.user_id == person.user_id, col(Membership.ended_at).is_(None)
    )
    assert session.exec(current).all() == [successor.id]
    assert actions.carry_out(session, now()) == 0


def test_from_a_day_ahead_everything_passes(session, people, pair):
    with pytest.raises(rules.PartlyAhead):
        succeeded(session, people, pair, day=TODAY + timedelta(days=1), contacts=False)


def test_an_announcement_is_withdrawn(session, people, pair, clock):
    old = pair[0]
    succeeded(session, people, pair, day=TODAY + timedelta(days=1))
    assert [one.old_slug for one in queries.announced(session)] == ["gops-lubsko"]
    with pytest.raises(rules.OperatorOnly):
        actions.withdraw_succession(session, people.adam.actor, old.id or 0, now())
    actions.withdraw_succession(session, people.olga.actor, old.id or 0, now())
    assert (old.successor_id, old.valid_to) == (None, None)
    with pytest.raises(rules.NotAnnounced):
        actions.withdraw_succession(session, people.olga.actor, old.id or 0, now())
    clock.shift(timedelta(days=2))
    assert actions.carry_out(session, now()) == 0


def test_what_cannot_be_carried_out_stays_on_the_list_and_stops_no_other(session, people, pair, clock):
    other = make_institution(session, "pcpr", Kind.PCPR)
    succeeded(session, people, pair, day=TODAY + timedelta(days=1))
    succeeded(session, people, (other, people.mops), day=TODAY + timedelta(days=1))
    pair[1].status = Status.ARCHIVED
    session.flush()
    clock.shift(timedelta(days=2))
    assert actions.carry_out(session, now()) == 1
    assert [one.old_slug for one in queries.announced(session)] == ["gops-lubsko"]
