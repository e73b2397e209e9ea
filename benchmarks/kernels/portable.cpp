// Benchmarks of path portable, in a unit of their own: each layer of constant shape is compiled for each path.
#include <offramp/kernels/dispatch.hpp>

#include "benchmarks/kernels/path_benchmarks.hpp"

void benchmarked::add_portable() { add_path<offramp::path::portable>(); }
