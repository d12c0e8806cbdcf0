#!/usr/bin/env bash
# postal-mime 4.0.0: in quoted words of a mail, the marks of the quotation stand in the middle of the lines.
#
# Expected: in a text with format=flowed, a blank at the end of a line says that it goes on in the next. Marks of
# a quotation are no part of the words: of lines quoted alike, the first keeps its marks, and the others lose theirs. A
# line that is quoted more or less deeply begins a new one (RFC 3676).
# Seen: "> the ferry leaves from ", "> the old " and "> harbour" are "> the ferry leaves from > the old > harbour".
# mailparser 3.14.2, of the same author, reads what was meant. An answer whose quotation ends with a blank goes on in
# the quotation's line: "> tea? yes".
# Why: lines are joined by their blanks alone. Marks at their beginning are neither taken off nor compared.
# Who is hurt: whoever counts what people said themselves. Many programs write flowed mails, and an answer that has
# slipped into a quotation is nobody's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts postal-mime@4.0.0 mailparser@3.14.2)
cat >"$folder/read.mjs" <<'JS'
import assert from "node:assert";
import { simpleParser } from "mailparser";
import PostalMime from "postal-mime";

const mail = [
  "From: mina@example.org",
  "MIME-Version: 1.0",
  "Content-Type: text/plain; charset=utf-8; format=flowed",
  "",
  "> the ferry leaves from ",
  "> the old ",
  "> harbour",
  "good to ",
  "know",
  "> tea? ",
  "yes",
  "",
].join("\r\n");
const [seen, other] = [(await PostalMime.parse(mail)).text, (await simpleParser(mail)).text];
console.log(`postal-mime:\n${seen}\nmailparser:\n${other}`);
const meant = ["> the ferry leaves from the old harbour", "good to know"];
assert.deepStrictEqual(seen.trim().split("\n"), [
  "> the ferry leaves from > the old > harbour",
  "good to know",
  "> tea? yes",
]);
assert.deepStrictEqual(other.trim().split("\n").slice(0, 2), meant);
assert.deepStrictEqual(other.trim().split("\n").slice(2).map((line) => line.trim()), ["> tea?", "yes"]);
JS
cd "$folder"
node read.mjs
