// A program as xv6 builds them: nothing of our library, entered where ENTRY is, ended by itself.

static long call(long number, long first, long second, long third) {
  register long a0 asm("a0") = first;
  register long a1 asm("a1") = second;
  register long a2 asm("a2") = third;
  register long a7 asm("a7") = number;
  asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return a0;
}

enum { EXIT = 2, SBRK = 12, WRITE = 16 };

static const char greeting[] = "wild: ";
static char newline[] = "\n";
static int written = 40;
static volatile int cleared[3000];

// Not static, so that it lies before the entry.
__attribute__((noinline)) void put(const char *text) {
  long n = 0;
  while (text[n] != 0)
    n++;
  written += call(WRITE, 1, (long)text, n) == n;
}

void ENTRY(int argc, char **argv) {
  put(greeting);
  for (int i = 1; i < argc; i++)
    put(argv[i]);
  put(newline);
  // The heap is lazy, and begins behind the stack.
  char *heap = (char *)call(SBRK, 8192, 0, 0);
  heap[8191] = 1;
  for (int i = 0; i < 3000; i++)
    written += cleared[i];
  call(EXIT, written, 0, 0);
}
