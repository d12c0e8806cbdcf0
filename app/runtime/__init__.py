"""What runs everything: time, threads, processes, memory, the log, figures of operation."""
