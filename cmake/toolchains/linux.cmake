# Linux on another architecture with Debian's cross compilers: included by the file of each target, which sets
#   offramp_triple     prefix of the compilers
#   offramp_processor  what CMake calls it
#   offramp_cpu        flags that name the instruction set
#   offramp_emulator   how CTest runs programs; they are linked statically, so that the emulator needs no libraries
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${offramp_processor})
set(CMAKE_C_COMPILER ${offramp_triple}-gcc)
set(CMAKE_CXX_COMPILER ${offramp_triple}-g++)
set(CMAKE_C_FLAGS_INIT "${offramp_cpu}")
set(CMAKE_CXX_FLAGS_INIT "${offramp_cpu}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
set(CMAKE_CROSSCOMPILING_EMULATOR ${offramp_emulator})

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
