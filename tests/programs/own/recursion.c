#include <stdio.h>

static int moves;

static void hanoi(int n, char from, char to, char by)
{
    if (n == 0) return;
    hanoi(n - 1, from, by, to);
    if (++moves <= 3) printf("%c->%c ", from, to);
    hanoi(n - 1, by, to, from);
}

long fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int ackermann(int m, int n)
{
    if (m == 0) return n + 1;
    return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

int main(void)
{
    hanoi(5, 'A', 'C', 'B');
    printf("%d\nfib %ld, ackermann %d\n", moves, fib(15), ackermann(2, 3));
}
