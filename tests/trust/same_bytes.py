"""Pages and answers of this program beside those of another commit, byte for byte.

`python -m tests.trust.same_bytes COMMIT` lets the commit's own code fill three data folders: one of
sample authors, an archive with media and a chat, one of a chat alone, and one of made chats and
authors with two years. Both codes are asked all that can be read of copies of these, in both
languages, signed in and as a stranger: every route with real names and ids, what pages lead to,
figures, files, pictures, and previews of imports; and all files that commands write of them.

Prints a difference of each answer that is not the same, and exits with 1 then. `--blanks` leaves
out white space that no browser shows; what differs in nothing else is only counted. `--kind` and
`--only`, a pattern of addresses, ask less: minutes instead of half an hour.
"""

import argparse
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from difflib import unified_diff
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.machine import environment, work_folder
from benchmarks.paired import checkout, imports_of
from tests.browsing import in_one_line
from tests.house import ROOT
from tests.trust.asking import Asked

KINDS: Final = ("mixed", "chat", "made")
BLOCK: Final = re.compile(
    r"\s*(</?(?:address|article|aside|blockquote|body|caption|col|colgroup|dd|details|div|dl|dt|"
    r"fieldset|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|legend|li|link|main|meta|"
    r"nav|ol|optgroup|option|p|script|section|select|style|summary|table|tbody|td|tfoot|th|thead|"
    r"title|tr|ul|!doctype)\b[^<>]*>)\s*"
)
"""A tag beside which no blank is shown."""
WITH_BLANKS: Final = re.compile(
    r"<(pre|textarea|script|style)\b.*?</\1>"
    r"|<(p|blockquote) class=\"[^\"]*(?:post-text|judged|squares).*?</\2>",
    re.DOTALL,
)
"""What shows its blanks."""
OF_THE_MOMENT: Final = re.compile(
    r"(?im)(?:(?<=^etag: )|(?<=^expires: )|(?<=^last-modified: )|(?<=^x-request-id: )).*"
    r"|(?:(?<=\"request_id\":\")|(?<=ID: <code>)"
    r"|(?<=<dt>Free disk space</dt><dd>)|(?<=<dt>디스크 여유 공간</dt><dd>))[^<\"]*"
)
"""What is another one each time: times and tags of answers, ids of requests, room on the disk."""


def run(root: Path, *arguments: object) -> None:
    """Do a step in a process that takes the program from that folder alone."""
    own = imports_of(root) | {"PYTHONHASHSEED": "0"}
    command = (sys.executable, ROOT / "tests" / "trust" / "asking.py", *arguments)
    subprocess.run(list(map(str, command)), env=environment(own), cwd=root, check=True)


def answers_of(
    kind: str, roots: dict[str, Path], folder: Path, only: str
) -> dict[str, dict[str, bytes]]:
    """Return the answers of each side to the same requests, from copies of one data folder."""
    filled, file = folder / f"{kind}-filled", folder / kind
    filled.mkdir()
    run(roots["base"], "fill", filled, kind)
    now = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    answers = {}
    for side, root in roots.items():
        site = folder / f"{kind}-{side}"
        shutil.copytree(filled, site)
        run(
            root, "ask", site, now.isoformat(), file, only
        )  # The second one asks what the first did.
        _, answers[side] = msgspec.msgpack.decode(file.read_bytes(), type=Asked)
    return answers


def settled(answer: str) -> str:
    """Return the answer without what is of the moment."""
    return OF_THE_MOMENT.sub("…", answer)


def without_blanks(answer: str) -> str:
    """Return the answer; a page without the white space that no browser shows."""
    head, _, page = answer.partition("\n\n")
    if not re.search(r"(?mi)^content-type: text/html", head):
        return answer
    texts = list[str]()

    def kept(match: re.Match[str]) -> str:
        texts.append(in_one_line(match[0]))
        return f"<{match[1] or match[2]} {len(texts) - 1}>"

    page = BLOCK.sub(r"\n\1\n", re.sub(r"\s+", " ", WITH_BLANKS.sub(kept, page)))
    page = re.sub(r"\n+", "\n", page)
    head = re.sub(r"(?mi)^content-length: .*\n", "", head)
    return head + "\n\n" + re.sub(r"<\w+ (\d+)>", lambda match: texts[int(match[1])], page)


def compare(answers: dict[str, dict[str, bytes]], *, blanks: bool) -> Iterator[list[str]]:
    """Yield of each answer that differs the lines that do; none if these show only blanks."""
    nothing = zlib.compress(b"")
    for request in answers["base"] | answers["new"]:
        both = (answers[side].get(request, nothing) for side in ("base", "new"))
        sides = [settled(zlib.decompress(answer).decode()) for answer in both]
        if sides[0] != sides[1]:
            old, new = (without_blanks(side) if blanks else side for side in sides)
            names = f"base {request}", f"new {request}"
            yield list(unified_diff(old.split("\n"), new.split("\n"), *names, n=1, lineterm=""))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit", help="to compare with")
    parser.add_argument("--blanks", action="store_true", help="leave out blanks that nobody sees")
    parser.add_argument("--kind", choices=KINDS, help="only this data folder")
    parser.add_argument("--only", default="", metavar="PATTERN", help="only these addresses")
    arguments = parser.parse_args()
    differences: list[list[str]] = []
    with work_folder() as folder:
        roots = {"base": checkout(arguments.commit, folder), "new": ROOT}
        for kind in [arguments.kind] if arguments.kind else KINDS:
            answers = answers_of(kind, roots, folder, arguments.only)
            print(f"{kind}: {len(answers['base']):,} answers", flush=True)
            differences += compare(answers, blanks=arguments.blanks)
    for lines in filter(None, differences):
        print("", *lines, sep="\n")
    differing = sum(map(bool, differences))
    print(f"{differing} differ, {len(differences) - differing} in blanks that nobody sees")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
