#!/bin/sh
# Everything a change must pass: the checks that read the code, the tests on SQLite, the same tests on PostgreSQL.
# All of it runs even when a part fails, so that one call shows every fault; the last lines name what failed.
cd "$(dirname "$0")/.." || exit 1
python=.venv/bin/python
failed=

sh tools/lint.sh || failed="$failed lint"

echo "== tests on SQLite"
KLADKA_TEST_DATABASE=sqlite $python -m pytest -q -n 2 || failed="$failed sqlite"

echo "== tests on PostgreSQL"
# Pages look the same on every database: axe has seen them above.
KLADKA_TEST_DATABASE=postgresql $python -m pytest -q -n 2 -m "not accessibility" || failed="$failed postgresql"

if [ -n "$failed" ]; then
    echo "Failed:$failed (the parts above say how)"
    exit 1
fi
