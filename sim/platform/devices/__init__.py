"""Devices of the machine, each as a plain object with registers or a protocol of its own."""
