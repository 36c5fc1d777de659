"""The application itself: Flask without the questions whose answer never changes while a process runs."""

from collections.abc import Callable, MutableMapping
from typing import Any, cast

from flask import Flask
from flask.templating import Environment
from jinja2 import Template


class PageEnvironment(Environment):
    """Jinja's environment, which remembers templates by their names: their files are read once in a process."""

    def __init__(self, app: Flask, **options: Any) -> None:
        super().__init__(app, **options)
        self._by_name: dict[str, Template] = {}

    def get_template(
        self, name: str | Template, parent: str | None = None, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        """Return the template of this name; a page asks a dozen times, for what it extends and imports."""
        if isinstance(name, Template):
            return name
        known = self._by_name.get(name)
        if known is None:
            known = self._by_name[name] = super().get_template(name, parent, globals)
        return known


class Portal(Flask):
    """Flask whose views, and the functions around them, are plain functions."""

    jinja_environment = PageEnvironment  # type: ignore[assignment]  # Flask types it as its own class alone

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return *func*: Flask asks ten times a request whether something is a coroutine, and nothing here is."""
        return func

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add what every page may use: what the view gave goes first, then who was registered last.

        No blueprint of ours adds anything of its own.
        """
        for process in reversed(self.template_context_processors[None]):
            for name, value in cast(dict[str, Any], process()).items():
                context.setdefault(name, value)
