// Benchmarks of path avx2, in a unit of their own: each layer of constant shape is compiled for each path.
#include <offramp/paths/avx2.hpp>

#include "benchmarks/kernels/path_benchmarks.hpp"

void benchmarked::add_avx2() { add_path<offramp::path::avx2>(); }
