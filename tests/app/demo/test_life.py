"""The invented part: among invented institutions only, rich enough, the same every time, movable."""

from datetime import date, timedelta

import pytest
from sqlalchemy import inspect, text
from sqlmodel import Session, SQLModel, col, func, select

from app import demo
from app.accounts.models import UserAccount
from app.actors import Role
from app.audit.models import AuditLine
from app.demo import duty
from app.demo.facts import fact_uuid
from app.demo.life import life, life_events
from app.demo.meetings import life_uuid, meetings
from app.outbox.models import OutboxMail
from app.portal.facts import DEMO_PASSWORD
from events.calendar import inner
from events.calendar.models import Event, EventKind, EventParty, Occurrence, Outcome, Promotion, State, Visibility
from events.duty import queries
from events.feeds import queries as own_feeds
from events.feeds.models import CalendarFeed
from events.minutes.models import Record, RecordState, RecordTask
from events.minutes.queries import late_notes, seal_holds
from events.shelf.models import EventText, FeedEvent, FeedKind, InnerText
from events.signups.models import Booking, SignUp, SignUpState
from partners.agreements.models import Agreement, AgreementParty, AgreementState
from partners.contacts.models import Contact
from partners.institutions.models import Institution, Kind, ServiceOffer
from partners.people.models import Membership
from projects.programmes.models import Programme, ProgrammeKind, ProgrammePartner, ProgrammeState
from tests.app.demo.conftest import LOADED_AT, TODAY

pytestmark = pytest.mark.slow

REAL = select(Institution.id).where(~col(Institution.synthetic)).scalar_subquery()
INVENTED = select(Institution.id).where(col(Institution.synthetic)).scalar_subquery()


def count(session: Session, table, *where) -> int:
    return session.exec(select(func.count()).select_from(table).where(*where)).one()


def numbers(session: Session) -> dict[str, int]:
    tables = SQLModel.metadata.tables
    return {name: session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}  # noqa: S608 - our names


# --- the two layers never mix


def test_no_invented_event_touches_a_real_institution(loaded):
    invented = col(Event.synthetic)
    assert count(loaded, Event, invented, col(Event.organiser_id).in_(REAL)) == 0
    assert count(loaded, Event, invented, col(Event.place_institution_id).in_(REAL)) == 0
    synthetic = select(Event.id).where(invented).scalar_subquery()
    assert (
        count(loaded, EventParty, col(EventParty.event_id).in_(synthetic), col(EventParty.institution_id).in_(REAL))
        == 0
    )


def test_no_invented_agreement_programme_or_offer_touches_a_real_institution(loaded):
    agreements = select(Agreement.id).where(col(Agreement.synthetic)).scalar_subquery()
    parties = (col(AgreementParty.agreement_id).in_(agreements), col(AgreementParty.institution_id).in_(REAL))
    assert count(loaded, AgreementParty, *parties) == 0
    programmes = select(Programme.id).where(col(Programme.synthetic)).scalar_subquery()
    partners = (col(ProgrammePartner.programme_id).in_(programmes), col(ProgrammePartner.institution_id).in_(REAL))
    assert count(loaded, ProgrammePartner, *partners) == 0
    assert count(loaded, Programme, col(Programme.synthetic), col(Programme.lead_id).in_(REAL)) == 0
    assert (
        count(
            loaded, ServiceOffer, ServiceOffer.basis == "dane przykładowe", col(ServiceOffer.institution_id).in_(REAL)
        )
        == 0
    )


def test_people_contacts_and_sign_ups_are_of_invented_institutions(loaded):
    for table in (Membership, Contact, Booking, SignUp):
        assert count(loaded, table) > 0
        assert count(loaded, table, col(table.institution_id).in_(REAL)) == 0


def test_no_fact_touches_an_invented_institution(loaded):
    assert count(loaded, Event, ~col(Event.synthetic), col(Event.organiser_id).in_(INVENTED)) == 0
    agreements = select(Agreement.id).where(~col(Agreement.synthetic)).scalar_subquery()
    parties = (col(AgreementParty.agreement_id).in_(agreements), col(AgreementParty.institution_id).in_(INVENTED))
    assert count(loaded, AgreementParty, *parties) == 0


def test_real_events_have_the_dates_of_their_source_alone(loaded):
    rows = loaded.exec(select(Event.uuid, Event.local_start).where(~col(Event.synthetic))).all()
    assert {(uuid, start.date()) for uuid, start in rows} == {
        (fact_uuid("E1"), date(2024, 9, 27)),
        (fact_uuid("E2"), date(2024, 9, 27)),
    }


