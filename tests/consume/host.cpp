// What a user of offramp::host does: one include, one target.
#include <cstdio>

#include <offramp/host.hpp>

int main() { std::printf("%d.%d.%d\n", OFFRAMP_VERSION_MAJOR, OFFRAMP_VERSION_MINOR, OFFRAMP_VERSION_PATCH); }
