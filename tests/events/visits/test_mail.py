"""Mails about visits: to whom, in which language, and how little stands in them."""

import re
from pathlib import Path as File

import pytest
from jinja2 import Environment, meta
from sqlmodel import col, select

from app.accounts.models import UserAccount
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar.models import Event
from events.visits import actions, mail
from events.visits.models import Act, Path
from partners.institutions.models import Kind
from tests.factories.contacts import make_contact
from tests.factories.institutions import make_institution
from tests.factories.persons import make_person
from tests.factories.visits import (
    OTHERS,
    accept,
    agreed_visit,
    date_on,
    make_visit,
    request_of,
    turn_of,
)

pytestmark = pytest.mark.usefixtures("clock")
TEMPLATES = File(__file__).resolve().parents[3] / "templates" / "mail" / "events" / "visits"
SECRET = "Nie do wiadomości postronnych"


def sent(session, *, since: int = 0):
    """Give the mails in their order: to whom, which one."""
    rows = session.exec(select(OutboxMail).where(col(OutboxMail.id) > since).order_by(col(OutboxMail.id))).all()
    return [(one.to_address, one.template.rsplit("/", 1)[-1]) for one in rows]


def last(session) -> int:
    return max((one.id or 0 for one in session.exec(select(OutboxMail))), default=0)


def test_each_step_tells_the_other_side_and_an_agreed_date_both(session, people):
    ewa, marek = people.ewa.email, people.marek.email
    # The prison has two who coordinate: both are told.
    adam = people.adam.email
    visit = make_visit(session, people)
    assert sent(session) == [(marek, "asked")]
    steps = [
        (lambda: actions.say(session, people.marek.actor, visit, "Czy jest rzutnik?", now()), "said", {ewa, adam}),
        (
            lambda: actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn_of(visit)),
            "countered",
            {ewa, adam},
        ),
        (lambda: accept(session, people.ewa, visit), "accepted", {ewa, adam, marek}),
        (
            lambda: actions.move(session, people.marek.actor, visit, (date_on(20),), "illness", now()),
            "move_asked",
            {ewa, adam},
        ),
        (
            lambda: actions.refuse(session, people.ewa.actor, visit, "room", now(), turn=turn_of(visit)),
            "refused",
            {marek},
        ),
        (lambda: actions.move(session, people.ewa.actor, visit, (date_on(21),), "room", now()), "move_asked", {marek}),
        (lambda: accept(session, people.marek, visit), "moved", {ewa, adam, marek}),
        (lambda: actions.cancel(session, people.ewa.actor, visit, "order", now()), "called_off", {ewa, adam, marek}),
    ]
    for step, template, to in steps:
        before = last(session)
        step()
        told = [one for one in sent(session, since=before) if one[1] == template]
        assert {address for address, _template in told} == to
        assert len(told) == len(to)
    before = last(session)
    other = make_visit(session, people, options=(date_on(25),))
    actions.withdraw(session, people.ewa.actor, other, now(), turn=turn_of(other))
    assert sent(session, since=before) == [(marek, "asked"), (marek, "withdrawn")]


def test_the_acceptance_is_told_once_and_not_as_an_invitation_too(session, people):
    agreed_visit(session, people)
    assert sorted(sent(session)) == sorted(
        [(people.marek.email, "asked")] + [(one.email, "accepted") for one in (people.ewa, people.adam, people.marek)]
    )


def test_the_mailbox_of_the_contact_is_told_besides(session, people):
    make_contact(session, people.mops, "social_work_contact", mailbox="kontakt@mops.example")
    make_contact(session, people.mops, "head", mailbox="dyrektor@mops.example")
    make_contact(session, people.prison, "penitentiary_contact", mailbox=people.ewa.email.upper())
    make_visit(session, people)
    assert sorted(sent(session)) == sorted([(people.marek.email, "asked"), ("kontakt@mops.example", "asked")])
    before = last(session)
    make_visit(session, people, Path.REQUEST, options=(date_on(3),))
    assert {to for to, _template in sent(session, since=before)} == {people.ewa.email, people.adam.email}


def test_everybody_is_written_to_in_his_language(session, people):
    session.get_one(UserAccount, people.marek.user_id).language = "en"
    make_person(session, "Iga Próbna", people.mops, people.marek.actor.role)
    session.flush()
    make_visit(session, people)
    found = {one.to_address: one.language for one in session.exec(select(OutboxMail))}
    assert found.pop(people.marek.email) == "en"
    assert set(found.values()) == {"pl"}