@pytest.mark.parametrize("name", ["gajewski", "kozioł", "koziol", "kantor"])
def test_no_name_of_a_real_person_is_anywhere(loaded, name):
    for table in SQLModel.metadata.sorted_tables:
        columns = [column for column in table.columns if str(column.type).startswith(("VARCHAR", "TEXT", "JSON"))]
        for row in loaded.execute(table.select().with_only_columns(*columns)) if columns else ():
            assert not any(name in str(value).casefold() for value in row), (table.name, row)


def test_all_invented_rows_are_marked_and_say_so_in_their_names(loaded):
    rows = loaded.exec(select(Institution.name).where(col(Institution.synthetic))).all()
    assert len(rows) == 17
    assert all("pokazow" in name for name in rows)
    numbers_of = loaded.exec(select(Agreement.number).where(col(Agreement.synthetic)).order_by(Agreement.number)).all()
    assert numbers_of == ["LI-08-900", "P-08-900", "P-08-901", "P-08-902", "P-08-903", "P-08-904"]
    mailboxes = {*loaded.exec(select(Contact.mailbox)).all(), *loaded.exec(select(SignUp.email)).all()} - {""}
    assert all(address.endswith(".example") for address in mailboxes)


# --- rich enough


def test_the_institutions_of_the_specification_are_there(loaded):
    rows = dict(loaded.exec(select(Institution.slug, Institution.name).where(col(Institution.synthetic))).all())
    assert rows["zk-kladkowo"] == "Zakład Karny w Kładkowie (pokazowy)"
    assert rows["mops-kladkowo"] == "MOPS w Kładkowie (pokazowy)"
    assert rows["ops-przeprawa"] == "OPS w Przeprawie (pokazowy)"
    assert rows["dobra-proba"] == "Stowarzyszenie Dobra Próba (pokazowe)"
    kinds = set(loaded.exec(select(Institution.kind).where(col(Institution.synthetic))).all())
    assert kinds == {
        Kind.PRISON, Kind.REMAND_PRISON, Kind.EXTERNAL_UNIT, Kind.MOPS, Kind.OPS, Kind.PCPR, Kind.ROPS, Kind.PUP,
        Kind.PROBATION_SERVICE, Kind.CIS, Kind.CUS, Kind.SHELTER, Kind.EMPLOYER, Kind.SOCIAL_COOPERATIVE, Kind.NGO,
    }  # fmt: skip
    places = select(Institution.gmina_code, Institution.voivodeship_code).where(col(Institution.synthetic)).distinct()
    assert set(loaded.exec(places).all()) == {("089901", "08"), ("089902", "08")}


def test_the_accounts_are_those_of_the_contract(loaded):
    users = loaded.exec(select(UserAccount)).all()
    roles = dict(
        loaded.exec(
            select(UserAccount.email, Membership.role).join(Membership, col(Membership.user_id) == UserAccount.id)
        ).all()
    )
    assert {user.email.partition("@")[0] for user in users} == {
        "operator", "nadzor", "areszt", "mops", "pracownik", "ops", "ngo",
    }  # fmt: skip
    assert roles == {
        "areszt@demo.example": Role.ADMIN,
        "mops@demo.example": Role.ADMIN,
        "pracownik@demo.example": Role.MEMBER,
        "ops@demo.example": Role.COORDINATOR,
        "ngo@demo.example": Role.ADMIN,
    }
    assert [user.email for user in users if user.is_operator] == ["operator@demo.example"]
    assert {user.email: user.inspects for user in users if user.inspects} == {"nadzor@demo.example": "08"}
    assert DEMO_PASSWORD == "kladka-demo-2026"


def test_every_kind_of_event_is_there_before_and_after_today(loaded):
    kinds = set(loaded.exec(select(Event.kind).where(col(Event.synthetic), Event.state == State.PUBLISHED)).all())
    assert kinds == set(EventKind)
    single = col(Event.rule).is_(None)
    days = loaded.exec(select(col(Occurrence.local_date)).join(Event).where(col(Event.synthetic), single)).all()
    assert TODAY - timedelta(days=28) <= min(days) <= TODAY - timedelta(days=15)
    assert TODAY + timedelta(days=75) <= max(days) <= TODAY + timedelta(days=110)
    assert {Visibility.PUBLIC, Visibility.PARTNERS, Visibility.INVITED} == set(
        loaded.exec(select(Event.visibility).where(col(Event.synthetic))).all()
    )


