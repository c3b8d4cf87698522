// The log: system calls change the disk as a whole or not at all, wherever the machine goes down.
//
// A call does its changes between begin_op and end_op, and log_write says of a buffer that it was
// changed. When no call is under way, what they have changed is committed together: the blocks are
// copied to the log, then the log's first block says which they are, and from that write on they
// count; then they go where they belong. A boot does the last part again if it was not finished.
#include "buf.h"
#include "defs.h"

// What the first block of the log holds: whose copies the following ones are. 0 = nothing.
struct logheader {
  int n;
  int block[LOGBLOCKS];
};

static struct {
  struct spinlock lock;
  uint dev;
  uint start;
  int capacity;    // blocks that it can hold
  int outstanding; // calls under way
  int committing;  // nobody may begin
  struct logheader lh;
} log;

static void write_head(void) {
  struct buf *b = bread(log.dev, log.start);
  memmove(b->data, &log.lh, sizeof log.lh);
  bwrite(b);
  brelse(b);
}

static void copy_block(uint from, uint to) {
  struct buf *source = bread(log.dev, from);
  struct buf *target = bread(log.dev, to);
  memmove(target->data, source->data, BSIZE);
  bwrite(target);
  brelse(source);
  brelse(target);
}

// Does what a committed log says, if there is one.
static void recover(void) {
  struct buf *b = bread(log.dev, log.start);
  memmove(&log.lh, b->data, sizeof log.lh);
  brelse(b);
  if (log.lh.n < 0 || log.lh.n > log.capacity)
    panic("recover: damaged log");
  for (int i = 0; i < log.lh.n; i++)
    if ((uint)log.lh.block[i] >= sb.size)
      panic("recover: damaged log");
  for (int i = 0; i < log.lh.n; i++)
    copy_block(log.start + 1 + i, log.lh.block[i]);
  log.lh.n = 0;
  write_head();
}

void initlog(int dev) {
  if (sizeof(struct logheader) > BSIZE)
    panic("initlog: too big logheader");
  initlock(&log.lock, "log");
  log.dev = dev;
  log.start = sb.logstart;
  // Disks of 2022 have one block less in all.
  log.capacity = sb.nlog - 1 < LOGBLOCKS ? sb.nlog - 1 : LOGBLOCKS;
  recover();
}

// Whether another call, which may change MAXOPBLOCKS, finds room beside those under way.
static int has_room(void) {
  return log.lh.n + (log.outstanding + 1) * MAXOPBLOCKS <= log.capacity ||
         (log.lh.n == 0 && log.outstanding == 0);
}

// To be called before a system call looks at what it may change.
void begin_op(void) {
  acquire(&log.lock);
  while (log.committing || !has_room())
    sleep(&log, &log.lock);
  log.outstanding++;
  release(&log.lock);
}

static void commit(void) {
  if (log.lh.n == 0)
    return;
  for (int i = 0; i < log.lh.n; i++)
    copy_block(log.lh.block[i], log.start + 1 + i);
  write_head(); // this is the moment
  for (int i = 0; i < log.lh.n; i++) {
    struct buf *b = bread(log.dev, log.lh.block[i]); // pinned: no other copy of it is about
    bwrite(b);
    bunpin(b);
    brelse(b);
  }
  log.lh.n = 0;
  write_head();
}

// The end of a system call; the last one under way commits.
void end_op(void) {
  acquire(&log.lock);
  if (log.committing)
    panic("end_op: committing");
  int last = --log.outstanding == 0;
  if (last) {
    log.committing = 1;
    release(&log.lock);
    commit(); // sleeps, so without the lock
    acquire(&log.lock);
    log.committing = 0;
  }
  wakeup(&log); // room has come
  release(&log.lock);
}

// The caller has changed the buffer, which it has locked: in place of bwrite.
void log_write(struct buf *b) {
  acquire(&log.lock);
  if (log.outstanding < 1)
    panic("log_write outside of trans");
  int i = 0;
  while (i < log.lh.n && log.lh.block[i] != (int)b->blockno)
    i++;
  if (i == log.lh.n) {
    if (log.lh.n >= log.capacity)
      panic("too big a transaction");
    log.lh.block[log.lh.n++] = b->blockno;
    bpin(b);
  }
  release(&log.lock);
}
