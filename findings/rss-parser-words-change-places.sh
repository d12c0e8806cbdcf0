#!/usr/bin/env bash
# rss-parser 3.13.0: in posts in XHTML, all bold words and links move to the end of their paragraph.
#
# Expected: the content of an Atom entry with type="xhtml" is its markup (RFC 4287, 4.1.3.3), in its order.
# Seen: "I do <em>not</em> like tea, I <em>love</em> it." is "I do  like tea, I  it.<em>not</em><em>love</em>",
# and the text without markup ends in "it.notlove". The same post as escaped HTML is whole.
# Why: the feed is read into objects that have the text of an element in one place and its children in another.
# XHTML is written again from these objects, and there the place of each child is no longer known.
# Who is hurt: whoever shows or keeps posts. "I do like tea" has the opposite meaning, and each pair of words
# around a link is a pair that nobody wrote.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts rss-parser@3.13.0)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const Parser = require("rss-parser");

const html = "<p>I do <em>not</em> like tea, I <em>love</em> it.</p>";
const escaped = html.replaceAll("<", "&lt;");
const entry = (id, content) =>
  `<entry><title>tea</title><id>urn:post:${id}</id><updated>2025-01-07T10:00:00Z</updated>${content}</entry>`;
const feed =
  '<feed xmlns="http://www.w3.org/2005/Atom"><title>Pier</title><id>urn:pier</id>' +
  "<updated>2025-01-07T10:00:00Z</updated><author><name>Mina</name></author>" +
  entry(1, `<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">${html}</div></content>`) +
  entry(2, `<content type="html">${escaped}</content>`) +
  "</feed>";
new Parser().parseString(feed).then(({ items: [xhtml, whole] }) => {
  console.log("XHTML:       ", xhtml.contentSnippet);
  console.log("escaped HTML:", whole.contentSnippet);
  assert.ok(xhtml.content.includes("<p>I do  like tea, I  it.<em>not</em><em>love</em></p>"));
  assert.strictEqual(xhtml.contentSnippet, "I do  like tea, I  it.notlove");
  assert.strictEqual(whole.contentSnippet, "I do not like tea, I love it.");
});
JS
cd "$folder"
node read.js
