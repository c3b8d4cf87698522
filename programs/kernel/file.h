// Open files, inodes in memory, devices: kernel_model/fs/state.py.
#ifndef FILE_H
#define FILE_H

#include "fs.h"
#include "sleeplock.h"

struct file {
  enum { FD_NONE, FD_PIPE, FD_INODE, FD_DEVICE } type;
  int ref;
  char readable, writable;
  struct pipe *pipe; // FD_PIPE
  struct inode *ip;  // FD_INODE, FD_DEVICE
  uint off;          // FD_INODE
  short major;       // FD_DEVICE
};

struct inode {
  uint dev, inum;
  int ref;
  struct sleeplock lock; // of all that follows
  int valid;             // it has been read
  short type, major, minor, nlink;
  uint size;
  uint addrs[NDIRECT + 1];
  // Of a directory that was unlinked while somebody is in it: what its `..` names, and holds.
  struct inode *parent;
};

// What reads and writes a device; both return as read and write do.
struct devsw {
  int (*read)(int user_dst, uint64 dst, int n);
  int (*write)(int user_src, uint64 src, int n);
};

extern struct devsw devsw[NDEV];

#endif
