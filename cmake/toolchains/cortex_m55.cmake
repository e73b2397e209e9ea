# Cortex-M55: Armv8.1-M with Helium.
set(offramp_cpu "-mcpu=cortex-m55 -mfloat-abi=hard")
set(offramp_machine mps3-an547)
include("${CMAKE_CURRENT_LIST_DIR}/cortex_m.cmake")
