"""Folders and archives give plain files alone: no link leads outside, no pipe is waited for."""

import io
import os
import socket
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.errors import BrokenFileError, UnrecognisedFileError
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.formats.source.members import Folder, open_plain
from tests.archives import tar, x_file, x_members, x_tweet, zip_bytes
from tests.formats.files import read_file_records, saved_folder, texts


def read_member(source: Source, name: str) -> bytes:
    return b"".join(source.member(name).chunks())


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file outside, which a picture of an archive could lead to."""
    path = tmp_path / "outside" / "secret_key"
    path.parent.mkdir()
    path.write_bytes(b"nobody's business")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return saved_folder(tmp_path / "unpacked", {"data/a.js": b"good", "b.js": b"good too"})


def test_links_and_special_files_are_named_and_not_read(
    folder: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file.js").symlink_to(secret)
    (folder / "within.js").symlink_to("b.js")
    (folder / "nowhere.js").symlink_to(folder / "gone")
    (folder / "data" / "outside").symlink_to(secret.parent)
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe.js")
    monkeypatch.chdir(folder)  # A socket's name must be short.
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind("socket.js")
    with Source(folder) as source:
        assert sorted(source.members) == ["b.js", "data/a.js"]
        assert read_member(source, "data/a.js") == b"good"
        assert source.listing.note == (
            "data/outside, file.js, nowhere.js, pipe.js, socket.js and 2 more: left out, because"
            " links, special files and files outside are not read"
        )


def test_a_folder_that_is_named_by_a_link_is_read(folder: Path) -> None:
    link = folder.with_name("link")
    link.symlink_to(folder)
    with Source(link) as source:
        assert read_member(source, "data/a.js") == b"good"
        assert source.listing.note is None


def become_link(path: Path, secret: Path) -> None:
    path.unlink()
    path.symlink_to(secret)


def become_pipe(path: Path, _secret: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def become_folder(path: Path, _secret: Path) -> None:
    path.unlink()
    path.mkdir()


def lie_behind_a_link(path: Path, secret: Path) -> None:
    path.parent.rename(path.parent.with_name("before"))
    (secret.parent / path.name).write_bytes(secret.read_bytes())
    path.parent.symlink_to(secret.parent)


@pytest.mark.parametrize("change", [become_link, become_pipe, become_folder, lie_behind_a_link])
def test_what_takes_a_file_s_place_after_the_look_is_not_read(
    folder: Path, secret: Path, change: Callable[[Path, Path], None]
) -> None:
    with Source(folder) as source:
        change(folder / "data" / "a.js", secret)
        with pytest.raises(BrokenFileError, match=r"data/a\.js cannot be opened"):
            read_member(source, "data/a.js")


def test_a_folder_that_is_moved_is_read_where_it_is(folder: Path, secret: Path) -> None:
    with Source(folder) as source:
        folder.rename(folder.with_name("moved"))
        folder.symlink_to(secret.parent)
        assert read_member(source, "data/a.js") == b"good"


def test_folders_that_nest_too_deep_are_named(folder: Path) -> None:
    saved_folder(folder, {f"{'d/' * 50}within.js": b"good", f"{'e/' * 51}without.js": b"deep"})
    with closing(Folder(folder)) as opened:
        listing = opened.listing(is_deep=True)
    assert {*listing.members} == {"b.js", "data/a.js", f"{'d/' * 50}within.js"}
    assert listing.left_out == ["/".join("e" * 51)]


def test_beside_a_lone_file_links_are_left_out_but_it_may_be_one(
    tmp_path: Path, secret: Path
) -> None:
    secret.write_bytes(x_file("tweets", x_tweet(1, "the one that was named")))
    beside = tmp_path / "data"
    beside.mkdir()
    (beside / "tweets.js").symlink_to(secret)
    (beside / "tweets-part1.js").symlink_to(secret)
    (beside / "tweets-part2.js").write_bytes(x_file("tweets", x_tweet(2, "beside it")))
    records, items = read_file_records(beside / "tweets.js")
    assert texts(items) == ["the one that was named", "beside it"]
    assert [str(part.note)[:25] for part in records.left_out] == ["tweets-part1.js: left out"]


def test_a_lone_file_of_another_name_looks_at_nothing_beside_it(folder: Path, secret: Path) -> None:
    (folder / "link.js").symlink_to(secret)
    (folder / "posts.jsonl").write_bytes(b'{"text": "alone"}\n')
    records, items = read_file_records(folder / "posts.jsonl")
    assert (texts(items), records.left_out) == (["alone"], ())


def test_links_and_devices_of_a_tar_are_named_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "posts.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in {
            "data": tarfile.DIRTYPE,
            "data/link.js": tarfile.SYMTYPE,
            "data/hard.js": tarfile.LNKTYPE,
            "data/pipe.js": tarfile.FIFOTYPE,
            "data/disk.js": tarfile.BLKTYPE,
            "data/sparse.js": tarfile.GNUTYPE_SPARSE,
            "../outside.js": tarfile.REGTYPE,
            "data/._link.js": tarfile.SYMTYPE,
        }.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("data/a.js")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"good"))
    with Source(path) as source:
        assert [*source.members] == ["data/a.js"]
        assert str(source.listing.note).startswith(
            "../outside.js, data/disk.js, data/hard.js, data/link.js, data/pipe.js and 1 more: left"
        )


def test_links_of_a_zip_are_named_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "posts.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, kind in {
            "data/": stat.S_IFDIR,
            "data/link.js": stat.S_IFLNK,
            "data/pipe.js": stat.S_IFIFO,
            "data/a.js": stat.S_IFREG,
            "data/b.js": 0,
            "/etc/outside.js": stat.S_IFREG,
            "data\\..\\..\\other.js": 0,
        }.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (kind | 0o644) << 16
            archive.writestr(info, b"/etc/passwd")
    with Source(path) as source:
        assert sorted(source.members) == ["data/a.js", "data/b.js"]
        assert source.listing.note == (
            "/etc/outside.js, data/../../other.js, data/link.js, data/pipe.js: left out, because"
            " links, special files and files outside are not read"
        )


def test_where_nothing_else_is_there_the_links_are_the_reason(tmp_path: Path, secret: Path) -> None:
    secret.write_bytes(x_members()["data/tweets.js"])
    folder = saved_folder(tmp_path / "unpacked", {"data/account.js": b""})
    (folder / "data" / "tweets.js").symlink_to(secret)
    for name in ("auto", "x"):
        with (
            Source(folder) as source,
            pytest.raises(UnrecognisedFileError, match=r"data/tweets\.js: left out"),
        ):
            open_records(source, format=name)


ROWS = b"text\n" + b"hello harbour\n" * 20_000


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"one more\n" * 9)


def shrink(path: Path) -> None:
    os.truncate(path, 100_000)


def rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(ROWS.upper())


def rest_of(source: Source, chunks: Iterator[bytes]) -> int:
    """Read to the end; return how many bytes there were."""
    size = sum(map(len, chunks))
    source.check()
    return size


@pytest.mark.parametrize("change", [grow, shrink, rewrite])
@pytest.mark.parametrize("kind", ["file", "tar", "zip", "folder"])
def test_a_file_that_is_written_to_while_it_is_read_is_told(
    tmp_path: Path, kind: str, change: Callable[[Path], None]
) -> None:
    members = {"posts.csv": ROWS}
    path = saved_folder(tmp_path, members) / "posts.csv"
    if kind == "tar":
        tar(path, members, is_packed=False)
    elif kind == "zip":
        path.write_bytes(zip_bytes(members, method=zipfile.ZIP_STORED))
    os.utime(path, (1, 1))  # Two writes of one moment cannot be told apart.
    with Source(tmp_path if kind == "folder" else path) as source:
        content = source.member("posts.csv") if source.has_members else source
        chunks = content.chunks()
        size = len(next(chunks))
        change(path)
        with pytest.raises(BrokenFileError, match=r"changed while|damaged"):
            size += rest_of(source, chunks)
    assert size <= len(ROWS)


def test_a_file_that_is_replaced_while_it_is_read_is_read_as_it_was(tmp_path: Path) -> None:
    path, other = tmp_path / "posts.csv", tmp_path / "other"
    path.write_bytes(ROWS)
    with Source(path) as source:
        records = open_records(source)
        other.write_bytes(x_file("tweets", x_tweet(1, "something else")))
        other.replace(path)
        assert texts(list(records.items)) == ["hello harbour"] * 20_000


def test_a_pipe_in_the_place_of_a_file_is_waited_for_by_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "posts.csv")
    with pytest.raises(OSError, match="no plain file"):
        open_plain(tmp_path / "posts.csv", "posts.csv")
