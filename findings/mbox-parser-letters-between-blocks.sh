#!/usr/bin/env bash
# mbox-parser 1.0.1: Korean letters in larger mailboxes are broken, one about every 64 KB.
#
# Expected: the text of each mail in UTF-8 is as it was sent, however the file is read.
# Seen: where a block of the file ends inside a letter, the letter is replaced by signs for bytes that
# cannot be read. A mailbox below 64 KB is whole.
# Why: each block of bytes is made a text of its own, before the blocks are put together.
# Who is hurt: whoever keeps mail in any script but Latin. The words change at random places, so the
# same mail can be whole in one export and broken in the next, which has another mail before it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts mbox-parser@1.0.1)
cat >"$folder/read.js" <<'JS'
const { createReadStream, writeFileSync } = require("node:fs");
const { mboxParser } = require("mbox-parser");

const mail = (body) =>
  "From jiu@example.org Tue Jan  7 10:01:02 2025\nFrom: jiu@example.org\nSubject: fog\n" +
  `Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n${body}\n\n`;
const broken = async (letters) => {
  const body = `x${"가나다라마바사아자차 ".repeat(letters / 10)}`;
  writeFileSync("box.mbox", mail(body));
  const [read] = await mboxParser(createReadStream("box.mbox"));
  return [...read.text].filter((letter) => letter === "\ufffd").length;
};
(async () => {
  const [small, large] = [await broken(10_000), await broken(100_000)];
  console.log(`broken signs in 30 KB: ${small}; in 300 KB: ${large}`);
  process.exit(small === 0 && large > 0 ? 0 : 1);
})();
JS
cd "$folder"
node read.js
