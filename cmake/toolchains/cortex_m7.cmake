# Cortex-M7: as Cortex-M4, two instructions at a time, double precision.
set(offramp_cpu "-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard")
set(offramp_machine mps2-an500)
include("${CMAKE_CURRENT_LIST_DIR}/cortex_m.cmake")
