// covers: net/network.hpp net/composition.hpp net/description.hpp
// Shapes, partners, biases and places of exits of a hand-checked network; its identity; cutting it.
#include <offramp/net/network.hpp>

#include <iterator>
#include <type_traits>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

using example =
    network<image<28, 28, 1>,
            stage<conv2d<32, 3, stride{2}>, batch_norm, residual<sign, conv2d<64, 3, binary, stride{2}>, batch_norm>>,
            exit_head<10>, stage<batch_norm, sign, max_pool<3, 2>, conv2d<16, 3, binary>, relu>,
            exit_head<10, avg_pool<3>, dense<20>, relu>>;

template <class... Layers>
using with = network<image<16, 16, 3>, stage<Layers...>, exit_head<10>>;

// A layer of a user's own that does nothing.
template <std::uint32_t Id>
struct own {
  static constexpr std::uint32_t id = Id;
  static constexpr const char* name = "own";
  static constexpr kind in = kind::none;
  static constexpr kind out = kind::none;
  static constexpr shape out_shape(shape s) { return s; }
  static constexpr std::int64_t macs(shape) { return 0; }
  static void run(const user_arguments&) {}
  static void forward(shape, const float*, const float*, float*) {}
  static void backward(shape, const float*, const float*, const float*, float*, float*) {}
};

template <class Net>
constexpr std::uint64_t whole_hash = structure_hash(Net::view(), Net::exits - 1);

}  // namespace

TEST_CASE("network: shapes, biases and exits") {
  constexpr network_view v = example::view();
  struct row {
    layer_kind what;
    shape in, out;
    bool reads_bits, bias;
    int exit;
    bool head;
  };
  using k = layer_kind;
  const row rows[] = {
      {k::conv2d, {28, 28, 1}, {14, 14, 32}, false, false, 0, false},
      {k::batch_norm, {14, 14, 32}, {14, 14, 32}, false, false, 0, false},
      {k::residual_begin, {14, 14, 32}, {14, 14, 32}, false, false, 0, false},
      {k::sign, {14, 14, 32}, {14, 14, 32}, false, false, 0, false},
      {k::conv2d, {14, 14, 32}, {7, 7, 64}, true, false, 0, false},
      {k::batch_norm, {7, 7, 64}, {7, 7, 64}, false, false, 0, false},
      {k::residual_end, {7, 7, 64}, {7, 7, 64}, false, false, 0, false},
      {k::avg_pool, {7, 7, 64}, {1, 1, 64}, false, false, 0, true},
      {k::dense, {1, 1, 64}, {1, 1, 10}, false, true, 0, true},
      {k::batch_norm, {7, 7, 64}, {7, 7, 64}, false, false, 1, false},
      {k::sign, {7, 7, 64}, {7, 7, 64}, false, false, 1, false},
      {k::max_pool, {7, 7, 64}, {3, 3, 64}, true, false, 1, false},
      {k::conv2d, {3, 3, 64}, {3, 3, 16}, true, true, 1, false},
      {k::relu, {3, 3, 16}, {3, 3, 16}, false, false, 1, false},
      {k::avg_pool, {3, 3, 16}, {1, 1, 16}, false, false, 1, true},
      {k::dense, {1, 1, 16}, {1, 1, 20}, false, true, 1, true},
      {k::relu, {1, 1, 20}, {1, 1, 20}, false, false, 1, true},
      {k::dense, {1, 1, 20}, {1, 1, 10}, false, true, 1, true},
  };
  REQUIRE(v.layer_count == static_cast<int>(std::size(rows)));
  for (int i = 0; i < v.layer_count; ++i) {
    CAPTURE(i);
    const layer_desc& d = v.layers[i];
    const row& r = rows[i];
    CHECK(d.what == r.what);
    CHECK(d.in == r.in);
    CHECK(d.out == r.out);
    if (d.has_weights()) CHECK(d.reads_bits == r.reads_bits);
    CHECK(d.bias == r.bias);
    CHECK(d.exit == r.exit);
    CHECK(d.head == r.head);
  }
  CHECK(v.layers[2].partner == 6);
  CHECK(v.layers[6].partner == 2);
  REQUIRE(v.exit_count == 2);
  CHECK(v.exits[0].stage_first == 0);
  CHECK(v.exits[0].stage_last == 7);
  CHECK(v.exits[0].head_first == 7);
  CHECK(v.exits[0].head_last == 9);
  CHECK(v.exits[1].stage_first == 9);
  CHECK(v.exits[1].head_last == 18);
  CHECK(v.exits[1].classes == 10);
  // Products: dense and global pooling take the whole input as their window.
  CHECK(v.layers[4].geometry().depth() == 9 * 32);
  CHECK(v.layers[7].geometry().taps() == 49);
  CHECK(v.layers[8].geometry().depth() == 64);
}

TEST_CASE("network: a cut network is the first part, with the identity stored for its exit") {
  using first = cut<example, 1>;
  CHECK(first::exits == 1);
  CHECK(first::view().layer_count == 9);
  CHECK(std::is_same_v<cut<example, 2>, example>);
  CHECK(structure_hash(first::view(), 0) == structure_hash(example::view(), 0));
  CHECK(structure_hash(example::view(), 0) != structure_hash(example::view(), 1));
}

