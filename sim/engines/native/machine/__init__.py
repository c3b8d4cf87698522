"""The machine in compiled code: the bus, what is logged, and what is watched."""
