# Cortex-M4: Armv7E-M with the DSP extension and a single-precision unit.
set(offramp_cpu "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard")
set(offramp_machine mps2-an386)
include("${CMAKE_CURRENT_LIST_DIR}/cortex_m.cmake")
