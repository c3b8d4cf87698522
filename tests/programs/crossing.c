#include "user.h"

int main(void)
{
    char *heap = sbrk(3 * 4096);
    volatile long *p = (volatile long *)(heap + 4096 - 3);
    *p = 0x1122334455667788;
    printf("%lx\n", *p);
    printf("%x %x\n", heap[4095] & 0xff, heap[4096] & 0xff);
    volatile int *q = (volatile int *)(heap + 8190);
    printf("%d\n", *q);
    exit(0);
}
