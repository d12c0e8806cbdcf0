#!/usr/bin/env bash
# subsrt 1.1.1: a whole file is one caption, and in Korean subtitles the second language is missing.
#
# Expected: SRT and SBV (YouTube) are parted by blank lines. SAMI, Korea's own format, has languages side by side. In
# LRC, [00:15.345] is 15.345 seconds, and a line that is sung twice has two times.
# Seen: with the line ends of Linux and macOS, the first caption holds all others, with their numbers and times as words.
# WebVTT has no caption at all. Of SAMI, English is missing, so a line that is only English is no caption. LRC says
# 18.45 seconds, and "[00:40.00]" is a word.
# Why: between two line breaks, one more blank is asked for, which only CR LF has. After the first paragraph of a
# moment, the rest is thrown away. The digits after the point are hundredths, however many they are.
# Who is hurt: whoever searches or counts what is said in a video. Everything is said at once, or nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts subsrt@1.1.1)
cat >"$folder/captions.js" <<'JS'
const assert = require("node:assert");
const subsrt = require("subsrt");

const captions = (format, text) =>
  subsrt
    .parse(text, { format, eol: "\n" })
    .filter((each) => each.type === "caption")
    .map((each) => `${each.start} ${each.text.trim()}`);
const srt = "1\n00:00:01,000 --> 00:00:02,000\nIs it late?\n\n2\n00:00:03,000 --> 00:00:04,000\nYes.\n";
const sbv = "0:00:01.000,0:00:02.000\nIs it late?\n\n0:00:03.000,0:00:04.000\nYes.\n";
const vtt = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nIs it late?\n\n00:00:03.000 --> 00:00:04.000\nYes.\n";
const smi =
  "<SAMI><HEAD><TITLE>Ferry</TITLE></HEAD><BODY>\n" +
  "<SYNC Start=1000><P Class=KRCC>늦어요?\n<P Class=ENCC>Is it late?\n" +
  "<SYNC Start=3000><P Class=KRCC>&nbsp;\n<P Class=ENCC>Yes.\n</BODY></SAMI>\n";
const lrc = "[ti:Ferry]\n\n[00:15.345]late\n[00:20.00][00:40.00]and cold\n";
const seen = {
  srt: captions("srt", srt),
  sbv: captions("sbv", sbv),
  vtt: captions("vtt", vtt),
  smi: captions("smi", smi),
  lrc: captions("lrc", lrc),
  "srt with CR LF": captions("srt", srt.replaceAll("\n", "\r\n")),
};
console.log(seen);
assert.deepStrictEqual(seen, {
  srt: ["1000 Is it late?\n\n2\n00:00:03,000 --> 00:00:04,000\nYes."],
  sbv: ["1000 Is it late?\n\n0:00:03.000,0:00:04.000\nYes."],
  vtt: [],
  smi: ["1000 늦어요?"],
  lrc: ["18450 late", "20000 [00:40.00]and cold"],
  "srt with CR LF": ["1000 Is it late?", "3000 Yes."],
});
JS
cd "$folder"
node captions.js
