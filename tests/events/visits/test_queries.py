"""Reads of visit requests: who sees which case, in which order, what is new, how far it is; constant statements."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select
from time_machine import Traveller

from app.actors import Actor, Role
from app.clock import now
from events.calendar.models import EventKind, Occurrence, Outcome
from events.calendar.models import State as EventState
from events.visits import actions, asking, cases, queries, reading, rules
from events.visits.models import Act, Path, State, Visit
from events.visits.queries import Delivery, Group, Wanted
from partners.institutions.models import Kind, Status
from tests.factories.institutions import make_institution
from tests.factories.persons import People
from tests.factories.territory import make_gmina
from tests.factories.visits import (
    OTHERS,
    accept,
    agreed_visit,
    date_on,
    make_visit,
    turn_of,
)

pytestmark = pytest.mark.usefixtures("clock")


def several(session: Session, people: People) -> dict[str, Visit]:
    """Make a case of each group for the MOPS, at dates that do not meet."""
    found = {
        "ours": make_visit(session, people, options=(date_on(1),), subject="Łódź pomocy"),
        "theirs": make_visit(session, people, Path.REQUEST, options=(date_on(2),)),
        "agreed": agreed_visit(session, people, options=(date_on(3),)),
        "closed": make_visit(session, people, options=(date_on(6),)),
    }
    closed = found["closed"]
    actions.refuse(session, people.marek.actor, closed, "staff", now(), turn=turn_of(closed))
    return found


def subjects(lines: Any) -> list[str]:
    return [one.number for one in lines]


def test_list_has_what_waits_for_us_first(session: Session, people: People) -> None:
    made = several(session, people)
    listing = queries.listing(session, people.marek.actor, Wanted(), now())
    assert [one.group for one in listing.lines] == [Group.OURS, Group.THEIRS, Group.AGREED, Group.CLOSED]
    assert subjects(listing.lines) == [made[name].number for name in ("ours", "theirs", "agreed", "closed")]
    assert set(listing.counts.values()) == {1}
    mirrored = queries.listing(session, people.ewa.actor, Wanted(), now()).lines
    assert [one.group for one in mirrored] == [Group.OURS, Group.THEIRS, Group.AGREED, Group.CLOSED]
    assert mirrored[0].number == made["theirs"].number


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(group=Group.OURS), ["ours"]),
        (Wanted(group=Group.CLOSED), ["closed"]),
        (Wanted(state=State.ACCEPTED), ["agreed"]),
        (Wanted(text="łódź"), ["ours"]),
        (Wanted(text="POMOCY"), ["ours"]),
        (Wanted(text="zakład świadczenia"), ["theirs", "agreed", "closed"]),
        (Wanted(partner_ids=()), []),
        (Wanted(text="100%"), []),
    ],
)
def test_list_is_narrowed(session: Session, people: People, wanted: Wanted, names: list[str]) -> None:
    made = several(session, people)
    listing = queries.listing(session, people.marek.actor, wanted, now())
    assert subjects(listing.lines) == [made[name].number for name in names]
    assert subjects(queries.exported(session, people.marek.actor, wanted, now())) == subjects(listing.lines)


def test_partner_is_the_one_on_the_other_side(session: Session, people: People) -> None:
    several(session, people)
    both = (people.prison.id or 0, people.ngo.id or 0)
    assert len(queries.listing(session, people.marek.actor, Wanted(partner_ids=both), now()).lines) == 4
    of_mops = queries.listing(session, people.marek.actor, Wanted(partner_ids=(people.mops.id or 0,)), now())
    assert of_mops.lines == ()


@pytest.mark.parametrize("who", ["jola", "stefan", "zofia", "wanda", "olga"])
def test_strangers_read_nothing(session: Session, people: People, who: str) -> None:
    made = several(session, people)
    viewer = getattr(people, who).actor
    assert queries.listing(session, viewer, Wanted(), now()).lines == ()
    assert list(queries.exported(session, viewer, Wanted(), now())) == []
    assert queries.waiting(session, viewer, now()) == []
    assert queries.awaiting_others(session, viewer, now()) == []
    assert queries.unread(session, viewer, now()) == []
    assert queries.counts(session, viewer) == (0, 0)
    assert all(cases.case(session, viewer, visit.number, now()) is None for visit in made.values())


def test_institution_that_waits_for_admission_reads_nothing(session: Session, people: People) -> None:
    made = several(session, people)
    waiting = Actor(role=Role.COORDINATOR, institution_id=people.mops.id, admitted=False)
    assert queries.counts(session, waiting) == (0, 0)
    assert cases.case(session, waiting, made["ours"].number, now()) is None


def test_unit_of_an_assistance_is_no_side(session: Session, people: People) -> None:
    other = make_institution(session, "ops-nowe", Kind.OPS, "OPS Nowe")
    asker = Actor(role=Role.COORDINATOR, institution_id=other.id, institution_kind="ops")
    wanted = rules.VisitDraft(
        Path.ASSISTANCE, people.mops.id or 0, people.prison.id or 0, EventKind.ADMINISTRATIVE_STEP, "Wywiad",
        (date_on(),),
    )  # fmt: skip
    visit = actions.ask(session, asker, wanted, "0123456789abcdef-help", now())
    assert cases.case(session, people.ewa.actor, visit.number, now()) is None
    assert queries.counts(session, people.ewa.actor) == (0, 0)
    assert cases.case(session, people.marek.actor, visit.number, now()) is not None


def test_what_waits_is_told_to_coordinators_with_its_dates(session: Session, people: People) -> None:
    made = several(session, people)
    (line,) = queries.waiting(session, people.marek.actor, now())
    assert (line.number, line.mine, line.other) == (made["ours"].number, True, people.prison.name)
    assert (line.answer_by, line.expires_on) == (made["ours"].answer_by, made["ours"].expires_on)
    assert len(line.offers) == 1
    assert queries.waiting(session, people.piotr.actor, now()) == []
    assert subjects(queries.awaiting_others(session, people.piotr.actor, now())) == [made["theirs"].number]
    assert queries.counts(session, people.marek.actor) == (1, 2)


def test_news_is_what_came_after_the_last_word_of_ours(session: Session, people: People) -> None:
    visit = make_visit(session, people)
    marek, ewa = people.marek.actor, people.ewa.actor
    assert subjects(queries.unread(session, marek, now())) == [visit.number]
    assert queries.unread(session, ewa, now()) == []
    reading.note(session, visit.id or 0, people.mops.id or 0, 1, now())
    assert queries.unread(session, marek, now()) == []
    actions.say(session, ewa, visit, "Sala jest na parterze.", now())
    assert subjects(queries.unread(session, marek, now())) == [visit.number]
    actions.counter(session, marek, visit, OTHERS, now(), turn=turn_of(visit))
    assert queries.unread(session, marek, now()) == []
    assert subjects(queries.unread(session, ewa, now())) == [visit.number]


def test_mark_of_reading_never_goes_back(session: Session, people: People) -> None:
    visit = make_visit(session, people)
    for position in (1, 3, 2):
        reading.note(session, visit.id or 0, people.mops.id or 0, position, now())
    case = cases.case(session, people.marek.actor, visit.number, now())
    assert case is not None
    assert case.seen == 3


def test_thread_says_what_replaced_what_and_what_was_chosen(session: Session, people: People) -> None:
    visit = make_visit(session, people, options=(date_on(),))
    actions.counter(session, people.marek.actor, visit, OTHERS, now(), turn=turn_of(visit), message="Nie wtedy.")
    accept(session, people.ewa, visit, 1)
    actions.move(session, people.marek.actor, visit, (date_on(9),), "illness", now())
    case = cases.case(session, people.ewa.actor, visit.number, now())
    assert case is not None
    asked, countered, accepted, moved = (one for one in case.thread if isinstance(one, cases.Said))
    assert [one.act for one in (asked, countered, accepted, moved)] == [Act.ASK, Act.COUNTER, Act.ACCEPT, Act.MOVE]
    assert countered.instead == asked.offers
    assert accepted.chosen == countered.offers[1]
    assert moved.instead == (countered.offers[1],)
    assert (countered.own, accepted.own) == (False, True)
    assert countered.person == people.marek.name
    assert case.offers == moved.offers
    assert case.may == {Act.ACCEPT, Act.COUNTER, Act.REFUSE, Act.CANCEL, Act.SAY}


def test_offer_ends_with_its_last_date_if_that_comes_first(session: Session, people: People) -> None:
    near = make_visit(session, people, options=(date_on(-7, 12),))
    late = make_visit(session, people, options=(date_on(9),))
    found = [cases.case(session, people.marek.actor, visit.number, now()) for visit in (near, late)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].ends_at() == (None, found[0].offers[0].starts_at)
    assert found[1].ends_at() == (late.expires_on, None)


def delivered(session: Session, people: People, visit: Visit) -> tuple[Delivery | None, int]:
    session.flush()
    case = cases.case(session, people.ewa.actor, visit.number, now())
    assert case is not None
    return case.delivery, case.step


def test_steps_follow_the_event(session: Session, people: People, clock: Traveller) -> None:
    visit = make_visit(session, people, visitors=1)
    assert delivered(session, people, visit) == (None, 2)
    accept(session, people.marek, visit)
    assert delivered(session, people, visit) == (Delivery.PLANNED, 3)
    occurrence = session.exec(select(Occurrence).where(Occurrence.event_id == visit.event_id)).one()
    occurrence.state = EventState.CANCELLED
    assert delivered(session, people, visit) == (Delivery.CANCELLED, 3)
    occurrence.state = EventState.PUBLISHED
    clock.shift(timedelta(days=20))
    assert delivered(session, people, visit) == (Delivery.UNRECORDED, 5)
    occurrence.outcome = Outcome.NOT_HELD
    assert delivered(session, people, visit) == (Delivery.NOT_HELD, 6)
    occurrence.outcome = Outcome.HELD
    assert delivered(session, people, visit) == (Delivery.HELD, 6)
    listed = queries.listing(session, people.ewa.actor, Wanted(), now()).lines[0]
    assert (listed.group, listed.delivery) == (Group.CLOSED, Delivery.HELD)


def test_statements_do_not_grow_with_the_cases(
    session: Session, people: People, query_count: Callable[[], Any]
) -> None:
    viewer = people.marek.actor
    reads: list[Callable[[], object]] = [
        lambda: queries.listing(session, viewer, Wanted(), now()),
        lambda: queries.waiting(session, viewer, now()),
        lambda: queries.awaiting_others(session, viewer, now()),
        lambda: queries.unread(session, viewer, now()),
        lambda: queries.counts(session, viewer),
    ]
    counted = []
    for number in range(2):
        if number == 0:
            several(session, people)
        else:
            for n in range(5):
                make_visit(session, people, options=(date_on(7 * n + 7, 8),))
        session.flush()
        found = []
        for read in reads:
            with query_count() as asked:
                read()
            found.append(len(asked))
        counted.append(found)
    assert counted[0] == counted[1] == [3, 2, 2, 2, 1]


def test_case_asks_four_statements_however_long_its_thread(
    session: Session, people: People, query_count: Callable[[], Any]
) -> None:
    visit = make_visit(session, people)
    for number in range(12):
        actions.say(session, people.ewa.actor, visit, f"Wiadomość {number}", now())
    session.flush()
    session.expunge_all()
    with query_count() as asked:
        case = cases.case(session, people.marek.actor, visit.number, now())
    assert case is not None
    assert (len(case.thread), len(asked)) == (13, 4)


# --- what can be asked


def test_way_to_a_card(people: People) -> None:
    prison, mops = people.prison, people.mops
    assert queries.way_to(people.ewa.actor, mops.id or 0, mops.kind) is Path.INVITATION
    assert queries.way_to(people.marek.actor, prison.id or 0, prison.kind) is Path.REQUEST
    assert queries.way_to(people.jola.actor, prison.id or 0, prison.kind) is Path.REQUEST
    for person in (people.piotr, people.wanda, people.olga, people.ewa, people.zofia):
        assert queries.way_to(person.actor, prison.id or 0, prison.kind) is None
    assert queries.may_ask_for_help(people.marek.actor, prison.id or 0, prison.kind)
    assert not queries.may_ask_for_help(people.jola.actor, prison.id or 0, prison.kind)


def test_archived_institution_cannot_be_asked(session: Session, people: People) -> None:
    gone = make_institution(session, "ops-dawny", Kind.OPS, "OPS Dawny", status=Status.ARCHIVED)
    with pytest.raises(asking.NotThere, match="does not exist any more"):
        asking.joining(session, people.ewa.actor, gone.slug, now().date())
    assert asking.joining(session, people.ewa.actor, "nie-ma-takiej", now().date()) is None


def test_own_gmina_needs_no_help(session: Session, people: People) -> None:
    gmina = make_gmina(session)
    people.prison.gmina_code = people.mops.gmina_code = gmina.code
    session.add_all([people.prison, people.mops])
    session.flush()
    with pytest.raises(asking.OwnGmina, match="Ask the unit itself"):
        asking.joining(session, people.marek.actor, people.prison.slug, now().date(), assistance=True)
