"""saywho: reads files of chats and posts, and judges who would have said a text."""

__version__ = "1.1.0"
