// What is on the disk, as xv6's mkfs lays it out:
//
//   boot block | super block | log | inodes | map of the blocks in use | data
#ifndef FS_H
#define FS_H

#include "param.h"
#include "types.h"

#define ROOTINO 1
#define BSIZE BLOCK_SIZE
#define FSMAGIC 0x10203040

struct superblock {
  uint magic;
  uint size;       // all blocks
  uint nblocks;    // those for data
  uint ninodes;
  uint nlog;       // those of the log, its header included
  uint logstart;   // the first one of the log, of the inodes, of the map
  uint inodestart;
  uint bmapstart;
};
extern struct superblock sb;

#define NDIRECT 12
#define NINDIRECT (BSIZE / sizeof(uint))

struct dinode {
  short type; // 0: free
  short major, minor;
  short nlink;
  uint size; // bytes
  uint addrs[NDIRECT + 1]; // the last one is of the block that lists the others
};

#define IPB (BSIZE / sizeof(struct dinode))
#define IBLOCK(inum, sb) ((inum) / IPB + (sb).inodestart)
#define BPB (BSIZE * 8)
#define BBLOCK(block, sb) ((block) / BPB + (sb).bmapstart)

#endif
