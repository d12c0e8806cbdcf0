"""The language of a request: its texts, numbers, dates, Korean particles and findings."""
