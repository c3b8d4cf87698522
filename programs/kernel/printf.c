// The kernel's own messages, and how it ends: kernel_model/dev/printf.py, facts/panic.py.
#include <stdarg.h>

#include "defs.h"
#include "memlayout.h"

#define FINISHED 0x5555
#define FAILED 0x3333
#define PANIC_STATUS 134

static void print_string(const char *s) {
  while (*s)
    consputc(*s++);
}

static void print_number(uint64 value, uint base, int negative) {
  char digits[24], *at = digits + sizeof digits;
  *--at = 0;
  do
    *--at = "0123456789abcdef"[value % base];
  while ((value /= base) != 0);
  if (negative)
    *--at = '-';
  print_string(at);
}

// %d %u %x, with l for 64 bits, %p %s %c %%.
int printf(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  for (; *format; format++) {
    if (*format != '%') {
      consputc(*format);
      continue;
    }
    int wide = *++format == 'l';
    format += wide;
    if (*format == 'd') {
      long value = wide ? va_arg(arguments, long) : va_arg(arguments, int);
      print_number(value < 0 ? -(uint64)value : (uint64)value, 10, value < 0);
    } else if (*format == 'u' || *format == 'x') {
      uint64 value = wide ? va_arg(arguments, uint64) : va_arg(arguments, uint);
      print_number(value, *format == 'u' ? 10 : 16, 0);
    } else if (*format == 'p') {
      print_string("0x");
      print_number(va_arg(arguments, uint64), 16, 0);
    } else if (*format == 's') {
      print_string(va_arg(arguments, const char *));
    } else {
      consputc(*format == 'c' ? va_arg(arguments, int) : *format);
    }
  }
  va_end(arguments);
  return 0;
}

// An invariant of the kernel's is broken: nothing a program may bring about.
void panic(const char *what) {
  intr_off();
  printf("panic: %s\n", what);
  poweroff(PANIC_STATUS);
}

void poweroff(int status) {
  *(volatile uint32 *)FINISHER = status == 0 ? FINISHED : FAILED | (uint32)status << 16;
  for (;;)
    asm volatile("wfi");
}
