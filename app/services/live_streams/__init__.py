"""Live streams: the events of the log, sent to each client as they come."""
