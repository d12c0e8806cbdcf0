"""Sentences of the app among messages: who liked, sent or named what, in the account's language.

The app writes them as words of whoever did it, and begins nearly all with their name. So one that
stands beside a file or comes back again and again is the app's in any language; others are known
in English alone.
"""

import re
from collections import Counter
from typing import Final

_DEEDS: Final = re.compile(
    r"liked a message|reacted .{1,40} to (?:your|a|.{1,100}'s) message"
    r"|(?:named|created|left|joined|muted|unmuted) the group.{0,200}"
    r"|changed the (?:theme|group|chat|quick reaction|emoji).{0,200}"
    r"|set (?:the|your|his|her|their|own|.{1,100}'s) (?:own )?(?:nickname|emoji|quick).{0,200}"
    r"|(?:added|removed) .{1,200} (?:to|from) the group|started (?:a|an) .{0,20}(?:call|chat)"
    r"|(?:pinned|unpinned|unsent) a message|turned (?:on|off) .{1,100}|called you|missed a call"
    r"|started sharing .{1,100}|wasn't notified.{0,100}|took a screenshot.{0,60}"
)
_SENT: Final = re.compile(
    r"(?:sent|shared) (?:an?|\d+|the) .{0,30}(?:attachment|photo|video|link|reel|story|post|GIF"
    r"|sticker|location|voice message|message|clip|profile|contact|file|live video)s?"
)
_ALONE: Final = re.compile(
    r"Reacted .{1,40} to your message|You are now connected on Messenger"
    r"|Say hi to your new Facebook friend, .{1,100}|.{1,100} (?:missed your|missed a) .{0,20}call"
)
_ADDRESS: Final = re.compile(r"https?://")
_LEAST_REPEATS: Final = 3
"""How often a sentence with its speaker's name comes back before it counts as the app's."""
_MOST_COUNTED: Final = 1_000
"""Of such sentences that differ."""


class OwnSentences:
    """The sentences of the app in one chat."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def learn(self, text: str, name: str) -> None:
        """Count a sentence that begins with the name of whoever is said to have written it."""
        is_counted = text in self._counts or len(self._counts) < _MOST_COUNTED
        if is_counted and _deed(text, name):
            self._counts[text] += 1

    def has(self, text: str, name: str, *, is_attached: bool) -> bool:
        """Return whether a text is such a sentence; `is_attached` where a file or link is with it.

        A link that somebody sends stands in the text itself.
        """
        sentence = text.strip().removesuffix(".")
        deed = _deed(sentence, name)
        if _ALONE.fullmatch(sentence) or self._counts[text] >= _LEAST_REPEATS:
            return True
        if deed and is_attached and not _ADDRESS.search(text):
            return True
        own = deed or sentence.removeprefix("You ")
        is_about = bool(deed) or own != sentence
        return is_about and bool(_DEEDS.fullmatch(own) or (is_attached and _SENT.fullmatch(own)))


def _deed(text: str, name: str) -> str:
    """Return what stands behind the name of the speaker, all of it or the first; else nothing."""
    for subject in (name, name.partition(" ")[0]):
        if subject and text.startswith(subject):
            behind = text[len(subject) :]
            if behind.startswith((" ", "님이 ", "さんが")):
                return behind.partition(" ")[2] or behind
    return ""
