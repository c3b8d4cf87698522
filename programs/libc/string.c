#include "string.h"

size_t strnlen(const char *s, size_t most) {
  size_t n = 0;
  while (n < most && s[n])
    n++;
  return n;
}

int strncmp(const char *a, const char *b, size_t n) {
  for (; n > 0; n--, a++, b++)
    if (*a == 0 || *a != *b)
      return (unsigned char)*a - (unsigned char)*b;
  return 0;
}

char *strncpy(char *to, const char *from, size_t n) {
  size_t length = strnlen(from, n);
  memmove(to, from, length);
  memset(to + length, 0, n - length);
  return to;
}

char *strcat(char *to, const char *from) {
  strcpy(to + strlen(to), from);
  return to;
}

char *strncat(char *to, const char *from, size_t n) {
  size_t length = strnlen(from, n);
  char *end = to + strlen(to);
  memmove(end, from, length);
  end[length] = 0;
  return to;
}

char *strrchr(const char *s, int c) {
  const char *last = NULL;
  do
    if (*s == (char)c)
      last = s;
  while (*s++);
  return (char *)last;
}

char *strstr(const char *s, const char *part) {
  size_t length = strlen(part);
  for (;; s++) {
    if (strncmp(s, part, length) == 0)
      return (char *)s;
    if (*s == 0)
      return NULL;
  }
}

char *strdup(const char *s) {
  size_t size = strlen(s) + 1;
  char *copy = malloc(size);
  return copy == NULL ? NULL : memcpy(copy, s, size);
}

// The separator's end: where `s` has a character that is among `set`, or is not.
static char *skip(char *s, const char *set, int among) {
  while (*s && (strchr(set, *s) != NULL) == among)
    s++;
  return s;
}

char *strtok(char *s, const char *separators) {
  static char *rest;
  char *word = skip(s != NULL ? s : rest, separators, 1);
  rest = skip(word, separators, 0);
  if (rest == word)
    return NULL;
  if (*rest)
    *rest++ = 0;
  return word;
}

void *memchr(const void *s, int byte, size_t n) {
  const unsigned char *p = s;
  for (; n > 0; n--, p++)
    if (*p == (unsigned char)byte)
      return (void *)p;
  return NULL;
}
