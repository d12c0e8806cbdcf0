#!/usr/bin/env bash
# imessage-wrapped 1.0.42: in Seoul, a conversation ends at nine in the morning, and the next message starts another.
#
# Expected: a conversation ends after six hours without a message, as the report says ("silence_threshold_hours": 6).
# Seen: in Seoul, Mina and Jiu write in turn, each two minutes, from 8:50 to 9:08. These are two conversations. Jiu
# started the second, at nine, after a pause of 0.03 hours, and each of the two started half of all.
# Output:
#   2025-01-07T08:50:00+09:00 by the owner
#   2025-01-07T09:00:00+09:00 by Jiu
#   hours between: 0.03
# Why: a conversation also ends when the date changes, and the date is that of UTC, not of the place. All other figures
# of the report are in local time.
# Who is hurt: people who ask who begins, who has the last word and how long the pauses are. In Europe the cut is after
# midnight, in Seoul it is at breakfast, in California in the afternoon.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'imessage-wrapped==1.0.42' 'emoji==2.16.0'
TZ=Asia/Seoul "$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime, timedelta, timezone

from imessage_wrapped.analyzer import RawStatisticsAnalyzer
from imessage_wrapped.models import Conversation, ExportData, Message

start = datetime(2025, 1, 6, 23, 50, tzinfo=timezone.utc)
messages = [
    Message(turn, str(turn), start + timedelta(minutes=2 * turn), turn % 2 == 0, "", "Tea", "iMessage", False)
    for turn in range(10)
]
chats = {"jiu": Conversation(1, "jiu", "Jiu", False, ["jiu"], messages)}
data = ExportData(datetime(2025, 12, 31, tzinfo=timezone.utc), 2025, chats)
report = RawStatisticsAnalyzer().analyze(data)["top_conversation_deep_dive"]["starter_analysis"]
for each in report["session_examples"]:
    print(each["started_at"], "by the owner" if each["started_by_you"] else "by Jiu")
print("hours between:", report["avg_gap_hours"])
assert report["silence_threshold_hours"] == 6
assert (report["total_sessions"], report["you_started"], report["they_started"]) == (2, 1, 1)
assert report["avg_gap_hours"] == 0.03
assert [each["started_at"][11:16] for each in report["session_examples"]] == ["08:50", "09:00"]
PYTHON
