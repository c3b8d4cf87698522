#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

union word { uint32_t value; uint8_t bytes[4]; };
enum colour { RED, GREEN = 5, BLUE };
typedef int (*operation)(int, int);

static int plus(int a, int b) { return a + b; }
static int times(int a, int b) { return a * b; }

static int missing(int x) { if (x > 0) return x; }

int main(int argc, char **argv)
{
    union word w = {0x11223344};
    operation table[] = {plus, times};
    bool odd = w.value & 1;
    unsigned char c = 250;
    c += 10;
    printf("%02x %#x %X %o %c %%\n", w.bytes[0], w.value, 0xbeef, 8, 'z');
    printf("%d %u %ld %lu\n", INT_MIN, UINT_MAX, LONG_MIN, ULONG_MAX);
    printf("%d %d %d %d %d\n", odd, c, BLUE, table[0](2, 3) + table[1](2, 3), missing(4));
    printf("%p %s|%5d|%-5d|%05d|%+d\n", (void *)0x1234, "text", 42, 42, 42, 42);
    assert(argc == 1);
    switch (w.value >> 28) {
    case 1: puts("one"); /* falls through */
    case 2: puts("two"); break;
    default: puts("none");
    }
    goto end;
end:
    return 7;
}
