// Geometric ensemble (Zero Time Waste, Wolczyk et al. 2021): exit m judges a weighted geometric mean of the predictions
// of all exits so far, with a bias for each class,
//
//   e_m[c] = 1/m * sum_{j<=m} exp(w_mj) * log softmax(z_j)[c] + b_m[c],      q_m = softmax(e_m),      m counted from 1.
//
// The log-sum-exp of every z_j is the same for all classes and cancels in argmax, margin and softmax of e_m, so raw
// logits do. In integers, with s_j the real value of a unit of z_j and S_m of the judged logits (a scale of their own):
//
//   E_m[c] = round(2^-f * sum_j A_mj * z_j[c]) + B_m[c],    A_mj = 2^f * exp(w_mj)/m * s_j/S_m,    B_m = b_m/S_m
//
// with f - 1 = `shift`. Words of exit m: shift, B[classes], A[exits] (those of exits behind m are zero). In float
// networks B and A are floats. Memory in the session: exits * classes logits. Work at exit m: m * classes
// multiply-adds. host/policy_words.hpp makes the words, by default those of the plain geometric mean (w = 0, b = 0).
#ifndef OFFRAMP_EXITS_GEOMETRIC_ENSEMBLE_HPP
#define OFFRAMP_EXITS_GEOMETRIC_ENSEMBLE_HPP

#include <cstdint>
#include <type_traits>

#include <offramp/exits/reuse.hpp>

namespace offramp::inline OFFRAMP_ABI {

struct geometric_ensemble {
  static constexpr std::uint32_t id = 1;
  static constexpr const char* name = "geometric_ensemble";
  template <int Exits, int Classes>
  static constexpr int words = 1 + Classes + Exits;

  template <class T, int Exits, int Classes>
  class state {
   public:
    static constexpr void begin() {}

    constexpr const T* combine(int exit, const T* logits, const std::uint32_t* words) {
      const std::uint32_t* bias = words + 1;
      const std::uint32_t* weight = bias + Classes;
      for (int c = 0; c < Classes; ++c) {
        if constexpr (std::is_same_v<T, float>) {
          float sum = detail::word_real(bias[c]) + detail::word_real(weight[exit]) * logits[c];
          for (int j = 0; j < exit; ++j) sum += detail::word_real(weight[j]) * earlier_.at[j * Classes + c];
          judged_.at[c] = sum;
        } else {
          detail::wide_sum sum;
          sum.add(weight[exit], logits[c]);
          for (int j = 0; j < exit; ++j) sum.add(weight[j], earlier_.at[j * Classes + c]);
          judged_.at[c] = sum.rounded(words[0], detail::word_integer(bias[c]));
        }
        if (exit + 1 < Exits) earlier_.at[exit * Classes + c] = logits[c];
      }
      return judged_.at;
    }

   private:
    detail::kept_logits<T, (Exits > 1 ? Exits - 1 : 1) * Classes> earlier_;
    detail::kept_logits<T, Classes> judged_;
  };
};

}  // namespace offramp::inline OFFRAMP_ABI

#endif
