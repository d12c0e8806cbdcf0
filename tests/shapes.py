"""The smallest file of each chat that is described as data, with one message: `hi, you`."""

import json
from typing import Any, Final

_USER: Final = {"_id": "u1", "username": "mina"}
_TIME: Final = "2026-01-13T10:00:00Z"
_SAID: Final = {"content_type": "text", "parts": ["hi, you"]}
_RENDERER: Final = {
    "message": {"runs": [{"text": "hi, you"}]},
    "authorName": {"simpleText": "mina"},
    "timestampUsec": "1768298460123456",
    "authorExternalChannelId": "UC1",
}
_ITEM: Final = {"addChatItemAction": {"item": {"liveChatTextMessageRenderer": _RENDERER}}}
_CONVERSATION: Final = {"participant_data": [{"id": {"gaia_id": "1"}, "fallback_name": "mina"}]}
_EVENT: Final = {
    "sender_id": {"gaia_id": "1"},
    "timestamp": "1768298460123456",
    "chat_message": {"message_content": {"segment": [{"text": "hi, you"}]}},
}
_FILES: Final[dict[str, Any]] = {
    "chatgpt": [{"mapping": {"a": {"message": {"author": {"role": "user"}, "content": _SAID}}}}],
    "claude": [
        {"uuid": "1", "chat_messages": [{"uuid": "2", "sender": "human", "text": "hi, you"}]}
    ],
    "open-webui": [
        {
            "id": "1",
            "chat": {
                "history": {
                    "messages": {
                        "a": {
                            "id": "a",
                            "parentId": None,
                            "childrenIds": [],
                            "role": "user",
                            "content": "hi, you",
                        }
                    }
                }
            },
        }
    ],
    "librechat": {
        "conversationId": "1",
        "messages": [
            {"messageId": "a", "isCreatedByUser": True, "sender": "User", "text": "hi, you"}
        ],
    },
    "grok": {
        "conversations": [
            {
                "responses": [
                    {"response": {"sender": "human", "message": "hi, you", "create_time": _TIME}}
                ]
            }
        ]
    },
    "ai-studio": {
        "runSettings": {},
        "chunkedPrompt": {"chunks": [{"text": "hi, you", "role": "user"}]},
    },
    "deepseek": [
        {
            "inserted_at": _TIME,
            "mapping": {
                "root": {"message": None},
                "1": {
                    "message": {
                        "inserted_at": _TIME,
                        "model": "x",
                        "fragments": [{"type": "REQUEST", "content": "hi, you"}],
                    }
                },
            },
        }
    ],
    "google-chat": {
        "messages": [{"creator": {"name": "mina"}, "created_date": _TIME, "text": "hi, you"}]
    },
    "google-chat-messages": {
        "messages": [
            {
                "name": "spaces/A/messages/1",
                "sender": {"name": "users/1", "displayName": "mina"},
                "createTime": _TIME,
                "text": "hi, you",
            }
        ]
    },
    "discord-messages": [
        {
            "id": "3",
            "type": 0,
            "content": "hi, you",
            "channel_id": "7",
            "author": {"id": "5", "username": "mina"},
            "timestamp": _TIME,
            "edited_timestamp": None,
        }
    ],
    "groupme": [
        {
            "created_at": 1768298400,
            "group_id": "900",
            "name": "mina",
            "sender_type": "user",
            "source_guid": "g",
            "text": "hi, you",
        }
    ],
    "hangouts": {
        "conversations": [
            {
                "conversation": {"conversation_id": {"id": "U"}, "conversation": _CONVERSATION},
                "events": [_EVENT],
            }
        ]
    },
    "teams": [
        {
            "messageType": "message",
            "createdDateTime": _TIME,
            "from": {"user": {"displayName": "mina"}},
            "body": {"contentType": "text", "content": "hi, you"},
        }
    ],
    "skype": {
        "conversations": [
            {
                "MessageList": [
                    {"originalarrivaltime": _TIME, "content": "hi, you", "from": "8:live:mina"}
                ]
            }
        ]
    },
    "snapchat": {
        "mina": [{"From": "mina", "Media Type": "TEXT", "Created": _TIME, "Content": "hi, you"}]
    },
    "element": {
        "messages": [
            {"type": "m.room.message", "sender": "@mina:quay", "content": {"body": "hi, you"}}
        ]
    },
    "mattermost-posts": {
        "order": ["p"],
        "posts": {
            "p": {
                "user_id": "mina",
                "channel_id": "c",
                "message": "hi, you",
                "create_at": 1768298400000,
                "type": "",
            }
        },
    },
    "rocketchat": {"messages": [{"rid": "r", "msg": "hi, you", "ts": _TIME, "u": _USER}]},
    "zulip": {
        "messages": [
            {
                "content": "hi, you",
                "display_recipient": "pier",
                "sender_full_name": "mina",
                "timestamp": 1768298400,
            }
        ]
    },
    "qq": {
        "metadata": {"name": "QQChatExporter V5"},
        "chatInfo": {"name": "us"},
        "messages": [
            {"timestamp": 1768298460000, "sender": {"name": "mina"}, "content": {"text": "hi, you"}}
        ],
    },
    "qq-chunks": [
        {
            "timestamp": 1768298460000,
            "sender": {"uin": "5", "name": "mina"},
            "content": {"elements": [{"type": "text", "data": {"text": "hi, you"}}]},
            "recalled": False,
        }
    ],
    "twitch": {
        "comments": [
            {
                "created_at": _TIME,
                "commenter": {"display_name": "mina"},
                "message": {"body": "hi, you"},
            }
        ]
    },
    "youtube-live": {"replayChatItemAction": {"actions": [_ITEM]}},
    "whatsapp-exporter": {
        "1@s.whatsapp.net": {
            "name": "mina",
            "messages": {
                "1": {"from_me": False, "timestamp": 1768298460, "key_id": "3E", "data": "hi, you"}
            },
        }
    },
}
SMALL_CHATS: Final[dict[str, bytes]] = {
    **{name: json.dumps(value).encode() for name, value in _FILES.items()},
    "mattermost": b'{"type": "version", "version": 1}\n{"type": "post", "post": {"channel": "us", '
    b'"user": "mina", "message": "hi, you", "create_at": 1768298460000}}\n',
    "sms-json": b'{"address": "1", "date": "1768298460000", "read": "1", "type": "1", '
    b'"body": "hi, you", "__display_name": "mina"}\n',
    "irc": b"10:00 <mina> hi, you\n10:01 -!- jun [j@quay] has joined #pier\n",
    "band": "2024년 1월 5일 오전 10:00:mina:hi, you\n2024년 1월 5일 오전 10:01:jun:\n".encode(),
    "zoom": b"10:00:00 From mina to Everyone:\n\thi, you\n10:01:00 From jun to Everyone:\n"
    b'\tReacted to "hi, you" with +\n',
    "sms": b'<smses count="1"><sms address="1" date="1768298460000" type="1" body="hi, you" '
    b'contact_name="mina"/></smses>',
}
