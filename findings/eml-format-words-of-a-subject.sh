#!/usr/bin/env bash
# eml-format 0.6.1: of a subject with Korean words, only the Korean words are left; "Kim, Hana" is two people.
#
# Expected: a subject may have encoded words beside plain ones, a name in quotation marks may have a comma, and all
# parts of a mail that are text are its text.
# Seen: "Re: 차 and tea" is "차". Beside another person, "Kim, Hana" is a person with the address `"Kim`, and Hana.
# The second text of the mail is an attachment without a name, and ends with the mail's boundary.
# Why: the first encoded word stands for the whole subject. Addresses are split at each comma. Only the first text is
# looked for, and a part ends where the file ends.
# Who is hurt: whoever searches mails by subject or counts who wrote to whom. "Re:" is gone, so answers look like first
# mails, and words after a picture are missing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts eml-format@0.6.1)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const { read } = require("eml-format");

const mail = [
  "From: Mina <mina@harbour.example>",
  'To: Jiu <jiu@harbour.example>, "Kim, Hana" <hana@harbour.example>',
  "Subject: Re: =?utf-8?B?7LCo?= and tea",
  "Date: Tue, 07 Jan 2025 19:00:00 +0900",
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="parts"',
  "",
  "--parts",
  "Content-Type: text/plain; charset=utf-8",
  "",
  "This is the pier.",
  "--parts",
  "Content-Type: text/plain; charset=utf-8",
  "",
  "Bring tea.",
  "--parts--",
  "",
].join("\r\n");
read(mail, (error, data) => {
  assert.ifError(error);
  console.log(data.subject, data.to, data.text.trim(), data.attachments);
  assert.strictEqual(data.subject, "차");
  assert.deepStrictEqual(data.to.slice(1), [{ email: '"Kim' }, { name: "Hana", email: "hana@harbour.example" }]);
  assert.strictEqual(data.text.trim(), "This is the pier.");
  assert.match(String(data.attachments[0].data), /^Bring tea\.\s+--parts--/);
});
JS
cd "$folder"
node read.js
