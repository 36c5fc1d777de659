"""`kladka teryt update`: what an operator sees once a year."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlmodel import func, select

from app import cli
from app.db import Database
from partners.institutions.models import Institution, Status
from partners.territory.models import Gmina, TerritoryChange
from tests.factories import territory

SMALL = [line for line in territory.terc_2024() if line.startswith(("08;", "28;", "12;", "20;"))]
HALF = [line for line in SMALL if not line.startswith("08;0")] + ["08;02;;;krośnieński;powiat"]
SMALL_LATER = [line for line in territory.terc_2026() if line.startswith(("08;", "28;", "12;", "20;"))]


@pytest.fixture(name="update")
def _update(database_url: str, tmp_path: Path, monkeypatch) -> Callable[..., Result]:
    """Run the command on a file with these lines."""
    monkeypatch.setenv("KLADKA_DATABASE_URL", database_url)
    monkeypatch.setenv("KLADKA_DATA_DIR", str(tmp_path / "data"))

    def update(lines: list[str], day: str, *options: str) -> Result:
        file = tmp_path / "TERC_Urzedowy.csv"
        file.write_text(territory.terc(lines, day), encoding="utf-8")
        return CliRunner().invoke(cli.kladka, ["teryt", "update", str(file), *options])

    return update


def count(database: Database, table, *where) -> int:
    with database.session(writes=False) as session:
        return session.exec(select(func.count()).select_from(table).where(*where)).one()


def test_two_years_of_changes(update, database: Database):
    first = update(SMALL, "2024-01-01")
    assert first.exit_code == 0, first.output
    assert "The territory stands at 2024-01-01." in first.output
    gminas = count(database, Gmina)
    assert count(database, Institution) == gminas  # a placeholder each

    check = update(SMALL_LATER, "2026-01-01", "--check")
    assert check.exit_code == 0, check.output
    assert "     2  new\n" in check.output
    assert "     1  renamed\n          281205 Bratian: Nowe Miasto Lubawskie -> Bratian\n" in check.output
    assert "this was a check" in check.output
    assert count(database, Gmina) == gminas

    done = update(SMALL_LATER, "2026-01-01")
    assert done.exit_code == 0, done.output
    assert "     2  placeholders of welfare centres added, 0 not needed any more" in done.output
    assert count(database, Gmina) == gminas + 2
    assert count(database, Institution) == gminas + 2
    changes = count(database, TerritoryChange)

    again = update(SMALL_LATER, "2026-01-01")
    assert again.exit_code == 0, again.output
    assert "     0  new" in again.output
    assert count(database, TerritoryChange) == changes
    assert count(database, Institution, Institution.status == Status.UNCONFIRMED) == gminas + 2


@pytest.mark.parametrize(
    ("lines", "day", "sentence"),
    [
        (SMALL, "2023-01-01", "The file shows the state of 2023-01-01, but the register stands at 2024-01-01 already."),
        (HALF, "2026-01-01", "known gminas, so it is not complete. Nothing has been changed."),
        (
            [*SMALL, "08;02;9;2;Zła;gmina wiejska"],
            "2026-01-01",
            "column GMI: “9” does not fit. Nothing has been changed.",
        ),
    ],
)
def test_a_bad_file_changes_nothing_and_says_why(update, database: Database, lines, day, sentence):
    update(SMALL, "2024-01-01")
    before = count(database, Gmina)
    refused = update(lines, day)
    assert refused.exit_code == 1
    assert sentence in refused.output
    assert "Traceback" not in refused.output
    assert (count(database, Gmina), count(database, TerritoryChange)) == (before, 0)


def test_another_file_is_refused_in_one_sentence(update, tmp_path):
    picture = tmp_path / "mapa.csv"
    picture.write_bytes(b"\x89PNG\xff\xfe")
    refused = CliRunner().invoke(cli.kladka, ["teryt", "update", str(picture)])
    assert refused.exit_code == 1
    assert refused.output == "Error: mapa.csv is not in UTF-8, as GUS writes its CSV files.\n"
    assert CliRunner().invoke(cli.kladka, ["teryt", "update", str(tmp_path / "brak.csv")]).exit_code == 2
