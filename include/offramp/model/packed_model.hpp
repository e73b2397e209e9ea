// Weights in a generated header: the words of a model, with its identity in the type, so that weights of another
// network, packed for another path or made for another policy do not compile.
#ifndef OFFRAMP_MODEL_PACKED_MODEL_HPP
#define OFFRAMP_MODEL_PACKED_MODEL_HPP

#include <cstddef>
#include <cstdint>

#include <offramp/model/bind.hpp>

namespace offramp::inline OFFRAMP_ABI {

// Functions, so that one mistake gives one error: what asks them stays whole.
template <std::uint64_t WeightsHash, std::uint64_t NetworkHash>
consteval bool weights_of_this_network() {
  static_assert(WeightsHash == NetworkHash,
                "offramp: these weights were exported for another network: export them again");
  return true;
}
template <unsigned WeightsPath, unsigned WeightsVersion, unsigned SessionPath, unsigned SessionVersion>
consteval bool weights_for_this_path() {
  static_assert(
      WeightsPath == SessionPath && WeightsVersion == SessionVersion,
      "offramp: these weights are packed for another path, or by another version of it: export them for this one");
  return true;
}
template <std::uint32_t WeightsCriterion, std::uint32_t SessionCriterion, bool NeedsWords>
consteval bool weights_for_this_criterion() {
  static_assert(WeightsCriterion == SessionCriterion || !NeedsWords,
                "offramp: this exit criterion has parameters, and these weights store another's: export them for it");
  return true;
}
template <std::uint32_t WeightsReuse, std::uint32_t SessionReuse, bool NeedsWords>
consteval bool weights_for_this_reuse() {
  static_assert(WeightsReuse == SessionReuse || !NeedsWords,
                "offramp: this reuse policy has parameters, and these weights store another's: export them for it");
  return true;
}

// `ExitHashes`: structure hashes of all exits, so that the network cut behind any of them takes the weights, too.
template <std::size_t Words, unsigned PathId, unsigned PathVersion, std::uint32_t CriterionId, std::uint32_t ReuseId,
          std::uint64_t... ExitHashes>
struct packed_model {
  alignas(16) std::uint32_t words[Words];

  // A session takes it as it is.
  template <class Lowered, class Path, class Criterion, class Reuse>
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr operator bound_weights<Lowered, Path, Criterion, Reuse>() const {
    static_assert(weights_of_this_network<hash(Lowered::exits - 1), Lowered::hash(Lowered::exits - 1)>());
    static_assert(weights_for_this_path<PathId, PathVersion, Path::id, Path::version>());
    static_assert(weights_for_this_criterion<CriterionId, Criterion::id, format::needs_words<Criterion>()>());
    static_assert(weights_for_this_reuse<ReuseId, Reuse::id,
                                         format::reuse_words<Reuse, Lowered::exits, Lowered::classes>() != 0>());
    return format::view_of<Lowered, Path, Criterion, Reuse>(words);
  }
  [[nodiscard]] static constexpr std::size_t bytes() { return Words * 4; }
  // What is promised about the thresholds stored, for the whole network.
  [[nodiscard]] constexpr offramp::guarantee promise() const { return guarantee_in(words); }
  // 0 for an exit the model does not have.
  [[nodiscard]] static constexpr std::uint64_t hash(int exit) {
    constexpr std::uint64_t all[] = {ExitHashes..., 0};
    return exit < static_cast<int>(sizeof...(ExitHashes)) ? all[exit] : 0;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
