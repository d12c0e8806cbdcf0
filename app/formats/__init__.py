"""The formats of archives and files of posts: bytes in, records out, and back; no database."""
