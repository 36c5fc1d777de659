"""Partners of a programme: asked, answering, asking to join, leaving, taking the lead over."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import Session, col, select
from time_machine import Traveller

from app import warsaw
from app.actors import Actor
from app.clock import now
from app.outbox.models import OutboxMail
from partners.institutions.models import Kind, Status
from projects.programmes import actions, pages, parties, protocol, queries, rules
from projects.programmes.models import (
    Happening,
    PartnerAnswer,
    Programme,
    ProgrammeHappening,
    ProgrammeKind,
    ProgrammePartner,
    ProgrammeState,
)
from projects.programmes.protocol import Step
from projects.programmes.rules import PartnerPart, ProgrammeDraft
from tests.factories.institutions import make_institution
from tests.factories.persons import People
from tests.factories.programmes import make_programme

pytestmark = pytest.mark.usefixtures("clock")

FULL = ProgrammeDraft(
    title="Warsztaty kompetencji społecznych",
    kind=ProgrammeKind.WORKSHOP,
    summary="Dziesięć spotkań.",
    target_group="osoby przed zwolnieniem",
    voivodeship_code="08",
    starts_on=date(2026, 12, 1),
)


def draft(session: Session, people: People, *partners: PartnerPart) -> Programme:
    parts = partners or (
        PartnerPart(people.ewa.institution_id, "sale i opieka"),
        PartnerPart(people.marek.institution_id, "praca socjalna"),
    )
    return actions.draft(session, people.jola.actor, replace(FULL, partners=parts), now())


def published(session: Session, people: People) -> Programme:
    programme = draft(session, people)
    parties.ask(session, people.jola.actor, programme, now())
    for person in (people.ewa, people.marek):
        parties.answer(session, person.actor, programme, now(), agrees=True)
    actions.publish(session, people.jola.actor, programme, now())
    for mail in session.exec(select(OutboxMail)).all():
        session.delete(mail)
    session.flush()
    return programme


def row(session: Session, programme: Programme, institution_id: int) -> ProgrammePartner:
    return session.get_one(ProgrammePartner, (programme.id, institution_id), populate_existing=True)


def stands(session: Session, programme: Programme, institution_id: int) -> tuple[PartnerAnswer | None, str, str | None]:
    found = row(session, programme, institution_id)
    return found.answer, found.part, found.agreed_part


def mails(session: Session) -> list[tuple[str, str]]:
    found = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    return [(mail.template.rpartition("/")[2], mail.to_address) for mail in found]


def happenings(session: Session, programme: Programme) -> list[tuple[Happening, int | None]]:
    statement = select(ProgrammeHappening).where(ProgrammeHappening.programme_id == programme.id)
    found = session.exec(statement.order_by(col(ProgrammeHappening.id))).all()
    return [(one.happening, one.institution_id) for one in found]


def test_draft_is_known_to_asked_partners_from_asking_on(session: Session, people: People) -> None:
    programme = draft(session, people)

    def knows(actor: Actor) -> bool:
        return queries.programme(session, programme.slug, actor) is not None

    assert [knows(p.actor) for p in (people.jola, people.ewa, people.marek)] == [True, False, False]
    assert parties.ask(session, people.jola.actor, programme, now()) == 2
    assert [knows(p.actor) for p in (people.ewa, people.adam, people.marek)] == [True, True, True]
    assert [knows(p.actor) for p in (people.piotr, people.stefan, people.olga, people.wanda)] == [False] * 4
    parties.answer(session, people.marek.actor, programme, now(), agrees=False, note="Nie mamy kadry.")
    assert not knows(people.marek.actor)
    told = {("asked", person.email) for person in (people.ewa, people.adam, people.marek)}
    assert set(mails(session)) == {*told, ("declined", people.jola.email)}


def test_publication_waits_for_every_partner(session: Session, people: People) -> None:
    jola = people.jola.actor
    programme = draft(session, people)
    with pytest.raises(protocol.PartnersAwaited, match="Zakład Karny w Kładkowie, MOPS w Kładkowie"):
        actions.publish(session, jola, programme, now())
    parties.ask(session, jola, programme, now())
    parties.answer(session, people.ewa.actor, programme, now(), agrees=True)
    with pytest.raises(protocol.PartnersAwaited, match="waits for: MOPS w Kładkowie"):
        actions.publish(session, jola, programme, now())
    parties.drop(session, jola, programme, people.marek.institution_id, now())
    actions.publish(session, jola, programme, now())
    assert programme.published_at == now()
    assert ("published", people.ewa.email) in mails(session)
    assert ("dropped", people.marek.email) in mails(session)


def test_who_is_only_asked_is_found_by_nobody(session: Session, people: People) -> None:
    programme = draft(session, people)
    parties.ask(session, people.jola.actor, programme, now())
    parties.answer(session, people.ewa.actor, programme, now(), agrees=True)
    parties.drop(session, people.jola.actor, programme, people.marek.institution_id, now())
    actions.publish(session, people.jola.actor, programme, now())
    parts = (PartnerPart(people.ewa.institution_id, "sale i opieka"), PartnerPart(people.stefan.institution_id, "dom"))
    wanted = replace(FULL, partners=parts)
    actions.revise(session, people.jola.actor, programme, wanted, now(), revision=programme.revision)
    assert stands(session, programme, people.stefan.institution_id) == (PartnerAnswer.ASKED, "dom", None)
    assert mails(session)[-1] == ("asked", people.stefan.email)
    assert "brodku" not in programme.search_text
    page = pages.page(session, programme.slug, Actor.visitor(), warsaw.today(now()))
    assert page is not None
    assert [partner.institution_id for partner in page.partners] == [people.ewa.institution_id]
    assert not queries.in_circle(session, people.stefan.actor, programme)
    parties.answer(session, people.stefan.actor, programme, now(), agrees=True)
    assert "brodku" in programme.search_text
    assert queries.in_circle(session, people.stefan.actor, programme)


def test_question_is_sent_again_after_some_days(session: Session, people: People, clock: Traveller) -> None:
    programme = draft(session, people)
    jola, there = people.jola.actor, people.marek.institution_id
    parties.ask(session, jola, programme, now())
    clock.shift(timedelta(days=2, hours=23))
    with pytest.raises(protocol.TooSoon, match="less than 3 days"):
        parties.remind(session, jola, programme, there, now())
    clock.shift(timedelta(hours=1))
    before = len(mails(session))
    parties.remind(session, jola, programme, there, now())
    assert mails(session)[before:] == [("asked", people.marek.email)]
    with pytest.raises(protocol.TooSoon):
        parties.remind(session, jola, programme, there, now())
    parties.answer(session, people.marek.actor, programme, now(), agrees=True)
    with pytest.raises(protocol.NobodyToAsk):
        parties.remind(session, jola, programme, there, now())


def test_other_words_are_asked_anew_and_the_agreed_ones_stand(session: Session, people: People) -> None:
    programme = published(session, people)
    wanted = replace(
        FULL,
        partners=(
            PartnerPart(people.ewa.institution_id, "sale i 2 wychowawców"),
            PartnerPart(people.marek.institution_id, "praca socjalna"),
        ),
    )
    actions.revise(session, people.jola.actor, programme, wanted, now(), revision=programme.revision)
    asked = (PartnerAnswer.ASKED, "sale i 2 wychowawców", "sale i opieka")
    assert stands(session, programme, people.ewa.institution_id) == asked
    assert {template for template, _to in mails(session)} == {"asked_again"}
    page = pages.page(session, programme.slug, Actor.visitor(), warsaw.today(now()))
    assert page is not None
    assert page.partners[0].part == "sale i opieka"
    with pytest.raises(protocol.PartChanged):
        parties.answer(session, people.ewa.actor, programme, now(), agrees=True, part="sale i opieka")
    parties.answer(session, people.ewa.actor, programme, now(), agrees=False, note="Mamy jednego.")
    back = (PartnerAnswer.CONFIRMED, "sale i opieka", "sale i opieka")
    assert stands(session, programme, people.ewa.institution_id) == back
    assert mails(session)[-1] == ("kept", people.jola.email)


def test_institution_without_people_is_noted_by_the_lead(session: Session, people: People) -> None:
    school = make_institution(session, "szkola", Kind.NGO, "Szkoła Pokazowa")
    programme = draft(session, people, PartnerPart(school.id or 0, "kurs spawacza"))
    jola = people.jola.actor
    with pytest.raises(protocol.NobodyToAsk):
        parties.ask(session, jola, programme, now())
    with pytest.raises(protocol.WordsMissing):
        parties.note_outside(session, jola, programme, school.id or 0, " ", now())
    parties.note_outside(session, jola, programme, school.id or 0, "pismo z 12 listopada", now())
    assert stands(session, programme, school.id or 0) == (PartnerAnswer.OUTSIDE, "kurs spawacza", "kurs spawacza")
    actions.publish(session, jola, programme, now())
    other = draft(session, people)
    with pytest.raises(protocol.AnswersItself):
        parties.note_outside(session, jola, other, people.ewa.institution_id, "telefon", now())


def test_request_to_join_is_accepted(session: Session, people: People) -> None:
    programme = published(session, people)
    stefan, jola = people.stefan.actor, people.jola.actor
    revision = programme.revision
    with pytest.raises(protocol.PartMissing):
        parties.request(session, stefan, programme, "  ", now())
    parties.request(session, stefan, programme, "mieszkania treningowe", now())
    assert mails(session) == [("requested", people.jola.email)]
    assert not queries.in_circle(session, stefan, programme)
    with pytest.raises(protocol.AlreadyRequested):
        parties.request(session, stefan, programme, "mieszkania", now())
    with pytest.raises(protocol.DecideInstead):
        parties.drop(session, jola, programme, people.stefan.institution_id, now())
    parties.decide(session, jola, programme, people.stefan.institution_id, now(), accepts=True)
    assert happenings(session, programme)[-1] == (Happening.JOINED, people.stefan.institution_id)
    assert queries.in_circle(session, stefan, programme)
    assert mails(session)[-1] == ("accepted", people.stefan.email)
    with pytest.raises(rules.Stale):  # a form opened before would take the new partner off again
        actions.revise(session, jola, programme, FULL, now(), revision=revision)
    with pytest.raises(protocol.NoRequest):
        parties.decide(session, jola, programme, people.stefan.institution_id, now(), accepts=True)


def test_request_is_refused_with_a_coded_reason(session: Session, people: People) -> None:
    programme = published(session, people)
    jola, stefan = people.jola.actor, people.stefan.actor
    there = people.stefan.institution_id
    parties.request(session, stefan, programme, "mieszkania", now())
    with pytest.raises(protocol.UnknownReason):
        parties.decide(session, jola, programme, there, now(), accepts=False, reason="x")
    with pytest.raises(protocol.NoteNeeded):
        parties.decide(session, jola, programme, there, now(), accepts=False, reason="other")
    with pytest.raises(rules.NotYourProgramme):
        parties.decide(session, people.ewa.actor, programme, there, now(), accepts=True)
    parties.decide(session, jola, programme, there, now(), accepts=False, reason="area")
    assert (row(session, programme, there).answer, row(session, programme, there).reason) == ("refused", "area")
    assert mails(session)[-1] == ("refused", people.stefan.email)
    parties.request(session, stefan, programme, "mieszkania w Kładkowie", now())
    parties.leave(session, stefan, programme, "", now())
    assert session.get(ProgrammePartner, (programme.id, there)) is None


@pytest.mark.parametrize(
    "columns",
    [
        {"state": ProgrammeState.DRAFT},
        {"state": ProgrammeState.COMPLETED},
        {"archived_at": "now"},
        {"lead_id": None},
        {"lead_id": "archived"},
    ],
)
def test_nobody_joins_what_is_not_open(session: Session, people: People, columns: dict[str, object]) -> None:
    if columns.get("lead_id") == "archived":
        people.ngo.status = Status.ARCHIVED
    given = {"lead_id": people.jola.institution_id, **columns}
    given = {name: now() if value == "now" else value for name, value in given.items()}
    given["lead_id"] = people.jola.institution_id if given["lead_id"] == "archived" else given["lead_id"]
    programme = make_programme(session, **given)  # type: ignore[arg-type]
    with pytest.raises(protocol.NotOpen):
        parties.request(session, people.stefan.actor, programme, "mieszkania", now())


def test_partner_leaves_and_is_dropped(session: Session, people: People) -> None:
    programme = published(session, people)
    with pytest.raises(protocol.NoteNeeded):
        parties.leave(session, people.ewa.actor, programme, "", now())
    parties.leave(session, people.ewa.actor, programme, "remont", now())
    assert stands(session, programme, people.ewa.institution_id) == (PartnerAnswer.LEFT, "sale i opieka", None)
    assert mails(session) == [("left", people.jola.email)]
    parties.drop(session, people.jola.actor, programme, people.marek.institution_id, now())
    assert [one for one, _ in happenings(session, programme)][-2:] == [Happening.LEFT, Happening.LEFT]
    assert queries.circle_ids(session, programme.id or 0) == {people.jola.institution_id}
    assert queries.parts(session, programme.id or 0) == ()
    with pytest.raises(protocol.NotAPartner):
        parties.leave(session, people.ewa.actor, programme, "jeszcze raz", now())
    assert parties.ask(session, people.jola.actor, programme, now(), institution_id=people.ewa.institution_id) == 1
    assert row(session, programme, people.ewa.institution_id).answer is PartnerAnswer.ASKED


def test_lead_is_taken_over(session: Session, people: People) -> None:
    programme = published(session, people)
    jola, ewa = people.jola.actor, people.ewa.actor
    with pytest.raises(protocol.CannotLead):
        parties.offer_lead(session, jola, programme, people.stefan.institution_id, now())
    with pytest.raises(protocol.NotTheLead):
        parties.offer_lead(session, people.olga.actor, programme, people.ewa.institution_id, now())
    parties.offer_lead(session, jola, programme, people.ewa.institution_id, now())
    with pytest.raises(protocol.AlreadyOffered):
        parties.offer_lead(session, jola, programme, people.marek.institution_id, now())
    parties.decline_lead(session, ewa, programme, now())
    with pytest.raises(protocol.NotOffered):
        parties.take_lead(session, ewa, programme, now())
    parties.offer_lead(session, jola, programme, people.ewa.institution_id, now())
    assert parties.take_lead(session, ewa, programme, now()) == people.jola.institution_id
    assert (programme.lead_id, programme.offered_to_id) == (people.ewa.institution_id, None)
    assert stands(session, programme, people.jola.institution_id) == (
        PartnerAnswer.CONFIRMED,
        "prowadził(a) projekt do 23 listopada 2026",
        "prowadził(a) projekt do 23 listopada 2026",
    )
    assert not rules.may_edit(jola, programme)
    assert rules.may_edit(ewa, programme)
    assert ("lead_changed", people.marek.email) in mails(session)
    assert ("lead_changed", people.jola.email) in mails(session)


def test_operator_hands_over_what_an_ended_institution_led(session: Session, people: People) -> None:
    programme = published(session, people)
    people.ngo.status = Status.ARCHIVED
    session.flush()
    parties.offer_lead(session, people.olga.actor, programme, people.marek.institution_id, now())
    parties.take_back_offer(session, people.olga.actor, programme, now())
    parties.offer_lead(session, people.olga.actor, programme, people.ewa.institution_id, now())
    parties.take_lead(session, people.ewa.actor, programme, now())
    assert happenings(session, programme)[-1] == (Happening.LEAD_CHANGED, people.ewa.institution_id)


def test_who_leaves_cannot_take_the_lead(session: Session, people: People) -> None:
    programme = published(session, people)
    parties.offer_lead(session, people.jola.actor, programme, people.ewa.institution_id, now())
    parties.leave(session, people.ewa.actor, programme, "remont", now())
    with pytest.raises(protocol.NotOffered):
        parties.take_lead(session, people.ewa.actor, programme, now())


def test_partners_of_what_is_completed_stay(session: Session, people: People) -> None:
    programme = published(session, people)
    programme.state = ProgrammeState.COMPLETED
    session.flush()
    with pytest.raises(protocol.Over):
        parties.leave(session, people.ewa.actor, programme, "remont", now())
    with pytest.raises(protocol.Over):
        parties.drop(session, people.jola.actor, programme, people.ewa.institution_id, now())
    with pytest.raises(protocol.Over):
        actions.revise(session, people.jola.actor, programme, FULL, now(), revision=programme.revision)


@pytest.mark.parametrize("step", list(Step))
def test_every_step_has_words_and_known_states(step: Step) -> None:
    found = protocol.PROTOCOL[step]
    assert found.words.endswith(".")
    assert found.after is None or found.after in PartnerAnswer
    assert set(protocol.ANSWER_TAG) == {None, *PartnerAnswer}


def test_nobody_is_written_to_without_end(session: Session, people: People, clock: Traveller) -> None:
    """Asking and taking back, or other words each time, would else be a mail to others each time."""
    programme, stefan, marek = published(session, people), people.stefan.actor, people.marek
    for number in range(5):
        parties.request(session, stefan, programme, f"mieszkania {number}", now())
        parties.leave(session, stefan, programme, "", now())
        kept = PartnerPart(people.ewa.institution_id or 0, "sale i opieka")
        wanted = (kept, PartnerPart(marek.institution_id or 0, f"praca {number}"))
        parties.set_parts(session, people.jola.actor, programme, wanted, now())
    told = mails(session)
    assert told.count(("requested", people.jola.email)) == 3
    assert told.count(("asked_again", marek.email)) == 3
    parties.request(session, people.zofia.actor, programme, "sala", now())
    clock.shift(timedelta(days=1, minutes=1))
    parties.request(session, stefan, programme, "mieszkania", now())
    assert mails(session).count(("requested", people.jola.email)) == 5
