"""The register and the page of an agreement as visitors and partners meet them."""

from datetime import date, timedelta

import pytest

from partners.agreements.models import AgreementHistory, AgreementState
from tests.factories.agreements import make_agreement, make_clause
from tests.factories.events import local, make_event
from tests.factories.institutions import make_institution

HINT = "Praca socjalna może zacząć się najwcześniej 3 miesiące przed planowanym zwolnieniem"
ZERO = "0 na wykresie źródła – może oznaczać brak zapisu."
FOOTNOTE = "dwa porozumienia regulują informowanie o podjętych działaniach w ciągu 2 miesięcy"


def numbers(page):
    return [row.one("th").one("a").text for row in page.main.one("tbody").all("tr")]


def test_register_lists_what_is_public(client, session, people):
    agreement = make_agreement(session, "P-08-007", people.prison, people.mops, signed_on=date(2016, 3, 14))
    make_clause(session, agreement, "duty_hours", detail="co środę")
    make_agreement(session, "P-08-008", people.prison, people.ngo, state=AgreementState.DRAFT)
    page = client.see("/porozumienia")
    assert numbers(page) == ["P-08-007"]
    row = page.main.one("tbody").text
    for words in ("Zakład Karny w Kładkowie", "MOPS w Kładkowie", "podpisano 14 marca 2016", "Klauzula duty_hours"):
        assert words in row
    assert "co środę" not in page.text
    assert page.one("h2", data_announce="").text == "1 porozumienie"


def test_a_side_sees_its_draft_in_the_register(client, session, people):
    make_agreement(session, "P-08-008", people.prison, people.ngo, state=AgreementState.DRAFT)
    assert numbers(client.sign_in(people.jola).see("/porozumienia")) == ["P-08-008"]
    client.see("/porozumienia/P-08-008")


def test_register_filters_by_voivodeship_and_state(client, session, people):
    make_agreement(session, "P-08-001", people.prison, people.mops, state=AgreementState.SOURCE_ONLY)
    make_agreement(session, "P-08-002", people.prison, people.ngo)
    make_agreement(session, "P-14-001", people.prison, people.stranger)
    assert numbers(client.see("/porozumienia?woj=08")) == ["P-08-001", "P-08-002"]
    page = client.see("/porozumienia?woj=08&stan=ze-zrodla")
    assert numbers(page) == ["P-08-001"]
    assert FOOTNOTE in page.text
    assert FOOTNOTE not in client.see("/porozumienia?woj=14").text
    empty = client.see("/porozumienia?woj=02")
    assert "Żadne porozumienie nie pasuje do filtrów" in empty.text
    assert client.htmx("/porozumienia?woj=14", "register").one("h2").text == "1 porozumienie"


@pytest.mark.parametrize("address", ["?woj=xx", "?stan=bzdura", "?strona=0", "?strona=x", "?strona=77", "?woj=%00"])
def test_nonsense_in_the_address_is_left_out(client, session, people, address):
    make_agreement(session, "P-08-001", people.prison, people.mops)
    assert numbers(client.see(f"/porozumienia{address}")) == ["P-08-001"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 3, 100])
def test_statements_of_the_register_do_not_grow(client, session, people, query_count, number):
    for one in range(number):
        agreement = make_agreement(session, f"P-08-{one:03d}", people.prison, people.mops)
        make_clause(session, agreement, f"type_{one}")
    with query_count() as asked:
        client.see("/porozumienia")
    assert len(asked) == 4


# --- the page


def test_visitors_read_types_partners_read_parameters(client, session, people):
    agreement = make_agreement(session, "P-08-007", people.prison, people.mops, signed_note="data podpisania nieznana")
    make_clause(session, agreement, "notice_release_date", months=2, detail="pismem")
    page = client.see("/porozumienia/P-08-007")
    assert page.h1 == "Zakład Karny w Kładkowie – MOPS w Kładkowie"
    assert "Klauzula notice_release_date" in page.text
    assert "Terminy i inne szczegóły postanowień widzą zalogowani partnerzy." in page.text
    assert "2 miesiące przed zwolnieniem" not in page.text
    assert HINT not in page.text
    assert "data podpisania nieznana" in page.text
    page = client.sign_in(people.stefan).see("/porozumienia/P-08-007")
    assert "2 miesiące przed zwolnieniem" in page.text
    assert "pismem" in page.text
    assert HINT in page.text


