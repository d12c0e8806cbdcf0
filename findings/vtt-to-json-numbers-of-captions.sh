#!/usr/bin/env bash
# vtt-to-json 0.1.1: the last caption is missing, numbers of captions are words, and "Yes." said twice is said once.
#
# Expected: the captions of a WebVTT file. A caption may have a number, in a line of its own, and the file ends with a
# line break, as text files do.
# Seen: of "Is it late?", "Yes.", "Yes." and "Oh.", the last is missing. With the numbers 1 to 4, the words are "Is it
# late?", "2", "Yes. 3" and "Yes. 4", and the "2" has the time of the first caption. Without numbers, an empty caption
# follows the first, and the second "Yes." is empty.
# Why: all lines after the first line of times are words. A line that equals the caption before is dropped. The last
# caption is kept only if its words are the last line of the file.
# Who is hurt: whoever searches or counts what was said: the last sentence of each talk is gone, and all speak
# numbers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts vtt-to-json@0.1.1)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const toJson = require("vtt-to-json");

const said = ["Is it late?", "Yes.", "Yes.", "Oh."];
const captions = said.map((words, at) => `00:0${at + 1}.000 --> 00:0${at + 1}.900\n${words}\n\n`);
const numbered = captions.map((caption, at) => `${at + 1}\n${caption}`);
const read = async (lines) => (await toJson(`WEBVTT\n\n${lines.join("")}`)).map(({ start, part }) => [start, part]);

(async () => {
  const [plain, counted] = [await read(captions), await read(numbered)];
  console.log(plain, counted);
  assert.deepStrictEqual(plain, [[1000, "Is it late?"], [1000, ""], [2000, "Yes."], [3000, ""]]);
  assert.deepStrictEqual(counted, [[1000, "Is it late?"], [1000, "2"], [2000, "Yes. 3"], [3000, "Yes. 4"]]);
})();
JS
cd "$folder"
node read.js
