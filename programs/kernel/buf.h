// The cache's copy of a block of the disk.
#ifndef BUF_H
#define BUF_H

#include "fs.h"
#include "sleeplock.h"

struct buf {
  int valid; // data is what the block holds
  int disk;  // the device has it, until its interrupt
  uint dev;
  uint blockno;
  struct sleeplock lock;
  uint refcnt;
  uint64 released; // when it was used last, in calls of brelse
  uchar data[BSIZE] __attribute__((aligned(16)));
};

#endif
