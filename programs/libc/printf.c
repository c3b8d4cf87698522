// printf with flags, widths and precisions, for programs of one's own; the bundled ones have a
// smaller one (lib/printf.c), for a fork copies them and exec reads them. No floating point.
#include "ctype.h"
#include "stdio.h"
#include "string.h"

// Where text goes: to a descriptor, by writes of its buffer, or into memory of `size` bytes.
struct output {
  int descriptor; // -1: memory
  char *memory;
  size_t size;
  size_t total; // characters so far, those without room included
  int length;   // characters that wait in `text`
  char text[256];
};

// A conversion: %[flags][width][.precision][length]letter
struct field {
  int left, zeros, alternate; // flags - 0 #
  char sign;                  // flag + or space, or 0
  int width, precision;       // the precision is -1 if there is none
  int size;                   // bytes of the argument
};

static void flush(struct output *out) {
  if (out->length > 0)
    write(out->descriptor, out->text, out->length);
  out->length = 0;
}

static void put(struct output *out, char c) {
  if (out->descriptor < 0) {
    if (out->total + 1 < out->size)
      out->memory[out->total] = c;
  } else {
    if (out->length == sizeof out->text)
      flush(out);
    out->text[out->length++] = c;
  }
  out->total++;
}

static void put_times(struct output *out, char c, int times) {
  while (times-- > 0)
    put(out, c);
}

// A prefix such as a sign, zeros, and `length` characters of `text`, as wide as the field.
static void put_field(struct output *out, const struct field *field, const char *prefix, int zeros,
                      const char *text, int length) {
  int spaces = field->width - (int)strlen(prefix) - zeros - length;
  if (!field->left)
    put_times(out, ' ', spaces);
  while (*prefix)
    put(out, *prefix++);
  put_times(out, '0', zeros);
  while (length-- > 0)
    put(out, *text++);
  if (field->left)
    put_times(out, ' ', spaces);
}

static void put_string(struct output *out, const struct field *field, const char *s) {
  if (s == NULL)
    s = "(null)";
  int length = 0;
  while (length != field->precision && s[length])
    length++;
  put_field(out, field, "", 0, s, length);
}

static void put_number(struct output *out, const struct field *field, const char *prefix,
                       uint64_t n, unsigned base, const char *digits) {
  char text[24], *start = text + sizeof text;
  for (uint64_t rest = n; rest > 0; rest /= base)
    *--start = digits[rest % base];
  int length = text + sizeof text - start;
  int least = field->precision < 0 ? 1 : field->precision;
  if (field->precision < 0 && field->zeros && !field->left)
    least = field->width - (int)strlen(prefix);
  if (base == 8 && field->alternate && least <= length)
    least = length + 1;
  if (least < 1 && field->precision < 0)
    least = 1;
  put_field(out, field, prefix, least > length ? least - length : 0, start, length);
}

static void put_signed(struct output *out, const struct field *field, int64_t n) {
  char sign[2] = {n < 0 ? '-' : field->sign, 0};
  put_number(out, field, sign, n < 0 ? -(uint64_t)n : (uint64_t)n, 10, "0123456789");
}

static void put_hexadecimal(struct output *out, const struct field *field, uint64_t n, char letter) {
  const char *prefix = !field->alternate || n == 0 ? "" : letter == 'x' ? "0x" : "0X";
  put_number(out, field, prefix, n, 16, letter == 'x' ? "0123456789abcdef" : "0123456789ABCDEF");
}

static int64_t as_signed(uint64_t value, int size) {
  int unused = 64 - 8 * size;
  return (int64_t)(value << unused) >> unused;
}

static uint64_t as_unsigned(uint64_t value, int size) {
  int unused = 64 - 8 * size;
  return value << unused >> unused;
}

