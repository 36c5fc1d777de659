"""Decisions about contacts on plain values."""

from datetime import date, timedelta

import pytest

from partners.contacts import rules
from partners.contacts.models import ReportKind
from partners.contacts.rules import ContactDraft, Line
from partners.institutions.models import KindGroup

TODAY = date(2026, 11, 23)


def line(*ids: int) -> list[Line]:
    return [Line(one, "head", f"Osoba {one}", "", "", "", public=False, confirmed_on=None) for one in ids]


@pytest.mark.parametrize(("away", "found"), [((), 1), ((1,), 2), ((1, 2), 3), ((2,), 1), ((1, 2, 3), None)])
def test_the_first_who_is_there_stands_in(away, found):
    one = rules.stand_in(line(1, 2, 3), away)
    assert (one.id if one else None) == found


def test_nobody_stands_in_an_empty_line():
    assert rules.stand_in([], ()) is None


def test_units_have_a_social_worker_of_their_own_and_centres_one_for_units():
    prison, centre = rules.roles_for(KindGroup.PRISON), rules.roles_for(KindGroup.WELFARE)
    assert "prison_social_worker" in prison
    assert "prison_social_worker" not in centre
    assert "social_work_contact" in centre
    assert "social_work_contact" not in prison
    assert {"head", "front_desk", "programme_coordinator"} <= prison.keys() & centre.keys()


def test_a_role_that_a_contact_has_stays_whatever_the_kind():
    assert "duty_desk" in rules.roles_for(KindGroup.WELFARE, "duty_desk")


def test_a_contact_can_be_reached():
    rules.check(ContactDraft("head", mailbox="a@b.example"))
    rules.check(ContactDraft("head", phone="68 123 45 67"))
    with pytest.raises(rules.Unreachable):
        rules.check(ContactDraft("head", person="Anna Przykładowa"))


@pytest.mark.parametrize(
    ("first", "last", "refusal"),
    [
        (0, -1, rules.AbsenceBackwards),
        (-10, -1, rules.AbsenceOver),
        (0, 367, rules.AbsenceTooLong),
    ],
)
def test_absences_that_make_no_sense(first, last, refusal):
    with pytest.raises(refusal):
        rules.check_absence(TODAY + timedelta(days=first), TODAY + timedelta(days=last), TODAY)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (-30, 0), (5, 371)])
def test_absences_that_do(first, last):
    rules.check_absence(TODAY + timedelta(days=first), TODAY + timedelta(days=last), TODAY)


@pytest.mark.usefixtures("clock")
def test_who_keeps_reports_and_settles(people):
    prison = people.prison.id or 0
    everybody = {name: getattr(people, name).actor for name in ("ewa", "adam", "marek", "piotr", "wanda", "olga")}
    assert {name for name, actor in everybody.items() if rules.may_keep(actor, prison)} == {"adam", "olga"}
    assert {name for name, actor in everybody.items() if rules.may_settle(actor, prison)} == {"ewa", "adam", "olga"}
    assert {name for name, actor in everybody.items() if rules.may_report(actor)} == {"ewa", "adam", "marek", "piotr"}


def test_every_kind_of_report_has_its_words():
    assert set(rules.REPORT_LABEL) == set(rules.REPORTED) == set(ReportKind)
    assert set(rules.OUTCOME_LABEL) == set(rules.Outcome)
