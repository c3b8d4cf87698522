// Files without names: blocks, and the inodes that own them. The names are in dir.c.
//
// The disk is: boot block, super block, log, inodes, a bit for each block in use, data. An inode that
// somebody uses has a copy in memory: iget finds it or makes it, with one more reference, ilock locks
// it and reads it if need be, iupdate writes what was changed, iunlock and iput are the way back.
// Whoever changes something does it between begin_op and end_op, an iput included.
#include "buf.h"
#include "defs.h"
#include "file.h"

#define FREE 0 // the type of an inode that is nobody's

static struct {
  struct spinlock lock; // protects who has which place, not the inodes
  struct inode inode[NINODE];
} itable;

void iinit(void) {
  initlock(&itable.lock, "itable");
  for (int i = 0; i < NINODE; i++)
    initsleeplock(&itable.inode[i].lock, "inode");
}

static uint min(uint a, uint b) {
  return a < b ? a : b;
}

// Blocks.

// A free block, cleared; 0 if there is none.
static uint balloc(uint dev) {
  for (uint base = 0; base < sb.size; base += BPB) {
    struct buf *map = bread(dev, BBLOCK(base, sb));
    for (uint bit = 0; bit < BPB && base + bit < sb.size; bit++) {
      if (bit % 8 == 0 && map->data[bit / 8] == 0xff) {
        bit += 7;
        continue;
      }
      if (map->data[bit / 8] & 1 << bit % 8)
        continue;
      map->data[bit / 8] |= 1 << bit % 8;
      log_write(map);
      brelse(map);
      struct buf *block = bread(dev, base + bit);
      memset(block->data, 0, BSIZE);
      log_write(block);
      brelse(block);
      return base + bit;
    }
    brelse(map);
  }
  printf("balloc: out of blocks\n");
  return 0;
}

static void bfree(uint dev, uint block) {
  struct buf *map = bread(dev, BBLOCK(block, sb));
  uint bit = block % BPB;
  if (!(map->data[bit / 8] & 1 << bit % 8))
    panic("freeing free block");
  map->data[bit / 8] &= ~(1 << bit % 8);
  log_write(map);
  brelse(map);
}

// Inodes.

// The inode `inum` in the buffer of its block, which the caller gives back.
static struct dinode *on_disk(uint dev, uint inum, struct buf **block) {
  *block = bread(dev, IBLOCK(inum, sb));
  return (struct dinode *)(*block)->data + inum % IPB;
}

// The copy in memory of the inode `inum`, with one more reference; neither locked nor read.
struct inode *iget(uint dev, uint inum) {
  struct inode *place = 0;
  acquire(&itable.lock);
  for (struct inode *ip = itable.inode; ip < itable.inode + NINODE; ip++) {
    if (ip->ref > 0 && ip->dev == dev && ip->inum == inum) {
      ip->ref++;
      release(&itable.lock);
      return ip;
    }
    if (ip->ref == 0 && place == 0)
      place = ip;
    if (ip->inum == 0)
      break; // this place and those behind it were never used
  }
  if (place == 0)
    panic("iget: no inodes");
  place->dev = dev;
  place->inum = inum;
  place->ref = 1;
  place->valid = 0;
  place->parent = 0;
  release(&itable.lock);
  return place;
}

// A new inode of that type, referenced and without a link; 0 if there is none left.
struct inode *ialloc(uint dev, short type) {
  for (uint first = 0; first < sb.ninodes; first += IPB) {
    struct buf *block;
    struct dinode *dips = on_disk(dev, first, &block);
    for (uint i = first == 0; i < IPB && first + i < sb.ninodes; i++) {
      if (dips[i].type != FREE)
        continue;
      memset(&dips[i], 0, sizeof dips[i]);
      dips[i].type = type;
      log_write(block);
      brelse(block);
      return iget(dev, first + i);
    }
    brelse(block);
  }
  printf("ialloc: no inodes\n");
  return 0;
}

// Writes a locked inode to the disk, after each change of what is kept there.
void iupdate(struct inode *ip) {
  struct buf *block;
  struct dinode *dip = on_disk(ip->dev, ip->inum, &block);
  dip->type = ip->type;
  dip->major = ip->major;
  dip->minor = ip->minor;
  dip->nlink = ip->nlink;
  dip->size = ip->size;
  memmove(dip->addrs, ip->addrs, sizeof ip->addrs);
  log_write(block);
  brelse(block);
}

struct inode *idup(struct inode *ip) {
  acquire(&itable.lock);
  ip->ref++;
  release(&itable.lock);
  return ip;
}

// Locks the inode, and reads it if that was not done yet.
void ilock(struct inode *ip) {
  if (ip == 0 || ip->ref < 1)
    panic("ilock");
  acquiresleep(&ip->lock);
  if (ip->valid)
    return;
  struct buf *block;
  struct dinode *dip = on_disk(ip->dev, ip->inum, &block);
  ip->type = dip->type;
  ip->major = dip->major;
  ip->minor = dip->minor;
  ip->nlink = dip->nlink;
  ip->size = dip->size;
  memmove(ip->addrs, dip->addrs, sizeof ip->addrs);
  brelse(block);
  ip->valid = 1;
  if (ip->type == FREE)
    panic("ilock: no type");
}

void iunlock(struct inode *ip) {
  if (ip == 0 || !holdingsleep(&ip->lock) || ip->ref < 1)
    panic("iunlock");
  releasesleep(&ip->lock);
}

