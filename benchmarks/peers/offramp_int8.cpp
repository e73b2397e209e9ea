// The library's layers as contenders: bytes. PEERS_PATH says on which path; one program each, built without -march.
#include <offramp/paths/x86.hpp>

#include "benchmarks/peers/layer.hpp"

#ifndef PEERS_PATH
#define PEERS_PATH portable
#endif

int main() { return peers::contend_in_all<offramp::path::PEERS_PATH, peers::arithmetic::int8>(); }
