"""The desk of somebody for whom 2,000 things are open costs what it costs with eleven."""

import time

import pytest

from tests.factories.open_things import OpenThings

LIMIT = 0.1
PAGES = ("/biurko", "/biurko/sprawy", "/biurko/sprawy?czyje=inne", "/biurko/sprawy?rodzaj=wizyty&strona=2")


@pytest.mark.slow
@pytest.mark.usefixtures("clock")
def test_two_thousand_open_things_cost_no_more_statements_and_a_tenth_of_a_second(
    client, session, people, query_count
) -> None:
    things = OpenThings(session, people)
    client.sign_in(people.ewa)
    asked: dict[str, list[int]] = {page: [] for page in PAGES}
    for more in (2, 200):
        things.add(more)
        for page in PAGES:
            client.see(page)  # once before counting, for what a process keeps for itself
            with query_count() as statements:
                client.get(page)
            asked[page].append(len(statements))
    assert all(few == many for few, many in asked.values()), asked
    client.inspects = False
    spent = {page: min(_seconds(client, page) for _ in range(5)) for page in PAGES}
    assert max(spent.values()) < LIMIT, spent


def _seconds(client, page: str) -> float:
    before = time.process_time()
    assert client.get(page).status_code == 200
    return time.process_time() - before
