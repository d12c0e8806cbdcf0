#!/usr/bin/env bash
# python-calamine 0.9.1: lines and columns of words within a cell of an OpenDocument table become one word.
#
# Expected: a line break or a tab in a cell separates words, as it does for the library that wrote it.
# Seen: "see you\ntomorrow" is "see youtomorrow", "bread\tmilk" is "breadmilk", and "10\n30" is "1030". A cell with
# a line break alone is empty. Two paragraphs in a cell keep their line break, and of two blanks both are there.
# pandas with its engine "odf" keeps lines, and joins what tabs separate: "breadmilk".
# Why: of the elements that OpenDocument has within a paragraph, only that of blanks is replaced by what it means.
# `text:line-break` and `text:tab` hold no text, so nothing is left of them.
# Who is hurt: whoever counts or searches words of tables. Words that nobody wrote are found, and a list of numbers
# is one large number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'python-calamine==0.9.1' 'pandas==3.1.1' 'numpy==2.4.6' 'odfpy==1.4.1' \
  'pyexcel-ods3==0.6.1' 'pyexcel-ezodf==0.3.4' 'pyexcel-io==0.6.8' 'lxml==6.1.3'
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pandas
import pyexcel_ods3
from python_calamine import CalamineWorkbook

said = ["see you\ntomorrow", "bread\tmilk", "10\n30", "two  blanks"]
pyexcel_ods3.save_data("said.ods", {"chat": [said]})
assert pyexcel_ods3.get_data("said.ods")["chat"] == [said]
calamine = CalamineWorkbook.from_path("said.ods").get_sheet_by_index(0).to_python()[0]
other = pandas.read_excel("said.ods", engine="odf", header=None, dtype=str).values.tolist()[0]
print("calamine:", calamine)
print("pandas:  ", other)
assert calamine == ["see youtomorrow", "breadmilk", "1030", "two  blanks"], calamine
assert other == ["see you\ntomorrow", "breadmilk", "10\n30", "two  blanks"], other

pyexcel_ods3.save_data("alone.ods", {"chat": [["Mina", "\n", "Jiu"]]})
alone = CalamineWorkbook.from_path("alone.ods").get_sheet_by_index(0).to_python()[0]
print("calamine:", alone)
assert alone == ["Mina", "", "Jiu"], alone
PYTHON
