"""What stands in the way of an event: rooms, houses, organisers, persons, blocked days, holidays."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from app.clock import now
from events.calendar import actions, clashes, parties, series
from events.calendar.clashes import Findings, Why
from events.calendar.models import Answer, Event, EventParty, Part, Visibility
from events.calendar.rules import Speaker
from events.changes import actions as changes
from events.changes import queries as reach
from events.recurrence import Rule
from events.signups import actions as signups
from events.signups.rules import Person as Guest
from events.signups.rules import Wanted
from partners.availability import rules as availability
from partners.institutions.models import Room
from tests.browser import Browser
from tests.conftest import Statements
from tests.factories.availability import make_period
from tests.factories.events import date_of, draft_of, local, make_draft, named
from tests.factories.persons import People, Person
from tests.factories.rows import add

pytestmark = pytest.mark.usefixtures("clock")
Counting = Callable[[], AbstractContextManager[Statements]]
TUESDAY = date(2026, 12, 8)
SECRET = "Odbiór robót, o którym nikt nie wie"


def at(people: People, **changes: Any) -> dict[str, Any]:
    return {"place": "", "place_institution_id": people.prison.id, **changes}


def publish(session: Session, event: Event, by: Person) -> None:
    """Publish what the host and the co-organisers have agreed to."""
    for party in session.exec(select(EventParty).where(EventParty.event_id == event.id)).all():
        party.answer = None if party.part is Part.INVITED else Answer.CONFIRMED
    session.flush()
    actions.publish(session, by.actor, event, now())


def published(session: Session, by: Person, **changes: Any) -> Event:
    event = make_draft(session, by, **changes)
    publish(session, event, by)
    return event


def found(session: Session, viewer: Person, event: Event) -> Findings:
    spans = clashes.spans_of(event, series.occurrences(session, event), now())
    people = reach.elsewhere(session, viewer.actor, event, spans)
    return clashes.find(session, viewer.actor, event, spans, people=people)


def whys(findings: Findings) -> list[Why]:
    return [clash.why for clash in findings.clashes]


@pytest.mark.parametrize(
    ("starts", "ends", "clash"),
    [
        (local(8), local(10), False),  # ends as the other begins
        (local(8), local(10, 1), True),
        (local(10), local(12), True),
        (local(11, 59), local(13), True),
        (local(12), local(13), False),
        (local(9), local(13), True),
        (local(10, 30), local(11), True),
        (local(10, days=-13), local(11), True),  # as long as an event may be
        (local(10, days=-1), local(9), False),
    ],
)
def test_what_overlaps_in_one_room_clashes(
    session: Session, people: People, starts: datetime, ends: datetime, clash: bool
) -> None:
    published(session, people.ewa, **at(people, room="Świetlica"))
    event = make_draft(session, people.ewa, **at(people, room=" świetlica ", starts=starts, ends=ends))
    assert whys(found(session, people.ewa, event)) == ([Why.ROOM] if clash else [])


def test_rooms_are_told_apart_and_the_house_stays(session: Session, people: People) -> None:
    hall = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    other = add(session, Room, institution_id=people.prison.id or 0, name="Świetlica")
    published(session, people.marek, **at(people, room_id=hall.id, title="Spotkanie MOPS"))
    same = make_draft(session, people.jola, **at(people, room_id=hall.id))
    apart = make_draft(session, people.jola, **at(people, room_id=other.id))
    anywhere = make_draft(session, people.jola, **at(people))
    away = make_draft(session, people.jola)
    assert whys(found(session, people.jola, same)) == [Why.ROOM]
    assert whys(found(session, people.jola, apart)) == []
    assert whys(found(session, people.jola, anywhere)) == [Why.HOUSE]
    assert whys(found(session, people.jola, away)) == []


def test_own_events_at_the_same_time_are_named_wherever_they_are(session: Session, people: People) -> None:
    published(session, people.marek, title="Narada zespołu")
    event = make_draft(session, people.marek, **at(people))
    (clash,) = found(session, people.marek, event).clashes
    assert (clash.why, clash.title, clash.hidden) == (Why.ORGANISER, "Narada zespołu", False)


def test_an_all_day_event_takes_the_room_and_nothing_else(session: Session, people: People) -> None:
    day = {"starts": local(0), "ends": local(0, days=1), "all_day": True}
    published(session, people.ewa, **at(people, room="Świetlica", **day))
    assert whys(found(session, people.ewa, make_draft(session, people.ewa, **at(people, room="Świetlica")))) == [
        Why.ROOM
    ]
    assert whys(found(session, people.ewa, make_draft(session, people.ewa, **at(people)))) == []


def test_drafts_cancelled_and_own_dates_do_not_clash(session: Session, people: People) -> None:
    make_draft(session, people.ewa, **at(people, room="Świetlica"))
    gone = published(session, people.ewa, **at(people, room="Świetlica"))
    changes.cancel(session, people.ewa.actor, gone, "choroba", now())
    event = published(session, people.ewa, **at(people, room="Świetlica"))
    assert not found(session, people.ewa, event).clashes


def test_what_one_may_not_know_of_is_merely_taken(session: Session, people: People) -> None:
    secret = at(people, room="Świetlica", title=SECRET, visibility=Visibility.INVITED)
    published(session, people.ewa, **secret)
    event = make_draft(session, people.marek, **at(people, room="Świetlica"))
    (clash,) = found(session, people.marek, event).clashes
    assert (clash.why, clash.uuid, clash.title, clash.hidden) == (Why.ROOM, None, "", True)
    own = make_draft(session, people.ewa, **at(people, room="Świetlica"))
    (clash,) = found(session, people.ewa, own).clashes
    assert clash.title == SECRET


def test_holidays_and_weekends(session: Session, people: People) -> None:
    epiphany = make_draft(session, people.ewa, starts=local(10, days=29), ends=local(11, days=29))
    assert found(session, people.ewa, epiphany).groups == {"holidays": (date(2027, 1, 6),)}
    camp = make_draft(session, people.ewa, starts=local(10, days=16), ends=local(11, days=19))
    groups = found(session, people.ewa, camp).groups
    assert groups == {
        "holidays": (date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 26)),
        "weekends": (date(2026, 12, 27),),
    }


def test_blocked_days_of_place_room_and_own_house(session: Session, people: People) -> None:
    hall = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    week = {"first_day": date(2026, 12, 7), "last_day": date(2026, 12, 11)}
    room = make_period(session, people.prison, room_id=hall.id, **week)
    event = make_draft(session, people.marek, **at(people, room_id=hall.id))
    elsewhere = make_draft(session, people.marek, **at(people))
    assert found(session, people.marek, event).groups == {"blocked_room": (TUESDAY,)}
    assert not found(session, people.marek, elsewhere)
    room.ended_at = now()
    make_period(session, people.prison, **week)
    make_period(session, people.mops, **week)
    session.flush()
    groups = found(session, people.marek, elsewhere).groups
    assert groups == {"blocked_place": (TUESDAY,), "blocked_own": (TUESDAY,)}
    away = make_draft(session, people.marek)
    assert found(session, people.marek, away).groups == {"blocked_own": (TUESDAY,)}


# --- persons


def test_a_speaker_who_leads_elsewhere_is_told_by_name_to_his_own_people(session: Session, people: People) -> None:
    anna = Speaker("Anna Przykładowa", "psycholog", people.ngo.id)
    published(session, people.jola, title="Warsztat", speakers=(anna,))
    event = make_draft(session, people.jola, speakers=(Speaker("anna  przykładowa", "", people.ngo.id),))
    person = [clash for clash in found(session, people.jola, event).clashes if clash.why is Why.PERSON]
    assert [(clash.person, clash.title) for clash in person] == [("anna  przykładowa", "Warsztat")]
    namesake = make_draft(session, people.jola, speakers=(Speaker("Anna Przykładowa", "", people.mops.id),))
    assert Why.PERSON not in whys(found(session, people.jola, namesake))


def test_somebody_signed_up_elsewhere_is_told_without_his_name_to_strangers(session: Session, people: People) -> None:
    guest = Guest(people.piotr.name, people.piotr.email, user_id=people.piotr.user_id)
    one = published(session, people.ewa, title=SECRET, visibility=Visibility.INVITED, invited=(people.mops.id,))
    two = published(session, people.jola)
    for event in (one, two):
        date = date_of(session, event).id or 0
        signups.sign_up(session, people.marek.actor, event, date, Wanted(people=(guest,)), str(uuid4()), now())
    (told,) = found(session, people.jola, two).clashes
    assert (told.why, told.person, told.title, told.uuid) == (Why.PERSON, "", "", None)
    (told,) = found(session, people.marek, two).clashes
    assert (told.person, told.title) == (people.piotr.name, SECRET)


def test_who_only_waits_or_has_no_name_is_not_elsewhere(session: Session, people: People) -> None:
    one = published(session, people.ewa, capacity=1)
    two = published(session, people.jola)
    for event, wanted in ((one, Wanted(people=(named(1), named(2)))), (two, Wanted(people=(named(2),), places=2))):
        date = date_of(session, event).id or 0
        signups.sign_up(session, people.marek.actor, event, date, wanted, str(uuid4()), now())
    assert not found(session, people.marek, two).clashes
    assert not found(session, people.marek, one).clashes


# --- series


def test_a_series_is_checked_as_a_whole_in_few_statements(
    session: Session, people: People, query_count: Counting
) -> None:
    room = at(people, room="Świetlica")
    for weeks in (1, 3):
        start = local(11, days=7 * weeks)
        published(session, people.ewa, **room, starts=start, ends=start + timedelta(hours=1))
    make_period(session, people.prison, first_day=date(2027, 2, 1), last_day=date(2027, 2, 12))
    numbers, findings = [], Findings(0)
    for count in (2, 40):
        event = make_draft(session, people.ewa, **room, rule=Rule(days=(1,), count=count))
        session.flush()
        spans = clashes.spans_of(event, series.occurrences(session, event), now())
        with query_count() as asked:
            people_elsewhere = reach.elsewhere(session, people.ewa.actor, event, spans)
            findings = clashes.find(session, people.ewa.actor, event, spans, people=people_elsewhere)
        numbers.append(len(asked))
    assert numbers == [4, 4]
    assert findings.dates == 40
    assert findings.groups == {
        "room": (date(2026, 12, 15), date(2026, 12, 29)),
        "blocked_place": (date(2027, 2, 2), date(2027, 2, 9)),
    }


def test_the_check_page_leaves_out_the_dates_that_do_not_fit(client: Browser, session: Session, people: People) -> None:
    event = make_draft(session, people.ewa, **at(people, starts=local(10, days=-27), ends=local(11, days=-27)))
    assert event.rule is None
    event = make_draft(
        session,
        people.ewa,
        **at(people, starts=local(10, days=1), ends=local(11, days=1)),
        rule=Rule(days=(2,), count=6),
    )
    address = f"/wydarzenia/{event.uuid}/sprawdz"
    client.sign_in(people.ewa)
    page = client.see(address)
    assert "1 z 6 terminów wypada w święto: 6.01.2027" in page.text
    form = next(one for one in page.all("form") if "Pomiń" in one.text)
    values = {one["name"]: one.get("value", "") for one in form.all("input")}
    assert values["bez"] == "2027-01-06"
    client.post(address, data=values, follow_redirects=True)
    assert "wypada w święto" not in client.page.text


# --- what may not be published


def suspended(session: Session, people: People) -> None:
    make_period(session, people.prison, suspends=True, first_day=date(2026, 12, 7), last_day=date(2026, 12, 11))


def test_publishing_into_a_suspension_is_refused(session: Session, people: People) -> None:
    suspended(session, people)
    event = make_draft(session, people.ewa, **at(people))
    with pytest.raises(availability.Suspended, match=r"from 07\.12\.2026 to 11\.12\.2026"):
        publish(session, event, people.ewa)
    session.rollback()


def test_moving_into_a_suspension_is_refused(session: Session, people: People) -> None:
    suspended(session, people)
    later = {"starts": local(10, days=7), "ends": local(12, days=7)}
    event = published(session, people.ewa, **at(people, **later))
    into = draft_of(**at(people))
    with pytest.raises(availability.Suspended):
        changes.edit(session, people.ewa.actor, event, into, event.revision, now())


def test_a_place_that_is_merely_blocked_can_be_used_by_its_own_people(session: Session, people: People) -> None:
    make_period(session, people.prison, first_day=TUESDAY, last_day=TUESDAY)
    event = published(session, people.ewa, **at(people))
    assert event.published_at is not None


def test_a_series_into_a_suspension_is_refused_until_the_dates_are_left_out(session: Session, people: People) -> None:
    suspended(session, people)
    event = make_draft(session, people.ewa, **at(people), rule=Rule(days=(1,), count=4))
    with pytest.raises(availability.Suspended):
        publish(session, event, people.ewa)


def test_the_check_page_says_why_it_cannot_be_published(client: Browser, session: Session, people: People) -> None:
    suspended(session, people)
    event = make_draft(session, people.ewa, **at(people))
    address = f"/wydarzenia/{event.uuid}/sprawdz"
    client.sign_in(people.ewa)
    page = client.see(address)
    sentence = (
        "Jednostka zawiesiła spotkania od 7 grudnia 2026 do 11 grudnia 2026. Wybierz inny dzień albo inne miejsce."
    )
    assert sentence in page.text
    assert "Opublikuj wydarzenie" not in page.text
    assert client.post(address).status_code == 409
    assert "Jednostka zawiesiła spotkania od 07.12.2026 do 11.12.2026." in client.page.text


def test_nobody_else_reads_the_reason(client: Browser, session: Session, people: People) -> None:
    make_period(session, people.prison, first_day=TUESDAY, last_day=TUESDAY, reason=SECRET)
    event = make_draft(session, people.marek, **at(people))
    session.commit()
    pages = (
        f"/wydarzenia/{event.uuid}/sprawdz",
        f"/wydarzenia/{event.uuid}",
        "/kalendarz/2026-12",
        "/kalendarz/tydzien/2026-W50",
        "/kalendarz/lista",
        "/partnerzy/zk-kladkowo",
        "/partnerzy/zk-kladkowo/niedostepne",
        "/biurko",
        "/operator/dziennik",
    )
    for person in (people.marek, people.zofia, people.wanda, people.olga):
        client.sign_in(person)
        for address in pages:
            assert SECRET not in client.get(address).get_data(as_text=True), (person.name, address)
    client.sign_in(people.marek)
    page = client.see(pages[0])
    assert "Miejsce jest w tym dniu niedostępne." in page.text
    # The host has not confirmed yet, so the page does not promise that it can be published.
    assert "Mimo to możesz opublikować." not in page.one("div", id="kolizje").text
    client.sign_in(people.ewa)
    assert SECRET in client.see("/partnerzy/zk-kladkowo/niedostepne").text


def test_a_change_into_a_clash_leads_to_what_stands_in_the_way(
    client: Browser, session: Session, people: People
) -> None:
    published(session, people.ewa, **at(people, room="Świetlica", title="Warsztat"))
    event = published(session, people.ewa, **at(people, room="Świetlica", starts=local(14), ends=local(15)))
    edit, clashing = f"/wydarzenia/{event.uuid}/edycja", f"/wydarzenia/{event.uuid}/kolizje"
    client.sign_in(people.ewa)
    assert "nic nie koliduje" in client.see(clashing).text
    client.see(edit)
    answer = client.post(edit, data={**client.page.values(edit), "starts": "11:00", "ends": "13:00"})
    assert answer.headers["Location"].endswith(clashing)
    page = client.see(clashing)
    assert "Sala jest w tym czasie zajęta:" in page.text
    assert "Warsztat" in page.text
    client.see(edit)
    answer = client.post(edit, data={**client.page.values(edit), "starts": "15:00", "ends": "16:00"})
    assert answer.headers["Location"].endswith(str(event.uuid))
    for person, status in ((people.marek, 403), (people.wanda, 403), (people.zofia, 403), (people.adam, 200)):
        client.sign_in(person)
        assert client.get(clashing).status_code == status


def test_the_host_who_is_asked_reads_what_stands_in_his_way(client: Browser, session: Session, people: People) -> None:
    make_period(session, people.prison, first_day=TUESDAY, last_day=TUESDAY, reason=SECRET)
    make_period(session, people.mops, first_day=TUESDAY, last_day=TUESDAY, reason="urlop kierowniczki")
    published(session, people.marek, title="Narada MOPS")
    event = make_draft(session, people.marek, **at(people))
    spans = clashes.spans_of(event, series.occurrences(session, event), now())
    asked = clashes.find(session, people.ewa.actor, event, spans)
    assert (asked.groups, asked.own_place) == ({"blocked_place": (TUESDAY,)}, True)
    parties.ask(session, people.marek.actor, event, now())
    client.sign_in(people.ewa)
    page = client.see(f"/wydarzenia/{event.uuid}/uzgodnienia")
    assert "Ten dzień masz oznaczony jako niedostępny." in page.text
    assert "Narada MOPS" not in page.text
    assert "urlop" not in page.text
