"""An author's archive: memories and figures."""
