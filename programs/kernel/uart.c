// The UART, a 16550A: docs/platform.md has its registers.
#include "defs.h"
#include "memlayout.h"

#define REGISTER(offset) (*(volatile uchar *)(UART0 + (offset)))
#define DATA 0
#define IER 1 // interrupts: bit 0, something was received
#define FCR 2 // FIFOs
#define LCR 3
#define LSR 5
#define RECEIVED 1
#define FIFO_ON_AND_EMPTY 7
#define EIGHT_BITS 3
#define DATA_READY 1
#define CAN_SEND 0x20

void uartinit(void) {
  REGISTER(IER) = 0;
  REGISTER(LCR) = EIGHT_BITS;
  REGISTER(FCR) = FIFO_ON_AND_EMPTY;
  REGISTER(IER) = RECEIVED;
}

// Waits until it can be sent: what is sent never has to wait for an interrupt.
void uartputc(int c) {
  push_off();
  while (!(REGISTER(LSR) & CAN_SEND))
    ;
  REGISTER(DATA) = c;
  pop_off();
}

// Gives the console what has come, as long as it has room; the rest waits in the device and with
// whoever sends it, and there is no interrupt until uartresume.
void uartintr(void) {
  while (REGISTER(LSR) & DATA_READY) {
    if (!consoleroom()) {
      REGISTER(IER) = 0;
      return;
    }
    consoleintr(REGISTER(DATA));
  }
}

// The console has room again.
void uartresume(void) {
  REGISTER(IER) = RECEIVED;
}
