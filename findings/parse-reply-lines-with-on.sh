#!/usr/bin/env bash
# parse-reply 0.0.4: a reply ends at its first line that begins with "on", such as "Only" or "One".
#
# Expected: the words above the line "On …, Mina wrote:" are the reply, and what is below is quoted.
# Seen: if a line of the reply begins with "Only", "One" or "On Friday", it is missing, and so is all that
# follows it. If the first line does, the reply is empty. Nothing tells that words were cut.
# Why: the line that introduces a quotation is sought as "on", then anything, then "wrote". The "on" is no
# word of its own, and "anything" goes over lines, so it reaches the real one further down.
# Who is hurt: whoever keeps the words of mails for each author. Ordinary first words end the message.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts parse-reply@0.0.4)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const parseReply = require("parse-reply");

const quotation = "\n\nOn Tue, Jan 7, 2025, Mina wrote:\n> Who comes along?\n";
const replies = [
  "We are three.\nThe tickets are paid.",
  "Thank you!\nOnly Jiu and I can come.\nThe tickets are paid.",
  "One of us should bring tea.\nJiu has the tickets.",
];
const seen = replies.map((reply) => parseReply(reply + quotation).trim());
seen.forEach((text, place) => console.log(JSON.stringify(replies[place]), "->", JSON.stringify(text)));
assert.deepStrictEqual(seen, [replies[0], "Thank you!", ""]);
JS
cd "$folder"
node read.js
