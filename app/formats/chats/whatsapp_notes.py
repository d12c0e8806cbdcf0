"""What WhatsApp itself puts into messages: names of files, what it left out, deletions and edits.

It writes in the language of the phone, so most is told by its shape: by U+200E before it, by the
name of a file, by words that stand at such names elsewhere, or by `<…>` that comes back.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

from app.formats.chats.chat_files import Spoken

OWN_MARK: Final = "\u200e"
"""Stands before what the app wrote, on iOS also before lines of media."""
_FILE: Final = re.compile(
    r"\u200e?(?P<file>\S[^\n]{0,200}?\.\w{1,5}) \((?P<words>[^()\n]{2,60})\)(?:\n|\Z)"
)
"""A file on Android, the first line of a message; below it stands what was written to it."""
_ATTACHED: Final = re.compile(
    r"(?P<mark>\u200e?)<[^<>:：\n]{1,60}[:：] ?(?P<file>[^<>\n]{1,200}\.\w{1,5})>"
    r"|(?P<old>\d{4}-\d\d-\d\d-[A-Z]{3,9}-\d{1,9}\.\w{1,5}) ?\u200e?<[^<>:\n]{1,60}>"
)
"""Files on iOS, beside what was written to them."""
_OWN_NAME: Final = re.compile(r"(?:[A-Z]{3}-\d{8}-WA\d+|\d{8}-.+)\.\w{1,5}")
"""Names that the app gives to files."""
_IN_ANGLES: Final = re.compile(r"<[^<>\n]{4,60}>")
_MARKED: Final = re.compile(r"\u200e<[^<>\n]{1,300}>")
_KINDS: Final = r"(?:image|video|audio|GIF|sticker|document|Contact card|video note) omitted"
_OMITTED_BELOW: Final = re.compile(rf"[ \n]?\u200e{_KINDS}\Z")
_MEDIA: Final = re.compile(
    r"<(?:Media omitted|미디어 파일 제외됨|Medien ausgeschlossen|Multimedia omitido|Mídia oculta"
    r"|Médias omis|Media omessi|Media weggelaten|Media tidak disertakan|Medya dahil edilmedi"
    r"|Без медиафайлов|メディアなし|省略多媒体文件|略過多媒體檔)>"
    rf"|<attached: .+>|<첨부: .+>|null|{_KINDS}|(?:location|위치): https?://\S+|POLL:.*",
    re.DOTALL,
)
_DELETED: Final = re.compile(
    r"(?:This message was deleted|You deleted this message|이 메시지는 삭제되었습니다"
    r"|삭제된 메시지입니다|Diese Nachricht wurde gelöscht"
    r"|Se eliminó este mensaje|Eliminaste este mensaje|Mensagem apagada|Você apagou esta mensagem"
    r"|Ce message a été supprimé|Vous avez supprimé ce message"
    r"|Questo messaggio è stato eliminato|Hai eliminato questo messaggio"
    r"|このメッセージは削除されました|このメッセージを削除しました)[.。]?"
)
_WORDS: Final = frozenset(
    (
        *("file attached", "파일 첨부됨", "Datei angehängt", "archivo adjunto", "arquivo anexado"),
        *("fichier joint", "file allegato", "bestand bijgevoegd", "ファイル添付", "файл добавлен"),
    )
)
"""What stands in brackets behind the name of a file, in languages that are known."""
_EDITS: Final = ("<This message was edited>", "<편집된 메시지입니다>")
_LEAST_REPEATS: Final = 3
"""How often a whole message in angle brackets is the same before it counts as the app's."""
_MOST_COUNTED: Final = 1_000
"""Of such messages that differ, and of words beside files."""


class AppNotes:
    """What the app's notes look like in one file, beside which there are the files of `beside`."""

    def __init__(self, beside: Collection[str]) -> None:
        self._beside = beside
        self._words = _WORDS
        self._omitted: frozenset[str] = frozenset()
        """What stands in place of media."""

    def learn(self, texts: Iterable[str]) -> None:
        """Take the language of the notes from the first lines of all messages."""
        counts: Counter[str] = Counter()
        words: set[str] = set()
        for text in texts:
            if text.endswith(")") and (match := _FILE.match(text)) and self._is_sure(match):
                if len(words) < _MOST_COUNTED:
                    words.add(match["words"])
            elif (
                text.endswith(">")
                and _IN_ANGLES.fullmatch(text)
                and (text in counts or len(counts) < _MOST_COUNTED)
            ):
                counts[text] += 1
        self._words = _WORDS | words
        self._omitted = frozenset(text for text, count in counts.items() if _is_note(text, count))

    def is_medium(self, text: str) -> bool:
        """Return whether the first line of a message stands for a file."""
        return bool(self.said(text).files or _MEDIA.fullmatch(text.removeprefix(OWN_MARK)))

    def said(self, text: str) -> Spoken:
        """Return a text without the app's notes, and the names of files in them."""
        files: list[str] = []
        if (match := _FILE.match(text)) and (self._is_sure(match) or match["words"] in self._words):
            files.append(match["file"])
            text = text[match.end() :]
        if "<" in text:
            text = self._without_attached(text, files)
        if text.startswith(OWN_MARK) or self._is_left_out(text):
            return Spoken("", tuple(files))
        first, end, others = _OMITTED_BELOW.sub("", text).partition("\n")
        message = _without_edit(f"{first.replace(OWN_MARK, '')}{end}{others}")
        return Spoken("" if _is_title(message, files) else message, tuple(files))

    def _is_left_out(self, text: str) -> bool:
        return bool(text in self._omitted or _MEDIA.fullmatch(text) or _DELETED.fullmatch(text))

    def _is_sure(self, match: re.Match[str]) -> bool:
        """Return whether a name is that of a file, whatever the words beside it say."""
        return match[0].startswith(OWN_MARK) or self._is_file(match["file"])

    def _is_file(self, name: str) -> bool:
        return name in self._beside or _OWN_NAME.fullmatch(name) is not None

    def _without_attached(self, text: str, files: list[str]) -> str:
        """Return a text without marked notes and the names of files, which are added to `files`."""

        def removed(match: re.Match[str]) -> str:
            name = match["old"] or match["file"]
            if match["old"] or match["mark"] or self._is_file(name):
                files.append(name)
                return ""
            return match[0]

        message = _MARKED.sub("", _ATTACHED.sub(removed, text))
        return text if message == text else message.strip()


def _is_note(text: str, count: int) -> bool:
    """Return whether a message in angle brackets is the app's: words that come back."""
    is_word = " " not in text and text.isascii()
    return count >= _LEAST_REPEATS and not is_word


def _is_title(text: str, files: list[str]) -> bool:
    """Return whether a text stands before a document: its name, and how many pages it has."""
    title, bullet, _ = text.partition(" • ")
    return bool(bullet and files and files[0].endswith(title))


def _without_edit(text: str) -> str:
    for edit in _EDITS:
        if text.endswith(edit):
            return text.removesuffix(edit).rstrip()
    return text
