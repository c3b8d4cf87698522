// Limits that programs do not see, and the clock: kernel_model/facts/param.py. Those that they see
// are in the library's abi.h.
#ifndef PARAM_H
#define PARAM_H

#include "abi.h"

#define USERSTACK 1 // pages of a user stack
#define NDEV 10     // major numbers of devices are below it
#define NINODE 200  // inodes in use at once: as many as the disk has
#define ROOTDEV 1   // the disk's number
#define MAXOPBLOCKS 10
#define LOGBLOCKS (MAXOPBLOCKS * 3)
#define NBUF (MAXOPBLOCKS * 3)
#define NREGION 16 // ranges of a process's memory with one owner each

#define QUANTUM 10000  // cycles of a turn
#define TICK 10000     // cycles of a tick, the unit of sleep and uptime
#define LEAST_TURN 1000 // cycles that are left at least to a process that returns to user mode

#endif
