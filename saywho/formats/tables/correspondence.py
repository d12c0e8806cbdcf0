"""Private messages among rows: whether a table has them, and which chat and person each is of."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final, Literal, Self

from msgspec import structs

from saywho.errors import RecordError
from saywho.formats.reading import Skipped, username_for
from saywho.formats.records import FileRoom, Item, Record
from saywho.formats.tables.cells import is_filled, is_flag, plain_column, says_yes, word
from saywho.formats.tables.column_kinds import COUNTS
from saywho.text import clean_title, word_set

_SENDERS: Final = word_set(
    "from fromname fromjid fromid fromuser fromnumber sender sendername senderid author username"
    " user 보낸사람 발신자 寄件者 发件人 差出人"
)
_SPEAKERS: Final = (*sorted(_SENDERS), "nick", "nickname")
_RECIPIENTS: Final = word_set(
    "to toname tojid toid touser tousername tonumber recipient recipients recipientname recipientid"
    " receiver receivername receiverid 수신자 받는사람 收件者 收件人 宛先 接收者"
)
_TITLES: Final = (
    *("conversationtitle", "conversationname", "chattitle", "chatname", "talkername"),
    *("threadtitle", "대화방", "채팅방"),
)
_CHAT_IDS: Final = (
    *("chatid", "talker", "talkerid", "chatroomid", "roomid", "dialogid"),
    "dmconversationid",  # X.
)
_ROOMS: Final = (
    *("channel", "room", "chat", "roomname", "groupname", "chatroom"),
    *("muc", "buffer", "채널", "방", "频道", "頻道", "チャンネル"),
)
"""Columns that name a chat if several people answer each other in it."""
_NAMES_OF_ROOMS: Final = (*_ROOMS, "channelname")  # YouTube's comments have the last one, too.
_THREAD_IDS: Final = (
    *("conversationid", "threadid", "conversation", "thread", "channelid", "channelurl"),
    *_NAMES_OF_ROOMS,
)
"""Columns that name a chat, but in other tables a thread or a channel of public posts."""
_COMMENTED: Final = re.compile(
    r"^(?:video|article|post|product|news|movie|book|app|store|영상|기사|게시글|상품)"
    r"(?:title|url|link|name|제목|주소)$"
)
"""Columns with the public thing that the rows are comments on."""
_SIGNS_OF_ROOMS: Final = ("#", "&", "!")
"""Beginnings of rooms' names in IRC and Matrix."""
_KINDS_OF_CHATS: Final = frozenset(
    {"conversationtype", "channeltype", "chattype", "roomtype", "threadtype"}
)
_ONLY_IN_LETTERS: Final = frozenset({"sender", "sendername", "senderid", "from", "fromname"})
"""Columns of who wrote that no table of posts has."""
_MESSAGES_OF_APPS: Final = (
    frozenset({"channelid", "embeds"}),  # Discord.
    frozenset({"channelid", "rootid"}),  # Mattermost.
    frozenset({"type", "user", "ts"}),  # Slack.
    frozenset({"sender", "sentat"}),  # Bluesky.
    frozenset({"peerid", "fromid"}),  # Telegram, as Telethon writes it.
    frozenset({"from", "fromid"}),  # Telegram, as its own export names them.
)
"""Columns that together only messages have, as the interface of an app gives them."""
_NUMBERS: Final = frozenset({"senderid", "phone", "phonenumber", "mobile", "전화번호"})
"""Columns with the number of who sent a message, or of their phone."""
_DIRECTIONS: Final = frozenset({"direction", "issender", "issend"})
_BY_SELF: Final = re.compile(r"(?:from|by|sentby|sender|senderis|author|authoris)?(?:me|mine|self)")
"""Name, without `is`, of a flag of messages that the exporter wrote: `sent_by_me`."""
_OUT: Final = word_set(
    "out outgoing outbound outbox sent 발신 보낸 보냄 송신 送信 发送 發送 发出 enviado enviada"
    " envoyé gesendet ausgehend отправлено gönderildi"
)
_IN: Final = word_set(
    "in incoming inbound inbox received 수신 받은 받음 受信 接收 收到 recibido recibida reçu"
    " empfangen eingehend recebido recebida получено alındı"
)
_PEOPLE: Final = frozenset({"user", "human", "me", "prompter"})
_MACHINES: Final = word_set(
    "assistant ai bot model gpt chatgpt copilot claude gemini llm grok deepseek machine chatbot"
)
_OF_PROGRAMS: Final = frozenset({"system", "tool", "function", "developer"})
_SHOWN_MACHINES: Final = {"ai": "AI", "gpt": "GPT", "chatgpt": "ChatGPT", "llm": "LLM"}
_MAYBE_DIRECTIONS: Final = frozenset({"type", "folder", "box", "messagetype", "msgtype"})
"""Columns that have a direction if each of their values says the same, such as `SMS Sent`."""
_OF_ANDROID: Final = frozenset({"type", "boxid", "msgbox"})
_BOXES: Final = frozenset("123456")
"""Boxes of Android's text messages, of which the first has received ones, the second sent ones."""
OWN_NAMES: Final = _PEOPLE | word_set("you myself ich moi yo eu я 나 我 自分")
"""Words for who exported, in the place of a name."""
_MOST_STATES: Final = 12
"""Different values of a column with directions or roles; more are words of people."""
_OTHER_SIDE: Final = (
    *("displayname", "contactname", "contact", "name", "address"),
    *("phonenumber", "number", "phone", "handle", "source"),
)
"""Columns with the other person, whoever wrote the message; the first filled column counts."""
_EXPORTER: Final = "You"
Row = Mapping[str, object]
Side = Literal["in", "out", ""]
"""Who wrote: someone else, the exporter, or nobody."""


