"""A running portal for real browsers: waitress, the worker, a real SMTP server, Chromium."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from sqlmodel import Session
from waitress.server import create_server

from app.config import Config
from app.db import Database
from app.factory import ROOT
from app.jobs.worker import Worker
from app.outbox.delivery import Letters
from app.portal import nightly
from tests import conftest
from tests.factories.persons import PASSWORD, Person
from tests.mailserver import Inbox, free_port, mail_server

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_INSTALL = "sudo apt-get install -y chromium"


def windows(*others: tuple[bool, int]) -> pytest.MarkDecorator:
    """Tell a journey in a wide window with JavaScript; in *others* on one database alone, as the acts are the same."""
    more = [pytest.param(*one, marks=pytest.mark.look) for one in others]
    return pytest.mark.parametrize(("javascript", "width"), [(True, 1280), *more])


@dataclass
class Portal:
    """A portal that runs on this machine: its address, its database, and what its mail server has received."""

    address: str
    database: Database
    inbox: Inbox

    def url(self, path: str) -> str:
        """Give the whole address of *path*."""
        return self.address + path


@pytest.fixture(name="inbox")
def _inbox() -> Iterator[Inbox]:
    with mail_server() as inbox:
        yield inbox


@pytest.fixture(name="portal")
def _portal(
    database: Database,
    session: Session,
    inbox: Inbox,
    tmp_path: Path,
    make_app: Callable[[Config, Database], Flask],
) -> Iterator[Portal]:
    """Serve the portal of this test on a free port; what the test has written into `session` is committed first."""
    session.commit()
    config = conftest.settings_for(tmp_path, mail=inbox.address)
    app = make_app(config, database)
    port = free_port()
    server = create_server(app, host="127.0.0.1", port=port, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    worker = Worker(database, config, Letters(ROOT / "templates"), nightly.JOBS)
    worker.start()
    yield Portal(f"http://127.0.0.1:{port}", database, inbox)
    worker.stop()
    server.close()
    server.task_dispatcher.shutdown()


@pytest.fixture(scope="session", name="playwright")
def _playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session", name="chromium")
def _chromium(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for the whole run; without one the test is skipped by name, or fails where CI is set."""
    found = next(
        (path for name in (os.environ.get("CHROMIUM", ""), *CHROMIUM) if name and (path := shutil.which(name))), None
    )
    if found is None:
        sentence = f"Chromium is not installed: {HOW_TO_INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync"]  # fmt: skip
    browser = playwright.chromium.launch(executable_path=found, args=arguments)
    yield browser
    browser.close()


@dataclass
class Visitor:
    """One person at one computer."""

    context: BrowserContext
    page: Page
    portal: Portal

    def go(self, path: str) -> Page:
        """Open *path*."""
        self.page.goto(self.portal.url(path))
        return self.page

    def sign_in(self, person: Person) -> Page:
        """Sign *person* in by the form."""
        page = self.go("/logowanie")
        page.get_by_label("Służbowy e-mail").fill(person.email)
        page.get_by_label("Hasło").fill(PASSWORD)
        page.locator("main").get_by_role("button", name="Zaloguj się").click()
        page.wait_for_url("**/biurko")
        return page


@pytest.fixture(name="visitor")
def _visitor(portal: Portal, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """`visitor(javascript=False, width=390)` opens a fresh browser; problems in its console fail the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_browser(*, javascript: bool = True, width: int = 1280, **options: object) -> Visitor:
        context = chromium.new_context(
            java_script_enabled=javascript,
            viewport={"width": width, "height": 900},
            locale="pl-PL",
            **options,  # type: ignore[arg-type]  # passed through to Playwright
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: _note(message.type, message.text, faults))
        page.on("pageerror", lambda error: faults.append(str(error)))
        return Visitor(context, page, portal)

    yield open_browser
    for context in contexts:
        context.close()
    assert faults == []


def _note(kind: str, text: str, faults: list[str]) -> None:
    # Chromium reports a refused form (422, 409) as a failed resource: that is an answer, not a fault.
    if kind == "error" and "Failed to load resource" not in text:
        faults.append(text)
