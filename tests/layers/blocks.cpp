// covers: layers/blocks.hpp layers/concat.hpp
// Composite layers: how branches bracket their layers, and what the blocks of the literature consist of.
#include <offramp/layers/blocks.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

// Names of all layers, and for convolutions "channels/kernel/stride".
template <class Layers>
std::string listing() {
  layer_desc d[32];
  layer_desc* next = d;
  Layers::append(next);
  CHECK(next == d + Layers::layer_count);
  std::string text;
  for (const layer_desc* l = d; l != next; ++l) {
    if (l != d) text += " ";
    text += to_string(l->what);
    if (l->what == layer_kind::conv2d || l->what == layer_kind::blur_pool || l->what == layer_kind::max_pool)
      text += std::to_string(l->out_c) + "/" + std::to_string(l->kernel_h) + "/" + std::to_string(l->stride_h) +
              (l->weights == kind::bits ? "b" : "");
  }
  return text;
}

}  // namespace

TEST_CASE("layers: a concat brackets its branches, and an empty branch is the input") {
  CHECK(listing<concat<branch<>, branch<sign, relu>>>() ==
        "concat_begin branch_begin branch_begin sign relu concat_end");
  CHECK(listing<concat<branch<relu>, branch<concat<branch<>, branch<>>>, branch<>>>() ==
        "concat_begin branch_begin relu branch_begin concat_begin branch_begin branch_begin concat_end branch_begin "
        "concat_end");
}

TEST_CASE("layers: the blocks of the literature") {
  CHECK(listing<bireal_block<64>>() == "residual_begin sign conv2d64/3/1b batch_norm residual_end");
  CHECK(listing<bireal_block<64, 2>>() == "residual_begin sign conv2d64/3/2b batch_norm residual_end");
  CHECK(listing<quicknet_block<32>>() == "residual_begin sign conv2d32/3/1b relu batch_norm residual_end");
  CHECK(listing<quicknet_transition<64>>() == "relu max_pool0/2/1 blur_pool1/3/2 conv2d64/1/1 batch_norm");
  CHECK(listing<reactnet_block<16, 2>>() ==
        "residual_begin shift sign conv2d16/3/2b batch_norm residual_end shift prelu shift");
  CHECK(listing<binary_dense_block<8>>() ==
        "concat_begin branch_begin branch_begin batch_norm sign conv2d8/3/1b concat_end");
}
