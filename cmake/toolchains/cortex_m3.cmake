# Cortex-M3: Armv7-M, no floating-point unit.
set(offramp_cpu "-mcpu=cortex-m3 -mfloat-abi=soft")
set(offramp_machine mps2-an385)
include("${CMAKE_CURRENT_LIST_DIR}/cortex_m.cmake")
