"""A chat, an author or a year as one file to send."""
