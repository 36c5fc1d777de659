"""Templates without detours: calls and addresses, of which a page makes hundreds, on the shortest way."""

from types import FunctionType
from typing import Any

from flask import Flask, current_app, request
from jinja2.runtime import Context, Macro

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


def init(app: Flask) -> None:
    """Give templates the quick context and the quick url_for."""
    app.jinja_env.context_class = PageContext
    app.jinja_env.globals["url_for"] = url_for
    app.extensions["kladka.addresses"] = {}


def url_for(endpoint: str, **values: Any) -> str:
    """Return the address of *endpoint*; one that takes no values is made once, for it is the same on every page."""
    if values:
        return current_app.url_for(endpoint, **values)
    made: dict[tuple[str, str], str] = current_app.extensions["kladka.addresses"]
    key = request.script_root, endpoint
    if key not in made:
        made[key] = current_app.url_for(endpoint)
    return made[key]
