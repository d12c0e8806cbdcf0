#!/usr/bin/env bash
# whatstk 0.9.1: in a Spanish chat, the messages of the afternoon belong to whoever wrote in the morning.
#
# Expected: the parser finds the form of the export by itself, and reads `a. m.` and `p. m.`, as WhatsApp
# writes the times of a day in Spanish. Its documentation says that p.m. is read.
# Seen: two people wrote three messages. The result is one message, by the first person: the two of the
# afternoon, with their dates and names, have become lines of it. Nothing warns. If a chat begins in the
# afternoon, the morning is swallowed, and 10:05 p. m. is 10:05 in the morning.
# Why: the form of the first line counts for all, and the blank inside `a. m.` is not foreseen, so its
# letters are taken for a fixed part of each line.
# Who is hurt: whoever counts or compares what people of such a chat write. Words change their author.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'whatstk==0.9.1' 'contourpy==1.3.3' 'cycler==0.12.1' 'emoji==2.15.0' 'fonttools==4.68.0' 'kiwisolver==1.5.1' \
  'matplotlib==3.11.2' 'narwhals==2.29.0' 'numpy==2.4.6' 'packaging==26.4' 'pandas==3.1.1' 'pillow==13.0.0' \
  'plotly==6.9.0' 'pyparsing==3.3.3' 'python-dateutil==2.9.0.post0' 'seaborn==0.13.2' 'six==1.17.0'
"$folder/venv/bin/python" -W ignore - "$folder/chat.txt" <<'PYTHON'
import sys

from whatstk import df_from_whatsapp


def read(*lines):
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    table = df_from_whatsapp(sys.argv[1])
    return [(f"{time:%d/%m %H:%M}", name, text) for time, name, text in table.itertuples(index=False)]


night, lunch = "7/1/25, 10:05 p. m. - Luis: buenas noches", "8/1/25, 1:15 p. m. - Ana: ya comí"
merged = read("7/1/25, 9:05 a. m. - Ana: buenos días", night, lunch)
print(merged)
assert merged == [("07/01 09:05", "Ana", f"buenos días\n{night}\n{lunch}")], merged
shifted = read(night, lunch)
print(shifted)
assert shifted == [("07/01 10:05", "Luis", "buenas noches"), ("08/01 01:15", "Ana", "ya comí")], shifted
PYTHON
