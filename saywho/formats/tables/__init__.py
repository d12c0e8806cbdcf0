"""Tables: CSV, JSON lines and MongoDB, whose columns are recognised by name."""
