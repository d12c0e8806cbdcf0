#!/usr/bin/env bash
# diary-md 0.1.1: of two entries of a day, the first is missing, and a line with a hashtag ends the day.
#
# Expected: a day may have two entries under equal headings, and a list of expenses may come twice. In Markdown, a heading
# has a blank after `#`, so "#tea" is words.
# Seen: "The ferry was late." is missing, and so are the 3.50 euros for tea. Of Tuesday, only "A walk." is left: "#tea
# again" and what follows are gone, and Wednesday belongs to the journey "tea again, with Hana."
# Why: sections are kept under their headings, so an equal heading replaces what was there. Each line that begins
# with `#` is a heading.
# Who is hurt: whoever keeps a diary and its costs in it. Words and sums are missing from overviews, and the file
# itself looks well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'diary-md==0.1.1' 'click==8.5.1'
cat >"$folder/diary.md" <<'MD'
# Harbour

## Monday 2025-01-06 Pier

The ferry was late.

## Monday 2025-01-06 Pier

Coffee with Jiu.

### Expenses

* EUR 3.50 - food - tea

### Expenses

* EUR 9.00 - fun - museum

## Tuesday 2025-01-07 Pier

A walk.
#tea again, with Hana.
Home at ten.

## Wednesday 2025-01-08 Pier

Rain.
MD
"$folder/venv/bin/python" - "$folder/diary.md" <<'PYTHON'
import sys

from diary_md.parser import markdown_to_dict, parse_diary_to_list

with open(sys.argv[1]) as file:
    days = parse_diary_to_list(markdown_to_dict(file))
seen = [(day["trip"], day["date"], day["__content__"].strip()) for day in days]
print(*seen, days[0]["Expenses"]["__content__"].strip(), sep="\n")
assert seen == [
    ("Harbour", "2025-01-06", "Coffee with Jiu."),
    ("Harbour", "2025-01-07", "A walk."),
    ("tea again, with Hana.", "2025-01-08", "Rain."),
]
assert days[0]["Expenses"]["__content__"].strip() == "* EUR 9.00 - fun - museum"
PYTHON
