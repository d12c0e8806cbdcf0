#!/usr/bin/env bash
# chatinsights 0.0.2: in a chat of a year, the busiest months are missing from the chart of months.
#
# Expected: `active_month` draws the "Monthly Message Stats" of a chat, as `active_users` draws its most active people.
# Seen: Mina writes one message in January, two in February, up to twelve in December. The chart has ten bars, January
# to October, and the longest is October's. November and December, with 23 of 78 messages, are not there.
# Why: the months are put in order from few to many, and the first ten are kept. For people, the ten are taken first.
# Who is hurt: whoever asks when a chat was most alive. The longer a chat lasts, the quieter are its charted months.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'chatinsights==0.0.2' 'matplotlib==3.11.2' \
  'pandas==3.1.1' 'wordcloud==1.9.6' 'nltk==3.10.4'
cd "$folder"
MPLBACKEND=Agg MPLCONFIGDIR="$folder" "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from calendar import month_abbr

import matplotlib.pyplot as plt
from chatInsights import ChatInsights

chat = ["01/01/24, 9:00 am - Messages and calls are end-to-end encrypted."]
chat += [f"{day:02}/{month:02}/24, 9:00 am - Mina: hello" for month in range(1, 13) for day in range(1, month + 1)]
with open("chat.txt", "w", encoding="utf-8") as file:
    file.write("\n".join(chat) + "\n")
insights = ChatInsights("chat.txt")
assert len(insights.data) == 78
insights.active_month()
axes = plt.gca()
bars = {label.get_text(): int(bar.get_width()) for label, bar in zip(axes.get_yticklabels(), axes.patches)}
print(axes.get_title(), bars)
assert bars == {f"{month_abbr[month]} 2024": month for month in range(1, 11)}
PYTHON
