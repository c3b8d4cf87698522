"""A recorded simulation, played to the Verilog of the same component: equal in every cycle?"""

from amaranth.hdl import Signal, Value
from amaranth.lib.wiring import Out

__all__ = ["Recorder"]

BENCH = """\
`timescale 1ns / 1ns

module replay;
  reg clk = 0, rst = 0;
  reg [{inputs} - 1:0] given = 0;
  wire [{outputs} - 1:0] got;
  reg [{inputs} + {outputs} - 1:0] steps [0:{steps} - 1];
  reg [{outputs} - 1:0] wanted;
  integer n, wrong, unknown;

  {top} dut (
    .clk(clk), .rst(rst){ports}
  );

  initial begin
    wrong = 0;
    unknown = 0;
    $readmemh("{image}", steps);
    rst = {resets} > 0;
    repeat ({resets}) begin
      #5 clk = 1;
      #5 clk = 0;
    end
    rst = 0;
    for (n = 0; n < {steps}; n = n + 1) begin
      {{given, wanted}} = steps[n];
      #5;
      if (got !== wanted) wrong = wrong + 1;
      if (^got === 1'bx) unknown = unknown + 1;
      clk = 1;
      #5 clk = 0;
    end
    $display("%0d cycles, %0d wrong, %0d unknown", n, wrong, unknown);
    $finish;
  end
endmodule
"""


class Recorder:
    """Writes down the ports of `component` in every cycle.

    Members
    -------
    steps : list of list of int
        Of each cycle the values of all ports, inputs first, as they are before its clock edge.
    """

    def __init__(self, component):
        ports = []
        for path, member, value in component.signature.flatten(component):
            port = Value.cast(value)
            assert isinstance(port, Signal)
            ports.append((member.flow is Out, "__".join(map(str, path)), port))
        ports.sort(key=lambda port: port[:2])
        self._ports = ports
        self.steps = []

    async def record(self, ctx):
        """A background testbench."""
        while True:
            _clk, _rst, *values = await ctx.tick().sample(*(port for _, _, port in self._ports))
            self.steps.append(list(map(int, values)))

    def write(self, top, folder, *, resets=3):
        """Writes a bench for module `top` of Verilog, and what it reads; returns its path.

        It begins with `resets` cycles of `rst`.
        """
        image = folder / f"{top}.hex"
        image.write_text("".join(f"{self._word(step):x}\n" for step in self.steps))
        connections, low = [], {False: 0, True: 0}
        for is_output, name, port in reversed(self._ports):
            bus, start = ("got" if is_output else "given"), low[is_output]
            low[is_output] += len(port)
            connections.append(f",\n    .{name}({bus}[{start} +: {len(port)}])")
        bench = folder / f"{top}_replay.v"
        bench.write_text(
            BENCH.format(
                top=top,
                ports="".join(connections),
                image=image,
                steps=len(self.steps),
                inputs=low[False],
                outputs=low[True],
                resets=resets,
            )
        )
        return bench

    def _word(self, step):
        word = 0
        for (_, _, port), value in zip(self._ports, step, strict=True):
            word = word << len(port) | value & (1 << len(port)) - 1
        return word
