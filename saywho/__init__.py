"""saywho: reads files of chats and posts, and judges who would have said a text."""

__version__ = "2.0.0.dev0"
