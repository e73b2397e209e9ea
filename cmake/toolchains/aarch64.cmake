# AArch64 with NEON, as every such core has it; the emulated one has no dot products, so a stray one is a fault.
set(offramp_triple aarch64-linux-gnu)
set(offramp_processor aarch64)
set(offramp_cpu "-march=armv8-a")
set(offramp_emulator qemu-aarch64 -cpu cortex-a53)
include("${CMAKE_CURRENT_LIST_DIR}/linux.cmake")
