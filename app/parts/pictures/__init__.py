"""Pictures to pass on: URLs of PNGs, and the pages where a visitor chooses their look."""
