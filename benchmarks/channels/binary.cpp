// The sweep in binary: a unit of its own, for each count of channels is compiled.
#include "benchmarks/channels/sweep.hpp"

channels::curve_of_points channels::sweep_binary() { return sweep<peers::arithmetic::binary>(); }