@lru_cache(64)
def _by_plain_name(names: tuple[str, ...]) -> dict[str, str]:
    return {plain_column(name).lstrip("_") or name: name for name in reversed(names)}


def _by_plain(row: Row) -> dict[str, str | None]:
    return {plain: _word(row[name]) for plain, name in _by_plain_name(tuple(row)).items()}


def _word(value: object) -> str | None:
    if isinstance(value, dict):
        return next(
            filter(None, (word(value.get(key)) for key in ("name", "username", "id"))), None
        )
    return str(value) if isinstance(value, bool) else word(value)


@dataclass(frozen=True)
class Correspondence:
    """Columns of a table with private messages, by their plain names."""

    platform: str
    recipients: frozenset[str] = frozenset()
    directions: frozenset[str] = frozenset()
    roles: str = ""
    """Column that tells the person from the machine in a talk with an assistant."""
    is_of_received: bool = False
    """Whether a yes in the column of directions is of a received message."""
    unsaid: Side = ""
    """Who wrote a message that does not say it: the other side, if all the rest are of one."""
    has_sender: bool = False
    is_one_talk: bool = False
    """Whether all rows are of one chat, whose name is nowhere."""

    def of(self, item: Item, row: Row) -> Item:
        """Return a record in its chat, without the other person's name if the exporter wrote it."""
        if not isinstance(item, Record):
            return item
        if self.is_one_talk and item.username is None:
            return Skipped(item.place, "system")
        values = _by_plain(row)
        item = structs.replace(item, room=item.room or self._room(values))
        if self.roles:
            return _by_role(item, values.get(self.roles) or "")
        is_own_name = (item.display_name or item.username or "").casefold() in OWN_NAMES
        if not self.directions or (
            self.has_sender and item.username is not None and not is_own_name
        ):
            return item
        side = self._side(values)
        if side is None and item.username is not None:
            return item
        side = self.unsaid if side is None else side
        if side == "out":
            return structs.replace(item, username=None, display_name=_EXPORTER)
        if not side:
            return Skipped(item.place, "system")
        person = next(filter(None, map(values.get, _OTHER_SIDE)), None)
        if person is None and item.username is None:
            raise RecordError("the message was received, but its sender is not named")
        username = username_for(person) if person else item.username
        return structs.replace(item, username=username, display_name=person or item.display_name)

    def _side(self, values: Mapping[str, str | None]) -> Side | None:
        """Return who wrote a row; None if it does not say that."""
        value = next(filter(None, map(values.get, sorted(self.directions))), None)
        if value is None:
            return None
        if self.directions <= _OF_ANDROID and value in _BOXES:
            return "in" if value == "1" else "out" if value == "2" else ""
        if is_flag(value):
            return "in" if says_yes(value) == self.is_of_received else "out"
        return _side(value)

    def is_notice(self, row: Row) -> bool:
        """Return whether nobody sent or received a row, such as one of a new key."""
        return self._side(_by_plain(row)) == ""

    def with_unsaid(self, sample: Sequence[Row]) -> Self:
        """Return the columns of these rows, of which some may not say who wrote them."""
        sides = {self._side(_by_plain(row)) for row in sample} - {"", None}
        unsaid: Side = "" if len(sides) != 1 else "out" if "in" in sides else "in"
        return replace(self, unsaid=unsaid)

    @cached_property
    def _names(self) -> dict[str, str]:
        """Name of each chat with a number, as its first row has it."""
        return {}

    def _room(self, values: Mapping[str, str | None]) -> FileRoom:
        if self.is_one_talk:
            return FileRoom(platform=self.platform, name="")
        title = next(filter(None, map(values.get, (*_TITLES, *_NAMES_OF_ROOMS))), None)
        if self.roles and title is None:
            title = next(filter(None, map(values.get, ("conversation", "title"))), "")
        number = next(filter(None, map(values.get, _CHAT_IDS)), None)
        thread = next(filter(None, map(values.get, _THREAD_IDS)), None)
        people = (*_SENDERS, *self.recipients) if self.has_sender else _OTHER_SIDE
        if self.has_sender and not self.recipients:  # Who wrote a message names no chat.
            people = _OTHER_SIDE if self.directions and not (number or thread) else ()
        named = sorted({value for name in people if (value := values.get(name))})
        if title is None and (self.has_sender or not thread):
            title = ", ".join(named)
        elif title is None:
            title = next(filter(None, map(values.get, _OTHER_SIDE)), None)
        if number:  # In a group, each row may name other people.
            title = self._names.setdefault(number, title or "")
        return FileRoom(
            platform=self.platform,
            name=clean_title(title) or "",
            external_id=clean_title(number),
            thread=(thread or ("" if number else ", ".join(named)))[:200],
        )


