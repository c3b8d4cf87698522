// Interrupts of devices: docs/platform.md has the registers. Context 1 is the hart's S-mode.
#include "defs.h"
#include "memlayout.h"

#define REGISTER(offset) (*(volatile uint32 *)(PLIC + (offset)))
#define PRIORITY(irq) REGISTER(4 * (irq))
#define ENABLE REGISTER(0x2080)
#define THRESHOLD REGISTER(0x201000)
#define CLAIM REGISTER(0x201004)

void plicinit(void) {
  PRIORITY(UART0_IRQ) = 1;
  PRIORITY(VIRTIO0_IRQ) = 1;
  ENABLE = 1 << UART0_IRQ | 1 << VIRTIO0_IRQ;
  THRESHOLD = 0;
}

// The device that interrupts, or 0.
int plic_claim(void) {
  return CLAIM;
}

void plic_complete(int irq) {
  CLAIM = irq;
}
