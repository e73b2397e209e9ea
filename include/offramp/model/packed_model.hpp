// Weights in a generated header: the words of a model, with its identity in the type, so that weights of another
// network or packed for another path do not compile.
#ifndef OFFRAMP_MODEL_PACKED_MODEL_HPP
#define OFFRAMP_MODEL_PACKED_MODEL_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/model/bind.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Functions, so that one mistake gives one error: what asks them stays whole.
template <std::uint64_t WeightsHash, std::uint64_t NetworkHash>
constexpr bool weights_of_this_network() {
  static_assert(WeightsHash == NetworkHash,
                "offramp: these weights were exported for another network: export them again");
  return true;
}
template <unsigned WeightsPath, unsigned WeightsVersion, unsigned SessionPath, unsigned SessionVersion>
constexpr bool weights_for_this_path() {
  static_assert(
      WeightsPath == SessionPath && WeightsVersion == SessionVersion,
      "offramp: these weights are packed for another path, or by another version of it: export them for this one");
  return true;
}

template <std::uint64_t Hash, unsigned PathId, unsigned PathVersion, std::size_t Words>
struct packed_model {
  alignas(16) std::uint32_t words[Words];

  // A session takes it as it is.
  template <class Lowered, class Path>
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr operator bound_weights<Lowered, Path>() const {
    static_assert(weights_of_this_network<Hash, Lowered::hash(Lowered::exits - 1)>());
    static_assert(weights_for_this_path<PathId, PathVersion, Path::id, Path::version>());
    return format::view_of<Lowered, Path>(words);
  }
  [[nodiscard]] static constexpr std::size_t bytes() { return Words * 4; }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
