// The buffer cache: copies of blocks of the disk, each of which one process at a time may look at.
//
// bread gives a block's buffer, locked; after a change comes log_write, or bwrite below the log;
// brelse gives it back. A buffer that nobody holds keeps its block until it is the one that was
// used longest ago when another block needs a place.
#include "buf.h"
#include "defs.h"

static struct {
  struct spinlock lock; // protects what is said about blocks, not the blocks
  struct buf buf[NBUF];
  uint64 releases;
} bcache;

void binit(void) {
  initlock(&bcache.lock, "bcache");
  for (struct buf *b = bcache.buf; b < bcache.buf + NBUF; b++)
    initsleeplock(&b->lock, "buffer");
}

// The buffer of a block, locked; what is in it is read only if it is not valid.
static struct buf *bget(uint dev, uint blockno) {
  struct buf *oldest = 0;
  acquire(&bcache.lock);
  for (struct buf *b = bcache.buf; b < bcache.buf + NBUF; b++) {
    if (b->dev == dev && b->blockno == blockno) {
      b->refcnt++;
      release(&bcache.lock);
      acquiresleep(&b->lock);
      return b;
    }
    if (b->refcnt == 0 && (oldest == 0 || b->released < oldest->released))
      oldest = b;
  }
  if (oldest == 0)
    panic("bget: no buffers");
  oldest->dev = dev;
  oldest->blockno = blockno;
  oldest->valid = 0;
  oldest->refcnt = 1;
  release(&bcache.lock);
  acquiresleep(&oldest->lock);
  return oldest;
}

// The buffer of a block, locked, with what the block holds.
struct buf *bread(uint dev, uint blockno) {
  struct buf *b = bget(dev, blockno);
  if (!b->valid) {
    virtio_disk_rw(b, 0);
    b->valid = 1;
  }
  return b;
}

// Writes a locked buffer to the disk.
void bwrite(struct buf *b) {
  if (!holdingsleep(&b->lock))
    panic("bwrite");
  virtio_disk_rw(b, 1);
}

// Gives back a locked buffer.
void brelse(struct buf *b) {
  if (!holdingsleep(&b->lock))
    panic("brelse");
  releasesleep(&b->lock);
  acquire(&bcache.lock);
  b->refcnt--;
  b->released = ++bcache.releases;
  release(&bcache.lock);
}

// The log keeps a block that it has to write: bpin, until bunpin.
void bpin(struct buf *b) {
  acquire(&bcache.lock);
  b->refcnt++;
  release(&bcache.lock);
}

void bunpin(struct buf *b) {
  acquire(&bcache.lock);
  b->refcnt--;
  release(&bcache.lock);
}
