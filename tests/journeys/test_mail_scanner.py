"""A scanner that follows every link of every mail, as filters of offices do, and changes nothing.

A life of the portal is lived by its actions: accounts, invitations, sign-ups, handshakes, entry lists, records, visits
on all paths. Then each address in each mail is asked for, without a session, in several ways, and all rows of all
tables are as they were. Nothing may pass here, not even a trace.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select
from time_machine import Traveller

from app.accounts import actions as accounts
from app.actors import Actor
from app.clock import now
from app.db import Database, metadata
from app.factory import ROOT
from app.outbox.delivery import Letters
from app.outbox.models import OutboxMail
from app.portal import nightly
from events.calendar import parties
from events.calendar.models import Admission, Event, EventKind, Promotion
from events.changes import actions as changes
from events.changes import suspension
from events.duty import actions as duty
from events.gate import requests as gate
from events.recurrence import Rule
from events.signups import actions as signups
from events.signups import requests
from events.signups.models import SignUp, SignUpState
from events.visits import actions as visits
from events.visits.models import OptionState, Path, Visit, VisitOption
from events.visits.rules import VisitDraft
from partners.availability.rules import PeriodDraft
from partners.contacts import actions as contacts
from partners.contacts.models import ReportKind
from partners.institutions.models import Kind
from tests.conftest import Site
from tests.factories.contacts import make_contact
from tests.factories.duty import dates, make_booking, make_duty, of
from tests.factories.events import date_of, draft_of, local, make_draft, make_event
from tests.factories.guests import event_in, sign_up
from tests.factories.institutions import make_institution
from tests.factories.minutes import met, submitted
from tests.factories.persons import People, Person, make_person
from tests.factories.replies import ask, in_days, make_silent

pytestmark = pytest.mark.slow
AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "BarracudaLinkProtect/1.0",
    "",
)
_ADDRESS = re.compile(r"https?://[^\s<>\"\\]+")
_HOUSE = re.compile(r"^http://(?:localhost|127\.0\.0\.1:8000)(?=/|$)")
# Secrets that let somebody do something: these above all must be among what is followed.
SECRET = ("/haslo/", "/zaproszenie/", "/odpowiedz/")
ROOMS = {
    "app/accounts", "events/calendar", "events/changes", "events/duty", "events/gate", "events/minutes",
    "events/signups", "events/visits", "partners/admission", "partners/contacts", "partners/people",
}  # fmt: skip
VISITS_AND_DUTY = [
    f"events/{room}/{path.name[:-7]}"
    for room in ("visits", "duty")
    for path in (ROOT / "templates/mail/events" / room).glob("*.pl.txt")
]


# --- the life


def live(session: Session, people: People, clock: Traveller) -> None:
    """Let everybody do what there is to do; what is mailed last is fresh."""
    _records(session, people, clock)
    _meetings(session, people)
    _at_the_gate(session, people)
    _visits(session, people)
    _duty(session, people)
    _accounts(session, people)
    session.flush()


def sleep(session: Session, clock: Traveller) -> None:
    """Let twelve nights pass: reminders, substitutes, expiry."""
    for _night in range(12):
        clock.shift(timedelta(days=1))
        for _name, job in nightly.JOBS:
            job(session, now())
        for job in nightly.MINUTELY:
            job(session, now())
        session.flush()


def _accounts(session: Session, people: People) -> None:
    accounts.ask_reset(session, Actor.visitor(), people.ewa.email, "127.0.0.1", now())
    accounts.ask_reset(session, Actor.visitor(), people.marek.email, "127.0.0.1", now())
    operator, piotr = people.olga.actor, people.piotr.user_id
    accounts.lock_account(session, operator, piotr, "urlop", now())
    accounts.unlock_account(session, operator, piotr, "powrót", now())
    accounts.change_address(session, operator, piotr, "piotr2@mops-kladkowo.example", "nowe nazwisko", now())


def _meetings(session: Session, people: People) -> None:
    full = make_event(session, people.ewa, title="Pełne szkolenie", capacity=1, place_institution_id=people.prison.id)
    (seat,) = sign_up(session, full, people.marek)
    sign_up(session, full, people.jola)
    signups.withdraw(session, people.marek.actor, full, seat.id or 0, now())
    offered = make_event(session, people.ewa, title="Z ofertą", capacity=1, promotion=Promotion.OFFER)
    (seat,) = sign_up(session, offered, people.marek)
    sign_up(session, offered, people.jola)
    signups.withdraw(session, people.marek.actor, offered, seat.id or 0, now())
    decided = make_event(session, people.ewa, title="Za zgodą", admission=Admission.APPROVAL)
    (one,) = sign_up(session, decided, people.marek)
    requests.accept(session, people.ewa.actor, decided, [one.id or 0], now())
    assert one.state is SignUpState.SEAT
    shared = make_draft(session, people.ewa, title="Wspólne", co_organisers=(people.mops.id or 0,))
    parties.ask(session, people.ewa.actor, shared, now())
    parties.answer(session, people.marek.actor, shared, now(), agrees=True)
    moved = make_event(session, people.ewa, title="Przesunięte")
    sign_up(session, moved, people.jola)
    wanted = draft_of(title="Przesunięte", starts=local(10, days=1), ends=local(12, days=1))
    changes.edit(session, people.ewa.actor, moved, wanted, moved.revision, now())
    off = make_event(session, people.ewa, title="Odwołane")
    sign_up(session, off, people.jola)
    changes.cancel(session, people.ewa.actor, off, "choroba", now())


def _at_the_gate(session: Session, people: People) -> None:
    soon = event_in(session, people.marek, days=1, title="Jutro", place="", place_institution_id=people.prison.id)
    gate.add_guest(session, people.marek.actor, date_of(session, soon).id or 0, "Gość Próbny", "wykładowca", now())
    late = event_in(session, people.marek, days=70, title="W zawieszeniu", place_institution_id=people.prison.id)
    sign_up(session, late, people.jola)
    day = date_of(session, late).local_date
    suspension.suspend(session, people.ewa.actor, people.prison, PeriodDraft(day, day, reason="kwarantanna"), now())
    contacts.report(session, people.stefan.actor, people.prison, ReportKind.EMAIL, "Wraca.", now())


def _visits(session: Session, people: People) -> None:
    ewa, marek, mops, unit = people.ewa.actor, people.marek.actor, people.mops, people.prison.id or 0
    # The unit invites; other dates go to and fro; agreed; moved; called off.
    visit = ask(session, people.ewa, mops, in_days(20))
    visits.say(session, marek, visit, "Kto otworzy bramę?", now())
    visits.counter(session, marek, visit, (in_days(21),), now(), turn=visit.open_step_id or 0)
    _accept(session, people.ewa, visit)
    visits.move(session, marek, visit, (in_days(22),), "staff", now())
    _accept(session, people.ewa, visit)
    visits.cancel(session, ewa, visit, "room", now())
    # The centre asks the unit, which refuses; a request is taken back; two are left to the nights.
    visit = _ask(session, people.marek, Path.REQUEST, unit, unit)
    visits.refuse(session, ewa, visit, "room", now(), turn=visit.open_step_id or 0)
    visit = _ask(session, people.marek, Path.REQUEST, unit, unit, 2)
    visits.withdraw(session, marek, visit, now(), turn=visit.open_step_id or 0, reason="mistake")
    _ask(session, people.marek, Path.REQUEST, unit, unit, 3)
    # One centre asks that of the unit's seat.
    seat = make_institution(session, "ops-siedziby", Kind.OPS, "OPS przy jednostce")
    there = make_person(session, "Anna Przykładowa", seat)
    make_contact(session, seat, "social_work_contact", person="Maria Próbna")
    make_contact(session, seat, "social_work_contact", position=1, mailbox="zastepca@ops-siedziby.example")
    visit = _ask(session, people.stefan, Path.ASSISTANCE, seat.id or 0, unit, 4)
    _accept(session, there, visit)
    _ask(session, people.stefan, Path.ASSISTANCE, seat.id or 0, unit, 5)
    # Nobody there has an account: one answers, one is asked again and again, one was the wrong address.
    answered = ask(session, people.ewa, make_silent(session, "ops-odpowiada"), in_days(23))
    visits.accept(
        session, visits.replier(answered), answered, _option(session, answered), now(), turn=answered.open_step_id or 0
    )
    ask(session, people.ewa, make_silent(session, "ops-milczy", "poczta@ops-milczy.example"), in_days(24))
    visit = ask(session, people.ewa, make_silent(session, "ops-negocjuje", "poczta@ops-negocjuje.example"), in_days(25))
    visits.counter(session, visits.replier(visit), visit, (in_days(26),), now(), turn=visit.open_step_id or 0)
    visits.counter(session, ewa, visit, (in_days(27),), now(), turn=visit.open_step_id or 0)


def _duty(session: Session, people: People) -> None:
    event = make_duty(session, people, rule=Rule(days=(2,), until=date(2026, 12, 23)))
    first, second, third, *_further = dates(session, event)
    for row in (first, second, third):
        make_booking(session, people.ewa, row)
    signup = session.exec(select(SignUp.id).where(SignUp.occurrence_id == second.id)).one()
    duty.substitute(session, people.marek.actor, event, second.id or 0, signup or 0, of(people.marek), now())
    duty.cancel_date(session, people.ewa.actor, event, third.id or 0, "other", "remont sali", now())


def _records(session: Session, people: People, clock: Traveller) -> None:
    meeting = met(session, people, None, guests=(people.jola,))
    forgotten = met(session, people, clock, guests=(people.jola,), title="Bez notatki")
    assert forgotten.id != meeting.id
    submitted(session, meeting, people.ewa)


def _ask(session: Session, asker: Person, path: Path, asked_id: int, unit_id: int, number: int = 1) -> Visit:
    wanted = VisitDraft(
        path=path, asked_id=asked_id, unit_id=unit_id, kind=EventKind.INDIVIDUAL_MEETING, subject=f"Rozmowy {number}",
        options=(in_days(30 + number),),
    )  # fmt: skip
    return visits.ask(session, asker.actor, wanted, str(uuid4()), now())


def _accept(session: Session, by: Person, visit: Visit) -> Event:
    turn = visit.open_step_id or 0
    return visits.accept(session, by.actor, visit, _option(session, visit), now(), turn=turn)


def _option(session: Session, visit: Visit) -> int:
    statement = select(VisitOption.id).where(VisitOption.visit_id == visit.id, VisitOption.state == OptionState.OPEN)
    return session.exec(statement).first() or 0


# --- the scanner


def everything(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    """Give all rows of all tables: of those that a visit may leave traces in, too."""
    database: Database = app.extensions["kladka.database"]
    with database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(rows_of(table))), key=repr)
            for table in metadata.sorted_tables
        }


def addresses(session: Session) -> Iterator[tuple[str, str]]:
    """Give template and address of each link in each mail: of the text in both languages and of the calendar in it."""
    letters = Letters(ROOT / "templates")
    for mail in session.exec(select(OutboxMail).order_by(col(OutboxMail.id))):
        for language in ("pl", "en"):
            subject, body = letters.render(mail.template, language, dict(mail.params), mail.link)
            found = _ADDRESS.findall(f"{subject}\n{body}\n{(mail.calendar or '').replace(chr(13) + chr(10) + ' ', '')}")
            yield from ((mail.template, one.rstrip(".,;:)")) for one in found)


def scan(site: Site) -> tuple[set[str], dict[str, set[int]]]:
    """Follow everything in every way; give the templates met and what each path has answered."""
    database: Database = site.app.extensions["kladka.database"]
    with database.session(writes=False) as session:
        found = list(dict.fromkeys(addresses(session)))
    # What was mailed before this portal had its name carries the default address.
    paths = dict.fromkeys(_HOUSE.sub("", address) or "/" for _template, address in found)
    assert [path for path in paths if not path.startswith("/")] == [], "a mail leads out of the house"
    keeping = site.browser()  # one scanner keeps its cookies
    answers: dict[str, set[int]] = {path: set() for path in paths}
    for path in paths:
        for number, agent in enumerate(AGENTS):
            scanner = keeping if number == 0 else site.browser()
            for method in ("HEAD", "GET"):
                response = scanner.open(path, method=method, headers={"User-Agent": agent}, follow_redirects=True)
                answers[path].add(response.status_code)
    return {template for template, _address in found}, answers


def test_following_every_link_of_every_mail_changes_nothing(site: Site, clock: Traveller) -> None:
    database: Database = site.app.extensions["kladka.database"]
    with database.session(writes=True) as session:
        live(session, site.world.people, clock)
        session.commit()
    before = everything(site.app)
    _templates, answers = scan(site)
    assert everything(site.app) == before
    # The secrets were opened, not refused: what does not answer cannot have done anything.
    for secret in SECRET:
        assert {200} in [codes for path, codes in answers.items() if path.startswith(secret)], secret
    with database.session(writes=True) as session:
        sleep(session, clock)
        session.commit()
    before = everything(site.app)
    templates, later = scan(site)
    assert everything(site.app) == before
    assert {template.rpartition("/")[0] for template in templates} >= ROOMS
    assert {name for name in VISITS_AND_DUTY if name not in templates} == set()
    assert [path for path, codes in {**answers, **later}.items() if codes - {200, 404}] == []


def test_a_link_that_acted_on_a_look_would_be_found(site: Site, clock: Traveller) -> None:
    """The control: one row of a table that nobody else looks at is enough."""
    before = everything(site.app)
    database: Database = site.app.extensions["kladka.database"]
    with database.session(writes=True) as session:
        accounts.note_failure(session, "nikt", "127.0.0.1", now())
        session.commit()
    assert everything(site.app) != before
