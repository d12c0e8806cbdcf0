"""Makes the people of chats who come with the program: `python -m benchmarks.chatters DATASET`.

DATASET is `dataset.json` of chitchat-dataset 0.9.0 (BYU PCC lab, MIT; a package on PyPI): chats of
two people who were asked to talk. Of the people with 200 messages or more, 24 are drawn. What is
written, to saywho/population/, are hashed counts of their newest 400 messages, as
`benchmarks.population` makes them.
"""

import argparse
import json
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.population import Author, pack, populations_of
from saywho.population import CHATTERS_FILE

PEOPLE: Final = 24
FEWEST_MESSAGES: Final = 200
MOST_MESSAGES: Final = 400


def read_people(path: Path) -> dict[str, Author]:
    """Return the people with enough messages. Raises OSError, and ValueError for another file."""
    said: defaultdict[str, list[str]] = defaultdict(list)
    try:
        chats = sorted(json.loads(path.read_bytes()).values(), key=lambda chat: str(chat["start"]))
        for message in (each for chat in chats for turn in chat["messages"] for each in turn):
            if text := message["text"].strip():
                said[message["sender"]].append(text)
    except (ValueError, LookupError, AttributeError, TypeError):
        raise ValueError("is not the data set") from None
    return {
        name: Author("en", texts) for name, texts in said.items() if len(texts) >= FEWEST_MESSAGES
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Write the file; return 0, or 2 with one line where the data set cannot be used."""
    parser = argparse.ArgumentParser(prog="chatters", description=__doc__)
    parser.add_argument("file", type=Path, metavar="DATASET")
    parser.add_argument("-o", "--output", type=Path, default=CHATTERS_FILE)
    options = parser.parse_args(argv)
    try:
        people = read_people(options.file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"chatters: {options.file}: {reason}", file=sys.stderr)
        return 2
    names = sorted(people)
    random.Random(1).shuffle(names)
    populations = populations_of({name: people[name] for name in names[:PEOPLE]}, MOST_MESSAGES)
    content = pack(populations)
    options.output.write_bytes(content)
    print(f"{options.output}: {len(content):,} bytes; {populations['en'].keys.size:,} features")
    return 0


if __name__ == "__main__":
    sys.exit(main())
