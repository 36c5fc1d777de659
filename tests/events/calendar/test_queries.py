"""Who may know of which event, in every list and count; order, pages and the number of statements."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session

from app import warsaw
from app.actors import Actor
from app.clock import now
from events.calendar import actions as calendar
from events.calendar import queries
from events.calendar.models import Event, EventKind, Part, Visibility
from events.calendar.queries import Filters
from events.changes import actions as changes
from tests.factories.agreements import make_agreement, make_clause
from tests.factories.events import date_of
from tests.factories.guests import event_in, invite, sign_up
from tests.factories.programmes import make_programme
from tests.factories.series import TUESDAYS, dates_of

TODAY = date(2026, 11, 23)
WEEK = [TODAY + timedelta(days=n) for n in range(14)]


def seen(session: Session, viewer: Actor, event: Event, day: date | None = None) -> queries.EventPage:
    """Give the page of *event*, which *viewer* must be able to see."""
    page = queries.page(session, viewer, event.uuid, now(), day)
    assert page is not None
    return page


@pytest.fixture(name="world")
def _world(session, people, clock):
    """One event of every visibility and state: the prison organises, the MOPS is invited."""
    made = {one.value: event_in(session, people.ewa, title=one.value, visibility=one) for one in Visibility}
    invite(session, made["invited"], people.mops.id)
    made["hosted"] = event_in(
        session, people.ewa, title="hosted", visibility=Visibility.INVITED, place_institution_id=people.ngo.id
    )
    made["draft"] = event_in(session, people.ewa, title="draft", publish=False, visibility=Visibility.PUBLIC)
    made["cancelled"] = event_in(session, people.ewa, title="cancelled", visibility=Visibility.PUBLIC)
    changes.cancel(session, people.ewa.actor, made["cancelled"], "ćwiczenia", now())
    return made


def seen_by(people):
    public = {"public", "cancelled"}
    return {
        "visitor": (Actor.visitor(), public),
        "stefan": (people.stefan.actor, public | {"partners"}),
        "marek": (people.marek.actor, public | {"partners", "invited"}),
        "piotr": (people.piotr.actor, public | {"partners", "invited"}),
        "jola": (people.jola.actor, public | {"partners", "hosted"}),
        "ewa": (people.ewa.actor, public | {"partners", "invited", "hosted"}),
        "olga": (people.olga.actor, public | {"partners", "invited", "hosted"}),
        "wanda": (people.wanda.actor, public | {"partners"}),
    }


VIEWERS = ("visitor", "stefan", "marek", "piotr", "jola", "ewa", "olga", "wanda")


@pytest.mark.parametrize("name", VIEWERS)
def test_every_list_shows_what_the_viewer_may_know(session, people, world, name):
    viewer, expected = seen_by(people)[name]
    owner, instant = people.prison.id, now()
    month = queries.days(session, viewer, WEEK, Filters(), instant, per_day=50)
    found = {
        "month": [card.title for day in month for card in day.cards],
        "week": [
            c.title for d in queries.week_of(session, viewer, date(2026, 11, 30), Filters(), instant) for c in d.cards
        ],
        "list": [card.title for card in queries.listed(session, viewer, Filters(), instant, first=TODAY).cards],
        "institution": [
            card.title
            for card in queries.listed(session, viewer, Filters(institution_ids=(owner,)), instant, first=TODAY).cards
        ],
        "upcoming": [card.title for card in queries.upcoming(session, viewer, instant, 30)],
        "upcoming of": [card.title for card in queries.upcoming(session, viewer, instant, 30, institution_id=owner)],
    }
    assert {key: sorted(titles) for key, titles in found.items()} == dict.fromkeys(found, sorted(expected))


@pytest.mark.parametrize("name", VIEWERS)
def test_counts_of_a_full_day_leak_nothing(session, people, world, name):
    viewer, expected = seen_by(people)[name]
    (day,) = queries.days(session, viewer, [TODAY + timedelta(days=7)], Filters(), now(), per_day=1)
    assert (len(day.cards), day.more) == (1, len(expected) - 1)


@pytest.mark.parametrize("name", VIEWERS)
def test_pages_of_events_are_known_to_those_who_may(session, people, world, name):
    viewer, expected = seen_by(people)[name]
    known = {title for title, event in world.items() if queries.page(session, viewer, event.uuid, now())}
    assert known == expected | ({"draft"} if name == "ewa" else set())


def test_inspector_sees_partners_events_of_his_voivodeship(session, people, clock):
    inside = event_in(session, people.ewa, visibility=Visibility.PARTNERS, voivodeship_code="08")
    outside = event_in(session, people.stefan, visibility=Visibility.PARTNERS, voivodeship_code="14")
    found = [UUID(card.uuid) for card in queries.upcoming(session, people.wanda.actor, now(), 9)]
    assert found == [inside.uuid]
    assert queries.page(session, people.wanda.actor, outside.uuid, now()) is None


def test_drafts_belong_to_coordinators_of_the_organiser(session, people, world):
    shown = {name: [c.title for c in queries.drafts(session, who, now())] for name, (who, _) in seen_by(people).items()}
    assert {name for name, titles in shown.items() if titles} == {"ewa"}
    assert shown["ewa"] == ["draft"]


def test_the_draft_of_a_series_is_one_draft(session, people, clock):
    draft = event_in(session, people.ewa, title="every week", publish=False, rule=TUESDAYS)
    assert len(dates_of(session, draft)) == 6
    found = queries.drafts(session, people.ewa.actor, now())
    assert [(card.title, card.starts_at) for card in found] == [("every week", dates_of(session, draft)[0].starts_at)]


def test_my_week_holds_what_the_institution_prepares_and_what_is_named(session, people, clock):
    own = event_in(session, people.marek, days=3)
    hosted = event_in(session, people.ewa, days=4, place_institution_id=people.mops.id)
    other = event_in(session, people.ewa, days=5)
    secret = event_in(session, people.ewa, days=5, visibility=Visibility.INVITED)
    event_in(session, people.marek, days=9)
    named = [date_of(session, other).id or 0, date_of(session, secret).id or 0]
    found = queries.my_week(session, people.marek.actor, now(), also=named)
    assert [UUID(card.uuid) for card in found] == [own.uuid, hosted.uuid, other.uuid]
    assert queries.my_week(session, people.olga.actor, now()) == []


def test_filters_narrow(session, people, clock):
    full = event_in(session, people.ewa, title="pełne", capacity=1, kind=EventKind.WORKSHOP)
    sign_up(session, full, people.marek)
    event_in(session, people.stefan, title="daleko", voivodeship_code="14", audience=("families",), capacity=None)
    event_in(session, people.ewa, title="blisko", voivodeship_code="08", place_institution_id=people.ngo.id)

    def titles(**wanted):
        return [c.title for c in queries.listed(session, Actor.visitor(), Filters(**wanted), now(), first=TODAY).cards]

    assert titles(kinds=(EventKind.WORKSHOP,)) == ["pełne"]
    assert titles(voivodeship="14") == ["daleko"]
    assert titles(institution_ids=(people.ngo.id,)) == ["blisko"]
    assert titles(audience="families") == ["daleko"]
    assert titles(audience="famil") == []
    assert titles(only_free=True) == ["daleko", "blisko"]
    assert titles(nothing=True) == []


def test_a_day_shows_five_and_counts_the_rest(session, people, clock):
    for hour in range(8, 16):
        starts = datetime(2026, 11, 30, hour)  # noqa: DTZ001 - Warsaw wall time
        event_in(session, people.ewa, title=f"o {hour}", starts=starts, ends=starts + timedelta(hours=1))
    (day,) = queries.days(session, Actor.visitor(), [date(2026, 11, 30)], Filters(), now())
    assert [card.title for card in day.cards] == ["o 8", "o 9", "o 10", "o 11", "o 12"]
    assert day.more == 3


def test_list_is_paged_by_key_there_and_back(session, people, clock):
    for number in range(70):
        event_in(session, people.ewa, days=1 + number // 3, title=f"{number:02d}")
    viewer, instant = Actor.visitor(), now()
    first = queries.listed(session, viewer, Filters(), instant, first=TODAY)
    second = queries.listed(session, viewer, Filters(), instant, first=TODAY, after=first.after)
    third = queries.listed(session, viewer, Filters(), instant, first=TODAY, after=second.after)
    assert [len(page.cards) for page in (first, second, third)] == [30, 30, 10]
    assert [card.title for page in (first, second, third) for card in page.cards] == [f"{n:02d}" for n in range(70)]
    assert (first.before, third.after) == ("", "")
    back = queries.listed(session, viewer, Filters(), instant, first=TODAY, before=third.before)
    assert back.cards == second.cards
    start = queries.listed(session, viewer, Filters(), instant, first=TODAY, before=back.before)
    assert start.cards == first.cards
    assert start.before == ""


@pytest.mark.parametrize("key", ["", "x", "2026-11-24|1", "2026-11-24T10:00:00+00:00|0", "2026-11-24T10:00:00|5", "|"])
def test_unreadable_keys_are_left_out(key):
    assert queries.read_key(key) is None


def test_past_and_upcoming_of_programme_and_clauses(session, people, clock):
    programme = make_programme(session, "Krok", people.jola.institution_id)
    clause = make_clause(session, make_agreement(session, "P-08-901", people.prison, people.mops), "spotkania")
    event = event_in(session, people.ewa, programme_id=programme.id, clause_id=clause.id)
    event_in(session, people.ewa)
    viewer = Actor.visitor()

    def found(**wanted):
        return [UUID(card.uuid) for card in queries.upcoming(session, viewer, now(), 9, **wanted)]

    assert found(programme_id=programme.id) == [event.uuid]
    assert found(clause_ids=[clause.id]) == [event.uuid]
    assert found(clause_ids=[]) == []
    assert found(past=True) == []
    clock.shift(timedelta(days=8))
    assert found(programme_id=programme.id) == []
    assert found(programme_id=programme.id, past=True) == [event.uuid]


def test_page_names_what_the_event_hangs_on(session, people, clock):
    programme = make_programme(session, "Krok po kroku", people.jola.institution_id)
    clause = make_clause(session, make_agreement(session, "P-08-901", people.prison, people.mops), "spotkania")
    event = event_in(
        session, people.ewa, programme_id=programme.id, clause_id=clause.id, place_institution_id=people.mops.id
    )
    calendar.add_co_organiser(session, event, people.ngo.id)
    invite(session, event, people.stranger.id)
    page = seen(session, Actor.visitor(), event)
    assert page.host is not None
    assert page.clause is not None
    assert page.organiser.name == "Zakład Karny w Kładkowie"
    assert page.host.slug == "mops-kladkowo"
    assert page.programme == (programme.slug, "Krok po kroku")
    assert (page.clause.number, page.clause.name_pl) == ("P-08-901", "klauzula spotkania")
    assert [one.id for one in page.co_organisers] == [people.ngo.id]
    assert [one.id for one in page.invited] == [people.stranger.id]
    assert not page.prepares
    assert seen(session, people.jola.actor, event).prepares
    assert not seen(session, people.jola.actor, event).may_edit
    assert seen(session, people.ewa.actor, event).may_edit


def test_page_of_one_date(session, people, clock):
    event = event_in(session, people.ewa)
    day = date_of(session, event).local_date
    assert seen(session, Actor.visitor(), event, day).occurrence.local_date == day
    assert queries.page(session, Actor.visitor(), event.uuid, now(), day + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("mops-kladkowo", ["mops-kladkowo"]),
        ("MOPS w Kładkowie", ["mops-kladkowo"]),
        ("kladk", ["mops-kladkowo", "zk-kladkowo"]),
        ("brodku areszt", ["as-brodek"]),
        ("nie ma", []),
        ("%", []),
        ("", []),
    ],
)
def test_institutions_are_looked_up_by_beginnings_of_words(session, people, words, found):
    assert sorted(one.slug for one in queries.look_up(session, words)) == found


def test_a_typed_place_without_an_agreement_stays_words(session, people):
    found = queries.resolve(
        session, people.mops.id, place_id=None, place="Zakład Karny w Kładkowie", invited=[], names=[]
    )
    assert (found.place_id, found.place_kind, found.voivodeship) == (None, "", "08")


def test_names_of_a_form_are_resolved(session, people):
    make_agreement(session, "P-08-001", people.prison, people.mops)
    found = queries.resolve(
        session,
        people.mops.id,
        place_id=None,
        place="zakład karny w kładkowie",
        invited=[people.stranger.id],
        names=["Stowarzyszenie Pokazowe „Most”", "Nikt taki", "MOPS w Kładkowie"],
    )
    assert (found.place_id, found.place_kind, found.voivodeship) == (people.prison.id, "prison", "08")
    assert found.invited == (people.stranger.id, people.ngo.id)
    assert list(found.unknown) == ["Nikt taki"]
    assert found.ambiguous == {}


@pytest.mark.slow
@pytest.mark.parametrize("viewer", ["visitor", "marek"])
def test_statements_do_not_grow_with_the_rows(session, people, clock, query_count, viewer):
    who = Actor.visitor() if viewer == "visitor" else people.marek.actor
    uuid, counts = event_in(session, people.ewa).uuid, []
    for target in (1, 3, 100):
        made = len(queries.listed(session, Actor.visitor(), Filters(), now(), first=TODAY).cards)
        for number in range(target - made if target < 100 else 97):
            event_in(session, people.ewa, days=2 + number % 9)
        session.expire_all()
        steps = {}
        for name, ask in {
            "month": lambda: queries.days(session, who, WEEK, Filters(), now()),
            "list": lambda: queries.listed(session, who, Filters(), now(), first=TODAY),
            "event": lambda: queries.page(session, who, uuid, now()),
            "upcoming": lambda: queries.upcoming(session, who, now(), 5),
        }.items():
            with query_count() as statements:
                ask()
            steps[name] = len(statements)
        counts.append(steps)
    assert counts[0] == {"month": 1, "list": 1, "event": 1, "upcoming": 1}
    assert counts[1] == counts[0]
    assert counts[2] == counts[0] | {"month": 2}


def test_cards_say_what_a_row_needs(session, people, clock):
    event = event_in(session, people.ewa, capacity=2, place_institution_id=people.mops.id)
    sign_up(session, event, people.marek)
    (card,) = queries.upcoming(session, Actor.visitor(), now(), 1)
    assert (card.free, card.place, card.organiser) == (1, "MOPS w Kładkowie", "Zakład Karny w Kładkowie")
    assert card.url == f"/wydarzenia/{event.uuid}"
    assert card.day == warsaw.today(date_of(session, event).starts_at)
    assert (card.family, card.icon, card.kind_label) == ("kadra", "cap", "Staff training")


def test_co_organisers_see_invited_events(session, people, clock):
    event = event_in(session, people.ewa, visibility=Visibility.INVITED)
    invite(session, event, people.ngo.id, Part.CO_ORGANISER)
    assert queries.page(session, people.jola.actor, event.uuid, now())
    assert queries.page(session, people.stefan.actor, event.uuid, now()) is None
