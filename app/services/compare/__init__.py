"""Who would have said this: profiles of authors, background, judgement, reasons."""
