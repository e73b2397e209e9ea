// Benchmarks of path avx512, in a unit of their own: each layer of constant shape is compiled for each path.
#include <offramp/paths/avx512.hpp>

#include "benchmarks/kernels/path_benchmarks.hpp"

void benchmarked::add_avx512() { add_path<offramp::path::avx512>(); }
