# Bare-metal Arm Cortex-M with arm-none-eabi-g++: included by the file of each core, which sets
#   offramp_cpu       flags that name core, floating-point unit and calling convention
#   offramp_machine   the emulated board that CTest runs programs on
# C++ without exceptions, RTTI and guards of statics; newlib-nano where a library is asked for at all.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY) # a board has no startup code of its own that could be linked here

set(CMAKE_C_FLAGS_INIT "${offramp_cpu} -mthumb -ffunction-sections -fdata-sections")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT} -fno-exceptions -fno-rtti -fno-threadsafe-statics")
set(CMAKE_EXE_LINKER_FLAGS_INIT "--specs=nano.specs -Wl,--gc-sections")
set(CMAKE_CROSSCOMPILING_EMULATOR
    qemu-system-arm -M ${offramp_machine} -display none -monitor none -serial none
    -semihosting-config enable=on,target=native -kernel)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
