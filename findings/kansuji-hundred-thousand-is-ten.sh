#!/usr/bin/env bash
# kansuji 1.1.0 and kansuji-ts 1.0.3: a hundred thousand is ten, two million is two hundred, ten billion is a hundred.
#
# Expected: "Convert a number into Japanese Kansuji string": 100,000 is 十万, and 2,000,000 is 二百万.
# Seen: 100,000 is 十, which is 10. 2,000,000 is 二百, which is 200. 10,000,000,000 is 百, which is 100, and 110,000,000
# is 一億千, which is 100,001,000. 120,000 is 十二万, as it should be, and so is every number up to 99,999.
# Why: 万 (ten thousand) and 億 (a hundred million) are written with the digit in their own place, and not if it is 0.
# Who is hurt: whoever writes sums, votes or counts of followers in Japanese. Round numbers are wrong, and the numbers
# of a test, such as 12345, are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null &&
  npm install --silent --ignore-scripts kansuji@1.1.0 kansuji-ts@1.0.3)
cat >"$folder/write.js" <<'JS'
const assert = require("node:assert");

const expected = new Map([
  [12345, "一万二千三百四十五"],
  [120000, "十二万"],
  [100000, "十"],
  [2000000, "二百"],
  [110000000, "一億千"],
  [10000000000, "百"],
]);
for (const name of ["kansuji", "kansuji-ts"]) {
  const library = require(name);
  const kansuji = library.default ?? library;
  for (const [number, words] of expected) {
    console.log(name, number, kansuji(number));
    assert.strictEqual(kansuji(number), words);
  }
  assert.strictEqual(kansuji(100000), kansuji(10));
}
JS
cd "$folder"
node write.js