def correspondence_in(sample: Sequence[Row], platform: str) -> Correspondence | None:
    """Return the columns of private messages; None for a table of posts.

    Messages have a sender and a recipient, or a direction, or the id of a chat. Counts of likes or
    reposts, and threads that are named like their first post, are of posts.
    """
    plain = {name for row in sample for name in _by_plain_name(tuple(row))}
    filled = _filled(sample)
    has_sender = any(map(filled, _SENDERS & plain))
    recipients = frozenset(filter(filled, _RECIPIENTS & plain))
    directions = frozenset(filter(filled, _DIRECTIONS & plain))
    states = _states(sample)
    if not directions and {"address", "body"} <= plain:  # As Android stores text messages.
        boxes = {name for name in _OF_ANDROID if states.get(name, {""}) <= _BOXES}
        directions = frozenset(sorted(boxes)[:1])
    directions = directions or frozenset(
        name for name, found in states.items() if says_directions(name, found)
    )
    flags = {} if directions else _flags_of_sides(sample)
    directions = directions or frozenset([*flags][:1])
    if roles := next(
        (name for name, found in sorted(states.items()) if _says_roles(name, found)), ""
    ):
        return Correspondence(platform, roles=roles)
    is_of_letters = any(map(filled, _ONLY_IN_LETTERS & plain))
    is_to_someone = has_sender and bool(recipients)
    threads = ("conversationid", "conversation", *(["threadid"] if is_of_letters else []))
    is_in_chat = any(map(filled, (*_CHAT_IDS, *_TITLES))) or (
        any(map(filled, threads)) and not _are_threads(sample)
    )
    is_in_chat = is_in_chat or (not any(map(_COMMENTED.search, plain)) and _is_talk(sample))
    # Rows that call themselves messages are no posts, if people wrote them.
    is_in_chat = is_in_chat or (filled("messageid") and any(map(filled, _SPEAKERS)))
    is_in_chat = is_in_chat or (is_of_letters and any(map(filled, _NUMBERS & plain)))
    is_certain = (
        any(map(filled, _KINDS_OF_CHATS & plain))
        or (is_to_someone and is_of_letters and "subject" in plain)
        or any(plain >= names and all(map(filled, names)) for names in _MESSAGES_OF_APPS)
    )
    is_public = not _PUBLIC.isdisjoint(plain)
    if plain <= _TALK and {"date", "message"} <= plain and plain & _SENDERS:
        return Correspondence(platform, has_sender=True, is_one_talk=True)
    if directions or is_certain or ((is_to_someone or is_in_chat) and not is_public):
        return Correspondence(
            platform,
            recipients,
            directions,
            is_of_received="in" in flags.values() and directions <= {*flags},
            has_sender=has_sender,
        ).with_unsaid(sample)
    return None


_TALK: Final = frozenset(
    (
        *("", "index", "unnamed0", "date", "time", "message", "attachment"),
        *("author", "username", "sender", "sendername", "from"),
    )
)
"""All columns of a talk by whatstk, whatsapp-chat-parser or LinkedIn: nothing of posts."""
_PUBLIC: Final = frozenset(COUNTS) | word_set(
    "retweets retweetcount retweetscount reposts repostcount likes likecount likescount"
    " favoritecount favouritescount replycount quotecount publicmetrics inreplytouserid"
    " inreplytostatusid inreplytoid inreplytouseridstr inreplytostatusidstr inreplytoscreenname"
    " isretweet permalink tweetid tweeturl score subreddit views viewcount forwards"
)
"""Columns of posts that anyone can see."""


