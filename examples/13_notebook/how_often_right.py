# %% [markdown]
# # How often is it right? Measure it on your own posts
#
# `posts.jsonl` has posts of four invented places in Korean, which are easy to tell apart: expect
# less of your friends. The newest posts of each are held out, and judged by the earlier ones.

# %%
from collections import Counter
from pathlib import Path

import saywho

posts = saywho.read(Path(__file__).with_name("posts.jsonl"))
held_out = saywho.Judge(posts).held_out()
print(f"{held_out.right:.0%} of {held_out.asked} posts; {held_out.by_chance:.0%} by chance")

# %% [markdown]
# A row for each real author, a column for each named one.

# %%
for author, row in zip(held_out.people, held_out.confusion, strict=True):
    print(f"{author:<12}", *(f"{count:>4}" for count in row))

# %% [markdown]
# The same by hand, with the verdicts: a judge of the older three quarters is asked about the rest.
# Each post is asked about once with its author among the three, and once without, as if a stranger
# had written it.

# %%
by_time = sorted(posts, key=lambda post: post.created_at)
older, newer = by_time[: len(by_time) * 3 // 4], by_time[len(by_time) * 3 // 4 :]
judge = saywho.Judge(older)
known, strangers = Counter(), Counter()
for post in newer:
    others = [name for name in judge.people if name != post.author]
    answer = judge.ask(post.text, among=[post.author, *others[:2]])
    is_right = answer.ranking[0].author == post.author
    known[f"{answer.verdict}, {'right' if is_right else 'wrong'}"] += 1
    strangers[judge.ask(post.text, among=others).verdict] += 1
print("their author among three:", dict(known.most_common()))
print("their author not among them:", dict(strangers.most_common()))
