"""What people would use instead of this program, written as a good engineer would write it.

All serve the same addresses from the same tables with the same SQLite settings, and answer the
same JSON. Each reads `PEER_DATABASE`, the path of its SQLite file.
"""
