// The binary siblings of the topologies by the library, on the path that NETWORKS_PATH names; and their first layers
// alone.
#include <offramp/paths/x86.hpp>

#include "benchmarks/networks/binary.hpp"
#include "benchmarks/networks/planned.hpp"

#ifndef NETWORKS_PATH
#define NETWORKS_PATH portable
#endif

using path = offramp::path::NETWORKS_PATH;

int main() {
  if (!offramp::kernels::runs_here<path>()) return 77;
  networks::contend<networks::binary_resnet8, path>("offramp-binary", "resnet8", true);
  networks::contend<networks::binary_resnet8_shortcuts, path>("offramp-binary-shortcuts", "resnet8");
  networks::contend<networks::binary_quicknet, path>("offramp-binary", "quicknet", true);
  networks::contend<networks::binary_b_lenet, path>("offramp-binary", "b_lenet", true);
}
