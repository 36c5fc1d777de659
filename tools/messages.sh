#!/bin/sh
# Collect the texts to translate into the Polish catalogue; new ones wait there with an empty msgstr.
set -eu
cd "$(dirname "$0")/.."
babel=".venv/bin/python -m babel.messages.frontend"
catalogues=app/web/translations
template=$(mktemp)
trap 'rm -f "$template"' EXIT

$babel extract -q -F pyproject.toml -k _ -k _l -k N_ -k _n:1,2 -c I18N: --sort-by-file --no-location \
    --project=kladka -o "$template" .
$babel update -q -i "$template" -d "$catalogues" --no-fuzzy-matching --omit-header --ignore-obsolete
