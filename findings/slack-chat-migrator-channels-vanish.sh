#!/usr/bin/env bash
# slack-chat-migrator 0.4.2: names of channels, groups of people, dates and "@here" vanish from the migrated messages.
#
# Expected: "ask @crew in #tea before Jan 7, @here" arrives in Google Chat with its words. Slack's export has the message
# twice: as text with marks (`<#C1|tea>`), and as blocks with an element for each mark.
# Seen: "ask  in  before , ". From the text alone, the same program makes "ask @subteam^S1 in #tea before …, @here".
# Why: blocks come before the text, and their reader knows the elements text, link, emoji and user. For all others,
# which Slack documents beside them (channel, usergroup, date, broadcast), it writes nothing and warns of nothing.
# Who is hurt: whoever moves a workspace. Messages that people type in Slack have blocks, so each of them that names a
# channel loses the name, and the originals go with the old workspace.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  'slack-chat-migrator==0.4.2' 'emoji==2.15.0' 'click==8.1.8' 'rich==14.0.0'
"$folder/venv/bin/python" - <<'PY'
from slack_chat_migrator.utils.formatting import convert_formatting, parse_slack_blocks

typed = [
    {"type": "text", "text": "ask "},
    {"type": "usergroup", "usergroup_id": "S1"},
    {"type": "text", "text": " in "},
    {"type": "channel", "channel_id": "C1"},
    {"type": "text", "text": " before "},
    {"type": "date", "timestamp": 1736244000, "format": "{date_short}", "fallback": "Jan 7"},
    {"type": "text", "text": ", "},
    {"type": "broadcast", "range": "here"},
]
blocks = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": typed}]}]
text = "ask <!subteam^S1|@crew> in <#C1|tea> before <!date^1736244000^{date_short}|Jan 7>, <!here>"
message = {"type": "message", "user": "U1", "ts": "1736244000.000100", "text": text}
migrated = convert_formatting(parse_slack_blocks(message | {"blocks": blocks}), {})
of_text = convert_formatting(parse_slack_blocks(message), {})
print("as people type it:", repr(migrated))
print("without blocks:   ", repr(of_text))
assert migrated == "ask  in  before ,", migrated
assert "#tea" in of_text and "@here" in of_text, of_text
PY
