"""Discord: channels as DiscordChatExporter saves them, and the data package of an account."""
