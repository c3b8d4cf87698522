"""The kernel: xv6 with lazy page allocation, in Python, over simulated physical memory.

It sees physical memory, the trap frame and the doorbell; nothing of the hart's insides. It imports
`hdl.arch` (plain facts of the architecture) and no Amaranth, and nothing of the simulator.
`kernel_model.kernel.Kernel` is the way in.
"""