def test_one_is_cancelled_with_a_reason_and_one_is_full_with_a_queue(loaded):
    cancelled = loaded.exec(select(Event).where(Event.state == State.CANCELLED)).one()
    assert cancelled.cancel_reason.startswith("Ćwiczenia ochronne")
    given = select(Occurrence).join(Event).where(Occurrence.waiting > 0, Event.promotion == Promotion.AUTOMATIC)
    full = loaded.exec(given.where(col(Event.edition_id).is_(None))).one()
    event = loaded.get_one(Event, full.event_id)
    assert (full.seats_taken, full.waiting, full.local_date > TODAY) == (event.capacity, 5, True)
    waiting = select(SignUp.person).where(SignUp.state == SignUpState.WAITING, SignUp.user_id != None)  # noqa: E711
    assert loaded.exec(waiting).all() == ["Piotr Wzorcowy"]


def test_a_request_waits_an_offer_is_open_and_a_series_has_one_booking_for_all_dates(loaded):
    alone = select(Occurrence.id).join(Event).where(col(Event.edition_id).is_(None))
    of_events = col(SignUp.occurrence_id).in_(alone)
    requests = loaded.exec(select(SignUp).where(SignUp.state == SignUpState.REQUESTED, of_events)).all()
    assert [row.user_id is not None for row in requests] == [False, True]
    (offer,) = loaded.exec(select(SignUp).where(SignUp.state == SignUpState.OFFERED)).all()
    assert (offer.person, offer.offer_until > LOADED_AT) == ("Piotr Wzorcowy", True)
    series = (col(Booking.occurrence_id).is_(None), ~col(Booking.key).startswith("duty-"))
    whole = loaded.exec(select(Booking).where(*series)).all()
    assert len(whole) == 3 + 4  # of editions four
    rows = (
        select(func.count()).select_from(SignUp).where(col(SignUp.booking_id).in_([one.id for one in whole]), of_events)
    )
    assert loaded.exec(rows).one() == 24


def test_demo_prison_and_organisation_have_drafts(loaded):
    drafts = select(Institution.slug).join(Event, col(Event.organiser_id) == Institution.id)
    found = loaded.exec(drafts.where(Event.state == State.DRAFT)).all()
    assert sorted(found) == ["dobra-proba", "dobra-proba", "zk-kladkowo", "zk-kladkowo"]


def test_no_date_has_more_seats_than_places(loaded):
    over = select(func.count()).select_from(Occurrence).join(Event)
    assert loaded.exec(over.where(col(Occurrence.seats_taken) > col(Event.capacity))).one() == 0
    seats = (
        select(SignUp.occurrence_id, func.count())
        .where(col(SignUp.state).in_([SignUpState.SEAT, SignUpState.OFFERED]))
        .group_by(col(SignUp.occurrence_id))
    )
    kept = select(Occurrence.id, Occurrence.seats_taken).where(Occurrence.seats_taken > 0)
    assert dict(loaded.exec(seats).all()) == dict(loaded.exec(kept).all())


def test_programmes_cover_the_activities_of_the_sources(loaded):
    rows = loaded.exec(select(Programme).where(col(Programme.synthetic))).all()
    open_ones = [row for row in rows if row.state in (ProgrammeState.RUNNING, ProgrammeState.RECRUITING)]
    assert {row.kind for row in open_ones} == {
        ProgrammeKind.WORKSHOP, ProgrammeKind.FAMILY_THERAPY, ProgrammeKind.GROUP_THERAPY,
        ProgrammeKind.VOCATIONAL_TRAINING, ProgrammeKind.COUNSELLING, ProgrammeKind.HOMELESSNESS_SUPPORT,
    }  # fmt: skip
    held = set(loaded.exec(select(Event.programme_id).where(Event.state == State.PUBLISHED)).all())
    assert {row.id for row in open_ones} <= held
    assert {row.state for row in rows} == set(ProgrammeState)


def test_agreements_show_each_state_that_a_page_tells_apart(loaded):
    rows = loaded.exec(select(Agreement).where(col(Agreement.synthetic))).all()
    assert {row.state for row in rows} == {AgreementState.IN_FORCE, AgreementState.SENT, AgreementState.EXPIRED}
    expired = next(row for row in rows if row.state is AgreementState.EXPIRED)
    assert expired.valid_to is not None
    assert expired.valid_to < TODAY


