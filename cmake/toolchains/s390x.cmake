# z/Architecture, which is big-endian: model files and packed weights must not care.
set(offramp_triple s390x-linux-gnu)
set(offramp_processor s390x)
set(offramp_cpu "-march=z13")
set(offramp_emulator qemu-s390x -cpu max)
include("${CMAKE_CURRENT_LIST_DIR}/linux.cmake")
