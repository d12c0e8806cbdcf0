#!/usr/bin/env bash
# telegram-analyzer 1.0.0: whoever writes twice, a year apart, was online for 8784 hours.
#
# Expected: the report of a chat tells for each person the "online time". Messages alone allow a guess at best, and
# more messages in more hours mean more time.
# Seen: Mina writes two messages, on 7 January 2024 and 2025. She was online for 8784 hours. Jiu writes 601 messages,
# one a minute, and was online for 10 hours. The average is 4397 hours.
# Why: the time from the first to the last message of a person counts as time online.
# Who is hurt: whoever compares people, or judges how much time somebody spends in a chat. Who is longest in the group
# is said to be there most.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'telegram-analyzer==1.0.0' 'pandas==3.1.1' \
  'numpy==2.4.6' 'nltk==3.10.4' 'emoji==2.16.0' 'matplotlib==3.11.2' 'seaborn==0.13.2' 'wordcloud==1.9.6' \
  'networkx==3.6.1'
MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
import pandas as pd
from telegram_analyzer.analyzer import ChatAnalyzer

rows = [("2024-01-07T10:00", "Mina", "Tea?"), ("2025-01-07T10:00", "Mina", "Cups?")]
rows += [(f"2025-01-06T{minute // 60:02}:{minute % 60:02}", "Jiu", "Yes") for minute in range(601)]
report = ChatAnalyzer(pd.DataFrame(rows, columns=["date", "from", "text"])).get_online_time_stats()
hours = {name: (each["message_count"], each["total_hours"]) for name, each in report["user_online_times"].items()}
print(hours, report["average_online_hours"])
assert hours == {"Mina": (2, 8784), "Jiu": (601, 10)}
assert report["average_online_hours"] == 4397
PYTHON
