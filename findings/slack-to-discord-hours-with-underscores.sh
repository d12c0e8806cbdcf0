#!/usr/bin/env bash
# slack-to-discord 1.3.0: "open 9:00-12:30" becomes "open 9:00_12:30", and 2*3*4 becomes 2**3**4.
#
# Expected: messages of Slack's export keep their words. Only what Slack itself marks is written as Discord marks it:
# `:thumbs-up:` is an emoji, and `*bold*` is bold.
# Seen: in each range of times, the hyphen is an underscore. "3:4-5:6" is "3:4_5:6". Between digits, where Slack shows a
# star as a star, each star is two.
# Output:
#   open 9:00_12:30 and 14:00_18:30
#   the odds are 3:4_5:6
#   2**3**4 is 24
#   open 9:00 - 12:30, that is **new** :smile:
# Why: everything from a colon to the next colon counts as the name of an emoji, and hyphens of such names are changed
# before anybody asks if there is such an emoji. Stars count as marks wherever two are in a line.
# Who is hurt: people who move a workspace, or read its archive with these functions. Opening hours and shifts are what
# a workspace is searched for, and after the move the search for "9:00-12:30" finds nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'slack-to-discord==1.3.0' 'discord.py==2.7.1'
mkdir -p "$folder/export/general"
echo '[{"id": "U1", "name": "mina", "profile": {"display_name_normalized": "Mina", "real_name_normalized": "Mina"}}]' \
  >"$folder/export/users.json"
echo '[{"id": "C1", "name": "general", "purpose": {"value": ""}, "topic": {"value": ""}}]' >"$folder/export/channels.json"
cat >"$folder/export/general/2025-05-01.json" <<'JSON'
[{"type": "message", "user": "U1", "ts": "1746093601.000100", "text": "open 9:00-12:30 and 14:00-18:30"},
 {"type": "message", "user": "U1", "ts": "1746093602.000100", "text": "the odds are 3:4-5:6"},
 {"type": "message", "user": "U1", "ts": "1746093603.000100", "text": "2*3*4 is 24"},
 {"type": "message", "user": "U1", "ts": "1746093604.000100", "text": "open 9:00 - 12:30, that is *new* :smile:"}]
JSON
"$folder/venv/bin/python" -W ignore - "$folder/export" <<'PYTHON'
import sys

from slack_to_discord.importer import slack_channel_messages, slack_channelmap, slack_usermap

export = sys.argv[1]
people, channels = slack_usermap(export), slack_channelmap(export)
messages = slack_channel_messages(export, "general", channels, people, {}, set(), "%Y-%m-%d", "%H:%M")
seen = [message["text"] for message in messages]
print(*seen, sep="\n")
assert seen == [
    "open 9:00_12:30 and 14:00_18:30",
    "the odds are 3:4_5:6",
    "2**3**4 is 24",
    "open 9:00 - 12:30, that is **new** :smile:",
], seen
PYTHON
