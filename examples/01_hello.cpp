// 01: a network is a type, its weights are constants, and nothing else is needed: no data, no library, no heap.
// Pictures of 12 x 12 characters are told apart; the more noise, the longer the network looks.
#include <cstdint>
#include <cstdio>

#include <offramp/offramp.hpp>

#include "hello/weights.hpp"  // made by tools/make_hello_weights.cpp: 9 kB of constants, in flash on a device

using namespace offramp;

using shapes_net = network<image<12, 12, 1, u8>,  //
                           stage<conv2d<4, 3, stride{2}>, batch_norm, sign>, exit_head<4, avg_pool<2>>,
                           stage<conv2d<16, 3, binary>, batch_norm, sign>, exit_head<4, avg_pool<2>>,
                           stage<conv2d<48, 3, binary>, batch_norm, sign, conv2d<48, 3, binary>, batch_norm, sign>,
                           exit_head<4, avg_pool<2>>>;
using device_net = lower<shapes_net, i8>;
static_assert(memory<device_net, path::portable>.arena_bytes <= 1024);

static constexpr const char* names[] = {"circle", "square", "triangle", "cross"};
static constexpr int side = 12, pictures = 4;
static constexpr const char* drawn[side] = {"............ ............ ............ ............",  //
                                            "....####.... ............ ............ .#........#.",  //
                                            "..##....##.. ..########.. ......#..... ..#......#..",  //
                                            ".#........#. ..#......#.. .....#.#.... ...#....#...",  //
                                            ".#........#. ..#......#.. .....#.#.... ....#..#....",  //
                                            "#..........# ..#......#.. ....#...#... .....##.....",  //
                                            "#..........# ..#......#.. ....#...#... .....##.....",  //
                                            ".#........#. ..#......#.. ...#.....#.. ....#..#....",  //
                                            ".#........#. ..#......#.. ...#.....#.. ...#....#...",  //
                                            "..##....##.. ..########.. ..#########. ..#......#..",  //
                                            "....####.... ............ ............ .#........#.",  //
                                            "............ ............ ............ ............"};

static constinit arena<device_net> ram{};  // all the memory it works in

int main() {
  session<device_net> net{hello_weights, ram};
  std::uint32_t random = 1;
  for (int noise = 0; noise <= 24; noise += 8) {  // per cent of the pixels turned over
    std::uint8_t pixels[pictures][side * side];
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < pictures * (side + 1) - 1; ++x) {
        random = random * 1664525 + 1013904223;
        const bool ink = (drawn[y][x] == '#') != (random >> 16 < static_cast<std::uint32_t>(noise) * 655);
        if (x % (side + 1) < side) pixels[x / (side + 1)][y * side + x % (side + 1)] = ink ? 255 : 0;
        std::putchar(drawn[y][x] == ' ' ? ' ' : ink ? '#' : '.');
      }
      std::putchar('\n');
    }
    for (const auto& picture : pixels) {
      const prediction p = net.classify(picture);
      std::printf("%-8s %2.0f%% ", names[p.label], 100 * static_cast<double>(p.probability()));
    }
    std::printf("\n");
    for (const auto& picture : pixels) std::printf("exit %d       ", net.classify(picture).exit + 1);
    std::printf("   %d %% noise\n\n", noise);
  }
  std::printf("%d bytes of memory, %d bytes of weights; operations up to each exit:", static_cast<int>(sizeof ram),
              static_cast<int>(hello_weights.bytes()));
  for (int k = 0; k < device_net::exits; ++k) std::printf(" %d", static_cast<int>(net.ops_to_exit(k)));
  std::printf("\n");
  return 0;
}
