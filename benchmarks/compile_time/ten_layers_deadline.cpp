// The same (ten_layers.cpp) with a deadline that the compiler checks.
#include "ten_layers.cpp"

static_assert(latency<ten_layers>(cpus::cortex_m4_instructions_portable).longest_path < 1e9);
