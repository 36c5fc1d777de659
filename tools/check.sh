#!/bin/sh
# Everything a change must pass: the checks that read the code, the tests on SQLite, the same tests on PostgreSQL.
# The tests run even when a check fails, so that one call shows every fault. The last line is pytest's own.
cd "$(dirname "$0")/.." || exit 1
python=.venv/bin/python
status=0

sh tools/lint.sh || status=1

echo "== tests on SQLite"
KLADKA_TEST_DATABASE=sqlite $python -m pytest -q -n 2 || exit 1

echo "== tests on PostgreSQL"
# Pages look the same on every database: axe has seen them above.
KLADKA_TEST_DATABASE=postgresql $python -m pytest -q -n 2 -m "not accessibility" || exit 1

exit $status
