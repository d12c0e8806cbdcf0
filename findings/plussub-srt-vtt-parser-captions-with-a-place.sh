#!/usr/bin/env bash
# @plussub/srt-vtt-parser 2.0.5: a caption with a place lasts four minutes, and an empty one swallows the next.
#
# Expected: in WebVTT, hours may be left out, settings such as "position:50%" may follow the times, and a caption may
# have any name. In SRT a caption may be empty.
# Seen: "00:03.000 --> 00:04.000 position:50%" ends after 240.05 seconds, and with "align:start" at no number. The
# caption with the name "keynote-1" is missing. The words of an empty caption are all of the next: number, times, words.
# Why: the line of times is split at all colons, so the one of the setting counts, too. A name that has "note", "style"
# or "region" in it makes a comment. The line after the times is a caption's words, even if it is empty.
# Who is hurt: whoever counts who speaks how long, or makes a transcript. Captions cover all that is said for minutes,
# and times are words of people.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts @plussub/srt-vtt-parser@2.0.5)
cat >"$folder/read.mjs" <<'JS'
import assert from "node:assert";
import { parse } from "@plussub/srt-vtt-parser";

const captions = (...lines) => parse(lines.join("\n")).entries.map(({ from, to, text }) => [from, to, text]);
const vtt = captions(
  "WEBVTT", "",
  "keynote-1", "00:01.000 --> 00:02.500", "The ferry is late", "",
  "00:03.000 --> 00:04.000 position:50%", "Why?", "",
  "00:05.000 --> 00:06.000 align:start", "Who knows", "",
);
const srt = captions(
  "1", "00:00:03,000 --> 00:00:04,000", "",
  "2", "00:00:05,000 --> 00:00:06,000", "Tea?", "",
);
console.log(vtt, srt);
assert.deepStrictEqual(vtt, [[3000, 240050, "Why?"], [5000, NaN, "Who knows"]]);
assert.deepStrictEqual(srt, [[3000, 4000, "\n2\n00:00:05,000 --> 00:00:06,000\nTea?"]]);
JS
cd "$folder"
node read.mjs
