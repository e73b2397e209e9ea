# AArch64 with sdot and udot: Cortex-A55, A75, A76 and later.
set(offramp_triple aarch64-linux-gnu)
set(offramp_processor aarch64)
set(offramp_cpu "-march=armv8.2-a+dotprod")
set(offramp_emulator qemu-aarch64 -cpu cortex-a76)
include("${CMAKE_CURRENT_LIST_DIR}/linux.cmake")
