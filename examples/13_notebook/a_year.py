# %% [markdown]
# # A chat into pandas, and a picture of its year
#
# `family.txt` is an invented chat as WhatsApp exports it. Put your own file in its place.

# %%
from pathlib import Path

import plotly.graph_objects as go

import saywho

chat = saywho.read(Path(__file__).with_name("family.txt"), tz="Europe/London")
print(chat)

# %% [markdown]
# What the file left open, what looked odd, and what was not used. Look here first.

# %%
print(*chat.assumptions, *chat.doubts, *chat.unread, sep="\n")

# %%
table = chat.to_pandas()
table["month"] = table["created_at"].dt.tz_convert("Europe/London").dt.month
months = table.pivot_table(index="author", columns="month", values="text", aggfunc="count")
print(months.fillna(0).astype(int))

# %% [markdown]
# How long their messages are, and how many end with a question mark.

# %%
table["characters"] = table["text"].str.len()
table["asks"] = table["text"].str.endswith("?")
print(table.groupby("author")[["characters", "asks"]].mean().round(2))

# %% [markdown]
# The year: a row for each weekday, a column for each week.

# %%
day = table["created_at"].dt.tz_convert("Europe/London").dt.isocalendar()
weeks = table.groupby([day["day"], day["week"]]).size().unstack(fill_value=0)
names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
picture = go.Figure(go.Heatmap(z=weeks, x=weeks.columns, y=names, colorscale="Greens"))
picture.update_yaxes(autorange="reversed")
picture.update_layout(title=f"{len(chat):,} messages of {len(chat.people)} people, by week")
picture
