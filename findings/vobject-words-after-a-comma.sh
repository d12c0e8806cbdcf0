#!/usr/bin/env bash
# vobject 0.9.9: of a note in a phone's contacts, the words after the first comma are missing; one of two nicknames is left.
#
# Expected: in vCard 2.1, which phones of Android export, a comma is a plain sign. In vCard 3.0, a web address has plain
# commas, and several nicknames have commas between them (RFC 2426). All words of a card are read.
# Seen: from 2.1, the note "tea, cake and pie" is "tea", and the name "Mina Kim, MD" is "Mina Kim". From 3.0,
# `https://example.org/a,b` is `https://example.org/a`, and of the nicknames "Mi,Na", "Mi" is left. Written again, the
# card has as little. vcf 2.1.2, a package for JavaScript, has all of it.
# Why: each value is divided at its commas, whatever the field and the version, and the first part is taken.
# Who is hurt: whoever moves contacts from a phone. No error is raised, and a card without commas is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  'vobject==0.9.9' 'python-dateutil==2.9.0.post0' 'pytz==2026.6' 'six==1.17.0'
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts vcf@2.1.2)
cd "$folder"
card() { printf '%s\r\n' BEGIN:VCARD "$@" 'N:Kim;Mina;;;' END:VCARD; }
card VERSION:2.1 'FN:Mina Kim, MD' 'NOTE:tea, cake and pie' >phone.vcf
card VERSION:3.0 'FN:Mina Kim' 'NICKNAME:Mi,Na' 'URL:https://example.org/a,b' >other.vcf
"$folder/venv/bin/python" - <<'PYTHON'
import vobject


def read(name):
    with open(name, encoding="utf-8", newline="") as file:
        return vobject.readOne(file.read())


phone, other = read("phone.vcf"), read("other.vcf")
print("vobject:", [phone.fn.value, phone.note.value, other.nickname.value, other.url.value])
assert [phone.fn.value, phone.note.value] == ["Mina Kim", "tea"]
assert [other.nickname.value, other.url.value] == ["Mi", "https://example.org/a"]
written = other.serialize()
assert "NICKNAME:Mi\r\n" in written
assert "URL:https://example.org/a\r\n" in written
PYTHON
node - <<'JS'
const assert = require("node:assert");
const { readFileSync } = require("node:fs");
const VCard = require("vcf");

const read = (name) => new VCard().parse(readFileSync(name, "utf8"));
const [phone, other] = [read("phone.vcf"), read("other.vcf")];
const seen = [phone.get("fn"), phone.get("note"), other.get("nickname"), other.get("url")].map((each) => each.valueOf());
console.log("vcf:", seen);
assert.deepStrictEqual(seen, ["Mina Kim, MD", "tea, cake and pie", "Mi,Na", "https://example.org/a,b"]);
JS
