// Strings and memory.
#include "user.h"

void *memset(void *to, int byte, size_t n) {
  char *d = to;
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
  } else {
    while (n-- > 0)
      *d++ = *s++;
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t n) {
  const unsigned char *p = a, *q = b;
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

int atoi(const char *s) {
  int sign = *s == '-' ? -1 : 1, n = 0;
  if (*s == '-')
    s++;
  while ('0' <= *s && *s <= '9')
    n = n * 10 + *s++ - '0';
  return sign * n;
}