// Gives back a reference. The last one of an inode without links frees it and its blocks; then the
// result is what it held in turn, for the caller to give back.
static struct inode *drop(struct inode *ip) {
  struct inode *held = 0;
  acquire(&itable.lock);
  if (ip->ref == 1 && ip->valid && ip->nlink == 0) {
    // Nobody else has it, so nobody holds its lock.
    acquiresleep(&ip->lock);
    release(&itable.lock);
    itrunc(ip);
    ip->type = FREE;
    iupdate(ip);
    ip->valid = 0;
    held = ip->parent;
    releasesleep(&ip->lock);
    acquire(&itable.lock);
  }
  ip->ref--;
  release(&itable.lock);
  return held;
}

void iput(struct inode *ip) {
  while (ip)
    ip = drop(ip);
}

void iunlockput(struct inode *ip) {
  iunlock(ip);
  iput(ip);
}

// At boot: frees the inodes whose last name went while they were open when the machine went down.
static void ireclaim(uint dev) {
  for (uint inum = 1; inum < sb.ninodes; inum++) {
    struct buf *block;
    struct dinode *dip = on_disk(dev, inum, &block);
    int orphan = dip->type != FREE && dip->nlink == 0;
    brelse(block);
    if (!orphan)
      continue;
    printf("ireclaim: orphaned inode %d\n", inum);
    begin_op();
    struct inode *ip = iget(dev, inum);
    ilock(ip);
    iunlockput(ip);
    end_op();
  }
}

// Has to be called by a process, since it waits for the disk.
void fsinit(int dev) {
  readsb(dev);
  initlog(dev);
  ireclaim(dev);
}

// What is in inodes.

// The disk's block that is block `bn` of the file, taken now if it had none; 0 if none is left.
uint bmap(struct inode *ip, uint bn) {
  if (bn < NDIRECT) {
    if (ip->addrs[bn] == 0)
      ip->addrs[bn] = balloc(ip->dev);
    return ip->addrs[bn];
  }
  bn -= NDIRECT;
  if (bn >= NINDIRECT)
    panic("bmap: out of range");
  if (ip->addrs[NDIRECT] == 0 && (ip->addrs[NDIRECT] = balloc(ip->dev)) == 0)
    return 0;
  struct buf *list = bread(ip->dev, ip->addrs[NDIRECT]);
  uint *addr = (uint *)list->data + bn;
  if (*addr == 0 && (*addr = balloc(ip->dev)) != 0)
    log_write(list);
  uint block = *addr;
  brelse(list);
  return block;
}

// Frees all blocks of a locked inode.
void itrunc(struct inode *ip) {
  for (int i = 0; i < NDIRECT; i++) {
    if (ip->addrs[i])
      bfree(ip->dev, ip->addrs[i]);
    ip->addrs[i] = 0;
  }
  if (ip->addrs[NDIRECT]) {
    struct buf *list = bread(ip->dev, ip->addrs[NDIRECT]);
    uint *addrs = (uint *)list->data;
    for (uint i = 0; i < NINDIRECT; i++)
      if (addrs[i])
        bfree(ip->dev, addrs[i]);
    brelse(list);
    bfree(ip->dev, ip->addrs[NDIRECT]);
    ip->addrs[NDIRECT] = 0;
  }
  ip->size = 0;
  iupdate(ip);
}

// What fstat tells of a locked inode.
void stati(struct inode *ip, struct stat *st) {
  memset(st, 0, sizeof *st); // the gap goes to a program, too
  st->dev = ip->dev;
  st->ino = ip->inum;
  st->type = ip->type;
  st->nlink = ip->nlink;
  st->size = ip->size;
}

// Reads up to n bytes from `off` on to dst, an address of the process if user_dst. How many were
// read, or -1 if one could not be stored.
int readi(struct inode *ip, int user_dst, uint64 dst, uint off, uint n) {
  if (off > ip->size || off + n < off)
    return 0;
  n = min(n, ip->size - off);
  for (uint done = 0, m; done < n; done += m) {
    m = min(n - done, BSIZE - (off + done) % BSIZE);
    uint block = bmap(ip, (off + done) / BSIZE);
    if (block == 0)
      return done;
    struct buf *b = bread(ip->dev, block);
    int failed = either_copyout(user_dst, dst + done, b->data + (off + done) % BSIZE, m);
    brelse(b);
    if (failed == -1)
      return -1;
  }
  return n;
}

// Whether all m bytes at src, which are of one block, can be read: they are of two pages at most.
static int readable(int user_src, uint64 src, uint m) {
  char c;
  return either_copyin(&c, user_src, src, 1) != -1 &&
         either_copyin(&c, user_src, src + m - 1, 1) != -1;
}

// Writes n bytes from src to `off`. How many were written: fewer if blocks lack, or if not all bytes
// for a block can be read, of which then none is written, though the block is the file's. -1 if `off`
// is behind the end, or if the file would get too large.
int writei(struct inode *ip, int user_src, uint64 src, uint off, uint n) {
  if (off > ip->size || off + n < off || off + n > MAXFILE * BSIZE)
    return -1;
  uint done = 0;
  for (uint m; done < n; done += m) {
    m = min(n - done, BSIZE - (off + done) % BSIZE);
    uint block = bmap(ip, (off + done) / BSIZE);
    if (block == 0 || !readable(user_src, src + done, m))
      break;
    struct buf *b = bread(ip->dev, block);
    if (either_copyin(b->data + (off + done) % BSIZE, user_src, src + done, m) == -1)
      panic("writei: a page is gone");
    log_write(b);
    brelse(b);
  }
  if (off + done > ip->size)
    ip->size = off + done;
  iupdate(ip); // bmap may have changed addrs even where the size is the same
  return done;
}
