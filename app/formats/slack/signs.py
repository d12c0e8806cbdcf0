"""What Slack calls the emoji that people react with most often."""

from typing import Final

_EMOJI: Final = {
    "+1": "👍",
    "-1": "👎",
    "100": "💯",
    "bow": "🙇",
    "clap": "👏",
    "cry": "😢",
    "exploding_head": "🤯",
    "eyes": "👀",
    "face_palm": "🤦",
    "fire": "🔥",
    "grin": "😁",
    "grinning": "😀",
    "heart": "❤️",
    "heart_eyes": "😍",
    "heavy_check_mark": "✔️",
    "heavy_plus_sign": "➕",
    "hugging_face": "🤗",
    "joy": "😂",
    "laughing": "😆",
    "muscle": "💪",
    "ok_hand": "👌",
    "open_mouth": "😮",
    "partying_face": "🥳",
    "point_up": "☝️",
    "pray": "🙏",
    "raised_hands": "🙌",
    "rocket": "🚀",
    "rolling_on_the_floor_laughing": "🤣",
    "scream": "😱",
    "simple_smile": "🙂",
    "slightly_smiling_face": "🙂",
    "smile": "😄",
    "smiley": "😃",
    "sob": "😭",
    "sparkles": "✨",
    "star": "⭐",
    "sunglasses": "😎",
    "sweat_smile": "😅",
    "tada": "🎉",
    "thinking_face": "🤔",
    "thumbsdown": "👎",
    "thumbsup": "👍",
    "wave": "👋",
    "white_check_mark": "✅",
    "wink": "😉",
    "x": "❌",
}


def sign_of(name: str) -> str:
    """Return the emoji of that name, whatever its skin; the name in colons where it is another."""
    plain = name.partition("::")[0]
    return _EMOJI.get(plain, f":{plain}:")
