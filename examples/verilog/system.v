// The MMU on Wishbone with a RAM of 16 KiB for its page tables, and nothing else. trapline_mmu is
// written by: make verilog PART=mmu BUS=wishbone RAM=0x80000000:16K

module system (
  input clk, input rst,
  // A data address to translate: held until `done`.
  input valid, input [63:0] va, input [2:0] access,
  output done, output [55:0] pa, output [1:0] fault, output needs_update,
  // A or D to set: held until `updated`.
  input update, output updated,
  // satp.PPN, and a fence of everything.
  input [43:0] root, input fence
);
  wire [52:0] adr;
  wire [63:0] dat_w, dat_r;
  wire [7:0] sel;
  wire cyc, stb, we, ack, lock;

  trapline_mmu mmu (
    .clk(clk), .rst(rst),
    // Sv39 on, Svadu on, everything else as after a reset.
    .context__sv39(1'b1), .context__asid(16'd0), .context__root(root), .context__sum_(1'b0),
    .context__mxr(1'b0), .context__adue(1'b1),
    // Addresses of data, from U-mode.
    .data__valid(valid), .data__va(va), .data__priv(2'd0), .data__access(access),
    .data__size(2'd3), .data__id(32'd0), .data__squash(1'b0), .data__done(done), .data__pa(pa),
    .data__fault(fault), .data__update(needs_update), .data__device(), .data__narrow(),
    // No instructions are fetched.
    .fetch__valid(1'b0), .fetch__va(64'd0), .fetch__priv(2'd0), .fetch__access(3'd0),
    .fetch__size(2'd0), .fetch__id(32'd0), .fetch__squash(1'b0), .fetch__done(), .fetch__pa(),
    .fetch__fault(), .fetch__update(), .fetch__device(), .fetch__narrow(),
    .update__valid(update), .update__va(va), .update__priv(2'd0), .update__access(access),
    .update__id(32'd0), .update__done(updated), .update__fault(),
    .sfence__valid(fence), .sfence__has_va(1'b0), .sfence__va(64'd0), .sfence__has_asid(1'b0),
    .sfence__asid(16'd0),
    .port__adr(adr), .port__dat_w(dat_w), .port__dat_r(dat_r), .port__sel(sel), .port__cyc(cyc),
    .port__stb(stb), .port__we(we), .port__ack(ack), .port__err(1'b0), .port__lock(lock)
    // Ports of `probe` stay open.
  );

  ram ram (
    .clk(clk), .adr(adr[10:0]), .dat_w(dat_w), .dat_r(dat_r), .sel(sel), .cyc(cyc), .stb(stb),
    .we(we), .ack(ack)
  );
endmodule

// 2048 words on Wishbone. It answers in the cycle after that of `stb`.
module ram (
  input clk, input [10:0] adr, input [63:0] dat_w, output reg [63:0] dat_r, input [7:0] sel,
  input cyc, input stb, input we, output reg ack
);
  reg [63:0] words [0:2047];
  integer lane;

  initial ack = 0;

  always @(posedge clk) begin
    ack <= cyc && stb && !ack;
    dat_r <= words[adr];
    for (lane = 0; lane < 8; lane = lane + 1)
      if (cyc && stb && !ack && we && sel[lane]) words[adr][8 * lane +: 8] <= dat_w[8 * lane +: 8];
  end
endmodule
