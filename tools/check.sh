#!/bin/sh
# Everything a change must pass: the checks that read the code, the tests on SQLite, the same tests on PostgreSQL.
# All of it runs even when a part fails, so that one call shows every fault; the last lines name what failed.
cd "$(dirname "$0")/.." || exit 1
python=.venv/bin/python
failed=

sh tools/lint.sh || failed="$failed lint"

# Who has nothing left takes over from the other worker: no test waits while one of them is idle.
tests="$python -m pytest -q -n 2 --dist worksteal --durations=15 --durations-min=2"

echo "== tests on SQLite"
KLADKA_TEST_DATABASE=sqlite $tests || failed="$failed sqlite"

echo "== tests on PostgreSQL"
KLADKA_TEST_DATABASE=postgresql $tests || failed="$failed postgresql"

if [ -n "$failed" ]; then
    echo "Failed:$failed (the parts above say how)"
    exit 1
fi
