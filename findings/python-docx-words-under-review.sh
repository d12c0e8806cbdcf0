#!/usr/bin/env bash
# python-docx 1.2.0: "I will not come" is "I will come", if a colleague has put in the "not"; names in forms vanish.
#
# Expected: `paragraph.text` is the text of a paragraph, as Word shows it. A word that was put in under review is there.
# Seen: of "I will not come", with "not" as a tracked insertion, "I will come" is left. The name in a field of a form,
# "Dear Mina, hello", is missing: "Dear , hello". A date that Word keeps up is missing, too. docx2txt 0.9 has all of it.
# mammoth 1.13.0 has the first two, and makes one word of two lines of a paragraph: "teacake". Words of links are right.
# Why: runs and links that stand directly in a paragraph are read. Insertions, fields and controls wrap their runs.
# Who is hurt: whoever searches, counts or translates documents that several people wrote. What was added last is what
# is missing, no error tells it, and documents of one author are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'python-docx==1.2.0' 'lxml==6.1.3' 'docx2txt==0.9' 'mammoth==1.13.0'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import docx
import docx2txt
import mammoth
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls


def run(text):
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


paragraphs = [
    f'{run("I will ")}<w:ins w:id="1" w:author="Jun">{run("not ")}</w:ins>{run("come")}',
    f'{run("Dear ")}<w:sdt><w:sdtContent>{run("Mina")}</w:sdtContent></w:sdt>{run(", hello")}',
    f'{run("Today is ")}<w:fldSimple w:instr="DATE">{run("7 March")}</w:fldSimple>',
    f'{run("tea")}<w:r><w:br/></w:r>{run("cake")}',
]
made = docx.Document()
for inner in paragraphs:
    made.element.body.insert(-1, parse_xml(f'<w:p {nsdecls("w")}>{inner}</w:p>'))
made.save("letter.docx")

seen = [paragraph.text for paragraph in docx.Document("letter.docx").paragraphs]
other = docx2txt.process("letter.docx").strip().split("\n\n")
with open("letter.docx", "rb") as file:
    third = mammoth.extract_raw_text(file).value.strip().split("\n\n")
for name, texts in (("python-docx", seen), ("docx2txt", other), ("mammoth", third)):
    print(f"{name}: {texts}")
assert seen == ["I will come", "Dear , hello", "Today is ", "tea\ncake"]
assert other == ["I will not come", "Dear Mina, hello", "Today is 7 March", "tea\ncake"]
assert third == ["I will not come", "Dear Mina, hello", "Today is ", "teacake"]
PYTHON
