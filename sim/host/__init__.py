"""The host: files, caches, compilers and the terminal, with nothing of the simulated machine."""
