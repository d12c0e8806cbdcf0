#!/usr/bin/env bash
# vcf 2.1.2: two lines of a contact's note are written as one word, and Apple's labels get another name.
#
# Expected: in vCards, a line break is written as a backslash with an n, and a comma or semicolon with a backslash before
# it. What a package writes, it and others read. A field that it does not know stays as it is.
# Seen: a note "call at nine", line break, "tea, cake" is written as "call at ninetea, cake", so two words are one. Read
# cards keep the signs of the file: a name is "Kim\, Mina", a note "call at nine\ntea\, cake" with its backslashes.
# `X-ABLabel`, by which phones of Apple name a number, is written as `X-AB-LABEL`, which they do not know.
# Why: what is set is never escaped and loses its line breaks, what is read is never unescaped. Names of fields are kept in
# camel case, and each capital letter gets a hyphen when they are written.
# Who is hurt: whoever writes contacts from a form, shows contacts from a phone, or reads a phone's file and writes it
# again. A name without commas and a note of one line, with which one tries it, are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts vcf@2.1.2)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const VCard = require("vcf");

const card = new VCard();
card.set("fn", "Mina Kim");
card.set("note", "call at nine\ntea, cake");
const [note] = card.toString("3.0").split("\r\n").filter((line) => line.startsWith("NOTE"));
console.log("written:", note);
assert.strictEqual(note, "NOTE:call at ninetea, cake");

const lines = [
  "BEGIN:VCARD",
  "VERSION:3.0",
  "FN:Kim\\, Mina",
  "NOTE:call at nine\\ntea\\, cake",
  "item1.TEL:+00 0000",
  "item1.X-ABLabel:Ferry",
  "END:VCARD",
];
const read = new VCard().parse(lines.join("\r\n") + "\r\n");
console.log("read:", read.get("fn").valueOf(), "|", read.get("note").valueOf());
assert.strictEqual(read.get("fn").valueOf(), "Kim\\, Mina");
assert.strictEqual(read.get("note").valueOf(), "call at nine\\ntea\\, cake");
const [label] = read.toString("3.0").split("\r\n").filter((line) => line.endsWith("Ferry"));
console.log("written again:", label);
assert.strictEqual(label, "item1.X-AB-LABEL:Ferry");
JS
cd "$folder"
node read.js
