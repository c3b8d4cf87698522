#include "stdlib.h"
#include "ctype.h"
#include "string.h"

void *calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes))
    return NULL;
  void *block = malloc(bytes);
  return block == NULL ? NULL : memset(block, 0, bytes);
}

int abs(int n) {
  return n < 0 ? -n : n;
}

long labs(long n) {
  return n < 0 ? -n : n;
}

static int digit(char c) {
  return isdigit(c) ? c - '0' : isalpha(c) ? tolower(c) - 'a' + 10 : 36;
}

long strtol(const char *s, char **end, int base) {
  const char *start = s;
  long n = 0;
  while (isspace(*s))
    s++;
  int negative = *s == '-';
  if (*s == '-' || *s == '+')
    s++;
  int hexadecimal = s[0] == '0' && tolower(s[1]) == 'x' && digit(s[2]) < 16;
  if (hexadecimal && (base == 0 || base == 16)) {
    s += 2;
    base = 16;
  } else if (base == 0) {
    base = *s == '0' ? 8 : 10;
  }
  const char *first = s;
  for (; digit(*s) < base; s++)
    n = n * base + digit(*s);
  if (end != NULL)
    *end = (char *)(s == first ? start : s);
  return negative ? -n : n;
}

long atol(const char *s) {
  return strtol(s, NULL, 10);
}

static unsigned seed = 1;

int rand(void) {
  seed = seed * 1103515245 + 12345;
  return seed >> 1;
}

void srand(unsigned n) {
  seed = n;
}

static void swap(char *a, char *b, size_t size) {
  for (; size > 0; size--, a++, b++) {
    char c = *a;
    *a = *b;
    *b = c;
  }
}

// A heap: its depth, unlike that of a quicksort, needs no stack.
static void sift(char *array, size_t at, size_t count, size_t size,
                 int (*compare)(const void *, const void *)) {
  for (size_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && compare(array + child * size, array + (child + 1) * size) < 0)
      child++;
    if (compare(array + at * size, array + child * size) >= 0)
      return;
    swap(array + at * size, array + child * size, size);
  }
}

void qsort(void *array, size_t count, size_t size, int (*compare)(const void *, const void *)) {
  for (size_t at = count / 2; at > 0; at--)
    sift(array, at - 1, count, size, compare);
  for (; count > 1; count--) {
    swap(array, (char *)array + (count - 1) * size, size);
    sift(array, 0, count - 1, size, compare);
  }
}

void abort(void) {
  exit(134);
}
