// Benchmarks of path avx512_popcnt, in a unit of their own: each layer of constant shape is compiled for each path.
#include <offramp/paths/avx512_popcnt.hpp>

#include "benchmarks/kernels/path_benchmarks.hpp"

void benchmarked::add_avx512_popcnt() { add_path<offramp::path::avx512_popcnt>(); }
