# %% [markdown]
# # A folder of books: who wrote which, and how near are they?
#
# Each text is a file `author_title.txt`. The folder here is made of the notices of three invented
# places, four “books” each. Put the path of your own folder in its place.

# %%
import shutil
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
from plotly.figure_factory import create_dendrogram
from scipy.spatial.distance import squareform

import saywho

folder = Path(mkdtemp())
notices = pd.read_csv(Path(__file__).with_name("notices.csv")).dropna(subset=["writer"])
for writer, texts in notices.groupby("writer")["notice"]:
    for number in range(4):
        name = f"{writer.replace('_', '-')}_book{number + 1}.txt"
        (folder / name).write_text(" ".join([*texts][number::4]))

# %%
books = saywho.read(folder)
print(books, *books.assumptions, *books.unread, sep="\n")

# %% [markdown]
# The error rate: each book is left out and judged by the others. Look at the verdicts, too: a book
# that is `close` names nobody, and texts as short as these rarely name anybody.

# %%
judge = saywho.Judge(books)
held_out = judge.held_out(by="source")
print(f"{held_out.right:.0%} of {held_out.asked} books; {held_out.by_chance:.0%} by chance")
print(pd.DataFrame(held_out.texts)[["source", "first", "verdict"]].to_string(index=False))

# %% [markdown]
# The distances of all books by Cosine Delta, and their dendrogram.

# %%
delta = judge.matrix(measure="delta").to_pandas()
same = [[one.partition("_")[0] == other.partition("_")[0] for one in delta] for other in delta]
apart = delta.to_numpy()[~np.array(same)].min()
print(f"the nearest two by different writers: {apart:.2f}")
picture = create_dendrogram(
    delta.to_numpy(),
    orientation="left",
    labels=[*delta],
    distfun=lambda distances: squareform(distances, checks=False),
)
picture

# %% [markdown]
# What you make of the counts is yours: here the words that one place uses most, beside the others.

# %%
table = saywho.features(books, most=200)
shares = pd.DataFrame(table.values / table.sizes[:, None], table.rows, table.columns)
for writer in shares.index:
    more = (shares.loc[writer] - shares.drop(writer).max()).nlargest(5)
    print(f"{writer:<20}", *more.index)

# %% [markdown]
# The same folder by faststylometry (`pip install faststylometry`), which names the nearest author
# by Burrows' Delta, however far away that one is.

# %%
try:
    import faststylometry as fs
except ImportError:
    print("faststylometry is not installed")
else:
    right = 0
    for book in sorted(folder.iterdir()):
        train, test = fs.Corpus(), fs.Corpus()
        for path in sorted(folder.iterdir()):
            corpus = test if path == book else train
            corpus.add_book(*path.stem.split("_"), path.read_text())
        for corpus in (train, test):
            corpus.tokenise(fs.tokenise_remove_pronouns_en)
        distances = fs.calculate_burrows_delta(train, test, vocab_size=200)
        right += distances.iloc[:, 0].idxmin() == book.stem.partition("_")[0]
    print(f"faststylometry: {right} of {len([*folder.iterdir()])} books")

# %%
shutil.rmtree(folder)
