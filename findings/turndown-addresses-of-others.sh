#!/usr/bin/env bash
# turndown 7.2.5, read by marked 18.2.1: a mail to mina_kim@example.org goes to kim@example.org.
#
# Expected: an address in the text of a page is the same address after it was turned into Markdown and back.
# Seen: turndown writes `mina\_kim@example.org`. marked, which makes addresses links as GitHub does, links
# `kim@example.org`, another person. `https://example.org/tea_and_cake` becomes a link to `tea%5C_and%5C_cake`, which
# leads nowhere, and shows its backslashes. node-html-markdown 2.0.0 writes the same. Addresses that are links on the page
# already are right in turndown.
# Why: each underscore is escaped, so that no word becomes italic. In an address that is made a link, a backslash is a
# letter of the address, and no letter of a mail address, so that the link begins behind it.
# Who is hurt: whoever keeps pages, posts or mails as Markdown: the words of the page look right, and the mail goes to another.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --ignore-scripts turndown@7.2.5 node-html-markdown@2.0.0 marked@18.2.1
cat >read.js <<'JS'
const assert = require("node:assert");
const { marked } = require("marked");
const { NodeHtmlMarkdown } = require("node-html-markdown");
const TurndownService = require("turndown");

const turndown = new TurndownService();
const expected = {
  "write to mina_kim@example.org": ["write to mina\\_kim@example.org", ["mailto:kim@example.org"]],
  "see https://example.org/tea_and_cake": [
    "see https://example.org/tea\\_and\\_cake",
    ["https://example.org/tea%5C_and%5C_cake"],
  ],
  '<a href="https://example.org/tea_and_cake">tea</a>': [
    "[tea](https://example.org/tea_and_cake)",
    ["https://example.org/tea_and_cake"],
  ],
};
for (const [html, [written, links]] of Object.entries(expected)) {
  const markdown = turndown.turndown(`<p>${html}</p>`);
  const seen = [...marked.parse(markdown).matchAll(/href="([^"]*)"/g)].map(([, link]) => link);
  console.log(`${html}\n  ${markdown}\n  ${seen}`);
  assert.deepStrictEqual([markdown, seen], [written, links]);
  if (!html.includes("href")) assert.strictEqual(NodeHtmlMarkdown.translate(`<p>${html}</p>`), written);
}
JS
node read.js
