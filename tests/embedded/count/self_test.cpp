// What the counter must say of code whose instructions are known: loops around nops, loads and stores of a volatile.
#include "tests/embedded/console.hpp"
#include "tests/embedded/count/markers.hpp"

namespace {

// `rounds` times ten instructions that do nothing and those of the loop.
[[gnu::noinline]] void nops(int rounds) {
  for (int i = 0; i < rounds; ++i) {
    __asm__ volatile("nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop");
  }
}

volatile int cell = 1;

}  // namespace

int main() {
  for (int rounds = 1000; rounds <= 2000; rounds += 1000) {
    board::print("nops: ");
    board::count_begin();
    nops(rounds);
    board::count_end();
  }
  board::print("nothing: ");
  board::count_begin();
  board::count_end();
  board::print("loads: ");
  board::count_begin();
  for (int i = 0; i < 100; ++i) static_cast<void>(cell);
  board::count_end();
  board::print("stores: ");
  board::count_begin();
  for (int i = 0; i < 100; ++i) cell = i;
  board::count_end();
  return 0;
}
