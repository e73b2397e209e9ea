// The sweep in int8: a unit of its own, for each count of channels is compiled.
#include "benchmarks/channels/sweep.hpp"

channels::curve_of_points channels::sweep_int8() { return sweep<peers::arithmetic::int8>(); }
