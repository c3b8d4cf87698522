// As in xv6's tree: what programs take from it.
#include "abi.h"

#define PGSIZE PAGE_SIZE
#define PGROUNDUP(size) (((size) + PGSIZE - 1) & ~(PGSIZE - 1))
#define PGROUNDDOWN(address) ((address) & ~(PGSIZE - 1))
