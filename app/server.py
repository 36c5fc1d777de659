"""The web server: waitress, told to keep the connection after an answer without a body."""

from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server
from waitress.task import WSGITask

THREADS = 8
_BODY_MAX = 2**24  # what is larger than a page takes is told so by the page, in the visitor’s language


class Task(WSGITask):
    """A request in work.

    waitress hangs up after every answer that names no length. 304 and 204 have no body whose end could be missed
    (RFC 9112, 6.3), and calendars that ask every few minutes would have to connect anew each time.
    """

    def set_close_on_finish(self) -> None:
        """Hang up when the answer is out, unless it has no body and the client wants to stay."""
        asked = self.request.headers.get("CONNECTION", "")  # type: ignore[attr-defined]  # a faulty request is no WSGITask
        stays = self.version == "1.1" and asked.lower() != "close"
        if self.has_body or not stays:
            super().set_close_on_finish()


class Channel(HTTPChannel):
    """A connection whose requests are such tasks."""

    task_class = Task


def make(app: Flask, host: str, port: int, *, proxied: bool = False) -> MultiSocketServer | BaseWSGIServer:
    """Make the server of *app*, listening but not yet running; a host name may stand for several addresses.

    waitress takes X-Forwarded-… away, as from a stranger; *proxied* leaves them to ProxyFix, which counts our proxies.
    """
    listening: dict[int, Any] = {}
    server = create_server(
        app,
        map=listening,
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        max_request_body_size=_BODY_MAX,
        clear_untrusted_proxy_headers=not proxied,
    )
    for one in listening.values():
        if isinstance(one, BaseWSGIServer):
            one.channel_class = Channel
    return server
