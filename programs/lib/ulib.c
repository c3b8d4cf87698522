// Strings, memory, and what two system calls make together.
#include "user.h"

// Whether a word may be moved at a time: worth it for the pages and blocks that tests fill.
static int by_words(const void *a, const void *b, size_t n) {
  return (((uintptr_t)a | (uintptr_t)b | n) & 7) == 0;
}

void *memset(void *to, int byte, size_t n) {
  uint64_t word = (uint64_t)(unsigned char)byte * 0x0101010101010101;
  char *d = to;
  for (int words = by_words(to, to, n); words && n > 0; n -= 8, d += 8)
    *(uint64_t *)d = word;
  while (n-- > 0)
    *d++ = byte;
  return to;
}

void *memcpy(void *to, const void *from, size_t n) {
  return memmove(to, from, n);
}

void *memmove(void *to, const void *from, size_t n) {
  char *d = to;
  const char *s = from;
  if (s < d && d < s + n) {
    while (n-- > 0)
      d[n] = s[n];
    return to;
  }
  for (int words = by_words(to, from, n); words && n > 0; n -= 8, d += 8, s += 8)
    *(uint64_t *)d = *(uint64_t *)s;
  while (n-- > 0)
    *d++ = *s++;
  return to;
}

int memcmp(const void *a, const void *b, size_t n) {
  const unsigned char *p = a, *q = b;
  for (int words = by_words(a, b, n); words && n > 0; n -= 8, p += 8, q += 8)
    if (*(uint64_t *)p != *(uint64_t *)q)
      break;
  for (; n > 0; n--, p++, q++)
    if (*p != *q)
      return *p - *q;
  return 0;
}

size_t strlen(const char *s) {
  size_t n = 0;
  while (s[n])
    n++;
  return n;
}

int strcmp(const char *a, const char *b) {
  while (*a && *a == *b)
    a++, b++;
  return (unsigned char)*a - (unsigned char)*b;
}

char *strcpy(char *to, const char *from) {
  char *d = to;
  while ((*d++ = *from++))
    ;
  return to;
}

char *strchr(const char *s, char c) {
  for (; *s != c; s++)
    if (*s == 0)
      return NULL;
  return (char *)s;
}

int atoi(const char *s) {
  int sign = *s == '-' ? -1 : 1, n = 0;
  if (*s == '-')
    s++;
  while ('0' <= *s && *s <= '9')
    n = n * 10 + *s++ - '0';
  return sign * n;
}

int stat(const char *path, struct stat *stat) {
  int descriptor = open(path, O_RDONLY);
  if (descriptor < 0)
    return -1;
  int result = fstat(descriptor, stat);
  close(descriptor);
  return result;
}

// A byte at a time: what comes after the line is left for whoever reads next.
char *gets(char *line, int size) {
  int n = 0;
  while (n + 1 < size && read(0, line + n, 1) == 1)
    if (line[n++] == '\n')
      break;
  line[n] = 0;
  return line;
}
