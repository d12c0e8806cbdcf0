#!/usr/bin/env bash
# email-origin-chain 1.0.11: replies of this year were written at midnight in 2001, by people without a name.
#
# Expected: "the full audit trail of your email threads": for each quoted mail, who wrote it and when, from the line
# above it ("On Tue, Jan 7, 2025 at 10:00 AM Mina <mina@quay.example> wrote:").
# Seen: Mina wrote on 7 January 2001 at 00:00 and Jun on 6 January 2001. Neither has a name, and an address is
# "<mina@quay.example>", with its brackets. The words are right. "parsedOk" is true, and there is no warning.
# Why: what stands before the last comma of the line is the date ("Tue, Jan 7"), and the rest, with the year and the
# hour, is the person. A date without a year gets the year 2001 from JavaScript.
# Who is hurt: whoever orders mails by time, or proves with it who said something first. All replies of Gmail's form are
# the oldest, and two of one day are equally old.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts email-origin-chain@1.0.11)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const { extractDeepestHybrid } = require("email-origin-chain");

const mail = `It shall stay.

On Tue, Jan 7, 2025 at 10:00 AM Mina <mina@quay.example> wrote:

> The pier must go.
>
> On Mon, Jan 6, 2025 at 9:00 AM Jun <jun@quay.example> wrote:
>
>> What about the pier?
`;
extractDeepestHybrid(mail, { skipMimeLayer: true }).then(({ history, diagnostics }) => {
  const seen = history.slice(0, 2).map(({ from, date_raw, date_iso }) => [JSON.stringify(from), date_raw, date_iso]);
  console.log(seen, diagnostics.parsedOk, diagnostics.warnings);
  assert.deepStrictEqual(seen, [
    ['{"address":"<jun@quay.example>"}', "Mon, Jan 6", "2001-01-06T00:00:00.000Z"],
    ['{"address":"<mina@quay.example>"}', "Tue, Jan 7", "2001-01-07T00:00:00.000Z"],
  ]);
  assert.deepStrictEqual([diagnostics.parsedOk, diagnostics.warnings], [true, []]);
});
JS
cd "$folder"
TZ=UTC node read.js
