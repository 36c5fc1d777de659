"""A small standing world, and an address in it for every route: what the tests over the whole URL map walk through."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID

from sqlmodel import Session, select
from werkzeug.routing import Rule

from app.accounts.actions import begin_session
from app.accounts.models import UserAccount, UserSession
from app.clock import now
from app.files.models import StoredFile
from app.outbox.models import MailState
from app.warsaw import today
from events.calendar.models import Event, Occurrence, Visibility
from events.changes import actions as changes
from events.feeds import actions as feeds
from events.gate import requests as gate
from events.gate.sheets import note_print
from events.reports import actions as reports
from events.reports import queries as report_queries
from events.reports import rules
from events.reports.models import Report
from events.sessions import actions as sessions
from events.signups import actions as signups
from events.signups import series
from events.signups.rules import Person as Guest
from events.signups.rules import Wanted
from partners.agreements.models import AgreementState
from partners.exchange import actions as exchange
from partners.exchange.rules import Subject
from partners.institutions.models import Kind, Room
from partners.people import actions as people_actions
from partners.people import queries as people_queries
from partners.people.rules import Wanted as Wanting
from projects.editions import actions as editions
from projects.editions.models import Edition
from projects.editions.rules import EditionDraft
from projects.programmes.models import (
    PartnerAnswer,
    Programme,
    ProgrammeDocument,
    ProgrammePartner,
    ProgrammeState,
)
from tests.factories.admission import make_application
from tests.factories.agreements import make_agreement, make_clause
from tests.factories.availability import make_period
from tests.factories.contacts import make_absence, make_contact, make_report
from tests.factories.duty import dates, make_booking, make_duty
from tests.factories.events import date_of, make_draft, make_event
from tests.factories.institutions import make_institution, make_offer, make_service
from tests.factories.joining import sessions_of
from tests.factories.mails import make_mail
from tests.factories.minutes import make_task
from tests.factories.papers import make_certificate
from tests.factories.persons import People, Person, make_people
from tests.factories.programmes import make_programme
from tests.factories.replies import ask as ask_silent
from tests.factories.replies import links_in, make_silent
from tests.factories.rows import add
from tests.factories.sessions import make_partner, plan_of
from tests.factories.territory import make_gmina

# In the order of the columns of tests/house/routes.txt.
ROLES = ("visitor", "ngo", "prison", "ops", "member", "coordinator", "admin", "operator", "inspector")
_QUARTER = {"begin": "2026-3", "figure": "odbyte"}
_ARGUMENT = re.compile(r"<(?:[a-z]+(?:\([^)]*\))?:)?(\w+)>")
# The first that fits: a sign-up is named with its event.
_KIND_OF = {
    "entry_id": "entry",
    "thing_id": "thing",
    "print_id": "print",
    "signup_id": "signup",
    "occurrence_id": "date",
    "booking_id": "booking",
    "institution_id": "party",
    "task_id": "task",
    "absence_id": "absence",
    "contact_id": "contact",
    "report_id": "report",
    "room_id": "room",
    "period_id": "period",
    "offer_id": "offer",
    "service_id": "service",
    "event_uuid": "event",
    "certificate_id": "certificate",
    "number": "agreement",
    "mail_id": "mail",
    "upload_id": "upload",
    "subject": "subject",
    "session_id": "session",
    "user_id": "account",
    "topic": "topic",
    "month": "month",
    "monday": "monday",
    "day": "day",
    "name": "name",
    "code": "gmina",
    "application_id": "application",
    "membership_id": "membership",
    "invitation_id": "invitation",
    "token": "token",
    "secret": "secret",
    "feed_id": "feed",
}
# Where the argument alone does not tell; the first that fits.
_AT = {
    "/odpowiedz/": "reply",
    "/wizyty/<case:": "case",
    "/dyzury/<slug:": "duty",
    "/dyzury/plan/": "duty",
    "/projekty/<slug:slug>/edycje/<id:number>/spotkania/": "edition_session",
    "/projekty/<slug:slug>/edycje/<id:number>": "edition",
    "/projekty/<slug:slug>/partnerzy/<id:": "project_partner",
    "/projekty/<slug:slug>/dokumenty/<id:": "document",
    "/projekty/<slug:slug>/sprawozdania/": "project_report",
    "/pliki/": "file",
}
SECRET_TITLES = (
    "Narada wewnętrzna tylko dla zaproszonych",
    "Szkic, którego nikt nie zna",
    "Projekt w szkicu",
    "Umowa tylko dla partnerów",
    "prosi o salę w tajemnicy",
)


@dataclass(frozen=True)
class World:
    """Who is in the world (role -> person, cookie token) and where its things are (argument -> variant -> value)."""

    people: People
    tokens: dict[str, str]
    places: dict[str, dict[str, dict[str, str]]]

    def person(self, role: str) -> Person | None:
        return _persons(self.people).get(role)

    def addresses(self, rule: Rule) -> Iterator[tuple[str, str]]:
        """Give (variant, path) for *rule*: one for each kind of thing that its arguments can name."""
        if not rule.arguments:
            yield "", rule.rule
            return
        for variant, values in self.places[_kind_of(rule)].items():
            yield variant, path_of(rule, values)

    def values(self, rule: Rule) -> dict[str, str]:
        """Give the arguments of the first of these addresses."""
        return next(iter(self.places[_kind_of(rule)].values())) if rule.arguments else {}


def make_world(session: Session) -> World:
    """Fill an empty database and sign everybody in."""
    people = make_people(session)
    ewa, marek = people.ewa, people.marek
    running = make_programme(
        session, "Projekt pokazowy", people.prison.id, voivodeship_code="08", starts_on=date(2026, 3, 1)
    )
    draft_programme = make_programme(session, "Projekt w szkicu", people.prison.id, state=ProgrammeState.DRAFT)
    agreement = make_agreement(session, "P-08-001", people.prison, people.mops)
    clause = make_clause(session, agreement, "release_notice", 3)
    unsigned = make_agreement(session, "P-08-002", people.prison, people.mops, state=AgreementState.DRAFT)
    service = make_service(session, "shelter")
    make_offer(session, people.mops, service)
    offer = make_offer(session, people.prison, service)
    room = add(session, Room, institution_id=people.prison.id or 0, name="Sala widzeń")
    period = make_period(session, people.prison, reason="Odbiór robót na oddziale, o którym nikt nie wie")
    events = {
        "public": make_event(
            session,
            ewa,
            place="",
            capacity=2,
            programme_id=running.id,
            clause_id=clause.id,
            place_institution_id=people.prison.id,
        ),
        "partners": make_event(session, ewa, title="Szkolenie dla partnerów", visibility=Visibility.PARTNERS),
        "invited": make_event(
            session, ewa, title=SECRET_TITLES[0], visibility=Visibility.INVITED, invited=(people.mops.id or 0,)
        ),
        "draft": make_draft(session, ewa, title=SECRET_TITLES[1]),
        "cancelled": make_event(session, ewa, title="Odwołane szkolenie"),
    }
    visit = make_event(session, marek, title="Spotkanie z listą wejść", place="", place_institution_id=people.prison.id)
    visit_day = date_of(session, visit)
    silent = make_institution(session, "schronisko", Kind.NGO, "Schronisko Pokazowe")
    together = make_draft(session, ewa, title="Szkic ze schroniskiem", co_organisers=(silent.id or 0,))
    guest = gate.add_guest(session, marek.actor, visit_day.id or 0, "Gość Próbny", "wykładowca", now())
    laptop = gate.report_thing(session, marek.actor, visit_day.id or 0, "laptop, 1 sztuka", "PRÓBA-1", now())
    printed = note_print(session, ewa.actor, people.prison.id or 0, visit_day.local_date, now())
    changes.cancel(session, ewa.actor, events["cancelled"], "choroba prowadzącej", now())
    signed = [
        _sign_up(session, events["public"], marek, people.piotr),
        _sign_up(session, events["public"], people.jola),
    ]
    calendar, calendar_secret = feeds.make(session, people.piotr.actor, "Mój telefon", now(), busy=False)
    calendar.last_fetched_at = now()  # so that reading it leaves no trace
    invitation, secret = people_actions.invite(
        session, people.adam.actor, people.prison.id or 0, Wanting("nowa@zk-kladkowo.example"), now()
    )
    application = make_application(session)
    members = {one.name: one.membership_id for one in people_queries.members(session, people.prison.id or 0)}
    contact = make_contact(session, people.prison, "head", person="Maria Próbna", public=True)
    make_contact(session, people.prison, "head", position=1)
    absence = make_absence(session, contact, today(now()))
    report = make_report(session, people.prison, people.piotr)
    failed = make_mail(session, state=MailState.FAILED, error="SMTPDataError 550")
    waiting = make_mail(session, next_try_at=now() + timedelta(days=400))
    table = b"klucz;nazwa;rodzaj\nops-z-tabeli;OPS z tabeli;OPS\n"
    upload = exchange.keep(session, people.olga.actor, Subject.INSTITUTIONS, "tabela.csv", table, now())
    certificate = make_certificate(session, events["partners"], people.piotr)
    task = make_task(session, ewa)
    duty = make_duty(session, people)
    duty_day = dates(session, duty)[0]
    talk = make_booking(session, ewa, duty_day)
    request = ask_silent(session, ewa, make_silent(session))
    edition, meeting = _edition(session, people, running)
    frozen = _report(session, ewa, running)
    documents = {name: _document(session, running, name) for name in ("Regulamin", SECRET_TITLES[3])}
    public = str(events["public"].uuid)
    places = {
        "event": {name: {"event_uuid": str(event.uuid)} for name, event in events.items()},
        "institution": {"known": {"slug": people.prison.slug}, "unknown": {"slug": "nie-ma-takiej"}},
        "programme": {"running": {"slug": running.slug}, "draft": {"slug": draft_programme.slug}},
        "edition": {
            "open": {"slug": running.slug, "number": str(edition.number)},
            "unknown": {"slug": running.slug, "number": "9"},
        },
        "edition_session": {
            "coming": {"slug": running.slug, "number": str(edition.number), "occurrence_id": str(meeting.id)},
            "other-event": {"slug": running.slug, "number": str(edition.number), "occurrence_id": str(visit_day.id)},
        },
        "project_partner": {
            "asked": {"slug": running.slug, "institution_id": str(people.stefan.institution_id)},
            "asks": {"slug": running.slug, "institution_id": str(people.ngo.id)},
            "unknown": {"slug": running.slug, "institution_id": str(silent.id)},
        },
        "project_report": {
            "frozen": {"slug": running.slug, "report_uuid": str(frozen.uuid), **_QUARTER},
            "unknown": {"slug": running.slug, "report_uuid": str(documents["Regulamin"][1]), **_QUARTER},
            "draft": {"slug": draft_programme.slug, "report_uuid": str(frozen.uuid), **_QUARTER},
        },
        "document": {
            name: {"slug": slug, "document_id": str(documents["Regulamin"][0].id)}
            for name, slug in (("own", running.slug), ("other-project", draft_programme.slug))
        },
        "file": {
            "public": {"file_uuid": str(documents["Regulamin"][1])},
            "inner": {"file_uuid": str(documents[SECRET_TITLES[3]][1])},
            "unknown": {"file_uuid": str(frozen.uuid)},
        },
        "agreement": {"in-force": {"number": agreement.number}, "draft": {"number": unsigned.number}},
        "entry": {"guest": {"event_uuid": str(visit.uuid), "entry_id": str(guest.id)}},
        "thing": {"laptop": {"event_uuid": str(visit.uuid), "thing_id": str(laptop.id)}},
        "print": {"known": {"print_id": str(printed)}, "unknown": {"print_id": "999999"}},
        "task": {"open": {"task_id": str(task.id)}, "unknown": {"task_id": "999999"}},
        "date": {"duty": {"occurrence_id": str(duty_day.id)}, "unknown": {"occurrence_id": "999999"}},
        "booking": {"talk": {"booking_id": str(talk.id)}, "unknown": {"booking_id": "999999"}},
        "duty": {"known": {"slug": people.prison.slug, "month": "2026-12", "event_uuid": str(duty.uuid)}},
        "party": {
            "silent": {"event_uuid": str(together.uuid), "institution_id": str(silent.id)},
            "other-event": {"event_uuid": public, "institution_id": str(silent.id)},
        },
        "signup": {
            "piotr": {"event_uuid": public, "signup_id": str(signed[0])},
            "jola": {"event_uuid": public, "signup_id": str(signed[1])},
            "other-event": {"event_uuid": str(events["partners"].uuid), "signup_id": str(signed[1])},
        },
        "mail": {"failed": {"mail_id": str(failed.id)}, "waiting": {"mail_id": str(waiting.id)}},
        "application": {"waiting": {"application_id": str(application.id)}},
        "membership": {
            "ewa": {"slug": people.prison.slug, "membership_id": str(members[ewa.name])},
            "other-institution": {"slug": people.mops.slug, "membership_id": str(members[ewa.name])},
        },
        "invitation": {
            "open": {"slug": people.prison.slug, "invitation_id": str(invitation.id)},
            "other-institution": {"slug": people.mops.slug, "invitation_id": str(invitation.id)},
        },
        "secret": {"open": {"secret": calendar_secret}, "unknown": {"secret": "x" * 43}},
        "feed": {"piotr": {"feed_id": str(calendar.id)}, "unknown": {"feed_id": "999999"}},
        "token": {"open": {"token": secret}, "unknown": {"token": "x" * 43}},
        "case": {"silent": {"number": request.number}, "unknown": {"number": "W-2026-999"}},
        "reply": {"open": {"token": links_in(session)[0].rpartition("/")[2]}, "unknown": {"token": "x" * 43}},
        "contact": {
            "own": {"slug": people.prison.slug, "contact_id": str(contact.id)},
            "other-institution": {"slug": people.mops.slug, "contact_id": str(contact.id)},
        },
        "absence": {
            "": {"slug": people.prison.slug, "contact_id": str(contact.id), "absence_id": str(absence.id)},
        },
        "report": {
            "open": {"slug": people.prison.slug, "report_id": str(report.id)},
            "other-institution": {"slug": people.mops.slug, "report_id": str(report.id)},
        },
        "room": {
            "own": {"slug": people.prison.slug, "room_id": str(room.id)},
            "other-institution": {"slug": people.mops.slug, "room_id": str(room.id)},
        },
        "period": {
            "own": {"slug": people.prison.slug, "period_id": str(period.id)},
            "other-institution": {"slug": people.mops.slug, "period_id": str(period.id)},
        },
        "offer": {
            "own": {"slug": people.prison.slug, "offer_id": str(offer.id)},
            "other-institution": {"slug": people.mops.slug, "offer_id": str(offer.id)},
        },
        "service": {"known": {"service_id": str(service.id)}, "unknown": {"service_id": "999999"}},
        "session": {"marek": {"session_id": str(_session_of(session, marek))}, "unknown": {"session_id": "999999"}},
        "account": {"piotr": {"user_id": str(people.piotr.user_id)}, "unknown": {"user_id": "999999"}},
        "certificate": {
            "piotr": {"certificate_id": str(certificate.id)},
            "unknown": {"certificate_id": "999999"},
        },
        "upload": {"waiting": {"upload_id": str(upload.id)}},
        "subject": {"known": {"subject": "instytucje"}, "unknown": {"subject": "inne"}},
        "topic": {"known": {"topic": "zapisy"}, "unknown": {"topic": "inny"}},
        "month": {"": {"month": "2026-12"}},
        "monday": {"": {"monday": "2026-W50"}},
        "day": {"": {"day": "2026-12-08"}},
        "name": {"": {"name": "favicon.svg"}},
        "gmina": {"known": {"code": make_gmina(session).code}, "unknown": {"code": "999999"}},
    }
    tokens = {role: _signed_in(session, person) for role, person in _persons(people).items()}
    session.commit()
    return World(people, tokens, places)


def _edition(session: Session, people: People, programme: Programme) -> tuple[Edition, Occurrence]:
    """Let partners stand at each step, and an edition run for which one of them has registered two persons."""
    make_partner(session, programme, people.mops)
    stefan, ngo = people.stefan.institution_id, people.ngo.id
    for institution_id, answer in ((stefan, PartnerAnswer.ASKED), (ngo, PartnerAnswer.REQUESTED)):
        row = {"institution_id": institution_id, "answer": answer, "asked_at": now(), "part": SECRET_TITLES[4]}
        add(session, ProgrammePartner, programme_id=programme.id, **row)
    actor = people.ewa.actor
    edition = editions.begin(session, actor, programme, EditionDraft("próbna", participants=True), now())
    wanted = plan_of(title="Warsztaty próbne", visibility=Visibility.PUBLIC, participants=True)
    event = sessions.plan(session, actor, edition, wanted, now())
    series.sign_up(session, people.marek.actor, event, Wanted(places=2), "form of an edition", now())
    return edition, sessions_of(session, event)[0]


def _report(session: Session, by: Person, programme: Programme) -> Report:
    third = rules.quarter(2026, 3)
    span = (third.starts_on, third.ends_on)
    seen = rules.mark(report_queries.figures(session, programme, *span, now()))
    return reports.freeze(session, by.actor, programme, third.kind, *span, seen, now())


def _document(session: Session, programme: Programme, title: str) -> tuple[ProgrammeDocument, UUID]:
    body = b"%PDF-1.4\n%%EOF\n"
    file = add(
        session,
        StoredFile,
        name="plik.pdf",
        media_type="application/pdf",
        size=len(body),
        digest=sha256(body).hexdigest(),
        content=body,
        stored_at=now(),
    )
    public = title not in SECRET_TITLES
    row = {"file_id": file.id, "title": title, "public": public, "added_at": now()}
    return add(session, ProgrammeDocument, programme_id=programme.id, **row), file.uuid


def _persons(people: People) -> dict[str, Person]:
    return {
        "ngo": people.jola,
        "prison": people.zofia,
        "ops": people.stefan,
        "member": people.piotr,
        "coordinator": people.ewa,
        "admin": people.adam,
        "operator": people.olga,
        "inspector": people.wanda,
    }


def _signed_in(session: Session, person: Person) -> str:
    return begin_session(session, session.get_one(UserAccount, person.user_id), "tests", now())


def _session_of(session: Session, person: Person) -> int:
    _signed_in(session, person)
    return session.exec(select(UserSession.id).where(UserSession.user_id == person.user_id)).one() or 0


def _sign_up(session: Session, event: Event, by: Person, guest: Person | None = None) -> int:
    who = guest or by
    wanted = Wanted(people=(Guest(name=who.name, email=who.email, user_id=who.user_id),))
    occurrence_id = date_of(session, event).id or 0
    return signups.sign_up(session, by.actor, event, occurrence_id, wanted, f"form of {who.name}", now())[0].id or 0


def path_of(rule: Rule, values: dict[str, str]) -> str:
    """Write the path of *rule* with *values* as they stand, fitting or not."""
    return _ARGUMENT.sub(lambda found: {"day": "2026-12-08", **values}[found.group(1)], rule.rule)


def _kind_of(rule: Rule) -> str:
    for beginning, kind in _AT.items():
        if rule.rule.startswith(beginning):
            return kind
    for argument, kind in _KIND_OF.items():
        if argument in rule.arguments:
            return kind
    if "slug" in rule.arguments:
        return "programme" if rule.rule.startswith(("/projekty/", "/kanaly/p/")) else "institution"
    raise LookupError(f"tests/world.py knows no thing for {rule.rule}: add one to make_world")
