#!/usr/bin/env bash
# opml 0.5.8: a list titled "Tea & cake" is written so that nobody can read it; lines of a note become one.
#
# Expected: what a package writes, it reads. In XML, an ampersand in a title is written as `&amp;`, and a line break in an
# attribute as a number, because a reader makes a plain one a blank.
# Seen: of an outline with the title "Tea & cake", or with an owner "Mina <mina@example.org>", `opml` itself says that it
# is no valid OPML, and so does Python's XML. The same words in the text of a line are right. Of the text "tea", line
# break, "cake", Python reads "tea cake".
# Why: attributes are escaped, elements of the head are not. Line breaks are written as they are.
# Who is hurt: whoever writes lists of feeds or outlines with an ampersand in the title. The error comes when the list
# is needed again, and in another program.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts opml@0.5.8)
cd "$folder"
cat >write.js <<'JS'
const assert = require("node:assert");
const { writeFileSync } = require("node:fs");
const opml = require("opml");

const write = (head, text) => opml.stringify({ opml: { head, body: { subs: [{ text }] } } });
const titles = [{ title: "Tea & cake" }, { title: "Tea", ownerName: "Mina <mina@example.org>" }];
titles.forEach((head, number) => {
  const written = write(head, "Tea & <cake>");
  writeFileSync(`${number}.opml`, written);
  opml.parse(written, (error) => {
    console.log("read by itself:", JSON.stringify(head), error && error.message.split("\n")[0]);
    assert.ok(error);
  });
});
writeFileSync("right.opml", write({ title: "Tea" }, "Tea & <cake>"));
writeFileSync("lines.opml", write({ title: "Tea" }, "tea\ncake"));
JS
node write.js
python3 - <<'PYTHON'
from xml.etree import ElementTree

for name in ("0.opml", "1.opml"):
    try:
        ElementTree.parse(name)
    except ElementTree.ParseError as error:
        print("read by Python:", name, error)
    else:
        raise SystemExit(f"{name} is right")
texts = [ElementTree.parse(name).find("body/outline").get("text") for name in ("right.opml", "lines.opml")]
print("read by Python:", texts)
assert texts == ["Tea & <cake>", "tea cake"]
PYTHON
