"""Measure the portal's pages against a bare Flask page: processor time of the server per request.

For each size a new SQLite database is filled with `demo --events N --institutions 300 --seed 7`, the portal is started
on it without its worker, and every page is asked for over one kept connection. Right before each page the floor is
measured: a bare Flask and Jinja page of 30 rows from memory, under the same server. The ratio of the two is the
figure: on a shared machine a neighbour moves it little, while milliseconds alone mean nothing.

    make bench                                    1,000 and 10,000 events
    .venv/bin/python tools/bench.py --events 1000 10000 100000 --write docs/speed.md
"""

import argparse
import contextlib
import http.client
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import waitress
from flask import Flask, render_template_string

ROOT: Final = Path(__file__).resolve().parent.parent
TICK: Final = os.sysconf("SC_CLK_TCK")
SECONDS_PER_ROW: Final = 2.0
SIGN_IN: Final = ("mops@demo.example", "kladka-demo-2026")

FLOOR_PAGE: Final = """<!doctype html><html lang="pl"><head><title>Podłoga</title></head><body><h1>Podłoga</h1><table>
{% for row in rows %}<tr><td>{{ row.number }}</td><td><a href="/wydarzenia/{{ row.number }}">{{ row.title }}</a></td>
<td>{{ row.place }}</td><td>{{ row.hours }}</td><td>{{ row.text }}</td></tr>
{% endfor %}</table></body></html>"""


class BenchError(Exception):
    """The measurement cannot go on; the text is the sentence for the user."""


@dataclass
class Server:
    """A running server and the kept connection to it."""

    process: subprocess.Popen[bytes]
    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

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

    def processor_seconds(self) -> float:
        """Return the user and system time the server has used so far."""
        # The name of the process, in brackets, may hold spaces: count from behind it.
        words = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / TICK

    def memory(self) -> float:
        """Return the resident memory in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1000


@dataclass(frozen=True)
class Row:
    """One page to measure: what it is called, how it is asked for, and which status proves that it was that page."""

    title: str
    path: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What one row cost: processor time of a request, waiting times, size."""

    cpu_ms: float
    p50_ms: float
    p99_ms: float
    kilobytes: float


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def serving(command: list[str], path: str, settings: dict[str, str]) -> Iterator[Server]:
    """Start a server, wait until it answers, and stop it afterwards."""
    port = free_port()
    process = subprocess.Popen([*command, "--port", str(port)], cwd=ROOT, env=os.environ | settings)
    try:
        server = Server(process, port)
        deadline = time.monotonic() + 30
        while True:
            try:
                server.ask(path)
                break
            except OSError as error:
                server.connection.close()
                if process.poll() is not None or time.monotonic() > deadline:
                    message = f"the server did not start: {' '.join(command)}"
                    raise BenchError(message) from error
                time.sleep(0.05)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


def serve_floor(port: int) -> None:
    """Serve the bare page."""
    floor = Flask("floor")
    rows = [
        {
            "number": number,
            "title": f"Dyżur pracownika socjalnego nr {number}",
            "place": "Zakład Karny w Kładkowie, sala widzeń",
            "hours": "10.00-12.00",
            "text": "Rozmowy o mieszkaniu, pracy i dokumentach przed zwolnieniem. " * 3,
        }
        for number in range(30)
    ]

    @floor.get("/")
    def page() -> str:
        return render_template_string(FLOOR_PAGE, rows=rows)

    waitress.serve(floor, host="127.0.0.1", port=port, threads=8)


def measure(server: Server, row: Row, seconds: float = SECONDS_PER_ROW) -> Reading:
    """Ask for the row again and again for about the given time and return what a request cost."""
    for _ in range(5):
        server.ask(row.path, **row.headers)
    answer, content = server.ask(row.path, **row.headers)
    if answer.status != row.status:
        message = f"{row.path} answered {answer.status} and not {row.status}"
        raise BenchError(message)
    waits: list[float] = []
    before = server.processor_seconds()
    end = time.monotonic() + seconds
    while time.monotonic() < end or len(waits) < 100:
        started = time.perf_counter()
        server.ask(row.path, **row.headers)
        waits.append((time.perf_counter() - started) * 1000)
    used = server.processor_seconds() - before
    return Reading(
        cpu_ms=used / len(waits) * 1000,
        p50_ms=statistics.median(waits),
        p99_ms=statistics.quantiles(waits, n=100)[98],
        kilobytes=len(content) / 1000,
    )


