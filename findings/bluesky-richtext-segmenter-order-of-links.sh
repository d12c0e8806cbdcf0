#!/usr/bin/env bash
# @atcute/bluesky-richtext-segmenter 3.0.2: a link that a post lists after a later one is no link.
#
# Expected: each facet of a Bluesky post says by its bytes where its link or mention is. Their order in the list has no
# meaning: many clients write all mentions first and then all links, each as they find them.
# Seen: of two links in the order of the text, both are links. In the other order, the first is plain text. Bluesky
# shows `example.org/a...` and keeps the whole address in the facet alone, so the address is lost.
# Output:
#   in the order of the text: @mina.example.org, example.org/a..., example.com/b...
#   links first:              example.org/a..., example.com/b...
#   from the end:             example.com/b...
# Why: the text is walked once, in the order of the list. A facet that begins before the end of the one before it is
# left out, which is meant for facets that overlap.
# Who is hurt: people who show or keep posts of Bluesky. A link before a mention is lost if the client looks for
# mentions first, and no error tells it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts @atcute/bluesky-richtext-segmenter@3.0.2)
cat >"$folder/read.mjs" <<'JS'
import assert from "node:assert";
import { segmentize } from "@atcute/bluesky-richtext-segmenter";

const text = "@mina.example.org the ferry: example.org/a... and the tea: example.com/b...";
const facet = (shown, feature) => ({
  index: { byteStart: text.indexOf(shown), byteEnd: text.indexOf(shown) + shown.length },
  features: [feature],
});
const link = (uri) => ({ $type: "app.bsky.richtext.facet#link", uri });
const mina = facet("@mina.example.org", { $type: "app.bsky.richtext.facet#mention", did: "did:plc:mina" });
const ferry = facet("example.org/a...", link("https://example.org/a/ferry"));
const tea = facet("example.com/b...", link("https://example.com/b/tea"));
const marked = (facets) => segmentize(text, facets).filter((part) => part.features).map((part) => part.text);
const seen = [marked([mina, ferry, tea]), marked([ferry, tea, mina]), marked([tea, ferry, mina])];
console.log("in the order of the text:", seen[0].join(", "));
console.log("links first:             ", seen[1].join(", "));
console.log("from the end:            ", seen[2].join(", "));
assert.deepStrictEqual(seen, [
  ["@mina.example.org", "example.org/a...", "example.com/b..."],
  ["example.org/a...", "example.com/b..."],
  ["example.com/b..."],
]);
JS
cd "$folder"
node read.mjs
