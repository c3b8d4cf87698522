#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int sum = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: %s NUMBER...\n", argv[0]);
        exit(1);
    }
    for (int i = 1; i < argc; i++)
        sum += atoi(argv[i]);
    printf("%d numbers, sum %d, mean %d.%02d\n", argc - 1, sum, sum / (argc - 1),
           sum * 100 / (argc - 1) % 100);
    return sum;
}
