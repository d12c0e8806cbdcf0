"""Chats of Messenger and Instagram: `message_1.json` and the like, and encrypted chats.

A chat has numbered files; the first file and message are the newest. Encrypted chats have a
separate download with one file each: `Mina_4.json`, 4 being the chat's number. Only names
distinguish people.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import cache, partial
from itertools import chain, groupby, takewhile
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from msgspec import structs

from saywho.errors import BrokenFileError, Message
from saywho.formats import records
from saywho.formats.assumptions import ReadNotes
from saywho.formats.chats.chat_files import Attachments, attachments_of
from saywho.formats.chats.json_chat import ChatMessage, Found, JsonChat, Skip, without_posts
from saywho.formats.chats.learnt_sentences import LearntSentences
from saywho.formats.chats.reactions import one_each, reactions_in, reactions_of
from saywho.formats.chats.sentence_tables import matcher, sentences
from saywho.formats.meta.posts import posts_in, repaired
from saywho.formats.reading import Skipped
from saywho.formats.source import json
from saywho.formats.source.file import Content, Source
from saywho.text import clean_title


def newest_versions(items: Iterable[records.Item]) -> Iterator[records.Item]:
    """Yield the items, with only each message's newest version and without its mark."""
    held: deque[records.Item] = deque()
    edited: list[records.Record] = []
    for item in items:
        version = _unmarked(item)
        if version is not None:
            edited.append(version)
            _replace(held, version)
        is_older = isinstance(item, records.Record) and any(_is_older(item, new) for new in edited)
        held.append(version or (Skipped(item.place, "older") if is_older else item))
        if len(held) > 200:
            yield (gone := held.popleft())
            edited = [record for record in edited if record is not gone]
    yield from held


def _replace(held: deque[records.Item], version: records.Record) -> None:
    for place in range(len(held) - 1, -1, -1):
        item = held[place]
        if isinstance(item, records.Record) and _is_older(item, version):
            held[place] = Skipped(item.place, "older")
            return


def _unmarked(item: records.Item) -> records.Record | None:
    if not (isinstance(item, records.Record) and item.text.endswith(")")):
        return None
    if item.room is None or getattr(item.room, "platform", "") != "instagram":
        return None
    marks = sentences("meta", "edited")
    mark = next((mark for mark in marks if item.text.endswith(f" {mark}")), "")
    return structs.replace(item, text=item.text.removesuffix(mark).rstrip()) if mark else None


def _is_older(item: records.Record, version: records.Record) -> bool:
    """Return whether an item is a message's older version: their texts mostly agree."""
    if item.created_at is None or version.created_at is None or item.room != version.room:
        return False
    # A message can be edited for 15 minutes, and some more on slow networks.
    is_near = timedelta() <= version.created_at - item.created_at <= timedelta(minutes=20)
    if not is_near or item.display_name != version.display_name:
        return False
    begin = _common(item.text, version.text)
    end = _common(item.text[begin:][::-1], version.text[begin:][::-1])
    return begin + end >= max(2, min(len(item.text), len(version.text)) / 2)


def _common(first: str, second: str) -> int:
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


_NUMBERED: Final = re.compile(r"(?:(?P<folder>.*)/)?message_(?P<number>\d{1,9})\.json")
_ENCRYPTED: Final = re.compile(r"(?:.*/)?[^/]+_(?P<number>\d{1,9})\.json")
_NUMBER: Final = re.compile(r"_\d+\Z")
_FILES: Final = ("photos", "videos", "audio_files", "gifs", "files", "media")
_alone: Final = partial(matcher, "meta", "alone")
_deeds: Final = partial(matcher, "meta", "deed")
_sent: Final = partial(matcher, "meta", "sent")
_ADDRESS: Final = re.compile(r"https?://")
_FEWEST: Final = 3
"""Number of repetitions or people that shows a sentence of the app."""
_FEWEST_CALLED: Final = 2
"""Number of sentences of the app that shows another name of a person."""
_LONGEST_DEED: Final = 120
_MOST_LEARNT: Final = 1_000
MOST_HELD: Final = 20_000
"""Number of messages ordered together: twice the number of numbered files."""


