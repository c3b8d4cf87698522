#include <stdio.h>
#include <stdlib.h>

#define N 8
int grid[N][N];              /* zeroed */
static const char *names[] = {"zero", "one", "two", 0};
struct point { int x, y; char tag; } points[3] = {{1, 2, 'a'}, {.y = 5}, {-1, -1, 'c'}};

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static struct point add(struct point a, struct point b)
{
    struct point sum = {a.x + b.x, a.y + b.y, '+'};
    return sum;
}

static int sum_of(int n, int values[n])
{
    int copy[n], sum = 0;    /* a VLA */
    for (int i = 0; i < n; i++) copy[i] = 2 * values[i];
    for (int i = 0; i < n; i++) sum += copy[i];
    return sum;
}

int main(void)
{
    int values[] = {5, 3, -9, 100, 0, 7, 7, 1}, n = sizeof values / sizeof *values;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) grid[i][j] = i * j;
    qsort(values, n, sizeof *values, by_value);
    for (int i = 0; i < n; i++) printf("%4d", values[i]);
    struct point p = add(points[0], points[2]);
    printf("\n%d %d (%d,%d)%c %s\n", grid[7][7], sum_of(n, values), p.x, p.y, p.tag, names[2]);
    for (const char **name = names; *name; name++) printf("%-6s|%6.2s|\n", *name, *name);
    return 0;
}
