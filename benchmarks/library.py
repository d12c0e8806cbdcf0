"""Processor time and memory of `import saywho`, of `read`, and of an answer, each in a process.

    python -m benchmarks.library

docs/library.md has figures of it.
"""

import subprocess
import sys
from typing import Final

from benchmarks.machine import description

LINES: Final = 100_000
BEGIN: Final = """
import io, resource, statistics, time
from datetime import datetime, timedelta
begin = time.process_time()
import saywho
"""
END: Final = """
used = time.process_time() - begin
print(f"{used:.3f}", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
CHAT: Final = """
def chat(lines, people):
    time = datetime(2020, 1, 1)
    names, words = people, ("boat", "lamp", "quay", "train", "supper", "garden", "kettle")
    for place in range(lines):
        clock = f"{time + timedelta(minutes=7 * place):%d/%m/%Y, %H:%M}"
        said = " ".join(words[(place * step) % 7] for step in range(1, 2 + place % 6))
        yield f"{clock} - {names[place % len(names)]}: the {said}, number {place}\\n"
def opened(lines, people=("Ana", "Ben", "Cleo")):
    return io.BytesIO("".join(chat(lines, people)).encode())
"""
FIRST: Final = "file = opened(3)\nbegin = time.process_time()\nsaywho.read(file)\n"
READ: Final = f"saywho.read(opened(3))\nfile = opened({LINES})\n" + (
    "begin = time.process_time()\nassert len(saywho.read(file)) == " + f"{LINES}\n"
)
JUDGE: Final = """
posts = saywho.read(opened(1_500, ("Ana", "Ben", "Cleo", "Dev", "Eve")))
begin = time.process_time()
judge = saywho.Judge(posts)
"""
ASK: Final = """
texts = [f"the kettle and the boat, again on the quay at {hour}" for hour in range(101)]
judge.ask(texts.pop(), among=judge.people)
begin = time.process_time()
for text in texts:
    judge.ask(text, among=judge.people)
begin = time.process_time() - (time.process_time() - begin) / len(texts)
"""
BOOKS: Final = """
import sys
from benchmarks.peers_of_style import Delta
books = saywho.read(sys.argv[1])
known = {name: [post.text for post in books if post.author == name] for name in books.people}
begin = time.process_time()
"""
OF_BOOKS: Final = {
    "a Judge of the books": BOOKS + "judge = saywho.Judge(books)\n",
    "Cosine Delta of the books (scikit-learn)": BOOKS + "Delta(known)\n",
    "features of the books": BOOKS + "saywho.features(books, by='source')\n",
    "a book left out and asked": BOOKS
    + "judge = saywho.Judge(books)\nbegin = time.process_time()\n"
    + "held_out = judge.held_out(by='source')\n"
    + "begin = time.process_time() - (time.process_time() - begin) / held_out.asked\n",
}
MEASURED: Final = {
    "import saywho": "",
    "the first read, with the import of the formats": CHAT + FIRST,
    f"read of {LINES:,} lines of WhatsApp": CHAT + READ,
    "a Judge of five people with 300 posts each": CHAT + JUDGE,
    "its answer to a text": CHAT + JUDGE + ASK,
}


def main() -> None:
    """Print seconds of processor time, and the most memory of the process in MB."""
    print(description())
    for name, code in (MEASURED | (OF_BOOKS if sys.argv[1:] else {})).items():
        command = [sys.executable, "-c", BEGIN + code + END, *sys.argv[1:]]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds, size = ran.stdout.split()
        print(f"{name:<50} {seconds:>7} s {size:>5} MB")


if __name__ == "__main__":
    main()
