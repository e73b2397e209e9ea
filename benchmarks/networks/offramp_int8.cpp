// The topologies in int8 by the library, on the path that NETWORKS_PATH names.
#include <offramp/paths/x86.hpp>

#include "benchmarks/networks/planned.hpp"
#include "benchmarks/networks/program.hpp"

#ifndef NETWORKS_PATH
#define NETWORKS_PATH portable
#endif

namespace {

template <const networks::topology& Topology>
struct in_int8 {
  static constexpr auto program = networks::program_of(Topology, offramp::kind::i8);
};

using path = offramp::path::NETWORKS_PATH;

template <const networks::topology& Topology>
void contend() {
  networks::contend<in_int8<Topology>, path>("offramp-int8", Topology.name);
}

}  // namespace

int main() {
  if (!offramp::kernels::runs_here<path>()) return 77;
  contend<networks::resnet8>();
  contend<networks::quicknet>();
  contend<networks::b_lenet>();
}
