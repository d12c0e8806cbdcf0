"""The runtime: time, threads, processes, memory, log, metrics."""
