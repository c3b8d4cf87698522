// Where things are in physical and virtual memory: docs/platform.md has the devices.
//
// Virtual memory of the kernel: devices and RAM where they are, and at the top, below the
// trampoline, a stack for each process with a page below it that is not mapped.
#ifndef MEMLAYOUT_H
#define MEMLAYOUT_H

#include "abi.h"

#define FINISHER 0x100000L
#define UART0 0x10000000L
#define UART0_IRQ 10
#define VIRTIO0 0x10001000L
#define VIRTIO0_IRQ 1
#define PLIC 0x0c000000L
#define PLIC_SIZE 0x400000L

#define KERNBASE 0x80000000L

// The lowest address of the kernel stack of process number `slot`.
#define KSTACK(slot) (TRAMPOLINE - ((slot) + 1) * 2 * PGSIZE)

#endif
