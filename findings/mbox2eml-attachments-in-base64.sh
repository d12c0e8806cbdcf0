#!/usr/bin/env bash
# mbox2eml 0.1.2: a mail whose parts are in base64 loses its attachments, and counts as converted.
#
# Expected: a mailbox becomes files, "single-part and multi-part", with the same mails in them.
# Seen: Jun sends "The agenda." with one.txt and two.txt, all in base64. In the mailbox, the mail has three parts. In
# the file, it has one: "The agenda.". Nothing is attached. The program says that one mail of one succeeded.
# Why: the line break before a boundary belongs to the boundary, so a part ends without one. The next boundary is
# written right behind it, in the middle of a line, where it is none. Only parts that end with an empty line survive.
# Who is hurt: whoever moves a mailbox to another program and deletes it. No program finds the files again.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'mbox2eml==0.1.2' 'tqdm==4.70.1'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import email
import mailbox
from base64 import b64encode
from pathlib import Path

from mbox2eml import convert_mbox_to_eml

words = {None: "The agenda.", "one.txt": "The pier stays open.", "two.txt": "The ferry stops."}
lines = [
    "From jun@quay.example Tue Jan  7 01:00:00 2025",
    "From: Jun <jun@quay.example>",
    "Subject: minutes",
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="part"',
    "",
]
for name, text in words.items():
    lines += ["--part", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64"]
    lines += [f'Content-Disposition: attachment; filename="{name}"'] if name else []
    lines += ["", b64encode(text.encode()).decode()]
Path("mails.mbox").write_text("\n".join([*lines, "--part--", ""]))


def parts(mail):
    return {part.get_filename(): part.get_payload(decode=True).decode(errors="replace")
            for part in mail.walk() if not part.is_multipart()}


assert parts(mailbox.mbox("mails.mbox")[0]) == words
assert convert_mbox_to_eml("mails.mbox", "mails") == (1, 0)
seen = parts(email.message_from_bytes(Path("mails/1.eml").read_bytes()))
print(f"in the mailbox: {words}\nin the file: {seen}")
assert seen == {None: "The agenda."}
PYTHON
