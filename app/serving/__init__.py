"""Serving: hypercorn, the supervisor of its workers, and HTTP/1.1."""
