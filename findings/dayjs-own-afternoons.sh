#!/usr/bin/env bash
# dayjs 1.11.23: in Korean and Japanese, an afternoon that it wrote itself is read back as the early morning.
#
# Expected: what `format` writes, `customParseFormat` reads, with the same form and locale: "오후 3:05" is 15:05.
# Seen: in Korean (ko) and Japanese (ja), each of the twelve hours from noon is read twelve hours too early. In
# Russian (ru), so are the five from 12 to 16 ("дня"), and in Chinese (zh), noon. No date is invalid. English is right.
# Why: the words of a locale are tried from hour 1 on, and the first that fits decides. It is an afternoon only if
# that hour is above 12. But "오후" and "午後" are the words of hour 12 already.
# Who is hurt: whoever reads Korean or Japanese chats and times with it. Messages after lunch are at night, and a
# test with an English date, or with a morning, sees nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts dayjs@1.11.23)
cat >"$folder/read.js" <<'JS'
const assert = require("node:assert");
const dayjs = require("dayjs");
dayjs.extend(require("dayjs/plugin/customParseFormat"));

const form = "YYYY-MM-DD A h:mm";
const hours = Array.from({ length: 24 }, (_, hour) => hour);
const seen = {};
for (const locale of ["ko", "ja", "ru", "zh", "en"]) {
  require(`dayjs/locale/${locale}`);
  const early = hours.filter((hour) => {
    const written = dayjs(new Date(2025, 0, 7, hour, 5)).locale(locale).format(form);
    const read = dayjs(written, form, locale);
    if (hour === 15) console.log(locale, written, "->", read.format("HH:mm"));
    assert.ok(read.isValid() && [hour, hour - 12].includes(read.hour()));
    return read.hour() === hour - 12;
  });
  seen[locale] = early;
}
console.log(seen);
const afternoon = hours.slice(12);
assert.deepStrictEqual(seen, { ko: afternoon, ja: afternoon, ru: [12, 13, 14, 15, 16], zh: [12], en: [] });
JS
cd "$folder"
TZ=UTC node read.js
