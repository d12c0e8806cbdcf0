"""Logs of IRC by several clients: who said what and when, and nothing of the client's own."""

from pathlib import Path

import pytest

from app.errors import UnrecognisedFileError
from tests.archives import zip_bytes
from tests.formats.files import read_file_records, records_in

FOG, LONG = "fog again", "how long?"
Said = list[tuple[str, str, str | None]]
BOTH: Said = [("mina", FOG, "01-05T10:00"), ("jun", LONG, "01-05T10:01")]
LOGS: dict[str, tuple[str, Said]] = {
    "irssi.log": (
        "--- Log opened Fri Jan 05 23:50:00 2024\n23:58 < mina> fog again\n23:59 <@jun> how long?\n"
        "23:59 -!- dara [d@pier] has joined #harbour\n--- Day changed Sat Jan 06 2024\n"
        "00:01  * mina waves\n00:02 <+dara> hello\n--- Log closed Sat Jan 06 00:03:00 2024\n",
        [
            ("mina", FOG, "01-05T23:58"),
            ("jun", LONG, "01-05T23:59"),
            ("mina", "waves", "01-06T00:01"),
            ("dara", "hello", "01-06T00:02"),
        ],
    ),
    "weechat.log": (
        "2024-01-05 10:00:00\tmina\tfog again\n2024-01-05 10:00:05\t-->\tdara (d@pier) has joined\n"
        "2024-01-05 10:01:00\t@jun\thow long?\n2024-01-05 10:01:30\t *\tmina waves\n"
        "2024-01-05 10:02:00\t--\tMode #harbour [+o jun]\n",
        [*BOTH, ("mina", "waves", "01-05T10:01")],
    ),
    "#harbour_2024-01-05.log": (
        "[10:00:00] <mina> fog again\n[10:00:05] *** Joins: dara (d@pier)\n"
        "[10:01:00] <jun> how long?\n",
        BOTH,
    ),
    "hexchat.log": (
        "**** BEGIN LOGGING AT Fri Jan  5 10:00:00 2024\n\n"
        "Jan 05 10:00:01 *\tNow talking on #pier\n"
        "Jan 05 10:00:05 <mina>\tfog again\nJan 05 10:01:05 <jun>\thow long?\n"
        "Jan 05 10:01:30 *\tjun (j@pier) has left #pier\nJan 05 10:02:00 *\tmina waves\n",
        [*BOTH, ("mina", "waves", "01-05T10:02")],
    ),
    "colours.log": (
        "Session Start: Fri Jan 05 10:00:00 2024\n\x0303[10:00] * Now talking in #pier\n"
        "\x0301[10:00] <@mina> fog \x02again\x02\n\x0301[10:01] <jun> \x1fhow\x0f long?\n",
        BOTH,
    ),
    "epic.log": (
        "IRC log started Sat Nov 28 16:02:42 2026\n<mina> fog again\n#t> my words\n* jun nods\n"
        "<jun> how long?\n",
        [("mina", FOG, None), ("jun", "nods", None), ("jun", LONG, None)],
    ),
    "2024-01-05-dircproxy.log": (
        "[05 Jan 09:00] *** You connected\n[05 Jan 10:00] <mina!m@pier> +fog again\n"
        "[05 Jan 10:01] <jun!j@pier> -how long?\n"
        "[05 Jan 10:02] --> dara (d@pier) joined the channel\n",
        BOTH,
    ),
    "bot.log": (
        "2024-01-05T10:00:00  *** mina has joined #pier\n2024-01-05T10:00:05  <mina> fog again\n"
        "2024-01-05T10:01:05  <jun> how long?\n",
        BOTH,
    ),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_log_is_a_chat(tmp_path: Path, name: str) -> None:
    text, expected = LOGS[name]
    path = tmp_path / name
    path.write_text(text)
    records, items = read_file_records(path, timezone="UTC")
    said = records_in(items)
    assert (records.format, records.is_chat) == ("irc", True)
    assert [
        (m.username, m.text, m.created_at and f"{m.created_at:%m-%dT%H:%M}") for m in said
    ] == expected


def test_days_of_a_channel_are_in_the_names_of_its_files() -> None:
    text, _ = LOGS["#harbour_2024-01-05.log"]
    days = {f"#harbour_2024-01-0{day}.log": text.encode() for day in (5, 6)}
    records, items = read_file_records(zip_bytes(days), timezone="UTC")
    assert records.format == "irc"
    times = [f"{m.created_at:%d %H:%M}" for m in records_in(items)]
    assert times == ["05 10:00", "05 10:01", "06 10:00", "06 10:01"]


def test_a_table_with_times_and_tabs_is_no_log(tmp_path: Path) -> None:
    path = tmp_path / "comments.csv"
    rows = "".join(f"2020-04-06 23:35:{n:02}\tTexans\tFog number {n}\n" for n in range(20))
    path.write_text(f"timestamp\tteam\tbody\n{rows}")
    records, items = read_file_records(path)
    assert records.format == "csv"
    assert len(records_in(items)) == 20


@pytest.mark.parametrize(
    "text",
    [
        "<p>fog</p>\n<p>again</p>\n",
        "<b> <i> fog\nplain words\n",
        "<s> fog </s>\n<s> <user> : hi </s>\n",
    ],
)
def test_tags_are_no_names(text: str) -> None:
    with pytest.raises(UnrecognisedFileError):
        read_file_records(text.encode())
