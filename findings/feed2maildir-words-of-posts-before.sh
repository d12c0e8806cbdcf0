#!/usr/bin/env bash
# feed2maildir 0.3.8: with `strip`, each mail has the words of all posts before it; times lose their zone.
#
# Expected: each post of a feed becomes a mail. With `strip` it has the post's words without HTML. A post of
# 19:00 in Seoul has the date 10:00 GMT.
# Seen: the mail of Jiu's post begins with Mina's post. The third mail has all three. The dates are 19:00 GMT.
# Why: one stripper is used for all posts, and is never emptied. The hour is taken as an hour of this machine,
# whatever zone stands beside it.
# Who is hurt: whoever reads feeds as mails or searches in them. Who wrote a word cannot be told, and the first
# post of a feed is in all its mails.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'feed2maildir==0.3.8' \
  'feedparser==6.0.14' 'feedparser-sgmllib==2.1.0' 'python-dateutil==2.9.0.post0' 'six==1.17.0'
TZ=UTC "$folder/venv/bin/python" -W ignore - "$folder" <<'PYTHON'
import email
import sys
from pathlib import Path

from feed2maildir.converter import Converter
from feed2maildir.reader import Reader

folder = Path(sys.argv[1])
posts = {"Mina": "The ferry is <b>late</b>.", "Jiu": "Gulls are loud.", "Hana": "Tea is cold."}
items = "".join(
    f"<item><title>{name}</title><link>https://harbour.example/{name}</link>"
    f"<description><![CDATA[<p>{text}</p>]]></description>"
    f"<pubDate>Tue, 07 Jan 2025 19:0{number}:00 +0900</pubDate></item>"
    for number, (name, text) in enumerate(posts.items())
)
feed = folder / "feed.xml"
feed.write_text(
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour</title>'
    f"<link>https://harbour.example/</link><description>Notes</description>{items}</channel></rss>"
)
(folder / "mail").mkdir()
converter = Converter(db=str(folder / "db"), maildir=str(folder / "mail"), strip=True, silent=True)
converter.load(Reader({"harbour": str(feed)}).feeds)
converter.run()
mails = {}
for path in (folder / "mail" / "new").iterdir():
    mail = email.message_from_bytes(path.read_bytes())
    mails[mail["Subject"]] = (mail["Date"], mail.get_payload().split("\n\n", 1)[1].strip())
for name in posts:
    print(name, *mails[name], sep=": ")
assert mails["Mina"] == ("Tue, 07 Jan 2025 19:00:00 GMT", "The ferry is late.")
assert mails["Jiu"][1] == "The ferry is late.Gulls are loud."
assert mails["Hana"][1] == "The ferry is late.Gulls are loud.Tea is cold."
PYTHON
