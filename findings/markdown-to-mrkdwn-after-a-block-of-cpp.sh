#!/usr/bin/env bash
# markdown-to-mrkdwn 0.3.3: after a block of C++, no heading, link or bold word is converted, and the block is.
#
# Expected: Markdown becomes Slack's text. It "preserves code blocks without converting their contents".
# Seen: with "```c++", pointers in the block get underscores ("int _a, _b;"), and all that follows the block stays as it
# is in Markdown: "**three**", "# Ports", "[the map](https://quay.example)". It is the same with "```python title" and
# "``` c". With "```c", both are right.
# Why: a block begins only if its line has nothing but backticks and one word of letters, digits and "_". So the line
# that ends the block begins one, which lasts to the end of the text.
# Who is hurt: whoever posts release notes or answers with code. One block of C++, C# or Objective-C spoils the rest.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'markdown-to-mrkdwn==0.3.3'
"$folder/venv/bin/python" - <<'PYTHON'
from markdown_to_mrkdwn import SlackMarkdownConverter

for language in ("c", "c++", "c#", "objective-c", "python title", " c"):
    text = f"```{language}\nint *a, *b;\n```\n\n# Ports\n\n**three** of [the map](https://quay.example)"
    _, block, _, _, heading, _, sentence = SlackMarkdownConverter().convert(text).splitlines()
    print(f"{language!r}:", block, heading, sentence, sep="  ")
    if language == "c":
        assert (block, heading) == ("int *a, *b;", "*Ports*")
        assert sentence == "*three* of <https://quay.example|the map>"
    else:
        assert (block, heading) == ("int _a, _b;", "# Ports")
        assert sentence == "**three** of [the map](https://quay.example)"
PYTHON
