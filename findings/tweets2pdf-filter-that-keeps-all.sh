#!/usr/bin/env bash
# tweets2pdf 0.0.5: a filter by hashtag keeps all posts, and "C:\new" becomes "C:" and a line "ew".
#
# Expected: with `--hashtags pier`, the PDF has the posts with #pier of an archive of X, word for word.
# Seen: of three posts, of which one has #pier, all three are in the PDF. "the folder C:\new" has a line break instead of
# "\n", and "café" is "cafÃ©".
# Why: the hashtags of a post and of the filter are united and not intersected, and a union with something is never
# empty. Each text is read a second time, as if it were the source of a Python string.
# Who is hurt: whoever passes on the posts about one event, and with them all others of the account.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'tweets2pdf==0.0.5' 'emoji==2.16.0' 'fpdf==1.7.2' \
  'python-dateutil==2.9.0.post0' 'pytz==2026.3' 'requests==2.34.0' 'matplotlib==3.11.2' 'pypdf==7.1.1'
font=$("$folder/venv/bin/python" -c \
  'import matplotlib; print(matplotlib.get_data_path() + "/fonts/ttf/DejaVuSans.ttf")')
cp "$font" "$folder"
cat >"$folder/tweets.js" <<'JS'
window.YTD.tweets.part0 = [
  {"tweet": {"id_str": "1", "full_text": "The ferry is late #pier", "created_at": "Tue Jan 07 10:01:00 +0000 2025",
    "lang": "en", "entities": {"urls": [], "hashtags": [{"text": "pier"}]}}},
  {"tweet": {"id_str": "2", "full_text": "Look in the folder C:\\new", "created_at": "Tue Jan 07 10:02:00 +0000 2025",
    "lang": "en", "entities": {"urls": [], "hashtags": []}}},
  {"tweet": {"id_str": "3", "full_text": "Tea at the café", "created_at": "Tue Jan 07 10:03:00 +0000 2025",
    "lang": "en", "entities": {"urls": [], "hashtags": [{"text": "tea"}]}}}
]
JS
"$folder/venv/bin/python" -W ignore -m tweets2pdf -f "$folder/tweets.js" --hashtags pier -p "$folder/posts.pdf" \
  --font "$folder/DejaVuSans.ttf" --loglevel ERROR
"$folder/venv/bin/python" - "$folder/posts.pdf" <<'PYTHON'
import sys

import pypdf

lines = pypdf.PdfReader(sys.argv[1]).pages[0].extract_text().splitlines()
words = [line for line in lines if not line.startswith(("2025", "https"))]
print(words)
assert words == ["The ferry is late #pier", "Look in the folder C:", "ew", "Tea at the cafÃ©"]
PYTHON
