"""Pictures to pass on: addresses of PNGs, and the pages where one chooses how they look."""