def test_the_agreed_date_comes_as_a_file_and_a_moved_or_cancelled_one_with_the_same_uid(session, people):
    visit = agreed_visit(session, people)
    event = session.get_one(Event, visit.event_id)
    actions.move(session, people.ewa.actor, visit, OTHERS, "room", now())
    accept(session, people.marek, visit)
    actions.cancel(session, people.marek.actor, visit, "staff", now())
    found: dict[str, list[str]] = {}
    for one in session.exec(select(OutboxMail).order_by(col(OutboxMail.id))):
        if one.calendar:
            found.setdefault(one.template.rsplit("/", 1)[-1], []).append(one.calendar)
    assert {name: len(texts) for name, texts in found.items()} == {"accepted": 3, "moved": 3, "called_off": 3}
    sequences = []
    for name, status in (("accepted", "CONFIRMED"), ("moved", "CONFIRMED"), ("called_off", "CANCELLED")):
        text = found[name][0].replace("\r\n ", "")
        assert f"UID:{event.uid}" in text
        assert f"STATUS:{status}" in text
        assert "METHOD:PUBLISH" in text
        sequences.append(int(re.findall(r"SEQUENCE:(\d+)", text)[0]))
    assert sequences == sorted(set(sequences))


def test_a_draft_that_the_unit_has_not_agreed_to_comes_without_a_file(session, people):
    wanted = request_of(people, Path.ASSISTANCE, asked_id=people.stranger.id)
    visit = actions.ask(session, people.marek.actor, wanted, "0" * 36, now())
    before = last(session)
    accept(session, people.stefan, visit)
    rows = session.exec(select(OutboxMail).where(col(OutboxMail.id) > before)).all()
    assert {one.to_address for one in rows if one.template.endswith("/accepted")} == {
        people.marek.email,
        people.stefan.email,
    }
    assert {one.to_address for one in rows if one.template == "events/calendar/asked"} == {
        people.ewa.email,
        people.adam.email,
    }
    assert [one.calendar for one in rows] == [None] * len(rows)
    before = last(session)
    actions.cancel(session, people.stefan.actor, visit, "settled", now())
    assert {to for to, template in sent(session, since=before) if template == "called_off"} == {
        people.marek.email, people.stefan.email, people.ewa.email, people.adam.email,
    }  # fmt: skip


def test_who_has_nobody_here_gets_a_link_and_then_the_agreed_date(session, people):
    centre = make_institution(session, "OPS Cicha", Kind.OPS, synthetic=people.prison.synthetic)
    visit = make_visit(session, people, asked_id=centre.id, reply_email="ops@cicha.example")
    assert sent(session) == [("ops@cicha.example", "reply")]
    accept(session, actions.replier(visit), visit)
    row = session.exec(select(OutboxMail).where(OutboxMail.template == "events/visits/accepted")).all()[-1]
    assert (row.to_address, row.link, bool(row.calendar)) == (
        "ops@cicha.example", f"/partnerzy/{people.prison.slug}", True,
    )  # fmt: skip


def test_nothing_that_was_typed_and_nobodys_name_stands_in_a_mail(session, people):
    visit = make_visit(session, people, message=SECRET, subject=SECRET, topics=(SECRET,))
    actions.say(session, people.marek.actor, visit, SECRET, now())
    actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn_of(visit), message=SECRET)
    accept(session, people.ewa, visit, message=SECRET)
    actions.move(session, people.ewa.actor, visit, (date_on(20),), "room", now(), message=SECRET)
    actions.refuse(session, people.marek.actor, visit, "other", now(), turn=turn_of(visit), message=SECRET)
    actions.cancel(session, people.marek.actor, visit, "other", now(), message=SECRET)
    rows = [one for one in session.exec(select(OutboxMail)) if one.template.startswith("events/visits/")]
    assert {one.link for one in rows} == {f"/wizyty/{visit.number}"}
    for one in rows:
        assert SECRET not in str(one.params)
        assert not any(name in str(one.params) for name in ("Ewa", "Marek"))


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.txt")), ids=lambda path: path.name)
def test_templates_know_a_number_a_link_and_dates_no_more(path):
    asked = meta.find_undeclared_variables(Environment(autoescape=False).parse(path.read_text(encoding="utf-8")))  # noqa: S701
    assert asked <= {
        "case", "institution", "host", "until_at", "starts_at", "ends_at", "all_day", "stands", "synthetic",
        "link", "words",
    }  # fmt: skip
    assert "case" in asked


def test_every_act_has_its_mail():
    assert set(mail._TEMPLATE) == set(Act)
    names = {path.name.split(".")[0] for path in TEMPLATES.glob("*.txt")}
    assert {*mail._TEMPLATE.values(), "moved"} <= names
