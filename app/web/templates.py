"""Templates without detours: calls and addresses, of which a page makes hundreds, on the shortest way."""

from collections.abc import Hashable
from functools import lru_cache
from types import FunctionType
from typing import Any

from flask import Flask
from jinja2.environment import Template, TemplateModule
from jinja2.runtime import Context, Macro

from app.web.i18n import language

_WANTS_CONTEXT = "jinja_pass_arg"
_REMEMBERED = 4096


class PageContext(Context):
    """Jinja's context, which calls macros and plain functions at once instead of asking them what they want first."""

    def call(self, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call *called* from a template."""
        kind = type(called)
        if kind is Macro or (kind is FunctionType and not hasattr(called, _WANTS_CONTEXT)):
            if kwargs:
                kwargs.pop("_block_vars", None)
                kwargs.pop("_loop_vars", None)
            return called(self.eval_ctx, *args, **kwargs) if kind is Macro else called(*args, **kwargs)
        return super().call(called, *args, **kwargs)


class PageTemplate(Template):
    """Jinja's template, whose macros are made once: no page of ours is rendered with globals of its own."""

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        return self._module or super()._get_default_module(ctx)


def init(app: Flask) -> None:
    """Give templates the quick context, a url_for that makes an address without values once, and once()."""
    app.jinja_env.context_class = PageContext
    app.jinja_env.template_class = PageTemplate
    made: dict[str, str] = {}

    def url_for(endpoint: str, **values: Any) -> str:
        if values or endpoint.startswith("."):
            return app.url_for(endpoint, **values)
        if endpoint not in made:
            made[endpoint] = app.url_for(endpoint)
        return made[endpoint]

    @lru_cache(maxsize=_REMEMBERED)
    def drawn(piece: Macro, _language: str, arguments: tuple[Hashable, ...]) -> str:
        return piece(*arguments)

    def once(piece: Macro, *arguments: Hashable) -> str:
        """Draw what depends on nothing but these frozen *arguments* and the language: the footer, a row of a list.

        The same values draw the same piece, so nothing here grows stale. *piece* is imported from a file of macros: one
        made within a page is another each time.
        """
        return drawn(piece, language(), arguments)

    app.jinja_env.globals |= {"url_for": url_for, "once": once}
