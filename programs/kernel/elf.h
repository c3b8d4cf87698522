// An ELF file of 64 bits: the parts that exec looks at.
#ifndef ELF_H
#define ELF_H

#include "types.h"

#define ELF_MAGIC 0x464c457f // as a little-endian word
#define ELF_CLASS_AND_DATA 0x0102 // 64 bits, little-endian
#define ET_EXEC 2
#define EM_RISCV 243
#define PT_LOAD 1
#define PT_INTERP 3
#define PF_X 1
#define PF_W 2

struct elf_header {
  uint32 magic;
  uint16 class_and_data;
  uchar rest[10];
  uint16 type, machine;
  uint32 version;
  uint64 entry, phoff, shoff;
  uint32 flags;
  uint16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct segment {
  uint32 type, flags;
  uint64 offset, vaddr, paddr, filesz, memsz, align;
};

#endif
