// The super block, which says where on the disk everything is: sim/guests/disk_image.py.
#include "buf.h"
#include "defs.h"

struct superblock sb;

// Whether the parts follow each other, each with room for what belongs there.
static int in_order(void) {
  uint64 inodes = (uint64)sb.inodestart + (sb.ninodes + IPB - 1ul) / IPB;
  uint64 map = (uint64)sb.bmapstart + (sb.size + BPB - 1ul) / BPB;
  return 2 <= sb.logstart && (uint64)sb.logstart + sb.nlog <= sb.inodestart &&
         inodes <= sb.bmapstart && map + sb.nblocks <= sb.size;
}

// Reads it. Panics with what is wrong if nothing can be found by it.
void readsb(int dev) {
  uint64 blocks = virtio_disk_size();
  if (blocks < 2) {
    printf("the disk has %lu blocks\n", blocks);
    panic("readsb: no room for a super block");
  }
  struct buf *b = bread(dev, 1);
  memmove(&sb, b->data, sizeof sb);
  brelse(b);
  if (sb.magic != FSMAGIC) {
    printf("block 1 of the disk begins with 0x%x, not 0x%x\n", sb.magic, FSMAGIC);
    panic("readsb: invalid file system");
  }
  if (sb.size > blocks) {
    printf("the super block tells of %u blocks, the disk has %lu\n", sb.size, blocks);
    panic("readsb: the disk is too small");
  }
  if (!in_order())
    panic("readsb: the parts of the disk do not follow each other");
  if (sb.ninodes <= ROOTINO)
    panic("readsb: no inode for the root directory");
  if (sb.nlog <= MAXOPBLOCKS)
    panic("readsb: the log is too small for a system call");
}
