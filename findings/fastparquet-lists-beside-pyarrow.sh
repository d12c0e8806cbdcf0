#!/usr/bin/env bash
# fastparquet 2026.9.0: once pyarrow is installed beside it, posts have no hashtags, or only the first posts have some.
#
# Expected: a package reads a file in the same way, whatever else is installed. A list of texts has its texts.
# Seen: a file of polars with lists of hashtags is read as it should be. After `pip install pyarrow`, the same program
# reads the same file, and each list is None. No warning is given. Of 120000 lists that pyarrow wrote with different
# hashtags, the first 38944 are right, and None stands for the other 81056. Lists of numbers are right.
# Why: with pyarrow, texts of a page that has no dictionary are collected for a column of texts. For lists, nobody
# takes them from there. pyarrow itself writes a dictionary only until it becomes large.
# Who is hurt: whoever counts hashtags, mentions or names in large files. A first look at the file sees them all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
install() { "$folder/venv/bin/pip" install --quiet --disable-pip-version-check "$@"; }
install 'fastparquet==2026.9.0' 'polars==2.1.0' 'pandas==3.1.1' 'numpy==2.4.6'
cd "$folder"
cat >read.py <<'PYTHON'
import importlib.util

import fastparquet
import polars


def read(path):
    return list(fastparquet.ParquetFile(path).to_pandas()["tags"])


tags = [["tea", "cake"], ["gulls"], []]
polars.DataFrame({"tags": tags, "hours": [[9, 10], [11], []]}).write_parquet("few.parquet")
few = read("few.parquet")
hours = [[int(hour) for hour in each] for each in fastparquet.ParquetFile("few.parquet").to_pandas()["hours"]]
assert hours == [[9, 10], [11], []]
if importlib.util.find_spec("pyarrow") is None:
    print("without pyarrow:", few)
    assert few == tags
else:
    import pyarrow
    from pyarrow import parquet

    print("with pyarrow:", few)
    assert few == [None, None, None]
    many = [[f"tag{number:06}", f"word{number:06}"] for number in range(120_000)]
    parquet.write_table(pyarrow.table({"tags": many}), "many.parquet")
    seen = read("many.parquet")
    right = next(number for number, (one, other) in enumerate(zip(seen, many)) if one != other)
    print("of many lists, the first", right, "are right, and", seen.count(None), "are None")
    assert 10_000 < right < 100_000
    assert seen[right:] == [None] * (120_000 - right)
PYTHON
"$folder/venv/bin/python" -W ignore read.py
install 'pyarrow==26.0.1'
"$folder/venv/bin/python" -W ignore read.py