def test_public_events_stand_on_the_shelf_and_in_their_feeds(loaded):
    public = select(Event.id).where(
        Event.visibility == Visibility.PUBLIC, col(Event.state).in_([State.PUBLISHED, State.CANCELLED])
    )
    assert set(loaded.exec(select(EventText.event_id)).all()) == set(loaded.exec(public).all())
    assert set(FeedKind) - {FeedKind.PUBLIC} == set(loaded.exec(select(FeedEvent.kind).distinct()).all())
    known = select(Event.id).where(col(Event.state).in_([State.PUBLISHED, State.CANCELLED]))
    assert set(loaded.exec(select(InnerText.event_id)).all()) == set(loaded.exec(known).all())
    assert inner.renew(loaded, LOADED_AT) == 0


def test_a_few_mails_wait_for_demo_accounts(loaded):
    mails = loaded.exec(select(OutboxMail)).all()
    assert len(mails) == 14
    assert all(mail.to_address.endswith("@demo.example") for mail in mails)
    assert len({mail.template for mail in mails}) == len(mails)


def test_acts_stand_in_the_trail_at_the_time_of_loading(loaded):
    assert loaded.exec(select(AuditLine.at).distinct()).all() == [LOADED_AT]
    verbs = set(loaded.exec(select(AuditLine.verb).distinct()).all())
    assert {"event.published", "event.cancelled", "signup.made", "signup.withdrawn", "demo.loaded"} <= verbs


# --- the same every time, and movable


def test_loading_twice_changes_nothing(loaded):
    before = numbers(loaded)
    demo.load_all(loaded, TODAY + timedelta(days=3), LOADED_AT)
    assert numbers(loaded) == before
    assert demo.loaded_for(loaded) == TODAY
    loaded.rollback()


def test_it_is_loaded_only_where_it_was_loaded(session):
    assert not demo.is_loaded(session)
    assert demo.loaded_for(session) is None
    assert not demo.refresh(session, TODAY, LOADED_AT)


@pytest.mark.slow
def test_the_same_day_gives_the_same_demo(loaded, session):
    demo.load_all(session, TODAY, LOADED_AT + timedelta(hours=5))
    for table in (Institution, Agreement, Programme, Event, Occurrence):
        left_out = {"id", "changed_at"} if table in (Institution, Agreement, Programme) else set()
        names = [c.key for c in inspect(table).columns if c.key not in left_out]
        mine, theirs = (
            sorted(str([getattr(row, name) for name in names]) for row in one.exec(select(table)).all())
            for one in (session, loaded)
        )
        if table in (Event, Occurrence):  # facts are stamped with the hour of loading
            mine, theirs = ([row for row in rows if "2024" not in row] for rows in (mine, theirs))
        assert mine == theirs
    people = select(SignUp.person, SignUp.state, SignUp.queue_no, SignUp.signed_up_at).order_by(col(SignUp.id))
    assert session.exec(people).all() == loaded.exec(people).all()


def test_a_young_demo_stays_where_it_is(loaded):
    assert not demo.refresh(loaded, TODAY + timedelta(days=7), LOADED_AT)
    assert demo.loaded_for(loaded) == TODAY


def test_a_series_of_the_demo_has_every_kind_of_exception(loaded):
    series = loaded.exec(select(Event).where(col(Event.rule).startswith("FREQ=MONTHLY;COUNT=10"))).one()
    rows = loaded.exec(select(Occurrence).where(Occurrence.event_id == series.id)).all()
    states = [row.state for row in rows]
    assert (len(rows), states.count(State.REMOVED), states.count(State.CANCELLED)) == (10, 1, 1)
    assert [row.moved for row in rows].count(True) == 1


def test_an_old_demo_moves_and_keeps_its_addresses(loaded):
    later = TODAY + timedelta(days=35)
    uuid = life_uuid("szkolenie-rozmowa", 2)
    before = numbers(loaded)
    own = loaded.exec(select(Event).where(Event.uuid == uuid)).one()
    loaded.expunge(own)
    assert demo.refresh(loaded, later, LOADED_AT + timedelta(days=35))
    moved = loaded.exec(select(Event).where(Event.uuid == uuid)).one()
    assert moved.local_start == own.local_start + timedelta(days=35)
    assert moved.sequence > own.sequence
    assert moved.uid == own.uid
    after = numbers(loaded)
    for name in ("audit", "audit_values"):
        assert after.pop(name) > before.pop(name)
    # Holidays move meetings, and so how many of them are over and recorded.
    depending = ("record", "attendance", "record_task", "record_reply", "certificate", "signup", "gate_entry")
    for name in (*depending, "report", "report_record", "feed_state"):
        assert after.pop(name) > 0 < before.pop(name)
    assert after == before
    assert demo.loaded_for(loaded) == later
    loaded.rollback()


