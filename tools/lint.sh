#!/bin/sh
# The checks that read the code. All run, so that one call shows every fault; fails if any failed.
cd "$(dirname "$0")/.." || exit 1
python=.venv/bin/python
failed=

check() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed $name"
}

check ruff $python -m ruff check
check format $python -m ruff format --check
check mypy $python -m mypy
check imports $python -c "from importlinter.cli import lint_imports_command; lint_imports_command()" --no-logo

if [ -n "$failed" ]; then
    echo "Failed:$failed"
    exit 1
fi
