// Which part of a process's memory belongs to whom: kernel_model/mm/regions.py.
#include "defs.h"
#include "proc.h"

static uint64 end_of(const struct regions *regions) {
  return regions->count ? regions->part[regions->count - 1].end : 0;
}

// The region of the page that holds `va`; NULL behind the last one.
struct region *region_at(struct regions *regions, uint64 va) {
  for (int i = 0; i < regions->count; i++)
    if (va < regions->part[i].end)
      return &regions->part[i];
  return NULL;
}

// Adds a region up to the page of `end`, if that lies behind all others. 0; -1 if there is no room.
int regions_grow(struct regions *regions, uint64 end, uint rights, int owner) {
  end = PGROUNDUP(end);
  if (end <= end_of(regions))
    return 0;
  struct region *last = regions->count ? &regions->part[regions->count - 1] : NULL;
  if (last && last->rights == rights && (int)last->owner == owner) {
    last->end = end;
    return 0;
  }
  if (regions->count == NREGION)
    return -1;
  regions->part[regions->count++] = (struct region){end, rights, owner};
  return 0;
}

// sbrk has changed the size: what is new is the heap. A page that is in part below the size stays
// whose it was. 0; -1 if there is no room.
int regions_resize(struct regions *regions, uint64 sz) {
  uint64 end = PGROUNDUP(sz);
  if (end >= end_of(regions))
    return regions_grow(regions, end, PTE_R | PTE_W, HEAP);
  while (regions->count > 1 && regions->part[regions->count - 2].end >= end)
    regions->count--;
  regions->part[regions->count - 1].end = end;
  if (end == 0)
    regions->count = 0;
  return 0;
}