class MetaThread(NamedTuple):
    room: records.FileRoom
    folder: str
    sentences: "OwnSentences"
    has_one_gone: bool = False
    """Whether two people talked, and the account of one is gone: its messages are of one person."""


class MetaChats(JsonChat[MetaThread]):
    name = "messenger"
    began = 2004
    label = Message("Messenger and Instagram")
    file_name = "message_1.json"

    def files(self, source: Source) -> list[Content]:
        """Return the files of all chats; a download's chats are all encrypted, or all plain."""
        if not source.has_members:
            return [source] if self.recognises(source) else []
        for pattern in (_NUMBERED, _ENCRYPTED):
            matches = [match for name in source.members if (match := pattern.fullmatch(name))]
            is_numbered = pattern is _NUMBERED
            matches.sort(
                key=lambda match: (_folder(match[0], is_numbered=is_numbered), int(match["number"]))
            )
            contents = [source.member(match[0]) for match in matches]
            if any(map(self.recognises, contents[:20])):
                source.expect(match[0] for match in matches)
                return contents
        return []

    def recognises(self, content: Content) -> bool:
        keys = ({"sender_name", "timestamp_ms"}, {"senderName", "timestamp"})
        first = json.first_documents(content.uncounted, lists=("messages",))
        return any(message.keys() >= these for message in first for these in keys)

    def read(self, source: Source, options: records.ReadOptions) -> records.RecordStream | None:
        """Return the messages of all chats, and a note about posts."""
        stream = super().read(source, options)
        has_posts = stream and source.has_members and posts_in(source)
        return without_posts(stream, source, "meta") if stream and has_posts else stream

    def parts(
        self, source: Source, contents: Sequence[Content]
    ) -> Iterator[Iterator[Found[MetaThread]]]:
        """Yield each file's messages, a chat's oldest file first."""
        is_numbered = all(_NUMBERED.fullmatch(content.name) for content in contents)

        def folder_of(content: Content) -> str:
            return _folder(content.name, is_numbered=is_numbered) if source.has_members else ""

        for folder, of_folder in groupby(contents, key=folder_of):
            files = list(of_folder)
            thread = self._thread(files, folder, source.name)
            for content in reversed(files):
                values = json.Window(content).values(("messages",))
                yield (Found(thread, value) for value in values)

    def items(self, found: Iterator[Found[MetaThread]]) -> Iterator[records.Item]:
        """Yield the messages in order. Raises BrokenFileError after all that can be read."""
        faults: list[BrokenFileError] = []
        yield from newest_versions(in_order(_until_damage(super().items(found), faults)))
        for fault in faults:
            raise fault

    def said(self, message: json.Json, chat: MetaThread) -> ChatMessage | Skip:
        name, text = _name(message), _text(message)
        is_unsent = message.get("is_unsent") is True or message.get("isUnsent") is True
        is_gone = _is_gone(name)
        if is_unsent or (is_gone and not chat.has_one_gone):
            return "deleted"
        kind = (json.as_word(message.get("type")) or "").lower()
        if kind in {"call", "subscribe", "unsubscribe"} or "call_duration" in message:
            return "system"
        attached = _attached(message, chat.folder)
        is_attached = bool(attached.media or "share" in message)
        if chat.sentences.has(text, name, is_attached=is_attached):
            if not attached.media:
                return "media" if is_attached else "system"
            text = ""
        signs = (repaired(reaction.get("reaction")) for reaction in reactions_in(message))
        return ChatMessage(
            text=text,
            name=name.strip() or sentences("meta", "gone")[0],
            author_id=chat.room.external_id if is_gone else None,
            time=message.get("timestamp_ms", message.get("timestamp")),
            attached=attached,
            counts=reactions_of(one_each(signs)),
            room=chat.room,
        )

    def _thread(self, files: Sequence[Content], folder: str, source_name: str) -> MetaThread:
        """Return a chat by its files, which are read twice, because names follow the messages.

        The first reading learns the app's sentences, and the app by the first 1,000 messages.
        """
        content = files[0]
        about = dict.fromkeys(("title", "thread_path", "threadName", "participants"))
        flags: set[str] = set()
        sentences = OwnSentences(content.notes)
        for place, file in enumerate(files):  # Who left has sentences in older files, too.
            with suppress(BrokenFileError):
                window = json.Window(file.uncounted)
                for _ in window.each_list({"messages"}, {} if place else about):
                    for number, message in enumerate(map(json.as_object, window.items())):
                        flags |= _flags(message) if place == 0 and number < 1_000 else set()
                        sentences.learn(_text(message), _name(message))
        path = repaired(about.get("thread_path")).rstrip("/").rpartition("/")[2]
        name = repaired(about.get("threadName"))
        title = repaired(about.get("title")) or _NUMBER.sub("", name)
        room = records.FileRoom(
            platform=_app(f"{PurePosixPath(source_name).name}/{content.name}", flags),
            name=clean_title(title or _NUMBER.sub("", path)) or "",
            external_id=clean_title(path),
            file=folder,
            thread=name,
        )
        people = (
            json.as_object(each).get("name", each) for each in json.listed(about, "participants")
        )
        are_gone = [*map(_is_gone, map(repaired, people))]
        return MetaThread(room, folder, sentences, sorted(are_gone) == [False, True])


