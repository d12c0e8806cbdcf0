"""Who would have said this: profiles, background, judgement, reasons."""
