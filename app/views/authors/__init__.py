"""Authors: their list, pages, archive, years and calendar."""