@pytest.mark.parametrize(
    ("key", "months", "uncertain", "words", "hint", "zero"),
    [
        ("notice_release_date", None, False, "termin nieuregulowany", False, False),
        ("notice_release_date", 0, False, "0 miesięcy przed zwolnieniem", True, False),
        ("notice_release_date", 0, True, "0 miesięcy przed zwolnieniem (odczyt z wykresu, niepewny)", True, True),
        ("notice_release_date", 1, False, "1 miesiąc przed zwolnieniem", True, False),
        ("notice_release_date", 3, True, "3 miesiące przed zwolnieniem (odczyt z wykresu, niepewny)", False, False),
        ("notice_release_date", 6, False, "6 miesięcy przed zwolnieniem", False, False),
        ("notice_actions_taken", 1, False, "w ciągu 1 miesiąca", False, False),
        ("notice_actions_taken", 2, False, "w ciągu 2 miesięcy", False, False),
    ],
)
def test_nothing_zero_and_months_are_told_apart(client, session, people, key, months, uncertain, words, hint, zero):
    agreement = make_agreement(session, "P-08-007", people.prison, people.mops)
    make_clause(session, agreement, key, months=months, uncertain=uncertain)
    page = client.sign_in(people.ewa).see("/porozumienia/P-08-007")
    assert words in page.text
    assert (HINT in page.text) is hint
    assert (ZERO in page.text) is zero


def test_a_source_is_named_with_its_doubts(client, session, people):
    agreement = make_agreement(
        session, "P-08-001", people.prison, people.mops, state=AgreementState.SOURCE_ONLY, basis="slajdy z 2017 r."
    )
    session.add(
        AgreementHistory(agreement_id=agreement.id or 0, key="h", title="Podpisanie porozumienia", basis="gazeta")
    )
    page = client.see("/porozumienia/P-08-001")
    assert "Dzisiejszego stanu porozumienia nie sprawdzano. Źródło: slajdy z 2017 r." in page.text
    assert "2017 r.." not in page.text
    assert FOOTNOTE in page.text
    assert "rok nieznany – Podpisanie porozumienia" in page.text


def test_events_rest_on_clauses(client, session, people, clock):
    agreement = make_agreement(session, "P-08-007", people.prison, people.mops)
    clause = make_clause(session, agreement, "duty_hours")
    make_event(session, people.marek, title="Dyżur w środę", clause_id=clause.id)
    make_event(session, people.marek, title="Zupełnie co innego")
    page = client.see("/porozumienia/P-08-007")
    assert "Dyżur w środę" in page.text
    assert "Zupełnie co innego" not in page.text
    clock.shift(timedelta(days=20))
    page = client.see("/porozumienia/P-08-007")
    assert [heading.text for heading in page.main.all("h3", "h3")] == ["Minione"]


def test_passed_term_is_said(client, session, people, clock):
    make_agreement(session, "P-08-007", people.prison, people.mops, valid_to=date(2026, 11, 22))
    assert (
        "Termin obowiązywania tego porozumienia minął 22 listopada 2026." in client.see("/porozumienia/P-08-007").text
    )
    make_agreement(session, "P-08-009", people.prison, people.mops, valid_to=date(2026, 11, 23))
    assert "minął" not in client.see("/porozumienia/P-08-009").text


@pytest.mark.parametrize("number", ["P-08-999", "p-08-007", "P-8-7", "x", "P-08-007x", "%00", "P-08-٠٠٧"])
def test_no_such_agreement(client, session, people, number):
    make_agreement(session, "P-08-007", people.prison, people.mops)
    client.see(f"/porozumienia/{number}", 404)


@pytest.mark.parametrize("who", ["marek", "stefan"])
def test_anothers_draft_is_not_there(client, session, people, who):
    make_agreement(session, "P-08-008", people.prison, people.ngo, state=AgreementState.SENT)
    client.see("/porozumienia/P-08-008", 404)
    client.sign_in(getattr(people, who)).see("/porozumienia/P-08-008", 404)


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 3, 30])
def test_statements_of_an_agreement_do_not_grow(client, session, people, query_count, clock, number):
    agreement = make_agreement(session, "P-08-007", people.prison, people.mops)
    for one in range(number):
        clause = make_clause(session, agreement, f"type_{one}")
        make_event(session, people.marek, starts=local(10, days=one), ends=local(12, days=one), clause_id=clause.id)
        session.add(AgreementHistory(agreement_id=agreement.id or 0, key=f"h{one}", title="Linia"))
    session.flush()
    with query_count() as asked:
        client.see("/porozumienia/P-08-007")
    assert len(asked) == 6


def test_english_register(client, session, people):
    make_institution(session, "inny")
    make_agreement(session, "P-08-001", people.prison, people.mops)
    page = client.see("/porozumienia?jezyk=en")
    assert page.h1 == "Agreements"
    assert "in force" in page.text
