"""The command line: what an operator types, and the one sentence that he gets when it cannot be done."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from click.testing import CliRunner, Result
from sqlmodel import Session, col, delete, select

from app import cli, schema
from app.accounts.actions import verify
from app.accounts.models import UserAccount
from app.actors import Role
from app.audit.models import AuditLine
from app.clock import now
from app.db import Database
from app.jobs.models import WorkerBeat
from app.portal import nightly
from events.calendar.models import Visibility
from events.shelf.models import FeedEvent, InnerText
from partners.institutions.models import Institution
from partners.people.models import Membership
from tests.factories.events import make_event
from tests.factories.institutions import make_institution
from tests.factories.rows import add


@pytest.fixture(name="run")
def _run(database_url: str, tmp_path, monkeypatch) -> Callable[..., Result]:
    """Run a command on the database of this test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KLADKA_DATABASE_URL", database_url)
    monkeypatch.setenv("KLADKA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KLADKA_ARGON_MEMORY_KIB", "32")

    def run(*words: str, input: str = "", **settings: str) -> Result:
        with monkeypatch.context() as here:
            for name, value in settings.items():
                here.setenv(f"KLADKA_{name}", value)
            return CliRunner().invoke(cli.kladka, list(words), input=input)

    return run


def test_the_commands_are_listed(run):
    listed = run("--help").output
    for command in ("serve", "worker", "db", "demo", "user", "nightly", "doctor", "import", "export"):
        assert re.search(rf"^  {command} ", listed, re.MULTILINE)


def test_an_account_gets_its_first_password_once(run, session: Session):
    institution = make_institution(session, "ops-brodek")
    session.commit()
    done = run("user", "add", "Anna@OPS.example", "--name", "Anna Przykładowa", "--institution", "ops-brodek")
    assert done.exit_code == 0, done.output
    password = re.fullmatch(r"Added anna@ops\.example\. First password: (\S{16})\n", done.output)
    assert password is not None
    user = session.exec(select(UserAccount)).one()
    assert (user.email, user.name, user.is_operator) == ("anna@ops.example", "Anna Przykładowa", False)
    assert verify(password.group(1), user.password_hash)
    membership = session.exec(select(Membership)).one()
    assert (membership.institution_id, membership.role) == (institution.id, Role.COORDINATOR)
    verbs = session.exec(select(AuditLine.verb).order_by(col(AuditLine.id))).all()
    assert verbs == ["account.added", "membership.added"]


def test_a_password_may_come_from_standard_input(run, session: Session):
    done = run("user", "add", "o@urzad.example", "--operator", "--password-stdin", input="cztery zielone mosty\n")
    assert (done.exit_code, done.output) == (0, "Added o@urzad.example.\n")
    user = session.exec(select(UserAccount)).one()
    assert user.is_operator
    assert verify("cztery zielone mosty", user.password_hash)


@pytest.mark.parametrize(
    ("words", "typed", "sentence"),
    [
        (["--operator", "--password-stdin"], "krótkie", "The password must have at least 12 characters."),
        (["--operator", "--password-stdin"], "haslo1234567", "This password is easy to guess."),
        ([], "", "Say what the account is for: --institution SLUG, --operator or --inspector CODE."),
        (["--institution", "nie-ma"], "", "There is no institution with the slug nie-ma."),
    ],
)
def test_an_account_that_cannot_be_added_is_refused_in_a_sentence(run, session: Session, words, typed, sentence):
    done = run("user", "add", "x@urzad.example", *words, input=typed)
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: {sentence}")
    assert session.exec(select(UserAccount)).all() == []


def test_no_second_account_for_an_address(run):
    assert run("user", "add", "o@urzad.example", "--operator").exit_code == 0
    again = run("user", "add", "O@urzad.example", "--operator")
    assert (again.exit_code, "There is an account with the address" in again.output) == (1, True)


def test_the_database_says_where_it_stands(run):
    assert run("db", "check").output == f"The database stands at {schema.newest()}.\n"
    assert run("db", "upgrade").output == "The database is up to date.\n"


def test_an_upgrade_writes_the_calendar_texts_that_older_databases_lack(run, session, people, clock):
    event = make_event(session, people.ewa, visibility=Visibility.INVITED, invited=(people.mops.id or 0,))
    session.exec(delete(InnerText))
    session.exec(delete(FeedEvent))
    session.commit()
    assert run("db", "upgrade").exit_code == 0
    session.expire_all()
    assert "SUMMARY" in session.exec(select(InnerText)).one().ics.decode()
    placed = session.exec(select(FeedEvent.owner_id, FeedEvent.event_id)).all()
    assert set(placed) == {(people.prison.id, event.id), (people.mops.id, event.id)}


