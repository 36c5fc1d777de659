"""Contacts, act by act."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from app import warsaw
from app.actors import Role
from app.audit.models import AuditLine, AuditValue
from app.clock import now
from app.outbox.models import OutboxMail
from partners.contacts import actions, queries, rules
from partners.contacts.models import CardReport, Contact, ContactAbsence, ReportKind
from partners.contacts.rules import ContactDraft, Outcome
from partners.institutions.models import Status
from tests.factories.contacts import make_absence, make_contact, make_report
from tests.factories.institutions import make_institution
from tests.factories.persons import make_person

pytestmark = pytest.mark.usefixtures("clock")
DRAFT = ContactDraft("head", mailbox="dyrektor@zk.example", phone="68 123 45 67", person="por. Jan Pokazowy")


def line(session, people, role="head") -> list[int]:
    rows = queries.kept(session, people.prison.id, people.adam.actor, warsaw.today(now()))
    return [row.contact.id or 0 for row in rows if row.contact.role == role]


def written_to(session, people, day) -> int | None:
    found = queries.whom_to_write(session, people.prison.id, "head", day)
    assert found is not None
    return found.contact_id


def verbs(session) -> list[str]:
    return list(session.exec(select(AuditLine.verb).order_by(col(AuditLine.id))))


def test_who_writes_a_contact_down_confirms_it(session, people):
    contact = actions.add(session, people.adam.actor, people.prison.id, DRAFT, now())
    assert (contact.confirmed_on, contact.confirmed_by) == (warsaw.today(now()), people.adam.user_id)
    assert verbs(session)[-1] == "contact.added"
    values = session.exec(select(AuditValue)).all()
    assert values[-1].personal["person"] == "por. Jan Pokazowy"
    written = session.exec(select(AuditLine).order_by(col(AuditLine.id).desc())).first()
    assert "Pokazowy" not in str(written.details)


@pytest.mark.parametrize("who", ["ewa", "marek", "stefan", "zofia", "wanda"])
def test_only_administrators_of_the_card_and_the_operator_edit(session, people, who):
    contact = make_contact(session, people.prison)
    actor = getattr(people, who).actor
    today = warsaw.today(now())
    for act in (
        lambda: actions.add(session, actor, people.prison.id, DRAFT, now()),
        lambda: actions.revise(session, actor, contact, DRAFT, now()),
        lambda: actions.move(session, actor, contact, up=True, now=now()),
        lambda: actions.note_absence(session, actor, contact, today, today, now()),
        lambda: actions.confirm(session, actor, people.prison.id, now()),
        lambda: actions.remove(session, actor, contact, now()),
    ):
        with pytest.raises(rules.NotYourContacts):
            act()
    assert queries.contact(session, people.prison.id, contact.id or 0, actor) is None
    actions.remove(session, people.olga.actor, contact, now())


def test_a_contact_of_another_card_is_not_found(session, people):
    contact = make_contact(session, people.mops)
    assert queries.contact(session, people.prison.id, contact.id or 0, people.adam.actor) is None


def test_substitutes_stand_behind_each_other_and_change_places(session, people):
    ids = [actions.add(session, people.adam.actor, people.prison.id, DRAFT, now()).id for _ in range(3)]
    assert line(session, people) == ids
    actions.move(session, people.adam.actor, session.get_one(Contact, ids[2]), up=True, now=now())
    assert line(session, people) == [ids[0], ids[2], ids[1]]
    actions.move(session, people.adam.actor, session.get_one(Contact, ids[0]), up=False, now=now())
    assert line(session, people) == [ids[2], ids[0], ids[1]]
    before = verbs(session)
    actions.move(session, people.adam.actor, session.get_one(Contact, ids[2]), up=True, now=now())
    assert line(session, people) == [ids[2], ids[0], ids[1]]
    assert verbs(session) == before


def test_equal_positions_of_an_import_do_not_stop_a_move(session, people):
    ids = [make_contact(session, people.prison).id for _ in range(3)]
    actions.move(session, people.adam.actor, session.get_one(Contact, ids[1]), up=True, now=now())
    assert line(session, people) == [ids[1], ids[0], ids[2]]


def test_another_role_puts_a_contact_at_the_end_of_that_line(session, people):
    head, desk = make_contact(session, people.prison), make_contact(session, people.prison, "front_desk")
    draft = ContactDraft("front_desk", mailbox=head.mailbox)
    assert actions.revise(session, people.adam.actor, head, draft, now()) == {"role"}
    assert line(session, people, "front_desk") == [desk.id, head.id]


def test_saving_without_a_change_confirms(session, people):
    contact = make_contact(session, people.prison, confirmed_on=None)
    draft = ContactDraft("head", mailbox=contact.mailbox)
    assert actions.revise(session, people.adam.actor, contact, draft, now()) == frozenset()
    assert contact.confirmed_on == warsaw.today(now())


def test_a_card_has_an_end(session, people):
    for _ in range(rules.CONTACTS_MAX):
        make_contact(session, people.prison)
    with pytest.raises(rules.TooManyContacts):
        actions.add(session, people.adam.actor, people.prison.id, DRAFT, now())


def test_an_absence_leads_to_the_next_and_ends_by_itself(session, people, clock):
    today = warsaw.today(now())
    first = make_contact(session, people.prison, person="Anna Przykładowa")
    second = make_contact(session, people.prison, mailbox="zastepca@zk.example", position=1)
    actions.note_absence(session, people.adam.actor, first, today, today + timedelta(days=9), now())
    rows = queries.of_card(session, people.prison.id, people.marek.actor, today)
    assert [(row.away_until, row.stands_in) for row in rows] == [
        (today + timedelta(days=9), "zastepca@zk.example"),
        (None, ""),
    ]
    found = [written_to(session, people, today + timedelta(days=days)) for days in (-1, 0, 9, 10)]
    assert found == [first.id, second.id, second.id, first.id]


def test_absences_of_one_contact_do_not_overlap(session, people):
    today = warsaw.today(now())
    contact = make_contact(session, people.prison)
    absence = actions.note_absence(session, people.adam.actor, contact, today, today + timedelta(days=5), now())
    with pytest.raises(rules.AbsentAlready):
        actions.note_absence(
            session, people.adam.actor, contact, today + timedelta(days=5), today + timedelta(days=6), now()
        )
    actions.end_absence(session, people.adam.actor, contact, absence, now())
    actions.note_absence(session, people.adam.actor, contact, today, today, now())
    assert verbs(session)[-3:] == ["contact.away", "contact.back", "contact.away"]


def test_a_contact_goes_with_its_absences(session, people):
    contact = make_contact(session, people.prison)
    make_absence(session, contact, warsaw.today(now()))
    report = make_report(session, people.prison, people.piotr, contact_id=contact.id)
    actions.remove(session, people.adam.actor, contact, now())
    assert session.exec(select(ContactAbsence)).all() == []
    session.refresh(report)
    assert report.contact_id is None


def test_mails_go_to_the_institution_when_nobody_of_the_role_is_there(session, people):
    today = warsaw.today(now())
    assert queries.whom_to_write(session, people.prison.id, "head", today) is None
    people.prison.email = "zk@zk.example"
    session.add(people.prison)
    session.flush()
    assert queries.whom_to_write(session, people.prison.id, "head", today) == queries.Recipient(
        "zk@zk.example", "", None
    )
    contact = make_contact(session, people.prison, mailbox="", phone="68 123 45 67")
    assert written_to(session, people, today) is None
    other = make_contact(session, people.prison, position=1)
    assert written_to(session, people, today) == other.id
    assert contact.position == 0


def test_what_was_for_an_institution_that_has_ended_goes_to_its_successor(session, people):
    gone = make_institution(session, "dawna", status=Status.ARCHIVED, successor_id=people.prison.id)
    make_contact(session, gone, mailbox="dawna@zk.example")
    contact = make_contact(session, people.prison)
    found = queries.whom_to_write(session, gone.id or 0, "head", warsaw.today(now()))
    assert found is not None
    assert found.contact_id == contact.id


def test_all_contacts_are_confirmed_at_once(session, people):
    old = warsaw.today(now()) - timedelta(days=400)
    contacts = [make_contact(session, people.prison, role, confirmed_on=old) for role in ("head", "front_desk")]
    assert queries.tasks(session, people.adam.actor, warsaw.today(now())).outdated == 2
    assert queries.tasks(session, people.ewa.actor, warsaw.today(now())).outdated == 0
    assert actions.confirm(session, people.adam.actor, people.prison.id, now()) == 2
    assert {one.confirmed_by for one in contacts} == {people.adam.user_id}
    assert queries.tasks(session, people.adam.actor, warsaw.today(now())).outdated == 0


def test_nothing_is_confirmed_where_nothing_is(session, people):
    with pytest.raises(rules.NothingToConfirm):
        actions.confirm(session, people.adam.actor, people.prison.id, now())


def test_administrators_are_asked_once_a_year(session, people, clock):
    today = warsaw.today(now())
    make_contact(session, people.prison, confirmed_on=today - timedelta(days=400))
    make_contact(session, people.prison, confirmed_on=None)
    make_contact(session, people.prison)
    make_contact(session, people.mops, confirmed_on=None)  # nobody administers it
    gone = make_institution(session, "dawna", status=Status.ARCHIVED)
    make_contact(session, gone, confirmed_on=None)
    make_person(session, "Iga Próbna", gone, Role.ADMIN)
    assert actions.remind(session, now()) == 1
    mails = session.exec(select(OutboxMail)).all()
    assert [(one.to_address, one.template, one.params["number"]) for one in mails] == [
        (people.adam.email, "partners/contacts/remind", 2)
    ]
    clock.shift(timedelta(days=200))
    assert actions.remind(session, now()) == 0
    clock.shift(timedelta(days=200))
    assert actions.remind(session, now()) == 1


def test_nobody_is_asked_about_confirmed_contacts(session, people):
    make_contact(session, people.prison)
    assert actions.remind(session, now()) == 0


def test_a_report_is_told_to_the_administrators_and_counts_once(session, people):
    made = actions.report(session, people.piotr.actor, people.prison, ReportKind.PHONE, "Sklep.", now())
    assert made is not None
    assert actions.report(session, people.stefan.actor, people.prison, ReportKind.PHONE, "", now()) is None
    assert actions.report(session, people.stefan.actor, people.prison, ReportKind.HOURS, "", now()) is not None
    mails = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
    assert [(one.to_address, one.params["report"]) for one in mails] == [
        (people.adam.email, "phone"),
        (people.adam.email, "hours"),
    ]
    assert "Sklep" not in str(mails[0].params)
    assert queries.tasks(session, people.ewa.actor, warsaw.today(now())).reports == 2


def test_without_administrators_the_coordinators_are_told(session, people):
    actions.report(session, people.ewa.actor, people.mops, ReportKind.EMAIL, "", now())
    assert session.exec(select(OutboxMail.to_address)).all() == [people.marek.email]


def test_an_open_report_is_seen_by_partners_until_it_is_settled(session, people):
    row = actions.report(session, people.piotr.actor, people.prison, ReportKind.PHONE, "", now())
    assert row is not None
    assert [one.kind for one in queries.open_notes(session, people.prison.id, people.stefan.actor)] == ["phone"]
    assert queries.open_notes(session, people.prison.id, people.wanda.actor) != []
    assert queries.open_notes(session, people.prison.id, people.wanda.actor.visitor()) == []
    actions.settle(session, people.ewa.actor, row, Outcome.CORRECTED, now())
    assert queries.open_notes(session, people.prison.id, people.stefan.actor) == []
    assert (row.reported_by, row.outcome, row.settled_by) == (None, "corrected", people.ewa.user_id)
    with pytest.raises(rules.SettledAlready):
        actions.settle(session, people.ewa.actor, row, Outcome.RIGHT, now())
    assert actions.report(session, people.piotr.actor, people.prison, ReportKind.PHONE, "", now()) is not None


def test_an_inspector_sees_what_is_for_partners_in_his_scope_only(session, people):
    today = warsaw.today(now())
    for place, sees in ((people.prison, True), (people.mops, True), (people.stranger, False)):
        make_contact(session, place)
        make_contact(session, place, "front_desk", public=True)
        make_report(session, place, people.piotr)
        rows = queries.of_card(session, place.id or 0, people.wanda.actor, today)
        assert [row.public for row in rows] == ([False, True] if sees else [True])
        assert bool(queries.open_notes(session, place.id or 0, people.wanda.actor)) is sees


def test_only_the_institution_settles(session, people):
    row = make_report(session, people.prison, people.piotr)
    for who in (people.piotr, people.marek, people.zofia, people.wanda):
        with pytest.raises(rules.NotYourReports):
            actions.settle(session, who.actor, row, Outcome.RIGHT, now())
        assert queries.reports(session, people.prison.id, who.actor) == []
        assert queries.report(session, people.prison.id, row.id or 0, who.actor) is None
    assert queries.report(session, people.mops.id, row.id or 0, people.marek.actor) is None


def test_the_institution_reads_which_institution_reports_and_no_person(session, people):
    make_report(session, people.prison, people.piotr, note="Numer jest teraz sklepu.")
    rows = queries.reports(session, people.prison.id, people.ewa.actor)
    assert [(row.reporter, row.note) for row in rows] == [("MOPS w Kładkowie", "Numer jest teraz sklepu.")]
    assert people.piotr.name not in str(rows)


@pytest.mark.parametrize("who", ["wanda", "olga"])
def test_only_partners_report(session, people, who):
    with pytest.raises(rules.NotAPartner):
        actions.report(session, getattr(people, who).actor, people.prison, ReportKind.PHONE, "", now())


def test_nobody_reports_his_own_card(session, people):
    with pytest.raises(rules.OwnCard):
        actions.report(session, people.ewa.actor, people.prison, ReportKind.PHONE, "", now())


def test_who_reported_is_forgotten_after_a_year(session, people, clock):
    make_report(session, people.prison, people.piotr)
    clock.shift(timedelta(days=364))
    assert actions.forget_reporters(session, now()) == 0
    clock.shift(timedelta(days=2))
    assert actions.forget_reporters(session, now()) == 1
    assert session.exec(select(CardReport.reported_by)).all() == [None]
    assert actions.forget_reporters(session, now()) == 0


def test_an_institution_that_waits_for_admission_prepares_its_contacts(session, people):
    new = make_institution(session, "nowa", status=Status.APPLIED)
    person = make_person(session, "Iga Próbna", new, Role.ADMIN)
    actor = replace(person.actor, admitted=False)
    actions.add(session, actor, new.id or 0, DRAFT, now())
    assert len(queries.of_card(session, new.id or 0, actor, warsaw.today(now()))) == 1
    make_contact(session, people.prison)
    assert queries.of_card(session, people.prison.id or 0, actor, warsaw.today(now())) == []
    with pytest.raises(rules.NotAPartner):
        actions.report(session, actor, people.prison, ReportKind.PHONE, "", now())
