"""Small invented archives, laid out as the downloaded ones are."""

import io
import json
import struct
import tarfile
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.shapes import SMALL_CHATS

EMAIL = "mina.private@example.com"
LONG = "긴 글은 이렇게 시작해서 끝날 줄을 모르고 계속 이어집니다, 바다 이야기처럼. " * 9


def x_tweet(number: int, text: str, **fields: Any) -> dict[str, Any]:
    """Return a post of an archive, all of whose numbers are strings."""
    time = f"Sat Feb 18 12:{number // 60 % 60:02}:{number % 60:02} +0000 2023"
    return {"tweet": {"id_str": str(number), "full_text": text, "created_at": time} | fields}


def x_note(number: int, text: str) -> dict[str, Any]:
    """Return the whole text of the long post of that number."""
    time = f"2023-02-18T12:{number // 60 % 60:02}:{number % 60:02}.000Z"
    return {"noteTweet": {"noteTweetId": "900", "createdAt": time, "core": {"text": text}}}


def x_file(name: str, *items: object, part: int = 0) -> bytes:
    return f"window.YTD.{name}.part{part} = {json.dumps(items, indent=1)}".encode()


def x_members(username: str = "mina", before: int = 100) -> dict[str, bytes]:
    """Return an archive of six posts, five own ones and one repost, with ids after `before`."""
    names = ("tweets.js", "tweets-part1.js")
    manifest = {
        "userInfo": {"accountId": "77", "userName": username, "displayName": "미나"},
        "archiveInfo": {"sizeBytes": "1", "isPartialArchive": False},
        "dataTypes": {"tweets": {"files": [{"fileName": f"data/{name}"} for name in names]}},
    }
    account = {"username": username, "accountDisplayName": "미나", "email": EMAIL}
    first = [
        x_tweet(before + 1, "빵 &amp; 커피 <3 오늘도".replace("<", "&lt;")),
        x_tweet(before + 2, "RT @someone: not my own words"),
        x_tweet(before + 3, "@friend 고마워요", in_reply_to_status_id_str="55"),
        x_tweet(before + 4, LONG[:240] + "…"),
    ]
    second = [
        x_tweet(before + 5, "두 번째 부분의 글"),
        x_tweet(before + 6, "and another one, in English"),
    ]
    return {
        "Your archive.html": b"<html></html>",
        "data/manifest.js": b"window.__THAR_CONFIG = " + json.dumps(manifest).encode(),
        "data/account.js": x_file("account", {"account": account}),
        "data/tweets.js": x_file("tweets", *first),
        "data/tweets-part1.js": x_file("tweets", *second, part=1),
        "data/note-tweet.js": x_file("note_tweet", x_note(before + 4, LONG)),
        "data/like.js": x_file("like", {"like": {"tweetId": "9", "fullText": "somebody else's"}}),
    }


def x_zip(path: Path, members: dict[str, bytes] | None = None) -> Path:
    """Write the members, or a whole archive, as a zip."""
    path.write_bytes(zip_bytes(members or x_members()))
    return path


