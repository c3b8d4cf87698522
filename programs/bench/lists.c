/*
 * Lists and strings, as programs in C have them: for measuring how fast an engine simulates the
 * hart, in M-mode without translation. A list of words is made, sorted by merging, reversed and
 * searched, and its words are joined and parted again, TURNS times. It ends with 1 in `tohost` if
 * what was sorted is in order and nothing was lost on the way, with 3 if not.
 */
#ifndef TURNS
#define TURNS 10
#endif
#define WORDS 256
#define LENGTH 12 /* of the longest word, with its end */

typedef unsigned long u64;

volatile u64 tohost __attribute__((section(".tohost")));
volatile u64 fromhost __attribute__((section(".tohost")));

struct word {
  struct word *next;
  u64 hash;
  char text[LENGTH];
};

static struct word words[WORDS];
static char joined[WORDS * LENGTH];
static u64 state = 0x9e3779b97f4a7c15;

/* Marsaglia's xorshift, 64 bits. */
static u64 rnd(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static u64 length(const char *text) {
  const char *end = text;
  while (*end)
    end++;
  return end - text;
}

static int compare(const char *a, const char *b) {
  while (*a && *a == *b)
    a++, b++;
  return (unsigned char)*a - (unsigned char)*b;
}

/* FNV-1a. */
static u64 hash(const char *text) {
  u64 sum = 0xcbf29ce484222325;
  for (; *text; text++)
    sum = (sum ^ (unsigned char)*text) * 0x100000001b3;
  return sum;
}

static struct word *make(void) {
  struct word *list = 0;
  for (int i = 0; i < WORDS; i++) {
    struct word *word = &words[i];
    int letters = 3 + rnd() % (LENGTH - 4);
    for (int j = 0; j < letters; j++)
      word->text[j] = 'a' + (rnd() >> 20) % 26;
    word->text[letters] = 0;
    word->hash = hash(word->text);
    word->next = list;
    list = word;
  }
  return list;
}

static struct word *merge(struct word *a, struct word *b) {
  struct word *list = 0, **end = &list;
  while (a && b) {
    struct word **least = compare(a->text, b->text) <= 0 ? &a : &b;
    *end = *least;
    end = &(*least)->next;
    *least = *end;
  }
  *end = a ? a : b;
  return list;
}

static struct word *sort(struct word *list) {
  if (!list || !list->next)
    return list;
  struct word *middle = list;
  for (struct word *end = list->next; end && end->next; end = end->next->next)
    middle = middle->next;
  struct word *rest = middle->next;
  middle->next = 0;
  return merge(sort(list), sort(rest));
}

static struct word *reverse(struct word *list) {
  struct word *reversed = 0;
  while (list) {
    struct word *next = list->next;
    list->next = reversed;
    reversed = list;
    list = next;
  }
  return reversed;
}

/* Joins the words with a blank between each; where the text ends. */
static char *join(const struct word *list) {
  char *end = joined;
  for (; list; list = list->next) {
    for (const char *text = list->text; *text;)
      *end++ = *text++;
    *end++ = ' ';
  }
  *end = 0;
  return end;
}

/* The sum of the hashes of the words that were joined. */
static u64 part(void) {
  u64 sum = 0;
  for (char *text = joined; *text;) {
    char *blank = text;
    while (*blank != ' ')
      blank++;
    *blank = 0;
    sum += hash(text);
    text = blank + 1;
  }
  return sum;
}

static const struct word *find(const struct word *list, const char *text) {
  while (list && compare(list->text, text))
    list = list->next;
  return list;
}

static int turn(void) {
  u64 sum = 0, letters = 0;
  struct word *list = make();
  for (const struct word *word = list; word; word = word->next) {
    sum += word->hash;
    letters += length(word->text);
  }
  list = sort(list);
  for (const struct word *word = list; word->next; word = word->next)
    if (compare(word->text, word->next->text) > 0)
      return 0;
  list = reverse(list);
  for (int i = 0; i < 16; i++)
    if (!find(list, words[rnd() % WORDS].text))
      return 0;
  return join(list) == joined + letters + WORDS && part() == sum;
}

__attribute__((used)) static void run(void) {
  int good = 1;
  for (int i = 0; i < TURNS; i++)
    good &= turn();
  tohost = good ? 1 : 3;
  for (;;)
    ;
}

static char stack[16384] __attribute__((aligned(16), used));

__attribute__((naked, section(".text._start"))) void _start(void) {
  __asm__("la sp, stack + 16384\n"
          "j run");
}
