#!/usr/bin/env bash
# whatsapp-chat-parser 4.0.2: in Korean and Chinese chats, the afternoon is the early morning.
#
# Expected: "오후 3:05" (3:05 in the afternoon, as WhatsApp writes it in Korean) is 15:05, and so is
# "下午3:05" in Chinese. "3:05 PM" and "3:05 p. m." are read so.
# Seen: both are 03:05, twelve hours too early, and messages of one day go back in time. A day that can
# be a month is one, although the year stands first: 7 January 2025 is 1 July.
# Why: letters are known only behind the time; between date and time, everything but digits is passed
# over. The order of day and month is guessed from all dates, whatever place the year has.
# Who is hurt: whoever draws at which hours people write. People who write after lunch are awake at night.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts whatsapp-chat-parser@4.0.2)
cat >"$folder/read.cjs" <<'JS'
const assert = require("node:assert");
const { parseString } = require("whatsapp-chat-parser");

const chats = {
  Korean: "2025. 1. 17. 오전 10:05 - 지우: 안녕\n2025. 1. 17. 오후 3:05 - 민서: 이제 가요",
  Chinese: "2025/1/17 上午10:05 - Jiu: hello\n2025/1/17 下午3:05 - Mina: going now",
  English: "1/17/25, 10:05 AM - Jiu: hello\n1/17/25, 3:05 PM - Mina: going now",
  "Korean, day 7": "2025. 1. 7. 오전 10:05 - 지우: 안녕\n2025. 1. 7. 오후 3:05 - 민서: 이제 가요",
};
const two = (number) => String(number).padStart(2, "0");
const show = (date) => `${date.getMonth() + 1}/${date.getDate()} ${two(date.getHours())}:${two(date.getMinutes())}`;
const seen = Object.values(chats).map((chat) => parseString(chat).map((message) => show(message.date)));
Object.keys(chats).forEach((name, place) => console.log(name, seen[place]));
assert.deepStrictEqual(seen, [
  ["1/17 10:05", "1/17 03:05"],
  ["1/17 10:05", "1/17 03:05"],
  ["1/17 10:05", "1/17 15:05"],
  ["7/1 10:05", "7/1 03:05"],
]);
JS
cd "$folder"
node read.cjs
