#include <stdio.h>
#include <string.h>
#include <ctype.h>
#include <stdlib.h>

/* The library has one, too. */
size_t strlen(const char *s)
{
    const char *p = s;
    while (*p) p++;
    return p - s;
}

char *strcpy(char *to, const char *from)
{
    char *start = to;
    while ((*to++ = *from++));
    return start;
}

static void reverse(char *s)
{
    for (int i = 0, j = strlen(s) - 1; i < j; i++, j--) {
        char c = s[i]; s[i] = s[j]; s[j] = c;
    }
}

int main(void)
{
    char text[64] = "Hello", copy[64], line[] = "one, two,,three";
    strcat(text, ", World");
    strcpy(copy, text);
    reverse(copy);
    for (char *p = copy; *p; p++)
        *p = isupper(*p) ? tolower(*p) : toupper(*p);
    printf("%s %s %zu\n", text, copy, strlen(copy));
    printf("%d %d %d\n", strcmp("abc", "abd") < 0, strncmp("abc", "abd", 2), strcmp("b", "a") > 0);
    printf("%s %s %s\n", strchr(text, 'W'), strrchr(text, 'l'), strstr(text, "lo,"));
    for (char *word = strtok(line, ", "); word; word = strtok(NULL, ", "))
        printf("[%s]", word);
    char padded[8];
    strncpy(padded, "ab", sizeof padded);
    strncat(padded, "cdef", 2);
    printf(" %s %d %ld %#lx\n", padded, atoi("-42"), atol("123456789012"), strtol("ff", NULL, 16));
    puts("end");
    return 0;
}