def test_moving_leaves_what_people_of_the_demo_made(loaded):
    first = loaded.exec(select(Event).where(Event.uuid == life_uuid("krok-2", 1))).one()
    loaded.add(Event(**first.model_dump(exclude={"id", "uuid", "uid"})))
    loaded.flush()
    made = loaded.exec(select(func.max(Event.id))).one()
    demo.refresh(loaded, TODAY + timedelta(days=14), LOADED_AT)
    assert loaded.get(Event, made) is not None
    loaded.rollback()


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 12, 24), date(2027, 3, 27), date(2028, 2, 29)])
def test_every_day_gives_dates_that_offices_know(day):
    dates = list(meetings(life_events(), day))
    assert len({one.uuid for one in dates}) == len(dates)
    assert len({(one.entry["key"], one.day) for one in dates}) == len(dates)
    assert all(one.settled <= day for one in dates)
    assert not any((one.day.month, one.day.day) in {(12, 24), (12, 25), (12, 26), (1, 1), (1, 6)} for one in dates)


def test_the_files_of_the_invented_part_name_only_invented_people():
    surnames = ("Pokazow", "Przykładow", "Wzorcow", "Próbn", "Zmyślon", "Umown", "Fikcyjn", "Wymyślon", "Testow",
                "Niby", "Modelow", "Przykładn")  # fmt: skip
    people = [row[0] for entry in life()["institutions"] for row in entry["staff"]]
    people += [row["person"] for entry in life()["institutions"] for row in entry["contacts"] if "person" in row]
    people += [row["name"] for row in life()["accounts"]]
    assert all(person.split()[-1].startswith(surnames) for person in people)


def test_past_meetings_show_every_way_of_a_record(loaded):
    records = {one.state: one for one in loaded.exec(select(Record)).all()}
    assert set(records) == {RecordState.SUBMITTED, RecordState.SEALED}
    assert {one.outcome for one in loaded.exec(select(Record))} == {Outcome.HELD, Outcome.NOT_HELD}
    assert loaded.exec(select(Record).where(col(Record.story_at).is_not(None))).all()
    assert loaded.exec(select(RecordTask).where(col(RecordTask.done_at).is_(None))).all()
    waiting = [one for one, _ends_at in late_notes(loaded, LOADED_AT)]
    assert len(waiting) >= 1
    for one in loaded.exec(select(Record).where(Record.state == RecordState.SEALED)):
        starts_at = loaded.get_one(Occurrence, one.occurrence_id).starts_at
        assert seal_holds(loaded, one, starts_at)


def test_two_coordinators_have_a_calendar_of_their_own_that_nobody_can_open(loaded):
    feeds = loaded.exec(select(CalendarFeed)).all()
    assert {feed.last_client for feed in feeds} == {"Outlook"}
    assert len({feed.user_id for feed in feeds}) == len(feeds) == 2
    for feed in feeds:
        (own,) = own_feeds.own(loaded, feed.user_id)
        assert own.name == "Outlook w pracy"


def test_duty_hours_are_booked_this_month_and_the_next(loaded):
    event = loaded.exec(select(Event).where(Event.uuid == duty.address())).one()
    rows = loaded.exec(
        select(Occurrence).where(Occurrence.event_id == event.id).order_by(col(Occurrence.starts_at))
    ).all()
    kept = [row for row in rows if row.state is not State.REMOVED]
    assert [len(queries.bookings_of(loaded, row.id)) for row in kept[:5]] == [7, 5, 4, 3, 0]
    assert {row.local_date.month for row in kept[:3]} == {11, 12}
    assert [row.state for row in rows].count(State.CANCELLED) == 1
    names = [one.person for one in queries.on_duty(loaded, [row.id for row in rows])]
    assert (names.count("Anna Przykładowa"), set(names)) == (1, {"Anna Przykładowa", "Piotr Wzorcowy"})
    assert rows[0].outcome is Outcome.HELD
