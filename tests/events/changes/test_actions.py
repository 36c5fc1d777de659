"""Editing and cancelling events that people have signed up for."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar import queries, rules
from events.calendar.models import Event, State, Visibility
from events.changes import actions
from events.shelf.models import EventText
from events.signups import actions as signups
from events.signups.rules import Wanted
from tests.factories.events import END, START, date_of, draft_of, instant, local, make_draft, make_event, named
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")


def signed_up(session: Session, people: People, **changes: object) -> Event:
    event = make_event(session, people.ewa, capacity=2, **changes)
    occurrence = date_of(session, event).id or 0
    wanted = Wanted(people=(named(1), named(2), named(3)))
    signups.sign_up(session, people.marek.actor, event, occurrence, wanted, str(uuid4()), now())
    for mail in session.exec(select(OutboxMail)).all():
        session.delete(mail)
    session.flush()
    return event


def mails(session: Session) -> list[tuple[str, str]]:
    rows = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    return [(row.template.removeprefix("events/signups/"), row.to_address) for row in rows]


def test_a_new_time_moves_sequence_and_mails_everybody(session: Session, people: People) -> None:
    event = signed_up(session, people)
    moved = draft_of(capacity=2, starts=START + timedelta(days=1), ends=END + timedelta(days=1))
    changed = actions.edit(session, people.ewa.actor, event, moved, event.revision, now())
    assert changed == {"local_start"}
    assert event.sequence == 1
    assert date_of(session, event).starts_at == instant(local(10, days=1))
    assert mails(session) == [("moved", f"osoba{n}@kladkowo.example") for n in (1, 2, 3)]


def test_a_new_text_mails_nobody_and_keeps_sequence(session: Session, people: People) -> None:
    event = signed_up(session, people)
    before = event.changed_at
    actions.edit(
        session,
        people.ewa.actor,
        event,
        draft_of(capacity=2, title="Inny tytuł"),
        event.revision,
        now() + timedelta(hours=1),
    )
    assert (event.sequence, mails(session)) == (0, [])
    assert event.changed_at > before


def test_the_same_values_change_nothing(session: Session, people: People) -> None:
    event = signed_up(session, people)
    revision = event.revision
    assert actions.edit(session, people.ewa.actor, event, draft_of(capacity=2), revision, now()) == frozenset()
    assert event.revision == revision


def test_a_stale_form_is_refused(session: Session, people: People) -> None:
    event = make_event(session, people.ewa)
    old = event.revision
    actions.edit(session, people.ewa.actor, event, draft_of(title="Pierwsza zmiana"), old, now())
    with pytest.raises(rules.StalePage):
        actions.edit(session, people.adam.actor, event, draft_of(title="Druga zmiana"), old, now())


def test_fewer_seats_than_taken_is_refused(session: Session, people: People) -> None:
    event = signed_up(session, people)
    with pytest.raises(actions.FewerSeatsThanTaken, match="2 seats are taken"):
        actions.edit(session, people.ewa.actor, event, draft_of(capacity=1), event.revision, now())


def test_cancelling_tells_everybody_and_stays_on_the_shelf(session: Session, people: People) -> None:
    event = signed_up(session, people)
    told = actions.cancel(session, people.ewa.actor, event, "Choroba prowadzącej", now())
    assert told == 3
    assert mails(session) == [("cancelled", f"osoba{n}@kladkowo.example") for n in (1, 2, 3)]
    assert (event.state, event.sequence, date_of(session, event).state) == (State.CANCELLED, 1, State.CANCELLED)
    text = session.get_one(EventText, event.id).ics.decode()
    assert "STATUS:CANCELLED" in text
    assert "SUMMARY:ODWOŁANE: Szkolenie" in text


def test_a_full_hall_is_told_in_few_statements(session: Session, people: People, query_count) -> None:
    event = make_event(session, people.ewa, capacity=40)
    wanted = Wanted(people=tuple(named(number) for number in range(40)))
    occurrence = date_of(session, event).id or 0
    signups.sign_up(session, people.marek.actor, event, occurrence, wanted, str(uuid4()), now())
    session.flush()
    with query_count() as statements:
        assert actions.cancel(session, people.ewa.actor, event, "Awaria", now()) == 40
    assert len(statements) < 30


def test_cancelling_twice_is_refused(session: Session, people: People) -> None:
    event = make_event(session, people.ewa)
    actions.cancel(session, people.ewa.actor, event, "powód", now())
    with pytest.raises(rules.AlreadyCancelled):
        actions.cancel(session, people.ewa.actor, event, "powód", now())


def test_a_past_event_is_neither_edited_nor_cancelled(session: Session, people: People, clock) -> None:
    event = make_event(session, people.ewa)
    clock.move_to(instant(END))
    with pytest.raises(rules.AlreadyOver):
        actions.edit(session, people.ewa.actor, event, draft_of(title="Za późno"), event.revision, now())
    with pytest.raises(rules.AlreadyOver):
        actions.cancel(session, people.ewa.actor, event, "powód", now())


@pytest.mark.parametrize("who", ["marek", "jola", "stefan", "zofia", "wanda", "olga"])
def test_only_the_organisers_coordinators_change_an_event(session: Session, people: People, who: str) -> None:
    event = make_event(session, people.ewa)
    stranger = getattr(people, who).actor
    with pytest.raises(rules.NotYourEvent):
        actions.edit(session, stranger, event, draft_of(title="Cudze"), event.revision, now())
    with pytest.raises(rules.NotYourEvent):
        actions.cancel(session, stranger, event, "powód", now())
    draft = make_draft(session, people.ewa)
    with pytest.raises(rules.NotYourEvent):
        calendar.publish(session, stranger, draft, now())


def test_an_event_made_private_leaves_the_shelf(session: Session, people: People) -> None:
    event = make_event(session, people.ewa)
    assert session.get(EventText, event.id) is not None
    private = draft_of(visibility=Visibility.PARTNERS)
    actions.edit(session, people.ewa.actor, event, private, event.revision, now())
    assert session.get(EventText, event.id) is None


def test_who_has_a_seat_still_knows_of_an_event_made_private(session: Session, people: People) -> None:
    event = signed_up(session, people)
    private = draft_of(capacity=2, visibility=Visibility.INVITED)
    actions.edit(session, people.ewa.actor, event, private, event.revision, now())
    assert queries.own_event(session, people.marek.actor, event.uuid) == event
    assert queries.own_event(session, people.jola.actor, event.uuid) is None


def test_publishing_an_incomplete_draft_names_what_is_missing(session: Session, people: People) -> None:
    draft = make_draft(session, people.ewa, place="", audience=())
    with pytest.raises(rules.Incomplete):
        calendar.publish(session, people.ewa.actor, draft, now())
    assert rules.missing(has_place=False, audience=()) == ["where it takes place", "whom it is for"]


def test_publishing_for_a_past_date_is_refused(session: Session, people: People) -> None:
    past = make_draft(session, people.ewa, starts=START - timedelta(days=30), ends=END - timedelta(days=30))
    with pytest.raises(rules.InThePast):
        calendar.publish(session, people.ewa.actor, past, now())


def test_the_institutions_that_an_event_names_hear_of_it(session: Session, people: People) -> None:
    invited = (people.mops.id or 0, people.stranger.id or 0)
    make_event(session, people.ewa, visibility=Visibility.INVITED, invited=invited)
    assert [(mail.rpartition("/")[2], to) for mail, to in mails(session)] == [
        ("invited", people.marek.email),
        ("invited", people.stefan.email),
    ]


def test_a_public_event_of_one_institution_writes_to_nobody(session: Session, people: People) -> None:
    make_event(session, people.ewa, place_institution_id=people.prison.id)
    assert mails(session) == []


def test_what_an_invented_institution_publishes_is_marked(session: Session, people: People) -> None:
    people.prison.synthetic = True
    assert make_event(session, people.ewa).synthetic
    assert not make_event(session, people.jola).synthetic
