// Grows its heap by far more than it uses, touches some of the pages by loads and some by stores,
// gives part of it back, grows again and touches that part once more. What it reads is checked.
#include "user.h"

#define PAGES 64  // promised
#define STRIDE 16 // one page in so many is read, and another one is written
#define AGAIN 32  // pages at the end of the heap that are given back and grown again
#define WORDS (PAGE_SIZE / sizeof(uint64_t))

static int errors;

static void check(int good, const char *what) {
  if (good)
    return;
  printf("lazy: wrong: %s\n", what);
  errors++;
}

// The i-th page of the heap.
static uint64_t *page(char *heap, int i) {
  return (uint64_t *)(heap + (uint64_t)i * PAGE_SIZE);
}

// One word in eight is looked at, and the page's last one.
static int is_zero(const volatile uint64_t *words) {
  uint64_t seen = words[WORDS - 1];
  for (unsigned i = 0; i < WORDS; i += 8)
    seen |= words[i];
  return seen == 0;
}

static void fill(volatile uint64_t *words, uint64_t value) {
  words[0] = value;
  words[WORDS - 1] = ~value;
}

static int is_filled(const volatile uint64_t *words, uint64_t value) {
  return words[0] == value && words[1] == 0 && words[WORDS - 1] == ~value;
}

// Loads pages 0, 16, 32…: each is a load page fault, and reads as zero.
static void read_some(char *heap, int from) {
  for (int i = from; i < PAGES; i += STRIDE)
    check(is_zero(page(heap, i)), "a fresh page is not zero");
}

// Stores to pages 8, 24, 40…: each is a store page fault.
static void write_some(char *heap, int from) {
  for (int i = from + STRIDE / 2; i < PAGES; i += STRIDE)
    fill(page(heap, i), i);
}

// Every page keeps what it was given.
static void read_back(char *heap, int to) {
  for (int i = 0; i < to; i += STRIDE) {
    check(is_zero(page(heap, i)), "a page that was only read has changed");
    check(is_filled(page(heap, i + STRIDE / 2), i + STRIDE / 2), "a stored value is lost");
  }
}

int main(void) {
  char *heap = sbrk(PAGES * PAGE_SIZE);
  check(heap != (char *)-1, "the heap does not grow");
  printf("lazy: %d pages promised at %p\n", PAGES, heap);

  read_some(heap, 0);
  printf("lazy: one in %d read\n", STRIDE);
  write_some(heap, 0);
  printf("lazy: one in %d written\n", STRIDE);
  read_back(heap, PAGES);

  char *end = heap + PAGES * PAGE_SIZE;
  check(sbrk(-AGAIN * PAGE_SIZE) == end, "giving back does not return the old size");
  check(sbrk(AGAIN * PAGE_SIZE) == end - AGAIN * PAGE_SIZE, "the heap does not grow again");
  printf("lazy: %d pages given back and grown again\n", AGAIN);
  read_some(heap, PAGES - AGAIN);
  write_some(heap, PAGES - AGAIN);
  read_back(heap, PAGES);

  printf("lazy: %s\n", errors ? "failed" : "every value as expected");
  return errors != 0;
}
