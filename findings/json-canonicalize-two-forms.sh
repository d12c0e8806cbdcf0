#!/usr/bin/env bash
# json-canonicalize 3.0.1: the same data have several canonical forms, depending on the objects behind them.
#
# Expected: equal data have one canonical form (RFC 8785): sorted keys, and nothing of how they lie in memory.
# Seen: where Mina is the author and also among the authors, as one object, it is a "circular reference". If
# these are allowed, her second place says "[Circular:$.author]". With a copy of her, it has her name.
# Called "writer" and "authors", there is no circle. A post with a method `toJSON` keeps its keys unsorted.
# Why: a value counts as its own ancestor if its path begins with the letters of an earlier path, and
# "$.authors[0]" begins with "$.author". What has `toJSON` is given to JSON.stringify as it is.
# Who is hurt: whoever signs or compares data by their hash. What was read from a file and what is in
# memory differ, and so do records of libraries that write themselves with `toJSON`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts json-canonicalize@3.0.1)
cat >"$folder/write.js" <<'JS'
const assert = require("node:assert");
const { canonicalize } = require("json-canonicalize");

class Post {
  constructor(text, id) {
    Object.assign(this, { text, id });
  }
  toJSON() {
    return { text: this.text, id: this.id };
  }
}
const copied = (value) => JSON.parse(JSON.stringify(value));
const mina = { name: "Mina" };
const named = { author: mina, authors: [mina] };
const otherwise = { writer: mina, authors: [mina] };
const post = new Post("tea", 1);
const forms = [named, otherwise, post].map((value) => [canonicalize(value, true), canonicalize(copied(value), true)]);
forms.forEach(([own, copy]) => console.log(`${own}\n  as a copy: ${copy}`));
assert.throws(() => canonicalize(named), /Circular reference/);
assert.strictEqual(forms[0][0], '{"author":{"name":"Mina"},"authors":["[Circular:$.author]"]}');
assert.strictEqual(forms[0][1], '{"author":{"name":"Mina"},"authors":[{"name":"Mina"}]}');
assert.strictEqual(forms[1][0], forms[1][1]);
assert.deepStrictEqual(forms[2], ['{"text":"tea","id":1}', '{"id":1,"text":"tea"}']);
JS
cd "$folder"
node write.js
