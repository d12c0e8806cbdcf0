#!/usr/bin/env bash
# fast-ods 0.3.2: a note beside a cell replaces its words, and of several lines the first is left.
#
# Expected: a cell of a table has its words. A note (a comment that somebody put on the cell) is beside them.
# Seen: where Ann's note on Mina's words says "is this true?", Mina said "is this true?". A message of two lines is its
# first line. Several blanks between words are none: "10   30" is "1030". A day or a time whose text is left out has
# no value.
# Why: of the elements in a cell, the first one is taken, and a note stands before the paragraphs. Blanks are elements
# without text. Of the attributes with a value, that of dates and that of times is not asked for.
# Who is hurt: whoever reads tables that people talk about in notes. The words of one person are those of another.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'fast-ods==0.3.2' 'odfpy==1.4.1' 'defusedxml==0.7.1'
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from fast_ods import ODSParser
from odf.office import Annotation
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P, S


def cell(*elements, **values):
    made = TableCell(**({"valuetype": "string"} | values))
    for element in elements:
        made.addElement(element)
    return made


note, blanks = Annotation(), P(text="10")
note.addElement(P(text="is this true?"))
blanks.addElement(S(c=3))
blanks.addText("30")
rows = [
    ("Mina", cell(note, P(text="The tea was warm."))),
    ("Jiu", cell(P(text="first line"), P(text="second line"))),
    ("Ann", cell(blanks)),
    ("Bo", cell(valuetype="date", datevalue="2025-03-07")),
    ("Cy", cell(valuetype="time", timevalue="PT15H05M00S")),
]
document, table = OpenDocumentSpreadsheet(), Table(name="chat")
for name, words in rows:
    row = TableRow()
    row.addElement(cell(P(text=name)))
    row.addElement(words)
    table.addElement(row)
document.spreadsheet.addElement(table)
document.save("chat.ods")
for convert in (False, True):
    seen = list(ODSParser().parse("chat.ods", convert_values=convert))
    print(seen)
    assert [words for _, words in seen] == ["is this true?", "first line", "1030", None, None], seen
PYTHON
