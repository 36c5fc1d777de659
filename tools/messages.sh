#!/bin/sh
# Collect the texts to translate into the Polish catalogue; new ones wait there with an empty msgstr.
set -eu
cd "$(dirname "$0")/.."
babel=".venv/bin/python -m babel.messages.frontend -q"
catalogues=app/web/translations
template=$(mktemp)
trap 'rm -f "$template"' EXIT

$babel extract -F pyproject.toml -k _ -k _l -k N_ -k _n:1,2 -c I18N: --sort-output --no-location \
    --project=kladka -o "$template" .
$babel update -i "$template" -d "$catalogues" --no-fuzzy-matching --ignore-obsolete \
    --ignore-pot-creation-date --no-wrap
