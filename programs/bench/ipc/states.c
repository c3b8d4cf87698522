/*
 * A state machine that cuts a text into names, numbers in four notations, strings and comments, and
 * counts what it met; then the same with some of the letters spoilt.
 */
#define SUM 0x890c
#include "turns.h"

enum state {
  BLANK, NAME, ZERO, DECIMAL, HEX, POINT, FRACTION, MARK, SIGN, EXPONENT, STRING, ESCAPE, COMMENT,
  WRONG, STATES
};

static const char clean[] =
    "rate = 0x1f4 ; in steps\n"
    "gain = 3.25e-2 0.5 17 0\n"
    "name = \"left \\\"one\\\"\" next\n"
    "table = 12 250 4096 0xdeadBEEF 1e6 ; five\n"
    "limit_2 = 99.75 600. \"plain text\" end\n"
    "mode = fast slow medium 8 16 32 64 128 256\n";

static char text[sizeof clean];
static u16 visits[STATES], ends[STATES];

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static int is_blank(char c) {
  return c == ' ' || c == '\n' || c == '=';
}

static enum state begin(char c) {
  if (is_blank(c))
    return BLANK;
  if (is_letter(c))
    return NAME;
  if (is_digit(c))
    return c == '0' ? ZERO : DECIMAL;
  return c == '"' ? STRING : c == ';' ? COMMENT : WRONG;
}

APART static enum state next(enum state state, char c) {
  switch (state) {
  case BLANK:
    return begin(c);
  case NAME:
    return is_letter(c) || is_digit(c) ? NAME : begin(c);
  case ZERO:
    if (c == 'x')
      return HEX;
    /* fall through */
  case DECIMAL:
    if (is_digit(c))
      return DECIMAL;
    if (c == '.')
      return POINT;
    return c == 'e' ? MARK : is_blank(c) ? BLANK : WRONG;
  case HEX:
    return is_hex(c) ? HEX : is_blank(c) ? BLANK : WRONG;
  case POINT:
  case FRACTION:
    if (is_digit(c))
      return FRACTION;
    return c == 'e' ? MARK : is_blank(c) ? BLANK : WRONG;
  case MARK:
    if (c == '-' || c == '+')
      return SIGN;
    /* fall through */
  case SIGN:
    return is_digit(c) ? EXPONENT : WRONG;
  case EXPONENT:
    return is_digit(c) ? EXPONENT : is_blank(c) ? BLANK : WRONG;
  case STRING:
    return c == '"' ? BLANK : c == '\\' ? ESCAPE : STRING;
  case ESCAPE:
    return STRING;
  case COMMENT:
    return c == '\n' ? BLANK : COMMENT;
  default:
    return is_blank(c) ? BLANK : WRONG;
  }
}

static u16 scan(u16 sum) {
  enum state state = BLANK;
  for (int i = 0; i < STATES; i++)
    visits[i] = ends[i] = 0;
  for (const char *c = text; *c; c++) {
    enum state to = next(state, *c);
    visits[to]++;
    if (to != state)
      ends[state]++;
    state = to;
  }
  for (int i = 0; i < STATES; i++)
    sum = crc(crc(sum, visits[i]), ends[i]);
  return sum;
}

static u16 turn(void) {
  u16 sum = 0;
  for (int i = 0; i < (int)sizeof clean; i++)
    text[i] = clean[i];
  sum = scan(sum);
  for (u32 step = 5; step < 14; step += 4) {
    for (u32 i = step; i < sizeof clean - 1; i += step)
      text[i] ^= (char)(rnd() & 3);
    sum = scan(sum);
  }
  return sum;
}
