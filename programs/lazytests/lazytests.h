// The tests that are not in `lazytests.c` itself, by file.
#ifndef LAZYTESTS_H
#define LAZYTESTS_H

#include "testing.h"

// size.c
void overshrink(void);
void shrink_to_nothing(void);
void addresses_of_64_bits(void);
void growth_ends_at_trapframe(void);
void fork_of_the_largest_process(void);
void size_counts_in_bytes(void);

// copies.c
void buffers_over_several_pages(void);
void pipe_over_two_pages(void);
void results_over_two_pages(void);
void string_that_ends_on_a_fresh_page(void);

// faults.c
void stack_pointer_in_the_heap(void);
void store_to_read_only_page(void);
void guard_page_without_a_stack(void);
void heap_is_not_executable(void);
void pages_past_the_end(void);
void fork_leaves_holes(void);

// exhausted.c
void copy_without_memory(void);
void table_without_memory(void);
void fork_without_memory(void);
void exec_without_memory(void);

#endif
