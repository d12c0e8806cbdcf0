#!/usr/bin/env bash
# @rowanmanning/feed-parser 2.1.5: a post that explains `<b>` has lost it, and what follows is bold.
#
# Expected: the HTML of a post is given as HTML. In `The tag &lt;b&gt; makes letters bold`, a reader sees "<b>".
# Seen: the content is `The tag <b> makes letters bold`: a reader sees "The tag makes letters bold", and the
# rest is bold. From `1 &lt; 2` it is `1 < 2`. It is so in CDATA, in escaped HTML and in XHTML.
# Why: after the XML is read, the signs of HTML are decoded once more, in every element.
# Who is hurt: whoever keeps blogs about programming or mathematics. The words that such posts are about are
# missing from them. A text that wrote `&amp;lt;` is changed, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts @rowanmanning/feed-parser@2.1.5)
cat >"$folder/read.mjs" <<'JS'
import assert from "node:assert";
import { parseFeed } from "@rowanmanning/feed-parser";

const html = "<p>The tag &lt;b&gt; makes letters bold, and 1 &lt; 2.</p>";
const entry = (id, content) =>
  `<entry><title>tags</title><id>urn:post:${id}</id><updated>2025-01-07T10:00:00Z</updated>${content}</entry>`;
const atom =
  '<feed xmlns="http://www.w3.org/2005/Atom"><title>Pier</title><id>urn:pier</id>' +
  "<updated>2025-01-07T10:00:00Z</updated><author><name>Mina</name></author>" +
  entry(1, `<content type="html"><![CDATA[${html}]]></content>`) +
  entry(2, `<content type="html">${html.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</content>`) +
  entry(3, `<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">${html}</div></content>`) +
  "</feed>";
const rss =
  '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Pier</title>' +
  "<link>https://example.org</link><description>notes</description><item><title>tags</title><guid>1</guid>" +
  `<content:encoded><![CDATA[${html}]]></content:encoded></item></channel></rss>`;
const [cdata, escaped, xhtml] = parseFeed(atom).items.map((item) => item.content);
const [encoded] = parseFeed(rss).items.map((item) => item.content);
console.log("in the feed:       ", html);
console.log("Atom, CDATA:       ", cdata);
console.log("Atom, escaped HTML:", escaped);
console.log("Atom, XHTML:       ", xhtml);
console.log("RSS:               ", encoded);
const decoded = "<p>The tag <b> makes letters bold, and 1 < 2.</p>";
for (const content of [cdata, escaped, xhtml, encoded]) assert.strictEqual(content, decoded);
JS
cd "$folder"
node read.mjs
