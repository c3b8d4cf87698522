// A block of the disk in memory.
#ifndef BUF_H
#define BUF_H

#include "fs.h"
#include "sleeplock.h"

struct buf {
  int valid; // it has been read
  int disk;  // the disk has it
  uint dev;
  uint blockno;
  struct sleeplock lock;
  uint refcnt;
  struct buf *prev, *next; // by when it was used last
  uchar data[BSIZE] __attribute__((aligned(16)));
};

#endif
