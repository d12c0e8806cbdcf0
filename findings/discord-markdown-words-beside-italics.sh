#!/usr/bin/env bash
# discord-markdown 0.4.0: words before italics in bold, and all words after a single star, are missing.
#
# Expected: a message of Discord becomes HTML with the same words. A star that opens nothing is a star, and `>` is a
# quotation only at the beginning of a line.
# Seen: "**bring *hot* tea**" is a bold "tea". "it is 5 * 3 cups" is "it is 5", "2 > 1" is "2", and of a spoiler with
# bold words only the end is left.
# Output:
#   **bring *hot* tea**      <p><b> tea</b></p>
#   it is 5 * 3 cups         <p>it is 5 </p>
#   2 > 1 in tea             <p>2 </p>
#   my_name is_x             <p>my<i>name is</i>x</p>
# Why: while something is open, each text replaces the one before. What is open at the end of a line is thrown away.
# Who is hurt: people who keep a Discord chat as web pages. The words look complete, and the sums and emphasized words
# in them are gone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'discord-markdown==0.4.0'
"$folder/venv/bin/python" - <<'PYTHON'
from contextlib import redirect_stdout
from io import StringIO

from discord_markdown.discord_markdown import convert_to_html

expected = {
    "**bring *hot* tea**": "<p><b> tea</b></p>",
    "it is 5 * 3 cups": "<p>it is 5 </p>",
    "2 > 1 in tea": "<p>2 </p>",
    "my_name is_x": "<p>my<i>name is</i>x</p>",
}
for message, page in expected.items():
    with redirect_stdout(StringIO()):
        seen = convert_to_html(message)
    print(f"{message:24}", seen)
    assert seen == page
PYTHON