def sign_in(server: Server) -> None:
    """Sign the connection in as a coordinator of the demo."""
    _, content = server.ask("/logowanie")
    token = re.search(rb'name="csrf_token"[^>]*value="([^"]+)"', content)
    if token is None:
        message = "the sign-in page has no csrf_token"
        raise BenchError(message)
    email, password = SIGN_IN
    words = urllib.parse.urlencode({"email": email, "password": password, "csrf_token": token[1].decode()})
    answer, _ = server.ask("/logowanie", body=words)
    if answer.status != 303:
        message = f"the sign-in answered {answer.status}"
        raise BenchError(message)


def rows_of(server: Server) -> list[Row]:
    """List what is measured; the event and the feed's ETag are read from the portal."""
    _, listing = server.ask("/kalendarz/lista")
    event = re.search(rb'href="(/wydarzenia/[0-9a-f-]{36}[^"#?]*)"', listing)
    if event is None:
        message = "the list shows no event"
        raise BenchError(message)
    feed = "/kanaly/publiczny.ics"
    answer, _ = server.ask(feed)
    return [
        Row("event list", "/kalendarz/lista"),
        Row("month page", "/kalendarz"),
        Row("event page with sign-up", event[1].decode()),
        Row("directory", "/partnerzy"),
        Row("search", "/szukaj?q=mieszkanie"),
        Row("feed, unchanged", feed),
        Row("feed, 304", feed, 304, {"If_None_Match": answer.headers["ETag"]}),
    ]


def portal(words: list[str], settings: dict[str, str]) -> None:
    """Run one command of the portal."""
    done = subprocess.run([sys.executable, "-m", "app", *words], cwd=ROOT, env=os.environ | settings, check=False)
    if done.returncode:
        message = f"python -m app {' '.join(words)} failed"
        raise BenchError(message)


def table(events: int, say: Callable[[str], None]) -> None:
    """Measure one size of the database and say it as lines of a Markdown table."""
    with tempfile.TemporaryDirectory(prefix="kladka-bench-") as folder:
        settings = {
            "KLADKA_DATA_DIR": folder,
            "KLADKA_DATABASE_URL": f"sqlite:///{folder}/bench.sqlite",
            "KLADKA_LOG_LEVEL": "ERROR",
        }
        portal(["db", "upgrade"], settings)
        portal(["demo", "--events", str(events), "--institutions", "300", "--seed", "7"], settings)
        with (
            serving([sys.executable, str(Path(__file__)), "floor"], "/", {}) as floor,
            serving([sys.executable, "-m", "app", "serve", "--no-worker"], "/healthz", settings) as server,
        ):
            sign_in(server)
            say(f"\n{events:,} events, {server.memory():.0f} MB resident before the first page\n")
            say("| page | of the floor | CPU ms | p50 ms | p99 ms | kB |")
            say("|---|---|---|---|---|---|")
            for row in rows_of(server):
                bare = measure(floor, Row("floor", "/"), SECONDS_PER_ROW / 2)
                reading = measure(server, row)
                say(
                    f"| {row.title} | {bare.cpu_ms / reading.cpu_ms:.2f} | {reading.cpu_ms:.2f} | "
                    f"{reading.p50_ms:.1f} | {reading.p99_ms:.1f} | {reading.kilobytes:.0f} |"
                )


def write(path: Path, lines: list[str]) -> None:
    """Replace what follows the mark in a document by the figures and the command that made them."""
    mark = "<!-- figures -->"
    before = path.read_text(encoding="utf-8").partition(mark)[0] if path.exists() else "# Speed\n\n"
    command = f"`.venv/bin/python {' '.join(['tools/bench.py', *sys.argv[1:]])}`"
    path.write_text(f"{before}{mark}\n\nMade by {command}.\n" + "\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description="Measure the pages against a bare Flask page.")
    parser.add_argument("what", nargs="?", choices=["portal", "floor"], default="portal", help="floor: serve that page")
    parser.add_argument("--events", type=int, nargs="+", default=[1000, 10000], metavar="N", help="sizes to measure")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables into this document")
    parser.add_argument("--port", type=int, default=8010, help="port of the floor")
    arguments = parser.parse_args()
    if arguments.what == "floor":
        serve_floor(arguments.port)
        return
    lines: list[str] = []

    def say(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    for events in arguments.events:
        table(events, say)
    if arguments.write:
        write(arguments.write, lines)


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"The measurement stopped: {error}.")
    except KeyboardInterrupt:
        sys.exit("Stopped.")
