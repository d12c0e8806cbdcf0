"""saywho: reads files of chats and posts, and judges who would have said a text.

    chat = saywho.read("KakaoTalk.txt", tz="Asia/Seoul")
    saywho.Judge(chat).ask("나 먼저 감 ㅋㅋ 낼 봐", among=["민아", "준"])

docs/library.md describes all that this module offers. A name's module is imported when the name is
used first, since that takes up to a second.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from saywho.chat import Chat as Chat, Post as Post, read as read, read_text as read_text
    from saywho.errors import FileError as FileError, QuestionError as QuestionError
    from saywho.judge import (
        Answer as Answer,
        Evidence as Evidence,
        HeldOut as HeldOut,
        HeldOutText as HeldOutText,
        Judge as Judge,
        Ranked as Ranked,
    )
    from saywho.tables import Table as Table, features as features

__version__ = "2.1.0.dev0"
__all__ = [
    "Answer",
    "Chat",
    "Evidence",
    "FileError",
    "HeldOut",
    "HeldOutText",
    "Judge",
    "Post",
    "QuestionError",
    "Ranked",
    "Table",
    "features",
    "read",
    "read_text",
]
_HOMES: Final = dict.fromkeys(__all__, "judge") | {
    **dict.fromkeys(("Chat", "Post", "read", "read_text"), "chat"),
    **dict.fromkeys(("FileError", "QuestionError"), "errors"),
    **dict.fromkeys(("Table", "features"), "tables"),
}
"""Modules of the names in `__all__`."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'saywho' has no attribute {name!r}")
    return getattr(import_module(f"saywho.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
