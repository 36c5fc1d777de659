"""The list of programmes: what a filter finds, what stands beside it, what nobody may find there."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.actors import Actor
from app.audit import kept, trail
from app.clock import now
from events.calendar import queries as calendar
from events.calendar.models import Visibility
from partners.institutions.models import Institution, Status
from projects.programmes import catalogue
from projects.programmes.catalogue import ListFilter, Order, Room
from projects.programmes.models import (
    PartnerAnswer,
    ProgrammeAudience,
    ProgrammeKind,
    ProgrammePartner,
    ProgrammeState,
)
from tests.factories.events import make_event
from tests.factories.institutions import make_institution
from tests.factories.programmes import make_programme

TODAY = date(2026, 11, 23)
VISITOR = Actor.visitor()


def found(session, viewer=VISITOR, room=None, page=1, **wanted):
    asked = ListFilter(**wanted)
    counted = catalogue.counts(session, asked, TODAY, room)
    shown = catalogue.page(session, viewer, asked, page, TODAY, counted, room)
    if counted.total <= catalogue.PAGE_SIZE:
        assert counted.total == len(shown.cards)
        assert [one.card for one in catalogue.exported(session, asked, TODAY, room)] == list(shown.cards)
    return [card.title for card in shown.cards]


@pytest.fixture(name="shelf")
def _shelf(session, people):
    """Recruiting, recruited, running, completed; and a draft, an archived one."""
    ngo = people.jola.institution_id
    recruiting, completed = ProgrammeState.RECRUITING, ProgrammeState.COMPLETED
    made = {
        one.title: one
        for one in (
            make_programme(session, "Krok", ngo, voivodeship_code="08", audience=["families"], published_at=now()),
            make_programme(session, "Azyl", ngo, kind=ProgrammeKind.HOMELESSNESS_SUPPORT, state=completed),
            make_programme(session, "Żebra", None, state=recruiting, voivodeship_code="14"),
            make_programme(session, "Brama", ngo, state=recruiting, recruiting_until=TODAY, voivodeship_code="08"),
            make_programme(session, "Czas", ngo, state=recruiting, recruiting_until=TODAY - timedelta(days=1)),
            make_programme(session, "Szkic", ngo, state=ProgrammeState.DRAFT, voivodeship_code="08"),
            make_programme(session, "Składnica", ngo, archived_at=now(), voivodeship_code="08"),
        )
    }
    for number, one in enumerate(made.values()):
        one.changed_at += timedelta(seconds=number)
    for title in ("Krok", "Brama", "Szkic", "Składnica"):
        session.add(ProgrammeAudience(programme_id=made[title].id or 0, code="families"))
    session.add(ProgrammeAudience(programme_id=made["Krok"].id or 0, code="released"))
    session.flush()
    return made


FILTERS = [
    ({}, ["Brama", "Żebra", "Czas", "Krok", "Azyl"]),
    ({"text": "kro"}, ["Krok"]),
    ({"text": "zebra"}, ["Żebra"]),
    ({"text": "s"}, []),
    ({"text": "!!"}, []),
    ({"kind": ProgrammeKind.HOMELESSNESS_SUPPORT}, ["Azyl"]),
    ({"state": ProgrammeState.RECRUITING}, ["Brama", "Żebra"]),
    ({"state": ProgrammeState.RUNNING}, ["Czas", "Krok"]),
    ({"state": ProgrammeState.DRAFT}, []),
    ({"voivodeship": "14"}, ["Żebra"]),
    ({"voivodeship": "14", "state": ProgrammeState.RUNNING}, []),
    ({"audience": "families"}, ["Brama", "Krok"]),
    ({"audience": "families", "state": ProgrammeState.RUNNING}, ["Krok"]),
    ({"order": Order.NAME}, ["Azyl", "Brama", "Czas", "Krok", "Żebra"]),
    ({"order": Order.DEADLINE}, ["Brama", "Żebra", "Czas", "Krok", "Azyl"]),
    ({"order": Order.NEWEST}, ["Krok", "Azyl", "Brama", "Czas", "Żebra"]),
]


@pytest.mark.parametrize(("wanted", "titles"), FILTERS)
def test_filter_finds_and_counts_beside_each_value_what_it_would_show(session, shelf, wanted, titles):
    assert found(session, **wanted) == titles
    counts = catalogue.counts(session, ListFilter(**wanted), TODAY)
    for kind in ProgrammeKind:
        assert counts.kinds.get(kind, 0) == len(found(session, **{**wanted, "kind": kind}))
    for state in (ProgrammeState.RECRUITING, ProgrammeState.RUNNING, ProgrammeState.COMPLETED):
        assert counts.states.get(state, 0) == len(found(session, **{**wanted, "state": state}))
    for code, _name, number in counts.voivodeships:
        assert number == len(found(session, **{**wanted, "voivodeship": code}))
    for code in ("families", "released", "convicts"):
        assert counts.audiences.get(code, 0) == len(found(session, **{**wanted, "audience": code}))


def test_recruitment_ends_with_the_lead(session, people, shelf):
    ngo = session.get_one(Institution, people.jola.institution_id)
    ngo.status = Status.ARCHIVED
    assert found(session, state=ProgrammeState.RECRUITING) == ["Żebra"]
    assert "Brama" in found(session, state=ProgrammeState.RUNNING)


def test_only_those_who_agreed_are_counted_as_partners(session, people, shelf):
    for index, (answer, agreed) in enumerate(
        [
            (PartnerAnswer.CONFIRMED, "sale"),
            (PartnerAnswer.OUTSIDE, ""),
            (PartnerAnswer.ASKED, "stara rola"),
            (PartnerAnswer.ASKED, None),
            (PartnerAnswer.DECLINED, None),
            (PartnerAnswer.REQUESTED, None),
            (None, None),
        ]
    ):
        institution = make_institution(session, f"p-{index}").id or 0
        row = ProgrammePartner(programme_id=shelf["Krok"].id or 0, institution_id=institution, part="rola")
        row.answer, row.agreed_part = answer, agreed
        session.add(row)
    session.flush()
    counted = catalogue.counts(session, ListFilter(text="krok"), TODAY)
    [card] = catalogue.page(session, VISITOR, ListFilter(text="krok"), 1, TODAY, counted).cards
    assert card.partners == 4


@pytest.mark.parametrize(("who", "drafts"), [("jola", ["Szkic"]), ("marek", []), ("olga", []), ("wanda", []), ("", [])])
def test_drafts_stand_beside_the_list_of_the_leads_coordinators_only(session, people, shelf, who, drafts):
    viewer = getattr(people, who).actor if who else VISITOR
    counted = catalogue.counts(session, ListFilter(), TODAY)
    catalogue.page(session, people.jola.actor, ListFilter(), 1, TODAY, counted)  # kept, and not for everybody
    page = catalogue.page(session, viewer, ListFilter(), 1, TODAY, counted)
    assert [row.title for row in page.drafts] == drafts
    assert "Szkic" not in [row.title for row in page.cards]


def test_free_places_are_those_that_the_viewer_may_know_of_and_can_take(session, people, shelf, clock):
    def free(viewer):
        return found(
            session,
            viewer,
            Room(lambda: calendar.programmes_with_room(viewer, now()), calendar.sees_as(viewer)),
            free=True,
        )

    def event(title, **terms):
        values = {"capacity": 8, "visibility": Visibility.PUBLIC, **terms}
        return make_event(session, people.jola, programme_id=shelf[title].id, **values)

    visitor, marek, ewa = VISITOR, people.marek.actor, people.ewa.actor
    event("Krok", visibility=Visibility.INVITED, invited=(people.marek.institution_id,))
    event("Brama", visibility=Visibility.PARTNERS)
    event("Szkic")
    event("Składnica")
    assert (free(visitor), free(ewa), free(marek)) == ([], ["Brama"], ["Brama", "Krok"])
    opened = event("Azyl")
    assert free(visitor) == ["Azyl"]
    for change in ({"signup_opens_at": now() + timedelta(hours=1)}, {"signup_closes_at": now() - timedelta(hours=1)}):
        for name, value in change.items():
            setattr(opened, name, value)
        session.flush()
        kept_answers_are_old(session)
        assert free(visitor) == []
        for name in change:
            setattr(opened, name, None)
    opened.capacity = 0
    kept_answers_are_old(session)
    assert free(visitor) == []
    opened.capacity = 8
    kept_answers_are_old(session)
    clock.move_to(now() + timedelta(days=100))
    assert free(visitor) == []


def kept_answers_are_old(session):
    """Do what every act does: leave something newer than the answers that are kept."""
    trail.record(session, Actor.system(), "programme.revised", "programme", 1, now())


def test_an_answer_is_kept_until_somebody_writes_or_a_minute_has_passed(session, shelf, query_count, monkeypatch):
    found(session)
    asked_for = ListFilter()
    with query_count() as asked:
        counted = catalogue.counts(session, asked_for, TODAY)
        first = catalogue.page(session, VISITOR, asked_for, 1, TODAY, counted)
    assert len(asked) == 1
    make_programme(session, "Nowość")
    assert "Nowość" in found(session)
    monkeypatch.setattr(kept, "KEPT_SECONDS", -1.0)
    with query_count() as asked:
        counted = catalogue.counts(session, asked_for, TODAY)
        again = catalogue.page(session, VISITOR, asked_for, 1, TODAY, counted)
    assert len(asked) == 3
    assert len(again.cards) == len(first.cards) + 1


def test_the_home_page_takes_what_recruits_or_runs(session, shelf):
    assert [row.title for row in catalogue.recent(session, 9, TODAY)] == ["Brama", "Żebra", "Czas", "Krok"]


def test_pages_do_not_overlap(session):
    for number in range(catalogue.PAGE_SIZE + 3):
        make_programme(session, f"Projekt {number:02d}")
    both = [*found(session, order=Order.NAME), *found(session, page=2, order=Order.NAME)]
    assert both == [f"Projekt {number:02d}" for number in range(catalogue.PAGE_SIZE + 3)]


def test_filters_are_equal_as_the_address_is():
    assert ListFilter() == replace(ListFilter(), order=Order.STATE)
    assert not ListFilter(order=Order.NAME).narrows
    assert ListFilter(free=True).narrows
