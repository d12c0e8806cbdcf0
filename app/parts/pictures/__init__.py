"""Pictures to pass on: URLs of PNGs, and pages to choose their look."""
