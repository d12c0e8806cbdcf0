#!/usr/bin/env bash
# krippendorff (npm) 0.1.0: what the first person did not judge at the end, nobody judged.
#
# Expected: the agreement of several people does not depend on who is named first. A rating that is missing at the end
# of a list may be left out, as the package's own example does for its third person.
# Seen: with that example, alpha is 0.417. The same three people in another order, with the one who rated two texts
# first, get 0.375. Two people who contradict each other about two of four texts agree fully, if a third one, who judged
# the first two alone, is named first: alpha is 1. With `undefined` for what is missing, it is 0.28 in each order.
# Why: the texts are counted in the list of the first person. What the others said about later ones is left out of
# the disagreement that was seen, but not of the one that chance would make.
# Who is hurt: whoever measures whether people judge alike, and has somebody who stopped early. No warning is given.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts krippendorff@0.1.0)
cat >"$folder/read.mjs" <<'JS'
import assert from "node:assert";
import { alpha } from "krippendorff";

const [one, other, short] = [[1, 2, 1], [1, 1, 1], [1, 2]];
const example = [alpha([one, other, short]), alpha([short, one, other]), alpha([[...short, undefined], one, other])];
console.log("the example, the short list first, and with undefined:", ...example);
assert.deepStrictEqual(example.map((number) => number.toFixed(3)), ["0.417", "0.375", "0.417"]);

const [mina, jun, ara] = [["tea", "cake", "tea", "cake"], ["tea", "cake", "cake", "tea"], ["tea", "cake"]];
const full = [...ara, undefined, undefined];
const quarrel = [alpha([mina, jun, ara]), alpha([ara, mina, jun]), alpha([full, mina, jun])];
console.log("two who contradict each other, the short list last, first, and with undefined:", ...quarrel);
assert.deepStrictEqual(quarrel.map((number) => number.toFixed(3)), ["0.280", "1.000", "0.280"]);
JS
cd "$folder"
node read.mjs
