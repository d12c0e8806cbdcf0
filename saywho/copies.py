"""The exports of one chat that a folder or an archive has beside each other, each message once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from saywho.errors import Message
from saywho.formats.assumptions import ReadNotes
from saywho.formats.file_chats import MOST_SAMPLES, FileChat, stored_form
from saywho.formats.post import RoomReference
from saywho.formats.reading import Skipped
from saywho.formats.records import ChatMove, Item, Record
from saywho.people.same_chat import MINUTE_S, UNKNOWN, Agreement, Numbers, agreement


class Placing(NamedTuple):
    """Where the messages of a chat of a file belong; each array is of its messages with texts."""

    is_known: NDArray[np.bool_]
    """Whether the other chat has a message."""
    shifts: Numbers
    """Minutes by which times are later than there."""
    names: Mapping[str, str]
    """Usernames there of people who have other names."""
    times: Sequence[int] | None = None
    """Times there, if the seconds may differ."""
    room: RoomReference | None = None
    """The chat of the same file, in which the known messages stand already."""


def placed(items: Iterable[Item], plans: Mapping[RoomReference, Placing]) -> Iterator[Item]:
    """Yield the items as they are in the other chats."""
    at: Counter[RoomReference] = Counter()
    for item in items:
        plan = plans.get(item.room) if isinstance(item, Record) and item.room else None
        if plan is None or not (isinstance(item, Record) and item.room and item.username):
            yield item
            continue
        has_text = bool(stored_form(item.text))
        place = min(at[item.room], len(plan.is_known) - 1)
        # Media without a text are known if a text behind them is.
        is_known = at[item.room] == place and bool(plan.is_known[place])
        at[item.room] += has_text
        if is_known and plan.room is not None:
            yield Skipped(item.place, "repeated")
            continue
        time = item.created_at
        if has_text and plan.times is not None:
            known = plan.times[place]
            time = None if known == UNKNOWN else datetime.fromtimestamp(known, UTC)
        elif time is not None and (shift := int(plan.shifts[place])):
            time -= timedelta(minutes=shift)
        yield structs.replace(
            item,
            username=plan.names.get(item.username, item.username),
            display_name=None if item.username in plan.names else item.display_name,
            created_at=time,
            room=plan.room or item.room,
            # The app of the known message may give it no id, or another one.
            source_id=None if is_known else item.source_id,
        )


class Copies:
    """Exports of one chat beside each other in a folder or an archive: the longest one counts, and
    what the others have more.
    """

    def __init__(self, chats: Sequence[FileChat], notes: ReadNotes) -> None:
        self._plans: dict[RoomReference, Placing] = {}
        parts: dict[RoomReference, dict[int, FileChat]] = {}
        shared = _shared(chats)
        for place in sorted(shared, key=lambda place: (-len(chats[place].texts), place)):
            chat = chats[place]
            others = [chats[other].reference for other, _ in shared[place].most_common()]
            roots = dict.fromkeys(self._root(other) for other in others)
            found: tuple[FileChat, Agreement] | None = None
            for root in [root for root in roots if root in parts][:3]:
                whole = _joined(parts[root])
                same = _agreement(chat, whole)
                if same is not None and (found is None or same.known > found[1].known):
                    found = whole, same
            if found is None:
                parts[chat.reference] = {place: chat}
                continue
            whole, same = found
            if same.shifted is not None:
                finding = Message("Messages that stand in two files with different times")
                notes.look_odd("times", finding, chat.samples[:1], is_grave=True)
            names = _names(chat, whole, same)
            plan = Placing(same.places >= 0, same.shifts, names, room=whole.reference)
            self._plans[chat.reference] = plan
            # The messages that only this export has, as they are in the other one.
            new, messages = ~plan.is_known, chat.messages
            is_timed = messages.times != UNKNOWN
            parts[whole.reference][place] = structs.replace(
                chat,
                people=[plan.names.get(name, name) for name in chat.people],
                texts=messages.texts[new].tobytes(),
                times=(messages.times - is_timed * plan.shifts * MINUTE_S)[new].tobytes(),
                writers=messages.people[new].tobytes(),
                ids=np.frombuffer(chat.ids, np.uint64)[new].tobytes(),
            )
        alone = [chat for chat in chats if chat.reference not in self._plans]
        self.chats = [_joined(parts.get(chat.reference, {0: chat})) for chat in alone]
        """The chats of the file, each once."""

    def items(self, items: Iterator[Item]) -> Iterator[Item]:
        return placed(items, self._plans) if self._plans else items

    def moves(self, moves: Iterable[ChatMove]) -> Iterable[ChatMove]:
        """Return who came and left, each once."""
        if not self._plans:
            return moves
        return dict.fromkeys(move._replace(room=self._root(move.room)) for move in moves)

    def _root(self, reference: RoomReference) -> RoomReference:
        plan = self._plans.get(reference)
        return plan.room or reference if plan is not None else reference


def _shared(chats: Sequence[FileChat]) -> dict[int, Counter[int]]:
    """Return the numbers of texts that chats of several files have in common."""
    found: dict[int, Counter[int]] = {}
    files = {chat.file.file for chat in chats if chat.file is not None}
    if len(files) < 2:
        return found
    texts = [np.unique(chat.messages.texts) for chat in chats]
    hashes = np.concatenate(texts)
    owners = np.repeat(np.arange(len(chats)), [*map(len, texts)])
    order = np.argsort(hashes, kind="stable")
    hashes, owners = hashes[order], owners[order]
    for step in range(1, min(8, len(hashes))):
        is_equal = hashes[step:] == hashes[:-step]
        pairs = owners[:-step][is_equal] * len(chats) + owners[step:][is_equal]
        for pair, count in zip(*np.unique(pairs, return_counts=True), strict=True):
            one, other = divmod(int(pair), len(chats))
            found.setdefault(one, Counter())[other] += int(count)
            found.setdefault(other, Counter())[one] += int(count)
    return found


def _agreement(chat: FileChat, other: FileChat) -> Agreement | None:
    """Return which messages another chat has, if both are exports of one chat."""
    one, two = chat.file, other.file
    if one is None or two is None or one.file == two.file:
        return None
    ids = [room.external_id for room in (one, two)]
    is_of_app = one.platform == two.platform
    if is_of_app and all(ids) and len({*ids}) > 1:
        return None
    same = agreement(chat.messages, other.messages)
    if is_of_app and (all(ids) or one.name == two.name != ""):
        is_same, fewest = same.is_alike, 1 if all(ids) else 3
    else:  # Whoever sends news to several chats writes alone.
        is_same = same.is_same and len(same.people) > 1
        are_all = same.known == same.smaller or same.is_whole
        fewest = 3 if are_all else 12
    if _names(chat, other, same):
        fewest = max(fewest, 6)
    return same if is_same and same.texts >= fewest else None


def _names(chat: FileChat, other: FileChat, same: Agreement) -> dict[str, str]:
    pairs = ((chat.people[mine], other.people[theirs]) for mine, theirs in same.people.items())
    return {mine: theirs for mine, theirs in pairs if mine != theirs}


def _joined(parts: Mapping[int, FileChat]) -> FileChat:
    """Return the parts of a chat by their places in the file, the first of them the longest."""
    root, *others = parts.values()
    if not others:
        return root
    in_order = [parts[place] for place in sorted(parts)]
    people = dict.fromkeys(name for part in in_order for name in part.people)
    numbers = {name: number for number, name in enumerate(people)}
    writers = (
        np.array([numbers[name] for name in part.people], np.int64)[part.messages.people]
        for part in in_order
    )
    samples = {sample for part in in_order for sample in part.samples}
    return structs.replace(
        root,
        people=[*people],
        texts=b"".join(part.texts for part in in_order),
        times=b"".join(part.times for part in in_order),
        writers=b"".join(numbered.tobytes() for numbered in writers),
        samples=sorted(samples, key=lambda text: (-len(text), text))[:MOST_SAMPLES],
        ids=b"".join(part.ids for part in in_order),
    )
