// A small printf. A call makes one write unless its text is long, so that a line costs one trap.
#include "user.h"

struct output {
  int descriptor;
  int length;
  char text[256];
};

static void flush(struct output *out) {
  if (out->length > 0)
    write(out->descriptor, out->text, out->length);
  out->length = 0;
}

static void put(struct output *out, char c) {
  if (out->length == sizeof out->text)
    flush(out);
  out->text[out->length++] = c;
}

static void put_string(struct output *out, const char *s) {
  while (*s)
    put(out, *s++);
}

static void put_number(struct output *out, unsigned long n, unsigned base) {
  char digits[20];
  int length = 0;
  do
    digits[length++] = "0123456789abcdef"[base == 16 ? n & 15 : n % base];
  while ((n = base == 16 ? n >> 4 : n / base) != 0);
  while (length > 0)
    put(out, digits[--length]);
}

static void put_signed(struct output *out, long n) {
  if (n < 0)
    put(out, '-');
  put_number(out, n < 0 ? -(unsigned long)n : (unsigned long)n, 10);
}

static void print(int descriptor, const char *format, va_list args) {
  struct output out; // not initialised as a whole: clearing its text would take 256 stores
  out.descriptor = descriptor;
  out.length = 0;
  for (; *format; format++) {
    if (*format != '%') {
      put(&out, *format);
      continue;
    }
    int is_long = *++format == 'l';
    if (is_long)
      format++;
    switch (*format) {
    case 'd':
      put_signed(&out, is_long ? va_arg(args, long) : va_arg(args, int));
      break;
    case 'u':
    case 'x':
      put_number(&out, is_long ? va_arg(args, unsigned long) : va_arg(args, unsigned),
                 *format == 'x' ? 16 : 10);
      break;
    case 'p':
      put_string(&out, "0x");
      put_number(&out, va_arg(args, unsigned long), 16);
      break;
    case 's':
      put_string(&out, va_arg(args, const char *));
      break;
    case 'c':
      put(&out, va_arg(args, int));
      break;
    default:
      put(&out, *format);
    }
  }
  flush(&out);
}

printf_result printf(const char *format, ...) {
  va_list args;
  va_start(args, format);
  print(1, format, args);
  va_end(args);
}

printf_result fprintf(int descriptor, const char *format, ...) {
  va_list args;
  va_start(args, format);
  print(descriptor, format, args);
  va_end(args);
}
