"""Templates without detours: calls and addresses, of which a page makes hundreds, on the shortest way."""

from types import FunctionType
from typing import Any

from flask import Flask
from jinja2.environment import Template, TemplateModule
from jinja2.runtime import Context, Macro

from app.web.i18n import language

_WANTS_CONTEXT = "jinja_pass_arg"


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

    pieces: dict[tuple[object, ...], str] = {}

    def once(piece: Macro, *arguments: str | bool | None) -> str:
        """Draw what is the same on every page of a language for these few *arguments*, such as the footer."""
        key = piece, language(), *arguments
        if key not in pieces:
            pieces[key] = piece(*arguments)
        return pieces[key]

    app.jinja_env.globals |= {"url_for": url_for, "once": once}
