#!/usr/bin/env bash
# vcard-parser 1.0.0: all people of a phone's address book are one person; an address with a semicolon is two.
#
# Expected: a file of vCards has one card or many, each from BEGIN to END. A web address may have semicolons.
# Seen: a file of two people is one card with two names and two numbers, and nothing says whose is whose. Written again,
# it is a card with two versions, two names and both numbers. `https://example.org/tea;jar?a=b` is two values.
# Why: lines are collected by the name of their field, and BEGIN and END are skipped. Each semicolon divides a value,
# whatever the field.
# Who is hurt: whoever imports contacts, which phones export into one file. A test with one card is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts vcard-parser@1.0.0)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const vcards = require("vcard-parser");

const card = (name, number) => ["BEGIN:VCARD", "VERSION:3.0", `FN:${name}`, `TEL:${number}`, "END:VCARD"];
const lines = [...card("Mina", "+00 01"), ...card("Jun", "+00 02")];
const read = vcards.parse(lines.join("\r\n"));
const values = (field) => read[field].map(({ value }) => value);
console.log("names:", values("fn"), "numbers:", values("tel"));
assert.deepStrictEqual([values("fn"), values("tel")], [["Mina", "Jun"], ["+00 01", "+00 02"]]);
const written = vcards.generate(read).split("\r\n").filter((line) => line);
console.log("written again:", written.join(" "));
assert.deepStrictEqual(written.filter((line) => line === "BEGIN:VCARD").length, 1);
assert.deepStrictEqual(written.filter((line) => line.startsWith("FN:")), ["FN:Mina", "FN:Jun"]);

const address = ["BEGIN:VCARD", "VERSION:3.0", "FN:Mina", "URL:https://example.org/tea;jar?a=b", "END:VCARD"];
const [url] = vcards.parse(address.join("\r\n")).url;
console.log("address:", url.value);
assert.deepStrictEqual(url.value, ["https://example.org/tea", "jar?a=b"]);
JS
cd "$folder"
node read.js
