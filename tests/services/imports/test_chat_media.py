"""Pictures, videos and voice of chats: kept once, in their place; a missing one has it too."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from app.db.engine import Database
from app.models import Tweet
from app.services.checks import find_faults
from app.services.imports.job_report import ImportReport
from app.services.imports.options import ImportOptions
from app.services.imports.storing import StoreOptions, import_records
from app.services.posts.media import MediaKeeper
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.archives import VIDEO, damaged, picture, zip_bytes
from tests.chats import ZONE, Said, kakaotalk
from tests.formats.files import saved_folder
from tests.formats.signal_variants import item, lines, located, person

ROOM = 2**30
VOICE = b"OggS\0\2" + bytes(60) + b"OpusHead" * 9
IPHONE = "[15/01/2024, 21:05:{:02}] {}: {}"
ANDROID = "15.01.24, 21:{:02} - {}: {}"


def photo(shade: int) -> bytes:
    """Return a JPEG with the place at which it was taken."""
    exif = Image.Exif()
    exif[0x010E] = "near the lighthouse"
    data = io.BytesIO()
    Image.new("RGB", (32, 24), (shade * 25, 90, 160)).save(data, "jpeg", exif=exif)
    return data.getvalue()


def iphone(*texts: str) -> dict[str, bytes]:
    """Return a chat of an iPhone, whose people speak in turn."""
    lines = [
        IPHONE.format(number, "Mina" if number % 2 else "Ben", text)
        for number, text in enumerate(("hi", "ho", *texts))
    ]
    return {"_chat.txt": "\r\n".join([*lines, ""]).encode()}


def attached(name: str, words: str = "") -> str:
    return f"{words}\u200e<첨부: {name}>"


def telegram(**files: str | dict[str, Any]) -> dict[str, bytes]:
    """Return a chat of Telegram with messages that have files alone."""
    messages = [
        {"id": number, "type": "message", "date": "2024-01-15T21:05:00", "text": ""}
        | {"date_unixtime": "1705320000", "from": "Mina", "from_id": "user1"}
        | fields
        for number, fields in enumerate(({"text": "hi"}, *files.values()))
        if isinstance(fields, dict)
    ]
    chat = {"name": "us", "type": "private_group", "id": 7, "messages": messages}
    return {"ChatExport/result.json": json.dumps(chat).encode()}


async def bring(db: Database, data: bytes | Path, folder: Path, **options: Any) -> ImportReport:
    target = io.BytesIO(data) if isinstance(data, bytes) else data
    with Source(target, name="chat.zip") as source:
        records = open_records(source, options=ImportOptions(**{"timezone": ZONE} | options))
        keeper, storing = MediaKeeper(folder, ROOM), StoreOptions(scope="admin")
        return await import_records(db, records, username=None, keeper=keeper, storing=storing)


async def messages(db: Database) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """Return the texts and, of their media, kinds and the ends of kept files, in their order."""
    async with db.read() as session:
        rows = await session.execute(select(Tweet.text, Tweet.media).order_by(Tweet.id))
    return [
        (
            text,
            [
                (medium["kind"], medium["file"].partition(".")[2] if "file" in medium else None)
                for medium in json.loads(media or "[]")
            ],
        )
        for text, media in rows
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


async def test_a_chat_of_an_iphone_has_its_media_in_their_place(db: Database, folder: Path) -> None:
    members = iphone(
        attached("1-PHOTO.jpg"),
        attached("2-VIDEO.mp4", "look: "),
        attached("3-AUDIO.opus"),
        attached("4-PHOTO.jpg"),
        "\u200eimage omitted",
        "bye",
    )
    members |= {"1-PHOTO.jpg": photo(1), "2-VIDEO.mp4": VIDEO, "3-AUDIO.opus": VOICE}
    report = await bring(db, zip_bytes(members), folder)
    assert (report.accepted, report.skipped, report.errors) == (7, 1, [])
    known = [
        *(("hi", []), ("ho", [])),
        ("", [("photo", "jpg")]),
        ("look:", [("video", "mp4")]),
        ("", [("audio", "ogg")]),
        # Its file is missing.
        ("", [("photo", None)]),
        ("bye", []),
    ]
    assert await messages(db) == known
    assert len(names(folder)) == 3
    assert b"lighthouse" not in bytes_of(folder)
    assert await find_faults(db) == []
    again = await bring(db, zip_bytes(members), folder)
    assert (again.accepted, again.duplicates) == (0, 7)
    assert await messages(db) == known
    assert len(names(folder)) == 3


async def test_a_chat_of_android_has_pictures_of_one_minute_once(
    db: Database, tmp_path: Path, folder: Path
) -> None:
    texts = ["hi", *(f"IMG-20240115-WA000{n}.jpg (file attached)" for n in range(4))]
    lines = [ANDROID.format(5, "Mina", text) for text in texts]
    lines.insert(2, "on the beach")
    members = {"chat/WhatsApp Chat with us.txt": "\n".join([*lines, ""]).encode()}
    members |= {f"chat/IMG-20240115-WA000{n}.jpg": photo(n) for n in range(4)}
    open_folder = saved_folder(tmp_path / "open", members)
    for expected in (5, 0):
        report = await bring(db, open_folder, folder)
        assert (report.accepted, report.duplicates) == (expected, 5 - expected)
    assert [text for text, _ in await messages(db)] == ["hi", "on the beach", "", "", ""]
    assert len(names(folder)) == 4


async def test_telegram_has_media_of_every_kind(db: Database, folder: Path) -> None:
    members = telegram(
        photo={"photo": "photos/a.jpg", "width": 32, "height": 24, "text": "the sea"},
        voice={"file": "voice_messages/b.ogg", "media_type": "voice_message"},
        video={"file": "video_files/c.mp4", "media_type": "video_file"},
        moving={"file": "video_files/d.mp4", "media_type": "animation"},
        document={"file": "files/plan.pdf", "mime_type": "application/pdf"},
        large={"photo": "(File exceeds maximum size. Change data exporting settings.)"},
    )
    for name, data in {
        "photos/a.jpg": photo(1),
        "voice_messages/b.ogg": VOICE,
        "video_files/c.mp4": VIDEO,
        "video_files/d.mp4": VIDEO + b"more",
    }.items():
        members[f"ChatExport/{name}"] = data
    report = await bring(db, zip_bytes(members), folder)
    assert (report.accepted, report.skipped, report.errors) == (6, 1, [])
    assert await messages(db) == [
        ("hi", []),
        ("the sea", [("photo", "jpg")]),
        ("", [("audio", "ogg")]),
        ("", [("video", "mp4")]),
        ("", [("gif", "mp4")]),
        ("", [("photo", None)]),
    ]
    assert (await bring(db, zip_bytes(members), folder)).accepted == 0


async def test_files_of_signal_are_told_by_what_they_hold(db: Database, folder: Path) -> None:
    sent = [
        ("image/jpeg", located(photo(1))),
        ("audio/ogg", located(VOICE)),
        ("video/mp4", located(VIDEO)),
        # Of the size of another one; too large a number; said by nobody.
        ("image/jpeg", located(photo(2)) | {"size": str(len(photo(1)))}),
        ("image/jpeg", located(photo(1)) | {"size": "9" * 5_000}),
        ("image/jpeg", {}),
    ]
    frames = [
        {"account": {"givenName": "Owl"}},
        person(2, "Heron"),
        {"chat": {"id": "10", "recipientId": "2"}},
    ]
    for number, (type_, locator) in enumerate(sent):
        message = {"attachments": [{"pointer": {"contentType": type_, "locatorInfo": locator}}]}
        frames.append(item(2, 1_769_990_000_000 + 1000 * number, "", standardMessage=message))
    members = {"export/main.jsonl": lines(*frames)}
    for number, data in enumerate((photo(1), VOICE, VIDEO)):
        members[f"export/files/0{number}/0{number}ab"] = data
    report = await bring(db, zip_bytes(members), folder)
    assert (report.accepted, report.skipped, report.errors) == (5, 1, [])
    assert [media for _, media in await messages(db)] == [
        [("photo", "jpg")],
        [("audio", "ogg")],
        [("video", "mp4")],
        *2 * [[("photo", None)]],
    ]


async def test_kakaotalk_has_the_pictures_that_it_names(db: Database, folder: Path) -> None:
    first, second = (f"{letter * 64}.jpg" for letter in "ab")
    said: list[Said] = [
        ("2024-01-15 15:00", "하늘", "안녕"),
        ("2024-01-15 15:01", "민준", f"{first}\n{second}"),
        ("2024-01-15 15:02", "하늘", "파일: %EB%B0%94%EB%8B%A4.mp4"),
        ("2024-01-15 15:03", "민준", "파일: 계획.pdf"),
        ("2024-01-15 15:04", "하늘", "사진"),
    ]
    members = {"Chats/KakaoTalkChats.txt": kakaotalk("우리 반", *said)}
    members |= {f"Chats/{first}": photo(1), f"Chats/{second}": photo(2), "Chats/바다.mp4": VIDEO}
    report = await bring(db, zip_bytes(members), folder)
    assert (report.accepted, report.skipped, report.errors) == (3, 2, [])
    assert await messages(db) == [
        ("안녕", []),
        ("", 2 * [("photo", "jpg")]),
        ("", [("video", "mp4")]),
    ]
    assert (await bring(db, zip_bytes(members), folder)).accepted == 0


async def test_files_that_come_later_are_added(db: Database, folder: Path) -> None:
    chat = iphone(attached("1-PHOTO.jpg", "look: "), attached("1-PHOTO.jpg"))
    report = await bring(db, chat["_chat.txt"], folder)
    # Of a text alone, what stands for a picture is left out: nothing came with it.
    assert (report.accepted, report.skipped) == (3, 1)
    whole = zip_bytes(chat | {"1-PHOTO.jpg": photo(1)})
    report = await bring(db, whole, folder)
    assert (report.accepted, report.duplicates) == (1, 3)
    assert (await messages(db))[2:] == [("look:", [("photo", "jpg")]), ("", [("photo", "jpg")])]
    assert await find_faults(db) == []
    assert (await bring(db, whole, folder)).accepted == 0


async def test_what_is_no_picture_is_not_kept_and_named(
    db: Database, tmp_path: Path, folder: Path
) -> None:
    private = tmp_path / "private.jpg"
    private.write_bytes(photo(9))
    chat = iphone(
        *(attached(name) for name in ("a.jpg", "../private.jpg", str(private), "b.jpg", "c.jpg"))
    )
    chat["us/_chat.txt"] = chat.pop("_chat.txt")
    open_folder = saved_folder(
        tmp_path / "us", chat | {"us/a.jpg": b"root:x:0:0:root", "x.jpg": b""}
    )
    (open_folder / "us/b.jpg").symlink_to(private)
    report = await bring(db, open_folder, folder)
    assert report.accepted == 7
    told = " ".join(str(error.detail) for error in report.errors)
    assert "us/a.jpg is not a supported picture, video or sound file" in told
    assert "us/b.jpg: left out" in told
    assert names(folder) == set()
    assert [media for _, media in await messages(db)][2:] == 5 * [[("photo", None)]]


async def test_a_damaged_picture_costs_no_message(
    db: Database, tmp_path: Path, folder: Path
) -> None:
    chat = iphone(attached("a.png"), attached("b.png"))
    packed = tmp_path / "chat.zip"
    members = chat | {"a.png": picture(1), "b.png": picture(2)}
    packed.write_bytes(zip_bytes(members, method=zipfile.ZIP_STORED))
    assert (await bring(db, damaged(packed, b"b.png\x89PNG"), folder)).accepted == 4
    assert [media for _, media in await messages(db)][2:] == [[("photo", "png")], [("photo", None)]]


async def test_people_who_are_left_out_leave_no_pictures(db: Database, folder: Path) -> None:
    chat = iphone(attached("a.png"), attached("b.png"))
    members = chat | {"a.png": picture(1), "b.png": picture(2)}
    assert (await bring(db, zip_bytes(members), folder, only=("Mina",))).accepted == 2
    assert len(names(folder)) == 1
