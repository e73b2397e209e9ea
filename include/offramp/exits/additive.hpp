// Additive reuse (BoostNet, Yu et al. 2022, arXiv 2211.16726): heads learn what their predecessors left over, as in
// gradient boosting. G_1 = z_1, G_k = z_k + lambda_k * G_{k-1}, and G_k is judged. lambda is 0.5 in the paper; use the
// one the network was trained with. In integers, with s_k the real value of a unit of z_k and S_k of the judged logits:
//
//   G_k[c] = round(2^-f * (A_k * z_k[c] + L_k * G_{k-1}[c])),  A_k = 2^f * s_k/S_k,  L_k = 2^f * lambda_k * S_{k-1}/S_k
//
// with f - 1 = `shift`. Words of an exit: shift, A, L; in float networks A and L are floats. Memory in the session:
// `classes` logits, the least of all reuse. Work: two multiply-adds for each class.
#ifndef OFFRAMP_EXITS_ADDITIVE_HPP
#define OFFRAMP_EXITS_ADDITIVE_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/exits/reuse.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct additive {
  static constexpr std::uint32_t id = 2;
  static constexpr const char* name = "additive";
  template <int Exits, int Classes>
  static constexpr int words = 3;

  template <class T, int Exits, int Classes>
  class state {
   public:
    static constexpr void begin() {}

    constexpr const T* combine(int exit, const T* logits, const std::uint32_t* words) {
      for (int c = 0; c < Classes; ++c) {
        const T before = exit == 0 ? T{0} : sum_.at[c];
        if constexpr (std::is_same_v<T, float>) {
          sum_.at[c] = detail::word_real(words[1]) * logits[c] + detail::word_real(words[2]) * before;
        } else {
          detail::wide_sum sum;
          sum.add(words[1], logits[c]);
          sum.add(words[2], before);
          sum_.at[c] = sum.rounded(words[0], 0);
        }
      }
      return sum_.at;
    }

   private:
    detail::kept_logits<T, Classes> sum_;
  };
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
