"""The command line: `python -m app …`, called kladka below."""

import errno
import gc
import importlib
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType

import click
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app import config as settings
from app import marks, schema, site, tables, warsaw
from app import server as web_server
from app.accounts import actions as accounts
from app.accounts import queries as account_queries
from app.accounts import rules as account_rules
from app.actors import Actor, Role
from app.audit import trail
from app.clock import now
from app.config import Config, WrongSetting
from app.db import Database
from app.errors import Refusal
from app.factory import ROOT, create_app
from app.jobs.worker import Worker, is_alive, work_through
from app.outbox.delivery import Letters
from app.portal import facts
from app.portal import nightly as timetable
from app.web import log
from events.calendar import actions as calendar
from events.calendar import found, inner
from partners.competence import actions as competence
from partners.exchange import actions as exchange
from partners.exchange import queries as exchange_queries
from partners.exchange.rules import SUBJECT_WORD, FileRefused, Subject
from partners.people import actions as people
from partners.people import queries as people_queries
from partners.territory import actions as territory_actions
from partners.territory import queries as territory
from partners.territory import terc
from partners.territory.models import TerritoryChangeKind

_COLLECT_FROM = 20_000


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def kladka() -> None:
    """Kładka: run and look after the portal."""


@kladka.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=settings.DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-worker", is_flag=True, help="Do not run the background worker in this process.")
@click.option("--prepare", is_flag=True, help="Migrate first, and load the demo when the database is empty.")
def serve(host: str, port: int, *, no_worker: bool, prepare: bool) -> None:
    """Serve the portal with waitress, the worker inside."""
    with sentences():
        config = settings.read(port=port)
        log.init(config.log_level)
        _refuse_taken(host, port)
        site.configure(config.base_url)
        with opened(config) as database:
            if prepare:
                _prepare(database, config)
            _refuse_outdated(database)
            _refuse_demo_in_public(database, config, host)
            _serve(config, database, host, port, with_worker=not no_worker)


@kladka.command()
def worker() -> None:
    """Run the background worker alone; any number may run beside the web processes."""
    with sentences():
        config = settings.read()
        log.init(config.log_level)
        site.configure(config.base_url)
        with opened(config) as database:
            _refuse_outdated(database)
            database.keep_open()
            running = _worker(database, config)
            signal.signal(signal.SIGTERM, lambda *_: running.stop())
            try:
                running.run()
            except KeyboardInterrupt:
                running.stop()


@kladka.group()
def db() -> None:
    """Look after the database's structure."""


@db.command()
def upgrade() -> None:
    """Bring the database to the newest migration, and stored calendar text to the newest form."""
    with unit() as session:
        session.rollback()
        _upgrade(_database_of(session), settings.read())
        click.echo("The database is up to date.")


@db.command()
def check() -> None:
    """Say whether the database has the newest structure."""
    with sentences():
        with opened(settings.read()) as database:
            _refuse_outdated(database)
        click.echo(f"The database stands at {schema.newest()}.")


@kladka.command(name="demo")
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day around which the invented life is laid.")
@click.option("--events", type=click.IntRange(0, 1_000_000), default=0, help="Add so many load events.")
@click.option("--institutions", "institution_count", type=click.IntRange(0, 100_000), default=0)
@click.option("--projects", type=click.IntRange(0, 20_000), default=0, help="Add so many projects of ten sessions.")
@click.option("--seed", type=int, default=7, show_default=True, help="Seed of the added load.")
def load_demo(today: object, events: int, institution_count: int, projects: int, seed: int) -> None:
    """Load the demo data (again changes nothing); with --events, --institutions, --projects add a load to measure."""
    with unit() as session:
        day = today.date() if hasattr(today, "date") else warsaw.today(now())
        if not settings.read().demo_allowed:
            raise click.ClickException("KLADKA_DEMO is 0: this site does not take demo data.")
        _demo().load_all(session, day, now())
        if events or institution_count:
            _demo().add_load(
                session, events=events, institutions=institution_count, seed=seed, today=day, progress=click.echo
            )
        if projects:
            _demo().add_projects(session, projects, seed, day, click.echo)
        session.commit()
        click.echo("Demo data are loaded.")


@kladka.group()
def user() -> None:
    """Look after accounts."""


