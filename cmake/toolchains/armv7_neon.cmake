# Armv7-A with NEON, 32 bits.
set(offramp_triple arm-linux-gnueabihf)
set(offramp_processor arm)
set(offramp_cpu "-march=armv7-a -mfpu=neon -mfloat-abi=hard")
set(offramp_emulator qemu-arm -cpu cortex-a15)
include("${CMAKE_CURRENT_LIST_DIR}/linux.cmake")
