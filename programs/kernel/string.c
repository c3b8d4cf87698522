// Memory and strings. Pages are cleared and copied eight bytes at a time, eight times a turn.
#include "defs.h"

static int aligned(const void *a, const void *b) {
  return (((uint64)a | (uint64)b) & 7) == 0;
}

void *memset(void *to, int byte, size_t n) {
  uchar *at = to;
  if (aligned(to, NULL)) {
    uint64 word = (uchar)byte * 0x0101010101010101UL, *words = to;
    for (; n >= 64; n -= 64, words += 8) {
      words[0] = words[1] = words[2] = words[3] = word;
      words[4] = words[5] = words[6] = words[7] = word;
    }
    for (; n >= 8; n -= 8)
      *words++ = word;
    at = (uchar *)words;
  }
  while (n-- > 0)
    *at++ = byte;
  return to;
}

static void copy_words(uint64 *to, const uint64 *from, size_t n) {
  for (; n >= 8; n -= 8, to += 8, from += 8) {
    uint64 a = from[0], b = from[1], c = from[2], d = from[3];
    uint64 e = from[4], f = from[5], g = from[6], h = from[7];
    to[0] = a, to[1] = b, to[2] = c, to[3] = d;
    to[4] = e, to[5] = f, to[6] = g, to[7] = h;
  }
  while (n-- > 0)
    *to++ = *from++;
}

void *memcpy(void *to, const void *from, size_t n) {
  uchar *end = to;
  const uchar *at = from;
  if (aligned(to, from)) {
    copy_words(to, from, n / 8);
    end += n & ~7L;
    at += n & ~7L;
    n &= 7;
  }
  while (n-- > 0)
    *end++ = *at++;
  return to;
}

void *memmove(void *to, const void *from, size_t n) {
  uchar *end = to;
  const uchar *at = from;
  if (end <= at || end >= at + n)
    return memcpy(to, from, n);
  while (n-- > 0)
    end[n] = at[n];
  return to;
}

int memcmp(const void *a, const void *b, size_t n) {
  const uchar *left = a, *right = b;
  for (; n > 0; n--, left++, right++)
    if (*left != *right)
      return *left - *right;
  return 0;
}

size_t strlen(const char *s) {
  size_t n = 0;
  while (s[n])
    n++;
  return n;
}

int strncmp(const char *a, const char *b, size_t n) {
  while (n > 0 && *a && *a == *b)
    n--, a++, b++;
  return n == 0 ? 0 : (uchar)*a - (uchar)*b;
}

// Fills all `n` bytes, with zeros behind the string; there is no NUL if it needs them all.
char *strncpy(char *to, const char *from, int n) {
  int i = 0;
  for (; i < n && from[i]; i++)
    to[i] = from[i];
  for (; i < n; i++)
    to[i] = 0;
  return to;
}

// Always ends with a NUL.
char *safestrcpy(char *to, const char *from, int n) {
  if (n <= 0)
    return to;
  strncpy(to, from, n - 1);
  to[n - 1] = 0;
  return to;
}
