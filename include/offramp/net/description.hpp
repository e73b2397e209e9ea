// What a network is, as plain data: its input, its layers in order with all shapes filled
// in, and where the exits stand.
#ifndef OFFRAMP_NET_DESCRIPTION_HPP
#define OFFRAMP_NET_DESCRIPTION_HPP

#include <offramp/core/hash.hpp>
#include <offramp/layers/layer.hpp>
#include <offramp/net/composition.hpp>

namespace offramp::inline OFFRAMP_ABI {

// A description seen through pointers: what host code works on without knowing the type.
struct network_view {
  input_desc input{};
  const layer_desc* layers = nullptr;
  int layer_count = 0;
  const exit_desc* exits = nullptr;
  int exit_count = 0;
};

template <int Layers, int Exits>
struct network_desc {
  input_desc input{};
  layer_desc layers[Layers]{};
  int layer_count = 0;
  exit_desc exits[Exits]{};
  int exit_count = 0;
  composition_check check{};

  [[nodiscard]] constexpr network_view view() const { return {input, layers, layer_count, exits, exit_count}; }
};

// Identity of the network up to and including exit `exit`, as a chain over declared descriptors, so that a prefix of a
// network has the hash the longer one stores for that exit.
constexpr std::uint64_t structure_hash(const network_view& net, int exit) {
  constexpr int descriptor_version = 1;
  std::uint64_t h = hash_mix(hash_seed, descriptor_version);
  h = hash_mix(hash_mix(hash_mix(h, net.input.extent.h), net.input.extent.w), net.input.extent.c);
  h = hash_mix(h, static_cast<int>(net.input.element));
  for (int i = 0; i < net.layer_count && net.layers[i].exit <= exit; ++i) {
    const layer_desc& d = net.layers[i];
    const int fields[] = {static_cast<int>(d.what),
                          static_cast<int>(d.weights),
                          d.out.c,
                          d.kernel_h,
                          d.kernel_w,
                          d.stride_h,
                          d.pad_h,
                          d.pad_w,
                          d.head ? 1 : 0};
    for (const int f : fields) h = hash_mix(h, f);
    // Fields that came later count only where they say something: older networks keep their hash.
    if (d.stride_w != d.stride_h) h = hash_mix(hash_mix(h, 0x73747269), d.stride_w);
    if (d.groups != 1) h = hash_mix(hash_mix(h, 0x67727570), d.groups);
    if (d.what == layer_kind::user) h = hash_mix(hash_mix(h, 0x75736572), d.user->id);
  }
  return h;
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
