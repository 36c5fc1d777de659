"""Measure the portal against a bare Flask page, and check every limit that docs/speed.md sets.

The figure of a page is a ratio: processor time that the server of a bare Flask and Jinja page (30 rows from memory)
uses for a request, divided by what the portal uses for the page. The two take turns, a fraction of a second each,
under the same server: a busy neighbour moves both, while milliseconds alone mean nothing on a shared machine.
Databases are filled by `kladka demo` once and kept in var/bench; each measurement works on a copy.

    make bench                                                        1,000 and 10,000 events
    .venv/bin/python tools/bench.py --events 1000 10000 100000        filling the largest takes some minutes, once
    .venv/bin/python tools/bench.py --write docs/speed.md             put the table into the document
"""

import argparse
import compileall
import contextlib
import hashlib
import http.client
import importlib.metadata
import json
import os
import platform
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import waitress
from flask import Flask, render_template
from jinja2 import DictLoader

ROOT: Final = Path(__file__).resolve().parent.parent
KEPT: Final = ROOT / "var" / "bench"
THREADS: Final = 8
TURNS: Final = 8
PASSWORD: Final = "kladka-demo-2026"  # noqa: S105 - printed on the demonstration's own sign-in page
COORDINATOR, WORKER = "mops@demo.example", "pracownik@demo.example"
FEED: Final = "/kanaly/publiczny.ics"
OWN_FEEDS: Final = "/ustawienia/kalendarze"
FEED_EVENTS: Final = 2000  # so that about 1,000 of them are public and lie within the window of the feed
DIRECTORY_INSTITUTIONS: Final = 10_000
PROJECTS: Final = 2000  # of ten sessions each
PLACES, CROWD = 20, 50
SEARCHED: Final = ("szkolenie", "sz", "s", "szkolenie świadczenia", "zakład karny kadry", "próba staff", "nigdzie")
SEARCHES: Final = 9
MARK: Final = "<!-- figures -->"

FLOOR_BASE: Final = """<!doctype html><html lang="pl"><head><meta charset="utf-8"><title>{% block title %}{% endblock %}
</title></head><body><h1>Podłoga</h1>{% block main %}{% endblock %}</body></html>"""
FLOOR_PAGE: Final = """{% extends 'base.html' %}{% block title %}Podłoga{% endblock %}{% block main %}<table>
{% for row in rows %}<tr><td>{{ row.number }}</td><td><a href="/wydarzenia/{{ row.number }}">{{ row.title }}</a></td>
<td>{{ row.day }}</td><td>{{ row.hours }}</td><td>{{ row.place }}</td><td>{{ row.text }}</td></tr>
{% endfor %}</table>{% endblock %}"""


class BenchError(Exception):
    """The measurement cannot go on; the text is the sentence for the user."""


