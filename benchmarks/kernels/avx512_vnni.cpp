// Benchmarks of path avx512_vnni, in a unit of their own: each layer of constant shape is compiled for each path.
#include <offramp/paths/avx512_vnni.hpp>

#include "benchmarks/kernels/path_benchmarks.hpp"

void benchmarked::add_avx512_vnni() { add_path<offramp::path::avx512_vnni>(); }