def zip_bytes(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def damaged(path: Path, name: bytes) -> Path:
    """Spoil the beginning of a member of a zip."""
    before, name, after = path.read_bytes().partition(name)
    path.write_bytes(before + name + b"\xff" * 9 + after[9:])
    return path


def picture(shade: int = 0, width: int = 8, height: int = 6, *, level: int = -1) -> bytes:
    """Return a PNG of one colour, compressed at a level of zlib."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    colour = bytes((shade % 256, shade // 256 % 256, 160))
    rows = (b"\0" + colour * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows, level)), chunk(b"IEND", b""))
    )


VIDEO = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0\0\x0b\xc0mdat" + b"frames" * 500


def x_media(address: str, kind: str = "photo", **fields: Any) -> dict[str, Any]:
    """Return a medium of a post; a video's address is that of its file, not of its picture."""
    if kind == "photo":
        return {"type": kind, "media_url_https": address} | fields
    variants = [{"content_type": "video/mp4", "bitrate": "9", "url": address}]
    return {
        "type": kind,
        "media_url_https": "https://p.example/still.jpg",
        "video_info": {"variants": variants},
    } | fields


def x_media_members(
    posts: dict[int, list[dict[str, Any]]], files: dict[str, bytes], *, top: str = ""
) -> dict[str, bytes]:
    """Return an archive of posts of media, by their ids, and its files in `tweets_media`."""
    tweets = [
        x_tweet(number, f"post {number}", extended_entities={"media": media})
        for number, media in posts.items()
    ]
    return {
        f"{top}data/account.js": x_file("account", {"account": {"username": "mina"}}),
        f"{top}data/tweets.js": x_file("tweets", *tweets),
    } | {f"{top}data/tweets_media/{name}": data for name, data in files.items()}


def tar(path: Path, members: dict[str, bytes], *, is_packed: bool = True) -> Path:
    """Write the members as a tar, in their order."""
    with tarfile.open(path, "w:gz" if is_packed else "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


_TELEGRAM = (
    b'{"name": "us", "type": "private_group", "id": 7, "messages": [{"id": 1, "type": '
    b'"message", "date": "2024-01-15T15:02:00", "from": "mina", "text": ["hi", ", you"]}]}'
)
_DISCORD = (
    b'{"guild": {"id": "11", "name": "us"}, "channel": {"id": "22", "name": "porch"}, '
    b'"messages": [{"id": "1001", "type": "Default", "timestamp": "2026-01-31T22:04:05.678+09:00", '
    b'"content": "hi, you", "author": {"id": "7", "name": "mina", "isBot": false}}]}'
)
_TELEGRAM_PAGE = (
    b'<!DOCTYPE html><html><head><title>Exported Data</title></head><body><div class="page_header">'
    b'<div class="content"><div class="text bold">us</div></div></div><div class="page_body '
    b'chat_page"><div class="history"><div class="message default clearfix" id="message1"><div '
    b'class="body"><div class="pull_right date details" title="15.01.2024 15:02:00">15:02</div>'
    b'<div class="from_name">mina</div><div class="text">hi, you</div></div></div></div></div>'
    b"</body></html>"
)
_CAR_HEADER = b"\xa2\x65roots\x80\x67version\x01"
_CAR_RECORD = b"\xa2\x64text\x67hi, you\x65$type\x72app.bsky.feed.post"
_CAR_BLOCK = b"\x01\x71\x12\x20" + sha256(_CAR_RECORD).digest() + _CAR_RECORD
SMALL_FILES = SMALL_CHATS | {
    "x": b'window.YTD.tweets.part0 = [{"tweet": {"id": "1", "full_text": "hi, you"}}]',
    "mastodon": b'{"type": "OrderedCollection", "orderedItems": [{"type": "Create", "actor": '
    b'"https://a.example/users/mina", "object": {"type": "Note", "content": "<p>hi, you</p>", '
    b'"to": ["https://www.w3.org/ns/activitystreams#Public"]}}]}',
    "x-api": b'{"id_str": "1", "text": "hi, you", "user": {"screen_name": "mina"}}',
    "bluesky": b'{"feed": [{"post": {"uri": "at://did:plc:mina/b/1", '
    b'"record": {"text": "hi, you"}}}]}',
    "mastodon-api": b'{"id": "1", "content": "<p>hi, you</p>", "visibility": "public", '
    b'"account": {"acct": "mina"}}',
    "misskey": b'[{"id": "9a", "createdAt": "2026-01-01T00:00:00.000Z", "text": "hi, you", '
    b'"visibility": "public", "cw": null, "user": {"username": "mina"}}]',
    "bluesky-repo": bytes([len(_CAR_HEADER)]) + _CAR_HEADER + bytes([len(_CAR_BLOCK)]) + _CAR_BLOCK,
    "reddit": b"id,permalink,date,ip,subreddit,gildings,link,parent,body,media\n"
    b'k1,/r/a/comments/p1/x/k1/,2025-06-01 07:08:09 UTC,,a,0,,t3_p1,"hi, you",\n',
    "youtube": b"Comment ID,Channel ID,Comment Create Timestamp,Price,Video ID,Comment Text\n"
    b'Ug1,UC1,2025-06-01T07:08:09+00:00,0,v1,"{""text"":""hi, you""}"\n',
    "wordpress": b'<rss xmlns:wp="http://wordpress.org/export/1.2/"><item>'
    b"<dc:creator>mina</dc:creator><content:encoded>hi, you</content:encoded></item></rss>",
    "blogger": b'<feed xmlns:blogger="http://schemas.google.com/blogger/2018"><entry>'
    b"<author><name>mina</name></author><content>hi, you</content></entry></feed>",
    "tumblr": b'{"blog_name": "mina", "post_url": "https://mina.example/post/1", "type": "text", '
    b'"body": "<p>hi, you</p>"}',
    "ghost": b'{"db": [{"meta": {"exported_on": 1}, "data": {"posts": [{"status": "published", '
    b'"visibility": "public", '
    b'"html": "<p>hi, you</p>"}]}}]}',
    "medium": zip_bytes(
        {
            "posts/2024-01-05_hi.html": b'<article class="h-entry"><h1 class="p-name"></h1>'
            b'<section class="e-content"><p>hi, you</p></section>'
            b'<time class="dt-published" datetime="2024-01-05T10:00:00Z"></time></article>'
        }
    ),
    "substack": zip_bytes(
        {
            "posts.csv": b"post_id,post_date,is_published,audience\n"
            b"1.hi,2024-01-05T10:00:00Z,true,everyone\n",
            "posts/1.hi.html": b"<p>hi, you</p>",
        }
    ),
    "tei": b"<TEI><teiHeader><titleStmt><author>mina</author></titleStmt></teiHeader><text><body>"
    b"<p>hi, you</p></body></text></TEI>",
    "livejournal": b"<livejournal><entry><event>hi, you</event>"
    b"<security>public</security></entry></livejournal>",
    "stack-exchange": b'<posts><row Id="1" PostTypeId="1" Body="hi, you" OwnerUserId="5"/></posts>',
    "nostr": b'{"id": "1", "pubkey": "aa", "created_at": 1704448800, "kind": 1, "tags": [], '
    b'"content": "hi, you", "sig": "0"}\n',
    "mongo": b'{"_id": {"$oid": "5e0d9a7bd2c3f5a1b2c3d4e5"}, "text": "hi, you"}\n',
    "jsonl": b'{"text": "hi, you"}\n',
    "telegram": _TELEGRAM,
    "telegram-html": _TELEGRAM_PAGE,
    "telegram-channel": _TELEGRAM.replace(b"private_group", b"public_channel"),
    "discord": _DISCORD,
    "tiktok": b'{"Comment": {"Comments": {"App": 1, "CommentsList": [{"date": '
    b'"2024-01-05 10:00:00", "comment": "hi, you"}]}}}',
    "tiktok-chats": b'{"Direct Messages": {"Chat History": {"ChatHistory": {"Chat History with '
    b'jun:": [{"Date": "2024-01-05 10:00:00", "From": "jun", "Content": "hi, you"}]}}}}',
    "discord-package": b'[{"ID": 1190000000000000001, "Timestamp": "2025-11-02 10:20:30", '
    b'"Contents": "hi, you", "Attachments": ""}]',
    "chats": zip_bytes(
        {
            "result.json": _TELEGRAM,
            "porch.json": _DISCORD.replace(b'"isBot": false', b'"isBot": true'),
        }
    ),
    "slack": zip_bytes(
        {
            "users.json": b'[{"id": "U1", "name": "mina"}]',
            "channels.json": b'[{"id": "C1", "name": "us", "members": ["U1"]}]',
            "us/2026-01-01.json": b'[{"type": "message", "user": "U1", "text": "hi, you", '
            b'"ts": "1767225600.000200"}]',
        }
    ),
    "slack-messages": b'{"ok": true, "messages": [{"type": "message", "user": "mina", '
    b'"text": "hi, you", "ts": "1767225600.000200"}]}',
    "chatlab": b'{"_type": "header", "chatlab": {"version": "0.0.1"}, "meta": {"name": "us"}}\n'
    b'{"_type": "message", "sender": "u1", "accountName": "mina", "timestamp": 1767225601, '
    b'"type": 0, "content": "hi, you"}\n',
    "signal": b'{"recipient": {"id": "2", "contact": {"profileGivenName": "mina"}}}\n'
    b'{"chat": {"id": "10", "recipientId": "2"}}\n{"chatItem": {"chatId": "10", "authorId": "2", '
    b'"dateSent": "1769990000000", "standardMessage": {"text": {"body": "hi, you"}}}}\n',
    "signal-export": b'{"date": "2026-01-31T22:04:05", "sender": "mina", "body": "hi, you  ", '
    b'"quote": "", "sticker": null, "reactions": [], "attachments": []}\n',
    "messenger": b'{"participants": [{"name": "mina"}], "messages": [{"sender_name": "mina", '
    b'"timestamp_ms": 1735689600000, "content": "hi, you"}], "title": "us"}',
    "meta": b'[{"media": [{"uri": "", "creation_timestamp": 1735689600, "title": "hi, you"}]}]',
    "mail": b"From mina@quay.example Fri Jan  5 10:00:00 2024\nFrom: mina <mina@quay.example>\n"
    b"Date: Fri, 05 Jan 2024 10:00:00 +0000\nMessage-ID: <1@quay.example>\n\nhi, you\n",
    "imessage": b"May 17, 2022  5:29:42 PM (Read by you after 4 seconds)\nmina\nhi, you\n\n",
    "signal-md": b"[2026-01-31 22:04:05] mina: hi, you  \n",
    "sigtop": b"Conversation: mina (+15)\n\nFrom: mina (+15)\nType: incoming\n"
    b"Sent: Sat, 31 Jan 2026 22:04:05 +0000\n\nhi, you\n\n",
    "kakaotalk": b"KakaoTalk Chats with us\nDate Saved : 2024-02-20 10:44\n\n"
    b"January 15, 2024, 3:02 PM, mina : hi, you\n",
    "line": b"[LINE] Chat history with mina\nSaved on: 2/20/2024, 10:44\n\nMon, 1/15/2024\n"
    b"3:02PM\tmina\thi, you\n",
    "whatsapp": b"1/15/24, 9:05 PM - Messages are end-to-end encrypted.\n"
    b"1/15/24, 9:05 PM - mina: hi, you\n",
    "discord-csv": b"AuthorID,Author,Date,Content,Attachments,Reactions\n"
    b'"7","mina","2026-01-31T22:04:05+09:00","hi, you","",""\n',
    "imazing": b"Chat Session,Message Date,Service,Type,Sender ID,Sender Name,Text,Attachment\n"
    b'mina,2026-01-31 22:04:05,iMessage,Incoming,+15550100,mina,"hi, you",\n',
    "wechat-csv": b"localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,"
    b'Remark,NickName,Sender\n1,3,1,0,0,1769864645,3,"hi, you",,,mina,wxid_1\n',
    "csv": b'text,author\n"hi, you",mina\n',
    "texts": zip_bytes({"mina_1.txt": b"hi, you", "jun_1.txt": b"hi, me"}),
}
"""A post in each format."""
