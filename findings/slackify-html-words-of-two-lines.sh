#!/usr/bin/env bash
# slackify-html 1.0.1: the last word of a line and the first word of the next become one word.
#
# Expected: HTML has line breaks (`<br>`), paragraphs and list items. "bring tea<br>not coffee" is two lines, in Slack too.
# Seen: "bring teanot coffee". "<p>Bring tea.</p><p>Not coffee.</p>" is "Bring tea.Not coffee.", and a list of
# "ten" and "nine" is "tennine".
# Why: the program knows links, bold and italic, and puts the content of all other elements together without anything between.
# Who is hurt: whoever posts pages or mails to Slack, and whoever searches there: "tea" is in no message.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts slackify-html@1.0.1)
cat >"$folder/convert.js" <<'JS'
const assert = require("node:assert");
const slackify = require("slackify-html");

const expected = {
  "bring tea<br>not coffee": "bring teanot coffee",
  "<p>Bring tea.</p><p>Not coffee.</p>": "Bring tea.Not coffee.",
  "<ul><li>ten</li><li>nine</li></ul>": "tennine",
};
for (const [html, text] of Object.entries(expected)) {
  console.log(html.padEnd(38), slackify(html));
  assert.strictEqual(slackify(html), text);
}
JS
cd "$folder"
node convert.js
