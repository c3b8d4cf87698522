// The names for integers that the kernel uses, which are xv6's.
#ifndef TYPES_H
#define TYPES_H

typedef unsigned int uint;
typedef unsigned short ushort;
typedef unsigned char uchar;

typedef unsigned char uint8;
typedef unsigned short uint16;
typedef unsigned int uint32;
typedef unsigned long uint64;

// A page-table entry, and a page table: 512 of them.
typedef uint64 pte_t;
typedef uint64 *pagetable_t;

#endif
