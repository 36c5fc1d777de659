"""The web server keeps a connection after an answer without a body."""

import http.client
from contextlib import closing
from threading import Thread

import pytest
from flask import Flask, Response, request

from app import server
from tests.mailserver import free_port


@pytest.fixture
def address():
    app = Flask("small")
    app.add_url_rule("/<int:status>", "answer", lambda status: Response(status=status))
    port = free_port()
    running = server.make(app, "127.0.0.1", port)
    thread = Thread(target=running.run)
    thread.start()
    place = "127.0.0.1", port
    yield place
    running.trigger.pull_trigger(running.close)  # type: ignore[union-attr]  # its own thread closes it
    thread.join(timeout=5)


@pytest.mark.parametrize(("status", "asks", "stays"), [(304, "keep-alive", True), (304, "close", False)])
def test_no_connection_is_lost_over_an_answer_without_a_body(address, status, asks, stays):
    with closing(http.client.HTTPConnection(address[0], address[1], timeout=5)) as connection:
        for _ in range(2):
            connection.request("GET", f"/{status}", headers={"Connection": asks})
            answer = connection.getresponse()
            answer.read()
            assert (answer.status, answer.will_close) == (status, not stays)


@pytest.mark.parametrize(("proxied", "told"), [(True, "203.0.113.9"), (False, "None")])
def test_what_a_proxy_tells_is_left_to_the_portal_only_behind_one(proxied, told):
    app = Flask("small")
    app.add_url_rule("/", "answer", lambda: str(request.headers.get("X-Forwarded-For")))
    running = server.make(app, "127.0.0.1", 0, proxied=proxied)
    thread = Thread(target=running.run)
    thread.start()
    port = running.effective_port  # type: ignore[union-attr]  # one address is one server
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        connection.request("GET", "/", headers={"X-Forwarded-For": "203.0.113.9", "Connection": "close"})
        assert connection.getresponse().read().decode() == told
    running.trigger.pull_trigger(running.close)  # type: ignore[union-attr]  # its own thread closes it
    thread.join(timeout=5)