static void convert(struct output *out, struct field *field, char letter, uint64_t argument) {
  char c = argument;
  switch (letter) {
  case 'd':
  case 'i':
    put_signed(out, field, as_signed(argument, field->size));
    break;
  case 'u':
    put_number(out, field, "", as_unsigned(argument, field->size), 10, "0123456789");
    break;
  case 'o':
    put_number(out, field, "", as_unsigned(argument, field->size), 8, "01234567");
    break;
  case 'x':
  case 'X':
    put_hexadecimal(out, field, as_unsigned(argument, field->size), letter);
    break;
  case 'p':
    put_number(out, field, "0x", argument, 16, "0123456789abcdef");
    break;
  case 's':
    put_string(out, field, (const char *)argument);
    break;
  case 'c':
    put_field(out, field, "", 0, &c, 1);
    break;
  default: // as xv6 does it, to draw attention; the argument is consumed
    put(out, '%');
    put(out, letter);
  }
}

static const char *parse_flags(const char *format, struct field *field) {
  for (;; format++) {
    switch (*format) {
    case '-':
      field->left = 1;
      break;
    case '0':
      field->zeros = 1;
      break;
    case '#':
      field->alternate = 1;
      break;
    case '+':
    case ' ':
      if (field->sign != '+')
        field->sign = *format;
      break;
    default:
      return format;
    }
  }
}

static const char *parse_length(const char *format, struct field *field) {
  field->size = sizeof(int);
  for (;; format++) {
    if (*format == 'h')
      field->size /= 2;
    else if (*format != 0 && strchr("lzjt", *format))
      field->size = sizeof(long);
    else
      return format;
  }
}

// The number at `*format`, or the next argument for `*`; 0 if there is none.
static int parse_number(const char **format, va_list *args) {
  int n = 0;
  if (**format == '*') {
    ++*format;
    return va_arg(*args, int);
  }
  while (isdigit(**format))
    n = n * 10 + *(*format)++ - '0';
  return n;
}

// What stands behind `%`, up to the letter.
static const char *parse_field(const char *format, struct field *field, va_list *args) {
  format = parse_flags(format, field);
  field->width = parse_number(&format, args);
  if (field->width < 0) {
    field->left = 1;
    field->width = -field->width;
  }
  field->precision = -1;
  if (*format == '.') {
    format++;
    field->precision = parse_number(&format, args);
  }
  return parse_length(format, field);
}

// Every argument is 8 bytes of a register or of memory, of which an int is the lower half.
static int print(struct output *out, const char *format, va_list args) {
  while (*format) {
    struct field field = {0};
    if (*format != '%') {
      put(out, *format++);
      continue;
    }
    format = parse_field(format + 1, &field, &args);
    if (*format == '%')
      put(out, *format++);
    else if (*format)
      convert(out, &field, *format++, va_arg(args, uint64_t));
  }
  if (out->descriptor >= 0)
    flush(out);
  else if (out->size > 0)
    out->memory[out->total < out->size ? out->total : out->size - 1] = 0;
  return out->total;
}

int vfprintf(int descriptor, const char *format, va_list args) {
  struct output out; // not initialised as a whole: clearing its text would take stores
  out.descriptor = descriptor;
  out.total = out.length = 0;
  return print(&out, format, args);
}

int vprintf(const char *format, va_list args) {
  return vfprintf(1, format, args);
}

int vsnprintf(char *to, size_t size, const char *format, va_list args) {
  struct output out;
  out.descriptor = -1;
  out.memory = to;
  out.size = size;
  out.total = 0;
  return print(&out, format, args);
}

int vsprintf(char *to, const char *format, va_list args) {
  return vsnprintf(to, SIZE_MAX, format, args);
}

// A function that takes its arguments one by one; they follow `last`.
#define WITH_ARGUMENTS(last, call)                                                                 \
  va_list args;                                                                                    \
  va_start(args, last);                                                                            \
  int total = call;                                                                                \
  va_end(args);                                                                                    \
  return total;

printf_result printf(const char *format, ...) {
  WITH_ARGUMENTS(format, vprintf(format, args))
}

printf_result fprintf(int descriptor, const char *format, ...) {
  WITH_ARGUMENTS(format, vfprintf(descriptor, format, args))
}

int sprintf(char *to, const char *format, ...) {
  WITH_ARGUMENTS(format, vsprintf(to, format, args))
}

int snprintf(char *to, size_t size, const char *format, ...) {
  WITH_ARGUMENTS(format, vsnprintf(to, size, format, args))
}
