"""Memory: frames, page tables, what a process has of them, lazy allocation, copies to and from."""
