"""The suspension of a prison unit: what it cancels, whom it tells, what it forbids afterwards."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from time import process_time
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar.models import Answer, Event, EventParty, Occurrence, Part, State, Visibility
from events.changes import queries, suspension
from events.changes.suspension import Stopped
from events.recurrence import Rule
from events.signups import actions as signups
from events.signups.rules import Wanted
from partners.availability import actions as availability
from partners.availability import rules
from partners.availability.models import Unavailability
from partners.availability.rules import PeriodDraft
from tests.browser import Browser
from tests.conftest import Statements, browser_of
from tests.factories.events import date_of, local, make_draft, make_event, named
from tests.factories.persons import People, Person

pytestmark = pytest.mark.usefixtures("clock")
Counting = Callable[[], AbstractContextManager[Statements]]
# The working week of the events of the factory: Tuesday, 8 December 2026.
WEEK = PeriodDraft(date(2026, 12, 7), date(2026, 12, 11), reason="Kontrola instalacji.")
PAGE = "/partnerzy/zk-kladkowo/zawies"
DO_IT = f"{PAGE}?krok=zawies"


def at_prison(session: Session, people: People, by: Person, **changes: object) -> Event:
    """Publish an event in the unit, which has agreed where another institution organises it."""
    event = make_draft(session, by, place="", place_institution_id=people.prison.id, **changes)
    for party in session.exec(select(EventParty).where(EventParty.event_id == event.id)).all():
        party.answer = Answer.CONFIRMED if party.part is Part.HOST else party.answer
    session.flush()
    calendar.publish(session, by.actor, event, now())
    return event


def forget_mails(session: Session) -> None:
    for mail in session.exec(select(OutboxMail)).all():
        session.delete(mail)
    session.flush()


def mails(session: Session) -> list[OutboxMail]:
    return list(session.exec(select(OutboxMail).order_by(col(OutboxMail.to_address))).all())


def suspend(session: Session, people: People, wanted: PeriodDraft = WEEK) -> Stopped:
    return suspension.suspend(session, people.ewa.actor, people.prison, wanted, now())


def states(session: Session, event: Event) -> list[State]:
    statement = select(Occurrence.state).where(Occurrence.event_id == event.id).order_by(col(Occurrence.starts_at))
    return [State(state) for state in session.exec(statement)]


def test_every_date_of_the_unit_in_the_period_is_cancelled_whoever_organises_it(
    session: Session, people: People
) -> None:
    own = at_prison(session, people, people.ewa)
    others = at_prison(session, people, people.marek, starts=local(8, days=3), ends=local(9, days=3))
    overnight = at_prison(session, people, people.jola, starts=local(20, days=-2), ends=local(8, days=-1))
    before = at_prison(session, people, people.marek, starts=local(9, days=-2), ends=local(10, days=-2))
    after = at_prison(session, people, people.marek, starts=local(9, days=4), ends=local(10, days=4))
    elsewhere = make_event(session, people.ewa)
    assert suspend(session, people).dates == 3
    for event in (own, others, overnight):
        assert states(session, event) == [State.CANCELLED]
        assert event.cancel_reason == "Jednostka zawiesiła spotkania do 11 grudnia 2026. Kontrola instalacji."
    for event in (before, after, elsewhere):
        assert states(session, event) == [State.PUBLISHED]
    verbs = session.exec(select(AuditLine.verb).order_by(col(AuditLine.id))).all()
    assert verbs[-1] == "days.suspended"
    assert verbs.count("event.cancelled") == 3


def test_of_a_series_only_the_dates_in_the_period_are_cancelled(session: Session, people: People) -> None:
    series = at_prison(session, people, people.marek, rule=Rule(days=(1,), count=4))
    suspend(session, people, PeriodDraft(date(2026, 12, 14), date(2026, 12, 25)))
    assert states(session, series) == [State.PUBLISHED, State.CANCELLED, State.CANCELLED, State.PUBLISHED]
    assert series.state is State.PUBLISHED
    cancelled = session.exec(select(Occurrence).where(Occurrence.state == State.CANCELLED)).all()
    assert {row.cancel_reason for row in cancelled} == {"Jednostka zawiesiła spotkania do 25 grudnia 2026."}


def test_everybody_gets_one_mail_with_all_the_dates(session: Session, people: People) -> None:
    first = at_prison(session, people, people.marek, title="Pierwsze", capacity=1, visibility=Visibility.PARTNERS)
    second = at_prison(session, people, people.jola, title="Drugie", starts=local(14, days=1), ends=local(15, days=1))
    guests = Wanted(people=(named(1), named(2)))
    for event in (first, second):
        signups.sign_up(
            session, people.marek.actor, event, date_of(session, event).id or 0, guests, str(uuid4()), now()
        )
    forget_mails(session)
    stopped = suspend(session, people)
    told = {mail.to_address: mail for mail in mails(session)}
    assert stopped.told == len(mails(session)) == len(told)
    # one has a seat and one waits; the MOPS organises the first and is signed up for both
    lines = told["osoba2@kladkowo.example"].params["dates"]
    assert lines == [
        "wtorek, 8 grudnia 2026, 10.00–12.00: Pierwsze",
        "środa, 9 grudnia 2026, 14.00–15.00: Drugie",
    ]
    assert told[people.marek.email].params["dates"] == lines[:1]
    assert told[people.marek.email].link == f"/wydarzenia/{first.uuid}"
    assert told[people.jola.email].params["dates"] == lines[1:]
    assert told["osoba1@kladkowo.example"].link.startswith("/kalendarz/lista?instytucja=zk-kladkowo&od=2026-12-07")
    assert people.ewa.email not in told  # she did it
    assert people.stefan.email not in told
    assert people.piotr.email not in told


def test_invited_institutions_hear_of_it_too(session: Session, people: People) -> None:
    at_prison(session, people, people.ewa, visibility=Visibility.INVITED, invited=(people.ngo.id,))
    forget_mails(session)
    suspend(session, people)
    assert people.jola.email in {mail.to_address for mail in mails(session)}


@pytest.mark.parametrize("who", ["piotr", "marek", "olga", "wanda", "zofia"])
def test_nobody_but_the_units_own_coordinators_suspends(session: Session, people: People, who: str) -> None:
    with pytest.raises(rules.NotYourUnit):
        suspension.suspend(session, getattr(people, who).actor, people.prison, WEEK, now())


def test_a_welfare_centre_suspends_nothing(session: Session, people: People) -> None:
    with pytest.raises(rules.NotYourUnit):
        suspension.suspend(session, people.marek.actor, people.mops, WEEK, now())


def test_a_second_suspension_of_the_same_days_is_refused(session: Session, people: People) -> None:
    suspend(session, people)
    with pytest.raises(rules.Overlapping, match=r"From 07\.12\.2026 to 11\.12\.2026"):
        suspend(session, people, PeriodDraft(date(2026, 12, 11), date(2026, 12, 12)))


def test_days_that_are_blocked_already_can_still_be_suspended(session: Session, people: People) -> None:
    availability.block(session, people.adam.actor, people.prison, WEEK, now())
    event = at_prison(session, people, people.ewa)
    assert suspend(session, people).dates == 1
    assert states(session, event) == [State.CANCELLED]


def test_dates_that_come_into_a_suspension_later_are_cancelled_by_night(session: Session, people: People) -> None:
    event = at_prison(session, people, people.marek)
    session.add(
        Unavailability(
            institution_id=people.prison.id or 0,
            first_day=WEEK.first_day,
            last_day=WEEK.last_day,
            suspends=True,
            made_at=now(),
        )
    )
    session.flush()
    forget_mails(session)
    assert suspension.stop_again(session, now()) == 1
    assert states(session, event) == [State.CANCELLED]
    assert people.marek.email in {mail.to_address for mail in mails(session)}
    assert suspension.stop_again(session, now()) == 0


def test_statements_of_the_preview_do_not_grow(session: Session, people: People, query_count: Counting) -> None:
    numbers = []
    for _round in range(2):
        for _ in range(5):
            at_prison(session, people, people.marek)
        with query_count() as asked:
            dates = queries.in_period(session, people.prison.id or 0, WEEK.first_day, WEEK.last_day, now())
            queries.concerned(session, dates)
        numbers.append(len(asked))
    assert numbers == [4, 4]


@pytest.mark.slow
def test_three_hundred_dates_are_stopped_in_a_few_seconds(session: Session, people: People) -> None:
    for number in range(300):
        start = local(7) + timedelta(days=number % 5 - 1, minutes=number)
        event = at_prison(session, people, people.marek, starts=start, ends=start + timedelta(minutes=30))
        guest = Wanted(people=(named(number), named(number % 7 + 1000)))
        signups.sign_up(session, people.marek.actor, event, date_of(session, event).id or 0, guest, str(uuid4()), now())
    forget_mails(session)
    begun = process_time()
    stopped = suspend(session, people)
    took = process_time() - begun
    assert stopped.dates == 300
    assert stopped.told == len(mails(session)) == 300 + 7 + 2
    assert took < 8  # seconds of CPU


def test_the_page_shows_what_it_concerns_and_then_does_it(client: Browser, session: Session, people: People) -> None:
    event = at_prison(session, people, people.marek, title="Spotkanie w jednostce")
    client.sign_in(people.ewa)
    client.see("/partnerzy/zk-kladkowo/niedostepne").one("a", href=PAGE)
    client.see(PAGE)
    typed = {"first_day": "7.12.2026", "last_day": "11.12.2026", "reason": "Kontrola instalacji."}
    client.post(PAGE, data={**client.page.values(PAGE), **typed})
    page = client.page
    assert "1 termin zostanie odwołany" in page.text
    assert "Spotkanie w jednostce" in page.text
    assert states(session, event) == [State.PUBLISHED]
    client.post(DO_IT, data={**page.values(DO_IT), "zawies": "1"}, follow_redirects=True)
    assert "1 termin jest odwołany" in client.page.text
    assert "spotkania zawieszone" in client.page.text
    session.expire_all()
    assert states(session, event) == [State.CANCELLED]
    public = browser_of(client.application, session).see(f"/wydarzenia/{event.uuid}")
    assert "Jednostka zawiesiła spotkania do 11 grudnia 2026. Kontrola instalacji." in public.text


def test_other_days_than_those_shown_are_shown_first(client: Browser, session: Session, people: People) -> None:
    event = at_prison(session, people, people.marek)
    client.sign_in(people.ewa).see(PAGE)
    typed = {"first_day": "14.12.2026", "last_day": "15.12.2026"}
    client.post(PAGE, data={**client.page.values(PAGE), **typed})
    assert "W tym okresie nie ma spotkań" in client.page.text
    changed = {**client.page.values(DO_IT), "first_day": "7.12.2026", "zawies": "1"}
    client.post(DO_IT, data=changed)
    assert "1 termin zostanie odwołany" in client.page.text
    assert states(session, event) == [State.PUBLISHED]


def test_wrong_days_come_back_with_sentences(client: Browser, people: People) -> None:
    client.sign_in(people.ewa).see(PAGE)
    for first, last, sentence in (
        ("", "11.12.2026", "Podaj pierwszy dzień"),
        ("7.12.2026", "", "Podaj ostatni dzień"),
        ("7.12.2026", "6.12.2026", "Ostatni dzień nie może być wcześniejszy"),
        ("7.11.2026", "11.12.2026", "Pierwszy dzień nie może być w przeszłości"),
        ("7.12.2026", "11.12.2029", "najwyżej na dwa lata"),
        ("31.02.2026", "11.12.2026", "Podaj datę, która istnieje"),
    ):
        assert client.post(PAGE, data={"first_day": first, "last_day": last}).status_code == 422
        assert sentence in client.page.text
        assert client.page.values(PAGE)["first_day"] == first


@pytest.mark.parametrize(
    ("who", "status"), [("piotr", 403), ("marek", 403), ("zofia", 403), ("olga", 403), ("wanda", 403), ("adam", 200)]
)
def test_who_sees_the_page(client: Browser, people: People, who: str, status: int) -> None:
    client.sign_in(getattr(people, who))
    assert client.get(PAGE).status_code == status


def test_there_is_no_such_page_of_a_welfare_centre(client: Browser, people: People) -> None:
    client.sign_in(people.marek)
    assert client.get("/partnerzy/mops-kladkowo/zawies").status_code == 403
    assert "Zawieś" not in client.see("/partnerzy/mops-kladkowo/niedostepne").text


def test_drafts_in_the_period_stay_drafts(session: Session, people: People) -> None:
    event = make_draft(session, people.marek, place="", place_institution_id=people.prison.id)
    assert suspend(session, people).dates == 0
    assert states(session, event) == [State.DRAFT]
