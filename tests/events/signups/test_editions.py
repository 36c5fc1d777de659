"""One sign-up for a whole edition: participants as a number, every event of it, queues in order on every date."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditLine
from app.clock import now
from app.outbox.models import OutboxMail
from events.calendar import actions as calendar
from events.calendar.models import Admission, Consent, Split, State
from events.changes import actions as changes
from events.changes.rules import Scope
from events.gate.models import Entry
from events.signups import actions, names, queries, requests, rules, series
from events.signups.models import SignUp
from events.signups.rules import Wanted
from projects.editions.models import Edition, EditionState
from projects.programmes.models import Programme
from tests.factories.events import named
from tests.factories.joining import add_session, join, make_edition, opens, sessions_of, standing
from tests.factories.persons import People

pytestmark = pytest.mark.usefixtures("clock")


def mails(session: Session, since: int = 0) -> list[tuple[str, str]]:
    rows = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()[since:]
    return [(row.template.rpartition("/")[2], row.to_address) for row in rows]


def test_eight_when_six_are_left_are_six_and_two_on_every_date(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    extra = add_session(session, people.jola, event, 5)
    mops, prison = people.mops.id, people.prison.id
    join(session, people.marek, event, 6)
    before = len(mails(session))
    key = str(uuid4())
    rows = join(session, people.ewa, extra, 8, key=key)
    assert standing(session, event) == [f"{mops}:6 {prison}:6 {prison}:2w"] * 4
    assert mails(session, before) == [("series_made", people.ewa.email)]
    sent = session.exec(select(OutboxMail).order_by(col(OutboxMail.id).desc())).first()
    assert sent is not None
    assert (sent.params["persons"], sent.params["lines"]) == (8, ["4 6 2 0"])
    assert sent.link == "/projekty/warsztaty-pokazowe/edycje/1#zapisy"
    assert {row.id for row in join(session, people.ewa, extra, 8, key=key)} == {row.id for row in rows}
    assert {(row.person, row.email, row.function) for row in session.exec(select(SignUp)).all()} == {("", "", "")}


def test_a_group_as_a_whole_is_refused_or_waits_as_it_asks(session: Session, people: People) -> None:
    event = make_edition(session, people.jola, split=Split.ALL_OR_NOTHING)
    mops, prison = people.mops.id, people.prison.id
    join(session, people.marek, event, 6)
    with pytest.raises(rules.GroupTooLarge) as refused:
        join(session, people.ewa, event, 8, waits=False)
    assert refused.value.params == {"free": 6}
    join(session, people.ewa, event, 6, waits=False)
    join(session, people.ewa, event, 8)
    assert standing(session, event) == [f"{mops}:6 {prison}:6 {prison}:8w"] * 3
    with pytest.raises(rules.NotEnoughSeats):
        join(session, people.ewa, event, 13)


def test_places_given_back_go_to_the_queue_on_every_date(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    add_session(session, people.jola, event, 5)
    mops, prison, other = people.mops.id, people.prison.id, people.stefan.institution_id
    join(session, people.ewa, event, 8)
    join(session, people.marek, event, 6)
    join(session, people.stefan, event, 2)
    assert standing(session, event) == [f"{prison}:8 {mops}:4 {mops}:2w {other}:2w"] * 4
    before = len(mails(session))
    left = series.give_back(session, people.ewa.actor, event, 5, now())
    assert [len(rows) for _date, rows in left] == [3] * 4
    assert standing(session, event) == [f"{prison}:5 {mops}:6 {other}:1 {other}:1w"] * 4
    told = [("series_withdrawn", people.ewa.email), ("given_back", people.jola.email)]
    assert mails(session, before) == [
        *told,
        ("series_promoted", people.marek.email),
        ("series_promoted", people.stefan.email),
    ]
    with pytest.raises(rules.NotFewer):
        series.give_back(session, people.ewa.actor, event, 5, now())
    with pytest.raises(rules.ByCoordinator):
        series.give_back(session, people.piotr.actor, event, 0, now())
    series.give_back(session, people.marek.actor, event, 0, now())
    assert standing(session, event) == [f"{prison}:5 {other}:2"] * 4
    with pytest.raises(rules.WithdrawnAlready):
        series.give_back(session, people.marek.actor, event, 0, now())


def test_more_places_are_told_of_by_one_mail(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    join(session, people.ewa, event, 10)
    join(session, people.marek, event, 5)
    before = len(mails(session))
    wanted = replace(calendar.as_saved(session, event), capacity=14)
    changes.edit(session, people.jola.actor, event, wanted, event.revision, now(), scope=Scope.ALL)
    assert standing(session, event) == [f"{people.prison.id}:10 {people.mops.id}:4 {people.mops.id}:1w"] * 3
    assert mails(session, before) == [("series_promoted", people.marek.email)]


def test_those_who_wait_go_first_when_the_number_is_lowered(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    join(session, people.ewa, event, 10)
    join(session, people.marek, event, 5)
    before = len(mails(session))
    series.give_back(session, people.marek.actor, event, 3, now())
    assert [template for template, _to in mails(session, before)] == ["series_withdrawn", "given_back"]
    assert standing(session, event) == [f"{people.prison.id}:10 {people.mops.id}:2 {people.mops.id}:1w"] * 3


def test_a_session_added_later_has_the_same_rows_in_the_same_order(session: Session, people: People, clock) -> None:
    event = make_edition(session, people.jola)
    join(session, people.ewa, event, 8)
    clock.shift(3600)
    join(session, people.marek, event, 6)
    clock.shift(3600)
    join(session, people.stefan, event, 1)
    series.give_back(session, people.stefan.actor, event, 0, now())
    before = len(mails(session))
    extra = add_session(session, people.jola, event, 7)
    (date,) = [one for one in sessions_of(session, event) if one.event_id == extra.id]
    assert series.join_new_dates(session, extra, [date], now()) == 14
    assert standing(session, event) == [f"{people.prison.id}:8 {people.mops.id}:4 {people.mops.id}:2w"] * 4
    assert len(mails(session)) == before
    assert series.join_all(session, now()) == 0
    for one in sessions_of(session, event)[2:3]:
        one.state = State.CANCELLED
    clock.move_to(date.ends_at + timedelta(days=1))
    last = add_session(session, people.jola, event, 12)
    assert series.join_new_dates(session, last, sessions_of(session, event)[-1:], now()) == 14
    assert standing(session, event)[-1] == standing(session, event)[0]


def test_the_night_finds_a_session_that_nobody_has_joined(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    join(session, people.ewa, event, 3)
    add_session(session, people.jola, event, 7)
    assert series.join_all(session, now()) == 3
    assert standing(session, event) == [f"{people.prison.id}:3"] * 4


def test_nobody_overtakes_on_a_session_published_a_moment_ago(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    join(session, people.ewa, event, 8)
    add_session(session, people.jola, event, 7)
    join(session, people.marek, event, 6)
    assert standing(session, event) == [f"{people.prison.id}:8 {people.mops.id}:4 {people.mops.id}:2w"] * 4


def test_one_word_of_the_lead_is_for_the_whole_edition(session: Session, people: People) -> None:
    event = make_edition(session, people.jola, admission=Admission.APPROVAL)
    extra = add_session(session, people.jola, event, 5)
    asked = join(session, people.ewa, event, 8)
    refused = join(session, people.marek, event, 5)
    more = join(session, people.stefan, event, 6)
    before = len(mails(session))
    requests.accept(session, people.jola.actor, extra, [row.id or 0 for row in [*asked, *more]], now())
    requests.refuse(session, people.jola.actor, event, [row.id or 0 for row in refused], "room", "", now())
    other = people.stefan.institution_id
    assert standing(session, event) == [f"{people.prison.id}:8 {other}:4 {other}:2w"] * 4
    assert mails(session, before) == [
        ("accepted", people.ewa.email),
        ("accepted", people.stefan.email),
        ("refused", people.marek.email),
    ]
    with pytest.raises(rules.NotYoursToDecide):
        requests.accept(session, people.ewa.actor, event, [row.id or 0 for row in refused], now())


def test_participants_are_never_named(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    row = join(session, people.marek, event, 2)[0]
    with pytest.raises(rules.NumbersOnly):
        series.sign_up(session, people.marek.actor, event, Wanted(people=(named(1),), places=1), str(uuid4()), now())
    with pytest.raises(rules.NumbersOnly):
        actions.sign_up(
            session, people.marek.actor, event, row.occurrence_id, Wanted(people=(named(1),)), str(uuid4()), now()
        )
    with pytest.raises(rules.WholeSeries):
        actions.sign_up(session, people.marek.actor, event, row.occurrence_id, Wanted(places=1), str(uuid4()), now())
    with pytest.raises(rules.NumbersOnly):
        names.name(session, people.marek.actor, event, row.id or 0, named(1), now())
    with pytest.raises(rules.NumbersOnly):
        names.swap(session, people.marek.actor, event, row.id or 0, row.id or 0, now())
    with pytest.raises(rules.ByCoordinator):
        series.sign_up(session, people.piotr.actor, event, Wanted(places=1), str(uuid4()), now())
    with pytest.raises(rules.NotSignedUpHere):
        series.sign_up(session, people.wanda.actor, event, Wanted(places=1), str(uuid4()), now())
    personal = session.exec(select(AuditLine).where(AuditLine.verb == "signup.series_made")).all()
    assert personal
    assert not queries.tasks(session, people.marek.actor, now())


def test_nobody_is_reminded_of_names_the_day_before(session: Session, people: People, clock) -> None:
    event = make_edition(session, people.jola)
    join(session, people.marek, event, 2)
    clock.move_to(opens(1))
    assert queries.tasks(session, people.marek.actor, now()) == []
    event.participants = False
    session.flush()
    assert [(one.kind, one.number) for one in queries.tasks(session, people.marek.actor, now())] == [("names", 2)]


def test_participants_stand_on_no_entry_list(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    event.consent, event.place_institution_id = Consent.GRANTED, people.prison.id
    for date in sessions_of(session, event):
        date.place_institution_id = people.prison.id
    session.flush()
    join(session, people.marek, event, 2)
    assert session.exec(select(Entry)).all() == []
    event.participants = False
    session.flush()
    join(session, people.marek, event, 1)
    assert len(session.exec(select(Entry)).all()) == 3


def test_sign_up_opens_and_closes_for_all_sessions_at_once(session: Session, people: People, clock) -> None:
    event = make_edition(session, people.jola, signup_opens_at=opens(7), signup_closes_at=opens(2))
    with pytest.raises(rules.NotOpenYet):
        join(session, people.ewa, event, 1)
    panel = queries.panel(session, event, sessions_of(session, event)[0], people.ewa.actor, now())
    assert (panel.open, panel.opens_at) == (False, opens(7))
    clock.move_to(opens(7))
    join(session, people.ewa, event, 1)
    clock.move_to(opens(2))
    with pytest.raises(rules.SignUpClosed):
        join(session, people.ewa, event, 1)
    assert not queries.panel(session, event, sessions_of(session, event)[2], people.ewa.actor, now()).open


def test_nobody_joins_what_is_over(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    edition = session.get_one(Edition, event.edition_id)
    programme = session.get_one(Programme, edition.programme_id)
    edition.state = EditionState.COMPLETED
    session.flush()
    with pytest.raises(rules.SignUpClosed):
        join(session, people.ewa, event, 1)
    edition.state, programme.archived_at = EditionState.OPEN, now()
    session.flush()
    with pytest.raises(rules.SignUpClosed):
        join(session, people.ewa, event, 1)
    programme.archived_at = None
    session.flush()
    assert join(session, people.ewa, event, 1)


def test_participants_are_one_line_among_our_sign_ups(session: Session, people: People) -> None:
    event = make_edition(session, people.jola)
    join(session, people.ewa, event, 10)
    join(session, people.marek, event, 5)
    own = queries.own(session, people.marek.actor, now())
    assert [(one.state.value, one.number, one.ahead, one.person) for one in own] == [
        ("seat", 2, 0, ""),
        ("waiting", 3, 1, ""),
    ]
    assert queries.own(session, people.piotr.actor, now()) == []
