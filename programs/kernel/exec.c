// Replacing a process's program: kernel_model/calls/exec.py and elf.py.
#include "defs.h"
#include "elf.h"
#include "file.h"
#include "memlayout.h"
#include "proc.h"

#define MAX_SEGMENTS 64 // all of them fit in a page
#define HIGHEST (TRAPFRAME - (1 + USERSTACK) * PGSIZE)

// A program under construction.
struct image {
  struct elf_header elf;
  struct segment *segments; // a page with those that are to be loaded, by address
  int count;
  pagetable_t pagetable;
  struct regions regions;
  uint64 sz, sp;
};

static int read_header(struct inode *ip, struct elf_header *elf) {
  if (readi(ip, 0, (uint64)elf, 0, sizeof *elf) != sizeof *elf)
    return -1;
  if (elf->magic != ELF_MAGIC || elf->class_and_data != ELF_CLASS_AND_DATA)
    return -1;
  if (elf->type != ET_EXEC || elf->machine != EM_RISCV || elf->phnum > MAX_SEGMENTS)
    return -1;
  return elf->phnum > 0 && elf->phentsize != sizeof(struct segment) ? -1 : 0;
}

static uint64 end_of(const struct segment *segment) {
  return PGROUNDUP(segment->vaddr + segment->memsz);
}

// Whether it can be loaded: from a page on, below the stack, and from the file.
static int is_sound(const struct segment *segment, uint size) {
  if (segment->vaddr % PGSIZE != 0 || segment->memsz < segment->filesz)
    return 0;
  if (segment->memsz > HIGHEST || segment->vaddr > HIGHEST - segment->memsz)
    return 0;
  return segment->filesz <= size && segment->offset <= size - segment->filesz;
}

// Puts a segment among those that are to be loaded, by its address.
static void insert(struct image *image, const struct segment *segment) {
  int at = image->count++;
  for (; at > 0 && image->segments[at - 1].vaddr > segment->vaddr; at--)
    image->segments[at] = image->segments[at - 1];
  image->segments[at] = *segment;
}

static int read_segments(struct inode *ip, struct image *image) {
  struct segment segment;
  if (image->elf.phoff > ip->size)
    return -1;
  for (int i = 0; i < image->elf.phnum; i++) {
    uint at = image->elf.phoff + i * sizeof segment;
    if (readi(ip, 0, (uint64)&segment, at, sizeof segment) != sizeof segment)
      return -1;
    if (segment.type == PT_INTERP)
      return -1;
    if (segment.type != PT_LOAD || (segment.memsz == 0 && segment.filesz == 0))
      continue;
    if (!is_sound(&segment, ip->size))
      return -1;
    insert(image, &segment);
  }
  return image->count > 0 ? 0 : -1;
}

static uint rights_of(const struct segment *segment) {
  uint rights = PTE_R;
  if (segment->flags & PF_W)
    rights |= PTE_W;
  if (segment->flags & PF_X)
    rights |= PTE_X;
  return rights;
}

// Each segment owns what lies between those before it and its own end.
static int make_regions(struct image *image) {
  struct regions *regions = &image->regions;
  uint64 end = 0;
  for (int i = 0; i < image->count; i++) {
    struct segment *segment = &image->segments[i];
    if (regions_grow(regions, end_of(segment), rights_of(segment), SEGMENT) < 0)
      return -1;
    if (end < end_of(segment))
      end = end_of(segment);
  }
  image->sz = end + (1 + USERSTACK) * PGSIZE;
  if (regions_grow(regions, end + PGSIZE, 0, GUARD) < 0)
    return -1;
  return regions_grow(regions, image->sz, PTE_R | PTE_W, STACK);
}