@user.command()
@click.argument("email")
@click.option("--name", default="", help="Name shown in the portal (default: the address).")
@click.option("--institution", help="Slug of the institution that the person works for.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in (Role.MEMBER, Role.COORDINATOR, Role.ADMIN)]),
    default=Role.COORDINATOR.value,
    show_default=True,
)
@click.option("--operator", is_flag=True, help="Operator of the portal.")
@click.option("--inspector", metavar="CODE", help="Inspector of the voivodeship with this code, such as 08.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making one.")
def add(
    email: str,
    name: str,
    institution: str | None,
    role: str,
    inspector: str | None,
    *,
    operator: bool,
    password_stdin: bool,
) -> None:
    """Add an account and print its first password once."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(12)
    with sentences():
        account_rules.check_password(password, known=(email, name))
    hashed = accounts.hash_password(password)
    with unit() as session:
        if not (institution or operator or inspector):
            raise click.ClickException(
                "Say what the account is for: --institution SLUG, --operator or --inspector CODE."
            )
        if inspector and inspector not in {one.code for one in territory.voivodeships(session)}:
            raise click.ClickException(
                f"There is no voivodeship with the code {inspector}; lubuskie, for example, is 08."
            )
        if account_queries.by_email(session, email) is not None:
            raise click.ClickException(f"There is an account with the address {email} already.")
        made = accounts.add_account(
            session,
            Actor.system(),
            now(),
            email=email,
            name=name or email,
            password_hash=hashed,
            is_operator=operator,
            inspects=inspector,
        )
        if institution:
            found = people_queries.institution_id(session, institution)
            if found is None:
                raise click.ClickException(f"There is no institution with the slug {institution}.")
            people.add_member(session, Actor.system(), made.id or 0, found, Role(role), "", now())
        session.commit()
        click.echo(f"Added {made.email}." + ("" if password_stdin else f" First password: {password}"))


@kladka.command(name="import")
@click.argument("subject", type=click.Choice([subject.value for subject in Subject]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Say what the table would do, and change nothing.")
def import_table(subject: str, file: Path, *, only_check: bool) -> None:
    """Take a table (CSV or XLSX) over, all or nothing; `kladka export` writes one with the right columns.

    Ends with 1 and names line, column and reason when a row is wrong: then nothing has been changed.
    """
    with unit() as session:
        chosen, body, words = Subject(subject), file.read_bytes(), "would be " if only_check else ""
        try:
            if only_check:
                outcome = exchange.check(session, chosen, body, now(), progress=_say_rows)
            else:
                outcome = exchange.take_over(session, Actor.system(), chosen, body, now(), progress=_say_rows)
        except FileRefused as refusal:
            outcome = refusal.outcome
        for problem in outcome.problems:
            click.echo(str(problem), err=True)
        if outcome.problem_count:
            raise click.ClickException(
                f"{outcome.problem_count} mistakes, of which {len(outcome.problems)} are named above; "
                "nothing was changed."
            )
        if not only_check:
            session.commit()
        click.echo(
            f"{outcome.created} {words}added, {outcome.changed} {words}changed, {outcome.unchanged} left as they are."
        )


@kladka.command(name="export")
@click.argument("subject", type=click.Choice([one.value for one in Subject if one is not Subject.SHELTERS]))
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export_table(subject: str, file: Path) -> None:
    """Write a table (CSV or XLSX, by the ending of FILE) of what everybody may see."""
    if file.suffix.casefold() not in (".csv", ".xlsx"):
        raise click.ClickException("The name of the file must end with .csv or .xlsx.")
    with sentences(), opened(settings.read()) as database, database.session(writes=False) as session:
        site.configure(settings.read().base_url)
        chosen = Subject(subject)
        rows = exchange_queries.rows(session, chosen)
        with file.open("wb") as stream:
            if file.suffix.casefold() == ".csv":
                tables.write_csv(stream, exchange_queries.header(chosen), rows)
            else:
                tables.write_xlsx(stream, exchange_queries.header(chosen), rows, SUBJECT_WORD[chosen])
        click.echo(f"Written: {file}")


def _say_rows(number: int) -> None:
    if number % 1000 == 0:
        click.echo(f"{number:6d} rows read", err=True)


@kladka.group()
def teryt() -> None:
    """Look after the register of gminas."""


@teryt.command(name="update")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Say what would change, and change nothing.")
def update_teryt(file: Path, *, only_check: bool) -> None:
    """Bring the territory to the state of FILE, the CSV file TERC that GUS publishes every year (official version).

    All or nothing; a second time it changes nothing. Gminas are never deleted: ended ones keep their last day, old
    names are still found. New gminas get a placeholder for their welfare centre.
    """
    with sentences():
        register = terc.read(_text_of(file))
    with unit() as session:
        if only_check:
            made, kept = territory_actions.plan(session, register), None
        else:
            made, kept = competence.update_territory(session, Actor.system(), register, now())
        for line in _changes_in_words(made):
            click.echo(line)
        if kept is None:
            click.echo("Nothing has been changed: this was a check.")
            return
        session.commit()
        click.echo(f"{kept.made:6d}  placeholders of welfare centres added, {kept.settled} not needed any more")
        click.echo(f"The territory stands at {register.day}.")


@kladka.command()
def nightly() -> None:
    """Do the nightly work now: retention, seals of the audit trail."""
    with sentences(), configured() as database:
        done = list(work_through(database, timetable.JOBS, now()))
    for words, number in done:
        click.echo(f"{'failed' if number is None else number:>6}  {words}")
    if any(number is None for _, number in done):
        raise click.ClickException("Some of the nightly work failed; the log says why. It is tried again tomorrow.")


@kladka.command()
def doctor() -> None:
    """Look at settings, database, mail, disk and worker: green, or what to do."""
    with sentences():
        config = settings.read()
        with opened(config) as database:
            findings = list(_findings(config, database))
        for good, words in findings:
            click.echo(("ok    " if good else "WRONG ") + words)
        if not all(good for good, _ in findings):
            raise SystemExit(1)


@contextmanager
def sentences() -> Iterator[None]:
    """Turn what can be expected to go wrong into one sentence and exit code 1."""
    try:
        yield
    except WrongSetting as error:
        raise click.ClickException(str(error)) from error
    except Refusal as error:
        raise click.ClickException(str(error)) from error
    except DBAPIError as error:
        raise click.ClickException(f"The database refused: {str(error.orig).splitlines()[0]}") from error


@contextmanager
def opened(config: Config) -> Iterator[Database]:
    """Open the configured database and close its connections whatever happens."""
    database = Database(config.database_url)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def unit() -> Iterator[Session]:
    """Open the configured database for one writing unit of work; the command commits."""
    with sentences(), configured() as database, database.session(writes=True) as session:
        session.info["database"] = database
        yield session


@contextmanager
def configured() -> Iterator[Database]:
    """Open the configured database as the portal does."""
    config = settings.read()
    site.configure(config.base_url)
    accounts.configure_hashing(config.argon_memory_kib)
    with opened(config) as database:
        database.keep_open()
        yield database


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file.name} is not in UTF-8, as GUS writes its CSV files.") from error
    except OSError as error:
        raise click.ClickException(f"{file.name} cannot be read: {error.strerror}.") from error


def _changes_in_words(made: terc.Update) -> Iterator[str]:
    words = {
        TerritoryChangeKind.NEW: "new",
        TerritoryChangeKind.RENAMED: "renamed",
        TerritoryChangeKind.KIND: "changed kind",
        TerritoryChangeKind.COUNTY: "moved to another county",
        TerritoryChangeKind.ENDED: "ended",
    }
    for kind, what in words.items():
        changes = made.of(kind)
        yield f"{len(changes):6d}  {what}"
        for one in changes:
            yield f"          {one.code} {one.name}" + (
                f": {one.before} -> {one.after}" if one.before and one.after else ""
            )


def _database_of(session: Session) -> Database:
    database = session.info["database"]
    if not isinstance(database, Database):
        raise TypeError("the session was not opened by a command")
    return database


def _upgrade(database: Database, config: Config) -> None:
    schema.upgrade(database.engine)
    with database.session(writes=True) as session:
        if not config.demo_allowed and not people_queries.any_institution(session):
            _demo().load_reference(session, now())  # a portal in earnest begins with these
        calendar.rebuild_shelf(session, now())
        inner.renew(session, now())
        found.index_all(session)
        session.commit()


def _prepare(database: Database, config: Config) -> None:
    if schema.present(database.engine) != schema.newest():
        click.echo("Migrating the database …")
    _upgrade(database, config)
    if not (config.demo_allowed and config.on_loopback):
        return
    demo = _demo()
    with database.session(writes=True) as session:
        if not demo.is_loaded(session) and not people_queries.any_institution(session):
            click.echo("Loading the demo data …")
            demo.load_all(session, warsaw.today(now()), now())
        elif demo.is_loaded(session):
            demo.refresh(session, warsaw.today(now()), now())
        session.commit()


def _demo() -> ModuleType:
    # Loaded by what fills a database: an invented life and the YAML it stands in are no business of a portal at work.
    return importlib.import_module("app.demo")


def _worker(database: Database, config: Config) -> Worker:
    return Worker(database, config, Letters(ROOT / "templates"), timetable.JOBS, timetable.MINUTELY)


def _serve(config: Config, database: Database, host: str, port: int, *, with_worker: bool) -> None:
    app = create_app(config, database)
    server = web_server.make(app, host, port, proxied=config.trusted_proxies > 0)
    worker = _worker(database, config) if with_worker else None
    if worker is not None:
        worker.start()
    _greet(config, host, port, demo_site=bool(app.extensions["kladka.demo"]))
    # What exists now lives as long as the process: the collector need not look at it again (p99 of a page).
    gc.collect()
    gc.freeze()
    # Pages leave almost no circles behind: looking for them at every 700 objects took 7 % of a page.
    gc.set_threshold(_COLLECT_FROM, 20, 20)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
        if worker is not None:
            worker.stop()


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise click.ClickException(f"Port {port} is taken. Try: make run PORT={port + 1}") from error
            raise click.ClickException(f"Cannot listen on {host}:{port}: {error.strerror}.") from error


def _refuse_outdated(database: Database) -> None:
    present, newest = schema.present(database.engine), schema.newest()
    if present != newest:
        raise click.ClickException(
            f"The database stands at {present or 'nothing'}, the program needs {newest}: run `kladka db upgrade`."
        )


def _refuse_demo_in_public(database: Database, config: Config, host: str) -> None:
    # Behind a proxy it listens on this machine and is public all the same: the base address tells.
    public = not (settings.is_loopback(host) and config.on_loopback)
    if public and marks.is_set(database.engine, marks.DEMO):
        raise click.ClickException(
            "This database holds the demo with its public password, so it is served on 127.0.0.1 only: "
            "use an empty database."
        )


def _greet(config: Config, host: str, port: int, *, demo_site: bool) -> None:
    click.echo(
        f"Kładka: http://{host}:{port}" + (f" (as {config.base_url})" if config.host != f"{host}:{port}" else "")
    )
    if demo_site:
        click.echo(f"Demo accounts, all with the password {facts.DEMO_PASSWORD}:")
        for address, who in facts.DEMO_ACCOUNTS:
            click.echo(f"  {address:24} {who}")
    click.echo("Stop with Ctrl+C.")
    sys.stdout.flush()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _findings(config: Config, database: Database) -> Iterator[tuple[bool, str]]:
    yield True, f"settings: {config.base_url}, data in {config.data_dir}"
    try:
        present = schema.present(database.engine)
    except DBAPIError:
        yield False, "database: does not answer; see KLADKA_DATABASE_URL"
        return
    kind, newest = database.url.get_backend_name(), schema.newest()
    yield (
        present == newest,
        f"database: {kind}, stands at {present or 'nothing'}, the newest is {newest} (kladka db upgrade)",
    )
    server = f"{config.mail.host}:{config.mail.port}" if config.mail else "KLADKA_MAIL_URL is not set; mails wait"
    yield config.mail is not None, f"mail: {server}"
    free = _free_mib(config.data_dir)
    yield free > 200, f"disk: {free} MiB free below {config.data_dir}"
    if present == schema.newest():
        with database.session(writes=False) as session:
            yield (
                is_alive(session, now()),
                "worker: seen in the last 5 minutes, else start `kladka serve` or `kladka worker`",
            )
            broken = trail.broken_days(session)
            yield not broken, "audit trail: " + (f"seal broken on {broken[0]}" if broken else "all seals hold")


def _free_mib(folder: Path) -> int:
    return shutil.disk_usage(folder if folder.exists() else folder.parent).free // 2**20
