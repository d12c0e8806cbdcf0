"""The live stream: one encoding of each event for all who listen."""