TEST_CASE("network: every declared field is part of the identity") {
  using base = with<conv2d<8, 3>, max_pool<2>>;
  const std::uint64_t hashes[] = {
      whole_hash<base>,
      whole_hash<with<conv2d<9, 3>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 1>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3, valid>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3, stride{2}>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3, binary>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3, i8>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, avg_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, max_pool<3>>>,
      whole_hash<with<conv2d<8, 3>, max_pool<2, 1>>>,
      whole_hash<with<max_pool<2>, conv2d<8, 3>>>,
      whole_hash<with<conv2d<8, 3>, batch_norm, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, relu, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, sign, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, residual<conv2d<8, 3>>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, residual<conv2d<8, 3>, batch_norm>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, conv2d<8, 3>, max_pool<2>>>,
      whole_hash<network<image<17, 16, 3>, stage<conv2d<8, 3>, max_pool<2>>, exit_head<10>>>,
      whole_hash<network<image<16, 17, 3>, stage<conv2d<8, 3>, max_pool<2>>, exit_head<10>>>,
      whole_hash<network<image<16, 16, 1>, stage<conv2d<8, 3>, max_pool<2>>, exit_head<10>>>,
      whole_hash<network<image<16, 16, 3, f32>, stage<conv2d<8, 3>, max_pool<2>>, exit_head<10>>>,
      whole_hash<network<image<16, 16, 3>, stage<conv2d<8, 3>, max_pool<2>>, exit_head<11>>>,
      whole_hash<network<image<16, 16, 3>, stage<conv2d<8, 3>, max_pool<2>>, exit_head<10, avg_pool<2>>>>,
      // Fields and layers that came later.
      whole_hash<with<conv2d<8, 3, stride{1, 2}>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3, stride{2, 1}>, max_pool<2>>>,
      whole_hash<with<conv2d<9, 3, groups{3}>, max_pool<2>>>,
      whole_hash<with<depthwise_conv2d<3, multiplier{2}>, max_pool<2>>>,
      whole_hash<with<conv2d<8, kernel{3, 1}>, max_pool<2>>>,
      whole_hash<with<conv2d<8, kernel{1, 3}>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, max_pool1d<2>>>,
      whole_hash<with<conv2d<8, 3>, prelu, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, shift, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, rsign, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, rprelu, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, blur_pool<2, 2>>>,
      whole_hash<with<conv2d<8, 3>, blur_pool<3, 2>>>,
      whole_hash<with<conv2d<8, 3>, mixed_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, mixed_pool<2, 1>>>,
      whole_hash<with<conv2d<8, 3>, mixed_pool<kernel{2, 3}, stride{2}>>>,
      whole_hash<with<conv2d<8, 3>, mixed_pool<2, stride{2, 1}>>>,
      whole_hash<with<conv2d<8, 3>, sdn_pool>>,
      whole_hash<with<conv2d<8, 3>, concat<branch<>, branch<>>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, concat<branch<>, branch<>, branch<>>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, concat<branch<relu>, branch<>>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, concat<branch<>, branch<relu>>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, concat<branch<>, branch<>>, relu, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, user_layer<own<1004>>, max_pool<2>>>,
      whole_hash<with<conv2d<8, 3>, user_layer<own<1005>>, max_pool<2>>>,
      whole_hash<network<image<16, 16, 3>, stage<conv2d<8, 3>, max_pool<2>>, exit_head<10, global_avg_pool, flatten>>>,
      whole_hash<network<image<16, 16, 3>, stage<conv2d<8, 3>>, exit_head<10>, stage<max_pool<2>>, exit_head<10>>>,
      whole_hash<network<image<16, 16, 3>, stage<conv2d<8, 3>>, exit_head<10>, stage<max_pool<2>>, cascade_head<10>>>,
      // The same layers, moved from the stage into the head.
      whole_hash<network<image<16, 16, 3>, stage<conv2d<8, 3>>, exit_head<10, max_pool<2>, global_avg_pool>>>,
  };
  const auto n = std::size(hashes);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 1; j < n; ++j) {
      CAPTURE(i);
      CAPTURE(j);
      CHECK(hashes[i] != hashes[j]);
    }
  // Two ways to write the same layers are one network.
  CHECK(whole_hash<with<conv2d<8, 3, stride{2}, binary>>> ==
        whole_hash<with<conv2d<8, 3, binary, stride{2}, padding{1}>>>);
  CHECK(whole_hash<with<conv2d<8, 3>, sdn_pool>> == whole_hash<with<conv2d<8, 3>, mixed_pool<4>>>);
}

TEST_CASE("network: the identity is the same on every machine and in every version") {
  // Stored in models: if this number changes, every model exported before is refused. Computed apart, with FNV-1a by
  // hand.
  CHECK(whole_hash<with<conv2d<8, 3>, sign>> == 0x620f697148ecfcb4u);
  // Layers that came later, up to the user's own, whose number is the largest of them.
  CHECK(whole_hash<with<conv2d<8, 3, groups{1}>, rprelu, concat<branch<>, branch<blur_pool<3, 1>>>, max_pool<2>,
                        user_layer<own<1004>>>> == 0x358d43bc2811fd8fu);
  // The network of the main job: its shipped models store these.
  using garment_net = network<image<28, 28, 1, u8>, stage<conv2d<32, 3, stride{2}>, batch_norm, bireal_block<64>>,
                              exit_head<10, avg_pool<6, 4>>, stage<bireal_block<64>>, exit_head<10, avg_pool<7>>,
                              stage<bireal_block<128, 2>, bireal_block<128>>, exit_head<10, avg_pool<4, 3>>,
                              stage<bireal_block<128>, bireal_block<128>>, exit_head<10, avg_pool<4, 3>>>;
  const std::uint64_t stored[] = {0x00876ca66ea50fc7u, 0x8b9c01eaca5c9da5u, 0xf6c179d6af28bc99u, 0xda179f84c59f7216u};
  for (int i = 0; i < 4; ++i) CHECK(structure_hash(garment_net::view(), i) == stored[i]);
}
