#!/usr/bin/env bash
# csv-from-mbox 0.5.1: words after a picture are missing; in mails without a plain text, style sheets are words.
#
# Expected: a mail with words, a picture and more words, as Apple Mail writes it, has two parts `text/plain`. They are its
# body (RFC 2046, 5.1.3: the parts of multipart/mixed are read in their order). The program promises to strip the tags of mails in HTML.
# Seen: the body is "This is the pier.", and "We meet at nine." is nowhere. The body of a mail in HTML begins with
# "p { margin: 0; color: #333 }".
# Why: of all parts with the type of the plain text the first is taken. Tags are cut by `<[^>]+>`, which leaves the
# content of `<style>`.
# Who is hurt: whoever keeps or counts mails. The table looks whole, and style sheets count as words of people.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'csv-from-mbox==0.5.1'
cat >"$folder/mail.mbox" <<'MBOX'
From mina@quay.example Tue Jan  7 10:00:00 2025
From: Mina <mina@quay.example>
Date: Tue, 07 Jan 2025 10:00:00 +0900
Subject: the pier
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="part"

--part
Content-Type: text/plain; charset=utf-8

This is the pier.

--part
Content-Type: image/png; name="pier.png"
Content-Disposition: inline; filename="pier.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=

--part
Content-Type: text/plain; charset=utf-8

We meet at nine.

--part--

From jun@quay.example Tue Jan  7 11:00:00 2025
From: Jun <jun@quay.example>
Date: Tue, 07 Jan 2025 11:00:00 +0900
Subject: tea
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<html><head><style>p { margin: 0; color: #333 }</style></head>
<body><p>I bring tea.</p></body></html>

MBOX
"$folder/venv/bin/csv-from-mbox" "$folder/mail.mbox" -o "$folder/mail.csv"
"$folder/venv/bin/python" - "$folder/mail.csv" <<'PY'
import csv
import sys

with open(sys.argv[1], newline="", encoding="utf-8") as file:
    bodies = [row["body"] for row in csv.DictReader(file)]
print("with a picture:", repr(bodies[0]))
print("in HTML:       ", repr(bodies[1]))
assert bodies[0] == "This is the pier.", bodies[0]
assert bodies[1].split()[:3] == ["p", "{", "margin:"] and bodies[1].endswith("I bring tea."), bodies[1]
PY
