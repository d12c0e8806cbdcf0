"""Posts that come in bulk: files, uploads, JSON lines, the sample posts."""
