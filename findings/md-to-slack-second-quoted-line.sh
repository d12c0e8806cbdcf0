#!/usr/bin/env bash
# md-to-slack 1.1.7: from the second line on, quoted words become the words of whoever quotes.
#
# Expected: Slack shows a line as a quotation if the line begins with ">". Blockquotes are among the basic Markdown that the
# program supports.
# Seen: "> I never said that.\n> Mina did.\n\nI agree." becomes "> I never said that.\nMina did.\n\nI agree.": "Mina did." is no longer
# quoted. With two blanks at the end of the line, which is Markdown's line break, the lines are one: "that.Mina did."
# Why: each paragraph of a quotation gets one ">" in front, and its line breaks stay. Line breaks by two blanks are dropped.
# Who is hurt: whoever posts notes, mails or issues to Slack. Readers take the words of others for the words of the sender.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts md-to-slack@1.1.7)
cat >"$folder/convert.js" <<'JS'
const assert = require("node:assert");
const { markdownToSlack } = require("md-to-slack");

const lines = markdownToSlack("> I never said that.\n> Mina did.\n\nI agree.");
const broken = markdownToSlack("> I never said that.  \n> Mina did.\n\nI agree.");
console.log("two lines:        ", JSON.stringify(lines));
console.log("with a line break:", JSON.stringify(broken));
assert.strictEqual(lines, "> I never said that.\nMina did.\n\nI agree.");
assert.strictEqual(broken, "> I never said that.Mina did.\n\nI agree.");
JS
cd "$folder"
node convert.js
