#!/usr/bin/env bash
# tablib 3.10.0: of the words in a cell of an OpenDocument table, those after two blanks are missing.
#
# Expected: a cell has all of its words. OpenDocument writes the second of two blanks, a tab and a line break as
# elements between the words of a paragraph, since XML joins blanks.
# Seen: from "The tea is cold.  Who drank it?" the question is missing. "name<tab>place" is "name". A message of two
# lines is its first line. What was set as a link is missing too: "see the notes today" is "see ".
# pyexcel-ods3, which wrote the table, reads all of them.
# Why: of each paragraph, only the text before its first element is taken.
# Who is hurt: whoever imports tables of LibreOffice. Many people write two blanks after a sentence. Numbers of rows
# and columns are right, so nothing shows that half a message is gone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'tablib[ods]==3.10.0' 'odfpy==1.4.1' 'pyexcel-ods3==0.6.1' 'pyexcel-ezodf==0.3.4' 'pyexcel-io==0.6.8' 'lxml==6.1.3'
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import pyexcel_ods3
import tablib
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import A, P


def read(path):
    with open(path, "rb") as file:
        return list(tablib.Dataset().load(file.read(), format="ods", headers=False)[0])


said = ["The tea is cold.  Who drank it?", "name\tplace", "first line\nsecond line", "one blank"]
pyexcel_ods3.save_data("said.ods", {"chat": [said]})
assert pyexcel_ods3.get_data("said.ods")["chat"] == [said]
seen = read("said.ods")

paragraph = P()
paragraph.addText("see ")
paragraph.addElement(A(href="https://example.org", text="the notes"))
paragraph.addText(" today")
cell, row, table, document = TableCell(valuetype="string"), TableRow(), Table(name="chat"), OpenDocumentSpreadsheet()
for outer, inner in ((cell, paragraph), (row, cell), (table, row), (document.spreadsheet, table)):
    outer.addElement(inner)
document.save("link.ods")
seen += read("link.ods")
print(seen)
assert seen == ["The tea is cold. ", "name", "first line", "one blank", "see "], seen
PYTHON