static int load_segment(struct inode *ip, struct image *image, const struct segment *segment) {
  for (uint64 va = segment->vaddr; va < end_of(segment); va += PGSIZE) {
    uint rights = region_at(&image->regions, va)->rights;
    if (uvmalloc(image->pagetable, va, va + PGSIZE, rights | PTE_U) < 0)
      return -1;
    uint64 done = va - segment->vaddr;
    if (done >= segment->filesz)
      continue;
    uint n = segment->filesz - done < PGSIZE ? segment->filesz - done : PGSIZE;
    uint64 page = walkaddr(image->pagetable, va);
    if (readi(ip, 0, page, segment->offset + done, n) != (int)n)
      return -1;
  }
  return 0;
}

// The file as an address space without a stack.
static int load(struct inode *ip, struct image *image) {
  if (read_header(ip, &image->elf) < 0 || read_segments(ip, image) < 0)
    return -1;
  if (make_regions(image) < 0)
    return -1;
  if ((image->pagetable = proc_pagetable(myproc()->trapframe)) == NULL)
    return -1;
  for (int i = 0; i < image->count; i++)
    if (load_segment(ip, image, &image->segments[i]) < 0)
      return -1;
  return 0;
}

static int load_file(char *path, struct image *image) {
  int done = -1;
  begin_op();
  struct inode *ip = namei(path);
  if (ip != NULL) {
    ilock(ip);
    done = load(ip, image);
    iunlockput(ip);
  }
  end_op();
  return done;
}

// The stack, which is at the end, and the guard page below it.
static int map_stack(struct image *image) {
  uint64 guard = image->sz - (1 + USERSTACK) * PGSIZE;
  if (uvmalloc(image->pagetable, guard, image->sz, PTE_R | PTE_W | PTE_U) < 0)
    return -1;
  uvmclear(image->pagetable, guard);
  return 0;
}

// Pushes the strings, then the array of their addresses; their number, or -1 if they do not fit.
static int push_arguments(struct image *image, char **argv) {
  uint64 pushed[MAXARG], sp = image->sz, bottom = sp - USERSTACK * PGSIZE;
  int argc = 0;
  for (; argv[argc] != NULL; argc++) {
    uint64 n = strlen(argv[argc]) + 1;
    if (argc == MAXARG - 1 || n > sp - bottom)
      return -1;
    sp = (sp - n) & ~15L; // the ABI's alignment of sp
    if (sp < bottom || copyout(image->pagetable, sp, argv[argc], n) < 0)
      return -1;
    pushed[argc] = sp;
  }
  pushed[argc] = 0;
  uint64 n = (argc + 1) * sizeof pushed[0];
  if (n > sp - bottom)
    return -1;
  sp = (sp - n) & ~15L;
  image->sp = sp;
  return sp < bottom || copyout(image->pagetable, sp, pushed, n) < 0 ? -1 : argc;
}

static void replace_program(struct proc *p, const struct image *image, const char *path) {
  proc_freepagetable(p->pagetable, p->sz);
  p->pagetable = image->pagetable;
  p->sz = image->sz;
  p->regions = image->regions;
  p->trapframe->epc = image->elf.entry;
  p->trapframe->sp = image->sp;
  p->trapframe->a1 = image->sp; // argv; argc is what the call returns
  const char *name = path;
  for (const char *at = path; *at; at++)
    if (*at == '/')
      name = at + 1;
  safestrcpy(p->name, name, sizeof p->name);
  wrote_code = 1;
}

// Lets the process run the program at `path`; the number of its arguments, or -1 if that cannot be,
// and then the old program is intact.
int kexec(char *path, char **argv) {
  struct image image = {.segments = kalloc()};
  int argc = -1;
  if (image.segments == NULL)
    return -1;
  if (load_file(path, &image) == 0 && map_stack(&image) == 0)
    argc = push_arguments(&image, argv);
  kfree(image.segments);
  if (argc >= 0)
    replace_program(myproc(), &image, path);
  else if (image.pagetable != NULL)
    proc_freepagetable(image.pagetable, image.sz);
  return argc;
}
