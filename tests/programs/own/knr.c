#include <stdio.h>
#define LOWER 0
#define UPPER 100

int power(base, n)
int base, n;
{
    int p;
    for (p = 1; n > 0; --n)
        p = p * base;
    return p;
}

main()
{
    int i, unused;
    for (i = LOWER; i <= UPPER; i = i + 50)
        printf("%3d %6d\n", i, (i - 32) * 5 / 9);
    printf("%d %d\n", power(2, 10), power(-3, 3));
}
