"""The life of a programme: archive, its course, and what becomes of it when an institution ends."""

import pytest
from sqlmodel import Session, col, select

from app.clock import now
from app.portal.nightly import follow_ends
from app.succession import actions as succession
from app.succession.rules import Handover
from app.warsaw import today
from partners.cards import actions as cards
from partners.institutions.models import Kind, Status
from projects.programmes import life, parties, protocol, queries
from projects.programmes.models import Happening, PartnerAnswer, Programme, ProgrammeHappening, ProgrammePartner
from tests.factories.institutions import make_institution
from tests.factories.persons import People
from tests.factories.programmes import make_programme

pytestmark = pytest.mark.usefixtures("clock")


def joined(session: Session, people: People, *, agreed: bool = True) -> Programme:
    """A running programme of the NGO with the prison."""
    programme = make_programme(session, lead_id=people.jola.institution_id)
    session.add(
        ProgrammePartner(
            programme_id=programme.id or 0,
            institution_id=people.ewa.institution_id,
            part="sale",
            agreed_part="sale" if agreed else None,
            answer=PartnerAnswer.CONFIRMED if agreed else PartnerAnswer.ASKED,
        )
    )
    session.flush()
    return programme


def course(session: Session, programme: Programme) -> list[tuple[Happening, int | None, int | None]]:
    statement = select(ProgrammeHappening).where(ProgrammeHappening.programme_id == programme.id)
    found = session.exec(statement.order_by(col(ProgrammeHappening.id))).all()
    return [(one.happening, one.institution_id, one.other_id) for one in found]


def test_archive_and_back(session: Session, people: People) -> None:
    programme = joined(session, people)
    parties.offer_lead(session, people.jola.actor, programme, people.ewa.institution_id, now())
    with pytest.raises(protocol.NotYourArchive):
        life.archive(session, people.ewa.actor, programme, now())
    life.archive(session, people.jola.actor, programme, now())
    assert (programme.archived_at, programme.offered_to_id) == (now(), None)
    with pytest.raises(protocol.AlreadyArchived):
        life.archive(session, people.jola.actor, programme, now())
    with pytest.raises(protocol.Over):
        parties.leave(session, people.ewa.actor, programme, "remont", now())
    life.reopen(session, people.jola.actor, programme, now())
    with pytest.raises(protocol.NotArchived):
        life.reopen(session, people.jola.actor, programme, now())
    assert [one for one, _, _ in course(session, programme)] == [Happening.ARCHIVED, Happening.REOPENED]


def test_operator_archives_what_nobody_leads_any_more(session: Session, people: People) -> None:
    programme = joined(session, people)
    with pytest.raises(protocol.NotYourArchive):
        life.archive(session, people.olga.actor, programme, now())
    people.ngo.status = Status.ARCHIVED
    life.archive(session, people.olga.actor, programme, now())
    assert programme.archived_at == now()


def test_successor_of_the_lead_leads_on(session: Session, people: People) -> None:
    heir = make_institution(session, "nowy-most", Kind.NGO, "Nowy Most")
    programme = joined(session, people)
    revision, ngo = programme.revision, people.jola.institution_id
    succession.succeed(session, people.olga.actor, ngo, heir.id or 0, Handover(today(now())), now())
    session.refresh(programme)
    assert (programme.lead_id, programme.revision) == (heir.id, revision + 1)
    assert course(session, programme) == [(Happening.SUCCEEDED, heir.id, ngo)]
    assert "nowy most" in programme.search_text


@pytest.mark.parametrize(("agreed", "noted"), [(True, 1), (False, 0)])
def test_successor_of_a_partner_takes_its_part(session: Session, people: People, agreed: bool, noted: int) -> None:
    programme = joined(session, people, agreed=agreed)
    programme.offered_to_id = people.ewa.institution_id if agreed else None
    session.flush()
    prison, jail = people.ewa.institution_id, people.zofia.institution_id
    succession.succeed(session, people.olga.actor, prison, jail, Handover(today(now())), now())
    session.expire_all()
    row = session.get_one(ProgrammePartner, (programme.id, jail))
    assert (row.part, row.agreed_part) == ("sale", "sale" if agreed else None)
    assert session.get(ProgrammePartner, (programme.id, prison)) is None
    assert len(course(session, programme)) == noted
    assert programme.offered_to_id == (jail if agreed else None)


def test_successor_that_was_a_partner_too_has_both_parts(session: Session, people: People) -> None:
    programme = joined(session, people)
    jail = people.zofia.institution_id
    session.add(
        ProgrammePartner(
            programme_id=programme.id or 0,
            institution_id=jail,
            part="przewóz",
            agreed_part="przewóz",
            answer=PartnerAnswer.CONFIRMED,
        )
    )
    session.flush()
    prison = people.ewa.institution_id
    succession.succeed(session, people.olga.actor, prison, jail, Handover(today(now())), now())
    session.expire_all()
    assert session.get_one(ProgrammePartner, (programme.id, jail)).agreed_part == "przewóz; sale"
    assert queries.circle_ids(session, programme.id or 0) == {people.jola.institution_id, jail}


@pytest.mark.parametrize("agreed", [True, False])
def test_merged_card_keeps_what_either_has_agreed_to(session: Session, people: People, agreed: bool) -> None:
    programme = joined(session, people)
    jail = people.zofia.institution_id
    session.add(
        ProgrammePartner(
            programme_id=programme.id or 0,
            institution_id=jail,
            part="przewóz",
            agreed_part="przewóz" if agreed else None,
            answer=PartnerAnswer.CONFIRMED if agreed else PartnerAnswer.DECLINED,
        )
    )
    session.flush()
    succession.merge(session, people.olga.actor, people.ewa.institution_id, jail, now())
    session.expire_all()
    row = session.get_one(ProgrammePartner, (programme.id, jail))
    assert (row.answer, row.agreed_part) == (PartnerAnswer.CONFIRMED, "przewóz; sale" if agreed else "sale")


def test_ended_institution_is_noted_once_in_the_course(session: Session, people: People) -> None:
    programme = joined(session, people)
    asked = make_programme(session, "Projekt, do którego tylko poproszono", lead_id=people.marek.institution_id)
    session.add(
        ProgrammePartner(
            programme_id=asked.id or 0, institution_id=people.ewa.institution_id, answer=PartnerAnswer.ASKED
        )
    )
    session.flush()
    cards.set_status(session, people.olga.actor, people.prison, Status.ARCHIVED, today(now()), now())
    assert follow_ends(session, now()) == 1
    assert follow_ends(session, now()) == 0
    assert course(session, programme) == [(Happening.INSTITUTION_ARCHIVED, people.ewa.institution_id, None)]
    assert course(session, asked) == []
