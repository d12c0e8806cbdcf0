"""Tools that all formats read with: files, zips and tars, lines, JSON, rows, times."""
