/*
 * Strings, byte by byte: measured, copied, joined, compared, searched and turned round, and numbers
 * written in decimal and read again.
 */
#define SUM 0xd993
#include "turns.h"

#define WORDS 24
#define LENGTH 16 /* of the longest word, with its end */

static char words[WORDS][LENGTH], text[WORDS * LENGTH], reversed[WORDS * LENGTH];
static char *sorted[WORDS];

APART static u32 length(const char *string) {
  const char *end = string;
  while (*end)
    end++;
  return (u32)(end - string);
}

/* Copies `from`; where its end is now. */
APART static char *copy(char *to, const char *from) {
  while ((*to = *from++))
    to++;
  return to;
}

APART static int compare(const char *a, const char *b) {
  while (*a && *a == *b) {
    a++;
    b++;
  }
  return (u8)*a - (u8)*b;
}

/* How often `word` stands in `string`. */
APART static u32 count(const char *string, const char *word) {
  u32 times = 0;
  for (; *string; string++) {
    u32 i = 0;
    while (word[i] && string[i] == word[i])
      i++;
    times += !word[i];
  }
  return times;
}

APART static void turn_round(char *to, const char *from) {
  const char *end = from + length(from);
  while (end != from)
    *to++ = *--end;
  *to = 0;
}

/* Writes `number` in decimal; where the text ends. */
APART static char *write(char *to, u32 number) {
  char digits[10];
  u32 n = 0;
  do
    digits[n++] = (char)('0' + number % 10);
  while (number /= 10);
  while (n)
    *to++ = digits[--n];
  *to = 0;
  return to;
}

APART static u32 read(const char *digits) {
  u32 number = 0;
  for (; *digits >= '0' && *digits <= '9'; digits++)
    number = number * 10 + (u32)(*digits - '0');
  return number;
}

static void make(void) {
  for (int i = 0; i < WORDS; i++) {
    u32 letters = 2 + rnd() % (LENGTH - 4);
    for (u32 j = 0; j < letters; j++)
      words[i][j] = (char)('a' + (rnd() >> 8 & 3));
    words[i][letters] = 0;
  }
}

/* Each word where it belongs among those before it. */
static void sort(void) {
  for (int i = 0; i < WORDS; i++) {
    int place = i;
    for (; place && compare(sorted[place - 1], words[i]) > 0; place--)
      sorted[place] = sorted[place - 1];
    sorted[place] = words[i];
  }
}

static u16 turn(void) {
  u16 sum = 0;
  make();
  sort();
  char *end = text;
  for (int i = 0; i < WORDS; i++) {
    end = copy(end, sorted[i]);
    *end++ = i % 4 == 3 ? '.' : ' ';
  }
  *end = 0;
  turn_round(reversed, text);
  for (int i = 0; i < 4; i++) {
    words[i][3] = 0;
    sum = crc(sum, (u16)(count(text, words[i]) << 8 | count(reversed, words[i])));
  }
  for (int i = 0; i < 16; i++) {
    u32 number = rnd() >> i;
    char *last = write(text, number);
    sum = crc(sum, (u16)(read(text) ^ (u32)(last - text)));
    if (read(text) != number)
      sum ^= 1;
  }
  return crc(sum, (u16)(length(reversed) ^ (u32)compare(reversed, text)));
}
