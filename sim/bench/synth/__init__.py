"""Area and clock of the MMU and of the hart on an FPGA: `make synth`."""
