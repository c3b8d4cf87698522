// A garbage collector: objects lie here and there in a heap, and are marked from one to the next.
#include "user.h"

#define PAGES 128
#define OBJECTS 512

struct object {
  struct object *next;
  long marked;
};

int main(void) {
  char *heap = sbrk(PAGES * PAGE_SIZE);
  struct object *first = NULL;
  for (unsigned long i = 0, at = 0; i < OBJECTS; i++) {
    at = (at + 40503 * sizeof(struct object)) % (PAGES * PAGE_SIZE);
    struct object *object = (struct object *)(heap + at);
    object->next = first;
    first = object;
  }
  int marked = 0;
  for (int pass = 0; pass < 4; pass++)
    for (struct object *object = first; object; object = object->next)
      marked += object->marked++ == pass;
  return marked != 4 * OBJECTS;
}
