"""The simulator: puts the kernel model in front of the hart, with memory, devices and an engine."""
