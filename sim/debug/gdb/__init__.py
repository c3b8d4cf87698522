"""The remote protocol of gdb, for a debugged run."""
