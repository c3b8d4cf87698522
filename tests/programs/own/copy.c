#include <stdio.h>

/* K&R's word count and file copy. */
int main(int argc, char *argv[])
{
    int c, lines = 0, words = 0, in = 0;
    char line[40];
    if (fgets(line, sizeof line, stdin))
        printf("first: %s", line);
    while ((c = getchar()) != EOF) {
        if (c == '\n') ++lines;
        if (c == ' ' || c == '\n' || c == '\t') in = 0;
        else if (!in) { in = 1; ++words; }
        putchar(c);
    }
    printf("%d lines, %d words\n", lines, words);
    return 0;
}
