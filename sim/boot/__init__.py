"""Kernels that are booted on the devices of QEMU's `virt`, and snapshots of such runs."""
