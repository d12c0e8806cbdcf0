#!/usr/bin/env bash
# telegram-chat-parser 1.0.7: two people with one first name are one, and looking at a message changes its author's id.
#
# Expected: each message of Telegram's export has the id of its author (`from_id`), which tells two people apart.
# Seen: a group of Anna (user11), another Anna (user22) and Mina has two users. Both Annas are one object. Its id is
# that of the Anna whose message was asked for last, so the list of users changes while it is read.
# Output:
#   read:                            Anna user22, Mina user33
#   after a look at the first Anna:  Anna user11, Mina user33
#   after a look at the second Anna: Anna user22, Mina user33
# Why: a user with the same name gets the id of the message, also if the user has another id already. The option behind
# it, `mergeMissingUserIdIntoName`, is on by default, and asks only whether the message has an id.
# Who is hurt: people who count what people of a group write. Telegram shows first names, and in large groups several
# people have the same.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts telegram-chat-parser@1.0.7)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const { TelegramChat } = require("telegram-chat-parser");

const message = (id, from, from_id, text) => ({ id, type: "message", date: "2025-01-07T10:01:02", from, from_id, text });
const messages = [
  message(1, "Anna", "user11", "I bring tea"),
  message(2, "Anna", "user22", "I bring the map"),
  message(3, "Mina", "user33", "thanks to both"),
];
const chat = new TelegramChat(JSON.stringify({ name: "Pier", type: "private_group", id: 5, messages }));
const users = () => chat.users.map((user) => `${user.name} ${user.id}`);
const [first, second] = chat.messages;
const seen = [users(), [first.from, users()][1], [second.from, users()][1]];
console.log("read:                           ", seen[0].join(", "));
console.log("after a look at the first Anna: ", seen[1].join(", "));
console.log("after a look at the second Anna:", seen[2].join(", "));
assert.deepStrictEqual(seen, [
  ["Anna user22", "Mina user33"],
  ["Anna user11", "Mina user33"],
  ["Anna user22", "Mina user33"],
]);
assert.strictEqual(first.from, second.from);
JS
cd "$folder"
node read.js
