"""The formats of files of posts: bytes in, records out, and back; no database."""
