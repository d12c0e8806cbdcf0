#!/usr/bin/env bash
# feed 6.0.0: in Atom, a post's title loses its words in angle brackets, which RSS and JSON Feed keep.
#
# Expected: one post, written by one program as RSS, Atom and JSON Feed, has one title.
# Seen: "A List<Tea> for beginners" has this title in RSS and in JSON Feed, where titles are plain text. In Atom it is
# "A List for beginners". Of "<Ctrl> and <Shift>", " and " is left. feedparser, which reads the feeds here, does what
# the feed says: its title is markup, with elements that no browser shows.
# Why: the title is put into a block without a sign of its own, which is plain text in RSS. In Atom, the block has the
# type "html", so brackets are elements, and readers remove those that they do not know.
# Who is hurt: whoever writes about markup, keys or types, and whoever joins the feeds of a site by titles.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'feedparser==6.0.14'
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts feed@6.0.0)
cd "$folder"
node - <<'JS'
const { writeFileSync } = require("node:fs");
const { Feed } = require("feed");

const feed = new Feed({ title: "Notes", id: "https://example.org/", link: "https://example.org/" });
["A List<Tea> for beginners", "<Ctrl> and <Shift>", "plain"].forEach((title, number) => {
  const address = `https://example.org/${number}`;
  feed.addItem({ title, id: address, link: address, date: new Date("2025-03-07T06:05:00Z") });
});
writeFileSync("rss.xml", feed.rss2());
writeFileSync("atom.xml", feed.atom1());
writeFileSync("feed.json", feed.json1());
JS
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import json

import feedparser

titles = {}
for name in ("rss.xml", "atom.xml"):
    with open(name, "rb") as file:
        parsed = feedparser.parse(file.read())
    assert not parsed.bozo
    titles[name] = [entry.title for entry in parsed.entries]
assert {entry.title_detail.type for entry in parsed.entries} == {"text/html"}
with open("feed.json", encoding="utf-8") as file:
    titles["feed.json"] = [item["title"] for item in json.load(file)["items"]]
for name, seen in titles.items():
    print(name, seen)
assert titles["feed.json"] == ["A List<Tea> for beginners", "<Ctrl> and <Shift>", "plain"]
assert titles["rss.xml"] == titles["feed.json"]
assert titles["atom.xml"] == ["A List for beginners", "and", "plain"]
PYTHON
