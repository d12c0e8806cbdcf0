"""Live streams of the events of the log."""
