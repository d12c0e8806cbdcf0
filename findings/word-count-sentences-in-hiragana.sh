#!/usr/bin/env bash
# word-count 0.3.1: a sentence that begins in hiragana is one word, in kanji six; katakana, Hebrew and Hindi are none.
#
# Expected: it counts words "in respect of CJK characters": as in word processors, each Chinese or Japanese character
# and each Korean syllable counts, and each word of other scripts.
# Seen: "茶を飲みます" (I drink tea) is 6 words, and "お茶を飲みます" (the same, politely) is 1. "コーヒー" (coffee) is 0.
# "miłość" is 2 words, "don’t" with a curly apostrophe is 2, and "שלום" and "नमस्ते" are 0.
# Why: for a row of such characters, the first one decides: from the first kanji on all count, otherwise the row is one
# word. Katakana and many scripts are in no list, nor are "ł" and "ś", so words break there.
# Who is hurt: whoever shows how much somebody wrote. A polite "o" at the start makes a post six times shorter.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts word-count@0.3.1)
cat >"$folder/count.js" <<'JS'
const assert = require("node:assert");
const count = require("word-count");

const expected = { 茶を飲みます: 6, お茶を飲みます: 1, コーヒー: 0, miłość: 2, "don’t": 2, שלום: 0, नमस्ते: 0 };
for (const [text, words] of Object.entries(expected)) {
  console.log(text, count(text));
  assert.strictEqual(count(text), words);
}
JS
cd "$folder"
node count.js
