#!/usr/bin/env bash
# @extractus/feed-extractor 8.0.3: a post has the date of its last correction, XHTML has no words, and "007" is "7".
#
# Expected: of an entry in Atom, `published` is when it was published, `link` is its page, and the description has
# its words. A title is text, whatever it looks like.
# Seen: Mina's post of January, corrected in May, is of May. Its link is the file of the entry for machines, and its
# description is empty. The title "1.50" is "1.5", the text "007" is "7". Of a JSON Feed, two paragraphs are "OneTwo".
# An item without a date and an id has the id "0-NaN".
# Why: `updated` is asked for before `published`, and the first link is taken. Elements of XHTML have no text of
# their own. The reader of XML makes numbers of texts. All tags are cut out without anything between.
# Who is hurt: whoever sorts or counts posts by time. Old posts that were corrected are new ones, and what was
# written in figures is changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts @extractus/feed-extractor@8.0.3)
cat >"$folder/read.mjs" <<'JS'
import assert from "node:assert";
import { extractFromJson, extractFromXml } from "@extractus/feed-extractor";

const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour</title><id>urn:h</id>
<updated>2025-05-01T10:00:00Z</updated><author><name>Mina</name></author>
<entry><id>urn:1</id><title>1.50</title>
<published>2025-01-07T10:00:00Z</published><updated>2025-05-01T10:00:00Z</updated>
<link rel="self" href="https://harbour.example/1.atom"/><link rel="alternate" href="https://harbour.example/1"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>The <b>tea</b> is cold.</p></div></content>
</entry></feed>`;
const rss = `<rss version="2.0"><channel><title>Harbour</title><link>https://harbour.example/</link>
<description>Notes</description><item><title>Room</title><description>007</description></item></channel></rss>`;
const json = {
  version: "https://jsonfeed.org/version/1.1",
  title: "Harbour",
  items: [{ id: "1", content_html: "<p>One</p><p>Two</p>" }],
};

const [tea] = extractFromXml(atom).entries;
const [room] = extractFromXml(rss).entries;
const [two] = extractFromJson(json).entries;
console.log(tea, room, two);
assert.strictEqual(tea.published, "2025-05-01T10:00:00.000Z");
assert.deepStrictEqual([tea.title, tea.description], ["1.5", ""]);
assert.strictEqual(tea.link, "https://harbour.example/1.atom");
assert.deepStrictEqual([room.id, room.description], ["0-NaN", "7"]);
assert.strictEqual(two.description, "OneTwo");
JS
cd "$folder"
node read.mjs
