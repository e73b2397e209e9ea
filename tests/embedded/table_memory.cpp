// Buffers of the case table. TABLE_ROOM: cases whose input, output or canonical weights take more bytes are left out;
// packed weights and scratch have more, since a path may widen both.
#include "tests/embedded/case_table.hpp"

#ifndef TABLE_ROOM
#define TABLE_ROOM 65536
#endif

namespace case_table {

namespace {
constexpr std::size_t room = TABLE_ROOM, more = (room > 1024 ? 3 : 2) * room + 1024;
alignas(16) unsigned char bytes[3][room + 32], more_bytes[2][more + 32];
}  // namespace

constinit op_memory memory{guarded{bytes[0]}, guarded{bytes[1]}, guarded{bytes[2]}, guarded{more_bytes[0]},
                           guarded{more_bytes[1]}};

}  // namespace case_table
