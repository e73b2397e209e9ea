// Single layers on one path, for the counting plugin: constant geometries as in a network, data made in place. Prints
// for each layer what the plugin counted, then products, scratch, weights, stack and a CRC of the output, which the
// scripts compare with that of path reference on the host. LAYERS_PATH comes by -D, its header by -include.
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "tests/embedded/case_table.hpp"
#include "tests/embedded/count/markers.hpp"
#include "tests/support/benchmark_shapes.hpp"
#include "tests/support/cases.hpp"

#if defined(__arm__) && !defined(__linux__)
#include "tests/embedded/board/stack.hpp"
#endif

#ifndef LAYERS_PATH
#define LAYERS_PATH reference
#endif

namespace {

using namespace offramp_test;
using case_table::checksum;
using offramp::kernel_op;
using offramp::layout;
namespace kernels = offramp::kernels;
using path = offramp::path::LAYERS_PATH;

struct layer {
  const char* name;
  op_signature signature;
  window geometry;
};
constexpr op_signature signs = conv(kind::bits, kind::bits, kind::bits);
constexpr op_signature bytes = conv(kind::i8, kind::i8, kind::i8);

constexpr std::array layers{
    layer{"binary_16x16x32", signs, square_conv(16, 32, 32, 3)},
    layer{"binary_8x8x64", signs, square_conv(8, 64, 64, 3)},
    layer{"binary_8x8x128", signs, square_conv(8, 128, 128, 3)},
    layer{"int8_16x16x32", bytes, square_conv(16, 32, 32, 3)},
    layer{"int8_8x8x64", bytes, square_conv(8, 64, 64, 3)},
    layer{"int8_8x8x128", bytes, square_conv(8, 128, 128, 3)},
#ifdef LAYERS_LARGE
    layer{"binary_16x16x256", signs, square_conv(16, 256, 256, 3)},
    layer{"int8_16x16x256", bytes, square_conv(16, 256, 256, 3)},
#else
    layer{"int8_32x32x16", bytes, square_conv(32, 16, 16, 3)},
    layer{"int8_dense_256x10", bytes, dense_layer(256, 10)},
    layer{"int8_dense_1024x1024", bytes, dense_layer(1024, 1024)},
    layer{"int8_depthwise_25x5x64", grouped(bytes), offramp::make_window({25, 5, 64}, 64, 3, 3, 1, 1, 1, 1, 64)},
    layer{"first_28x28x1-32_bits", conv(kind::u8, kind::i8, kind::bits),
          offramp::make_window({28, 28, 1}, 32, 3, 3, 1, 1, 1)},
    layer{"first_32x32x3-16", conv(kind::u8, kind::i8, kind::i8), square_conv(32, 3, 16, 3)},
#endif
};

struct needed {
  std::size_t in = 0, canonical = 0, packed = 0, out = 0, scratch = 0;
};
constexpr needed most = [] {
  needed n;
  const auto at_least = [](std::size_t& size, std::size_t bytes) { size = size < bytes ? bytes : size; };
  for (const layer& l : layers) {
    const kernel_op op{l.signature, l.geometry};
    at_least(n.in, offramp::tensor_bytes(l.geometry.in, l.signature.in, layout::nhwc));
    at_least(n.out, offramp::tensor_bytes(l.geometry.out, l.signature.out, layout::nhwc));
    at_least(n.canonical, kernels::canonical_layout(op).total());
    at_least(n.packed, kernels::weight_words<path>(op));
    at_least(n.scratch, kernels::scratch_bytes<path>(op));
  }
  return n;
}();
alignas(16) unsigned char in[most.in], out[most.out], scratch[most.scratch + 8];
alignas(16) std::uint32_t canonical[most.canonical];
alignas(16) std::uint32_t packed[most.packed];

template <std::size_t I>
[[gnu::noinline]] void run() {
  constexpr window w = layers[I].geometry;
  kernels::run<path, layers[I].signature>(offramp::static_geometry<w>{}, {in, packed, out, scratch});
}

template <std::size_t I>
[[gnu::noinline]] void measure() {
  constexpr layer l = layers[I];
  constexpr kernel_op op{l.signature, l.geometry};
  constexpr kernel_op strided{l.signature, offramp::make_window({2, 2, 1}, 1, 1, 1, 2, 0, 0)};
  static_assert(kernels::reads<path>(strided) == layout::nhwc && kernels::writes<path>(strided, layout::nhwc));
  case_table::numbers r{static_cast<std::uint32_t>(I) + 1};
  case_table::fill_weights(r, op, canonical);
  kernels::pack<path>(op, canonical, packed);
  case_table::fill_tensor(r, l.geometry.in, l.signature.in, in);

  board::line line;
  (line << "layer " << l.name).end();
  board::count_begin();
  run<I>();
  board::count_end();
  checksum sum;
  const std::size_t size = static_cast<std::size_t>(case_table::element_bytes(l.signature.out));
  sum.add(out, offramp::tensor_bytes(l.geometry.out, l.signature.out, layout::nhwc) / size, l.signature.out);
  std::int32_t stack = -1;
#if defined(__arm__) && !defined(__linux__)
  stack = board::stack_of(run<I>);
#endif
  constexpr std::int32_t macs = l.geometry.out.size() * l.geometry.depth();
  line << "size macs=" << macs << " scratch=" << static_cast<std::int32_t>(kernels::scratch_bytes<path>(op))
       << " weights=" << static_cast<std::int32_t>(4 * kernels::weight_words<path>(op)) << " stack=" << stack
       << " path=" << kernels::running_path<path, l.signature>::name << " crc=";
  line.hex(sum.value()).end();
}

}  // namespace

int main() {
  [&]<std::size_t... I>(std::index_sequence<I...>) { (measure<I>(), ...); }
  (std::make_index_sequence<layers.size()>{});
  return 0;
}
