# RISC-V, 64 bits.
set(offramp_triple riscv64-linux-gnu)
set(offramp_processor riscv64)
set(offramp_cpu "-march=rv64gc")
set(offramp_emulator qemu-riscv64 -cpu rv64)
include("${CMAKE_CURRENT_LIST_DIR}/linux.cmake")
