#!/usr/bin/env bash
# email2md 0.1.3: the words of a mail that is attached replace the words of whoever attached it.
#
# Expected: a mail by Jun, with his words and a mail by Mina as an attachment, becomes a page with Jun's words below Jun's name.
# Seen: below "From: Jun" the page says "The pier must go.", which Mina wrote. "I do not agree with this." is nowhere. In the same
# way, of a mail with words, a picture and more words, only the words after the picture are left.
# Why: the parts of a mail are walked with all parts of mails inside it, and each text replaces the one before.
# Who is hurt: whoever keeps or forwards mails as evidence. People are quoted with the opposite of what they wrote.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'email2md==0.1.3' 'extract-msg==0.57.0' \
  'markdownify==1.2.3' 'beautifulsoup4==4.15.0'
cat >"$folder/mail.eml" <<'EML'
From: Jun <jun@quay.example>
To: Ida <ida@quay.example>
Date: Tue, 07 Jan 2025 11:00:00 +0900
Subject: look what Mina wrote
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="part"

--part
Content-Type: text/plain; charset=utf-8

I do not agree with this.

--part
Content-Type: message/rfc822
Content-Disposition: attachment; filename="the pier.eml"

From: Mina <mina@quay.example>
Date: Tue, 07 Jan 2025 10:00:00 +0900
Subject: the pier
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

The pier must go.

--part--
EML
"$folder/venv/bin/email2md" "$folder/mail.eml" | tee "$folder/mail.md"
grep -q '^\*\*From:\*\* Jun' "$folder/mail.md"
grep -q '^The pier must go\.$' "$folder/mail.md"
! grep -q 'do not agree' "$folder/mail.md"
