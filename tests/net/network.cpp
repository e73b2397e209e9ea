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
}

TEST_CASE("network: the identity is the same on every machine and in every version") {
  // Stored in models: if this number changes, every model exported before is refused. Computed apart, with FNV-1a by
  // hand.
  CHECK(whole_hash<with<conv2d<8, 3>, sign>> == 0x620f697148ecfcb4u);
}
