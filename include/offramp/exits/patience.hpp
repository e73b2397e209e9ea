// Patience (Zhou et al. 2020, PABEE): leaves once more than t consecutive exits agree on the class. The count starts at
// 1 at the first exit and at every change of mind; a sample cannot leave before exit t + 1. Needs no calibration, and
// says nothing of probabilities: the score is the count of exits before this one that agree, whole numbers in Q16, so
// that score >= t is count > t. confidence{2} is t = 2. The same in integers and floats: only the largest logit counts.
#ifndef OFFRAMP_EXITS_PATIENCE_HPP
#define OFFRAMP_EXITS_PATIENCE_HPP

#include <cstdint>

#include <offramp/exits/criterion.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct patience {
  static constexpr std::uint32_t id = 4;
  static constexpr const char* name = "patience";

  class state {
   public:
    constexpr void begin() { count_ = 0; }
    template <class T>
    constexpr void look(const T* z, int classes) {
      const auto label = static_cast<std::int16_t>(argmax(z, classes));
      count_ = label == label_ ? static_cast<std::int16_t>(count_ + 1) : std::int16_t{1};
      label_ = label;
    }
    [[nodiscard]] constexpr std::int32_t score() const { return (count_ - 1) * q16_one; }

   private:
    std::int16_t label_ = 0;
    std::int16_t count_ = 0;  // of exits that agree, this one among them
  };
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
