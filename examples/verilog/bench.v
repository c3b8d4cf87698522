// Fills the RAM with a page table, has addresses translated, and says what comes and when.
`timescale 1ns / 1ns

module bench;
  localparam LOAD = 3'd1, STORE = 3'd2;
  localparam V = 1, R = 2, W = 4, U = 16, A = 64, D = 128;

  reg clk = 0, rst = 1, valid = 0, update = 0, fence = 0;
  reg [63:0] va = 0;
  reg [2:0] access = LOAD;
  wire done, needs_update, updated;
  wire [55:0] pa;
  wire [1:0] fault;
  integer cycles, n;

  always #5 clk = ~clk;

  system dut (
    .clk(clk), .rst(rst), .valid(valid), .va(va), .access(access), .done(done), .pa(pa),
    .fault(fault), .needs_update(needs_update), .update(update), .updated(updated),
    .root(44'h80000), .fence(fence)
  );

  // An entry of a page table: the page it names, and its flags.
  function [63:0] entry(input [43:0] ppn, input [9:0] flags);
    entry = {10'd0, ppn, flags};
  endfunction

  // Signals change at falling edges; a cycle goes from one to the next.
  task translate(input [63:0] address, input [2:0] kind);
    begin
      va = address;
      access = kind;
      valid = 1;
      cycles = 0;
      #1;
      while (!done) begin
        @(negedge clk) #1;
        cycles = cycles + 1;
      end
      $write("%0s %h -> ", kind == LOAD ? "load " : "store", address);
      if (fault == 1) $write("page fault");
      else if (fault == 2) $write("access fault");
      else if (needs_update) $write("update");
      else $write("%h", pa);
      $display(" after %0d cycles", cycles);
      @(negedge clk) valid = 0;
    end
  endtask

  initial begin
    for (n = 0; n < 2048; n = n + 1) dut.ram.words[n] = 0;
    // Root, middle and last table are pages 80000, 80001 and 80002; 80003 is a page of data.
    dut.ram.words[1] = entry(44'h80001, V);
    dut.ram.words[512] = entry(44'h80002, V);
    dut.ram.words[1024] = entry(44'h80003, V | R | W | U | A | D);
    dut.ram.words[1025] = entry(44'h80003, V | R | W | U | A);
    repeat (2) @(negedge clk);
    rst = 0;

    translate(64'h40000008, LOAD);
    translate(64'h40000abc, STORE);
    translate(64'h40001000, STORE);
    // D is clear. Once the store can no longer be abandoned, it is set:
    update = 1;
    cycles = 0;
    #1;
    while (!updated) begin
      @(negedge clk) #1;
      cycles = cycles + 1;
    end
    @(negedge clk) update = 0;
    $display("D is set after %0d cycles: the entry is %h", cycles, dut.ram.words[1025]);
    translate(64'h40001000, STORE);
    // The table changes, and a fence makes the MMU forget what it knows.
    dut.ram.words[1024] = 0;
    translate(64'h40000008, LOAD);
    fence = 1;
    @(negedge clk) fence = 0;
    translate(64'h40000008, LOAD);
    $finish(0);
  end
endmodule
