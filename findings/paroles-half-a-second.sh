#!/usr/bin/env bash
# paroles 2.3.0: lyrics that it wrote itself are half a second late, and a line at 10.999 seconds is a second early.
#
# Expected: a file with "[offset:500]", by which all lines come half a second sooner, is read, written and read with the
# same times. In a file the offset is in milliseconds and in the program in seconds, as its page explains.
# Seen: read, the offset is 0.5, as it should be. Written, it is "[offset:0.5]". Read again, it is 0, and at 9.6 seconds
# the line before is shown. Once more, and the file says "[offset:0]". A line at 10.999 is read as one at 10.
# Why: reading divides the offset by 1000, and writing does not multiply it. Of a part of a second, rounded to 1.00, all
# but the 1 is kept.
# Who is hurt: whoever edits a title and saves. The times are right in that program, and wrong from the next start on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts paroles@2.3.0)
cat >"$folder/write.js" <<'JS'
const assert = require("node:assert");
const { Lyrics } = require("paroles");

const seen = [];
let file = "[offset:500]\n[00:05.00]Mina sings.\n[00:10.00]Jun sings.";
for (let turn = 0; turn < 3; turn++) {
  const lyrics = new Lyrics(file);
  seen.push([file.split("\n")[0], lyrics.info.offset, lyrics.atTime(9.6).text]);
  file = lyrics.toString();
}
const late = new Lyrics("[00:10.999]Ida sings.").lines[0].time;
console.log(seen, late);
assert.deepStrictEqual(seen, [
  ["[offset:500]", 0.5, "Jun sings."],
  ["[offset:0.5]", 0, "Mina sings."],
  ["[offset:0]", 0, "Mina sings."],
]);
assert.strictEqual(late, 10);
JS
cd "$folder"
node write.js
