// The sweep in f32: a unit of its own, for each count of channels is compiled.
#include "benchmarks/channels/sweep.hpp"

channels::curve_of_points channels::sweep_f32() { return sweep<peers::arithmetic::f32>(); }
