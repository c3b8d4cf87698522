// How much memory there is, from the device tree: the `reg` of its node `memory`.
//
// Devicetree specification 0.4, section 5: big-endian words; a node begins with 1 and its name, and
// ends with 2; a property is 3, its length, where its name is, and its value.
#include "defs.h"
#include "memlayout.h"

#define MAGIC 0xd00dfeed
#define BEGIN_NODE 1
#define PROPERTY 3
#define END 9
#define USUAL (128L << 20) // bytes, if no tree tells

static uint32 word(const uchar *at) {
  return (uint32)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static uint64 round_up(uint64 n) {
  return (n + 3) & ~3L;
}

// The end of RAM that begins at KERNBASE. Reads the tree before anything is written.
uint64 end_of_ram(const void *tree) {
  const uchar *base = tree;
  if (base == NULL || word(base) != MAGIC)
    return KERNBASE + USUAL;
  const uchar *at = base + word(base + 8);
  const char *names = (const char *)base + word(base + 12);
  for (int in_memory = 0; word(at) != END;) {
    uint32 token = word(at);
    at += 4;
    if (token == BEGIN_NODE) {
      const char *name = (const char *)at;
      in_memory = strncmp(name, "memory@", 7) == 0;
      at += round_up(strlen(name) + 1);
    } else if (token == PROPERTY) {
      uint32 length = word(at);
      const char *name = names + word(at + 4);
      at += 8;
      // Two cells for the address, two for the size.
      if (in_memory && strncmp(name, "reg", 4) == 0)
        return KERNBASE + ((uint64)word(at + 8) << 32 | word(at + 12));
      at += round_up(length);
    }
  }
  return KERNBASE + USUAL;
}