def _folder(name: str, *, is_numbered: bool) -> str:
    return name.rpartition("/")[0] if is_numbered else name.removesuffix(".json")


def _is_gone(name: str) -> bool:
    return not name.strip() or name.casefold() in _gone_accounts()


@cache
def _gone_accounts() -> frozenset[str]:
    return frozenset(name.casefold() for name in sentences("meta", "gone"))


def _name(message: json.Json) -> str:
    return repaired(message.get("sender_name")) or repaired(message.get("senderName"))


def _text(message: json.Json) -> str:
    return repaired(message.get("content")) or repaired(message.get("text"))


def _flags(message: json.Json) -> set[str]:
    addresses = (
        json.as_object(file).get("uri") for name in _FILES for file in json.listed(message, name)
    )
    return {"is_geoblocked_for_viewer"} & message.keys() | {
        address.partition("/")[0] for address in addresses if isinstance(address, str)
    }


def _app(place: str, flags: Iterable[str]) -> str:
    names = (place, *flags)
    if any("facebook" in name or "messenger" in name for name in names):
        return "messenger"
    is_instagram = any("instagram" in name or name == "is_geoblocked_for_viewer" for name in names)
    return "instagram" if is_instagram else "messenger"


def _attached(message: json.Json, folder: str) -> Attachments:
    if not (kinds := [name for name in _FILES if name in message]):
        return Attachments()
    thread = f"/{folder.rpartition('/')[2]}/"
    names = []
    for file in (json.as_object(file) for name in kinds for file in json.listed(message, name)):
        name = repaired(file.get("uri"))
        if name.startswith("./"):
            name = str(PurePosixPath(folder).parent / name)
        elif thread in f"/{name}":
            name = f"{folder}/{f'/{name}'.rpartition(thread)[2]}"
        names.append(name)
    return attachments_of(names)


