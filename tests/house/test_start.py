"""What a start has to do, and what it is spared."""

import importlib.util
import subprocess
import sys
from types import ModuleType

from app.factory import ROOT

LATER = ("alembic", "app.demo", "holidays", "markdown_it", "typst", "xlsxwriter", "yaml")


def test_a_start_loads_nothing_that_only_some_work_needs():
    asked = f"import sys, app.cli; print([name for name in {LATER!r} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[]"


def test_set_up_compiles_the_whole_portal():
    compiled = {path.relative_to(ROOT).parts[0] for path in _set_up().code()}
    assert compiled == {
        folder.parent.name for folder in ROOT.glob("[a-z]*/__init__.py") if folder.parent.name != "tests"
    }


def _set_up() -> ModuleType:
    found = importlib.util.spec_from_file_location("set_up", ROOT / "tools" / "setup.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # its dataclasses look themselves up there
    found.loader.exec_module(module)
    return module
