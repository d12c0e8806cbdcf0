#!/usr/bin/env bash
# hanja 0.15.1 (Python) and hanja 1.1.5 (npm): the last syllable of a ratio, a rate and a chance is "sol".
#
# Expected: Chinese signs in Korean texts are made the syllables with which the words are written: 比率 (ratio) is 비율, 確率
# (chance) 확률, 不足 (lack) 부족, 不動産 (real estate) 부동산, 音樂 (music) 음악. It says that it keeps the rule by which a sound at
# the beginning of a word changes.
# Seen: 비솔, 확솔, 불족, 불동산 and 음락, which are no words. 中國料理 (Chinese food) is 중국료리, which is written 중국요리. 法律 (law), 不法
# (unlawful) and 女子 (woman) are right. With npm's package, which is made after Python's, 女子 is right as the first word
# of a text only: "그 女子" (that woman) is 그 녀자.
# Output:
#   written: 女子 比率 確率 不足 不動産 音樂 中國料理 法律 不法 그 女子
#   Python:  여자 비솔 확솔 불족 불동산 음락 중국료리 법률 불법 그 여자
#   npm:     여자 비솔 확솔 불족 불동산 음락 중국료리 법률 불법 그 녀자
# Why: each sign has one syllable, whatever stands beside it. 率 is yul or ryul in ordinary words. The list has the one
# of an old word for a leader. npm's package takes the beginning of a text for the only beginning of a word.
# Who is hurt: people who make older newspapers, papers or names readable, and search or count words in them. A search
# for 비율 finds no ratio, and a voice reads 비솔.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'hanja==0.15.1'
(cd "$folder" && npm init --yes >/dev/null && npm install --silent --ignore-scripts hanja@1.1.5)
cd "$folder"
said="女子 比率 確率 不足 不動産 音樂 中國料理 法律 不法 그 女子"
seen="여자 비솔 확솔 불족 불동산 음락 중국료리 법률 불법 그"
python=$(venv/bin/python -c 'import sys, hanja; print(hanja.translate(sys.argv[1], "substitution"))' "$said")
node=$(node -e 'console.log(require("hanja").default.translate(process.argv[1], "SUBSTITUTION"))' "$said")
printf '%s\n' "written: $said" "Python:  $python" "npm:     $node"
[ "$python" = "$seen 여자" ]
[ "$node" = "$seen 녀자" ]
