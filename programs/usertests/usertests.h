// The tests, by file.
#ifndef USERTESTS_H
#define USERTESTS_H

#include "testing.h"

// growth.c
void sbrk_steps(void);
void sbrk_much(void);
void sbrk_both_ways(void);
void sbrk_own_pages(void);
void sbrk_misuse(void);
void sbrk_again(void);
void sbrk_fail(void);
void sbrk_argument(void);
void sbrk_last_byte(void);
void allocator(void);
void all_memory(void);

// access.c
void kernel_memory(void);
void beyond_maxva(void);
void text_and_data(void);
void stack_overflow(void);
void illegal_instructions(void);
void zeroed_data(void);
void separate_memory(void);
void registers(void);

// bounds.c
void copy_in(void);
void copy_out(void);
void copy_in_strings(void);
void long_paths(void);
void copy_in_text(void);
void bad_descriptors(void);
void bad_calls(void);

// process.c
void exit_statuses(void);
void wait_without_children(void);
void wait_for_many(void);
void process_numbers(void);
void exit_and_wait(void);
void two_children(void);
void fork_fork(void);
void fork_chain(void);
void orphans(void);
void orphans_that_fork(void);
void what_is_inherited(void);
void process_table(void);
void fork_bomb(void);

// killing.c
void kill_spinning(void);
void kill_sleeping(void);
void kill_oneself(void);
void kill_at_once(void);
void kill_nobody(void);
void kill_the_dead(void);
void kill_closes_files(void);
void kill_forking(void);

// clock.c
void sleep_and_uptime(void);
void time_passes(void);
void wake_in_order(void);
void preemption(void);
void fair_shares(void);

// pipes.c
void pipe_data(void);
void pipe_ends(void);
void pipe_breaks(void);
void ping_pong(void);
void pipe_under_load(void);
void pipe_row(void);
void pipe_without_descriptors(void);

// programs.c
void exec_echo(void);
void exec_what_is_no_program(void);
void exec_damaged_files(void);
void exec_arguments(void);
void exec_new_code(void);
void exec_many_times(void);

// files.c
void open_flags(void);
void open_directories(void);
void write_and_read(void);
void big_writes(void);
void truncate(void);
void truncate_race(void);
void offsets(void);
void descriptors(void);
void unlinked_but_open(void);
void unlinked_at_exit(void);
void file_status(void);
void devices(void);

// names.c
void fourteen_characters(void);
void paths(void);
void file_as_directory(void);
void missing_names(void);
void links(void);
void remove_directories(void);
void removed_current_directory(void);
void deep_directories(void);
void big_directory(void);
void read_directory(void);

// races.c
void create_delete(void);
void four_files(void);
void shared_descriptor(void);
void same_name(void);
void one_of_two(void);
void same_directory(void);

// limits.c
void largest_file(void);
void full_disk(void);
void all_inodes(void);
void open_files(void);

#endif