class OwnSentences:
    """Sentences of the app in one chat, on likes, sent files and new names.

    Nearly all begin with the acting person's name, in the account's language. A sentence that
    begins so, but is in no table, is attributed to the app if a file comes with it, if it is
    repeated three times, or if three people "say" the same after their names.

    Instagram begins them with the account's name, Messenger with the nickname in the chat. Such
    another name of a person is learnt if it precedes sentences of the table twice, or sentences
    that another person has behind another name.
    """

    def __init__(self, notes: ReadNotes) -> None:
        self._notes = notes
        self._counts: Counter[str] = Counter()
        self._people: dict[str, set[str]] = {}
        self._owners: Counter[str] = Counter()
        """The name under which the app writes about the exporting person."""
        self._called: dict[str, Counter[str]] = {}
        """Beginnings of sentences of the table, by person."""
        self._behind: dict[str, dict[str, Counter[str]]] = {}
        """Beginnings of each sentence, by sentence and person, while they are learnt."""
        self._several: set[str] | None = None
        """Sentences that several people have, each only behind a name of their own."""
        self._learnt = LearntSentences(notes)
        self._told: dict[str, dict[str, set[str]]] = {}
        """Sentences with a full stop by their beginning and person, of known beginnings."""
        self._free: set[tuple[str, str]] = set()
        """Beginnings that a person has without a full stop, too."""
        self._titles: Counter[str] = Counter()
        """Games, by what stands before the name of the player who has the sentence."""

    def learn(self, text: str, name: str) -> None:
        """Count a sentence that begins with a name of its stated author."""
        self._learnt.learn(text, name)
        if (head := _beginning(text)) in _second_person():
            if text.endswith("."):
                told = self._told.setdefault(head, {}).setdefault(name, set())
                told |= {text} if len(told) < _FEWEST else set()
            else:
                self._free.add((name, head))
        if (title := _title(text, name)) and len(self._titles) < _MOST_LEARNT:
            self._titles[title] += 1
        if not (deed := _deed(text, name)):
            if _is_own_deed(text):
                self._owners[name] += 1
            self._learn_names(text, name)
            return
        if text in self._counts or len(self._counts) < _MOST_LEARNT:
            self._counts[text] += 1
        if deed in self._people or len(self._people) < _MOST_LEARNT:
            people = self._people.setdefault(deed, set())
            if len(people) < _FEWEST:
                people.add(name)

    def has(self, text: str, name: str, *, is_attached: bool) -> bool:
        """Return whether a text is such a sentence; `is_attached` if a file or link comes with it.

        A link that a person sends is in the text itself.
        """
        if (deed := _deed(text, name)) == "":
            deed = self._deed_of_called(text, name)
        if _alone().has(text) or (deed and (_deeds().has(deed) or _sent().has(deed))):
            return True
        if _is_own_deed(text):
            is_ended = text.rstrip().endswith((".", "!"))
            is_of_one = len(self._owners) == 1 and self._owners[name] > 1
            return is_attached or is_ended or is_of_one
        is_repeated = self._counts[text] >= _FEWEST or len(self._people.get(deed, ())) >= _FEWEST
        head = _beginning(text)
        told = self._told.get(head, {}) if text.endswith(".") else {}
        # The app speaks to one person, in whole sentences that nobody else has.
        is_second = [*told] == [name] and (name, head) not in self._free
        is_second &= len(told.get(name, ())) >= _FEWEST
        is_second |= self._titles[_title(text, name)] > 1
        is_of_app = is_second or (
            deed and (is_repeated or (is_attached and not _ADDRESS.search(text)))
        )
        if is_of_app or self._learnt.has(text):
            self._notes.app_lines += 1
            return True
        return False

    def _learn_names(self, text: str, name: str) -> None:
        for called, deed in _split(text):
            if _is_deed(deed):
                if name in self._called or len(self._called) < _MOST_LEARNT:
                    self._called.setdefault(name, Counter())[called] += 1
            elif (
                deed.endswith((".", "!"))
                and deed.count(" ") >= 2
                and (deed in self._behind or len(self._behind) < 10 * _MOST_LEARNT)
            ):
                self._behind.setdefault(deed, {}).setdefault(name, Counter())[called] += 1

    def _deed_of_called(self, text: str, name: str) -> str:
        """Return the rest behind another name of the person; empty for another sentence."""
        if self._several is None:
            self._several = {deed for deed in self._behind if self._is_of_several(deed)}
            self._behind.clear()
        names: Mapping[str, int] = self._called.get(name, {})
        for called, deed in _split(text) if names or self._several else ():
            if names.get(called, 0) >= _FEWEST_CALLED and _is_deed(deed):
                return deed
            if deed in self._several:
                self._counts[text] = _FEWEST
                return deed
        return ""

    def _is_of_several(self, deed: str) -> bool:
        people = self._behind.get(deed, {})
        names = [called for counts in people.values() for called in counts]
        is_each = len(names) == len(people) == len({*names}) > 1
        return is_each and all(sum(of.values()) >= _FEWEST_CALLED for of in people.values())


