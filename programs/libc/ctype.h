// C's <ctype.h>, for ASCII.
#ifndef CTYPE_H
#define CTYPE_H

static inline int isdigit(int c) {
  return '0' <= c && c <= '9';
}
static inline int isupper(int c) {
  return 'A' <= c && c <= 'Z';
}
static inline int islower(int c) {
  return 'a' <= c && c <= 'z';
}
static inline int isalpha(int c) {
  return isupper(c) || islower(c);
}
static inline int isalnum(int c) {
  return isalpha(c) || isdigit(c);
}
static inline int isxdigit(int c) {
  return isdigit(c) || ('a' <= c && c <= 'f') || ('A' <= c && c <= 'F');
}
static inline int isspace(int c) {
  return c == ' ' || ('\t' <= c && c <= '\r');
}
static inline int iscntrl(int c) {
  return (0 <= c && c < ' ') || c == 127;
}
static inline int isprint(int c) {
  return ' ' <= c && c < 127;
}
static inline int ispunct(int c) {
  return isprint(c) && c != ' ' && !isalnum(c);
}
static inline int tolower(int c) {
  return isupper(c) ? c + 'a' - 'A' : c;
}
static inline int toupper(int c) {
  return islower(c) ? c - 'a' + 'A' : c;
}

#endif
