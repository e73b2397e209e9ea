// What a project without CMake does: g++ -std=c++20 -Iinclude plain.cpp. Prints the version it was built against.
#include <cstdio>

#include <offramp/offramp.hpp>

int main() { std::printf("%d.%d.%d\n", OFFRAMP_VERSION_MAJOR, OFFRAMP_VERSION_MINOR, OFFRAMP_VERSION_PATCH); }
