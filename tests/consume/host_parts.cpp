// A user of offramp::host who takes two headers of it. Small to compile, and needs all that the target brings: Eigen to
// compile, zlib and threads to link.
#include <cstdio>
#include <string>
#include <thread>

#include <offramp/host/eigen.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/idx.hpp>

int main() {
  std::string said;
  std::thread{[&said] {
    try {
      (void)offramp::host::read_idx_images("no-such-file");
    } catch (const offramp::host::error& problem) { said = problem.what(); }
  }}.join();
  if (said.find("no-such-file") == std::string::npos) return 1;
  std::printf("%d.%d.%d\n", OFFRAMP_VERSION_MAJOR, OFFRAMP_VERSION_MINOR, OFFRAMP_VERSION_PATCH);
}
