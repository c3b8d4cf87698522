// A small printf to the console. A call makes one write, so that a line costs one trap.
#include "user.h"

struct line {
  int length;
  char text[256];
};

static void put(struct line *line, char c) {
  if (line->length < (int)sizeof line->text)
    line->text[line->length++] = c;
}

static void put_string(struct line *line, const char *s) {
  while (*s)
    put(line, *s++);
}

static void put_number(struct line *line, unsigned long n, unsigned base) {
  char digits[20];
  int length = 0;
  do
    digits[length++] = "0123456789abcdef"[base == 16 ? n & 15 : n % base];
  while ((n = base == 16 ? n >> 4 : n / base) != 0);
  while (length > 0)
    put(line, digits[--length]);
}

static void put_signed(struct line *line, long n) {
  if (n < 0)
    put(line, '-');
  put_number(line, n < 0 ? -(unsigned long)n : (unsigned long)n, 10);
}

void printf(const char *format, ...) {
  struct line line; // not initialised as a whole: clearing its text would take 256 stores
  line.length = 0;
  va_list args;
  va_start(args, format);
  for (; *format; format++) {
    if (*format != '%') {
      put(&line, *format);
      continue;
    }
    int is_long = *++format == 'l';
    if (is_long)
      format++;
    switch (*format) {
    case 'd':
      put_signed(&line, is_long ? va_arg(args, long) : va_arg(args, int));
      break;
    case 'u':
    case 'x':
      put_number(&line, is_long ? va_arg(args, unsigned long) : va_arg(args, unsigned),
                 *format == 'x' ? 16 : 10);
      break;
    case 'p':
      put_string(&line, "0x");
      put_number(&line, va_arg(args, unsigned long), 16);
      break;
    case 's':
      put_string(&line, va_arg(args, const char *));
      break;
    case 'c':
      put(&line, va_arg(args, int));
      break;
    default:
      put(&line, *format);
    }
  }
  va_end(args);
  write(1, line.text, line.length);
}
