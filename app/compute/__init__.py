"""Pure functions of texts, counts and arrays; no database, no clock, no chance without a seed."""
