#!/usr/bin/env bash
# pympi-ling 1.71: if a transcript is moved to an earlier time, its first words last longer and cover the next.
#
# Expected: `shift_annotations` moves all annotations of ELAN. What begins before nought begins at nought then, and ends
# where it ends after the move.
# Seen: Mina says "The ferry" from 0.4 to 1.0 seconds, and Jiu "is late" from 1.2 to 2.0. Moved by half a second,
# Jiu speaks from 0.7 to 1.5, but Mina from 0 to 1.0, not to 0.5: she interrupts Jiu.
# Why: of an annotation that is cut at nought, the end is not moved.
# Who is hurt: whoever cuts the beginning of a recording and then measures turns: an interruption and a
# longer turn are there that nobody heard.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'pympi-ling==1.71'
"$folder/venv/bin/python" - <<'PYTHON'
from pympi import Elan

talk = Elan.Eaf()
for person, start, end, words in (("Mina", 400, 1000, "The ferry"), ("Jiu", 1200, 2000, "is late")):
    talk.add_tier(person)
    talk.add_annotation(person, start, end, words)
talk.shift_annotations(-500)
seen = [talk.get_annotation_data_for_tier(person) for person in ("Mina", "Jiu")]
print(*seen)
assert seen == [[(0, 1000, "The ferry")], [(700, 1500, "is late")]]
PYTHON
