# %% [markdown]
# # Who wrote this table of texts?
#
# `notices.csv` has notices of three places, and twelve that nobody has signed. Some of the twelve
# are by a fourth place.

# %%
from pathlib import Path

import pandas as pd

import saywho

notices = pd.read_csv(Path(__file__).with_name("notices.csv"))
is_signed = notices["writer"].notna()
signed, unsigned = notices[is_signed], notices[~is_signed]
judge = saywho.Judge(signed[["writer", "notice"]].itertuples(index=False))
print(judge)

# %% [markdown]
# One answer in full. Only `likely` names a writer: `close` and `unfamiliar` are answers, too.

# %%
answer = judge.ask(unsigned["notice"].iloc[0])
print(answer.text, answer.verdict, answer.ranking[0], answer.somebody_else, sep="\n")
for piece in answer.evidence:
    print(f"{piece.weight:+.1f} {piece.author}: {piece.text!r}")

# %% [markdown]
# All of them, as a table.

# %%
answers = pd.DataFrame(judge.ask_many(unsigned["notice"]))
answers["first"] = [ranking[0].author for ranking in answers["ranking"]]
answers["writer"] = answers["first"].where(answers["verdict"] == "likely", "")
print(answers[["verdict", "first", "writer", "somebody_else", "text"]].to_string(max_colwidth=40))

# %% [markdown]
# Several texts by one person are easier to judge than each of them. Two notices belong together:

# %%
together = judge.ask([*unsigned["notice"].iloc[[8, 10]]])
print(together.verdict, together.ranking[0].author, together.somebody_else)
