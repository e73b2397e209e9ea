# What cmake/toolchains/NAME.cmake says, as shell variables: cmake -DNAME=cortex_m4 -P tests/embedded/target.cmake
# So scripts compile with the very flags that users get, and nothing is typed twice.
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/toolchains/${NAME}.cmake")
list(JOIN CMAKE_CROSSCOMPILING_EMULATOR " " emulator)
set(said "target_system='${CMAKE_SYSTEM_NAME}'" "target_compiler='${CMAKE_CXX_COMPILER}'" "target_cpu='${offramp_cpu}'"
         "target_flags='${CMAKE_CXX_FLAGS_INIT}'" "target_link='${CMAKE_EXE_LINKER_FLAGS_INIT}'"
         "target_machine='${offramp_machine}'" "target_emulator='${emulator}'")
list(JOIN said "\n" said)
execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "${said}")