def _beginning(text: str) -> str:
    """Return what sentences in one person of a verb have in common at their first word."""
    first = text.partition(" ")[0] if len(text) <= _LONGEST_DEED else ""
    return first[-4:] if len(first) > 5 else ""


@cache
def _second_person() -> frozenset[str]:
    """Return the beginnings of sentences on what the exporting person sent, in any language."""
    known = [each for each in sentences("meta", "alone") if each.endswith(".")]
    counts = Counter(_beginning(each) for each in known if "{" not in each)
    return frozenset(head for head, count in counts.items() if head.isalpha() and count >= _FEWEST)


def _title(text: str, name: str) -> str:
    title, colon, behind = text.partition(": ")
    return title if colon and len(title) < 40 and _deed(behind, name) else ""


def _is_own_deed(text: str) -> bool:
    own = text.removeprefix("You ")
    return own is not text and (_deeds().has(own) or _sent().has(own))


def _split(text: str) -> Iterator[tuple[str, str]]:
    if "\n" in text or len(text) > _LONGEST_DEED:
        return
    words = text.split(" ")
    for number in range(1, len(words)):
        if number <= 3 or words[number] in _first_words():
            yield " ".join(words[:number]), " ".join(words[number:])


@cache
def _first_words() -> frozenset[str]:
    known = (*sentences("meta", "deed"), *sentences("meta", "sent"))
    return frozenset(sentence.partition(" ")[0] for sentence in known)


def _is_deed(text: str) -> bool:
    return text.partition(" ")[0] in _first_words() and (_deeds().has(text) or _sent().has(text))


def _deed(text: str, name: str) -> str:
    words = name.split(" ")  # The app may leave out family names.
    for subject in (" ".join(words[:end]) for end in range(len(words), 0, -1)):
        if subject and text.startswith(subject):
            behind = text[len(subject) :]
            for link in (" ", "님이 ", "さんが"):
                if behind.startswith(link):
                    return behind.removeprefix(link).strip()
    return ""


def in_order(items: Iterator[records.Item], most: int = MOST_HELD) -> Iterator[records.Item]:
    """Yield the messages in order, though a file may begin with the newest.

    With `most` messages or very long messages, only equal times are reordered.
    """
    portion = list(records.next_items(items, most))
    times = [
        item.created_at for item in portion if isinstance(item, records.Record) and item.created_at
    ]
    if times and times[0] < times[-1]:
        return chain(portion, items)
    if len(portion) == most or sum(map(_characters, portion)) >= records.MOST_OF_TEXTS:
        return _within_times(chain(portion, items))
    return reversed(portion)


def _until_damage(
    items: Iterator[records.Item], faults: list[BrokenFileError]
) -> Iterator[records.Item]:
    try:
        yield from items
    except BrokenFileError as error:
        faults.append(error)


def _characters(item: records.Item) -> int:
    return len(item.text) if isinstance(item, records.Record) else 0


def _within_times(items: Iterable[records.Item]) -> Iterator[records.Item]:
    group: list[records.Item] = []
    characters, time = 0, None
    for item in items:
        when = item.created_at if isinstance(item, records.Record) else None
        is_full = len(group) == MOST_HELD or characters >= records.MOST_OF_TEXTS
        if (when and time and when != time) or is_full:
            yield from reversed(group)
            group, characters = [], 0
        time = when or time
        group.append(item)
        characters += _characters(item)
    yield from reversed(group)


FORMAT: Final = MetaChats().format()
