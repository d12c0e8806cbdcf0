#!/usr/bin/env bash
# es-hangul 2.4.0: Friday is read "geummyoil", Monday "wollyoil", and 16 "sipbyuk": sounds that nobody says.
#
# Expected: `standardizePronunciation` writes words as they are said, and `romanize` in Latin letters by the official
# rules. 월요일 (Monday) is 워료일, woryoil. Thursday is mogyoil, Friday geumyoil, Sunday iryoil, and 16 simnyuk.
# Seen: wollyoil, mongnyoil, geummyoil, illyoil and sipbyuk. 중요 (important) has an n, and 절약 (saving) a second l.
# In 금융 (finance), an m is said twice. The name 박영희 is Bangnyeonghui. koroman 1.0.16 says Friday as people do, and
# Monday, Thursday and Sunday as es-hangul does. Tuesday, Wednesday and Saturday are right in both.
# Why: n or l is put in before each syllable with ya, yeo, yo or yu, as between two words that became one, such as 담요
# (blanket). In words that are one from the start, nobody says it. Behind some vowels, as in 금 and 십, the sound at the
# end of a syllable is put in instead, where people say n.
# Who is hurt: whoever lets a voice read dates and names, or writes names and places in Latin letters.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts es-hangul@2.4.0 koroman@1.0.16)
cat >"$folder/read.cjs" <<'JS'
const assert = require("node:assert");
const { romanize, standardizePronunciation } = require("es-hangul");
const koroman = require("koroman");

const expected = {
  월요일: ["월료일", "wollyoil", "wollyoil"],
  화요일: ["화요일", "hwayoil", "hwayoil"],
  수요일: ["수요일", "suyoil", "suyoil"],
  목요일: ["몽뇨일", "mongnyoil", "mongnyoil"],
  금요일: ["금묘일", "geummyoil", "geumyoil"],
  토요일: ["토요일", "toyoil", "toyoil"],
  일요일: ["일료일", "illyoil", "illyoil"],
  십육: ["십뷱", "sipbyuk", "sibyuk"],
  중요: ["중뇨", "jungnyo", "jungyo"],
  절약: ["절략", "jeollyak", "jeollyak"],
  금융: ["금뮹", "geummyung", "geumyung"],
  박영희: ["방녕희", "bangnyeonghui", "bangnyeonghui"],
  담요: ["담뇨", "damnyo", "damyo"],
};
for (const [word, words] of Object.entries(expected)) {
  const seen = [standardizePronunciation(word), romanize(word), koroman.romanize(word)];
  console.log(word, ...seen);
  assert.deepStrictEqual(seen, words);
}
JS
cd "$folder"
node read.cjs
