"""Bluesky: the repository of an account, `repo.car`, which the settings of the app give.

Records stand in blocks. Their keys, which are the ids of posts, stand in the nodes of a tree: each
node names the keys of its records whole, so that it needs no other node.
Source: https://atproto.com/specs/repository.
"""

from dataclasses import dataclass, field
from typing import Final

from app.errors import BrokenFileError, Message, RecordError, message_of
from app.formats.bluesky import read_post
from app.formats.post import as_count
from app.formats.records import (
    Account,
    BadRecord,
    Format,
    Item,
    ReadOptions,
    RecordStream,
    Skipped,
    read_each,
)
from app.formats.source.dag_cbor import Block, Link, blocks, decode, is_car
from app.formats.source.file import Content, Source, head
from app.formats.source.json import as_object, as_word, listed
from app.formats.source.window import Json

_POST: Final = "app.bsky.feed.post"
_PROFILE: Final = "app.bsky.actor.profile"
_OF_FEEDS: Final = b"app.bsky.feed."
_READ: Final = frozenset({_POST, "app.bsky.feed.repost", "app.bsky.feed.like"})
_NODE: Final = b"\xa2\x61e"
"""How a node of the tree begins: a map of two keys, of which `e` is the first."""
_HEAD_BYTES: Final = 500
MOST_POSTS: Final = 1_000_000
"""Posts of an account; the key of each is in memory."""
_NO_KEY: Final = Message("its id is missing, because the file is truncated")


@dataclass(slots=True)
class Repository:
    """What the blocks of a file say of the account and its posts."""

    did: str | None = None
    display_name: str | None = None
    keys: dict[bytes, str] = field(default_factory=dict)
    """Keys of posts, by the CIDs of their records."""
    has_tree: bool = False
    is_whole: bool = True

    def note(self, block: Block) -> None:
        """Take what a block says of the account, or of keys."""
        if block.data.startswith(_NODE):
            self._note_keys(as_object(decode(block.data)))
        elif b"cdid" in block.data and b"ddata" in block.data:
            commit = as_object(decode(block.data))
            did = as_word(commit.get("did"))
            self.did = did if did and did.startswith("did:") else self.did
        elif _PROFILE.encode() in block.data:
            profile = as_object(decode(block.data))
            if profile.get("$type") == _PROFILE:
                self.display_name = as_word(profile.get("displayName"))

    def _note_keys(self, node: Json) -> None:
        self.has_tree = True
        key = b""
        for entry in map(as_object, listed(node, "e")):
            shared, rest, link = as_count(entry.get("p")), entry.get("k"), entry.get("v")
            if shared is None or not isinstance(rest, bytes) or not isinstance(link, Link):
                raise RecordError("a key of the tree is damaged")
            key = key[:shared] + rest
            collection, _, name = key.decode(errors="replace").partition("/")
            if collection == _POST:
                self.keys[link.cid] = name
        if len(self.keys) > MOST_POSTS:
            raise BrokenFileError("more than {count} posts", count=f"{MOST_POSTS:,}")


def read(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return the posts of an account; None for another file."""
    content = _file(source)
    if content is None:
        return None
    repository = _look_through(content)
    account = Account(repository.did, repository.display_name, "bluesky")

    def read_one(block: Block, place: int) -> Item | None:
        return _read_block(block, place, repository)

    items = read_each(enumerate(blocks(content), 1), read_one)
    return RecordStream(FORMAT.name, "record", account, items)


def _file(source: Source) -> Content | None:
    if not source.has_members:
        return source if is_car(head(source, _HEAD_BYTES)) else None
    names = (name for name in source.members if name.lower().endswith(".car"))
    name = source.only(name for name in names if is_car(source.start_of(name, _HEAD_BYTES)))
    if name is None:
        return None
    source.expect([name])
    return source.member(name)


def _look_through(content: Content) -> Repository:
    """Return what a file says of its account; who reads it for its posts is told of the damage."""
    repository = Repository()
    try:
        for block in blocks(content.uncounted):
            try:
                repository.note(block)
            except RecordError:
                repository.is_whole = False
    except BrokenFileError:
        repository.is_whole = False
    return repository


def _read_block(block: Block, place: int, repository: Repository) -> Item | None:
    """Return the post of a block; None for a block that holds nothing of a feed."""
    if _OF_FEEDS not in block.data or block.data.startswith(_NODE):
        return None
    try:
        record = as_object(decode(block.data))
    except RecordError as error:
        return BadRecord(place, message_of(error))
    kind = record.get("$type")
    if kind not in _READ:
        return None
    key = repository.keys.get(block.cid, "")
    if kind == _POST and not key and repository.has_tree:
        # A block that the tree does not name is of a post that is deleted.
        return Skipped(place, "deleted") if repository.is_whole else BadRecord(place, _NO_KEY)
    address = f"at://{repository.did or ''}/{kind}/{key}"
    return read_post({"uri": address, "value": record}, place, repository.did)


FORMAT: Final = Format(
    "bluesky-repo",
    Message("Bluesky (repo.car)"),
    read,
    mark=Message("a CAR file with the repository of an account"),
)