@dataclass
class Server:
    """A running server and the kept connection to it."""

    process: subprocess.Popen[bytes]
    port: int
    started: float
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def another(self, *, signed_in: bool = True) -> "Server":
        """Return the same server with a connection of its own; programs that read feeds have no cookies."""
        return Server(self.process, self.port, self.started, dict(self.cookies) if signed_in else {})

    def ask(self, path: str, *, body: str | None = None, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        """Send one request and return the answer, keeping cookies as a browser does."""
        words = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            words["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None:
            words["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request("GET" if body is None else "POST", path, body, words)
        answer = self.connection.getresponse()
        content = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer, content

    def send(self, path: str, body: str) -> int:
        """Post a form with the same cookies again and again, as many people would; return the status."""
        kept = dict(self.cookies)
        answer, content = self.ask(path, body=body)
        self.cookies = kept
        if answer.status == http.HTTPStatus.UNPROCESSABLE_ENTITY:
            why = re.search(r'class="(?:errors|msg)".*?</(?:ul|span)>', content.decode(), re.DOTALL)
            print("Refused:", re.sub(r"<[^>]*>|\s+", " ", why[0] if why else body), file=sys.stderr)
        return answer.status

    def processor_seconds(self) -> float:
        """Return the user and system time that the server has used so far."""
        # Linux gives each process a clock of its own, named by its number (clock_getcpuclockid(3)): exact, while
        # /proc counts in hundredths of a second.
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def memory(self) -> float:
        """Return the resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1000


@dataclass(frozen=True)
class Page:
    """One request to measure: how it is asked for, and which status proves that it was that page.

    *others* are pages of its kind that are asked for in turn with it, so that none is still in memory.
    """

    path: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """What one page cost: its ratio to the floor, processor time, waiting times, size as transferred."""

    ratio: float
    cpu_ms: float
    floor_ms: float
    p50_ms: float
    p99_ms: float
    kilobytes: float


@dataclass(frozen=True)
class Line:
    """One line of the table; *good* is None where nothing is demanded."""

    what: str
    must: str
    aim: str
    measured: str
    good: bool | None

    def __str__(self) -> str:
        return f"| {self.what} | {self.must} | {self.aim} | {self.measured} | {_WORD[self.good]} |"


_WORD: Final = {True: "yes", False: "**no**", None: ""}


@dataclass(frozen=True)
class Wants:
    """What the command line asks for."""

    events: list[int]
    institutions: int
    seed: int
    seconds: float


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def serving(command: list[str], path: str, settings: dict[str, str]) -> Iterator[Server]:
    """Start a server, wait until it answers, and stop it afterwards."""
    port = free_port()
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "--port", str(port)], cwd=ROOT, env=os.environ | settings, stdout=subprocess.DEVNULL
    )
    try:
        server = Server(process, port, started)
        while True:
            try:
                server.ask(path)
                break
            except OSError as error:
                server.connection.close()
                if process.poll() is not None or time.monotonic() > started + 60:
                    message = f"the server did not start: {' '.join(command)}"
                    raise BenchError(message) from error
                time.sleep(0.01)
        server.started = time.monotonic() - started
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def serving_floor() -> contextlib.AbstractContextManager[Server]:
    """Serve the bare page in a process of its own."""
    return serving([sys.executable, str(Path(__file__)), "floor"], "/", {})


def serving_portal(settings: dict[str, str]) -> contextlib.AbstractContextManager[Server]:
    """Serve the portal without its worker, as a process of its own."""
    return serving([sys.executable, "-m", "app", "serve", "--no-worker"], "/healthz", settings)


def serve_floor(port: int) -> None:
    """Serve the bare page: what Flask, Jinja and the server cost before a portal does anything."""
    floor = Flask("floor")
    floor.jinja_loader = DictLoader({"base.html": FLOOR_BASE, "page.html": FLOOR_PAGE})
    rows = [
        {
            "number": number,
            "title": f"Dyżur pracownika socjalnego nr {number}",
            "day": "wtorek, 24 listopada 2026",
            "hours": "10.00-12.00",
            "place": "Zakład Karny w Kładkowie, sala widzeń",
            "text": "Rozmowy o mieszkaniu, pracy i dokumentach przed zwolnieniem. " * 3,
        }
        for number in range(30)
    ]

    @floor.get("/")
    def page() -> str:
        return render_template("page.html", rows=rows)

    waitress.serve(floor, host="127.0.0.1", port=port, threads=THREADS, _quiet=True)


def portal(words: list[str], settings: dict[str, str]) -> None:
    """Run one command of the portal."""
    done = subprocess.run([sys.executable, "-m", "app", *words], cwd=ROOT, env=os.environ | settings, check=False)
    if done.returncode:
        message = f"python -m app {' '.join(words)} failed"
        raise BenchError(message)


def settings_of(folder: Path) -> dict[str, str]:
    """Give the environment of a portal whose data lie in *folder*."""
    return {
        "KLADKA_DATA_DIR": str(folder),
        "KLADKA_DATABASE_URL": f"sqlite:///{folder}/kladka.sqlite",
        "KLADKA_SECRET_KEY": "measured-with-this-key-and-nothing-else-0123456789",
        "KLADKA_LOG_LEVEL": "ERROR",
    }


def filled(events: int, institutions: int, seed: int, projects: int = 0) -> Path:
    """Return a database with so many load events, institutions and projects, filled now or kept from an earlier run."""
    month = time.strftime("%Y-%m-01", time.gmtime())
    size = f"{events}-{institutions}-{seed}" + (f"-p{projects}" if projects else "")
    kept = KEPT / f"{size}-{month}-{version()}.sqlite"
    if kept.exists():
        return kept
    KEPT.mkdir(parents=True, exist_ok=True)
    for old in KEPT.glob(f"{size}-{month[:2]}*.sqlite"):
        old.unlink()
    more = f" and {projects:,} projects" if projects else ""
    print(f"Filling a database with {events:,} events, {institutions:,} institutions{more} …", flush=True)
    with tempfile.TemporaryDirectory(prefix="filling-", dir=KEPT) as folder:
        settings = settings_of(Path(folder))
        portal(["db", "upgrade"], settings)
        numbers = ["--events", str(events), "--institutions", str(institutions), "--seed", str(seed)]
        numbers += ["--projects", str(projects)]
        portal(["demo", "--today", month, *numbers], settings)
        made = Path(folder) / "kladka.sqlite"
        with contextlib.closing(sqlite3.connect(made)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        made.rename(kept)
    return kept


def version() -> str:
    """Name what decides how a filled database looks: tables, demo, stored calendar texts."""
    files = [*ROOT.glob("*/*/models.py"), *ROOT.glob("app/demo/*.py"), *ROOT.glob("migrations/versions/*.py")]
    digest = hashlib.sha256()
    for path in sorted([*files, ROOT / "events" / "ical.py"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


@contextlib.contextmanager
def copied(kept: Path) -> Iterator[dict[str, str]]:
    """Give the settings of a portal on a copy of a filled database."""
    with tempfile.TemporaryDirectory(prefix="kladka-bench-") as folder:
        shutil.copy(kept, Path(folder) / "kladka.sqlite")
        yield settings_of(Path(folder))


def database(settings: dict[str, str]) -> contextlib.closing[sqlite3.Connection]:
    """Open the database of these settings beside the portal."""
    path = settings["KLADKA_DATABASE_URL"].removeprefix("sqlite:///")
    return contextlib.closing(sqlite3.connect(path, timeout=10, isolation_level=None))


def sign_in(server: Server, email: str) -> None:
    """Sign the connection in as a person of the demo."""
    _, content = server.ask("/logowanie")
    words = {"email": email, "password": PASSWORD, "csrf_token": token_in(content)}
    answer, _ = server.ask("/logowanie", body=urllib.parse.urlencode(words))
    if answer.status != http.HTTPStatus.SEE_OTHER:
        message = f"the sign-in answered {answer.status}"
        raise BenchError(message)


def token_in(content: bytes) -> str:
    """Give the CSRF token of a page."""
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', content)
    if token is None:
        message = "the page has no csrf_token"
        raise BenchError(message)
    return token[1].decode()


def events_to_sign_up_for(settings: dict[str, str]) -> list[str]:
    """Choose three coming public events of the load; the second gets 20 places, the third any number."""
    soon = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 20 * 24 * 3600))
    with database(settings) as connection:
        found = connection.execute(
            "SELECT e.id, e.uuid FROM event e JOIN occurrence o ON o.event_id = e.id"
            " WHERE e.visibility = 'public' AND e.state = 'published' AND e.title LIKE '%(%)'"
            " AND e.capacity IS NOT NULL AND o.local_date > ? ORDER BY e.id LIMIT 3",
            (soon,),
        ).fetchall()
        connection.execute("UPDATE event SET capacity = ? WHERE id = ?", (PLACES, found[1][0]))
        connection.execute("UPDATE event SET capacity = NULL WHERE id = ?", (found[2][0],))
    return [f"/wydarzenia/{uuid.UUID(str(row[1]))}" for row in found]


def measure(floor: Server, server: Server, page: Page, seconds: float) -> Reading:
    """Ask for the floor and for *page* in turns, for about *seconds* each, and compare what a request cost."""
    answer, content = server.ask(page.path, **page.headers)
    if answer.status != page.status:
        message = f"{page.path} answered {answer.status} and not {page.status}"
        raise BenchError(message)
    for _ in range(10):
        server.ask(page.path, **page.headers)
        floor.ask("/")
    bare, own, waits = Spent(floor), Spent(server), list[float]()
    for _ in range(TURNS):
        bare.ask(Page("/"), seconds / TURNS)
        waits += own.ask(page, seconds / TURNS)
    return Reading(
        ratio=bare.per_request / own.per_request,
        cpu_ms=own.per_request * 1000,
        floor_ms=bare.per_request * 1000,
        p50_ms=statistics.median(waits) * 1000,
        p99_ms=statistics.quantiles(waits, n=100)[98] * 1000,
        kilobytes=len(content) / 1000,
    )


@dataclass
class Spent:
    """Adds up the processor time of a server over the turns of a measurement."""

    server: Server
    seconds: float = 0.0
    requests: int = 0

    def ask(self, page: Page, seconds: float) -> list[float]:
        """Ask for *page* for about *seconds*; return the waiting times."""
        waits: list[float] = []
        paths = cycle((page.path, *page.others))
        before, end = self.server.processor_seconds(), time.monotonic() + seconds
        while time.monotonic() < end or len(waits) < 20:
            started = time.perf_counter()
            self.server.ask(next(paths), **page.headers)
            waits.append(time.perf_counter() - started)
        self.seconds += self.server.processor_seconds() - before
        self.requests += len(waits)
        return waits

    @property
    def per_request(self) -> float:
        """Seconds of processor time of one request."""
        return self.seconds / self.requests


def sign_up_body(token: str, number: int) -> str:
    """Give the form that signs up one invented colleague."""
    person = {"name_0": f"Osoba Próbna {number}", "email_0": f"osoba-{number}-{uuid.uuid4().hex[:6]}@mops.example"}
    return urllib.parse.urlencode({"csrf_token": token, "key": str(uuid.uuid4()), **person})


def sign_ups_one_by_one(server: Server, event: str, token: str, number: int) -> float:
    """Sign up *number* people one after the other; return the processor seconds of one."""
    before = server.processor_seconds()
    for one in range(number):
        status = server.send(f"{event}/zapisy", sign_up_body(token, one))
        if status != http.HTTPStatus.SEE_OTHER:
            message = f"a sign-up answered {status}"
            raise BenchError(message)
    return (server.processor_seconds() - before) / number


def crowd(servers: Sequence[Server], event: str, token: str) -> tuple[float, list[int]]:
    """Send 50 sign-ups at once, spread over the servers; return the seconds until the last answer, and the answers."""
    connections = [servers[number % len(servers)].another() for number in range(CROWD)]
    for one in connections:
        one.ask("/healthz")
    gate, statuses = threading.Barrier(CROWD + 1), list[int]()

    def send(connection: Server, number: int) -> None:
        body = sign_up_body(token, number)
        gate.wait()
        statuses.append(connection.send(f"{event}/zapisy", body))

    threads = [threading.Thread(target=send, args=(one, number)) for number, one in enumerate(connections)]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.monotonic()
    for thread in threads:
        thread.join()
    return time.monotonic() - started, statuses


def in_order(settings: dict[str, str], event: str) -> tuple[int, int, bool]:
    """Give seats, waiting, and whether the seats went to the first in the queue and no number was given twice."""
    with database(settings) as connection:
        rows = connection.execute(
            "SELECT s.queue_no, s.state FROM signup s JOIN occurrence o ON o.id = s.occurrence_id"
            " JOIN event e ON e.id = o.event_id WHERE e.uuid = ? ORDER BY s.queue_no",
            (uuid.UUID(event.rpartition("/")[2]).hex,),
        ).fetchall()
    states = [state for _number, state in rows]
    numbers = [number for number, _state in rows]
    seats = states.count("seat")
    fair = numbers == list(range(1, len(rows) + 1)) and states[:seats] == ["seat"] * seats
    return seats, states.count("waiting"), fair


def sign_ups_per_second(server: Server, event: str, token: str, seconds: float) -> tuple[float, int]:
    """Sign people up for one event over as many connections as the server has threads.

    Return how many a second, and how many were refused in all.
    """
    end, done = time.monotonic() + seconds, list[int]()

    def send(connection: Server) -> None:
        while time.monotonic() < end:
            done.append(connection.send(f"{event}/zapisy", sign_up_body(token, len(done))))

    threads = [threading.Thread(target=send, args=(server.another(),)) for _ in range(THREADS)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = done.count(http.HTTPStatus.SEE_OTHER)
    return made / (time.monotonic() - started), len(done) - made


def count_statements(paths: Sequence[str], etag_of: str) -> dict[str, int]:
    """Build the portal in this process and count the SQL statements of each path, signed in; BEGIN is none."""
    sys.path.insert(0, str(ROOT))
    from sqlalchemy import event  # noqa: PLC0415 - this process alone needs the portal itself

    from app.factory import create_app  # noqa: PLC0415 - as above

    portal_app = create_app()
    engine, heard = portal_app.extensions["kladka.database"].engine, list[str]()
    event.listen(engine, "before_cursor_execute", lambda *words: heard.append(words[2]))
    client, base = portal_app.test_client(), portal_app.extensions["kladka.config"].base_url
    token = token_in(client.get("/logowanie", base_url=base).data)
    words = {"email": COORDINATOR, "password": PASSWORD, "csrf_token": token}
    client.post("/logowanie", base_url=base, data=words)
    counts: dict[str, int] = {}
    etag = client.get(etag_of, base_url=base).headers["ETag"]
    for path in paths:
        for _ in range(2):
            heard.clear()
            client.get(path, base_url=base, headers={"If-None-Match": etag} if path == etag_of else {})
        counts[path] = len([words for words in heard if not words.startswith("BEGIN")])
    return counts


def time_searches() -> dict[str, float]:
    """Look for words of every kind in the portal's database, in this process; give the median milliseconds of each."""
    sys.path.insert(0, str(ROOT))
    from app import warsaw  # noqa: PLC0415 - this process alone needs the portal itself
    from app.clock import now  # noqa: PLC0415 - as above
    from app.factory import create_app  # noqa: PLC0415 - as above
    from events.search import queries  # noqa: PLC0415 - as above

    database, today = create_app().extensions["kladka.database"], warsaw.today(now())
    taken: dict[str, float] = {}
    with database.session(writes=False) as session:
        for words in SEARCHED:
            times = []
            for _ in range(SEARCHES):
                begun = time.perf_counter()
                queries.event_ids(session, words, today)
                times.append((time.perf_counter() - begun) * 1000)
            taken[words] = statistics.median(times)
    return taken


def asked_of_portal(words: Sequence[str], settings: dict[str, str]) -> Any:
    """Run a part of this file in a process of its own, with the portal in it, and read what it says."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), *words],
        cwd=ROOT,
        env=os.environ | settings,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def statements(settings: dict[str, str], paths: Sequence[str], etag_of: str) -> dict[str, int]:
    """Count the statements in a process of their own."""
    counted: dict[str, int] = asked_of_portal(["statements", "--paths", *paths, etag_of], settings)
    return counted


def at_least(what: str, value: float, must: float, aim: str, more: str = "") -> Line:
    """Give the line of a ratio that must not be lower."""
    return Line(what, f"≥ {must:g}", f"≥ {aim}", f"{value:.2f}{more}", value >= must)


def at_most(what: str, value: float, must: float, aim: str, unit: str = "", digits: int = 0) -> Line:
    """Give the line of a number that must not be higher."""
    shown = f"{value:,.{digits}f}{unit}"
    return Line(what, f"≤ {must:g}{unit}", f"≤ {aim}{unit}" if aim else "", shown, round(value, digits) <= must)


def told(reading: Reading) -> str:
    """Say what a ratio is made of."""
    return f" ({reading.cpu_ms:.2f} ms to {reading.floor_ms:.2f})"


def pages(wants: Wants) -> Iterator[Line]:
    """Measure the pages on all sizes in turns: ratios, growth, kilobytes, statements, sign-up."""
    readings: dict[str, dict[int, Reading]] = {}
    sign_up: dict[int, float] = {}
    counts: dict[int, dict[str, int]] = {}
    kept = {events: filled(events, wants.institutions, wants.seed) for events in wants.events}
    with contextlib.ExitStack() as stack:
        floor = stack.enter_context(serving_floor())
        portals: dict[int, tuple[Server, dict[str, Page]]] = {}
        for events in wants.events:
            settings = stack.enter_context(copied(kept[events]))
            shown, _crowded, open_to_many = events_to_sign_up_for(settings)
            feed = f"/kanaly/i/proba-{wants.seed}-1.ics"
            counts[events] = statements(settings, ["/kalendarz/lista", "/kalendarz", shown], feed)
            counts[events] = dict(zip(("list", "month", "event", "304"), counts[events].values(), strict=True))
            server = stack.enter_context(serving_portal(settings))
            answer, _ = server.ask(feed)
            not_changed = Page(feed, 304, {"If_None_Match": answer.headers["ETag"]})
            sign_in(server, COORDINATOR)
            asked = {"list": Page("/kalendarz/lista"), "month": Page("/kalendarz"), "event": Page(shown)}
            portals[events] = server, asked | {"304": not_changed}
            _, content = server.ask(open_to_many)
            sign_ups_one_by_one(server, open_to_many, token_in(content), 10)
            sign_up[events] = sign_ups_one_by_one(server, open_to_many, token_in(content), 100)
        for name in ("list", "month", "event", "304"):
            readings[name] = {}
            for events, (server, asked) in portals.items():
                client = server.another() if name != "304" else server.another(signed_in=False)
                readings[name][events] = measure(floor, client, asked[name], wants.seconds)
    yield from page_lines(readings, counts)
    yield from growth_lines(readings, sign_up)


def page_lines(readings: dict[str, dict[int, Reading]], counts: dict[int, dict[str, int]]) -> Iterator[Line]:
    """Give the lines of the ratios, sizes and statements."""
    musts = {
        "list": ("event list, 30 rows", 0.20, "0.50"),
        "month": ("month page", 0.12, "0.45"),
        "event": ("event page with sign-up form", 0.35, "0.70"),
    }
    for name, (title, must, aim) in musts.items():
        for events, reading in readings[name].items():
            yield at_least(f"{title}, {events:,} events", reading.ratio, must, aim, told(reading))
    for events, reading in readings["304"].items():
        yield at_least(f"feed of an institution, 304, {events:,} events", reading.ratio, 1.0, "2.0", told(reading))
    sizes = {events: reading.kilobytes for events, reading in readings["month"].items()}
    for events, kilobytes in sizes.items():
        yield at_most(f"month page, {events:,} events", kilobytes, 150, "", " kB")
    if len(sizes) > 1:
        yield at_most("month page, growth of its size", max(sizes.values()) / min(sizes.values()), 2, "", "×", 2)
    listed = next(iter(readings["list"].values()))
    yield at_most("p99 of one user to p50, event list", listed.p99_ms / listed.p50_ms, 5, "3", "×", 1)
    most = {"list": (4, "list"), "month": (5, "month"), "event": (6, "event"), "304": (1, "feed, 304")}
    for name, (must, title) in most.items():
        numbers = {count[name] for count in counts.values()}
        shown = ", ".join(str(number) for number in sorted(numbers))
        yield Line(f"SQL statements, {title}", f"≤ {must}", "constant", shown, max(numbers) <= must)


def growth_lines(readings: dict[str, dict[int, Reading]], sign_up: dict[int, float]) -> Iterator[Line]:
    """Give the lines that compare the smallest with the largest size."""
    smallest, largest = min(sign_up), max(sign_up)
    if smallest == largest:
        return
    span = f"{smallest:,} to {largest:,} events"
    for name, title in (("list", "event list"), ("event", "event page"), ("304", "feed, 304")):
        ratios = readings[name]
        grown = ratios[smallest].ratio / ratios[largest].ratio
        yield at_most(f"cost growth {span}: {title}", grown, 1.2, "1.1", "×", 2)
    yield at_most(f"cost growth {span}: sign-up", sign_up[largest] / sign_up[smallest], 1.2, "1.1", "×", 2)


def directory(wants: Wants) -> Iterator[Line]:
    """Measure the directory with 10,000 institutions: the list, and a search in it."""
    kept = filled(min(wants.events), DIRECTORY_INSTITUTIONS, wants.seed)
    with copied(kept) as settings, serving_floor() as floor, serving_portal(settings) as server:
        sign_in(server, COORDINATOR)
        listed = measure(floor, server, Page("/partnerzy"), wants.seconds)
        found = measure(floor, server, Page("/partnerzy?q=pomoc"), wants.seconds)
        title = f"directory, 25 rows with filter counts, {DIRECTORY_INSTITUTIONS:,} institutions"
        yield at_least(title, listed.ratio, 0.15, "0.40", told(listed))
        yield Line(f"{title}, a word looked up", "", "", f"{found.ratio:.2f}{told(found)}", None)


def projects(wants: Wants) -> Iterator[Line]:
    """Measure list and page of projects where there are 2,000 of them with ten sessions each."""
    kept = filled(min(wants.events), wants.institutions, wants.seed, PROJECTS)
    with copied(kept) as settings, serving_floor() as floor, serving_portal(settings) as server:
        shown, *others = (f"/projekty/{slug}" for slug in running_projects(settings))
        feed = f"/kanaly/i/proba-{wants.seed}-1.ics"
        counts = statements(settings, ["/projekty", shown], feed)
        sign_in(server, COORDINATOR)
        size = f"{PROJECTS:,} projects, {10 * PROJECTS:,} sessions"
        listed = measure(floor, server, Page("/projekty"), wants.seconds)
        page = measure(floor, server, Page(shown), wants.seconds)
        fresh = measure(floor, server, Page(shown, others=tuple(others)), wants.seconds)
        yield at_least(f"project list, {size}", listed.ratio, 0.20, "0.50", told(listed))
        yield at_least(f"project page, {size}", page.ratio, 0.35, "0.70", told(page))
        yield Line(
            "project page, the first time after somebody has written", "", "", f"{fresh.ratio:.2f}{told(fresh)}", None
        )
        yield at_most("SQL statements, project list", counts["/projekty"], 4, "")
        yield at_most("SQL statements, project page", counts[shown], 6, "")


def running_projects(settings: dict[str, str]) -> list[str]:
    """Give running projects of the load, with sessions that are over and to come, by their address names.

    They are more than the portal keeps pages in memory.
    """
    with database(settings) as connection:
        found = connection.execute(
            "SELECT p.slug FROM programme p JOIN edition e ON e.programme_id = p.id JOIN event v ON v.edition_id = e.id"
            " JOIN occurrence o ON o.event_id = v.id WHERE p.state = 'running' AND p.slug LIKE 'proba-projekt-%'"
            " GROUP BY p.slug ORDER BY abs(sum(CASE WHEN o.outcome = 'held' THEN 1 ELSE 0 END) - 5), p.slug LIMIT 200"
        ).fetchall()
    return [str(slug) for (slug,) in found]


def feeds(wants: Wants) -> Iterator[Line]:
    """Measure a feed of about 1,000 events: unchanged, and the first time after a change."""
    kept = filled(FEED_EVENTS, wants.institutions, wants.seed)
    with copied(kept) as settings, serving_floor() as floor, serving_portal(settings) as server:
        answer, body = server.ask(FEED)
        number = body.count(b"BEGIN:VEVENT")
        plain = measure(floor, server, Page(FEED), wants.seconds)
        packed = measure(floor, server, Page(FEED, 200, {"Accept_Encoding": "gzip"}), wants.seconds)
        known = Page(FEED, 304, {"If_None_Match": answer.headers["ETag"]})
        not_changed = measure(floor, server, known, wants.seconds)
        first: list[float] = []
        for _ in range(10):
            with database(settings) as connection:
                connection.execute("UPDATE feed_state SET version = version + 1 WHERE kind = 'public'")
            started = time.perf_counter()
            server.ask(FEED, Accept_Encoding="gzip")
            first.append((time.perf_counter() - started) * 1000)
        title = f"public feed, {number:,} events"
        yield at_least(f"{title}, 304", not_changed.ratio, 1.0, "2.0", told(not_changed))
        yield at_least(f"{title}, unchanged, stored gzip", packed.ratio, 0.7, "1.5", told(packed))
        sized = f", {plain.kilobytes:.0f} kB"
        yield at_least(f"{title}, unchanged, plain{sized}", plain.ratio, 0.7, "1.5", told(plain))
        yield at_most(f"{title}, first after a change", statistics.median(first), 60, "10", " ms", 1)
        own = own_feed(server)
        program = server.another(signed_in=False)
        answer, body = program.ask(own)
        known = Page(own, 304, {"If_None_Match": answer.headers["ETag"]})
        reading = measure(floor, program, known, wants.seconds)
        number = body.count(b"BEGIN:VEVENT")
        yield at_least(f"personal feed, {number:,} events, 304", reading.ratio, 1.0, "2.0", told(reading))


def own_feed(server: Server) -> str:
    """Make a calendar of one's own, as its person does; give the path of its secret address."""
    sign_in(server, COORDINATOR)
    token = token_in(server.ask(OWN_FEEDS)[1])
    server.ask(OWN_FEEDS, body=urllib.parse.urlencode({"csrf_token": token, "name": "Outlook"}))
    found = re.search(r"/kanaly/o/[\w-]+\.ics", server.ask(OWN_FEEDS)[1].decode())
    if found is None:
        raise BenchError("no address of a personal feed was shown")
    return found[0]


def sign_ups(wants: Wants) -> Iterator[Line]:
    """Let 50 people at 20 places through two servers on one file, then count sign-ups in a second through one."""
    kept = filled(min(wants.events), wants.institutions, wants.seed)
    with copied(kept) as settings, serving_portal(settings) as one, serving_portal(settings) as two:
        _shown, crowded, open_to_many = events_to_sign_up_for(settings)
        sign_in(one, COORDINATOR)
        token = token_in(one.ask(crowded)[1])
        two.cookies = dict(one.cookies)
        two.ask(crowded)
        seconds, statuses = crowd((one, two), crowded, token)
        seats, waiting, fair = in_order(settings, crowded)
        right = (seats, waiting, fair) == (PLACES, CROWD - PLACES, True) and statuses == [303] * CROWD
        title = f"{CROWD} sign-ups at once on {PLACES} places, 2 processes"
        order = "in order" if fair else "out of order"
        wanted = f"{PLACES} + {CROWD - PLACES} waiting, in order"
        yield Line(title, wanted, wanted, f"{seats} + {waiting} waiting, {order}", right)
        yield at_most(f"{title}: until the last answer", seconds, 1, "0.3", " s", 2)
        number, refused = sign_ups_per_second(one, open_to_many, token, max(wants.seconds, 3))
        shown = f"{number:.0f}" + (f", {refused} refused" if refused else "")
        yield Line("sign-ups per second on one event", "≥ 150", "≥ 300", shown, number >= 150 and not refused)


def search(wants: Wants) -> Iterator[Line]:
    """Search every size for a word that most events have, for beginnings of words, for several and for none."""
    for events in wants.events:
        with copied(filled(events, wants.institutions, wants.seed)) as settings:
            taken: dict[str, float] = asked_of_portal(["search"], settings)
        slowest = max(taken, key=lambda words: taken[words])
        what = f"search in the database, {events:,} events, the slowest of {len(taken)} (“{slowest}”)"
        yield at_most(what, taken[slowest], 10, "5", " ms", 1)


def start(wants: Wants) -> Iterator[Line]:
    """Start the portal three times, compiled as set-up leaves it: seconds to the first answer, memory idle."""
    for package in ("app", "events", "partners", "projects"):
        compileall.compile_dir(ROOT / package, quiet=1)
    with copied(filled(min(wants.events), wants.institutions, wants.seed)) as settings:
        seconds, memory = [], 0.0
        for _ in range(3):
            with serving_portal(settings) as server:
                seconds.append(server.started)
                memory = server.memory()
    yield at_most("start to first answer, best of 3", min(seconds), 1.5, "1.0", " s", 2)
    yield at_most("memory idle", memory, 120, "90", " MB")


def installed() -> Iterator[Line]:
    """Weigh what requirements.lock installs, without the extras for PostgreSQL and for papers in PDF."""
    names = re.findall(r"^([A-Za-z0-9_.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    names = [name for name in names if not name.startswith(("psycopg", "typst"))]
    weight = 0
    for name in names:
        for file in importlib.metadata.files(name) or []:
            with contextlib.suppress(OSError):
                weight += Path(str(file.locate())).stat().st_size
    yield at_most("packages installed, without extras", len(names), 45, "")
    yield at_most("their weight", weight / 1_000_000, 120, "", " MB")


def write(path: Path, lines: Sequence[str]) -> None:
    """Replace what follows the mark in a document by the figures, the command that made them, day and machine."""
    before = path.read_text(encoding="utf-8").partition(MARK)[0] if path.exists() else "# Speed\n\n"
    command = f"`.venv/bin/python {' '.join(['tools/bench.py', *sys.argv[1:]])}`"
    day = time.strftime("%Y-%m-%d", time.gmtime())
    machine = f"{os.cpu_count()} processors ({processor()}), {platform.system()} {platform.machine()}"
    made = f"Made by {command} on {day}: {machine}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}."
    path.write_text(f"{before}{MARK}\n\n{made}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")


def processor() -> str:
    """Name the processor as the system does."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


PARTS: Final[dict[str, Callable[[Wants], Iterator[Line]]]] = {
    "pages": pages,
    "directory": directory,
    "projects": projects,
    "feeds": feeds,
    "signups": sign_ups,
    "search": search,
    "start": start,
}


def main() -> int:
    """Read the command line and measure; the exit code is 1 when a limit is broken."""
    parser = argparse.ArgumentParser(description="Measure the portal against a bare Flask page.")
    parser.add_argument("what", nargs="?", choices=["portal", "floor", "statements", "search"], default="portal")
    parser.add_argument("--events", type=int, nargs="+", default=[1000, 10000], metavar="N", help="sizes to measure")
    parser.add_argument("--institutions", type=int, default=300, metavar="N")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each page is asked for")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), help="measure these parts only")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this document")
    parser.add_argument("--port", type=int, default=8010, help="port of the floor")
    parser.add_argument("--paths", nargs="+", default=[], help="with statements: what to ask for; last, a feed")
    given = parser.parse_args()
    if given.what == "floor":
        serve_floor(given.port)
        return 0
    if given.what == "statements":
        print(json.dumps(count_statements(given.paths, given.paths[-1])))
        return 0
    if given.what == "search":
        print(json.dumps(time_searches()))
        return 0
    wants = Wants(given.events, given.institutions, given.seed, given.seconds)
    lines = ["| what | must | aim | measured | holds |", "|---|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    broken = 0
    for name in given.only or PARTS:
        for line in [*PARTS[name](wants), *(installed() if name == "start" else ())]:
            print(line, flush=True)
            lines.append(str(line))
            broken += line.good is False
    if given.write:
        write(given.write, lines)
    if max(given.events) < 100_000:
        print("\nGrowth is promised up to 100,000 events: tools/bench.py --events 1000 10000 100000")
    print(f"\n{broken} limits are broken." if broken else "\nEvery limit holds.")
    return 1 if broken else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(f"The measurement stopped: {error}.")
    except KeyboardInterrupt:
        sys.exit("Stopped.")
