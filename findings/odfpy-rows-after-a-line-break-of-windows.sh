#!/usr/bin/env bash
# odfpy 1.4.1: a table with one line break of Windows loses all that comes after it, and pandas does not say so.
#
# Expected: what `DataFrame.to_excel` writes as an OpenDocument table, `read_excel` with the same engine reads.
# Seen: of three people, the second wrote two lines with \r\n between them. The rows come back as two: Mina with her
# words, Jiu without any. Ann is missing. No exception is raised, and a text goes to the standard output.
# A strict parser refuses the file. With \n alone, all three are there.
# Why: in an attribute, \r is written as the character 12 in decimal, which is a form feed and which XML forbids.
# 13 was meant. The reader catches the error of its parser, prints it, and goes on with what it has.
# Who is hurt: whoever keeps mails or chats of Windows as tables. The file is broken when it is written, and its
# writer can no longer read what follows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'odfpy==1.4.1' 'pandas==3.1.1' 'numpy==2.4.6'
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import contextlib
import io
import zipfile
from xml.etree import ElementTree

import pandas


def kept(second):
    rows = pandas.DataFrame({"name": ["Mina", "Jiu", "Ann"], "words": ["tea", second, "cake"]})
    rows.to_excel("chat.ods", index=False, engine="odf")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        back = pandas.read_excel("chat.ods", engine="odf").fillna("").values.tolist()
    return back, "FAILED TO PARSE" in said.getvalue()


plain = kept("cold\ntea")
windows = kept("cold\r\ntea")
print(plain, windows, sep="\n")
assert plain == ([["Mina", "tea"], ["Jiu", "cold\ntea"], ["Ann", "cake"]], False)
assert windows == ([["Mina", "tea"], ["Jiu", ""]], True)
try:
    ElementTree.fromstring(zipfile.ZipFile("chat.ods").read("content.xml"))
except ElementTree.ParseError as error:
    print("a strict parser:", error)
    assert "invalid character number" in str(error)
else:
    raise AssertionError("the file can be read")
PYTHON
