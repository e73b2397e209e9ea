# Cortex-M33: Armv8-M with the DSP extension and a single-precision unit.
set(offramp_cpu "-mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard")
set(offramp_machine mps2-an505)
include("${CMAKE_CURRENT_LIST_DIR}/cortex_m.cmake")
