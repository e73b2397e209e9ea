# Cortex-M0+: Armv6-M, no divider, no unaligned loads. Emulated on a board with 16 KB of RAM.
set(offramp_cpu "-mcpu=cortex-m0plus -mfloat-abi=soft")
set(offramp_machine microbit)
include("${CMAKE_CURRENT_LIST_DIR}/cortex_m.cmake")
