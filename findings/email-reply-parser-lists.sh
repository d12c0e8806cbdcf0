#!/usr/bin/env bash
# email_reply_parser 0.5.12: a list at the end of a mail is taken for a signature and left out.
#
# Expected: parse_reply returns the words that the sender wrote, without quotations and signature.
# Seen: a last paragraph whose first line is `-milk` is gone, with all of its lines. The same list with a blank behind
# the hyphen stays.
# Output:
#   'Please bring to the pier:'
#   'Please bring to the pier:\n\n- milk\n- tea\n- the map'
# Why: one hyphen before a letter counts as the mark of a signature ("-Anna"), and the mark decides about the whole
# paragraph.
# Who is hurt: people who keep people's mails, or compare how they write. Lists vanish from them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'email_reply_parser==0.5.12'
"$folder/venv/bin/python" - <<'PYTHON'
from email_reply_parser import EmailReplyParser

glued = EmailReplyParser.parse_reply("Please bring to the pier:\n\n-milk\n-tea\n-the map\n")
spaced = EmailReplyParser.parse_reply("Please bring to the pier:\n\n- milk\n- tea\n- the map\n")
print(repr(glued))
print(repr(spaced))
assert glued == "Please bring to the pier:", glued
assert spaced.endswith("- milk\n- tea\n- the map"), spaced
PYTHON
