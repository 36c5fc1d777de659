"""Several institutions and one event: asked, confirmed, declined, asked again; who may change what."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import Session, select

from app.audit.models import AuditLine, AuditValue
from app.clock import now
from app.errors import Forbidden, Refusal
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar import parties, queries, rules
from events.calendar.models import Answer, Consent, Event, EventParty, Part, State, Visibility
from events.calendar.rules import Speaker
from events.changes import actions as changes
from events.consents import actions
from events.consents.actions import Move
from partners.institutions.models import Kind, Room
from tests.factories.events import END, START, agree, date_of, local, make_draft, make_event
from tests.factories.guests import sign_up
from tests.factories.institutions import make_institution
from tests.factories.persons import People, Person
from tests.factories.rows import add
from tests.factories.series import dates_of, make_series

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture(name="draft")
def _draft(session: Session, people: People) -> Event:
    """The MOPS prepares a training in the prison, together with the NGO."""
    return make_draft(
        session,
        people.marek,
        place_institution_id=people.prison.id,
        place="",
        co_organisers=(people.ngo.id or 0,),
        visibility=Visibility.INVITED,
    )


@pytest.fixture(name="event")
def _event(session: Session, people: People, draft: Event) -> Event:
    """The same, agreed and published."""
    agree(session, draft)
    calendar.publish(session, people.marek.actor, draft, now())
    _mails(session)
    return draft


def party(session: Session, event: Event, who: Person) -> EventParty:
    return session.get_one(EventParty, (event.id, who.institution_id))


def knows(session: Session, who: Person, event: Event) -> bool:
    return queries.page(session, who.actor, event.uuid, now()) is not None


def _mails(session: Session) -> list[tuple[str, str]]:
    """Give the template and the reader of each mail since the last time."""
    rows = session.exec(select(OutboxMail).order_by(OutboxMail.id)).all()  # type: ignore[arg-type]
    found = [(row.template.rpartition("/")[2], row.to_address) for row in rows]
    for row in rows:
        session.delete(row)
    session.flush()
    return found


def verbs(session: Session) -> list[str]:
    return [line.verb for line in session.exec(select(AuditLine).order_by(AuditLine.id)).all()]  # type: ignore[arg-type]


def test_host_and_co_organisers_become_parties_by_themselves(session: Session, people: People, draft: Event) -> None:
    assert party(session, draft, people.ewa).part is Part.HOST
    assert party(session, draft, people.jola).part is Part.CO_ORGANISER
    assert draft.consent is Consent.PENDING


def test_the_asked_see_the_draft_only_from_then_on(session: Session, people: People, draft: Event) -> None:
    assert not knows(session, people.ewa, draft)
    assert not knows(session, people.jola, draft)
    assert parties.ask(session, people.marek.actor, draft, now()) == 2
    assert knows(session, people.ewa, draft)
    assert knows(session, people.jola, draft)
    assert not knows(session, people.stefan, draft)
    assert not knows(session, people.piotr, draft)
    told = (people.ewa, people.adam, people.jola)
    assert sorted(_mails(session)) == sorted(("asked", one.email) for one in told)
    assert verbs(session)[-1] == "event.asked"
    with pytest.raises(rules.NobodyToAsk, match="nobody to ask"):
        parties.ask(session, people.marek.actor, draft, now())


def test_publishing_waits_for_all_and_says_who_is_missing(session: Session, people: People, draft: Event) -> None:
    parties.ask(session, people.marek.actor, draft, now())
    with pytest.raises(rules.NotAgreed) as refused:
        calendar.publish(session, people.marek.actor, draft, now())
    assert people.prison.name in str(refused.value)
    assert people.ngo.name in str(refused.value)
    parties.answer(session, people.ewa.actor, draft, now(), agrees=True)
    with pytest.raises(rules.NotAgreed) as refused:
        calendar.publish(session, people.marek.actor, draft, now())
    assert people.prison.name not in str(refused.value)
    _mails(session)
    parties.answer(session, people.jola.actor, draft, now(), agrees=True)
    assert _mails(session) == [("agreed", people.marek.email)]
    calendar.publish(session, people.marek.actor, draft, now())
    assert draft.state is State.PUBLISHED


def test_own_place_without_others_is_one_step(session: Session, people: People) -> None:
    event = make_draft(session, people.marek, place_institution_id=people.mops.id, place="")
    calendar.publish(session, people.marek.actor, event, now())
    assert session.exec(select(EventParty)).all() == []


def test_a_no_has_a_reason_and_can_be_asked_again(session: Session, people: People, draft: Event) -> None:
    parties.ask(session, people.marek.actor, draft, now())
    with pytest.raises(rules.ReasonMissing, match="Say why"):
        parties.answer(session, people.ewa.actor, draft, now(), agrees=False, reason=" ")
    _mails(session)
    parties.answer(session, people.ewa.actor, draft, now(), agrees=False, reason="W tym dniu są ćwiczenia.")
    assert _mails(session) == [("declined", people.marek.email)]
    line = session.exec(select(AuditLine).where(AuditLine.verb == "event.declined")).one()
    value = session.exec(select(AuditValue).where(AuditValue.audit_id == line.id)).one()
    assert value.personal == {"reason": "W tym dniu są ćwiczenia."}
    assert "ćwiczenia" not in str(line.details)
    with pytest.raises(rules.NotAgreed):
        calendar.publish(session, people.marek.actor, draft, now())
    assert parties.ask(session, people.marek.actor, draft, now()) == 1
    assert party(session, draft, people.ewa).answer is Answer.ASKED


def test_only_the_asked_institution_answers(session: Session, people: People, draft: Event) -> None:
    with pytest.raises(rules.NotAsked):
        parties.answer(session, people.ewa.actor, draft, now(), agrees=True)
    parties.ask(session, people.marek.actor, draft, now())
    for stranger in (people.marek, people.stefan, people.zofia, people.piotr, people.olga, people.wanda):
        with pytest.raises(Forbidden):
            parties.answer(session, stranger.actor, draft, now(), agrees=True)


def test_without_people_in_kladka_the_lead_notes_it(session: Session, people: People) -> None:
    silent = make_institution(session, "schronisko", Kind.NGO, "Schronisko Pokazowe")
    event = make_draft(session, people.marek, co_organisers=(silent.id or 0,))
    with pytest.raises(rules.NobodyToAsk):
        parties.ask(session, people.marek.actor, event, now())
    with pytest.raises(rules.NotYourEvent):
        parties.note_outside(session, people.ewa.actor, event, silent.id or 0, now())
    parties.note_outside(session, people.marek.actor, event, silent.id or 0, now())
    assert session.get_one(EventParty, (event.id, silent.id)).answer is Answer.OUTSIDE
    calendar.publish(session, people.marek.actor, event, now())
    assert "event.agreed_outside" in verbs(session)


def test_nobody_answers_for_those_who_can(session: Session, people: People, draft: Event) -> None:
    with pytest.raises(rules.AnswersItself):
        parties.note_outside(session, people.marek.actor, draft, people.ngo.id or 0, now())


@pytest.mark.parametrize("published", [True, False])
def test_another_time_is_asked_anew(session: Session, people: People, draft: Event, published: bool) -> None:
    agree(session, draft)
    if published:
        calendar.publish(session, people.marek.actor, draft, now())
        parties.note_consent(session, people.ewa.actor, draft, Consent.GRANTED, date(2026, 11, 20), now())
    _mails(session)
    wanted = calendar.as_saved(session, draft)
    changes.edit(session, people.marek.actor, draft, replace(wanted, topics=("nowy",)), draft.revision, now())
    assert party(session, draft, people.ewa).answer is Answer.CONFIRMED
    moved = replace(wanted, topics=("nowy",), starts=START + timedelta(hours=1), ends=END + timedelta(hours=1))
    changes.edit(session, people.marek.actor, draft, moved, draft.revision, now())
    assert party(session, draft, people.ewa).answer is Answer.ASKED
    assert party(session, draft, people.jola).answer is Answer.ASKED
    assert draft.consent is Consent.PENDING
    assert ("asked_again", people.jola.email) in _mails(session)
    page = queries.page(session, people.marek.actor, draft.uuid, now())
    assert page is not None
    assert {one.named.name for one in page.awaited} == {people.prison.name, people.ngo.name}
    assert [one.name for one in page.co_organisers] == [people.ngo.name]


def test_host_of_what_is_published_stops_it_instead_of_declining(
    session: Session, people: People, event: Event
) -> None:
    wanted = calendar.as_saved(session, event)
    moved = replace(wanted, starts=START + timedelta(hours=1), ends=END + timedelta(hours=1))
    changes.edit(session, people.marek.actor, event, moved, event.revision, now())
    with pytest.raises(rules.CancelInstead, match="cancel it"):
        parties.answer(session, people.ewa.actor, event, now(), agrees=False, reason="Nie.")
    changes.cancel(session, people.ewa.actor, event, "Ćwiczenia w jednostce.", now())
    assert event.state is State.CANCELLED


def test_co_organiser_that_leaves_is_named_no_more(session: Session, people: People, event: Event) -> None:
    parties.answer(session, people.jola.actor, event, now(), agrees=False, reason="Brak osób.")
    page = queries.page(session, people.marek.actor, event.uuid, now())
    assert page is not None
    assert page.co_organisers == ()
    page = queries.page(session, people.jola.actor, event.uuid, now())
    assert page is not None
    assert not page.prepares


def test_consent_is_noted_by_the_unit_alone(session: Session, people: People, event: Event) -> None:
    day = date(2026, 11, 20)
    for other in (people.marek, people.jola, people.zofia, people.stefan, people.piotr):
        with pytest.raises(rules.NotYourConsent):
            parties.note_consent(session, other.actor, event, Consent.GRANTED, day, now())
    for wrong in (None, date(2026, 11, 24)):
        with pytest.raises(rules.ConsentDayMissing, match="today or earlier"):
            parties.note_consent(session, people.ewa.actor, event, Consent.GRANTED, wrong, now())
    parties.note_consent(session, people.ewa.actor, event, Consent.GRANTED, day, now())
    assert (event.consent, event.consent_on) == (Consent.GRANTED, day)
    assert _mails(session) == [("consented", people.marek.email), ("consented", people.jola.email)]
    assert verbs(session)[-1] == "event.consent"


def test_no_consent_outside_prison_units(session: Session, people: People) -> None:
    event = make_event(session, people.marek, place_institution_id=people.mops.id, place="")
    assert event.consent is None
    with pytest.raises(rules.NotYourConsent):
        parties.note_consent(session, people.marek.actor, event, Consent.NOT_NEEDED, None, now())


def test_unit_that_organises_itself_may_say_at_once_that_none_is_needed(session: Session, people: People) -> None:
    here = {"place_institution_id": people.prison.id, "place": ""}
    assert make_draft(session, people.ewa, consent=Consent.NOT_NEEDED, **here).consent is Consent.NOT_NEEDED
    assert make_draft(session, people.marek, consent=Consent.NOT_NEEDED, **here).consent is Consent.PENDING


def test_host_moves_hours_and_room_and_everybody_hears(session: Session, people: People, event: Event) -> None:
    room = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    sign_up(session, event, people.piotr)
    _mails(session)
    changed = actions.move(
        session,
        people.ewa.actor,
        event,
        date_of(session, event),
        Move(local(9), local(11), room.id),
        event.revision,
        now(),
    )
    assert changed == {"local_start", "room", "room_id"}
    assert date_of(session, event).room_id == room.id
    found = _mails(session)
    assert ("moved_by_host", people.marek.email) in found
    assert ("moved", people.piotr.email) in found
    assert ("asked_again", people.jola.email) in found
    assert party(session, event, people.ewa).answer is Answer.CONFIRMED
    assert party(session, event, people.jola).answer is Answer.ASKED


def test_host_moves_nothing_but_hours_and_room(session: Session, people: People, event: Event) -> None:
    wanted = replace(calendar.as_saved(session, event), title="Inny tytuł")
    with pytest.raises(rules.NotYourEvent):
        changes.edit(session, people.ewa.actor, event, wanted, event.revision, now())
    with pytest.raises(rules.NotYourEvent):
        changes.edit(session, people.ewa.actor, event, wanted, event.revision, now(), allowed=rules.HOST_MAY)


@pytest.mark.parametrize("name", ["marek", "jola", "stefan", "zofia", "piotr", "olga", "wanda"])
def test_nobody_but_the_house_moves_as_host(session: Session, people: People, event: Event, name: str) -> None:
    who: Person = getattr(people, name)
    with pytest.raises(actions.NotTheHost):
        actions.move(
            session, who.actor, event, date_of(session, event), Move(local(9), local(11)), event.revision, now()
        )


def test_co_organiser_writes_topics_and_its_own_people(session: Session, people: People, event: Event) -> None:
    own = Speaker("Maria Próbna", "kierowniczka", people.mops.id)
    wanted = replace(calendar.as_saved(session, event), speakers=(own,))
    changes.edit(session, people.marek.actor, event, wanted, event.revision, now())
    theirs = [Speaker("Piotr Wzorcowy", "trener", people.mops.id)]
    changed = actions.contribute(session, people.jola.actor, event, ["schronienie"], theirs, event.revision, now())
    assert changed == {"topics", "speakers"}
    assert [(one.person, one.institution_id) for one in calendar.as_saved(session, event).speakers] == [
        ("Maria Próbna", people.mops.id),
        ("Piotr Wzorcowy", people.ngo.id),
    ]
    assert event.topics == ["schronienie"]


@pytest.mark.parametrize("name", ["stefan", "zofia", "piotr", "olga", "wanda"])
def test_nobody_else_writes_topics(session: Session, people: People, event: Event, name: str) -> None:
    who: Person = getattr(people, name)
    with pytest.raises(actions.NotACoOrganiser):
        actions.contribute(session, who.actor, event, ["cudze"], [], event.revision, now())


def test_who_has_not_confirmed_writes_nothing(session: Session, people: People, draft: Event) -> None:
    parties.ask(session, people.marek.actor, draft, now())
    with pytest.raises(actions.NotACoOrganiser):
        actions.contribute(session, people.jola.actor, draft, ["cudze"], [], draft.revision, now())


def test_room_belongs_to_the_place(session: Session, people: People) -> None:
    room = add(session, Room, institution_id=people.ngo.id or 0, name="Sala")
    with pytest.raises(rules.RoomElsewhere, match="another place"):
        make_draft(session, people.marek, place_institution_id=people.mops.id, place="", room_id=room.id)


def test_children_are_protected_before_publication(session: Session, people: People) -> None:
    event = make_draft(session, people.marek, children=True, minors_checked_on=date(2026, 11, 20))
    with pytest.raises(rules.MinorsUnprotected, match="standards"):
        calendar.publish(session, people.marek.actor, event, now())
    wanted = replace(calendar.as_saved(session, event), minors_standards=True)
    changes.edit(session, people.marek.actor, event, wanted, event.revision, now())
    calendar.publish(session, people.marek.actor, event, now())


def test_two_parts_of_a_day_lead_to_each_other(session: Session, people: People) -> None:
    first = make_event(session, people.marek, title="Rano")
    second = make_event(session, people.marek, title="Po południu", part_of_id=first.id, visibility=Visibility.INVITED)
    pages = {one.title: queries.page(session, people.marek.actor, one.uuid, now()) for one in (first, second)}
    assert [one.title for one in pages["Rano"].parts] == ["Po południu"]  # type: ignore[union-attr]
    assert [one.title for one in pages["Po południu"].parts] == ["Rano"]  # type: ignore[union-attr]
    seen = queries.page(session, people.stefan.actor, first.uuid, now())
    assert seen is not None
    assert seen.parts == ()


def test_every_refusal_says_what_to_do() -> None:
    for refusal in (rules.NotAgreed, rules.NobodyToAsk, rules.NotAsked, rules.AnswersItself, rules.CancelInstead):
        assert issubclass(refusal, Refusal)
        assert refusal.message.endswith(".")


@pytest.fixture(name="series")
def _series(session: Session, people: People) -> Event:
    """A weekly duty in the prison, together with the NGO."""
    event = make_series(
        session,
        people.marek,
        place_institution_id=people.prison.id,
        place="",
        co_organisers=(people.ngo.id or 0,),
    )
    _mails(session)
    return event


def test_house_moves_one_date_of_a_series(session: Session, people: People, series: Event) -> None:
    second = dates_of(session, series)[1]
    wanted = Move(local(9, days=7), local(11, days=7), room="sala 3")
    changed = actions.move(session, people.ewa.actor, series, second, wanted, series.revision, now())
    assert changed == {"starts_at", "ends_at", "place", "room"}
    assert (second.place, second.place_institution_id) == ("", people.prison.id)
    assert [row.moved for row in dates_of(session, series)] == [False, True, False, False, False, False]
    assert party(session, series, people.jola).answer is Answer.ASKED
    assert ("moved_by_host", people.marek.email) in _mails(session)


def test_co_organiser_writes_topics_of_a_whole_series(session: Session, people: People, series: Event) -> None:
    changed = actions.contribute(session, people.jola.actor, series, ["schronienie"], [], series.revision, now())
    assert changed == {"topics"}
    assert session.exec(select(Event).where(Event.continues_id == series.id)).all() == []
