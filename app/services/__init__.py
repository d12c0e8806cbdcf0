"""Use cases: async functions of a session and plain values."""
