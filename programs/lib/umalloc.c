// malloc: free blocks in a list by address, the first that is large enough is taken.
#include "user.h"

#define GROW (4 * PAGE_SIZE) // bytes by which the heap grows at least

struct header {
  size_t size; // bytes, this header included, a multiple of its own size
  struct header *next;
};

// The list begins here; an empty block that no neighbour ever touches.
static struct header first;

// The end of the block, where its neighbour begins.
static struct header *end(struct header *block) {
  return (struct header *)((char *)block + block->size);
}

// Puts `block` into the list and melts it with free neighbours.
static void give(struct header *block) {
  struct header *before = &first;
  while (before->next != NULL && before->next < block)
    before = before->next;
  block->next = before->next;
  before->next = block;
  if (end(block) == block->next) {
    block->size += block->next->size;
    block->next = block->next->next;
  }
  if (end(before) == block) {
    before->size += block->size;
    before->next = block->next;
  }
}

// Takes `size` bytes out of the first block that has them; NULL if there is none.
static struct header *take(size_t size) {
  for (struct header *before = &first, *block; (block = before->next) != NULL; before = block) {
    if (block->size == size) {
      before->next = block->next;
      return block;
    }
    if (block->size > size) {
      block->size -= size;
      end(block)->size = size;
      return end(block);
    }
  }
  return NULL;
}

void *malloc(size_t n) {
  if (n > 0x70000000) // more than sbrk can be asked for
    return NULL;
  size_t size = (n + 2 * sizeof(struct header) - 1) & -sizeof(struct header);
  struct header *block = take(size);
  if (block == NULL) {
    size_t more = size < GROW ? GROW : size;
    // The heap's end may be anywhere if the program calls sbrk itself.
    size_t gap = -(uintptr_t)sbrk(0) & (sizeof(struct header) - 1);
    char *memory = sbrk(gap + more);
    if (memory == SBRK_FAILED)
      return NULL;
    block = (struct header *)(memory + gap);
    block->size = more;
    give(block);
    block = take(size);
  }
  return block + 1;
}

void free(void *block) {
  if (block != NULL)
    give((struct header *)block - 1);
}

void *realloc(void *block, size_t n) {
  void *other = malloc(n);
  if (block == NULL || other == NULL)
    return other;
  size_t room = ((struct header *)block - 1)->size - sizeof(struct header);
  memcpy(other, block, room < n ? room : n);
  free(block);
  return other;
}