def _filled(sample: Sequence[Row]) -> Callable[[str], bool]:
    def is_somewhere(plain: str) -> bool:
        names = ((row, _by_plain_name(tuple(row)).get(plain)) for row in sample)
        return any(name is not None and is_filled(row[name]) for row, name in names)

    return is_somewhere


def says_directions(plain: str, states: set[str]) -> bool:
    """Return whether a column says who wrote to whom: some of its values, and others the reverse.

    Other values, such as `Draft`, are of neither. A column of a known name may say one alone.
    """
    sides = {_side(state) for state in states}
    return {"in", "out"} <= sides or (
        plain in _MAYBE_DIRECTIONS and bool(states) and sides <= {"in", "out"}
    )


def _flags_of_sides(sample: Sequence[Row]) -> dict[str, Literal["in", "out"]]:
    """Return the flags of who wrote to whom, and which side a yes is of.

    A word such as `sent` may say that a message arrived, so it needs both values.
    """
    flags: dict[str, Literal["in", "out"]] = {}
    rows = [*map(_by_plain, sample)]
    is_public = any(not _PUBLIC.isdisjoint(row) for row in rows)
    for plain in dict.fromkeys(plain for row in rows for plain in row):
        stem = plain.removeprefix("is").removeprefix("was")
        is_by_self = _BY_SELF.fullmatch(stem) is not None
        side = "out" if stem in _OUT or is_by_self else "in" if stem in _IN else ""
        values = [value for row in rows if (value := row.get(plain))] if side else []
        if not (values and all(map(is_flag, values))):
            continue
        own = sum(says_yes(value) == (side == "out") for value in values)
        is_sure = is_by_self or stem != plain or len(stem) > _LONGEST_UNSURE
        if (is_sure or 0 < own < len(values)) and not (is_public and stem not in _SURE_IN_PUBLIC):
            flags[plain] = "out" if side == "out" else "in"
    return dict(sorted(flags.items(), key=lambda flag: flag[1] == "in"))


_LONGEST_UNSURE: Final = len("received")
_SURE_IN_PUBLIC: Final = frozenset({"fromme", "byme", "sentbyme"})
"""Flags that posts do not have: Reddit calls a post without a link `is_self`."""


def _says_roles(plain: str, states: set[str]) -> bool:
    roles = {state.casefold() for state in states}
    has_both = bool(roles & _PEOPLE and roles & _MACHINES)
    is_called_so = plain == "role" and bool(roles & (_MACHINES | _OF_PROGRAMS))
    return (has_both or is_called_so) and roles <= (_PEOPLE | _MACHINES | _OF_PROGRAMS)


def _states(sample: Sequence[Row]) -> dict[str, set[str]]:
    """Return the different values of each column in which they are few and short."""
    states: dict[str, set[str]] = {}
    wordy: set[str] = set()
    for row in sample:
        for plain, name in _by_plain_name(tuple(row)).items():
            if plain not in wordy and (state := word(row[name])) is not None:
                found = states.setdefault(plain, set())
                found.add(state)
                if len(found) > _MOST_STATES or len(state) > 60 or len(state.split()) > 3:
                    wordy.add(plain)
                    del states[plain]
    return states


def _side(value: str) -> Side:
    words = set(re.findall(r"[^\W\d_]+", value.casefold()))
    is_in, is_out = bool(words & _IN), bool(words & _OUT)
    if is_in == is_out:
        return ""
    return "in" if is_in else "out"


def _by_role(item: Record, role: str) -> Item:
    role = role.casefold()
    if role in _PEOPLE:
        return structs.replace(item, username=None, display_name=_EXPORTER)
    if role not in _MACHINES:
        return Skipped(item.place, "system")
    machine = _SHOWN_MACHINES.get(role, role.capitalize())
    return structs.replace(item, username=machine, display_name=machine)


def _is_talk(sample: Sequence[Row]) -> bool:
    """Return whether somebody speaks again after another person in a room, or rooms are of IRC."""
    if any(isinstance(row.get("room"), dict) for row in sample):
        return False  # As in exports of this program: a row names its chat, or is a post.
    spoken: dict[str, list[str]] = {}
    for row in sample:
        values = _by_plain(row)
        room = next(filter(None, map(values.get, _ROOMS)), "")
        who = next(filter(None, map(values.get, _SPEAKERS)), "")
        said = spoken.setdefault(room, [])
        if room and who and said[-1:] != [who]:
            if who in said or room.startswith(_SIGNS_OF_ROOMS):
                return True
            said.append(who)
    return False


def _are_threads(sample: Iterable[Row]) -> bool:
    for row in sample:
        names = _by_plain_name(tuple(row))
        thread = word(row.get(names.get("conversationid", "")))
        ids = (word(row.get(names[name])) for name in ("id", "idstr", "postid") if name in names)
        if thread and thread in ids:
            return True
    return False
