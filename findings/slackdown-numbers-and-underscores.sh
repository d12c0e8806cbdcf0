#!/usr/bin/env bash
# @bpinternal/slackdown 0.1.0: lists begin with 1, code and names lose their underscores, and "~5 to ~10" is struck out.
#
# Expected: Slack's mrkdwn becomes Markdown with the same words. Slack takes `_` and `~` for signs only at the edge of
# a word, and nothing in code for one.
# Seen: "5. tea" is "1. tea". "my_long_name" is "my*long*name", also in code. "it takes ~5 to ~10 minutes" is
# "it takes ~~5 to ~~10 minutes", and "5*6*7" is "5**6**7".
# Why: the numbers of a list are counted anew. Pairs of signs are looked for anywhere, also inside of words
# and inside of code.
# Who is hurt: whoever keeps or moves messages: "as I said under 5" points to nothing, names of files and
# commands are others, and guesses of times are struck out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts @bpinternal/slackdown@0.1.0)
cat >"$folder/convert.mjs" <<'JS'
import assert from "node:assert";
import { slackToMarkdown } from "@bpinternal/slackdown";

const expected = {
  "5. tea\n6. cups": "1. tea\n2. cups",
  "my_long_name is set": "my*long*name is set",
  "run `make_tea_now` first": "run `make*tea*now` first",
  "it takes ~5 to ~10 minutes": "it takes ~~5 to ~~10 minutes",
  "5*6*7 cups": "5**6**7 cups",
};
for (const [slack, markdown] of Object.entries(expected)) {
  console.log(JSON.stringify(slack).padEnd(32), JSON.stringify(slackToMarkdown(slack)));
  assert.strictEqual(slackToMarkdown(slack), markdown);
}
JS
cd "$folder"
node convert.mjs