def test_an_empty_database_is_told_what_to_do(run, tmp_path):
    empty = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    done = run("db", "check", DATABASE_URL=empty)
    assert (done.exit_code, "run `kladka db upgrade`" in done.output) == (1, True)
    assert run("db", "upgrade", DATABASE_URL=empty).exit_code == 0
    assert run("db", "check", DATABASE_URL=empty).exit_code == 0


@pytest.mark.parametrize("command", [["doctor"], ["nightly"], ["db", "check"], ["serve"], ["worker"]])
def test_a_wrong_setting_stops_every_command_with_its_sentence(run, command):
    done = run(*command, LOG_LEVEL="loud")
    assert done.exit_code == 1
    assert done.output == "Error: KLADKA_LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR, not “loud”.\n"


def test_a_taken_port_is_told_with_a_free_one(run):
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert done.exit_code == 1
    assert done.output.startswith(f"Error: Port {port} is taken.")


def test_the_demo_is_refused_where_it_is_switched_off(run):
    done = run("demo", DEMO="0")
    assert (done.exit_code, done.output) == (1, "Error: KLADKA_DEMO is 0: this site does not take demo data.\n")


def test_the_night_may_be_worked_by_hand(run, session: Session):
    done = run("nightly")
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines] == [name for name, _job in nightly.JOBS]
    assert {line.split(maxsplit=1)[0] for line in lines} == {"0"}


def test_the_doctor_names_what_is_wrong(run, session: Session):
    done = run("doctor")
    assert done.exit_code == 1
    wrong = [line for line in done.output.splitlines() if line.startswith("WRONG")]
    assert [line.split(":")[0] for line in wrong] == ["WRONG mail", "WRONG worker"]
    add(session, WorkerBeat, id=1, seen_at=now())
    session.commit()
    healthy = run("doctor", MAIL_URL="smtp://127.0.0.1:2525")
    assert (healthy.exit_code, "WRONG" in healthy.output) == (0, False), healthy.output


def test_a_database_that_does_not_answer_is_told(run):
    done = run("nightly", DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert done.exit_code == 1
    assert done.output.startswith("Error: The database refused: ")
    assert len(done.output.splitlines()) == 1


@pytest.fixture(name="session")
def _session(database: Database) -> Iterator[Session]:
    """Reads and writes one statement at a time: the commands must not wait for the test."""
    with database.session(writes=False) as session:
        yield session
        session.rollback()


def test_a_table_is_written_checked_and_taken_over(run, session: Session, tmp_path):
    make_institution(session, "ops-brodek", name="OPS w Bródku")
    session.commit()
    for name in ("karty.csv", "karty.xlsx"):
        file = tmp_path / name
        assert run("export", "institutions", str(file)).output == f"Written: {file}\n"
        assert run("import", "institutions", str(file)).output == "0 added, 0 changed, 1 left as they are.\n"
    file = tmp_path / "nowe.csv"
    file.write_text("klucz;nazwa;rodzaj\nops-brodek;OPS Bródek;OPS\nops-nowy;OPS Nowy;OPS\n", encoding="cp1250")
    done = run("import", "institutions", str(file), "--check")
    assert (done.exit_code, done.output) == (0, "1 would be added, 1 would be changed, 0 left as they are.\n")
    assert session.exec(select(Institution.name)).all() == ["OPS w Bródku"]
    session.rollback()
    assert run("import", "institutions", str(file)).output == "1 added, 1 changed, 0 left as they are.\n"
    assert sorted(session.exec(select(Institution.name)).all()) == ["OPS Bródek", "OPS Nowy"]


def test_a_bad_line_is_named_and_changes_nothing(run, session: Session, tmp_path):
    session.rollback()
    file = tmp_path / "zle.csv"
    file.write_text("klucz;nazwa;rodzaj\nops-a;OPS A;OPS\nops-b;OPS B;kino\n", encoding="utf-8")
    done = run("import", "institutions", str(file))
    assert done.exit_code == 1
    assert "line 3, column “rodzaj”: “kino” is no kind that Kładka knows." in done.output
    assert "Error: 1 mistakes, of which 1 are named above; nothing was changed." in done.output
    assert session.exec(select(Institution)).all() == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("import", "institutions", "nie-ma.csv"), "does not exist"),
        (("export", "institutions", "karty.doc"), "must end with .csv or .xlsx"),
        (("export", "shelters", "x.csv"), "is not one of"),
    ],
)
def test_what_no_table_can_be_is_said(run, words, sentence):
    done = run(*words)
    assert done.exit_code != 0
    assert sentence in done.output
