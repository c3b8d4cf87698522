"""The privileged architecture: CSRs, interrupts and exceptions."""
