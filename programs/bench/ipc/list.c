/*
 * A linked list: found in, reversed, taken apart, and sorted by merging, by an order that is called
 * through a pointer.
 */
#define SUM 0x36be
#include "turns.h"

#define NODES 48

struct item {
  s16 value, place;
};

struct node {
  struct node *next;
  struct item *item;
};

typedef int (*order)(const struct item *, const struct item *);

static struct node nodes[NODES];
static struct item items[NODES];

static struct node *make(void) {
  struct node *list = 0;
  for (int i = 0; i < NODES; i++) {
    items[i] = (struct item){(s16)(rnd() & 127), (s16)i};
    nodes[i] = (struct node){list, &items[i]};
    list = &nodes[i];
  }
  return list;
}

APART static struct node *find(struct node *list, s16 value) {
  while (list && list->item->value != value)
    list = list->next;
  return list;
}

APART static struct node *reverse(struct node *list) {
  struct node *done = 0;
  while (list) {
    struct node *next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

/* Moves the node behind each one that has an odd value to the end. */
APART static void part(struct node *list) {
  struct node *last = list;
  while (last->next)
    last = last->next;
  struct node *end = last;
  for (struct node *node = list; node != end && node->next != end; node = node->next)
    if (node->item->value & 1) {
      struct node *moved = node->next;
      node->next = moved->next;
      moved->next = 0;
      last->next = moved;
      last = moved;
    }
}

APART static int by_place(const struct item *a, const struct item *b) {
  return a->place - b->place;
}

APART static int by_value(const struct item *a, const struct item *b) {
  return a->value != b->value ? a->value - b->value : by_place(a, b);
}

/* Merges runs of 1, 2, 4, ... nodes. */
static struct node *sort(struct node *list, order order) {
  for (int size = 1, merges = 2; merges > 1; size *= 2) {
    struct node *rest = list, **end = &list;
    for (merges = 0; rest; merges++) {
      struct node *a = rest;
      int left = 0, right = size;
      while (left < size && rest) {
        left++;
        rest = rest->next;
      }
      while (left || (right && rest)) {
        struct node **from = &rest;
        if (left && (!right || !rest || order(a->item, rest->item) <= 0)) {
          from = &a;
          left--;
        } else {
          right--;
        }
        *end = *from;
        end = &(*from)->next;
        *from = *end;
      }
    }
    *end = 0;
  }
  return list;
}

static u16 sum_of(u16 sum, const struct node *list) {
  for (; list; list = list->next)
    sum = crc(sum, (u16)(list->item->value << 8 | list->item->place));
  return sum;
}

static u16 turn(void) {
  struct node *list = make();
  int found = 0, places = 0;
  for (int i = 0; i < 24; i++) {
    struct node *node = find(list, (s16)(rnd() & 127));
    if (node) {
      found++;
      places += node->item->place;
    }
    list = reverse(list);
  }
  list = sort(list, by_value);
  u16 sum = sum_of((u16)(found << 8 ^ places), list);
  part(list);
  sum = sum_of(sum, list);
  return sum_of(sum, sort(list, by_place));
}
