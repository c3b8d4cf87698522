// hart.v with RAM that answers in the next cycle: the least that a hart needs, in Verilog-2001.
//
// +image=FILE    RAM from 0x80000000 on, a word of 64 bits in a line, in hexadecimal
// +tohost=HEX    the program ends when it stores to this address, with what it stores
// +limit=N       or after N cycles
//
// Prints cycles, instructions and the value stored, and in how many cycles after the reset some bit
// of an output was unknown.

`timescale 1ns / 1ns

module hart_bench;
  parameter WORDS = 16384;

  reg clk = 0, rst = 1;
  reg [63:0] mtime = 0;
  reg [63:0] ram [0:WORDS - 1];
  // 0 or 1: the port that has locked RAM; 2: none.
  reg [1:0] holder = 2;

  wire fetch_valid, fetch_write, fetch_lock, data_valid, data_write, data_lock;
  wire [55:0] fetch_address, data_address;
  wire [63:0] fetch_out, data_out;
  wire [7:0] fetch_strobe, data_strobe;
  wire [1:0] fetch_size, fetch_source, fetch_level, data_size, data_source, data_level;
  wire [31:0] fetch_id, data_id;
  reg fetch_answer = 0, fetch_error = 0, data_answer = 0, data_error = 0;
  reg [63:0] fetch_in = 0, data_in = 0;

  wire retire, trap, halt, intr;
  wire [1:0] mode, ixl;
  wire [4:0] rs1, rs2, rd;
  wire [7:0] rmask, wmask;
  wire [31:0] insn, id;
  wire [55:0] paddr;
  wire [63:0] order, intr_cause, rs1_data, rs2_data, rd_data, pc, next_pc, addr, rdata, wdata;
  wire [63:0] cause, tval;
  wire [11:0] csr, whole, mip_rdata, mip_wdata;
  wire [63:0] csr_rmask, csr_rdata, csr_wmask, csr_wdata, whole_wdata;

  // Of each stage, from the probe.
  wire fetch_held, align_held, decode_held, execute_held, trap_held;
  wire fetch_squash, align_squash, decode_squash, execute_squash, trap_squash;
  wire [2:0] fetch_stall, align_stall, decode_stall, execute_stall, trap_stall;
  wire [31:0] fetch_insn_id, align_id, decode_id, execute_id, trap_id;
  wire [63:0] fetch_pc, align_pc, decode_pc, execute_pc, trap_pc;
  // What the MMU looks up in vain, and reads.
  wire fetch_miss, data_miss, walk_read;
  wire [1:0] fetch_fault, data_fault, walk_side, walk_level;
  wire [63:0] fetch_va, data_va;
  // What the TLBs answer and give up, and the events that are counted.
  wire fetch_answers, fetch_displaces, data_answers, data_displaces;
  wire [1:0] fetch_page_level, fetch_displaced, data_page_level, data_displaced;
  wire [32:0] events;
  // What the walker begins and ends.
  wire [2:0] mmu_walk_access, mmu_walk_verdict;
  wire mmu_walk_adue, mmu_walk_begins, mmu_walk_caches, mmu_walk_ends, mmu_walk_fills,
    mmu_walk_mxr, mmu_walk_sum_, mmu_walk_writes, mmu_walk_skips, mmu_walk_rereads;
  wire [15:0] mmu_walk_asid;
  wire [52:0] mmu_walk_page;
  wire [1:0] mmu_walk_priv;
  wire [43:0] mmu_walk_root;
  wire [63:0] mmu_walk_va;

  trapline_hart hart (
    .clk(clk), .rst(rst), .mtime(mtime), .interrupts__msip(1'b0), .interrupts__mtip(1'b0),
    .interrupts__meip(1'b0), .interrupts__seip(1'b0),
    .fetch_port__request__valid(fetch_valid), .fetch_port__request__ready(holder != 1),
    .fetch_port__request__address(fetch_address), .fetch_port__request__write(fetch_write),
    .fetch_port__request__data(fetch_out), .fetch_port__request__strobe(fetch_strobe),
    .fetch_port__request__size(fetch_size), .fetch_port__request__source(fetch_source),
    .fetch_port__request__level(fetch_level), .fetch_port__request__lock(fetch_lock),
    .fetch_port__request__id(fetch_id), .fetch_port__response__valid(fetch_answer),
    .fetch_port__response__data(fetch_in), .fetch_port__response__error(fetch_error),
    .data_port__request__valid(data_valid), .data_port__request__ready(holder != 0),
    .data_port__request__address(data_address), .data_port__request__write(data_write),
    .data_port__request__data(data_out), .data_port__request__strobe(data_strobe),
    .data_port__request__size(data_size), .data_port__request__source(data_source),
    .data_port__request__level(data_level), .data_port__request__lock(data_lock),
    .data_port__request__id(data_id), .data_port__response__valid(data_answer),
    .data_port__response__data(data_in), .data_port__response__error(data_error),
    .retire__valid(retire), .retire__order(order), .retire__id(id), .retire__insn(insn),
    .retire__trap(trap), .retire__halt(halt), .retire__intr(intr), .retire__intr_cause(intr_cause),
    .retire__mode(mode), .retire__ixl(ixl), .retire__rs1_addr(rs1), .retire__rs2_addr(rs2),
    .retire__rs1_rdata(rs1_data), .retire__rs2_rdata(rs2_data), .retire__rd_addr(rd),
    .retire__rd_wdata(rd_data), .retire__pc_rdata(pc), .retire__pc_wdata(next_pc),
    .retire__mem_addr(addr), .retire__mem_paddr(paddr), .retire__mem_rmask(rmask),
    .retire__mem_wmask(wmask), .retire__mem_rdata(rdata), .retire__mem_wdata(wdata),
    .retire__cause(cause), .retire__tval(tval), .retire__csr_addr(csr),
    .retire__csr_rmask(csr_rmask), .retire__csr_rdata(csr_rdata), .retire__csr_wmask(csr_wmask),
    .retire__csr_wdata(csr_wdata), .retire__csr_whole_addr(whole),
    .retire__csr_whole_wdata(whole_wdata), .retire__csr_mip_rdata(mip_rdata),
    .retire__csr_mip_wdata(mip_wdata),
    .probe__fetch__valid(fetch_held), .probe__fetch__id(fetch_insn_id), .probe__fetch__pc(fetch_pc),
    .probe__fetch__stall(fetch_stall), .probe__fetch__squash(fetch_squash),
    .probe__align__valid(align_held), .probe__align__id(align_id), .probe__align__pc(align_pc),
    .probe__align__stall(align_stall), .probe__align__squash(align_squash),
    .probe__decode__valid(decode_held), .probe__decode__id(decode_id),
    .probe__decode__pc(decode_pc), .probe__decode__stall(decode_stall),
    .probe__decode__squash(decode_squash), .probe__execute__valid(execute_held),
    .probe__execute__id(execute_id), .probe__execute__pc(execute_pc),
    .probe__execute__stall(execute_stall), .probe__execute__squash(execute_squash),
    .probe__trap__valid(trap_held), .probe__trap__id(trap_id), .probe__trap__pc(trap_pc),
    .probe__trap__stall(trap_stall), .probe__trap__squash(trap_squash),
    .probe__mmu__fetch__miss(fetch_miss), .probe__mmu__fetch__fault(fetch_fault),
    .probe__mmu__fetch__va(fetch_va), .probe__mmu__data__miss(data_miss),
    .probe__mmu__data__fault(data_fault), .probe__mmu__data__va(data_va),
    .probe__mmu__read(walk_read), .probe__mmu__side(walk_side), .probe__mmu__level(walk_level),
    .probe__mmu__walk__access(mmu_walk_access), .probe__mmu__walk__adue(mmu_walk_adue),
    .probe__mmu__walk__asid(mmu_walk_asid), .probe__mmu__walk__begins(mmu_walk_begins),
    .probe__mmu__walk__caches(mmu_walk_caches), .probe__mmu__walk__ends(mmu_walk_ends),
    .probe__mmu__walk__fills(mmu_walk_fills), .probe__mmu__walk__mxr(mmu_walk_mxr),
    .probe__mmu__walk__page(mmu_walk_page), .probe__mmu__walk__priv(mmu_walk_priv),
    .probe__mmu__walk__root(mmu_walk_root), .probe__mmu__walk__sum_(mmu_walk_sum_),
    .probe__mmu__walk__va(mmu_walk_va), .probe__mmu__walk__verdict(mmu_walk_verdict),
    .probe__mmu__walk__writes(mmu_walk_writes), .probe__mmu__walk__skips(mmu_walk_skips),
    .probe__mmu__walk__rereads(mmu_walk_rereads), .probe__mmu__fetch__answers(fetch_answers),
    .probe__mmu__fetch__level(fetch_page_level), .probe__mmu__fetch__displaces(fetch_displaces),
    .probe__mmu__fetch__displaced_level(fetch_displaced),
    .probe__mmu__data__answers(data_answers), .probe__mmu__data__level(data_page_level),
    .probe__mmu__data__displaces(data_displaces),
    .probe__mmu__data__displaced_level(data_displaced), .probe__events(events)
  );

  wire unknown = ^{
    fetch_valid, fetch_write, fetch_lock, data_valid, data_write, data_lock, fetch_address,
    data_address, fetch_out, data_out, fetch_strobe, data_strobe, fetch_size, fetch_source,
    fetch_level, data_size, data_source, data_level, fetch_id, data_id, retire, trap, halt, intr,
    mode, ixl, rs1, rs2, rd, rmask, wmask, insn, id, paddr, order, intr_cause, rs1_data, rs2_data,
    rd_data, pc, next_pc, addr, rdata, wdata, cause, tval, csr, csr_rmask, csr_rdata, csr_wmask,
    csr_wdata, whole, whole_wdata, mip_rdata, mip_wdata,
    fetch_held, fetch_insn_id, fetch_pc, fetch_stall, fetch_squash, align_held, align_id, align_pc,
    align_stall, align_squash, decode_held, decode_id, decode_pc, decode_stall, decode_squash,
    execute_held, execute_id, execute_pc, execute_stall, execute_squash, trap_held, trap_id,
    trap_pc, trap_stall, trap_squash, fetch_miss, fetch_fault, fetch_va, data_miss, data_fault,
    data_va, walk_read, walk_side, walk_level,
    mmu_walk_access, mmu_walk_adue, mmu_walk_asid, mmu_walk_begins, mmu_walk_caches, mmu_walk_ends,
    mmu_walk_fills, mmu_walk_mxr, mmu_walk_page, mmu_walk_priv, mmu_walk_root, mmu_walk_sum_,
    mmu_walk_va, mmu_walk_verdict, mmu_walk_writes, mmu_walk_skips, mmu_walk_rereads,
    fetch_answers, fetch_page_level, fetch_displaces, fetch_displaced, data_answers,
    data_page_level, data_displaces, data_displaced, events
  } === 1'bx;

  wire [55:0] fetch_index = (fetch_address - 56'h80000000) >> 3;
  wire [55:0] data_index = (data_address - 56'h80000000) >> 3;

  reg [8 * 1024:1] image;
  reg [63:0] tohost, word;
  integer limit, instructions, unknowns, i;

  always #5 clk = ~clk;

  initial begin
    instructions = 0;
    unknowns = 0;
    for (i = 0; i < WORDS; i = i + 1) ram[i] = 0;
    if (!$value$plusargs("image=%s", image) || !$value$plusargs("tohost=%h", tohost)
        || !$value$plusargs("limit=%d", limit)) begin
      $display("+image, +tohost and +limit have to be given");
      $finish;
    end
    $readmemh(image, ram);
    repeat (3) @(posedge clk);
    rst <= 0;
  end

  always @(posedge clk) if (!rst) begin
    mtime <= mtime + 1;
    unknowns = unknowns + unknown;
    instructions = instructions + (retire && !trap);
    fetch_answer <= fetch_valid && holder != 1;
    data_answer <= data_valid && holder != 0;
    // Neither RAM nor answered: an error, and no data.
    fetch_error <= fetch_index >= WORDS;
    data_error <= data_index >= WORDS;
    fetch_in <= fetch_index < WORDS ? ram[fetch_index] : 0;
    data_in <= data_index < WORDS ? ram[data_index] : 0;
    if (data_valid && holder != 0) begin
      holder <= data_lock && data_index < WORDS ? 1 : 2;
      if (data_write && data_index < WORDS) begin
        word = ram[data_index];
        for (i = 0; i < 8; i = i + 1)
          if (data_strobe[i]) word[8 * i +: 8] = data_out[8 * i +: 8];
        ram[data_index] <= word;
      end
    end
    if (data_valid && holder != 0 && data_write && data_address == tohost || mtime == limit - 1)
    begin
      $display("%0d cycles, %0d instructions, tohost %0d, %0d unknown", mtime + 1, instructions,
               mtime == limit - 1 ? 64'd0 : data_out, unknowns);
      $finish;
    end
  end
endmodule
