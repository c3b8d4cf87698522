#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct node {
    char *name;
    int value;
    struct node *next;
} Node;

static Node *push(Node *head, const char *name, int value)
{
    Node *node = malloc(sizeof *node);
    if (!node) {
        fprintf(stderr, "out of memory\n");
        exit(EXIT_FAILURE);
    }
    node->name = strdup(name);
    node->value = value;
    node->next = head;
    return node;
}

static Node *reverse(Node *head)
{
    Node *result = NULL;
    while (head) {
        Node *next = head->next;
        head->next = result;
        result = head;
        head = next;
    }
    return result;
}

int main(void)
{
    Node *head = NULL, *n;
    int total = 0;
    for (int i = 0; i < 1000; i++) {
        char name[20];
        sprintf(name, "node-%d", i);
        head = push(head, name, i * i);
    }
    head = reverse(head);
    for (n = head; n; n = n->next)
        total += n->value;
    printf("%-10s|%10s|\n", head->name, head->next->name);
    printf("total %d\n", total);
    while ((n = head)) {
        head = n->next;
        free(n->name);
        free(n);
    }
    int *array = calloc(10, sizeof(int));
    array = realloc(array, 5000 * sizeof(int));
    array[4999] = 1;
    printf("%d %d\n", array[0] + array[9], array[4999]);
    return 0;
}
